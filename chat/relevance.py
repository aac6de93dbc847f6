"""How much a passage, and a sentence of it, has to do with a question.

Pure. Owns the scores by which sentences are chosen and questions declined; every constant was measured on
`benchmarks chat`. Refuses to read anything into a passage: only its words, their known translations, the
names that it gives and the cosine of its vector count.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chat._fitness import fitness
from chat._intents import Intent
from chat.passages import Unit
from chat.question import Asked, Term
from kb.text import normalise

TRANSLATED = 0.9
"""What a term counts where a translation or variant of it stands in its place."""
CONTEXT, AROUND = 0.7, 0.35
CONTEXT_EXPLAINED = 0.8
"""Lines that explain a thing stand under its name and seldom repeat it."""
"""What a term counts that stands in the breadcrumb, or elsewhere in the hit."""
FOCUS = 0.3
PARTLY = 0.6


@dataclass(frozen=True, slots=True)
class Relevance:
    """How a unit answers a question; all shares are of weight, 0 to 1."""

    unit: Unit
    score: float
    own: float
    """Share of the question's content that the unit itself holds."""
    covered: float
    """The same with its breadcrumb and hit."""
    focus: float
    """Share of what is asked of the names, with breadcrumb and hit; 1 where only names are asked about."""
    names: float
    """Share of the names that its document's title, its breadcrumb or its hit gives; 1 where none is asked about."""
    head: float = 1.0
    """Share of what is to be named or counted; 1 where nothing is."""


def holds(term: Term, held: Collection[str], text: str = "") -> float:
    """Return how far a set of tokens holds a term, 0 to 1; `text` is what they are of, in normal form."""
    best = 0.0
    for index, form in enumerate(term.forms):
        found = sum(token in held for token in form)
        if found == len(form):
            if not index and term.prefix and term.prefix not in text:
                continue
            best = max(best, TRANSLATED if index else 1.0)
        elif found and len(form) > 1:
            best = max(best, PARTLY * found / len(form))
        if best == 1.0:
            break
    return best


def relevance(asked: Asked, unit: Unit) -> Relevance:
    """Return how a unit answers a question."""
    context = CONTEXT_EXPLAINED if asked.intent in (Intent.DEFINITION, Intent.MANNER) else CONTEXT
    own = [holds(term, unit.tokens, unit.named) for term in asked.terms]
    best = [
        max(mine, context * holds(term, unit.context, unit.named), AROUND * holds(term, unit.around, unit.named))
        for mine, term in zip(own, asked.terms, strict=True)
    ]
    content, focus = asked.content, asked.focus
    covered = _share(asked.terms, best, content)
    names = 1 - len(missing_names(asked, unit.named)) / len(asked.entities) if asked.entities else 1.0
    score = (
        _share(asked.terms, best, asked.terms)
        + 0.25 * _share(asked.terms, own, asked.terms)
        # Names may stand above; what is asked of them belongs into the line.
        + (FOCUS * _share(asked.terms, own, focus) if focus and asked.entities else 0.0)
        + 0.12 * unit.score
        + 0.35 * max(0.0, unit.meaning)
        + 0.4 * (names - 1)
        + fitness(asked, unit)
    )
    return Relevance(
        unit=unit,
        score=score,
        own=_share(asked.terms, own, content),
        covered=covered,
        focus=_share(asked.terms, best, focus) if focus else 1.0,
        names=names,
        head=_share(asked.terms, best, asked.head) if asked.head else 1.0,
    )


def _share(terms: Sequence[Term], held: Sequence[float], chosen: Sequence[Term]) -> float:
    """Return the share of the chosen terms' weight that is held."""
    total = sum(term.weight for term in chosen)
    found = sum(term.weight * value for term, value in zip(terms, held, strict=True) if term in chosen)
    return found / total if total else 0.0


def rank(asked: Asked, units: Sequence[Unit]) -> list[Relevance]:
    """Return units by how well they answer, best first."""
    found = [relevance(asked, unit) for unit in units]
    return sorted(found, key=lambda item: (-item.score, item.unit.rank, item.unit.start))


def missing_names(asked: Asked, text: str) -> list[str]:
    """Return the names of a question that a text does not hold."""
    form = normalise(text)
    return [entity.text for entity in asked.entities if not entity.pattern.search(form)]
