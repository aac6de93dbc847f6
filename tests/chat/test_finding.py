"""What is known before a sentence is written: the question as it stands alone, its filters, its passages."""

from almanac import Almanac
from chat.finding import find
from chat.types import Scope, Turn
from kb.types import Kind


def test_a_follow_up_is_read_with_its_conversation(almanac: Almanac) -> None:
    turns = [Turn(question="What is FrobNet-2?"), Turn(question="How many stages does it have?")]
    found = find(almanac.chat.library, "And what about SlowFrob?", turns, Scope())
    assert found.alone == "How many stages does SlowFrob have?"


def test_filters_in_words_are_taken_out_of_what_is_searched_for(almanac: Almanac) -> None:
    found = find(almanac.chat.library, "What came out on frob compression in 2023 Q3?", (), Scope())
    assert found.scoped.scope.since == "2023-07"
    assert "2023" not in found.asked.text
    assert {item.unit.document.kind for item in found.ranked} == {Kind.RSS}


def test_the_same_question_finds_the_same_passages(almanac: Almanac) -> None:
    first, second = (find(almanac.chat.library, "How large are the trays?", (), Scope()) for _ in range(2))
    assert [item.unit for item in first.ranked] == [item.unit for item in second.ranked]
    assert first.language == "en"
    assert find(almanac.chat.library, "托盘有多大？", (), Scope()).language == "zh"


def test_a_sum_goes_on_from_the_question_as_it_was_shown(almanac: Almanac) -> None:
    asked = ["bubble with 8 stages and 32 microbatches", "how many microbatches for less than 10%?"]
    turns = [Turn(question=text) for text in asked[:1]]
    second = almanac.chat.answer(asked[1], turns)
    assert second.standalone == "bubble with 8 stages and 71 microbatches"
    third = almanac.chat.answer("and with 4 stages?", [*turns, Turn(question=asked[1], answer=second)])
    assert third.standalone == "bubble with 4 stages and 71 microbatches"
    assert third.estimates[0].estimate.inputs["microbatches"] == 71
