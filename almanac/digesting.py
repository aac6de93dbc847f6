"""The digests of a library: built when something changed, kept, and told apart by what they were made from.

A digest's fingerprint covers all that it depends on, so a kept build is served for as long as its
fingerprint holds, and whatever path changed the library is noticed. Building never fails an
ingest: what could not be kept is built again when it is asked for.
"""

import gc
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import RLock

from almanac.briefing import Briefs
from almanac.ingestion import Progress, Report
from digests.brief import Brief
from digests.build import METHOD, OTHER, Material, build
from digests.library import Library
from digests.prose import SUMMARY, entry_key, pack, summary_key, with_prose, write_entry, write_summary
from digests.quarter import parse_quarter, quarter_of, shift
from digests.types import BuildState, Change, Digest, Edits, FailedSource, QuarterState
from kb.errors import AlmanacError
from kb.glossary import Glossary
from kb.llm import LanguageModel
from kb.store import Store
from kb.store.digests import (
    Stored,
    build_stamps,
    drop_builds,
    drop_prose,
    edit_records,
    failed_sources,
    marks,
    mentions,
    prose_of,
    save_build,
    save_edit,
    save_prose,
    stored_basis,
    stored_build,
)
from kb.topics import Tagger
from kb.types import Kind, Outcome

__all__ = ["BuildState", "Change", "Digests", "QuarterState"]

log = logging.getLogger("almanac")


class Digests:
    """The digests of one library. Safe to share between threads."""

    def __init__(
        self,
        store: Store,
        glossary: Callable[[], Glossary],
        tagger: Callable[[], Tagger],
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        """Make digests of a library; `give_way` is called between two steps of long work."""
        self._store = store
        self._glossary = glossary
        self._briefs = Briefs(store, glossary, tagger, give_way)
        # Readers wait for a reading of the library at most: not for a build, unless it is the one that they want.
        self._lock = RLock()
        self._building = RLock()
        self._library: tuple[int, Library] | None = None
        self._notebooks: dict[str, tuple[str, Brief]] = {}

    # What a library has

    def quarters(self) -> list[QuarterState]:
        """Return every quarter with documents, newest first, and the current one."""
        library = self._current()
        stamps = build_stamps(self._store)
        made = []
        for quarter in library.quarters():
            fingerprint, built_at = stamps.get(quarter, ("", ""))
            made.append(
                QuarterState(
                    quarter=quarter,
                    documents=len(library.dated.get(quarter, ())),
                    others=len(library.earlier.get(quarter, ())) + len(library.undated.get(quarter, ())),
                    built_at=built_at,
                    stale=fingerprint != library.fingerprint(quarter),
                )
            )
        return made

    def topic_counts(self) -> dict[str, dict[str, int]]:
        """Return how many documents of each quarter have each topic; `other` are those without any."""
        library = self._current()
        return {
            quarter: dict(Counter(topic for doc in found for topic in library.topics(doc) or (OTHER,)))
            for quarter, found in sorted(library.dated.items())
        }

    # Building

    def digest(self, quarter: str) -> Digest:
        """Return a quarter's digest: the kept build where it still holds, else a new one, which is kept.

        Raises:
            DigestError: it names no quarter.
        """
        quarter = parse_quarter(quarter)
        library = self._current()
        made = self._kept(library, quarter)
        if made is None:
            with self._building:
                made = self._kept(library, quarter) or self._rebuild(library, quarter)
        return self._with_failures(self._with_prose(made))

    def _kept(self, library: Library, quarter: str) -> Digest | None:
        """The kept build of a quarter, where it still holds."""
        stored = stored_build(self._store, quarter) if self._holds(library, quarter) else None
        return None if stored is None else Digest.model_validate_json(stored.record)

    def _holds(self, library: Library, quarter: str) -> bool:
        return build_stamps(self._store).get(quarter, ("", ""))[0] == library.fingerprint(quarter)

    def refresh(
        self,
        quarters: Sequence[str] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> list[str]:
        """Build the digests whose documents or edits changed, of all quarters or of the given ones.

        Returns the quarters that were built; `report` is told (documents read and quarters built, of how many). A
        quarter that has nothing left is forgotten.
        """
        with _without_collection():
            library = self._current()
            every = library.quarters()
            wanted = every if quarters is None else [parse_quarter(quarter) for quarter in quarters]
            stale = [quarter for quarter in wanted if not self._holds(library, quarter)]
        # All documents first, outside of the lock on builds: reading many takes minutes, and a reader may want one.
        involved = {doc for quarter in stale for doc in _needed(library, quarter)}
        read = 0

        def tell(done: int, total: int) -> None:
            nonlocal read
            read = total
            report(done, total + len(stale))

        if not self._briefs.make(_hashes(library, involved), cancelled, tell):
            return []
        built: list[str] = []
        for done, quarter in enumerate(stale):
            if cancelled():
                return built
            report(read + done, read + len(stale))
            with self._building:
                if not self._holds(library, quarter):
                    self._rebuild(library, quarter)
            built.append(quarter)
        gone = sorted(build_stamps(self._store).keys() - set(every)) if quarters is None else []
        if gone:
            self._briefs.keep("forgetting digests without documents", lambda writer: drop_builds(writer, gone))
        return built

    def follow(
        self,
        cancelled: Callable[[], bool] = lambda: False,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> list[str]:
        """Refresh after a change of the library, whatever it was; never raises.

        What cannot be built or kept now is built when it is next asked for.
        """
        try:
            return self.refresh(cancelled=cancelled, report=report)
        except AlmanacError as error:
            log.warning("Digests wait for their next reader: %s", error.message)
            return []

    def following(
        self, outcomes: Iterable[Outcome], cancelled: Callable[[], bool], report: Report | None = None
    ) -> Iterator[Outcome]:
        """Yield the outcomes of an ingest, then refresh what they touched, also where nobody waits for the last."""
        touched = False

        def show(done: int, total: int) -> None:
            if report is not None:
                report(Progress("", "digests", done, total, 0, 1))

        try:
            for outcome in outcomes:
                touched = touched or outcome.status != "unchanged"
                yield outcome
        finally:
            if touched:
                self.follow(cancelled, show)

    def _rebuild(self, library: Library, quarter: str) -> Digest:
        library, made = self._made(library, quarter)
        if quarter not in library.quarters():
            # Nothing depends on it: it is made again as quickly as it would be read.
            return made
        before = stored_basis(self._store, quarter)
        basis = library.basis(quarter)
        changes = _difference(json.loads(before[0]), basis) if before else Change()
        kept = Stored(
            made.built_from.fingerprint,
            made.model_dump_json(),
            json.dumps(basis),
            changes.model_dump_json(),
            self._store.now().isoformat(timespec="seconds"),
            before[1] if before else "",
        )
        self._briefs.keep(f"keeping the digest of {quarter}", lambda writer: save_build(writer, quarter, kept))
        return made

    def _made(self, library: Library, quarter: str) -> tuple[Library, Digest]:
        """Build a digest; the briefs of a large quarter, tens of MiB, are let go before it is kept."""
        with _without_collection():
            needed = _needed(library, quarter)
            found = self._briefs.of(_hashes(library, needed))
            if needed - found.keys():
                # A document went while others were read.
                library = self._current()
                found = self._briefs.of(_hashes(library, _needed(library, quarter)))
            edits = Edits.model_validate_json(library.edits.get(quarter, "{}"))
            return library, build(Material(quarter, library, found, edits))

    def _current(self) -> Library:
        with self._lock:
            generation = self._store.generation()
            now = quarter_of(self._store.now())
            if self._library is None or self._library[0] != generation or self._library[1].now != now:
                self._library = None  # not two of them at once
                library = self._read(now)
                self._library = (generation, library)
                library.notebooks = self._read_notebooks(library)
            return self._library[1]

    def _read(self, now: str) -> Library:
        return Library(
            marks=marks(self._store),
            mentions=mentions(self._store),
            notebooks={},
            edits=edit_records(self._store),
            now=now,
            method=f"{METHOD} {self._briefs.version}",
        )

    def _read_notebooks(self, library: Library) -> Mapping[str, Brief]:
        """The briefs of all notebooks, those that did not change from memory."""
        held = {doc: mark.content_hash for doc, mark in library.marks.items() if mark.kind == Kind.NOTES}
        kept = {doc: known for doc, known in self._notebooks.items() if held.get(doc) == known[0]}
        made = self._briefs.of(_hashes(library, held.keys() - kept.keys()))
        self._notebooks = kept | {doc: (held[doc], found) for doc, found in made.items()}
        return {doc: found for doc, (_, found) in sorted(self._notebooks.items())}

    def _with_failures(self, digest: Digest) -> Digest:
        """Add the sources that fail now: they are no part of a build, which one dead feed would make stale."""
        failed = tuple(FailedSource(location=place, error=error) for place, error in failed_sources(self._store))
        if not failed:
            return digest
        coverage = digest.coverage.model_copy(update={"failed_sources": len(failed)})
        return digest.model_copy(update={"failed_sources": failed, "coverage": coverage})

    # What a language model writes

    def write_prose(
        self,
        quarter: str,
        model: LanguageModel,
        *,
        most: int = 20,
        report: Callable[[int, int], None] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Digest:
        """Have a model word a digest's summary and its entries, the must-reads first, and keep what passed the check.

        What was written for the same sentences before is not written again.

        Args:
            most: entries that are worded; the others stay as they are.
            report: told (entries done, of how many).
        Raises:
            DigestError, ModelError: what was written until then is kept.
        """
        digest = self.digest(quarter)
        known = prose_of(self._store, digest.quarter)
        first = [highlight.doc_id for highlight in digest.highlights]
        entries = sorted(
            (entry for section in digest.sections for entry in section.entries), key=lambda e: e.doc_id not in first
        )[:most]
        report(0, len(entries))
        for done, entry in enumerate(entries, start=1):
            key = entry_key(model.name, entry)
            if known.get(entry.doc_id, ("", ""))[0] != key:
                if cancelled():
                    break
                written = write_entry(entry, model, self._glossary(), cancelled)
                if cancelled():
                    # What was cut short is no answer.
                    break
                self._keep_prose(digest.quarter, entry.doc_id, key, pack(model.name, written))
            report(done, len(entries))
        key = summary_key(model.name, digest)
        if known.get(SUMMARY, ("", ""))[0] != key and not cancelled():
            written = write_summary(digest, model, self._glossary(), cancelled)
            if not cancelled():
                self._keep_prose(digest.quarter, SUMMARY, key, pack(model.name, written))
        return self.digest(quarter)

    def forget_prose(self, quarter: str) -> None:
        """Forget all that a model wrote for a quarter. Raises DigestError."""
        quarter = parse_quarter(quarter)
        with self._store.write(f"forgetting what was written for {quarter}") as writer:
            drop_prose(writer, quarter)

    def _keep_prose(self, quarter: str, subject: str, key: str, record: str) -> None:
        with self._store.write(f"keeping what was written for {quarter}") as writer:
            save_prose(writer, quarter, subject, key, record)

    def _with_prose(self, digest: Digest) -> Digest:
        """Add what a model wrote, where it was written from the very sentences that the digest has."""
        kept = prose_of(self._store, digest.quarter)
        return with_prose(digest, kept) if kept else digest

    # What is known of a build, and edits

    def state(self, quarter: str) -> BuildState:
        """Return when a quarter's digest was last built, from what, and what changed. Raises DigestError."""
        stored = stored_build(self._store, parse_quarter(quarter))
        if stored is None:
            return BuildState()
        return BuildState(
            built_at=stored.built_at,
            fingerprint=stored.fingerprint,
            changes=Change.model_validate_json(stored.changes),
            previous_built_at=stored.previous_at,
        )

    def edits(self, quarter: str) -> Edits:
        """Return what the reader changed in a quarter's digest. Raises DigestError."""
        return Edits.model_validate_json(edit_records(self._store).get(parse_quarter(quarter), "{}"))

    def save_edits(self, quarter: str, edits: Edits) -> None:
        """Keep the reader's edits of a quarter and build its digest anew. Raises DigestError."""
        quarter = parse_quarter(quarter)
        record = "" if edits == Edits() else edits.model_dump_json()
        with self._store.write(f"editing the digest of {quarter}") as writer:
            save_edit(writer, quarter, record, self._store.now().isoformat(timespec="seconds"))
        self.digest(quarter)


def _needed(library: Library, quarter: str) -> set[str]:
    """The documents that a quarter's digest is made from, those that it is compared with included."""
    return {*library.involved(quarter), *library.dated.get(shift(quarter, -1), ())}


def _hashes(library: Library, docs: Iterable[str]) -> dict[str, str]:
    return {doc: library.marks[doc].content_hash for doc in docs}


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no cycles while many records are made, which have none: looking for them takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _difference(before: Mapping[str, str], now: Mapping[str, str]) -> Change:
    return Change(
        added=tuple(sorted(now.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - now.keys())),
        changed=tuple(sorted(doc for doc in now.keys() & before.keys() if now[doc] != before[doc])),
    )
