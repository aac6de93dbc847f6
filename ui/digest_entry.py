"""One work of a digest on the page: title, who and when, its sentences, the reader's verdict, where it leads.

Pure HTML from types. Every sentence of a source leads to its place in that source; what a model
wrote is labelled.
"""

from collections.abc import Sequence

from digests.cited import Cited
from digests.readable import readable
from digests.types import Entry, GeneratedSentence, NamedWork, Opinion, SourceSentence
from digests.wording import (
    Badge,
    authors_of,
    badges,
    code_name,
    count,
    date_of,
    labels_of,
    link_name,
    name_of,
    run_together,
    tongue,
)
from kb.references import of_url
from ui.digest_state import DigestState
from ui.links import href
from ui.quoting import for_address
from ui.render import esc, link, outside, safe_url, shorten, spans, tag

TONES = {"bad": "al-bad", "warn": "al-warn", "good": "al-good", "plain": ""}


def entry_html(entry: Entry, state: DigestState, cited: Cited, model: str, topic: str = "") -> str:
    """Return an entry; `topic` is the one that it stands under and that goes without saying."""
    here = ' data-scroll-here="start"' if state.at and state.at in (entry.doc_id, *entry.also) else ""
    title = link(href("document", id=entry.doc_id), esc(readable(name_of(entry))), kind="al-row-title")
    own = f'<p class="al-sum">{sentences_html(entry.sentences, entry.summary)}</p>'
    words = _written(entry.generated, own, model) if entry.generated and state.text != "sources" else own
    return (
        f'<article class="al-entry"{here}><h4{lang_of(entry.title)} dir="auto">{title}</h4>'
        f'<div class="al-meta">{_line(entry, state, topic)}</div>{words}'
        f"{_voices(entry, cited)}{_ways(entry, cited)}{_named(entry.names)}{_sources(entry, cited)}</article>"
    )


def lang_of(text: str) -> str:
    """Return the `lang` attribute of a text with a blank before it."""
    language = tongue(text)
    return f' lang="{language}"' if language and language != "en" else ""


def badge_html(badge: Badge) -> str:
    """Return a badge that explains itself."""
    return f'<span class="al-badge {TONES[badge.tone]}" title="{esc(badge.why)}">{esc(badge.word)}</span>'


def _line(entry: Entry, state: DigestState, topic: str) -> str:
    marks = "".join(badge_html(badge) for badge in badges(entry, state.quarter))
    others = [other for other in entry.topics if other != topic]
    tags = [tag(other, state.href(part=other, sub="")) for other in others]
    return spans([esc(shorten(readable(authors_of(entry)), 120)), esc(date_of(entry)), *tags, marks])


def sentence_html(sentence: SourceSentence) -> str:
    """Return a sentence that leads to its place in its source."""
    address = place_of(sentence)
    why = "Open this sentence in its source"
    words = esc(readable(sentence.text))
    return f'<a class="al-said" href="{esc(address)}" title="{why}"{lang_of(sentence.text)}>{words}</a>'


def place_of(sentence: SourceSentence) -> str:
    """Return the address of a sentence in its document."""
    return href("document", id=sentence.doc_id, chunk=sentence.chunk_id, quote=for_address(sentence.text))


def sentences_html(sentences: Sequence[SourceSentence], summary: str) -> str:
    """Return a source's sentences as running text."""
    if sentences:
        return run_together([one.text for one in sentences], [sentence_html(one) for one in sentences])
    return esc(readable(summary)) or '<span class="al-dim">No sentence of it sums it up.</span>'


def _written(generated: Sequence[GeneratedSentence], own: str, model: str) -> str:
    return f"{written_html(generated, model)}<details><summary>The source’s own sentences</summary>{own}</details>"


def written_html(generated: Sequence[GeneratedSentence], model: str) -> str:
    """Return what a model wrote, labelled; each sentence leads to the first sentence that bears it out."""
    parts = []
    for made in generated:
        if made.sources:
            address = esc(place_of(made.sources[0]))
            parts.append(
                f'<a class="al-said" href="{address}" title="Open what bears it out">{esc(readable(made.text))}</a>'
            )
        else:
            parts.append(esc(readable(made.text)))
    label = f"Written by {esc(model or 'a language model')}, each sentence checked against its sources"
    words = run_together([made.text for made in generated], parts)
    return f'<p class="al-sum al-made">{words}</p><p class="al-note">{label}.</p>'


def _voices(entry: Entry, cited: Cited) -> str:
    """Return what the reader's notes and other documents say of a work."""
    made = ""
    for place, opinions in cited.by_place(entry.opinions):
        said = "".join(f"<p>{_verdict(opinion)}{sentence_html(opinion)}</p>" for opinion in opinions)
        who = link(place_of(opinions[0]), f"Your notes, {esc(shorten(readable(place), 140))}")
        made += f'<blockquote class="al-own">{said}<cite>{who}</cite></blockquote>'
    for remark in entry.remarks:
        who = link(place_of(remark), esc(shorten(readable(cited.title(remark.doc_id)), 90)))
        made += f"<blockquote><p>{sentence_html(remark)}</p><cite>{who}</cite></blockquote>"
    return f'<div class="al-voices">{made}</div>' if made else ""


def _verdict(opinion: Opinion) -> str:
    words = labels_of(opinion)
    return f'<span class="al-badge al-good">{esc(words)}</span>' if words else ""


def _quote(sentence: SourceSentence) -> str:
    return f"<span{lang_of(sentence.text)}>{esc(readable(sentence.text))}</span> "


def _ways(entry: Entry, cited: Cited) -> str:
    """Return where an entry leads: its original, its code, what else the library holds about it."""
    made = []
    if safe_url(entry.url):
        made.append(outside(entry.url, link_name(entry.url), "al-out al-act"))
    made += [outside(url, f"Code: {code_name(url)}", "al-out al-act") for url in entry.code_urls if safe_url(url)]
    said = {sentence.doc_id for sentence in (*entry.opinions, *entry.remarks)}
    for doc_id in (doc_id for doc_id in entry.also if doc_id not in said):
        word = "Your notes" if cited.is_note(doc_id) else "Also"
        words = f"{word}: {esc(shorten(readable(cited.title(doc_id)), 60))}"
        made.append(link(href("document", id=doc_id), words, kind="al-act"))
    work = of_url(entry.url) if safe_url(entry.url) else None
    if work is not None and work.kind in ("arxiv", "doi", "github") and entry.named_by:
        words = f"Named by {count(len(entry.named_by), 'document')}"
        made.append(link(href("work", kind=work.kind, key=work.key), words, kind="al-act"))
    return f'<div class="al-acts">{"".join(made)}</div>' if made else ""


def _named(names: Sequence[NamedWork]) -> str:
    """Return the works that a list names, folded."""
    if not names:
        return ""
    rows = ""
    for work in names:
        title = esc(shorten(readable(work.title or work.key), 140))
        if work.held:
            way = link(href("document", id=work.held), title)
        elif work.kind in ("arxiv", "doi", "github"):
            way = link(href("work", kind=work.kind, key=work.key), title)
        else:
            way = outside(work.url, shorten(readable(work.title or work.key), 140)) if safe_url(work.url) else title
        remark = f'<div class="al-dim">{sentence_html(work.remark)}</div>' if work.remark is not None else ""
        about = f" {tag(work.topic)}" if work.topic else ""
        rows += f"<li>{way}{about}{remark}</li>"
    return f"<details><summary>Names {count(len(names), 'work')}</summary><ul>{rows}</ul></details>"


def _sources(entry: Entry, cited: Cited) -> str:
    """Return the exact sentences with where they stand, folded."""
    written = [source for made in entry.generated for source in made.sources]
    held = list(dict.fromkeys([*written, *entry.sentences]))
    if not held:
        return ""
    rows = "".join(
        f"<li>{_quote(sentence)}<cite>{link(place_of(sentence), esc(readable(cited.place(sentence))))}</cite></li>"
        for sentence in held
    )
    return (
        f'<details class="al-held-in"><summary>{count(len(held), "source sentence")}</summary><ul>{rows}</ul></details>'
    )
