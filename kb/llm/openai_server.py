"""A language model on a server that speaks OpenAI's chat protocol: llama.cpp's, vLLM, Ollama, a hosted one.

Owns what is asked and how the answer is read. Nothing is sent before the reader has chosen a server and
asks. Invariant: the answer ends, by `max_tokens` or because it only repeats itself, even where the
server would go on.
"""

import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kb.errors import ContextTooLong, ModelError
from kb.llm._events import Event, Unreadable, events, read_event
from kb.llm._exchange import Exchange
from kb.llm._json import read_json
from kb.llm._output import Output
from kb.llm._queue import Turns
from kb.llm._server import BACKOFF, BROKEN, Server, ServerReport, text_of
from kb.llm._types import Finish, Message, Usage
from kb.settings import Settings
from kb.text import HAN

PLACES = 4
"""Generations at a time: servers share themselves out, but are not to be flooded."""
LOOK = 16
"""Pieces between looks at whether the answer goes round in circles."""
SLACK = 64
"""Estimated tokens beyond twice `max_tokens` at which a server that does not count is cut off."""

LINGER = 2.0
"""Seconds that are given to a server for its counts after the last of the answer."""
_HAN = re.compile(f"[{HAN}]")


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text takes, on the high side: a Han character one and a bit, else 3 bytes one."""
    han = len(_HAN.findall(text))
    others = len(_HAN.sub("", text).encode("utf-8", "replace"))
    return math.ceil(1.2 * han + others / 3)


class ServerModel:
    """The model that the setting `openai:URL#MODEL` names.

    Args:
        backoff: seconds before a request is sent for the second time.
    Raises:
        ModelUnavailable: the setting holds no usable address, or no model.
    """

    estimates = True

    def __init__(self, settings: Settings, *, backoff: float = BACKOFF) -> None:
        self._server = Server(settings, backoff)
        self.name = self._server.model
        self.context = settings.llm_context
        self._turns = Turns(PLACES)
        self._closed = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether an answer is under way."""
        return self._turns.busy

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return an estimate of the prompt's length, on the high side: servers do not tell."""
        return sum(estimate_tokens(message.content) + 6 for message in messages) + 4

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 512,
        schema: dict[str, Any] | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = lambda: False,
        waiting: Callable[[int], None] = lambda _: None,
        finished: Callable[[Usage], None] = lambda _: None,
    ) -> Iterator[str]:
        """Yield pieces of the answer; see `LanguageModel.stream`."""
        prompt = self.count_tokens(messages)
        if prompt + max_tokens > self.context:
            raise ContextTooLong(
                f"The question takes about {prompt:,} tokens and its answer up to {max_tokens:,}; "
                f"the window is set to {self.context:,}.",
                "Ask for fewer passages, start a new conversation, or raise ALMANAC_LLM_CONTEXT.",
            )

        def ended() -> bool:
            return self._closed.is_set() or cancelled()

        with self._turns.take(ended, waiting) as waited:
            run = _Run(self._server, self.body, max_tokens, stop, ended, prompt, waited or 0.0)
            try:
                if waited is None:
                    run.finish = "cancelled"
                elif schema is None:
                    yield from run.pieces(messages, Output(stop))
                elif text := self._json(run, messages, schema):
                    yield text
            except GeneratorExit:
                run.finish = "cancelled"
                raise
            except ModelError:
                run.finish = "failed"
                raise
            finally:
                finished(run.usage())

    def _json(self, run: "_Run", messages: Sequence[Message], schema: dict[str, Any]) -> str:
        """Return JSON that keeps to the schema, asked for once more where it did not."""
        asked = list(messages)
        for attempt in (1, 2):
            text = "".join(run.pieces(asked, Output(), schema))
            if run.finish == "cancelled":
                return ""
            try:
                return read_json(text, schema)
            except ModelError as error:
                if attempt == 2 or run.finish == "length":
                    raise
                asked += [
                    Message(role="assistant", content=text),
                    Message(role="user", content=f"{error.message} Answer again, with the JSON alone."),
                ]
        raise AssertionError("unreachable")

    def body(self, messages: Sequence[Message], limit: int, stop: Sequence[str], schema: Any) -> dict[str, Any]:
        """Return what is sent."""
        said = [{"role": message.role, "content": message.content} for message in messages]
        found: dict[str, Any] = {
            "model": self.name,
            "messages": said,
            "max_tokens": limit,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if stop:
            # Four is what the protocol allows; the others are watched for here.
            found["stop"] = list(stop)[:4]
        if schema is not None and not self._server.knows("response_format"):
            form = json.dumps(schema, ensure_ascii=False)
            said[-1]["content"] += f"\n\nAnswer with one JSON value alone that keeps to this JSON schema:\n{form}"
        elif schema is not None:
            found["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        return found

    def inspect(self) -> ServerReport:
        """Ask the server for its models; nothing of the library is sent.

        Raises:
            ModelUnavailable, ModelError: it does not answer, or not as such servers do.
        """
        return self._server.inspect()

    def close(self) -> None:
        """End the generations that run."""
        self._closed.set()
        if not self._turns.busy:
            self._server.close()


Body = Callable[[Sequence[Message], int, Sequence[str], Any], dict[str, Any]]


class _Run:
    """One generation: what it asked for, what came, how it ended."""

    def __init__(
        self,
        server: Server,
        body: Body,
        limit: int,
        stop: Sequence[str],
        ended: Callable[[], bool],
        prompt: int,
        waited: float,
    ) -> None:
        self._server, self._body, self._limit, self._stop, self._ended = server, body, limit, stop, ended
        self.finish: Finish = "stop"
        self._prompt = prompt
        self._counts: dict[str, Any] = {}
        self._written = 0
        self._waited = waited
        self._began = time.monotonic()
        self._first = 0.0
        self._complete = 0.0
        """When the server said that the answer is whole; 0 before."""

    def _over(self) -> bool:
        return self._ended() or bool(self._complete and time.monotonic() - self._complete > LINGER)

    def pieces(self, messages: Sequence[Message], output: Output, schema: Any = None) -> Iterator[str]:
        """Yield the answer's text."""
        self.finish, self._written, self._complete = "stop", 0, 0.0
        exchange = self._server.open(lambda: self._body(messages, self._limit, self._stop, schema), self._ended)
        if exchange is None:
            self.finish = "cancelled"
            return
        try:
            yield from self._read(exchange, output)
        except Unreadable as error:
            raise self._server.odd(str(error)) from error
        except BROKEN as error:
            if not self._complete:
                raise self._server.fault(error) from error
            if rest := output.end():
                yield rest
        finally:
            exchange.close()

    def _read(self, exchange: Exchange, output: Output) -> Iterator[str]:
        for number, event in enumerate(self._events(exchange)):
            if event.error:
                raise self._server.said_wrong(event.error)
            self._counts = event.usage or self._counts
            if event.done or event.finish:
                self._complete = self._complete or time.monotonic()
            self._note(event)
            shown = output.feed(event.text)
            if shown:
                yield shown
            if output.stopped or (number % LOOK == LOOK - 1 and output.circles):
                self.finish = "stop" if output.stopped else "repetition"
                return
            if self._written > 2 * self._limit + SLACK:
                self.finish = "length"
                return
        if not self._complete:
            if not self._ended():
                raise self._server.cut_off()
            self.finish = "cancelled"
            return
        tail = output.end()
        if tail:
            yield tail

    def _events(self, exchange: Exchange) -> Iterator[Event]:
        """Yield what comes; a server that does not stream sends one whole answer."""
        kind = exchange.answer.get("content-type", "")
        if "event-stream" in kind:
            yield from events(exchange.chunks(self._over))
            return
        said = text_of(exchange, self._ended)
        if self._ended():
            return
        if said.lstrip().startswith("data:"):
            yield from events([said.encode()])
        else:
            whole = read_event(said)
            self._complete = time.monotonic()
            yield whole

    def _note(self, event: Event) -> None:
        if event.text:
            self._first = self._first or time.monotonic()
            self._written += estimate_tokens(event.text)
        if event.finish == "length":
            self.finish = "length"
        elif event.finish == "content_filter":
            raise self._server.said_wrong("it withheld the answer (content_filter)")

    def usage(self) -> Usage:
        """Return what it took, as the server counted or else as estimated."""
        now = time.monotonic()
        counts = {name: value for name, value in self._counts.items() if isinstance(value, int)}
        details = self._counts.get("prompt_tokens_details")
        reused = details.get("cached_tokens") if isinstance(details, dict) else 0
        return Usage(
            prompt_tokens=counts.get("prompt_tokens", self._prompt),
            reused_tokens=reused if isinstance(reused, int) else 0,
            answer_tokens=counts.get("completion_tokens", self._written),
            waited=self._waited,
            first_token=(self._first or now) - self._began,
            seconds=now - self._began,
            finish=self.finish,
            estimated="completion_tokens" not in counts,
        )
