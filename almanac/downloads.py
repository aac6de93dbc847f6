"""The one model file that is being fetched for a library: begun by a page, seen from every tab.

Owns the thread and its state. Invariant: nothing is fetched unless a reader asked for it, and what was
fetched when it was stopped stays for the next time.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from almanac.local_models import LocalModel
from kb.errors import AlmanacError
from kb.llm import models_folder
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.llm.download import Fetched, Report

log = logging.getLogger("almanac")
Fetch = Callable[[LocalModel, "Report", Callable[[], bool]], "Fetched | None"]


@dataclass(frozen=True)
class DownloadState:
    """How a download stands."""

    status: Literal["idle", "fetching", "checking", "done", "stopped", "failed"] = "idle"
    name: str = ""
    file: str = ""
    done: int = 0
    total: int = 0
    """Bytes; 0 where the publisher does not say."""
    message: str = ""
    hint: str = ""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.status in ("fetching", "checking")


class Downloads:
    """Fetches one model at a time into the home's `models`."""

    def __init__(self, settings: Settings, fetch: Fetch | None = None) -> None:
        self._settings = settings
        self._fetch = fetch or self._from_publisher
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._state = DownloadState()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> DownloadState:
        """The present state."""
        return self._state

    def start(self, model: LocalModel) -> bool:
        """Begin to fetch a model, or go on with it; False where one is being fetched."""
        with self._lock:
            if self._state.running:
                return False
            self._stop.clear()
            self._state = DownloadState("fetching", model.name, model.file, total=model.bytes)
            self._thread = threading.Thread(target=self._run, args=(model,), name="almanac-download", daemon=True)
        self._thread.start()
        return True

    def stop(self) -> None:
        """Stop; what was fetched stays."""
        self._stop.set()

    def forget(self) -> None:
        """Drop the report of a download that ended."""
        with self._lock:
            if not self._state.running:
                self._state = DownloadState()

    def close(self) -> None:
        """Stop and wait until the file is let go."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self, model: LocalModel) -> None:
        def report(step: str, done: int, total: int) -> None:
            status: Literal["fetching", "checking"] = "checking" if step == "checking" else "fetching"
            self._state = replace(self._state, status=status, done=done, total=total or model.bytes)

        try:
            found = self._fetch(model, report, self._stop.is_set)
        except AlmanacError as error:
            self._state = replace(self._state, status="failed", message=error.message, hint=error.hint)
            return
        except Exception as error:
            # A thread has nobody to raise to: the page shows it.
            log.exception("A download failed: %s", model.file)
            self._state = replace(
                self._state, status="failed", message=f"{model.file} failed: {error}.", hint="The log has the details."
            )
            return
        if found is None:
            self._state = replace(self._state, status="stopped", message="What was fetched is kept.")
            return
        words = (
            "Its hash is the one that its publisher states."
            if found.verified
            else "Its publisher states no hash, so that it could not be compared."
        )
        self._state = replace(self._state, status="done", message=words)

    def _from_publisher(self, model: LocalModel, report: "Report", stopped: Callable[[], bool]) -> "Fetched | None":
        from kb.llm.download import fetch_model  # a tenth of a second that only downloads need

        return fetch_model(
            model.url,
            models_folder(self._settings.home) / model.file,
            sha256=model.sha256,
            user_agent=self._settings.user_agent,
            timeout=self._settings.http_timeout,
            report=report,
            cancelled=stopped,
        )
