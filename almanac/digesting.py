"""The digests of a library: built when something changed, kept, and told apart by what they were made from.

A digest's fingerprint covers all that it depends on, so a kept build is served for as long as its
fingerprint holds, and whatever path changed the library is noticed. Building never fails an
ingest: what could not be kept is built again when it is asked for.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from threading import RLock

from almanac.ingestion import Progress, Report
from digests.brief import VERSION, Brief, brief
from digests.build import METHOD, OTHER, Material, build
from digests.library import Library
from digests.prose import SUMMARY, entry_key, pack, summary_key, with_prose, write_entry, write_summary
from digests.quarter import parse_quarter, quarter_of, shift
from digests.types import BuildState, Change, Digest, Edits, FailedSource, QuarterState
from kb.errors import AlmanacError, Locked
from kb.glossary import Glossary
from kb.llm import LanguageModel
from kb.store import Store, Writer
from kb.store.digests import (
    Stored,
    briefs,
    build_stamps,
    documents_of,
    drop_builds,
    drop_prose,
    edit_records,
    failed_sources,
    marks,
    mentions,
    passages_of,
    prose_of,
    save_briefs,
    save_build,
    save_edit,
    save_prose,
    stored_build,
)
from kb.topics import Tagger
from kb.types import Kind, Outcome

__all__ = ["BuildState", "Change", "Digests", "QuarterState"]

log = logging.getLogger("almanac")
BATCH = 200
"""Documents whose texts are held at once while briefs are made."""


class Digests:
    """The digests of one library. Safe to share between threads."""

    def __init__(self, store: Store, glossary: Callable[[], Glossary], tagger: Callable[[], Tagger]) -> None:
        self._store = store
        self._glossary = glossary
        self._tagger = tagger
        self._lock = RLock()
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
        with self._lock:
            library = self._current()
            stored = stored_build(self._store, quarter)
            if stored is not None and stored.fingerprint == library.fingerprint(quarter):
                made = Digest.model_validate_json(stored.record)
            else:
                made = self._rebuild(library, quarter, stored)
        return self._with_failures(self._with_prose(made))

    def refresh(
        self,
        quarters: Sequence[str] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> list[str]:
        """Build the digests whose documents or edits changed, of all quarters or of the given ones.

        Returns the quarters that were built; `report` is told (quarters looked at, of how many). A
        quarter that has nothing left is forgotten.
        """
        with self._lock:
            library = self._current()
            stamps = build_stamps(self._store)
            wanted = library.quarters() if quarters is None else [parse_quarter(quarter) for quarter in quarters]
            built: list[str] = []
            for done, quarter in enumerate(wanted):
                if cancelled():
                    return built
                report(done, len(wanted))
                if stamps.get(quarter, ("", ""))[0] != library.fingerprint(quarter):
                    self._rebuild(library, quarter, stored_build(self._store, quarter))
                    built.append(quarter)
            gone = sorted(set(stamps) - set(library.quarters())) if quarters is None else []
            if gone:
                with self._store.write("forgetting digests without documents") as writer:
                    drop_builds(writer, gone)
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

    def _rebuild(self, library: Library, quarter: str, stored: Stored | None) -> Digest:
        wanted = {*library.involved(quarter), *library.dated.get(shift(quarter, -1), ())}
        edits = Edits.model_validate_json(library.edits.get(quarter, "{}"))
        made = build(Material(quarter, library, self._briefs(library, wanted), edits))
        if quarter not in library.quarters():
            # Nothing depends on it: it is made again as quickly as it would be read.
            return made
        basis = library.basis(quarter)
        changes = _difference(json.loads(stored.basis), basis) if stored else Change()
        kept = Stored(
            made.built_from.fingerprint,
            made.model_dump_json(),
            json.dumps(basis),
            changes.model_dump_json(),
            self._store.now().isoformat(timespec="seconds"),
            stored.built_at if stored else "",
        )
        self._keep(f"keeping the digest of {quarter}", lambda writer: save_build(writer, quarter, kept))
        return made

    def _keep(self, purpose: str, save: Callable[[Writer], None]) -> None:
        """Keep something made, unless somebody else writes: then it is made again when it is next asked for."""
        try:
            with self._store.write(purpose) as writer:
                save(writer)
        except Locked:
            return

    def _current(self) -> Library:
        with self._lock:
            generation = self._store.generation()
            now = quarter_of(self._store.now())
            if self._library is None or self._library[0] != generation or self._library[1].now != now:
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
            method=f"{METHOD} {VERSION} {len(self._glossary())}",
        )

    def _read_notebooks(self, library: Library) -> Mapping[str, Brief]:
        """The briefs of all notebooks, those that did not change from memory."""
        held = {doc: mark.content_hash for doc, mark in library.marks.items() if mark.kind == Kind.NOTES}
        kept = {doc: known for doc, known in self._notebooks.items() if held.get(doc) == known[0]}
        made = self._briefs(library, held.keys() - kept.keys())
        self._notebooks = kept | {doc: (held[doc], found) for doc, found in made.items()}
        return {doc: found for doc, (_, found) in sorted(self._notebooks.items())}

    def _briefs(self, library: Library, docs: Iterable[str]) -> dict[str, Brief]:
        """The briefs of documents, made and kept where they are new or changed."""
        keys = {doc: f"{VERSION}.{len(self._glossary())}:{library.marks[doc].content_hash}" for doc in docs}
        found = {doc: Brief.model_validate_json(record) for doc, record in briefs(self._store, keys).items()}
        missing = sorted(keys.keys() - found.keys())
        for at in range(0, len(missing), BATCH):
            made = self._make_briefs(missing[at : at + BATCH])
            found |= made
            records = {doc: (keys[doc], one.model_dump_json()) for doc, one in made.items()}
            self._keep("keeping what digests take from documents", partial(save_briefs, made=records))
        return found

    def _make_briefs(self, docs: Sequence[str]) -> dict[str, Brief]:
        tagger, glossary = self._tagger(), self._glossary()
        passages = passages_of(self._store, docs)
        return {
            document.id: brief(document, *passages[document.id], tagger, glossary)
            for document in documents_of(self._store, docs)
        }

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


def _difference(before: Mapping[str, str], now: Mapping[str, str]) -> Change:
    return Change(
        added=tuple(sorted(now.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - now.keys())),
        changed=tuple(sorted(doc for doc in now.keys() & before.keys() if now[doc] != before[doc])),
    )
