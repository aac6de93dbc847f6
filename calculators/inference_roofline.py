"""Speed of inference from the roofline.

Owns the ridge, the time of a decode step by memory and by compute, and the shares that
communication and bandwidth take. Measures nothing. Invariant: a step takes at least as long as
reading the weights once.
"""

from calculators._base import Calculator, Case, Computed, Formula, Output, Quantity, Trap
from calculators._fields import Amount, AmountOrZero, Count, Efficiency, InputsBase, entry, need, preset
from calculators._sources import cite
from calculators._units import MILLISECONDS, PERCENT


class Inputs(InputsBase):
    """A model, its chips and the load."""

    peak_flops: Amount = entry("dense peak of one chip", "FLOP/s")
    bandwidth: Amount = entry("memory bandwidth of one chip; for comm that of the link", "byte/s")
    dtype_bytes: Amount = preset(2.0, "bytes per element", "B")
    weight_bytes: Amount = entry("weights, whole model", "B")
    kv_bytes: AmountOrZero = preset(0.0, "cache of one sequence", "B")
    batch: Count = preset(1, "sequences of a decode step, or tokens of a prefill")
    chips: Count = preset(1, "chips")
    params: Amount = entry("parameters; for a mixture of experts the active ones", "params")
    mfu: Efficiency = preset(1.0, "share of the peak that is reached")
    layers: Count = entry("transformer layers")
    hidden: Count = entry("model width")
    messages_per_layer: Count = preset(4, "messages of tensor parallelism in a layer")
    latency_s: Amount = entry("latency of a message", "s")
    tpot_s: Amount = entry("time per output token", "s")
    tokens_per_s: Amount = entry("tokens per second of one sequence", "tokens/s")


_KIPPLY = cite("kipply")
_BOOK = cite("scaling_book", "rooflines; inference")
_DATABRICKS = cite("databricks", "model bandwidth utilisation")
_STEP = "({weight_bytes} + {batch}·{kv_bytes})/({chips}·{bandwidth})"
_STEP_LATEX = r"\frac{W + B\,m_{kv}}{n\,BW}"
_FORMULAS = {
    "ridge": Formula("ridge", "{peak_flops}/{bandwidth}·{dtype_bytes}/2", r"\frac{X_p}{BW}\cdot\frac{w}{2}", _BOOK),
    "step_mem": Formula("t", _STEP, _STEP_LATEX, _BOOK),
    "throughput": Formula("rate", f"{{batch}}/({_STEP})", r"\frac{B\,n\,BW}{W + B\,m_{kv}}", _BOOK),
    "compute": Formula(
        "t", "2·{batch}·{params}/({chips}·{peak_flops}·{mfu})", r"\frac{2BN}{n\,X_p\,\mathrm{MFU}}", _KIPPLY
    ),
    "step_general": Formula(
        "t",
        "{batch}·{kv_bytes}/({chips}·{bandwidth})"
        " + max(2·{batch}·{params}/({chips}·{peak_flops}), {weight_bytes}/({chips}·{bandwidth}))",
        r"\frac{B\,m_{kv}}{n\,BW} + \max\left(\frac{2BN}{n\,X_p},\ \frac{W}{n\,BW}\right)",
        _BOOK,
    ),
    "comm": Formula(
        "t",
        "{batch}·{dtype_bytes}·{layers}·{messages_per_layer}·{hidden}/{bandwidth}",
        r"\frac{B\,w\,L\,k\,h}{BW}",
        _KIPPLY,
    ),
    "comm_latency": Formula("t", "{layers}·{messages_per_layer}·{latency_s}", r"L\,k\,\alpha", _KIPPLY),
    "mbu": Formula("MBU", "{weight_bytes}/({tpot_s}·{bandwidth})", r"\frac{W}{t\,BW}", _DATABRICKS),
    "bandwidth_used": Formula("rate", "{tokens_per_s}·{weight_bytes}", r"R\,W", _DATABRICKS),
}
_NEEDS = {
    "ridge": ("peak_flops", "bandwidth"),
    "step_mem": ("weight_bytes", "bandwidth"),
    "throughput": ("weight_bytes", "bandwidth"),
    "compute": ("params", "peak_flops"),
    "step_general": ("params", "weight_bytes", "peak_flops", "bandwidth"),
    "comm": ("layers", "hidden", "bandwidth"),
    "comm_latency": ("layers", "latency_s"),
    "mbu": ("weight_bytes", "tpot_s", "bandwidth"),
    "bandwidth_used": ("tokens_per_s", "weight_bytes"),
}
_OPTIONAL = {
    "ridge": ("dtype_bytes",),
    "step_mem": ("kv_bytes", "batch", "chips"),
    "throughput": ("kv_bytes", "batch", "chips"),
    "compute": ("batch", "chips", "mfu"),
    "step_general": ("kv_bytes", "batch", "chips"),
    "comm": ("batch", "dtype_bytes", "messages_per_layer"),
    "comm_latency": ("messages_per_layer",),
}
_ASSUMPTIONS = {
    "ridge": "tokens in a batch from which on the weights' reading is hidden by compute",
    "step_mem": "every weight is read once a step; a mixture of experts reads the distinct experts touched",
    "compute": "2 FLOP per parameter and token; attention scores are not counted",
    "step_general": "the cache is always bound by memory; the weights by compute or memory",
    "comm": "every message carries the whole activation over one link",
    "mbu": "one chip, or the bandwidth of all of them; the cache's reading is left out",
}


def step_by_memory(inputs: Inputs) -> float:
    """Seconds of a decode step that only reads weights and cache."""
    return (inputs.weight_bytes + inputs.batch * inputs.kv_bytes) / (inputs.chips * inputs.bandwidth)


def step_general(inputs: Inputs) -> tuple[float, float, float]:
    """Seconds of a decode step for the cache, the weights' reading and their arithmetic."""
    rate = inputs.chips * inputs.bandwidth
    arithmetic = 2 * inputs.batch * inputs.params / (inputs.chips * inputs.peak_flops)
    return inputs.batch * inputs.kv_bytes / rate, inputs.weight_bytes / rate, arithmetic


def _value(inputs: Inputs, output: str) -> float:
    if output == "ridge":
        return inputs.peak_flops / inputs.bandwidth * inputs.dtype_bytes / 2
    if output == "step_mem":
        return step_by_memory(inputs)
    if output == "throughput":
        return inputs.batch / step_by_memory(inputs)
    if output == "compute":
        return 2 * inputs.batch * inputs.params / (inputs.chips * inputs.peak_flops * inputs.mfu)
    if output == "step_general":
        cache, reading, arithmetic = step_general(inputs)
        return cache + max(arithmetic, reading)
    messages = (inputs.layers or 0) * inputs.messages_per_layer
    if output == "comm":
        return inputs.batch * inputs.dtype_bytes * messages * inputs.hidden / inputs.bandwidth
    if output == "comm_latency":
        return messages * inputs.latency_s
    if output == "mbu":
        return inputs.weight_bytes / (inputs.tpot_s * inputs.bandwidth)
    return inputs.tokens_per_s * inputs.weight_bytes


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute a time in seconds, a rate, an intensity in FLOP/byte or a ratio."""
    need(inputs, output, *_NEEDS[output])
    return Computed(
        _value(inputs, output),
        _FORMULAS[output],
        inputs.model_dump(),
        breakdown=_breakdown(inputs, output),
        assumptions=(_ASSUMPTIONS[output],) if output in _ASSUMPTIONS else (),
    )


def _breakdown(inputs: Inputs, output: str) -> tuple[Quantity, ...]:
    if output == "step_general":
        cache, reading, arithmetic = step_general(inputs)
        turn = inputs.weight_bytes * inputs.peak_flops / (2 * inputs.params * inputs.bandwidth)
        parts = {"reading the cache": cache, "reading the weights": reading, "arithmetic": arithmetic}
        times = tuple(Quantity(name=name, value=1000 * value, unit="ms") for name, value in parts.items())
        return (*times, Quantity(name="batch at which the weights turn compute-bound", value=turn, unit="sequences"))
    if output in ("step_mem", "throughput"):
        rate = inputs.chips * inputs.bandwidth
        cache = inputs.batch * inputs.kv_bytes / rate
        return (
            Quantity(name="reading the weights", value=1000 * inputs.weight_bytes / rate, unit="ms"),
            Quantity(name="reading the cache", value=1000 * cache, unit="ms"),
        )
    return ()


_TITLES = {
    "step_mem": ("decode step bound by memory", MILLISECONDS),
    "ridge": ("arithmetic intensity at the ridge", ("FLOP/byte",)),
    "throughput": ("tokens per second, bound by memory", ("tokens/s",)),
    "compute": ("time of the arithmetic", MILLISECONDS),
    "step_general": ("decode step, memory or compute", MILLISECONDS),
    "comm": ("tensor-parallel communication", MILLISECONDS),
    "comm_latency": ("latency of tensor-parallel messages", MILLISECONDS),
    "mbu": ("model bandwidth utilisation", PERCENT),
    "bandwidth_used": ("bandwidth that the weights' reading takes", ("GB/s",)),
}

CALCULATOR = Calculator(
    name="inference_roofline",
    title="Inference roofline",
    group="serve",
    question="How fast can a step be, and what bounds it?",
    inputs=Inputs,
    outputs=tuple(
        Output(name, title, units, (*_NEEDS[name], *_OPTIONAL.get(name, ())))
        for name, (title, units) in _TITLES.items()
    ),
    compute=compute,
    references=(_KIPPLY, _BOOK, _DATABRICKS),
    example=Case({"weight_bytes": 140e9, "bandwidth": 3.35e12, "chips": 8}, "step_mem", "ms", 5.22, 1e-3),
    traps=(
        Trap(
            "an H100 has 1,979 TFLOP/s in bf16",
            "989 dense: a ridge of 295 FLOP/byte, not 591",
            "the data sheet's first number is with sparsity",
            "H100 data sheet",
            Case({"peak_flops": 989e12, "bandwidth": 3.35e12}, "ridge", "FLOP/byte", 295, 2e-3),
        ),
    ),
)
