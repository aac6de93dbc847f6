"""Quarters as names: `2023-Q1`, what comes before and after, and how a title writes them.

Pure. A quarter is a name, not a span of instants: which quarter a document belongs to was decided
by the date in its own source's offset, and is never computed again from UTC.
"""

import re
from datetime import datetime

from kb.errors import DigestError
from kb.types import QUARTER

_TYPED = re.compile(r"(?P<year>\d{4})[-\s]?q(?P<number>[1-4])|q(?P<first>[1-4])[-\s']*(?P<then>\d{4}|\d{2})", re.I)


def parse_quarter(text: str) -> str:
    """Return a quarter's name from what was typed: `2023-Q1`, `2023q1`, `Q1 2023` and `Q1'23` are one.

    Raises:
        DigestError: it names no quarter.
    """
    match = _TYPED.fullmatch(text.strip().replace("’", "'"))
    if not match:
        raise DigestError(f"“{text.strip()[:40]}” is no quarter.", "Write it like 2023-Q1.")
    year, number = match["year"] or match["then"], match["number"] or match["first"]
    return f"{year if len(year) == 4 else '20' + year}-Q{number}"


def quarter_of(moment: datetime | str) -> str:
    """Return the quarter of a moment, or of an ISO date with at least year and month; empty without."""
    text = moment if isinstance(moment, str) else moment.isoformat()
    if not re.match(r"\d{4}-(0[1-9]|1[0-2])", text):
        return ""
    return f"{text[:4]}-Q{(int(text[5:7]) + 2) // 3}"


def shift(quarter: str, by: int) -> str:
    """Return the quarter that lies so many quarters later, or earlier where negative."""
    index = int(quarter[:4]) * 4 + int(quarter[-1]) - 1 + by
    return f"{index // 4:04d}-Q{index % 4 + 1}"


def short(quarter: str) -> str:
    """Return a quarter as titles write it: Q1'23; outside this century with the whole year."""
    year = quarter[:4]
    return f"Q{quarter[-1]}'{year[2:]}" if year.startswith("20") else f"Q{quarter[-1]} {year}"


def is_quarter(text: str) -> bool:
    """Tell whether a text is a quarter's name in its one stored form."""
    return QUARTER.fullmatch(text) is not None
