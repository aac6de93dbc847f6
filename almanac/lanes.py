"""Work spread over a few threads, one piece at a time for each host.

Owns the threads and their order. Knows nothing of what is done. Invariant: no two pieces of one host
are in work together, so that no thread waits for another's turn; at most a handful of results wait to
be taken, so that memory does not grow with the number of pieces.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
THREADS = 6
WAITING = 4
"""Results that may wait before threads pause."""


def in_lanes(
    pieces: Sequence[tuple[str, T]],
    work: Callable[[T], R],
    *,
    threads: int = THREADS,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[T, R]]:
    """Yield each piece with what `work` made of it, in the order in which they are done.

    Ends early, without waiting for what is in work, where the reader cancels or the caller stops asking.

    Args:
        pieces: each with its host; those without one are free of each other.
        work: runs in a thread of its own; what it raises is raised here.
    """
    lanes = _Lanes(pieces, work)
    for _ in range(min(threads, len(pieces))):
        # They end with the process: an answer that is still awaited keeps nobody.
        threading.Thread(target=lanes.serve, name="almanac-lane", daemon=True).start()
    try:
        yield from lanes.results(cancelled)
    finally:
        lanes.stop()


class _Lanes(Generic[T, R]):
    def __init__(self, pieces: Sequence[tuple[str, T]], work: Callable[[T], R]) -> None:
        self._work = work
        self._left = len(pieces)
        self._queues: deque[tuple[str, deque[T]]] = deque()
        by_host: dict[str, deque[T]] = {}
        for number, (host, piece) in enumerate(pieces):
            by_host.setdefault(host or f"#{number}", deque()).append(piece)
        self._queues.extend(by_host.items())
        self._done: deque[tuple[T, Callable[[], R]]] = deque()
        self._changed = threading.Condition()
        self._stopped = False

    def serve(self) -> None:
        """Take a piece of a host that is free, do it, and so on until none is left."""
        while True:
            with self._changed:
                while not self._stopped and (len(self._done) >= WAITING or (not self._queues and self._left)):
                    self._changed.wait()
                if self._stopped or not self._queues:
                    return
                host, queue = self._queues.popleft()
                piece = queue.popleft()
            result = self._run(piece)
            with self._changed:
                self._left -= 1
                self._done.append((piece, result))
                if queue:
                    self._queues.append((host, queue))
                self._changed.notify_all()

    def _run(self, piece: T) -> Callable[[], R]:
        """Do a piece; return what gives its result, or raises what it raised."""
        try:
            made = self._work(piece)
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            raised = error

            def fail() -> R:
                raise raised

            return fail
        return lambda: made

    def results(self, cancelled: Callable[[], bool]) -> Iterator[tuple[T, R]]:
        while not cancelled():
            with self._changed:
                if not self._done and not self._left:
                    return
                if not self._done:
                    # Short, as the wish to cancel wakes nobody.
                    self._changed.wait(0.1)
                    continue
                piece, result = self._done.popleft()
                self._changed.notify_all()
            yield piece, result()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
