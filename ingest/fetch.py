"""The one way over HTTP: an address to its bytes, politely, within limits, and never into the own network.

Owns redirects, conditional requests, turns at hosts, repeats and the judging of answers. Refuses
what `_hosts` closes, on the first request and on each hop; sends no cookie, no credentials and heeds no
proxy but the one of the settings. Parses nothing: bytes and headers go to whoever asked. Invariant: what
it returns is a whole, non-empty body of status 200, or word that nothing has changed; everything else is
a `NotFetched` with its cause.
"""

import random
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from ingest._challenge import is_challenge
from ingest._coding import ACCEPTED
from ingest._failures import Hop, NotFetched, refused_by_status
from ingest._hosts import host_of, read_address
from ingest._politeness import Politeness, backoff, read_retry_after
from ingest._spacing import Spacing
from ingest._wire import Answer, Budget, Limits, Network, exchange
from kb.errors import ParseError
from kb.settings import Settings

__all__ = ["FEED", "PAGE", "Fetched", "Fetcher", "Hop", "NotFetched", "backoff", "host_of"]

FEED = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
PAGE = "text/html, application/xhtml+xml, */*;q=0.5"
T = TypeVar("T")
MOST_HOPS = 10
DEADLINE = 3.0
"""Most time for one fetch, waits for turns aside, in time-outs."""
ARXIV_SPACING = 3.0
"""Seconds between requests to arXiv's hosts, of all our processes together, as its terms ask."""
_BUSY_PAUSE = 60.0
"""Seconds for which a host is left alone that answers 429 without saying for how long."""
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]{1,4000}")
"""What a header may hold; a validator that holds more was damaged where it was kept, and is worth nothing."""
_MOVED = frozenset((301, 308))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_KEPT = (
    "content-type", "cache-control", "expires", "date", "age", "retry-after", "link", "last-modified", "etag",
    "content-language",
)  # fmt: skip


@dataclass(frozen=True)
class Fetched:
    """An answer that is one."""

    url: str
    """As asked for."""
    final_url: str
    """Where the body came from, after all redirects."""
    status: int
    """200, or 304 where nothing has changed."""
    headers: Mapping[str, str]
    """Those that matter to readers of bodies, by lower-case name."""
    body: bytes
    hops: tuple[Hop, ...] = ()
    etag: str = ""
    """To be kept byte for byte and sent with the next request; likewise `last_modified`."""
    last_modified: str = ""

    @property
    def not_modified(self) -> bool:
        """Whether the server says that what was fetched before still holds."""
        return self.status == 304

    @property
    def moved_to(self) -> str:
        """The new address, where every hop says that the move is for good; else empty."""
        return self.final_url if self.hops and all(hop.status in _MOVED for hop in self.hops) else ""

    @property
    def charset(self) -> str:
        """What the header says of the encoding: a hint, often wrong."""
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip("\"'")
        return ""


@dataclass(frozen=True)
class _Request:
    url: str
    accept: str
    limits: Limits
    deadline: float
    etag: str = ""
    last_modified: str = ""
    validated_url: str = ""
    max_hops: int = MOST_HOPS
    to_arxiv: bool = False
    """Whether it is a question to arXiv's API, wherever the settings say that it stands."""


@dataclass
class _Trail:
    """Where a fetch stands."""

    at: httpx.URL
    hops: list[Hop] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


class Fetcher:
    """Fetches addresses; one for a process, shared by its threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        network: Network | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Fetch by the settings.

        Args:
            network: looks names up and connects; tests give their own.
            clock: seconds since 1970.
            sleep: waits so many seconds.
            jitter: between 0 and 1.
        """
        self.settings = settings
        self._network = network or Network()
        self._clock = clock
        self._jitter = jitter
        self._politeness = Politeness(settings.host_spacing, clock=clock, sleep=sleep)
        self.arxiv_turns = Spacing(settings.home / "arxiv.lock", "arXiv", ARXIV_SPACING, clock=clock, sleep=sleep)
        """Turns at arXiv, which all processes share."""

    def fetch(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        validated_url: str = "",
        accept: str = FEED,
        deadline: float | None = None,
        max_body: int | None = None,
        tries: int = 1,
    ) -> Fetched:
        """Return what stands at an address.

        Args:
            etag: of the body that is already there, as it came; likewise `last_modified`.
            validated_url: the address that these were given for; empty: for any on the way.
            accept: the header of that name; `FEED` and `PAGE` are two.
            deadline: seconds of one try, waiting for a turn aside; three time-outs unless given.
            max_body: bytes after decoding, unless the setting MAX_BODY is meant.
            tries: how often at most the address is asked where another try in a few seconds may help.

        Raises:
            NotFetched: there is no such answer; `cause` says why.
        """
        settings = self.settings
        limits = Limits(
            settings.http_timeout, max_body or settings.max_body, settings.allow_private_hosts, settings.proxy
        )
        most = deadline or settings.http_timeout * DEADLINE
        request = _Request(url, accept, limits, most, etag, last_modified, validated_url)
        return self._repeat(request, lambda fetched: fetched, tries)

    def ask_arxiv(self, url: str, read: Callable[[Fetched], T], *, accept: str, tries: int) -> T:
        """Return what `read` makes of an answer of arXiv's API; one that it refuses is asked for again.

        The API may stand in the own network, as a mirror: its address comes from the settings. Redirects
        are not followed.

        Raises:
            NotFetched: there is no answer.
            ParseError: the last answer was refused.
        """
        settings = self.settings
        local = host_of(url) in ("127.0.0.1", "localhost")
        limits = Limits(
            settings.http_timeout, settings.max_body, allow_private=True, proxy="" if local else settings.proxy
        )
        request = _Request(url, accept, limits, settings.http_timeout * DEADLINE, max_hops=0, to_arxiv=True)
        return self._repeat(request, read, tries)

    def _repeat(self, request: _Request, read: Callable[[Fetched], T], tries: int) -> T:
        for attempt in range(1, tries):
            try:
                return self._follow(request, read, attempt)
            except NotFetched as failure:
                if not failure.repeatable or (failure.retry_after or 0.0) > self._politeness.patience:
                    raise
            except ParseError:
                continue
        return self._follow(request, read, 0)

    def _follow(self, request: _Request, read: Callable[[Fetched], T], attempt: int) -> T:
        """Follow an address to its answer; a failure leaves a pause, a longer one where another attempt follows."""
        trail = _Trail(read_address(request.url))
        budget = Budget(request.deadline)
        while True:
            host = trail.at.host
            with self._turn(request, host):
                try:
                    # Hops within one host belong to one turn, as they do in a browser.
                    while trail.at.host == host:
                        found = self._step(request, trail, budget)
                        if found is not None:
                            return read(found)
                except (NotFetched, ParseError) as failure:
                    self._pause(request, host, failure, attempt)
                    raise

    def _pause(self, request: _Request, host: str, failure: NotFetched | ParseError, attempt: int) -> None:
        """Leave a host alone for as long as it asks, and before another attempt longer each time."""
        asked = 0.0 if isinstance(failure, ParseError) else failure.retry_after or 0.0
        arxiv = request.to_arxiv or _is_arxiv(host)
        if attempt and (isinstance(failure, ParseError) or failure.repeatable):
            spacing = self.arxiv_turns.seconds if arxiv else max(1.0, self.settings.host_spacing)
            asked = max(asked, backoff(attempt, spacing, _BUSY_PAUSE, self._jitter))
        elif isinstance(failure, NotFetched) and failure.status == 429 and not asked:
            asked = _BUSY_PAUSE
        if arxiv:
            self.arxiv_turns.pause(asked)
        else:
            self._politeness.pause(host, asked)

    def _step(self, request: _Request, trail: _Trail, budget: Budget) -> Fetched | None:
        """Ask once: return what was found, or None where `trail` leads on."""
        asked = trail.at
        headers = self._headers(request, str(asked))
        try:
            answer = exchange(asked, headers, network=self._network, limits=request.limits, budget=budget)
            if answer.status in _REDIRECTS:
                self._lead_on(request, trail, answer)
                return None
            return self._judge(request, trail, answer)
        except NotFetched as failure:
            failure.hops = tuple(trail.hops)
            raise

    def _headers(self, request: _Request, url: str) -> dict[str, str]:
        contact = self.settings.contact
        headers = {
            "User-Agent": f"{self.settings.user_agent} ({contact})" if contact else self.settings.user_agent,
            "Accept": request.accept,
            "Accept-Encoding": ACCEPTED,
            "Connection": "close",
        }
        if request.validated_url in ("", url):
            conditions = (("If-None-Match", request.etag), ("If-Modified-Since", request.last_modified))
            headers |= {name: value for name, value in conditions if _SENDABLE.fullmatch(value)}
        return headers

    def _lead_on(self, request: _Request, trail: _Trail, answer: Answer) -> None:
        """Move `trail` to where a redirect leads."""
        host = trail.at.host
        trail.hops.append(Hop(answer.status, str(trail.at)))
        trail.seen.add(str(trail.at))
        # Header values are bytes; addresses in them that are not ASCII are UTF-8 nowadays.
        raw = answer.headers.get("location", "").encode("latin-1")
        location = raw.decode("utf-8", "replace").strip()
        if not location:
            raise NotFetched("redirect", f"{host} redirects to nowhere.", "Open the address in a browser.")
        if len(trail.hops) > request.max_hops:
            message = f"{host} redirects to {location[:200]}"
            message += (
                f", the {len(trail.hops)}th redirect in a row." if request.max_hops else "; that is not followed."
            )
            raise NotFetched("redirect-limit", message, "Open the address in a browser and give the one it ends at.")
        target = read_address(location, trail.at)
        if str(target) in trail.seen:
            message = f"{host} redirects in a circle, as sites do that insist on cookies or a login."
            raise NotFetched("redirect-loop", message, "Open the address in a browser and give the one it ends at.")
        trail.at = target

    def _judge(self, request: _Request, trail: _Trail, answer: Answer) -> Fetched:
        host, headers = trail.at.host, answer.headers
        sent = self._headers(request, str(trail.at))
        if is_challenge(answer.status, headers, answer.body):
            message = f"{host} asks whether a person is there, and lets no program in."
            hint = "Look for another feed of the site, ask its owner to let feed readers in, or set CONTACT."
            raise NotFetched("bot-challenge", message, hint, status=answer.status)
        if answer.status == 304 and ("If-None-Match" in sent or "If-Modified-Since" in sent):
            return self._found(request, trail, answer)
        if answer.status == 200:
            if not answer.body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
                raise NotFetched("empty", f"{host} answered with nothing at all.", status=200)
            return self._found(request, trail, answer)
        if answer.status in (204, 205):
            raise NotFetched("empty", f"{host} answered that there is nothing.", status=answer.status)
        asked = read_retry_after(headers.get("retry-after", ""), self._clock())
        raise refused_by_status(host, answer.status, asked, answer.body)

    def _found(self, request: _Request, trail: _Trail, answer: Answer) -> Fetched:
        old = answer.status == 304
        return Fetched(
            url=request.url,
            final_url=str(trail.at),
            status=answer.status,
            headers={name: answer.headers[name] for name in _KEPT if name in answer.headers},
            body=answer.body,
            hops=tuple(trail.hops),
            # A 304 may bring new validators; those it does not mention stay in force.
            etag=answer.headers.get("etag", request.etag if old else ""),
            last_modified=answer.headers.get("last-modified", request.last_modified if old else ""),
        )

    def _turn(self, request: _Request, host: str) -> AbstractContextManager[None]:
        shared = request.to_arxiv or _is_arxiv(host)
        return self.arxiv_turns.turn() if shared else self._politeness.turn(host)


def _is_arxiv(host: str) -> bool:
    return host == "arxiv.org" or host.endswith(".arxiv.org")
