"""The three views of the Library page: its documents with a chart, adding files, and its sources."""

from math import ceil

import streamlit as st

from almanac import Almanac
from almanac.overview import SourceState
from kb.types import Kind
from ui.cards import document_row
from ui.charts import by_quarter
from ui.forms import add_files, library_filters, start_ingest
from ui.links import LibraryState, href
from ui.panels import job_report
from ui.render import KINDS, esc, said, source_name
from ui.state import Library, load_starter, shown_errors
from ui.theme import is_dark

PER_PAGE = 20
VIEWS = {"documents": "Documents", "add": "Add files", "sources": "Sources"}


def top(almanac: Almanac, state: LibraryState) -> str:
    """Return the library's size and the way to its views."""
    counts = almanac.overview.counts()
    held = f'{counts["documents"]:,} documents · {counts["chunks"]:,} passages · {counts["sources"]:,} sources'
    failed = f' · <a href="{href("library", view="sources")}">{counts["failed_sources"]} failed</a>' if counts["failed_sources"] else ""
    tabs = "".join(
        f'<a class="al-tab{" al-here" if view == state.view else ""}" data-stay="1" href="{esc(href("library", view="" if view == "documents" else view))}">{name}</a>'
        for view, name in VIEWS.items()
    )
    return f'<header class="al-doc"><h1>Library</h1><div class="al-meta"><span>{held}{failed}</span></div></header><nav class="al-tabs">{tabs}</nav>'


def documents_view(library: Library, state: LibraryState) -> None:
    """Show what is there by quarter and topic, and the documents, newest first."""
    almanac = library.almanac
    counted = almanac.overview.by_quarter_and_topic()
    if counted and not state.filtered:
        _chart(counted)
    library_filters(state, almanac)
    kinds = [Kind(state.kind)] if state.kind else []
    found = almanac.documents(kinds, quarter=state.quarter, topic=state.topic, source=state.source, text=state.text.strip())
    pages = max(1, ceil(len(found) / PER_PAGE))
    page = min(state.page, pages)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    if not shown:
        clear = f'<a href="{href("library")}">Show everything</a>' if state.filtered else f'<a href="{href("library", view="add")}">Add files</a>'
        st.html(f'<div class="al-empty"><h3>No documents here</h3><p>{clear}</p></div>')
        return
    clear = f'<span><a class="al-act" href="{href("library")}">clear filters</a></span>' if state.filtered else ""
    span = f"{(page - 1) * PER_PAGE + 1}–{(page - 1) * PER_PAGE + len(shown)} of {len(found):,}"
    before = f'<a class="al-act" href="{esc(state.href(page=page - 1))}">← Newer</a>' if page > 1 else ""
    after = f'<a class="al-act" href="{esc(state.href(page=page + 1))}">Older →</a>' if page < pages else ""
    rows = "".join(document_row(info) for info in shown)
    st.html(f'<div class="al-status"><span>{span}, newest first</span>{clear}</div>{rows}<nav class="al-acts al-pages">{before}{after}</nav>')


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


def add_view(library: Library) -> None:
    """Show the form for files and how the last ones fared."""
    job_report(library)
    if library.jobs.running is None:
        add_files(library)
    home = library.almanac.settings.home
    st.html(f'<p class="al-note">Uploaded files are kept in <code>{esc(home / "uploads")}</code>. Adding the same file again changes only what is new in it.</p>')


def sources_view(library: Library) -> None:
    """Show each source with its state and a way to remove it, and what was removed before."""
    sources = library.almanac.overview.sources()
    own = [source for source in sources if not source.starter]
    none = "" if own else f'<p class="al-note">None yet. <a href="{href("library", view="add")}">Add files</a>.</p>'
    st.html(f'<h3 class="al-head">Your sources</h3>{none}')
    for number, source in enumerate(own):
        _source(library, source, number)
    _starter(library, [source for source in sources if source.starter])
    _removed(library)


def _source(library: Library, source: SourceState, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"al_source_{number}"):
        st.html(source_row(source))
        with st.popover("Remove", type="tertiary"):
            st.write(f"Removes this source and the {source.documents:,} documents that only it holds. The file itself stays.")
            if st.button("Remove the source", type="primary", key=f"al_drop_{number}"):
                with shown_errors():
                    library.almanac.remove_source(source.location)
                st.rerun()


def source_row(source: SourceState) -> str:
    """Return one source with how its last ingest ended."""
    tone = {"ok": "al-ok", "partial": "al-warn", "failed": "al-bad"}.get(source.status, "")
    word = {"ok": "read", "partial": "partly read", "failed": "failed", "": "unfinished"}.get(source.status, source.status)
    kind = KINDS[Kind(source.kind)] if source.kind in set(Kind) else "Unread"
    held = [kind, f"{source.documents:,} documents"] + ([f"{source.skipped:,} skipped"] if source.skipped else [])
    held += [f"read {source.succeeded_at[:10]}"] if source.succeeded_at else []
    address = href("library", source=source.location)
    reason = f'<p class="al-note"><b>{said(source.error)}</b> {said(source.hint)}</p>' if source.error else ""
    notes = "".join(f"<li>{said(warning)}</li>" for warning in source.warnings)
    remarks = f"<details><summary>{len(source.warnings)} remarks</summary><ul>{notes}</ul></details>" if notes else ""
    return (
        f'<div class="al-outcome"><span class="al-badge {tone}">{esc(word)}</span> '
        f'<a class="al-name" title="{esc(source.location)}" href="{esc(address)}">{esc(source_name(source.location))}</a>'
        f'<span class="al-dim">{esc(" · ".join(held))}</span>{reason}{remarks}</div>'
    )


def _starter(library: Library, sources: list[SourceState]) -> None:
    head = '<h3 class="al-head">Starter library</h3>'
    if sources:
        documents = sum(source.documents for source in sources)
        st.html(f'{head}<p class="al-note">{len(sources)} sources, {documents:,} documents that come with the Almanac, so that it is useful at once.</p>')
        if st.button("Remove the starter library", key="al_starter_drop"):
            with shown_errors():
                library.almanac.remove_starter()
            st.rerun()
        return
    st.html(f'{head}<p class="al-note">Not loaded. It holds notes on parallelism, quantization, serving and hardware.</p>')
    if st.button("Load the starter library", key="al_starter_load", disabled=library.jobs.running is not None):
        load_starter(library)
        st.rerun()


def _removed(library: Library) -> None:
    removed = library.almanac.overview.removed()
    if not removed:
        return
    st.html('<h3 class="al-head">Removed documents</h3>')
    for number, (doc_id, title, when) in enumerate(removed[:100]):
        with st.container(horizontal=True, vertical_alignment="center", key=f"al_gone_{number}"):
            st.html(f'<div class="al-outcome"><span class="al-name">{esc(title)}</span><span class="al-dim">removed {esc(when[:10])}</span></div>')
            if st.button("Restore", type="tertiary", key=f"al_back_{number}"):
                restore(library, doc_id)
                st.rerun()


def restore(library: Library, doc_id: str) -> None:
    """Allow a removed document again and read its source anew, behind the pages."""
    with shown_errors():
        library.almanac.restore(doc_id)
        places = [source.location for source in library.almanac.overview.sources()]
        start_ingest(library, [place for place in places if source_name(place) in doc_id] or places)
