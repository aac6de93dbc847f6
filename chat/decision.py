"""Whether the library answers a question, by what its best passages hold of it.

Pure. Owns the threshold. Refuses to answer from resemblance: a passage that lacks the name asked about, or what is
asked of it, counts for little however near its vector is. The weights are those of a logistic regression over the
development half of the golden set, over questions to libraries that do not hold their subject, and over questions whose
answer was taken out; `python -m benchmarks chat` prints the error rates on the half that was not used.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chat._expected import defines, states_amount, units_asked_for
from chat._expected import measured as measured_of
from chat._fitness import counted, leads
from chat._intents import Intent, head_of
from chat._premise import other_premise, unspoken, unsupported
from chat.passages import Unit
from chat.question import Asked, Term
from chat.relevance import Relevance, holds
from kb.text import STOPWORDS, fold_space, language_of, normalise, tokens
from kb.types import Kind

THRESHOLD = 0.52
DEPTH = 8
"""Best units that are looked at."""
WEIGHTS = {"joint": 4.5, "names": 3.0, "head": 1.1, "meaning": 10.8}
BIAS = -10.0
UNKNOWN = 0.6
"""Share of a question that no passage of the library holds, from which on it is about something else."""
CENTRAL = 0.4
"""Share of a question from which on a thing of the field that the library never mentions is its subject."""
WITHIN = 12
"""Best units about the names that may state what is asked of them."""
HALF = 0.5
ASIDE = 0.22
"""Share of a question under which what is asked of its names says little."""
PARTLY_JOINT = 0.45
"""Share of what is asked under which a thing of the field that no passage about the names speaks of is missed."""
MOSTLY = 0.6
"""Share of a question that one line holds by itself, from which on it is about it whatever is asked besides."""
PLAIN = 0.9
"""Share of what is asked that one line holds together with the names, from which on it may be further away."""
FAR_AND_PLAIN = 0.2
_COUNTS = re.compile(r"\bhow many\b|(?:多少|几)[个张块条种层项篇位名次]", re.I)
_COUNTED = re.compile(r"\bhow many ([\w-]+)", re.I)
ENOUGH = 3
"""Units in the question's own language from which on a thing to be counted must stand in one of them."""
_AUTHORS = re.compile(
    r"\b(?:authors?|wrote|written by|who (?:invented|proposed|introduced))\b|作者|谁(?:发明|提出)", re.I
)
_MADE = re.compile(
    r"\b(?:publish|releas|announc|launch|found|invent|creat|born|introduc|propos|appear|start|come out|came out)\w*"
    r"|发表|发布|出版|推出|公布|成立|创立|发明|提出|问世|诞生",
    re.I,
)
_DATE = re.compile(
    r"\b(?:1[89]|20)\d\d\b|\d{1,2}\s?月|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d", re.I
)
_SUPPORTS = re.compile(r"^(?:does|do|can|is|are)\b.*\b(?:support|handle|run on|work with|compatible)|支持.*吗", re.I)
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
    unstated: str = ""
    """What is asked of what the passages speak of, where none states it: an amount, a measure, a thing supported."""

    @property
    def answers(self) -> bool:
        """Whether to answer."""
        about = self.features["joint"] > 0 or self.features["own"] >= MOSTLY
        far = FAR_AND_PLAIN if self.features["joint"] >= PLAIN else FAR
        near = self.features["meaning"] >= far
        return about and near and self.confidence >= THRESHOLD and not self.absent and not self.unstated


def decide(asked: Asked, ranked: Sequence[Relevance], *, measured: bool = True) -> Decision:
    """Return how sure it is that the best of the ranked units answer the question.

    Args:
        measured: whether cosines are those of the embedder that the weights were found with; of another one they
            mean something else, and stay out.
    """
    found = features(asked, ranked, measured=measured)
    value = BIAS + sum(weight * found[name] for name, weight in WEIGHTS.items())
    sure = 1 / (1 + math.exp(-value)) if ranked else 0.0
    return Decision(sure, found, tuple(_absent(asked, ranked)), _unstated(asked, ranked, found["joint"]))


def _absent(asked: Asked, ranked: Sequence[Relevance]) -> Iterator[str]:
    """Yield what nothing can answer without: names, and things of the field that are most of the question."""
    texts = list(dict.fromkeys(item.unit.named for item in ranked))
    for entity in asked.entities:
        # A size such as 70B may be written in many ways.
        if not entity.text[0].isdigit() and not any(entity.pattern.search(text) for text in texts):
            yield entity.text
    total = sum(term.weight for term in asked.content) or 1.0
    given = " ".join(e.text.lower() for e in asked.entities if any(e.pattern.search(text) for text in texts))
    # A name may stand in a longer one, which no count of words sees.
    unknown = [term for term in asked.unknown if not (term.entity and term.text in given)]
    if sum(term.weight for term in unknown) / total > UNKNOWN:
        yield from (term.text for term in unknown)
        return
    for term in unknown:
        known = term.concept or (len(term.text) > 2 and not term.text.isascii())
        if known and not term.entity and term.weight / total >= CENTRAL:
            yield term.text


def _unstated(asked: Asked, ranked: Sequence[Relevance], joint: float) -> str:
    """Return what the passages about the names do not state although the question asks for just that."""
    best = max((item.names for item in ranked[:DEPTH]), default=1.0)
    about = [item for item in ranked if item.names >= best][:WITHIN]
    units = units_asked_for(asked.text)
    counts = asked.intent == Intent.QUANTITY or any(measured_of(term.text) for term in asked.head)
    if asked.intent == Intent.DEFINITION and max((item.covered for item in ranked[:DEPTH]), default=0.0) < HALF:
        return asked.text
    if asked.intent == Intent.TIME and _MADE.search(asked.text) and not any(_dated(asked, item) for item in about):
        return "date"
    if asked.intent == Intent.DEFINITION and _in_passing(asked, about):
        return asked.text
    if asked.intent in (Intent.MANNER, Intent.REASON) and _only_named(asked, about):
        return asked.text
    if not asked.sides and best < 1 and not _known_kinds(asked):
        return ", ".join(entity.text for entity in asked.entities)
    named = [item.unit for item in ranked if item.names >= best]
    elsewhere = other_premise(asked, named, [item.unit for item in ranked]) or unsupported(asked, named)
    if joint < PARTLY_JOINT and not elsewhere and not units:
        elsewhere = unspoken(asked, named)
    if elsewhere:
        return elsewhere
    if _AUTHORS.search(asked.text) and not any(_bylined(asked, item) for item in about):
        return "author"
    if units and counts and not any(_amounts(asked, item) for item in about):
        return ", ".join(sorted(units))
    if not units and _COUNTS.search(asked.text):
        same = [item for item in about if language_of(item.unit.text) == asked.language]
        if len(same) >= ENOUGH and not any(_tells_number(asked, item) for item in same):
            return head_of(asked.text)
    wanted = [term for term in asked.head if measured_of(term.text)]
    if _SUPPORTS.search(asked.text):
        wanted += asked.focus
    return next((term.text for term in wanted if not any(_held(term, item) for item in about)), "")


def _known_kinds(asked: Asked) -> bool:
    """Tell whether a name is that of a kind of thing, such as GPUs: of those a text may speak by another word."""
    return any(term.entity and term.concept for term in asked.terms)


def _only_named(asked: Asked, about: Sequence[Relevance]) -> bool:
    """Tell whether the lines that give the names hold nothing at all of what is asked of them."""
    if not asked.entities or not asked.focus:
        return False
    named = [item for item in about if all(e.pattern.search(_place(item.unit)) for e in asked.entities)]
    return bool(named) and not any(
        holds(term, item.unit.tokens | item.unit.before | item.unit.context) for item in named for term in asked.focus
    )


def _place(unit: Unit) -> str:
    return normalise("\n".join((unit.document.title, *unit.path, unit.text)))


def _titled(asked: Asked, unit: Unit) -> bool:
    """Tell whether a unit is of the very work that a question names."""
    title = normalise(unit.document.title)
    return bool(asked.entities) and all(entity.pattern.search(title) for entity in asked.entities)


def _dated(asked: Asked, item: Relevance) -> bool:
    """Tell whether a unit, or the record of the work that the question names, states a date."""
    unit = item.unit
    return _DATE.search(unit.text) is not None or (bool(unit.document.published) and _titled(asked, unit))


def _in_passing(asked: Asked, about: Sequence[Relevance]) -> bool:
    """Tell whether prose only mentions, once, what is to be defined."""
    told = [item for item in about if item.own >= PLAIN]
    if len(told) != 1 or told[0].unit.document.kind in (Kind.NOTES, Kind.ARXIV) or told[0].unit.heading:
        return False
    text = fold_space(normalise(told[0].unit.text))
    return not defines(asked, text) and not leads(asked, text)


def _bylined(asked: Asked, item: Relevance) -> bool:
    """Tell whether a work's author is known: by its record, its line in an outline, or a sentence that says so."""
    unit = item.unit
    listed = " - " in unit.text and unit.document.kind == Kind.NOTES
    recorded = bool(unit.document.authors) and _titled(asked, unit)
    return listed or recorded or _AUTHORS.search(unit.text) is not None


def _amounts(asked: Asked, item: Relevance) -> bool:
    return states_amount(asked.text, item.unit.text) or counted(asked, item.unit)


def _tells_number(asked: Asked, item: Relevance) -> bool:
    """Tell whether a unit has a number, and near it what is to be counted."""
    after = _COUNTED.search(asked.text)
    head = [token for token in tokens(head_of(asked.text) or (after[1] if after else "")) if token not in STOPWORDS]
    if not head:
        return True
    near = item.unit.tokens | item.unit.before | item.unit.context
    said = head[-1] in near or any(_held(term, item) for term in asked.head)
    return said and any(char.isdigit() for char in item.unit.text)


def _held(term: Term, item: Relevance) -> bool:
    unit = item.unit
    kind = frozenset(tokens(measured_of(term.text)))
    return any(
        holds(term, held, unit.named) >= HALF or (kind and kind <= held)
        for held in (unit.tokens, unit.before, unit.context)
    )


def features(asked: Asked, ranked: Sequence[Relevance], *, measured: bool = True) -> dict[str, float]:
    """Return what a decision rests on.

    `joint`: the most that one unit holds of what is asked, together with the names; `head`: the same of what is to be
    named or counted; `meaning`: the nearest passage's cosine, where the embedder is the one that was measured;
    `own`: the most that one unit holds of everything by itself.
    """
    top = ranked[:DEPTH]
    if not top:
        return {"joint": 0.0, "names": 0.0, "head": 0.0, "meaning": 0.0, "own": 0.0}
    # Each side of a comparison may stand in a passage of its own.
    together = _names_together(asked, top) if asked.sides else 0.0
    meaning = max(item.unit.meaning for item in ranked)
    # What is hardly any of the question cannot be missed.
    total, focus = (sum(term.weight for term in terms) for terms in (asked.content, asked.focus))
    aside = 1.0 if asked.entities and not asked.head and focus < ASIDE * total else 0.0
    return {
        "joint": max(max(item.names, together) * max(item.focus, aside * item.covered) for item in top),
        "names": max(together, *(item.names for item in top)),
        "head": max(item.head * max(item.names, together) for item in top),
        "meaning": meaning if measured and meaning > 0 else BLIND_MEANING,
        "own": max(item.own * max(item.names, together) for item in top),
    }


def _names_together(asked: Asked, top: Sequence[Relevance]) -> float:
    if not asked.entities:
        return 1.0
    held = sum(any(entity.pattern.search(item.unit.named) for item in top) for entity in asked.entities)
    return held / len(asked.entities)
