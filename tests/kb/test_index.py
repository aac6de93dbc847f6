"""kb.index: derived, disposable, checked by vector; embedded and on a real server alike."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from kb.errors import IndexMismatch
from kb.index import VectorIndex
from kb.store import Prepared, SourceRecord, Store
from kb.store.writer import embed_hash
from kb.types import Chunk, Document, Kind, Section

DIM = 16


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = Path(sys.executable).with_name("chroma")
    if not command.exists():
        pytest.skip("the chroma command is not installed")
    folder = tmp_path_factory.mktemp("server")
    process = subprocess.Popen(
        [str(command), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=1)
            break
        except OSError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture(params=["embedded", "server"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "embedded" else request.getfixturevalue("server")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def vector_of(text: str) -> np.ndarray:
    made = np.random.default_rng(int(embed_hash(text), 16)).normal(size=DIM).astype(np.float32)
    return made / np.linalg.norm(made)


def put(store: Store, texts: list[str], topics: list[str] | None = None) -> None:
    """One document, one chunk a text."""
    body = "\n".join(texts)
    sections, chunks, at = [], [], 0
    for n, text in enumerate(texts):
        end = at + len(text) + (n + 1 < len(texts))
        sections.append(Section(id=str(n + 1), level=1, title="", start=at, end=end))
        chunks.append(
            Chunk(
                id=f"page:a#{text.split()[0]}",
                doc_id="page:a",
                ordinal=n,
                section=str(n + 1),
                text=text,
                start=at,
                end=at + len(text),
                embed_text=text,
            )
        )
        at = end
    made = Document(id="page:a", source="/a", kind=Kind.PAGE, title="T", text=body, sections=tuple(sections))
    vectors = {embed_hash(t): (vector_of(t), 4) for t in texts}
    tags = [(topic, 0.9, "r") for topic in topics or []]
    with store.write("testing") as writer:
        source = writer.open_source("/a", "a")
        prepared = Prepared(made, chunks, (), tags, vectors)
        writer.write_documents(source, [prepared], "fp")
        writer.close_source(source, SourceRecord(kind="page"), lambda d: prepared, ["page:a"])


@pytest.fixture
def index(store: Store, url: str) -> Iterator[VectorIndex]:
    made = VectorIndex(store, "fp", url=url)
    made.rebuild()
    yield made
    made.close()


def test_it_follows_the_database_through_adds_edits_and_removals(store: Store, index: VectorIndex) -> None:
    put(store, [f"w{n} words" for n in range(30)], ["serving", "hardware"])
    assert index.apply_outbox() == 30
    assert index.search(vector_of("w7 words"), 1)[0] == ("page:a#w7", pytest.approx(1.0, abs=1e-4))
    put(store, [f"w{n} words" for n in range(1, 30) if n != 7] + ["w7 other words"])
    assert index.apply_outbox() > 0
    assert index.count() == 29
    assert index.search(vector_of("w7 other words"), 1)[0][0] == "page:a#w7"
    assert index.differences() == 0
    assert index.apply_outbox() == 0


def test_a_search_can_be_held_to_some_passages(store: Store, index: VectorIndex) -> None:
    put(store, [f"w{n} words" for n in range(10)])
    index.apply_outbox()
    found = index.search(vector_of("w3 words"), 5, ids=["page:a#w1", "page:a#w2"])
    assert {key for key, _ in found} == {"page:a#w1", "page:a#w2"}
    assert index.search(vector_of("w3 words"), 5, ids=[]) == []


def test_a_changed_vector_is_noticed_and_repaired(store: Store, index: VectorIndex) -> None:
    put(store, [f"w{n} words" for n in range(10)])
    index.apply_outbox()
    index._collection.update(ids=["page:a#w4"], embeddings=[vector_of("something else")])
    assert index.differences() == 1
    assert index.repair() == 1
    assert index.differences() == 0
    assert index.search(vector_of("w4 words"), 1)[0][0] == "page:a#w4"


def test_lost_and_stray_entries_are_noticed(store: Store, index: VectorIndex) -> None:
    put(store, [f"w{n} words" for n in range(10)])
    index.apply_outbox()
    index._collection.delete(ids=["page:a#w4"])
    index._collection.add(ids=["page:stray"], embeddings=[vector_of("stray")])
    assert index.differences() == 2
    index.repair()
    assert index.count() == 10


def test_metadata_stands_on_its_own(store: Store, index: VectorIndex) -> None:
    put(store, ["w1 words"], ["serving", "hardware"])
    index.apply_outbox()
    (found,) = index._collection.get(ids=["page:a#w1"], include=["metadatas", "documents"])["metadatas"]
    assert found["topics"] == ["hardware", "serving"]
    assert (found["doc_id"], found["kind"], found["language"]) == ("page:a", "page", "en")


def test_an_empty_index_answers(index: VectorIndex) -> None:
    assert index.search(vector_of("x"), 3) == []
    assert index.differences() == 0


def test_another_embedder_has_its_own_collection(store: Store, index: VectorIndex, url: str) -> None:
    put(store, ["w1 words"])
    index.apply_outbox()
    index.close()
    other = VectorIndex(store, "other-fp", url=url)
    try:
        assert other.count() == 0
        assert other.drop_others() == [f"passages-fp-{store.fact('library')}"]
    finally:
        other.close()


def test_two_libraries_on_one_server_do_not_meet(tmp_path: Path, server: str) -> None:
    stores = [Store(tmp_path / name, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC)) for name in ("one", "two")]
    indexes = [VectorIndex(store, "fp", url=server) for store in stores]
    put(stores[0], ["w1 words", "w2 words"])
    put(stores[1], ["w3 words"])
    assert [index.apply_outbox() for index in indexes] == [2, 1]
    assert [index.differences() for index in indexes] == [0, 0]
    assert indexes[1].drop_others() == []
    assert indexes[0].count() == 2


def test_a_second_process_is_told_and_the_index_is_free_again_after_close(store: Store) -> None:
    first = VectorIndex(store, "fp")
    with pytest.raises(IndexMismatch, match="Another process"):
        VectorIndex(store, "fp")
    first.close()
    VectorIndex(store, "fp").close()


def test_a_deleted_index_is_rebuilt_without_an_embedder(store: Store) -> None:
    put(store, [f"w{n} words" for n in range(10)])
    first = VectorIndex(store, "fp")
    first.apply_outbox()
    first.close()
    shutil.rmtree(store.home / "chroma")
    import chromadb

    chromadb.api.shared_system_client.SharedSystemClient.clear_system_cache()
    second = VectorIndex(store, "fp")
    try:
        assert second.repair() == 10
        assert second.search(vector_of("w3 words"), 1)[0][0] == "page:a#w3"
    finally:
        second.close()


def test_a_server_that_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(IndexMismatch, match="could not be reached"):
        VectorIndex(store, "fp", url="http://127.0.0.1:9")
