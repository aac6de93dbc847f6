"""Time to the first painted page beside a bare Streamlit page, and resident memory.

Starts both servers in turn on loopback, opens each in headless Chromium and waits until the page's
script has run and nothing of it is a skeleton. Three starts are compared: the bare page, the app
on a library that is there, and the app's very first start. Memory is that of the server: at first
paint, once the models are warm, and at the peak of an ingest on the command line.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._table import Row, Table
from benchmarks._timing import cpu_seconds, median, resident_mib
from benchmarks.ingest import ROOT, source_files

NAME = "startup"
HELP = "time to first paint beside a bare Streamlit page; memory"
BARE = 'import streamlit as st\n\nst.title("Bare")\nst.text_input("A box")\nst.write("One page, no library.")\n'
CHROMIUM = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
PAINTED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
BUSY = '[data-testid="stSkeleton"], [data-stale="true"]'
CASES = ("bare page", "app", "app, first start")
PATIENCE = 120.0


@dataclass(frozen=True)
class Start:
    """One start. Seconds from the start of the process, of the visit where a name says so; MiB."""

    health: float
    painted: float | None
    visit: float | None
    contentful: float | None
    resident: float | None
    torch: bool


def run(args: argparse.Namespace) -> list[Table]:
    """Start all cases in turn, and return times, ratios and memory."""
    rounds = 1 if args.quick else 5
    with tempfile.TemporaryDirectory(prefix="almanac-bench-") as folder, _browser() as browser:
        place = Path(folder)
        (place / "bare").mkdir()
        (place / "bare" / "app.py").write_text(BARE, encoding="utf-8")
        peaks = _peaks(place)
        found: dict[str, list[Start]] = {case: [] for case in CASES}
        warm: Row = {}
        for number in range(rounds):
            for case in CASES:
                home = place / ("loaded" if case == "app" else f"new{number}")
                with _served(place / "bare" if case == "bare page" else ROOT, home) as (process, address, began):
                    found[case].append(_visited(process, address, began, browser))
                    if case == "app" and number == rounds - 1:
                        warm = _warm(process, address, browser)
    return [_times(found), _memory(found, warm, peaks)]


@contextmanager
def _browser() -> Iterator[Any]:
    """Give headless Chromium, or None where there is none."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        yield None
        return
    with sync_playwright() as playwright:
        path = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
        try:
            browser = playwright.chromium.launch(executable_path=path, headless=True, args=CHROMIUM)
        except Error:
            yield None
            return
        yield browser
        browser.close()


@contextmanager
def _served(folder: Path, home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, float]]:
    """Run a folder's app.py; give its process, its address and the moment of its start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none"]
    command += ["--browser.gatherUsageStats", "false"]
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"ALMANAC_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process, f"http://127.0.0.1:{port}", began
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _visited(process: subprocess.Popen[bytes], address: str, began: float, browser: Any) -> Start:
    _until(lambda: _answers(f"{address}/_stcore/health"), 0.01)
    health = time.perf_counter() - began
    painted = visit = contentful = None
    if browser is not None:
        visit, contentful = _paint(browser, address)
        painted = time.perf_counter() - began
    return Start(health, painted, visit, contentful, resident_mib(process.pid), _has_loaded(process.pid, "libtorch"))


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _paint(browser: Any, address: str) -> tuple[float, float | None]:
    """Open a page as a new visitor; return seconds until it stands, and to its first content."""
    context = browser.new_context(bypass_csp=True)
    try:
        page = context.new_page()
        began = time.perf_counter()
        page.goto(address, timeout=PATIENCE * 1000)
        page.wait_for_selector(PAINTED, timeout=PATIENCE * 1000)
        page.wait_for_selector(BUSY, state="detached", timeout=PATIENCE * 1000)
        took = time.perf_counter() - began
        first = page.evaluate("performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)")
        return took, first[0] / 1000 if first else None
    finally:
        context.close()


def _has_loaded(pid: int, library: str) -> bool:
    try:
        return library in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    except OSError:
        return False


def _until(done: Callable[[], bool], every: float) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("the server did not come up, or never came to rest")
        time.sleep(every)


def _warm(process: subprocess.Popen[bytes], address: str, browser: Any) -> Row:
    """Wait until the models are loaded and the server rests; return its memory and a warm search page."""
    used = [cpu_seconds(process.pid)]

    def rests() -> bool:
        used.append(cpu_seconds(process.pid))
        return _has_loaded(process.pid, "libtorch") and len(used) > 4 and used[-1] - used[-4] < 0.3

    _until(rests, 1.0)
    found: dict[str, Any] = {"resident MiB": resident_mib(process.pid)}
    if browser is not None:
        visits = [_paint(browser, f"{address}/?q=pipeline+bubble")[0] for _ in range(3)]
        found["search page s"] = median(visits)
    return found


def _peaks(place: Path) -> list[Row]:
    """Ingest on the command line, once with vectors and once without; fills the home of the app's start."""
    rows: list[Row] = []
    files = [str(path) for path in source_files()]
    for what, home, extra in (
        ("ingest of the sources", "peak", []),
        ("ingest of the sources, no vectors", "peak-words", ["--no-embed"]),
    ):
        rows.append(_peak(what, ["--home", str(place / home), "ingest", *files, "--json", *extra]))
    rows.append(_peak("ingest of the starter library", ["--home", str(place / "loaded"), "starter", "--json"]))
    return rows


def _peak(what: str, arguments: Sequence[str]) -> Row:
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "almanac", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return {
        "moment": f"peak of an {what}" if process.returncode == 0 else f"{what}: failed",
        "resident MiB": usage.ru_maxrss / unit,
        "took s": time.perf_counter() - began,
    }


def _of(starts: Sequence[Start], name: str) -> list[float]:
    return [value for start in starts if (value := getattr(start, name)) is not None]


def _times(found: dict[str, list[Start]]) -> Table:
    rows: list[Row] = []
    for case, starts in found.items():
        painted, bare = _of(starts, "painted"), _of(found[CASES[0]], "painted")
        ratios = [one / base for one, base in zip(painted, bare, strict=True)]
        rows.append(
            {
                "start": case,
                "health s": median(_of(starts, "health")),
                "first page s": median(painted) if painted else None,
                "slowest s": max(painted) if painted else None,
                "visit alone s": median(_of(starts, "visit")) if painted else None,
                "first content s": median(_of(starts, "contentful")) if painted else None,
                "over bare": median(ratios) if ratios else None,
                "resident MiB": median(_of(starts, "resident")),
                "torch loaded": "yes" if any(start.torch for start in starts) else "no",
            }
        )
    note = f"medians of {len(next(iter(found.values())))} rounds; the ratio is the median of the rounds' own"
    missing = () if rows[0]["first page s"] is not None else ("no Chromium here: pages were not opened",)
    return Table("from the start of the process to the first page", rows, (note, *missing))


def _memory(found: dict[str, list[Start]], warm: Row, peaks: Sequence[Row]) -> Table:
    rows: list[Row] = [
        {"moment": f"{case}: first paint", "resident MiB": median(_of(starts, "resident"))}
        for case, starts in found.items()
    ]
    rows.append({"moment": "app: models warm", **{name: warm[name] for name in warm if name == "resident MiB"}})
    notes = [
        f"a search page with its results, warm: {warm['search page s']:.2f} s" for _ in (1,) if "search page s" in warm
    ]
    return Table("memory", [*rows, *peaks], notes)
