"""Two settings beside one another: both numbers, their difference, their parts."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from calculators import Calculator, Estimate, Quantity
from ui.calculator_form import current, go
from ui.calculator_result import amount, figure, number_html, unit_words
from ui.calculator_state import CalculatorState
from ui.render import esc, heading


def compare_switch(state: CalculatorState) -> None:
    """Show the switch that opens a second setting, a copy of the first."""
    key = f"calc_compare_{state.name}"
    on = state.second is not None
    if st.session_state.get(key) != on:
        st.session_state[key] = on
    st.toggle("Compare with a second setting", key=key, on_change=_switch, args=(key,))


def _switch(key: str) -> None:
    state = current()
    go(replace(state, second=dict(state.first) if st.session_state[key] else None))


def both(calculator: Calculator, first: Estimate | None, second: Estimate | None) -> None:
    """Show both numbers and what lies between them."""
    left, right = st.columns(2, gap="medium")
    for column, name, estimate in ((left, "A", first), (right, "B", second)):
        if estimate is not None:
            output = calculator.output(estimate.output)
            title = f"{name}: {output.title if output else estimate.output}"
            column.html(number_html(estimate.quantities, title))
    if first is None or second is None:
        return
    words = difference_html(first, second) + _parts(first.breakdown, second.breakdown)
    if words:
        st.html(words)


def difference_html(first: Estimate, second: Estimate) -> str:
    """Return by how much, and how many times, B differs from A."""
    a, b = first.value, second.value
    if isinstance(a, list) or isinstance(b, list):
        return ""
    unit = unit_words(first.unit)
    sign = "+" if b > a else "−" if b < a else "±"
    words = f"B − A = {sign}{figure(abs(b - a))} {unit}".rstrip()
    ratio = f"<span>B / A = {esc(figure(b / a, 4))}</span>" if a else ""
    return f'<div class="al-difference"><span>{esc(words)}</span>{ratio}</div>'


def _parts(first: Sequence[Quantity], second: Sequence[Quantity]) -> str:
    """Return a table of the parts of both."""
    a, b = ({item.name: amount(item) for item in side} for side in (first, second))
    names = list(dict.fromkeys([*a, *b]))
    if not names:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{esc(name)}</th><td class="al-num">{esc(a.get(name, "–"))}</td>'
        f'<td class="al-num">{esc(b.get(name, "–"))}</td></tr>'
        for name in names
    )
    head = '<tr><th></th><td class="al-num">A</td><td class="al-num">B</td></tr>'
    return f'{heading("Parts")}<div class="al-wide"><table class="al-figures al-parts">{head}{rows}</table></div>'
