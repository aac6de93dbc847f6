"""Which model writes the answers: its state, the choice of another, and the server's address.

Owns what a choice writes. Refuses to show a key: it is typed, kept, and never read back. Invariant: the
choice takes effect at once, and the page says where the environment forbids it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from almanac.configuration import Value, change_settings
from almanac.language import Language, LanguageState
from kb.errors import AlmanacError
from kb.settings import Settings, load_settings, set_outside
from ui.links import href
from ui.models_state import VIEWS, ModelsState
from ui.render import count, esc, link, note, said
from ui.state import Library, plain, show_error

if TYPE_CHECKING:
    from kb.llm.openai_server import ServerModel

BEAT = 1.0
_BADGES = {
    "off": ("quotes only", ""),
    "waiting": ("chosen", ""),
    "loading": ("loading", "al-warn"),
    "ready": ("ready", "al-ok"),
    "failed": ("failed", "al-bad"),
}
_QUOTES = (
    "No language model is chosen. Ask answers with sentences quoted from your library and with calculators; "
    "a model can put them into words of its own, each of which is checked against its passage."
)


def state_panel(library: Library) -> None:
    """Show what answers now; looks again while it loads."""
    moving = library.almanac.language.state.status == "loading"
    st.fragment(_state, run_every=BEAT if moving else None)(library.almanac.language, moving)


def _state(language: Language, moving: bool) -> None:
    state = language.state
    if moving and state.status != "loading":
        st.rerun()
    with st.container(border=True, key="al_model"):
        model = language.ready()
        window = min(model.context, language.settings.llm_context) if model else language.settings.llm_context
        st.html(state_html(state, language.settings, window))
        if fixed():
            return
        with st.container(horizontal=True):
            if state.status in ("waiting", "failed") and st.button("Load it now", key="al_load"):
                language.retry()
                language.warm_up()
                st.rerun()
            if state.status != "off" and st.button("Use no model", type="tertiary", key="al_none"):
                choose(language, {"llm": "none"})


def state_html(state: LanguageState, settings: Settings, window: int) -> str:
    """Return the present model with its state in words."""
    word, tone = _BADGES[state.status]
    badge = f'<span class="al-badge {tone}">{word}</span>'
    if state.status == "off":
        return f'<div class="al-row-title">No model {badge}</div>{note(_QUOTES)}'
    remote = settings.llm.startswith("openai:")
    where = settings.llm.partition(":")[2].partition("#")[0] if remote else "a file, run on this machine"
    line = f'<div class="al-meta"><span>{esc(where)}</span><span>window of {window:,} tokens</span></div>'
    parts = [said(f"{state.message} {state.hint}".strip())]
    if remote:
        parts.append("Your questions and the passages found for them are sent to this server.")
    if state.status == "ready":
        parts.append(link(href("ask"), "Ask a question"))
    words = " ".join(part for part in parts if part)
    return f'<div class="al-row-title">{esc(state.name)} {badge}</div>{line}{note(words) if words else ""}'


def fixed() -> bool:
    """Tell whether the environment chooses the model."""
    return set_outside("llm")


def fixed_html() -> str:
    """Return why nothing can be chosen here."""
    return note(
        "The environment variable <code>ALMANAC_LLM</code> chooses the model. "
        "Take it out and start anew to choose here."
    )


def choose(language: Language, changes: Mapping[str, Value]) -> None:
    """Write a choice, go over to it and show the page anew; an error is shown in place."""
    try:
        settings = change_settings(language.settings.home, changes, language.settings.lock_wait)
    except AlmanacError as error:
        show_error(error)
        return
    language.follow(settings)
    language.warm_up()
    st.rerun()


def tabs_html(state: ModelsState) -> str:
    """Return the ways to the two kinds of model."""
    tabs = "".join(
        link(state.href(view=view), name, kind="al-tab al-here" if view == state.view else "al-tab", stay=True)
        for view, name in VIEWS.items()
    )
    return f'<nav class="al-tabs">{tabs}</nav>'


def server_view(language: Language, window: int) -> None:
    """Show the form for an OpenAI-compatible server."""
    settings = language.settings
    kept = settings.llm.partition(":")[2] if settings.llm.startswith("openai:") else ""
    st.html(
        note(
            "Any server that speaks OpenAI's chat protocol: llama.cpp's, vLLM, Ollama, a hosted one. Nothing is sent "
            "before you use it; then your question and the passages found for it are."
        )
    )
    with st.form("al_server", border=False):
        address = st.text_input("Address, up to /v1", kept.partition("#")[0], placeholder="http://127.0.0.1:8080/v1")
        model = st.text_input("Model", kept.partition("#")[2], placeholder="as the server names it")
        has_key = bool(settings.llm_api_key.get_secret_value())
        key = st.text_input(
            "Key",
            type="password",
            placeholder="one is set; leave empty to keep it" if has_key else "only where the server wants one",
            autocomplete="off",
        )
        with st.container(horizontal=True):
            test = st.form_submit_button("Test the connection")
            use = st.form_submit_button("Use this server", type="primary", disabled=fixed())
    changes: dict[str, Value] = {"llm": f"openai:{address.strip()}#{model.strip()}", "llm_context": window}
    if key:
        changes["llm_api_key"] = key
    elif has_key and kept and not set_outside("llm_api_key") and _site(address) != _site(kept):
        # A key belongs to the server that it was given for.
        changes["llm_api_key"] = None
    if test:
        _test(settings, changes)
    if use and _usable(settings, changes):
        choose(language, changes)
    if has_key and not set_outside("llm_api_key") and st.button("Forget the key", type="tertiary", key="al_forget"):
        choose(language, {"llm_api_key": None})


def _site(address: str) -> str:
    """Return scheme, host and port of an address."""
    return "/".join(address.strip().split("/")[:3]).lower()


def _usable(settings: Settings, changes: Mapping[str, Value]) -> bool:
    try:
        _model(settings, changes).close()
    except AlmanacError as error:
        show_error(error)
        return False
    return True


def _model(settings: Settings, changes: Mapping[str, Value]) -> "ServerModel":
    from kb.llm.openai_server import ServerModel  # two tenths of a second that only this view needs

    given = {name: "" if value is None else value for name, value in changes.items()}
    return ServerModel(load_settings(settings.home, **given))


def _test(settings: Settings, changes: Mapping[str, Value]) -> None:
    """Ask the server what it has; nothing of the library is sent."""
    named = str(changes["llm"]).partition("#")[2]
    # Without a name the question is which models there are.
    probe = {**changes, "llm": f"{changes['llm']}{'' if named else '?'}"}
    try:
        model = _model(settings, probe)
        try:
            report = model.inspect()
        finally:
            model.close()
    except AlmanacError as error:
        show_error(error)
        return
    listed = ", ".join(report.models[:12]) + ("…" if len(report.models) > 12 else "")
    answered = f"It answered in {report.seconds * 1000:.0f} ms and has {count(len(report.models), 'model')}: {listed}."
    if report.has_model:
        window = f" {named} reads {report.context:,} tokens." if report.context else ""
        st.success(plain(answered + window))
    elif named:
        st.warning(plain(f"{answered} {named} is not among them."))
    else:
        st.info(plain(f"{answered} Name one of them."))
