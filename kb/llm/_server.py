"""A server that speaks OpenAI's chat protocol, and how a request to it is made to arrive.

Owns the address, the key, what is tried again and what is left out for servers that do not know it.
Invariants: a request is repeated only while none of its answer has come; the key goes to that server
alone and into no message.
"""

import ipaddress
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from kb.errors import ModelError, ModelUnavailable
from kb.llm import _faults
from kb.llm._exchange import Exchange, Limits, TooLong, TooMuch
from kb.settings import Settings
from kb.types import Frozen

ATTEMPTS = 3
BACKOFF = 0.5
"""Seconds before the second attempt; the third waits twice as long."""
TOTAL = 10
"""How many times the time-out for silence an answer as a whole may take."""
NEWER = {"max_tokens": "max_completion_tokens"}
"""Fields with a newer name, under which they are sent where the old one is turned down."""
DISPENSABLE = ("max_tokens", "temperature", "stream_options", "response_format", "stop")
"""What some servers do not know; where one says so, the request is sent once more without it."""
BROKEN = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, TooLong, TooMuch)
_LISTING = 2_000_000
"""Bytes of a list of models that are taken."""


class ServerReport(Frozen):
    """What a server says of itself."""

    models: tuple[str, ...]
    has_model: bool
    context: int
    """Window of the chosen model as the server states it; 0 where it does not."""
    seconds: float


class Server:
    """The server that the setting `openai:URL#MODEL` names.

    Args:
        backoff: seconds before the second attempt.
    Raises:
        ModelUnavailable: the setting holds no usable address, or no model.
    """

    def __init__(self, settings: Settings, backoff: float = BACKOFF) -> None:
        address, _, self.model = settings.llm.partition(":")[2].partition("#")
        host = _host(address)
        if not host or not self.model:
            raise ModelUnavailable(
                "The setting LLM names no server and model.",
                "Write it as openai:http://127.0.0.1:8080/v1#MODEL; a key goes into ALMANAC_LLM_API_KEY.",
            )
        self._base = address.rstrip("/").removesuffix("/chat/completions")
        self._backoff = backoff
        self._limits = Limits(settings.llm_timeout, TOTAL * settings.llm_timeout, settings.max_body)
        key = settings.llm_api_key.get_secret_value().strip()
        self._place = _faults.Place(urlsplit(address).netloc, self.model, key)
        headers = {"user-agent": settings.user_agent} | ({"authorization": f"Bearer {key}"} if key else {})
        # The system's proxies are for the world outside, not for this machine or its network.
        self._client = httpx.Client(headers=headers, trust_env=not _near(host))
        self._left_out: set[str] = set()

    def knows(self, field: str) -> bool:
        """Tell whether a field of requests is not known to be turned down."""
        return field not in self._left_out

    def close(self) -> None:
        """Let connections go."""
        self._client.close()

    def open(self, body: Callable[[], dict[str, Any]], ended: Callable[[], bool]) -> Exchange | None:
        """Return an exchange whose answer is a good one; None where it was cancelled.

        Raises:
            ModelError: there is none, even after trying again where that may help.
        """
        url, attempt = f"{self._base}/chat/completions", 1
        while True:
            exchange = Exchange(self._client, "POST", url, self._limits, self._fitted(body()))
            wait = self._backoff * 2 ** (attempt - 1)
            try:
                if not exchange.begin(ended):
                    exchange.close()
                    return None
                if exchange.status < 300:
                    return exchange
                said = text_of(exchange, ended)
                fault = _faults.refusal(self._place, exchange.status, exchange.answer, said)
                unknown = self._unknown(exchange.status, said)
                if unknown:
                    self._left_out.add(unknown)
                    exchange.close()
                    continue
                wait = _faults.retry_after(exchange.answer) or wait
                again = exchange.status in _faults.AGAIN and wait <= _faults.PATIENCE
            except BROKEN as error:
                fault = _faults.breakdown(self._place, error, self._limits.silence, begun=False)
                again = isinstance(error, httpx.ConnectError | httpx.RemoteProtocolError | httpx.ReadError)
            exchange.close()
            if not again or attempt == ATTEMPTS:
                raise fault
            attempt += 1
            until = time.monotonic() + wait
            while time.monotonic() < until:
                if ended():
                    return None
                time.sleep(min(0.05, wait))

    def _fitted(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request's body without what this server turned down."""
        kept = {name: value for name, value in body.items() if name not in self._left_out}
        return kept | {NEWER[name]: body[name] for name in self._left_out & set(NEWER) & set(body)}

    def _unknown(self, status: int, said: str) -> str:
        """Return which field a server turns down; each is left out once."""
        if status not in (400, 415, 422, 501) or _faults.too_long(status, said):
            return ""
        words = re.sub("json_schema|structured output", "response_format", said.lower())
        return next((name for name in DISPENSABLE if self.knows(name) and re.search(rf"\b{name}\b", words)), "")

    def inspect(self) -> ServerReport:
        """Ask the server for its models; nothing of the library is sent.

        Raises:
            ModelUnavailable, ModelError: it does not answer, or not as such servers do.
        """
        began = time.monotonic()
        limits = Limits(min(10.0, self._limits.silence), 20.0, _LISTING)
        exchange = Exchange(self._client, "GET", f"{self._base}/models", limits)
        try:
            exchange.begin(_never)
            said = text_of(exchange, _never)
        except BROKEN as error:
            raise _faults.breakdown(self._place, error, limits.silence, begun=False) from error
        finally:
            exchange.close()
        if exchange.status >= 300:
            raise _faults.refusal(self._place, exchange.status, exchange.answer, said)
        try:
            listed = [row for row in json.loads(said)["data"] if isinstance(row.get("id"), str)]
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise self.odd(said) from error
        own: dict[str, Any] = next((row for row in listed if row["id"] == self.model), {})
        stated = own.get("max_model_len") or own.get("context_length") or (own.get("meta") or {}).get("n_ctx_train")
        return ServerReport(
            models=tuple(row["id"] for row in listed),
            has_model=bool(own),
            context=stated if isinstance(stated, int) else 0,
            seconds=time.monotonic() - began,
        )

    def odd(self, said: str) -> ModelError:
        """Return the error for an answer that is none of this protocol."""
        if "<html" in said[:500].lower() or "<!doctype" in said[:500].lower():
            return ModelUnavailable(
                f"{self._place.host} answers with a web page, not as a language model.",
                "Give the address up to and with `/v1`, as in openai:http://127.0.0.1:8080/v1#MODEL.",
            )
        shown = self._place.hide(" ".join(said.split())[:120])
        return ModelError(
            f"{self._place.host} answers in a form that cannot be read: {shown}",
            "Check the address: an OpenAI-compatible server is needed.",
        )

    def fault(self, error: Exception) -> ModelError:
        """Return the error for an answer that broke off."""
        return _faults.breakdown(self._place, error, self._limits.silence, begun=True)

    def cut_off(self) -> ModelError:
        """Return the error for a stream that ended in the middle."""
        return _faults.breakdown(self._place, EOFError(), self._limits.silence, begun=True)

    def said_wrong(self, words: str) -> ModelError:
        """Return the error that a server put into its stream."""
        return ModelError(f"{self._place.host} failed: {self._place.hide(words)}.", "Ask again; its own log says more.")


def text_of(exchange: Exchange, ended: Callable[[], bool]) -> str:
    """Return the rest of an answer as text."""
    return b"".join(exchange.chunks(ended)).decode("utf-8", "replace")


def _never() -> bool:
    return False


def _host(address: str) -> str:
    """Return the host of a usable address, else nothing."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and "@" not in parts.netloc and (parts.port or 1) > 0
    except ValueError:
        return ""
    return (parts.hostname or "") if usable else ""


def _near(host: str) -> bool:
    """Tell whether a host is this machine or lies in its own network, as far as its name says."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".lan", ".internal")) or "." not in host
    return address.is_private or address.is_loopback or address.is_link_local
