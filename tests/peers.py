"""A server on loopback: truthful about arXiv's papers by default, awkward in every way when told to be.

Each request takes the next act of the script, or the one that `pages` holds for its path, or else the
truthful one. All papers are made up.
"""

import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    headers: Mapping[str, str]
    handler: BaseHTTPRequestHandler

    @property
    def ids(self) -> list[str]:
        """The ids asked for."""
        return parse_qs(urlsplit(self.path).query)["id_list"][0].split(",")

    @property
    def query(self) -> str:
        """The query asked for."""
        return parse_qs(urlsplit(self.path).query)["search_query"][0]

    def number(self, name: str) -> int:
        """Return a number of the query string."""
        return int(parse_qs(urlsplit(self.path).query)[name][0])


Act = Callable[[Request], None]


def entry(name: str, title: str = "", summary: str = "", updated: str = "2023-09-14T17:00:00Z") -> str:
    """Return an entry of the API; `name` may hold a version."""
    return (
        f"<entry><id>http://arxiv.org/abs/{name}</id><title>{title or 'On the Matter of ' + name}</title>"
        f"<summary>{summary or 'We measure how the matter of ' + name + ' behaves and find that it holds.'}</summary>"
        "<published>2023-09-12T17:00:00Z</published>"
        f"<updated>{updated}</updated>"
        '<author><name>A. Author</name></author><category term="cs.DC"/></entry>'
    )


def feed(entries: str, total: int = 1, start: int = 0) -> str:
    """Return an answer of the API."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">'
        f"<id>http://arxiv.org/api/x</id><opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"
    )


ERROR = feed(
    "<entry><id>http://arxiv.org/api/errors#incorrect_id_format_for_x</id><title>Error</title>"
    "<summary>incorrect id format for x</summary></entry>"
)


def reply(body: str | bytes, status: int = 200, **headers: str) -> Act:
    """Return an act that answers so; underscores in names of headers are hyphens."""
    data = body.encode() if isinstance(body, str) else body

    def act(request: Request) -> None:
        handler = request.handler
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(data)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return act


def truth(missing: Sequence[str] = ()) -> Act:
    """Return an act that answers with every paper asked for but the missing ones."""

    def act(request: Request) -> None:
        found = [name for name in request.ids if name not in missing]
        reply(feed("".join(entry(f"{name}v2") for name in found), len(found)))(request)

    return act


def catalogue(entries: Sequence[str]) -> Act:
    """Return an act that answers a query with the slice of these entries that it asks for."""

    def act(request: Request) -> None:
        start, count = request.number("start"), request.number("max_results")
        reply(feed("".join(entries[start : start + count]), len(entries), start))(request)

    return act


def zipped(body: str) -> Act:
    """Return an act that answers compressed."""
    return reply(gzip.compress(body.encode()), Content_Encoding="gzip")


def redirect(to: str, status: int = 302) -> Act:
    """Return an act that sends the client elsewhere."""
    return reply("moved", status, Location=to)


def endless(request: Request) -> None:
    """Send a body without length, for as long as somebody listens."""
    request.handler.send_response(200)
    request.handler.end_headers()
    while True:
        request.handler.wfile.write(b"<item>more</item>" * 4000)


def endless_headers(request: Request) -> None:
    """Never come to the end of the headers."""
    request.handler.send_response(200)
    for number in range(10_000):
        request.handler.send_header(f"X-{number}", "y" * 200)
        request.handler.flush_headers()


def chunked(*chunks: bytes, whole: bool = True, **headers: str) -> Act:
    """Return an act that sends chunks, and if `whole` says that they are all."""

    def act(request: Request) -> None:
        handler = request.handler
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        for name, value in {"Transfer_Encoding": "chunked", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        for chunk in chunks:
            handler.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n" if whole else b"")
        handler.close_connection = True

    return act


def raw(data: bytes) -> Act:
    """Return an act that sends bytes that need not be HTTP."""

    def act(request: Request) -> None:
        request.handler.wfile.write(data)
        request.handler.close_connection = True

    return act


def reset(request: Request) -> None:
    """Break the connection off without a word."""
    connection = request.handler.connection
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def short(request: Request) -> None:
    """Promise more than is sent."""
    reply(feed(entry("2309.06180v2")), Content_Length="100000")(request)


def silent(request: Request) -> None:
    """Say nothing for longer than anybody here waits."""
    time.sleep(0.4)


def drip(request: Request) -> None:
    """Send headers, then a byte at a time, each well within the time-out."""
    request.handler.send_response(200)
    request.handler.end_headers()
    for _ in range(60):
        try:
            request.handler.wfile.write(b" ")
            request.handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.02)


class Peer:
    """A running server; `script` holds the acts to come, `pages` those by path, `requests` what came."""

    def __init__(self, port: int, scheme: str) -> None:
        self.port = port
        self.base = f"{scheme}://127.0.0.1:{port}"
        self.url = f"{self.base}/api/query"
        self.script: list[Act] = []
        self.pages: dict[str, Act] = {}
        self.otherwise: Act = truth()
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._busy = 0
        self.most_at_once = 0

    def answer(self, request: Request) -> None:
        """Play the next act."""
        with self._lock:
            self.requests.append(request)
            act = self.script.pop(0) if self.script else self.pages.get(request.path, self.otherwise)
        act(request)

    def linger(self, act: Act, seconds: float = 0.01) -> Act:
        """Return the act with a pause before it, during which requests that overlap are counted."""

        def slow(request: Request) -> None:
            with self._lock:
                self._busy += 1
                self.most_at_once = max(self.most_at_once, self._busy)
            time.sleep(seconds)
            # Counted out before the answer: once that is sent, the next request may well be here.
            with self._lock:
                self._busy -= 1
            act(request)

        return slow


@contextmanager
def peer(tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """Run a peer, behind TLS where a context is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.answer(Request(self.path, dict(self.headers), self))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Stay quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Broken connections are part of the play."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        made = Peer(server.server_address[1], "https" if tls else "http")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
