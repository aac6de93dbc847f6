"""From a request to an estimate: checks in a fixed order, then the calculator, then the unit.

Owns the semantics of a request: unknown fields, then type and range of every field given,
then rules between fields, then missing fields. Computes nothing itself. Invariant: a field
that the requested output does not read is checked for type and range and otherwise ignored
(where no output is requested, the rules see all fields); every refusal is a `CalculatorError`,
and every value returned is finite.
"""

import difflib
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, ValidationError

from calculators._base import Calculator, CalculatorError, Computed, Estimate, MissingInputs, Output, Quantity, show
from calculators._discovery import closest, find
from calculators._units import convert

Json = dict[str, Any]

_BOUNDS = {
    "greater_than": "must be > {gt}",
    "greater_than_equal": "must be >= {ge}",
    "less_than": "must be < {lt}",
    "less_than_equal": "must be <= {le}",
}

_TYPES = {
    "bool_type": "is not true or false",
    "list_type": "is not a list",
    "dict_type": "is not a map",
    "model_type": "is not a map",
    "string_type": "is not a text",
    "too_short": "is empty",
}


def run(name: str, inputs: Mapping[str, Any], output: str | None = None, unit: str | None = None) -> Estimate:
    """Compute one output of the calculator `name`, in `unit` or the output's first unit.

    Raises:
        CalculatorError: a name, field, value or combination is not valid.
        MissingInputs: the output needs fields that were not given.
    """
    calculator = find(name)
    parsed, chosen = _read(calculator, inputs, output)
    if unit is not None and unit not in chosen.units:
        raise CalculatorError("unit", unit, f"is not a unit of {chosen.name}", closest(str(unit), chosen.units))
    computed = _compute(calculator, parsed, chosen)
    return _estimate(calculator, chosen, inputs, computed, unit or chosen.units[0])


def missing(name: str, inputs: Mapping[str, Any], output: str | None = None) -> tuple[str, ...]:
    """The fields still needed before `run` can answer; empty when nothing is missing.

    Raises:
        CalculatorError: what was given is not valid.
    """
    calculator = find(name)
    parsed, chosen = _read(calculator, inputs, output)
    try:
        _compute(calculator, parsed, chosen)
    except MissingInputs as error:
        return error.missing
    return ()


def run_request(request: object) -> Json:
    """Answer one batch line; bad input gives an error object, never an exception."""
    identity = request.get("id") if isinstance(request, dict) else None
    try:
        if not isinstance(request, dict):
            raise CalculatorError("request", request, "is not a JSON object")
        estimate = run(request.get("calculator"), request.get("inputs", {}), request.get("output"), request.get("unit"))  # type: ignore[arg-type]
    except CalculatorError as error:
        return {"id": identity, "error": {"field": error.field, "message": error.message}}
    return {
        "id": identity,
        "value": estimate.value,
        "unit": estimate.unit,
        "formula": estimate.formula,
        "source": estimate.references[0],
        "warnings": [warning.model_dump() for warning in estimate.warnings],
    }


def _read(calculator: Calculator, inputs: object, output: object) -> tuple[BaseModel, Output]:
    """Validate all fields given, choose the output, check the rules, and keep the fields that the output reads."""
    if not isinstance(inputs, Mapping):
        raise CalculatorError("inputs", inputs, "is not a map from field to value")
    names = [item.name for item in calculator.outputs]
    if output is not None and output not in names:
        raise CalculatorError("output", output, f"is not an output of {calculator.name}", closest(str(output), names))
    parsed = _parse(calculator.inputs, inputs)
    chosen = calculator.output(str(output) if output is not None else calculator.default_output(parsed))
    assert chosen is not None, f"{calculator.name} has no such output"
    used = _parse(calculator.inputs, {key: inputs[key] for key in inputs if key in chosen.fields})
    with _within_range(parsed):
        calculator.check(used if output is not None else parsed, chosen.name)
    return used, chosen


def _parse(model: type[BaseModel], inputs: Mapping[str, Any]) -> BaseModel:
    known = {field.alias or name for name, field in model.model_fields.items()}
    for key, value in inputs.items():
        if key not in known:
            near = closest(str(key), sorted(known))
            raise CalculatorError(str(key), value, "is not a field of this calculator", near)
    try:
        return model.model_validate(dict(inputs))
    except ValidationError as error:
        order = list(inputs)
        first = min(error.errors(), key=lambda item: order.index(str(item["loc"][0])))
        raise _refusal(dict(first)) from None


def _refusal(error: Json) -> CalculatorError:
    """Say what pydantic found in our own terms."""
    path = [part for part in error["loc"] if part != "[key]"]
    field, subject = str(path[0]), ".".join(str(part) for part in path)
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if kind == "calculator_rule":
        return CalculatorError(field, value, context["rule"], context["nearest"], subject=subject)
    if kind in _BOUNDS:
        bound = {key: show(limit) for key, limit in context.items()}
        nearest = context.get("ge", context.get("le"))
        return CalculatorError(field, value, _BOUNDS[kind].format(**bound), nearest, subject=subject)
    if kind == "literal_error":
        expected = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        near = difflib.get_close_matches(str(value), expected, n=1) or [None]
        return CalculatorError(field, value, f"is not one of {', '.join(expected)}", near[0], subject=subject)
    if kind == "missing":
        return CalculatorError(field, value, f"lacks {path[-1]}")
    if kind == "extra_forbidden":
        return CalculatorError(field, value, f"is not a key of {field}", subject=subject)
    return CalculatorError(field, value, _TYPES.get(kind) or str(error["msg"]), subject=subject)


def _compute(calculator: Calculator, inputs: BaseModel, output: Output) -> Computed:
    with _within_range(inputs):
        computed = calculator.compute(inputs, output.name)
        if not isinstance(computed.value, list) and not math.isfinite(computed.value):
            raise OverflowError
    return computed


@contextmanager
def _within_range(inputs: BaseModel) -> Iterator[None]:
    try:
        yield
    except (OverflowError, ZeroDivisionError):
        raise _beyond_range(inputs) from None


def _beyond_range(inputs: BaseModel) -> CalculatorError:
    """Name the most extreme number given: the result is too large, or a divisor too small, for a double."""

    def extremity(item: tuple[str, Any]) -> float:
        value = item[1]
        if isinstance(value, bool) or not isinstance(value, int | float) or value == 0:
            return -1.0
        return abs(math.log10(abs(value)))

    given = inputs.model_dump(by_alias=True, include=inputs.model_fields_set)
    field, value = max(given.items(), key=extremity, default=("inputs", None))
    return CalculatorError(field, value, "takes the result beyond what a double-precision number can hold")


def _estimate(
    calculator: Calculator, output: Output, inputs: Mapping[str, Any], computed: Computed, unit: str
) -> Estimate:
    units = [unit]
    if "GiB" in output.units:
        units += [other for other in ("GB", "GiB") if other != unit]
    quantities = tuple(Quantity(name=output.name, value=convert(computed.value, item), unit=item) for item in units)
    formula = computed.formula
    tail = "" if unit in ("1", "list") else f" {unit}"
    return Estimate(
        calculator=calculator.name,
        output=output.name,
        inputs=dict(inputs),
        quantities=quantities,
        formula=formula.plain,
        latex=formula.latex,
        substitution=f"{formula.result} = {formula.substitute(computed.symbols)} = {show(quantities[0].value)}{tail}",
        references=tuple(dict.fromkeys(str(source) for source in (formula.source, *calculator.references))),
        assumptions=(*computed.assumptions, *_defaults(calculator, output, inputs)),
        warnings=computed.warnings,
        breakdown=computed.breakdown,
    )


def _defaults(calculator: Calculator, output: Output, inputs: Mapping[str, Any]) -> list[str]:
    """One line that names every default which stood in for a field not given."""
    fields = {field.alias or name: field for name, field in calculator.inputs.model_fields.items()}
    used = [
        f"{name}={show(fields[name].default)}"
        for name in output.fields
        if name not in inputs and fields[name].default_factory is None
    ]
    return ["by default: " + ", ".join(used)] if used else []
