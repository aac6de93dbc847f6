"""One paper, repository or page: everything that the library says of it, the reader's opinions first."""

import streamlit as st

from ui.links import WorkState, href
from ui.render import empty, esc, link
from ui.state import open_library, read_state
from ui.works import GROUPS, work_html

TITLE, URL_PATH, ORDER, MENU = "Work", "work", 91, False


def render() -> None:
    """Show the page."""
    almanac = open_library().almanac
    state = read_state(WorkState)
    if state.kind not in GROUPS or not state.key:
        way = link(href("library"), "documents")
        st.html(empty("No work chosen", f"<p>Works are listed under the {way} that cite them.</p>"))
        return
    title, body, count = work_html(almanac, state.kind, state.key)
    st.set_page_config(page_title=f"{title[:60]} · MLSys Almanac")
    none = "" if count else empty("Nothing in the library speaks of it")
    st.html(f'<header class="al-doc"><h1>{esc(title)}</h1></header>{body}{none}')


if __name__ == "__main__":
    render()
