"""Turns at something that only one thread can use at a time, where some who wait go first.

Owns the order of turns. Invariant: whoever goes first waits for the one turn that is running, never for
those who wait for theirs; nobody is forgotten, as long as those who go first come to an end.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Turns taken with `with turns.take(first=…):`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._first = 0

    @contextmanager
    def take(self, *, first: bool) -> Iterator[None]:
        """Wait for a turn and hold it; `first` passes all who wait without it."""
        with self._changed:
            self._first += first
            while self._taken or (self._first and not first):
                self._changed.wait()
            self._first -= first
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()
