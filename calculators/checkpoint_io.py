"""Size of a checkpoint, and how long writing it takes.

Owns bytes, seconds and bandwidth, each from the other two. Leaves out compression, metadata
and contention. Invariant: bytes are seconds times bandwidth.
"""

from calculators._base import Calculator, Case, Computed, Formula, Output, Trap
from calculators._fields import Amount, InputsBase, entry, need, preset
from calculators._sources import cite
from calculators._units import BYTES, SECONDS


class Inputs(InputsBase):
    """A model or a checkpoint, and the storage."""

    params: Amount = entry("parameters", "params")
    bytes_per_param: Amount = preset(14.0, "2 for weights alone, 14 with the optimizer", "bytes/param")
    bytes: Amount = entry("size of the checkpoint; from params when absent", "B")
    bandwidth: Amount = entry("bandwidth to storage, all writers together", "byte/s")
    seconds: Amount = entry("time that writing took", "s")


def choose(inputs: Inputs) -> str:
    """Parameters ask for the size, all else for the time."""
    return "bytes" if inputs.params is not None else "seconds"


_PTDP = cite("ptdp", "§5.10")


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute bytes, seconds or byte/s."""
    symbols = inputs.model_dump()
    size, template, latex = inputs.bytes, "{bytes}", "S"
    if output == "bytes" or (size is None and inputs.params is not None):
        need(inputs, output, "params")
        size, template, latex = inputs.params * inputs.bytes_per_param, "{params}·{bytes_per_param}", r"P\,w"
    if output == "bytes":
        return Computed(size, Formula("bytes", template, latex, _PTDP), symbols)
    divisor, symbol = ("bandwidth", "BW") if output == "seconds" else ("seconds", "t")
    need(inputs, output, *(("bytes",) if size is None else ()), divisor)
    formula = Formula(output, f"{template}/{{{divisor}}}", rf"\frac{{{latex}}}{{{symbol}}}", _PTDP)
    return Computed(size / getattr(inputs, divisor), formula, symbols)


_TRILLION = {"params": 1.008e12}
_BLOOM = {"params": 176.247e9}

CALCULATOR = Calculator(
    name="checkpoint_io",
    title="Checkpoint size and time",
    group="time",
    question="How large is a checkpoint, and how long does it take to write?",
    inputs=Inputs,
    outputs=(
        Output("seconds", "time to write or read", SECONDS, ("bytes", "bandwidth", "params", "bytes_per_param")),
        Output("bytes", "size", BYTES, ("params", "bytes_per_param")),
        Output("bandwidth", "bandwidth that was reached", ("GB/s",), ("bytes", "seconds", "params", "bytes_per_param")),
    ),
    compute=compute,
    choose=choose,
    references=(_PTDP, cite("bloom", "§3")),
    example=Case({"bytes": 13.8e12, "bandwidth": 1e12}, "seconds", "s", 13.8),
    traps=(
        Trap(
            "PTD-P: the 1T model's checkpoint is 13.8 TB",
            "14.1 TB at 14 bytes per parameter; 13.8 TB is 13.7",
            "2 for the weights and 12 for the optimizer make 14; the paper does not say what it leaves out",
            "PTD-P (arXiv 2104.04473), §5.10",
            Case(_TRILLION, "bytes", "TB", 14.112),
        ),
        Trap(
            "BLOOM's checkpoint with optimizer: 2.3 TB",
            "2.47 TB, 2,298 GiB",
            "GiB divided by a thousand",
            "BLOOM training notes",
            Case(_BLOOM, "bytes", "GiB", 2298, 1e-4),
        ),
        Trap(
            "BLOOM's bf16 weights: 329 GB",
            "328 GiB, 352 GB",
            "GiB under the name of GB",
            "BLOOM training notes",
            Case({**_BLOOM, "bytes_per_param": 2}, "bytes", "GiB", 328.3, 1e-3),
        ),
    ),
)
