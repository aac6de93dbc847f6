"""Time and bandwidth of collective operations.

Owns the alpha-beta cost of ring and tree algorithms and the bus bandwidth of nccl-tests. Knows
no topology: give the bandwidth of the slowest link. Invariant: an all-reduce costs a
reduce-scatter plus an all-gather, and one rank communicates nothing.
"""

from typing import Literal

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, Output, Quantity, Trap
from calculators._fields import Amount, AmountOrZero, Count, InputsBase, entry, need, preset
from calculators._sources import cite


class Inputs(InputsBase):
    """An operation, its size and the network."""

    op: Literal["all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast"] = entry("operation")
    ranks: Count = entry("ranks n")
    bytes: Amount = entry("full buffer S: the gathered size for all_gather", "B")
    time_s: Amount = entry("measured time", "s")
    algbw: Amount = entry("algorithm bandwidth S/t", "byte/s")
    bandwidth: Amount = entry("bandwidth of the link", "byte/s")
    alpha_s: AmountOrZero = preset(0.0, "latency of one step", "s")
    algorithm: Literal["ring", "tree"] = preset("ring", "algorithm; tree for all_reduce only")


def bus_factor(op: str, ranks: int) -> float:
    """Bytes that cross each link, over the buffer's size."""
    if op == "broadcast":
        return 1.0
    return (2 if op == "all_reduce" else 1) * (ranks - 1) / ranks


def transfer_time(
    op: str, ranks: int, size: float, bandwidth: float, alpha: float = 0.0, *, tree: bool = False
) -> float:
    """Seconds of one operation on `size` bytes at `bandwidth` byte/s, `alpha` seconds a step."""
    if ranks == 1:
        return 0.0
    if tree:
        # ⌈log2 n⌉ without a float's rounding.
        return 2 * (ranks - 1).bit_length() * alpha + 2 * size / bandwidth
    return _steps(op, ranks) * alpha + bus_factor(op, ranks) * size / bandwidth


def _steps(op: str, ranks: int) -> int:
    return {"all_reduce": 2 * (ranks - 1), "broadcast": 0}.get(op, ranks - 1)


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    if inputs.algorithm == "tree" and inputs.op not in (None, "all_reduce"):
        raise CalculatorError("algorithm", "tree", f"is for all_reduce, not {inputs.op}", "ring")


_NCCL = cite("nccl_tests", "bus bandwidth")
_COST = cite("nccl_tests", "all-reduce on a ring; latency and bandwidth by the alpha-beta model")
_FACTORS = {
    "all_reduce": ("2·({ranks} − 1)/{ranks}", r"\frac{2(n-1)}{n}"),
    "broadcast": ("1", "1"),
}
_FACTOR = ("({ranks} − 1)/{ranks}", r"\frac{n-1}{n}")
_STEPS = {"all_reduce": "2·({ranks} − 1)", "broadcast": "0"}


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute a time in seconds or a bandwidth in byte/s."""
    symbols = inputs.model_dump()
    if output == "algbw":
        need(inputs, output, "bytes", "time_s")
        value = inputs.bytes / inputs.time_s
        return Computed(value, Formula("algbw", "{bytes}/{time_s}", r"\frac{S}{t}", _NCCL), symbols)
    factor, latex = _FACTORS.get(inputs.op, _FACTOR)
    if output == "busbw":
        measured = () if inputs.algbw is not None else ("bytes", "time_s")
        if measured and inputs.bytes is None and inputs.time_s is None:
            measured = ("algbw",)
        need(inputs, output, "op", "ranks", *measured)
        rate = inputs.algbw if inputs.algbw is not None else inputs.bytes / inputs.time_s
        template = f"{factor}·" + ("{algbw}" if inputs.algbw is not None else "{bytes}/{time_s}")
        formula = Formula("busbw", template, rf"{latex}\cdot\frac{{S}}{{t}}", _NCCL)
        return Computed(bus_factor(inputs.op, inputs.ranks) * rate, formula, symbols)
    need(inputs, output, "op", "ranks", "bytes", "bandwidth")
    return _compute_time(inputs, factor, latex)


def _compute_time(inputs: Inputs, factor: str, latex: str) -> Computed:
    n, size, tree = inputs.ranks, inputs.bytes, inputs.algorithm == "tree"
    steps = 2 * (n - 1).bit_length() if tree else _steps(inputs.op, n)
    latency = 0.0 if n == 1 else steps * inputs.alpha_s
    value = transfer_time(inputs.op, n, size, inputs.bandwidth, inputs.alpha_s, tree=tree)
    assumptions = ["S is the full buffer: what every rank holds after an all_gather, before a reduce_scatter"]
    if inputs.op == "broadcast" and inputs.alpha_s:
        assumptions.append("a broadcast is pipelined: no latency is added for it")
    if n == 1:
        template, latex = "0", "0"
        assumptions.append("one rank has nothing to communicate")
    elif tree:
        template = "2·⌈log2({ranks})⌉·{alpha_s} + 2·{bytes}/{bandwidth}"
        latex = r"2\lceil\log_2 n\rceil\,\alpha + \frac{2S}{BW}"
    else:
        template = f"{_STEPS.get(inputs.op, '({ranks} − 1)')}·{{alpha_s}} + {factor}·{{bytes}}/{{bandwidth}}"
        latex = rf"{steps}\,\alpha + {latex}\cdot\frac{{S}}{{BW}}"
    return Computed(
        value,
        Formula("t", template, latex, _COST),
        inputs.model_dump(),
        breakdown=(
            Quantity(name="latency", value=latency, unit="s"),
            Quantity(name="transfer", value=value - latency, unit="s"),
        ),
        assumptions=tuple(assumptions),
    )


_MEASURED = {"op": "all_reduce", "ranks": 8, "bytes": 2**30, "time_s": 0.0082039}

CALCULATOR = Calculator(
    name="collective_cost",
    title="Collective operations",
    group="cut",
    question="How long does an all-reduce take, and what bandwidth does a measured one show?",
    inputs=Inputs,
    outputs=(
        Output("time", "duration", ("s", "ms"), ("op", "ranks", "bytes", "bandwidth", "alpha_s", "algorithm")),
        Output("algbw", "algorithm bandwidth", ("GB/s",), ("op", "ranks", "bytes", "time_s")),
        Output("busbw", "bus bandwidth", ("GB/s", "1"), ("op", "ranks", "bytes", "time_s", "algbw")),
    ),
    compute=compute,
    check=check,
    references=(_NCCL, _COST),
    example=Case(
        {"op": "all_reduce", "ranks": 8, "bytes": 1e9, "bandwidth": 450e9, "alpha_s": 5e-6}, "time", "ms", 3.959, 1e-3
    ),
    traps=(
        Trap(
            "two bandwidths for one all-reduce: 131 and 229 GB/s",
            "algbw is 130.9 GB/s; busbw is 1.75 times that on 8 ranks",
            "a ring all-reduce moves every byte 2(n−1)/n times",
            "nccl-tests, performance notes",
            Case(_MEASURED, "algbw", "GB/s", 130.9, 1e-3),
        ),
    ),
)
