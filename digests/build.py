"""Build a quarter's digest from briefs: group, merge, order, account for every document.

Pure and without a clock: equal material gives an equal digest, byte for byte. Invariant: every
document of the quarter is in exactly one entry, in `left_out` or in `undated`; asserted at the end.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from digests.brief import Brief
from digests.quarter import short
from digests.types import Built, Coverage, Digest, Edits, Entry, LeftOut, Section
from kb.topics import load_topics

METHOD = "extractive 1"
OTHER = "other"
TOPIC_ORDER = ("parallelism", "serving", "quantization", "compression", "hardware")


@dataclass(frozen=True)
class Material:
    """What a digest is made from."""

    quarter: str
    briefs: Mapping[str, Brief]
    topics: Mapping[str, tuple[str, ...]]
    sources: Mapping[str, str]
    dated: Sequence[str]
    """Ids of the documents dated in the quarter."""
    earlier: Sequence[str] = ()
    undated: Sequence[str] = ()
    edits: Edits = field(default_factory=Edits)
    fingerprint: str = ""
    complete: bool = True


def build(material: Material) -> Digest:
    """Return the digest of a quarter."""
    shown: dict[str, list[Entry]] = defaultdict(list)
    left_out: list[LeftOut] = []
    for doc_id in sorted(material.dated, key=lambda d: (material.briefs[d].published, d)):
        if doc_id in material.edits.hidden:
            left_out.append(LeftOut(doc_id=doc_id, title=material.briefs[doc_id].title, reason="hidden by you"))
            continue
        entry = _entry(material, doc_id)
        shown[entry.topics[0] if entry.topics else OTHER].append(entry)
    titles = {slug: topic.title for slug, topic in load_topics().items()}
    order = [*material.edits.topic_order, *TOPIC_ORDER, *sorted(titles), OTHER]
    sections = [
        Section(topic=slug, title=titles.get(slug, "Other"), entries=tuple(shown[slug]))
        for slug in dict.fromkeys(order)
        if slug in shown
    ]
    count = sum(len(section.entries) for section in sections)
    undated = [
        LeftOut(doc_id=d, title=material.briefs[d].title, reason="its source states no date") for d in material.undated
    ]
    return Digest(
        quarter=material.quarter,
        title=material.edits.title or f"{short(material.quarter)}: {count} documents",
        summary="",
        sections=tuple(sections),
        earlier=tuple(_entry(material, doc_id) for doc_id in material.earlier),
        left_out=tuple(left_out),
        undated=tuple(undated),
        coverage=Coverage(
            in_quarter=len(material.dated) + len(undated),
            shown=count,
            left_out=len(left_out),
            undated=len(undated),
            failed_sources=0,
            works=count,
        ),
        edits=material.edits,
        built_from=Built(documents=len(material.dated) + len(undated), fingerprint=material.fingerprint, method=METHOD),
        complete=material.complete,
    )


def _entry(material: Material, doc_id: str) -> Entry:
    made = material.briefs[doc_id]
    return Entry(
        doc_id=doc_id,
        kind=made.kind,
        title=made.title,
        title_estimated=made.title_estimated,
        authors=made.authors,
        url=made.url,
        source=material.sources.get(doc_id, ""),
        published=made.published,
        published_basis=made.published_basis,
        updated=made.updated if made.updated > made.published else "",
        version=made.version,
        topics=material.topics.get(doc_id, ()),
        summary=" ".join(sentence.text for sentence in made.sentences),
        sentences=made.sentences,
        code_urls=made.code_urls,
        status="withdrawn" if made.withdrawn else "current",
        pinned=doc_id in material.edits.pinned,
    )
