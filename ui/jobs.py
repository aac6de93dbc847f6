"""Work behind the pages: one job at a time on a library, seen from every tab.

Owns the thread, its progress and its outcome. Knows no page. Invariant: a second job is refused,
not queued, so that a reader always knows what runs; what a job had written when it was cancelled
or failed stays.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from almanac.ingestion import Progress
from kb.errors import AlmanacError
from kb.types import Outcome

log = logging.getLogger("almanac.ui")


@dataclass
class Job:
    """One piece of work; written by its thread, read by every page."""

    title: str
    cancellable: bool = True
    progress: Progress | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)
    """What else it brought, for the page that began it."""
    error: AlmanacError | None = None
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    running: bool = True
    _stop: threading.Event = field(default_factory=threading.Event)

    def report(self, progress: Progress) -> None:
        """Take note of how far the work has come."""
        self.progress = progress

    def cancel(self) -> None:
        """Ask the work to stop; it does at its next step."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Tell whether the reader asked to stop."""
        return self._stop.is_set()

    @property
    def share(self) -> float:
        """How much is done, 0 to 1: files, and documents within the file at hand."""
        step = self.progress
        if step is None or not step.sources_total:
            return 0.0
        inside = step.done / step.total if step.total else 0.0
        return min(1.0, (step.sources_done + inside) / step.sources_total)


Work = Callable[[Job], None]


class Jobs:
    """The one job of a library and the last one that ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._job: Job | None = None
        self.version = 0
        """Grows when a job begins and when it ends: pages compare it."""

    @property
    def job(self) -> Job | None:
        """The job that runs, or the last one."""
        return self._job

    @property
    def running(self) -> Job | None:
        """The job that runs, if any."""
        job = self._job
        return job if job is not None and job.running else None

    def start(self, title: str, work: Work, *, cancellable: bool = True) -> bool:
        """Begin a job; False where another runs."""
        with self._lock:
            if self.running is not None:
                return False
            self._job = job = Job(title, cancellable=cancellable)
            self.version += 1
        threading.Thread(target=self._run, args=(job, work), name="almanac-job", daemon=True).start()
        return True

    def forget(self) -> None:
        """Drop the report of the job that ended."""
        with self._lock:
            if self.running is None:
                self._job = None
                self.version += 1

    def _run(self, job: Job, work: Work) -> None:
        try:
            work(job)
        except AlmanacError as error:
            job.error = error
        except Exception as error:
            # A thread has nobody to raise to: the page shows it.
            log.exception("A job failed: %s", job.title)
            job.error = AlmanacError(
                f"{job.title} failed: {error}.", "The log has the details. What was written stays."
            )
        finally:
            with self._lock:
                job.seconds = time.monotonic() - job.began
                job.running = False
                self.version += 1
