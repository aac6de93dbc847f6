"""Asking: the box, where to look, examples, and what happens when a question is sent.

Owns the start of an answer and the address that it then has. Invariant: a question that was sent is either
being answered or shown again with the reason why not.
"""

from typing import Any

import streamlit as st

from almanac import Almanac
from chat.types import Scope
from kb.errors import AlmanacError
from kb.types import Kind
from ui.ask_state import LONGEST, NARROWING, AskState, scope_parameters
from ui.asking import Asked
from ui.forms import KIND_NAMES, close_fold, narrowing_fold, scope_choices
from ui.hues import title_of
from ui.links import href
from ui.render import LANGUAGE_NAMES, act, esc, link, name_of, note, said, shorten, source_name
from ui.state import Library, bound, plain

PLACEHOLDER = "Ask in English or Chinese"
AGAIN = "Ask a follow-up"
PATIENCE, PATIENCE_WITH_MODEL = 1.0, 0.3
"""Seconds that a page waits for an answer before it shows that it is being made: quotes are there by then."""
EXAMPLES = (
    ("How does paged attention save memory?", "en"),
    ("Bubble of 1F1B for 8 stages and 64 microbatches", "en"),
    ("KV cache of Llama-3-70B at 32k, batch 16, fp8", "en"),
    ("Claim: GPT-3 on 300B tokens with 1024 A100s at 140 TFLOP/s takes 34 days", "en"),
    ("投机解码为什么能加速？", "zh"),
    ("70B 模型 fp16 权重要多少显存", "zh"),
)
_REFUSED = "al_ask_refused"
_BEGUN = "al_ask_begun"
_TOO_LONG = "al_ask_too_long"
_FOLD = "al_scope"


def ask_box(library: Library, state: AskState, *, busy: bool = False) -> None:
    """Show the box: on the page where a conversation begins, at its foot where one goes on."""
    key = f"al_ask_{state.c}" if state.c else "al_ask"
    with st.bottom if state.c else st.container(key="al_ask_box"):
        if letters := st.session_state.pop(_TOO_LONG, 0):
            words = (
                f"A question has at most {LONGEST:,} letters; this one has {letters:,}. Shorten it and send it again."
            )
            st.html(f'<div class="al-notice" role="alert">{words}</div>')
        st.chat_input(
            AGAIN if state.c else PLACEHOLDER,
            key=key,
            disabled=busy,
            on_submit=_send,
            args=(library, state, key),
        )


def _send(library: Library, state: AskState, key: str) -> None:
    question = str(st.session_state.get(key) or "").strip()
    if len(question) > LONGEST:
        # A limit of the box itself would drop a longer text that is pasted, without a word.
        st.session_state[_TOO_LONG] = len(question)
        st.session_state[key] = question
    elif question:
        begin(library, question, state.scope, conversation=state.c)


def begin(library: Library, question: str, scope: Scope, *, conversation: str = "", **how: Any) -> str:
    """Start to answer, wait a moment for the answer, and return the conversation, which the address then names."""
    almanac = library.almanac
    named = conversation or almanac.conversations.new_id()
    wanted = Asked(named, question, scope, opens=not conversation, **how)
    asked = library.questions.start(almanac, wanted)
    if asked is not wanted:
        st.session_state[_REFUSED] = question
    # What was chosen is said in its label; open, it would stand between the answer and the box.
    close_fold(_FOLD)
    st.query_params.from_dict({"c": asked.conversation} | _kept(scope_parameters(scope)))
    quotes = asked.quotes_only or almanac.language.state.status == "off"
    asked.ended.wait(PATIENCE if quotes else PATIENCE_WITH_MODEL)
    return asked.conversation


def _kept(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items() if value}


def begin_from_address(library: Library, state: AskState) -> str:
    """Answer the question that an address brings, once a session: the way back does not ask it again."""
    begun = st.session_state.setdefault(_BEGUN, {})
    wanted = (state.q.strip(), state.scope)
    known = begun.get(wanted, "")
    if library.questions.of(known) is None and not library.almanac.conversations.holds(known):
        begun[wanted] = begin(library, *wanted)
    return str(begun[wanted])


def refused() -> None:
    """Show a question that came while the conversation was busy; nothing typed is lost."""
    question = st.session_state.pop(_REFUSED, "")
    if question:
        way = link(href("ask", q=question), "Ask it in a conversation of its own")
        st.html(
            f'<div class="al-notice"><span>This conversation is still being answered, by another tab perhaps. '
            f"Not asked: <q>{esc(question)}</q></span><span>{way}</span></div>"
        )


def scope_fold(state: AskState, almanac: Almanac, before: Scope | None = None) -> None:
    """Show where is looked, folded; `before` is where the last question looked."""
    fold = narrowing_fold(f"Look in: {plain(scope_words(state, almanac))}", _FOLD, state.c)
    if fold.open:
        with fold:
            scope_choices(state)
            _document_choice(state, almanac)
            if not state.scope.empty:
                clear = act(
                    state.href(
                        **dict.fromkeys(("topic", "kind", "source", "label"), ())
                        | dict.fromkeys(("since", "until", "lang", "doc"), "")
                    ),
                    "Look everywhere",
                    stay=True,
                )
                st.html(f'<div class="al-acts">{clear}</div>')
            # It opens at the foot of a conversation, below what is seen.
            st.html('<span class="al-foot" data-scroll-here="nearest"></span>')
    if before is not None and not before.empty and state.scope.empty:
        words = scope_words(AskState(**scope_parameters(before)), almanac)
        again = act(state.href(**scope_parameters(before)), f"Look again only in: {words}", stay=True)
        st.html(f'<div class="al-acts">{again}</div>')


def _document_choice(state: AskState, almanac: Almanac) -> None:
    infos = {info.id: shorten(name_of(info), 90) for info in almanac.documents()[:2000]}
    choices = ["", *infos] if state.doc in infos or not state.doc else ["", state.doc, *infos]
    st.selectbox(
        "One document",
        choices,
        format_func=lambda doc: infos.get(doc, doc) if doc else "All documents",
        **bound("doc", state.doc),
    )


def scope_words(state: AskState, almanac: Almanac) -> str:
    """Return in words where is looked."""
    parts = [title_of(topic) for topic in state.topic]
    parts += [KIND_NAMES[Kind(kind)].lower() for kind in state.kind]
    parts += [source_name(source) for source in state.source] + [label.replace("-", " ") for label in state.label]
    parts += [f"since {state.since}"] if state.since else []
    parts += [f"until {state.until}"] if state.until else []
    parts += [LANGUAGE_NAMES[state.lang]] if state.lang else []
    if state.doc:
        try:
            parts.append(f"“{shorten(name_of(almanac.info(state.doc)), 60)}”")
        except AlmanacError:
            parts.append(f"{state.doc}, which is not in the library")
    return ", ".join(parts) or "the whole library"


def examples_html(state: AskState) -> str:
    """Return questions to begin with."""
    narrow = {name: value for name, value in state.parameters().items() if name in NARROWING}
    chips = "".join(
        f'<span lang="{lang}">{link(href("ask", q=text, **narrow), esc(text), kind="al-chip")}</span>'
        for text, lang in EXAMPLES
    )
    return f'<div class="al-chips">{chips}</div>'


def model_html(almanac: Almanac) -> str:
    """Say once and plainly what answers: quotes alone, or a model whose sentences are checked."""
    state = almanac.language.state
    models = link(href("models"), "Models")
    if state.status == "off":
        return note(f"No language model is chosen: answers are quotes from your library, and sums. {models}")
    if state.status == "failed":
        return note(f"Answers are quotes: {said(state.message)} {said(state.hint)} {models}")
    words = {"waiting": "is loaded by the first question", "loading": "is loading"}.get(
        state.status, "writes the answers"
    )
    return note(f"{esc(state.name)} {words}; every sentence is checked against its passages. {models}")
