"""A digest as Markdown that any reader of CommonMark shows alike.

Pure. Whatever a document brings along is text: signs that Markdown or HTML would read are escaped,
addresses stand between angle brackets. The editor's note alone keeps its own Markdown, its HTML
escaped and its headings lowered.
"""

import re
from collections.abc import Sequence

from digests.cited import Cited, entries_of
from digests.readable import readable
from digests.types import Digest, Entry, GeneratedSentence, LeftOut, NamedWork, Opinion, SourceSentence
from digests.wording import (
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
    is_empty,
    labels_of,
    link_name,
    movement_words,
    name_of,
    reason_words,
    rose,
    run_together,
    span_of,
    topic_title,
)
from kb.markup import plain, web_address
from kb.text import fold_space

WHOLE = Cited()
_SIGNS = re.compile(r"[\\`*_\[\]<>~|$#]|&(?=#?\w+;)|(?<=\w)@(?=\w)")
# What begins a block where it begins a line: a heading, a list, a rule, an ordered list.
_OPENING = re.compile(r"^(?:(?=[+=-])|(\d{1,9})(?=[.)]))")
# Addresses in a text stay text: many readers make links of them.
_AUTOMATIC = re.compile(r"\b(https?|ftp|mailto)(?=:)|\bwww(?=\.)", re.I)
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://|mailto:)", re.I)
_NOTE_HEADING = re.compile(r"^( {0,3})(#{1,6})(?=\s|$)", re.M)


def md(text: str) -> str:
    """Return plain text as one line of Markdown that shows this text, LaTeX as signs, wherever it stands."""
    escaped = _SIGNS.sub(lambda match: "\\" + match.group(), fold_space(plain(readable(text))))
    escaped = _OPENING.sub(lambda match: f"{match[1] or ''}\\", escaped)
    return _AUTOMATIC.sub(lambda match: f"{match.group()}\\", escaped)


def md_link(address: str, words: str) -> str:
    """Return a link; `words` are Markdown. Only the words where the address is unfit."""
    url = web_address(address)
    return f"[{words}](<{url}>)" if url else words


def render_markdown(digest: Digest, cited: Cited = WHOLE) -> str:
    """Return a digest as Markdown."""
    lines = [f"# {md(digest.title)}", f"{span_of(digest.quarter)}. {coverage_words(digest)}"]
    if not digest.complete:
        lines.append("*The quarter is still running.*")
    if is_empty(digest):
        lines.append("Nothing of this quarter is in the library.")
    if digest.edits.note.strip():
        lines += ["**Editor's note**", note_markdown(digest.edits.note)]
    lines += _summary(digest) + _movements(digest) + _highlights(digest)
    for section in digest.sections:
        lines.append(f"## {md(topic_title(section.topic))} ({len(section.entries):,})")
        groups = grouped(section)
        for title, entries in groups:
            if len(groups) > 1:
                lines.append(f"### {md(title or 'Further')} ({len(entries):,})")
            for entry in entries:
                lines += _entry(entry, digest, cited, 4 if len(groups) > 1 else 3)
    if digest.earlier:
        lines.append(f"## Published earlier, added this quarter ({len(digest.earlier):,})")
        for entry in digest.earlier:
            lines += _entry(entry, digest, cited, 3)
    lines += _accounts(digest)
    return "\n\n".join(lines) + "\n"


def note_markdown(note: str) -> str:
    """Return the editor's note with its HTML shown as text and its headings below the digest's own."""
    harmless = _TAG.sub("&lt;", plain(note))
    return _NOTE_HEADING.sub(lambda match: f"{match[1]}{'#' * min(len(match[2]) + 2, 6)}", harmless).strip()


def _summary(digest: Digest) -> list[str]:
    own = [md(digest.summary)] if digest.summary else []
    return _written(digest.generated_summary, digest) if digest.generated_summary else own


def _movements(digest: Digest) -> list[str]:
    if not digest.movements:
        return []
    rows = [
        f"- **{'Rising' if rose(movement) else 'Falling'}** {md(movement_words(movement))}"
        for movement in digest.movements
    ]
    return ["## What changed", "\n".join(rows)]


def _highlights(digest: Digest) -> list[str]:
    known = {entry.doc_id: entry for entry in entries_of(digest)}
    rows = [
        f"{number}. {md_link(known[one.doc_id].url, md(name_of(known[one.doc_id])))}  \n   *{md(reason_words(one))}*"
        for number, one in enumerate((one for one in digest.highlights if one.doc_id in known), 1)
    ]
    why = [md(digest.criterion)] if rows and digest.criterion else []
    return ["## Must-reads", "\n".join(rows), *why] if rows else []


def _entry(entry: Entry, digest: Digest, cited: Cited, level: int) -> list[str]:
    marks = "".join(f" **\\[{md(badge.word)}\\]**" for badge in badges(entry, digest.quarter))
    who = f"{md(authors_of(entry))}. " if entry.authors else ""
    lines = [
        f"{'#' * level} {md_link(entry.url, md(name_of(entry)))}",
        f"{who}{md(date_of(entry))}{marks}",
    ]
    if entry.generated:
        lines += _written(entry.generated, digest)
    elif words := _extract(entry.sentences, entry.summary):
        lines.append(words)
    for place, opinions in cited.by_place(entry.opinions):
        said = [f"> {_verdict(opinion)}{md(opinion.text)}" for opinion in opinions]
        lines.append("\n>\n".join([*said, f"> — Your notes, {md(place)}"]))
    for remark in entry.remarks:
        where = md_link(cited.url(remark.doc_id), md(cited.title(remark.doc_id)))
        lines.append(f"> {md(remark.text)} ({where})")
    return [*lines, *_links(entry, cited), *_names(entry.names)]


def _verdict(opinion: Opinion) -> str:
    return f"**{md(labels_of(opinion))}** " if labels_of(opinion) else ""


def _extract(sentences: Sequence[SourceSentence], summary: str) -> str:
    said = [sentence.text for sentence in sentences]
    return md(run_together(said, said) or summary)


def _written(generated: Sequence[GeneratedSentence], digest: Digest) -> list[str]:
    """Return text that a model wrote, labelled, each sentence with the source's own below it."""
    said = [sentence.text for sentence in generated]
    words = md(run_together(said, said))
    sources = list(dict.fromkeys(source.text for sentence in generated for source in sentence.sources))
    label = f"*Written by the language model {md(digest.built_from.model or 'in use')}; its sources say:*"
    return [words, label, "\n".join(f"- {md(source)}" for source in sources)]


def _links(entry: Entry, cited: Cited) -> list[str]:
    made = [md_link(entry.url, md(link_name(entry.url)))] if web_address(entry.url) else []
    made += [f"code: {md_link(url, md(code_name(url)))}" for url in entry.code_urls if web_address(url)]
    said = {sentence.doc_id for sentence in (*entry.opinions, *entry.remarks)}
    for doc_id in entry.also:
        if doc_id not in said:
            word = "your notes" if cited.is_note(doc_id) else "also"
            made.append(f"{word}: {md_link(cited.url(doc_id), md(cited.title(doc_id)))}")
    return [" · ".join(made)] if made else []


def _names(names: Sequence[NamedWork]) -> list[str]:
    rows = [
        f"- {md_link(work.url, md(work.title or work.key))}{' ' + md(work.remark.text) if work.remark else ''}"
        for work in names
    ]
    return [f"Names {count(len(names), 'work')}:", "\n".join(rows)] if rows else []


def _accounts(digest: Digest) -> list[str]:
    lines = ["## What is not above", coverage_words(digest)]
    for reason, documents in by_reason(digest.left_out):
        lines += [f"### Left out: {md(reason)} ({len(documents):,})", _titles(documents)]
    if digest.undated:
        lines += [f"### Undated: the source states no date ({len(digest.undated):,})", _titles(digest.undated)]
    if digest.failed_sources:
        rows = "\n".join(f"- {md(failed_words(failed))}" for failed in digest.failed_sources)
        lines += ["### Sources that could not be read", rows]
    lines += ["## How this page was built", md(built_words(digest))]
    return [*lines, md(edited_words(digest))] if edited_words(digest) else lines


def _titles(documents: Sequence[LeftOut]) -> str:
    return "\n".join(f"- {md(name_of(one))}" for one in documents)
