"""A calculator's form, made from its `Inputs`: one widget a field, tied to the address.

Owns widgets, which of them stand in the open, and what stands beneath a field: what is missing, what
is doubtful, what is wrong and the nearest valid value as a button. Computes nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from calculators import CalculatorError, InputWarning, MissingInputs, missing, param_count
from ui.calculator_catalogue import SEARCH
from ui.calculator_fields import Field, inputs_of, text_for, text_of, texts_of
from ui.calculator_state import CalculatorState
from ui.render import esc
from ui.state import plain

MOST_NEAREST = 3
MOST_LABEL = 50
"""Letters that a label has room for."""

FIRST = frozenset({"gpus", "gpus_per_node", "batch", "seq_len"})
"""What the planner asks in the open."""
_CLUSTER = "gpu_mem_bytes peak_flops mem_bandwidth intra_bandwidth inter_bandwidth intra_latency_s inter_latency_s sms"
_CHOICES = (
    "tp pp cp ep interleave micro_batch zero_stage recompute zero_with_pipeline sequence_parallel fused_attention"
)
GROUPS_OF_SEARCH = (
    dict.fromkeys(param_count.Inputs.model_fields, "Architecture")
    | dict.fromkeys(_CLUSTER.split(), "Hardware")
    | dict.fromkeys(_CHOICES.split(), "Choices already made")
)


@dataclass(frozen=True)
class Remarks:
    """What is said beneath the fields of one setting."""

    error: CalculatorError | None = None
    warnings: Sequence[InputWarning] = ()
    missing: Sequence[str] = field(default=())

    def of(self, name: str) -> str:
        """Return the remark on a field as HTML; empty where there is none."""
        outer = name.partition(".")[0]
        parts = [
            f'<p class="al-remark al-warn">{esc(item.message)}</p>' for item in self.warnings if item.field == name
        ]
        if self.error is not None and self.error.field == outer and not self.missing:
            parts.append(f'<p class="al-remark al-bad">{esc(self.error.message)}</p>')
        if outer in self.missing:
            parts.append('<p class="al-remark al-ask">still needed</p>')
        return "".join(parts)


def remarks_of(outcome: object) -> Remarks:
    """Return what an estimate or an error says of the fields."""
    if isinstance(outcome, MissingInputs):
        return Remarks(outcome, missing=outcome.missing)
    if isinstance(outcome, CalculatorError):
        return Remarks(outcome)
    return Remarks(warnings=getattr(outcome, "warnings", ()))


def current() -> CalculatorState:
    """Return the state that the address holds."""
    return CalculatorState.read({name: st.query_params.get_all(name) for name in st.query_params})


def go(state: CalculatorState) -> None:
    """Put a state into the address."""
    st.query_params.from_dict(state.parameters())


def open_fields(state: CalculatorState) -> set[str]:
    """Return the fields that stand in the open: choices, what the output needs, and the example's.

    Numbers that are typed do not count, so that no field moves while the form is filled in.
    """
    calculator, fields = state.calculator, state.fields()
    names = {item.name.partition(".")[0] for item in fields}
    choices = [item for item in fields if item.sort == "choice"]
    example = texts_of(fields, calculator.example.inputs)
    given = inputs_of(choices, state.first)
    found = {item.name for item in choices}
    try:
        found |= set(missing(calculator.name, given, state.output))
    except CalculatorError:
        found |= set(example)
    alike = all(state.first.get(item.name, "") == example.get(item.name, "") for item in choices)
    optional = {item.name for item in fields if item.default is not None}
    # Where another choice is made, what the example needs may not count: only what always has a value stays.
    found |= {name.partition(".")[0] for name in example if alike or name in optional}
    needed = found & names
    return needed if needed - {item.name for item in choices} else names


def form(state: CalculatorState, remarks: Mapping[str, Remarks]) -> None:
    """Show the fields of one setting, or of two beside one another; rarely used ones are folded."""
    (_, first), *folds = groups_of(state)
    _grid(state, first, remarks)
    for title, fields in folds:
        given = [f"{item.name} {state.first[item.name]}" for item in fields if state.first.get(item.name)]
        said = f": {plain(', '.join(given))}" if given else f" ({len(fields)})"
        troubled = any(remark.of(item.name) for item in fields for remark in remarks.values())
        fold = st.expander(f"{title}{said}", type="compact", key=f"calc_{title}_{state.name}", on_change="rerun")
        if fold.open or troubled:
            with fold if fold.open else st.container():
                _grid(state, fields, remarks)


def groups_of(state: CalculatorState) -> list[tuple[str, list[Field]]]:
    """Return the fields by group: first those in the open, then the folded ones under their titles."""
    fields = state.fields()
    shown = FIRST if state.name == SEARCH else open_fields(state)
    titles = ("", "Architecture", "Hardware", "Choices already made", "More inputs")
    groups: dict[str, list[Field]] = {title: [] for title in titles}
    for item in fields:
        outer = item.name.partition(".")[0]
        title = GROUPS_OF_SEARCH.get(outer, "More inputs") if state.name == SEARCH else "More inputs"
        groups["" if outer in shown else title].append(item)
    return [(title, mine) for title, mine in groups.items() if mine or not title]


def _grid(state: CalculatorState, fields: Sequence[Field], remarks: Mapping[str, Remarks]) -> None:
    sides = list(remarks)
    for at in range(0, len(fields), 1 if len(sides) == 2 else 2):
        # Labels may take two lines: boxes of a row stand level at the bottom.
        columns = st.columns(2, gap="medium", vertical_alignment="top")
        pairs = [(item, "a") for item in fields[at : at + 2]] if len(sides) == 1 else [(fields[at], s) for s in sides]
        for column, (item, side) in zip(columns, pairs, strict=False):
            with column:
                widget(state, item, side)
                _beneath(state, item, side, remarks[side])


def widget(state: CalculatorState, item: Field, side: str) -> None:
    """Show one field, tied to the address."""
    text = state.texts(side).get(item.name, "")
    key = f"calc_{state.name}_{side}_{item.name}"
    label = label_of(item) + (" (B)" if side == "b" else "")
    about = "  \n".join(part for part in (plain(_capital(item.description)), plain(item.range)) if part)
    tie: dict[str, Any] = {"key": key, "on_change": _typed, "args": (item, side), "help": about or None}
    if item.sort == "flag":
        _set(key, text == "true" if text in ("true", "false") else bool(item.default))
        st.toggle(label, **tie)
    elif item.sort == "choice":
        options = list(dict.fromkeys(["", *item.options, *([text] if text else [])]))
        if item.default is not None:
            options.remove("")
        _set(key, text or text_of(item.default or ""))
        st.selectbox(label, options, format_func=lambda option: option or "not given", **tie)
    else:
        _set(key, text)
        hint = "" if item.default is None else f"{text_for(item, item.default)} by default"
        st.text_input(label, placeholder=hint or _hint(item), max_chars=2000, **tie)


def label_of(item: Field) -> str:
    """Return a field's label: its name, what it is in few words, its unit. Plain, as it is read aloud as well."""
    short = re.split(r"[;:(]|, ", item.description)[0].strip()
    room = MOST_LABEL - len(item.name) - len(item.unit)
    words = [short] if len(short) <= room and short != item.name else []
    if item.unit and item.unit not in (*short.split(), item.name):
        words.append(item.unit)
    return f"{item.name}: {', '.join(words)}" if words else item.name


def _hint(item: Field) -> str:
    return {"list": "0.5, -1, 2", "map": "1: 12, 2: 20"}.get(item.sort, "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _set(key: str, value: object) -> None:
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def _typed(item: Field, side: str) -> None:
    state = current()
    value = st.session_state[f"calc_{state.name}_{side}_{item.name}"]
    if isinstance(value, bool):
        value = "" if value == bool(item.default) else text_of(value)
    if item.sort == "choice" and item.default is not None and value == text_of(item.default):
        value = ""
    go(state.given(side, {item.name: str(value)}))


def _beneath(state: CalculatorState, item: Field, side: str, remarks: Remarks) -> None:
    words = remarks.of(item.name)
    if words:
        st.html(words)
    error = remarks.error
    if error is None or remarks.missing or error.field != item.name:
        return
    near = nearest_texts(error.nearest, item)
    if near:
        with st.container(horizontal=True, key=f"calc_near_{side}_{item.name}"):
            for text in near:
                st.button(
                    f"Use {plain(text)}",
                    key=f"calc_use_{state.name}_{side}_{item.name}_{text}",
                    type="tertiary",
                    on_click=_take,
                    args=(side, item.name, text),
                )


def nearest_texts(nearest: object, item: Field) -> list[str]:
    """Return the values that an error proposes for a field, as texts; none where it proposes words."""
    if nearest is None:
        return []
    if item.sort == "choice":
        return [str(nearest)] if str(nearest) in item.options else []
    if not isinstance(nearest, str):
        return [text_for(item, nearest)]
    parts = re.split(r"\s+or\s+|,\s*", nearest)
    return parts[:MOST_NEAREST] if all(re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", part) for part in parts) else []


def _take(side: str, name: str, text: str) -> None:
    go(current().given(side, {name: text}))


def output_choice(state: CalculatorState) -> None:
    """Show which result is asked for, and in which unit."""
    outputs = state.calculator.outputs
    titles = {item.name: f"{_capital(item.title)}" for item in outputs}
    chosen = state.calculator.output(state.output)
    assert chosen is not None
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    key = f"calc_output_{state.name}"
    _set(key, state.output)
    left.selectbox("Result", list(titles), format_func=titles.get, key=key, on_change=_chosen, args=(key,))
    if len(chosen.units) > 1:
        unit_key = f"calc_unit_{state.name}_{state.output}"
        _set(unit_key, state.unit)
        named = {"1": "ratio"}
        right.selectbox(
            "Unit",
            chosen.units,
            format_func=lambda unit: named.get(unit, unit),
            key=unit_key,
            on_change=_chosen,
            args=(unit_key, True),
        )


def _chosen(key: str, unit: bool = False) -> None:
    state, value = current(), str(st.session_state[key])
    if not unit:
        go(state.to(value))
        return
    parameters = state.parameters() | {"unit": value}
    go(CalculatorState.read(parameters))


def reset_to_example() -> None:
    """Go back to the worked example."""
    st.query_params.from_dict({"name": current().name})


def clear() -> None:
    """Empty every field."""
    state = current()
    st.query_params.from_dict({"name": state.name, "output": state.output, "unit": state.unit, "blank": "1"})
