"""Compute-optimal sizes of model and data.

Owns C = 6ND solved for each of its parts, the fixed ratio of tokens to parameters, and the
parametric loss with its printed constants. Offers the closed-form optimum of that loss for
comparison only. Invariant: parameters times tokens times 6 give back the budget.
"""

import math
from typing import Literal

from calculators._base import Calculator, Case, Computed, Formula, Output, Quantity, Trap
from calculators._fields import Amount, InputsBase, entry, need, preset
from calculators._sources import cite
from calculators._units import FLOP, PARAMS, TOKENS


class Inputs(InputsBase):
    """A budget, or a model and its data."""

    params: Amount = entry("parameters N", "params")
    tokens: Amount = entry("training tokens D", "tokens")
    flops: Amount = entry("compute budget C", "FLOP")
    method: Literal["ratio"] = preset("ratio", "fixed ratio of tokens to parameters")
    tokens_per_param: Amount = preset(20.0, "tokens per parameter r")


E, A, B, ALPHA, BETA = 1.69, 406.4, 410.7, 0.34, 0.28
"""Constants of the parametric loss as printed (Eq. 10)."""


def closed_form_optimum(flops: float) -> tuple[float, float]:
    """Parameters and tokens that minimise the parametric loss at a budget (Approach 3, Eq. 4)."""
    g = (ALPHA * A / (BETA * B)) ** (1 / (ALPHA + BETA))
    params = g * (flops / 6) ** (BETA / (ALPHA + BETA))
    return params, flops / 6 / params


_RATIO = cite("chinchilla", "§3, about 20 tokens per parameter")
_BUDGET = cite("chinchilla", "§3.3, C = 6ND")
_LOSS = cite("chinchilla", "§3.3, Eq. 10")
_CHECK = cite("chinchilla_check")
_LATEX_LOSS = r"L = 1.69 + \frac{406.4}{N^{0.34}} + \frac{410.7}{D^{0.28}}"


def choose(inputs: Inputs) -> str:
    """A budget asks for the model to spend it on; a model and its data ask for the budget."""
    return "params_opt" if inputs.flops is not None else "flops"


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute a budget (FLOP), an optimum (parameters or tokens) or the predicted loss (nats per token)."""
    n, d, c, r = inputs.params, inputs.tokens, inputs.flops, inputs.tokens_per_param
    needs = {"flops": ("params", "tokens"), "tokens": ("flops", "params"), "loss": ("params", "tokens")}
    need(inputs, output, *needs.get(output, ("flops",)))
    symbols = inputs.model_dump()
    if output == "flops":
        return Computed(6 * n * d, Formula("C", "6·{params}·{tokens}", "C = 6ND", _BUDGET), symbols)
    if output == "tokens":
        formula = Formula("D", "{flops}/(6·{params})", r"D = \frac{C}{6N}", _BUDGET)
        return Computed(c / (6 * n), formula, symbols)
    if output == "loss":
        formula = Formula("L", "1.69 + 406.4/{params}^0.34 + 410.7/{tokens}^0.28", _LATEX_LOSS, _LOSS)
        parts = {"irreducible": E, "model size": A / n**ALPHA, "data": B / d**BETA}
        breakdown = tuple(Quantity(name=name, value=value, unit="1") for name, value in parts.items())
        caution = "the printed constants are rounded; a replication (arXiv 2404.10102) fits other ones"
        return Computed(sum(parts.values()), formula, symbols, breakdown=breakdown, assumptions=(caution,))
    best = math.sqrt(c / (6 * r))
    params, tokens = closed_form_optimum(c)
    other = (
        Quantity(name="by the closed form of the loss: parameters", value=params, unit="params"),
        Quantity(name="by the closed form of the loss: tokens", value=tokens, unit="tokens"),
    )
    assumptions = ("rounded constants put the closed form 18 to 26% below the paper's own table",)
    if output == "params_opt":
        formula = Formula("N", "√({flops}/(6·{tokens_per_param}))", r"N = \sqrt{\frac{C}{6r}}", _RATIO)
        return Computed(best, formula, symbols, breakdown=other, assumptions=assumptions)
    template = "{tokens_per_param}·√({flops}/(6·{tokens_per_param}))"
    formula = Formula("D", template, r"D = r\sqrt{\frac{C}{6r}}", _RATIO)
    return Computed(r * best, formula, symbols, breakdown=other, assumptions=assumptions)


_OPTIMUM_FIELDS = ("flops", "method", "tokens_per_param")

CALCULATOR = Calculator(
    name="compute_optimal",
    title="Compute-optimal training",
    group="time",
    question="How large a model, on how many tokens, for this budget?",
    inputs=Inputs,
    outputs=(
        Output("flops", "budget of a model and its data", FLOP, ("params", "tokens")),
        Output("params_opt", "parameters to choose", PARAMS, _OPTIMUM_FIELDS),
        Output("tokens_opt", "tokens to choose", TOKENS, _OPTIMUM_FIELDS),
        Output("tokens", "tokens that the budget affords", TOKENS, ("flops", "params")),
        Output("loss", "predicted loss", ("1",), ("params", "tokens")),
    ),
    compute=compute,
    choose=choose,
    references=(_RATIO, _LOSS, _CHECK),
    example=Case({"flops": 5.76e23}, "params_opt", "B params", 69.28, 1e-3),
    traps=(
        Trap(
            "Chinchilla Table A3, 175B: 1.26e24 FLOP",
            "1.26e25",
            "a slip in the exponent: 12.0T tokens need ten times as much",
            "Chinchilla (arXiv 2203.15556), Table A3",
            Case({"params": 175e9, "tokens": 12.0e12}, "flops", "FLOP", 1.26e25, 1e-9),
        ),
        Trap(
            "Chinchilla's Approach 3 by its printed constants",
            "32B for Gopher's budget, where the table has 40B; 18 to 26% too small throughout",
            "the constants are rounded; see the replication",
            "Chinchilla (arXiv 2203.15556), §3.3; arXiv 2404.10102",
        ),
    ),
)
