"""Gain of speculative decoding.

Owns the expected tokens per step, the speed-up and the operations that it costs. Takes the
acceptance as independent from token to token. Invariant: with a free draft model (c = 0) the
speed-up equals the tokens per step.
"""

import math

from calculators._base import Calculator, Case, Computed, Formula, InputWarning, Output, Quantity, Trap
from calculators._fields import AmountOrZero, Count, InputsBase, Share, entry, need, preset
from calculators._sources import cite


class Inputs(InputsBase):
    """A draft model and how far it guesses ahead."""

    alpha: Share = entry("probability that a guess is accepted")
    gamma: Count = entry("guesses in a step", "tokens")
    c: AmountOrZero = preset(0.0, "time of a draft step over a step of the large model")
    c_hat: AmountOrZero = entry("operations of a draft step over those of the large model; c when absent")


def expected_tokens(alpha: float, gamma: int) -> float:
    """Tokens of one step of the large model."""
    if alpha == 1:
        return gamma + 1
    if alpha < 0.5:
        return (1 - alpha ** (gamma + 1)) / (1 - alpha)
    # Near 1 both differences cancel; expm1 and log1p keep the digits.
    return -math.expm1((gamma + 1) * math.log1p(alpha - 1)) / (1 - alpha)


def speed_up(alpha: float, gamma: int, c: float) -> float:
    """Expected speed-up (Theorem 3.8)."""
    return expected_tokens(alpha, gamma) / (gamma * c + 1)


def best_gamma(alpha: float, c: float, limit: int = 64) -> int:
    """The number of guesses, up to `limit`, with the greatest speed-up."""
    return max(range(1, limit + 1), key=lambda gamma: (speed_up(alpha, gamma, c), -gamma))


_EQ1 = cite("speculative", "Eq. 1")
_SPEED = cite("speculative", "Theorem 3.8")
_OPS = cite("speculative", "Theorem 3.11")
_TOKENS, _TOKENS_LATEX = "(1 − {alpha}^({gamma} + 1))/(1 − {alpha})", r"\frac{1-\alpha^{\gamma+1}}{1-\alpha}"


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute tokens per step, a speed-up or a factor of operations."""
    need(inputs, output, "alpha", "gamma")
    alpha, gamma, c = inputs.alpha, inputs.gamma, inputs.c
    tokens = expected_tokens(alpha, gamma)
    template, latex = (_TOKENS, _TOKENS_LATEX) if alpha < 1 else ("({gamma} + 1)", r"(\gamma+1)")
    c_hat = inputs.c_hat if inputs.c_hat is not None else c
    symbols = {"alpha": alpha, "gamma": gamma, "c": c, "c_hat": c_hat}
    assumptions = ("guesses are accepted independently of one another",)
    if output == "tokens":
        return Computed(tokens, Formula("E", template, latex, _EQ1), symbols, assumptions=assumptions)
    if output == "ops":
        formula = Formula(
            "ops",
            f"({{gamma}}·{{c_hat}} + {{gamma}} + 1)/({template})",
            rf"\frac{{\gamma\hat c + \gamma + 1}}{{{latex}}}",
            _OPS,
        )
        return Computed((gamma * c_hat + gamma + 1) / tokens, formula, symbols, assumptions=assumptions)
    value, best = speed_up(alpha, gamma, c), best_gamma(alpha, c)
    warnings: tuple[InputWarning, ...] = ()
    if value < 1:
        message = f"expected speed-up {value:.3g}, below 1: at this cost speculative decoding slows the model down"
        warnings = (InputWarning(field="c", message=message),)
    return Computed(
        value,
        Formula("speed-up", f"({template})/({{gamma}}·{{c}} + 1)", rf"{latex}\cdot\frac{{1}}{{\gamma c + 1}}", _SPEED),
        symbols,
        breakdown=(
            Quantity(name="tokens per step", value=tokens, unit="tokens"),
            Quantity(name="best gamma up to 64", value=best, unit="tokens"),
            Quantity(name="speed-up at the best gamma", value=speed_up(alpha, best, c), unit="x"),
        ),
        assumptions=assumptions,
        warnings=warnings,
    )


CALCULATOR = Calculator(
    name="spec_decode",
    title="Speculative decoding",
    group="serve",
    question="How much faster does a draft model make decoding?",
    inputs=Inputs,
    outputs=(
        Output("speedup", "expected speed-up", ("x",), ("alpha", "gamma", "c")),
        Output("tokens", "tokens per step of the large model", ("tokens",), ("alpha", "gamma")),
        Output("ops", "operations over those without drafting", ("x",), ("alpha", "gamma", "c", "c_hat")),
    ),
    compute=compute,
    references=(_SPEED, _EQ1, _OPS),
    example=Case({"alpha": 0.8, "gamma": 5, "c": 0.05}, "speedup", "x", 2.9514, 1e-4),
    traps=(
        Trap(
            "a draft model always helps",
            "0.71 times the speed at acceptance 0.3, five guesses and a draft cost of 0.2",
            "five draft steps cost one step of the large model and bring 1.43 tokens",
            "speculative decoding (arXiv 2211.17192), Theorem 3.8",
            Case({"alpha": 0.3, "gamma": 5, "c": 0.2}, "speedup", "x", 0.71, 1e-2),
        ),
    ),
)
