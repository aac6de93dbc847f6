"""A question on its way: what is being done, what is written so far, and the way to stop it.

Owns the fragment that looks again while an answer is made. Invariant: stopping shows at the next look, whatever the
model still does; what is not finished is shown as such and never as an answer.
"""

import streamlit as st

from ui.ask_answer import HEADED
from ui.ask_box import begin
from ui.ask_sources import lang_of
from ui.asking import Asked
from ui.links import href
from ui.render import count, esc, link, shorten
from ui.state import Library, show_error

BEAT = 0.25
"""Seconds between looks at an answer that is being written."""


def question_html(question: str, *, here: bool = False, first: bool = False) -> str:
    """Return a question as the head of its turn; `here` brings it into view, the `first` one heads the page."""
    scroll = ' data-scroll-here="start"' if here else ""
    tag = "h1" if first else "h2"
    lang, words, whole = lang_of(question), question, ""
    if len(question) > HEADED:
        words = shorten(question, HEADED)
        whole = (
            f'<details class="al-toc"><summary>The whole question, {len(question):,} letters</summary>'
            f'<p class="al-asked-whole"{lang}>{esc(question)}</p></details>'
        )
    return f'<{tag} class="al-ask-q"{lang}{scroll}>{esc(words)}</{tag}>{whole}'


def way_html(*, here: bool = False) -> str:
    """Return the way back from a conversation; `here` brings the beginning of the page into view."""
    scroll = ' data-scroll-here="start"' if here else ""
    sep = '<span class="al-sep">›</span>'
    return (
        f'<div class="al-crumb"{scroll}>{link(href("ask"), "Ask")} {sep} '
        f"{link(href('ask', view='conversations'), 'Conversations')}</div>"
    )


def live_panel(library: Library, asked: Asked, *, first: bool = False) -> None:
    """Show a question that is being answered, or that ended without an answer to save."""
    if first:
        with st.container(horizontal=True, vertical_alignment="center", key="al_talk_head"):
            st.html(way_html(here=True), width="content")
    st.html(question_html(asked.question, here=not first, first=first))
    if asked.running:
        st.fragment(_live, run_every=BEAT)(library, asked)
    elif asked.saved:
        # It was finished while this page was being made of what was saved before.
        st.rerun()
    else:
        _ended(library, asked)


def _live(library: Library, asked: Asked) -> None:
    if not asked.running:
        # It is saved, stopped or failed: the whole page has something new to show.
        st.rerun()
    st.html(
        f'<div class="al-stage" role="status" aria-live="polite"><i aria-hidden="true"></i>{esc(stage_words(asked))}'
        f"</div>{written_html(asked)}"
    )
    with st.container(horizontal=True, key="al_live_acts"):
        st.button("Stop", key="al_stop", on_click=asked.stop, icon=":material/stop:")
        if not asked.quotes_only and library.almanac.language.state.status != "off":
            st.button(
                "Show the quotes instead", key="al_quotes_now", type="tertiary", on_click=_quotes, args=(library, asked)
            )


def stage_words(asked: Asked) -> str:
    """Say what is being done."""
    if asked.ahead:
        return f"Waiting: the model first finishes {count(asked.ahead, 'other answer')}"
    words = asked.stage or "Beginning"
    unchecked = " It is checked when it is whole." if asked.text.strip() else ""
    return f"{words[:1].upper()}{words[1:]}…{unchecked}"


def written_html(asked: Asked) -> str:
    """Return what was written so far, not checked yet."""
    text = asked.text
    if not text.strip():
        return ""
    lines = "".join(f"<p>{esc(line)}</p>" for line in text.split("\n") if line.strip())
    return f'<div class="al-writing"{lang_of(text)} aria-label="Not checked yet">{lines}</div>'


def _ended(library: Library, asked: Asked) -> None:
    if asked.error is not None:
        show_error(asked.error)
    elif asked.stopped:
        more = " What was written is not checked and is not saved." if asked.text.strip() else " Nothing is saved."
        st.html(f'{written_html(asked)}<div class="al-notice">Stopped.{more}</div>')
    with st.container(horizontal=True, key="al_live_acts"):
        st.button("Ask again", key="al_retry_live", on_click=_again, args=(library, asked, asked.quotes_only))
        if not asked.quotes_only:
            st.button("Show the quotes", key="al_quotes_live", on_click=_again, args=(library, asked, True))
        st.button(
            "Discard", key="al_discard", type="tertiary", on_click=library.questions.forget, args=(asked.conversation,)
        )


def _quotes(library: Library, asked: Asked) -> None:
    asked.stop()
    _again(library, asked, True)


def _again(library: Library, asked: Asked, quotes_only: bool) -> None:
    begin(
        library,
        asked.question,
        asked.scope,
        conversation=asked.conversation,
        replace=asked.replace,
        quotes_only=quotes_only,
    )
