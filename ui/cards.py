"""The hit card, the same wherever a passage is shown, and the row of a document in a list.

Pure HTML from types. A card reads: breadcrumb, the passage with its matches, one grey line, quiet
actions.
"""

from collections.abc import Iterable

from kb.types import Chunk, DocumentInfo, Hit
from ui.links import href
from ui.render import (
    KINDS,
    Levels,
    Spans,
    breadcrumb,
    citation,
    dated,
    esc,
    language_attribute,
    outside,
    passage,
    safe_url,
    shorten,
    source_name,
    tag,
    title_html,
)

SNIPPET = 430
"""Columns of a passage that a card shows."""
OPINIONS = {"very-good": "very good", "good": "good", "useful": "useful", "interesting": "interesting", "question": "question"}


def hit_card(hit: Hit, question: str, levels: Levels = ()) -> str:
    """Return a search hit; `levels` are those of the outline nodes in it."""
    folded = len(hit.others)
    return card(hit.chunk, hit.document, marks=hit.highlights, why=hit.why, question=question, folded=folded, levels=levels)


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
    actions = [f'<a class="al-act" href="{esc(address)}">Open in place</a>']
    actions.append(f'<button class="al-act" type="button" data-copy="{esc(citation(info, path))}">Copy citation</button>')
    if safe_url(info.url):
        actions.append(outside(info.url, "Original").replace('class="al-out"', 'class="al-out al-act"'))
    if folded:
        more = "1 more passage" if folded == 1 else f"{folded} more passages"
        actions.append(f'<span class="al-dim">{more} close by</span>')
    lang = language_attribute(info.language)
    # The whole passage is a link for the eye's sake; addresses inside it stay their own links.
    return (
        f'<article class="al-card"><div class="al-crumb"{lang}><a href="{esc(address)}">{breadcrumb(path)}</a></div>'
        f'<div class="al-passage"{lang}>{passage(chunk.text, marks, SNIPPET, levels)}</div>'
        f'<div class="al-meta">{meta(info, why=why, labels=chunk.labels)}</div>'
        f'<div class="al-acts">{"".join(actions)}</div></article>'
    )


def crumbs(chunk: Chunk, info: DocumentInfo) -> list[str]:
    """Return a passage's breadcrumb with its document, without what the passage itself opens with."""
    path = [part for part in chunk.path if part]
    if len(path) > 1 and chunk.text[: len(path[-1]) + 24].find(path[-1]) >= 0:
        path = path[:-1]
    title = info.title + ("…" if info.title_estimated else "")
    return path if path and path[0] == info.title else [title, *path]


def meta(info: DocumentInfo, *, why: str = "", labels: Iterable[str] = ()) -> str:
    """Return the grey line: source, date, topics, opinions, why it matched."""
    where = "starter library" if info.starter else shorten(source_name(info.source), 34)
    parts = [f'<span title="{esc(info.source)}">{KINDS[info.kind]}, {esc(where)}</span>']
    parts.append(dated(info))
    parts += [tag(topic, href("search", topic=topic)) for topic in info.topics]
    opinions = [OPINIONS[label] for label in labels if label in OPINIONS]
    if opinions:
        parts.append("".join(f'<span class="al-badge al-good">{esc(word)}</span>' for word in opinions))
    if info.status == "withdrawn":
        parts.append('<span class="al-badge al-lost-badge">withdrawn</span>')
    if why:
        parts.append(f'<span class="al-why" title="Why it matched">{esc(why)}</span>')
    return "".join(f"<span>{part}</span>" for part in parts)


def document_row(info: DocumentInfo) -> str:
    """Return one document of a list."""
    lang = language_attribute(info.language)
    passages = f"<span>{info.chunks:,} passages</span>" if info.chunks > 1 else ""
    who = f"<span>{esc(shorten(', '.join(info.authors), 60))}</span>" if info.authors else ""
    line = meta(info) + passages + who
    return (
        f'<article class="al-row"><a class="al-row-title"{lang} href="{esc(href("document", id=info.id))}">'
        f'{title_html(info)}</a><div class="al-meta">{line}</div></article>'
    )
