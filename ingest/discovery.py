"""Feeds of a site, found from any address of it.

Owns what a page says of its feeds, where feeds usually lie, and the trying of both. Fetches only through
the fetcher that it is given, a handful of addresses at most. Invariant: what it offers was fetched and
read as a feed with entries or a title; a page that claims to have one is not believed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit, urlunsplit

from ingest._addresses import without_feed_scheme
from ingest._decode import declared_encoding, decode
from ingest._xml import is_html
from ingest.fetch import FEED, PAGE, Fetched, Fetcher, NotFetched
from ingest.rss import parse_bytes
from kb.errors import ParseError, SourceError
from kb.references import NO_HOST, tidy
from kb.types import Parsed

MOST_LINKS = 8
"""Feeds of a page that are tried."""
_TYPES = frozenset(
    (
        "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json",
        "application/x-rss+xml", "text/rss", "text/atom", "application/rss", "application/atom",
    )
)  # fmt: skip
_VAGUE_TYPES = frozenset(("application/xml", "text/xml", "application/json"))
_FEED_PATH = re.compile(
    r"(?:^|/)(?:feeds?|rss|atom|index)(?:\.(?:xml|rss|atom|rdf|json))?/?$|\.(?:rss|atom|rdf)$|/feed\.json$"
    r"|/feeds?/posts/default|[?&](?:feed|format)=(?:rss2?|atom)",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"\bcomments?\b|评论|評論", re.IGNORECASE)
_USUAL = ("feed", "feed.xml", "rss.xml", "atom.xml", "index.xml", "rss", "feed.json")
_HEAD = 1_000_000
"""Characters of a page that are searched."""
_HINT = "Open the site and look for a link called RSS, Atom or feed; many list theirs at the foot of the page."


@dataclass(frozen=True)
class FeedLink:
    """A feed that a page points to."""

    url: str
    title: str = ""


@dataclass(frozen=True)
class FoundFeed:
    """A feed that was fetched and read."""

    url: str
    """Where it lies, after redirects for good."""
    title: str
    entries: int
    newest: str = ""
    """Date of its newest entry, as precise as stated; empty where none has one."""
    how: str = ""
    """How it was found."""


def find_feeds(html: str, base_url: str) -> list[FeedLink]:
    """Return the feeds that a page points to, those it declares first, comment feeds last."""
    reader = _Links(base_url)
    # Python's parser gives up at some broken declarations: what stands before them still counts.
    with suppress(AssertionError):
        reader.feed(html[:_HEAD])
    found: dict[str, FeedLink] = {}
    for url, title in [*reader.declared, *reader.guessed]:
        found.setdefault(url, FeedLink(url, " ".join(title.split())[:200]))
    return sorted(found.values(), key=lambda link: bool(_COMMENTS.search(f"{link.title} {urlsplit(link.url).path}")))


def usual_places(url: str) -> list[str]:
    """Return the addresses where the feed of a site lies most often, best first."""
    parts = urlsplit(url)
    host, path = (parts.hostname or "").lower(), parts.path.rstrip("/")
    names = [name for name in path.split("/") if name]
    made: list[str] = []
    if host == "github.com" and len(names) >= 2:
        made += [f"https://github.com/{names[0]}/{names[1]}/{kind}.atom" for kind in ("releases", "tags", "commits")]
    if host == "medium.com" and names:
        made.append(f"https://medium.com/feed/{names[0]}")
    if host in ("reddit.com", "www.reddit.com", "old.reddit.com") and len(names) >= 2:
        made.append(f"https://www.reddit.com/{names[0]}/{names[1]}/.rss")
    if host in ("youtube.com", "www.youtube.com") and names[:1] == ["channel"] and len(names) > 1:
        made.append(f"https://www.youtube.com/feeds/videos.xml?channel_id={names[1]}")
    root = urlunsplit((parts.scheme, parts.netloc, "/", "", ""))
    here = urlunsplit((parts.scheme, parts.netloc, path + "/", "", "")) if path else ""
    made += [urljoin(root, name) for name in _USUAL]
    if here:
        made += [urljoin(here, name) for name in _USUAL[:3]]
    return list(dict.fromkeys(made))


def discover(
    address: str, fetcher: Fetcher, cancelled: Callable[[], bool] = lambda: False
) -> tuple[list[FoundFeed], list[str]]:
    """Return the feeds of the site that an address belongs to, and what was tried in vain.

    The address may be that of a feed. Where it has no scheme, https is tried, then http.

    Raises:
        NotFetched, ParseError: the address itself cannot be had, or no feed was found.
    """
    answer = _open(address, fetcher)
    own = _read(answer)
    if own is not None:
        return [_found(answer, own, "the address itself")], []
    text = _text_of(answer)
    if not text:
        raise ParseError(f"{answer.final_url} is neither a feed nor a page.", _HINT)
    tried: list[str] = []
    links = find_feeds(text, answer.final_url) if is_html(text) else []
    found = _try([(link.url, "named by the page") for link in links[:MOST_LINKS]], fetcher, tried, cancelled)
    if not found:
        places = [url for url in usual_places(answer.final_url) if url not in {link.url for link in links}]
        found = _try([(url, "a usual place") for url in places], fetcher, tried, cancelled, first=True)
    if not found:
        count = f"{len(tried)} addresses were tried" if tried else "nothing was tried"
        raise ParseError(f"No feed was found at {answer.final_url}; {count}.", _HINT)
    return found, tried


def _open(address: str, fetcher: Fetcher) -> Fetched:
    text = without_feed_scheme(address, "")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        return fetcher.fetch(text, accept=f"{FEED}, {PAGE}", tries=2)
    try:
        return fetcher.fetch(f"https://{text}", accept=f"{FEED}, {PAGE}")
    except NotFetched as error:
        if error.cause not in ("tls", "refused", "reset", "timeout", "unreachable", "protocol"):
            raise
        return fetcher.fetch(f"http://{text}", accept=f"{FEED}, {PAGE}")


def _try(
    places: Iterable[tuple[str, str]],
    fetcher: Fetcher,
    tried: list[str],
    cancelled: Callable[[], bool],
    first: bool = False,
) -> list[FoundFeed]:
    """Fetch and read addresses; `first` stops at the first feed."""
    found: dict[str, FoundFeed] = {}
    for url, how in places:
        if cancelled() or (first and found):
            break
        try:
            answer = fetcher.fetch(url)
        except SourceError as error:
            tried.append(f"{url}: {error.message}")
            continue
        parsed = _read(answer)
        if parsed is None:
            tried.append(f"{url}: no feed")
            continue
        made = _found(answer, parsed, how)
        found.setdefault(made.url, made)
    return list(found.values())


def _read(answer: Fetched) -> Parsed | None:
    """Return what a feed holds; None where the answer is none."""
    try:
        return parse_bytes(answer.body, name="", source=answer.url, base_url=answer.final_url, charset=answer.charset)
    except ParseError:
        return None


def _found(answer: Fetched, parsed: Parsed, how: str) -> FoundFeed:
    dates = [document.published for document in parsed.documents if document.published]
    title = parsed.feed.title if parsed.feed else ""
    return FoundFeed(
        url=answer.moved_to or answer.url,
        title=title or urlsplit(answer.final_url).hostname or answer.url,
        entries=len(parsed.documents),
        newest=max(dates, default=""),
        how=how,
    )


def _text_of(answer: Fetched) -> str:
    try:
        return decode(answer.body, declared=declared_encoding(answer.body) or answer.charset or None)[0]
    except ParseError:
        return ""


class _Links(HTMLParser):
    """Feeds named in a page, by `link` elements and by plain links."""

    def __init__(self, base_url: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = base_url
        self._open: str | None = None
        self._words = ""
        self.declared: list[tuple[str, str]] = []
        self.guessed: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Take note of a base, a declared feed or a link that looks like one."""
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and given.get("href"):
            self._base = self._absolute(given["href"]) or self._base
        elif tag == "link":
            self._declare(given)
        elif tag == "a":
            self._flush()
            url = self._absolute(given.get("href", ""))
            kind = given.get("type", "").partition(";")[0].strip().lower()
            if url and (kind in _TYPES or _FEED_PATH.search(urlsplit(url)._replace(scheme="", netloc="").geturl())):
                self._open = url

    def handle_data(self, data: str) -> None:
        """Gather the words of a link."""
        if self._open is not None:
            self._words += data

    def handle_endtag(self, tag: str) -> None:
        """End a link."""
        if tag == "a":
            self._flush()

    def _flush(self) -> None:
        if self._open is not None:
            self.guessed.append((self._open, self._words))
        self._open, self._words = None, ""

    def _declare(self, given: dict[str, str]) -> None:
        rel, kind = given.get("rel", "").lower().split(), given.get("type", "").partition(";")[0].strip().lower()
        url = self._absolute(given.get("href", ""))
        feed = kind in _TYPES or (kind in _VAGUE_TYPES and _FEED_PATH.search(urlsplit(url).path if url else ""))
        if url and ((feed and ("alternate" in rel or not rel)) or "feed" in rel):
            self.declared.append((url, given.get("title", "")))

    def _absolute(self, href: str) -> str:
        """Return an http(s) address, also of a `feed:` one; empty where it is none."""
        text = without_feed_scheme(tidy(href), "https://")
        try:
            url = urljoin(self._base, text)
            parts = urlsplit(url)
            known = text and parts.scheme in ("http", "https") and parts.hostname and not NO_HOST.search(parts.hostname)
            return url if known else ""
        except ValueError:
            return ""
