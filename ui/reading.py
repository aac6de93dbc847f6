"""A document as the reader meets it: its head, the passage asked for, what matched in it, its neighbours.

Owns the choice of the focus. Reads through the façade; makes HTML with `article` and `outline`.
"""

from almanac import Almanac
from digests.quarter import short
from kb.errors import DocumentNotFound
from kb.types import Chunk, Document, DocumentInfo, Kind, Query
from ui import article, outline
from ui.links import DocumentState, href
from ui.quoting import place_of
from ui.render import (
    KINDS,
    LANGUAGE_NAMES,
    Spans,
    act,
    citation,
    copying,
    count,
    dated,
    day,
    esc,
    language_attribute,
    note,
    outside,
    safe_url,
    shorten,
    source_name,
    spans,
    tag,
    title_html,
)

MOST_MARKS = 400


def head(info: DocumentInfo, document: Document, reasons: dict[str, str]) -> str:
    """Return title, authors, date, source, topics with what earned them."""
    line = [KINDS[info.kind], dated(info)]
    if document.updated and document.updated[:10] != document.published[:10]:
        line.append(f"revised {esc(day(document.updated))}")
    line.append(f'<span title="{esc(info.source)}">{esc(source_name(info.source))}</span>')
    line.append(LANGUAGE_NAMES[info.language])
    if safe_url(info.url):
        line.append(outside(info.url, "Original"))
    line.append(act(href("search", q=f'doc:"{info.id}" '), "Search inside"))
    line.append(act(href("ask", doc=info.id), "Ask about it"))
    if info.quarter:
        line.append(act(href("digests", quarter=info.quarter, at=info.id), f"Digest of {short(info.quarter)}"))
    if document.version:
        line.append(f"version {document.version}")
    if document.categories:
        line.append(esc(", ".join(document.categories[:6])))
    if info.status == "withdrawn":
        line.append('<span class="al-badge al-lost-badge">withdrawn</span>')
    who = f'<p class="al-authors">{esc(", ".join(info.authors))}</p>' if info.authors else ""
    stand_in = note("Title unknown; its first words are shown.") if info.title_estimated else ""
    comment = note(f"Comment: {esc(document.comment)}") if document.comment else ""
    tags = "".join(tag(topic, href("search", topic=topic), reasons.get(topic, "")) for topic in info.topics)
    why = " · ".join(f"{reason}" for topic in info.topics if (reason := reasons.get(topic)))
    because = f'<span class="al-why" title="What the topics rest on">{esc(why)}</span>' if why else ""
    topics = tags + because if tags else "<span>No topic found</span>"
    lang = language_attribute(info.language)
    return (
        f'<header class="al-doc"><h1{lang}>{title_html(info)}</h1>{stand_in}{who}'
        f'<div class="al-meta">{spans(line)}</div>{comment}'
        f'<div class="al-meta al-topics">{topics}</div></header>'
    )


def topic_reasons(almanac: Almanac, doc_id: str) -> dict[str, str]:
    """Return what earned a document its topics, by topic."""
    sql = "SELECT topic, reason FROM topics JOIN documents ON documents.row = topics.doc WHERE documents.id = ?"
    return dict(almanac.store.rows(sql, (doc_id,)))


def focus_of(almanac: Almanac, document: Document, state: DocumentState) -> tuple[tuple[int, int] | None, Chunk | None]:
    """Return the span that the address asks for, and its passage.

    Raises:
        DocumentNotFound: the passage named is not, or no longer, in the library.
    """
    if state.chunk:
        chunk = almanac.chunk(state.chunk)
        if chunk.doc_id != document.id:
            raise DocumentNotFound(f"Passage {state.chunk} belongs to another document.", "Open it from a search.")
        return (chunk.start, chunk.end), chunk
    if state.quote and (place := _quoted(document, state.quote, None)):
        return place, None
    for section in document.sections:
        if section.id == state.at:
            return (section.start, max(section.end, section.start + 1)), None
    return None, None


def marks_of(almanac: Almanac, document: Document, state: DocumentState, chunk: Chunk | None) -> Spans:
    """Return where a citation's quote stands, else where the reader's question matches, in order, none overlapping."""
    if state.quote and (place := _quoted(document, state.quote, chunk)):
        return [place]
    if not state.q.strip():
        return ()
    result = almanac.search(Query(text=state.q[:2000], doc_id=state.id, limit=60), load=False)
    wanted = chunk.id if chunk is not None else ""
    # Every word of a question occurs somewhere; marks stay where the passages match best.
    best = [hit for hit in result.hits if hit.matched != "vector" or hit.chunk.id == wanted][:30]
    spans = sorted((hit.chunk.start + a, hit.chunk.start + b) for hit in best for a, b in hit.highlights)
    kept: list[tuple[int, int]] = []
    for a, b in spans[:MOST_MARKS]:
        if not kept or a >= kept[-1][1]:
            kept.append((a, b))
    return kept


def _quoted(document: Document, quote: str, chunk: Chunk | None) -> tuple[int, int] | None:
    """Return where a quote stands: in its passage or from there on, else anywhere in the document."""
    for start, end in ((chunk.start, chunk.end), (chunk.start, len(document.text))) if chunk else ():
        if place := place_of(quote, document.text[start:end]):
            return start + place[0], start + place[1]
    return place_of(quote, document.text)


def text_html(
    document: Document, info: DocumentInfo, focus: tuple[int, int] | None, marks: Spans, state: DocumentState
) -> str:
    """Return the body: an outline as a tree, everything else as running text."""
    lang = language_attribute(info.language)
    if document.kind is Kind.NOTES and len(document.sections) > 1:
        unfolded = state.open == "all"
        fold = act(state.href(open="" if unfolded else "all"), "Fold again" if unfolded else "Unfold all", stay=True)
        size = count(len(document.sections), "note")
        large = len(document.sections) > outline.LARGEST
        bar = f'<div class="al-status">{spans((size, "" if large else fold))}</div>'
        return f"{bar}<div{lang}>{outline.body(document, focus, marks, state)}</div>"
    parts = article.parts(document.text)
    at = focus[0] if focus is not None else 0
    shown = state.part or 1 + sum(end <= at for _, end in parts[:-1])
    shown = min(shown, len(parts))
    bar = _parts_bar(state, shown, len(parts))
    text = article.body(document, focus, marks, state, parts[shown - 1])
    return f"<div{lang}>{article.contents(document, state)}{bar}{text}{bar}</div>"


def _parts_bar(state: DocumentState, shown: int, number: int) -> str:
    """Return the way through the parts of a long text."""
    if number == 1:
        return ""
    before = act(state.href(part=shown - 1), "← Part before") if shown > 1 else ""
    after = act(state.href(part=shown + 1), "Part after →") if shown < number else ""
    return f'<div class="al-status">{spans((f"Part {shown} of {number}", before, after))}</div>'


def steps_html(almanac: Almanac, info: DocumentInfo, chunk: Chunk | None, state: DocumentState) -> str:
    """Return the way back to the results and to the passages before and after."""
    back = act(href("search", q=state.q), f"← Results for “{shorten(state.q, 50)}”") if state.q else ""
    parts = [back or act(href("library"), "← Library")]
    if chunk is not None:
        before, after = almanac.neighbours(chunk.id)
        parts += [_step(state, before[-1], "Passage before")] if before else []
        parts += [_step(state, after[0], "Passage after")] if after else []
    parts.append(copying(citation(info, chunk.path if chunk is not None else ())))
    return f'<nav class="al-acts al-steps">{"".join(parts)}</nav>'


def _step(state: DocumentState, chunk: Chunk, words: str) -> str:
    return act(state.href(chunk=chunk.id, at="", part=0), words, stay=True)
