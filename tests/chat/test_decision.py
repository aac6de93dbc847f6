"""Whether the library answers: never without the name asked about, never from resemblance alone."""

import pytest

from almanac import Almanac
from chat.decision import BLIND_MEANING, Decision, decide, features
from chat.finding import lexicon_of
from chat.gathering import gather
from chat.question import Asked, read_question
from chat.relevance import Relevance, rank
from chat.types import Scope


def _ranked(almanac: Almanac, question: str) -> tuple[Asked, list[Relevance]]:
    library = almanac.chat.library
    asked = read_question(question, lexicon_of(library))
    return asked, rank(asked, gather(asked, Scope(), library).units)


def _decided(almanac: Almanac, question: str) -> Decision:
    asked, ranked = _ranked(almanac, question)
    return decide(asked, ranked)


@pytest.mark.parametrize(
    "question",
    ["What is a widget cache?", "How many stages does FrobNet-2 have?", "Why do trays of 16 work better?"],
)
def test_what_the_library_holds_is_answered(almanac: Almanac, question: str) -> None:
    assert _decided(almanac, question).answers


def test_a_name_that_no_passage_gives_is_absent_and_declined(almanac: Almanac) -> None:
    found = _decided(almanac, "How many stages does FrobNet-7 have?")
    assert any("FrobNet-7" in name for name in found.absent)
    assert not found.answers


def test_nothing_found_is_no_answer(almanac: Almanac) -> None:
    asked, _ = _ranked(almanac, "What is a widget cache?")
    found = decide(asked, [])
    assert (found.confidence, found.answers) == (0.0, False)


def test_a_question_of_something_else_is_declined(almanac: Almanac) -> None:
    assert not _decided(almanac, "Which opera did the composer finish last?").answers


def test_cosines_of_an_embedder_that_was_not_measured_stay_out(almanac: Almanac) -> None:
    asked, ranked = _ranked(almanac, "What is a widget cache?")
    assert features(asked, ranked, measured=False)["meaning"] == BLIND_MEANING


def test_a_passage_far_in_meaning_is_no_answer() -> None:
    sure = {"joint": 1.0, "names": 1.0, "head": 1.0, "meaning": 0.9}
    assert Decision(0.9, sure).answers
    assert not Decision(0.9, sure | {"meaning": 0.1}).answers
    assert not Decision(0.9, sure, absent=("Zorb",)).answers
    assert not Decision(0.4, sure).answers


@pytest.mark.parametrize(
    ("question", "unstated"),
    [
        ("How much does FrobNet-2 cost in dollars?", "dollar"),
        ("What batch size does FrobNet-2 use?", "batch size"),
        ("Who are the authors of FrobNet-2's licence?", ""),
        ("How many licences does FrobNet-2 have?", "licences"),
    ],
)
def test_an_amount_that_nothing_states_is_declined(almanac: Almanac, question: str, unstated: str) -> None:
    found = _decided(almanac, question)
    assert not found.answers
    assert unstated in found.unstated or found.absent
