"""Pickers that fill a form: a published model, an accelerator, or a Hugging Face config.json.

Owns the choices and what they write into the address; the figures come from the registries with their
sources. Refuses to guess: what a model or a device does not state stays as it was. Invariant: a picker
only fills fields, and the fields alone decide the answer.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import streamlit as st

from calculators import (
    Accelerator,
    CalculatorError,
    Model,
    accelerator_inputs,
    accelerators,
    model_inputs,
    models,
    read_hf_config,
)
from ui.calculator_catalogue import SEARCH, fields_by_name
from ui.calculator_fields import texts_of
from ui.calculator_form import current, go
from ui.calculator_state import CalculatorState, all_fields
from ui.render import esc, note, outside
from ui.state import plain


def pickers(state: CalculatorState) -> None:
    """Show the pickers that this form has use for, one row for each setting."""
    takes_model, takes_device = _takes(state)
    if not (takes_model or takes_device):
        return
    kinds = [kind for kind, wanted in (("model", takes_model), ("device", takes_device)) if wanted]
    for side in ("a", "b") if state.second is not None else ("a",):
        for column, kind in zip(st.columns(2, gap="medium"), kinds, strict=False):
            with column:
                _pick(state, kind, side)
        if takes_model:
            label = f"Fill from a Hugging Face config.json{' (B)' if side == 'b' else ''}"
            fold = st.expander(label, type="compact", key=f"calc_config_fold_{state.name}_{side}", on_change="rerun")
            if fold.open:
                with fold:
                    _config_box(state, side)
    about = _about(state)
    if about:
        st.html(about)


def _takes(state: CalculatorState) -> tuple[bool, bool]:
    if state.name == SEARCH:
        return True, True
    names = {item.name.partition(".")[0] for item in state.fields()}
    first_model, first_device = next(iter(models().values())), next(iter(accelerators().values()))
    fills = model_fields(state.name, first_model), device_fields(state.name, first_device)
    return bool(names & set(fills[0])), bool(names & set(fills[1]))


def model_fields(name: str, model: Model) -> dict[str, Any]:
    """Return the inputs that a model settles in a form."""
    return dict(model.architecture) if name == SEARCH else model_inputs(model, name)


def device_fields(name: str, device: Accelerator, precision: str = "") -> dict[str, Any]:
    """Return the inputs that an accelerator settles in a form, by default at its 16-bit peak."""
    known = [item for item in (precision, "bf16", "fp16", *device.peak) if item in device.peak]
    if name != SEARCH:
        return accelerator_inputs(device, name, precision=known[0] if known else "bf16")
    figures = {
        "gpu_mem_bytes": float(device.memory_bytes),
        "peak_flops": device.peak_flops(known[0]) if known else None,
        "mem_bandwidth": device.bandwidth,
        "intra_bandwidth": device.link_bandwidth,
    }
    return {name: value for name, value in figures.items() if value is not None}


def _pick(state: CalculatorState, kind: str, side: str) -> None:
    known: Mapping[str, Model | Accelerator] = models() if kind == "model" else accelerators()
    key = f"calc_pick_{kind}_{state.name}_{side}"
    own = _own(kind, side)
    chosen = state.own.get(own, "")
    value = chosen if chosen in known else None
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    words = {"model": "Fill from a model", "device": "Fill from an accelerator"}[kind]
    st.selectbox(
        words + (" (B)" if side == "b" else ""),
        sorted(known, key=lambda name: known[name].title.lower()),
        format_func=lambda name: known[name].title,
        index=None,
        placeholder=f"{len(known)} with sources",
        key=key,
        on_change=_picked,
        args=(kind, side, key),
    )


def _own(kind: str, side: str) -> str:
    return f"b.{kind}" if side == "b" else kind


def _picked(kind: str, side: str, key: str) -> None:
    state, chosen = current(), st.session_state[key] or ""
    after = _settled(state, kind, chosen)
    cleared = dict.fromkeys(settled_by_models(state.name), "") if kind == "model" and after else {}
    go(state.given(side, cleared | after).with_own(**{_own(kind, side): chosen}))


@cache
def settled_by_models(name: str) -> tuple[str, ...]:
    """Return the fields of a form that some model settles: left from another model, they would contradict this one."""
    outer = {field for model in models().values() for field in model_fields(name, model)}
    return tuple(item.name for item in fields_by_name(name) if item.name.partition(".")[0] in outer)


def _settled(state: CalculatorState, kind: str, chosen: str) -> dict[str, str]:
    """Return the texts that a choice writes."""
    fields = all_fields(state.calculator)
    if kind == "model" and chosen in models():
        return texts_of(fields, model_fields(state.name, models()[chosen]))
    if kind == "device" and chosen in accelerators():
        return texts_of(fields, device_fields(state.name, accelerators()[chosen]))
    return {}


def _config_box(state: CalculatorState, side: str) -> None:
    """Take a config.json, pasted or uploaded, and fill the form from it."""
    with st.form(f"calc_config_{state.name}_{side}", border=False):
        text = st.text_area("Paste the file", height=140, placeholder='{"num_hidden_layers": 32, …}')
        file = st.file_uploader("or choose it", type=["json"])
        sent = st.form_submit_button("Fill the form", type="primary")
    if not sent:
        return
    given = file.getvalue().decode("utf-8", errors="replace") if file else text
    if not given.strip():
        st.info("Paste the file, or choose it.")
        return
    try:
        model = read_hf_config(given, name=file.name if file else "")
    except CalculatorError as error:
        st.error(plain(error.message))
        return
    texts = texts_of(all_fields(state.calculator), model_fields(state.name, model))
    go(
        state.given(side, dict.fromkeys(settled_by_models(state.name), "") | texts).with_own(
            **{_own("model", side): ""}
        )
    )
    st.rerun()


def _about(state: CalculatorState) -> str:
    """Return a line on each model and device chosen: where its figures are from, and what to know of them."""
    lines = []
    for kind in ("model", "device", "b.model", "b.device"):
        known: Mapping[str, Model | Accelerator] = models() if kind.endswith("model") else accelerators()
        entry = known.get(state.own.get(kind, ""))
        if entry is None or (kind.startswith("b.") and state.second is None):
            continue
        remark = f" {esc(entry.note)}." if entry.note else ""
        lines.append(note(f"{esc(entry.title)}: figures from {source_html(entry.source)}.{remark}"))
    return "".join(lines)


def source_html(source: str) -> str:
    """Return where a figure is from, linked where it names a paper or an address."""
    if source.startswith("arXiv "):
        return outside(f"https://arxiv.org/abs/{source.split()[1].rstrip(',;')}", source)
    return outside(source, source) if source.startswith("http") else esc(source)
