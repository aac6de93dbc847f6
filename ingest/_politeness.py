"""Manners towards servers: one request a host at a time, spaced, and pauses as they ask for.

Owns the turns of each host across the threads of this process, the reading of Retry-After, and the
growth of pauses. Sleeps only through what it was given. Invariant: no two turns at one host
overlap, and none begins before the pause that was last asked for is over.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock

from ingest._failures import NotFetched

LONGEST = 86_400.0
"""Seconds; a server may ask for a day of peace, not for more."""
_KEPT = 2000
"""Hosts remembered; those whose pauses are over are forgotten first."""


def read_retry_after(header: str, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, in either form; None where it says nothing."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    return min(max(0.0, seconds), LONGEST)


def backoff(failures: int, first: float, longest: float, jitter: Callable[[], float] = random.random) -> float:
    """Return the pause after so many failures in a row: doubled each time, lengthened at random.

    Args:
        failures: at least 1.
        first: seconds after the first failure.
        longest: seconds never exceeded.
        jitter: between 0 and 1: the share by which it is lengthened, so that many who failed together
            do not return together.
    """
    return min(longest, first * 2.0 ** min(failures - 1, 30) * (1 + jitter()))


class Politeness:
    """The turns at all hosts; shared by everything that fetches in one process."""

    def __init__(
        self,
        spacing: float,
        *,
        patience: float = 30.0,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep requests to one host `spacing` seconds apart; longer waits than `patience` are refused."""
        self.spacing = spacing
        self.patience = patience
        self._clock = clock
        self._sleep = sleep
        self._guard = Lock()
        self._locks: dict[str, Lock] = {}
        self._next: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait until a request to a host may go out, and keep others from it until the block ends.

        Raises:
            NotFetched: the host asked for a pause that is longer than anybody waits (`told-to-wait`).
        """
        with self._guard:
            self._forget()
            lock = self._locks.setdefault(host, Lock())
        with lock:
            left = self._left(host)
            if left > self.patience:
                raise told_to_wait(host, left, self._clock())
            if left > 0:
                self._sleep(left)
            try:
                yield
            finally:
                self.pause(host, self.spacing)

    def pause(self, host: str, seconds: float) -> None:
        """Ask nothing of a host for so long; a longer pause that holds already stays."""
        with self._guard:
            until = self._clock() + min(seconds, LONGEST)
            self._next[host] = max(until, self._next.get(host, 0.0))

    def _left(self, host: str) -> float:
        """Seconds until a host may be asked; none where the clock was set back far."""
        with self._guard:
            left = self._next.get(host, 0.0) - self._clock()
        return left if left <= LONGEST else 0.0

    def _forget(self) -> None:
        if len(self._locks) < _KEPT:
            return
        now = self._clock()
        for host in [host for host, lock in self._locks.items() if not lock.locked()]:
            if self._next.get(host, 0.0) <= now:
                self._locks.pop(host)
                self._next.pop(host, None)


def told_to_wait(host: str, seconds: float, now: float) -> NotFetched:
    """Return the failure of not asking a host that wants to be left in peace."""
    until = datetime.fromtimestamp(now + seconds, UTC)
    return NotFetched(
        "told-to-wait",
        f"{host} asked to be left alone for another {seconds:.0f} seconds.",
        f"It is asked again after {until:%Y-%m-%d %H:%M} UTC.",
        retry_after=seconds,
    )
