"""The address of a calculator: what it says comes back, and nothing in it is an error."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ui.calculator_catalogue import catalogue, fields_by_name
from ui.calculator_state import OWN, CalculatorState, opened_with

NAMES = sorted(catalogue())
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(lambda text: text.strip())


@pytest.mark.parametrize("name", NAMES)
def test_no_field_bears_a_name_of_the_page(name: str) -> None:
    assert not {item.name for item in fields_by_name(name)} & {*OWN, "name", "output", "unit", "blank", "compare"}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_every_state_comes_back(name: str, data: st.DataObject) -> None:
    fields = [item.name for item in fields_by_name(name)]
    draw = st.dictionaries(st.sampled_from(fields), TEXT, max_size=4)
    output = data.draw(st.sampled_from(catalogue()[name].outputs))
    state = CalculatorState(
        name,
        output.name,
        data.draw(st.sampled_from(output.units)),
        data.draw(draw),
        data.draw(st.none() | draw),
        data.draw(st.dictionaries(st.sampled_from(OWN), TEXT, max_size=3)),
    )
    assert CalculatorState.read(state.parameters()) == state
    parsed = parse_qs(urlsplit(state.href()).query, keep_blank_values=True)
    assert CalculatorState.read(parsed) == state


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.lists(st.text(max_size=8), max_size=3)))
def test_nothing_typed_into_the_address_is_an_error(parameters: dict[str, str | list[str]]) -> None:
    CalculatorState.read(parameters)
    CalculatorState.read({**parameters, "name": "kv_cache"})


def test_a_cleared_form_does_not_turn_into_the_example() -> None:
    state = CalculatorState.read({"name": "kv_cache"}).given("a", dict.fromkeys(("layers", "kv_heads"), ""))
    emptied = state.given("a", dict.fromkeys(state.first, ""))
    assert dict(emptied.first) == {}
    assert CalculatorState.read(emptied.parameters()) == emptied


def test_another_output_keeps_what_was_typed() -> None:
    state = CalculatorState.read({"name": "kv_cache"}).to("elements_per_token")
    assert state.unit == "elements"
    assert "tokens" not in state.inputs()
    assert state.to("bytes").inputs()["tokens"] == 32768


def test_a_link_fills_the_form_in() -> None:
    address = opened_with("train_memory", {"params": 7e10, "dp": 64}, "bytes_per_gpu", "GB")
    state = CalculatorState.read(parse_qs(urlsplit(address).query))
    assert state.inputs() == {"params": 7e10, "dp": 64}
    assert (state.output, state.unit) == ("bytes_per_gpu", "GB")
