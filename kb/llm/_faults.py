"""What a server's refusal means, and what the reader can do about it.

Pure. Invariant: the key is in no message, even where the server repeats it.
"""

import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

from kb.errors import ContextTooLong, ModelError, ModelUnavailable
from kb.llm._events import complaint
from kb.llm._exchange import TooLong, TooMuch

PATIENCE = 60.0
"""Seconds that are waited at most because a server asks for it."""
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""
_WINDOW = re.compile(
    r"context.{0,40}(length|window|size)|maximum.{0,20}(context|tokens)|too (long|many tokens)|exceed.{0,40}context",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Place:
    """Whom a request went to."""

    host: str
    model: str
    key: str = ""

    def hide(self, text: str) -> str:
        """Return a server's words without the key."""
        return text.replace(self.key, "…") if self.key else text


def refusal(place: Place, status: int, headers: httpx.Headers, body: str) -> ModelError:
    """Return the error that an answer with a status of 300 and more is."""
    said = place.hide(complaint(body))
    quoted = f": {said}" if said else ""
    if 300 <= status < 400:
        target = headers.get("location", "another address")
        return ModelUnavailable(f"{place.host} sends requests on to {target}.", "Give that address instead.")
    if status in (401, 403):
        without = "" if place.key else " No key is set."
        return ModelUnavailable(
            f"{place.host} does not accept the key ({status}){quoted}.{without}",
            "Set ALMANAC_LLM_API_KEY, or the key on the Models page.",
        )
    if status in (404, 405):
        if "model" in said.lower():
            return ModelUnavailable(
                f"{place.host} has no model {place.model}{quoted}.", "The Models page lists those it has."
            )
        return ModelUnavailable(
            f"{place.host} has no chat at this address ({status}){quoted}.",
            "Give the address up to and with `/v1`, as in openai:http://127.0.0.1:8080/v1#MODEL.",
        )
    if status == 429:
        wait = retry_after(headers)
        when = f"Ask again in {wait:.0f} seconds." if wait else "Ask again later, or check the account's limits."
        return ModelError(f"{place.host} refuses more requests for now (429){quoted}.", when)
    if too_long(status, said):
        return ContextTooLong(
            f"{place.model} finds the question too long{quoted}.",
            "Ask for fewer passages, start a new conversation, or lower ALMANAC_LLM_CONTEXT to its window.",
        )
    if status >= 500:
        return ModelError(f"{place.host} failed ({status}){quoted}.", "Ask again; its own log says more.")
    return ModelError(f"{place.host} refuses the request ({status}){quoted}.", "Its own log may say more.")


def too_long(status: int, said: str) -> bool:
    """Tell whether a server turned a request down because its window is too small for it."""
    return status in (400, 413, 422, 500) and bool(_WINDOW.search(said))


def breakdown(place: Place, error: Exception, silence: float, *, begun: bool) -> ModelError:
    """Return the error that a broken exchange is; `begun`: the answer had begun."""
    if isinstance(error, TooMuch):
        return ModelError(f"{place.host} sends more than is taken.", "Ask for less, or raise ALMANAC_MAX_BODY.")
    if isinstance(error, TooLong):
        return ModelError(f"{place.host} takes too long for one answer.", "Ask for less, or raise ALMANAC_LLM_TIMEOUT.")
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.InvalidURL | httpx.UnsupportedProtocol):
        why = re.sub(r"^\[Errno -?\d+\] ", "", place.hide(str(error))) or "it does not answer"
        return ModelUnavailable(f"{place.host} cannot be reached: {why}.", "Start the server, or mend its address.")
    if isinstance(error, httpx.ReadTimeout):
        return ModelError(
            f"{place.host} has said nothing for {silence:g} seconds.",
            "Ask for less, or raise ALMANAC_LLM_TIMEOUT.",
        )
    if begun:
        return ModelError(f"{place.host} broke off in the middle of its answer.", "Ask again; its own log says more.")
    return ModelError(
        f"{place.host} closed the connection without an answer: {place.hide(str(error)) or type(error).__name__}.",
        "Ask again; its own log says more.",
    )


def retry_after(headers: httpx.Headers) -> float:
    """Return the seconds that an answer asks to wait, in either form; 0 where it does not say."""
    stated = headers.get("retry-after", "").strip()
    if not stated:
        return 0.0
    try:
        return max(0.0, float(stated))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(stated).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0
