"""Three hundred subscriptions, a fifth of which misbehave, checked while somebody searches.

The sites are served by another process (`_sites`), each at an address of its own on loopback. The library
holds generated passages beside them; searches go on at a reader's pace before, during and after the first
round, by words and by meaning. Then come rounds in which most sites have something new, to see whether
memory stays flat. At the end every post that a site ever published must be in the library once.
"""

import argparse
import contextlib
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from almanac import Almanac, open_almanac
from almanac.checking import Checked
from almanac.subscriptions import make_subscription
from benchmarks import _generated
from benchmarks._sites import POSTS, Site, fault_of, host_of
from benchmarks._table import Row, Table, bar
from benchmarks._timing import median, percentile, resident_mib
from kb.settings import load_settings
from kb.types import Kind, Query

NAME = "sync"
HELP = "300 subscriptions, a fifth misbehaving, while searches go on"
ROOT = Path(__file__).resolve().parent.parent
PAUSE = 0.1
"""Seconds that the reader takes between two searches."""
FLAT = 1.05
KEPT = ("", "new guids", "one guid")
"""Faults under which no post may be lost or doubled."""


@dataclass
class Watch:
    """Resident memory of this process without the sites, sampled while something runs. MiB."""

    peak: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Watch":
        threading.Thread(target=self._sample, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def _sample(self) -> None:
        while not self._stop.wait(0.1):
            self.peak = max(self.peak, resident_mib(os.getpid(), children=False) or 0.0)


class Reader:
    """Somebody who searches, one question after another."""

    def __init__(self, almanac: Almanac, questions: list[str]) -> None:
        self._almanac = almanac
        self._questions = itertools.cycle(questions)

    def search(self, count: int = 0, until: threading.Event | None = None) -> list[float]:
        """Ask so many questions, or until something is over; return what each took. Milliseconds."""
        times: list[float] = []
        while len(times) < count or (until is not None and not until.is_set()):
            began = time.perf_counter()
            self._almanac.search(Query(text=next(self._questions), limit=10))
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE)
        return times


def run(args: argparse.Namespace) -> Iterator[Table]:
    """Measure a first round beside searches, then rounds one after another."""
    count, rounds, passages = (60, 4, 2_000) if args.quick else (300, 20, 10_000)
    now = [datetime(2026, 11, 22, 12, 0, tzinfo=UTC)]
    sys.setswitchinterval(0.001)  # as the app does
    with tempfile.TemporaryDirectory(prefix="almanac-bench-") as folder, _sites(count) as port:
        settings = load_settings(
            Path(folder), allow_private_hosts=True, **({"http_timeout": 4.0} if args.quick else {})
        )
        almanac = open_almanac(settings, clock=lambda: now[0])
        embedder = almanac.models.embedder()
        generator = _generated.Generator(embedder.dim if embedder else 64)
        _generated.write_library(almanac, generator, passages, embedder.fingerprint if embedder else "none")
        almanac.sources.add([_subscription(number, port) for number in range(1, count + 1)])
        reader = Reader(almanac, [question.text for question in generator.questions(40)])
        yield from _first(almanac, reader, 40 if args.quick else 150)
        almanac.close()
        # Peers that stall are waited for as briefly as can be: here memory is what counts.
        patient = open_almanac(settings.model_copy(update={"http_timeout": 2.0}), clock=lambda: now[0])
        yield from _rounds(patient, port, rounds, now)
        yield _kept(patient, port, count, rounds)
        patient.close()


@contextlib.contextmanager
def _sites(count: int) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks._sites", str(port), str(count)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"listening"), "the sites did not start"
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _subscription(number: int, port: int) -> object:
    address = f"http://{host_of(number)}:{port}/feed"
    return make_subscription(name=f"Site {number}", kind=Kind.RSS, target=address)


def _first(almanac: Almanac, reader: Reader, searches: int) -> Iterator[Table]:
    reader.search(10)
    before = reader.search(searches)
    done, found = threading.Event(), list[Checked]()
    resting = resident_mib(os.getpid(), children=False) or 0.0

    def work() -> None:
        found.extend(almanac.sources.sync())
        done.set()

    with Watch() as watch:
        began = time.perf_counter()
        threading.Thread(target=work, daemon=True).start()
        during = reader.search(until=done)
        seconds = time.perf_counter() - began
    after = reader.search(searches)
    yield _outcomes(found, seconds, resting, watch.peak)
    idle = [*before, *after]
    rows: list[Row] = [
        {"searches": name, "number": len(times), "p50 ms": median(times), "p95 ms": percentile(times, 0.95)}
        for name, times in (("idle, before", before), ("during the round", during), ("idle, after", after))
    ]
    note = f"one every {PAUSE:g} s and the time that it takes; {almanac.models.state.name or 'by words only'}"
    yield Table("searches beside the round", rows, (note,))
    ratio = percentile(during, 0.95) / percentile(idle, 0.95)
    yield Table(
        "ratios",
        [
            {"measure": "p50 during over idle", "value": median(during) / median(idle)},
            {"measure": "p95 during over idle", "value": ratio},
        ],
    )


def _outcomes(found: list[Checked], seconds: float, resting: float, peak: float) -> Table:
    results = Counter(one.outcome.status if one.outcome else "not asked" for one in found)
    causes = Counter(one.check.cause for one in found if one.check.cause)
    added = sum(one.check.added for one in found)
    rows: list[Row] = [
        {
            "subscriptions": len(found),
            "s": seconds,
            "posts": added,
            "posts/s": added / seconds,
            **{status: results[status] for status in ("ok", "partial", "failed", "not asked")},
            "MiB before": resting,
            "MiB peak": peak,
        }
    ]
    listed = ", ".join(f"{cause} {number}" for cause, number in sorted(causes.items()))
    return Table("first round", rows, (f"causes of failure: {listed}",))


def _rounds(almanac: Almanac, port: int, rounds: int, now: list[datetime]) -> Iterator[Table]:
    rows: list[Row] = []
    for number in range(1, rounds + 1):
        with urllib.request.urlopen(f"http://{host_of(1)}:{port}/tick", timeout=10) as answer:
            answer.read()
        now[0] += timedelta(days=2)
        began = time.perf_counter()
        with Watch() as watch:
            found = list(almanac.sources.sync())
        asked = [one for one in found if one.outcome is not None]
        rows.append(
            {
                "round": number,
                "s": time.perf_counter() - began,
                "asked": len(asked),
                "new": sum(one.check.added for one in asked),
                "updated": sum(one.check.updated for one in asked),
                "no news": sum(one.outcome.status == "unchanged" for one in asked if one.outcome),
                "failed": sum(one.outcome.status == "failed" for one in asked if one.outcome),
                "MiB peak": watch.peak,
                "MiB after": resident_mib(os.getpid(), children=False),
            }
        )
    yield Table("rounds, one after another", rows)
    half = len(rows) // 2
    early = median([float(row["MiB after"] or 0) for row in rows[1 : half + 1]])
    late = median([float(row["MiB after"] or 0) for row in rows[half:]])
    yield Table("memory", [bar("MiB after, second half of the rounds over the first", late / early, most=FLAT)])


def _kept(almanac: Almanac, port: int, count: int, rounds: int) -> Table:
    """Count the posts of sites whose faults may not cost one."""
    titles = Counter(info.title for info in almanac.documents(kinds=[Kind.RSS]))
    rows: list[Row] = []
    for fault in KEPT:
        sites = [Site(n, f"http://{host_of(n)}:{port}") for n in range(1, count + 1) if fault_of(n) == fault]
        published = [f"Post {n} of site {site.number}" for site in sites for n in range(1, site.newest(rounds) + 1)]
        rows.append(
            {
                "sites": fault or "that behave",
                "number": len(sites),
                "posts published": len(published),
                "missing": sum(not titles[title] for title in published),
                "there twice": sum(titles[title] > 1 for title in published),
            }
        )
    return Table(f"posts after {rounds} rounds, each site showing its last {POSTS}", rows)
