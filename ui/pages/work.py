"""One paper, repository or page: everything that the library says of it, the reader's opinions first."""

import streamlit as st

from ui.links import WorkState, href
from ui.render import esc
from ui.state import open_library, read_state
from ui.works import GROUPS, work_html

TITLE, URL_PATH, ORDER, MENU = "Work", "work", 91, False


def render() -> None:
    """Show the page."""
    almanac = open_library().almanac
    state = read_state(WorkState)
    if state.kind not in GROUPS or not state.key:
        st.html(f'<div class="al-empty"><h3>No work chosen</h3><p>Works are listed under the <a href="{href("library")}">documents</a> that cite them.</p></div>')
        return
    title, body, count = work_html(almanac, state.kind, state.key)
    st.set_page_config(page_title=f"{title[:60]} · MLSys Almanac")
    none = '<div class="al-empty"><h3>Nothing in the library speaks of it</h3></div>' if not count else ""
    st.html(f'<header class="al-doc"><h1>{esc(title)}</h1></header>{body}{none}')


if __name__ == "__main__":
    render()
