"""Sources: what is subscribed to and how it fares, adding to it, and what else the library reads."""

import streamlit as st

from kb.errors import AlmanacError
from ui.panels import job_panel
from ui.rounds import follow_clock, round_panel
from ui.sources_add import add_view, lists_view
from ui.sources_files import files_view
from ui.sources_list import head_html, list_view
from ui.sources_one import one_view
from ui.sources_state import SourcesState
from ui.state import Library, open_library, read_state, show_error
from ui.theme import dress_with

TITLE, URL_PATH, ORDER = "Sources", "sources", 55


def render() -> None:
    """Show the page."""
    dress_with("sources.css")
    library = open_library()
    follow_clock(library)
    state = read_state(SourcesState)
    if state.id and shown(library, state.id):
        return
    st.html(head_html(state, library.almanac.settings.sync_every))
    job_panel(library, watch=state.view == "files")
    round_panel(library)
    if state.view == "add":
        add_view(library)
    elif state.view == "lists":
        lists_view(library)
    elif state.view == "files":
        files_view(library)
    else:
        list_view(library, state)


def shown(library: Library, key: str) -> bool:
    """Show one subscription; False where there is none of that key."""
    try:
        standing = library.almanac.sources.find(key)
    except AlmanacError as error:
        show_error(error)
        return False
    st.set_page_config(page_title=f"{standing.subscription.name[:60]} · MLSys Almanac")
    round_panel(library)
    one_view(library, standing)
    return True


if __name__ == "__main__":
    render()
