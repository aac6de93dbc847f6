"""Utilisation of the peak: MFU and HFU, and what is achieved per device and in all.

Owns the division by time and peak; the FLOPs come from `training_flops`. Refuses nothing
above 100%, but doubts it. Invariant: for one run HFU is not below MFU, since it counts
recomputation as well.
"""

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, InputWarning, Output, Trap
from calculators._fields import Amount, Count, Flag, entry, names_of, need, preset
from calculators._sources import cite
from calculators._units import FLOP_RATE, PERCENT
from calculators.training_flops import FlopFields, count_flops


class Inputs(FlopFields):
    """A run, as measured in one of four ways."""

    peak_flops: Amount = entry("dense peak of one GPU for the precision used", "FLOP/s")
    gpus: Count = preset(1, "GPUs")
    iter_time_s: Amount = entry("time of one iteration", "s")
    tokens_per_s: Amount = entry("throughput of the whole job", "tokens/s")
    gpu_hours: Amount = entry("GPU-hours of the whole training", "GPU-h")
    achieved_flops: Amount = entry("achieved by one GPU", "FLOP/s")
    include_attention: Flag = preset(False, "count attention scores too, with tokens_per_s")
    attn_dim: Count = entry("heads times head_dim, for include_attention")


MEASURES = ("iter_time_s", "tokens_per_s", "gpu_hours", "achieved_flops")
_ITERATION = ("formula", "batch", "hidden", "vocab")
_DEFAULT_FORMULA = {"hfu": "korthikanti_hw_selective"}


def measure(inputs: Inputs) -> str:
    """The measured field to compute from; where none is given, the one that the other fields call for."""
    for name in MEASURES:
        if getattr(inputs, name) is not None:
            return name
    if any(getattr(inputs, name) is not None for name in _ITERATION):
        return "iter_time_s"
    if inputs.params is not None:
        return "gpu_hours" if inputs.tokens is not None else "tokens_per_s"
    return "achieved_flops"


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    if inputs.formula == "selective_overhead":
        raise CalculatorError("formula", inputs.formula, "counts no FLOPs", _DEFAULT_FORMULA.get(output, "6nd"))


_KORTHIKANTI = cite("korthikanti", "§6.3 and Table 5")
_PALM = cite("palm", "Appendix B")
_PTDP = cite("ptdp", "§5.1")


def achieved(inputs: Inputs, output: str, by: str) -> tuple[float, Formula, dict[str, object]]:
    """FLOP/s of one GPU from the measured field `by`, with the formula of that rate and its symbols.

    Raises:
        MissingInputs: the measured field, or one that goes with it, is absent.
    """
    if by == "achieved_flops":
        need(inputs, output, by)
        return inputs.achieved_flops, Formula("X", "{achieved_flops}", "X", _PTDP), inputs.model_dump()
    if by == "iter_time_s":
        need(inputs, output, by)
        chosen = inputs.formula or _DEFAULT_FORMULA.get(output, "korthikanti_model")
        flops, formula, symbols = count_flops(inputs, chosen)
        rate = Formula("X", f"{formula.template}/({{gpus}}·{{iter_time_s}})", r"\frac{C}{n\,T}", formula.source)
        return flops / (inputs.gpus * inputs.iter_time_s), rate, symbols
    if by == "gpu_hours":
        need(inputs, output, by, "params", "tokens")
        value = 6 * inputs.params * inputs.tokens / (inputs.gpu_hours * 3600)
        formula = Formula("X", "6·{params}·{tokens}/({gpu_hours}·3,600)", r"\frac{6ND}{\mathrm{GPU\,s}}", _PALM)
        return value, formula, inputs.model_dump()
    need(inputs, output, by, "params")
    per_token, template = 6 * inputs.params, "6·{params}"
    if inputs.include_attention:
        need(inputs, "include_attention", "layers", "attn_dim", "seq_len")
        per_token += 12 * inputs.layers * inputs.attn_dim * inputs.seq_len
        template = "(6·{params} + 12·{layers}·{attn_dim}·{seq_len})"
    formula = Formula("X", f"{template}·{{tokens_per_s}}/{{gpus}}", r"\frac{(6N + 12LHQT)\,R}{n}", _PALM)
    return per_token * inputs.tokens_per_s / inputs.gpus, formula, inputs.model_dump()


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute a utilisation (ratio) or a rate (FLOP/s)."""
    by = measure(inputs)
    if output in ("mfu", "hfu"):
        return _compute_share(inputs, output, by)
    if output == "achieved_flops":
        # It may stand among the inputs of another output; here it is what is asked for.
        by = "iter_time_s" if by == "achieved_flops" and inputs.achieved_flops is None else by
        value, formula, symbols = achieved(inputs, output, by)
        return Computed(value, formula, symbols, assumptions=_assume(inputs, output, by))
    by = "achieved_flops" if inputs.achieved_flops is not None else by
    value, formula, symbols = achieved(inputs, output, by)
    whole = Formula("X", f"{formula.template}·{{gpus}}", rf"{formula.latex}\cdot n", formula.source)
    return Computed(value * inputs.gpus, whole, symbols, assumptions=_assume(inputs, output, by))


def _compute_share(inputs: Inputs, output: str, by: str) -> Computed:
    need(inputs, output, by, "peak_flops")
    value, formula, symbols = achieved(inputs, output, by)
    share = value / inputs.peak_flops
    warnings: tuple[InputWarning, ...] = ()
    if share > 1:
        message = (
            f"{share:.1%} of the peak: a wrong peak (sparse instead of dense, another precision) or a wrong time; "
            f"achieved {value / 1e12:.4g} TFLOP/s of {inputs.peak_flops / 1e12:.4g}"
        )
        warnings = (InputWarning(field=by, message=message),)
    template, latex = f"{formula.template}/{{peak_flops}}", rf"\frac{{{formula.latex}}}{{X_p}}"
    whole = Formula(output.upper(), template, latex, formula.source)
    return Computed(share, whole, symbols, assumptions=_assume(inputs, output, by), warnings=warnings)


def _assume(inputs: Inputs, output: str, by: str) -> tuple[str, ...]:
    lines = ["the peak is the dense one of the precision used"]
    if by == "iter_time_s":
        formula = inputs.formula or _DEFAULT_FORMULA.get(output, "korthikanti_model")
        lines.append(f"FLOPs of an iteration by {formula}")
    elif by != "achieved_flops":
        counted = by == "tokens_per_s" and inputs.include_attention
        lines.append(f"attention scores {'counted, dense' if counted else 'not counted'}; no recomputation counted")
    return tuple(lines)


_PALM_RUN = {"params": 540.35e9, "tokens_per_s": 238_300, "gpus": 6144, "peak_flops": 275e12}

CALCULATOR = Calculator(
    name="utilization",
    title="MFU and HFU",
    group="time",
    question="What share of the hardware's peak does a training run reach?",
    inputs=Inputs,
    outputs=(
        Output("mfu", "model FLOPs utilisation", PERCENT, names_of(Inputs)),
        Output("hfu", "hardware FLOPs utilisation, recomputation counted", PERCENT, names_of(Inputs)),
        Output("achieved_flops", "rate of one GPU", FLOP_RATE, names_of(Inputs, "peak_flops")),
        Output("aggregate", "rate of all GPUs", ("PFLOP/s", "TFLOP/s"), names_of(Inputs, "peak_flops")),
    ),
    compute=compute,
    check=check,
    references=(_PALM, _KORTHIKANTI, _PTDP),
    example=Case(_PALM_RUN, "mfu", "%", 45.73, 1e-3),
    traps=(
        Trap(
            "Llama 3 405B: 400 TFLOP/s a GPU is 41% MFU",
            "40.4% of 989 TFLOP/s",
            "the printed TFLOP/s are rounded",
            "Llama 3 (arXiv 2407.21783), Table 4",
            Case({"achieved_flops": 400e12, "peak_flops": 989e12}, "mfu", "%", 40.4, 2e-3),
        ),
        Trap(
            "PaLM 540B: 46.2% MFU",
            "45.7% without attention scores, 46.2% with them",
            "two definitions of model FLOPs under one name",
            "PaLM (arXiv 2204.02311), Appendix B",
            Case(
                {**_PALM_RUN, "include_attention": True, "layers": 118, "attn_dim": 12288, "seq_len": 2048},
                "mfu",
                "%",
                46.2,
                2e-3,
            ),
        ),
    ),
)
