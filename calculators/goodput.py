"""Failures, checkpoint intervals and the time they waste.

Owns the mean time between failures, measured or projected, the intervals of Young and Daly,
and the first-order waste. Takes failures as independent. Invariant: the first-order waste is
least at Young's interval.
"""

import math

from calculators._base import Calculator, Case, Computed, Formula, InputWarning, Output, Quantity, Trap
from calculators._fields import Amount, AmountOrZero, Count, InputsBase, entry, need, preset
from calculators._sources import cite
from calculators._units import SECONDS


class Inputs(InputsBase):
    """Failures of a job, and its checkpoints."""

    hours: Amount = entry("hours observed", "h")
    failures: Count = entry("failures in that time")
    failures_per_1000_node_days: Amount = entry("failure rate")
    gpus: Count = entry("GPUs of the job")
    gpus_per_node: Count = preset(8, "GPUs in a node")
    ckpt_s: Amount = entry("time of a checkpoint δ", "s")
    mtbf_s: Amount = entry("mean time between failures M", "s")
    interval_s: Amount = entry("time between checkpoints τ", "s")
    restart_s: AmountOrZero = preset(0.0, "time of a restart R", "s")


def young(ckpt: float, mtbf: float) -> float:
    """Young's interval, in seconds."""
    return math.sqrt(2 * ckpt * mtbf)


def daly(ckpt: float, mtbf: float) -> float:
    """Daly's interval of higher order, in seconds; the mean time between failures where δ ≥ 2M."""
    if ckpt >= 2 * mtbf:
        return mtbf
    half = ckpt / (2 * mtbf)
    return young(ckpt, mtbf) * (1 + math.sqrt(half) / 3 + half / 9) - ckpt


def waste(ckpt: float, mtbf: float, interval: float, restart: float = 0.0) -> float:
    """Share of the time lost, to first order."""
    return ckpt / interval + (interval / 2 + restart) / mtbf


_LLAMA3 = cite("llama3", "§3.3.4")
_META = cite("reliability", "mean time to failure by job size")
_YOUNG = cite("young")
_DALY = cite("daly", "Eq. 37")
_FORMULAS = {
    "mtbf_h": Formula("MTBF", "{hours}/{failures}", r"\frac{t}{n_f}", _LLAMA3),
    "mttf_h": Formula(
        "MTTF",
        "24,000/({failures_per_1000_node_days}·{gpus}/{gpus_per_node})",
        r"\frac{24000}{r\,n / g}",
        _META,
    ),
    "young_s": Formula("τ", "√(2·{ckpt_s}·{mtbf_s})", r"\tau = \sqrt{2\delta M}", _YOUNG),
    "daly_s": Formula(
        "τ",
        "√(2·{ckpt_s}·{mtbf_s})·(1 + √({ckpt_s}/(2·{mtbf_s}))/3 + {ckpt_s}/(2·{mtbf_s})/9) − {ckpt_s}",
        r"\tau = \sqrt{2\delta M}"
        r"\left(1 + \tfrac{1}{3}\sqrt{\tfrac{\delta}{2M}} + \tfrac{1}{9}\,\tfrac{\delta}{2M}\right) - \delta",
        _DALY,
    ),
    "waste_first_order": Formula(
        "waste",
        "{ckpt_s}/{interval_s} + ({interval_s}/2 + {restart_s})/{mtbf_s}",
        r"\frac{\delta}{\tau} + \frac{\tau/2 + R}{M}",
        _YOUNG,
    ),
}
_FIELDS = {
    "mtbf_h": ("hours", "failures"),
    "mttf_h": ("failures_per_1000_node_days", "gpus"),
    "young_s": ("ckpt_s", "mtbf_s"),
    "daly_s": ("ckpt_s", "mtbf_s"),
    "waste_first_order": ("ckpt_s", "interval_s", "mtbf_s"),
}
_HOURS = ("h", "days", "s")


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute a time in seconds, or the wasted share (ratio)."""
    need(inputs, output, *_FIELDS[output])
    formula, symbols = _FORMULAS[output], inputs.model_dump()
    if output == "mtbf_h":
        return Computed(inputs.hours * 3600 / inputs.failures, formula, symbols)
    if output == "mttf_h":
        nodes = inputs.gpus / inputs.gpus_per_node
        value = 24_000 * 3600 / (inputs.failures_per_1000_node_days * nodes)
        assumption = "a projection from one node's rate; what is measured differs, above all for small jobs"
        return Computed(value, formula, symbols, assumptions=(assumption,))
    delta, mtbf = inputs.ckpt_s, inputs.mtbf_s
    warnings: tuple[InputWarning, ...] = ()
    if delta >= 2 * mtbf:
        message = f"a checkpoint takes {delta / mtbf:.3g} times the mean time between failures: no interval helps"
        warnings = (InputWarning(field="ckpt_s", message=message),)
        if output == "daly_s":
            formula = Formula("τ", "{mtbf_s}", r"\tau = M", _DALY)
    if output == "waste_first_order":
        value = waste(delta, mtbf, inputs.interval_s, inputs.restart_s)
        best = young(delta, mtbf)
        least = Quantity(name="least, at Young's interval", value=waste(delta, mtbf, best, inputs.restart_s), unit="1")
        return Computed(value, formula, symbols, breakdown=(least,), warnings=warnings)
    value = (young if output == "young_s" else daly)(delta, mtbf)
    lost = Quantity(name="first-order waste at this interval", value=waste(delta, mtbf, value), unit="1")
    return Computed(value, formula, symbols, breakdown=(lost,), warnings=warnings)


CALCULATOR = Calculator(
    name="goodput",
    title="Failures and checkpoint interval",
    group="time",
    question="How often does a job fail, how often should it checkpoint, and what is lost?",
    inputs=Inputs,
    outputs=(
        Output("daly_s", "checkpoint interval, Daly", SECONDS, _FIELDS["daly_s"]),
        Output("young_s", "checkpoint interval, Young", SECONDS, _FIELDS["young_s"]),
        Output("mtbf_h", "mean time between failures, measured", _HOURS, _FIELDS["mtbf_h"]),
        Output("mttf_h", "mean time to failure, projected", _HOURS, (*_FIELDS["mttf_h"], "gpus_per_node")),
        Output("waste_first_order", "share of the time lost", ("1", "%"), (*_FIELDS["waste_first_order"], "restart_s")),
    ),
    compute=compute,
    references=(_DALY, _YOUNG, _META, _LLAMA3),
    example=Case({"ckpt_s": 120, "mtbf_s": 36_000}, "young_s", "s", 2939.39, 1e-5),
    traps=(
        Trap(
            "Meta: a job of 1,024 GPUs fails every 7.9 hours",
            "28.8 hours by the paper's projection from 6.5 failures per 1,000 node-days",
            "7.9 hours are measured, not projected",
            "cluster reliability (arXiv 2410.21680)",
            Case({"failures_per_1000_node_days": 6.5, "gpus": 1024}, "mttf_h", "h", 28.8, 2e-3),
        ),
    ),
)
