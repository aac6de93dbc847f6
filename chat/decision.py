"""Whether the library answers a question, by what its best passages hold of it.

Pure. Owns the threshold. Refuses to answer from resemblance: a passage that lacks the name asked about, or what is
asked of it, counts for little however near its vector is. The weights are those of a logistic regression over the
development half of the golden set, over questions to libraries that do not hold their subject, and over questions whose
answer was taken out; `python -m benchmarks chat` prints the error rates on the half that was not used.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chat.question import Asked
from chat.relevance import Relevance

THRESHOLD = 0.5
DEPTH = 8
"""Best units that are looked at."""
WEIGHTS = {"joint": 4.4, "names": 3.2, "meaning": 6.5, "unknown": -1.6}
BIAS = -6.4
BLIND_MEANING = 0.45
"""Stands in for the cosine where no embedder serves: neither for nor against."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How sure it is that the best units answer, and what that rests on; all from 0 to 1."""

    confidence: float
    joint: float
    """Most that one unit holds of what is asked, together with the names."""
    names: float
    meaning: float
    unknown: float
    """Share of the question that no passage of the library holds."""

    @property
    def answers(self) -> bool:
        """Whether to answer."""
        return self.confidence >= THRESHOLD


def decide(asked: Asked, ranked: Sequence[Relevance]) -> Decision:
    """Return how sure it is that the best of the ranked units answer the question."""
    top = ranked[:DEPTH]
    total = sum(term.weight for term in asked.content) or 1.0
    unknown = min(1.0, sum(term.weight for term in asked.unknown) / total)
    if not top:
        return Decision(0.0, 0.0, 0.0, 0.0, unknown)
    if asked.sides:
        # Each side may stand in a passage of its own.
        names = _names_together(asked, top)
        joint = max(item.focus for item in top) * names
    else:
        names = max(item.names for item in top)
        joint = max(item.names * item.focus for item in top)
    meaning = max(item.unit.meaning for item in ranked)
    value = BIAS + WEIGHTS["joint"] * joint + WEIGHTS["names"] * names + WEIGHTS["unknown"] * unknown
    value += WEIGHTS["meaning"] * (meaning if meaning > 0 else BLIND_MEANING)
    return Decision(1 / (1 + math.exp(-value)), joint, names, meaning, unknown)


def _names_together(asked: Asked, top: Sequence[Relevance]) -> float:
    if not asked.entities:
        return 1.0
    held = sum(any(entity.pattern.search(item.unit.named) for item in top) for entity in asked.entities)
    return held / len(asked.entities)
