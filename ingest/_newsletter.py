"""The items of a newsletter: a title with a number or a source, a source line, a text.

Owns how items are told from the numbered lists and headings inside them: the source line decides.
Refuses lists of references, whose entries have no text of their own. Invariant: items are in order
and do not overlap; what stands before the first is the header.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from ingest._article import body_size
from ingest._boilerplate import furniture
from ingest._bylines import is_source_label, read_byline, read_source
from ingest._headings import is_paragraph
from ingest._labels import plain_title
from ingest._links import URL, first_url
from ingest._markers import half_width, han_value
from ingest._pieces import Piece, ends_sentence, width

_HAN = "[一二三四五六七八九十]{1,3}"
_STYLES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (style, re.compile(pattern))
    for style, pattern in (
        ("dot", r"(\d{1,4})\.(?!\d)\s*"),
        ("comma", r"(\d{1,4})、\s*"),
        ("paren", r"(\d{1,4})\)\s*"),
        ("round", r"\((\d{1,4})\)\s*"),
        ("bracket", r"[【\[](?:no\.?\s*|第)?(\d{1,4})(?:条|則|则)?[】\]]\s*"),
        ("hash", r"(?:#|no\.\s?|item\s)(\d{1,4})\s*[:.、-]?\s+"),
        ("pad", r"(\d{1,2})\s*[|/·•—–-]?\s+(?=\S)"),
        ("han", rf"({_HAN})[、.]\s*"),
        ("ordinal", rf"第({_HAN}|\d{{1,2}})[条則则篇][:、\s]*"),
    )
)
_SOURCE_END = re.compile(
    r"[\s(（|]*(?:原文(?:链接|鏈接|地址)?|来源|來源|链接|鏈接|source|link|via)\s*[:：]?[\s)）]*$", re.I
)
_FIRST = frozenset("0123456789(【[nNiI第一二三四五六七八九十")
_LONGEST_TITLE = 220
_FEWEST = 2
_FEWEST_UNNUMBERED = 3
_BODY = 60
_COVER = 0.3
_NEAR = 3
"""Pieces below a title among which the source line stands."""


@dataclass(slots=True)
class Item:
    """An item's title, source and the positions of its text."""

    title: str
    url: str
    start: int
    end: int
    head: int
    """Position of the title."""
    inline: str = ""
    """The address where it stood in the title itself, so that the text can keep it."""
    group: str = ""
    """Heading of the part of the newsletter that it stands in."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    position: int
    number: int
    title: str
    url: str
    sourced: bool
    inline: bool = False
    """The address stands in the title."""


def find_items(pieces: Sequence[Piece]) -> list[Item]:
    """Return the items of a newsletter; none where the page is not one."""
    chains = [_chain(candidates, pieces) for candidates in _candidates(pieces).values()]
    best = max(chains, key=len, default=[])
    if len(best) < _FEWEST:
        best = _unnumbered(pieces)
    items = _cut(pieces, best)
    return items if _is_newsletter(pieces, items) else []


def _candidates(pieces: Sequence[Piece]) -> dict[str, list[_Candidate]]:
    """Return the numbered lines that may be titles of items, by the style of their numbers."""
    found: dict[str, list[_Candidate]] = {style: [] for style, _ in _STYLES}
    for position, piece in enumerate(pieces):
        head = half_width(piece.text[:40].lstrip("*# "))
        if piece.kind not in ("text", "heading") or not head or head[0] not in _FIRST:
            continue
        for style, pattern in _STYLES:
            match = pattern.match(head.lower() if style in ("hash", "bracket") else head)
            if not match:
                continue
            title = piece.text.lstrip("*# ")[match.end() :].strip().rstrip("*").strip()
            if len(title) >= 2 and width(title) <= _LONGEST_TITLE:
                found[style].append(_candidate(pieces, position, han_value(match[1]), title))
    return found


def _candidate(pieces: Sequence[Piece], position: int, number: int, title: str) -> _Candidate:
    """Return a title with the source that stands in it or right below it."""
    own = URL.search(title)
    if own:
        url = first_url(title)
        bare = plain_title(title) if "](" in title else _SOURCE_END.sub("", URL.sub("", title)).strip(" ()（）-–—:：")
        return _Candidate(position, number, bare, url, sourced=True, inline=True)
    at = position + 1
    while at < min(len(pieces), position + 1 + _NEAR):
        piece = pieces[at]
        source = read_source(piece.text) if piece.kind in ("text", "bullet") else None
        if source:
            return _Candidate(position, number, title, source, sourced=True)
        if source == "":
            below = read_source(pieces[at + 1].text) if at + 1 < len(pieces) else None
            return _Candidate(position, number, title, below or "", sourced=True)
        if piece.kind != "text" or read_byline(piece.text) is None:
            break
        at += 1
    return _Candidate(position, number, title, "", sourced=False)


def _chain(candidates: list[_Candidate], pieces: Sequence[Piece]) -> list[_Candidate]:
    """Return the candidates that number the items: 1, 2, 3 …, each part of a newsletter from 1 again."""
    sourced = _sequence([c for c in candidates if c.sourced])
    if len(sourced) >= _FEWEST:
        return _fill(sourced, candidates)
    ended = [c for c in candidates if not _in_list(pieces, c.position)]
    chain: list[_Candidate] = []
    for candidate in ended:
        if candidate.number == len(chain) + 1:
            chain.append(candidate)
    if len(chain) < _FEWEST_UNNUMBERED:
        return []
    ends = [*(c.position for c in chain[1:]), len(pieces)]
    found = [_sourced_at_end(pieces, c, end) for c, end in zip(chain, ends, strict=True)]
    enough = sum(bool(c.url) for c in found) * 5 >= len(found) * 3
    return found if enough else []


def _sequence(candidates: list[_Candidate]) -> list[_Candidate]:
    """Return the longest run of numbers upward from 1; a new part of the newsletter may begin at 1 again."""
    kept: list[_Candidate] = []
    last = 0
    for index, candidate in enumerate(candidates):
        restarts = candidate.number == 1 and any(c.number == 2 for c in candidates[index + 1 : index + 2])
        if last < candidate.number <= last + 3 or restarts:
            kept.append(candidate)
            last = candidate.number
    return kept


def _fill(chain: list[_Candidate], candidates: list[_Candidate]) -> list[_Candidate]:
    """Put items whose source line is missing back where a number is skipped."""
    filled: list[_Candidate] = []
    pool = iter(sorted((c for c in candidates if not c.sourced), key=lambda c: c.position))
    spare = next(pool, None)
    last = 0
    for candidate in chain:
        while spare is not None and spare.position < candidate.position:
            if last < spare.number < candidate.number and spare.number == last + 1:
                filled.append(spare)
                last = spare.number
            spare = next(pool, None)
        filled.append(candidate)
        last = candidate.number
    return filled


def _in_list(pieces: Sequence[Piece], position: int) -> bool:
    """Tell whether a numbered line stands among others like it, as in a list, with no text of its own."""
    below = pieces[position + 1] if position + 1 < len(pieces) else None
    return below is None or not (is_paragraph(below) or below.kind in ("bullet", "heading") or URL.search(below.text))


def _sourced_at_end(pieces: Sequence[Piece], candidate: _Candidate, end: int) -> _Candidate:
    """Return the candidate with the source line that closes its text, if one does."""
    for position in range(min(end, len(pieces)) - 1, max(candidate.position, end - 6), -1):
        url = read_source(pieces[position].text) if pieces[position].kind in ("text", "bullet") else None
        if url:
            return replace(candidate, url=url, sourced=True)
    return candidate


def _unnumbered(pieces: Sequence[Piece]) -> list[_Candidate]:
    """Return titles without numbers that have a source line right below, or are links themselves."""
    found: list[_Candidate] = []
    for position, piece in enumerate(pieces):
        if piece.kind not in ("text", "heading") or width(piece.text) > _LONGEST_TITLE or is_source_label(piece.text):
            continue
        if position + 1 >= len(pieces) or (piece.kind == "text" and ends_sentence(piece.text)):
            continue
        linked = piece.kind == "heading" and "](http" in piece.text
        below = pieces[position + 1]
        labelled = below.kind == "text" and is_source_label(below.text) and bool(read_source(below.text))
        bare = piece.kind == "heading" and bool(read_source(below.text))
        if linked or labelled or bare:
            candidate = _candidate(pieces, position, len(found) + 1, piece.text.strip("* "))
            if candidate.sourced and candidate.title:
                found.append(candidate)
    return found if len(found) >= _FEWEST_UNNUMBERED else []


def _cut(pieces: Sequence[Piece], chain: list[_Candidate]) -> list[Item]:
    """Return the items of a chain, each to the next one, headings of parts taken off the ends."""
    items: list[Item] = []
    group = _part_heading(pieces, chain[0].position) if chain else ""
    for index, candidate in enumerate(chain):
        end = chain[index + 1].position if index + 1 < len(chain) else len(pieces)
        head = candidate.position
        inline = candidate.url if candidate.inline else ""
        item = Item(plain_title(candidate.title), candidate.url, head + 1, end, head, inline, group)
        if index + 1 < len(chain) and (name := _part_heading(pieces, end)):
            group, item.end = name, max(item.start, end - 1)
        while item.end > item.start and pieces[item.end - 1].kind == "rule":
            item.end -= 1
        items.append(item)
    return items


def _part_heading(pieces: Sequence[Piece], position: int) -> str:
    """Return the heading of a part of the newsletter that stands right above an item's title; empty if none does."""
    if position < 2:
        return ""  # the line above is the newsletter's own name
    piece, before = pieces[position - 1], pieces[position - 2]
    if piece.kind == "heading":
        return plain_title(piece.text) if pieces[position].level != piece.level else ""
    short = piece.kind == "text" and width(piece.text) <= 24 and not ends_sentence(piece.text)
    closed = ends_sentence(before.text) or before.kind in ("rule", "code") or piece.gap
    return (
        piece.text.strip("*# ") if short and closed and not URL.search(piece.text) and not furniture(piece.text) else ""
    )


def _is_newsletter(pieces: Sequence[Piece], items: list[Item]) -> bool:
    """Tell whether items have texts of their own and make up most of the page."""
    if len(items) < _FEWEST:
        return False
    sizes = [body_size(pieces[item.start : item.end]) for item in items]
    whole = sum(width(piece.text) for piece in pieces)
    covered = sum(width(piece.text) for piece in pieces[items[0].head : items[-1].end])
    return median(sizes) >= _BODY and covered >= whole * _COVER
