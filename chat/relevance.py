"""How much a passage, and a sentence of it, has to do with a question.

Pure. Owns the scores by which sentences are chosen and questions declined; every constant was measured on
`benchmarks chat`. Refuses to read anything into a passage: only its words, their known translations, the
names that it gives and the cosine of its vector count.
"""

import re
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
"""What a term counts that stands in the breadcrumb, or elsewhere in the hit."""
CONTEXT_EXPLAINED = 0.8
"""Lines that explain a thing stand under its name and seldom repeat it."""
BEFORE, ASKED_BEFORE = 0.6, 0.85
"""What a term counts that stands in the sentence before: prose names a thing once and goes on; more where that one
asks, or announces what comes."""
FOCUS = 0.3
TOGETHER = 0.2
"""What it is worth that all names of a question stand close together."""
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
    linked: float = 0.0
    """Share of the question's content that the sentence before holds, in prose."""


def holds(term: Term, held: Collection[str], text: str = "") -> float:
    """Return how far a set of tokens holds a term, 0 to 1; `text` is what they are of, in normal form."""
    best = 0.0
    for index, form in enumerate(term.forms):
        found = sum(token in held for token in form)
        if found == len(form):
            if not index and term.prefix and term.prefix not in text:
                continue
            if text and index and term.acronyms and not _spelled(form, term.acronyms, text):
                continue
            best = max(best, TRANSLATED if index else 1.0)
        elif found and len(form) > 1:
            best = max(best, PARTLY * found / len(form))
        if best == 1.0:
            break
    return best


def _spelled(form: Collection[str], acronyms: Collection[str], text: str) -> bool:
    """Tell whether a text spells the acronyms among some tokens as words of their own."""
    return all(re.search(rf"(?<![a-z]){token}s?(?![a-z])", text) for token in form if token in acronyms)


def relevance(asked: Asked, unit: Unit) -> Relevance:
    """Return how a unit answers a question."""
    context = CONTEXT_EXPLAINED if asked.intent in (Intent.DEFINITION, Intent.MANNER) else CONTEXT
    own = [holds(term, unit.tokens, unit.named) for term in asked.terms]
    if asked.entities and not all(own):
        own = _with_names(asked, unit, own)
    before = ASKED_BEFORE if unit.replies else BEFORE
    best = [
        max(
            mine,
            context * holds(term, unit.context, unit.named),
            AROUND * holds(term, unit.around, unit.named),
            before * holds(term, unit.before, unit.named) if unit.before else 0.0,
        )
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
        + (TOGETHER if len(asked.entities) > 1 and _all_near(asked, unit) else 0.0)
        + fitness(asked, unit)
    )
    return Relevance(
        unit=unit,
        score=score,
        own=_share(asked.terms, own, content),
        linked=_share(asked.terms, [holds(term, unit.before, unit.named) for term in asked.terms], content)
        if unit.before
        else 0.0,
        covered=covered,
        focus=_share(asked.terms, best, focus) if focus else 1.0,
        names=names,
        head=_share(asked.terms, best, asked.head) if asked.head else 1.0,
    )


def _with_names(asked: Asked, unit: Unit, own: list[float]) -> list[float]:
    """Return how far a unit holds the terms, counting names that stand in a longer one: GPT-3 in mini-GPT-3."""
    form = normalise(unit.text)
    given = " ".join(entity.text.lower() for entity in asked.entities if entity.pattern.search(form))
    return [
        TRANSLATED if term.entity and not held and term.text in given else held
        for term, held in zip(asked.terms, own, strict=True)
    ]


def _all_near(asked: Asked, unit: Unit) -> bool:
    """Tell whether a unit gives all names of a question, with the sentence before it and what it stands under."""
    near = unit.tokens | unit.before | unit.context
    return all(holds(term, near, unit.named) >= TRANSLATED for term in asked.terms if term.entity)


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
