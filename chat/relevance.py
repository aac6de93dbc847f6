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
FOCUS = 0.23
TOGETHER = 0.08
"""What it is worth that all names of a question stand close together."""
PARTLY = 0.6
KIN = 0.6
"""What a term counts where another everyday word for it stands."""


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
            return best
    if best < KIN and any(all(token in held for token in form) for form in term.kin):
        return KIN
    return best


def _spelled(form: Collection[str], acronyms: Collection[str], text: str) -> bool:
    """Tell whether a text spells the acronyms among some tokens as words of their own."""
    return all(re.search(rf"(?<![a-z]){token}s?(?![a-z])", text) for token in form if token in acronyms)


class _Reader:
    """Reads units against one question. What many units of a hit share is read once."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._weights = [term.weight for term in asked.terms]
        self._all = list(range(len(asked.terms)))
        self._content = self._places(asked.content)
        self._focus = self._places(asked.focus)
        self._head = self._places(asked.head)
        self._named = [index for index, term in enumerate(asked.terms) if term.entity]
        self._context = CONTEXT_EXPLAINED if asked.intent in (Intent.DEFINITION, Intent.MANNER) else CONTEXT
        self._seen: dict[tuple[int, int], list[float]] = {}
        self._names: dict[int, float] = {}

    def _places(self, chosen: Sequence[Term]) -> list[int]:
        return [index for index, term in enumerate(self._asked.terms) if term in chosen]

    def read(self, unit: Unit) -> Relevance:
        """Return how a unit answers the question."""
        own = [holds(term, unit.tokens, unit.named) for term in self._asked.terms]
        if self._named and not all(own):
            own = self._with_names(unit, own)
        context, around = self._shared(unit.context, unit), self._shared(unit.around, unit)
        said = self._shared(unit.before, unit) if unit.before else [0.0] * len(own)
        before = ASKED_BEFORE if unit.replies else BEFORE
        best = [
            max(mine, self._context * above, AROUND * near, before * said_before)
            for mine, above, near, said_before in zip(own, context, around, said, strict=True)
        ]
        names = self._names_of(unit)
        near_names = len(self._asked.entities) > 1 and all(
            max(own[index], context[index], said[index]) >= TRANSLATED for index in self._named
        )
        score = (
            self._share(best, self._all)
            # Names may stand above; what is asked of them belongs into the line.
            + (FOCUS * self._share(own, self._focus) if self._focus and self._asked.entities else 0.0)
            + 0.18 * unit.score
            + 0.15 / (1 + unit.rank)
            + 0.21 * max(0.0, unit.meaning)
            + 0.3 * (names - 1)
            + (TOGETHER if near_names else 0.0)
            + 0.85 * fitness(self._asked, unit)
        )
        return Relevance(
            unit=unit,
            score=score,
            own=self._share(own, self._content),
            linked=self._share(said, self._content),
            covered=self._share(best, self._content),
            focus=self._share(best, self._focus) if self._focus else 1.0,
            names=names,
            head=self._share(best, self._head) if self._head else 1.0,
        )

    def _shared(self, held: frozenset[str], unit: Unit) -> list[float]:
        """Return how far a set of tokens holds each term; the same objects belong to many units."""
        key = (id(held), id(unit.named))
        if key not in self._seen:
            self._seen[key] = [holds(term, held, unit.named) for term in self._asked.terms]
        return self._seen[key]

    def _with_names(self, unit: Unit, own: list[float]) -> list[float]:
        """Return how far a unit holds the terms, with names that stand in a longer one: GPT-3 in mini-GPT-3."""
        form = normalise(unit.text)
        given = " ".join(entity.text.lower() for entity in self._asked.entities if entity.pattern.search(form))
        return [
            TRANSLATED if term.entity and not held and term.text in given else held
            for term, held in zip(self._asked.terms, own, strict=True)
        ]

    def _names_of(self, unit: Unit) -> float:
        asked, key = self._asked.entities, id(unit.named)
        if key not in self._names:
            given = sum(entity.pattern.search(unit.named) is not None for entity in asked)
            self._names[key] = given / len(asked) if asked else 1.0
        return self._names[key]

    def _share(self, held: Sequence[float], chosen: Sequence[int]) -> float:
        """Return the share of the chosen terms' weight that is held."""
        total = sum(self._weights[index] for index in chosen)
        return sum(self._weights[index] * held[index] for index in chosen) / total if total else 0.0


def rank(asked: Asked, units: Sequence[Unit]) -> list[Relevance]:
    """Return units by how well they answer, best first."""
    reader = _Reader(asked)
    found = [reader.read(unit) for unit in units]
    return sorted(found, key=lambda item: (-item.score, item.unit.rank, item.unit.start))


def missing_names(asked: Asked, text: str) -> list[str]:
    """Return the names of a question that a text does not hold."""
    form = normalise(text)
    return [entity.text for entity in asked.entities if not entity.pattern.search(form)]
