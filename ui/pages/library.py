"""Library: what is there, adding to it, and taking away from it."""

import streamlit as st

from ui.links import LibraryState
from ui.panels import job_panel
from ui.shelf import add_view, documents_view, top, works_view
from ui.state import open_library, read_state

TITLE, URL_PATH, ORDER = "Library", "library", 50


def render() -> None:
    """Show the page."""
    library = open_library()
    state = read_state(LibraryState)
    st.html(top(library.almanac, state))
    job_panel(library, watch=True)
    if state.view == "add":
        add_view(library)
    elif state.view == "works":
        works_view(library)
    else:
        documents_view(library, state)


if __name__ == "__main__":
    render()
