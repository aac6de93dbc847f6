"""A model being fetched behind the pages."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from almanac.downloads import Downloads, DownloadState
from almanac.local_models import LocalModel, local_models
from kb.errors import FetchError
from kb.llm.download import Fetched, Report
from kb.settings import load_settings
from tests.peers import peer, reply

MODEL = local_models()[0]


class Fetch:
    """Plays a publisher: holds until released, then ends as it was told."""

    def __init__(self, end: Fetched | Exception | None) -> None:
        self.end = end
        self.begun, self.release = threading.Event(), threading.Event()
        self.stopped = False

    def __call__(self, model: LocalModel, report: Report, stopped: Callable[[], bool]) -> Fetched | None:
        report("fetching", 5, 0)
        self.begun.set()
        assert self.release.wait(20)
        self.stopped = stopped()
        report("checking", 5, 10)
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


def _ended(downloads: Downloads) -> DownloadState:
    downloads.close()
    return downloads.state


def test_one_at_a_time_with_its_progress() -> None:
    fetch = Fetch(Fetched(Path("x"), "", True))
    downloads = Downloads(load_settings(), fetch)
    assert downloads.state == DownloadState()
    assert downloads.start(MODEL)
    assert fetch.begun.wait(10)
    assert not downloads.start(MODEL)
    downloads.forget()
    state = downloads.state
    assert (state.status, state.name, state.done, state.total) == ("fetching", MODEL.name, 5, MODEL.bytes)
    fetch.release.set()
    assert downloads._thread is not None
    downloads._thread.join(10)
    assert downloads.state.status == "done"
    assert "publisher states" in downloads.state.message
    downloads.forget()
    assert downloads.state == DownloadState()


@pytest.mark.parametrize(
    ("end", "status", "said"),
    [
        (None, "stopped", "kept"),
        (Fetched(Path("x"), "", False), "done", "could not be compared"),
        (FetchError("Gone.", "Look."), "failed", "Gone."),
        (ZeroDivisionError("odd"), "failed", "odd"),
    ],
)
def test_each_end_is_said(end: Fetched | Exception | None, status: str, said: str) -> None:
    fetch = Fetch(end)
    downloads = Downloads(load_settings(), fetch)
    downloads.start(MODEL)
    downloads.stop()
    fetch.release.set()
    state = _ended(downloads)
    assert (state.status, said in state.message, fetch.stopped) == (status, True, True)
    assert not state.running


def test_a_file_lands_in_the_home(home: Path) -> None:
    content = b"GGUF" + b"x" * 1000
    digest = hashlib.sha256(content).hexdigest()
    with peer() as publisher:
        publisher.otherwise = reply(content, X_Linked_ETag=f'"{digest}"')
        address = publisher.url.replace("http:", "https:")
        model = MODEL.model_copy(update={"url": publisher.url})
        assert model.url != address, "only this machine is asked in the clear"
        downloads = Downloads(load_settings())
        downloads.start(model)
        assert downloads._thread is not None
        downloads._thread.join(20)
    assert downloads.state.status == "done", downloads.state.message
    assert (home / "models" / MODEL.file).read_bytes() == content
