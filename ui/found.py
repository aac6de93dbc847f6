"""What surrounds the hits of a search: how they were found, the pages before and after, and nothing found."""

from collections.abc import Sequence

from almanac import Almanac
from kb.types import SavedSearch, SearchResult
from ui.ask_state import NARROWING
from ui.cards import card, hit_card
from ui.links import MOST_PAGES, PER_PAGE, SearchState, href
from ui.render import act, count, empty, esc, heading, link, spans
from ui.state import levels_of

TERMS = 8
"""Terms of the glossary that are named."""


def status_line(found: SearchResult, state: SearchState) -> str:
    """Return number and time, and what else the glossary searched for, with its switch."""
    first = (state.page - 1) * PER_PAGE
    hits = found.hits[first : first + PER_PAGE]
    shown = len(hits)
    more = f" of {max(found.total_candidates, len(found.hits)):,}" if len(found.hits) > first + PER_PAGE else ""
    number = f"{first + 1}–{first + shown}{more}" if shown else "Nothing"
    parts = [f"{number} found in {max(found.milliseconds, 1):.0f} ms"]
    if found.expanded:
        terms = ", ".join(esc(term) for term in found.expanded[:TERMS])
        parts.append(f"also searched: <i>{terms}</i> {act(state.href(glossary=0), 'only my words')}")
    elif not state.glossary:
        parts.append(f"glossary off {act(state.href(glossary=1), 'search translations too')}")
    if hits and state.q.strip() and all(hit.matched == "vector" for hit in hits):
        parts.append("no passage has these words; the nearest in meaning are shown")
    if state.q.strip():
        parts.append(act(asking(state), "Ask this question"))
    return f'<div class="al-status">{spans(parts)}</div>'


def asking(state: SearchState) -> str:
    """Return the address that asks a search's words as a question, with its filters."""
    kept = {name: value for name, value in state.parameters().items() if name in NARROWING}
    return href("ask", q=state.q, **kept)


def alike(almanac: Almanac, chunk_id: str) -> str:
    """Return a passage and those of other documents that are like it.

    Raises:
        DocumentNotFound: the passage is not in the library.
    """
    chunk = almanac.chunk(chunk_id)
    info = almanac.info(chunk.doc_id)
    hits = almanac.similar(chunk_id, load=False)
    cards = "".join(hit_card(hit, "", levels_of(almanac, hit.chunk, hit.document)) for hit in hits)
    start = heading("Passages like this one") + card(chunk, info, levels=levels_of(almanac, chunk, info))
    return start + (heading("Elsewhere", len(hits)) + cards if hits else empty("No other document says the like"))


def paging(found: SearchResult, state: SearchState) -> str:
    """Return the links to the pages before and after."""
    further = len(found.hits) > state.page * PER_PAGE and state.page < MOST_PAGES
    before = act(state.href(page=state.page - 1), "← Better matches") if state.page > 1 else ""
    after = act(state.href(page=state.page + 1), "More matches →") if further else ""
    return f'<nav class="al-acts al-pages">{before or "<span></span>"}{after}</nav>' if before or after else ""


def kept_chip(search: SavedSearch) -> str:
    """Return a kept search with how many new passages it has."""
    new = f" <b>{search.new} new</b>" if search.new else ""
    return link(href("search", q=search.text), esc(search.text) + new, kind="al-chip")


def nothing(almanac: Almanac, state: SearchState, spellings: Sequence[str] = ()) -> str:
    """Say why nothing was found and what to try; `spellings` are words of the library like the reader's."""
    tries = []
    if spellings:
        words = ", ".join(link(SearchState(q=word).href(), esc(word)) for word in spellings[:6])
        tries.append(f"Words of the library that are spelled like yours: {words}.")
    if state.page > 1:
        tries.append(f"There are no further matches: {link(state.href(), 'back to the best')}.")
    if state.filtered:
        tries.append(f"The filters leave nothing: {link(SearchState(q=state.q).href(), 'search without them')}.")
    if '"' in state.q or " -" in f" {state.q}":
        tries.append("Leave out the quotation marks or the excluded words.")
    tries.append("Use fewer words, or the other language: the glossary knows both.")
    held = count(almanac.overview.counts()["documents"], "document")
    add = link(href("library", view="add"), "add files")
    tries.append(f"The library holds {held}: {add} on the subject.")
    return empty("No passage matches", "<ul>" + "".join(f"<li>{item}</li>" for item in tries) + "</ul>")
