"""Kinds of input field, with strict numbers.

Owns what counts as a number: 7, 7.0 and 7e9 do; strings, booleans, NaN, infinities and null
do not; 7.5 is no integer. Refuses to guess or coerce. Invariant: an attribute of a field that
was not given is its default, or None where it has none; `need` turns that None into an error.
"""

import math
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr
from pydantic_core import PydanticCustomError

from calculators._base import MissingInputs


class InputsBase(BaseModel):
    """Base of every calculator's inputs: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def refuse(rule: str, nearest: object = None) -> PydanticCustomError:
    """The error that a validator raises: the rule broken and the nearest valid value."""
    return PydanticCustomError("calculator_rule", "{rule}", {"rule": rule, "nearest": nearest})


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse("is not a number")
    try:
        if math.isfinite(value):
            return value
    except OverflowError:
        raise refuse("is too large a number") from None
    raise refuse("is not a finite number")


def _real(value: object) -> float:
    return float(_number(value))


def _efficiency(value: object) -> float:
    number = _real(value)
    if number > 1:
        raise refuse("must be in (0, 1]", f"{number / 100:g}" if number <= 100 else 1)
    return number


def _whole(value: object) -> int:
    number = _number(value)
    if number != int(number):
        low = math.floor(number)
        raise refuse("is not an integer", f"{low} or {low + 1}" if low >= 1 else 1)
    return int(number)


reader = BeforeValidator(_real)
"""Reads a real number strictly; for ranges beyond the ones below."""
_READ_WHOLE = BeforeValidator(_whole)
_REACH = 10_000

# The range stands before the reader: pydantic then writes it into the JSON schema.
Real = Annotated[float, Field(json_schema_extra={"signed": True}), reader]
"""Any finite number, negative ones included."""
Amount = Annotated[float, Field(gt=0), reader]
AmountOrZero = Annotated[float, Field(ge=0), reader]
Share = Annotated[float, Field(ge=0, le=1), reader]
Efficiency = Annotated[float, Field(gt=0, le=1), BeforeValidator(_efficiency)]
"""A share that is not zero, such as a utilisation; percent are recognised and refused."""
Count = Annotated[int, Field(ge=1), _READ_WHOLE]
CountOrZero = Annotated[int, Field(ge=0), _READ_WHOLE]
Stage = Annotated[int, Field(ge=0, le=3), _READ_WHOLE]
"""ZeRO stage."""
Flag = StrictBool
Text = Annotated[StrictStr, Field(max_length=100)]


def whole(value: object) -> int:
    """Read an integer as every integer field does; for validators of unusual fields."""
    return _whole(value)


def _absent() -> None:
    """Default of a field without one; a factory keeps `null` out of the JSON schema."""


def entry(description: str, unit: str = "", *, alias: str | None = None) -> Any:
    """A field without a default: absent unless given, required where an output needs it."""
    return Field(default_factory=_absent, description=description, alias=alias, json_schema_extra=_extra(unit))


def preset(default: Any, description: str, unit: str = "") -> Any:
    """A field with a default."""
    return Field(default=default, description=description, json_schema_extra=_extra(unit))


def _extra(unit: str) -> dict[str, Any]:
    return {"unit": unit} if unit else {}


def need(inputs: BaseModel, purpose: str, *names: str) -> None:
    """Make sure that the fields of these names are given.

    Raises:
        MissingInputs: naming every absent one, for `purpose`.
    """
    missing = tuple(name for name in names if getattr(inputs, attribute(inputs, name)) is None)
    if missing:
        raise MissingInputs(missing, purpose)


def attribute(inputs: BaseModel, name: str) -> str:
    """The attribute that holds the field of that name; they differ where the name is a Python keyword."""
    fields = type(inputs).model_fields
    return name if name in fields else next(key for key, field in fields.items() if field.alias == name)


def multiples(value: int, of: int) -> str:
    """The nearest multiples of `of` below and above `value`, such as "4096 or 4128"."""
    below = value // of * of
    return f"{below} or {below + of}" if below else str(of)


def neighbours(value: int, valid: Callable[[int], bool]) -> str | None:
    """The nearest valid integers below and above `value`, such as "6 or 8"; None when none is near."""
    below = next((n for n in range(value - 1, max(0, value - _REACH), -1) if valid(n)), None)
    above = next((n for n in range(value + 1, value + _REACH) if valid(n)), None)
    near = [str(n) for n in (below, above) if n is not None]
    return " or ".join(near) or None


def names_of(model: type[BaseModel], *without: str) -> tuple[str, ...]:
    """The names of all fields of a model but those left out, as a request spells them."""
    names = (field.alias or name for name, field in model.model_fields.items())
    return tuple(name for name in names if name not in without)
