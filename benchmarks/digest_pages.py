"""How long the pages and exports of a large quarter take, beside those of a small one.

Generates a library whose one quarter holds 5,000 documents and another a dozen, then runs the real
page by Streamlit's own test harness: the whole script, widgets included, without a browser. Cold is
the first look after something was written, warm the next.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from almanac import Almanac, open_almanac
from benchmarks._quarters import Quarters
from benchmarks._table import Row, Table
from benchmarks._timing import median, milliseconds
from benchmarks.ingest import ROOT
from digests.cited import Cited, cited_by
from digests.render import FORMS
from digests.render_atom import render_atom
from digests.site import pages, write_site
from kb.settings import load_settings

NAME = "digest-pages"
HELP = "pages and exports of digests, a quarter of 5,000 documents beside one of 12"
LARGE, SMALL = "2024-Q1", "2023-Q4"
VIEWS = {
    "quarter": {},
    "one topic": {"part": "serving"},
    "one topic, page 9": {"part": "serving", "page": "9"},
    "editing": {"edit": "1"},
}


def run(args: argparse.Namespace) -> list[Table]:
    """Build both quarters, then show and export them."""
    size, rounds = (500, 2) if args.quick else (5000, 5)
    with tempfile.TemporaryDirectory(prefix="almanac-bench-") as folder, _home(Path(folder) / "home") as home:
        almanac = open_almanac(load_settings(home, embedder="none"))
        _fill(almanac, {LARGE: size, SMALL: 12})
        for quarter in (LARGE, SMALL):
            almanac.digests.digest(quarter)
        tables = [_pages(almanac, rounds), _exports(almanac, Path(folder), rounds)]
        almanac.close()
    return tables


@contextmanager
def _home(home: Path) -> Iterator[Path]:
    with patch.dict(os.environ, {"ALMANAC_HOME": str(home), "ALMANAC_EMBEDDER": "none"}):
        yield home


def _fill(almanac: Almanac, sizes: dict[str, int]) -> None:
    quarters = Quarters()
    with almanac.store.write("filling a library") as writer:
        source = writer.open_source("generated", "generated")
        for quarter, size in sizes.items():
            made = [quarters.prepared(document) for document in quarters.documents(quarter, size)]
            for at in range(0, len(made), 500):
                writer.write_documents(source, made[at : at + 500], "")
        writer.set_fact("starter", "removed")


def _pages(almanac: Almanac, rounds: int) -> Table:
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    rows: list[Row] = [_shown(app, "all digests", {}, almanac, rounds)]
    for quarter in (SMALL, LARGE):
        size = next(state.documents for state in almanac.digests.quarters() if state.quarter == quarter)
        for view, address in VIEWS.items():
            rows.append(_shown(app, f"{view}, {size:,} documents", {"quarter": quarter, **address}, almanac, rounds))
    return Table("the page's script", rows, ["kB: HTML that is sent to the browser, the stylesheet left out."])


def _shown(app: object, name: str, address: dict[str, str], almanac: Almanac, rounds: int) -> Row:
    from streamlit.testing.v1 import AppTest

    assert isinstance(app, AppTest)

    def show() -> None:
        for key in list(app.query_params):
            del app.query_params[key]
        for key, value in address.items():
            app.query_params[key] = value
        app.switch_page("ui/pages/digests.py").run()
        assert not app.exception

    cold, warm, cold_cpu, warm_cpu = [], [], [], []
    for number in range(rounds):
        # Any write begins a new generation: nothing that was kept for a page holds any longer.
        with almanac.store.write("beginning a generation") as writer:
            writer.save_search(f"round {number} {time.monotonic_ns()}")
        for wall, cpu in ((cold, cold_cpu), (warm, warm_cpu)):
            began = time.process_time()
            wall.append(milliseconds(show))
            cpu.append((time.process_time() - began) * 1000)
    sent = sum(len(block.value.encode()) for block in app.get("html") if not block.value.startswith("<style>"))
    return {
        "view": name,
        "cold ms": median(cold),
        "cold CPU ms": median(cold_cpu),
        "warm ms": median(warm),
        "warm CPU ms": median(warm_cpu),
        "kB": sent / 1000,
    }


def _exports(almanac: Almanac, folder: Path, rounds: int) -> Table:
    digest = almanac.digests.digest(LARGE)
    cited = cited_by(almanac.store, digest)
    rows: list[Row] = []

    def measured(name: str, make: Callable[[], str]) -> None:
        size = len(make().encode())
        times = [milliseconds(make) for _ in range(min(rounds, 3))]
        rows.append({"form": name, "ms": median(times), "MB": size / 1e6})

    for name, form in FORMS.items():
        measured(name, lambda form=form: form.render(digest, cited))  # type: ignore[misc]
    both = [almanac.digests.digest(quarter) for quarter in (SMALL, LARGE)]
    measured("atom, all quarters", lambda: render_atom(both))
    counts = almanac.digests.topic_counts()

    def site(place: str) -> float:
        cite: Callable[[object], Cited] = lambda one: cited_by(almanac.store, one)  # type: ignore[arg-type]  # noqa: E731
        return milliseconds(lambda: write_site(folder / place, pages(both, counts, cite)))

    first, again = site("site"), site("site")
    written = sum(path.stat().st_size for path in (folder / "site").iterdir() if path.is_file())
    rows += [{"form": "site, first", "ms": first, "MB": written / 1e6}, {"form": "site, nothing new", "ms": again}]
    return Table(f"exports of {digest.coverage.in_quarter:,} documents", rows)
