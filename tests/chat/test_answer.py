"""What a reader gets without a model: quotations in place, sums, refusals, and numbers that stay."""

from pathlib import Path

import pytest

from almanac import Almanac
from chat.types import Answer, Scope, Turn
from kb.types import Kind
from tests.chat.conftest import NOTES, open_small


def _quotes(answer: Answer) -> list[str]:
    return [citation.quote for citation in answer.citations]


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("What is a widget cache?", "a widget cache keeps the last 64 frobs"),
        ("How large are the trays?", "the cache is cut into trays of 16 frobs"),
        ("How much faster is FrobNet-2 than FrobNet-1?", "3.5x the throughput"),
        ("Why do trays of 16 work better?", "because the last tray wastes half its slots"),
        ("How does the scheduler pick sessions?", "调度器先处理等待最久的会话"),
        ("调度器怎么选会话？", "调度器先处理等待最久的会话"),
        ("托盘大小有什么影响？", "托盘越小，浪费越少"),
        ("Who wrote FrobNet?", "Ada Example"),
        ("Which notes did I mark very good?", "very good, the clearest account of trays"),
        ("What came out on frobs in 2023 Q3?", "Frob compression stores each frob in 4 bits"),
        ("What is the idle share of the pipeline?", "(p-1)/m with p stages"),
    ],
)
def test_the_first_quotation_answers(almanac: Almanac, question: str, quote: str) -> None:
    answer = almanac.chat.answer(question)
    assert answer.kind == "quoted"
    assert answer.grounded
    assert quote in _quotes(answer)[0]
    for citation in answer.citations:
        assert almanac.document(citation.doc_id).text[citation.start : citation.end] == citation.quote
        assert f"[{citation.number}]" in answer.text
        assert almanac.chunk(citation.chunk_id).doc_id == citation.doc_id


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "What is FrobNet-3?",
        "What does a frob taste like?",
        "How many people work at FrobNet?",
        "红烧肉怎么做？",
        "What came out on frobs in 2019 Q1?",
    ],
)
def test_what_is_not_there_is_declined_with_what_to_add(almanac: Almanac, question: str) -> None:
    answer = almanac.chat.answer(question)
    assert answer.kind == "declined"
    assert not answer.grounded
    assert answer.citations == ()
    assert answer.advice
    assert len(answer.candidates) <= 3


def test_a_refusal_asks_for_what_is_missing_and_for_nothing_that_is_known(almanac: Almanac) -> None:
    missing = almanac.chat.answer("What does FrobNet keep on the Zorblatt chip?").advice
    assert "Zorblatt" in missing
    assert "FrobNet" not in missing
    assert "holds no words" in almanac.chat.answer("?! ... ,").advice
    long = almanac.chat.answer("What is " + "Q" * 600 + "?")
    assert len(long.advice) < 200
    assert len(long.text) < 400


def test_both_sides_of_a_comparison_are_cited(almanac: Almanac) -> None:
    quotes = _quotes(almanac.chat.answer("What is the difference between FrobNet-2 and SlowFrob?"))
    assert any("FrobNet-2 splits" in quote for quote in quotes)
    assert any("SlowFrob processes" in quote for quote in quotes)


def test_sums_come_with_formula_and_source(almanac: Almanac) -> None:
    answer = almanac.chat.answer("bubble for 8 stages and 64 microbatches")
    assert answer.kind == "computed"
    assert answer.estimates[0].estimate.value == pytest.approx(7 / 64)
    assert "(8 − 1)" in answer.text or "(8 - 1)" in answer.text
    assert "2104.04473" in answer.text


def test_a_sum_asks_for_what_is_missing(almanac: Almanac) -> None:
    answer = almanac.chat.answer("bubble for 8 stages")
    assert answer.kind == "incomplete"
    assert [item.name for item in answer.missing] == ["microbatches"]
    assert answer.estimates == ()
    assert "microbatches" in answer.text


def test_filters_hold(almanac: Almanac) -> None:
    scope = Scope(kinds=(Kind.RSS,))
    answer = almanac.chat.answer("How does frob compression work?", (), scope)
    assert {citation.kind for citation in answer.citations} == {Kind.RSS}
    assert almanac.chat.answer("What is a widget cache?", (), scope).kind == "declined"


def test_a_passage_keeps_its_number_through_a_conversation(almanac: Almanac) -> None:
    turns: list[Turn] = []
    numbers: dict[str, int] = {}
    for question in ("What is a widget cache?", "How large are the trays?", "What is a widget cache?"):
        answer = almanac.chat.answer(question, turns)
        for citation in answer.citations:
            assert numbers.setdefault(citation.quote, citation.number) == citation.number
        turns.append(Turn(question=question, answer=answer))
    assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))


def test_a_follow_up_is_understood_and_said_how(almanac: Almanac) -> None:
    first = almanac.chat.answer("How much faster is FrobNet-2?")
    answer = almanac.chat.answer("What about SlowFrob?", [Turn(question=first.question, answer=first)])
    assert answer.standalone == "How much faster is SlowFrob?"
    sums = almanac.chat.answer("bubble for 8 stages and 64 microbatches")
    again = almanac.chat.answer("and for 16 stages?", [Turn(question=sums.question, answer=sums)])
    assert again.estimates[0].estimate.inputs["pp"] == 16
    assert again.estimates[0].estimate.inputs["microbatches"] == 64


def test_quotes_of_a_changed_library_are_looked_up_again(tmp_path: Path) -> None:
    almanac = open_small(tmp_path, widgets__md=NOTES)
    try:
        cited = almanac.chat.answer("How large are the trays?").citations[0]
        assert almanac.chat.resolve(cited).state == "here"
        (tmp_path / "widgets.md").write_text(
            NOTES.replace("1. Widget caching", "1. A new first part\n2. Widget caching")
        )
        list(almanac.ingest([tmp_path / "widgets.md"]))
        moved = almanac.chat.resolve(cited)
        assert moved.state == "moved"
        assert almanac.document(cited.doc_id).text[moved.start : moved.end] == cited.quote
        almanac.remove_document(cited.doc_id)
        assert almanac.chat.resolve(cited).state == "gone"
    finally:
        almanac.close()


def test_whatever_is_typed_gets_an_answer(almanac: Almanac) -> None:
    for question in ("?", "[1]", "a" * 9000, "SELECT * FROM docs; --", "\x00\ud800", "🙂", "“”", "(((", "topic: -x"):
        assert almanac.chat.answer(question).kind in ("declined", "quoted", "computed", "incomplete", "claim")


def test_events_end_with_the_answer(almanac: Almanac) -> None:
    events = list(almanac.chat.ask("What is a widget cache?"))
    assert [event.kind for event in events] == ["stage", "answer"]
    assert list(almanac.chat.ask("What is a widget cache?", cancelled=lambda: True))[-1].answer is None
