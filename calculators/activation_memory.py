"""Activation memory of a transformer in training, by recomputation and sequence parallelism.

Owns the per-layer coefficients of Korthikanti et al. and the first pipeline stage's multiple
of them, and the logits apart. Leaves out embeddings, GLU, grouped attention and experts: the
coefficient 34 belongs to a block with a 4h GELU MLP and dropout, in 16 bits. Invariant: up to
tp = 16 full recomputation needs no more than selective, and selective no more than none; beyond
that, what sequence parallelism keeps of a layer is less than the full checkpoint of its input.
"""

import math
from typing import Literal

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, InputWarning, Output, Quantity, Trap
from calculators._fields import Amount, Count, Flag, InputsBase, entry, multiples, need, neighbours, preset
from calculators._sources import cite
from calculators._units import BYTES, PERCENT


class Inputs(InputsBase):
    """A model, a microbatch and how the work is spread."""

    layers: Count = entry("transformer layers L")
    hidden: Count = entry("model width h")
    heads: Count = entry("attention heads a; not needed for full recomputation")
    seq_len: Count = entry("sequence length s", "tokens")
    micro_batch: Count = entry("microbatch b", "sequences")
    tp: Count = preset(1, "tensor-parallel size t")
    pp: Count = preset(1, "pipeline stages p")
    interleave: Count = preset(1, "model chunks on a stage v")
    recompute: Literal["none", "selective", "full"] = preset("none", "recomputation")
    sequence_parallel: Flag = preset(False, "norms and dropout split along the sequence")
    method: Literal["logits"] = entry("logits: the output layer's logits instead of the layers")
    vocab: Count = entry("vocabulary V, for the logits")
    dtype_bytes: Amount = preset(4.0, "bytes per logit; the layers are counted in 16 bits", "B")


def coefficient(recompute: str, *, sequence_parallel: bool, tp: int, scores: float = 0.0) -> float:
    """Bytes per layer divided by s·b·h, where `scores` is 5·a·s/h (Table 2)."""
    if recompute == "full":
        return 2.0
    kept = scores if recompute == "none" else 0.0
    return (34 + kept) / tp if sequence_parallel else 10 + 24 / tp + kept / tp


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    heads, tp, seq_len, layers = inputs.heads, inputs.tp, inputs.seq_len, inputs.layers
    if heads is not None and heads % tp:
        near = neighbours(tp, lambda n: heads % n == 0)
        raise CalculatorError("tp", tp, f"does not divide heads={heads}", near)
    if inputs.sequence_parallel and seq_len is not None and seq_len % tp:
        near = multiples(seq_len, tp)
        raise CalculatorError("seq_len", seq_len, f"is not divisible by tp={tp}, which splits the sequence", near)
    cuts = inputs.pp * inputs.interleave
    if layers is not None and layers % cuts:
        near = neighbours(inputs.pp, lambda n: layers % (n * inputs.interleave) == 0)
        times = f" times interleave={inputs.interleave}" if inputs.interleave > 1 else ""
        raise CalculatorError("pp", inputs.pp, f"{times} does not divide layers={layers}".strip(), near)


def _warn(inputs: Inputs) -> tuple[InputWarning, ...]:
    if not inputs.sequence_parallel or inputs.tp > 1:
        return ()
    return (InputWarning(field="sequence_parallel", message="has no effect at tp=1: it splits what tp ranks share"),)


_TABLE = cite("korthikanti", "§4 and Table 2")
_LOGITS = cite("korthikanti", "§4.3: 4sbV/t in 32 bits")
_TEMPLATES = {
    ("none", False): ("10 + 24/{tp} + 5·{heads}·{seq_len}/({hidden}·{tp})", r"10 + \frac{24}{t} + \frac{5as}{ht}"),
    ("none", True): ("(34 + 5·{heads}·{seq_len}/{hidden})/{tp}", r"\frac{1}{t}\left(34 + \frac{5as}{h}\right)"),
    ("selective", False): ("10 + 24/{tp}", r"10 + \frac{24}{t}"),
    ("selective", True): ("34/{tp}", r"\frac{34}{t}"),
    ("full", False): ("2", "2"),
    ("full", True): ("2", "2"),
}
_ASSUMPTIONS = (
    "a block with a 4h GELU MLP and dropout, activations in 16 bits; GLU, grouped attention and experts differ",
    "a fused attention kernel keeps no scores: then none costs what selective does",
)


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute the bytes of activations on the first stage, or their ratio to no recomputation."""
    if output == "bytes" and inputs.method == "logits":
        return _compute_logits(inputs)
    names = ["seq_len", "hidden"]
    if output == "bytes":
        names += ["layers", "micro_batch"]
    if output == "ratio_to_none" or inputs.recompute != "full":
        names.append("heads")
    need(inputs, output, *names)
    scores = 5 * (inputs.heads or 0) * inputs.seq_len / inputs.hidden
    each = coefficient(inputs.recompute, sequence_parallel=inputs.sequence_parallel, tp=inputs.tp, scores=scores)
    template, latex = _TEMPLATES[inputs.recompute, inputs.sequence_parallel]
    if output == "ratio_to_none":
        whole = coefficient("none", sequence_parallel=False, tp=inputs.tp, scores=scores)
        base, base_latex = _TEMPLATES["none", False]
        formula = Formula("ratio", f"({template})/({base})", rf"\frac{{{latex}}}{{{base_latex}}}", _TABLE)
        return Computed(each / whole, formula, inputs.model_dump(), assumptions=_ASSUMPTIONS, warnings=_warn(inputs))
    per_layer = inputs.seq_len * inputs.micro_batch * inputs.hidden * each
    factor = 1 + (inputs.pp - 1) / (inputs.pp * inputs.interleave) if inputs.interleave > 1 else 1.0
    template = f"{{seq_len}}·{{micro_batch}}·{{hidden}}·({template})·{{layers}}"
    latex = rf"M = s\,b\,h\,L\left({latex}\right)"
    if inputs.interleave > 1:
        template += "·(1 + ({pp} − 1)/({pp}·{interleave}))"
        latex += r"\left(1 + \frac{p-1}{p\,v}\right)"
    breakdown = [Quantity(name="one layer, one microbatch", value=per_layer, unit="B")]
    if inputs.recompute == "full" and inputs.heads is not None:
        spacing = math.sqrt(inputs.layers / inputs.pp * (34 + scores) / 2)
        breakdown.append(Quantity(name="checkpoints of a stage for the least memory", value=spacing, unit="1"))
    return Computed(
        per_layer * inputs.layers * factor,
        Formula("M", template, latex, _TABLE),
        inputs.model_dump(),
        breakdown=tuple(breakdown),
        assumptions=(*_ASSUMPTIONS, "first stage under 1F1B with at least p microbatches: it holds p of them"),
        warnings=_warn(inputs),
    )


def _compute_logits(inputs: Inputs) -> Computed:
    need(inputs, "logits", "micro_batch", "seq_len", "vocab")
    value = inputs.dtype_bytes * inputs.micro_batch * inputs.seq_len * inputs.vocab / inputs.tp
    template = "{dtype_bytes}·{micro_batch}·{seq_len}·{vocab}/{tp}"
    formula = Formula("M", template, r"M = \frac{4\,s\,b\,V}{t}", _LOGITS)
    return Computed(value, formula, inputs.model_dump(), warnings=_warn(inputs))


_GPT3 = {"layers": 96, "hidden": 12288, "heads": 96, "seq_len": 2048, "micro_batch": 1, "tp": 8}

CALCULATOR = Calculator(
    name="activation_memory",
    title="Activation memory",
    group="fit",
    question="How many bytes of activations does the first stage keep, and what does recomputation save?",
    inputs=Inputs,
    outputs=(
        Output("bytes", "activations of the first stage", BYTES, tuple(Inputs.model_fields)),
        Output(
            "ratio_to_none",
            "share of what tensor parallelism alone would keep",
            PERCENT,
            ("hidden", "heads", "seq_len", "micro_batch", "tp", "recompute", "sequence_parallel"),
        ),
    ),
    compute=compute,
    check=check,
    references=(_TABLE, _LOGITS, cite("ptdp", "§3.5 (spacing of checkpoints)")),
    example=Case(
        {**_GPT3, "pp": 8, "interleave": 3, "recompute": "selective", "sequence_parallel": True},
        "bytes",
        "GiB",
        12.3515625,
    ),
    traps=(
        Trap(
            "checkpoints of Llama-3-70B for 4M tokens: 20.9 TB",
            "15.7 TB at the stated three checkpoints a layer; four give 20.97 TB",
            "the factor of the text and of the sum differ",
            "How to Scale Your Model, training",
            # Three checkpoints in each of 80 layers: full recomputation of 240.
            Case(
                {"layers": 240, "hidden": 8192, "seq_len": 4_000_000, "micro_batch": 1, "recompute": "full"},
                "bytes",
                "TB",
                15.7,
                2e-3,
            ),
        ),
        Trap(
            "selective recomputation hardly saved anything",
            "30% of the memory without it for GPT-3 175B at TP=1; nothing with a fused attention kernel",
            "a fused kernel already keeps no attention scores, the term 5as/h",
            "Megatron-LM, issue 1225",
            Case({**_GPT3, "tp": 1, "recompute": "selective"}, "ratio_to_none", "%", 29.8, 2e-3),
        ),
    ),
)
