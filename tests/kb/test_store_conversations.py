"""Conversations in the database: turns in order, search in both languages, deleting with a way back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.store import Store
from kb.store.conversations import (
    TurnRow,
    count_conversations,
    delete_conversation,
    find_turns,
    forget_conversation,
    read_conversation,
    read_conversations,
    read_turns,
    rename_conversation,
    restore_conversation,
    save_turn,
)
from tests.fakes import FixedClock


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
    made = Store(tmp_path / "library", clock=clock)
    yield made
    made.close()


def put(store: Store, conversation: str, question: str, answer: str = "", ordinal: int = 1, **more: bool) -> None:
    at = store.now().isoformat(timespec="seconds")
    turn = TurnRow(ordinal=ordinal, question=question, record=f'{{"text": "{answer}"}}', at=at)
    with store.write("test") as writer:
        save_turn(writer, conversation, turn, f"{question}\n{answer}", title=question, **more)


def questions(store: Store, conversation: str) -> list[str]:
    return [turn.question for turn in read_turns(store, conversation)]


def test_turns_follow_one_another_and_the_last_changed_conversation_is_first(store: Store, clock: FixedClock) -> None:
    put(store, "a", "first")
    clock.advance(minutes=1)
    put(store, "b", "other")
    clock.advance(minutes=1)
    put(store, "a", "second", ordinal=2)
    assert questions(store, "a") == ["first", "second"]
    rows = read_conversations(store)
    assert [(row.id, row.title, row.turns) for row in rows] == [("a", "first", 2), ("b", "other", 1)]
    assert rows[0].started_at < rows[0].changed_at
    assert [row.id for row in read_conversations(store, limit=1)] == ["a"]
    assert count_conversations(store) == 2


def test_two_tabs_that_append_at_one_place_lose_nothing(store: Store) -> None:
    put(store, "a", "first")
    put(store, "a", "from one tab", ordinal=2)
    put(store, "a", "from the other", ordinal=2)
    assert [(turn.ordinal, turn.question) for turn in read_turns(store, "a")] == [
        (1, "first"),
        (2, "from one tab"),
        (3, "from the other"),
    ]


def test_an_edited_question_replaces_what_followed_it(store: Store) -> None:
    for number, question in enumerate(["one", "two", "three"], 1):
        put(store, "a", question, ordinal=number)
    put(store, "a", "two, put better", ordinal=2, replace=True)
    assert questions(store, "a") == ["one", "two, put better"]
    put(store, "a", "anew", ordinal=1, replace=True)
    row = read_conversation(store, "a")
    assert row is not None
    assert (row.title, row.turns) == ("anew", 1)


def test_a_title_that_the_reader_chose_stays(store: Store) -> None:
    put(store, "a", "one")
    with store.write("test") as writer:
        rename_conversation(writer, "a", "Caches")
    put(store, "a", "one again", replace=True)
    row = read_conversation(store, "a")
    assert row is not None
    assert (row.title, row.named) == ("Caches", True)


def test_a_search_reads_questions_answers_and_titles(store: Store) -> None:
    put(store, "a", "What is the bubble?", "idle time")
    put(store, "a", "流水線氣泡怎么算", "气泡随微批数缩小", ordinal=2)
    put(store, "b", "KV cache size", "2 bytes each")
    with store.write("test") as writer:
        rename_conversation(writer, "b", "Pipeline budget")
    assert [(row.id, at) for row, at in find_turns(store, "流水线气泡")] == [("a", 2)]
    assert [(row.id, at) for row, at in find_turns(store, "IDLE bubble")] == [("a", 1)]
    assert [row.id for row, _ in find_turns(store, "pipeline bytes")] == ["b"]
    assert find_turns(store, "idle bytes") == []
    assert find_turns(store, "100%_") == []
    assert find_turns(store, "  ") == []


def test_a_deleted_conversation_comes_back_until_it_is_old(store: Store, clock: FixedClock) -> None:
    put(store, "a", "kept")
    put(store, "b", "old")
    with store.write("test") as writer:
        delete_conversation(writer, "b", clock.now)
    assert [row.id for row in read_conversations(store)] == ["a"]
    assert find_turns(store, "old") == []
    assert [row.id for row in read_conversations(store, deleted=True)] == ["b"]
    with store.write("test") as writer:
        restore_conversation(writer, "b")
    assert {row.id for row in read_conversations(store)} == {"a", "b"}
    with store.write("test") as writer:
        delete_conversation(writer, "b", clock.now)
        delete_conversation(writer, "a", clock.advance(days=31))
    assert [row.id for row in read_conversations(store, deleted=True)] == ["a"]
    assert questions(store, "b") == []


def test_an_answer_to_a_deleted_conversation_brings_it_back(store: Store, clock: FixedClock) -> None:
    put(store, "a", "one")
    with store.write("test") as writer:
        delete_conversation(writer, "a", clock.now)
    put(store, "a", "two", ordinal=2)
    assert [row.turns for row in read_conversations(store)] == [2]


def test_what_is_forgotten_leaves_nothing(store: Store) -> None:
    put(store, "a", "one")
    with store.write("test") as writer:
        forget_conversation(writer, "a")
    assert read_conversation(store, "a") is None
    assert store.rows("SELECT count(*) FROM turns") == [(0,)]


def test_a_saved_turn_drops_no_cache_of_the_library(store: Store) -> None:
    before = store.generation()
    put(store, "a", "one")
    assert store.generation() == before


def test_a_turn_that_cannot_be_written_leaves_nothing_behind(store: Store) -> None:
    put(store, "a", "one")
    broken = TurnRow(ordinal=1, question="x", record="{}").model_copy(update={"record": None})
    with pytest.raises(Exception, match="NOT NULL"), store.write("test") as writer:
        save_turn(writer, "a", broken, "x", title="x", replace=True)
    assert questions(store, "a") == ["one"]
