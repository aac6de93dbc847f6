"""Stand-ins for what is slow or changes by itself: an embedding model and a clock.

`FakeEmbedder` keeps the promises of `kb.embed.Embedder` (unit vectors, stable for a text, close
for texts that share words) without a model; it says nothing about quality.
"""

import re
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

# A Latin word, or a single Han character: enough for both languages.
TOKEN = re.compile(r"[0-9A-Za-z]+|[\u3400-\u9fff\uf900-\ufaff]")


def tokens(text: str) -> list[str]:
    """Return the text's words in lower case, a Han character counting as a word."""
    return [token.lower() for token in TOKEN.findall(text)]


class FakeEmbedder:
    """Hashed bags of words: the cosine of two texts grows with the words that they share.

    Args:
        fail: raised by the next embedding; set it between calls to try what follows a failure.
    """

    def __init__(
        self,
        *,
        name: str = "fake",
        fingerprint: str = "",
        dim: int = 128,
        languages: Sequence[str] = ("en",),
        max_tokens: int = 256,
        fail: Exception | None = None,
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint or f"{name}-{dim}"
        self.dim = dim
        self.languages = frozenset(languages)
        self.max_tokens = max_tokens
        self.fail = fail
        self.calls: list[list[str]] = []
        """Batches of passages, in the order in which they were embedded."""
        self.queries: list[str] = []
        """Questions, in the order in which they were embedded."""

    @property
    def embedded(self) -> list[str]:
        """Every passage that was embedded, repeats included."""
        return [text for call in self.calls for text in call]

    def embed(self, texts: list[str]) -> Vectors:
        """Return passages' vectors, shape (len(texts), dim)."""
        self.calls.append(list(texts))
        if self.fail is not None:
            raise self.fail
        rows = [self._vector(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dim), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """Return a question's vector, shape (dim,)."""
        self.queries.append(text)
        if self.fail is not None:
            raise self.fail
        return self._vector(text)

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Return each text's length in words, and two for the ends as models count them."""
        return [len(tokens(text)) + 2 for text in texts]

    def _vector(self, text: str) -> Vectors:
        row = np.zeros(self.dim, dtype=np.float32)
        for token in tokens(text):
            # crc32, not hash(): the latter differs from process to process.
            row[zlib.crc32(token.encode()) % self.dim] += 1
        if not row.any():
            row[0] = 1
        return np.asarray(row / np.linalg.norm(row), dtype=np.float32)


class FixedClock:
    """A clock that shows the same time until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time shown."""
        return self.now

    def advance(self, **units: float) -> datetime:
        """Move the clock by a `timedelta`'s keyword arguments and return the new time."""
        self.now += timedelta(**units)
        return self.now
