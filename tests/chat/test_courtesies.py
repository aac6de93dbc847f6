"""Greetings and thanks: told what can be asked, never answered with quotes; questions that open so are questions."""

import pytest

from almanac import Almanac
from chat._courtesies import is_courtesy


@pytest.mark.parametrize("text", ["hello", "Thank you so much!", "hi there", "ok, thanks", "你好呀", "谢谢！", "help"])
def test_a_courtesy_is_told_what_can_be_asked(almanac: Almanac, text: str) -> None:
    answer = almanac.chat.answer(text)
    assert (answer.kind, answer.grounded, answer.citations) == ("said", False, ())
    assert ("库里" in answer.text) is not text.isascii()


@pytest.mark.parametrize(
    "text", ["Hi, what is a widget cache?", "thanks, but why?", "你好，什么是托盘", "", "help with trays"]
)
def test_a_question_that_opens_so_is_a_question(text: str) -> None:
    assert not is_courtesy(text)
