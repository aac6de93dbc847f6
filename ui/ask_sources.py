"""Citations on the page: the chip [n] that opens its passage, what is seen on hovering, the list of sources.

Pure HTML. Refuses to link to what is not there: a source that left the library keeps its quote and says so.
Invariant: a chip, its peek and its entry in the list come from one citation.
"""

from collections.abc import Iterable, Mapping

from almanac.conversations import Source
from chat.citations import crumbs
from chat.types import Candidate, Citation
from kb.text import language_of
from ui.links import href
from ui.quoting import for_address, place_of
from ui.render import (
    KINDS,
    breadcrumb,
    day,
    esc,
    language_attribute,
    link,
    outside,
    passage,
    safe_url,
    shorten,
    spans,
)

Sources = Mapping[Citation, Source]
GONE = "no longer in the library"
CHANGED = "the passage has changed since"
PEEK = 420
"""Columns of a passage that are seen on hovering."""


def lang_of(text: str) -> str:
    """Return the `lang` attribute of a text, with a blank before it."""
    return language_attribute(language_of(text))


def address_of(citation: Citation, source: Source) -> str:
    """Return where a citation opens its passage with the quote marked; nothing where the document is gone."""
    if source.standing == "gone":
        return ""
    return href("document", id=citation.doc_id, chunk=source.chunk_id, quote=for_address(citation.quote))


def chip(citation: Citation, sources: Sources) -> str:
    """Return [n] with what is seen on hovering or by keyboard."""
    source = sources.get(citation, Source(standing="gone"))
    address = address_of(citation, source)
    place = " › ".join(crumbs(citation)[-2:])
    number = citation.number
    if not address:
        words = f"Source {number}, {GONE}: {place}"
        mark = f'<span class="al-cite al-cite-gone" tabindex="0" role="note" aria-label="{esc(words)}">{number}</span>'
    else:
        mark = f'<a class="al-cite" href="{esc(address)}" aria-label="{esc(f"Source {number}: {place}")}">{number}</a>'
    # A word joiner keeps the chip on the line of the word before it.
    return f"\u2060{mark}{peek(citation, source)}"


def chips(numbers: Iterable[int], cited: Mapping[int, Citation], sources: Sources) -> str:
    """Return the chips of a sentence."""
    return "".join(chip(cited[number], sources) for number in numbers if number in cited)


def peek(citation: Citation, source: Source) -> str:
    """Return the passage as it is seen on hovering; for ears the list of sources says the same."""
    return (
        f'<span class="al-peek" aria-hidden="true"{lang_of(citation.quote)}>'
        f'<span class="al-peek-in"><span class="al-crumb">{breadcrumb(crumbs(citation))}</span>'
        f"{_in_spans(shown_passage(citation, source, PEEK))}{_standing(source)}</span></span>"
    )


def _in_spans(html: str) -> str:
    # A peek stands inside a paragraph, where a browser allows no other paragraph.
    return html.replace("<p", "<span").replace("</p>", "</span>")


def shown_passage(citation: Citation, source: Source, limit: int = 0) -> str:
    """Return the passage around a quote, the quote marked; the quote alone where the passage is no more."""
    text = source.passage or citation.quote
    place = place_of(citation.quote, text) if source.passage else None
    return passage(text, [place] if place else [], limit)


def place(citation: Citation, sources: Sources) -> tuple[str, ...]:
    """Return what a reader sees of where a quote stands: passages of one section read alike."""
    return (citation.doc_id, sources.get(citation, Source(standing="gone")).standing, *crumbs(citation))


def source_line(citation: Citation, sources: Sources) -> str:
    """Return where a quote stands: breadcrumb, kind, date, and the ways to it."""
    source = sources.get(citation, Source(standing="gone"))
    address = address_of(citation, source)
    where = breadcrumb(crumbs(citation))
    parts = [link(address, where) if address else where, KINDS[citation.kind]]
    parts += [esc(day(citation.published))] if citation.published else []
    parts += [outside(citation.url, "Original")] if safe_url(citation.url) else []
    parts += [_standing(source)]
    return f'<div class="al-meta al-source"{lang_of(citation.title)}>{spans(parts)}</div>'


def _standing(source: Source) -> str:
    words = {"gone": GONE, "changed": CHANGED}.get(source.standing, "")
    return f'<span class="al-badge al-lost-badge">{words}</span>' if words else ""


def sources_list(citations: Iterable[Citation], sources: Sources) -> str:
    """Return the sources of an answer, each with its passage folded."""
    rows = "".join(
        f'<li id="source-{c.number}"><details><summary><b>{c.number}</b>{source_line(c, sources)}</summary>'
        f'<div class="al-passage"{lang_of(c.quote)}>'
        f"{shown_passage(c, sources.get(c, Source(standing='gone')))}</div></details></li>"
        for c in citations
    )
    return f'<div class="al-sources"><h3>Sources</h3><ol>{rows}</ol></div>' if rows else ""


def candidates_html(candidates: Iterable[Candidate], question: str) -> str:
    """Return the passages that come nearest to a question that nothing answers."""
    rows = ""
    for candidate in candidates:
        address = href("document", id=candidate.doc_id, chunk=candidate.chunk_id, q=question)
        path = [part for part in candidate.path if part]
        where = [candidate.title, *(path[1:] if path[:1] == [candidate.title] else path)]
        text = shorten(" ".join(candidate.text.split()), 180)
        rows += (
            f'<li><div class="al-crumb"{lang_of(candidate.title)}>{link(address, breadcrumb(where))}</div>'
            f'<div class="al-near"{lang_of(text)}>{esc(text)}</div></li>'
        )
    return f'<div class="al-nearest"><h3>Nearest in your library</h3><ul>{rows}</ul></div>' if rows else ""
