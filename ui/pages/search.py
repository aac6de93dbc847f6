"""Search: the home. The box first, filters folded, hits as cards; without a question, where to begin."""

import streamlit as st

from kb.types import Kind
from ui.cards import document_row, hit_card
from ui.forms import KIND_NAMES, keep_search, search_box, search_filters
from ui.found import alike, kept_chip, nothing, paging, status_line
from ui.links import PER_PAGE, LibraryState, SearchState, href
from ui.panels import job_panel, meaning_notice
from ui.render import esc, heading, link
from ui.state import Library, documents_of, levels_of, open_library, read_state, saved_of

TITLE, URL_PATH, ORDER = "Search", "", 10
EXAMPLES = (
    ("pipeline bubble with interleaving", "en"),
    ("paged attention and KV cache", "en"),
    ("weight-only quantization", "en"),
    ("投机解码", "zh"),
    ("流水线气泡怎么算", "zh"),
    ("显存带宽与屋顶线模型", "zh"),
)
RECENT = 6


def render() -> None:
    """Show the page."""
    library = open_library()
    state = read_state(SearchState)
    search_box(state)
    search_filters(state, library.almanac)
    job_panel(library)
    if state.like:
        st.html(alike(library.almanac, state.like))
    elif state.q.strip() or state.filtered:
        results(library, state)
    else:
        welcome(library)


def results(library: Library, state: SearchState) -> None:
    """Show a page of hits and how they were found."""
    found = library.almanac.search(state.query(), load=False)
    meaning_notice(library, found.notices)
    hits = found.hits[(state.page - 1) * PER_PAGE : state.page * PER_PAGE]
    cards = (hit_card(hit, state.q, levels_of(library.almanac, hit.chunk, hit.document)) for hit in hits)
    body = "".join(cards) or nothing(library.almanac, state, found.suggestions)
    st.html(status_line(found, state) + body + paging(found, state))
    keep_search(state, library.almanac)


def welcome(library: Library) -> None:
    """Show where to begin: examples, what the library holds, what came last."""
    almanac = library.almanac
    chips = "".join(
        f'<span lang="{lang}">{link(href("search", q=text), esc(text), kind="al-chip")}</span>'
        for text, lang in EXAMPLES
    )
    kept = "".join(kept_chip(search) for search in saved_of(almanac).values())
    kinds = almanac.overview.by("kind")
    held = [link(href("library", kind=k), f"{n:,} {KIND_NAMES[Kind(k)].lower()}") for k, n in kinds.items()]
    line = f"{almanac.overview.counts()['chunks']:,} passages in {', '.join(held)}" if held else "Nothing yet"
    add = link(href("library", view="add"), "add files")
    everything = documents_of(almanac, LibraryState())
    recent = sorted(everything, key=lambda info: (info.added, info.published), reverse=True)[:RECENT]
    rows = "".join(document_row(info) for info in recent)
    latest = heading("Added last") + rows if rows else ""
    own = f'{heading("Kept searches")}<div class="al-chips">{kept}</div>' if kept else ""
    st.html(f'<div class="al-chips">{chips}</div><p class="al-held">{line} · {add}</p>{own}{latest}')


if __name__ == "__main__":
    render()
