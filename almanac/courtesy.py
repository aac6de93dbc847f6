"""Work behind the pages steps aside while somebody waits for an answer.

Python runs one thread at a time: a search that shares it with the reading of posts takes several times
as long. Owns the count of those who wait. Invariant: whoever steps aside goes on after a moment in any
case, so that endless questions do not stop the reading.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

MOMENT = 0.25
"""Seconds that one step aside takes at most."""


class Courtesy:
    """Questions that are being answered, and the work that gives way to them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asking = 0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Have other work step aside while the body runs."""
        with self._changed:
            self._asking += 1
        try:
            yield
        finally:
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()

    def give_way(self, most: float = MOMENT) -> None:
        """Wait while somebody is asking, `most` seconds at most. Call it between two steps of work."""
        if self._asking:
            with self._changed:
                self._changed.wait_for(lambda: not self._asking, timeout=most)
