"""The tree of an outline, from its tokens: an indent stack, with lost parents flagged.

Owns levels, parents and orphans. Refuses to trust printed numbers: indentation alone is structure,
save in a flat decimal outline and among the conventional Chinese marker classes. Invariants: no
recursion; a node's parent is the nearest node before it of a lower level; time is linear.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest._markers import HEADING_FAMILIES
from ingest._tokens import Token

_PLAIN = ("number", "n", "decimal", "bare", "letter", "bullet")
_RANKS = {"chapter": 0, "part": 1, "han": 2, "hanparen": 3, "paren": 6, "circled": 7} | dict.fromkeys(_PLAIN, 5)
"""Conventional order of marker classes that share a column: 一、 over （一） over 1. over （1） over ①."""
_COUNTED = frozenset({"number", "paren", "circled", "han", "hanparen", "decimal"})
_HEADS = ("heading", "prose")
_FLAT_DECIMAL = 10
_LAST_RANK = 9


@dataclass(slots=True)
class Node:
    """One node: a heading, an outline node or a passage of prose, with the lines under it."""

    level: int
    family: str
    """`heading`, `prose`, or the family of its marker."""
    column: int
    marker: str
    first: str
    body: list[str] = field(default_factory=list)
    parent: int = -1
    orphan: bool = False
    children: int = 0


@dataclass(slots=True)
class _Open:
    """A node that can still get children."""

    key: tuple[int, int, int]
    index: int
    value: int | None = None
    restarted: bool = False
    child_value: int | None = None
    child_key: tuple[int, int, int] | None = None
    child_level: int = 0


@dataclass(slots=True)
class _Shape:
    """What the file as a whole tells of its indentation and numbering."""

    unit: int = 4
    steady: bool = False
    """Nearly all steps inward are of one unit."""
    wide: int = 8
    """A step of so many columns or more has jumped a level."""
    base: int = 0
    lazy: bool = False
    """Items are all numbered 1, as Markdown allows."""
    flat_decimal: bool = False
    ranks: dict[str, int] = field(default_factory=dict)


def build(tokens: Sequence[Token]) -> list[Node]:
    """Return the nodes of the outline in order, with levels from 1."""
    builder = _Builder(tokens)
    for position, token in enumerate(tokens):
        builder.add(position, token)
    return builder.nodes


class _Builder:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self.nodes: list[Node] = []
        self.open: list[_Open] = []
        self.shape = _read_shape(tokens)
        self.next_value = _next_values(tokens)

    def add(self, position: int, token: Token) -> None:
        if token.kind == "heading":
            self._push((0, token.level, 0), token, "heading", "", token.text)
        elif token.kind == "node" and token.marker is not None:
            self._add_node(position, token)
        else:
            self._add_text(token)

    def _add_node(self, position: int, token: Token) -> None:
        marker = token.marker
        assert marker is not None
        if self.shape.flat_decimal and token.level:
            self._push((0, _FLAT_DECIMAL + token.level, 0), token, "heading", marker.raw, marker.rest)
            return
        column = token.column
        key = (1, column, self.shape.ranks[marker.family])
        last = self._pop(key)
        if self._misaligned(column, marker.value):
            last = self.open.pop()
            key = last.key
        restarted = last is not None and last.restarted and last.key[:2] == key[:2]
        if not restarted and self._lost_parent(position, token, key):
            restarted = True
            self.open.pop()
        jumped = not restarted and self._jumped(column)
        node = self._push(key, token, marker.family, marker.raw, marker.rest, deeper=int(jumped and self.shape.steady))
        node.orphan = restarted or jumped
        self.open[-1].restarted = restarted
        self.open[-1].value = marker.value

    def _add_text(self, token: Token) -> None:
        lines = list(token.lines) or [token.text]
        gap = token.gap or token.bare_edge
        last = self.nodes[-1] if self.nodes else None
        if last is not None and self._continues(last, token.column, gap):
            if token.gap and (last.body or last.family in _HEADS):
                last.body.append("")
            last.body.extend(lines)
            return
        # It stands beside list items of its column and under headings; any later node of its column ends it.
        self._pop((1, token.column, _RANKS["hanparen"] + 1))
        self._push((1, token.column, _LAST_RANK), token, "prose", "", lines[0]).body.extend(lines[1:])

    def _continues(self, last: Node, column: int, gap: bool) -> bool:
        """Tell whether plain text belongs to the node right before it rather than standing by itself."""
        if last.family == "heading" or last.column < column:
            return True
        if last.column == column and (last.family in HEADING_FAMILIES or last.family == "prose"):
            return True
        if gap or last.column == column:
            return not gap  # a wrapped line may stand right under its marker
        lowest = self.open[0].key if self.open else (1, column, 0)
        return lowest >= (1, column, 0) and last.column - column < self.shape.unit

    def _pop(self, key: tuple[int, int, int]) -> _Open | None:
        last = None
        while self.open and self.open[-1].key >= key:
            last = self.open.pop()
        return last

    def _push(
        self, key: tuple[int, int, int], token: Token, family: str, marker: str, first: str, *, deeper: int = 0
    ) -> Node:
        if family == "heading":
            self._pop(key)
        above = self.open[-1] if self.open else None
        level = 1
        if above is not None:
            level = self.nodes[above.index].level + 1
            # A deeper level is kept only while no sibling stands higher, so that levels alone give the parent.
            if deeper and above.child_level in (0, level + deeper):
                level += deeper
            above.child_level = level
            above.child_key = key
            above.child_value = token.marker.value if token.marker else None
            self.nodes[above.index].children += 1
        parent = above.index if above else -1
        node = Node(level, family, token.column, marker, first, parent=parent)
        self.open.append(_Open(key, len(self.nodes)))
        self.nodes.append(node)
        return node

    def _misaligned(self, column: int, value: int | None) -> bool:
        """Tell whether a node one column too far in is the sibling of the open node rather than its child."""
        if not self.open or self.open[-1].key[0] == 0 or self.open[-1].key[1] != column - 1:
            return False
        above = self.open[-1].value
        if value is None or above is None:
            return value is above and self.shape.unit >= 2 and self._listed_above() is not None
        return self.shape.unit >= 3 and above == value - 1

    def _listed_above(self) -> Node | None:
        """Return the innermost open node if it is an outline node."""
        above = self.nodes[self.open[-1].index] if self.open else None
        return above if above is not None and above.family not in _HEADS else None

    def _lost_parent(self, position: int, token: Token, key: tuple[int, int, int]) -> bool:
        """Tell whether a sequence restarts at 1 after a blank line, under a parent that has one already."""
        marker = token.marker
        if marker is None or marker.value not in (0, 1) or marker.family not in _COUNTED or self.shape.lazy:
            return False
        if not (token.gap or token.bare_edge) or self._listed_above() is None:
            return False
        above = self.open[-1]
        if above.child_value is None or above.child_value < 1 or above.child_key != key:
            return False
        return above.child_value > 1 or self.next_value.get(position) == marker.value + 1

    def _jumped(self, column: int) -> bool:
        """Tell whether a node stands more than one level further in than its parent, or in than nothing at all."""
        above = self._listed_above()
        if above is not None:
            return column - above.column >= self.shape.wide
        return not self.open and column - self.shape.base >= max(self.shape.unit, 3)


# --- what the whole file tells ----------------------------------------------------------------


def _read_shape(tokens: Sequence[Token]) -> _Shape:
    nodes = [token for token in tokens if token.kind == "node" and token.marker is not None]
    shape = _Shape(ranks=_read_ranks(nodes), flat_decimal=_is_flat_decimal(nodes))
    shape.base = min((token.column for token in nodes), default=0)
    steps: Counter[int] = Counter()
    ones = rises = 0
    open_at: list[tuple[int, int | None]] = []
    for token in nodes:
        while open_at and open_at[-1][0] > token.column:
            open_at.pop()
        value = token.marker.value if token.marker else None
        if open_at and open_at[-1][0] == token.column:
            before = open_at.pop()[1]
            ones += before == value == 1
            rises += before is not None and value == before + 1
        elif open_at:
            steps[token.column - open_at[-1][0]] += 1
        open_at.append((token.column, value))
    shape.lazy = ones >= 2 and ones > rises
    if steps[1] * 2 <= steps.total():
        del steps[1]  # slips of one column, not a unit
    total = steps.total()
    if total:
        most = max(steps.values())
        shape.unit = max(1, min(step for step, count in steps.items() if count == most))
        shape.steady = total >= 8 and most >= total * 0.8
        shape.wide = max(shape.unit * 2, 6)
        # Where steps of every size are common, a wide one tells nothing.
        far = sum(count for step, count in steps.items() if step >= shape.wide)
        if far > max(1, total * 0.15):
            shape.wide = 1 << 30
    return shape


def _read_ranks(nodes: Sequence[Token]) -> dict[str, int]:
    ranks = dict(_RANKS)
    first: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for position, token in enumerate(nodes):
        family = token.marker.family if token.marker else ""
        first.setdefault(family, position)
        counts[family] += 1
    numbered = min((first[family] for family in ("number", "n") if family in first), default=len(nodes))
    if first.get("paren", len(nodes)) < numbered:
        ranks["paren"] = 4
    if sum(counts[family] for family in HEADING_FAMILIES) >= 2:
        ranks["bullet"] = 8
    return ranks


def _is_flat_decimal(nodes: Sequence[Token]) -> bool:
    """Tell whether decimal numbers carry the depth because indentation does not."""
    inward = deeper = 0
    before: Token | None = None
    for token in nodes:
        if not token.level:
            continue
        if before is not None and token.level > before.level:
            deeper += 1
            inward += token.column > before.column
        before = token
    return deeper > 0 and inward * 2 < deeper


def _next_values(tokens: Sequence[Token]) -> dict[int, int]:
    """Return, for each node's position, the value of the next node at its column with none further left between."""
    found: dict[int, int] = {}
    right: list[tuple[int, int | None]] = []
    for position in range(len(tokens) - 1, -1, -1):
        token = tokens[position]
        if token.kind != "node" or token.marker is None:
            continue
        while right and right[-1][0] > token.column:
            right.pop()
        if right and right[-1][0] == token.column:
            value = right.pop()[1]
            if value is not None:
                found[position] = value
        right.append((token.column, token.marker.value))
    return found
