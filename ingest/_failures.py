"""Why an address could not be fetched: one error, a cause in one word, and its remedy in words.

Owns the list of causes and what each tells the reader to do. Knows no protocol. Invariant: every
failure names the host or the address, what happened, and the next step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from kb.errors import FetchError

_PASSING = frozenset(("dns", "refused", "unreachable", "timeout", "encoding", "told-to-wait", "bot-challenge"))
_LATER = "Nothing needs doing: it is tried again later. If it lasts, open the address in a browser."
_MOVED = "Look for the new address on the site, and change or remove this source."
_CLIENT_HINTS = {
    400: "Check the address for mistakes.",
    401: "It wants a login, which cannot be given here; look for a public address of it.",
    402: "It is behind a paywall; look for a public address of it.",
    403: "The site does not let this program in. Look for another feed of it, or set CONTACT so that it knows you.",
    404: _MOVED,
    407: "A proxy wants a login: check the setting PROXY.",
    410: "It is gone for good: remove this source, or give its new address.",
    429: "It is asked too often: check it less often.",
    451: "It is blocked for legal reasons where you are.",
}


@dataclass(frozen=True)
class Hop:
    """A redirect that was followed: the address that was asked, and the status that it answered with."""

    status: int
    url: str


class NotFetched(FetchError):
    """An address could not be fetched; `cause` names the reason for programs.

    Causes: `address`, `private-address`, `dns`, `refused`, `unreachable`, `timeout`, `tls`, `reset`,
    `protocol`, `encoding`, `too-large`, `empty`, `bot-challenge`, `redirect`, `redirect-loop`,
    `redirect-limit`, `told-to-wait`, and `http-` with the status.
    """

    def __init__(
        self,
        cause: str,
        message: str,
        hint: str = _LATER,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        page: bytes = b"",
    ) -> None:
        super().__init__(message, hint)
        self.cause = cause
        self.status = status
        """HTTP status of the last answer, where there was one."""
        self.retry_after = retry_after
        """Seconds that the server asked to wait."""
        self.page = page
        """The beginning of the page that came with a bad status."""
        self.hops: Sequence[Hop] = ()
        """Redirects followed before it failed; the fetcher sets them."""

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed some other day, with nothing changed."""
        return self.repeatable or self.cause in _PASSING

    @property
    def repeatable(self) -> bool:
        """Whether it may succeed in a few seconds."""
        busy = self.status is not None and (self.status >= 500 or self.status in (408, 425, 429))
        return self.cause in ("reset", "empty") or (busy and self.cause.startswith("http-"))


def refused_by_status(host: str, status: int, retry_after: float | None, page: bytes = b"") -> NotFetched:
    """Return the failure that a status is."""
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    if status >= 500:
        message, hint = f"{host} is out of order: it answered {phrase}.", _LATER
    else:
        message = f"{host} answered {phrase}."
        hint = _CLIENT_HINTS.get(status, "Open the address in a browser to see what it is.")
    if retry_after:
        message = f"{message[:-1]} and asks to wait {retry_after:.0f} seconds."
        hint = "It is left alone for so long; try again after that."
    return NotFetched(f"http-{status}", message, hint, status=status, retry_after=retry_after, page=page)
