"""How much a line has to do with a question: its words, their translations and the names that it gives."""

import pytest

from almanac import Almanac
from chat.finding import lexicon_of
from chat.gathering import gather
from chat.question import Asked, Term, read_question
from chat.relevance import TRANSLATED, Relevance, holds, missing_names, rank
from chat.types import Scope


def _ranked(almanac: Almanac, question: str) -> tuple[Asked, list[Relevance]]:
    library = almanac.chat.library
    asked = read_question(question, lexicon_of(library))
    return asked, rank(asked, gather(asked, Scope(), library).units)


def _term(almanac: Almanac, question: str, text: str) -> Term:
    asked = read_question(question, lexicon_of(almanac.chat.library))
    return next(term for term in asked.terms if term.text == text)


def test_a_term_counts_in_full_by_its_own_word_and_less_by_a_translation(almanac: Almanac) -> None:
    term = _term(almanac, "缓存有多大？", "缓存")
    assert holds(term, term.forms[0]) == 1.0
    assert holds(term, {"cach"}) == TRANSLATED
    assert holds(term, {"tray"}) == 0.0


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many frobs does a widget cache keep?", "64 frobs"),
        ("How many stages does FrobNet-2 have?", "12 stages"),
        ("How many bits does frob compression use?", "4 bits"),
    ],
)
def test_the_line_that_answers_comes_first(almanac: Almanac, question: str, answer: str) -> None:
    _, ranked = _ranked(almanac, question)
    assert answer in ranked[0].unit.text
    assert [item.score for item in ranked] == sorted((item.score for item in ranked), reverse=True)


def test_shares_are_shares(almanac: Almanac) -> None:
    _, ranked = _ranked(almanac, "Why do trays of 16 work better?")
    assert ranked
    for item in ranked:
        assert all(0 <= share <= 1 for share in (item.own, item.covered, item.focus, item.names, item.head))
        assert item.own <= item.covered


def test_a_name_that_a_text_does_not_give_is_missing(almanac: Almanac) -> None:
    asked, _ = _ranked(almanac, "How fast is FrobNet-2?")
    assert missing_names(asked, "FrobNet-2 reaches 3.5x") == []
    assert len(missing_names(asked, "FrobNet-3 reaches 3.5x")) == 1
