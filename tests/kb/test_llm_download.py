"""Model files from a server on loopback: resumed, redirected, checked, refused."""

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kb.errors import FetchError
from kb.llm import download
from kb.llm.download import Fetched, fetch_model
from tests.peers import Peer, Request, peer

MODEL = b"GGUF" + bytes(range(256)) * 20_000
HASH = hashlib.sha256(MODEL).hexdigest()


class Shelf:
    """A publisher of one file; `behave` changes how the next answers are given."""

    def __init__(self, running: Peer) -> None:
        self.base = running.url.rsplit("/", 2)[0]
        self.url = f"{self.base}/repo/model.gguf"
        self.peer = running
        self.content = MODEL
        self.etag = '"one"'
        self.ranges = True
        self.stated = HASH
        self.break_after: list[int] = []
        running.otherwise = self.answer

    def answer(self, request: Request) -> None:
        handler = request.handler
        if request.path.startswith("/repo/"):
            handler.send_response(302)
            handler.send_header("Location", "/cdn/model.gguf?signed=1")
            if self.stated:
                handler.send_header("X-Linked-ETag", f'"{self.stated}"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        start = 0
        asked = request.headers.get("range", "")
        if self.ranges and asked and request.headers.get("if-range") == self.etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(self.content) and start:
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(self.content)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        body = self.content[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        handler.send_header("ETag", self.etag)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: self.break_after.pop(0)] if self.break_after else body)

    def ranges_asked(self) -> list[str]:
        """What was asked for of the file itself, request by request."""
        return [request.headers.get("range", "") for request in self.peer.requests if request.path.startswith("/cdn/")]


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with peer() as running:
        yield Shelf(running)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models" / "model.gguf"


def _fetch(shelf: Shelf, path: Path, **options: Any) -> Fetched | None:
    return fetch_model(shelf.url, path, pause=0.001, **options)


def _left(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if not file.name.startswith("download."))


def test_a_file_is_fetched_through_a_redirect_and_checked(shelf: Shelf, path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    found = _fetch(shelf, path, report=lambda *step: seen.append(step), user_agent="Almanac")
    assert found == Fetched(path, HASH, True)
    assert path.read_bytes() == MODEL
    assert _left(path) == ["model.gguf"]
    assert ("fetching", len(MODEL), len(MODEL)) in seen
    assert seen[-1] == ("checking", len(MODEL), len(MODEL))
    assert all(request.headers["user-agent"] == "Almanac" for request in shelf.peer.requests)


def test_breaks_are_mended_from_where_they_happened(shelf: Shelf, path: Path) -> None:
    shelf.break_after = [1_000_000, 2_000_000]
    assert _fetch(shelf, path) == Fetched(path, HASH, True)
    assert path.read_bytes() == MODEL
    first, second, third = shelf.ranges_asked()
    assert first == ""
    assert 0 < int(second[6:-1]) <= 1_000_000
    assert int(second[6:-1]) < int(third[6:-1]) <= 3_000_000


def test_breaks_without_end_are_given_up_and_the_part_kept(shelf: Shelf, path: Path) -> None:
    shelf.break_after = [1_100_000, *[0] * 20]
    with pytest.raises(FetchError, match="could not be fetched") as caught:
        _fetch(shelf, path)
    assert "goes on from there" in caught.value.hint
    assert _left(path) == ["model.gguf.part", "model.gguf.part.json"]
    shelf.break_after = []
    assert _fetch(shelf, path) == Fetched(path, HASH, True)
    assert shelf.ranges_asked()[-1].startswith("bytes=1")


def test_a_cancelled_download_goes_on_later(shelf: Shelf, path: Path) -> None:
    assert _fetch(shelf, path, cancelled=lambda: True) is None
    assert not path.exists()
    assert _left(path) == ["model.gguf.part", "model.gguf.part.json"]
    assert _fetch(shelf, path) == Fetched(path, HASH, True)
    assert shelf.ranges_asked()[-1] != ""


def test_cancelled_while_it_is_checked_nothing_is_fetched_again(shelf: Shelf, path: Path) -> None:
    checking: list[str] = []
    stop = _fetch(shelf, path, report=lambda step, *_: checking.append(step), cancelled=lambda: "checking" in checking)
    assert stop is None
    assert _fetch(shelf, path) == Fetched(path, HASH, True)
    assert shelf.ranges_asked() == ["", f"bytes={len(MODEL)}-"]


def test_a_server_that_ignores_ranges_is_read_from_the_beginning(shelf: Shelf, path: Path) -> None:
    shelf.break_after = [1_500_000]
    shelf.ranges = False
    assert _fetch(shelf, path) == Fetched(path, HASH, True)
    assert path.read_bytes() == MODEL


def test_a_file_that_changed_meanwhile_is_read_from_the_beginning(shelf: Shelf, path: Path) -> None:
    assert _fetch(shelf, path, cancelled=lambda: True) is None
    shelf.content = b"GGUF" + b"other" * 300_000
    shelf.stated = hashlib.sha256(shelf.content).hexdigest()
    shelf.etag = '"two"'
    assert _fetch(shelf, path) == Fetched(path, shelf.stated, True)
    assert path.read_bytes() == shelf.content


def test_another_hash_than_published_is_thrown_away(shelf: Shelf, path: Path) -> None:
    shelf.stated = "0" * 64
    with pytest.raises(FetchError, match="does not have the hash"):
        _fetch(shelf, path)
    assert _left(path) == []
    shelf.stated = HASH
    with pytest.raises(FetchError, match="does not have the hash"):
        _fetch(shelf, path, sha256="1" * 64)


def test_without_a_published_hash_it_is_said(shelf: Shelf, path: Path) -> None:
    shelf.stated = ""
    assert _fetch(shelf, path) == Fetched(path, HASH, False)


def test_a_page_instead_of_a_model_is_refused(shelf: Shelf, path: Path) -> None:
    shelf.content = b"<html>Please log in</html>"
    with pytest.raises(FetchError, match="no GGUF file") as caught:
        _fetch(shelf, path)
    assert "browser" in caught.value.hint
    assert _left(path) == []


def _status(number: int) -> Callable[[Request], None]:
    def act(request: Request) -> None:
        request.handler.send_response(number)
        request.handler.send_header("Content-Length", "0")
        request.handler.end_headers()

    return act


@pytest.mark.parametrize(
    ("status", "said", "requests"),
    [(404, "does not have", 1), (401, "accepted its terms", 1), (418, "refuses", 1), (503, "answers 503", 5)],
)
def test_refusals_are_explained(shelf: Shelf, path: Path, status: int, said: str, requests: int) -> None:
    shelf.peer.otherwise = _status(status)
    with pytest.raises(FetchError, match=said):
        _fetch(shelf, path)
    assert len(shelf.peer.requests) == requests


def test_a_full_disk_is_foreseen(shelf: Shelf, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 9, download.SPARE + 5))
    with pytest.raises(FetchError, match=r"needs 5\.1 MB more") as caught:
        _fetch(shelf, path)
    assert "Free some space" in caught.value.hint
    assert "model.gguf" not in _left(path)


def test_a_disk_that_fills_up_keeps_what_was_fetched(shelf: Shelf, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.os, "fsync", full)
    with pytest.raises(FetchError, match="disk is full"):
        _fetch(shelf, path)
    monkeypatch.undo()
    assert _fetch(shelf, path) == Fetched(path, HASH, True)


@pytest.mark.parametrize("url", ["http://models.example/a.gguf", "ftp://models.example/a.gguf", "file:///etc/passwd"])
def test_other_addresses_than_https_are_refused(url: str, path: Path) -> None:
    with pytest.raises(FetchError, match="over https only"):
        fetch_model(url, path)


def test_a_redirect_to_such_an_address_is_refused(shelf: Shelf, path: Path) -> None:
    def away(request: Request) -> None:
        request.handler.send_response(302)
        request.handler.send_header("Location", "http://10.0.0.1/x.gguf")
        request.handler.send_header("Content-Length", "0")
        request.handler.end_headers()

    shelf.peer.otherwise = away
    with pytest.raises(FetchError, match="over https only"):
        _fetch(shelf, path)


def test_redirects_in_circles_end(shelf: Shelf, path: Path) -> None:
    def round_about(request: Request) -> None:
        request.handler.send_response(307)
        request.handler.send_header("Location", request.path)
        request.handler.send_header("Content-Length", "0")
        request.handler.end_headers()

    shelf.peer.otherwise = round_about
    with pytest.raises(FetchError, match="in circles"):
        _fetch(shelf, path)


def test_more_than_announced_is_refused(shelf: Shelf, path: Path) -> None:
    def generous(request: Request) -> None:
        request.handler.send_response(200)
        request.handler.send_header("X-Linked-Size", "1000")
        request.handler.end_headers()
        request.handler.wfile.write(MODEL)

    shelf.peer.otherwise = generous
    with pytest.raises(FetchError, match="more than it announced"):
        _fetch(shelf, path)
    assert not path.exists()
