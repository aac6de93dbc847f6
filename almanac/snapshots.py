"""Metadata snapshots of arXiv into the library: batch by batch, in constant memory, resumed where it stopped.

Owns what is remembered of a file half read. A batch and the place that it reaches are written in one
transaction. Invariant: an interruption costs at most one batch; the same file under the same filters and
rules is read once, a changed one from the beginning.
"""

import json
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from almanac.ingestion import Cancelled, Ingestion, Progress, Report
from almanac.preparing import PARSER_VERSION
from ingest.arxiv_snapshot import Batch, Place, Wanted, identify, read_batches, report_broken
from kb.store import Store, Writer
from kb.topics import Tagger
from kb.types import Counts, Outcome

_PLACE = "snapshot:"
"""Facts of this prefix keep how far a file was read."""


class Snapshots:
    """Reads snapshots into one library."""

    def __init__(self, store: Store, ingestion: Ingestion, tagger: Callable[[], Tagger]) -> None:
        self._store = store
        self._ingestion = ingestion
        self._tagger = tagger

    def take(
        self,
        location: str,
        wanted: Wanted,
        *,
        embed: bool | None = True,
        report: Report,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Read the wanted papers of a file into the library.

        Raises:
            FetchError: it cannot be read, or a bound is no date.
            Cancelled, Locked, StoreError, ModelError: what was written stays; the next reading goes on there.
        """
        state = f"{identify(location)}:{PARSER_VERSION}:{wanted.model_dump_json()}"
        if (unchanged := self._ingestion.unchanged(location, state)) is not None:
            return unchanged
        start = self._place(location, state)
        batches = read_batches(location, wanted=wanted, topics_of=self._topics_of, start=start, source=location)
        counts: list[Counts] = []
        ahead = next(batches)
        while True:
            batch, following = ahead, next(batches, None)
            report(Progress(location, "reading", batch.place.line, 0, 0, 1))
            if cancelled():
                raise Cancelled("Stopped at your wish.", "What was written stays; add the file again to go on there.")
            outcome = self._write(location, batch, state, following is None, embed, report, cancelled)
            counts.append(outcome.counts)
            if following is None:
                return _summed(outcome, counts)
            ahead = following

    def _topics_of(self, title: str, abstract: str) -> list[str]:
        return [tag.topic for tag in self._tagger().tag(title, abstract)]

    def _place(self, location: str, state: str) -> Place:
        """Return where reading goes on: the beginning, unless this very file was read in part by these rules."""
        if not self._store.rows("SELECT 1 FROM sources WHERE location = ?", (location,)):
            return Place()  # it was removed, and what it brought with it
        try:
            noted = json.loads(self._store.fact(_PLACE + location) or "{}")
            return Place.model_validate(noted["place"]) if noted.get("state") == state else Place()
        except (ValueError, ValidationError):
            return Place()

    def _write(
        self,
        location: str,
        batch: Batch,
        state: str,
        last: bool,
        embed: bool | None,
        report: Report,
        cancelled: Callable[[], bool],
    ) -> Outcome:
        place = batch.place

        def also(writer: Writer, _: Counts) -> None:
            noted = "" if last else json.dumps({"state": state, "place": place.model_dump()})
            writer.set_fact(_PLACE + location, noted)

        parsed = batch.parsed
        if last:
            warnings = (*parsed.warnings, *report_broken(place))
            parsed = parsed.model_copy(update={"warnings": warnings, "skipped": place.broken})
        return self._ingestion.take(
            location,
            parsed,
            name=Path(location).name,
            digest=state if last else "",
            keep_all=True,
            more=not last,
            embed=embed,
            also=also,
            report=report,
            cancelled=cancelled,
        )


def _summed(last: Outcome, counts: list[Counts]) -> Outcome:
    """Return the outcome of the last batch with what all of them did."""
    sums = {name: sum(getattr(one, name) for one in counts) for name in ("embedded", "added", "updated", "unchanged")}
    made = last.counts.model_copy(update=sums)
    changed = made.added or made.updated
    status = last.status if last.status == "partial" else "ok" if changed else "unchanged"
    return last.model_copy(update={"counts": made, "status": status})
