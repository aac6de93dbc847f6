"""The markers that open a line of an outline, in two languages, and the column they stand in.

Owns what counts as a marker at the start of one line. Refuses to read structure out of numbers:
a marker carries its value for the tests of lost lines alone. Invariant: `Marker.raw` and
`Marker.rest` are the line's own characters, full-width forms kept.
"""

import re
from dataclasses import dataclass
from typing import Literal

Family = Literal[
    "number", "n", "decimal", "bare", "paren", "circled", "han", "hanparen", "chapter", "part", "bullet", "letter"
]

TAB = 4
"""Columns of a tab stop."""

_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
"""Full-width forms to ASCII, one to one, so that positions hold."""

_HAN_DIGIT = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_NUMBER = "[零〇一二两三四五六七八九十百]{1,5}"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_DINGBATS = "❶❷❸❹❺❻❼❽❾❿"
_CJK = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003134f"

_NUMBER = re.compile(r"(\d{1,7})(\.\)|[.)、])")
_DECIMAL = re.compile(r"(\d{1,4}(?:\.\d{1,4})+)([.)、]?)(?!\d)")
_BARE = re.compile(rf"(\d{{1,3}})(?=\s+[A-Za-z{_CJK}\"“「《(\[])")
_N = re.compile(r"[nN](?: ?[+-] ?\d{1,3})?[.)、](?=\s|$)")
_PAREN = re.compile(r"\((\d{1,3})\)[.、:]?")
_CIRCLE = re.compile(f"([{_CIRCLED}{_DINGBATS}])[.、]?")
_HAN = re.compile(rf"({_HAN_NUMBER})[、.](?!{_HAN_NUMBER}[、.])")
_HAN_PAREN = re.compile(rf"\(({_HAN_NUMBER})\)[、.]?")
_CHAPTER = re.compile(rf"第\s?({_HAN_NUMBER}|\d{{1,4}})\s?([章编編篇卷部]分?|[节節讲講课課回])(?=[\s:：、.]|$)")
_CHAPTER_GLUED = re.compile(rf"第({_HAN_NUMBER}|\d{{1,4}})([章编編篇卷]|[节節讲講])")
_BULLET = re.compile(r"[-*+–·](?=\s|$)(?:\s+\[[ xX]\](?=\s))?|[•●○◦▪■□◆◇‣⁃➢➤►▶]")
_LETTER = re.compile(r"([A-Za-z]|[ivxIVX]{2,5})[.)](?=\s)")
_RULE = re.compile(r"(?:[-*_=—─━]\s?){3,}$")
_GLUED_WORD = re.compile(rf"[{_CJK}\"'“‘「『《【(\[<]|[A-Z][A-Za-z]|[a-z]{{4,}}\s")
_HEADING = re.compile(r"(#{1,6})\s+(\S.*?)(?:\s+#+)?$")

HEADING_FAMILIES: frozenset[str] = frozenset({"chapter", "part", "han", "hanparen"})
"""Families that head a passage: plain text under them at the same column is theirs."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker and what follows it."""

    family: Family
    raw: str
    rest: str
    value: int | None = None
    """Place in its sequence as printed, or None."""
    parts: tuple[int, ...] = ()
    """Components of a decimal marker: (1, 2, 3) of `1.2.3`."""
    sure: bool = True
    """False where only the whole file can tell (bare or dotless decimals, letters, years)."""


def half_width(text: str) -> str:
    """Return a text with full-width forms made ASCII, length unchanged."""
    return text if text.isascii() else text.translate(_HALF_WIDTH)


def measure(line: str) -> tuple[int, str]:
    """Return the column of the first visible character and the line from there, right-stripped.

    A tab goes to the next multiple of four columns; an ideographic space is two columns wide.
    """
    body = line.lstrip(" ")
    column = len(line) - len(body)
    if not body or not (body[0].isspace() or body[0] in "\u200b\ufeff"):
        return column, body.rstrip()
    for index, char in enumerate(body):
        if char == "\t":
            column += TAB - column % TAB
        elif char == "\u3000":
            column += 2
        elif char in "\u200b\ufeff":
            continue
        elif char.isspace():
            column += 1
        else:
            return column, body[index:].rstrip()
    return column, ""


def is_rule(text: str) -> bool:
    """Tell whether a line is a horizontal rule such as `---` or `* * *`."""
    return len(text) < 400 and _RULE.match(text) is not None


def read_heading(text: str) -> tuple[int, str] | None:
    """Return (level, text) of a Markdown heading line, or None."""
    match = _HEADING.match(text) if text.startswith("#") else None
    return (len(match[1]), match[2]) if match else None


def han_value(text: str) -> int:
    """Return the value of a Chinese or Arabic numeral below a thousand: 二十三 is 23."""
    if text.isdigit():
        return int(text)
    total, digit = 0, 0
    for char in text:
        if char == "十":
            total, digit = total + (digit or 1) * 10, 0
        elif char == "百":
            total, digit = total + (digit or 1) * 100, 0
        else:
            digit = _HAN_DIGIT[char]
    return total + digit


def read_marker(text: str) -> Marker | None:
    """Return the marker that a stripped line opens with, or None."""
    head = half_width(text[:48])
    first = head[:1]
    if not first:
        return None
    if first.isdigit() and first.isascii():
        return _read_decimal(text, head) or _read_number(text, head)
    if first in "(第" or first in _HAN_DIGIT or first in "十百":
        return _read_chinese(text, head)
    if match := _CIRCLE.match(head):
        value = _CIRCLED.find(match[1]) + 1 or _DINGBATS.find(match[1]) + 1
        return _made("circled", text, match, value)
    if match := _N.match(head):
        return _made("n", text, match, None)
    if match := _LETTER.match(head):
        return _made("letter", text, match, None, sure=False)
    if (match := _BULLET.match(head)) and not is_rule(text):
        return _made("bullet", text, match, None)
    return None


def _made(family: Family, text: str, match: re.Match[str], value: int | None, *, sure: bool = True) -> Marker:
    end = match.end()
    return Marker(family, text[:end].rstrip(), text[end:].strip(), value, sure=sure)


def _read_decimal(text: str, head: str) -> Marker | None:
    match = _DECIMAL.match(head)
    if not match:
        return None
    after = head[match.end() : match.end() + 1]
    closed = bool(match[2]) and (not after or after.isspace())
    glued = bool(after) and not after.isspace()
    if glued and (match[2] == "." or (not match[2] and not re.match(f"[{_CJK}]", after))):
        return None
    parts = tuple(int(part) for part in match[1].split("."))
    end = match.end()
    # `2.5. text` is a marker anywhere; `7.2.2 text` only where the file is a decimal outline.
    return Marker("decimal", text[:end], text[end:].strip(), parts[-1], parts, sure=closed and match[2] != "、")


def _read_number(text: str, head: str) -> Marker | None:
    match = _NUMBER.match(head)
    if not match:
        bare = _BARE.match(head)
        return _made("bare", text, bare, int(bare[1]), sure=False) if bare else None
    value, rest = int(match[1]), head[match.end() :]
    if rest and not rest[0].isspace():
        # A full-width point is no decimal point.
        if match[2] == "." and text[match.end() - 1] == "." and not _GLUED_WORD.match(rest):
            return None
        if match[2] != "." and (rest[0].isdigit() or rest[0] in ".,;、/"):
            return None
    year = 1900 <= value <= 2100 and match[2] == "."
    return _made("number", text, match, value, sure=not year)


def _read_chinese(text: str, head: str) -> Marker | None:
    if match := _PAREN.match(head):
        return _made("paren", text, match, int(match[1]))
    if match := _HAN_PAREN.match(head):
        return _made("hanparen", text, match, han_value(match[1]))
    if match := _HAN.match(head):
        return _made("han", text, match, han_value(match[1]))
    match = _CHAPTER.match(head)
    if not match and len(text) <= 30 and not re.search(r"[。，；,;]", text):
        match = _CHAPTER_GLUED.match(head)
    if not match:
        return None
    return _made("chapter" if match[2][0] in "章编編篇卷部" else "part", text, match, han_value(match[1]))
