"""The address of the ask page: every state reopens, nothing typed is an error."""

from chat.types import Scope
from kb.types import Kind
from ui.ask_state import LONGEST, AskState, scope_parameters


def test_a_state_is_what_its_address_says() -> None:
    state = AskState(c="abc123", topic=("serving",), kind=("notes",), doc="notes:a.md", since="2023", lang="zh", turn=2)
    assert AskState.read(state.parameters()) == state
    assert AskState().parameters() == {}


def test_what_makes_no_sense_is_left_out() -> None:
    odd = {"c": "../x", "view": "nothing", "kind": ["video", "notes"], "since": "soon", "lang": "xx", "edit": "-1"}
    state = AskState.read(odd)
    assert state == AskState(kind=("notes",))
    assert len(AskState.read({"q": "a" * 9999}).q) == LONGEST


def test_a_scope_goes_through_an_address() -> None:
    scope = Scope(
        topics=("serving",),
        kinds=(Kind.RSS,),
        sources=("a",),
        labels=("good",),
        since="2023",
        language="en",
        doc_id="d",
    )
    state = AskState(**scope_parameters(scope))
    assert state.scope == scope
    assert AskState.read(state.parameters()).scope == scope


def test_what_is_done_to_a_turn_is_not_taken_along() -> None:
    state = AskState(c="abc", q="old", edit=2, quotes=1, view="conversations", find="x", topic=("serving",))
    assert state.href() == "/ask?c=abc&topic=serving"
    assert state.href(edit=3) == "/ask?c=abc&edit=3&topic=serving"
