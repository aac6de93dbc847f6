"""Turns at a model: first come, first served, and whoever waits is told how many are ahead.

Knows no model. Invariant: a turn is given back whatever ends it, and whoever leaves the queue
holds nobody up.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL = 0.05
"""Seconds between looks at whether who waits still wants to."""


class Turns:
    """A fair queue for `places` turns at a time."""

    def __init__(self, places: int = 1) -> None:
        self._places = places
        self._line: list[object] = []
        self._changed = threading.Condition()

    @property
    def busy(self) -> bool:
        """Whether somebody has a turn."""
        return bool(self._line)

    @contextmanager
    def take(self, cancelled: Callable[[], bool], waiting: Callable[[int], None]) -> Iterator[float | None]:
        """Wait for a turn and hold it inside the block; None where `cancelled` came first, else the seconds waited.

        Args:
            waiting: told how many are ahead whenever that changes, 0 at last; called by the waiting thread.
        """
        ticket = object()
        began = time.monotonic()
        with self._changed:
            self._line.append(ticket)
        try:
            yield time.monotonic() - began if self._wait(ticket, cancelled, waiting) else None
        finally:
            with self._changed:
                self._line.remove(ticket)
                self._changed.notify_all()

    def _wait(self, ticket: object, cancelled: Callable[[], bool], waiting: Callable[[int], None]) -> bool:
        told = -1
        while True:
            with self._changed:
                ahead = max(0, self._line.index(ticket) - self._places + 1)
                if ahead and ahead == told:
                    self._changed.wait(POLL)
                    ahead = max(0, self._line.index(ticket) - self._places + 1)
            # Whoever is told may take its time: nobody is locked out meanwhile.
            if cancelled():
                return False
            if ahead != told:
                waiting(ahead)
                told = ahead
            if not ahead:
                return True
