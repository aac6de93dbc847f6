"""The hit card, the same wherever a passage is shown, and the row of a document in a list.

Pure HTML from types. A card reads: breadcrumb, the passage with its matches, one grey line, quiet
actions.
"""

from collections.abc import Iterable

from kb.markup import path_above
from kb.types import Chunk, DocumentInfo, Hit
from ui.links import href
from ui.render import (
    KINDS,
    Levels,
    Spans,
    act,
    breadcrumb,
    citation,
    copying,
    count,
    dated,
    esc,
    language_attribute,
    link,
    name_of,
    outside,
    passage,
    safe_url,
    shorten,
    source_name,
    spans,
    tag,
    title_html,
)

SNIPPET = 430
"""Columns of a passage that a card shows."""
OPINIONS = {
    "very-good": "very good",
    "good": "good",
    "useful": "useful",
    "interesting": "interesting",
    "question": "question",
}


def hit_card(hit: Hit, question: str, levels: Levels = ()) -> str:
    """Return a search hit; `levels` are those of the outline nodes in it."""
    folded = len(hit.others)
    return card(
        hit.chunk, hit.document, marks=hit.highlights, why=hit.why, question=question, folded=folded, levels=levels
    )


def card(
    chunk: Chunk,
    info: DocumentInfo,
    *,
    marks: Spans = (),
    why: str = "",
    question: str = "",
    folded: int = 0,
    levels: Levels = (),
) -> str:
    """Return a passage with its place and source."""
    address = href("document", id=info.id, chunk=chunk.id, q=question)
    path = crumbs(chunk, info)
    actions = act(address, "Open in place") + act(href("search", like=chunk.id), "More like this")
    actions += copying(citation(info, path))
    if safe_url(info.url):
        actions += outside(info.url, "Original", "al-out al-act")
    if folded:
        actions += f'<span class="al-dim">{count(folded, "more passage")} close by</span>'
    lang = language_attribute(info.language)
    return (
        f'<article class="al-card"><div class="al-crumb"{lang}>{link(address, breadcrumb(path))}</div>'
        f'<div class="al-passage"{lang}>{passage(chunk.text, marks, SNIPPET, levels)}</div>'
        f'<div class="al-meta">{meta(info, why=why, labels=chunk.labels)}</div>'
        f'<div class="al-acts">{actions}</div></article>'
    )


def crumbs(chunk: Chunk, info: DocumentInfo) -> list[str]:
    """Return a passage's breadcrumb with its document, without what the passage itself opens with."""
    path = path_above(chunk.path, chunk.text)
    own = {info.title, name_of(info)}
    return [name_of(info), *(path[1:] if path and path[0] in own else path)]


def meta(info: DocumentInfo, *, why: str = "", labels: Iterable[str] = ()) -> str:
    """Return the grey line: source, date, topics, opinions, why it matched."""
    where = "starter library" if info.starter else shorten(source_name(info.source), 34)
    parts = [f'<span title="{esc(info.source)}">{KINDS[info.kind]}, {esc(where)}</span>', dated(info)]
    parts += [tag(topic, href("search", topic=topic)) for topic in info.topics]
    opinions = [OPINIONS[label] for label in labels if label in OPINIONS]
    parts.append("".join(f'<span class="al-badge al-good">{esc(word)}</span>' for word in opinions))
    if info.status == "withdrawn":
        parts.append('<span class="al-badge al-lost-badge">withdrawn</span>')
    if why:
        parts.append(f'<span class="al-why" title="Why it matched">{esc(why)}</span>')
    return spans(parts)


def document_row(info: DocumentInfo) -> str:
    """Return one document of a list."""
    passages = count(info.chunks, "passage") if info.chunks > 1 else ""
    who = esc(shorten(", ".join(info.authors), 60))
    title = link(href("document", id=info.id), title_html(info), kind="al-row-title")
    lang = language_attribute(info.language)
    line = meta(info) + spans((passages, who))
    return f'<article class="al-row"><div{lang}>{title}</div><div class="al-meta">{line}</div></article>'
