"""Communication of a training step.

Owns the volume of data, tensor and pipeline parallelism, per step, per layer and per boundary.
Leaves out overlap and topology. Invariant: ZeRO-3 moves half as much again as stages 0 to 2,
and sequence parallelism moves what tensor parallelism does.
"""

from typing import Literal

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, Output, Trap
from calculators._fields import Amount, Count, Flag, InputsBase, Stage, entry, need, preset
from calculators._sources import cite
from calculators._units import BYTES


class Inputs(InputsBase):
    """A kind of parallelism and what it exchanges."""

    kind: Literal["dp", "tp", "pp"] = entry("data, tensor or pipeline parallelism")
    params: Amount = entry("parameters P", "params")
    dtype_bytes: Amount = preset(2.0, "bytes per element", "B")
    zero_stage: Stage = preset(0, "ZeRO stage")
    bandwidth: Amount = entry("bandwidth of the link", "byte/s")
    ranks: Count = entry("data-parallel ranks; absent means the limit of many")
    tp: Count = entry("tensor-parallel size t")
    micro_batch: Count = entry("microbatch b", "sequences")
    seq_len: Count = entry("sequence length s", "tokens")
    hidden: Count = entry("model width h")
    scatter_gather: Flag = preset(False, "pipeline boundary sent in t parts")


_ZERO = cite("zero", "§7 (2P and 3P)")
_TENSOR = cite("ptdp", "§3.2")
_PIPELINE = cite("ptdp", "§3.2; scatter/gather in §4.1")


def choose(inputs: Inputs) -> str:
    """Data parallelism is counted in bytes, the others in elements."""
    return "elements" if inputs.kind in ("tp", "pp") else "bytes"


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    if inputs.kind is not None and (output == "elements") == (inputs.kind == "dp"):
        near = "tp or pp" if inputs.kind == "dp" else "dp"
        raise CalculatorError("kind", inputs.kind, f"does not give the output {output}", near)


def data_parallel_bytes(params: float, dtype_bytes: float, zero_stage: int, ranks: int | None) -> float:
    """Bytes that a rank sends in one step; `ranks` None means the limit of many."""
    times = 3 if zero_stage == 3 else 2
    return times * params * dtype_bytes * (1.0 if ranks is None else (ranks - 1) / ranks)


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute bytes, seconds or elements."""
    need(inputs, output, "kind")
    symbols = inputs.model_dump()
    if output in ("bytes", "seconds"):
        return _compute_data(inputs, output)
    if inputs.kind == "tp":
        need(inputs, output, "tp", "micro_batch", "seq_len", "hidden")
        t, tokens = inputs.tp, inputs.micro_batch * inputs.seq_len
        template = "8·{micro_batch}·{seq_len}·{hidden}·({tp} − 1)/{tp}"
        formula = Formula("V", template, r"8\,b\,s\,h\,\frac{t-1}{t}", _TENSOR)
        assumption = "per layer and microbatch: four all-reduces; sequence parallelism moves as much"
        return Computed(8 * tokens * inputs.hidden * (t - 1) / t, formula, symbols, assumptions=(assumption,))
    need(inputs, output, *(("tp",) if inputs.scatter_gather else ()), "micro_batch", "seq_len", "hidden")
    volume = inputs.micro_batch * inputs.seq_len * inputs.hidden
    template, latex = "{micro_batch}·{seq_len}·{hidden}", r"b\,s\,h"
    assumption = "per boundary, microbatch and direction"
    if inputs.scatter_gather:
        formula = Formula("V", f"{template}/{{tp}}", r"\frac{b\,s\,h}{t}", _PIPELINE)
        return Computed(volume / inputs.tp, formula, symbols, assumptions=(assumption,))
    return Computed(volume, Formula("V", template, latex, _PIPELINE), symbols, assumptions=(assumption,))


def _compute_data(inputs: Inputs, output: str) -> Computed:
    need(inputs, output, "params", *(("bandwidth",) if output == "seconds" else ()))
    volume = data_parallel_bytes(inputs.params, inputs.dtype_bytes, inputs.zero_stage, inputs.ranks)
    times = 3 if inputs.zero_stage == 3 else 2
    template, latex = f"{times}·{{params}}·{{dtype_bytes}}", rf"{times}P\,w"
    limit = "large-n limit: (n−1)/n is taken as 1"
    if inputs.ranks is not None:
        template, latex = f"{template}·({{ranks}} − 1)/{{ranks}}", rf"{latex}\,\frac{{n-1}}{{n}}"
        limit = "(n−1)/n of the buffer crosses each link"
    assumptions = (limit, "per step and rank: gradients reduced and gathered; ZeRO-3 gathers the weights once more")
    if output == "seconds":
        formula = Formula("t", f"{template}/{{bandwidth}}", rf"\frac{{{latex}}}{{BW}}", _ZERO)
        return Computed(volume / inputs.bandwidth, formula, inputs.model_dump(), assumptions=assumptions)
    return Computed(volume, Formula("V", template, latex, _ZERO), inputs.model_dump(), assumptions=assumptions)


_DATA_FIELDS = ("kind", "params", "dtype_bytes", "zero_stage", "ranks")

CALCULATOR = Calculator(
    name="comm_volume",
    title="Communication per step",
    group="cut",
    question="How much does each kind of parallelism send?",
    inputs=Inputs,
    outputs=(
        Output("bytes", "bytes of a data-parallel step", BYTES, _DATA_FIELDS),
        Output("seconds", "time of a data-parallel step", ("s", "ms"), (*_DATA_FIELDS, "bandwidth")),
        Output(
            "elements",
            "elements of a layer or a boundary",
            ("elements",),
            ("kind", "tp", "micro_batch", "seq_len", "hidden", "scatter_gather"),
        ),
    ),
    compute=compute,
    check=check,
    choose=choose,
    references=(_ZERO, _TENSOR, _PIPELINE),
    example=Case({"kind": "dp", "params": 7e9, "ranks": 8}, "bytes", "GB", 24.5),
    traps=(
        Trap(
            "ZeRO-3 communicates three times as much",
            "half as much again, 3P against 2P: 42 GB for 7B in 16 bits, against 28",
            "plain data parallelism already moves 2P, a reduce-scatter and an all-gather",
            "ZeRO (arXiv 1910.02054), §7",
            Case({"kind": "dp", "params": 7e9, "zero_stage": 3}, "bytes", "GB", 42),
        ),
    ),
)
