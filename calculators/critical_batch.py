"""Critical batch size.

Owns what a batch costs in steps and in examples against the least of each, and the critical
batch by the loss. Measures no gradient noise. Invariant: at the noise scale both ratios are 2.
"""

from calculators._base import Calculator, Case, Computed, Formula, Output, Trap
from calculators._fields import Amount, InputsBase, entry, need
from calculators._sources import cite
from calculators._units import TOKENS


class Inputs(InputsBase):
    """A batch and the noise scale, or a loss."""

    batch: Amount = entry("batch size B, in examples or tokens")
    b_noise: Amount = entry("gradient noise scale, in the unit of batch")
    loss: Amount = entry("training loss L", "nats/token")
    b_star: Amount = entry("constant B* of the critical batch", "tokens")
    alpha_b: Amount = entry("exponent of the critical batch")


_MCCANDLISH = cite("large_batch", "Eq. 2.11 and 2.12")
_KAPLAN = cite("scaling_laws", "Eq. 1.4")
_FORMS = {
    "steps_ratio": (("batch", "b_noise"), "1 + {b_noise}/{batch}", r"1 + \frac{B_n}{B}", _MCCANDLISH),
    "examples_ratio": (("batch", "b_noise"), "1 + {batch}/{b_noise}", r"1 + \frac{B}{B_n}", _MCCANDLISH),
    "kaplan_bcrit": (
        ("loss", "b_star", "alpha_b"), "{b_star}/{loss}^(1/{alpha_b})", r"\frac{B_*}{L^{1/\alpha_B}}", _KAPLAN
    ),
}  # fmt: skip


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute a ratio to the least steps or examples, or a batch in tokens."""
    names, template, latex, source = _FORMS[output]
    need(inputs, output, *names)
    if output == "steps_ratio":
        value = 1 + inputs.b_noise / inputs.batch
    elif output == "examples_ratio":
        value = 1 + inputs.batch / inputs.b_noise
    else:
        value = inputs.b_star / inputs.loss ** (1 / inputs.alpha_b)
    return Computed(value, Formula(output, template, latex, source), inputs.model_dump())


CALCULATOR = Calculator(
    name="critical_batch",
    title="Critical batch size",
    group="time",
    question="How large may a batch be before it wastes examples?",
    inputs=Inputs,
    outputs=(
        Output("steps_ratio", "steps over the fewest possible", ("x",), _FORMS["steps_ratio"][0]),
        Output("examples_ratio", "examples over the fewest possible", ("x",), _FORMS["examples_ratio"][0]),
        Output("kaplan_bcrit", "critical batch at a loss", TOKENS, _FORMS["kaplan_bcrit"][0]),
    ),
    compute=compute,
    references=(_MCCANDLISH, _KAPLAN),
    example=Case({"batch": 4e6, "b_noise": 1e6}, "steps_ratio", "x", 1.25),
    traps=(
        Trap(
            "four times the batch, a quarter of the steps",
            "from the noise scale to four times it: 2 to 1.25, while examples go from 2 to 5",
            "beyond the noise scale a batch buys few steps for many examples",
            "large-batch training (arXiv 1812.06162), Eq. 2.11 and 2.12",
            Case({"batch": 4e6, "b_noise": 1e6}, "examples_ratio", "x", 5),
        ),
    ),
)
