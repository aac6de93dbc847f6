"""Whether the library answers a question, by what its best passages hold of it.

Pure. Owns the threshold. Refuses to answer from resemblance: a passage that lacks the name asked about, or what is
asked of it, counts for little however near its vector is. The weights are those of a logistic regression over the
development half of the golden set, over questions to libraries that do not hold their subject, and over questions whose
answer was taken out; `python -m benchmarks chat` prints the error rates on the half that was not used.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chat.question import Asked
from chat.relevance import Relevance

THRESHOLD = 0.52
DEPTH = 8
"""Best units that are looked at."""
WEIGHTS = {"joint": 4.5, "names": 3.0, "head": 1.1, "meaning": 10.8}
BIAS = -10.0
UNKNOWN = 0.6
"""Share of a question that no passage of the library holds, from which on it is about something else."""
CENTRAL = 0.4
"""Share of a question from which on a thing of the field that the library never mentions is its subject."""
FAR = 0.25
"""Cosine under which even the nearest passage is about something else."""
BLIND_MEANING = 0.45
"""Stands in for the cosine where no embedder serves, or another one: neither for nor against."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How sure it is that the best units answer, and what that rests on; all from 0 to 1."""

    confidence: float
    features: dict[str, float]
    absent: tuple[str, ...] = ()
    """Names that no passage found gives: without them nothing answers."""

    @property
    def answers(self) -> bool:
        """Whether to answer."""
        near = self.features["meaning"] >= FAR and self.features["joint"] > 0
        return near and self.confidence >= THRESHOLD and not self.absent


def decide(asked: Asked, ranked: Sequence[Relevance], *, measured: bool = True) -> Decision:
    """Return how sure it is that the best of the ranked units answer the question.

    Args:
        measured: whether cosines are those of the embedder that the weights were found with; of another one they
            mean something else, and stay out.
    """
    found = features(asked, ranked, measured=measured)
    value = BIAS + sum(WEIGHTS[name] * amount for name, amount in found.items())
    return Decision(1 / (1 + math.exp(-value)) if ranked else 0.0, found, tuple(_absent(asked, ranked)))


def _absent(asked: Asked, ranked: Sequence[Relevance]) -> Iterator[str]:
    """Yield what nothing can answer without: names, and things of the field that are most of the question."""
    texts = list(dict.fromkeys(item.unit.named for item in ranked))
    for entity in asked.entities:
        # A size such as 70B may be written in many ways.
        if not entity.text[0].isdigit() and not any(entity.pattern.search(text) for text in texts):
            yield entity.text
    total = sum(term.weight for term in asked.content) or 1.0
    if sum(term.weight for term in asked.unknown) / total > UNKNOWN:
        yield from (term.text for term in asked.unknown)
        return
    for term in asked.unknown:
        if term.concept and not term.entity and term.weight / total >= CENTRAL:
            yield term.text


def features(asked: Asked, ranked: Sequence[Relevance], *, measured: bool = True) -> dict[str, float]:
    """Return what a decision rests on.

    `joint`: the most that one unit holds of what is asked, together with the names; `head`: the same of what is to be
    named or counted; `meaning`: the nearest passage's cosine, where the embedder is the one that was measured.
    """
    top = ranked[:DEPTH]
    if not top:
        return {"joint": 0.0, "names": 0.0, "head": 0.0, "meaning": 0.0}
    # Each side of a comparison may stand in a passage of its own.
    together = _names_together(asked, top) if asked.sides else 0.0
    meaning = max(item.unit.meaning for item in ranked)
    return {
        "joint": max(max(item.names, together) * item.focus for item in top),
        "names": max(together, *(item.names for item in top)),
        "head": max(item.head * max(item.names, together) for item in top),
        "meaning": meaning if measured and meaning > 0 else BLIND_MEANING,
    }


def _names_together(asked: Asked, top: Sequence[Relevance]) -> float:
    if not asked.entities:
        return 1.0
    held = sum(any(entity.pattern.search(item.unit.named) for item in top) for entity in asked.entities)
    return held / len(asked.entities)
