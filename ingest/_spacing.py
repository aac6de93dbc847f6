"""Turns at one server, spaced across the threads and processes that share a folder.

Owns a lock file, and beside it the time before which no request may go out. Refuses to wait longer
than its patience: it says until when the server asked for a pause. Invariant: one turn at a time,
and its time is noted before the request goes out, so that a killed process counts as well.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ingest._failures import NotFetched
from kb.errors import FetchError

LONGEST = 3600.0
"""Seconds; a longer pause comes from a clock that was set back or a server that means no good."""


@dataclass(frozen=True)
class Spacing:
    """Turns at one server, taken with `with spacing.turn():`."""

    path: Path
    """The lock file; the time of the next request lies beside it, as `.next`."""
    server: str
    """How errors call it."""
    seconds: float
    """Least time from the end of one request to the start of the next."""
    patience: float = 60.0
    """Most seconds that a turn is waited for."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970: the one clock that all processes share, and that outlives a restart."""
    sleep: Callable[[float], None] = time.sleep

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a request may go out, and keep all others back until the block ends.

        Raises:
            FetchError: the wait would be too long (`told-to-wait`), or the folder cannot be written.
        """
        with self._locked():
            self._wait()
            self.pause(self.seconds)
            try:
                yield
            finally:
                self.pause(self.seconds)

    def pause(self, seconds: float) -> None:
        """Allow no request for so long; a longer pause that holds already stays. Call it within a turn."""
        until = max(self._until(), self.clock() + min(seconds, LONGEST))
        try:
            self._stamp.write_text(repr(until), encoding="ascii")
        except OSError as error:
            raise self._unwritable(error) from error

    @property
    def _stamp(self) -> Path:
        return self.path.with_suffix(".next")

    def _until(self) -> float:
        """Time before which no request may go out; 0 where none, or nonsense, is noted."""
        try:
            until = float(self._stamp.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0.0
        return until if 0 < until <= self.clock() + LONGEST else 0.0

    def _wait(self) -> None:
        until = self._until()
        left = until - self.clock()
        if left > self.patience:
            when = datetime.fromtimestamp(until, UTC)
            message = f"{self.server} asked for a pause until {when:%H:%M:%S} UTC."
            raise NotFetched("told-to-wait", message, "Try again after that.", retry_after=left)
        if left > 0:
            self.sleep(left)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(str(self.path), thread_local=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=self.patience)
        except Timeout as error:
            raise NotFetched(
                "told-to-wait",
                f"Another process has been asking {self.server} for {self.patience:g} seconds.",
                "Try again once it has finished.",
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            yield
        finally:
            lock.release()

    def _unwritable(self, error: OSError) -> FetchError:
        return FetchError(
            f"The time of the last request to {self.server} cannot be noted in {self.path.parent}: {error.strerror}.",
            "Requests must be spaced: make the folder writable.",
        )
