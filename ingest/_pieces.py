"""The lines of a page saved as text, as pieces: headings, paragraphs, list items, code, rules.

Owns the repair of what conversion broke: bullets alone on a line, hard-wrapped paragraphs, inline
code torn out of its sentence, line numbers glued to listings. Knows nothing of posts or sections.
Invariant: every visible character is in one piece, glued line numbers and bullet marks excepted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ingest._code import glued_run, is_code, strip_numbers
from ingest._markers import is_rule, measure, read_heading, read_marker

_FENCE = re.compile(r"(`{3,}|~{3,})\s*([^`]*)$")
_LONE_BULLETS = frozenset("-*+•●○◦▪■□◆◇‣·–—")
_TEMPLATE = re.compile(r"(?:\{%.*%\}|<!--.*-->|\{:.*\})$")
_TERMINAL = re.compile(r"[.!?。！？…;；:：][\"'”’」』）)\]*]*$")
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_CJK = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_TORN_END = re.compile(r"(?:[A-Za-z_][\w.]*\(\)|\w*_\w+|\w+\.\w+|\.\w+|[A-Za-z]\w*)$", re.ASCII)
_TORN_START = re.compile(rf"[{_CJK})\](]")
_CONNECTIVE = re.compile(r"[和或與与及的等是也来來後后前時时中之到把被就]")
_CODE_TOKEN = re.compile(r"(?:\w+\(\)|\w*_\w+|\w+\.\w+|\.\w+)$", re.ASCII)
_LONGEST_HEADING = 200
_WRAP_WIDTH = 110
_FEWEST_WRAPPED = 8


@dataclass(slots=True)
class Piece:
    """One paragraph, heading, list item, block of code or rule."""

    kind: Literal["text", "heading", "bullet", "code", "rule"]
    text: str
    gap: bool = False
    """True where a blank line stands before it."""
    level: int = 0
    """Of a Markdown heading: 1 to 6."""
    lines: int = 1
    """Lines of the source that it was made from."""


def read_pieces(text: str) -> list[Piece]:
    """Return the pieces of a page saved as text."""
    pieces = list(_scan(text.split("\n")))
    return _reflow(pieces) if _is_wrapped(pieces) else _mend(pieces)


def is_cjk(char: str) -> bool:
    """Tell whether a character is Chinese, Japanese or full-width."""
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\uff00" <= char <= "\uffef"


def has_cjk(text: str) -> bool:
    """Tell whether any character of a text is Chinese, Japanese or full-width."""
    return not text.isascii() and _WIDE.search(text) is not None


def width(text: str) -> int:
    """Return the display width of a text: wide characters count two."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def ends_sentence(text: str) -> bool:
    """Tell whether a text ends as a sentence or clause does."""
    return _TERMINAL.search(text[-8:]) is not None


def _scan(lines: list[str]) -> Iterator[Piece]:
    stripped = [line.strip("\ufeff\u200b \t\u3000\xa0\r") for line in lines]
    fences = _pair_fences(stripped)
    gap = False
    last: Piece | None = None
    at = 0
    while at < len(lines):
        line = stripped[at]
        if not line:
            gap, at = True, at + 1
            continue
        if _TEMPLATE.match(line) if line[0] in "{<" else False:
            at += 1
            continue
        if last is not None and not gap and _underlines(last, line):
            last.kind, last.level, at = "heading", 1 if line[0] == "=" else 2, at + 1
            continue
        piece, stop = _next_piece(lines, stripped, fences, at)
        piece.gap, piece.lines = gap, stop - at
        yield piece
        last, gap, at = piece, False, stop


def _next_piece(lines: list[str], stripped: list[str], fences: dict[int, int], at: int) -> tuple[Piece, int]:
    """Return the piece that begins at a line, and the line after it."""
    line = stripped[at]
    if at in fences:
        return Piece("code", "\n".join(each.rstrip() for each in lines[at : fences[at] + 1])), fences[at] + 1
    if line[0] == "1" and (stop := glued_run(stripped, at)) > at:
        return Piece("code", _fence("\n".join(strip_numbers(stripped[at:stop])))), stop
    if is_rule(line):
        return Piece("rule", line), at + 1
    if heading := read_heading(line):
        return Piece("heading", heading[1][:_LONGEST_HEADING], level=heading[0]), at + 1
    if line in _LONE_BULLETS:
        after = next((i for i in range(at + 1, min(at + 3, len(lines))) if stripped[i]), None)
        if after is not None and stripped[after] not in _LONE_BULLETS and not is_rule(stripped[after]):
            return Piece("bullet", f"- {stripped[after]}"), after + 1
        return Piece("bullet", "-"), at + 1
    if (stop := _code_run(lines, stripped, at)) > at:
        return Piece("code", _fence(_dedent(lines[at:stop]))), stop
    marker = read_marker(line)
    if marker is not None and marker.family == "bullet" and marker.rest:
        return Piece("bullet", f"- {marker.rest}"), at + 1
    return Piece("text", line), at + 1


def _pair_fences(stripped: list[str]) -> dict[int, int]:
    """Return the code fences that close, as {opening line: closing line}."""
    pairs: dict[int, int] = {}
    opened: tuple[int, str] | None = None
    for index, line in enumerate(stripped):
        if not line.startswith(("```", "~~~")) or not (match := _FENCE.match(line)):
            continue
        if opened is None:
            opened = (index, match[1])
        elif match[1][0] == opened[1][0] and len(match[1]) >= len(opened[1]) and not match[2].strip():
            pairs[opened[0]] = index
            opened = None
    return pairs


def _underlines(last: Piece, line: str) -> bool:
    """Tell whether a line of `=` or `-` makes the line right above it a heading."""
    short = last.kind == "text" and last.lines == 1 and len(last.text) <= 100 and not ends_sentence(last.text)
    return short and len(line) >= 3 and set(line) in ({"="}, {"-"})


def _code_run(lines: list[str], stripped: list[str], at: int) -> int:
    """Return the end of a run of code lines that starts here; `at` where there is none."""
    if not is_code(stripped[at]):
        return at
    sure, stop, end = 1, at + 1, at + 1
    while stop < len(lines):
        line = stripped[stop]
        if not line:
            # One blank line inside a listing is no end of it.
            if stop + 1 >= len(lines) or not is_code(stripped[stop + 1]):
                break
        elif is_code(line):
            sure, end = sure + 1, stop + 1
        elif measure(lines[stop])[0] >= 2 and line.isascii() and not ends_sentence(line):
            end = stop + 1
        else:
            break
        stop += 1
    return end if sure >= 2 else at


def _dedent(lines: list[str]) -> str:
    kept = [line.expandtabs(4).rstrip() for line in lines]
    lead = min((len(line) - len(line.lstrip()) for line in kept if line), default=0)
    return "\n".join(line[lead:] for line in kept)


def _fence(code: str) -> str:
    marks = "````" if "```" in code else "```"
    return f"{marks}\n{code}\n{marks}"


# --- repairs ----------------------------------------------------------------------------------


def _is_wrapped(pieces: list[Piece]) -> bool:
    """Tell whether paragraphs were broken at a fixed width, blank lines standing between them."""
    flowing = torn = long = joints = 0
    before: Piece | None = None
    for piece in pieces:
        if piece.kind == "text":
            flowing += 1
            long += len(piece.text) > _WRAP_WIDTH
            if before is not None and not piece.gap:
                joints += 1
                torn += not ends_sentence(before.text) and len(before.text) >= 40
        before = piece if piece.kind in ("text", "bullet") else None
    return flowing >= _FEWEST_WRAPPED and long * 10 <= flowing and torn >= 4 and torn * 2 >= joints * 1.2


def _reflow(pieces: list[Piece]) -> list[Piece]:
    """Join the lines of hard-wrapped paragraphs and list items."""
    joined: list[list[Piece]] = []
    for piece in pieces:
        before = joined[-1][-1] if joined else None
        follows = before is not None and not piece.gap and piece.kind == "text" and _flows_on(before, piece)
        if follows:
            joined[-1].append(piece)
        else:
            joined.append([piece])
    return [_merge(group) for group in joined]


def _flows_on(before: Piece, piece: Piece) -> bool:
    marker = read_marker(piece.text)
    if before.kind not in ("text", "bullet") or (marker is not None and marker.sure and marker.family != "decimal"):
        return False
    # A short line that ends a sentence ends its paragraph's last line only where the next is wrapped too.
    return len(before.text) >= 40 or not ends_sentence(before.text)


def _mend(pieces: list[Piece]) -> list[Piece]:
    """Join sentences that were torn where inline code stood."""
    joined: list[list[Piece]] = []
    for piece in pieces:
        before = joined[-1][-1] if joined else None
        if before is not None and not piece.gap and piece.kind == "text" and _is_torn(joined[-1], before, piece):
            joined[-1].append(piece)
        else:
            joined.append([piece])
    return [_merge(group) for group in joined]


def _is_torn(group: list[Piece], before: Piece, piece: Piece) -> bool:
    """Tell whether a line goes on with the sentence of the line before it."""
    if before.kind not in ("text", "bullet"):
        return False
    tail, start = before.text[-60:], piece.text
    if start[0] in ",.;)，。；）、" and not read_marker(start):
        return not ends_sentence(tail)
    if not _TORN_END.search(tail) or not _TORN_START.match(start) or read_marker(start) or "://" in tail:
        return False
    if not any(has_cjk(each.text[:80]) for each in group):
        return False
    token = _CODE_TOKEN.search(tail) is not None
    if start[0] == "(" and not token:
        return False
    going = len(group) > 1 or re.search(r"[(（][^)）]*$", before.text[-400:]) is not None
    return (token or going or _CONNECTIVE.match(start) is not None) and ends_sentence(_clause(start))


def _clause(text: str) -> str:
    """Return a line up to its first mark of a sentence, or the line with a mark where it is short itself."""
    match = re.search(r"[,，。;；:：)）]", text[:120])
    if match:
        return text[: match.start()] + "。"
    return f"{text}。" if _TORN_END.search(text) else text


def _merge(group: list[Piece]) -> Piece:
    if len(group) == 1:
        return group[0]
    parts = [group[0].text]
    for before, piece in pairwise(group):
        glue = "" if is_cjk(before.text[-1]) or is_cjk(piece.text[0]) or piece.text[0] in ",.;)" else " "
        if before.text[-1] == "-" and before.text[-2:-1].isalpha() and piece.text[0].islower():
            glue = ""
        parts.append(glue + piece.text)
    return Piece(group[0].kind, "".join(parts), group[0].gap, lines=sum(piece.lines for piece in group))
