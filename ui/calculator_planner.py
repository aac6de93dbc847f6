"""The planner's page: the ten best ways to cut a training, why others fail, the smallest cluster that does.

Owns the table and the bars; searches nothing itself. Invariant: every plan shown has its memory and time
in full, and its parts add up to the totals beside it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from calculators import CalculatorError
from calculators.planner import PlanResult
from ui.calculator_catalogue import search_plans
from ui.calculator_charts import stacked_chart
from ui.calculator_result import bytes_words, figure
from ui.calculator_state import CalculatorState, address
from ui.render import act, esc, heading, note
from ui.theme import is_dark

_COLUMNS = (
    ("tp", "TP"),
    ("pp", "PP"),
    ("dp", "DP"),
    ("cp", "CP"),
    ("ep", "EP"),
    ("interleave", "v"),
    ("micro_batch", "b"),
    ("microbatches", "m"),
    ("zero_stage", "ZeRO"),
    ("recompute", "recompute"),
)
"""Sizes of a cut; those that are 1 in every plan are left out."""
_MEMORY = ("weights", "gradients", "optimizer", "extra", "activations", "logits", "workspace", "reserve")
_TIME = (
    "compute",
    "recompute",
    "bubble",
    "imbalance",
    "tensor",
    "context",
    "expert",
    "pipeline",
    "data",
    "optimizer",
)
_MOST_REJECTED = 6


@st.cache_data(show_spinner="Searching…", max_entries=32)
def _found(inputs: dict[str, Any]) -> PlanResult:
    return search_plans(inputs)


def plan_outcome(state: CalculatorState) -> PlanResult | CalculatorError:
    """Return what the search finds, or what is wrong with a field."""
    try:
        return _found(state.inputs())
    except CalculatorError as error:
        return error


def plans(found: PlanResult) -> None:
    """Show the answer of a search."""
    st.html(_summary(found))
    if found.plans:
        st.html(_table(found.plans))
        _bars(found)
    elif found.smallest is not None:
        st.html(heading("The best plan there") + _table([found.smallest.plan]))
    if found.rejected:
        shown = found.rejected[:_MOST_REJECTED]
        rows = "".join(f"<li><b>{esc(_cut(item))}</b>: {esc(item.reason)}</li>" for item in shown)
        title = "Near misses" if found.plans else "Why the nearest fail"
        st.html(f'{heading(title)}<ul class="al-list">{rows}</ul>')
    items = "".join(f"<li>{esc(words)}</li>" for words in found.assumptions)
    arithmetic = act(address({"name": "planner"}), "The arithmetic of one cut")
    st.html(f'{heading("Assumes")}<ul class="al-list">{items}</ul>{note(arithmetic)}')


def _summary(found: PlanResult) -> str:
    count = f"{found.candidates:,} possible cuts, {found.fitting:,} fit in {bytes_words(found.usable_bytes)} a GPU"
    if found.plans:
        best = found.plans[0]
        words = f"{_cut(best)}: a step takes {figure(best.time.total, 4)} s, {figure(best.tokens_per_s, 4)} tokens/s"
        number = f"{best.mfu:.1%} <i>MFU</i>"
    elif found.smallest is not None:
        words = f"Nothing fits on {found.gpus:,} GPUs; the smallest cluster that does has"
        number = f"{found.smallest.gpus:,} <i>GPUs</i>"
    else:
        words, number = "Nothing fits, and no larger cluster within reach helps", "No plan"
    return (
        f'<div class="al-answer"><div class="al-asked">{esc(words)}</div>'
        f'<div class="al-number"><b>{number.replace(" <i>", "</b> <i>", 1) if "<i>" in number else number + "</b>"}'
        f'</div><div class="al-beside"><span>{esc(count)}</span></div></div>'
    )


def _cut(item: Any) -> str:
    """Write a cut in the fewest words: sizes of 1 are left out."""
    parts = [f"{name.upper()} {size}" for name in ("tp", "pp", "dp", "cp", "ep") if (size := getattr(item, name)) > 1]
    if item.interleave > 1:
        parts.append(f"v {item.interleave}")
    parts.append(f"b {item.micro_batch}")
    if item.zero_stage:
        parts.append(f"ZeRO-{item.zero_stage}")
    if item.recompute != "none":
        parts.append(f"{item.recompute} recompute")
    return ", ".join(parts)


def _table(found: Sequence[Any]) -> str:
    columns = [
        (name, title)
        for name, title in _COLUMNS
        if name not in ("cp", "ep", "interleave") or any(getattr(item, name) > 1 for item in found)
    ]
    head = "".join(f'<td class="al-num">{esc(title)}</td>' for _, title in columns)
    rows = [
        f'<tr><th></th>{head}<td class="al-num">MFU</td><td class="al-num">step</td><td class="al-num">GiB</td></tr>'
    ]
    for number, item in enumerate(found, 1):
        cells = "".join(f'<td class="al-num">{esc(getattr(item, name))}</td>' for name, _ in columns)
        tail = (f"{item.mfu:.1%}", f"{figure(item.time.total, 4)} s", f"{item.memory.total / 2**30:.1f}")
        shown = "".join(f'<td class="al-num">{esc(cell)}</td>' for cell in tail)
        rows.append(f'<tr><th scope="row">{number}</th>{cells}{shown}</tr>')
    return f'<div class="al-wide al-plans"><table class="al-figures">{"".join(rows)}</table></div>'


def _bars(found: PlanResult) -> None:
    names = {number: f"{number}. {_cut(item)}" for number, item in enumerate(found.plans, 1)}
    memory = _rows(names, [item.memory.model_dump() for item in found.plans], _MEMORY, 2**30, "GiB")
    time = _rows(names, [item.time.model_dump() for item in found.plans], _TIME, 1, "s")
    for title, rows, order in (("Memory of the fullest GPU, GiB", memory, _MEMORY), ("Time of a step, s", time, _TIME)):
        present = [name for name in order if any(row["part"] == name for row in rows)]
        st.html(heading(title))
        st.altair_chart(stacked_chart(rows, present, is_dark()), alt=f"{title}, by plan")


def _rows(
    names: Mapping[int, str], parts: Sequence[Mapping[str, float]], order: Sequence[str], scale: float, unit: str
) -> list[dict[str, Any]]:
    return [
        {
            "bar": str(number),
            "about": names[number],
            "part": name,
            "value": part[name] / scale,
            "amount": f"{part[name] / scale:.4g} {unit}",
        }
        for number, part in enumerate(parts, 1)
        for name in order
        if part[name] > 0
    ]
