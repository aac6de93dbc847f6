"""digests.movements: what rose and fell, and what is too little to say."""

import pytest

from digests.movements import Tally, movements, strength, tally
from digests.types import Movement


def quarter(documents: int, topics: dict[str, int] | None = None, terms: dict[str, int] | None = None) -> Tally:
    return Tally(documents, topics or {}, terms or {})


def test_documents_are_counted_once_for_each_topic_and_term() -> None:
    found = tally([("serving", "hardware"), ("serving", "serving"), ()], [("KV cache", "KV cache"), (), ("KV cache",)])
    assert found == Tally(3, {"serving": 2, "hardware": 1}, {"KV cache": 2})


def test_topics_move_with_their_counts_the_strongest_first() -> None:
    before, now = quarter(10, {"serving": 2, "hardware": 5}), quarter(12, {"serving": 8, "hardware": 1})
    found = movements(before, now)
    assert [(m.subject, m.kind, m.before, m.now, m.total_before, m.total_now) for m in found] == [
        ("hardware", "topic", 5, 1, 10, 12),
        ("serving", "topic", 2, 8, 10, 12),
    ]


@pytest.mark.parametrize(("before", "now"), [(0, 40), (4, 40), (40, 4), (0, 0)])
def test_nothing_moves_against_an_empty_or_tiny_quarter(before: int, now: int) -> None:
    assert movements(quarter(before, {"serving": before}), quarter(now, {"hardware": now})) == ()


def test_a_share_that_stays_is_no_movement_however_much_the_quarter_grew() -> None:
    assert movements(quarter(10, {"serving": 5}), quarter(100, {"serving": 50})) == ()


def test_a_term_must_be_more_than_chance() -> None:
    chance = movements(quarter(10, terms={"KV cache": 3}), quarter(10, terms={"KV cache": 5}))
    moved = movements(quarter(10, terms={"KV cache": 0}), quarter(10, terms={"KV cache": 6}))
    assert chance == ()
    assert [(m.subject, m.before, m.now) for m in moved] == [("KV cache", 0, 6)]


def test_one_document_more_of_a_topic_is_no_movement() -> None:
    assert movements(quarter(12, {"parallelism": 2}), quarter(11, {"parallelism": 3})) == ()
    moved = movements(quarter(12, {"hardware": 5}), quarter(11, {"hardware": 1, "serving": 3}))
    assert [(m.subject, m.before, m.now) for m in moved] == [("serving", 0, 3), ("hardware", 5, 1)]


def test_a_term_that_says_the_same_in_more_words_is_told_once() -> None:
    found = movements(quarter(20), quarter(20, terms={"KV cache": 12, "KV cache quantization": 11, "4-bit": 9}))
    assert [m.subject for m in found] == ["KV cache", "4-bit"]


def test_what_is_a_topic_is_no_term() -> None:
    assert movements(quarter(20), quarter(20, terms={"quantization": 15}), ["Quantization"]) == ()


def test_documents_without_a_topic_are_no_topic() -> None:
    assert movements(quarter(10, {"other": 1}), quarter(10, {"other": 9})) == ()


def test_the_strength_of_no_change_is_nothing() -> None:
    same = Movement(subject="x", kind="term", before=3, now=3, total_before=9, total_now=9)
    more = same.model_copy(update={"now": 8})
    assert strength(same) == pytest.approx(0)
    assert strength(more) > 3.84
