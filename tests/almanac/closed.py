"""A folder that nobody may look into, also where the tests run as root, who may look everywhere."""

import errno
import os
from pathlib import Path

import pytest


def close(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system refuse to list a folder."""
    listing = os.scandir

    def refuse(place: str | os.PathLike[str] = ".") -> object:
        if Path(place) == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return listing(place)

    monkeypatch.setattr(os, "scandir", refuse)
