"""Plain text written piece by piece, with the spans of links and headings kept exact.

Owns white space: words are folded, blocks stand apart, quotations and lists carry their marks on
every line. Knows nothing of HTML. Invariant: a span recorded here covers the characters that were
written between its opening and its closing, without surrounding white space.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from kb.types import Section

_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
"""Soft hyphens, zero-width blanks and direction marks: they break searches and can hide words."""


_SCRIPT = re.compile(r"<(?=/?script)", re.IGNORECASE)


@dataclass(eq=False)
class Mark:
    """An open span; `start` is set when its first character is written."""

    start: int | None = None


@dataclass(eq=False)
class Prefix:
    """What lines of a quotation or list item begin with: `first` once, then `rest`."""

    first: str
    rest: str
    used: bool = False

    def take(self) -> str:
        """Return the mark of the next line."""
        mark = self.rest if self.used else self.first
        self.used = True
        return mark


@dataclass
class Writer:
    """Collects text; positions are indices into the text so far."""

    length: int = 0
    _parts: list[str] = field(default_factory=list)
    _prefixes: list[Prefix] = field(default_factory=list)
    _line_prefixes: list[Prefix] = field(default_factory=list)
    _gap: int = 0
    _space: bool = False
    _marks: list[Mark] = field(default_factory=list)
    _code: list[tuple[int, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that was written; outside code no tag of a script can be read out of it."""
        return disarm("".join(self._parts), self._code)

    def since(self, start: int) -> str:
        """Text from a position on; cheap where the position is near the end."""
        at, pieces = self.length, []
        for part in reversed(self._parts):
            if at <= start:
                break
            at -= len(part)
            pieces.append(part)
        return disarm("".join(reversed(pieces))[start - at :])

    @property
    def last(self) -> str:
        """The last character, empty where white space comes next."""
        return "" if self._gap or self._space or not self._parts else self._parts[-1][-1:]

    @property
    def at_line_start(self) -> bool:
        """Whether the next word begins a line."""
        return bool(self._gap) or not self._parts

    def break_line(self, gap: int) -> None:
        """Ask for at least `gap` line ends (1 line, 2 paragraph) before the next word."""
        self._gap = max(self._gap, gap)
        self._space = False

    def add_break(self) -> None:
        """Ask for one more line end, at most a paragraph's."""
        self._gap = min(2, self._gap + 1)
        self._space = False

    def push(self, first: str, rest: str) -> None:
        """Begin a quotation or list item."""
        self._prefixes.append(Prefix(first, rest))

    def pop(self) -> None:
        """End the innermost quotation or list item."""
        self._prefixes.pop()

    def open(self) -> Mark:
        """Begin a span at the next character written."""
        mark = Mark()
        self._marks.append(mark)
        return mark

    def close(self, mark: Mark) -> tuple[int, int] | None:
        """End a span; None where nothing was written in it."""
        if mark in self._marks:
            self._marks.remove(mark)
        return (mark.start, self.length) if mark.start is not None and mark.start < self.length else None

    def put(self, words: str) -> None:
        """Write running text, its white space folded."""
        if not words.isascii():
            words = words.translate(_INVISIBLE)
        folded = " ".join(words.split())
        if not folded:
            self._space = self._space or (bool(words) and not self.at_line_start)
            return
        if words[0].isspace():
            self._space = True
        self._emit(folded)
        self._space = words[-1].isspace()

    def put_code(self, words: str) -> None:
        """Write code that stands within a line."""
        self.put(words)
        self._code.append((self.length - len(words), self.length))

    def put_lines(self, lines: list[str]) -> None:
        """Write lines as they are, as code."""
        start = self.length
        for line in lines:
            line = line.translate(_INVISIBLE).rstrip()
            if line:
                self._emit(line)
            else:
                self._start_line(blank=True)
            self.break_line(1)
        self._code.append((start, self.length))

    def _emit(self, words: str) -> None:
        if self.at_line_start:
            self._start_line()
        elif self._space:
            self._append(" ")
        self._space = False
        for mark in self._marks:
            if mark.start is None:
                mark.start = self.length
        self._append(words)

    def _start_line(self, blank: bool = False) -> None:
        if self._parts:
            shared = [a for a, b in zip(self._line_prefixes, self._prefixes, strict=False) if a is b]
            between = "".join(prefix.rest for prefix in shared).rstrip()
            self._append("\n" + (between + "\n") * (self._gap - 1))
        self._gap = 0
        self._line_prefixes = list(self._prefixes)
        begun = "".join(prefix.take() for prefix in self._prefixes)
        self._append(begun.rstrip() if blank else begun)

    def _append(self, piece: str) -> None:
        if piece:
            self._parts.append(piece)
            self.length += len(piece)


def fold(words: str) -> str:
    """Text on one line, without invisible characters."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", words).translate(_INVISIBLE).split())


def disarm(text: str, code: Sequence[tuple[int, int]] = ()) -> str:
    """Text of the same length in which `<script` outside the spans of code reads `‹script`.

    Text is never markup here, but it is copied to where it may be: documents, mails, web pages.
    """
    pieces: list[str] = []
    at = span = 0
    for match in _SCRIPT.finditer(text):
        while span < len(code) and code[span][1] <= match.start():
            span += 1
        if span == len(code) or match.start() < code[span][0]:
            pieces += [text[at : match.start()], "‹"]
            at = match.end()
    return "".join([*pieces, text[at:]])


def opening(text: str) -> str:
    """The first words of a text, 12 at most, as a stand-in for its missing title."""
    line = text.split("\n", 1)[0]
    words = line.split()
    if len(line) > 48 and len(line) > 20 * len(words):
        words = [line[:48]]  # no blanks between words, as in Chinese
    elif len(words) <= 12:
        return line
    return " ".join(words[:12]).rstrip(" ,.;:，。；：、") + "…"


def sections_of(title: str, headings: list[tuple[int, str, int]], length: int) -> tuple[Section, ...]:
    """Sections of (heading level, title, start) in text order, numbered by their place in the tree.

    The first section, of level 1, bears `title` and all before the first heading. Heading levels
    are ranks: an `h4` directly under the title is as high as an `h2` would be.
    """
    starts = [*(start for _, _, start in headings), length]
    made = [Section(id="1", level=1, title=title, start=0, end=starts[0])]
    ranks: list[int] = []
    counts = [1]
    for index, (rank, name, start) in enumerate(headings):
        while ranks and ranks[-1] >= rank:
            ranks.pop()
        ranks.append(rank)
        depth = len(ranks)
        counts = [*counts[:depth], (counts[depth] if depth < len(counts) else 0) + 1]
        place = ".".join(map(str, counts))
        made.append(Section(id=place, level=depth + 1, title=name, start=start, end=starts[index + 1]))
    return tuple(made)
