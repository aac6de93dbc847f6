"""kb.vector_leg: the index and the exact scan give the same passages, filters come first."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from kb.chunk import chunk
from kb.errors import IndexMismatch
from kb.index import VectorIndex
from kb.store import Prepared, Store
from kb.store.retrieval import all_vectors, missing_vectors
from kb.vector_leg import VectorLeg
from tests.fakes import FakeEmbedder
from tests.kb.test_search import page, put

WORDS = "bubble stage cache block scale zero ring link tile warp".split()


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def store(tmp_path: Path, embedder: FakeEmbedder) -> Store:
    made = Store(tmp_path, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    put(made, embedder, [page(f"page:{word}", f"{word} and its {word}s") for word in WORDS])
    return made


def rows_of(store: Store, *words: str) -> np.ndarray:
    found = store.rows("SELECT row, id FROM chunks ORDER BY row")
    return np.array([row for row, name in found if any(f":{word}#" in name for word in words)])


@pytest.fixture
def index(store: Store, embedder: FakeEmbedder) -> VectorIndex:
    made = VectorIndex(store, embedder.fingerprint)
    made.repair()
    return made


def test_the_index_and_the_exact_scan_agree(
    store: Store, embedder: FakeEmbedder, index: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.vector_leg.EXACT_LIMIT", 0)
    vector = embedder.embed_query("cache block")
    exact, indexed = VectorLeg(store, embedder, None), VectorLeg(store, embedder, index)
    assert exact.nearest(vector, None, 2) == pytest.approx(indexed.nearest(vector, None, 2), abs=1e-4)
    index.close()


def test_the_index_is_counted_anew_only_after_a_write(
    store: Store, embedder: FakeEmbedder, index: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    count = index.count
    monkeypatch.setattr(index, "count", lambda: (counted.append(1), count())[1])
    leg = VectorLeg(store, embedder, index)
    for _ in range(3):
        leg.nearest(embedder.embed_query("cache"), None, 2)
    assert len(counted) == 1
    put(store, embedder, [page("page:more", "more words")])
    leg.nearest(embedder.embed_query("cache"), None, 2)
    assert len(counted) == 2
    index.close()


def test_only_allowed_passages_are_ranked(store: Store, embedder: FakeEmbedder) -> None:
    leg = VectorLeg(store, embedder, None)
    allowed = rows_of(store, "ring", "link")
    found = leg.nearest(embedder.embed_query("cache cache"), allowed, 5)
    assert set(found) == set(allowed.tolist())
    assert leg.nearest(embedder.embed_query("x"), np.array([], dtype=np.int64), 5) == {}


def test_cosines_of_given_passages_with_and_without_a_warm_matrix(store: Store, embedder: FakeEmbedder) -> None:
    vector = embedder.embed_query("tile tile")
    rows = rows_of(store, "tile", "warp").tolist()
    cold = VectorLeg(store, embedder, None)
    warm = VectorLeg(store, embedder, None)
    warm.nearest(vector, None, 1)
    assert cold.cosines(vector, rows) == pytest.approx(warm.cosines(vector, [*rows, 10**9]), abs=1e-5)


def test_what_is_written_later_is_seen(store: Store, embedder: FakeEmbedder) -> None:
    leg = VectorLeg(store, embedder, None)
    vector = embedder.embed_query("comet comets")
    leg.nearest(vector, None, 1)
    put(store, embedder, [page("page:comet", "comet and its comets")])
    (row,) = leg.nearest(vector, None, 1)
    assert store.chunks_by_row([row])[row].doc_id == "page:comet"


def test_an_index_that_fails_gives_way_to_the_exact_scan(
    store: Store, embedder: FakeEmbedder, index: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise IndexMismatch("gone", "x")

    monkeypatch.setattr(index, "count", fail)
    leg = VectorLeg(store, embedder, index)
    assert len(leg.nearest(embedder.embed_query("ring"), None, 3)) == 3
    assert leg.index is None
    index.close()


def test_a_passages_own_vector(store: Store, embedder: FakeEmbedder) -> None:
    leg = VectorLeg(store, embedder, None)
    vector = leg.vector_of("page:ring#1")
    assert vector is not None
    assert vector.shape == (embedder.dim,)
    assert leg.vector_of("page:none#1") is None


def test_vectors_are_read_anew_only_where_they_changed(
    store: Store, embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    read = all_vectors
    monkeypatch.setattr("kb.vector_leg.all_vectors", lambda *given: (reads.append(1), read(*given))[1])
    leg = VectorLeg(store, embedder, None)

    def names(text: str) -> set[str]:
        found = leg.nearest(embedder.embed_query(text), None, 3)
        return {store.chunks_by_row([row])[row].doc_id for row in found}

    assert "page:cache" in names("cache")
    waiting = page("page:waiting", "waiting words of a post without a vector")
    with store.write("testing") as writer:
        writer.set_fact("note", "nothing to do with vectors")
        source = writer.open_source("/feed", "feed")
        writer.write_documents(source, [Prepared(waiting, chunk(waiting))], "")
    assert "page:waiting" not in names("waiting words")
    assert len(reads) == 1, "a document without vectors changes nothing here"
    with store.write("testing") as writer:
        missing = missing_vectors(store, embedder.fingerprint)
        made = embedder.embed([text for _, text in missing])
        writer.add_vectors(embedder.fingerprint, [(key, made[i], 3) for i, (key, _) in enumerate(missing)])
    assert "page:waiting" in names("waiting words")
    with store.write("testing") as writer:
        writer.remove_document("page:cache", "Cache")
    assert "page:cache" not in names("cache")
    put(store, embedder, [page("page:ring", "ring and a chain instead")])
    assert leg.nearest(embedder.embed_query("chain"), None, 1) == {
        int(rows_of(store, "ring")[0]): pytest.approx(0.5, abs=0.4)
    }
    assert len(reads) == 4
