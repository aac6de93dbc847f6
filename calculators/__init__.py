"""Calculators of ML systems, one module each, found by discovery. Knows nothing of the library.

Owns the public face: `discover` for what there is, `run` for one estimate, `missing` for what
is still to be asked, `run_request` for one line of a batch. Refuses unknown fields, strings
for numbers and values out of range. Invariant: a number comes with its unit, its formula and
the formula's source.
"""

from calculators._base import (
    GROUPS,
    Calculator,
    CalculatorError,
    Case,
    Estimate,
    InputWarning,
    MissingInputs,
    Output,
    Quantity,
    Reference,
    Trap,
)
from calculators._discovery import discover, find
from calculators._request import missing, run, run_request

__all__ = [
    "GROUPS",
    "Calculator",
    "CalculatorError",
    "Case",
    "Estimate",
    "InputWarning",
    "MissingInputs",
    "Output",
    "Quantity",
    "Reference",
    "Trap",
    "discover",
    "find",
    "missing",
    "run",
    "run_request",
]
