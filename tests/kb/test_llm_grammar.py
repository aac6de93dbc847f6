"""Forms of answers: ranges of numbers exactly, schemas strictly, and what cannot be kept refused."""

import json
import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import calculators
from kb.errors import ModelError
from kb.llm import _ranges
from kb.llm._grammar import GrammarError, make_grammar
from kb.llm._json import read_json


def _as_regex(rule: str) -> re.Pattern[str]:
    """Return the alternatives of a range as a regular expression: literals lose their quotes, blanks go."""
    parts = re.split(r'("[^"]*")', rule)
    return re.compile(
        "".join(re.escape(part[1:-1]) if part.startswith('"') else part.replace(" ", "") for part in parts)
    )


@given(st.integers(-3000, 3000), st.integers(-3000, 3000), st.integers(-3500, 3500))
def test_whole_numbers_are_exactly_those_of_the_range(low: int, high: int, number: int) -> None:
    low, high = sorted((low, high))
    rule = _as_regex(_ranges.whole(low, high))
    assert bool(rule.fullmatch(str(number))) == (low <= number <= high)
    assert not rule.fullmatch(f"0{number}")


def test_whole_numbers_without_a_bound_are_whole_numbers() -> None:
    rule = _as_regex(_ranges.whole(1, None))
    assert [
        text for text in ("0", "1", "-1", "10", "007", "123456789012345", "1e9", "1.0") if rule.fullmatch(text)
    ] == [
        "1",
        "10",
        "123456789012345",
    ]
    assert _as_regex(_ranges.whole(None, None)).fullmatch("-40")


@given(st.data(), st.sampled_from([None, -2.0, -0.5, 0.0, 0.25, 3.0]), st.sampled_from([None, 0.0, 0.75, 1.0, 40.0]))
def test_decimal_numbers_stay_inside_the_range(data: st.DataObject, low: float | None, high: float | None) -> None:
    assume(low is None or high is None or low < high)
    above, below = data.draw(st.booleans()), data.draw(st.booleans())
    rule = _as_regex(_ranges.decimal(low, high, above=above, below=below))
    text = data.draw(st.from_regex(rule, fullmatch=True))
    number = json.loads(text)
    assert low is None or (number > low if above else number >= low)
    assert high is None or (number < high if below else number <= high)


@pytest.mark.parametrize(
    ("schema", "low", "high"),
    [
        ({"type": "number", "exclusiveMinimum": 0}, "0.5", "0"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "1", "1.5"),
        ({"type": "number", "minimum": 0, "maximum": 1}, "0.25", "-0.25"),
    ],
)
def test_bounds_of_numbers_reach_the_grammar(schema: dict[str, Any], low: str, high: str) -> None:
    rule = next(line.partition("::= ")[2] for line in make_grammar(schema).splitlines() if line.startswith("r1"))
    assert _as_regex(rule).fullmatch(low)
    assert not _as_regex(rule).fullmatch(high)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "strange"},
        {"not": {"type": "string"}},
        {"type": "object", "required": ["a"]},
        {"type": "integer", "minimum": 4, "maximum": 3},
        {"$ref": "#/$defs/missing"},
        {"type": "array", "items": {"type": "null"}, "minItems": 3, "maxItems": 2},
        {"enum": []},
        {"allOf": [{"type": "string"}, {"maxLength": 2}]},
        {"if": {}, "then": {}},
    ],
)
def test_what_cannot_be_kept_is_refused(schema: Any) -> None:
    with pytest.raises(GrammarError):
        make_grammar(schema)


def test_every_calculator_has_a_grammar() -> None:
    for name, calculator in calculators.discover().items():
        assert "root ::=" in make_grammar(calculator.inputs.model_json_schema()), name


SCHEMA = {"type": "object", "properties": {"stages": {"type": "integer", "minimum": 1}}, "required": ["stages"]}


@pytest.mark.parametrize(
    "text",
    ['{"stages": 8}', '```json\n{"stages": 8}\n```', 'Here you are: {"stages": 8}. Fine?', '\n {"stages": 8}\n'],
)
def test_json_is_found_among_a_models_words(text: str) -> None:
    assert json.loads(read_json(text, SCHEMA)) == {"stages": 8}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("eight stages", "cannot be read"),
        ('{"stages": 8', "cannot be read"),
        ('{"stages": 0}', "at stages"),
        ('{"stages": "8"}', "at stages"),
        ("{}", "required property"),
        ("[]", "at its top"),
    ],
)
def test_other_json_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        read_json(text, SCHEMA)
