"""How long digests take: a quarter of 5,000 documents built, kept, and refreshed after one more.

Everything is generated. A build takes the sentences, terms and works out of each document once;
what was taken is kept, so a refresh pays for one document and for putting the quarter together.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

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
    largest = rows[-1]
    yield Table(
        "bars",
        [
            bar("seconds to refresh after one more", float(largest["refresh"]) / 1000, most=REFRESH_SECONDS),
            bar("refresh over first build", float(largest["refresh"]) / float(largest["first build"]), most=0.25),
        ],
    )


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
