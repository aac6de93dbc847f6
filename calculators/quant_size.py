"""Size of quantised weights.

Owns bits per weight with their scales and zero points, double quantisation, block formats and
the bytes that follow. Leaves out tensors kept in higher precision: list them apart. Invariant:
a group's overhead shrinks with its size, and one scale per channel counts as none.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from calculators._base import Calculator, Case, Computed, Formula, InputWarning, MissingInputs, Output, Trap
from calculators._fields import (
    Amount,
    AmountOrZero,
    Count,
    Flag,
    InputsBase,
    Text,
    entry,
    need,
    preset,
    reader,
    refuse,
    whole,
)
from calculators._sources import cite
from calculators._units import BYTES


def _group(value: object) -> int:
    size = whole(value)
    if size < 1 and size != -1:
        raise refuse("must be >= 1, or -1 for one group per channel", 1 if size == 0 else -1)
    return size


GroupSize = Annotated[int, Field(ge=-1, json_schema_extra={"signed": True}), BeforeValidator(_group)]
Bits = Annotated[float, Field(ge=1, le=32), reader]


class Inputs(InputsBase):
    """A format, by its groups or its blocks, and the weights."""

    bits: Bits = entry("bits of a quantised weight", "bits")
    group_size: GroupSize = entry("weights that share a scale; -1 for one scale per channel", "weights")
    scale_bits: AmountOrZero = preset(0.0, "bits of a scale", "bits")
    zero_bits: AmountOrZero = preset(0.0, "bits of a zero point", "bits")
    double_quant: Flag = preset(False, "scales quantised in turn")
    dq_scale_bits: Amount = preset(8.0, "bits of a quantised scale", "bits")
    dq_block: Count = preset(256, "scales that share a 32-bit scale")
    block_bytes: Amount = entry("bytes of a block", "B")
    block_weights: Count = entry("weights in a block", "weights")
    format: Text = entry("name of a block format, such as Q4_K; its sizes are known where none are given")
    params: Amount = entry("weights", "params")
    bits_per_weight: Amount = entry("bits per weight, all overhead included", "bits/weight")


BLOCKS: dict[str, tuple[int, int]] = {
    "Q4_0": (18, 32), "Q4_1": (20, 32), "Q5_0": (22, 32), "Q5_1": (24, 32), "Q8_0": (34, 32), "IQ4_NL": (18, 32),
    "MXFP4": (17, 32), "Q2_K": (84, 256), "Q3_K": (110, 256), "Q4_K": (144, 256), "Q5_K": (176, 256),
    "Q6_K": (210, 256), "IQ1_S": (50, 256), "IQ1_M": (56, 256), "IQ2_XXS": (66, 256), "IQ2_XS": (74, 256),
    "IQ2_S": (82, 256), "IQ3_XXS": (98, 256), "IQ3_S": (110, 256), "IQ4_XS": (136, 256), "TQ1_0": (54, 256),
    "TQ2_0": (66, 256),
}  # fmt: skip
"""Bytes and weights of GGML's blocks."""

_GPTQ = cite("gptq", "§5 (groups)")
_QLORA = cite("qlora", "§3 (double quantization)")
_GGUF = cite("gguf", "block_q*_* structures")
_MX = cite("mx", "Table 1")


def overhead_bits(inputs: Inputs, *, double: bool) -> float:
    """Bits per weight that scales and zero points add; `group_size` must be given."""
    g = inputs.group_size
    if g == -1:
        return 0.0
    if double:
        return inputs.dq_scale_bits / g + 32 / (g * inputs.dq_block)
    return (inputs.scale_bits + inputs.zero_bits) / g


_OVERHEAD = ("({scale_bits} + {zero_bits})/{group_size}", r"\frac{b_s + b_z}{g}")
_DOUBLE = ("{dq_scale_bits}/{group_size} + 32/({group_size}·{dq_block})", r"\frac{b_q}{g} + \frac{32}{g\,k}")


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute bits per weight, bytes per parameter or bytes."""
    symbols = inputs.model_dump()
    if output == "bpw_block":
        return _compute_block(inputs)
    if output == "bytes":
        need(inputs, output, "params", "bits_per_weight")
        formula = Formula("bytes", "{params}·{bits_per_weight}/8", r"\frac{P\,b}{8}", _GGUF)
        return Computed(inputs.params * inputs.bits_per_weight / 8, formula, symbols)
    if output == "saving_bytes":
        return _compute_saving(inputs)
    need(inputs, output, "bits", "group_size")
    template, latex = _DOUBLE if inputs.double_quant else _OVERHEAD
    if inputs.group_size == -1:
        template, latex = "0", "0"
    bits = inputs.bits + overhead_bits(inputs, double=inputs.double_quant)
    source = _QLORA if inputs.double_quant else _GPTQ
    assumptions = ("embeddings, norms and other tensors kept in higher precision come on top",)
    if output == "bpw":
        formula = Formula("bpw", f"{{bits}} + {template}", f"b + {latex}", source)
        return Computed(bits, formula, symbols, assumptions=assumptions)
    formula = Formula("bytes/param", f"({{bits}} + {template})/8", rf"\frac{{1}}{{8}}\left(b + {latex}\right)", source)
    return Computed(bits / 8, formula, symbols, assumptions=assumptions)


def _compute_block(inputs: Inputs) -> Computed:
    known = BLOCKS.get((inputs.format or "").upper(), (None, None))
    size, weights = inputs.block_bytes or known[0], inputs.block_weights or known[1]
    names = (("block_bytes", size), ("block_weights", weights))
    if size is None or weights is None:
        raise MissingInputs(tuple(name for name, value in names if value is None), "bpw_block")
    formula = Formula("bpw", "8·{block_bytes}/{block_weights}", r"\frac{8\,B}{n}", _GGUF)
    symbols = {"block_bytes": size, "block_weights": weights}
    looked_up = inputs.block_bytes is None or inputs.block_weights is None
    layout = f"{inputs.format}: {known[0]} bytes for {known[1]} weights, by its block layout"
    return Computed(8 * size / weights, formula, symbols, assumptions=(layout,) if looked_up else ())


def _compute_saving(inputs: Inputs) -> Computed:
    need(inputs, "saving_bytes", "params", "group_size")
    template = "{params}·({scale_bits}/{group_size} − (" + _DOUBLE[0] + "))/8"
    latex = rf"\frac{{P}}{{8}}\left(\frac{{b_s}}{{g}} - {_DOUBLE[1]}\right)"
    saved = 0.0
    if inputs.group_size != -1:
        saved = inputs.scale_bits / inputs.group_size - overhead_bits(inputs, double=True)
    warnings: tuple[InputWarning, ...] = ()
    if saved < 0:
        message = f"scales of {inputs.scale_bits:g} bits are smaller: this costs {-saved:.4g} bits per weight more"
        warnings = (InputWarning(field="scale_bits", message=message),)
    formula = Formula("bytes", template, latex, _QLORA)
    return Computed(inputs.params * saved / 8, formula, inputs.model_dump(), warnings=warnings)


_GROUPS = ("bits", "group_size", "scale_bits", "zero_bits", "double_quant", "dq_scale_bits", "dq_block")

CALCULATOR = Calculator(
    name="quant_size",
    title="Quantised weight size",
    group="numbers",
    question="How many bits does a weight really take, and how large is the model then?",
    inputs=Inputs,
    outputs=(
        Output("bpw", "bits per weight", ("bits/weight",), _GROUPS),
        Output("bytes_per_param", "bytes per parameter", ("bytes/param",), _GROUPS),
        Output("bpw_block", "bits per weight of a block", ("bits/weight",), ("block_bytes", "block_weights", "format")),
        Output("bytes", "size of the weights", BYTES, ("params", "bits_per_weight")),
        Output(
            "saving_bytes",
            "what double quantisation saves",
            BYTES,
            ("params", "group_size", "scale_bits", "double_quant", "dq_scale_bits", "dq_block"),
        ),
    ),
    compute=compute,
    references=(_GPTQ, _QLORA, _GGUF, _MX),
    example=Case(
        {"bits": 4, "group_size": 64, "scale_bits": 32, "double_quant": True}, "bpw", "bits/weight", 4.127, 1e-4
    ),
    traps=(
        Trap(
            "GGUF Q2_K: 2.5625 bits per weight",
            "2.625",
            "its block of 84 bytes holds two fp16 numbers; one was left out",
            "GGUF format tables",
            Case({"format": "Q2_K", "block_bytes": 84, "block_weights": 256}, "bpw_block", "bits/weight", 2.625),
        ),
        Trap(
            "DeepSeek-V3 in Q6_K: 513 GB",
            "550 GB, 513 GiB",
            "GiB under the name of GB",
            "GGUF model cards",
            Case({"params": 671.03e9, "bits_per_weight": 6.5625}, "bytes", "GB", 550.45, 1e-4),
        ),
        Trap(
            "4-bit weights need 40% of the memory of fp16",
            "26% for the weights alone, 4.16 bits with groups of 128",
            "40% is a whole process, with cache and activations still in 16 bits",
            "OpenMMLab, on LMDeploy",
            Case({"bits": 4, "group_size": 128, "scale_bits": 16, "zero_bits": 4}, "bpw", "bits/weight", 4.15625),
        ),
    ),
)
