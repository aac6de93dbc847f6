"""One article out of pieces: its text, its sections, and what the lines under its title state.

Owns the text of page documents: paragraphs stand apart, list items and code keep together. Refuses
to index furniture: legal notices anywhere, the rest at the head and the tail. Invariants: the first
section, of level 1, bears the title; sections cover the text; what is left out is counted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest._boilerplate import furniture
from ingest._bylines import Byline, read_byline, read_names
from ingest._headings import ENTRY, Heading, find_headings, is_paragraph
from ingest._labels import plain_title
from ingest._links import URL
from ingest._markers import read_marker
from ingest._pieces import Piece, width
from ingest._writer import sections_of
from kb.types import Section

_ENTRY_LINK = re.compile(r"\s*[(（[]\s*(?:https?://|arxiv\b)", re.I)
_ENTRY_SENTENCE = re.compile(r"(?<=[\w)»”\"’])\.\s|[。；]")
_ENTRY_LABEL = re.compile(r"[:：](?=\s|[\u3400-\u9fff])|\s[—–-]\s")
_BY = re.compile(r"\s+by\s+(?=[A-Z\u3400-\u9fff]|universit|research)", re.I)
_WORK = re.compile(r"[^\n]{8,250}?\sby\s[^\n]{2,200}?[(（]\s*https?://")
_LONG_ITEM = 200
_FEWEST_ENTRIES = 3
_LONGEST_TITLE = 160
_LONGEST_LABEL = 80
_TAIL = 60
"""Pieces at the end among which a footer is looked for."""
_HEAD = 12


@dataclass(slots=True)
class Article:
    """What a run of pieces says, without what surrounds it."""

    text: str
    sections: tuple[Section, ...]
    authors: tuple[str, ...] = ()
    date: str = ""
    left_out: int = 0
    """Lines of the source that were furniture."""


@dataclass(slots=True)
class _Trimmed:
    pieces: list[Piece]
    left_out: int = 0
    bylines: list[Byline] = field(default_factory=list)


def write_article(title: str, pieces: Sequence[Piece], *, whole: bool = False) -> Article:
    """Return the article that pieces below a title make; `whole` keeps what looks like furniture."""
    trimmed = _take_bylines(_Trimmed(list(pieces)) if whole else _trim(pieces))
    text, marks = _render(trimmed.pieces)
    authors = tuple(dict.fromkeys(name for byline in trimmed.bylines for name in byline.authors))
    date = next((byline.date for byline in trimmed.bylines if byline.date), "")
    return Article(text, sections_of(title, marks, len(text)), authors, date, trimmed.left_out)


# --- what surrounds an article ----------------------------------------------------------------


def _trim(pieces: Sequence[Piece]) -> _Trimmed:
    """Leave out legal notices, the page's furniture above the text and its footer."""
    kinds = [furniture(piece.text) if piece.kind in ("text", "bullet", "heading") else None for piece in pieces]
    drop = _legal(pieces, kinds) | _tail(pieces, kinds)
    for position in range(min(_HEAD, len(pieces))):
        if position in drop or kinds[position] in ("page", "advert"):
            drop.add(position)
        elif not _states_byline(pieces[position]) and (
            width(pieces[position].text) > 24 or pieces[position].kind != "bullet"
        ):
            break
    kept = [piece for position, piece in enumerate(pieces) if position not in drop]
    return _Trimmed(kept, sum(pieces[position].lines for position in drop))


def _states_byline(piece: Piece) -> bool:
    return piece.kind in ("text", "bullet", "heading") and read_byline(piece.text) is not None


def _legal(pieces: Sequence[Piece], kinds: Sequence[str | None]) -> set[int]:
    """Return the positions of legal notices: lines sure of it, and the legalese next to them."""
    drop: set[int] = set()
    for position, kind in enumerate(kinds):
        if kind != "legal":
            continue
        drop.add(position)
        for step in (1, -1):
            at = position + step
            while 0 <= at < len(pieces) and at not in drop and kinds[at] in ("legalese", "legal"):
                drop.add(at)
                at += step
    return drop


def _tail(pieces: Sequence[Piece], kinds: Sequence[str | None]) -> set[int]:
    """Return the positions of the footer: from the first furniture line after which furniture prevails."""
    for position, kind in enumerate(kinds):
        # A mark such as `——— End ———` says itself where the article ends.
        if kind == "end" and position * 2 >= len(pieces):
            return set(range(position, len(pieces)))
    start = len(pieces)
    furnished = 0
    for seen, position in enumerate(range(len(pieces) - 1, max(-1, len(pieces) - 1 - _TAIL), -1), 1):
        kind = kinds[position]
        if kind is not None and kind != "legalese":
            furnished += 1
            if furnished * 2 >= seen or (kind == "links" and _only_names(pieces[position + 1 : start])):
                start = position
        elif pieces[position].kind == "code" or width(pieces[position].text) > 240:
            break
    return set(range(start, len(pieces)))


def _only_names(pieces: Sequence[Piece]) -> bool:
    """Tell whether lines are titles of other pages, without addresses that a reader could follow."""
    return all(width(piece.text) < 120 and not URL.search(piece.text) for piece in pieces)


def _take_bylines(trimmed: _Trimmed) -> _Trimmed:
    """Take the lines that state authors and date off the head of an article."""
    pieces = trimmed.pieces
    kept: list[Piece] = []
    at = 0
    while at < min(len(pieces), _HEAD) and not is_body(pieces[at]):
        piece = pieces[at]
        byline = read_byline(piece.text) if piece.kind in ("text", "bullet", "heading") else None
        names = read_names(pieces[at + 1].text) if byline and byline.label and at + 1 < len(pieces) else ()
        if byline is None or (byline.label and not names):
            kept.append(piece)
            at += 1
            continue
        trimmed.bylines.append(Byline(names) if byline.label else byline)
        at += 2 if byline.label else 1
    trimmed.pieces = kept + list(pieces[at:])
    return trimmed


def is_body(piece: Piece) -> bool:
    """Tell whether a piece is certainly of the body of an article."""
    return piece.kind == "code" or (is_paragraph(piece) and width(piece.text) >= 80)


# --- text and sections ------------------------------------------------------------------------


def _render(pieces: Sequence[Piece]) -> tuple[str, list[tuple[int, str, int]]]:
    """Return the text and its headings as (rank, title, start)."""
    headings = find_headings(pieces)
    entries = _entries(pieces)
    marks: list[tuple[int, str, int]] = []
    parts: list[str] = []
    length = 0
    before: Piece | None = None
    in_entries = False
    for position, piece in enumerate(pieces):
        if piece.kind == "rule":
            continue
        glue = _glue(before, piece)
        heading = headings.get(position)
        if position in entries:
            heading = Heading(entry_title(piece.text), ENTRY)
        elif in_entries and heading is None:
            heading = Heading("", ENTRY)
        in_entries = position in entries
        parts.append(glue)
        length += len(glue)
        if heading is not None:
            marks.append((heading.rank, plain_title(heading.title), length))
        parts.append(piece.text)
        length += len(piece.text)
        before = piece
    return "".join(parts) + ("\n" if parts else ""), _close_up(marks)


def _close_up(marks: list[tuple[int, str, int]]) -> list[tuple[int, str, int]]:
    """Bring the ranks of entries below those of every heading."""
    deepest = max((rank for rank, _, _ in marks if rank != ENTRY), default=0)
    return [(max(rank, deepest + 1) if rank == ENTRY else rank, title, start) for rank, title, start in marks]


def _glue(before: Piece | None, piece: Piece) -> str:
    if before is None:
        return ""
    listed = all(each.kind == "bullet" or (each.kind == "text" and _is_item(each)) for each in (before, piece))
    return "\n" if listed and not piece.gap else "\n\n"


def _is_item(piece: Piece) -> bool:
    marker = read_marker(piece.text)
    return marker is not None and marker.sure and marker.family in ("number", "paren", "circled")


def _entries(pieces: Sequence[Piece]) -> set[int]:
    """Return the list items that are passages of their own: works with their remarks, or long items."""
    found: set[int] = set()
    run: list[int] = []
    for position in range(len(pieces) + 1):
        piece = pieces[position] if position < len(pieces) else None
        if piece is not None and (piece.kind == "bullet" or (piece.kind == "text" and _is_entry(piece))):
            run.append(position)
            continue
        if run and _are_entries([pieces[i] for i in run]):
            found.update(run)
        run = []
    return found


def _is_entry(piece: Piece) -> bool:
    """Tell whether a paragraph is an item of a list, or names a work as digests do: Title by Institution (link)."""
    return _is_item(piece) or _WORK.match(piece.text) is not None


def _are_entries(items: Sequence[Piece]) -> bool:
    if len(items) < 2:
        return False
    works = sum(bool(URL.search(item.text)) and width(item.text) >= 120 for item in items)
    if works * 2 >= len(items):
        return True
    long = len(items) >= _FEWEST_ENTRIES and sum(width(item.text) for item in items) >= _LONG_ITEM * len(items)
    named = sum(len(entry_title(item.text)) <= _LONGEST_LABEL for item in items)
    return long and named * 2 >= len(items)


def entry_title(item: str) -> str:
    """Return the title of a list entry: of `- Title by Institution (link). remark`, the title."""
    marker = read_marker(item)
    body = plain_title(marker.rest if marker else item)[:600]
    cut = _ENTRY_LINK.search(body) or _ENTRY_SENTENCE.search(body)
    head = body[: cut.start()] if cut else body
    makers = list(_BY.finditer(head))
    label = _ENTRY_LABEL.search(head, 2)
    if makers and makers[-1].start() >= 8:
        head = head[: makers[-1].start()]
    elif label and not _ENTRY_LINK.search(body):
        head = head[: label.start()]
    head = head.strip(" -–—:：(（.")
    return head if len(head) <= _LONGEST_TITLE else head[: _LONGEST_TITLE - 1].rstrip() + "…"


def body_size(pieces: Sequence[Piece]) -> int:
    """Return the display width of the running text among pieces."""
    return sum(width(piece.text) for piece in pieces if is_paragraph(piece) or piece.kind in ("bullet", "code"))
