"""A model may make a follow-up stand alone, with the conversation's own words only."""

import pytest

from chat.rewriting import rewritten
from kb.errors import ModelError
from tests.chat.scripted import Reply, ScriptedModel

BEFORE = ["What is FrobNet-2?"]


def test_the_words_of_the_conversation_may_be_joined() -> None:
    model = ScriptedModel("Does FrobNet-2 help?\nSure, here it is.")
    assert rewritten("Does it help?", BEFORE, model) == "Does FrobNet-2 help?"


@pytest.mark.parametrize("reply", ["Does Napoleon help?", "", ModelError("gone", "Try again."), "FrobNet-2 " * 60])
def test_what_a_model_invents_or_fails_changes_nothing(reply: Reply) -> None:
    assert rewritten("Does it help?", BEFORE, ScriptedModel(reply)) == "Does it help?"


def test_a_question_that_stands_alone_reaches_no_model() -> None:
    model = ScriptedModel("x")
    assert rewritten("How large are the trays?", BEFORE, model) == "How large are the trays?"
    assert rewritten("Does it help?", [], model) == "Does it help?"
    assert model.prompts == []
