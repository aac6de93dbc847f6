"""Models and accelerators as data, each with its source. Knows no question and no page.

Owns what is published about them and how their names are found in text; the data lies in TOML
files beside the code, so that an entry is added without code. Refuses figures without a source.
Invariant: a model's parameters, recomputed, agree with its published total, or its note says why not.
"""

from calculators._registry._entries import BYTES_PER_ELEMENT, Accelerator, Model, read_published
from calculators._registry._fill import accelerator_inputs, model_inputs
from calculators._registry._load import (
    accelerators,
    find_accelerator,
    find_accelerators,
    find_model,
    find_models,
    models,
)
from calculators._registry._names import Mention

__all__ = [
    "BYTES_PER_ELEMENT",
    "Accelerator",
    "Mention",
    "Model",
    "accelerator_inputs",
    "accelerators",
    "find_accelerator",
    "find_accelerators",
    "find_model",
    "find_models",
    "model_inputs",
    "models",
    "read_published",
]
