"""Digests: all quarters with what they are about, and the digest of one."""

import streamlit as st

from digests.cited import cited_in
from digests.quarter import short
from digests.types import BuildState, Digest
from digests.wording import is_empty
from ui.digest_edit import editing
from ui.digest_export import downloads
from ui.digest_index import index
from ui.digest_kept import digest_of, listed
from ui.digest_state import DigestState
from ui.digest_view import accounts_html, body_html, contents_html, head_html, located, opening_html
from ui.digest_write import writing
from ui.links import href
from ui.panels import job_panel
from ui.render import empty, link
from ui.state import Library, bound, open_library, read_state, shown_errors
from ui.theme import dress_with

TITLE, URL_PATH, ORDER = "Digests", "digests", 20


def render() -> None:
    """Show the page."""
    library = open_library()
    almanac, state = library.almanac, read_state(DigestState)
    dress_with("digests.css")
    job_panel(library)
    with shown_errors():
        if not state.quarter:
            index(almanac)
            return
        with st.spinner(f"Reading the digest of {short(state.quarter)}…", show_time=True):
            digest, built = digest_of(almanac, state.quarter)
        one(library, digest, built, state)


def one(library: Library, digest: Digest, built: BuildState, state: DigestState) -> None:
    """Show the digest of a quarter."""
    almanac = library.almanac
    st.set_page_config(page_title=f"{short(digest.quarter)} · MLSys Almanac")
    state = located(digest, state)
    known = [found.quarter for found in listed(almanac)]
    st.html(head_html(digest, state, known))
    controls(library, digest, state, sorted({*known, digest.quarter}, reverse=True))
    if state.edit:
        editing(almanac, digest, state)
        return
    if is_empty(digest):
        way = link(href("library", view="add"), "Add papers, feeds or notes")
        st.html(empty(f"Nothing of {short(digest.quarter)} is in the library", f"<p>{way}, or choose a quarter.</p>"))
        return
    top = "" if state.part else opening_html(digest, state)
    body = body_html(digest, state, lambda entries: cited_in(almanac.store, entries))
    st.html(f'<div class="al-digest">{top}{contents_html(digest, state)}{body}</div>')
    if not state.part:
        st.html(accounts_html(digest, state, built, lambda ids: cited_in(almanac.store, (), ids)))


def controls(library: Library, digest: Digest, state: DigestState, quarters: list[str]) -> None:
    """Show the choice of a quarter, the exports and the way to edit."""
    with st.container(horizontal=True, vertical_alignment="center", key="al_digest_controls"):
        st.selectbox("Quarter", quarters, format_func=short, label_visibility="collapsed", width=130,
                     **bound("quarter", digest.quarter))  # fmt: skip
        downloads(library.almanac, digest)
        writing(library, digest)
        words = "Done" if state.edit else "Edit"
        st.html(f'<div class="al-acts">{link(state.href(edit=0 if state.edit else 1), words, kind="al-act")}</div>')


if __name__ == "__main__":
    render()
