"""When a subscription is looked at again: its own pace, what the server asks for, and rest after failures.

Owns the arithmetic of intervals; pure. Refuses to ask a server before the time that it named, and to
give a subscription up in silence: what fails rests longer each time, a day at most, and says why.
Invariant: nothing here makes a check earlier than its own interval allows.
"""

import random
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from kb.types import Kind

HOUR = 3600.0
DAY = 24 * HOUR
OWN = {Kind.RSS: HOUR, Kind.ARXIV: DAY, Kind.PAGE: DAY, Kind.NOTES: 0.0}
"""Seconds between two checks where the reader says nothing: feeds at most hourly, and what changes at most
daily, as answers of arXiv do, once a day. Folders lie on the disk and cost nothing."""
PATIENCE = 3
"""Failures in a row after which a subscription rests: it is asked once a day only."""
_MAX_AGE = re.compile(r"(?:^|[,\s])(?:s-maxage|max-age)\s*=\s*\"?(\d{1,10})", re.IGNORECASE)


def own_interval(kind: Kind, every: float | None) -> float:
    """Return the least seconds between two checks; `every` is the reader's word, in hours."""
    return every * HOUR if every is not None else OWN[kind]


def stays_fresh(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds for which an answer says that it holds: Cache-Control, else Expires; 0 where neither.

    Args:
        headers: by lower-case name.
        now: the present time, with its zone.
    """
    control = headers.get("cache-control", "")
    if re.search(r"\b(?:no-cache|no-store)\b", control, re.IGNORECASE):
        return 0.0
    ages = [float(found) for found in _MAX_AGE.findall(control)]
    if ages:
        age = headers.get("age", "").strip()
        return max(0.0, min(ages) - (float(age[:9]) if age.isascii() and age.isdigit() else 0.0))
    expires, stated = _date(headers.get("expires", "")), _date(headers.get("date", "")) or now
    return max(0.0, (expires - stated).total_seconds()) if expires else 0.0


def _date(header: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(header.strip())
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def pause_after_success(own: float, *hints: float) -> float:
    """Return the seconds until the next check: the longest of all, the hints capped at a day."""
    return max(own, min(DAY, max(hints, default=0.0)))


def pause_after_failure(
    own: float, failures: int, asked: float | None = None, jitter: Callable[[], float] = random.random
) -> float:
    """Return the seconds until the next check after so many failures in a row.

    Args:
        own: the subscription's own interval.
        failures: at least 1; from `PATIENCE` on it rests for a day.
        asked: what the server said in Retry-After.
    """
    from ingest.fetch import backoff  # half a second that looking at the state of sources does without

    first = max(own, HOUR / 4)
    rest = DAY if failures >= PATIENCE else backoff(failures, first, DAY, jitter)
    return max(own, rest, asked or 0.0)


def later(now: datetime, seconds: float) -> str:
    """Return a time so many seconds from now, as it is stored."""
    return (now + timedelta(seconds=seconds)).astimezone(UTC).isoformat(timespec="seconds")


def is_past(stored: str, now: datetime) -> bool:
    """Whether a stored time has come; an empty one has."""
    return not stored or datetime.fromisoformat(stored) <= now
