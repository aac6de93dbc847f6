"""Models: which language model writes the answers, what others need here, and the server's address."""

import streamlit as st

from ui.models_choice import fixed, fixed_html, server_view, state_panel, tabs_html
from ui.models_list import machine_view
from ui.models_state import ModelsState
from ui.state import open_library, read_state
from ui.theme import dress_with

TITLE, URL_PATH, ORDER = "Models", "models", 60


def render() -> None:
    """Show the page."""
    dress_with("models.css")
    library = open_library()
    state = read_state(ModelsState)
    st.html('<header class="al-doc"><h1>Models</h1></header>')
    state_panel(library)
    if fixed():
        st.html(fixed_html())
    st.html(tabs_html(state))
    if state.view == "server":
        server_view(library.almanac.language, state.window or library.almanac.language.settings.llm_context)
    else:
        machine_view(library, state)


if __name__ == "__main__":
    render()
