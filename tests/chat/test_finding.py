"""Everything known before a sentence is written: the question alone, its filters, its route and its passages."""

from almanac import Almanac
from chat.finding import Found, find
from chat.types import Scope, Turn
from kb.types import Kind


def _found(almanac: Almanac, text: str, *before: str, scope: Scope | None = None) -> Found:
    return find(almanac.chat.library, text, [Turn(question=one) for one in before], scope or Scope())


def test_a_question_is_read_routed_searched_and_decided(almanac: Almanac) -> None:
    found = _found(almanac, "What is a widget cache?")
    assert (found.alone, found.language, found.route.kind) == ("What is a widget cache?", "en", "library")
    assert found.decision.answers
    assert "64 frobs" in found.ranked[0].unit.text


def test_the_same_question_is_found_the_same_passages(almanac: Almanac) -> None:
    first, second = (_found(almanac, "Why do trays of 16 work better?") for _ in range(2))
    assert first.ranked
    assert [(item.unit, item.score) for item in first.ranked] == [(item.unit, item.score) for item in second.ranked]


def test_filters_in_the_words_narrow_the_search_and_leave_the_words(almanac: Almanac) -> None:
    found = _found(almanac, "Which news about frob compression was published in 2024?")
    assert (found.scoped.scope.since, found.scoped.scope.until) == ("2024", "2024")
    assert "2024" not in found.scoped.text
    assert {item.unit.document.title for item in found.ranked} == {"Frob markets cool"}


def test_the_readers_filters_hold(almanac: Almanac) -> None:
    found = _found(almanac, "What is frob compression?", scope=Scope(kinds=(Kind.NOTES,)))
    assert {item.unit.document.kind for item in found.ranked} <= {Kind.NOTES}


def test_a_follow_up_is_understood_by_what_stood_before(almanac: Almanac) -> None:
    found = _found(almanac, "Why is it split into trays?", "What is a widget cache?")
    assert found.question == "Why is it split into trays?"
    assert "widget cache" in found.alone


def test_the_answers_language_is_the_questions(almanac: Almanac) -> None:
    assert _found(almanac, "小部件的调度器先处理什么？").language == "zh"
