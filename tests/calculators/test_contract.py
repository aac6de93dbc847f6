"""What every calculator keeps, whoever adds it: checked for all that discovery finds."""

import importlib
import json
import math
import re
from typing import Any

import jsonschema
import pytest

from calculators import Calculator, CalculatorError, MissingInputs, discover, find, missing, run, run_request
from calculators._base import GROUPS
from tests.calculators.cases import CASES, all_cases

CALCULATORS = list(discover().values())
each = pytest.mark.parametrize("calculator", CALCULATORS, ids=lambda item: item.name)


def _fields(calculator: Calculator) -> dict[str, dict[str, Any]]:
    """Field schemas by name, references into $defs resolved."""
    schema = calculator.inputs.model_json_schema()
    defs = schema.get("$defs", {})
    return {
        name: defs[field["$ref"].rpartition("/")[2]] | field if "$ref" in field else field
        for name, field in schema["properties"].items()
    }


def _numeric(calculator: Calculator) -> dict[str, dict[str, Any]]:
    return {name: field for name, field in _fields(calculator).items() if field.get("type") in ("integer", "number")}


def _refused(calculator: Calculator, field: str, value: object) -> str:
    """The message with which a value alone is refused, on its own field."""
    reply = run_request({"id": 1, "calculator": calculator.name, "inputs": {field: value}})
    assert "error" in reply, f"{calculator.name}: {field}={value!r} was accepted"
    assert reply["error"]["field"] == field
    return str(reply["error"]["message"])


@each
def test_describes_itself(calculator: Calculator) -> None:
    module = importlib.import_module(f"calculators.{calculator.name}")
    assert len(module.__doc__ or "") > 80
    assert "Invariant" in (module.__doc__ or "")
    assert calculator.compute.__doc__
    assert calculator.group in GROUPS
    assert calculator.title
    assert calculator.question.endswith("?")
    assert all(field.get("description") for field in _fields(calculator).values())


@each
def test_names_its_sources(calculator: Calculator) -> None:
    assert calculator.references
    assert all(reference.work and (reference.doc_id or reference.url) for reference in calculator.references)
    assert all(re.fullmatch(r"(arxiv:\d{4}\.\d{5})?", reference.doc_id) for reference in calculator.references)
    assert all(reference.url.startswith("https://") for reference in calculator.references)


@each
def test_outputs_have_units_and_fields(calculator: Calculator) -> None:
    names = [output.name for output in calculator.outputs]
    assert len(set(names)) == len(names) > 0
    fields = set(_fields(calculator))
    for output in calculator.outputs:
        assert output.units
        assert output.title
        assert set(output.fields) <= fields
    assert set().union(*(output.fields for output in calculator.outputs)) == fields, "a field of no output"


@each
def test_worked_example_holds(calculator: Calculator) -> None:
    example = calculator.example
    estimate = run(calculator.name, example.inputs, example.output, example.unit)
    if isinstance(example.value, list):
        assert estimate.value == example.value
    else:
        assert estimate.value == pytest.approx(example.value, rel=example.rel_tol, abs=0)
    assert estimate.unit == example.unit
    assert estimate.quantities[0].name == example.output
    assert missing(calculator.name, example.inputs, example.output) == ()


@each
def test_every_output_is_worked_somewhere(calculator: Calculator) -> None:
    worked = {case.output for name, case in all_cases() if name == calculator.name}
    assert {output.name for output in calculator.outputs} <= worked


@each
def test_estimates_are_complete_and_serialisable(calculator: Calculator) -> None:
    for name, case in all_cases():
        if name != calculator.name:
            continue
        estimate = run(name, case.inputs, case.output, case.unit)
        assert json.loads(estimate.model_dump_json())["calculator"] == name
        assert " = " in estimate.formula
        assert estimate.substitution.startswith(estimate.formula.partition(" = ")[0])
        assert not re.search(r"[{}]|None", estimate.formula + estimate.substitution)
        assert estimate.references
        assert all(warning.message for warning in estimate.warnings)


@each
def test_latex_is_balanced(calculator: Calculator) -> None:
    for name, case in all_cases():
        if name != calculator.name:
            continue
        latex = run(name, case.inputs, case.output, case.unit).latex
        depth = 0
        for mark in re.findall(r"(?<!\\)[{}]", latex):
            depth += 1 if mark == "{" else -1
            assert depth >= 0, latex
        assert depth == 0, latex
        assert len(re.findall(r"\\left\b", latex)) == len(re.findall(r"\\right\b", latex)), latex


@each
def test_schema_round_trip(calculator: Calculator) -> None:
    schema = json.loads(json.dumps(calculator.inputs.model_json_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    inputs = json.loads(json.dumps(dict(calculator.example.inputs)))
    jsonschema.validate(inputs, schema)
    parsed = calculator.inputs.model_validate(inputs)
    dumped = parsed.model_dump(by_alias=True, exclude_unset=True)
    assert calculator.inputs.model_validate(dumped) == parsed
    assert dumped.keys() == inputs.keys()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**inputs, "no_such_field": 1}, schema)


@each
def test_unknown_field_is_refused_first(calculator: Calculator) -> None:
    inputs = {**dict.fromkeys(_numeric(calculator), "bad"), "no_such_field": 1}
    reply = run_request({"id": "x", "calculator": calculator.name, "inputs": inputs})
    assert reply["id"] == "x"
    assert reply["error"]["field"] == "no_such_field"


@each
def test_numbers_are_strict(calculator: Calculator) -> None:
    for name, field in _numeric(calculator).items():
        for value in (math.nan, math.inf, -math.inf, "NaN", "7", True, None, [1], 10**400):
            _refused(calculator, name, value)
        if not field.get("signed"):
            message = _refused(calculator, name, -2)
            assert "-2" in message
        if field["type"] == "integer":
            assert "7.5" in _refused(calculator, name, 7.5)


@each
def test_choices_and_flags_are_strict(calculator: Calculator) -> None:
    for name, field in _fields(calculator).items():
        if field.get("type") == "boolean":
            for value in (0, 1, "true", None):
                _refused(calculator, name, value)
        choices = field.get("enum") or ([field["const"]] if "const" in field else [])
        if choices:
            message = _refused(calculator, name, "no-such-choice")
            assert all(str(choice) in message for choice in choices)


@each
def test_fields_of_other_outputs_are_ignored(calculator: Calculator) -> None:
    example = calculator.example
    output = calculator.output(example.output)
    assert output is not None
    base = run(calculator.name, example.inputs, example.output, example.unit).value
    for name, field in _numeric(calculator).items():
        if name in output.fields:
            continue
        value = max(1, field.get("minimum", 1))
        assert run(calculator.name, {**example.inputs, name: value}, example.output, example.unit).value == base


def _missed(calculator: Calculator, inputs: dict[str, Any], output: str) -> MissingInputs | None:
    """The error of an incomplete request, if it is one."""
    try:
        run(calculator.name, inputs, output)
    except MissingInputs as error:
        return error
    return None


@each
def test_every_field_left_out_is_missed_or_not_needed(calculator: Calculator) -> None:
    example = calculator.example
    missed = 0
    for name in example.inputs:
        rest = {key: value for key, value in example.inputs.items() if key != name}
        error = _missed(calculator, rest, example.output)
        if error is not None:
            missed += 1
            assert error.field in error.missing
            assert error.field in error.message
            assert set(missing(calculator.name, rest, example.output)) == set(error.missing)
    assert missed, "the example needs none of its fields"


@each
def test_nothing_given_names_what_is_missing(calculator: Calculator) -> None:
    for output in calculator.outputs:
        fields = {name: field for name, field in _fields(calculator).items() if name in output.fields}
        error = _missed(calculator, {}, output.name)
        if error is not None:
            assert set(error.missing) <= set(fields)
        else:
            assert any("default" in field for field in fields.values())


@each
def test_unknown_output_and_unit_are_refused(calculator: Calculator) -> None:
    example = calculator.example
    for request, field in (({"output": "no_such"}, "output"), ({"unit": "furlongs"}, "unit")):
        reply = run_request({"calculator": calculator.name, "inputs": dict(example.inputs), **request})
        assert reply["error"]["field"] == field


@each
def test_every_unit_of_every_case_converts(calculator: Calculator) -> None:
    for name, case in all_cases():
        if name != calculator.name:
            continue
        output = calculator.output(case.output)
        assert output is not None
        for unit in output.units:
            estimate = run(name, case.inputs, case.output, unit)
            assert estimate.unit == unit
            assert isinstance(estimate.value, list) or math.isfinite(estimate.value)


@each
def test_extreme_numbers_give_a_value_or_an_error(calculator: Calculator) -> None:
    example = calculator.example
    for name, field in _numeric(calculator).items():
        if name not in example.inputs:
            continue
        for value in (1e300, 1e-300, 1e18, 1):
            inputs = {**example.inputs, name: int(value) if field["type"] == "integer" and value >= 1 else value}
            reply = run_request({"calculator": calculator.name, "inputs": inputs, "output": example.output})
            json.dumps(reply, allow_nan=False)
            assert ("value" in reply) != ("error" in reply)


def test_discovery_is_sorted_and_by_module_name() -> None:
    names = list(discover())
    assert names == sorted(names)
    assert {case["calculator"] for case in CASES} <= set(names)
    with pytest.raises(CalculatorError, match="kv_cache") as error:
        find("kvcache")
    assert error.value.field == "calculator"
