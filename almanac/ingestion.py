"""Ingest: bytes to parsed documents to prepared ones to the store, source by source.

A source that fails leaves the others and its own last good state alone. A source is marked as done
only when all of it was written, so that an interrupted ingest is finished by running it again and
nothing that was embedded is embedded twice.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ingest
from almanac.models import Models
from ingest.arxiv_api import LOCATION as FETCHED
from ingest.arxiv_api import fetch_ids, names_paper
from kb.chunk import chunk
from kb.embed import Embedder
from kb.errors import AlmanacError, FetchError
from kb.references import extract
from kb.settings import Settings
from kb.store import Prepared, SourceRecord, Store
from kb.store.retrieval import known_hashes
from kb.store.writer import Vector, content_hash, embed_hash
from kb.topics import Tagger
from kb.types import Chunk, Counts, Document, Kind, Link, Outcome, Parsed, Reference

PARSER_VERSION = "1"
"""Raised when a parser or the chunker would make something else of the same bytes."""
BATCH_CHUNKS = 512
BATCH_DOCUMENTS = 200
SKIPPED_SUFFIXES = frozenset({".pyc", ".lock", ".sqlite", ".tmp", ".swp", ".part"})


@dataclass(frozen=True)
class Progress:
    """How far an ingest has come, for a bar or a line."""

    source: str
    stage: str
    """`reading`, `embedding`, `writing`, `done`."""
    done: int
    total: int
    sources_done: int
    sources_total: int


Report = Callable[[Progress], None]


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

    def __init__(self, settings: Settings, store: Store, models: Models, tagger: Callable[[], Tagger]) -> None:
        self._settings = settings
        self._store = store
        self._models = models
        self._tagger = tagger

    def run(
        self,
        locations: Sequence[str],
        *,
        kind: Kind | None = None,
        starter: bool = False,
        embed: bool = True,
        report: Report | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Outcome]:
        """Ingest files and folders one by one, yielding an outcome each, then papers named by id or address.

        Args:
            embed: False leaves the vectors for later; keyword search serves meanwhile.
            cancelled: asked often; once true, the source at hand is left unfinished and no other begun.
        """
        papers = [location for location in locations if names_paper(location) and not os.path.exists(location)]
        files = list(_expand([location for location in locations if location not in papers]))
        names = [*files, *([FETCHED] if papers else [])]
        for index, location in enumerate(names):
            if cancelled():
                return
            step = _Step(location, index, len(names), report or (lambda _: None), cancelled, embed)
            yield self._fetch(step, papers) if index == len(files) else self._one(step, kind, starter)
        if report and names:
            report(Progress(names[-1], "done", 0, 0, len(names), len(names)))

    def fetch(self, ids: Sequence[str], *, embed: bool = True, report: Report | None = None) -> Outcome:
        """Fetch papers of arXiv by ids in any form."""
        return self._fetch(_Step(FETCHED, 0, 1, report or (lambda _: None), lambda: False, embed), ids)

    def _fetch(self, step: "_Step", ids: Sequence[str]) -> Outcome:
        try:
            step.say("reading", 0, 0)
            parsed = fetch_ids(ids, settings=self._settings)
            return self._take(step, FETCHED, parsed, f"fetched:{PARSER_VERSION}", 0, False)
        except AlmanacError as error:
            self._note_failure(step.location, Kind.ARXIV, error)
            return Outcome(source=step.location, kind=Kind.ARXIV, status="failed", error=error.message, hint=error.hint)

    def _one(self, step: "_Step", kind: Kind | None, starter: bool) -> Outcome:
        try:
            step.say("reading", 0, 0)
            data = _read(step.location, self._settings.max_file)
            return self._bytes(step, data, kind, starter)
        except AlmanacError as error:
            self._note_failure(step.location, kind, error)
            return Outcome(source=step.location, kind=kind, status="failed", error=error.message, hint=error.hint)

    def _note_failure(self, location: str, kind: Kind | None, error: AlmanacError) -> None:
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
        digest = hashlib.sha256(data).hexdigest()[:32] + f":{PARSER_VERSION}:{kind or ''}"
        known = self._store.rows(
            "SELECT id, content_hash, kind, warnings FROM sources WHERE location = ?", (step.location,)
        )
        if known and known[0][1] == digest:
            return self._unchanged(step.location, known[0][0], known[0][2])
        name = self._name(step.location)
        parsed = ingest.parse(data, name=name, source=step.location, kind=kind)
        return self._take(step, name, parsed, digest, len(data), starter)

    def _take(self, step: "_Step", name: str, parsed: Parsed, digest: str, size: int, starter: bool) -> Outcome:
        with self._store.write(f"ingesting {step.location}") as writer:
            source = writer.open_source(step.location, name, starter=starter)
        tally = self._documents(step, source, parsed)
        return self._finish(step, source, parsed, tally, digest, size)

    def _unchanged(self, location: str, source: int, kind: str) -> Outcome:
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

    def _name(self, location: str) -> str:
        """Return the name that stands in ids: the file's, made unique where another source has it."""
        known = self._store.rows("SELECT name FROM sources WHERE location = ?", (location,))
        if known:
            return str(known[0][0])
        path = Path(location)
        if not self._store.rows("SELECT 1 FROM sources WHERE name = ?", (path.name,)):
            return path.name
        return f"{path.stem}~{hashlib.sha256(location.encode()).hexdigest()[:8]}{path.suffix}"

    def _documents(self, step: "_Step", source: int, parsed: Parsed) -> _Tally:
        tally = _Tally(skipped=parsed.skipped)
        stored = dict(
            self._store.rows(
                "SELECT d.id, d.content_hash FROM holdings h JOIN documents d ON d.id = h.doc_id WHERE h.source = ?",
                (source,),
            )
        )
        buried = {row[0] for row in self._store.rows("SELECT doc_id FROM tombstones")}
        known = self._store.known_documents([document.id for document in parsed.documents])
        batch: list[Prepared] = []
        for done, document in enumerate(parsed.documents):
            step.check()
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
            batch.append(self.prepare(document))
            if sum(len(p.chunks) for p in batch) >= BATCH_CHUNKS or len(batch) >= BATCH_DOCUMENTS:
                self._write(step, source, batch, tally, done + 1, len(parsed.documents))
                batch = []
        self._write(step, source, batch, tally, len(parsed.documents), len(parsed.documents))
        return tally

    def prepare(self, document: Document) -> Prepared:
        """Return a document with its chunks, references and topics, no vectors yet."""
        chunks = chunk(document)
        tags = self._tagger().tag(document.title if not document.title_estimated else "", document.text[:6000])
        return Prepared(
            document=document,
            chunks=chunks,
            references=[r for c in chunks for r in _references(document, c)],
            topics=[(tag.topic, tag.score, tag.reason) for tag in tags],
        )

    def _write(self, step: "_Step", source: int, batch: list[Prepared], tally: _Tally, done: int, total: int) -> None:
        if not batch:
            return
        embedder = self._models.embedder() if step.embed else self._models.ready()
        vectors: dict[str, tuple[Vector, int]] = {}
        if embedder is not None:
            step.say("embedding", done - len(batch), total)
            vectors = self._embed(embedder, batch)
        step.check()
        step.say("writing", done, total)
        ready = [Prepared(p.document, p.chunks, p.references, p.topics, _own(p, vectors)) for p in batch]
        with self._store.write(f"ingesting {step.location}") as writer:
            writer.write_documents(source, ready, embedder.fingerprint if embedder else "")
        tally.chunks += sum(len(p.chunks) for p in batch)
        tally.embedded += len(vectors)

    def _embed(self, embedder: Embedder, batch: Sequence[Prepared]) -> dict[str, tuple[Vector, int]]:
        texts = {embed_hash(c.embed_text): c.embed_text for p in batch for c in p.chunks}
        known = known_hashes(self._store, embedder.fingerprint, list(texts))
        new = {key: text for key, text in texts.items() if key not in known}
        made = embedder.embed(list(new.values()))
        counts = embedder.count_tokens(list(new.values())) if new else []
        return {key: (made[i], counts[i]) for i, key in enumerate(new)}

    def _finish(self, step: "_Step", source: int, parsed: Parsed, tally: _Tally, digest: str, size: int) -> Outcome:
        # A feed is a window on its site: what slid out of it is still there to be read. So is a fetch on arXiv.
        keep = None if parsed.kind is Kind.RSS or step.location == FETCHED else tally.keep
        warnings = list(parsed.warnings)
        buried = tally.skipped - parsed.skipped
        if buried:
            warnings.append(f"{buried} that you removed before stayed out; restore them in Library.")
        status = "partial" if parsed.skipped else "ok"
        changed = tally.added or tally.updated
        record = SourceRecord(
            kind=parsed.kind, content_hash=digest, size=size, status=status, warnings=warnings, skipped=tally.skipped
        )
        with self._store.write(f"ingesting {step.location}") as writer:
            removed = writer.close_source(source, record, self.prepare, keep)
        documents, chunks = self._held(source)
        counts = Counts(
            documents=documents,
            chunks=chunks,
            embedded=tally.embedded,
            added=tally.added,
            updated=tally.updated,
            unchanged=tally.unchanged,
            removed=removed,
            skipped=tally.skipped,
        )
        if status == "ok" and not changed and not removed:
            return Outcome(
                source=step.location, kind=parsed.kind, status="unchanged", counts=counts, warnings=tuple(warnings)
            )
        return Outcome(
            source=step.location,
            kind=parsed.kind,
            status="partial" if status == "partial" else "ok",
            counts=counts,
            warnings=tuple(warnings),
        )


@dataclass(frozen=True)
class _Step:
    """One source of a run, with what its work reports to."""

    location: str
    index: int
    total: int
    report: Report
    cancelled: Callable[[], bool]
    embed: bool

    def say(self, stage: str, done: int, total: int) -> None:
        self.report(Progress(self.location, stage, done, total, self.index, self.total))

    def check(self) -> None:
        if self.cancelled():
            raise Cancelled("Stopped at your wish.", "What was written stays; add the file again to finish it.")


def _own(item: Prepared, vectors: dict[str, tuple[Vector, int]]) -> dict[str, tuple[Vector, int]]:
    keys = {embed_hash(c.embed_text) for c in item.chunks}
    return {key: vectors[key] for key in sorted(keys & vectors.keys())}


def _references(document: Document, item: Chunk) -> list[Reference]:
    inside = [
        Link(start=link.start - item.start, end=link.end - item.start, url=link.url)
        for link in document.links
        if item.start <= link.start and link.end <= item.end
    ]
    return [r.model_copy(update={"chunk_id": item.id}) for r in extract(item.text, inside)]


def _expand(locations: Sequence[str]) -> Iterator[str]:
    """Yield files in order, folders walked by name, hidden and derived files left out, each once."""
    seen: set[str] = set()
    for location in locations:
        path = Path(location)
        if path.is_dir():
            found = sorted(
                str(p)
                for p in path.rglob("*")
                if p.is_file()
                and p.suffix not in SKIPPED_SUFFIXES
                and not any(part.startswith((".", "__pycache__")) for part in p.relative_to(path).parts)
            )
        else:
            found = [location]
        for name in found:
            absolute = name if "://" in name else os.path.abspath(name)
            if absolute not in seen:
                seen.add(absolute)
                yield absolute


def _read(location: str, limit: int) -> bytes:
    """Return a file's bytes.

    Raises:
        FetchError: it is missing, no plain file, too large, unreadable or gone half-way.
    """
    if "://" in location:
        raise FetchError(
            f"{location} is an address; only files, folders and papers of arXiv can be ingested.",
            "Save the page or feed to a file and ingest that file; name a paper as arxiv:2309.06180.",
        )
    try:
        with open(location, "rb", opener=lambda p, f: os.open(p, f | os.O_NONBLOCK)) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FetchError(f"{location} is no plain file.", "Name a file or a folder.")
            if status.st_size > limit:
                raise FetchError(
                    f"{location} is {status.st_size / 1e6:.0f} MB long; the limit is {limit / 1e6:.0f} MB.",
                    "Split it, or raise the setting MAX_FILE.",
                )
            data = stream.read(limit + 1)
    except OSError as error:
        raise FetchError(
            f"{location} cannot be read: {error.strerror or error}.", "Check the path and its permissions."
        ) from error
    except ValueError as error:
        raise FetchError(f"{location!r} is no path: {error}.", "Name a file or a folder.") from error
    if len(data) > limit:
        raise FetchError(f"{location} grew past {limit / 1e6:.0f} MB while it was read.", "Try again, or split it.")
    return data
