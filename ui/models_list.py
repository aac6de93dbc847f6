"""Models that run on this machine: what is there, what could be fetched, and what each needs in memory."""

from pathlib import Path

import streamlit as st

from almanac.language import Language
from almanac.llm_build import build_state
from almanac.local_models import (
    LocalModel,
    Machine,
    Need,
    fit_of,
    kept_models,
    local_models,
    longest_window,
    need_of,
    this_machine,
)
from kb.llm import gguf_path, models_folder
from ui.calculator_state import opened_with
from ui.models_choice import choose, fixed
from ui.models_state import WINDOWS, ModelsState, parameters, size
from ui.render import esc, heading, link, note, outside, said, spans
from ui.state import Library, bound, plain

BEAT = 0.7
WIDE = 96
"""Width of a model's button, in pixels: all the same, so that they stand in a column."""
_TONES = {"fits": "al-ok", "tight": "al-warn", "too large": "al-bad", "unknown": ""}
_FITS = {
    "fits": "fits here",
    "tight": "fits if other programs make room",
    "too large": "too large for this machine",
    "unknown": "",
}
_BUILD = {"ready": "al-ok", "building": "al-warn", "failed": "al-bad", "interrupted": "al-warn", "missing": "al-bad"}


def machine_view(library: Library, state: ModelsState) -> None:
    """Show the library's build, the memory, the files that are there, and the list."""
    language, machine = library.almanac.language, this_machine()
    window = state.window or language.settings.llm_context
    if build := build_html():
        st.html(build)
    words, choice = st.columns((3, 1), vertical_alignment="bottom")
    words.html(memory_html(machine))
    options = sorted({*WINDOWS, window})
    choice.selectbox("Window, in tokens", options, format_func=lambda n: f"{n:,}", **bound("window", window))
    kept = {path.name: path for path in kept_models(language.settings)}
    listed = {model.file for model in local_models()}
    others = [path for name, path in kept.items() if name not in listed]
    if others:
        st.html(heading("Your files"))
        for path in others:
            _own_file(language, path, window)
    st.html(heading("Open models"))
    for model in local_models():
        _listed(language, model, machine, window, kept)
    _elsewhere(language, window)


def build_html() -> str:
    """Return how the library that runs models stands."""
    state = build_state()
    if state.status == "ready":
        return ""
    word = f'<span class="al-badge {_BUILD[state.status]}">{esc(state.status)}</span>'
    return f'<div class="al-notice">{word} {said(state.message)} <span>{said(state.hint)}</span></div>'


def memory_html(machine: Machine) -> str:
    """Return what memory there is."""
    if not machine.total:
        return note("How much memory this machine has cannot be told.")
    free = f", {size(machine.free)} of it free" if machine.free else ""
    return note(f"This machine has {size(machine.total)} of memory{free}. A longer window reads more passages at once.")


def _listed(language: Language, model: LocalModel, machine: Machine, window: int, kept: dict[str, Path]) -> None:
    need = need_of(model, window)
    with st.container(horizontal=True, vertical_alignment="center", key=f"al_lm_{_slug(model.file)}"):
        st.html(model_html(model, need, machine))
        if model.file in kept:
            _use(language, model.file, window)
        elif fit_of(need, machine) != "too large":
            part = models_folder(language.settings.home) / f"{model.file}.part"
            words = "Go on" if part.exists() else "Fetch"
            if st.button(words, key=f"get_{model.file}", disabled=language.downloads.state.running, width=WIDE):
                language.downloads.start(model)
                st.rerun()
    if language.downloads.state.file == model.file:
        download_panel(language)


def model_html(model: LocalModel, need: Need, machine: Machine) -> str:
    """Return a model of the list: its facts, and what it needs here, each figure with its formula."""
    facts = spans(
        (
            f"{parameters(model.params)} parameters",
            esc(model.quantisation),
            f"about {size(model.bytes)} to fetch",
            "English and Chinese" if model.chinese else "English",
            esc(model.licence),
            outside(model.page, "publisher"),
        )
    )
    weights = opened_with("quant_size", need.weights_inputs, "bytes", "GB")
    cache = opened_with("kv_cache", need.cache_inputs, "bytes", "GB")
    fit = fit_of(need, machine)
    badge = f'<span class="al-badge {_TONES[fit]}">{_FITS[fit]}</span>' if _FITS[fit] else ""
    tokens = int(need.cache_inputs["tokens"])
    parts = " + ".join(
        (
            link(weights, f"weights {size(need.weights)}"),
            link(cache, f"cache of {tokens:,} tokens {size(need.cache)}"),
            f"computing {size(need.working)}",
        )
    )
    most = longest_window(model, machine)
    room = f" Room for {most:,} tokens." if fit == "too large" and most else ""
    return (
        f'<div class="al-lm"><span class="al-row-title">{esc(model.name)}</span>'
        f'<div class="al-meta">{facts}</div><div class="al-needs">{badge}needs {size(need.total)}: {parts}.{room}</div>'
        f"{note(esc(model.remark))}</div>"
    )


def _own_file(language: Language, path: Path, window: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"al_lm_{_slug(path.name)}"):
        facts = spans((f"{size(path.stat().st_size)}", "in the library's folder"))
        st.html(
            f'<div class="al-lm"><span class="al-row-title">{esc(path.stem)}</span>'
            f'<div class="al-meta">{facts}</div></div>'
        )
        _use(language, path.name, window)


def _use(language: Language, name: str, window: int) -> None:
    settings = language.settings
    here = settings.llm.startswith("gguf:") and gguf_path(settings) == models_folder(settings.home) / name
    same = here and settings.llm_context == window
    words = "In use" if same else "Use this window" if here else "Use"
    kind = "secondary" if here else "primary"
    if st.button(
        words, key=f"use_{name}", disabled=same or fixed(), type=kind, width=WIDE if same or not here else 150
    ):
        choose(language, {"llm": f"gguf:{name}", "llm_context": window})


def _elsewhere(language: Language, window: int) -> None:
    folder = models_folder(language.settings.home)
    with st.expander("A file of yours, or no network here"):
        st.html(
            note(
                f"Put any chat model's GGUF file into <code>{esc(folder)}</code> and it is listed above, or name its "
                "place. Without a network, fetch the file on another computer from the publisher's page."
            )
        )
        with st.form("al_path", border=False):
            path = st.text_input("Path of a GGUF file", placeholder="a full path that ends in .gguf")
            if st.form_submit_button("Use this file", disabled=fixed()) and path.strip():
                choose(language, {"llm": f"gguf:{path.strip()}", "llm_context": window})


def download_panel(language: Language) -> None:
    """Show the download that runs, or how the last one ended."""
    state = language.downloads.state
    if state.status != "idle":
        st.fragment(_download, run_every=BEAT if state.running else None)(language, state.running)


def _download(language: Language, running: bool) -> None:
    downloads, state = language.downloads, language.downloads.state
    if running and not state.running:
        st.rerun()
    with st.container(border=True, key="al_download"):
        if state.running:
            share = min(1.0, state.done / state.total) if state.total else 0.0
            verb = "Checking" if state.status == "checking" else "Fetching"
            st.progress(share, text=plain(f"{verb} {state.name}: {size(state.done)} of {size(state.total)}"))
            st.button("Stop", on_click=downloads.stop, type="tertiary", key="al_stop")
            return
        word = {"done": "fetched", "stopped": "stopped"}.get(state.status, "failed")
        tone = {"done": "al-ok", "stopped": "al-warn"}.get(state.status, "al-bad")
        words = f"{said(state.message)} {said(state.hint)}"
        st.html(f'<div><span class="al-badge {tone}">{word}</span> {words}</div>')
        if st.button("Clear this report", type="tertiary", key="al_clear"):
            downloads.forget()
            st.rerun()


def _slug(name: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in name)
