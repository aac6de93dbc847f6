"""The vector leg of search: passages by meaning.

Ranks from the vector index where it is open and worth asking, else exactly from the stored
vectors. Read only; both ways give the same passages. Invariant: filters are applied before the
ranking, never after it.
"""

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kb.embed import Embedder
from kb.errors import IndexMismatch
from kb.index import VectorIndex
from kb.store import Store
from kb.store.retrieval import Rows, all_vectors, vectors_of

EXACT_LIMIT = 20_000
"""Up to this many vectors an exact scan beats asking the index."""

Vector = npt.NDArray[np.float32]


class VectorLeg:
    """Ranks passages by meaning: from the index where it is open, else exactly from stored vectors."""

    def __init__(self, store: Store, embedder: Embedder, index: VectorIndex | None) -> None:
        self.embedder = embedder
        self.index = index
        self._store = store
        self._cache: tuple[int, Rows, Vector] | None = None
        self._counted = (-1, 0)

    def _matrix(self) -> tuple[Rows, Vector]:
        generation = self._store.vectors_generation()
        if self._cache is None or self._cache[0] != generation:
            self._cache = (generation, *all_vectors(self._store, self.embedder.fingerprint))
        return self._cache[1], self._cache[2]

    def nearest(self, vector: Vector, allowed: Rows | None, limit: int) -> dict[int, float]:
        """Return the nearest passages among the allowed: chunk row to cosine."""
        if self.index is not None and allowed is None:
            try:
                if self._size(self.index) > EXACT_LIMIT:
                    return self._by_index(self.index, vector, limit)
            except IndexMismatch:
                self.index = None
        rows, matrix = self._matrix()
        if allowed is not None:
            chosen = np.flatnonzero(np.isin(rows, allowed, assume_unique=True))
            rows, matrix = rows[chosen], matrix[chosen]
        if not len(rows):
            return {}
        cosines = matrix @ vector
        take = min(limit, len(rows))
        best = np.argpartition(-cosines, take - 1)[:take]
        return {int(rows[i]): float(cosines[i]) for i in best}

    def _size(self, index: VectorIndex) -> int:
        """Return how many vectors the index holds; counting costs as much as a search, so once a generation."""
        generation = self._store.generation()
        if self._counted[0] != generation:
            self._counted = (generation, index.count())
        return self._counted[1]

    def _by_index(self, index: VectorIndex, vector: Vector, limit: int) -> dict[int, float]:
        found = dict(index.search(vector, limit))
        rows = self._store.rows(
            "SELECT row, id FROM chunks WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(found)),)
        )
        return {row: found[key] for row, key in rows}

    def cosines(self, vector: Vector, rows: Sequence[int]) -> dict[int, float]:
        """Return the cosines of the given passages; those without a vector are absent."""
        if self._cache is not None and self._cache[0] == self._store.vectors_generation():
            known, matrix = self._cache[1], self._cache[2]
            if not len(known):
                return {}
            wanted = np.asarray(sorted(rows), dtype=np.int64)
            places = np.searchsorted(known, wanted)
            places, wanted = places[places < len(known)], wanted[places < len(known)]
            found = known[places] == wanted
            return dict(zip(wanted[found].tolist(), (matrix[places[found]] @ vector).tolist(), strict=True))
        stored = vectors_of(self._store, self.embedder.fingerprint, rows)
        return {row: float(stored[row] @ vector) for row in stored}

    def vector_of(self, chunk_id: str) -> Vector | None:
        """Return a passage's own vector, None where it has none yet."""
        rows = [row for (row,) in self._store.rows("SELECT row FROM chunks WHERE id = ?", (chunk_id,))]
        return next(iter(vectors_of(self._store, self.embedder.fingerprint, rows).values()), None)
