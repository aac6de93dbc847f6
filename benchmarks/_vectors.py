"""An embedder that remembers: vectors kept in a file by the model's fingerprint and the text.

So that measuring search again, after a change of search, costs no encoding. The file lies in the
machine's temporary folder and may be deleted at any time.
"""

import getpass
import hashlib
import sys
import tempfile
from pathlib import Path

import numpy as np

from kb.embed import Embedder, Vectors

SLICE = 512


def cache_folder() -> Path:
    """Return the folder of what benchmarks keep between runs, made where it is missing."""
    folder = Path(tempfile.gettempdir()) / f"almanac-benchmarks-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


class RememberingEmbedder:
    """Gives the vectors of another embedder, each computed once a machine."""

    def __init__(self, inner: Embedder, folder: Path) -> None:
        self.name, self.fingerprint, self.dim = inner.name, inner.fingerprint, inner.dim
        self.languages, self.max_tokens = inner.languages, inner.max_tokens
        self._inner = inner
        self._path = folder / f"vectors-{inner.fingerprint}.npz"
        self._known: dict[str, Vectors] = {}
        if self._path.exists():
            with np.load(self._path) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    def embed(self, texts: list[str]) -> Vectors:
        """Return passages' vectors, shape (len(texts), dim)."""
        keys = [_key("passage", text) for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        for at in range(0, len(new), SLICE):
            part = list(new.items())[at : at + SLICE]
            made = self._inner.embed([text for _, text in part])
            self._known |= {key: made[i] for i, (key, _) in enumerate(part)}
            self.keep()
            if len(new) > SLICE:
                print(f"  {at + len(part)}/{len(new)} passages embedded", file=sys.stderr, flush=True)
        return np.stack([self._known[key] for key in keys]) if keys else np.zeros((0, self.dim), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """Return a question's vector, shape (dim,)."""
        key = _key("question", text)
        if key not in self._known:
            self._known[key] = self._inner.embed_query(text)
        return self._known[key]

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Return each text's length in the model's own tokens."""
        return self._inner.count_tokens(texts)

    def keep(self) -> None:
        """Write what is known, whole or not at all."""
        part = self._path.with_suffix(".part.npz")
        np.savez(part, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        part.replace(self._path)


def _key(role: str, text: str) -> str:
    return hashlib.sha256(f"{role}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
