"""The picture of a pipeline schedule, and of a second one above the same axis of time.

Owns which schedules are drawn and the figures by stage. The picture itself is `calculators._timeline_svg`'s;
no text of a document enters it. Invariant: what is drawn was simulated with the inputs of the form.
"""

import base64
from collections.abc import Sequence
from typing import Any

import streamlit as st

from calculators import CalculatorError
from calculators._timeline_svg import DARK, LIGHT, Bubbles, draw, in_flight, measure
from calculators.pipeline_simulator import SCHEDULES, timeline
from ui.calculator_fields import number_of
from ui.calculator_form import current, go
from ui.calculator_result import bytes_words, figure
from ui.calculator_state import CalculatorState
from ui.render import esc, heading
from ui.theme import is_dark

DRAWN = ("pipeline_simulator", "pipeline_bubble")
"""The calculators that have a picture."""
NAMES = {
    "gpipe": "GPipe",
    "1f1b": "1F1B",
    "interleaved": "interleaved 1F1B",
    "zb_h1": "ZB-H1",
    "zb_h2": "ZB-H2",
    "dualpipe": "DualPipe",
}
_TIMES = ("t_f", "t_b", "t_w", "t_comm", "t_fb")
MOST_STAGES = 16
"""Stages that the table lists."""


def timeline_section(state: CalculatorState) -> None:
    """Show the schedule of the form, and the one that it is compared with."""
    if state.name not in DRAWN:
        return
    asked = [(side, state.inputs(side)) for side in (("a", "b") if state.second is not None else ("a",))]
    st.html(heading("Timeline"))
    if state.second is None:
        _choice(state)
        other = state.own.get("schedule_b", "")
        if other in SCHEDULES:
            asked.append(("b", asked[0][1] | {"schedule": other}))
    drawn: list[tuple[str, dict[str, Any]]] = []
    for _, inputs in asked:
        given = _arguments(inputs)
        try:
            _simulated(given)
        except (CalculatorError, KeyError, TypeError) as error:
            words = error.message if isinstance(error, CalculatorError) else "the setting is not complete"
            name = NAMES.get(str(inputs.get("schedule")), "This schedule")
            st.html(f'<p class="al-remark al-bad">{esc(name)} cannot be drawn: {esc(words)}</p>')
            continue
        drawn.append((_name(given), given))
    if drawn:
        _picture(drawn)
        _table(drawn, number_of(state.own.get("act_bytes", ""), "B"))
        _memory_box(state)


def _arguments(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what `timeline` takes of a form's inputs; an interleaved schedule has two chunks where none are given."""
    given = {name: inputs[name] for name in ("schedule", "pp", "microbatches", "interleave", *_TIMES) if name in inputs}
    if given.get("schedule") == "interleaved":
        given.setdefault("interleave", 2)
    if given.get("schedule") != "dualpipe":
        given.pop("t_fb", None)
    return given


def _name(given: dict[str, Any]) -> str:
    chunks = f", {given['interleave']} chunks a stage" if given["schedule"] == "interleaved" else ""
    return f"{NAMES[given['schedule']]}, p = {given['pp']}, m = {given['microbatches']}{chunks}"


@st.cache_data(show_spinner="Simulating…", max_entries=4)
def _simulated(given: dict[str, Any]) -> tuple[Bubbles, list[float], list[float]]:
    """Return the bubbles, and by stage the peak in flight and the idle share of its own span."""
    found = timeline(**given)
    idle = []
    for row in found:
        span = row[-1].end - row[0].start
        idle.append(1 - sum(cell.end - cell.start for cell in row) / span if span else 0.0)
    return measure(found), [in_flight(row) for row in found], idle


@st.cache_data(show_spinner="Drawing…", max_entries=16)
def _svg(drawn: Sequence[tuple[str, dict[str, Any]]], dark: bool) -> str:
    return draw([(name, timeline(**given)) for name, given in drawn], DARK if dark else LIGHT)


def _picture(drawn: Sequence[tuple[str, dict[str, Any]]]) -> None:
    picture = base64.b64encode(_svg(list(drawn), is_dark()).encode()).decode()
    alt = "Timeline of every stage. " + " ".join(_bubble_words(name, _simulated(given)[0]) for name, given in drawn)
    st.html(
        f'<div class="al-timeline" tabindex="0"><img alt="{esc(alt)}" src="data:image/svg+xml;base64,{picture}"></div>'
    )


def _bubble_words(name: str, found: Bubbles) -> str:
    return (
        f"{name}: makespan {figure(found.makespan)}, bubble {found.against_makespan:.2%} of stages times makespan, "
        f"{found.against_span:.2%} of the longest stage span, {found.against_ideal:.2%} of the work."
    )


def _table(drawn: Sequence[tuple[str, dict[str, Any]]], act_bytes: float | None) -> None:
    """Show the bubble by every convention, then peaks and memory by stage."""
    found = [(name, *_simulated(given)) for name, given in drawn]
    head = "".join(f'<td class="al-num">{esc(name)}</td>' for name, *_ in found)
    rows = [f"<tr><th></th>{head}</tr>"]
    for words, attribute in (
        ("Makespan", "makespan"),
        ("Bubble over stages × makespan", "against_makespan"),
        ("Bubble over the longest stage span", "against_span"),
        ("Bubble over work", "against_ideal"),
    ):
        cells = [getattr(bubbles, attribute) for _, bubbles, _, _ in found]
        shown = [figure(cell) if attribute == "makespan" else f"{cell:.2%}" for cell in cells]
        rows.append(_table_row(words, shown))
    st.html(f'<div class="al-wide"><table class="al-figures">{"".join(rows)}</table></div>')
    stages = max(len(peaks) for _, _, peaks, _ in found)
    listed = range(stages)
    if stages > MOST_STAGES:
        listed = sorted({round(at * (stages - 1) / (MOST_STAGES - 1)) for at in range(MOST_STAGES)})  # type: ignore[assignment]
    lines = [f"<tr><th>Peak in flight{' · memory' if act_bytes else ''} · idle</th>{head}</tr>"]
    for stage in listed:
        cells = []
        for _, _, peaks, idle in found:
            if stage >= len(peaks):
                cells.append("–")
                continue
            memory = f" · {bytes_words(peaks[stage] * act_bytes)}" if act_bytes else ""
            cells.append(f"{figure(peaks[stage], 4)}{memory} · {idle[stage]:.1%}")
        lines.append(_table_row(f"Stage {stage + 1}", cells))
    st.html(f'<div class="al-wide"><table class="al-figures">{"".join(lines)}</table></div>')


def _table_row(name: str, cells: Sequence[str]) -> str:
    shown = "".join(f'<td class="al-num">{esc(cell)}</td>' for cell in cells)
    return f'<tr><th scope="row">{esc(name)}</th>{shown}</tr>'


def _choice(state: CalculatorState) -> None:
    """Let the reader put a second schedule above the same axis."""
    key = f"calc_schedule_b_{state.name}"
    value = state.own.get("schedule_b", "")
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    st.selectbox(
        "Below it, with the same inputs",
        ["", *SCHEDULES],
        key=key,
        format_func=lambda name: NAMES.get(name, "no other schedule"),
        on_change=_keep,
        args=(key, "schedule_b"),
    )


def _memory_box(state: CalculatorState) -> None:
    """Take the activations of one microbatch on one stage, to show memory by stage."""
    key = f"calc_act_{state.name}"
    value = state.own.get("act_bytes", "")
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    st.text_input(
        "Activations of one microbatch on one stage, for memory by stage",
        key=key,
        placeholder="such as 1.5 GiB; the activation calculator has it",
        on_change=_keep,
        args=(key, "act_bytes"),
    )


def _keep(key: str, name: str) -> None:
    go(current().with_own(**{name: str(st.session_state[key])}))
