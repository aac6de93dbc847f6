"""kb.store.subscriptions: checks saved with what they brought, and what is asked about held documents."""

from pathlib import Path

import pytest

from kb.errors import StoreError
from kb.store import Store, Writer
from kb.store.subscriptions import (
    Check,
    forget_check,
    held_by,
    known_by_id,
    locations_under,
    monthly,
    move_source,
    read_check,
    read_checks,
    removed_posts,
    save_check,
)
from kb.types import Known
from tests.kb.test_store import clock, document, put


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home", clock=clock, lock_wait=0.2)


def test_a_check_comes_back_byte_for_byte(store: Store) -> None:
    made = Check(subscription="rss:x", etag='W/"a  b\t"', last_modified="Sun, 6 Nov 1994 08:49:37", errors=2)
    with store.write("testing") as writer:
        save_check(writer, made)
    assert read_check(store, "rss:x") == made
    assert read_checks(store) == {"rss:x": made}
    with store.write("testing") as writer:
        forget_check(writer, "rss:x")
    assert read_check(store, "rss:x") == Check(subscription="rss:x")


def _write_and_fail(writer: Writer) -> None:
    save_check(writer, Check(subscription="rss:x", etag='"new"'))
    writer.open_source("/a", "a")
    writer.run(("INSERT INTO nowhere VALUES (1)", ()))


def test_a_check_is_lost_with_the_documents_that_it_came_with(store: Store) -> None:
    with pytest.raises(StoreError, match="no such table"), store.write("testing") as writer, writer.transaction():
        _write_and_fail(writer)
    assert read_checks(store) == {}
    assert store.rows("SELECT count(*) FROM sources") == [(0,)]


def test_held_and_removed_documents_are_known_by_address(store: Store) -> None:
    put(store, "/a", document("rss:1", "Some words.", url="https://x.example/1"), document("rss:2", "Other words."))
    with store.write("testing") as writer:
        writer.remove_document("rss:1", "Gone")
    assert [held.id for held in held_by(store, "/a")] == ["rss:2"]
    assert removed_posts(store) == [Known(id="rss:1", url="https://x.example/1", title="Gone")]
    assert [known.id for known in known_by_id(store, ["rss:1", "rss:2", "rss:3"])] == ["rss:2"]


def test_the_monthly_rate_is_over_a_year_or_the_sources_own_time(store: Store) -> None:
    old = [document(f"rss:o{n}", f"Words {n}.", published=f"2025-{n:02d}-15") for n in range(1, 13)]
    put(store, "/old", *old)
    put(store, "/new", document("rss:n", "New.", published="2026-01-01"), document("rss:u", "Undated."))
    put(store, "/gone", document("rss:g", "Long ago.", published="2019-01-01"))
    found = monthly(store, "2026-01-02")
    assert found["/old"] == pytest.approx(12 / 11.5, rel=0.05)
    assert found["/new"] == 2
    assert "/gone" not in found


def test_a_moved_source_keeps_its_documents_and_is_read_again(store: Store) -> None:
    put(store, "/notes/a.md", document("page:a#1", "Words."))
    put(store, "/notes/b.md", document("page:b#1", "Words too."))
    put(store, "/notesquare/c.md", document("page:c#1", "Elsewhere."))
    with store.write("testing") as writer:
        move_source(writer, "/notes/a.md", "/notes/new.md")
        move_source(writer, "/notes/b.md", "/notes/new.md")
    assert locations_under(store, ["/notes/"]) == {"/notes/b.md": "h", "/notes/new.md": ""}
    assert [held.id for held in held_by(store, "/notes/new.md")] == ["page:a#1"]
