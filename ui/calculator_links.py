"""Configurations found in a text, as links that open a calculator filled in.

Pure. Owns the choice of which suggestions are worth a link. Refuses suggestions that the calculator itself
refuses. Invariant: a link carries what the text says and nothing else.
"""

from calculators import CalculatorError, discover, run
from calculators._configuration import Suggestion, suggest
from ui.calculator_result import figure, unit_words
from ui.calculator_state import opened_with
from ui.render import esc, link

MOST = 4
MOST_LETTERS = 4000


def suggestions_of(text: str) -> list[Suggestion]:
    """Return the calculators that a passage is about, best first, each once, none that its inputs break."""
    found: dict[str, Suggestion] = {}
    for item in suggest(text[:MOST_LETTERS]):
        if not item.problem and item.inputs:
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
    words = f"{calculator.title}{_value(item)}"
    address = opened_with(item.calculator, item.inputs, item.output)
    return link(address, f'<span title="{esc(given)}">{esc(words)}</span>', kind="al-act")


def _value(item: Suggestion) -> str:
    """Return the answer, or what is still to be filled in."""
    if item.missing:
        return f": asks for {', '.join(item.missing[:3])}"
    try:
        estimate = run(item.calculator, item.inputs, item.output)
    except CalculatorError:
        return ""
    if isinstance(estimate.value, list):
        return ""
    shown = estimate.quantities[-1]
    return f": {figure(shown.value, 4)} {unit_words(shown.unit)}".rstrip()
