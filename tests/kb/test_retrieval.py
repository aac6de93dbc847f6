"""kb.store.retrieval: filters cost the keyword leg nothing to speak of, and change no score."""

import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks._generated import Generator
from kb.store import Store
from kb.store.retrieval import Rows, keyword_scores, matching_rows, quote
from kb.types import Kind, Query
from tests.fakes import FixedClock


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Store:
    made = Store(tmp_path / "home", clock=clock)
    with made.write("generating") as writer:
        source = writer.open_source("generated", "generated")
        writer.write_documents(source, list(Generator(8).documents(1200)), "fake")
    return made


def test_a_filter_scores_the_same_and_asks_the_words_once(store: Store) -> None:
    match = " OR ".join(quote(word) for word in ("the", "of", "model", "memori", "gpu"))
    allowed = np.array([row for (row,) in store.rows("SELECT row FROM chunks WHERE row % 2 = 0 ORDER BY row")])

    def quickest(rows: Rows | None) -> float:
        times = []
        for _ in range(5):
            began = time.process_time()
            keyword_scores(store, match, rows, 2000)
            times.append(time.process_time() - began)
        return min(times)

    everything = keyword_scores(store, match, None, 2000)
    kept = keyword_scores(store, match, allowed, 2000)
    assert kept == {row: score for row, score in everything.items() if row % 2 == 0}
    assert 200 < len(kept) < len(everything)
    assert quickest(allowed) < 4 * quickest(None) + 0.002


def test_filtered_rows_come_in_order(store: Store) -> None:
    for query in (
        Query(text="", since="2020"),
        Query(text="", kinds=(Kind.NOTES, Kind.PAGE)),
        Query(text="", topics=("serving",)),
    ):
        rows = matching_rows(store, query)
        assert rows is not None
        assert 0 < len(rows) < 1200
        assert (np.diff(rows) > 0).all()
