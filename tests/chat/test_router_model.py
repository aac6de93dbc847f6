"""What a language model may add to a route, and what it may not."""

import json

from chat.router import Route, complete, route
from kb.errors import ModelError
from tests.chat.scripted import ScriptedModel

_QUESTION = "pipeline bubble, sixteen stages please, and the thing my colleague calls slices shall be 48"


def _routed() -> Route:
    found = route("pipeline bubble with 16 stages please")
    (request,) = found.requests
    assert [item.name for item in request.missing] == ["microbatches"]
    return found


def test_a_number_that_the_question_states_is_taken_and_noted() -> None:
    found = complete(_routed(), _QUESTION, ScriptedModel(json.dumps({"microbatches": 48})))
    (request,) = found.requests
    assert request.ready
    assert request.inputs["microbatches"] == 48
    assert any("language model" in note and "48" in note for note in request.notes)


def test_a_number_that_the_question_does_not_state_is_dropped() -> None:
    for written in ({"microbatches": 47}, {"microbatches": None}, {"microbatches": "48"}, {"microbatches": True}):
        before = _routed()
        assert complete(before, _QUESTION, ScriptedModel(json.dumps(written))) == before


def test_a_value_that_the_calculator_refuses_is_dropped() -> None:
    before = _routed()
    question = _QUESTION.replace("48", "0")
    assert complete(before, question, ScriptedModel(json.dumps({"microbatches": 0}))) == before


def test_what_the_router_read_is_never_changed() -> None:
    found = complete(_routed(), _QUESTION, ScriptedModel(json.dumps({"microbatches": 48, "pp": 48})))
    assert found.requests[0].inputs["pp"] == 16


def test_a_model_that_fails_or_writes_no_json_adds_nothing() -> None:
    before = _routed()
    for reply in (ModelError("the model stopped", hint="start it"), "48", "{", "[]", "I think it is 48."):
        assert complete(before, _QUESTION, ScriptedModel(reply)) == before


def test_nothing_is_asked_where_nothing_is_missing() -> None:
    model = ScriptedModel("{}")
    complete(route("bubble for 8 stages and 64 microbatches"), "bubble for 8 stages and 64 microbatches", model)
    assert model.prompts == []
