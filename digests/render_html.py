"""A digest as one HTML file that needs nothing else: no script, no picture, no foreign address.

Pure. Every character from a document is escaped and carries its language and its own direction; the
page's content policy allows its own stylesheet by hash and nothing more. Invariant: each id is
used once, and each link within the page leads to one.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from digests.cited import Cited, entries_of
from digests.note import note_html
from digests.readable import readable
from digests.types import Digest, Entry, GeneratedSentence, LeftOut, NamedWork, Opinion, SourceSentence
from digests.wording import (
    anchor_of,
    authors_of,
    badges,
    built_words,
    by_reason,
    code_name,
    count,
    coverage_words,
    date_of,
    edited_words,
    failed_words,
    grouped,
    hue_of,
    is_empty,
    labels_of,
    link_name,
    movement_words,
    name_of,
    reason_words,
    rose,
    run_together,
    span_of,
    tongue,
    topic_title,
)
from kb.markup import esc, web_address

WHOLE = Cited()
_STYLE = Path(__file__).with_name("digest.css")
MANY = 100
"""Entries of a topic from which on a browser draws only those in view."""
MOST_IN_OUTLINE = 20
"""Titles of one topic that a feed names."""
EXTRACTIVE = "The sources’ own sentences"


@dataclass(frozen=True)
class Around:
    """What a page links to beside itself; empty for a file that stands alone."""

    links: Sequence[tuple[str, str]] = ()
    """(address, words), from first to last."""
    feed: str = ""
    """Address of the feed."""


@cache
def style() -> str:
    """Return the stylesheet of exported pages."""
    return _STYLE.read_text(encoding="utf-8")


def page(title: str, body: str, around: Around = Around()) -> str:
    """Return a whole HTML file around a body."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    feed = '<link rel="alternate" type="application/atom+xml" title="Digests" href="{}">\n'
    links = "".join(f'<a href="{esc(address)}">{esc(words)}</a>' for address, words in around.links)
    nav = f'<nav aria-label="Digests">{links}</nav>\n' if links else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{esc(readable(title))}</title>\n"
        f"{feed.format(esc(around.feed)) if around.feed else ''}<style>{style()}</style>\n</head>\n"
        f"<body>\n{nav}<main>\n{body}</main>\n</body>\n</html>\n"
    )


def render_html(digest: Digest, cited: Cited = WHOLE, around: Around = Around()) -> str:
    """Return a digest as one self-contained HTML file."""
    known = {entry.doc_id: entry for entry in entries_of(digest)}
    parts = [
        _head(digest),
        _highlights(digest, known),
        _contents(digest),
        *(_section(digest, number, cited) for number in range(len(digest.sections))),
        _earlier(digest, cited),
        _accounts(digest),
    ]
    return page(digest.title, "".join(parts), around)


def text(words: str, tag: str = "span", extra: str = "") -> str:
    """Return text from a document in an element with its language and its own direction, LaTeX as signs."""
    words = readable(words)
    language = tongue(words)
    lang = f' lang="{language}"' if language and language != "en" else ""
    return f'<{tag}{extra}{lang} dir="auto">{esc(words)}</{tag}>'


def outside(address: str, words: str, extra: str = "") -> str:
    """Return a link to a foreign page; only the words where the address is unfit."""
    url = web_address(address)
    return f'<a{extra} href="{esc(url)}" rel="noopener noreferrer">{words}</a>' if url else words


def id_of(doc_id: str) -> str:
    """Return where a document's entry stands in a page."""
    return f"e-{hashlib.sha256(doc_id.encode()).hexdigest()[:16]}"


def _head(digest: Digest) -> str:
    edited = edited_words(digest)
    mark = f' <span class="badge good" title="{esc(edited)}">edited</span>' if edited else ""
    running = ' <span class="badge warn">the quarter is still running</span>' if not digest.complete else ""
    line = f"{span_of(digest.quarter)} · {coverage_words(digest)}"
    note = note_html(digest.edits.note)
    editor = f'<aside class="note"><h2 class="label">Editor’s note</h2>{note}</aside>\n'
    return (
        f'<header>\n{text(digest.title, "h1")}\n<p class="dim">{esc(line)}{mark}{running}</p>\n</header>\n'
        f"{editor if note else ''}{_summary(digest)}{_movements(digest)}"
    )


def _summary(digest: Digest) -> str:
    own = text(digest.summary, "p", ' class="lead"') + "\n" if digest.summary else ""
    if not digest.generated_summary:
        return own
    return _written(digest.generated_summary, digest.built_from.model, own, "lead")


def _movements(digest: Digest) -> str:
    if not digest.movements:
        return ""
    rows = "".join(
        f'<li class="{"up" if rose(movement) else "down"}"><b>{"Rising" if rose(movement) else "Falling"}</b> '
        f"{text(movement_words(movement))}</li>\n"
        for movement in digest.movements
    )
    return f'<section><h2 id="{anchor_of("movements")}">What changed</h2>\n<ul class="moves">\n{rows}</ul></section>\n'


def _highlights(digest: Digest, known: dict[str, Entry]) -> str:
    rows = ""
    for one in digest.highlights:
        entry = known.get(one.doc_id)
        if entry is not None:
            name = f'<a href="#{id_of(one.doc_id)}">{text(name_of(entry))}</a>'
            rows += f'<li>{name}<br><span class="dim">{text(reason_words(one))}</span></li>\n'
    if not rows:
        return ""
    why = f'<p class="dim">{text(digest.criterion)}</p>\n' if digest.criterion else ""
    return f'<section><h2 id="{anchor_of("must-reads")}">Must-reads</h2>\n<ol>\n{rows}</ol>\n{why}</section>\n'


def _contents(digest: Digest) -> str:
    rows = [(section.topic, topic_title(section.topic), len(section.entries)) for section in digest.sections]
    rows += [("earlier", "Published earlier", len(digest.earlier))] if digest.earlier else []
    missing = len(digest.left_out) + len(digest.undated)
    rows += [("accounts", "What is not above", missing)] if missing else []
    made = "".join(
        f'<li class="hue {hue_of(slug)}"><a href="#{anchor_of(slug)}">{esc(title)}</a> {number:,}</li>\n'
        for slug, title, number in rows
    )
    none = "" if not is_empty(digest) else '<p class="lead">Nothing of this quarter is in the library.</p>\n'
    return f'{none}<nav class="contents" aria-label="Contents"><ul>\n{made}</ul></nav>\n'


def _section(digest: Digest, number: int, cited: Cited) -> str:
    section = digest.sections[number]
    groups = grouped(section)
    made = []
    for title, entries in groups:
        if len(groups) > 1:
            made.append(f"<h3>{esc(title or 'Further')} <span>{len(entries):,}</span></h3>\n")
        level = 4 if len(groups) > 1 else 3
        made += [_entry(entry, digest, cited, level) for entry in entries]
    head = f'<h2 id="{anchor_of(section.topic)}">{esc(topic_title(section.topic))}'
    size = f" <span>{len(section.entries):,}</span></h2>"
    many = " many" if len(section.entries) > MANY else ""
    return f'<section class="hue {hue_of(section.topic)}{many}">{head}{size}\n{"".join(made)}</section>\n'


def _earlier(digest: Digest, cited: Cited) -> str:
    if not digest.earlier:
        return ""
    head = f'<h2 id="{anchor_of("earlier")}">Published earlier, added this quarter <span>{len(digest.earlier):,}</span>'
    rows = "".join(_entry(entry, digest, cited, 3) for entry in digest.earlier)
    return f"<section>{head}</h2>\n{rows}</section>\n"


def _entry(entry: Entry, digest: Digest, cited: Cited, level: int) -> str:
    marks = "".join(
        f' <span class="badge {badge.tone}" title="{esc(badge.why)}">{esc(badge.word)}</span>'
        for badge in badges(entry, digest.quarter)
    )
    own = f'<p class="sum">{sentences_html(entry.sentences, entry.summary)}</p>\n'
    words = _written(entry.generated, digest.built_from.model, own, "sum") if entry.generated else own
    who = f"{text(authors_of(entry))} · " if entry.authors else ""
    return (
        f'<article id="{id_of(entry.doc_id)}"><h{level}>{outside(entry.url, text(name_of(entry)))}</h{level}>\n'
        f'<p class="dim">{who}{esc(date_of(entry))}{marks}</p>\n{words}'
        f"{_voices(entry, cited)}{_links(entry, cited)}{_names(entry.names)}</article>\n"
    )


def sentences_html(sentences: Sequence[SourceSentence], summary: str) -> str:
    """Return sentences of sources as running text, each in its own language."""
    parts = [sentence.text for sentence in sentences] or ([summary] if summary else [])
    return (
        run_together(parts, [text(part) for part in parts]) or '<span class="dim">No sentence of it sums it up.</span>'
    )


def _written(generated: Sequence[GeneratedSentence], model: str, own: str, kind: str) -> str:
    """Return text that a model wrote, labelled, with the extractive version folded below."""
    said = [sentence.text for sentence in generated]
    words = run_together(said, [text(sentence) for sentence in said])
    label = f"Written by the language model {model or 'in use'}; each sentence was checked against its sources."
    return (
        f'<p class="{kind} made">{words}</p>\n<p class="label">{esc(label)}</p>\n'
        f"<details><summary>{EXTRACTIVE}</summary>{own}</details>\n"
    )


def _voices(entry: Entry, cited: Cited) -> str:
    """Return what the reader's notes and other documents say of a work."""
    made = ""
    for place, opinions in cited.by_place(entry.opinions):
        said = "".join(f"<p>{_verdict(opinion)}{text(opinion.text)}</p>" for opinion in opinions)
        made += f'<blockquote class="own">{said}\n<cite>Your notes, {text(place)}</cite></blockquote>\n'
    for remark in entry.remarks:
        who = f"<cite>{outside(cited.url(remark.doc_id), text(cited.title(remark.doc_id)))}</cite>"
        made += f"<blockquote>{text(remark.text)} {who}</blockquote>\n"
    return made


def _verdict(opinion: Opinion) -> str:
    words = labels_of(opinion)
    return f'<span class="badge good">{esc(words)}</span> ' if words else ""


def _links(entry: Entry, cited: Cited) -> str:
    made = [outside(entry.url, esc(link_name(entry.url)))] if web_address(entry.url) else []
    made += [f"Code: {outside(url, esc(code_name(url)))}" for url in entry.code_urls if web_address(url)]
    said = {sentence.doc_id for sentence in (*entry.opinions, *entry.remarks)}
    for doc_id in entry.also:
        if doc_id not in said:
            word = "Your notes" if cited.is_note(doc_id) else "Also"
            made.append(f"{word}: {outside(cited.url(doc_id), text(cited.title(doc_id)))}")
    return f'<p class="links">{" · ".join(made)}</p>\n' if made else ""


def _names(names: Sequence[NamedWork]) -> str:
    """Return the works that a list names, folded."""
    if not names:
        return ""
    rows = ""
    for work in names:
        remark = f" {text(work.remark.text)}" if work.remark is not None else ""
        rows += f"<li>{outside(work.url, text(work.title or work.key))}{remark}</li>\n"
    return f"<details><summary>Names {count(len(names), 'work')}</summary><ul>\n{rows}</ul></details>\n"


def _accounts(digest: Digest) -> str:
    """Return what has no entry and why, what could not be read, and how the page was made."""
    made = f'<section class="accounts"><h2 id="{anchor_of("accounts")}">What is not above</h2>\n'
    made += f"<p>{esc(coverage_words(digest))}</p>\n"
    for reason, documents in by_reason(digest.left_out):
        made += _list(f"Left out: {reason}", documents)
    made += _list("Undated: the source states no date", digest.undated) if digest.undated else ""
    if digest.failed_sources:
        rows = "".join(f"<li>{text(failed_words(failed))}</li>\n" for failed in digest.failed_sources)
        made += f"<h3>Sources that could not be read</h3>\n<ul>\n{rows}</ul>\n"
    edited = edited_words(digest)
    made += f'<h2 id="{anchor_of("built")}">How this page was built</h2>\n<p>{esc(built_words(digest))}</p>\n'
    made += f"<p>{esc(edited)}</p>\n" if edited else ""
    return f"{made}</section>\n"


def _list(title: str, documents: Sequence[LeftOut]) -> str:
    rows = "".join(f"<li>{text(name_of(one))}</li>\n" for one in documents)
    size = f"<span>{len(documents):,}</span>"
    return f"<details><summary>{text(title)} {size}</summary><ul>\n{rows}</ul></details>\n"


def outline_html(digest: Digest) -> str:
    """Return a digest in short, without page or style: what changed, must-reads, and how much of what."""
    known = {entry.doc_id: entry for entry in entries_of(digest)}
    made = text(digest.summary, "p") if digest.summary else ""
    made += note_html(digest.edits.note)
    for one in digest.highlights:
        entry = known.get(one.doc_id)
        if entry is not None:
            made += f"<h3>{outside(entry.url, text(name_of(entry)))}</h3><p>{text(reason_words(one), 'em')}</p>"
            made += f"<p>{sentences_html(entry.sentences, entry.summary)}</p>"
    for section in digest.sections:
        made += f"<h3>{esc(topic_title(section.topic))}, {count(len(section.entries), 'entry', 'entries')}</h3><ul>"
        shown = section.entries[:MOST_IN_OUTLINE]
        made += "".join(f"<li>{outside(entry.url, text(name_of(entry)))}</li>" for entry in shown)
        rest = len(section.entries) - len(shown)
        made += f"<li>and {rest:,} more</li></ul>" if rest else "</ul>"
    return f"{made}<p>{esc(coverage_words(digest))}</p>"
