"""The digests of a library: built when something changed, kept, and told apart by what they were made from.

A digest's fingerprint covers all that it depends on, so a kept build is served for as long as its
fingerprint holds, and whatever path changed the library is noticed. Building never fails an
ingest: what could not be kept is built again when it is asked for.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock

from digests.brief import VERSION, Brief, brief
from digests.build import METHOD, Material, build
from digests.quarter import parse_quarter, quarter_of
from digests.types import BuildState, Change, Digest, Edits, QuarterState
from kb.errors import Locked
from kb.store import Store
from kb.store.digests import (
    Mark,
    Stored,
    briefs,
    build_stamps,
    documents_of,
    drop_builds,
    edit_records,
    marks,
    save_briefs,
    save_build,
    save_edit,
    stored_build,
)

__all__ = ["BuildState", "Change", "Digests", "QuarterState"]

OTHER = "other"


@dataclass(frozen=True)
class _Library:
    """All marks at one generation, by the quarters that they matter to."""

    generation: int
    now: str
    dated: dict[str, list[Mark]]
    earlier: dict[str, list[Mark]]
    undated: dict[str, list[Mark]]
    edits: dict[str, str]

    def quarters(self) -> list[str]:
        """Every quarter that has something to show, newest first, the current one included."""
        return sorted({*self.dated, *self.earlier, *self.undated, *self.edits, self.now}, reverse=True)

    def members(self, quarter: str) -> list[Mark]:
        """All documents that a quarter's digest has to do with."""
        parts = (self.dated, self.earlier, self.undated)
        return [mark for part in parts for mark in part.get(quarter, [])]

    def fingerprint(self, quarter: str) -> str:
        """A hash of everything that a quarter's digest is made from."""
        told = json.dumps([METHOD, VERSION, self.members(quarter), self.edits.get(quarter), quarter >= self.now])
        return hashlib.sha256(told.encode()).hexdigest()[:24]


class Digests:
    """The digests of one library. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = RLock()
        self._seen: _Library | None = None

    def _library(self) -> _Library:
        with self._lock:
            generation = self._store.generation()
            now = quarter_of(self._store.now())
            if self._seen is None or (self._seen.generation, self._seen.now) != (generation, now):
                parts: tuple[dict[str, list[Mark]], ...] = (defaultdict(list), defaultdict(list), defaultdict(list))
                dated, earlier, undated = parts
                for mark in marks(self._store):
                    added = quarter_of(mark.added)
                    if not mark.quarter:
                        undated[added].append(mark)
                        continue
                    dated[mark.quarter].append(mark)
                    if mark.quarter < added:
                        earlier[added].append(mark)
                self._seen = _Library(
                    generation, now, dict(dated), dict(earlier), dict(undated), edit_records(self._store)
                )
            return self._seen

    def quarters(self) -> list[QuarterState]:
        """Return every quarter with documents, newest first, and the current one."""
        library = self._library()
        stamps = build_stamps(self._store)
        made = []
        for quarter in library.quarters():
            fingerprint, built_at = stamps.get(quarter, ("", ""))
            made.append(
                QuarterState(
                    quarter=quarter,
                    documents=len(library.dated.get(quarter, [])),
                    built_at=built_at,
                    stale=fingerprint != library.fingerprint(quarter),
                )
            )
        return made

    def topic_counts(self) -> dict[str, dict[str, int]]:
        """Return how many documents of each quarter have each topic; `other` are those without any."""
        made: dict[str, dict[str, int]] = {}
        for quarter, found in sorted(self._library().dated.items()):
            made[quarter] = dict(Counter(topic for mark in found for topic in mark.topics or (OTHER,)))
        return made

    def digest(self, quarter: str) -> Digest:
        """Return a quarter's digest: the kept build where it still holds, else a new one, which is kept.

        Raises:
            DigestError: it names no quarter.
        """
        quarter = parse_quarter(quarter)
        with self._lock:
            library = self._library()
            stored = stored_build(self._store, quarter)
            if stored is not None and stored.fingerprint == library.fingerprint(quarter):
                return Digest.model_validate_json(stored.record)
            return self._rebuild(library, quarter, stored)

    def _rebuild(self, library: _Library, quarter: str, stored: Stored | None) -> Digest:
        made = build(self._material(library, quarter))
        basis = {mark.id: f"{mark.content_hash} {' '.join(mark.topics)}" for mark in library.members(quarter)}
        changes = _difference(json.loads(stored.basis), basis) if stored else Change()
        now = self._store.now().isoformat(timespec="seconds")
        kept = Stored(
            made.built_from.fingerprint,
            made.model_dump_json(),
            json.dumps(basis),
            changes.model_dump_json(),
            now,
            stored.built_at if stored else "",
        )
        try:
            with self._store.write(f"keeping the digest of {quarter}") as writer:
                save_build(writer, quarter, kept)
        except Locked:
            # Somebody ingests: the digest is shown now and kept when it is next asked for.
            return made
        return made

    def _material(self, library: _Library, quarter: str) -> Material:
        members = library.members(quarter)
        return Material(
            quarter=quarter,
            briefs=self._briefs(members),
            topics={mark.id: mark.topics for mark in members},
            sources={mark.id: mark.source for mark in members},
            dated=[mark.id for mark in library.dated.get(quarter, [])],
            earlier=[mark.id for mark in library.earlier.get(quarter, [])],
            undated=[mark.id for mark in library.undated.get(quarter, [])],
            edits=Edits.model_validate_json(library.edits.get(quarter, "{}")),
            fingerprint=library.fingerprint(quarter),
            complete=quarter < library.now,
        )

    def _briefs(self, members: Sequence[Mark]) -> dict[str, Brief]:
        keys = {mark.id: f"{VERSION}:{mark.content_hash}" for mark in members}
        found = {doc: Brief.model_validate_json(record) for doc, record in briefs(self._store, keys).items()}
        new = {
            document.id: brief(document, self._store.chunks_of(document.id))
            for document in documents_of(self._store, sorted(keys.keys() - found.keys()))
        }
        if new:
            try:
                with self._store.write("keeping what digests take from documents") as writer:
                    save_briefs(writer, {doc: (keys[doc], made.model_dump_json()) for doc, made in new.items()})
            except Locked:
                # They are made again next time.
                return found | new
        return found | new

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

    def refresh(
        self, quarters: Sequence[str] | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> list[str]:
        """Build the digests whose documents or edits changed, of all quarters or the given ones.

        Returns the quarters that were built. A quarter that has nothing left is forgotten.
        """
        library = self._library()
        stamps = build_stamps(self._store)
        wanted = [parse_quarter(quarter) for quarter in quarters] if quarters is not None else library.quarters()
        built = []
        for quarter in wanted:
            if cancelled():
                return built
            if stamps.get(quarter, ("", ""))[0] != library.fingerprint(quarter):
                self.digest(quarter)
                built.append(quarter)
        gone = sorted(set(stamps) - set(library.quarters()))
        if gone and quarters is None:
            with self._store.write("forgetting digests without documents") as writer:
                drop_builds(writer, gone)
        return built


def _difference(before: dict[str, str], now: dict[str, str]) -> Change:
    return Change(
        added=tuple(sorted(now.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - now.keys())),
        changed=tuple(sorted(doc for doc in now.keys() & before.keys() if now[doc] != before[doc])),
    )
