"""arXiv's metadata snapshot: rate beside a bare loop over the same lines, and memory at two sizes.

The file is generated and packed: records of about 1.5 kB, one in fifty of the category that is taken into a
library without an embedder. Every measure runs in a process of its own, so that its peak is its own; the
bare loop unpacks and decodes JSON and does nothing else.
"""

import argparse
import gzip
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks._table import Row, Table, bar

NAME = "snapshot"
HELP = "rate and memory of reading arXiv's metadata snapshot"
LINES = 1_000_000
QUICK = 50_000
SHARE = 50
"""One record in so many is taken."""
ROOT = Path(__file__).resolve().parent.parent
_WORDS = (
    "attention batch cache cluster compiler decoder device gradient graph inference kernel latency layer memory model "
    "network node operator parallel pipeline pruning quantized request scheduler sequence server shard sparse tensor "
    "throughput token training transformer update weight"
).split()
_REPORT = """
seconds = time.perf_counter() - began
try:
    status = open("/proc/self/status").read()  # getrusage tells the parent's peak where that is higher
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
except OSError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(peak, seconds, n)
"""
_PROGRAMS = {
    "bare loop: unpack, decode JSON": """
import gzip, json, sys, time
began, n = time.perf_counter(), 0
for line in gzip.open(sys.argv[1]):
    n += len(json.loads(line)) > 0
""",
    "read, none wanted": """
import sys, time
from ingest.arxiv_snapshot import Wanted, read_batches
began, n = time.perf_counter(), 0
for batch in read_batches(sys.argv[1], wanted=Wanted(categories=("none",)), topics_of=lambda t, a: ()):
    n = batch.place.line
""",
    "read, all made documents": """
import sys, time
from ingest.arxiv_snapshot import Wanted, read_batches
began, n = time.perf_counter(), 0
for batch in read_batches(sys.argv[1], wanted=Wanted(), topics_of=lambda t, a: ()):
    n = batch.place.line
""",
    "ingest one in fifty, no embedder": """
import sys, time
from almanac import open_almanac
from almanac.gathering import Scope
from kb.settings import load_settings
library = open_almanac(load_settings(sys.argv[2], embedder="none"))
library.digests.follow = lambda *more: []  # refreshing digests is measured by a benchmark of its own
began = time.perf_counter()
(outcome,) = library.ingest([sys.argv[1]], scope=Scope(categories=("cs.DC",)))
assert outcome.counts.added == outcome.counts.documents > 0, outcome
n = outcome.counts.added
""",
}


def run(args: argparse.Namespace) -> list[Table]:
    """Generate two files, one a tenth of the other, and read them in every way."""
    count = QUICK if args.quick else LINES
    rows: list[Row] = []
    peaks: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="almanac-bench-") as folder:
        for size in (count // 10, count):
            file = Path(folder) / f"{size}.json.gz"
            with gzip.open(file, "wb", compresslevel=1) as stream:
                stream.writelines(_records(size))
            bare = 0.0
            for name, program in _PROGRAMS.items():
                peak, seconds, done = _measure(program, file, Path(folder) / f"home-{size}")
                bare = bare or seconds
                peaks.setdefault(name, []).append(peak)
                rows.append(
                    {
                        "way": name,
                        "lines": size,
                        "taken": done,
                        "s": seconds,
                        "lines/s": size / seconds,
                        "of the bare loop": seconds / bare,
                        "peak MiB": peak,
                    }
                )
            file.unlink()
    bars = [bar(f"peak at ten times the lines: {name}", pair[1] / pair[0], most=1.25) for name, pair in peaks.items()]
    return [Table("the same lines, read in every way", rows), Table("memory does not grow with the file", bars)]


def _measure(program: str, file: Path, home: Path) -> tuple[float, float, int]:
    """Return peak MiB, seconds and what a program counted, in a process of its own."""
    code = f"{program}\n{_REPORT}"
    command = [sys.executable, "-c", code, str(file), str(home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    peak, seconds, count = done.stdout.split()[-3:]
    return float(peak), float(seconds), int(count)


def _records(count: int) -> Iterator[bytes]:
    """Yield records of the snapshot's shape, all different, as lines."""
    chance = random.Random(7)
    paragraphs = [" ".join(chance.choices(_WORDS, k=150)) for _ in range(500)]
    for number in range(count):
        month = 1 + number // 40_000 % 12
        base = f"{20 + number // 480_000:02}{month:02}.{number % 40_000:05}"
        record = {
            "id": base,
            "submitter": "A. Author",
            "authors": "A. Author and B. Other",
            "title": f"On {paragraphs[number % 500][:60]} {number}",
            "comments": "12 pages, 3 figures",
            "journal-ref": None,
            "doi": None,
            "report-no": None,
            "categories": "cs.DC cs.LG" if number % SHARE == 0 else "math.OC",
            "license": None,
            "abstract": f"  We study {number}. {paragraphs[number % 499]}.\n",
            "versions": [{"version": "v1", "created": f"Mon, 1 {_month(month)} 2020 12:00:00 GMT"}],
            "update_date": "2020-01-02",
            "authors_parsed": [["Author", "A.", ""], ["Other", "B.", ""]],
        }
        yield json.dumps(record).encode() + b"\n"


def _month(number: int) -> str:
    return "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[number - 1]
