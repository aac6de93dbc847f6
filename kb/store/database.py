"""The open database: connections, and reading documents, chunks and sources.

Readers never wait: WAL gives each a consistent view while one writer works. One connection a
thread. Invariant: nothing here writes; see `writer`.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from kb.errors import AlmanacError, DocumentNotFound, StoreError
from kb.store.lock import exclusive
from kb.store.schema import migrate
from kb.store.writer import Clock, Writer
from kb.types import Chunk, Document, DocumentInfo

_CHUNK = "c.id, d.id, c.ordinal, c.path, c.section, c.text, c.start, c.end, c.embed_text, c.labels"
_INFO = """d.id, s.location, d.record, d.quarter, d.language, d.added_at, s.starter,
    (SELECT count(*) FROM chunks WHERE doc = d.row),
    (SELECT group_concat(topic, ' ') FROM (SELECT topic FROM topics WHERE doc = d.row ORDER BY score DESC, topic))"""
_INFO_FIELDS = "kind url title title_estimated authors published published_basis updated status".split()


class Store:
    """A library's database under `home`; created where it is missing.

    Raises:
        SchemaTooNew: it was written by a newer product.
        StoreError: it cannot be opened or is damaged.
    """

    def __init__(self, home: Path, *, clock: Clock, lock_wait: float = 30.0) -> None:
        self.home = home
        self.path = home / "almanac.sqlite"
        self._clock = clock
        self._lock_wait = lock_wait
        self._local = threading.local()
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The library's folder {home} cannot be made: {error.strerror}.", "Set ALMANAC_HOME to another folder."
            ) from error
        with self.errors():
            migrate(self.connection)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            with self.errors():
                found = sqlite3.connect(self.path, timeout=30.0, isolation_level=None)
                found.execute("PRAGMA journal_mode = WAL")
                # NORMAL may lose the last commits at a power cut, never consistency.
                found.execute("PRAGMA synchronous = NORMAL")
                found.execute("PRAGMA foreign_keys = ON")
                found.execute("PRAGMA cache_size = -32000")
            self._local.connection = found
        return found

    def close(self) -> None:
        """Close this thread's connection."""
        found = getattr(self._local, "connection", None)
        if found is not None:
            found.close()
            self._local.connection = None

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Map SQLite's exceptions to the product's."""
        try:
            yield
        except AlmanacError:
            raise
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise _mapped(error, self.path) from error

    @contextmanager
    def write(self, purpose: str, wait: float | None = None) -> Iterator[Writer]:
        """Hold the library's write lock and give its writer.

        Raises:
            Locked: somebody else writes and does not finish in time.
        """
        with exclusive(self.home / "write.lock", purpose, self._lock_wait if wait is None else wait), self.errors():
            yield Writer(self.connection, self._clock)

    def now(self) -> datetime:
        """Return the time by the library's clock."""
        return self._clock()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a reading statement."""
        with self.errors():
            return self.connection.execute(sql, parameters).fetchall()

    def document(self, doc_id: str) -> Document:
        """Return a document, its topics included.

        Raises:
            DocumentNotFound: no such id.
        """
        found = self.rows("SELECT record, row FROM documents WHERE id = ?", (doc_id,))
        if not found:
            raise DocumentNotFound(
                f"No document {doc_id} is in the library.", "It may have been removed; search for its title."
            )
        topics = self.rows("SELECT topic FROM topics WHERE doc = ? ORDER BY score DESC, topic", (found[0][1],))
        return Document.model_validate_json(found[0][0]).model_copy(update={"topics": tuple(t for (t,) in topics)})

    def text_of(self, doc_id: str) -> str:
        """Return a document's text; empty where it is gone."""
        found = self.rows("SELECT json_extract(record, '$.text') FROM documents WHERE id = ?", (doc_id,))
        return str(found[0][0]) if found else ""

    def infos(
        self, where: str = "1", parameters: Sequence[Any] = (), tail: str = "ORDER BY d.id"
    ) -> list[DocumentInfo]:
        """Return documents without their text; `where` may name d (documents) and s (sources)."""
        sql = f"SELECT {_INFO} FROM documents d JOIN sources s ON s.id = d.source WHERE {where} {tail}"
        return [_info(row) for row in self.rows(sql, parameters)]

    def known_documents(self, ids: Sequence[str]) -> set[str]:
        """Return those of the given ids that are in the library."""
        return {
            row[0]
            for row in self.rows(
                "SELECT id FROM documents WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
            )
        }

    def infos_by_id(self, ids: Sequence[str]) -> dict[str, DocumentInfo]:
        """Return the documents of the given ids, by id; unknown ids are absent."""
        return {info.id: info for info in self.infos("d.id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))}

    def chunks(self, where: str, parameters: Sequence[Any]) -> list[Chunk]:
        """Return chunks in document order; `where` may name c (chunks) and d (documents)."""
        sql = f"SELECT {_CHUNK} FROM chunks c JOIN documents d ON d.row = c.doc WHERE {where} ORDER BY d.id, c.ordinal"
        return [_chunk(row) for row in self.rows(sql, parameters)]

    def chunks_of(self, doc_id: str) -> list[Chunk]:
        """Return a document's chunks in order."""
        return self.chunks("d.id = ?", (doc_id,))

    def chunks_between(self, doc_id: str, start: int, end: int) -> list[Chunk]:
        """Return the chunks that overlap a span of a document's text, in order."""
        return self.chunks("d.id = ? AND c.start < ? AND c.end > ?", (doc_id, end, start))

    def chunk(self, chunk_id: str) -> Chunk:
        """Return a chunk.

        Raises:
            DocumentNotFound: no such id.
        """
        found = self.chunks("c.id = ?", (chunk_id,))
        if not found:
            raise DocumentNotFound(
                f"No passage {chunk_id} is in the library.", "Its document may have changed or been removed."
            )
        return found[0]

    def chunks_by_row(self, rows: Sequence[int]) -> dict[int, Chunk]:
        """Return chunks by their row numbers."""
        sql = (
            f"SELECT c.row, {_CHUNK} FROM chunks c JOIN documents d ON d.row = c.doc "
            "WHERE c.row IN (SELECT value FROM json_each(?))"
        )
        return {row[0]: _chunk(row[1:]) for row in self.rows(sql, (json.dumps(list(rows)),))}

    def neighbours(self, chunk_id: str, before: int = 1, after: int = 1) -> tuple[list[Chunk], list[Chunk]]:
        """Return the chunks just before and just after one in its document."""
        here = self.chunk(chunk_id)
        around = self.chunks(
            "d.id = ? AND c.ordinal BETWEEN ? AND ?", (here.doc_id, here.ordinal - before, here.ordinal + after)
        )
        return [c for c in around if c.ordinal < here.ordinal], [c for c in around if c.ordinal > here.ordinal]

    def fact(self, name: str, default: str = "") -> str:
        """Return a remembered fact of the library."""
        found = self.rows("SELECT value FROM facts WHERE name = ?", (name,))
        return str(found[0][0]) if found else default

    def vectors_generation(self) -> int:
        """Return a number that grows with every write that passages with vectors come, change or go by."""
        return int(self.fact("vectors", "0"))

    def generation(self) -> int:
        """Return a number that grows with every write: caches compare it."""
        return int(self.fact("generation", "0"))


def _chunk(row: tuple[Any, ...]) -> Chunk:
    # The database holds only what was validated when it was written.
    return Chunk.model_construct(
        id=row[0],
        doc_id=row[1],
        ordinal=row[2],
        path=tuple(json.loads(row[3])),
        section=row[4],
        text=row[5],
        start=row[6],
        end=row[7],
        embed_text=row[8],
        labels=tuple(json.loads(row[9])),
    )


def _info(row: tuple[Any, ...]) -> DocumentInfo:
    record = json.loads(row[2])
    return DocumentInfo(
        id=row[0],
        source=row[1],
        quarter=row[3],
        language=row[4],
        added=row[5],
        starter=bool(row[6]),
        chunks=row[7],
        topics=tuple((row[8] or "").split()),
        **{name: record[name] for name in _INFO_FIELDS if name in record},
    )


def _mapped(error: Exception, path: Path) -> StoreError:
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return StoreError(
            f"The library {path} could not be written: {text}.",
            "Free some space on the disk and run the same command again; nothing is half-written.",
        )
    if "readonly" in text or "unable to open" in text:
        return StoreError(
            f"The library {path} cannot be written or opened: {text}.",
            "Check the folder's permissions, or set ALMANAC_HOME to another folder.",
        )
    if "malformed" in text or "not a database" in text:
        return StoreError(
            f"The library {path} is damaged: {text}.",
            "Restore the folder from a backup, or move it away and ingest your sources again.",
        )
    if "locked" in text:
        return StoreError(f"The library {path} is busy: {text}.", "Try again in a moment.")
    return StoreError(f"The library {path} refused: {text}.", "Run `python -m almanac doctor` for a diagnosis.")
