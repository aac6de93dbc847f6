"""A calculation to take along: as Python, as a command, as JSON, as Markdown.

Pure. Invariant: each text holds the inputs exactly as they were given, and the Python runs as it stands.
"""

import json
from typing import Any

from calculators import Estimate
from calculators._base import show

Json = dict[str, Any]


def as_python(estimate: Estimate) -> str:
    """Return a script that prints the result."""
    return (
        "from calculators import run\n\n"
        f"estimate = run({estimate.calculator!r}, {estimate.inputs!r}, {estimate.output!r}, {estimate.unit!r})\n"
        "print(estimate.value, estimate.unit)\n"
    )


def as_request(estimate: Estimate) -> Json:
    """Return the request that gives this estimate, a line of a batch."""
    request = {"calculator": estimate.calculator, "output": estimate.output}
    return {**request, "inputs": estimate.inputs, "unit": estimate.unit}


def as_json(estimate: Estimate) -> str:
    """Return request and result."""
    result = {
        "value": estimate.value,
        "quantities": [quantity.model_dump() for quantity in estimate.quantities],
        "breakdown": [quantity.model_dump() for quantity in estimate.breakdown],
        "formula": estimate.formula,
        "substitution": estimate.substitution,
        "source": estimate.references[0],
        "references": list(estimate.references),
        "assumptions": list(estimate.assumptions),
        "warnings": [warning.model_dump() for warning in estimate.warnings],
    }
    return json.dumps({**as_request(estimate), **result}, ensure_ascii=False, indent=2)


def as_markdown(estimate: Estimate, title: str, link: str = "") -> str:
    """Return the result with formula, inputs, assumptions and sources as Markdown."""
    name = f"[{title}]({link})" if link else title
    value = "; ".join(
        f"{show(item.value)}{'' if item.unit in ('1', 'list') else ' ' + item.unit}" for item in estimate.quantities
    )
    lines = [f"**{name}: {value}**", "", f"`{estimate.formula}`  ", f"`{estimate.substitution}`", ""]
    lines += [f"- {key} = {json.dumps(given, ensure_ascii=False)}" for key, given in estimate.inputs.items()]
    lines += ["", *(f"- Assumes: {words}" for words in estimate.assumptions)] if estimate.assumptions else []
    lines += ["", *(f"- Doubtful: {item.field}: {item.message}" for item in estimate.warnings)] * bool(
        estimate.warnings
    )
    lines += ["", "Sources: " + "; ".join(estimate.references), ""]
    return "\n".join(lines)


def plan_as_python(inputs: Json) -> str:
    """Return a script that prints the plans of a search."""
    return (
        "from calculators.planner import PlanInputs, plan\n\n"
        f"found = plan(PlanInputs.model_validate({inputs!r}))\n"
        "for item in found.plans:\n    print(item)\n"
    )
