"""arXiv's metadata snapshot, one JSON record a line, read as a stream.

Owns what a line holds, which papers are wanted, where reading may go on after an interruption, and the
count of lines that could not be read. Refuses to hold more than one batch in memory, however long the file
or a line of it is. Invariant: every line is in a batch, not wanted, or counted as broken with its number.
"""

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

from pydantic import Field

from ingest._arxiv_dump import is_json_lines, read_json_record
from ingest._dates import days_of, parse_date
from ingest._paper import Paper, collapse, month_of, to_document
from kb.errors import FetchError
from kb.types import Frozen, Kind, Parsed

HEAD = 1 << 16
"""Bytes looked at to recognise a file."""
LONGEST_LINE = 1 << 20
"""Bytes; the longest real record has about 100,000."""
BATCH = 400
"""Papers that are written together."""
STRIDE = 20_000
"""Lines after which a batch is given out even where few of their papers are wanted."""
_NAMED = 5
_GZIP = b"\x1f\x8b"


class Wanted(Frozen):
    """Which papers of a snapshot are taken; empty fields do not filter."""

    categories: tuple[str, ...] = ()
    """Such as `cs.DC`, or `cs` with all below it; any of a paper's categories may match."""
    since: str = ""
    """First day of submission, as year, month, day or quarter; likewise the last one, `until`."""
    until: str = ""
    topics: tuple[str, ...] = ()


class Place(Frozen):
    """How far a file was read."""

    offset: int = 0
    """Bytes, unpacked."""
    line: int = 0
    wanted: int = 0
    broken: int = 0
    named: tuple[str, ...] = Field(default=(), max_length=_NAMED)
    """The first of the broken lines, each with its number and fault."""


@dataclass(frozen=True)
class Batch:
    """Papers of some lines, and how far these go."""

    parsed: Parsed
    place: Place


@dataclass(frozen=True)
class _Filter:
    """What is wanted, its bounds read once."""

    wanted: Wanted
    first: str
    last: str
    topics_of: Callable[[str, str], Sequence[str]]

    def passes(self, record: object) -> bool:
        """Tell whether a record's categories fit, before anything else of it is read."""
        if not self.wanted.categories or not isinstance(record, dict):
            return True
        return any(_within(name, self.wanted.categories) for name in str(record.get("categories") or "").split())

    def takes(self, paper: Paper) -> bool:
        """Tell whether a paper is wanted; its topics are asked for only where all else fits."""
        wanted = self.wanted
        if wanted.since or wanted.until:
            # Where only the month is known, by the id, the whole of it counts.
            days = days_of((parse_date(paper.published) or month_of(paper.base))[:10])
            if days is None or days[1] < self.first or days[0] > self.last:
                return False
        return not wanted.topics or bool(set(wanted.topics) & set(self.topics_of(paper.title, paper.abstract)))


@dataclass
class _Window:
    papers: list[Paper] = field(default_factory=list)
    lines: int = 0


def is_snapshot(path: str) -> bool:
    """Tell whether a file is a snapshot, packed by gzip or not, by its first records."""
    if not os.path.isfile(path):
        return False  # to read of a pipe would be to wait for it
    try:
        with _open(path) as stream:
            head = stream.read(HEAD)
    except (OSError, EOFError, zlib.error):
        return False
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    return text.lstrip().startswith("{") and is_json_lines(text) and '"categories"' in text


def identify(path: str) -> str:
    """Return what tells one state of a file from another, without reading all of it.

    Raises:
        FetchError: it cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            head = stream.read(HEAD)
            stream.seek(max(0, size - HEAD))
            return sha256(head + stream.read() + str(size).encode()).hexdigest()[:32]
    except OSError as error:
        raise _unreadable(path, error) from error


def read_batches(
    path: str,
    *,
    wanted: Wanted,
    topics_of: Callable[[str, str], Sequence[str]],
    start: Place | None = None,
    source: str = "",
) -> Iterator[Batch]:
    """Yield the wanted papers of a file, batch by batch, in its order; the last batch may be empty.

    Args:
        topics_of: the topics of a title and an abstract.
        start: where an earlier reading of the same file came to.
        source: location that the documents carry; the path unless given.

    Raises:
        FetchError: the file cannot be read, or a bound is no date.
    """
    wants = _Filter(wanted, _bound(wanted.since, 0), _bound(wanted.until, 1) or "9999", topics_of)
    place = start or Place()
    window = _Window()
    reader = _Reader(place)
    try:
        with _open(path) as stream:
            stream.seek(place.offset)
            for line, size in _lines(stream):
                paper = reader.take(line, size, wants)
                window.lines += 1
                if paper is not None and wants.takes(paper):
                    window.papers.append(paper)
                if len(window.papers) >= BATCH or window.lines >= STRIDE:
                    yield reader.batch(window, source or path)
                    window = _Window()
    except (EOFError, zlib.error) as error:
        reader.note(f"the packed file ends early or is damaged: {error}")
    except OSError as error:
        raise _unreadable(path, error) from error
    yield reader.batch(window, source or path)


class _Reader:
    """Reads lines and keeps count."""

    def __init__(self, place: Place) -> None:
        self.offset, self.line, self.wanted = place.offset, place.line, place.wanted
        self.broken, self.named = place.broken, list(place.named)

    def take(self, line: bytes | None, size: int, wants: _Filter) -> Paper | None:
        """Return the paper of a line; None where it is blank, of other categories, or broken."""
        self.offset += size
        self.line += 1
        if line is None:
            self.note("it is too long")
            return None
        if not line.strip():
            return None
        try:
            record = json.loads(line.removeprefix(b"\xef\xbb\xbf"), strict=False)
        except (ValueError, RecursionError) as error:
            self.note(f"it is no JSON ({type(error).__name__})")
            return None
        if not wants.passes(record):
            return None
        paper = read_json_record(record)
        if paper is None or not (paper.abstract.strip() or paper.title.strip()):
            self.note("it names no arXiv id" if paper is None else "it has neither title nor abstract")
            return None
        return paper

    def note(self, fault: str) -> None:
        """Count a broken line, and name it if it is among the first."""
        self.broken += 1
        if len(self.named) < _NAMED:
            self.named.append(f"line {self.line}: {fault}")

    def batch(self, window: _Window, source: str) -> Batch:
        """Return the papers of a window as documents."""
        kept, joined = collapse(window.papers)
        self.wanted += len(kept)
        documents = tuple(to_document(paper, source) for paper in kept)
        place = Place(
            offset=self.offset, line=self.line, wanted=self.wanted, broken=self.broken, named=tuple(self.named)
        )
        return Batch(Parsed(kind=Kind.ARXIV, documents=documents, warnings=tuple(joined)), place)


def report_broken(place: Place) -> tuple[str, ...]:
    """Return what is to be said of the lines that could not be read."""
    if not place.broken:
        return ()
    more = f" and {place.broken - len(place.named)} more" if place.broken > len(place.named) else ""
    return (f"{place.broken} of {place.line} lines were left out: {'; '.join(place.named)}{more}.",)


def _open(path: str) -> IO[bytes]:
    with open(path, "rb") as stream:
        packed = stream.read(2) == _GZIP
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else open(path, "rb")


def _lines(stream: IO[bytes]) -> Iterator[tuple[bytes | None, int]]:
    """Yield lines with their lengths; None for one that is too long to be held."""
    while line := stream.readline(LONGEST_LINE):
        size, whole = len(line), line.endswith(b"\n")
        if whole or size < LONGEST_LINE:
            yield line, size
            continue
        while rest := stream.readline(LONGEST_LINE):
            size += len(rest)
            if rest.endswith(b"\n"):
                break
        yield None, size


def _within(category: str, wanted: Sequence[str]) -> bool:
    return any(category == name or category.startswith(f"{name}.") for name in wanted)


def _bound(text: str, which: int) -> str:
    """The first or last day of a bound. Raises FetchError where it is none."""
    if not text:
        return ""
    days = days_of(text)
    if days is None:
        raise FetchError(f"“{text[:40]}” is no date.", "Write 2023, 2023-04, 2023-04-07 or 2023-Q2.")
    return days[which]


def _unreadable(path: str, error: OSError) -> FetchError:
    name = Path(path).name
    return FetchError(f"{name} cannot be read: {error.strerror or error}.", "Check the path and its permissions.")
