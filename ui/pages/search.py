"""Search: the home. The box first, filters folded, hits as cards; without a question, where to begin."""

import streamlit as st

from kb.types import Kind, SearchResult
from ui.cards import document_row, hit_card
from ui.forms import KIND_NAMES, search_box, search_filters
from ui.links import MOST_PAGES, PER_PAGE, SearchState, href
from ui.panels import job_panel, meaning_notice
from ui.render import esc
from ui.state import Library, levels_of, open_library, read_state

TITLE, URL_PATH, ORDER = "Search", "", 10
EXAMPLES = (
    ("pipeline bubble with interleaving", "en"),
    ("paged attention and KV cache", "en"),
    ("weight-only quantization", "en"),
    ("投机解码", "zh"),
    ("流水线气泡怎么算", "zh"),
    ("显存带宽与屋顶线模型", "zh"),
)


def render() -> None:
    """Show the page."""
    library = open_library()
    state = read_state(SearchState)
    search_box(state)
    search_filters(state, library.almanac)
    job_panel(library)
    if state.q.strip() or state.filtered:
        results(library, state)
    else:
        welcome(library)


def results(library: Library, state: SearchState) -> None:
    """Show a page of hits and how they were found."""
    found = library.almanac.search(state.query(), load=False)
    meaning_notice(library, found.notices)
    hits = found.hits[(state.page - 1) * PER_PAGE : state.page * PER_PAGE]
    if not hits:
        st.html(status_line(found, state) + nothing(library, state))
        return
    cards = "".join(hit_card(hit, state.q, levels_of(library.almanac, hit.chunk, hit.document)) for hit in hits)
    st.html(status_line(found, state) + cards + paging(found, state))


def status_line(found: SearchResult, state: SearchState) -> str:
    """Return number and time, and what else the glossary searched for, with its switch."""
    first = (state.page - 1) * PER_PAGE
    shown = len(found.hits[first : first + PER_PAGE])
    more = "" if len(found.hits) <= first + PER_PAGE else f" of {max(found.total_candidates, len(found.hits)):,}"
    count = f"{first + 1}–{first + shown}{more}" if shown else "Nothing"
    parts = [f"<span>{count} found in {max(found.milliseconds, 1):.0f} ms</span>"]
    if found.expanded:
        terms = ", ".join(esc(term) for term in found.expanded[:8])
        parts.append(f'<span>also searched: <i>{terms}</i> <a class="al-act" href="{esc(state.href(glossary=0))}">only my words</a></span>')
    elif not state.glossary:
        parts.append(f'<span>glossary off <a class="al-act" href="{esc(state.href(glossary=1))}">search translations too</a></span>')
    return f'<div class="al-status">{"".join(parts)}</div>'


def paging(found: SearchResult, state: SearchState) -> str:
    """Return the links to the pages before and after."""
    before = f'<a class="al-act" href="{esc(state.href(page=state.page - 1))}">← Better matches</a>' if state.page > 1 else ""
    further = len(found.hits) > state.page * PER_PAGE and state.page < MOST_PAGES
    after = f'<a class="al-act" href="{esc(state.href(page=state.page + 1))}">More matches →</a>' if further else ""
    return f'<nav class="al-acts al-pages">{before}{after}</nav>' if before or after else ""


def nothing(library: Library, state: SearchState) -> str:
    """Say why nothing was found and what to try."""
    tries = []
    if state.filtered:
        bare = SearchState(q=state.q).href()
        tries.append(f'<li>The filters leave nothing: <a href="{esc(bare)}">search without them</a>.</li>')
    if '"' in state.q or " -" in state.q:
        tries.append("<li>Leave out the quotation marks or the excluded words.</li>")
    tries.append("<li>Use fewer words, or the other language: the glossary knows both.</li>")
    counts = library.almanac.overview.counts()
    held = f'{counts["documents"]:,} documents' if counts["documents"] else "no documents yet"
    tries.append(f'<li>The library holds {held}: <a href="{href("library", view="add")}">add files</a> on the subject.</li>')
    return f'<div class="al-empty"><h3>No passage matches</h3><ul>{"".join(tries)}</ul></div>'


def welcome(library: Library) -> None:
    """Show where to begin: examples, what the library holds, what came last."""
    chips = "".join(f'<a class="al-chip" lang="{lang}" href="{esc(href("search", q=text))}">{esc(text)}</a>' for text, lang in EXAMPLES)
    counts = library.almanac.overview.counts()
    kinds = library.almanac.overview.by("kind")
    held = [f'<a href="{href("library", kind=k)}">{n:,} {KIND_NAMES[Kind(k)].lower()}</a>' for k, n in kinds.items()]
    line = f'{counts["chunks"]:,} passages in {", ".join(held)}' if held else "Nothing yet"
    add = f'<a href="{href("library", view="add")}">add files</a>'
    recent = sorted(library.almanac.documents(), key=lambda info: (info.added, info.published), reverse=True)[:6]
    rows = "".join(document_row(info) for info in recent)
    latest = f'<h3 class="al-head">Added last</h3>{rows}' if rows else ""
    st.html(f'<div class="al-chips">{chips}</div><p class="al-held">{line} · {add}</p>{latest}')


if __name__ == "__main__":
    render()
