"""One document: where it comes from, its text with the passage in its place, what it refers to."""

import streamlit as st

from almanac import Almanac
from kb.errors import AlmanacError, DocumentNotFound
from kb.types import DocumentInfo
from ui.calculator_links import calculator_links
from ui.forms import topic_control
from ui.links import DocumentState, href
from ui.panels import job_panel
from ui.reading import focus_of, head, marks_of, steps_html, text_html, topic_reasons
from ui.render import empty, esc, heading, link, name_of
from ui.sources_files import restore
from ui.state import Library, open_library, read_state, show_error, shown_errors
from ui.works import references_html

TITLE, URL_PATH, ORDER, MENU = "Document", "document", 90, False


def render() -> None:
    """Show the page."""
    library = open_library()
    almanac, state = library.almanac, read_state(DocumentState)
    job_panel(library)
    if not state.id:
        st.html(empty("No document chosen", f"<p>{link(href('library'), 'The library')} lists them.</p>"))
        return
    try:
        info, document = almanac.info(state.id), almanac.document(state.id)
    except DocumentNotFound as error:
        gone(library, state.id, error)
        return
    st.set_page_config(page_title=f"{name_of(info)[:60]} · MLSys Almanac")
    try:
        focus, chunk = focus_of(almanac, document, state)
    except DocumentNotFound as error:
        show_error(error)
        focus, chunk = None, None
    st.html(steps_html(almanac, info, chunk, state) + head(info, document, topic_reasons(almanac, info.id)))
    controls(almanac, info)
    if chunk is not None and (links := calculator_links(chunk.text)):
        st.html(links)
    st.html(text_html(document, info, focus, marks_of(almanac, document, state, chunk), state))
    references = references_html(almanac, info.id, state)
    if references:
        st.html(heading("Refers to") + references)


def controls(almanac: Almanac, info: DocumentInfo) -> None:
    """Show what the reader can do with the document: correct its topics, remove it."""
    with st.container(horizontal=True, key="al_controls"):
        topic_control(almanac, info)
        with st.popover("Remove", type="tertiary"):
            st.write("It leaves the library, and adding its source again does not bring it back. You can restore it.")
            if st.button("Remove this document", type="primary", key="al_remove"):
                with shown_errors():
                    almanac.remove_document(info.id)
                st.rerun()


def gone(library: Library, doc_id: str, error: AlmanacError) -> None:
    """Say that a document is not there; one that the reader removed can be restored."""
    removed = {name: title for name, title, _ in library.almanac.overview.removed()}
    if doc_id not in removed:
        if library.jobs.running is None:
            show_error(error)
        return
    st.html(empty("You removed this document", f"<p>{esc(removed[doc_id])}</p>"))
    if st.button("Restore it", type="primary", key="al_restore"):
        restore(library, doc_id)
        st.rerun()


if __name__ == "__main__":
    render()
