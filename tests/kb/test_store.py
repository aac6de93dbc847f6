"""kb.store: one truth, one writer, whole transactions."""

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from kb.chunk import chunk
from kb.errors import DocumentNotFound, Locked, SchemaTooNew, StoreError
from kb.references import extract
from kb.store import Prepared, SourceRecord, Store
from kb.store.lock import exclusive
from kb.store.retrieval import (
    all_vectors,
    count_missing,
    keyword_scores,
    matching_rows,
    missing_vectors,
    references_to,
    vocabulary,
)
from kb.store.schema import MIGRATIONS, VERSION
from kb.store.writer import content_hash, date_range, embed_hash
from kb.types import Document, Kind, Query


def clock() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home", clock=clock, lock_wait=0.2)


def document(name: str, text: str, **more: object) -> Document:
    made = Document(
        **({"id": name, "source": "s", "kind": Kind.PAGE, "title": f"Title of {name}", "text": text} | more)
    )
    return made.model_copy(update={"content_hash": content_hash(made)})


def prepare(made: Document) -> Prepared:
    chunks = chunk(made)
    vectors = {embed_hash(c.embed_text): (np.eye(4, dtype=np.float32)[len(c.text) % 4], 3) for c in chunks}
    references = [r.model_copy(update={"chunk_id": c.id}) for c in chunks for r in extract(c.text)]
    return Prepared(made, chunks, references, [("serving", 0.9, "word: cache")], vectors)


def put(store: Store, location: str, *documents: Document, keep: bool = True) -> int:
    with store.write("testing") as writer:
        source = writer.open_source(location, location.rsplit("/", 1)[-1])
        writer.write_documents(source, [prepare(d) for d in documents], "fp")
        names = [d.id for d in documents] if keep else None
        return writer.close_source(source, SourceRecord(kind="page", content_hash="h"), prepare, names)


def test_a_document_comes_back_as_it_went_in(store: Store) -> None:
    made = document(
        "page:a#1", "Paged attention cuts waste.", published="2023-09-12", quarter="2023-Q3", authors=("A B",)
    )
    put(store, "/a", made)
    assert store.document("page:a#1") == made.model_copy(update={"topics": ("serving",)})
    (info,) = store.infos()
    assert (info.chunks, info.topics, info.added) == (1, ("serving",), "2026-01-02T03:04:05+00:00")


def test_unknown_ids_are_said(store: Store) -> None:
    with pytest.raises(DocumentNotFound, match="page:none"):
        store.document("page:none")
    with pytest.raises(DocumentNotFound):
        store.chunk("page:none#1")


def test_words_are_found_in_both_languages_and_gone_after_removal(store: Store) -> None:
    put(store, "/a", document("page:a#1", "流水線氣泡 and pipeline bubbles"))
    assert len(keyword_scores(store, '"气泡"', None, 10)) == 1
    assert len(keyword_scores(store, '"bubbl"', None, 10)) == 1
    assert put(store, "/a") == 1
    assert keyword_scores(store, '"bubbl"', None, 10) == {}
    assert store.rows("SELECT count(*) FROM vectors")[0][0] == 0


def test_an_edit_replaces_words_vectors_and_references(store: Store) -> None:
    put(store, "/a", document("page:a#1", "Old words, see arXiv:2309.06180."))
    put(store, "/a", document("page:a#1", "New words, see arXiv:1910.02054."))
    assert references_to(store, "arxiv", "2309.06180") == []
    assert [r.doc_id for r in references_to(store, "arxiv", "1910.02054")] == ["page:a#1"]
    assert vocabulary(store, ["old", "new"]) == {"new": 1}


def test_equal_text_in_two_documents_is_embedded_once_and_kept_until_both_are_gone(store: Store) -> None:
    same = {"title": "Same", "text": "The very same words."}
    put(store, "/a", document("page:a#1", **same))
    put(store, "/b", document("page:b#1", **same))
    rows, matrix = all_vectors(store, "fp")
    assert matrix.shape == (2, 4)
    assert len(rows) == 2
    assert store.rows("SELECT count(*) FROM vectors")[0][0] == 1
    put(store, "/a")
    assert all_vectors(store, "fp")[1].shape == (1, 4)


@pytest.mark.parametrize("order", [("/dump", "/api"), ("/api", "/dump")])
def test_the_fullest_record_wins_whatever_the_order(store: Store, order: tuple[str, str]) -> None:
    dump = document("arxiv:2301.00001", "Abstract text.", title="Abstract text…", title_estimated=True)
    full = document("arxiv:2301.00001", "Abstract text.", title="A True Title", version=2)
    for location in order:
        put(store, location, full if location == "/api" else dump)
    assert store.document("arxiv:2301.00001").title == "A True Title"
    with store.write("testing") as writer:
        row = store.rows("SELECT id FROM sources WHERE location = '/api'")[0][0]
        assert writer.remove_source(row, prepare) == 0
    assert store.document("arxiv:2301.00001").title_estimated
    put(store, "/dump")
    assert store.infos() == []


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    good = prepare(document("page:a#1", "First text."))
    # The second document brings passages whose ids are taken.
    broken = Prepared(document("page:a#2", "x"), good.chunks)
    with store.write("testing") as writer:
        source = writer.open_source("/a", "a")
    with pytest.raises(StoreError), store.write("testing") as writer:
        writer.write_documents(source, [good, broken], "fp")
    assert store.rows("SELECT count(*) FROM chunks")[0][0] == 0
    assert store.infos() == []


def test_a_removed_document_is_remembered(store: Store) -> None:
    put(store, "/a", document("page:a#1", "Text."))
    with store.write("testing") as writer:
        writer.remove_document("page:a#1", "Title")
    assert store.rows("SELECT doc_id FROM tombstones") == [("page:a#1",)]
    assert store.infos() == []


def test_a_readers_tags_survive_a_new_ingest(store: Store) -> None:
    put(store, "/a", document("page:a#1", "Text."))
    with store.write("testing") as writer:
        writer.correct_topics("page:a#1", ["hardware"], [])
    put(store, "/a", document("page:a#1", "Other text."))
    assert store.document("page:a#1").topics == ("hardware",)
    with store.write("testing") as writer:
        writer.correct_topics("page:a#1", None, [("serving", 0.8, "r")])
    assert store.document("page:a#1").topics == ("serving",)


def test_filters(store: Store) -> None:
    put(store, "/one", document("page:a#1", "Early words.", published="2023-04-07", quarter="2023-Q2"))
    put(store, "/two", document("page:b#1", "晚些时候的文字。", published="2024", language="zh"))
    put(store, "/three", document("page:c#1", "Undated words."))

    def found(**filters: object) -> set[str]:
        rows = matching_rows(store, Query(text="", **filters))
        assert rows is not None
        return {c.doc_id for c in store.chunks_by_row([int(r) for r in rows]).values()}

    assert found(since="2023-04") == {"page:a#1", "page:b#1"}
    assert found(since="2024-06") == {"page:b#1"}
    assert found(until="2023-04") == {"page:a#1"}
    assert found(until="2023") == {"page:a#1"}
    assert found(language="zh") == {"page:b#1"}
    assert found(sources=("TWO",)) == {"page:b#1"}
    assert found(topics=("hardware",)) == set()
    assert found(kinds=(Kind.PAGE,), doc_id="page:c#1") == {"page:c#1"}
    assert matching_rows(store, Query(text="x")) is None


def test_missing_vectors_are_listed_and_added(store: Store) -> None:
    made = prepare(document("page:a#1", "Text without vector."))
    with store.write("testing") as writer:
        source = writer.open_source("/a", "a")
        writer.write_documents(source, [Prepared(made.document, made.chunks)], "")
    ((key, text),) = missing_vectors(store, "fp")
    assert "Text without vector." in text
    with store.write("testing") as writer:
        writer.add_vectors("fp", [(key, np.ones(4, dtype=np.float32), 5)])
    assert count_missing(store, "fp") == 0
    assert count_missing(store, "other") == 1
    with store.write("testing") as writer:
        assert writer.drop_vectors_but("other") == 1


@pytest.mark.parametrize(
    ("published", "quarter", "expected"),
    [
        ("2023-04-07T23:00:00-08:00", "2023-Q2", ("2023-04-07", "2023-04-07")),
        ("2024-02", "2024-Q1", ("2024-02-01", "2024-02-29")),
        ("2023", "", ("2023-01-01", "2023-12-31")),
        ("", "2023-Q1", ("2023-01-01", "2023-03-31")),
        ("", "2023-Q2", ("2023-04-01", "2023-06-30")),
        ("", "2023-Q3", ("2023-07-01", "2023-09-30")),
        ("", "2023-Q4", ("2023-10-01", "2023-12-31")),
        ("", "", ("", "")),
    ],
)
def test_what_days_a_partial_date_may_mean(published: str, quarter: str, expected: tuple[str, str]) -> None:
    assert date_range(published, quarter) == expected


def test_a_second_writer_is_told_who_writes(store: Store) -> None:
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(store.home / "write.lock", "ingesting notes", 1.0):
            holding.set()
            done.wait(5)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(5)
    try:
        with pytest.raises(Locked, match="ingesting notes"), store.write("testing"):
            pass
    finally:
        done.set()
        thread.join()
    with store.write("testing"):
        pass


def test_readers_go_on_while_one_writes(store: Store) -> None:
    put(store, "/a", document("page:a#1", "Text."))
    found: list[int] = []
    with store.write("testing") as writer:
        source = writer.open_source("/b", "b")
        writer.write_documents(source, [prepare(document("page:b#1", "More."))], "fp")
        thread = threading.Thread(target=lambda: found.append(len(store.infos())))
        thread.start()
        thread.join(5)
    assert found == [2]


def test_a_newer_library_is_refused_and_left_alone(tmp_path: Path) -> None:
    Store(tmp_path, clock=clock).close()
    with sqlite3.connect(tmp_path / "almanac.sqlite") as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = (tmp_path / "almanac.sqlite").read_bytes()
    with pytest.raises(SchemaTooNew, match="newer version"):
        Store(tmp_path, clock=clock)
    assert (tmp_path / "almanac.sqlite").read_bytes() == before


def test_a_damaged_library_is_said(tmp_path: Path) -> None:
    (tmp_path / "almanac.sqlite").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreError, match="damaged"):
        Store(tmp_path, clock=clock)


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made"):
        Store(tmp_path / "file" / "home", clock=clock)


def test_a_full_disk_is_said_and_leaves_the_library_whole(store: Store) -> None:
    put(store, "/a", document("page:a#1", "Kept text."))
    store.connection.execute("PRAGMA max_page_count = 1")
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        put(store, "/b", document("page:b#1", "word " * 100_000))
    assert [info.id for info in store.infos()] == ["page:a#1"]
    assert store.rows("PRAGMA integrity_check")[0][0] == "ok"


def test_a_library_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "almanac.sqlite") as connection:
        connection.executescript(MIGRATIONS[0])
        connection.execute("INSERT INTO facts VALUES ('generation', '41')")
        connection.execute("PRAGMA user_version = 1")
    store = Store(tmp_path, clock=clock)
    assert store.rows("PRAGMA user_version") == [(VERSION,)]
    assert store.generation() == 41
    with store.write("testing") as writer:
        writer.save_search("x")
    assert store.rows("SELECT text FROM saved_searches") == [("x",)]
