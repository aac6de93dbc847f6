"""How much a passage, and a sentence of it, has to do with a question.

Pure. Owns the scores by which sentences are chosen and questions declined; every constant was measured on
`benchmarks chat`. Refuses to read anything into a passage: only its words, their known translations, the
names that it gives and the cosine of its vector count.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chat._intents import Intent
from chat.passages import Unit
from chat.question import Asked, Term
from kb.evidence import numbers_in
from kb.text import fold_space, normalise

TRANSLATED = 0.9
"""What a term counts where a translation or variant of it stands in its place."""
CONTEXT, AROUND = 0.7, 0.35
"""What a term counts that stands in the breadcrumb, or elsewhere in the hit."""
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
    own = [holds(term, unit.tokens, unit.named) for term in asked.terms]
    best = [
        max(mine, CONTEXT * holds(term, unit.context, unit.named), AROUND * holds(term, unit.around, unit.named))
        for mine, term in zip(own, asked.terms, strict=True)
    ]
    content, focus = asked.content, asked.focus
    covered = _share(asked.terms, best, content)
    names = 1 - len(missing_names(asked, unit.named)) / len(asked.entities) if asked.entities else 1.0
    score = (
        _share(asked.terms, best, asked.terms)
        + 0.25 * _share(asked.terms, own, asked.terms)
        + 0.12 * unit.score
        + 0.35 * max(0.0, unit.meaning)
        + 0.4 * (names - 1)
        + fitness(asked.intent, unit, asked)
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


_DEFINES = re.compile(
    r"\b(?:is|are|means?|denotes?|refers? to|stands? for|called|defined as|known as)\b|[:：=]|是|指|即|称为"
    r"|叫做|意味着"
)
_CAUSE = re.compile(
    r"\b(?:because|since|so that|so|hence|therefore|thus|due to|as a result|which is why|in order to|cause[sd]?"
    r"|lets?|allows?|"
    r"the reason)\b|因为|由于|所以|因此|从而|导致|以便|否则|原因|就会|才能|使得?",
    re.I,
)
_MEANS = re.compile(
    r"\b(?:by|using|through|with|via|first|then|each|split|divid\w*|instead)\b|通过|先|再|用|把|将|按|每|首先|然后",
    re.I,
)
_CONTRAST = re.compile(
    r"\b(?:than|while|whereas|instead|unlike|versus|vs|but|both|compared|against|only)\b|相比|而|但|不同|比|却"
    r"|都",
    re.I,
)
_JUDGES = re.compile(
    r"(?:very |really |quite )?(?:good|useful|interesting|helpful|nice)\b|(?:很|非常|十分)?(?:好|有用|有趣|不错"
    r"|推荐)",
    re.I,
)
_TIME = re.compile(r"\b(?:19|20)\d\d\b")


def fitness(intent: Intent, unit: Unit, asked: Asked) -> float:
    """Return a bonus for a unit that is of the kind asked for, a malus for one that only names things."""
    text = fold_space(unit.text)
    bonus = 0.0
    if unit.heading and intent not in (Intent.PAPERS, Intent.PERSON):
        bonus -= 0.3
    if text.endswith(("?", "？")) or ("question" in unit.labels and text.lower().startswith("question")):
        bonus -= 0.25
    if unit.labels and _JUDGES.match(text):
        bonus -= 0.25
    if intent == Intent.PERSON and unit.heading and " - " in text:
        bonus += 0.2
    if len(text) < 25 and text.isascii():
        bonus -= 0.08
    if intent == Intent.QUANTITY:
        found = [number for number in numbers_in(text) if not number.spelled]
        bonus += 0.14 if found else -0.1
    elif intent == Intent.DEFINITION:
        bonus += 0.1 if _DEFINES.search(text) else 0.0
        bonus += 0.1 if _leads(asked, text) else 0.0
    elif intent == Intent.REASON:
        bonus += 0.1 if _CAUSE.search(text) else 0.0
    elif intent == Intent.MANNER:
        bonus += 0.06 if _MEANS.search(text) or _CAUSE.search(text) else 0.0
    elif intent == Intent.COMPARISON:
        bonus += 0.06 if _CONTRAST.search(text) else 0.0
    elif intent == Intent.TIME:
        bonus += 0.14 if _TIME.search(text) else -0.06
    return bonus


def _leads(asked: Asked, text: str) -> bool:
    """Tell whether a sentence begins with what the question asks about."""
    start = normalise(text)[:60]
    subject = [term for term in asked.terms if not term.generic]
    heaviest = max(subject, key=lambda term: term.weight, default=None)
    return heaviest is not None and heaviest.text[:24] in start


def rank(asked: Asked, units: Sequence[Unit]) -> list[Relevance]:
    """Return units by how well they answer, best first."""
    found = [relevance(asked, unit) for unit in units]
    return sorted(found, key=lambda item: (-item.score, item.unit.rank, item.unit.start))


def missing_names(asked: Asked, text: str) -> list[str]:
    """Return the names of a question that a text does not hold."""
    form = normalise(text)
    return [entity.text for entity in asked.entities if not entity.pattern.search(form)]
