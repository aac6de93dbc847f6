"""The one entry of the router: from a question and its history to a `Route`.

Reads nothing but its arguments. Invariant: a request names only fields, outputs and units of its calculator.
"""

from collections.abc import Mapping, Sequence

import calculators
from calculators import Suggestion
from chat.router._types import CalculatorRequest, MissingInput, Route, Span, Turn


def route(question: str, history: Sequence[Turn | Mapping[str, str]] = ()) -> Route:
    """Return where a question goes, with the sums that it asks for.

    `history` holds the earlier messages, oldest first; of these only the reader's own are read.
    """
    best = next(iter(calculators.suggest(question)), None)
    if best is None:
        return Route(kind="library")
    return Route(kind="calculator", requests=(_request(question, best),))


def _request(question: str, made: Suggestion) -> CalculatorRequest:
    spans = tuple(
        Span(start=start, end=end, text=question[start:end], parameter=name, value=made.inputs[name])
        for name, (start, end) in made.places.items()
    )
    return CalculatorRequest(
        calculator=made.calculator,
        inputs=made.inputs,
        output=made.output,
        missing=tuple(missing_input(made.calculator, name) for name in made.missing),
        spans=spans,
        notes=made.notes,
        problem=made.problem,
    )


def missing_input(calculator: str, name: str) -> MissingInput:
    """Describe a field of a calculator in its own words."""
    schema = calculators.discover()[calculator].inputs.model_json_schema(by_alias=True)["properties"].get(name, {})
    return MissingInput(
        name=name,
        label=str(schema.get("description", name)),
        unit=str(schema.get("unit", "")),
        choices=tuple(str(item) for item in schema.get("enum", ())),
    )
