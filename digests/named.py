"""The works that a document names: a list's entries with their remarks, a notebook's nodes with opinions.

Pure. A remark and an opinion are spans of the document. Refuses to guess which work a line means: a
link in its own node, or a title of its own, names it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digests.sentences import count_words, is_boilerplate
from digests.titles import title_key
from digests.types import NamedWork, Opinion, SourceSentence
from kb.references import extract
from kb.text import fold_space, sentences
from kb.topics import Tagger
from kb.types import Chunk, Document, Frozen, Kind, Link, Reference, Section

OPINIONS = {"very-good": 4.0, "good": 2.0, "useful": 1.5, "interesting": 1.5, "question": 0.5}
"""The labels by which a reader judges a work, and what each counts among the must-reads."""
MOST_REMARK = 75
MOST_OPINION = 40
MOST_LINES = 3
NODE_WORDS = 190
_STOCK = frozenset({"stock", "related"})
"""Labels of nodes that head a list and are about nothing themselves."""
_YEAR = re.compile(r"\s*[\[(（](?:19|20)\d\d[\])）]")
_ADDRESS = re.compile(r"(?:https?://|www\.|arxiv\s*:)\S+", re.I)
_LEAD = re.compile(r"^(?:[-*•]\s+|\(?\w{1,3}[.)]\s+|>\s*|n\.\s*)+", re.I)


class Noted(Frozen):
    """A work that a node of a notebook is about, and what the reader wrote there."""

    kind: str
    key: str
    url: str = ""
    title: str = ""
    labels: tuple[str, ...] = ()
    sentences: tuple[Opinion, ...] = ()


def chunk_at(chunks: Sequence[Chunk], at: int) -> str:
    """Return the id of the passage that holds a place of the text, else of the last before it."""
    place = bisect_right(chunks, at, key=lambda chunk: chunk.start) - 1
    return chunks[max(0, place)].id if chunks else ""


def listed(
    document: Document, chunks: Sequence[Chunk], references: Sequence[Reference], tagger: Tagger
) -> list[NamedWork]:
    """Return the works that a document lists with remarks, in order, each once."""
    texts = {chunk.id: chunk for chunk in chunks}
    made: dict[tuple[str, str], NamedWork] = {}
    for reference in references:
        chunk = texts.get(reference.chunk_id)
        if chunk is None or not reference.remark or not reference.title:
            continue
        at = chunk.text.find(reference.remark)
        if at < 0:
            continue
        remark = _remark(document, chunk, chunk.start + at, chunk.start + at + len(reference.remark))
        tags = tagger.tag(reference.title, reference.remark)
        made.setdefault(
            (reference.kind, reference.key),
            NamedWork(
                kind=reference.kind,
                key=reference.key,
                url=reference.url,
                title=fold_space(reference.title),
                topic=tags[0].topic if tags else "",
                remark=remark,
            ),
        )
    return sorted(made.values(), key=lambda work: (work.remark.start if work.remark else 0, work.kind, work.key))


def _remark(document: Document, chunk: Chunk, start: int, end: int) -> SourceSentence | None:
    """The first sentences of a remark, up to the length of a summary."""
    stop, words = start, 0.0
    for left, right in sentences(document.text[start:end]):
        text = document.text[start + left : start + right]
        if is_boilerplate(text) or _ADDRESS.search(text):
            break
        words += count_words(text)
        if stop > start and words > MOST_REMARK:
            break
        stop = start + right
    return span(document, chunk.id, start, stop) if stop > start else None


def span(document: Document, chunk_id: str, start: int, end: int) -> SourceSentence:
    """Return a span of a document, white space at its ends left out."""
    piece = document.text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    text = fold_space(document.text[start:end])
    return SourceSentence(text=text, doc_id=document.id, chunk_id=chunk_id, start=start, end=end)


@dataclass
class _Node:
    section: Section
    parent: "_Node | None"
    end: int
    """End of the subtree."""
    first: int
    last: int
    """The subtree's sections, by their place."""
    links: int = 0
    """Different works that the subtree names."""


def noted(document: Document, chunks: Sequence[Chunk]) -> list[Noted]:
    """Return the works that the nodes of a notebook name, with the opinions that stand by them."""
    if document.kind is not Kind.NOTES:
        return []
    nodes = _nodes(document)
    named = [list(_references(document, node.section)) for node in nodes]
    _count_links(nodes, named)
    found: dict[tuple[str, str], Noted] = {}
    for node, references in zip(nodes, named, strict=True):
        for reference in references:
            top = _own(document, node)
            labels, lines = _said(document, chunks, _about(nodes, named, top, reference))
            key = (reference.kind, reference.key)
            before = found.get(key)
            found[key] = Noted(
                kind=reference.kind,
                key=reference.key,
                url=reference.url,
                title=(before.title if before else "") or _title(top, reference),
                labels=tuple(dict.fromkeys([*(before.labels if before else ()), *labels])),
                sentences=tuple(dict.fromkeys([*(before.sentences if before else ()), *lines])),
            )
    return list(found.values())


def judged(document: Document, chunks: Sequence[Chunk], tagger: Tagger) -> list[NamedWork]:
    """Return what a notebook notes as works: nodes with an author or an opinion, in order, each title once."""
    if document.kind is not Kind.NOTES:
        return []
    nodes = _nodes(document)
    made: dict[str, NamedWork] = {}
    for node in nodes:
        opinions = tuple(label for label in node.section.labels if label in OPINIONS)
        author = any(label.startswith("author:") for label in node.section.labels)
        title = fold_space(_ADDRESS.sub("", node.section.title)).strip(" -–—:：")
        if not (author or opinions) or not 2 <= count_words(title) <= 25 or (opinions and not author and node.parent):
            continue
        inside = nodes[node.first : node.last + 1]
        small = count_words(document.text[node.section.start : node.end]) <= NODE_WORDS
        labels, lines = _said(document, chunks, inside if small else inside[:1])
        remark = next((line for line in lines if line.start >= node.section.end), None)
        tags = tagger.tag(title)
        found = NamedWork(
            kind="title",
            key=title_key(title),
            title=title,
            topic=tags[0].topic if tags else "",
            remark=SourceSentence(**remark.model_dump(exclude={"labels"})) if remark else None,
            labels=tuple(dict.fromkeys([*opinions, *labels])),
        )
        made.setdefault(found.key, found)
    return list(made.values())


def titled(document: Document, chunks: Sequence[Chunk]) -> Iterator[tuple[str, Noted]]:
    """Yield (title, what is said there) for the nodes of a notebook whose line may be a work's title."""
    if document.kind is not Kind.NOTES:
        return
    nodes = _nodes(document)
    for node in nodes:
        title = _YEAR.sub("", node.section.title).strip()
        if not 4 <= count_words(title) <= 25 or title.endswith((".", "。", "?", "？", ":", "：")):
            continue
        inside = nodes[node.first : node.last + 1]
        if count_words(document.text[node.section.start : node.end]) > NODE_WORDS:
            inside = inside[:1]
        labels, lines = _said(document, chunks, inside)
        yield title, Noted(kind="title", key="", title=title, labels=labels, sentences=lines)


def _nodes(document: Document) -> list[_Node]:
    nodes: list[_Node] = []
    open_nodes: list[_Node] = []
    for place, section in enumerate(document.sections):
        while open_nodes and open_nodes[-1].section.level >= section.level:
            open_nodes.pop()
        node = _Node(section, open_nodes[-1] if open_nodes else None, section.end, place, place)
        open_nodes.append(node)
        nodes.append(node)
        for above in open_nodes:
            above.end, above.last = section.end, place
    return nodes


def _references(document: Document, section: Section) -> Iterator[Reference]:
    inside = [
        Link(start=link.start - section.start, end=link.end - section.start, url=link.url)
        for link in document.links
        if section.start <= link.start and link.end <= section.end
    ]
    yield from extract(document.text[section.start : section.end], inside)


def _count_links(nodes: Sequence[_Node], named: Sequence[list[Reference]]) -> None:
    for node in nodes:
        keys = {(r.kind, r.key) for references in named[node.first : node.last + 1] for r in references}
        node.links = len(keys)


def _about(nodes: Sequence[_Node], named: Sequence[list[Reference]], top: _Node, reference: Reference) -> list[_Node]:
    """The nodes of a subtree that are about one work: those that name another are about that one."""
    kept: list[_Node] = []
    place = top.first
    while place <= top.last:
        node = nodes[place]
        others = any(
            (found.kind, found.key) != (reference.kind, reference.key)
            for references in named[node.first : node.last + 1]
            for found in references
        )
        if node is not top and others:
            place = node.last + 1
            continue
        kept.append(node)
        place += 1
    return kept


def _own(document: Document, node: _Node) -> _Node:
    """The largest node around a link that is about that one work."""
    while (
        node.parent is not None
        and node.parent.links == 1
        and not _STOCK.intersection(node.parent.section.labels)
        and count_words(document.text[node.parent.section.start : node.parent.end]) <= NODE_WORDS
    ):
        node = node.parent
    return node


def _title(node: _Node, reference: Reference) -> str:
    if reference.title:
        return fold_space(reference.title)
    title = fold_space(_ADDRESS.sub("", node.section.title)).strip(" -–—:：")
    return title if count_words(title) >= 2 else ""


def _said(
    document: Document, chunks: Sequence[Chunk], nodes: Sequence[_Node]
) -> tuple[tuple[str, ...], tuple[Opinion, ...]]:
    """The opinions in a subtree, and its lines that say most: those with an opinion first, then the others."""
    judged: list[Opinion] = []
    others: list[Opinion] = []
    labels: dict[str, None] = {}
    for at, node in enumerate(nodes):
        own = tuple(label for label in node.section.labels if label in OPINIONS)
        labels.update(dict.fromkeys(own))
        for line in _lines(document, chunks, node.section, own):
            if own:
                judged.append(line)
            elif at and count_words(line.text) >= 4:
                others.append(line)
    own_line = nodes[0].section.start, nodes[0].section.end
    if any(line.start >= own_line[1] for line in judged):
        # The line that names the work says nothing of it where another one does.
        judged = [line for line in judged if line.start >= own_line[1]]
    kept = sorted([*judged, *others][:MOST_LINES], key=lambda line: line.start)
    return tuple(labels), tuple(kept)


def _lines(document: Document, chunks: Sequence[Chunk], section: Section, labels: tuple[str, ...]) -> Iterator[Opinion]:
    at = section.start
    for line in document.text[section.start : section.end].splitlines(keepends=True):
        start, at = at, at + len(line)
        lead = len(line) - len(line.lstrip())
        marker = _LEAD.match(line[lead:])
        start += lead + (marker.end() if marker else 0)
        text = document.text[start : at - (len(line) - len(line.rstrip()))]
        if not text or _ADDRESS.search(text):
            continue
        stop = start + len(text)
        if count_words(text) > MOST_OPINION:
            first = next(iter(sentences(text)), None)
            stop = start + first[1] if first and count_words(text[: first[1]]) <= MOST_OPINION else start
        if stop > start:
            found = span(document, chunk_at(chunks, start), start, stop)
            yield Opinion(**found.model_dump(), labels=labels)
