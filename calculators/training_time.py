"""Duration of a training run.

Owns the four ways to reckon it: 8TP with recomputation, 6ND with a utilisation, a measured
throughput, or GPU-hours. Leaves out restarts and stalls (see `goodput`). Invariant: twice the
tokens take twice the time.
"""

from typing import Literal

from calculators._base import Calculator, Case, Computed, Formula, Output, Quantity, Trap
from calculators._fields import Amount, Count, Efficiency, InputsBase, entry, names_of, need
from calculators._sources import cite


class Inputs(InputsBase):
    """A training job and the machines."""

    method: Literal["8tp", "6nd", "tokens_per_s", "gpu_hours"] = entry("how to reckon")
    params: Amount = entry("parameters P; for a mixture of experts the active ones", "params")
    tokens: Amount = entry("training tokens T", "tokens")
    gpus: Count = entry("GPUs n")
    flops_per_gpu: Amount = entry("achieved by one GPU X, for 8tp", "FLOP/s")
    peak_flops: Amount = entry("dense peak of one GPU, for 6nd", "FLOP/s")
    mfu: Efficiency = entry("model FLOPs utilisation, for 6nd")
    tokens_per_s_per_gpu: Amount = entry("measured throughput of one GPU", "tokens/s")
    gpu_hours: Amount = entry("GPU-hours of the whole run", "GPU-h")


_PTDP = cite("ptdp", "§5.1, Eq. 4")
_SIX = cite("scaling_laws", "§2.1 (C = 6ND), with MFU after PaLM Appendix B")
_LLAMA = cite("llama", "§2.4 (tokens per second and GPU)")
_METHODS = {
    "8tp": (
        ("params", "tokens", "gpus", "flops_per_gpu"),
        Formula("time", "8·{tokens}·{params}/({gpus}·{flops_per_gpu})", r"t = \frac{8TP}{nX}", _PTDP),
        "every layer's forward pass is done twice; attention scores and the output layer are not counted",
    ),
    "6nd": (
        ("params", "tokens", "gpus", "peak_flops", "mfu"),
        Formula(
            "time",
            "6·{tokens}·{params}/({gpus}·{peak_flops}·{mfu})",
            r"t = \frac{6TP}{n\,X_{p}\,\mathrm{MFU}}",
            _SIX,
        ),
        "model FLOPs alone: recomputation shows as a lower MFU",
    ),
    "tokens_per_s": (
        ("tokens", "tokens_per_s_per_gpu", "gpus"),
        Formula("time", "{tokens}/({tokens_per_s_per_gpu}·{gpus})", r"t = \frac{T}{r\,n}", _LLAMA),
        "the measured throughput holds for the whole run",
    ),
    "gpu_hours": (
        ("gpu_hours", "gpus"),
        Formula("time", "{gpu_hours}·3,600/{gpus}", r"t = \frac{3600\,H}{n}", cite("deepseek_v3", "Table 1")),
        "all GPUs run all the time",
    ),
}


def seconds(inputs: Inputs) -> float:
    """Duration in seconds; the fields of the method must be given."""
    if inputs.method == "8tp":
        return 8 * inputs.tokens * inputs.params / (inputs.gpus * inputs.flops_per_gpu)
    if inputs.method == "6nd":
        return 6 * inputs.tokens * inputs.params / (inputs.gpus * inputs.peak_flops * inputs.mfu)
    if inputs.method == "tokens_per_s":
        return inputs.tokens / (inputs.tokens_per_s_per_gpu * inputs.gpus)
    return inputs.gpu_hours * 3600 / inputs.gpus


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute the duration in seconds, shown in days or years."""
    need(inputs, output, "method")
    fields, formula, assumption = _METHODS[inputs.method]
    need(inputs, f"method {inputs.method}", *fields)
    duration = seconds(inputs)
    hours = duration / 3600 * inputs.gpus
    return Computed(
        duration,
        formula,
        inputs.model_dump(),
        breakdown=(Quantity(name="GPU-hours", value=hours, unit="GPU-h"),),
        assumptions=(assumption, "no restarts, stalls or evaluation"),
    )


_TRILLION = {"method": "8tp", "tokens": 450e9, "gpus": 3072, "flops_per_gpu": 163e12}

CALCULATOR = Calculator(
    name="training_time",
    title="Training time",
    group="time",
    question="How many days does the training take?",
    inputs=Inputs,
    outputs=(
        Output("days", "duration", ("days", "h", "s", "years"), names_of(Inputs)),
        Output("years", "duration", ("years", "days", "h", "s"), names_of(Inputs)),
    ),
    compute=compute,
    references=(_PTDP, _SIX, _LLAMA),
    example=Case(
        {"method": "8tp", "tokens": 300e9, "params": 175e9, "gpus": 1024, "flops_per_gpu": 140e12},
        "days",
        "days",
        33.9,
        1e-3,
    ),
    traps=(
        Trap(
            "PTD-P: a 1T model takes 84 days",
            "83.2 days for 1.0T; 84 needs its true 1,008B",
            "the name is rounded, the sum is not",
            "PTD-P (arXiv 2104.04473), §5.1",
            Case({**_TRILLION, "params": 1e12}, "days", "days", 83.2, 1e-3),
        ),
        Trap(
            "PTD-P Table 2: 74 days for GPT-3 on 768 GPUs at 88 TFLOP/s",
            "71.8 days by 8TP, 3% low",
            "8TP leaves out attention scores and the output layer: 1.5 to 3% in that table",
            "PTD-P (arXiv 2104.04473), Table 2",
            Case(
                {"method": "8tp", "tokens": 300e9, "params": 174.6e9, "gpus": 768, "flops_per_gpu": 88e12},
                "days",
                "days",
                71.8,
                1e-3,
            ),
        ),
    ),
)
