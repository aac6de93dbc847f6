"""What the page offers: every calculator, and the planner's search as one more form.

Pure. Invariant: what is listed has inputs, outputs and a worked example; `SEARCH` is answered by
`calculators.planner.plan`, everything else by `calculators.run`.
"""

from dataclasses import replace
from functools import cache
from typing import Any

from calculators import Calculator, Case, Output, discover
from calculators._request import _parse
from calculators.planner import PlanInputs, PlanResult, plan
from ui.calculator_fields import Field, fields_of

SEARCH = "plan"
"""The name under which the address holds the planner's search."""
_EXAMPLE: dict[str, Any] = {
    "layers": 96,
    "hidden": 12288,
    "heads": 96,
    "ffn": 49152,
    "vocab": 51200,
    "glu": False,
    "bias": True,
    "norm": "layernorm",
    "seq_len": 2048,
    "batch": 1536,
    "gpus": 1024,
    "gpu_mem_bytes": 80 * 2**30,
    "peak_flops": 312e12,
    "mem_bandwidth": 2.039e12,
    "intra_bandwidth": 300e9,
    "inter_bandwidth": 25e9,
}
"""GPT-3 175B on the cluster of PTD-P (arXiv 2104.04473, §5)."""


@cache
def catalogue() -> dict[str, Calculator]:
    """Return what can be opened by its name in the address."""
    found = discover()
    planner = found["planner"]
    names = [item.name.partition(".")[0] for item in fields_of(PlanInputs) if item.name != "formula"]
    search = replace(
        planner,
        name=SEARCH,
        inputs=PlanInputs,
        outputs=(Output("plans", "the ten best cuts that fit", ("list",), tuple(dict.fromkeys(names))),),
        example=Case(_EXAMPLE, "plans", "list", []),
        choose=None,
        traps=(),
    )
    return {**found, SEARCH: search}


@cache
def fields_by_name(name: str) -> tuple[Field, ...]:
    """Return the fields of a form."""
    return fields_of(catalogue()[name].inputs)


def search_plans(inputs: dict[str, Any]) -> PlanResult:
    """Search the cuts of a cluster.

    Raises:
        CalculatorError: a field is not valid, or fields are missing.
    """
    parsed = _parse(PlanInputs, inputs)
    assert isinstance(parsed, PlanInputs)
    return plan(parsed)
