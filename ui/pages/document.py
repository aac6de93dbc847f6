"""One document: where it comes from, its text with the passage in its place, what it refers to."""

import streamlit as st

from almanac import Almanac
from kb.errors import AlmanacError, DocumentNotFound
from kb.types import DocumentInfo
from ui.forms import start_ingest, topic_control
from ui.links import DocumentState, href
from ui.panels import job_panel
from ui.reading import focus_of, head, marks_of, steps_html, text_html
from ui.render import esc, source_name
from ui.state import Library, open_library, read_state, show_error, shown_errors
from ui.works import references_html

TITLE, URL_PATH, ORDER, MENU = "Document", "document", 90, False


def render() -> None:
    """Show the page."""
    library = open_library()
    state = read_state(DocumentState)
    job_panel(library)
    if not state.id:
        st.html(f'<div class="al-empty"><h3>No document chosen</h3><p><a href="{href("library")}">The library</a> lists them.</p></div>')
        return
    try:
        info, document = library.almanac.info(state.id), library.almanac.document(state.id)
    except DocumentNotFound as error:
        gone(library, state.id, error)
        return
    st.set_page_config(page_title=f"{info.title[:60]} · MLSys Almanac")
    try:
        focus, chunk = focus_of(library.almanac, document, state)
    except DocumentNotFound as error:
        show_error(error)
        focus, chunk = None, None
    reasons = dict(library.almanac.store.rows("SELECT topic, reason FROM topics t JOIN documents d ON d.row = t.doc WHERE d.id = ?", (info.id,)))
    st.html(steps_html(library.almanac, info, chunk, state) + head(info, document, reasons))
    controls(library.almanac, info)
    st.html(text_html(document, info, focus, marks_of(library.almanac, state, chunk), state))
    references = references_html(library.almanac, info.id, state)
    if references:
        st.html(f'<h3 class="al-head">Refers to</h3>{references}')


def controls(almanac: Almanac, info: DocumentInfo) -> None:
    """Show what the reader can do with the document: correct its topics, remove it."""
    with st.container(horizontal=True, key="al_controls"):
        topic_control(almanac, info)
        with st.popover("Remove", type="tertiary"):
            st.write("Takes it out of the library. Adding its source again does not bring it back; you can restore it.")
            if st.button("Remove this document", type="primary", key="al_remove"):
                with shown_errors():
                    almanac.remove_document(info.id)
                st.rerun()


def gone(library: Library, doc_id: str, error: AlmanacError) -> None:
    """Say that a document is not there; one that the reader removed can be restored."""
    removed = {name: title for name, title, _ in library.almanac.overview.removed()}
    if doc_id not in removed:
        show_error(error)
        return
    st.html(f'<div class="al-empty"><h3>You removed this document</h3><p>{esc(removed[doc_id])}</p></div>')
    if st.button("Restore it", type="primary", key="al_restore"):
        with shown_errors():
            library.almanac.restore(doc_id)
            places = [source.location for source in library.almanac.overview.sources()]
            start_ingest(library, [place for place in places if source_name(place) in doc_id] or places)
        st.rerun()


if __name__ == "__main__":
    render()
