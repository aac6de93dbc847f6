"""The lines of a notes file as tokens: headings, outline nodes, plain text, code.

Owns code fences and every decision that needs the whole file before a marker can be believed:
decimal outlines, bare numbers, letters, years. Builds no tree. Invariant: tokens keep the order
of the lines, and every line but blanks, rules, fences and template tags is in one token.
"""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ingest._code import is_code
from ingest._markers import Marker, is_rule, measure, read_heading, read_marker

_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*([^`]*)$")
_TEMPLATE = re.compile(r"(?:\{%.*%\}|<!--.*-->|\{:.*\}|\{\{<.*>\}\})$")
_BOLD_LINE = re.compile(r"\*\*\S.*\*\*[\s:：]*(?:\\?\[[^\[\]]{1,120}\][\s:：]*)?$")
_OUTLINE_INFO = frozenset({"", "text", "txt", "plain", "plaintext", "markdown", "md", "outline", "notes", "none"})
_BOLD_LEVEL = 7
_MAX_NESTING = 4
_LONGEST_HEAD = 40
_ROMAN = {"i": 1, "v": 5, "x": 10}


@dataclass(slots=True)
class Token:
    """One line, or one block of code."""

    kind: Literal["heading", "node", "text", "code"]
    column: int
    text: str
    gap: bool = False
    """True where a blank line stands before it."""
    marker: Marker | None = None
    level: int = 0
    """Of a heading: 1 to 6, 7 for a line in bold alone. Of a node: its depth in a decimal outline, else 0."""
    lines: tuple[str, ...] = ()
    """Of code: its lines with the fences."""
    bare_edge: bool = False
    """True where a fence or a rule stands between it and the token before."""


def read_tokens(text: str) -> list[Token]:
    """Return the tokens of a notes file, front matter already taken off."""
    lines = text.split("\n")
    tokens = _lex(lines, *_fences(lines))
    _settle(tokens)
    return tokens


def _fences(lines: list[str]) -> tuple[dict[int, int], set[int]]:
    """Return the code blocks as {first line: last line}, and the fence lines that hold an outline or never close."""
    code: dict[int, int] = {}
    dropped: set[int] = set()
    ranges = [(0, len(lines), 0)]
    while ranges:
        start, stop, depth = ranges.pop()
        opened: tuple[int, str, str] | None = None
        for index in range(start, stop):
            stripped = lines[index].lstrip()
            if not stripped.startswith(("```", "~~~")) or not (match := _FENCE.match(lines[index])):
                continue
            fence, info = match[1], match[2].strip()
            if opened is None:
                opened = (index, fence, info)
            elif fence[0] == opened[1][0] and len(fence) >= len(opened[1]) and not info:
                if depth < _MAX_NESTING and _holds_outline(lines[opened[0] + 1 : index], opened[2]):
                    dropped |= {opened[0], index}
                    ranges.append((opened[0] + 1, index, depth + 1))
                else:
                    code[opened[0]] = index
                opened = None
        if opened is not None:
            if not opened[2]:
                dropped.add(opened[0])
            if opened[0] + 1 < stop and depth < _MAX_NESTING:
                ranges.append((opened[0] + 1, stop, depth + 1))
    return code, dropped


def _holds_outline(lines: list[str], info: str) -> bool:
    """Tell whether the lines of a fence are an outline in the main rather than code."""
    words = info.split()
    if words and words[0].lower().strip("{}.") not in _OUTLINE_INFO:
        return False
    bodies = [body for line in lines if (body := line.strip())]
    markers = [read_marker(body) for body in bodies]
    nodes = [m for m in markers if m is not None and m.sure]
    if not nodes:
        return False
    code = sum(is_code(body) for body, m in zip(bodies, markers, strict=True) if m is None)
    numbered = markers[0] is not None and markers[0].sure and markers[0].family != "bullet"
    return len(nodes) >= len(bodies) * (0.25 if numbered else 0.5) and code * 3 < len(bodies)


def _lex(lines: list[str], code: dict[int, int], dropped: set[int]) -> list[Token]:
    tokens: list[Token] = []
    gap = edge = fenced = False
    index = 0
    while index < len(lines):
        line = lines[index]
        if index in code:
            column, _ = measure(line)
            block = tuple(_dedent(each, column) for each in lines[index : code[index] + 1])
            tokens.append(Token("code", column, block[0], gap, lines=block, bare_edge=edge))
            index, gap, edge = code[index] + 1, False, True
            continue
        index += 1
        if index - 1 in dropped:
            fenced, gap, edge = not fenced, gap, True
            continue
        column, body = measure(line)
        if not body:
            gap = True
            continue
        if _TEMPLATE.match(body) if body[0] in "{<" else False:
            continue
        if is_rule(body):
            _underline(tokens, body, gap)
            gap = edge = True
            continue
        token = _token(column, body, fenced)
        token.gap, token.bare_edge = gap, edge
        tokens.append(token)
        gap = edge = False
    return tokens


def _dedent(line: str, column: int) -> str:
    """Take the fence's own indentation off a line of code."""
    lead = len(line) - len(line.lstrip())
    return line[min(lead, column) :].rstrip()


def _token(column: int, body: str, fenced: bool) -> Token:
    if not fenced and column <= 3 and (heading := read_heading(body)):
        return Token("heading", column, heading[1], level=heading[0])
    if not fenced and column == 0 and body.startswith("**") and len(body) < 600 and _BOLD_LINE.match(body):
        return Token("heading", column, body, level=_BOLD_LEVEL)
    marker = read_marker(body)
    return Token("node" if marker else "text", column, body, marker=marker)


def _underline(tokens: list[Token], body: str, gap: bool) -> None:
    """Make the line above a heading where a rule right below underlines it."""
    last = tokens[-1] if tokens else None
    if last is None or gap or last.kind != "text" or len(last.text) > 120 or set(body) - {"=", "-"}:
        return
    last.kind, last.level = "heading", 1 if body[0] == "=" else 2


# --- decisions that need the whole file -------------------------------------------------------


def _settle(tokens: list[Token]) -> None:
    """Turn markers that the file as a whole does not bear out back into text."""
    nodes = [token for token in tokens if token.marker is not None]
    keep = {id(token) for token in nodes if token.marker is not None and token.marker.sure}
    keep |= _decimals(nodes)
    keep |= _letters(nodes)
    keep |= _years(nodes)
    for token in nodes:
        if id(token) not in keep:
            token.kind, token.marker = "text", None


def _decimals(nodes: list[Token]) -> set[int]:
    """Return the tokens that make a decimal outline (`1`, `1.2`, `1.2.3`), if the file is one."""
    doubtful = [token for token in nodes if token.marker is not None and token.marker.family == "decimal"]
    siblings = Counter(token.marker.parts[:-1] for token in doubtful if token.marker)
    seen: set[tuple[int, ...]] = set()
    fitting: list[Token] = []
    others = 0
    for token in nodes:
        marker = token.marker
        if marker is None:
            continue
        if marker.family == "decimal":
            above = marker.parts[:-1]
            # A version or a quantity has neither a parent nor a sibling.
            if above in seen or siblings[above] > 1:
                fitting.append(token)
            seen.add(marker.parts)
        elif marker.family in ("number", "bare") and marker.value is not None:
            seen.add((marker.value,))
            others += marker.family == "number"
        elif marker.family in ("n", "bullet", "paren", "circled"):
            others += 1
    share = 0.15 if len(fitting) >= 6 else 0.3
    fits = len(fitting) >= 2 and len(fitting) >= len(doubtful) * 0.7 and _ascends(fitting)
    if not fits or len(fitting) < (len(doubtful) + others) * share:
        return set()
    for token in fitting:
        token.level = len(token.marker.parts) if token.marker else 0
    return {id(token) for token in fitting} | _tops(nodes, {token.marker.parts[0] for token in fitting if token.marker})


def _ascends(tokens: list[Token]) -> bool:
    """Tell whether decimals mostly go up, as those of an outline do and quantities do not."""
    parts = [token.marker.parts for token in tokens if token.marker is not None]
    rises = sum(before < after for before, after in pairwise(parts))
    return rises * 10 >= (len(parts) - 1) * 7


def _tops(nodes: list[Token], heads: set[int]) -> set[int]:
    """Return the tokens that head a branch of a decimal outline, in sequence: `1 Title`, `2. Title`."""
    kept: set[int] = set()
    last = 0
    before: tuple[int, int] | None = None
    """Column and value of a plain list item right before."""
    for token in nodes:
        marker = token.marker
        if marker is None or marker.family not in ("bare", "number") or marker.value is None:
            before = None
            continue
        in_turn = marker.value == last + 1 or (last == 0 and marker.value in heads)
        listed = before == (token.column, marker.value - 1)
        before = None
        alone = len(marker.rest) <= _LONGEST_HEAD and marker.rest[-1:] not in ".。;；"
        if in_turn and not listed and (marker.value in heads or marker.family == "number" or alone):
            last, token.level = marker.value, 1
            kept.add(id(token))
        elif marker.family == "number":
            before = (token.column, marker.value)
    return kept


def _letters(nodes: list[Token]) -> set[int]:
    """Return the letter and roman markers that follow one another at one column: `a.` then `b.`."""
    kept: set[int] = set()
    open_at: list[tuple[int, Token]] = []
    for token in nodes:
        if token.marker is None:
            continue
        while open_at and open_at[-1][0] > token.column:
            open_at.pop()
        if token.marker.family != "letter":
            continue
        last = open_at.pop()[1] if open_at and open_at[-1][0] == token.column else None
        if last is not None and last.marker is not None and _follows(last.marker.raw[:-1], token.marker.raw[:-1]):
            kept |= {id(last), id(token)}
        open_at.append((token.column, token))
    return kept


def _follows(before: str, after: str) -> bool:
    if before.isupper() != after.isupper():
        return False
    before, after = before.lower(), after.lower()
    alphabetical = len(before) == len(after) == 1 and ord(after) == ord(before) + 1
    return alphabetical or 0 < _roman(after) == _roman(before) + 1


def _roman(text: str) -> int:
    """Return the value of a roman numeral up to xxxix; 0 where it is none."""
    if set(text) - set(_ROMAN):
        return 0
    values = [_ROMAN[char] for char in text]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))


def _years(nodes: list[Token]) -> set[int]:
    """Return the markers such as `2001.` that continue a sequence, and so are no years."""
    kept: set[int] = set()
    last: dict[int, int] = {}
    for token in nodes:
        marker = token.marker
        if marker is None or marker.family != "number" or marker.value is None:
            continue
        if not marker.sure and last.get(token.column) == marker.value - 1:
            kept.add(id(token))
        last[token.column] = marker.value
    return kept
