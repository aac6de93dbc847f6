"""What a question takes for given, and whether the passages found take it too.

Pure. Owns the comparison of conditions: an amount that the question states, a side that it compares with. Refuses to
correct a question. Invariant: a question that states no condition is borne out by any passage.
"""

from collections.abc import Sequence

from chat._expected import amounts
from chat._intents import Intent
from chat.passages import Unit
from chat.question import Asked
from chat.relevance import holds
from kb.evidence import Number

HELD = 0.5
"""From which on a passage speaks of a side of a comparison."""


def other_premise(asked: Asked, units: Sequence[Unit]) -> str:
    """Return a condition of a question that none of the units about its names shares; empty where all are."""
    if asked.entities:
        stated = [number for number in amounts(asked.text) if not number.spelled]
        held = [number for unit in units for text in (unit.text, *unit.path) for number in amounts(text)]
        absent = next((number for number in stated if not any(_same(number, other) for other in held)), None)
        if absent is not None:
            return absent.text.strip()
    if asked.intent == Intent.COMPARISON:
        return next((side for side in asked.sides if not _spoken_of(asked, side, units)), "")
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
