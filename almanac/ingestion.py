"""Ingest: bytes to parsed documents to prepared ones to the store, source by source.

A source that fails leaves the others and its own last good state alone. A source is marked as done
only when all of it was written, so that an interrupted ingest is finished by running it again and
nothing that was embedded is embedded twice.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ingest
from almanac.files import expand, read_file
from almanac.models import Models
from almanac.preparing import PARSER_VERSION, digest_of, known_as, prepare, with_vectors
from kb.embed import Embedder
from kb.errors import AlmanacError, DocumentNotFound
from kb.settings import Settings
from kb.store import Prepared, SourceRecord, Store, Writer
from kb.store.retrieval import known_hashes
from kb.store.writer import Vector, content_hash, embed_hash
from kb.topics import Tagger
from kb.types import Counts, Document, Kind, Outcome, Parsed

BATCH_CHUNKS = 512
BATCH_DOCUMENTS = 200


@dataclass(frozen=True)
class Progress:
    """How far an ingest has come, for a bar or a line."""

    source: str
    stage: str
    """`reading`, `embedding`, `writing`, `digests`, `done`."""
    done: int
    total: int
    sources_done: int
    sources_total: int


Report = Callable[[Progress], None]
Also = Callable[[Writer, Counts], None]
"""What is written with the last of a source, in the same transaction."""


@dataclass
class _Tally:
    chunks: int = 0
    embedded: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    keep: list[str] = field(default_factory=list)


class Cancelled(AlmanacError):
    """The reader stopped the ingest; what was written stays."""


class Ingestion:
    """Runs ingests on one library."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        models: Models,
        tagger: Callable[[], Tagger],
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        """Ingest into a library; `give_way` is called between two documents."""
        self._settings = settings
        self._store = store
        self._models = models
        self._tagger = tagger
        self.give_way = give_way

    def run(
        self,
        locations: Sequence[str],
        *,
        kind: Kind | None = None,
        starter: bool = False,
        embed: bool | None = True,
        report: Report | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Outcome]:
        """Ingest files and folders one by one, yielding an outcome each.

        Args:
            embed: False leaves the vectors for later, unless the model is loaded; None leaves them in any case.
            cancelled: asked often; once true, the source at hand is left unfinished and no other begun.
        """
        names = list(expand(locations))
        for index, location in enumerate(names):
            if cancelled():
                return
            step = _Step(location, index, len(names), report or (lambda _: None), cancelled, embed)
            yield self._one(step, kind, starter)
        if report and names:
            report(Progress(names[-1], "done", 0, 0, len(names), len(names)))

    def _one(self, step: "_Step", kind: Kind | None, starter: bool) -> Outcome:
        try:
            step.say("reading", 0, 0)
            data = read_file(step.location, self._settings.max_file)
            return self._bytes(step, data, kind, starter)
        except AlmanacError as error:
            self.note_failure(step.location, kind, error)
            return Outcome(source=step.location, kind=kind, status="failed", error=error.message, hint=error.hint)

    @property
    def max_file(self) -> int:
        """Largest file that is read, in bytes."""
        return self._settings.max_file

    def forget(self, location: str) -> int:
        """Remove a source with the documents that only it holds; return how many went. Raises DocumentNotFound."""
        found = self._store.rows("SELECT id FROM sources WHERE location = ?", (location,))
        if not found:
            raise DocumentNotFound(f"No source {location} is in the library.", "`status` lists the sources.")
        with self._store.write(f"removing {location}") as writer:
            return writer.remove_source(found[0][0], self.prepare)

    def note_failure(self, location: str, kind: Kind | None, error: AlmanacError) -> None:
        """Remember a failure for the health page, if the library can be written at all."""
        known = self._store.rows("SELECT id, kind FROM sources WHERE location = ?", (location,))
        if not known:
            return
        record = SourceRecord(kind=kind or known[0][1] or "", status="failed", error=error.message, hint=error.hint)
        try:
            with self._store.write(f"noting that {location} failed") as writer:
                writer.close_source(known[0][0], record, self.prepare)
        except AlmanacError:
            # The first error is the one to show; a library that cannot be written says so itself.
            return

    def _bytes(self, step: "_Step", data: bytes, kind: Kind | None, starter: bool) -> Outcome:
        digest = digest_of(data, kind)
        if (unchanged := self.unchanged(step.location, digest)) is not None:
            return unchanged
        # Dates and titles come from the name that the file has now, ids from the one it came with.
        name, own = self._name(step.location), Path(step.location).name
        parsed = known_as(name, own, ingest.parse(data, name=own, source=step.location, kind=kind))
        return self._take(step, _Reading(name, parsed, digest, len(data), starter, parsed.kind is Kind.RSS))

    def take(
        self,
        location: str,
        parsed: Parsed,
        *,
        name: str,
        digest: str,
        size: int = 0,
        keep_all: bool = False,
        more: bool = False,
        embed: bool | None = True,
        also: Also | None = None,
        report: Report | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Write what was read elsewhere of a source.

        Args:
            location: address or path that the documents carry.
            name: of the source, made unique where another has it.
            digest: of what was read; the same one next time means that nothing has changed. Empty: never.
            keep_all: documents that are not in `parsed` stay.
            more: further parts of the same source follow; what it holds in all is not counted yet.
            embed: as in `run`.
            also: writes more in the transaction that ends the source.
        Raises:
            Cancelled, Locked, StoreError, ModelError: what was written stays; the source counts as unfinished.
        """
        step = _Step(location, 0, 1, report or (lambda _: None), cancelled, embed)
        reading = _Reading(self._name(location, name), parsed, digest, size, keep_all=keep_all, more=more, also=also)
        return self._take(step, reading)

    def _take(self, step: "_Step", reading: "_Reading") -> Outcome:
        with self._store.write(f"ingesting {step.location}") as writer:
            source = writer.open_source(step.location, reading.name, starter=reading.starter)
        tally, last = self._documents(step, source, reading.parsed)
        return self._finish(step, source, reading, tally, last)

    def unchanged(self, location: str, digest: str) -> Outcome | None:
        """Return the outcome of reading again what was read whole before, None where it was not."""
        known = self._store.rows(
            "SELECT id, kind FROM sources WHERE location = ? AND content_hash = ?", (location, digest)
        )
        if not known:
            return None
        source, kind = known[0]
        documents, chunks = self._held(source)
        counts = Counts(documents=documents, chunks=chunks, unchanged=documents)
        return Outcome(source=location, kind=Kind(kind), status="unchanged", counts=counts)

    def _held(self, source: int) -> tuple[int, int]:
        sql = (
            "SELECT count(DISTINCT d.row), count(c.row) FROM holdings h JOIN documents d ON d.id = h.doc_id "
            "LEFT JOIN chunks c ON c.doc = d.row WHERE h.source = ?"
        )
        documents, chunks = self._store.rows(sql, (source,))[0]
        return documents, chunks

    def _name(self, location: str, wanted: str = "") -> str:
        """Return the name that stands in ids: the file's, made unique where another source has it."""
        known = self._store.rows("SELECT name FROM sources WHERE location = ?", (location,))
        if known:
            return str(known[0][0])
        path = Path(wanted or location)
        if not self._store.rows("SELECT 1 FROM sources WHERE name = ?", (path.name,)):
            return path.name
        return f"{path.stem}~{hashlib.sha256(location.encode()).hexdigest()[:8]}{path.suffix}"

    def _documents(self, step: "_Step", source: int, parsed: Parsed) -> tuple[_Tally, "_Batch"]:
        """Write all batches but the last one, which is returned, ready to be written."""
        tally = _Tally(skipped=parsed.skipped)
        stored = dict(
            self._store.rows(
                "SELECT d.id, d.content_hash FROM holdings h JOIN documents d ON d.id = h.doc_id "
                "WHERE h.source = ? AND h.doc_id IN (SELECT value FROM json_each(?))",
                (source, json.dumps([document.id for document in parsed.documents])),
            )
        )
        buried = {row[0] for row in self._store.rows("SELECT doc_id FROM tombstones")}
        known = self._store.known_documents([document.id for document in parsed.documents])
        batch: list[Prepared] = []
        for done, document in enumerate(parsed.documents):
            step.check()
            self.give_way()
            if document.id in buried:
                tally.skipped += 1
                continue
            tally.keep.append(document.id)
            document = document.model_copy(update={"content_hash": f"{PARSER_VERSION}:{content_hash(document)}"})
            if stored.get(document.id) == document.content_hash:
                tally.unchanged += 1
                continue
            if document.id in known:
                tally.updated += 1
            else:
                tally.added += 1
            if sum(len(p.chunks) for p in batch) >= BATCH_CHUNKS or len(batch) >= BATCH_DOCUMENTS:
                ready = self._ready(step, batch, tally, done, len(parsed.documents))
                with self._store.write(f"ingesting {step.location}") as writer:
                    writer.write_documents(source, ready.items, ready.fingerprint)
                batch = []
            batch.append(self.prepare(document))
        return tally, self._ready(step, batch, tally, len(parsed.documents), len(parsed.documents))

    def prepare(self, document: Document) -> Prepared:
        """Return a document with its chunks, references and topics, no vectors yet."""
        return prepare(document, self._tagger())

    def _ready(self, step: "_Step", batch: list[Prepared], tally: _Tally, done: int, total: int) -> "_Batch":
        """Return a batch with its vectors, ready to be written."""
        if not batch:
            return _Batch((), "")
        embedder = self._models.embedder() if step.embed else self._models.ready() if step.embed is False else None
        vectors: dict[str, tuple[Vector, int]] = {}
        if embedder is not None:
            step.say("embedding", done - len(batch), total)
            vectors = self._embed(embedder, batch)
        step.check()
        step.say("writing", done, total)
        tally.chunks += sum(len(p.chunks) for p in batch)
        tally.embedded += len(vectors)
        items = [with_vectors(item, vectors) for item in batch]
        return _Batch(items, embedder.fingerprint if embedder else "")

    def _embed(self, embedder: Embedder, batch: Sequence[Prepared]) -> dict[str, tuple[Vector, int]]:
        texts = {embed_hash(c.embed_text): c.embed_text for p in batch for c in p.chunks}
        known = known_hashes(self._store, embedder.fingerprint, list(texts))
        new = {key: text for key, text in texts.items() if key not in known}
        made = embedder.embed(list(new.values()))
        counts = embedder.count_tokens(list(new.values())) if new else []
        return {key: (made[i], counts[i]) for i, key in enumerate(new)}

    def _finish(self, step: "_Step", source: int, reading: "_Reading", tally: _Tally, last: "_Batch") -> Outcome:
        """Write the last batch, and that the source is done, in one transaction."""
        parsed = reading.parsed
        warnings = list(parsed.warnings)
        buried = tally.skipped - parsed.skipped
        if buried:
            warnings.append(f"{buried} that you removed before stayed out; restore them in Sources.")
        record = SourceRecord(
            kind=parsed.kind,
            content_hash=reading.digest,
            size=reading.size,
            status="partial" if parsed.partial else "ok",
            warnings=warnings,
            skipped=tally.skipped,
        )
        aside = reading.keep_all and not (tally.added or tally.updated)
        with self._store.write(f"ingesting {step.location}") as writer, writer.transaction(aside=aside):
            writer.write_documents(source, last.items, last.fingerprint)
            # What slid out of a window, as a feed or a fetch is, was not withdrawn.
            removed = writer.close_source(source, record, self.prepare, None if reading.keep_all else tally.keep)
            counts = self._counts(None if reading.more else source, tally, removed)
            if reading.also is not None:
                reading.also(writer, counts)
        changed = tally.added or tally.updated or removed
        return Outcome(
            source=step.location,
            kind=parsed.kind,
            status="partial" if parsed.partial else "ok" if changed else "unchanged",
            counts=counts,
            warnings=tuple(warnings),
        )

    def _counts(self, source: int | None, tally: _Tally, removed: int) -> Counts:
        documents, chunks = self._held(source) if source is not None else (len(tally.keep), tally.chunks)
        return Counts(
            documents=documents,
            chunks=chunks,
            embedded=tally.embedded,
            added=tally.added,
            updated=tally.updated,
            unchanged=tally.unchanged,
            removed=removed,
            skipped=tally.skipped,
        )


@dataclass(frozen=True)
class _Batch:
    """Documents with their vectors, and whose these are."""

    items: Sequence[Prepared]
    fingerprint: str


@dataclass(frozen=True)
class _Reading:
    """What was read of a source, to be written."""

    name: str
    parsed: Parsed
    digest: str
    size: int = 0
    starter: bool = False
    keep_all: bool = False
    more: bool = False
    also: Also | None = None


@dataclass(frozen=True)
class _Step:
    """One source of a run, with what its work reports to."""

    location: str
    index: int
    total: int
    report: Report
    cancelled: Callable[[], bool]
    embed: bool | None

    def say(self, stage: str, done: int, total: int) -> None:
        self.report(Progress(self.location, stage, done, total, self.index, self.total))

    def check(self) -> None:
        if self.cancelled():
            raise Cancelled("Stopped at your wish.", "What was written stays; add the file again to finish it.")
