"""Typed numbers, lists and maps, and the way back from values to texts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators import discover
from ui.calculator_catalogue import catalogue, fields_by_name
from ui.calculator_fields import Field, inputs_of, number_of, text_for, text_of, texts_of, value_of
from ui.calculator_form import MOST_LABEL, label_of, nearest_texts

UNITS = ("", "B", "byte/s", "FLOP/s", "params", "tokens", "s")


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("80", "", 80),
        ("32,768", "tokens", 32768),
        ("7e9", "params", 7e9),
        ("70B", "params", 70_000_000_000),
        ("1.5T tokens", "tokens", 1_500_000_000_000),
        ("32k", "tokens", 32_000),
        ("32Ki", "tokens", 32_768),
        ("80 GiB", "B", 80 * 2**30),
        ("80GB", "B", 80_000_000_000),
        ("80B", "B", 80),
        ("3.35TB/s", "byte/s", 3_350_000_000_000),
        ("312 TFLOP/s", "FLOP/s", 312_000_000_000_000),
        ("45%", "", 0.45),
        ("5 ms", "s", 0.005),
        ("-3", "", -3),
        (".5", "", 0.5),
        ("abc", "", None),
        ("", "", None),
        ("nan", "", None),
        ("0x10", "", None),
        ("5m", "s", None),
        ("350m", "params", 350_000_000),
        ("1e308T", "", math.inf),
        ("9" * 299 + "Ti", "", math.inf),
        ("1 2x", "", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, unit: str, value: float | None) -> None:
    assert number_of(text, unit) == value


@given(
    st.text(max_size=12)
    | st.from_regex(r"[+-]?[0-9]{1,320}(\\.[0-9]*)?(e[0-9]{1,3})? ?[kMGTBi%s/]{0,3}", fullmatch=True)
)
def test_no_text_is_an_error(text: str) -> None:
    for unit in UNITS:
        assert number_of(text, unit) is None or isinstance(number_of(text, unit), int | float)


@given(st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(UNITS))
def test_every_number_comes_back_exactly(value: float, unit: str) -> None:
    field = Field("x", "number", unit=unit)
    for text in (text_of(value), text_for(field, value)):
        found = value_of(field, text)
        assert found == value
        assert math.copysign(1, found) == math.copysign(1, value) or value == 0


@pytest.mark.parametrize("name", sorted(discover()))
def test_example_and_traps_come_back_exactly(name: str) -> None:
    calculator, fields = discover()[name], fields_by_name(name)
    for case in (calculator.example, *(trap.case for trap in calculator.traps if trap.case)):
        assert inputs_of(fields, texts_of(fields, case.inputs)) == dict(case.inputs)


def test_maps_with_fixed_keys_are_taken_apart() -> None:
    fields = fields_by_name("kv_cache")
    texts = {"versus.layers": "95", "versus.bits": "16"}
    assert inputs_of(fields, texts) == {"versus": {"layers": 95, "bits": 16}}


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_labels_are_short_and_plain(name: str) -> None:
    for item in fields_by_name(name):
        label = label_of(item)
        assert label.startswith(item.name)
        assert len(label) <= MOST_LABEL + 4
        assert not set(label) & set("[]$`<>\\")


@pytest.mark.parametrize(
    ("nearest", "texts"),
    [("6 or 8", ["6", "8"]), (1, ["1"]), (None, []), ("a config.json of a decoder", []), ("0.45", ["0.45"])],
)
def test_proposals_become_buttons_where_they_are_values(nearest: object, texts: list[str]) -> None:
    assert nearest_texts(nearest, Field("tp", "integer")) == texts


def test_a_proposed_choice_is_one_of_the_options() -> None:
    item = Field("op", "choice", options=("all_reduce", "broadcast"))
    assert nearest_texts("all_reduce", item) == ["all_reduce"]
    assert nearest_texts("one of all_reduce, broadcast", item) == []
