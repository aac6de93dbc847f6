"""Where one post ends and the next begins, in a blog saved as one text without delimiters.

Owns the signals of a boundary and their weights. Refuses to cut on one weak signal: a title must
gather several. Invariant: posts are in order and cover everything after the blog's own header.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest._article import body_size
from ingest._boilerplate import furniture
from ingest._bylines import read_byline, read_names
from ingest._headings import (
    CLOSERS,
    OPENERS,
    WEAK_OPENERS,
    is_generic,
    is_paragraph,
    looks_like_title,
    title_case,
)
from ingest._labels import plain_title
from ingest._links import URL
from ingest._markers import read_marker
from ingest._pieces import Piece, width
from kb.text import STOPWORDS, normalise, tokens

_THRESHOLD = 3.9
_TOP_HEADING = 5.0
_FEWEST_WIDTH = 160
"""Running text between two titles, in columns."""
_FEWEST_DATED = 60
_FEWEST_UNSURE = 450
_SURE = 5.0
_WINDOW = 24
_FEWEST_PIECES = 5
_LONG_RULE = 8


@dataclass(frozen=True, slots=True)
class Post:
    """A post's title and the positions of its pieces, the title's own excluded."""

    title: str
    start: int
    end: int
    byline: int = -1
    """Position of a date line that stands above the title; -1 where none does."""


@dataclass(slots=True)
class _Signal:
    position: int
    score: float
    set_off: bool
    """A byline, a date or a rule stands at the title."""

    @property
    def sure(self) -> bool:
        """Whether the title needs no body to be believed."""
        return self.set_off or self.score >= _SURE


def split_posts(pieces: Sequence[Piece]) -> list[Post]:
    """Return the posts of a page; none where the page has no title that can be told from its text."""
    scanner = _Scanner(pieces)
    signals = _thin_out(pieces, scanner.scan())
    if not signals:
        return []
    starts = [signal.position for signal in signals]
    if body_size(pieces[: starts[0]]) >= _FEWEST_WIDTH and looks_like_title(pieces[0]):
        starts.insert(0, int(_is_site_name(pieces)))
    ends = [*starts[1:], len(pieces)]
    above = {start: start - 1 for start in starts if scanner.dated_above(start)}
    return [
        Post(plain_title(pieces[start].text), start + 1, above.get(end, end), above.get(start, -1))
        for start, end in zip(starts, ends, strict=True)
    ]


def _is_site_name(pieces: Sequence[Piece]) -> bool:
    """Tell whether the first line names the blog, and the second is the first post's title."""
    first, second = pieces[0].text, pieces[1]
    return width(first) <= 24 and _may_be_title(second) and _title_weight(second.text) > max(0.0, _title_weight(first))


class _Scanner:
    """Goes through the pieces once, keeping what the current post has shown so far."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self.kinds = [furniture(p.text) if p.kind in ("text", "bullet", "heading") else None for p in pieces]
        self.bylines = [p.kind in ("text", "heading", "bullet") and read_byline(p.text) is not None for p in pieces]
        self.above = self._date_stands_above()
        self.tops = _top_headings(pieces)
        self.words: set[str] = set()
        """Index tokens of the current post so far."""
        self.since = self.read = 0

    def scan(self) -> list[_Signal]:
        """Return the titles whose signals add up."""
        found: list[_Signal] = []
        closing = False
        pending: _Signal | None = None
        for position, piece in enumerate(self.pieces):
            signal = self._weigh(position, closing)
            if signal is not None:
                found.append(signal)
                if pending is None or signal.sure or signal.score > pending.score:
                    pending = signal
            # A weak title may yet turn out to be a heading in the closing part of the same post.
            if pending is not None and (pending.sure or self._has_body(pending.position, position)):
                self._begin(pending.position)
                closing, pending = False, None
            form = normalise(piece.text[:60]).strip(" #") if len(piece.text) <= 60 else ""
            if CLOSERS.fullmatch(form):
                closing = position - self.since > _FEWEST_PIECES
            elif signal is None and (piece.kind == "heading" or (closing and OPENERS.fullmatch(form))):
                closing = False
        return found

    def _has_body(self, title: int, position: int) -> bool:
        """Tell whether enough text stands below a title to make it a post's."""
        below = self.pieces[title + 1 : position + 1]
        return len(below) > _WINDOW or body_size(below) >= _FEWEST_UNSURE

    def _begin(self, title: int) -> None:
        """Begin a new post."""
        self.since = self.read = title
        self.words = set()

    def dated_above(self, position: int) -> bool:
        """Tell whether the line above a title is its own date."""
        return self.above and position > 0 and self.bylines[position - 1]

    def _date_stands_above(self) -> bool:
        """Tell whether dates stand above titles in this page rather than below them."""
        over = under = 0
        for position, is_byline in enumerate(self.bylines):
            if not is_byline:
                continue
            if position and _may_be_title(self.pieces[position - 1]):
                under += 1
            elif position + 1 < len(self.pieces) and _may_be_title(self.pieces[position + 1]):
                over += 1
        return over > under

    def _weigh(self, position: int, closing: bool) -> _Signal | None:
        piece = self.pieces[position]
        if self.kinds[position] or self.bylines[position] or not _may_be_title(piece):
            return None
        if position and self._is_names(position):
            return None
        score, set_off = self._around(position)
        if piece.kind == "heading":
            score += _TOP_HEADING if position in self.tops else -6.0
        if closing:
            before = self.pieces[position - 1]
            score += 3.0 if before.kind == "bullet" or URL.match(before.text) else 2.0
        score += _title_weight(piece.text)
        if _THRESHOLD - 1.0 <= score < _THRESHOLD:
            score += self._novelty(position)
        return _Signal(position, score, set_off) if score >= _THRESHOLD else None

    def _is_names(self, position: int) -> bool:
        """Tell whether a line is the names that stand under the word `Authors`."""
        label = read_byline(self.pieces[position - 1].text)
        return label is not None and label.label and bool(read_names(self.pieces[position].text))

    def _around(self, position: int) -> tuple[float, bool]:
        """Return the weight of the lines right above and below a title, and whether one sets it off."""
        score = 0.0
        above = self.pieces[position - 1] if position else None
        if above is not None:
            kind = self.kinds[position - 1]
            score += {"legal": 4.0, "legalese": 2.0, "page": 3.0, "advert": 3.0, "end": 3.0}.get(kind or "", 0.0)
            if above.kind == "rule":
                score += 2.5 if above.text[0] == "=" or len(above.text) >= _LONG_RULE else 2.0
        dated = self.dated_above(position)
        if dated:
            score += 4.0
        set_off = dated or (above is not None and above.kind == "rule")
        nxt = self.pieces[position + 1] if position + 1 < len(self.pieces) else None
        if nxt is None:
            return score - 4.0, set_off
        if self.bylines[position + 1] and not self.above:
            return score + 4.0, True
        form = normalise(nxt.text[:60]).strip(" #")
        if len(nxt.text) <= 60 and OPENERS.fullmatch(form):
            return score + 3.5, set_off
        if len(nxt.text) <= 60 and WEAK_OPENERS.fullmatch(form):
            return score + 1.5, set_off
        if is_paragraph(nxt):
            return score + 0.5, set_off
        after = self.pieces[position + 2] if position + 2 < len(self.pieces) else None
        return score + (0.75 if looks_like_title(nxt) and is_paragraph(after) else 0.0), set_off

    def _novelty(self, position: int) -> float:
        """Return 1 where a title's words are new in the post so far and taken up below it."""
        own = {word for word in tokens(self.pieces[position].text) if len(word) > 1 and word not in STOPWORDS}
        for piece in self.pieces[self.read : position]:
            self.words.update(tokens(piece.text[:2000]))
        self.read = position
        fresh = own - self.words
        if not fresh:
            return 0.0
        taken: set[str] = set()
        for piece in self.pieces[position + 1 : position + 1 + _WINDOW]:
            taken.update(tokens(piece.text[:1500]))
            if fresh <= taken:
                break
        return 1.0 if len(fresh & taken) * 3 >= len(own) else 0.0


def _top_headings(pieces: Sequence[Piece]) -> set[int]:
    """Return the Markdown headings that are titles of posts: several of one level, each the head of a whole."""
    for level in (1, 2, 3):
        tops = [i for i, piece in enumerate(pieces) if piece.kind == "heading" and piece.level == level]
        if len(tops) < 2 or any(is_generic(pieces[i].text) or _is_numbered(pieces[i].text) for i in tops):
            continue
        if sum(_is_set_off(pieces, i) for i in tops) * 5 >= len(tops) * 3:
            return set(tops)
        if level == 1 and _have_parts(pieces, tops):
            return set(tops)
    return set()


def _is_set_off(pieces: Sequence[Piece], position: int) -> bool:
    """Tell whether a rule stands above a heading, or a byline below it."""
    ruled = position > 0 and pieces[position - 1].kind == "rule"
    below = pieces[position + 1] if position + 1 < len(pieces) else None
    return ruled or (below is not None and below.kind != "code" and read_byline(below.text) is not None)


def _have_parts(pieces: Sequence[Piece], tops: list[int]) -> bool:
    """Tell whether most stretches between top headings have headings of their own and a body."""
    whole = sum(
        any(piece.kind == "heading" for piece in pieces[start + 1 : end])
        and body_size(pieces[start + 1 : end]) >= 2 * _FEWEST_WIDTH
        for start, end in zip(tops, [*tops[1:], len(pieces)], strict=True)
    )
    return whole * 2 > len(tops)


def _may_be_title(piece: Piece) -> bool:
    if not looks_like_title(piece) or is_generic(piece.text) or piece.text[-1] in ":：":
        return False
    return not _is_numbered(piece.text)


def _is_numbered(text: str) -> bool:
    """Tell whether a line opens as an item or numbered heading does: `4.1. Title`, `3 steps` not among them."""
    marker = read_marker(text)
    return marker is not None and marker.family not in ("bare", "bullet") and bool(marker.rest)


def _title_weight(text: str) -> float:
    """Return the weight of a title's own look: titles of posts are longer than headings."""
    words = len(text.split())
    wide = width(text) - len(text)
    size = words + wide / 2
    score = 1.0 if size >= 5 else (-1.5 if size <= 2.5 else 0.0)
    if text.rstrip()[-1:] in "?？":
        score -= 1.0
    if not wide and words >= 4:
        score += 0.25 if title_case(text) >= 0.7 else 0.0
    return score


def _thin_out(pieces: Sequence[Piece], signals: list[_Signal]) -> list[_Signal]:
    """Drop titles with no post below them, and weak ones where nearly all others are set off."""
    kept: list[_Signal] = []
    for signal in _best_of_weak(pieces, signals):
        least = _FEWEST_DATED if kept and kept[-1].set_off and signal.set_off else _FEWEST_WIDTH
        if kept and body_size(pieces[kept[-1].position + 1 : signal.position]) < least:
            if signal.score > kept[-1].score + 1.0:
                kept[-1] = signal
            continue
        kept.append(signal)
    set_off = sum(signal.set_off for signal in kept)
    if set_off >= 3 and set_off * 5 >= len(kept) * 4:
        kept = [signal for signal in kept if signal.set_off or signal.score >= _THRESHOLD + 2.5]
    return kept


def _best_of_weak(pieces: Sequence[Piece], signals: list[_Signal]) -> list[_Signal]:
    """Of weak titles close together keep the best, and that only with enough text below it."""
    kept: list[_Signal] = []
    group: list[_Signal] = []
    for index, signal in enumerate(signals):
        group.append(signal)
        after = signals[index + 1] if index + 1 < len(signals) else None
        end = after.position if after else len(pieces)
        near = body_size(pieces[signal.position + 1 : end]) < _FEWEST_UNSURE
        if after and near and not signal.sure and not after.sure:
            continue
        best = max(group, key=lambda each: each.score)
        if signal.sure:
            kept.append(signal)
        elif body_size(pieces[best.position + 1 : end]) >= _FEWEST_UNSURE:
            kept.append(best)
        group = []
    return kept
