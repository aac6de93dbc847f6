"""The real app in a real browser: a server on a free loopback port, and pages that must stay at home.

A page fails its test where it asked another host for anything, where a script failed, or where a
traceback was shown.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from almanac import open_almanac
from kb.settings import load_settings
from tests.conftest import ROOT

ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
BUSY = '[data-testid="stSkeleton"], [data-stale="true"]'
FILES = ("posts.rss", "notes_fenced.md", "weekly_zh.txt", "arxiv_api.xml")

# A loaded machine may take its time; what is checked is that the page gets there.
expect.set_options(timeout=20_000)


@dataclass
class Server:
    """A running app."""

    address: str
    home: Path
    process: subprocess.Popen[bytes]
    log: Path


def start_app(home: Path, log: Path, **settings: str) -> Server:
    """Start `streamlit run app.py` on a free port and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"ALMANAC_HOME": str(home), "ALMANAC_EMBEDDER": "none"} | settings
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    server = Server(f"http://127.0.0.1:{port}", home, process, log)
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{server.address}/healthz", timeout=5) as answer:
                assert answer.read() == b"ok"
                return server
        except OSError:
            assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < until, "the app did not start"
            time.sleep(0.05)


def stop_app(server: Server) -> None:
    """End the app."""
    server.process.terminate()
    try:
        server.process.wait(15)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return headless Chromium, the system's or Playwright's own; skip where there is none."""
    with sync_playwright() as playwright:
        installed = Path(playwright.chromium.executable_path)
        found = next(
            (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
        )
        if not found and not installed.exists():
            pytest.skip("no Chromium here: `apt install chromium`, or `playwright install chromium`")
        opened = playwright.chromium.launch(executable_path=found or None, headless=True, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run the app over a library with documents of every kind, for tests that only read."""
    folder = tmp_path_factory.mktemp("served")
    made = open_almanac(load_settings(folder / "home", embedder="none"))
    outcomes = list(made.ingest([ROOT / "tests" / "data" / name for name in FILES]))
    assert {outcome.status for outcome in outcomes} <= {"ok", "partial"}
    made.load_starter(embed=False)
    made.close()
    running = start_app(folder / "home", folder / "app.log")
    yield running
    stop_app(running)


@pytest.fixture
def fresh_server(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """Run the app over an empty home, for tests that write."""
    running = start_app(tmp_path / "home", tmp_path / "app.log")
    yield running
    stop_app(running)


@dataclass
class Visit:
    """A reader's tab, with what it asked the network for and what went wrong."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def go(self, address: str) -> "Visit":
        """Open an address and wait for the page to be done."""
        self.page.goto(address)
        return self.settle()

    def within(self, path: str) -> "Visit":
        """Follow an address inside the app, in the same session."""
        self.page.evaluate(
            "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')) }", path
        )
        return self.settle()

    def settle(self) -> "Visit":
        """Wait until the script has run and nothing on the page is stale."""
        self.page.wait_for_timeout(120)
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        until = time.monotonic() + 20
        # The content policy forbids evaluation in the page, so the waiting is done here.
        while self.page.locator(BUSY).count() and time.monotonic() < until:
            self.page.wait_for_timeout(40)
        return self

    def click(self, target: str | Locator) -> "Visit":
        """Click and wait for the page to be done."""
        (self.page.locator(target).first if isinstance(target, str) else target).click()
        return self.settle()

    def ask(self, question: str) -> "Visit":
        """Type a question and press Enter."""
        box = self.page.get_by_label("Search the library")
        box.fill(question)
        box.press("Enter")
        return self.settle()

    def shows(self, words: str, seconds: float = 30) -> "Visit":
        """Wait until the page shows some words."""
        expect(self.page.locator('[data-testid="stApp"]')).to_contain_text(words, timeout=seconds * 1000)
        return self

    @property
    def text(self) -> str:
        """All that the page shows."""
        return self.page.inner_text('[data-testid="stApp"]')


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitor]:
    """Return a function that opens a tab in a session of its own."""
    made: list[Visit] = []

    def open_tab(server: Server, *, scheme: str = "light", width: int = 1280, height: int = 900) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(30_000)
        tab = Visit(context.new_page())
        own = (server.address, f"ws://{server.address.removeprefix('http://')}", f"blob:{server.address}", "data:")
        tab.page.on("request", lambda request: None if request.url.startswith(own) else tab.foreign.append(request.url))
        tab.page.on("pageerror", lambda error: tab.faults.append(str(error)))
        tab.page.on("console", lambda said: tab.faults.append(said.text) if _is_fault(said.type, said.text) else None)
        made.append(tab)
        return tab

    yield open_tab
    for tab in made:
        assert "Traceback" not in tab.page.content()
        assert "fault of the Almanac" not in tab.page.content()
        assert tab.foreign == []
        assert tab.faults == []
        tab.page.context.close()


def _is_fault(kind: str, text: str) -> bool:
    # Streamlit asks for its health below a page's own path first; that is no fault.
    return kind == "error" and "404" not in text
