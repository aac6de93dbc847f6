"""Configurations found in a text, as links that open a calculator filled in.

Pure. Owns the choice of which suggestions are worth a link. Refuses suggestions that the calculator itself
refuses. Invariant: a link carries what the text says and nothing else.
"""

import re

from calculators import CalculatorError, Suggestion, discover, run, suggest
from ui.calculator_result import figure, unit_words
from ui.calculator_state import opened_with
from ui.render import esc, link

_BOUNDARY = re.compile(r"\n|(?<=[.!?;])\s+|(?<=[。！？；])")
MOST = 4
MOST_LETTERS = 4000
MOST_MISSING = 1


def suggestions_of(text: str) -> list[Suggestion]:
    """Return the calculators that a passage configures, best first, each once.

    Each sentence speaks for itself: numbers of two would make a setting that nobody wrote. Left out: what its
    inputs break, what rests on one number alone, and what asks for more than one further field.
    """
    found: dict[str, Suggestion] = {}
    made = (item for sentence in _BOUNDARY.split(text[:MOST_LETTERS]) for item in suggest(sentence))
    for item in sorted(made, key=lambda item: -item.score):
        if not item.problem and len(item.inputs) > 1 and len(item.missing) <= MOST_MISSING:
            found.setdefault(item.calculator, item)
    return list(found.values())[:MOST]


def calculator_links(text: str) -> str:
    """Return quiet links for the configurations in a passage, as HTML; empty where it holds none."""
    items = [_link(item) for item in suggestions_of(text)]
    lead = '<span class="al-dim">Worked out from this passage:</span>'
    return f'<div class="al-acts">{lead}{"".join(items)}</div>' if items else ""


def _link(item: Suggestion) -> str:
    calculator = discover()[item.calculator]
    given = ", ".join(f"{name} {figure(value)}" for name, value in item.inputs.items() if not isinstance(value, dict))
    words = f"{calculator.title}: {_value(item)}" if _value(item) else calculator.title
    address = opened_with(item.calculator, item.inputs, item.output)
    return link(address, f'<span title="{esc(given)}">{esc(words)}</span>', kind="al-act")


def _value(item: Suggestion) -> str:
    """Return the answer, or what is still to be filled in."""
    if item.missing:
        return f"asks for {', '.join(item.missing)}"
    try:
        estimate = run(item.calculator, item.inputs, item.output)
    except CalculatorError:
        return ""
    output = discover()[item.calculator].output(estimate.output)
    if isinstance(estimate.value, list) or output is None:
        return ""
    shown = next((quantity for quantity in estimate.quantities if quantity.unit == "GiB"), estimate.quantities[0])
    return f"{output.title} {figure(shown.value, 4)} {unit_words(shown.unit)}".rstrip()
