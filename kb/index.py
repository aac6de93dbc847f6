"""The vector index: a Chroma collection derived from the database. The only home of chromadb.

Holds ids, vectors and small metadata, no text. It may be deleted at any time: `rebuild` makes it
again from the stored vectors without an embedder. An embedded Chroma is safe in one process only,
so a file lock decides which process has it; the others rank stored vectors exactly. Each embedder
has its own collection, so that a change of embedder can never mix dimensions.
"""

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from kb.errors import AlmanacError, IndexMismatch
from kb.settings import prepare_process
from kb.store import Store
from kb.store.retrieval import all_vectors

BATCH = 2000
PROBES = 200
Vector = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

_ENTRY = """SELECT c.id, v.vector, d.id, d.kind, d.quarter, d.language,
    (SELECT group_concat(topic, ' ') FROM topics WHERE doc = d.row)
    FROM chunks c JOIN documents d ON d.row = c.doc
    JOIN vectors v ON v.embed_hash = c.embed_hash AND v.fingerprint = ? WHERE """


class VectorIndex:
    """One embedder's collection of passages' vectors.

    Args:
        url: a Chroma server; empty: embedded under the store's home.
    Raises:
        IndexMismatch: Chroma cannot be opened or the server does not answer. The database is whole.
    """

    def __init__(self, store: Store, fingerprint: str, *, url: str = "") -> None:
        self._store = store
        self._fingerprint = fingerprint
        self._library = store.fact("library")
        self._name = f"passages-{fingerprint}-{self._library}"
        self._lock = threading.RLock()
        self._guard: FileLock | None = None
        if not url:
            self._guard = _take(store.home / "chroma.lock")
        try:
            self._client = _connect(store.home / "chroma", url)
            with _errors("opened"):
                self._collection = self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> Any:
        return self._client.get_or_create_collection(
            self._name, embedding_function=None, metadata={"hnsw:space": "cosine"}
        )

    def close(self) -> None:
        """Let other processes have the embedded index."""
        if self._guard is not None:
            self._guard.release()
            self._guard = None

    def count(self) -> int:
        """Return how many vectors the collection holds."""
        with self._lock, _errors("counted"):
            return int(self._collection.count())

    def search(self, vector: Vector, limit: int, ids: Sequence[str] | None = None) -> list[tuple[str, float]]:
        """Return (chunk id, cosine) of the nearest passages, best first; only among `ids` where given."""
        if ids is not None and not ids:
            return []
        with self._lock, _errors("searched"):
            total = self._collection.count()
            if total == 0:
                return []
            found = self._collection.query(
                query_embeddings=[vector.tolist()],
                n_results=min(limit, total if ids is None else len(ids)),
                ids=None if ids is None else list(ids),
                include=["distances"],
            )
        return [(key, 1.0 - float(d)) for key, d in zip(found["ids"][0], found["distances"][0], strict=True)]

    def apply_outbox(self, progress: Progress | None = None) -> int:
        """Bring the collection up to the database; return how many passages were touched.

        Idempotent: what a row says is looked up anew, so a crash between the index and the database
        only repeats work.
        """
        done = 0
        with self._lock:
            while True:
                rows = self._store.rows("SELECT seq, chunk_id FROM outbox ORDER BY seq LIMIT ?", (BATCH,))
                if not rows:
                    return done
                self._refresh([chunk_id for _, chunk_id in rows])
                with self._store.write("updating the vector index") as writer:
                    writer.clear_outbox(rows[-1][0])
                done += len(rows)
                if progress:
                    progress(done, done + int(self._store.rows("SELECT count(*) FROM outbox")[0][0]))

    def _refresh(self, chunk_ids: Sequence[str]) -> None:
        """Make the collection agree with the database on the given passages."""
        wanted = sorted(set(chunk_ids))
        entries = self._store.rows(
            _ENTRY + "c.id IN (SELECT value FROM json_each(?))", (self._fingerprint, json.dumps(wanted))
        )
        with _errors("updated"):
            # Chroma merges metadata on upsert, so what exists is deleted first.
            self._collection.delete(ids=wanted)
            self._add(entries)

    def _add(self, entries: Sequence[tuple[Any, ...]]) -> None:
        if entries:
            self._collection.add(
                ids=[row[0] for row in entries],
                embeddings=[np.frombuffer(row[1], dtype="<f4") for row in entries],
                metadatas=[_metadata(row) for row in entries],
            )

    def rebuild(self, progress: Progress | None = None) -> int:
        """Make the collection anew from the stored vectors; return how many it holds."""
        with self._lock:
            # Work queued from here on is applied again afterwards; what came before is included.
            last = self._store.rows("SELECT coalesce(max(seq), 0) FROM outbox")[0][0]
            with _errors("rebuilt"):
                if any(c.name == self._name for c in self._client.list_collections()):
                    self._client.delete_collection(self._name)
                self._collection = self._open()
            total = int(self._store.rows("SELECT count(*) FROM chunks")[0][0])
            done = 0
            for entries in self._entries():
                with _errors("rebuilt"):
                    self._add(entries)
                done += len(entries)
                if progress:
                    progress(done, total)
            with self._store.write("rebuilding the vector index") as writer:
                writer.clear_outbox(last)
            return done

    def _entries(self) -> Iterator[list[tuple[Any, ...]]]:
        after = 0
        sql = _ENTRY.replace("SELECT ", "SELECT c.row, ", 1) + "c.row > ? ORDER BY c.row LIMIT ?"
        while rows := self._store.rows(sql, (self._fingerprint, after, BATCH)):
            after = rows[-1][0]
            yield [row[1:] for row in rows]

    def differences(self) -> int:
        """Return in how many passages collection and database differ, by vector, not by count."""
        with self._lock:
            wrong = 0
            left = self.count()
            for entries in self._entries():
                with _errors("checked"):
                    found = self._collection.get(ids=[row[0] for row in entries], include=["embeddings"])
                stored = dict(zip(found["ids"], found["embeddings"], strict=True))
                left -= len(stored)
                for key, blob, *_ in entries:
                    vector = stored.get(key)
                    if vector is None or not np.allclose(vector, np.frombuffer(blob, dtype="<f4"), atol=1e-5):
                        wrong += 1
            return wrong + max(left, 0) + (self._unfindable() if not wrong else 0)

    def _unfindable(self) -> int:
        """Count sampled passages that are stored but not found by their own vector."""
        rows, matrix = all_vectors(self._store, self._fingerprint)
        if not len(rows):
            return 0
        step = max(1, len(rows) // PROBES)
        lost = 0
        for vector in matrix[::step]:
            best = self.search(vector, 1)
            lost += not best or best[0][1] < 0.999
        return lost

    def repair(self, progress: Progress | None = None) -> int:
        """Apply what waits, compare, and rebuild where they differ; return how many differed."""
        self.apply_outbox(progress)
        wrong = self.differences()
        if wrong:
            self.rebuild(progress)
        return wrong

    def drop_others(self) -> list[str]:
        """Remove this library's collections of earlier embedders; return their names."""
        with self._lock, _errors("cleaned"):
            names = [collection.name for collection in self._client.list_collections()]
            own = [name for name in names if name.startswith("passages-") and name.endswith(f"-{self._library}")]
            old = sorted(name for name in own if name != self._name)
            for name in old:
                self._client.delete_collection(name)
            return old


def _metadata(row: tuple[Any, ...]) -> dict[str, Any]:
    data: dict[str, Any] = {"doc_id": row[2], "kind": row[3], "quarter": row[4], "language": row[5]}
    if row[6]:
        data["topics"] = sorted(row[6].split())
    return data


def _take(path: Path) -> FileLock:
    lock = FileLock(str(path), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise IndexMismatch(
            "Another process has the embedded vector index open.",
            "Nothing to do: vectors are ranked from the database meanwhile.",
        ) from error
    except OSError as error:
        raise IndexMismatch(
            f"The vector index cannot be opened: {error.strerror}.", "Check the permissions of the library's folder."
        ) from error
    return lock


def _connect(folder: Path, url: str) -> Any:
    prepare_process(offline=True)
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    quiet = ChromaSettings(anonymized_telemetry=False)
    if url:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        with _errors("reached"):
            return chromadb.HttpClient(
                host=parts.hostname or "", port=parts.port or (443 if secure else 80), ssl=secure, settings=quiet
            )
    try:
        with _errors("opened"):
            return chromadb.PersistentClient(path=str(folder), settings=quiet)
    except IndexMismatch:
        # A damaged index is worth nothing: the database has every vector.
        shutil.rmtree(folder, ignore_errors=True)
        chromadb.api.shared_system_client.SharedSystemClient.clear_system_cache()
        with _errors("opened"):
            return chromadb.PersistentClient(path=str(folder), settings=quiet)


@contextmanager
def _errors(done: str) -> Iterator[None]:
    """Map whatever Chroma raises: it has no common base class, and its Rust core panics."""
    try:
        yield
    except (AlmanacError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise IndexMismatch(
            f"The vector index could not be {done}: {(str(error).splitlines() or [type(error).__name__])[0][:300]}.",
            "Search goes on from the database. `python -m almanac reindex` rebuilds the index.",
        ) from error
