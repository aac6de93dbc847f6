"""What an ingest is given, one location after another: files, folders, papers, queries, web addresses, snapshots.

Owns what each location means, and how what it leads to is had; writing is the ingestion's. Refuses filters
where there is nothing to filter. Invariant: each location ends in one outcome, papers together in one, and
what fails leaves the others alone.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ingest
from almanac.files import expand
from almanac.ingestion import Ingestion, Progress, Report
from almanac.preparing import PARSER_VERSION, digest_of
from almanac.snapshots import Snapshots
from ingest.arxiv_api import LOCATION as FETCHED
from ingest.arxiv_api import fetch_ids, names_paper
from ingest.arxiv_query import harvest, names_query, query_of
from ingest.arxiv_snapshot import Wanted, is_snapshot
from kb.errors import AlmanacError, FetchError
from kb.store import Store, Writer
from kb.topics import Tagger, load_topics
from kb.types import Counts, Kind, Outcome, Parsed

if TYPE_CHECKING:
    from ingest.fetch import Fetcher

TRIES = 3
"""How often at most an address is asked, with growing pauses, where another try may help."""
_MARK = "harvest:"
"""Facts of this prefix keep how far a query's last harvest came."""


@dataclass(frozen=True)
class Scope:
    """Which papers of a query or a snapshot are taken; empty fields do not filter."""

    categories: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    limit: int | None = None
    """Most papers of a query."""


@dataclass(frozen=True)
class _Run:
    """What all locations of one ingest have in common."""

    kind: Kind | None
    scope: Scope
    embed: bool | None
    report: Report
    cancelled: Callable[[], bool]


class Gathering:
    """Ingests whatever locations name, into one library."""

    def __init__(
        self,
        store: Store,
        ingestion: Ingestion,
        fetcher: "Callable[[], Fetcher]",
        tagger: Callable[[], Tagger],
    ) -> None:
        self._store = store
        self._ingestion = ingestion
        self._fetcher = fetcher
        self._snapshots = Snapshots(store, ingestion, tagger)

    def run(
        self,
        locations: Sequence[str],
        *,
        kind: Kind | None = None,
        scope: Scope | None = None,
        embed: bool | None = True,
        report: Report | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Outcome]:
        """Ingest locations one by one, yielding an outcome each, papers named by id or address last.

        Args:
            scope: which papers of queries and snapshots are taken.
            embed: False leaves the vectors for later, unless the model is loaded; None leaves them in any case.
                Keyword search serves meanwhile.
            cancelled: asked often; once true, the source at hand is left unfinished and no other begun.
        """
        papers = [location for location in locations if names_paper(location) and not os.path.exists(location)]
        others = list(_expand([location for location in locations if location not in papers]))
        total = len(others) + bool(papers)
        show = report or (lambda _: None)
        for index, location in enumerate(others):
            if cancelled():
                return
            yield self._one(location, _Run(kind, scope or Scope(), embed, _shown(show, index, total), cancelled))
        if papers and not cancelled():
            yield self.fetch_papers(papers, embed=embed, report=_shown(show, len(others), total))
        if report and total:
            report(Progress(FETCHED if papers else others[-1], "done", 0, 0, total, total))

    def fetch_papers(self, ids: Sequence[str], *, embed: bool | None = True, report: Report | None = None) -> Outcome:
        """Fetch papers of arXiv by ids in any form."""
        show = report or (lambda _: None)

        def take() -> Outcome:
            show(Progress(FETCHED, "reading", 0, 0, 0, 1))
            fetcher = self._fetcher()
            parsed = fetch_ids(ids, settings=fetcher.settings, fetcher=fetcher)
            digest = f"fetched:{PARSER_VERSION}"
            return self._ingestion.take(
                FETCHED, parsed, name=FETCHED, digest=digest, keep_all=True, embed=embed, report=report
            )

        return self._guarded(FETCHED, Kind.ARXIV, take)

    def _one(self, location: str, run: _Run) -> Outcome:
        """Ingest one location that is no paper."""
        try:
            if names_query(location):
                return self._guarded(location, Kind.ARXIV, lambda: self._query(location, run))
            if location.lower().startswith(("http://", "https://")):
                self._refuse_filters(location, run.scope)
                return self._guarded(location, run.kind, lambda: self._address(location, run))
            if run.kind in (None, Kind.ARXIV) and is_snapshot(location):
                return self._guarded(location, Kind.ARXIV, lambda: self._snapshot(location, run))
            self._refuse_filters(location, run.scope)
        except AlmanacError as error:
            return Outcome(source=location, kind=run.kind, status="failed", error=error.message, hint=error.hint)
        (outcome,) = self._ingestion.run(
            [location], kind=run.kind, embed=run.embed, report=run.report, cancelled=run.cancelled
        )
        return outcome

    def _guarded(self, location: str, kind: Kind | None, take: Callable[[], Outcome]) -> Outcome:
        try:
            return take()
        except AlmanacError as error:
            self._ingestion.note_failure(location, kind, error)
            return Outcome(source=location, kind=kind, status="failed", error=error.message, hint=error.hint)

    def _refuse_filters(self, location: str, scope: Scope) -> None:
        if scope != Scope():
            raise FetchError(
                f"{location} is no query and no snapshot of arXiv; only these can be filtered.",
                "Leave out --category, --topic, --since, --until and --limit, or give it apart.",
            )

    def _query(self, location: str, run: _Run) -> Outcome:
        scope = run.scope
        if scope.categories or scope.topics:
            raise FetchError("A query to arXiv says itself which categories it is for.", "Write cat:cs.DC into it.")
        run.report(Progress(location, "reading", 0, 0, 0, 1))
        # A mark of a source that was removed is no mark any more.
        known = self._store.rows("SELECT 1 FROM sources WHERE location = ?", (location,))
        found = harvest(
            query_of(location),
            fetcher=self._fetcher(),
            after=self._store.fact(_MARK + location) if known else "",
            since=scope.since,
            until=scope.until,
            limit=scope.limit,
            source=location,
        )

        def also(writer: Writer, _: Counts) -> None:
            if found.mark:
                writer.set_fact(_MARK + location, found.mark)

        return self._take(location, found.parsed, run, keep_all=True, also=also)

    def _address(self, location: str, run: _Run) -> Outcome:
        from ingest.discovery import find_feeds
        from ingest.fetch import FEED, PAGE

        run.report(Progress(location, "reading", 0, 0, 0, 1))
        fetched = self._fetcher().fetch(location, accept=f"{FEED}, {PAGE}", tries=TRIES)
        digest = digest_of(fetched.body, run.kind)
        if (unchanged := self._ingestion.unchanged(location, digest)) is not None:
            return unchanged
        parsed = ingest.parse(
            fetched.body,
            name=location,
            source=location,
            kind=run.kind,
            base_url=fetched.final_url,
            charset=fetched.charset,
        )
        if parsed.kind is Kind.PAGE and (feeds := find_feeds(fetched.body.decode("utf-8", "replace"), location)):
            words = f"The page names a feed, {feeds[0].url}: subscribe to it to have what comes later."
            parsed = parsed.model_copy(update={"warnings": (*parsed.warnings, words)})
        return self._take(
            location, parsed, run, digest=digest, size=len(fetched.body), keep_all=parsed.kind in (Kind.RSS, Kind.ARXIV)
        )

    def _snapshot(self, location: str, run: _Run) -> Outcome:
        scope = run.scope
        if scope.limit is not None:
            raise FetchError(
                "A snapshot is read whole; it takes no limit.", "Filter it by --since, --category, --topic."
            )
        if unknown := sorted(set(scope.topics) - set(load_topics())):
            raise FetchError(f"There is no topic “{unknown[0][:80]}”.", f"Topics are {', '.join(load_topics())}.")
        wanted = Wanted(
            categories=scope.categories, topics=tuple(sorted(scope.topics)), since=scope.since, until=scope.until
        )
        return self._snapshots.take(location, wanted, embed=run.embed, report=run.report, cancelled=run.cancelled)

    def _take(self, location: str, parsed: Parsed, run: _Run, *, digest: str = "", **more: object) -> Outcome:
        return self._ingestion.take(
            location,
            parsed,
            name=_name_of(location),
            digest=digest,
            embed=run.embed,
            report=run.report,
            cancelled=run.cancelled,
            **more,  # type: ignore[arg-type]
        )


def _expand(locations: Sequence[str]) -> Iterator[str]:
    """Yield files of folders and everything else as it is, each once."""
    seen: set[str] = set()
    for location in locations:
        for name in [location.strip()] if names_query(location) else expand([location]):
            if name not in seen:
                seen.add(name)
                yield name


def _name_of(location: str) -> str:
    """Return how lists call a source that is no file."""
    return re.sub(r"^https?://", "", location).strip("/").replace("/", "-")


def _shown(report: Report, index: int, total: int) -> Report:
    """Return a report that tells of one source as the one of all that it is."""

    def show(step: Progress) -> None:
        if step.stage != "done":
            report(replace(step, sources_done=index, sources_total=total))

    return show
