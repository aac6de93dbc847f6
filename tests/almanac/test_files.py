"""almanac.files: what a folder holds, and what is refused as a file."""

import os
from pathlib import Path

import pytest

from almanac.files import expand, list_folder, read_file
from kb.errors import FetchError
from tests.almanac.closed import close


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.md", "a.md", "a/z.md", "a b/c.txt", ".git/config", "x/.hidden", "x/__pycache__/m.pyc", "y.tmp"):
        path = tmp_path / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1. words\n", encoding="utf-8")
    return tmp_path / "notes"


def test_folders_are_walked_in_order_without_what_is_hidden(folder: Path) -> None:
    found = [str(Path(path).relative_to(folder)) for path in expand([str(folder), str(folder / "b.md")])]
    assert found == ["a b/c.txt", "a.md", "a/z.md", "b.md"]


def test_a_place_that_is_closed_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close(folder / "a", monkeypatch)
    files, closed = list_folder(str(folder))
    assert len(files) == 3
    assert closed == [str(folder / "a")]


def test_a_missing_folder_is_named() -> None:
    assert list_folder("/nowhere/at/all") == ([], ["/nowhere/at/all"])


def test_files_are_read_within_bounds(folder: Path, tmp_path: Path) -> None:
    assert read_file(str(folder / "a.md"), 100) == b"1. words\n"
    with pytest.raises(FetchError, match="limit"):
        read_file(str(folder / "a.md"), 3)
    with pytest.raises(FetchError, match="cannot be read"):
        read_file(str(tmp_path / "none"), 100)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FetchError, match="no plain file"):
        read_file(str(tmp_path / "pipe"), 100)
