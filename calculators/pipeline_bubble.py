"""Pipeline bubbles in closed form.

Owns the bubble time of each schedule and its two ratios, to the ideal time and to the whole.
Ignores communication and imbalance, which the simulator shows. Invariant: zero-bubble
schedules with t_w = 0 equal 1F1B, and interleaved with one chunk equals 1F1B.
"""

from typing import Literal

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, InputWarning, Output, Quantity, Trap
from calculators._fields import AmountOrZero, Count, InputsBase, entry, multiples, need, neighbours, preset
from calculators._sources import cite
from calculators._units import RATIO


class Schedule(InputsBase):
    """What closed form and simulator have in common."""

    pp: Count = entry("pipeline stages p")
    microbatches: Count = entry("microbatches of a batch m")
    interleave: Count = preset(1, "model chunks on a stage v, for the interleaved schedule")
    t_f: AmountOrZero = preset(1.0, "forward time of a stage and microbatch F")
    t_b: AmountOrZero = preset(1.0, "backward time for the inputs B")
    t_w: AmountOrZero = preset(1.0, "backward time for the weights W")


class Inputs(Schedule):
    """A schedule and its times, in any one unit of time."""

    schedule: Literal["gpipe", "1f1b", "interleaved", "zb_h1", "zb_h2", "dualpipe"] = entry("pipeline schedule")
    t_fb: AmountOrZero = entry("overlapped forward and backward of DualPipe; t_f + t_b + t_w when absent")


def check_schedule(schedule: str, pp: int, microbatches: int, interleave: int = 1) -> None:
    """Rules that hold for closed form and simulator alike; absent numbers are None."""
    if schedule == "interleaved":
        if pp == 1:
            raise CalculatorError("interleave", interleave, "has no stages to interleave at pp=1, give pp=2 or more")
        if None not in (pp, microbatches) and microbatches % pp:
            near = multiples(microbatches, pp)
            rule = f"is not a multiple of pp={pp}, as the interleaved schedule needs"
            raise CalculatorError("microbatches", microbatches, rule, near)
    if schedule == "dualpipe":
        if pp is not None and pp % 2:
            raise CalculatorError("pp", pp, "is odd: DualPipe feeds an even number of stages", neighbours(pp, _is_even))
        least = 2 * pp if pp is not None else 2
        if microbatches is not None and (microbatches < least or microbatches % 2):
            enough = str(least) if microbatches < least else neighbours(microbatches, _is_even)
            raise CalculatorError("microbatches", microbatches, f"is not even and at least 2·pp={least}", enough)


def _is_even(number: int) -> bool:
    return number % 2 == 0


def warn_schedule(pp: int, microbatches: int) -> tuple[InputWarning, ...]:
    """The doubt about a pipeline with more stages than microbatches."""
    if microbatches >= pp:
        return ()
    message = f"{microbatches} microbatches cannot fill {pp} stages; with fewer than {pp} the bubble dominates"
    return (InputWarning(field="microbatches", message=message),)


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    check_schedule(inputs.schedule, inputs.pp, inputs.microbatches, inputs.interleave)
    if output != "bubble_time" and inputs.t_f + inputs.t_b + inputs.t_w == 0:
        raise CalculatorError("t_f", inputs.t_f, "leaves no work, as t_b and t_w are 0 too", 1)


_PTDP = cite("ptdp", "§2.2")
_ZERO_BUBBLE = cite("zero_bubble", "Table 2")
_FORMS = {
    "gpipe": ("({pp} − 1)·({t_f} + {t_b} + {t_w})", r"(p-1)(F+B+W)", cite("gpipe", "§2.3")),
    "1f1b": ("({pp} − 1)·({t_f} + {t_b} + {t_w})", r"(p-1)(F+B+W)", _PTDP),
    "interleaved": ("({pp} − 1)·({t_f} + {t_b} + {t_w})/{interleave}", r"\frac{(p-1)(F+B+W)}{v}", _PTDP),
    "zb_h1": ("({pp} − 1)·({t_f} + {t_b} − {t_w})", r"(p-1)(F+B-W)", _ZERO_BUBBLE),
    "zb_h2": ("({pp} − 1)·({t_f} + {t_b} − 2·{t_w})", r"(p-1)(F+B-2W)", _ZERO_BUBBLE),
    "dualpipe": (
        "({pp}/2 − 1)·({t_fb} + {t_b} + {t_w} − 3·{t_w})",
        r"\left(\tfrac{p}{2}-1\right)\left(F\&B + (B+W) - 3W\right)",
        cite("deepseek_v3", "§3.2.1, Table 2"),
    ),
}


def bubble_time(inputs: Inputs) -> float:
    """Time that a stage idles in one batch, in the unit of t_f, t_b and t_w."""
    p, f, b, w = inputs.pp, inputs.t_f, inputs.t_b, inputs.t_w
    if inputs.schedule == "dualpipe":
        return (p / 2 - 1) * (_overlapped(inputs) + b + w - 3 * w)
    if inputs.schedule == "interleaved":
        return (p - 1) * (f + b + w) / inputs.interleave
    saved = {"zb_h1": 2 * w, "zb_h2": 3 * w}.get(inputs.schedule, 0.0)
    return (p - 1) * (f + b + w - saved)


def _overlapped(inputs: Inputs) -> float:
    return inputs.t_fb if inputs.t_fb is not None else inputs.t_f + inputs.t_b + inputs.t_w


def peak_microbatches(inputs: Inputs) -> float:
    """Most microbatches whose activations the fullest stage holds."""
    p, m, v = inputs.pp, inputs.microbatches, inputs.interleave
    if inputs.schedule == "dualpipe":
        return p + 1
    peaks = {"gpipe": m, "interleaved": p * (1 + (p - 1) / (p * v)), "zb_h2": 2 * p - 1}
    return min(m, peaks.get(inputs.schedule, p))


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute the bubble as a time, or as a ratio to the ideal or the total time."""
    need(inputs, output, "schedule", "pp", "microbatches")
    bubble, ideal = bubble_time(inputs), inputs.microbatches * (inputs.t_f + inputs.t_b + inputs.t_w)
    value = {"bubble_time": lambda: bubble, "overhead": lambda: bubble / ideal}.get(
        output, lambda: bubble / (bubble + ideal)
    )()
    template, latex, source = _FORMS[inputs.schedule]
    whole = "{microbatches}·({t_f} + {t_b} + {t_w})"
    if output == "overhead":
        template, latex = f"{template}/({whole})", rf"\frac{{{latex}}}{{m(F+B+W)}}"
    if output == "fraction_of_total":
        template, latex = f"{template}/({template} + {whole})", rf"\frac{{{latex}}}{{{latex} + m(F+B+W)}}"
    warnings = warn_schedule(inputs.pp, inputs.microbatches)
    if bubble < 0:
        message = f"the closed form gives {bubble:g}: with t_w this long it no longer holds, use the simulator"
        warnings += (InputWarning(field="t_w", message=message),)
    return Computed(
        value,
        Formula(output, template, latex, source),
        inputs.model_dump() | {"t_fb": _overlapped(inputs)},
        breakdown=(
            Quantity(name="bubble time", value=bubble, unit="1"),
            Quantity(name="ideal time", value=ideal, unit="1"),
            Quantity(name="peak microbatches in flight", value=peak_microbatches(inputs), unit="1"),
        ),
        assumptions=("no communication, equal stages", _meaning(output)),
        warnings=warnings,
    )


def _meaning(output: str) -> str:
    return {
        "overhead": "over the ideal time, (p−1)/m for 1F1B; fraction_of_total divides by ideal plus bubble",
        "fraction_of_total": "over ideal plus bubble, (p−1)/(m+p−1) for 1F1B; overhead divides by the ideal time",
        "bubble_time": "in the unit of t_f, t_b and t_w; t_b is the backward for inputs alone",
    }[output]


_FIELDS = ("schedule", "pp", "microbatches", "interleave", "t_f", "t_b", "t_w", "t_fb")

CALCULATOR = Calculator(
    name="pipeline_bubble",
    title="Pipeline bubble",
    group="cut",
    question="How long do the stages of a pipeline idle?",
    inputs=Inputs,
    outputs=(
        Output("overhead", "bubble over ideal time", RATIO, _FIELDS),
        Output("fraction_of_total", "bubble over total time", RATIO, _FIELDS),
        Output("bubble_time", "bubble, in the unit of the times", ("1",), _FIELDS),
    ),
    compute=compute,
    check=check,
    references=(_PTDP, _ZERO_BUBBLE, _FORMS["dualpipe"][2], _FORMS["gpipe"][2]),
    example=Case({"schedule": "1f1b", "pp": 8, "microbatches": 64}, "overhead", "1", 0.109375),
    traps=(
        Trap(
            "the Zero Bubble repository: ZB1P's bubble is a third of 1F1B's",
            "(p−1)/(3m+p−1): 8.9% against 22.6% at p=8, m=24",
            "the third holds for the time, not for the share of a total that shrinks with it",
            "zero-bubble repository",
            Case({"schedule": "zb_h1", "pp": 8, "microbatches": 24}, "fraction_of_total", "1", 7 / 79),
        ),
        Trap(
            "one bubble, two numbers: 21.9% and 17.9%",
            "7/32 = 21.9% over the ideal time, 7/39 = 17.9% over the total, for p=8 and m=32",
            "(p−1)/m in PTD-P, (p−1)/(m+p−1) in GPipe and Zero Bubble",
            "PTD-P §2.2; Zero Bubble Table 5",
            Case({"schedule": "1f1b", "pp": 8, "microbatches": 32}, "fraction_of_total", "1", 7 / 39),
        ),
        Trap(
            "B means the backward pass",
            "half of it in Zero Bubble's tables, all of it in DualPipe's",
            "Zero Bubble splits the gradient of the weights off as W",
            "Zero Bubble Table 2; DeepSeek-V3 Table 2",
        ),
    ),
)
