"""Papers of arXiv by a query: the newest, all of a time, or what is new since the last time.

Owns pages, windows of time, what is remembered between harvests, and the locations that name a query.
Refuses to take a page that is missing, foreign or short for the end of the results. Invariant: the mark
of how far a harvest came moves on only where nothing before it was left out, so that a failure half-way
costs a repetition and never a paper.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ingest._arxiv_feed import read_counts
from ingest._dates import days_of
from ingest.arxiv_api import read_answer, text_of
from kb.errors import FetchError, ParseError, SourceError
from kb.topics import load_topics
from kb.types import Document, Kind, Parsed

if TYPE_CHECKING:
    from ingest._arxiv_client import Client, Order
    from ingest.fetch import Fetcher

QUERY_PREFIX = "arxiv-query:"
TOPIC_PREFIX = "arxiv-topic:"
PAGE = 200
"""Papers asked for at once; the API allows 2,000, and often fails to send so many."""
NEWEST = 200
"""Papers taken of a query that is asked for the first time."""
MOST = 2000
"""Papers taken of a window, or since the last time; the API's own end is at 30,000."""
OVERLAP = timedelta(days=14)
"""How far before the mark a harvest looks: moderators hold papers back, which then appear under old dates."""
_EXAMPLES = 'Examples: arxiv-query:cat:cs.DC AND abs:"KV cache"; arxiv-topic:serving.'
_LONGEST = 4000
_TRIES = 3


@dataclass(frozen=True)
class Harvest:
    """What a query brought."""

    parsed: Parsed
    total: int
    """Papers that arXiv says there are."""
    mark: str
    """To be kept, and given as `after` next time."""
    complete: bool
    """Whether everything between the last mark, or the window's start, and now was taken."""


def names_query(location: str) -> bool:
    """Whether a location is meant as a query to arXiv."""
    return location.strip().lower().startswith((QUERY_PREFIX, TOPIC_PREFIX))


def query_of(location: str) -> str:
    """Return the query that a location names, in the language of arXiv's API.

    Raises:
        FetchError: no such topic, or no query.
    """
    text = location.strip()
    if text.lower().startswith(TOPIC_PREFIX):
        slug, topics = text[len(TOPIC_PREFIX) :].strip().lower(), load_topics()
        if slug not in topics:
            raise FetchError(f"There is no topic “{slug[:80]}”.", f"Topics are {', '.join(topics)}.")
        return topics[slug].arxiv_query
    query = text[len(QUERY_PREFIX) :] if text.lower().startswith(QUERY_PREFIX) else text
    if not query.strip():
        raise FetchError("The query to arXiv is empty.", _EXAMPLES)
    if len(query) > _LONGEST:
        raise FetchError(f"A query of {len(query)} characters is too long for arXiv.", "Cut it into several.")
    return " ".join(query.split())


def harvest(
    query: str,
    *,
    fetcher: "Fetcher",
    after: str = "",
    since: str = "",
    until: str = "",
    limit: int | None = None,
    source: str = "",
) -> Harvest:
    """Return the papers that a query finds.

    Args:
        query: in the language of arXiv's API.
        after: the mark of the last harvest: papers that are new or revised since then, newest first.
        since: first year, month, day or quarter of submission; with `until`, the window instead of the newest.
        until: the last one.
        limit: most papers; 200 of the newest, 2,000 of a window or since a mark, unless given.
        source: location that the documents carry.

    Raises:
        NotFetched, ParseError: the first page could not be had; arXiv refuses the query.
        FetchError: a bound is no date, or the limit is below 1.
    """
    from ingest._arxiv_client import Client  # not needed to read files

    window = _window(since, until)
    # To the API, no papers at most means all papers.
    if limit is not None and limit < 1:
        raise FetchError(f"A limit of {limit} papers leaves nothing to fetch.", "Give 1 or more.")
    asked = f"({query}) AND {window}" if window else query
    incremental = bool(after) and not window
    reading = _Reading(
        Client(fetcher),
        asked,
        "lastUpdatedDate" if incremental else "submittedDate",
        source or QUERY_PREFIX + query,
        limit or (MOST if window or incremental else NEWEST),
        _earlier(after) if incremental else "",
    )
    reading.run()
    complete = reading.reached_end
    if not complete and (window or incremental) and not reading.failed:
        reading.warnings.append(
            f"{reading.total} papers match; the newest {len(reading.found)} were taken. "
            "Narrow the query or the time, or raise the limit, to have the rest."
        )
    # The newest of a query are all that was wanted of it; what lies before them is not a gap.
    settled = complete or not (incremental or reading.failed)
    return Harvest(
        parsed=Parsed(
            kind=Kind.ARXIV,
            documents=tuple(reading.found.values()),
            warnings=tuple(dict.fromkeys(reading.warnings)),
            skipped=reading.skipped,
        ),
        total=reading.total,
        mark=max(after, reading.newest) if settled and not window else after,
        complete=complete,
    )


def _window(since: str, until: str) -> str:
    """Return the API's filter for papers submitted in a time; empty for any."""
    if not since and not until:
        return ""
    bounds = []
    for text, default, which in ((since, "1991-01-01", 0), (until, "2100-12-31", 1)):
        days = days_of(text) if text else (default, default)
        if days is None:
            raise FetchError(f"“{text[:40]}” is no date.", "Write 2023, 2023-04, 2023-04-07 or 2023-Q2.")
        bounds.append(days[which].replace("-", ""))
    if bounds[0] > bounds[1]:
        raise FetchError(f"Nothing lies between {since} and {until}.", "Give the earlier date first.")
    return f"submittedDate:[{bounds[0]}0000 TO {bounds[1]}2359]"


def _earlier(mark: str) -> str:
    """Return the day from which on a harvest after a mark looks."""
    try:
        return (datetime.fromisoformat(mark) - OVERLAP).date().isoformat()
    except ValueError as error:
        raise FetchError(f"“{mark[:40]}” is no mark of a harvest.", "Fetch without it.") from error


@dataclass
class _Reading:
    """One harvest under way."""

    client: "Client"
    query: str
    order: "Order"
    source: str
    limit: int
    stop: str
    """Day before which papers were seen last time; empty: no such day."""
    found: dict[str, Document] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    skipped: int = 0
    total: int = 0
    newest: str = ""
    reached_end: bool = False
    failed: bool = False

    def run(self) -> None:
        """Take page after page, until the end, the last time's papers, or the limit."""
        start = 0
        while not self.reached_end and len(self.found) < self.limit:
            try:
                parsed, held = self._page(start, min(PAGE, self.limit - len(self.found)))
            except SourceError as error:
                if not start:
                    raise
                self.failed = True
                self.warnings.append(f"After {len(self.found)} papers: {error.message} {error.hint}")
                return
            self._take(parsed)
            start += held
            self.reached_end = self.reached_end or start >= self.total

    def _take(self, parsed: Parsed) -> None:
        self.warnings += parsed.warnings
        self.skipped += parsed.skipped
        for document in parsed.documents:
            stamp = document.updated or document.published
            if self.stop and stamp < self.stop:
                self.reached_end = True
                return
            self.newest = max(self.newest, stamp)
            known = self.found.get(document.id)
            # The list moves while it is read: a paper may come on two pages, in two versions.
            if known is None or (document.version or 0) > (known.version or 0):
                self.found[document.id] = document

    def _page(self, start: int, count: int) -> tuple[Parsed, int]:
        """Return the papers of a page and how many results it spans, short ones only if nothing better comes."""
        short = 0

        def read(body: bytes) -> tuple[Parsed, int]:
            nonlocal short
            parsed = read_answer(body, self.source)
            self.total, first, held = read_counts(text_of(body))
            if held and first != start:
                raise ParseError(f"arXiv sent the results from {first} on instead of {start}.", "Fetch again later.")
            due = min(count, self.total - start)
            if held < due:
                short += 1
                words = f"arXiv sent {held} of {due} results."
                if short < _TRIES:
                    raise ParseError(words, "Fetch again later.")
                parsed = parsed.model_copy(update={"warnings": (*parsed.warnings, f"{words} The others are missing.")})
            return parsed, max(due, 0)

        return self.client.get(self.client.address_of_query(self.query, start, count, self.order), read)
