"""Split a Document into Chunks along its section tree.

Pure: no I/O, no embedder. Chunks are ordered, do not overlap and cover every non-blank character
of the text. A chunk is a section with its whole subtree where that is short, else the section's
own text in windows, followed by its children's chunks; small neighbours under one parent share a
chunk that bears the parent's breadcrumb, so that a breadcrumb is never wrong.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from kb.text import HAN, sentences
from kb.types import Chunk, Document, Kind, Section

# Units are English words or pairs of CJK characters. Windows of 80 were measured worse than 150;
# the packaged embedder reads 256 word pieces, of which breadcrumbs need some.
TARGET = 130
LIMIT = 190
SMALL = 24
GROUP = 90
ORPHAN_CRUMB = "(parent missing)"
_UNIT = re.compile(rf"[{HAN}\u3040-\u30ff\uac00-\ud7af]{{1,2}}|[^\W_{HAN}]+")


@dataclass
class _Node:
    section: Section
    path: tuple[str, ...]
    children: list["_Node"] = field(default_factory=list)
    end: int = 0
    """End of the subtree."""


def count_units(text: str) -> int:
    """Return the length of a text in words, two CJK characters counting as one."""
    return sum(1 for _ in _UNIT.finditer(text))


class _Ruler:
    """Counts units between any two offsets of one text without reading it again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [match.start() for match in _UNIT.finditer(text)]

    def size(self, start: int, end: int) -> int:
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)


def chunk(document: Document) -> list[Chunk]:
    """Return the chunks of a document, in order, with stable ids `doc#section` or `doc#section~n`."""
    sections = document.sections or (Section(id="1", level=1, title=document.title, start=0, end=len(document.text)),)
    made: list[Chunk] = []
    used: dict[str, int] = {}
    for node, start, end, labels in _spans(_Ruler(document.text), _tree(sections)):
        text = document.text[start:end]
        lead = len(text) - len(text.lstrip())
        text = text.strip()
        if not text:
            continue
        seen = used[node.section.id] = used.get(node.section.id, 0) + 1
        name = f"{document.id}#{node.section.id}"
        made.append(
            Chunk(
                id=name if seen == 1 else f"{name}~{seen}",
                doc_id=document.id,
                ordinal=len(made),
                path=node.path,
                section=node.section.id,
                text=text,
                start=start + lead,
                end=start + lead + len(text),
                embed_text=_embed_text(document, node.path, text),
                labels=labels,
            )
        )
    return made


def _embed_text(document: Document, path: tuple[str, ...], text: str) -> str:
    """Breadcrumb and passage. A notebook's title says nothing of a node, a post's title much."""
    crumbs = [crumb for crumb in path if crumb and not text.startswith(crumb)]
    if document.kind is Kind.NOTES:
        crumbs = crumbs[-3:]
    else:
        title = () if document.title_estimated or document.title in crumbs else (document.title,)
        crumbs = [*title, *crumbs[-2:]]
    head = " › ".join(crumb[:120] for crumb in crumbs)
    return f"{head}\n{text}" if head else text


def _tree(sections: tuple[Section, ...]) -> list[_Node]:
    roots: list[_Node] = []
    open_nodes: list[_Node] = []
    for section in sections:
        while open_nodes and open_nodes[-1].section.level >= section.level:
            open_nodes.pop()
        above = open_nodes[-1].path if open_nodes else ((ORPHAN_CRUMB,) if section.orphan else ())
        node = _Node(section, (*above, section.title) if section.title else above)
        (open_nodes[-1].children if open_nodes else roots).append(node)
        open_nodes.append(node)
        for ancestor in open_nodes:
            ancestor.end = section.end
    return roots


def _labels(nodes: list[_Node]) -> tuple[str, ...]:
    """Labels of the given nodes and all their descendants, each once, in order."""
    found: dict[str, None] = {}
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        found.update(dict.fromkeys(node.section.labels))
        if node.section.orphan:
            found["parent-missing"] = None
        stack.extend(reversed(node.children))
    return tuple(found)


Span = tuple[_Node, int, int, tuple[str, ...]]


def _spans(ruler: _Ruler, roots: list[_Node]) -> Iterator[Span]:
    """Yield (node that names the breadcrumb, start, end, labels), iteratively: outlines may be deep."""
    work: list[tuple[_Node | None, list[_Node], int]] = [(None, roots, 0)]
    while work:
        parent, siblings, index = work.pop()
        if index >= len(siblings):
            continue
        node = siblings[index]
        size = ruler.size(node.section.start, node.end)
        if size <= LIMIT and _closed(ruler, node, size):
            group = _group(ruler, siblings, index, size) if parent is not None else 1
            members = siblings[index : index + group]
            named = parent if group > 1 and parent is not None else node
            yield named, node.section.start, members[-1].end, _labels(members)
            work.append((parent, siblings, index + group))
            continue
        own = _labels([_Node(node.section, node.path)])
        for start, end in windows(ruler.text, node.section.start, node.section.end):
            yield node, start, end, own
        work.append((parent, siblings, index + 1))
        work.append((node, node.children, 0))


def _closed(ruler: _Ruler, node: _Node, size: int) -> bool:
    """Tell whether a subtree may stand as one chunk.

    Entries of a digest are works of their own: a subtree that holds several long children is split,
    whatever its sum.
    """
    long = sum(ruler.size(child.section.start, child.end) > SMALL for child in node.children)
    return long < 2 or size <= TARGET // 2


def _group(ruler: _Ruler, siblings: list[_Node], index: int, size: int) -> int:
    """Return how many small neighbours from `index` share a chunk."""
    if size > SMALL:
        return 1
    taken, total = 1, size
    for at in range(index + 1, len(siblings)):
        node = siblings[at]
        size = ruler.size(node.section.start, node.end)
        if size > SMALL or total + size > GROUP or node.section.orphan:
            break
        taken, total = taken + 1, total + size
    return taken


def windows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield spans of at most about LIMIT units, cut at paragraphs where possible, else at sentences."""
    if count_units(text[start:end]) <= LIMIT:
        yield start, end
        return
    at, size = start, 0
    for piece_start, piece_end, fenced in _pieces(text, start, end):
        units = count_units(text[piece_start:piece_end])
        if size and size + units > (LIMIT if fenced else TARGET + 20):
            yield at, piece_start
            at, size = piece_start, 0
        size += units
    if at < end:
        yield at, end


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, is code) of paragraphs and lines of code, long paragraphs by their sentences."""
    fenced = False
    at = start
    for line in text[start:end].splitlines(keepends=True):
        stop = at + len(line)
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if fenced or count_units(line) <= TARGET // 2:
            yield at, stop, fenced
        else:
            yield from ((a, b, False) for a, b in _sentence_pieces(text, at, stop))
        at = stop


def _sentence_pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    spans = list(sentences(text[start:end]))
    for index, (_, sentence_end) in enumerate(spans):
        stop = end if index + 1 == len(spans) else start + sentence_end
        # A sentence without end (a log, a minified page) is cut hard, at blanks where there are any.
        while _exceeds(text, at, stop, LIMIT):
            cut = _hard_cut(text, at, stop)
            yield at, cut
            at = cut
        yield at, stop
        at = stop


def _exceeds(text: str, start: int, end: int, limit: int) -> bool:
    """Tell whether a span has more units than a limit, reading no further: the rest may be a whole book."""
    return next(islice(_UNIT.finditer(text, start, end), limit, None), None) is not None


def _hard_cut(text: str, start: int, end: int) -> int:
    for index, match in enumerate(_UNIT.finditer(text, start, end)):
        if index == TARGET:
            return match.start()
    return end
