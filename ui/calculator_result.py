"""What a calculator answers: the number, its formula with the numbers filled in, its parts, its sources.

Owns the writing of numbers for readers and the page's result. Invariant: a number of bytes is shown in
GB and in GiB, and every number has its unit beside it.
"""

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from calculators import Calculator, Estimate, Quantity, Reference, Trap
from ui.calculator_charts import parts_chart
from ui.calculator_state import opened_with
from ui.render import act, esc, heading, outside
from ui.theme import is_dark

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LIST_ITEMS = 64
MOST_TRAPS = 3
"""Traps in the open; the others are folded."""


def figure(value: Any, digits: int = 5) -> str:
    """Write a number for readers: 171.8, 51,539,607,552, 3.143 × 10²³; a list item by item."""
    if isinstance(value, list):
        shown = ", ".join(figure(item, digits) for item in value[:_LIST_ITEMS])
        return f"{shown}{', …' if len(value) > _LIST_ITEMS else ''}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return "beyond any number"
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa} × 10{str(int(power)).translate(_SUPERSCRIPTS)}"
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_words(unit: str) -> str:
    """Return a unit as it stands behind a number; a plain ratio has none."""
    return "" if unit in ("1", "list") else unit


def amount(quantity: Quantity) -> str:
    """Write a quantity; bytes in GB and GiB, or smaller units where those would vanish."""
    if quantity.unit != "B" or isinstance(quantity.value, list):
        return f"{figure(quantity.value)} {unit_words(quantity.unit)}".rstrip()
    return bytes_words(quantity.value)


def bytes_words(value: float) -> str:
    """Write bytes in a decimal and a binary unit of like size."""
    for power, (decimal, binary) in ((4, ("TB", "TiB")), (3, ("GB", "GiB")), (2, ("MB", "MiB")), (1, ("KB", "KiB"))):
        if abs(value) >= 1000**power:
            return f"{figure(value / 1000**power, 4)} {decimal} · {figure(value / 1024**power, 4)} {binary}"
    return f"{figure(value, 4)} B"


def number_html(quantities: Sequence[Quantity], title: str) -> str:
    """Return the big number with its unit, other units beside it."""
    first, *others = quantities
    beside = "".join(f"<span>= {esc(figure(item.value))} {esc(item.unit)}</span>" for item in others)
    many = " al-many" if isinstance(first.value, list) else ""
    return (
        f'<div class="al-answer"><div class="al-asked">{esc(title)}</div>'
        f'<div class="al-number{many}"><b>{esc(figure(first.value))}</b> <i>{esc(unit_words(first.unit))}</i></div>'
        f'<div class="al-beside">{beside}</div></div>'
    )


def answer(calculator: Calculator, estimate: Estimate) -> None:
    """Show the number, and what is doubtful about fields that were not given."""
    output = calculator.output(estimate.output)
    stray = [item for item in estimate.warnings if item.field not in estimate.inputs]
    words = "".join(f'<p class="al-remark al-warn"><b>{esc(w.field)}</b>: {esc(w.message)}</p>' for w in stray)
    st.html(number_html(estimate.quantities, output.title if output else estimate.output) + words)


def working(estimate: Estimate, parts_too: bool = True) -> None:
    """Show how an estimate came about: formula, parts, assumptions."""
    formula(estimate)
    if parts_too:
        parts(estimate.breakdown)
    if estimate.assumptions:
        items = "".join(f"<li>{esc(words)}</li>" for words in estimate.assumptions)
        st.html(f'{heading("Assumes")}<ul class="al-list">{items}</ul>')


def formula(estimate: Estimate) -> None:
    """Show the formula set, then with the fields' names and the numbers filled in."""
    with st.container(key="al_formula"):
        st.latex(estimate.latex)
    st.html(
        f'<div class="al-plain"><code>{esc(estimate.formula)}</code><code>{esc(estimate.substitution)}</code></div>'
    )


def parts(breakdown: Sequence[Quantity]) -> None:
    """Show what a value is made of: a table, and a chart of the parts that share a unit."""
    if not breakdown:
        return
    rows = "".join(
        f'<tr><th scope="row">{esc(item.name)}</th><td class="al-num">{esc(amount(item))}</td></tr>'
        for item in breakdown
    )
    st.html(f'{heading("Parts")}<table class="al-figures al-parts">{rows}</table>')
    groups = alike(breakdown)
    for group in groups:
        st.altair_chart(
            parts_chart([(item.name, item.value, amount(item)) for item in group], is_dark()), alt="The parts as bars"
        )


def alike(breakdown: Sequence[Quantity]) -> list[list[Quantity]]:
    """Return the parts that can be compared: three or more numbers of one unit."""
    found: dict[str, list[Quantity]] = {}
    for item in breakdown:
        if isinstance(item.value, int | float) and not isinstance(item.value, bool):
            found.setdefault(item.unit, []).append(item)
    return [group for group in found.values() if len(group) > 2]


def sources_html(references: Sequence[Reference], held: dict[str, str] | None = None) -> str:
    """Return the sources with links; `held` has the library's own address of a work."""
    rows = []
    for item in dict.fromkeys(references):
        section = f' <span class="al-dim">{esc(item.section)}</span>' if item.section else ""
        own = (held or {}).get(item.doc_id, "")
        extra = f' <span class="al-also">{act(own, "in your library")}</span>' if own else ""
        rows.append(f"<li>{outside(item.url, item.work)}{section}{extra}</li>")
    return f'{heading("Sources")}<div class="al-refs"><ul>{"".join(rows)}</ul></div>'


def traps_html(name: str, traps: Sequence[Trap]) -> str:
    """Return the numbers in print that do not reproduce, each with what comes out and why."""
    if not traps:
        return ""
    first, rest = traps[:MOST_TRAPS], traps[MOST_TRAPS:]
    more = "".join(_trap(name, trap) for trap in rest)
    fold = f'<details class="al-toc"><summary>{len(rest)} more</summary>{more}</details>' if rest else ""
    return heading("Traps", len(traps)) + "".join(_trap(name, trap) for trap in first) + fold


def _trap(name: str, trap: Trap) -> str:
    case = trap.case
    again = act(opened_with(name, case.inputs, case.output, case.unit), "Work it out") if case else ""
    source = f"<span>{esc(trap.source)}</span>" if trap.source else ""
    return (
        f'<div class="al-trap"><p class="al-claim">{esc(trap.claim)}</p>'
        f'<p class="al-outcome-of">{esc(trap.outcome)}</p>'
        f'<p class="al-meta"><span>{esc(trap.cause)}</span>{source}{again and f"<span>{again}</span>"}</p></div>'
    )
