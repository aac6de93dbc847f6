"""kb.store.digests: marks, mentions, and what digests keep of their own."""

from pathlib import Path

import pytest

from kb.store.digests import (
    Stored,
    briefs,
    build_stamps,
    documents_of,
    drop_builds,
    drop_prose,
    edit_records,
    failed_sources,
    forget_briefs,
    marks,
    mentions,
    passages_of,
    prose_of,
    save_briefs,
    save_build,
    save_edit,
    save_prose,
    stored_basis,
    stored_build,
)
from kb.store.subscriptions import Check, save_check
from kb.store.writer import SourceRecord
from tests.digests.shelf import Shelf, paper, post
from tests.digests.test_summarise import ABSTRACT, IDEA

TITLE = "Zephyr: Lazy Paging of the KV Cache for Serving"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_marks_tell_of_a_document_what_digests_depend_on(shelf: Shelf) -> None:
    made = paper("2301.00001", TITLE, ABSTRACT, "2023-02-10", authors=("Ada Example",))
    shelf.put(made)
    mark = marks(shelf.store)["arxiv:2301.00001"]
    assert (mark.kind, mark.quarter, mark.published, mark.title) == ("arxiv", "2023-Q1", "2023-02-10", TITLE)
    assert (mark.content_hash, mark.source, mark.authors) == (made.content_hash, "source.txt", ("Ada Example",))
    assert mark.added.startswith("2026-11-22")
    assert not mark.title_estimated
    assert mark.topics[0][0] == "serving"
    assert 0.5 < mark.topics[0][1] <= 1


def test_mentions_and_passages_come_with_their_references(shelf: Shelf) -> None:
    shelf.put(post("1", "On caches", f"{IDEA} It extends https://arxiv.org/abs/2301.00001."))
    assert [(m.kind, m.key, m.doc_id) for m in mentions(shelf.store)] == [("arxiv", "2301.00001", "rss:1")]
    chunks, references = passages_of(shelf.store, ["rss:1"])["rss:1"]
    assert [chunk.id for chunk in chunks] == [references[0].chunk_id]
    assert [document.id for document in documents_of(shelf.store, ["rss:1", "rss:gone"])] == ["rss:1"]


def test_what_digests_keep_leaves_the_librarys_caches_alone(shelf: Shelf) -> None:
    before = shelf.store.generation()
    with shelf.store.write("testing") as writer:
        save_build(writer, "2023-Q1", Stored("f", "{}", "{}", "{}", "now", ""))
        save_briefs(writer, {"rss:gone": ("key", "{}")})
        save_prose(writer, "2023-Q1", "summary", "key", "{}")
    assert shelf.store.generation() == before
    assert stored_build(shelf.store, "2023-Q1") == Stored("f", "{}", "{}", "{}", "now", "")
    assert stored_basis(shelf.store, "2023-Q1") == ("{}", "now")
    assert stored_basis(shelf.store, "2023-Q2") is None
    assert build_stamps(shelf.store) == {"2023-Q1": ("f", "now")}
    assert prose_of(shelf.store, "2023-Q1") == {"summary": ("key", "{}")}
    with shelf.store.write("testing") as writer:
        drop_builds(writer, ["2023-Q1"])
        drop_prose(writer, "2023-Q1")
    assert stored_build(shelf.store, "2023-Q1") is None
    assert prose_of(shelf.store, "2023-Q1") == {}


def test_an_edit_is_noticed_and_an_empty_one_forgets(shelf: Shelf) -> None:
    before = shelf.store.generation()
    with shelf.store.write("testing") as writer:
        save_edit(writer, "2023-Q1", '{"title": "Mine"}', "now")
    assert shelf.store.generation() > before
    assert edit_records(shelf.store) == {"2023-Q1": '{"title": "Mine"}'}
    with shelf.store.write("testing") as writer:
        save_edit(writer, "2023-Q1", "", "now")
    assert edit_records(shelf.store) == {}


def test_briefs_hold_for_their_key_and_go_with_their_document(shelf: Shelf) -> None:
    shelf.put(paper("2301.00001", TITLE, ABSTRACT), paper("2301.00002", "Quartz", ABSTRACT))
    with shelf.store.write("testing") as writer:
        save_briefs(writer, {"arxiv:2301.00001": ("a", "one"), "arxiv:2301.00002": ("b", "two")})
    assert briefs(shelf.store, {"arxiv:2301.00001": "a", "arxiv:2301.00002": "old"}) == {"arxiv:2301.00001": "one"}
    shelf.remove("arxiv:2301.00001")
    with shelf.store.write("testing") as writer:
        forget_briefs(writer)
    assert [row[0] for row in shelf.store.rows("SELECT doc_id FROM digest_briefs")] == ["arxiv:2301.00002"]


def test_sources_and_subscriptions_that_fail_are_named_once(shelf: Shelf) -> None:
    with shelf.store.write("testing") as writer:
        source = writer.open_source("https://blog.example/feed", "feed")
        writer.close_source(source, SourceRecord(kind="rss", status="failed", error="No answer."), shelf.prepare)
        for key, result in (
            ("rss:https://blog.example/feed", "failed"),
            ("arxiv:cat:cs.DC", "failed"),
            ("rss:https://fine.example/feed", "ok"),
        ):
            save_check(writer, Check.model_validate({"subscription": key, "result": result, "error": "It broke."}))
    assert failed_sources(shelf.store) == [
        ("arxiv:cat:cs.DC", "It broke."),
        ("https://blog.example/feed", "It broke."),
    ]
