"""Quarters to measure digests on: documents that read like abstracts and posts, made from parts.

Everything is invented. The same seed gives the same documents. Several of a hundred are about one
work with another, have no date, or come late, as in a real library.
"""

import random
from collections.abc import Iterator, Sequence

from kb.chunk import chunk
from kb.references import extract
from kb.store import Prepared
from kb.store.writer import content_hash
from kb.topics import Tagger
from kb.types import Document, Kind, Link

_SUBJECTS = (
    "pipeline parallelism", "tensor parallelism", "the KV cache", "weight quantization", "speculative decoding",
    "structured pruning", "expert routing", "gradient compression", "activation checkpointing", "paged attention",
    "systolic arrays", "low-bit training", "prefill scheduling", "sparse accelerators", "knowledge distillation",
)  # fmt: skip
_ADJECTIVES = ("Adaptive", "Elastic", "Fused", "Hierarchical", "Lazy", "Robust", "Streaming", "Unified", "Sparse")
_SYLLABLES = "bra cor del fen gal hux jin kov lum mar nex orb pra qui rho sol tev ulm vax wyn yor zed".split()
_BACKGROUND = (
    "{subject} has become a bottleneck for large language models.",
    "Existing systems handle {subject} with fixed rules, which wastes memory on most clusters.",
    "Recent work on {subject} needs expensive hardware.",
)
_IDEA = (
    "We present {name}, a system for {subject} on commodity GPUs.",
    "This paper introduces {name}, which rethinks {subject} for models with {size} billion parameters.",
    "We propose {name}, a scheduler that plans {subject} ahead of time.",
)
_HOW = (
    "{name} splits each layer into {count} parts and overlaps their transfers with computation.",
    "It stores states in blocks of {count} tokens and shares them between requests.",
    "A profiler assigns work to {count} stages by solving a small linear program.",
)
_RESULT = (
    "On {count} GPUs, {name} reaches {gain}x the throughput of the best baseline at the same latency.",
    "{name} cuts memory by {percent}% on a model with {size} billion parameters.",
    "Training takes {percent}% less time on {count} nodes, without loss of accuracy.",
)
_LIMIT = (
    "The gain shrinks to {percent}% when sequences are short.",
    "{name} does not support models that exceed the memory of one node.",
    "Planning costs {count} seconds before the first step.",
)
_FILL = (
    "The runtime keeps a table of pending transfers and frees buffers in order.",
    "Requests with equal prefixes are grouped before they are admitted.",
    "An ablation separates the effect of scheduling from that of placement.",
    "Weights are loaded once and stay resident for the whole run.",
)


class Quarters:
    """A generator of documents for the quarters of one library."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._tagger = Tagger()
        self._number = 0

    def documents(self, quarter: str, count: int) -> Iterator[Document]:
        """Yield documents dated in a quarter: three in four are abstracts, the others posts."""
        for _ in range(count):
            self._number += 1
            yield self._post(quarter) if self._number % 4 == 0 else self._abstract(quarter)

    def _name(self) -> str:
        return "".join(self._random.choice(_SYLLABLES) for _ in range(3)).capitalize()

    def _fill(self, parts: Sequence[str], **known: str) -> str:
        figures = {
            "count": str(self._random.choice((4, 8, 16, 64, 128))),
            "gain": f"{self._random.uniform(1.1, 4):.1f}",
            "percent": str(self._random.randint(5, 70)),
            "size": str(self._random.choice((1, 7, 13, 70, 175))),
        }
        return self._random.choice(parts).format(**known, **figures)

    def _sentences(self, name: str, subject: str) -> list[str]:
        known = {"name": name, "subject": subject}
        parts = (_BACKGROUND, _BACKGROUND, _IDEA, _HOW, _FILL, _HOW, _RESULT, _RESULT, _LIMIT)
        told = [self._fill(part, **known) for part in parts]
        return [sentence[0].upper() + sentence[1:] for sentence in dict.fromkeys(told)]

    def _day(self, quarter: str) -> str:
        month = int(quarter[-1]) * 3 - self._random.randint(0, 2)
        return f"{quarter[:4]}-{month:02d}-{self._random.randint(1, 28):02d}"

    def _abstract(self, quarter: str) -> Document:
        name, subject = self._name(), self._random.choice(_SUBJECTS)
        day = self._day(quarter)
        paper = f"{day[2:4]}{day[5:7]}.{self._number:05d}"
        return Document(
            id=f"arxiv:{paper}",
            source="generated",
            kind=Kind.ARXIV,
            url=f"https://arxiv.org/abs/{paper}",
            title=f"{name}: {self._random.choice(_ADJECTIVES)} {subject.title()} for Large Models",
            authors=(f"A. {self._name()}", f"B. {self._name()}"),
            published=f"{day}T12:00:00Z",
            published_basis="stated",
            quarter=quarter,
            text=" ".join(self._sentences(name, subject)),
        )

    def _post(self, quarter: str) -> Document:
        name, subject = self._name(), self._random.choice(_SUBJECTS)
        day = self._day(quarter)
        code = f"https://github.com/{name.lower()}/{name.lower()}"
        body = self._sentences(name, subject)
        text = "\n\n".join((" ".join(body[:3]), " ".join(body[3:6]), " ".join(body[6:]), f"Code: {code}"))
        return Document(
            id=f"rss:{self._number:016x}",
            source="generated",
            kind=Kind.RSS,
            url=f"https://blog.example/{name.lower()}-{self._number}",
            title=f"{self._random.choice(_ADJECTIVES)} {subject} with {name}",
            published=f"{day}T08:30:00Z",
            published_basis="stated",
            quarter=quarter,
            text=text,
            links=(Link(start=len(text) - len(code), end=len(text), url=code),),
        )

    def prepared(self, document: Document) -> Prepared:
        """Return a document as an ingest would write it, without vectors."""
        made = document.model_copy(update={"content_hash": content_hash(document)})
        chunks = chunk(made)
        tags = self._tagger.tag(made.title, made.text)
        references = [r.model_copy(update={"chunk_id": c.id}) for c in chunks for r in extract(c.text)]
        return Prepared(made, chunks, references, [(tag.topic, tag.score, tag.reason) for tag in tags])
