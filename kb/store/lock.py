"""One writer at a time, across threads and processes, with a lock that explains itself.

The operating system holds the lock, so a killed writer never leaves it taken. The holder's name
lies beside it in plain text for the message that others see.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from kb.errors import Locked, StoreError

# FileLock excludes processes; these exclude the threads of this one.
_threads: dict[str, threading.Lock] = {}
_guard = threading.Lock()


@contextmanager
def exclusive(path: Path, purpose: str, wait: float, fact: str = "The library is being written") -> Iterator[None]:
    """Hold the lock file `path` while the body runs.

    Args:
        purpose: what the holder does, shown to others that wait.
        fact: what it means for others, as the message begins.
        wait: seconds to wait for another holder.
    Raises:
        Locked: another thread or process still holds it after `wait`.
        StoreError: the folder cannot be written.
    """
    with _guard:
        thread_lock = _threads.setdefault(str(path), threading.Lock())
    began = time.monotonic()
    if not thread_lock.acquire(timeout=wait):
        raise _locked(path, wait, fact)
    try:
        lock = FileLock(str(path), thread_local=False)
        try:
            lock.acquire(timeout=max(0.0, wait - (time.monotonic() - began)), poll_interval=0.05)
        except Timeout as error:
            raise _locked(path, wait, fact) from error
        except OSError as error:
            raise StoreError(
                f"The library's folder {path.parent} cannot be written: {error.strerror}.",
                "Check its permissions and the free space of the disk, or set ALMANAC_HOME to another folder.",
            ) from error
        try:
            _sign(path, purpose)
            yield
        finally:
            lock.release()
    finally:
        thread_lock.release()


def _sign(path: Path, purpose: str) -> None:
    note = {"pid": os.getpid(), "purpose": purpose, "since": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        _holder(path).write_text(json.dumps(note), encoding="utf-8")
    except OSError:
        # The note only words a message; the lock itself is held.
        return


def _holder(path: Path) -> Path:
    return path.with_suffix(".holder.json")


def _locked(path: Path, wait: float, fact: str) -> Locked:
    try:
        note = json.loads(_holder(path).read_text(encoding="utf-8"))
        who = f"process {note['pid']} ({note['purpose']}, since {note['since']})"
    except (OSError, ValueError, KeyError):
        who = "another process"
    waited = f"; waited {wait:.0f} s" if wait else ""
    return Locked(
        f"{fact} by {who}{waited}.",
        "Try again when it has finished. Reading and searching go on meanwhile.",
    )
