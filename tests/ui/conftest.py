"""A library with documents of every kind, made once and copied for each test, and the app over it."""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from almanac import Almanac, open_almanac
from kb.settings import load_settings
from kb.types import Document, DocumentInfo, Kind
from tests.conftest import ROOT
from ui.state import prepare_library

DATA = ROOT / "tests" / "data"
NOTES = """1. Pipeline schedules    [2021, SC, 900 refs]
   https://arxiv.org/abs/2104.04473
    1. very good. the figures alone are worth the time
    2. the bubble shrinks with more microbatches
        1. 气泡随微批数增加而缩小
    3. questions
        1. who pays for the last stage?
2. Hostile lines
    1. <script>alert('note')</script> and <img src=x onerror=alert(1)>
    2. *stars*, `ticks`, [a link](javascript:alert(2)) and :red[colour]
3. Caches
    1. a paged cache wastes less memory
"""
FILES = ("posts.rss", "notes_fenced.md", "notes_zh.txt", "arxiv_api.xml", "abstracts_after.txt", "blog_plain.txt")
EMPTY_TAGS = frozenset({"br", "hr", "img"})


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the library once; return its home."""
    folder = tmp_path_factory.mktemp("shelf")
    (folder / "schedules.md").write_text(NOTES, encoding="utf-8")
    made = open_almanac(
        load_settings(folder / "home", embedder="none"), clock=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC)
    )
    outcomes = list(made.ingest([folder / "schedules.md", *(DATA / name for name in FILES)]))
    assert {outcome.status for outcome in outcomes} <= {"ok", "partial"}
    made.remove_starter()
    made.close()
    return folder / "home"


@pytest.fixture
def library_home(shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the library into the test's home, embedder off."""
    monkeypatch.setenv("ALMANAC_EMBEDDER", "none")
    shutil.copytree(shelf, home)
    return home


@pytest.fixture
def almanac(library_home: Path) -> Iterator[Almanac]:
    """Open the test's library beside the app."""
    opened = open_almanac(load_settings(library_home, embedder="none"))
    yield opened
    opened.close()


@pytest.fixture
def app(library_home: Path) -> AppTest:
    """Return the real app over the test's library, not yet run."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)


def shown(app: AppTest) -> str:
    """Return all HTML that a page shows, the stylesheet left out."""
    return "\n".join(block.value for block in app.get("html") if not block.value.startswith("<style>"))


def given(app: AppTest, name: str) -> list[str]:
    """Return the values of a query parameter of the page's address."""
    value = app.query_params.get(name, [])
    return [value] if isinstance(value, str) else list(value)


def wait(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until a condition holds; fail where it does not in time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.005)


def finish(app: AppTest) -> AppTest:
    """Wait for the job that a page began, then show the page as it is afterwards."""
    jobs = prepare_library().jobs
    wait(lambda: jobs.running is None, 60)
    return app.run()


def info(**changes: object) -> DocumentInfo:
    """Return a document without text; give only what the test is about."""
    given = {"id": "page:a.txt#1", "source": "/texts/a.txt", "kind": Kind.PAGE, "url": "", "title": "A text"} | changes
    return DocumentInfo.model_validate(given)


def document(text: str, **changes: object) -> Document:
    """Return a document of a text; give only what the test is about."""
    given = {"id": "page:a.txt#1", "source": "/texts/a.txt", "kind": Kind.PAGE, "title": "A text", "text": text}
    return Document.model_validate(given | changes)


class Reading(HTMLParser):
    """What a browser makes of some HTML: its text, its tags and its addresses; tags must balance."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes += attrs
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in EMPTY_TAGS:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note that a tag ends."""
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data
