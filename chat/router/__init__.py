"""Send a question to the calculators, to the library, or to both; no model needed, English and Chinese.

Owns the reading of questions: which calculator, which inputs in which units, what is missing. Refuses to assume
what a question does not say. Invariant: the same question with the same history always gives the same route.
"""

from chat.router._model import complete
from chat.router._route import route
from chat.router._types import CalculatorRequest, MissingInput, Route, RouteKind, Span, Turn

__all__ = ["CalculatorRequest", "MissingInput", "Route", "RouteKind", "Span", "Turn", "complete", "route"]
