"""Ask: a question, its answer with what bears it out, and the conversation that goes on from there."""

from dataclasses import replace

import streamlit as st

from kb.errors import ConversationNotFound
from ui.ask_box import ask_box, begin_from_address, examples_html, model_html, refused, scope_fold
from ui.ask_list import list_view, recent_html, tabs_html
from ui.ask_live import live_panel
from ui.ask_state import AskState
from ui.ask_turns import conversation_view
from ui.calculator_view import dress_calculators
from ui.panels import job_panel
from ui.render import shorten
from ui.state import Library, open_library, read_state, show_error
from ui.theme import dress_with

TITLE, URL_PATH, ORDER = "Ask", "ask", 30


def render() -> None:
    """Show the page."""
    library = open_library()
    state = read_state(AskState)
    dress_calculators()
    dress_with("ask.css")
    job_panel(library)
    if state.q.strip():
        state = replace(state, c=begin_from_address(library, state), q="")
    if state.view == "conversations":
        list_view(library, state)
    elif state.c:
        going_on(library, state)
    else:
        welcome(library, state)


def welcome(library: Library, state: AskState) -> None:
    """Show where to begin: the box, where to look, examples, what was asked before."""
    almanac = library.almanac
    st.html(tabs_html(state, almanac.conversations.count()))
    ask_box(library, state)
    scope_fold(state, almanac)
    st.html(examples_html(state) + model_html(almanac) + recent_html(library))


def going_on(library: Library, state: AskState) -> None:
    """Show a conversation and the box to go on with."""
    asked = library.questions.of(state.c)
    refused()
    before = None
    try:
        found = library.almanac.conversations.open(state.c)
        name_page(found.row.title)
        before = found.turns[-1].scope
        conversation_view(library, found, state)
    except ConversationNotFound as error:
        if asked is None:
            show_error(error)
            welcome(library, replace(state, c=""))
            return
        name_page(asked.question)
        live_panel(library, asked, first=True)
    scope_fold(state, library.almanac, before)
    ask_box(library, state, busy=asked is not None and asked.running)


def name_page(words: str) -> None:
    """Name the browser's tab after what is asked in it."""
    st.set_page_config(page_title=f"{shorten(' '.join(words.split()), 60)} · MLSys Almanac")


if __name__ == "__main__":
    render()
