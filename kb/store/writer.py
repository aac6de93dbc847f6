"""Writing to the database: every method is one transaction, whole or not at all.

Used only under the write lock that `Store.write` holds. Documents held by several sources are
kept once: the fullest record wins, the others wait in `holdings`, so that the result does not
depend on the order of arrival, and removing one source brings the other's record back.
"""

import hashlib
import json
import sqlite3
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt

from kb.text import tokens
from kb.types import Chunk, Document, Reference

Clock = Callable[[], datetime]
Vector = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Prepared:
    """A document ready to be written: everything about it that costs time was done before."""

    document: Document
    chunks: Sequence[Chunk]
    references: Sequence[Reference] = ()
    """Each with its chunk_id."""
    topics: Sequence[tuple[str, float, str]] = ()
    """(topic, score, reason), best first."""
    vectors: dict[str, tuple[Vector, int]] = field(default_factory=dict)
    """Embed hash to (unit vector, tokens), for the current fingerprint; absent ones exist already."""


Revive = Callable[[Document], Prepared]


@dataclass(frozen=True)
class SourceRecord:
    """What is remembered of a source after an ingest."""

    kind: str
    content_hash: str = ""
    """Empty unless the ingest was finished: only then may the next one be skipped."""
    size: int = 0
    status: str = "ok"
    error: str = ""
    hint: str = ""
    warnings: Sequence[str] = ()
    skipped: int = 0


def embed_hash(embed_text: str) -> str:
    """Return the key under which a passage's vector is kept."""
    return hashlib.sha256(embed_text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def content_hash(document: Document) -> str:
    """Return the hash of all that a source says of a document; where it lies does not count."""
    told = document.model_dump_json(exclude={"source", "content_hash", "topics"})
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def date_range(published: str, quarter: str) -> tuple[str, str]:
    """Return the first and last day that a partial date or a quarter may mean, or two empty strings."""
    day = published.split("T")[0]
    if len(day) == 10:
        return day, day
    if len(day) == 7:
        return f"{day}-01", f"{day}-{monthrange(int(day[:4]), int(day[5:]))[1]:02d}"
    if quarter:
        year, first = quarter[:4], int(quarter[-1]) * 3 - 2
        return f"{year}-{first:02d}-01", f"{year}-{first + 2:02d}-{30 if first in (4, 7) else 31}"
    return (f"{day}-01-01", f"{day}-12-31") if len(day) == 4 else ("", "")


def _rank(record: str) -> tuple[object, ...]:
    """Order the records of one document: a known title, the newest version, the fullest text."""
    document = Document.model_validate_json(record)
    return (
        not document.title_estimated,
        document.version or 0,
        document.updated,
        len(document.text),
        document.content_hash,
    )


class Writer:
    """Transactions on the library; get one from `Store.write`."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._db = connection
        self._clock = clock

    @contextmanager
    def transaction(self, *, aside: bool = False) -> Iterator[None]:
        """Make all that is written inside one transaction, whole or not at all.

        Args:
            aside: nothing is written that a search or a list of documents rests on: what is cached of them stays.
        """
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            if not aside:
                self._count_up("generation")
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _count_up(self, name: str) -> None:
        """Let a fact grow that caches compare: `generation` with every write, `vectors` where one came or went."""
        sql = "INSERT INTO facts VALUES (?, '1') ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
        self._db.execute(sql, (name,))

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")

    def run(self, *statements: tuple[str, Sequence[object]], aside: bool = False) -> None:
        """Run statements with their values in one transaction, `aside` as above; `kb.store` is the only caller."""
        with self.transaction(aside=aside):
            for sql, values in statements:
                self._db.execute(sql, values)

    def open_source(self, location: str, name: str, *, starter: bool = False) -> int:
        """Return the row of a source, made where it is new, and mark it as not finished."""
        with self.transaction(aside=True):
            self._db.execute(
                "INSERT INTO sources (location, name, starter) VALUES (?, ?, ?) "
                "ON CONFLICT (location) DO UPDATE SET content_hash = ''",
                (location, name, starter),
            )
            return int(self._db.execute("SELECT id FROM sources WHERE location = ?", (location,)).fetchone()[0])

    def close_source(self, source: int, record: SourceRecord, revive: Revive, keep: Iterable[str] | None = None) -> int:
        """Note how an ingest ended; drop documents not in `keep` (None: drop none).

        `revive` prepares the record of another source that takes a dropped one's place. Returns how
        many documents went.
        """
        with self.transaction():
            gone = 0
            if keep is not None:
                held = {row[0] for row in self._db.execute("SELECT doc_id FROM holdings WHERE source = ?", (source,))}
                for doc_id in sorted(held - set(keep)):
                    gone += self._release(doc_id, source, revive)
            now = self._now()
            self._db.execute(
                "UPDATE sources SET kind = ?, content_hash = ?, size = ?, status = ?, error = ?, hint = ?, "
                "warnings = ?, skipped = ?, tried_at = ?, "
                "succeeded_at = CASE WHEN ? = 'failed' THEN succeeded_at ELSE ? END WHERE id = ?",
                (
                    *(record.kind, record.content_hash, record.size, record.status, record.error, record.hint),
                    *(json.dumps(list(record.warnings), ensure_ascii=False), record.skipped, now, record.status),
                    *(now, source),
                ),
            )
            return gone

    def write_documents(self, source: int, prepared: Sequence[Prepared], fingerprint: str) -> None:
        """Write documents of a source with chunks, words, vectors, references and outbox rows."""
        with self.transaction():
            for item in prepared:
                for key, (vector, count) in item.vectors.items():
                    self._db.execute(
                        "INSERT OR IGNORE INTO vectors VALUES (?, ?, ?, ?)",
                        (key, fingerprint, np.asarray(vector, dtype="<f4").tobytes(), count),
                    )
                self._write_document(source, item)

    def _write_document(self, source: int, item: Prepared) -> None:
        document = item.document
        record = document.model_dump_json()
        holder = self._db.execute("SELECT source, record FROM documents WHERE id = ?", (document.id,)).fetchone()
        if holder and holder[0] != source:
            if _rank(holder[1]) >= _rank(record):
                self._hold(document.id, source, record)
                return
            self._hold(document.id, holder[0], holder[1])
        self._hold(document.id, source, None)
        self._put(source, item, record)

    def _hold(self, doc_id: str, source: int, record: str | None) -> None:
        self._db.execute(
            "INSERT INTO holdings VALUES (?, ?, ?) ON CONFLICT (doc_id, source) DO UPDATE SET record = excluded.record",
            (doc_id, source, record),
        )

    def _put(self, source: int, item: Prepared, record: str) -> None:
        """Make an item's document the one that is shown."""
        document, now = item.document, self._now()
        first, last = date_range(document.published, document.quarter)
        self._db.execute(
            "INSERT INTO documents (id, source, kind, url, title, published, quarter, date_first, date_last, language, "
            "content_hash, record, added_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET source = excluded.source, kind = excluded.kind, url = excluded.url, "
            "title = excluded.title, published = excluded.published, quarter = excluded.quarter, "
            "date_first = excluded.date_first, date_last = excluded.date_last, language = excluded.language, "
            "content_hash = excluded.content_hash, record = excluded.record, changed_at = excluded.changed_at",
            (
                *(document.id, source, document.kind, document.url, document.title, document.published),
                *(document.quarter, first, last, document.language, document.content_hash, record, now, now),
            ),
        )
        row = int(self._db.execute("SELECT row FROM documents WHERE id = ?", (document.id,)).fetchone()[0])
        self._write_topics(row, document.id, item.topics)
        before = self._drop_chunks(row)
        after = self._write_chunks(row, item)
        if before or self._have_vectors(after.values()):
            self._count_up("vectors")
        for chunk_id in sorted(before.keys() | after.keys()):
            if before.get(chunk_id) != after.get(chunk_id):
                self._queue("upsert" if chunk_id in after else "delete", chunk_id)
        self._forget_vectors(set(before.values()) - set(after.values()))

    def _write_topics(self, row: int, doc_id: str, topics: Sequence[tuple[str, float, str]]) -> None:
        chosen = self._db.execute("SELECT topics FROM corrections WHERE doc_id = ?", (doc_id,)).fetchone()
        if chosen:
            topics = [(topic, 1.0, "your own tag") for topic in json.loads(chosen[0])]
        self._db.execute("DELETE FROM topics WHERE doc = ?", (row,))
        self._db.executemany("INSERT INTO topics VALUES (?, ?, ?, ?)", [(row, *topic) for topic in topics])

    def _drop_chunks(self, row: int) -> dict[str, str]:
        """Remove a document's chunks; return their ids with their embed hashes."""
        found = self._db.execute("SELECT id, embed_hash FROM chunks WHERE doc = ?", (row,)).fetchall()
        self._db.execute("DELETE FROM words WHERE rowid IN (SELECT row FROM chunks WHERE doc = ?)", (row,))
        self._db.execute("DELETE FROM chunks WHERE doc = ?", (row,))
        return dict(found)

    def _write_chunks(self, row: int, item: Prepared) -> dict[str, str]:
        made: dict[str, str] = {}
        rows: dict[str, int] = {}
        for chunk in item.chunks:
            key = made[chunk.id] = embed_hash(chunk.embed_text)
            cursor = self._db.execute(
                "INSERT INTO chunks (id, doc, ordinal, section, path, text, start, end, embed_text, embed_hash, "
                "labels) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(chunk.id, row, chunk.ordinal, chunk.section, json.dumps(chunk.path, ensure_ascii=False)),
                    *(chunk.text, chunk.start, chunk.end, chunk.embed_text, key),
                    json.dumps(chunk.labels, ensure_ascii=False),
                ),
            )
            rows[chunk.id] = int(cursor.lastrowid or 0)
            head = " ".join(tokens(" ".join([item.document.title, *chunk.path])))
            self._db.execute(
                "INSERT INTO words (rowid, head, body) VALUES (?, ?, ?)",
                (rows[chunk.id], head, " ".join(tokens(chunk.text))),
            )
            self._db.executemany(
                "INSERT INTO labels VALUES (?, ?)", [(rows[chunk.id], label) for label in chunk.labels]
            )
        self._db.executemany(
            "INSERT OR IGNORE INTO refs VALUES (?, ?, ?, ?, ?, ?)",
            [(rows[r.chunk_id], r.kind, r.key, r.url, r.title, r.remark) for r in item.references],
        )
        return made

    def _have_vectors(self, hashes: Iterable[str]) -> bool:
        sql = "SELECT 1 FROM vectors WHERE embed_hash IN (SELECT value FROM json_each(?)) LIMIT 1"
        return self._db.execute(sql, (json.dumps(list(hashes)),)).fetchone() is not None

    def _queue(self, op: str, chunk_id: str) -> None:
        self._db.execute("INSERT INTO outbox (op, chunk_id) VALUES (?, ?)", (op, chunk_id))

    def _forget_vectors(self, hashes: Iterable[str]) -> None:
        self._db.executemany(
            "DELETE FROM vectors WHERE embed_hash = ?1 AND NOT EXISTS (SELECT 1 FROM chunks WHERE embed_hash = ?1)",
            [(key,) for key in hashes],
        )

    def _release(self, doc_id: str, source: int, revive: Revive) -> bool:
        """Let a source go of a document; another source's record takes its place.

        Returns True where no other source held it, so that it is gone.
        """
        self._db.execute("DELETE FROM holdings WHERE doc_id = ? AND source = ?", (doc_id, source))
        found = self._db.execute("SELECT row, source FROM documents WHERE id = ?", (doc_id,)).fetchone()
        if not found or found[1] != source:
            return False
        rest = self._db.execute("SELECT source, record FROM holdings WHERE doc_id = ?", (doc_id,)).fetchall()
        if not rest:
            self._remove_row(found[0])
            return True
        heir, record = max(rest, key=lambda row: _rank(row[1]))
        self._hold(doc_id, heir, None)
        self._put(heir, revive(Document.model_validate_json(record)), record)
        return False

    def _remove_row(self, row: int) -> None:
        before = self._drop_chunks(row)
        self._count_up("vectors")
        for chunk_id in before:
            self._queue("delete", chunk_id)
        self._db.execute("DELETE FROM documents WHERE row = ?", (row,))
        self._forget_vectors(before.values())

    def remove_source(self, source: int, revive: Revive) -> int:
        """Remove a source and the documents that only it holds; return how many went."""
        with self.transaction():
            held = self._db.execute(
                "SELECT doc_id FROM holdings WHERE source = ? ORDER BY doc_id", (source,)
            ).fetchall()
            gone = sum([self._release(doc_id, source, revive) for (doc_id,) in held])
            self._db.execute("DELETE FROM sources WHERE id = ?", (source,))
            return gone

    def remove_document(self, doc_id: str, title: str) -> None:
        """Remove a document at the reader's wish; a tombstone keeps its sources from bringing it back."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO tombstones (doc_id, title, at, url) "
                "VALUES (?1, ?2, ?3, coalesce((SELECT url FROM documents WHERE id = ?1), ''))",
                (doc_id, title, self._now()),
            )
            self._db.execute("DELETE FROM holdings WHERE doc_id = ?", (doc_id,))
            for (row,) in self._db.execute("SELECT row FROM documents WHERE id = ?", (doc_id,)).fetchall():
                self._remove_row(row)

    def restore(self, doc_id: str) -> None:
        """Lift a tombstone; the sources' next ingest brings the document back."""
        with self.transaction():
            self._db.execute("DELETE FROM tombstones WHERE doc_id = ?", (doc_id,))
            self._db.execute("UPDATE sources SET content_hash = ''")

    def correct_topics(
        self, doc_id: str, topics: Sequence[str] | None, tagged: Sequence[tuple[str, float, str]]
    ) -> None:
        """Set a reader's own tags, or with None go back to the tagger's, given as `tagged`."""
        with self.transaction():
            if topics is None:
                self._db.execute("DELETE FROM corrections WHERE doc_id = ?", (doc_id,))
            else:
                self._db.execute(
                    "INSERT OR REPLACE INTO corrections VALUES (?, ?, ?)",
                    (doc_id, json.dumps(list(topics)), self._now()),
                )
            for (row,) in self._db.execute("SELECT row FROM documents WHERE id = ?", (doc_id,)).fetchall():
                self._write_topics(row, doc_id, tagged)

    def add_vectors(self, fingerprint: str, made: Sequence[tuple[str, Vector, int]]) -> None:
        """Add (embed hash, vector, tokens) for passages that had none, and queue those for the index."""
        with self.transaction():
            self._count_up("vectors")
            self._db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
                [(key, fingerprint, np.asarray(vector, dtype="<f4").tobytes(), count) for key, vector, count in made],
            )
            self._db.execute(
                "INSERT INTO outbox (op, chunk_id) SELECT 'upsert', id FROM chunks "
                "WHERE embed_hash IN (SELECT value FROM json_each(?)) ORDER BY row",
                (json.dumps([key for key, _, _ in made]),),
            )

    def drop_vectors_but(self, fingerprint: str) -> int:
        """Forget the vectors of all other embedders; return how many went."""
        with self.transaction():
            self._count_up("vectors")
            return self._db.execute("DELETE FROM vectors WHERE fingerprint <> ?", (fingerprint,)).rowcount

    def clear_outbox(self, upto: int) -> None:
        """Forget index work up to a sequence number: it is done."""
        with self.transaction():
            self._db.execute("DELETE FROM outbox WHERE seq <= ?", (upto,))

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact of the library."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def save_search(self, text: str) -> None:
        """Keep a search, or note that its results have been seen now."""
        now = self._now()
        with self.transaction():
            self._db.execute(
                "INSERT INTO saved_searches VALUES (?, ?, ?) "
                "ON CONFLICT (text) DO UPDATE SET seen_at = excluded.seen_at",
                (text, now, now),
            )

    def drop_search(self, text: str) -> None:
        """Forget a saved search."""
        with self.transaction():
            self._db.execute("DELETE FROM saved_searches WHERE text = ?", (text,))
