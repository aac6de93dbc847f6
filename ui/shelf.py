"""The three views of the Library page: its documents with a chart, adding files, and its sources."""

from math import ceil

import streamlit as st

from almanac import Almanac
from almanac.overview import SourceState
from digests.quarter import is_quarter, short
from kb.types import Kind
from ui.cards import document_row
from ui.charts import by_quarter
from ui.forms import KIND_NAMES, add_files, library_filters, start_ingest
from ui.hues import OTHER, topic_slugs
from ui.links import LibraryState, href
from ui.panels import job_report, remarks
from ui.render import KINDS, act, count, empty, esc, heading, link, note, said, source_name, spans, tag
from ui.state import Library, documents_of, load_starter, shown_errors
from ui.theme import is_dark
from ui.works import works_html

PER_PAGE = 20
SIZES = {"documents": "document", "chunks": "passage", "sources": "source"}
VIEWS = {"documents": "Documents", "works": "Works", "add": "Add files", "sources": "Sources"}
_ADD = link(href("library", view="add"), "Add files")
_TONES = {"ok": ("read", "al-ok"), "partial": ("partly read", "al-warn"), "failed": ("failed", "al-bad")}


def top(almanac: Almanac, state: LibraryState) -> str:
    """Return the library's size and the way to its views."""
    counts = almanac.overview.counts()
    held = " · ".join(count(counts[name], noun) for name, noun in SIZES.items())
    failed = counts["failed_sources"]
    if failed:
        held += " · " + link(href("library", view="sources"), f"{failed} failed")
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


def sources_view(library: Library) -> None:
    """Show each source with its state and a way to remove it, and what was removed before."""
    sources = library.almanac.overview.sources()
    own = [source for source in sources if not source.starter]
    st.html(heading("Your sources") + ("" if own else note(f"None yet. {_ADD}")))
    for number, source in enumerate(own):
        _source(library, source, number)
    _starter(library, [source for source in sources if source.starter])
    _removed(library)


def _source(library: Library, source: SourceState, number: int) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"al_source_{number}"):
        st.html(source_row(source))
        with st.popover("Remove", type="tertiary"):
            held = count(source.documents, "document")
            st.write(f"Removes this source and the {held} that only it holds. The file itself stays.")
            if st.button("Remove the source", type="primary", key=f"al_drop_{number}"):
                with shown_errors():
                    library.almanac.remove_source(source.location)
                st.rerun()


def source_row(source: SourceState) -> str:
    """Return one source with how its last ingest ended."""
    word, tone = _TONES.get(source.status, ("unfinished", "al-warn"))
    held = [KINDS[Kind(source.kind)] if source.kind in set(Kind) else "Unread", count(source.documents, "document")]
    held += [f"{source.skipped:,} skipped"] if source.skipped else []
    held += [f"read {source.succeeded_at[:10]}"] if source.succeeded_at else []
    name = link(href("library", source=source.location), esc(source_name(source.location)), kind="al-name")
    reason = note(f"<b>{said(source.error)}</b> {said(source.hint)}") if source.error else ""
    return (
        f'<div class="al-outcome" title="{esc(source.location)}"><span class="al-badge {tone}">{esc(word)}</span> '
        f'{name}<span class="al-dim">{esc(" · ".join(held))}</span>{reason}{remarks(source.warnings)}</div>'
    )


def _starter(library: Library, sources: list[SourceState]) -> None:
    head = heading("Starter library")
    if sources:
        held = f"{count(len(sources), 'source')}, {count(sum(source.documents for source in sources), 'document')}"
        st.html(head + note(f"{held} that come with the Almanac, so that it is useful at once."))
        if st.button("Remove the starter library", key="al_starter_drop"):
            with shown_errors():
                library.almanac.remove_starter()
            st.rerun()
        return
    st.html(head + note("Not loaded. It holds notes on parallelism, quantization, serving and hardware."))
    busy = library.jobs.running is not None
    if st.button("Load the starter library", key="al_starter_load", disabled=busy):
        load_starter(library)
        st.rerun()


def _removed(library: Library) -> None:
    removed = library.almanac.overview.removed()
    if not removed:
        return
    st.html(heading("Removed documents"))
    for number, (doc_id, title, when) in enumerate(removed[:100]):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"al_gone_{number}"):
            gone = f'<span class="al-name">{esc(title)}</span><span class="al-dim">removed {esc(when[:10])}</span>'
            st.html(f'<div class="al-outcome">{gone}</div>')
            if st.button("Restore", type="tertiary", key=f"al_back_{number}"):
                restore(library, doc_id)
                st.rerun()


def restore(library: Library, doc_id: str) -> None:
    """Allow a removed document again and read its source anew, behind the pages."""
    with shown_errors():
        library.almanac.restore(doc_id)
        places = [source.location for source in library.almanac.overview.sources()]
        start_ingest(library, [place for place in places if source_name(place) in doc_id] or places)
