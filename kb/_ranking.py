"""How the two legs' scores become one ranking, and how near twins in it are folded.

Pure. Scores are normalised and summed, never fused by rank alone: where the embedder cannot read
the question, plain rank fusion lets its noise bury the keyword hits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kb.chunk import ORPHAN_CRUMB, count_units
from kb.text import fold_space, normalise
from kb.types import Chunk

POOL = 150
"""Candidates taken from each leg."""
VECTOR_SHARE, LONG_SHARE = 0.6, 0.5
"""Weight of the vector leg for a question of few and of many words; the rest is the keyword leg's."""
FEW_WORDS, MANY_WORDS = 4, 16
JOINED_WINDOWS, JOINED_NODES = 450, 200
"""Length, in words, up to which windows of a section and nodes of an outline are shown as one hit."""


@dataclass(frozen=True)
class Scored:
    """A candidate with its sum and the two legs' own scores; 0 where a leg did not see it."""

    row: int
    score: float
    keyword: float
    vector: float


def vector_share(words: int) -> float:
    """The more words a question has, the more they say by themselves."""
    part = min(1.0, max(0.0, (words - FEW_WORDS) / (MANY_WORDS - FEW_WORDS)))
    return VECTOR_SHARE + part * (LONG_SHARE - VECTOR_SHARE)


def fuse(keyword: dict[int, float], near: dict[int, float], share: float) -> list[Scored]:
    """Sum the two legs' normalised scores; `share` is the vector leg's part."""
    top = max(keyword.values(), default=0.0) or 1.0
    high = max(near.values(), default=0.0)
    # The far end of the pool is what an unrelated passage scores.
    low = min(sorted(near.values(), reverse=True)[:POOL], default=0.0)
    span = (high - low) or 1.0
    scored = []
    for row in keyword.keys() | near.keys():
        words = keyword.get(row, 0.0) / top
        meaning = max(0.0, (near.get(row, low) - low) / span)
        scored.append(Scored(row, (1 - share) * words + share * meaning, keyword.get(row, 0.0), near.get(row, 0.0)))
    scored.sort(key=lambda item: (-item.score, item.row))
    return scored


@dataclass
class Folded:
    """A hit to be: a passage, with the neighbours that join it and the ids of those folded away."""

    score: float
    scored: Scored
    chunk: Chunk
    joined: list[Chunk] = field(default_factory=list)
    """Itself and the neighbours shown with it, in document order; together without a gap."""
    twins: list[str] = field(default_factory=list)
    """Passages of the same words elsewhere."""


def fold(ranked: Iterable[tuple[float, Scored, Chunk]], limit: int) -> list[Folded]:
    """Return the best `limit` hits, best first, near ones folded into the better.

    Neighbours of one section, and short neighbours under one parent of an outline, are shown
    together: their hit is their common ancestor. The same words in another document are one hit.
    """
    kept: list[Folded] = []
    by_text: dict[str, Folded] = {}
    by_doc: dict[str, list[Folded]] = {}
    for score, scored, chunk in ranked:
        text = fold_space(normalise(chunk.text))
        if text in by_text:
            by_text[text].twins.append(chunk.id)
            continue
        near = by_doc.setdefault(chunk.doc_id, [])
        host = next((k for k in near if _joins(k, chunk)), None)
        if host is not None:
            host.joined = sorted([*host.joined, chunk], key=lambda c: c.ordinal)
            continue
        if len(kept) >= limit:
            break
        made = Folded(score, scored, chunk, [chunk])
        kept.append(made)
        by_text[text] = made
        near.append(made)
    return kept


def _joins(host: Folded, chunk: Chunk) -> bool:
    first, last = host.joined[0], host.joined[-1]
    if chunk.ordinal not in (first.ordinal - 1, last.ordinal + 1) or chunk.path[:1] == (ORPHAN_CRUMB,):
        return False
    size = count_units(chunk.text) + sum(count_units(c.text) for c in host.joined)
    if all(c.section == chunk.section for c in host.joined):
        return size <= JOINED_WINDOWS
    outline = chunk.doc_id.startswith("notes:")
    return outline and size <= JOINED_NODES and len(chunk.path) > 1 and _parent(chunk) == _parent(host.chunk)


def _parent(chunk: Chunk) -> tuple[str, ...]:
    return chunk.path[:-1]


def common_path(chunks: Sequence[Chunk]) -> tuple[str, ...]:
    """Return the breadcrumb that all the given chunks share."""
    paths = [chunk.path for chunk in chunks]
    shared = 0
    while all(len(path) > shared and path[shared] == paths[0][shared] for path in paths):
        shared += 1
    return paths[0][:shared]
