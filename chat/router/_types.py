"""What the router returns: the kind of a question, and the calculator requests read in it.

Owns the shapes that the chat, the pages and the command line share. Computes nothing. Invariant:
immutable; a request holds only what the question, an earlier one or a sourced registry says.
"""

from typing import Any, Literal, Protocol, runtime_checkable

from kb.types import Frozen

RouteKind = Literal["calculator", "library", "both"]


@runtime_checkable
class Turn(Protocol):
    """An earlier message of the conversation; a mapping with these two keys does as well."""

    @property
    def role(self) -> str:
        """`user` or `assistant`."""
        ...

    @property
    def content(self) -> str:
        """What was said."""
        ...


class MissingInput(Frozen):
    """An input that the reader has to be asked for."""

    name: str
    """The calculator's field."""
    label: str
    """What it is, as the calculator's own form says."""
    unit: str = ""
    choices: tuple[str, ...] = ()
    """The allowed values, where there are few."""


class Span(Frozen):
    """What was read where: "I read: 64 microbatches → microbatches = 64"."""

    start: int
    """Offset into the question; into the earlier one where `earlier` is set."""
    end: int
    text: str
    """As written."""
    parameter: str
    """The field of the calculator, or `model` or `accelerator` for a name."""
    value: Any
    earlier: bool = False
    """Read in an earlier question of the conversation."""


class CalculatorRequest(Frozen):
    """One sum to do, ready for `calculators.run(calculator, inputs, output, unit)` once nothing is missing."""

    calculator: str
    inputs: dict[str, Any]
    output: str | None = None
    """The output asked for; None leaves the choice to the calculator."""
    unit: str | None = None
    """The unit asked for, one of the output's; None for its first."""
    missing: tuple[MissingInput, ...] = ()
    """What to ask the reader for; nothing stands in for it."""
    spans: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()
    """How the question was read where it can be read otherwise, and what a registry said, with its source."""
    problem: str = ""
    """What the calculator refuses in the inputs, if it does."""

    @property
    def ready(self) -> bool:
        """Whether it can be computed as it is."""
        return not self.missing and not self.problem


class Route(Frozen):
    """Where a question goes: to calculators, to the library, or to both."""

    kind: RouteKind
    requests: tuple[CalculatorRequest, ...] = ()
    """Best first, or in the order of the text where it compares; empty exactly when `kind` is `library`."""
    continued: str = ""
    """The earlier question that this one goes on from; empty where it stands alone."""
