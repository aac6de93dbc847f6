"""Inputs of the calculators of number formats that follow from several quantities of a question.

Owns bits per weight from a format, its groups or its blocks, and the values to quantise. Each reading that a person
might dispute leaves a note. Refuses to invent: what does not follow stays missing.
"""

import math

import calculators
from calculators import CalculatorError
from chat.router._derive_serve import plain
from chat.router._job import Job, device_note

LARGEST_BLOCK = 1e5
"""Bytes of a block of a quantised format are fewer."""


def quant_size(job: Job) -> None:
    """Bits per weight from a number format, its groups or its blocks."""
    if job.choice("per_channel") and "group_size" not in job.inputs:
        job.inputs["group_size"] = -1
    if job.inputs.get("block_bytes", 0) >= LARGEST_BLOCK:
        job.drop("block_bytes")  # memory that something has to fit into
    if {"block_bytes", "group_size"} <= job.inputs.keys() and "block_weights" not in job.inputs:
        job.put("block_weights", job.inputs["group_size"], job.used.get("group_size"))
        job.drop("group_size")
    named = job.facts.first("format")
    if "block_weights" in job.inputs and not {"block_bytes", "group_size"} & job.inputs.keys() and named is None:
        job.put("group_size", job.inputs["block_weights"], job.used.get("block_weights"))
        job.drop("block_weights")  # "one scale for every 32 weights"
    if named is not None:
        _block_format(job, str(named.value))
    else:
        _bits(job)
    _room(job)


def _room(job: Job) -> None:
    """What the memory of the devices named leaves beside the weights."""
    size, bits = job.inputs.get("params"), job.inputs.get("bits_per_weight")
    each = job.peek("gpu_mem_bytes", "total_mem_bytes", "bytes_any")
    if each is None and job.device is not None:
        each = float(job.device.memory_bytes)
        job.note(device_note(job, None))
    if size is None or bits is None or each is None or not job.says("FIT|CAN|HOW_MANY_GPUS"):
        return
    weights, gpus = size * bits / 8, job.gpus()
    job.uses(job.facts.first("gpu_mem_bytes", "total_mem_bytes", "bytes_any"))
    if job.says("HOW_MANY_GPUS_ASKED") or (gpus is None and weights > each):
        fewest = math.floor(weights / each) + 1
        job.note(
            f"{fewest:,} devices of {each / 1e9:g} GB are the fewest that hold the weights, {weights / 1e9:,.4g} GB"
        )
        return
    total = each * (gpus or 1)
    left = total - weights
    what = (
        f"{left / 1e9:,.4g} GB are left for cache and activations" if left > 0 else f"{-left / 1e9:,.4g} GB are lacking"
    )
    job.note(f"{total / 1e9:,.4g} GB of memory against {weights / 1e9:,.4g} GB of weights: {what}")


def _bits(job: Job) -> None:
    dtype = job.dtype("weight_dtype", "dtype", "dtype_inside")
    if dtype is None:
        _published(job)
        return
    bits = dtype.value * 8
    if "group_size" not in job.inputs:
        if "bits_per_weight" not in job.inputs:
            job.put("bits_per_weight", plain(bits), dtype)
        return
    job.put("bits", plain(bits), dtype)
    group = job.inputs["group_size"]
    if group != -1 and "scale_bits" not in job.inputs and not job.inputs.get("double_quant"):
        job.note(
            "the width of the scales is not stated: they count nothing here; "
            f"16-bit scales add {16 / group:g} bits a weight"
        )
    if "params" in job.inputs and not job.inputs.get("double_quant") and "bits_per_weight" not in job.inputs:
        extra = (job.inputs.get("scale_bits", 0) + job.inputs.get("zero_bits", 0)) / group if group != -1 else 0.0
        job.inputs["bits_per_weight"] = plain(bits + extra)
        if extra:
            job.note(f"{bits:g} bits and {extra:g} for scales and zero points")


def _block_format(job: Job, name: str) -> None:
    base = name if name[-2:] not in ("_S", "_M", "_L") or name.startswith("IQ") else name[:-2]
    job.put("format", base, job.facts.first("format"))
    if base != name:
        job.note(f"{name} mixes formats; counted as {base} throughout")
    try:
        bits = float(calculators.run("quant_size", {"format": base}, "bpw_block").value)  # type: ignore[arg-type]
    except CalculatorError:
        return
    if "params" in job.inputs:
        job.inputs["bits_per_weight"] = plain(bits)
        job.note(f"{base} takes {bits:g} bits a weight, by its block layout")


def _published(job: Job) -> None:
    model = job.model
    if (
        model is not None
        and model.bytes_per_weight
        and job.peek("params") is None
        and "bits_per_weight" not in job.inputs
    ):
        job.inputs["bits_per_weight"] = plain(model.bytes_per_weight * 8)
        job.note(f"{model.title} is published in {model.dtype} ({model.source})")


def affine(job: Job) -> None:
    """The range or the values, and the number of bits."""
    values = job.facts.first("list")
    if values is not None:
        numbers = list(values.value)
        if len(numbers) == 2 and not job.says("TENSOR_WORD"):
            job.put("min", numbers[0], values)
            job.put("max", numbers[1], values)
        else:
            job.put("x", [plain(number) for number in numbers], values)
            job.drop("min", "max")
    dtype = job.dtype("dtype", "weight_dtype")
    if dtype is not None and "bits" not in job.inputs and (dtype.label.startswith("int") or dtype.label == ""):
        job.put("bits", int(dtype.value * 8), dtype)
