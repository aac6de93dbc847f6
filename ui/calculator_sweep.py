"""A sweep: one input varied over a range, everything else as it stands in the form.

Owns the choice of points and their evaluation. Refuses nothing: points that the calculator refuses are
counted and left out. Invariant: a sweep takes at most `BUDGET` seconds, and what was not reached is said.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from calculators import CalculatorError, run
from ui.calculator_charts import sweep_chart
from ui.calculator_fields import Field, number_of, text_of
from ui.calculator_form import current, go
from ui.calculator_result import figure, unit_words
from ui.calculator_state import CalculatorState
from ui.render import esc, note
from ui.theme import is_dark

POINTS = 41
BUDGET = 2.0
MOST_STEP = 512
MOST = 1e30
"""No sweep goes further."""
WIDE = 20.0
"""From this ratio of ends on an axis is logarithmic."""


@dataclass(frozen=True)
class Sweep:
    """The points of one setting, and why others are missing."""

    points: tuple[tuple[float, float], ...]
    refused: int = 0
    reason: str = ""
    left: int = 0
    """Points that time did not allow."""


def sweepable(state: CalculatorState) -> tuple[Field, ...]:
    """Return the fields that can be varied: single numbers."""
    return tuple(item for item in state.fields() if item.numeric and "." not in item.name)


def default_range(item: Field, value: float | None) -> tuple[float, float]:
    """Return a range about a value: an eighth to eight times, within the field's own limits."""
    least = item.least if item.least is not None else -math.inf
    most = item.most if item.most is not None else math.inf
    if value is None or value == 0:
        value = float(item.default or 1) or 1.0
    low, high = sorted((value / 8, value * 8))
    if most < math.inf:
        low, high = max(least, min(low, most / 50)), most
    if item.sort == "integer":
        low, high = float(max(math.ceil(low), least)), float(max(math.ceil(high), 2))
    return (low if low > least or (low == least and not item.open_least) else value / 8), min(high, most)


def grid(low: float, high: float, integer: bool) -> list[float]:
    """Return the points between two ends, in even ratios where the range is wide; integers take powers of two in."""
    if not low < high:
        return [low]
    if low > 0 and high / low >= WIDE:
        found = [low * (high / low) ** (step / (POINTS - 1)) for step in range(POINTS)]
    else:
        found = [low + (high - low) * step / (POINTS - 1) for step in range(POINTS)]
    found[-1] = high
    if not integer:
        return [float(f"{value:.6g}") for value in found]
    whole = {round(value) for value in found}
    if low > 0 and high / low >= WIDE:
        powers = {2**power for power in range(64) if low <= 2**power <= high}
        whole |= powers | {3 * power for power in powers if 3 * power <= high}
    return sorted(float(value) for value in whole)


def with_multiples(at: list[float], step: int, low: float, high: float) -> list[float]:
    """Return only multiples of a step between two ends; the points as they are for a step of 1."""
    if step <= 1:
        return at
    first, last = max(1, math.ceil(low / step)), math.floor(high / step)
    if last - first < POINTS:
        return [float(step * number) for number in range(first, last + 1)]
    return sorted({float(step * round(number)) for number in grid(first, last, integer=True)})


def step_of(state: CalculatorState, item: Field, here: int) -> int:
    """Return the least divisor of a field's value whose addition is valid too: layers must divide by stages."""
    inputs = state.inputs()
    for step in (number for number in range(1, min(here, MOST_STEP) + 1) if here % number == 0):
        try:
            run(state.name, {**inputs, item.name: here + step}, state.output)
        except CalculatorError:
            continue
        return step
    return 1


def sweep(name: str, inputs: Mapping[str, Any], output: str, unit: str, item: Field, at: list[float]) -> Sweep:
    """Evaluate a calculator at the points of one field."""
    points, refused, reason = [], 0, ""
    end = time.monotonic() + BUDGET
    for number, value in enumerate(at):
        if time.monotonic() > end:
            return Sweep(tuple(points), refused, reason, len(at) - number)
        given = int(value) if item.sort == "integer" else value
        try:
            found = run(name, {**inputs, item.name: given}, output, unit).value
        except CalculatorError as error:
            refused, reason = refused + 1, reason or error.message
            continue
        if isinstance(found, int | float) and math.isfinite(found):
            points.append((value, float(found)))
    return Sweep(tuple(points), refused, reason)


@st.cache_data(show_spinner=False, max_entries=200)
def _swept(name: str, inputs: dict[str, Any], output: str, unit: str, item: Field, at: list[float]) -> Sweep:
    return sweep(name, inputs, output, unit, item, at)


def sweep_section(state: CalculatorState) -> None:
    """Show the choice of an input to vary, and the plot."""
    fields = {item.name: item for item in sweepable(state)}
    if not fields:
        return
    chosen = state.own.get("sweep", "")
    key = f"calc_sweep_{state.name}"
    _set(key, chosen if chosen in fields else "")
    left, low, high = st.columns([2, 1, 1], vertical_alignment="bottom")
    options = ["", *fields]
    left.selectbox(
        "Vary one input",
        options,
        key=key,
        format_func=lambda name: name or "none",
        on_change=_vary,
        args=(key,),
        help="The other inputs stay as they are above.",
    )
    if chosen not in fields:
        return
    item = fields[chosen]
    value = number_of(state.first.get(chosen, ""), item.unit)
    typed = (number_of(state.own.get(name, ""), item.unit) for name in ("from", "to"))
    ends = [
        float(standing if given is None else given)
        for given, standing in zip(typed, default_range(item, value), strict=True)
    ]
    for column, name, end in ((low, "from", ends[0]), (high, "to", ends[1])):
        place = f"calc_sweep_{name}_{state.name}_{chosen}"
        _set(place, state.own.get(name, "") or text_of(end))
        column.text_input(name.capitalize(), key=place, on_change=_bounded, args=(name, place))
    first, last = sorted(min(max(end, -MOST), MOST) for end in ends)
    _plot(state, item, first, last, value)


def _plot(state: CalculatorState, item: Field, low: float, high: float, here: float | None) -> None:
    at = grid(low, high, item.sort == "integer")
    if item.sort == "integer" and here is not None and here == int(here):
        at = with_multiples(at, step_of(state, item, int(here)), low, high)
    rows, words = [], []
    for side in ("a", "b") if state.second is not None else ("a",):
        found = _swept(state.name, state.inputs(side), state.output, state.unit, item, at)
        rows += [
            {"x": x, "y": y, "setting": side.upper(), "at": figure(x), "shown": f"{figure(y)} {unit_words(state.unit)}"}
            for x, y in found.points
        ]
        if found.refused and found.reason:
            words.append(f"{found.refused} of {len(at)} points are not valid, such as: {found.reason}")
        if found.left:
            words.append(f"{found.left} points were left out to stay quick")
    if len(rows) > 1:
        ys = [row["y"] for row in rows]
        logs = (low > 0 and high / low >= WIDE, min(ys) > 0 and max(ys) / min(ys) >= 100)
        inside = here if here is not None and low <= here <= high else None
        output = state.calculator.output(state.output)
        title = f"{output.title if output else state.output}{f' ({state.unit})' if unit_words(state.unit) else ''}"
        unit = f" ({item.unit})" if item.unit not in ("", item.name) else ""
        st.altair_chart(
            sweep_chart(rows, (f"{item.name}{unit}", title), logs, inside, is_dark()), alt=f"{title} over {item.name}"
        )
    else:
        words.append("Fewer than two points can be worked out here.")
    if words:
        st.html("".join(note(esc(line)) for line in words))


def _set(key: str, value: str) -> None:
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _vary(key: str) -> None:
    go(current().with_own(**{"sweep": str(st.session_state[key]), "from": "", "to": ""}))


def _bounded(name: str, key: str) -> None:
    go(current().with_own(**{name: str(st.session_state[key])}))
