"""Build a quarter's digest from the library and its briefs: group, merge, order, account for every document.

Pure and without a clock: equal libraries give an equal digest, byte for byte. Invariant: every
document of the quarter is in exactly one entry, in `left_out` or in `undated`; checked at the end.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from digests.brief import LIST, Brief
from digests.headline import Outline, summary_of, title_of
from digests.highlights import CRITERION, must_reads
from digests.library import Library, counted, said_in
from digests.movements import NO_TOPIC, movements
from digests.quarter import shift
from digests.sentences import count_words
from digests.summarise import LEAST_WORDS, joined
from digests.types import (
    Built,
    Coverage,
    Digest,
    Edits,
    Entry,
    Highlight,
    LeftOut,
    NamedWork,
    Opinion,
    Section,
    SourceSentence,
)
from kb.errors import DigestError
from kb.topics import load_topics
from kb.types import Kind

METHOD = "extractive 3"
OTHER = NO_TOPIC
TOPIC_ORDER = ("parallelism", "serving", "quantization", "compression", "hardware")
MOST_VOICES = 6
"""Opinions, and remarks, that one entry shows."""
HIDDEN = "hidden by you"
NO_DATE = "its source states no date"
_RANK = {Kind.ARXIV: 0, Kind.PAGE: 1, Kind.RSS: 1, Kind.NOTES: 2}


@dataclass(frozen=True)
class Material:
    """What a digest is made from."""

    quarter: str
    library: Library
    briefs: Mapping[str, Brief]
    """Of all that the quarter involves, and of the documents of the quarter before."""
    edits: Edits = field(default_factory=Edits)


@dataclass(frozen=True)
class _Work:
    """A work in a quarter: the document that leads, and all others about it."""

    lead: str
    members: tuple[str, ...]


class _Listed(TypedDict):
    lists: int
    listed: Mapping[str, int]


def build(material: Material) -> Digest:
    """Return the digest of a quarter."""
    library, quarter = material.library, material.quarter
    dated, undated = library.dated.get(quarter, []), library.undated.get(quarter, [])
    works = _works(material, dated)
    left_out = list(_left_out(material, works, dated))
    gone = {left.doc_id for left in left_out}
    entries = [_entry(material, work) for work in works if work.lead not in gone]
    shown = {doc for work in works if work.lead not in gone for doc in work.members}
    late = [
        _entry(material, work)
        for work in _works(material, [doc for doc in library.earlier.get(quarter, []) if doc not in shown])
        if not set(work.members) & {*material.edits.hidden, *gone}
    ]
    without = [LeftOut(doc_id=d, title=material.briefs[d].title, reason=NO_DATE) for d in undated if d not in shown]
    now = counted(library, quarter, material.briefs)
    moved = movements(
        counted(library, shift(quarter, -1), material.briefs), now, [topic.title for topic in load_topics().values()]
    )
    highlights = _must_reads(material, entries)
    by_id = {entry.doc_id: entry for entry in entries}
    outline = Outline(
        quarter=quarter,
        now=now,
        works=len(entries),
        movements=moved,
        must_reads=[by_id[highlight.doc_id] for highlight in highlights],
        dates=[material.briefs[doc].published for doc in dated],
        only=entries[0] if len(entries) == 1 else None,
        earlier=len(late),
        undated=len(without),
        complete=quarter < library.now,
        **_lists(entries),
    )
    digest = Digest(
        quarter=quarter,
        title=material.edits.title or title_of(outline),
        summary=summary_of(outline),
        highlights=highlights,
        criterion=CRITERION,
        movements=moved,
        sections=_sections(material, entries),
        earlier=tuple(sorted(late, key=_late_order)),
        left_out=tuple(left_out),
        undated=tuple(without),
        coverage=Coverage(
            in_quarter=len(dated) + len(undated),
            shown=len(shown & {*dated, *undated}),
            left_out=len(left_out),
            undated=len(without),
            failed_sources=0,
            works=len(entries),
        ),
        edits=material.edits,
        built_from=Built(documents=len(dated) + len(undated), fingerprint=library.fingerprint(quarter), method=METHOD),
        complete=outline.complete,
    )
    _check(digest, {*dated, *undated})
    return digest


def _must_reads(material: Material, entries: Sequence[Entry]) -> tuple[Highlight, ...]:
    results = {entry.doc_id: material.briefs[entry.doc_id].results for entry in entries}
    marks = material.library.marks
    return must_reads(
        entries, results, {e.doc_id: dict(marks[e.doc_id].topics).get(e.topics[0], 1.0) for e in entries if e.topics}
    )


def _lists(entries: Sequence[Entry]) -> _Listed:
    """How many entries are lists, and of what topics the works are that they name, each work once."""
    found = [entry for entry in entries if entry.kind is not Kind.NOTES and len(entry.names) >= LIST]
    works = {(work.kind, work.key): work for entry in found for work in entry.names}
    return {"lists": len(found), "listed": Counter(work.topic or OTHER for work in works.values())}


def _works(material: Material, docs: Iterable[str]) -> list[_Work]:
    """The works of the given documents, each led by one of them."""
    wanted = set(docs)
    made: list[_Work] = []
    taken: set[str] = set()
    for doc in sorted(wanted):
        if doc in taken:
            continue
        members = material.library.works[doc]
        here = [member for member in members if member in wanted] if len(members) > 1 else [doc]
        taken.update(here)
        lead = here[0] if len(here) == 1 else min(here, key=lambda d: _leading(material.briefs[d]))
        made.append(_Work(lead, members))
    return made


def _leading(brief: Brief) -> tuple[object, ...]:
    """Order the documents about a work: the paper before a post before a note, then the one that says more."""
    words = sum(count_words(sentence.text) for sentence in brief.sentences)
    return (bool(brief.unfit), _RANK[brief.kind], brief.title_estimated, -min(words, LEAST_WORDS), brief.id)


def _left_out(material: Material, works: Sequence[_Work], dated: Sequence[str]) -> Iterable[LeftOut]:
    """What has no entry, and why: each document of the work, with its own reason."""
    here = set(dated)
    for work in works:
        hidden = bool(set(work.members) & set(material.edits.hidden))
        reason = HIDDEN if hidden else material.briefs[work.lead].unfit
        if not hidden and (set(work.members) & set(material.edits.pinned) or _wanted(material, work)):
            continue
        if reason:
            for doc in work.members:
                if doc in here:
                    own = reason if hidden else material.briefs[doc].unfit or reason
                    yield LeftOut(doc_id=doc, title=material.briefs[doc].title, reason=own)


def _wanted(material: Material, work: _Work) -> bool:
    """Tell whether a notebook of the reader's names the work: then it is shown, however short."""
    return any(doc in material.library.notebooks for doc in material.library.named_by(work.members))


def _entry(material: Material, work: _Work) -> Entry:
    library, lead = material.library, material.briefs[work.lead]
    others = [material.briefs[doc] for doc in work.members if doc != work.lead]
    topics = next((t for doc in (work.lead, *work.members) if (t := library.topics(doc))), ())
    found = _sentences(lead, others)
    named_by = library.named_by(work.members)
    return Entry(
        doc_id=lead.id,
        kind=lead.kind,
        title=lead.title,
        title_estimated=lead.title_estimated,
        authors=lead.authors,
        url=lead.url,
        source=library.marks[lead.id].source,
        published=lead.published,
        published_basis=lead.published_basis,
        quarter=lead.quarter,
        updated=lead.updated if lead.updated[:10] > lead.published[:10] else "",
        version=lead.version,
        topics=topics,
        subtopic=lead.subtopics.get(topics[0], "") if topics else "",
        summary=joined(sentence.text for sentence in found),
        sentences=found,
        code_urls=tuple(dict.fromkeys(url for brief in (lead, *others) for url in brief.code_urls)),
        also=tuple(brief.id for brief in others),
        opinions=_opinions(material, work, named_by),
        remarks=_remarks(material, work, named_by),
        named_by=named_by,
        names=_names(material, lead),
        status="withdrawn" if lead.withdrawn else "current",
        pinned=bool(set(work.members) & set(material.edits.pinned)),
    )


def _sentences(lead: Brief, others: Sequence[Brief]) -> tuple[SourceSentence, ...]:
    """The lead's summary; where it says too little, that of another document about the work."""
    if others and lead.kind is not Kind.NOTES and sum(count_words(s.text) for s in lead.sentences) < LEAST_WORDS // 2:
        fuller = [brief for brief in others if brief.kind is not Kind.NOTES and brief.sentences]
        if fuller:
            return min(fuller, key=_leading).sentences
    return lead.sentences


def _opinions(material: Material, work: _Work, named_by: Sequence[str]) -> tuple[Opinion, ...]:
    notebooks = [doc for doc in (*named_by, *work.members) if doc in material.library.notebooks]
    if not notebooks:
        return ()
    keys = {key for member in work.members for key in material.library.keys[member]}
    said = [
        opinion
        for doc in notebooks
        for noted in said_in(material.library.notebooks[doc], keys)
        for opinion in noted.sentences
    ]
    ranked = sorted(dict.fromkeys(said), key=lambda o: (not o.labels, o.doc_id, o.start))[:MOST_VOICES]
    return tuple(sorted(ranked, key=lambda o: (o.doc_id, o.start)))


def _remarks(material: Material, work: _Work, named_by: Sequence[str]) -> tuple[SourceSentence, ...]:
    if not named_by:
        return ()
    keys = {key for member in work.members for key in material.library.keys[member]}
    said = [
        named.remark
        for doc in named_by
        if doc not in material.library.notebooks
        for named in material.briefs[doc].names
        if named.remark and ((named.kind, named.key) in keys or ("title", named.key) in keys)
    ]
    return tuple(sorted(said, key=lambda s: (s.doc_id, s.start))[:MOST_VOICES])


def _names(material: Material, lead: Brief) -> tuple[NamedWork, ...]:
    made = []
    for work in lead.names:
        held = material.library.held(work.kind, work.key, work.title)
        made.append(work if held in ("", lead.id) else work.model_copy(update={"held": held}))
    return tuple(made)


def _sections(material: Material, entries: Sequence[Entry]) -> tuple[Section, ...]:
    """The entries by first topic, in the fixed order or the reader's, then the rest."""
    topics = load_topics()
    order = dict.fromkeys([*material.edits.topic_order, *TOPIC_ORDER, *sorted(topics), OTHER])
    found: dict[str, list[Entry]] = {slug: [] for slug in order}
    for entry in entries:
        first = entry.topics[0] if entry.topics else OTHER
        found[first if first in found else OTHER].append(entry)
    return tuple(
        Section(
            topic=slug,
            title=topics[slug].title if slug in topics else "Other",
            entries=tuple(sorted(found[slug], key=lambda entry: _order(entry, slug))),
        )
        for slug in order
        if found[slug]
    )


def _order(entry: Entry, topic: str) -> tuple[object, ...]:
    """Pinned first, then by subtopic as the topic's file lists them, then by date: nothing depends on other entries."""
    parts = [part.slug for part in load_topics()[topic].subtopics] if topic in load_topics() else []
    place = parts.index(entry.subtopic) if entry.subtopic in parts else len(parts)
    return (not entry.pinned, place, entry.published[:10], entry.doc_id)


def _late_order(entry: Entry) -> tuple[str, str]:
    return (entry.published[:10], entry.doc_id)


def _check(digest: Digest, documents: set[str]) -> None:
    """Make sure that every document of the quarter is accounted for, once."""
    entries = [entry for section in digest.sections for entry in section.entries]
    places = [doc for entry in entries for doc in (entry.doc_id, *entry.also) if doc in documents]
    places += [left.doc_id for left in (*digest.left_out, *digest.undated)]
    covered = digest.coverage
    if sorted(places) != sorted(documents) or covered.in_quarter != covered.shown + covered.left_out + covered.undated:
        wrong = sorted({doc for doc in documents if places.count(doc) != 1})[:3]
        raise DigestError(
            f"The digest of {digest.quarter} does not account for every document: {', '.join(wrong)}.",
            "This is a fault of the program; the documents are in the library.",
        )
