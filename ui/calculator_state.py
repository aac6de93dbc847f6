"""What an address says of a calculator: which one, its output and unit, one or two settings, a sweep.

Pure; knows no Streamlit. Invariant: `CalculatorState.read(state.parameters()) == state`, and what a
reader types into the address bar is never an error: a calculator that is not known opens the gallery,
and an unknown parameter is left out. Without any input the worked example stands in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

from calculators import Calculator
from ui.calculator_catalogue import catalogue, fields_by_name
from ui.calculator_fields import Field, inputs_of, shown_fields, texts_of

PATH = "/calculators"
SECOND = "b."
OWN = (
    "sweep", "from", "to", "model", "device", "b.model", "b.device", "schedule_b", "act_bytes"
)  # fmt: skip
"""Parameters beside the inputs; no field of a calculator bears one of these names."""
MOST_LETTERS = 2000


def all_fields(calculator: Calculator) -> tuple[Field, ...]:
    """Return the fields of a calculator's form."""
    return fields_by_name(calculator.name)


@dataclass(frozen=True)
class CalculatorState:
    """The state of the page; texts are as typed."""

    name: str = ""
    output: str = ""
    unit: str = ""
    first: Mapping[str, str] = field(default_factory=dict)
    second: Mapping[str, str] | None = None
    """The setting that is compared with; None where none is."""
    own: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, parameters: Mapping[str, str | Sequence[str]]) -> Self:
        """Take the state from query parameters."""
        given = {name: _last(value)[:MOST_LETTERS] for name, value in parameters.items()}
        calculator = catalogue().get(given.get("name", ""))
        if calculator is None:
            return cls()
        fields = all_fields(calculator)
        first = {item.name: given[item.name] for item in fields if given.get(item.name)}
        second = {item.name: given[SECOND + item.name] for item in fields if given.get(SECOND + item.name)}
        own = {name: given[name] for name in OWN if given.get(name)}
        example = not first and not given.get("blank")
        if example:
            first = texts_of(fields, calculator.example.inputs)
        output = calculator.output(given.get("output", ""))
        if output is None:
            name = calculator.example.output if example else _default_output(calculator, fields, first)
            output = calculator.output(name) or calculator.outputs[0]
        unit = given.get("unit", "")
        if unit not in output.units:
            own_unit = calculator.example.unit if output.name == calculator.example.output else output.units[0]
            unit = _readable(output.units) if own_unit in ("B", "1") else own_unit
        compared = bool(second) or given.get("compare") == "1"
        return cls(calculator.name, output.name, unit, first, second if compared else None, own)

    def parameters(self) -> dict[str, str]:
        """Return the query parameters that reopen this state."""
        if not self.name:
            return {}
        found = {"name": self.name, "output": self.output, "unit": self.unit}
        found |= {name: text for name, text in self.first.items() if text}
        if not any(self.first.values()):
            found["blank"] = "1"
        if self.second is not None:
            found["compare"] = "1"
            found |= {SECOND + name: text for name, text in self.second.items() if text}
        return found | {name: text for name, text in self.own.items() if text}

    @property
    def calculator(self) -> Calculator:
        """The calculator; only where `name` is not empty."""
        return catalogue()[self.name]

    def fields(self) -> tuple[Field, ...]:
        """Return the fields that the chosen output reads."""
        output = self.calculator.output(self.output)
        assert output is not None
        return shown_fields(all_fields(self.calculator), output.fields)

    def texts(self, side: str) -> Mapping[str, str]:
        """Return the first setting, or for `b` the second."""
        return (self.second or {}) if side == "b" else self.first

    def inputs(self, side: str = "a") -> dict[str, Any]:
        """Return the inputs of the request that a side asks, without fields that the output does not read."""
        return inputs_of(self.fields(), self.texts(side))

    def given(self, side: str, texts: Mapping[str, str]) -> Self:
        """Return the state with other texts on one side; empty ones leave."""
        kept = {name: text for name, text in {**self.texts(side), **texts}.items() if text.strip()}
        return replace(self, second=kept) if side == "b" else replace(self, first=kept)

    def to(self, output: str) -> Self:
        """Return the state with another output, in its most readable unit."""
        found = self.calculator.output(output)
        if found is None:
            return self
        unit = self.unit if self.unit in found.units else _readable(found.units)
        return replace(self, output=output, unit=unit)

    def with_own(self, **values: str) -> Self:
        """Return the state with other parameters of its own."""
        return replace(self, own={name: text for name, text in {**self.own, **values}.items() if text})

    def href(self) -> str:
        """Return the address of this state."""
        return address(self.parameters())


def address(parameters: Mapping[str, str]) -> str:
    """Return the page's address with parameters."""
    return f"{PATH}?{urlencode(parameters)}" if parameters else PATH


def opened_with(name: str, inputs: Mapping[str, Any], output: str | None = None, unit: str | None = None) -> str:
    """Return the address that opens a calculator with these inputs filled in."""
    calculator = catalogue()[name]
    texts = texts_of(all_fields(calculator), inputs)
    extra = {"output": output or "", "unit": unit or ""}
    return address({"name": name, **{key: text for key, text in extra.items() if text}, **texts})


def _last(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else (value[-1] if value else "")


def _default_output(calculator: Calculator, fields: Sequence[Field], texts: Mapping[str, str]) -> str:
    try:
        return calculator.default_output(calculator.inputs.model_validate(inputs_of(fields, texts)))
    except ValueError:
        return calculator.outputs[0].name


def _readable(units: Sequence[str]) -> str:
    """The unit that a reader wants where none is asked: GiB for bytes, percent for ratios, else the first."""
    return "GiB" if "GiB" in units and units[0] == "B" else "%" if "%" in units else units[0]
