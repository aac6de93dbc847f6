"""Calculators of ML systems, one module each, found by discovery. Knows nothing of the library.

Owns the public face: `discover` for what there is, `run` for one estimate, `missing` for what
is still to be asked, `run_request` for one line of a batch; the registries of models and
accelerators; `recognise` and `suggest` for configurations in text. Refuses unknown fields, strings
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
from calculators._configuration import Configuration, Parameter, Suggestion, recognise, recognise_passage, suggest
from calculators._discovery import discover, find
from calculators._hf_config import read_hf_config
from calculators._registry import (
    Accelerator,
    Mention,
    Model,
    accelerator_inputs,
    accelerators,
    find_accelerator,
    find_accelerators,
    find_model,
    find_models,
    model_inputs,
    models,
)
from calculators._request import missing, run, run_request

__all__ = [
    "GROUPS",
    "Accelerator",
    "Calculator",
    "CalculatorError",
    "Case",
    "Configuration",
    "Estimate",
    "InputWarning",
    "Mention",
    "MissingInputs",
    "Model",
    "Output",
    "Parameter",
    "Quantity",
    "Reference",
    "Suggestion",
    "Trap",
    "accelerator_inputs",
    "accelerators",
    "discover",
    "find",
    "find_accelerator",
    "find_accelerators",
    "find_model",
    "find_models",
    "missing",
    "model_inputs",
    "models",
    "read_hf_config",
    "recognise",
    "recognise_passage",
    "run",
    "run_request",
    "suggest",
]
