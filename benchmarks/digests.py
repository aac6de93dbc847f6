"""How long digests take: a quarter of 5,000 documents built, kept, and refreshed after one more.

Everything is generated. A build takes the sentences, terms and works out of each document once;
what was taken is kept, so a refresh pays for one document and for putting the quarter together. A
harvest of many papers over many quarters shows how the time of a refresh grows with their number.
"""

import argparse
import tempfile
from collections.abc import Iterator
from math import log
from pathlib import Path
from time import process_time

from almanac.digesting import Digests
from almanac.library import STARTER
from benchmarks._quarters import Quarters
from benchmarks._table import Table, bar
from benchmarks._timing import in_turn, median, milliseconds
from kb.glossary import load_glossary
from kb.store import Prepared, Store
from kb.topics import Tagger
from kb.types import Document
from tests.fakes import FixedClock

NAME = "digests"
HELP = "building a quarter's digest, and refreshing it after one more document"
GROUP = "speed"
QUARTER = "2026-Q4"
"""That of the clock: documents are dated in the quarter in which they come, as in a library that is kept up."""
SIZES, QUICK_SIZES = (500, 5000), (200,)
ROUNDS = 5
HARVESTS, QUICK_HARVESTS = (1000, 4000), (100, 400)
"""Papers that come at once, spread over the quarters of five years."""
YEARS = range(2022, 2027)
REFRESH_SECONDS = 5.0
"""For 5,000 documents, on a machine that others use as well."""


def run(args: argparse.Namespace) -> Iterator[Table]:
    """Build and refresh quarters of several sizes, and yield a table of each step's time and the bars."""
    rows = [_measure(size) for size in (QUICK_SIZES if args.quick else SIZES)]
    yield Table(
        "milliseconds by documents in the quarter",
        rows,
        (
            "first build: nothing is kept yet; ingest: parsing is left out, tagging and writing are in",
            "refresh: median after one more document was written, its own brief included",
        ),
    )
    small, large = [_harvest(size) for size in (QUICK_HARVESTS if args.quick else HARVESTS)]
    yield Table(
        "a refresh after a harvest over five years",
        [small, large],
        ("seconds of CPU; each paper is of its own quarter, and late in the one that is running",),
    )
    exponent = log(large["refresh"] / small["refresh"]) / log(large["papers"] / small["papers"])
    largest = rows[-1]
    yield Table(
        "bars",
        [
            bar("seconds to refresh after one more", float(largest["refresh"]) / 1000, most=REFRESH_SECONDS),
            bar("refresh over first build", float(largest["refresh"]) / float(largest["first build"]), most=0.25),
            bar("power of their number with which a harvest's refresh grows", exponent, most=1.2),
        ],
    )


def _harvest(size: int) -> dict[str, float]:
    quarters, glossary, tagger = Quarters(), load_glossary(STARTER / "glossary.tsv"), Tagger()
    tagger.tag("warm")
    named = [f"{year}-Q{number}" for year in YEARS for number in range(1, 5)]
    with tempfile.TemporaryDirectory() as home:
        store = Store(Path(home), clock=FixedClock())
        for quarter in named:
            _write(store, [quarters.prepared(one) for one in quarters.documents(quarter, size // len(named))])
        began = process_time()
        Digests(store, lambda: glossary, lambda: tagger).refresh()
        refresh = process_time() - began
        store.close()
    return {"papers": size, "refresh": refresh, "ms a paper": 1000 * refresh / size}


def _measure(size: int) -> dict[str, float]:
    quarters, glossary, tagger = Quarters(), load_glossary(STARTER / "glossary.tsv"), Tagger()
    tagger.tag("warm")
    with tempfile.TemporaryDirectory() as home:
        store = Store(Path(home), clock=FixedClock())
        digests = Digests(store, lambda: glossary, lambda: tagger)
        documents = list(quarters.documents(QUARTER, size))
        prepared: list[Prepared] = []
        preparing = milliseconds(lambda: prepared.extend(quarters.prepared(document) for document in documents))
        writing = milliseconds(lambda: _write(store, prepared))
        first = milliseconds(digests.refresh)
        again = milliseconds(Digests(store, lambda: glossary, lambda: tagger).refresh)
        refreshes = [_refresh(store, quarters, digests, document) for document in quarters.documents(QUARTER, ROUNDS)]
        reads = in_turn({"read": lambda: digests.digest(QUARTER), "quarters": digests.quarters}, ROUNDS)
        store.close()
    return {
        "documents": size,
        "ingest": preparing + writing,
        "first build": first,
        "nothing to do": again,
        "refresh": median(refreshes),
        "read": median(reads["read"]),
        "list of quarters": median(reads["quarters"]),
    }


def _refresh(store: Store, quarters: Quarters, digests: Digests, document: Document) -> float:
    _write(store, [quarters.prepared(document)])
    return milliseconds(digests.refresh)


def _write(store: Store, prepared: list[Prepared]) -> None:
    with store.write("generating") as writer:
        source = writer.open_source("generated", "generated")
        writer.write_documents(source, prepared, "")
