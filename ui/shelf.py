"""The views of the Library page: its documents with a chart, the works they name, and adding files."""

from math import ceil

import streamlit as st

from almanac import Almanac
from digests.quarter import is_quarter, short
from kb.types import Kind
from ui.cards import document_row
from ui.charts import by_quarter
from ui.forms import KIND_NAMES, add_files, library_filters
from ui.hues import OTHER, topic_slugs
from ui.links import LibraryState, href
from ui.panels import job_report
from ui.render import act, count, empty, esc, link, note, spans, tag
from ui.state import Library, documents_of
from ui.theme import is_dark
from ui.works import works_html

PER_PAGE = 20
SIZES = {"documents": "document", "chunks": "passage", "sources": "source"}
VIEWS = {"documents": "Documents", "works": "Works", "add": "Add files"}
_ADD = link(href("library", view="add"), "Add files")


def top(almanac: Almanac, state: LibraryState) -> str:
    """Return the library's size and the way to its views."""
    counts = almanac.overview.counts()
    held = " · ".join(count(counts[name], noun) for name, noun in SIZES.items())
    failed = counts["failed_sources"]
    if failed:
        held += " · " + link(href("sources", view="files"), f"{failed} failed")
    tabs = "".join(
        link(
            href("library", view="" if view == "documents" else view),
            name,
            kind="al-tab al-here" if view == state.view else "al-tab",
            stay=True,
        )
        for view, name in VIEWS.items()
    )
    head = f'<header class="al-doc"><h1>Library</h1><div class="al-meta"><span>{held}</span></div></header>'
    return f'{head}<nav class="al-tabs">{tabs}</nav>'


def documents_view(library: Library, state: LibraryState) -> None:
    """Show what is there by kind, topic and quarter, and the documents, newest first."""
    almanac = library.almanac
    counted = almanac.overview.by_quarter_and_topic()
    if not state.filtered:
        st.html(facets(almanac))
        if counted:
            _chart(counted)
    library_filters(state, almanac)
    found = documents_of(almanac, state)
    pages = max(1, ceil(len(found) / PER_PAGE))
    page = min(state.page, pages)
    first = (page - 1) * PER_PAGE
    shown = found[first : first + PER_PAGE]
    if not shown:
        way = link(href("library"), "Show everything") if state.filtered else _ADD
        st.html(empty("No documents here", f"<p>{way}</p>"))
        return
    line = spans(
        (
            f"{first + 1}–{first + len(shown)} of {len(found):,}, newest first",
            act(href("library"), "clear filters") if state.filtered else "",
            act(href("digests", quarter=state.quarter), f"Digest of {short(state.quarter)}")
            if is_quarter(state.quarter)
            else "",
        )
    )
    before = act(state.href(page=page - 1), "← Newer") if page > 1 else "<span></span>"
    after = act(state.href(page=page + 1), "Older →") if page < pages else ""
    rows = "".join(document_row(info) for info in shown)
    st.html(f'<div class="al-status">{line}</div>{rows}<nav class="al-acts al-pages">{before}{after}</nav>')


def facets(almanac: Almanac) -> str:
    """Return what there is by kind and by topic, each a way into the list."""
    kinds = [
        f"{link(href('library', kind=kind), KIND_NAMES[Kind(kind)])}<b>{number:,}</b>"
        for kind, number in almanac.overview.by("kind").items()
    ]
    numbers = almanac.overview.by("topic")
    known = [slug for slug in topic_slugs() if slug in numbers]
    topics = [f"{tag(slug, href('library', topic=slug))}<b>{numbers[slug]:,}</b>" for slug in known]
    return f'<div class="al-facets">{spans(kinds)}</div><div class="al-facets">{spans([*topics, tag(OTHER)])}</div>'


def _chart(counted: list[tuple[str, str, int]]) -> None:
    chosen = st.altair_chart(
        by_quarter(counted, is_dark()),
        on_select="rerun",
        key="al_quarters",
        theme=None,
        alt="Documents by quarter and topic",
    )
    picked = [point.get("quarter") for point in chosen["selection"].get("quarter", [])] if chosen else []
    if picked and picked[0]:
        st.query_params["quarter"] = picked[0]
        st.rerun()


def works_view(library: Library) -> None:
    """Show the papers and repositories that most documents speak of."""
    st.html(note("Papers and repositories by how many documents name them.") + works_html(library.almanac))


def add_view(library: Library) -> None:
    """Show the form for files and how the last ones fared."""
    job_report(library)
    if library.jobs.running is None:
        add_files(library)
    home = esc(library.almanac.settings.home / "uploads")
    again = "Adding the same file again changes only what is new in it."
    st.html(note(f"Uploaded files are kept in <code>{home}</code>. {again}"))
