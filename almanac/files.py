"""Files of the reader's: which ones a folder holds, and their bytes.

Refuses what is no plain file, what is too large and what grows while it is read; a place that cannot be
looked into is named, never passed over. Invariant: nothing is opened but what was named or lies below it.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from kb.errors import FetchError

SKIPPED_SUFFIXES = frozenset({".pyc", ".lock", ".sqlite", ".tmp", ".swp", ".part"})


def expand(locations: Sequence[str]) -> Iterator[str]:
    """Yield files in order, folders walked by name, hidden and derived files left out, each once."""
    seen: set[str] = set()
    for location in locations:
        found = list_folder(location)[0] if os.path.isdir(location) else [location]
        for name in found:
            absolute = name if "://" in name else os.path.abspath(name)
            if absolute not in seen:
                seen.add(absolute)
                yield absolute


def list_folder(folder: str) -> tuple[list[str], list[str]]:
    """Return the files of a folder and below, in order, and the places that could not be looked into.

    Hidden and derived files and folders are left out, links to folders are not followed.
    """
    files: list[str] = []
    closed: list[str] = []
    for place, folders, names in os.walk(folder, onerror=lambda error: closed.append(str(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        files += [
            path
            for name in names
            if not name.startswith(".")
            and PurePath(name).suffix not in SKIPPED_SUFFIXES
            and os.path.isfile(path := os.path.join(place, name))
        ]
    return sorted(files), closed


def read_file(location: str, limit: int) -> bytes:
    """Return a file's bytes.

    Raises:
        FetchError: it is missing, no plain file, too large, unreadable or gone half-way.
    """
    if "://" in location:
        raise FetchError(
            f"{location} is an address of a kind that is not fetched; only http and https are.",
            "Give its address on the web, or save it to a file and give that.",
        )
    try:
        with open(location, "rb", opener=lambda p, f: os.open(p, f | os.O_NONBLOCK)) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FetchError(f"{location} is no plain file.", "Name a file or a folder.")
            if status.st_size > limit:
                raise FetchError(
                    f"{location} is {status.st_size / 1e6:.0f} MB long; the limit is {limit / 1e6:.0f} MB.",
                    "Split it, or raise the setting MAX_FILE.",
                )
            data = stream.read(limit + 1)
    except OSError as error:
        raise FetchError(
            f"{location} cannot be read: {error.strerror or error}.", "Check the path and its permissions."
        ) from error
    except ValueError as error:
        raise FetchError(f"{location!r} is no path: {error}.", "Name a file or a folder.") from error
    if len(data) > limit:
        raise FetchError(f"{location} grew past {limit / 1e6:.0f} MB while it was read.", "Try again, or split it.")
    return data
