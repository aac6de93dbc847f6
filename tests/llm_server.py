"""A server on loopback that speaks OpenAI's chat protocol: truthful, lying or broken, as the script says.

Each request takes the next act of the script, else `otherwise`. The truth-teller answers from the
passages numbered `[n] …` in the last message; each liar breaks that answer in one way, so that a test knows
what must be marked.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.peers import reset

MODEL = "teller"


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    path: str
    headers: dict[str, str]
    """By their names in small letters."""
    body: dict[str, Any]
    handler: BaseHTTPRequestHandler

    @property
    def question(self) -> str:
        """The last message."""
        return str(self.body["messages"][-1]["content"]) if self.body.get("messages") else ""

    @property
    def passages(self) -> dict[int, str]:
        """Passages by their number, as `[n] text` at the beginning of a line."""
        everything = "\n".join(str(message["content"]) for message in self.body.get("messages", ()))
        return {int(n): text.strip() for n, text in re.findall(r"(?m)^\[(\d+)\]\s*(.+)$", everything)}


Act = Callable[[Asked], None]


def send(asked: Asked, data: bytes, status: int = 200, **headers: str) -> None:
    """Answer at once; underscores in names of headers are hyphens."""
    handler = asked.handler
    handler.send_response(status)
    for name, value in {"Content_Type": "application/json", "Content_Length": str(len(data)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def event(text: str = "", finish: str | None = None, **more: Any) -> bytes:
    """Return one event of a stream."""
    delta = {"content": text} if text else {}
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}).encode()


def stream(asked: Asked, parts: Sequence[bytes], pause: float = 0.0) -> None:
    """Send events one by one."""
    handler = asked.handler
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    for part in parts:
        handler.wfile.write(part + b"\n\n")
        handler.wfile.flush()
        time.sleep(pause)


def pieces_of(text: str) -> list[str]:
    """Return a text in pieces such as tokens make."""
    return re.findall(r"\s*\S{1,6}", text)


def says(text: str, *, pause: float = 0.0, finish: str = "stop", counts: bool = True) -> Act:
    """Return an act that streams a text."""

    def act(asked: Asked) -> None:
        pieces = pieces_of(text)
        usage = {"prompt_tokens": 40, "completion_tokens": len(pieces), "prompt_tokens_details": {"cached_tokens": 8}}
        last = [b'data: {"choices": [], "usage": ' + json.dumps(usage).encode() + b"}"] if counts else []
        stream(asked, [*map(event, pieces), event(finish=finish), *last, b"data: [DONE]"], pause)

    return act


def _first(asked: Asked) -> tuple[int, str]:
    """Return the first passage's number and its first sentence."""
    passages = asked.passages
    if not passages:
        return 1, "Nothing was given"
    number = min(passages)
    return number, re.split(r"(?<=[.。!?])\s*", passages[number])[0]


def truth(asked: Asked) -> None:
    """Quote the first passage exactly, with its number."""
    number, sentence = _first(asked)
    says(f"“{sentence}” [{number}]")(asked)


def wrong_number_of_passage(asked: Asked) -> None:
    """Quote exactly, but cite a passage that was not given."""
    _, sentence = _first(asked)
    says(f"“{sentence}” [{max(asked.passages, default=0) + 7}]")(asked)


def invented_link(asked: Asked) -> None:
    """Tell the truth, then name an address that no source has."""
    number, sentence = _first(asked)
    says(f"“{sentence}” [{number}] See https://invented.example/paper [{number}].")(asked)


def wrong_amount(asked: Asked) -> None:
    """Cite the right passage with each of its numbers changed, or one made up where it has none."""
    number, sentence = _first(asked)
    changed = re.sub(r"\d+", lambda found: str(int(found[0]) + 13), sentence)
    says(f"{changed if changed != sentence else 'It takes 4711 seconds.'} [{number}]")(asked)


def altered_quote(asked: Asked) -> None:
    """Quote with one word changed."""
    number, sentence = _first(asked)
    words = sentence.split()
    at = len(words) // 2
    says(f"“{' '.join([*words[:at], 'seldom', *words[at + 1 :]])}” [{number}]")(asked)


def uncited(asked: Asked) -> None:
    """Claim something without any number."""
    says("It is generally known that this works well in all cases.")(asked)


def slow(asked: Asked) -> None:
    """Tell something long, piece by piece, each after a while."""
    says("word " * 200, pause=0.05)(asked)


def endless(asked: Asked) -> None:
    """Say the same for ever, whatever was asked, until the connection is shut."""
    try:
        stream(asked, [event("again and again, ")] * 20_000)
    except OSError:
        return


def breaks_off(asked: Asked) -> None:
    """Begin an answer and close the connection."""
    stream(asked, [event("The bubble is "), event("about ")])


def resets(asked: Asked) -> None:
    """Begin an answer and break the connection off without a word."""
    stream(asked, [event("The bubble is "), event("about ")])
    reset(asked)  # type: ignore[arg-type]


def no_json(asked: Asked) -> None:
    """Answer with something that is no JSON at all."""
    says("I would rather not answer in that form.")(asked)


def wrong_json(asked: Asked) -> None:
    """Answer with JSON of another form."""
    says('{"surprise": [1, 2]}')(asked)


def garbled(asked: Asked) -> None:
    """Stream an event that is no JSON."""
    stream(asked, [event("The "), b"data: {not json"])


def silent(asked: Asked) -> None:
    """Say nothing for longer than a test waits, or until the connection is shut."""
    time.sleep(1.0)


def page(asked: Asked) -> None:
    """Answer with a web page."""
    send(asked, b"<!DOCTYPE html><html><body>Welcome</body></html>", Content_Type="text/html")


def refuses(status: int, message: str = "", **headers: str) -> Act:
    """Return an act that answers with an error as OpenAI words them."""

    def act(asked: Asked) -> None:
        send(asked, json.dumps({"error": {"message": message, "type": "error"}}).encode(), status, **headers)

    return act


def too_many(seconds: float, *, as_date: bool = False) -> Act:
    """Return an act that answers 429 with Retry-After in either form."""
    return refuses(
        429,
        "Rate limit reached",
        Retry_After=formatdate(time.time() + seconds, usegmt=True) if as_date else str(seconds),
    )


def whole(text: str) -> Act:
    """Return an act that ignores the wish for a stream."""

    def act(asked: Asked) -> None:
        send(asked, json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}).encode())

    return act


LIES: dict[str, Act] = {
    "wrong_number_of_passage": wrong_number_of_passage,
    "invented_link": invented_link,
    "wrong_amount": wrong_amount,
    "altered_quote": altered_quote,
    "uncited": uncited,
}
FAULTS: dict[str, Act] = {
    "breaks_off": breaks_off,
    "resets": resets,
    "garbled": garbled,
    "silent": silent,
    "page": page,
    "unauthorised": refuses(401, "Incorrect API key provided"),
    "forbidden": refuses(403, "Not allowed"),
    "no_such_model": refuses(404, f"The model `{MODEL}` does not exist"),
    "busy": refuses(429, "Rate limit reached", Retry_After="0"),
    "broken": refuses(500, "Something broke"),
}


class ModelServer:
    """A running server; `script` holds the acts to come, `requests` what came."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.llm = f"openai:{self.url}#{MODEL}"
        """The value of the setting LLM that chooses it."""
        self.script: list[Act] = []
        self.otherwise: Act = truth
        self.requests: list[Asked] = []
        self.gone = threading.Event()
        """Set once a connection broke while an act was being played."""
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> None:
        """Play the next act."""
        with self._lock:
            self.requests.append(asked)
            act = self.script.pop(0) if self.script else self.otherwise
        try:
            act(asked)
        except OSError:
            self.gone.set()

    def models(self, asked: Asked) -> None:
        """List the models."""
        rows = [{"id": MODEL, "max_model_len": 8192}, {"id": "another"}]
        send(asked, json.dumps({"object": "list", "data": rows}).encode())


@contextmanager
def llm_server() -> Iterator[ModelServer]:
    """Run a server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.models(Asked(self.path, self.plain(), {}, self))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.answer(Asked(self.path, self.plain(), body, self))

        def plain(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Stay quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """Broken connections are part of the play."""

    with Server(("127.0.0.1", 0), Handler) as server:
        made = ModelServer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
