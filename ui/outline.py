"""An outline as a tree of branches that fold, the place that was asked for in view.

Pure. Owns which branches stand open: the way to the focus, else as many levels as fit a page.
Refuses to hide loss: nodes whose parent is missing stand under a line that says so. Invariant:
every node of the document is reachable, at most `LARGEST` of them drawn at once.
"""

import re
from dataclasses import dataclass, field

from kb.types import Document, Section
from ui.links import DocumentState
from ui.render import Anchors, Spans, act, esc, inline, link

VISIBLE = 90
"""So many nodes stand open at first; deeper ones unfold."""
LARGEST = 1500
"""Beyond so many nodes closed branches are drawn only once they are asked for."""
_BRACKETS = re.compile(r"\\?\[[^\[\]]{1,160}\]|【[^【】]{1,160}】")
OPINIONS = {"very-good": "very good", "good": "good", "useful": "useful", "interesting": "interesting"}


@dataclass
class Node:
    """A section with its place in the tree."""

    section: Section
    children: list["Node"] = field(default_factory=list)
    size: int = 1
    """Nodes in the branch, itself included."""
    end: int = 0
    """End of the branch's text."""


def tree(document: Document) -> list[Node]:
    """Return the roots of a document's sections."""
    roots: list[Node] = []
    above: list[Node] = []
    for section in document.sections:
        while above and above[-1].section.level >= section.level:
            above.pop()
        node = Node(section, end=section.end)
        for ancestor in above:
            ancestor.size += 1
            ancestor.end = section.end
        (above[-1].children if above else roots).append(node)
        above.append(node)
    return roots


def body(document: Document, focus: tuple[int, int] | None, marks: Spans, state: DocumentState) -> str:
    """Return the outline; `focus` is the span of the passage that was asked for."""
    roots = tree(document)
    drawing = _Drawing(document, focus, marks, state)
    drawing.plan(roots)
    made: list[str] = []
    lost = False
    for root in roots:
        if root.section.orphan and not lost:
            made.append(
                '<p class="al-lost" title="The source shows that the line above these was lost.">Parent missing</p>'
            )
        lost = root.section.orphan
        made.append(drawing.draw(root))
    return f'<div class="al-outline">{"".join(made)}</div>'


class _Drawing:
    """One drawing of one outline; recursion follows the tree, whose depth the ingestor bounds."""

    def __init__(self, document: Document, focus: tuple[int, int] | None, marks: Spans, state: DocumentState) -> None:
        self.text = document.text
        self.focus = focus
        self.marks = marks
        self.state = state
        self.anchors: Anchors = sorted((link.start, link.end, link.url) for link in document.links)
        self.open: set[str] = set()
        self.large = len(document.sections) > LARGEST
        self._scrolled = False
        self._lit = 0

    def plan(self, roots: list[Node]) -> None:
        """Choose the open branches: all, or level by level while they fit, and the way to the focus."""
        everything = self.state.open == "all" and not self.large
        level, shown = list(roots), len(roots)
        while level:
            below = [child for node in level for child in node.children]
            if not everything and shown + len(below) > VISIBLE:
                break
            self.open.update(node.section.id for node in level)
            shown += len(below)
            level = below
        if self.focus is not None:
            self._open_way(roots)

    def _open_way(self, roots: list[Node]) -> None:
        stack = [(node, ()) for node in roots]
        while stack:
            node, way = stack.pop()
            way = (*way, node.section.id)
            if self._in_focus(node.section):
                self.open.update(way)
            stack.extend((child, way) for child in node.children)

    def _in_focus(self, section: Section) -> bool:
        return self.focus is not None and section.start < self.focus[1] and section.end > self.focus[0]

    def draw(self, root: Node) -> str:
        """Return a branch. Iterative: outlines may be deeper than Python's stack."""
        made: list[str] = []
        work: list[tuple[Node, bool]] = [(root, False)]
        while work:
            node, closing = work.pop()
            if closing:
                made.append("</div></details>")
                continue
            line, hit = self._line(node), self._hit(node)
            if not node.children:
                made.append(f'<div class="al-leaf{hit}>{line}</div>')
            elif self.large and node.section.id not in self.open:
                made.append(f'<div class="al-leaf{hit}>{line}{self._more(node)}</div>')
            else:
                is_open = " open" if node.section.id in self.open else ""
                count = f'<span class="al-count">{node.size - 1}</span>'
                made.append(
                    f'<details class="al-node{hit}{is_open}><summary>{line}{count}</summary><div class="al-kids">'
                )
                work.append((node, True))
                work.extend((child, False) for child in reversed(node.children))
        return "".join(made)

    def _hit(self, node: Node) -> str:
        """Return the rest of a class attribute: the outermost nodes of the focus stand out, the first is gone to."""
        if not self._in_focus(node.section) or node.section.start < self._lit:
            return '"'
        self._lit = max(node.end, node.section.start + 1)
        if self._scrolled:
            return ' al-hit"'
        self._scrolled = True
        return ' al-hit" data-scroll-here="1"'

    def _more(self, node: Node) -> str:
        return " " + act(self.state.href(chunk="", at=node.section.id), f"{node.size - 1} below", stay=True)

    def _line(self, node: Node) -> str:
        section = node.section
        start, end, cut = self._own(section)
        words = self._title(section, start, cut)
        more = "".join(
            f'<span class="al-more">{inline(self.text, a, b, self.marks, self.anchors)}</span>'
            for a, b in _lines(self.text, cut, end)
        )
        marker = f'<span class="al-mk">{esc(section.marker)}</span>' if section.marker else ""
        pin = link(self.state.href(chunk="", at=section.id), "§", kind="al-pin", stay=True)
        words += self._badges(node) + pin + more
        return f'<span class="al-line-of">{marker}<span class="al-words">{words}</span></span>'

    def _title(self, section: Section, lo: int, hi: int) -> str:
        """Return a node's first line; what its labels say in brackets steps back."""
        noted = any(label.startswith(("year:", "venue:", "refs:", "org:")) for label in section.labels)
        made, at = [], lo
        for match in _BRACKETS.finditer(self.text, lo, hi) if noted else ():
            made.append(inline(self.text, at, match.start(), self.marks, self.anchors))
            made.append(
                f'<span class="al-ann">{inline(self.text, match.start(), match.end(), self.marks, self.anchors)}</span>'
            )
            at = match.end()
        made.append(inline(self.text, at, hi, self.marks, self.anchors))
        return "".join(made)

    def _own(self, section: Section) -> tuple[int, int, int]:
        """Return start and end of a section's own text and the end of its first line."""
        start = section.start
        while start < section.end and self.text[start].isspace():
            start += 1
        end = section.end
        while end > start and self.text[end - 1].isspace():
            end -= 1
        cut = self.text.find("\n", start, end)
        return start, end, end if cut < 0 else cut

    def _badges(self, node: Node) -> str:
        labels = node.section.labels
        made = [
            f'<span class="al-badge al-good">{esc(OPINIONS[label])}</span>' for label in labels if label in OPINIONS
        ]
        if "question" in labels:
            made.append('<span class="al-badge al-ask">question</span>')
        if node.section.orphan and node.section.level > 1:
            made.append('<span class="al-badge al-lost-badge">parent missing</span>')
        return "".join(made)


def _lines(text: str, lo: int, hi: int) -> list[tuple[int, int]]:
    """Return the spans of the further lines of a node, without indentation."""
    found = []
    at = lo
    for line in text[lo:hi].split("\n"):
        lead = len(line) - len(line.lstrip())
        if line.strip():
            found.append((at + lead, at + len(line.rstrip())))
        at += len(line) + 1
    return found
