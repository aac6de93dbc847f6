"""What a calculator is made of: its description, its results and its error.

Owns the vocabulary that every calculator module speaks (`Calculator`, `Output`, `Reference`,
`Trap`, `Case`, `Formula`, `Computed`) and what a caller gets back (`Estimate`). Knows no
formula and reads no request. Invariant: everything here is immutable; values are in base
units (bytes, parameters, tokens, FLOP, seconds, ratios) until a request asks for another.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

Number: TypeAlias = int | float
Value: TypeAlias = int | float | list[Any]
Group = Literal["fit", "time", "serve", "cut", "numbers"]

GROUPS: dict[str, str] = {
    "fit": "Does it fit?",
    "time": "How long will it take, and what will it cost?",
    "serve": "How fast, and for how many?",
    "cut": "How should it be cut across devices?",
    "numbers": "How many bits per number?",
}


class CalculatorError(ValueError):
    """An input of a calculator breaks a rule; the message names field, value, rule and nearest valid value."""

    hint = "Change the input and run again."

    def __init__(self, field: str, value: object, rule: str, nearest: object = None, *, subject: str = "") -> None:
        tail = f"; use {_as_given(nearest)}" if nearest is not None else ""
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _as_given(value)
        super().__init__(f"{subject or field}={shown} {rule}{tail}")
        self.field = field
        self.value = value
        self.rule = rule
        self.nearest = nearest

    @property
    def message(self) -> str:
        """The one line to show."""
        return str(self.args[0])


class MissingInputs(CalculatorError):
    """Fields that the requested output needs were not given; `missing` lists them all, `field` is the first."""

    def __init__(self, missing: tuple[str, ...], purpose: str) -> None:
        super().__init__(missing[0], None, "is missing")
        listed = ", ".join(missing)
        self.args = (f"{listed} {'is' if len(missing) == 1 else 'are'} missing: {purpose} needs it",)
        self.missing = missing


def _as_given(value: object) -> str:
    """Write a value the way a request would: no separators, nothing rounded."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = show(value) if isinstance(value, int) and abs(value) >= 10**15 else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def show(value: object) -> str:
    """Write a number the way a formula would: 51,539,607,552, 0.0256, 3.14e+23; other values by `repr` or as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"({', '.join(f'{key}={show(item)}' for key, item in value.items())})"
    if not isinstance(value, int | float):
        return value if isinstance(value, str) else repr(value) if not isinstance(value, list) else _show_list(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if isinstance(value, int) and abs(value) < 10**15:
        return f"{value:,}"
    try:
        return f"{value:.6g}"
    except OverflowError:
        return "a number beyond 1.8e308"


def _show_list(values: list[Any]) -> str:
    most = 1 if values and isinstance(values[0], Mapping) else 8
    shown = ", ".join(show(value) for value in values[:most])
    return f"[{shown}{', …' if len(values) > most else ''}]"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a formula is defined: a work, the place in it, and the id under which a library would hold it."""

    work: str
    section: str
    doc_id: str = ""
    """Such as `arxiv:2104.04473`; empty for works outside arXiv."""
    link: str = ""

    @property
    def url(self) -> str:
        """Address of the work; empty where none is known."""
        return self.link or (f"https://arxiv.org/abs/{self.doc_id[6:]}" if self.doc_id.startswith("arxiv:") else "")

    def __str__(self) -> str:
        place = f" ({self.doc_id.replace('arxiv:', 'arXiv ')})" if self.doc_id else ""
        return f"{self.work}{place}{', ' + self.section if self.section else ''}"


@dataclass(frozen=True, slots=True)
class Case:
    """A request with the value that it must give: a worked example, or the proof of a trap."""

    inputs: Mapping[str, Any]
    output: str
    unit: str
    value: Value
    rel_tol: float = 1e-9


@dataclass(frozen=True, slots=True)
class Trap:
    """A published number or a common mistake beside what the formula really gives."""

    claim: str
    outcome: str
    cause: str
    source: str = ""
    case: Case | None = None
    """Recomputes the number in `outcome`; None where the point is not a single number."""


@dataclass(frozen=True, slots=True)
class Output:
    """One result of a calculator: its name, its units (the first is the default) and the fields it reads."""

    name: str
    title: str
    units: tuple[str, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """An equation whose right side names its inputs in braces: one text serves as formula and as substitution."""

    result: str
    template: str
    latex: str
    source: Reference

    @property
    def plain(self) -> str:
        """The equation in plain text, in the names of the fields."""
        return f"{self.result} = {re.sub(r'[{}]', '', self.template)}"

    def substitute(self, symbols: Mapping[str, object]) -> str:
        """The right side with the numbers filled in."""
        return self.template.format_map({name: show(value) for name, value in symbols.items()})


class Frozen(BaseModel):
    """Base of what callers receive: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Quantity(Frozen):
    """A number with its name and unit."""

    name: str
    value: int | float | list[Any]
    unit: str


class InputWarning(Frozen):
    """A doubt about one field that comes with a value, never instead of it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Computed:
    """What a calculator's `compute` returns: a value in base units and how it came about."""

    value: Value
    formula: Formula
    symbols: Mapping[str, object]
    breakdown: tuple[Quantity, ...] = ()
    assumptions: tuple[str, ...] = ()
    warnings: tuple[InputWarning, ...] = ()


class Estimate(Frozen):
    """A calculator's result as scripts, the chat and the pages show it."""

    calculator: str
    output: str
    inputs: dict[str, Any]
    quantities: tuple[Quantity, ...]
    """The value in the unit asked for; for bytes also in GB and GiB."""
    formula: str
    latex: str
    substitution: str
    references: tuple[str, ...]
    """The formula's own source first."""
    assumptions: tuple[str, ...] = ()
    warnings: tuple[InputWarning, ...] = ()
    breakdown: tuple[Quantity, ...] = ()

    @property
    def value(self) -> Value:
        """The answer, in `unit`."""
        return self.quantities[0].value

    @property
    def unit(self) -> str:
        """The unit that was asked for."""
        return self.quantities[0].unit


def _accept(inputs: Any, output: str) -> None:
    """Check nothing: for calculators without rules between fields."""


@dataclass(frozen=True, slots=True)
class Calculator:
    """A calculator as its module describes it; `compute` sees only the fields that the output reads.

    `check` sees the same where an output is requested, and every field given where none is.
    """

    name: str
    title: str
    group: Group
    question: str
    """What a reader would ask, in one line."""
    inputs: type[BaseModel]
    outputs: tuple[Output, ...]
    compute: Callable[[Any, str], Computed]
    references: tuple[Reference, ...]
    example: Case
    check: Callable[[Any, str], None] = _accept
    """Rules between fields; must bear with fields that are absent (None)."""
    choose: Callable[[Any], str] | None = None
    """Default output where it depends on the fields given; None means the first output."""
    traps: tuple[Trap, ...] = field(default=())

    def output(self, name: str) -> Output | None:
        """The output of that name."""
        return next((output for output in self.outputs if output.name == name), None)

    def default_output(self, inputs: BaseModel) -> str:
        """The output that a request without one gets."""
        return self.choose(inputs) if self.choose else self.outputs[0].name
