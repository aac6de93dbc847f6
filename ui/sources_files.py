"""What the library reads beside subscriptions: files given once, the starter library, what was removed."""

import streamlit as st

from almanac.overview import SourceState
from kb.types import Kind
from ui.forms import start_ingest
from ui.links import href
from ui.panels import remarks
from ui.render import KINDS, count, esc, heading, link, note, said, source_name
from ui.state import Library, load_starter, shown_errors

PER_PAGE = 100
_TONES = {"ok": ("read", "al-ok"), "partial": ("partly read", "al-warn"), "failed": ("failed", "al-bad")}


def files_view(library: Library) -> None:
    """Show each source that is no subscription, and what was removed before."""
    sources = library.almanac.overview.sources()
    with shown_errors():
        subscribed = library.almanac.sources.file.read().entries
    places = {one.location for one in subscribed}
    folders = tuple(one.target.rstrip("/") + "/" for one in subscribed if one.kind is Kind.NOTES)
    own = [
        source
        for source in sources
        if not source.starter and source.location not in places and not source.location.startswith(folders or ("\0",))
    ]
    add = link(href("library", view="add"), "Add files")
    st.html(heading("Files and pages read once", len(own)) + note(add if own else f"None yet. {add}"))
    for number, source in enumerate(own[:PER_PAGE]):
        _source(library, source, number)
    if len(own) > PER_PAGE:
        st.html(note(f"And {len(own) - PER_PAGE:,} more; those that failed come first."))
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
    st.html(heading("Removed documents", len(removed)))
    for number, (doc_id, title, when) in enumerate(removed[:PER_PAGE]):
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
