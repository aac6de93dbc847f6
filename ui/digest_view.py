"""A quarter's digest on the page, part by part, in the order in which it is read.

Pure HTML from types, but for the names of what is cited, which are read for the entries shown and
no more: a quarter of thousands is shown in parts.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil

from digests.cited import Cited
from digests.note import note_html
from digests.quarter import short
from digests.readable import readable
from digests.types import BuildState, Digest, Entry, Highlight, LeftOut, Movement
from digests.wording import (
    built_words,
    by_reason,
    coverage_words,
    edited_words,
    failed_words,
    grouped,
    movement_words,
    name_of,
    reason_words,
    rose,
    span_of,
    topic_title,
)
from ui.digest_entry import entry_html, lang_of, written_html
from ui.digest_state import EARLIER, LEFT_OUT, UNDATED, DigestState
from ui.links import href
from ui.render import act, day, esc, heading, link, note, spans, tag

WHOLE = 60
"""Entries up to which a digest is shown at once."""
FIRST = 6
"""Entries of a part that a longer digest shows before the rest is asked for."""
PER_PAGE = 30
MOST_LISTED = 40
"""Documents without an entry that are listed at once."""
Cite = Callable[[Sequence[Entry]], Cited]


def is_short(digest: Digest) -> bool:
    """Tell whether all entries of a digest are shown at once."""
    return sum(len(section.entries) for section in digest.sections) + len(digest.earlier) <= WHOLE


def located(digest: Digest, state: DigestState) -> DigestState:
    """Return the state in which the entry that is looked for is shown: in its part, where not all are shown at once."""
    if not state.at or state.part or is_short(digest):
        return state
    parts = [(section.topic, section.entries) for section in digest.sections] + [(EARLIER, digest.earlier)]
    found = next((part for part, entries in parts if any(_is(entry, state.at) for entry in entries)), "")
    return replace(state, part=found, sub="")


def _is(entry: Entry, doc_id: str) -> bool:
    return doc_id == entry.doc_id or doc_id in entry.also


def head_html(digest: Digest, state: DigestState, known: Sequence[str]) -> str:
    """Return title and coverage with the ways to the quarters around; `known` are those with documents."""
    before = max((quarter for quarter in known if quarter < digest.quarter), default="")
    after = min((quarter for quarter in known if quarter > digest.quarter), default="")
    ways = [act(href("digests"), "All digests")]
    ways += [act(href("digests", quarter=before), f"← {short(before)}")] if before else []
    ways += [act(href("digests", quarter=after), f"{short(after)} →")] if after else []
    edited = edited_words(digest)
    marks = f'<span class="al-badge al-good" title="{esc(edited)}">edited</span>' if edited else ""
    marks += "" if digest.complete else '<span class="al-badge al-warn">the quarter is still running</span>'
    line = spans([span_of(digest.quarter), esc(coverage_words(digest)), marks])
    written = note_html(digest.edits.note)
    editor = f'<aside class="al-editor"><h2>Editor’s note</h2>{written}</aside>' if written else ""
    return (
        f'<nav class="al-acts al-steps">{"".join(ways)}</nav><header class="al-doc"><h1{lang_of(digest.title)} '
        f'dir="auto">{esc(readable(digest.title))}</h1><div class="al-meta">{line}</div></header>{editor}'
    )


def opening_html(digest: Digest, state: DigestState) -> str:
    """Return what changed and the must-reads."""
    own = f'<p class="al-lead">{esc(readable(digest.summary))}</p>' if digest.summary else ""
    if digest.generated_summary:
        if state.text == "sources":
            own += note(act(state.href(text=""), "Show what the model wrote", stay=True))
        else:
            back = act(state.href(text="sources"), "Show the sources’ own sentences throughout", stay=True)
            own = written_html(digest.generated_summary, digest.built_from.model) + note(back)
    moves = "".join(_movement(movement, digest, state) for movement in digest.movements)
    changed = f'{heading("What changed")}<ul class="al-moves">{moves}</ul>' if moves else ""
    return own + changed + _must_reads(digest, state)


def _movement(movement: Movement, digest: Digest, state: DigestState) -> str:
    up = rose(movement)
    sign = f'<b class="{"al-ok" if up else "al-bad"}">{"Rising" if up else "Falling"}</b>'
    if movement.kind == "topic":
        way = state.href(part=movement.subject, sub="")
    else:
        year, number = digest.quarter.split("-Q")
        months = (f"{year}-{int(number) * 3 - 2:02d}", f"{year}-{int(number) * 3:02d}")
        way = href("search", q=movement.subject, since=months[0], until=months[1])
    words, rest = movement_words(movement).split(":", 1)
    return f"<li>{sign}<span>{link(way, esc(words))}:{esc(rest)}</span></li>"


def _must_reads(digest: Digest, state: DigestState) -> str:
    known = {entry.doc_id: entry for section in digest.sections for entry in section.entries}
    topics = {entry.doc_id: section.topic for section in digest.sections for entry in section.entries}
    parts = dict.fromkeys(topics, "") if is_short(digest) else topics
    rows = "".join(
        _must_read(one, known[one.doc_id], state, parts[one.doc_id]) for one in digest.highlights if one.doc_id in known
    )
    why = note(esc(digest.criterion)) if digest.criterion else ""
    return f'{heading("Must-reads")}<ol class="al-must">{rows}</ol>{why}' if rows else ""


def _must_read(one: Highlight, entry: Entry, state: DigestState, part: str) -> str:
    way = link(
        state.href(part=part, sub="", at=one.doc_id), esc(readable(name_of(entry))), kind="al-row-title", stay=True
    )
    return f'<li{lang_of(entry.title)}>{way}<span class="al-dim">{esc(reason_words(one))}</span></li>'


def contents_html(digest: Digest, state: DigestState) -> str:
    """Return the parts of a digest with their sizes, each a filter; the one in view is marked."""
    parts = [
        (section.topic, tag(section.topic, state.href(part=section.topic, sub="")), len(section.entries))
        for section in digest.sections
    ]
    others = ((EARLIER, "Published earlier", digest.earlier), (LEFT_OUT, "Left out", digest.left_out),
              (UNDATED, "Undated", digest.undated))  # fmt: skip
    parts += [(slug, link(state.href(part=slug, sub=""), title), len(held)) for slug, title, held in others if held]
    rows = "".join(
        f"<span{' class=al-here' if slug == state.part else ''}>{way}<b>{size:,}</b></span>"
        for slug, way, size in parts
    )
    back = act(state.href(part="", sub=""), "Show the whole digest") if state.part else ""
    return f'<nav class="al-facets al-parts" aria-label="Parts">{rows}{back}</nav>' if rows else ""


def body_html(digest: Digest, state: DigestState, cite: Cite) -> str:
    """Return the topics in their order with their entries, or the one part that is asked for."""
    listed = {LEFT_OUT: digest.left_out, UNDATED: digest.undated}
    if state.part in listed:
        return _listed_page(listed[state.part], state)
    if state.part:
        return _part_html(digest, state, cite)
    most = WHOLE if is_short(digest) else FIRST
    shown = [(section.topic, section.entries[:most], len(section.entries)) for section in digest.sections]
    cited = cite([entry for _, entries, _ in shown for entry in entries] + list(digest.earlier[:most]))
    made = ""
    for (topic, entries, size), section in zip(shown, digest.sections, strict=True):
        cut = section.model_copy(update={"entries": entries})
        made += f'<section id="part-{esc(topic)}">{_title(topic, size)}'
        made += _groups(grouped(cut), digest, state, cited, topic)
        made += _more(state.href(part=topic, sub=""), size - len(entries), topic_title(topic)) + "</section>"
    return made + _earlier(digest, state, cited, most)


def _title(topic: str, size: int) -> str:
    return f'<h2 class="al-part">{tag(topic)} <span>{size:,}</span></h2>'


def _groups(groups: list[tuple[str, list[Entry]]], digest: Digest, state: DigestState, cited: Cited, topic: str) -> str:
    made = ""
    for title, entries in groups:
        if len(groups) > 1:
            made += f'<h3 class="al-sub">{esc(title or "Further")}</h3>'
        made += "".join(entry_html(entry, state, cited, digest.built_from.model, topic) for entry in entries)
    return made


def _more(address: str, rest: int, where: str) -> str:
    return f'<p class="al-rest">{act(address, f"{rest:,} more in {where} →")}</p>' if rest > 0 else ""


def _earlier(digest: Digest, state: DigestState, cited: Cited, most: int) -> str:
    if not digest.earlier:
        return ""
    shown = digest.earlier[:most]
    rows = "".join(entry_html(entry, state, cited, digest.built_from.model) for entry in shown)
    size = f"<span>{len(digest.earlier):,}</span>"
    more = _more(state.href(part=EARLIER), len(digest.earlier) - len(shown), "this part")
    title = f'<h2 class="al-part">Published earlier, added this quarter {size}</h2>'
    return f'<section id="part-earlier">{title}{rows}{more}</section>'


def part_entries(digest: Digest, state: DigestState) -> list[Entry]:
    """Return all entries of the part that is asked for; none where there is no such part."""
    if state.part == EARLIER:
        return list(digest.earlier)
    section = next((section for section in digest.sections if section.topic == state.part), None)
    if section is None:
        return []
    groups = grouped(section)
    return [entry for title, entries in groups if state.sub in ("", title) for entry in entries]


def page_of(entries: Sequence[Entry], state: DigestState) -> tuple[int, int]:
    """Return the page of a part that is shown, the one with the entry that is looked for, and how many there are."""
    pages = max(1, ceil(len(entries) / PER_PAGE))
    at = next((number for number, entry in enumerate(entries) if state.at and _is(entry, state.at)), None)
    return (at // PER_PAGE + 1 if at is not None else min(state.page, pages)), pages


def _part_html(digest: Digest, state: DigestState, cite: Cite) -> str:
    entries = part_entries(digest, state)
    if not entries:
        way = link(state.href(part="", sub=""), "Show the whole digest")
        return note(f"This digest has no such part. {way}.")
    page, pages = page_of(entries, state)
    shown = entries[(page - 1) * PER_PAGE : page * PER_PAGE]
    cited, model = cite(shown), digest.built_from.model
    topic = "" if state.part == EARLIER else state.part
    head = _title(topic, len(entries)) if topic else heading("Published earlier, added this quarter", len(entries))
    rows = "".join(entry_html(entry, state, cited, model, topic) for entry in shown)
    return head + _subtopics(digest, state) + rows + paging(state, page, pages)


def _subtopics(digest: Digest, state: DigestState) -> str:
    section = next((section for section in digest.sections if section.topic == state.part), None)
    groups = grouped(section) if section is not None else []
    if len(groups) < 2:
        return ""
    chips = ""
    for title, entries in groups:
        here = title == state.sub
        way = link(state.href(sub="" if here else title), esc(title))
        chips += f"<span{' class=al-here' if here else ''}>{way}<b>{len(entries):,}</b></span>" if title else ""
    return f'<nav class="al-facets" aria-label="Subtopics">{chips}</nav>'


def paging(state: DigestState, page: int, pages: int) -> str:
    """Return the way through the pages of a part."""
    if pages == 1:
        return ""
    before = act(state.href(page=page - 1), "← Before") if page > 1 else "<span></span>"
    after = act(state.href(page=page + 1), "After →") if page < pages else "<span></span>"
    return f'<nav class="al-acts al-pages">{before}<span class="al-dim">Page {page} of {pages}</span>{after}</nav>'


def _listed_page(documents: Sequence[LeftOut], state: DigestState) -> str:
    pages = max(1, ceil(len(documents) / (PER_PAGE * 3)))
    page = min(state.page, pages)
    shown = documents[(page - 1) * PER_PAGE * 3 : page * PER_PAGE * 3]
    title = "Left out" if state.part == LEFT_OUT else "Undated: the source states no date"
    made = heading(title, len(documents))
    for reason, held in by_reason(shown):
        made += f'<h3 class="al-sub">{esc(reason)}</h3><ul class="al-rows">{_rows(held)}</ul>'
    return made + paging(state, page, pages)


def _rows(documents: Sequence[LeftOut]) -> str:
    return "".join(
        f"<li{lang_of(one.title)}>{link(href('document', id=one.doc_id), esc(readable(name_of(one))))}</li>"
        for one in documents
    )


def accounts_html(digest: Digest, state: DigestState, built: BuildState, cite: Callable[[Sequence[str]], Cited]) -> str:
    """Return what has no entry and why, what could not be read, how the page was built and what changed since."""
    made = f'<section class="al-accounts">{heading("What is not above")}{note(esc(coverage_words(digest)))}'
    for reason, held in by_reason(digest.left_out):
        made += _folded(f"Left out: {reason}", held, state.href(part=LEFT_OUT, sub=""))
    if digest.undated:
        made += _folded("Undated: the source states no date", digest.undated, state.href(part=UNDATED, sub=""))
    if digest.failed_sources:
        rows = "".join(
            f'<li title="{esc(failed.location)}">{esc(failed_words(failed))}</li>' for failed in digest.failed_sources
        )
        way = link(href("sources", view="files"), "See the sources")
        title = f"Sources that could not be read <span>{len(digest.failed_sources):,}</span>"
        made += f"<details open><summary>{title}</summary><ul>{rows}</ul>{note(way)}</details>"
    made += heading("How this page was built") + note(esc(built_words(digest)))
    if built.built_at:
        made += note(f"Built on {_moment(built.built_at)}{_changes(built, cite)}")
    edited = edited_words(digest)
    return made + (note(esc(edited)) if edited else "") + "</section>"


def _moment(stated: str) -> str:
    return f"{day(stated)}, {esc(stated[11:16])}"


def _changes(built: BuildState, cite: Callable[[Sequence[str]], Cited]) -> str:
    """Return what came, went and changed since the build before."""
    changes = built.changes
    parts = [("added", changes.added), ("removed", changes.removed), ("changed", changes.changed)]
    told = ", ".join(f"{len(ids):,} {word}" for word, ids in parts if ids)
    if not built.previous_built_at:
        return ", for the first time."
    since = f"; since the build of {_moment(built.previous_built_at)}"
    if not told:
        return f"{since} no document changed."
    names = cite([doc for _, ids in parts for doc in ids[:MOST_LISTED]])

    def title_of(doc: str) -> str:
        return esc(readable(names.title(doc)))

    rows = "".join(
        f"<li>{word}: {esc(doc) if word == 'removed' else link(href('document', id=doc), title_of(doc))}</li>"
        for word, ids in parts
        for doc in ids[:MOST_LISTED]
    )
    return f'{since}: {told}.<details class="al-changes"><summary>Which documents</summary><ul>{rows}</ul></details>'


def _folded(title: str, documents: Sequence[LeftOut], more: str) -> str:
    shown = documents[:MOST_LISTED]
    rest = _more(more, len(documents) - len(shown), "this list")
    size = f"<span>{len(documents):,}</span>"
    return f"<details><summary>{esc(title)} {size}</summary><ul>{_rows(shown)}</ul>{rest}</details>"
