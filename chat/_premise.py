"""What a question takes for given, and whether the passages found take it too.

Pure. Owns the comparison of conditions: an amount that the question states, a side that it compares with. Refuses to
correct a question. Invariant: a question that states no condition is borne out by any passage.
"""

import re
from collections.abc import Sequence

from chat._expected import amounts
from chat._intents import Intent
from chat.passages import Unit
from chat.question import Asked
from chat.relevance import holds
from kb.evidence import Number

_WHAT_IT_SUPPORTS = re.compile(r"支持(?:哪|什么)|\b(?:which|what)\b.*\bsupport(?:s|ed)?\b", re.I)
_SUPPORTS = re.compile(
    r"\bsupport|\bcompatib|\bworks? (?:with|on)\b|\bruns? on\b|\bavailable\b|\bbackends?\b|支持|支援|兼容|适配|適配",
    re.I,
)
MUCH = 0.28
"""Share of a question from which on a thing is what is asked of the names."""
HELD = 0.5
"""From which on a passage speaks of a side of a comparison."""


def other_premise(asked: Asked, units: Sequence[Unit], found: Sequence[Unit]) -> str:
    """Return a condition of a question that no unit shares; empty where each is shared.

    Args:
        units: those that give the names of the question, one of which must state its amount.
        found: all, one of which must speak of each side.
    """
    stated = [number for number in amounts(asked.text) if not number.spelled]
    # Several amounts are a configuration, which no text need repeat.
    if asked.entities and len(stated) == 1:
        held = [number for unit in units for text in (unit.text, *unit.path) for number in amounts(text)]
        absent = next((number for number in stated if not any(_same(number, other) for other in held)), None)
        if absent is not None:
            return absent.text.strip()
    if asked.intent == Intent.COMPARISON:
        return next((side for side in asked.sides if not _spoken_of(asked, side, found)), "")
    return ""


def unsupported(asked: Asked, units: Sequence[Unit]) -> str:
    """Return what is to be supported, where a question asks for just that and no unit speaks of support."""
    if not asked.entities or not _WHAT_IT_SUPPORTS.search(asked.text):
        return ""
    return "" if any(_SUPPORTS.search(unit.text) for unit in units) else asked.text


def unspoken(asked: Asked, units: Sequence[Unit]) -> str:
    """Return a thing of the field that is much of what is asked of a name and of which no unit about it speaks."""
    total = sum(term.weight for term in asked.content) or 1.0
    for term in asked.focus if asked.entities else ():
        if (
            term.concept
            and term.weight >= MUCH * total
            and not any(holds(term, unit.tokens | unit.context | unit.before, unit.named) >= HELD for unit in units)
        ):
            return term.text
    return ""


def _same(number: Number, other: Number) -> bool:
    """Tell whether two numbers may be one: 4T tokens are written 4T of data, too."""
    return number.equals(other) or number.value == other.value


def _spoken_of(asked: Asked, side: str, units: Sequence[Unit]) -> bool:
    low = side.lower()
    terms = [term for term in asked.terms if not term.generic and term.text in low]
    return not terms or any(
        all(holds(term, unit.tokens | unit.context | unit.before, unit.named) > HELD for term in terms)
        for unit in units
    )
