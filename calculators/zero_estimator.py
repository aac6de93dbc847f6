"""DeepSpeed's own memory estimator, number for number.

Owns the formulas of `deepspeed.runtime.zero` for stages 2 and 3 with their offload variants.
Does not claim that they are right: `train_memory` is the calculator for that. Invariant:
follows the current code; where the documentation prints older numbers, a trap says so.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from calculators._base import Calculator, Case, Computed, Formula, InputWarning, Output, Trap
from calculators._fields import Amount, AmountOrZero, Count, Flag, InputsBase, entry, need, preset, refuse, whole
from calculators._sources import cite
from calculators._units import BYTES


def _two_or_three(value: object) -> int:
    stage = whole(value)
    if stage not in (2, 3):
        raise refuse("is not 2 or 3", 3 if stage > 2 else 2)
    return stage


EstimatedStage = Annotated[int, Field(ge=2, le=3), BeforeValidator(_two_or_three)]


class Inputs(InputsBase):
    """A model and the machines, as DeepSpeed asks for them."""

    stage: EstimatedStage = entry("ZeRO stage, 2 or 3")
    total_params: Amount = entry("parameters P", "params")
    largest_layer_params: AmountOrZero = preset(0.0, "parameters of the largest layer", "params")
    gpus_per_node: Count = entry("GPUs in a node g")
    nodes: Count = preset(1, "nodes n")
    offload_optimizer: Flag = preset(False, "optimizer states in CPU memory")
    offload_param: Flag = preset(False, "parameters in CPU memory too; only with offload_optimizer in stage 3")
    zero_init: Flag = preset(True, "model built sharded (zero.Init)")
    buffer_factor: Amount = preset(1.5, "factor for buffers in CPU memory")


_SOURCE = cite("deepspeed_memory", "estimate_zero2/3_model_states_mem_needs")
_GPU_LATEX = {
    "both": r"M = 4 L_g",
    "optimizer": r"M = 4 L_g + \frac{2P}{N}",
    "none": r"M = 4 L_g + \frac{18P}{N}",
    "2 optimizer": r"M = 2P",
    "2 none": r"M = 2P + \frac{18P}{N}",
}
_CPU_LATEX = {
    "both": r"M = P\,k\,f,\quad k = 18/n \ \mathrm{or}\ \max(4g,\,18/n)",
    "optimizer": r"M = P\,k\,f,\quad k = 16/n \ \mathrm{or}\ \max(4g,\,16/n)",
    "none": r"M = 4\,g\,f\,L_g \ \mathrm{or}\ 4\,g\,f\,P",
    "2 optimizer": r"M = P\max(4N,\,16)\,f",
    "2 none": r"M = 4\,P\,g\,f",
}


def _gpu(inputs: Inputs, kind: str) -> tuple[float, str]:
    p, big, ranks = inputs.total_params, inputs.largest_layer_params, inputs.gpus_per_node * inputs.nodes
    return {
        "both": (4 * big, "4·{largest_layer_params}"),
        "optimizer": (4 * big + 2 * p / ranks, "4·{largest_layer_params} + 2·{total_params}/{gpus}"),
        "none": (4 * big + 18 * p / ranks, "4·{largest_layer_params} + 18·{total_params}/{gpus}"),
        "2 optimizer": (2 * p, "2·{total_params}"),
        "2 none": (2 * p + 18 * p / ranks, "2·{total_params} + 18·{total_params}/{gpus}"),
    }[kind]


def _cpu(inputs: Inputs, kind: str) -> tuple[float, str]:
    p, f, g, n = inputs.total_params, inputs.buffer_factor, inputs.gpus_per_node, inputs.nodes
    if kind == "2 optimizer":
        return p * max(4 * g * n, 16) * f, "{total_params}·max(4·{gpus}, 16)·{buffer_factor}"
    if kind == "2 none":
        return 4 * p * g * f, "4·{total_params}·{gpus_per_node}·{buffer_factor}"
    if kind == "none":
        held, name = (inputs.largest_layer_params, "largest_layer_params") if inputs.zero_init else (p, "total_params")
        return held * 4 * g * f, f"{{{name}}}·4·{{gpus_per_node}}·{{buffer_factor}}"
    states = 18 if kind == "both" else 16
    if inputs.zero_init:
        return p * states / n * f, f"{{total_params}}·{states}/{{nodes}}·{{buffer_factor}}"
    share = f"max(4·{{gpus_per_node}}, {states}/{{nodes}})"
    return p * max(4 * g, states / n) * f, f"{{total_params}}·{share}·{{buffer_factor}}"


def compute(inputs: Inputs, output: str) -> Computed:
    """Estimate as DeepSpeed does; unit: bytes."""
    need(inputs, output, "stage", "total_params", "gpus_per_node")
    kind = "none"
    if inputs.offload_optimizer:
        kind = "both" if inputs.offload_param and inputs.stage == 3 else "optimizer"
    warnings: tuple[InputWarning, ...] = ()
    if inputs.offload_param and kind != "both":
        reason = "stage 2 keeps the parameters" if inputs.stage == 2 else "offload_optimizer is off"
        message = f"has no effect: {reason}, so all {inputs.total_params:g} parameters stay on the GPUs"
        warnings = (InputWarning(field="offload_param", message=message),)
    kind = f"2 {kind}" if inputs.stage == 2 else kind
    value, template = (_gpu if output == "gpu" else _cpu)(inputs, kind)
    latex = (_GPU_LATEX if output == "gpu" else _CPU_LATEX)[kind]
    return Computed(
        value,
        Formula("M", template, latex, _SOURCE),
        inputs.model_dump() | {"gpus": inputs.gpus_per_node * inputs.nodes},
        assumptions=("model states as DeepSpeed counts them; its printed GB are GiB",),
        warnings=warnings,
    )


_FIELDS = tuple(Inputs.model_fields)
_3B = {"total_params": 2.851e9, "largest_layer_params": 32e6, "gpus_per_node": 8}

CALCULATOR = Calculator(
    name="zero_estimator",
    title="DeepSpeed's memory estimator",
    group="fit",
    question="What would DeepSpeed's own estimator print?",
    inputs=Inputs,
    outputs=(
        Output("gpu", "model states on one GPU", BYTES, _FIELDS),
        Output("cpu", "CPU memory of one node", BYTES, _FIELDS),
    ),
    compute=compute,
    references=(_SOURCE,),
    example=Case({**_3B, "stage": 3, "offload_optimizer": True}, "gpu", "GiB", 0.783, 1e-3),
    traps=(
        Trap(
            "DeepSpeed's documentation, ZeRO-2, 2,851M parameters on 8 GPUs: 15.93 GB",
            "11.28 GiB by the code",
            "the code changed (pull request 5099); the documentation did not",
            "DeepSpeed memory documentation",
            Case({**_3B, "stage": 2}, "gpu", "GiB", 11.28, 5e-4),
        ),
        Trap(
            "the estimator prints GB",
            "GiB: 6.09 printed is 6.54 GB",
            "it divides by 2^30",
            "DeepSpeed and accelerate documentation",
            Case({**_3B, "stage": 3}, "gpu", "GB", 6.54, 5e-4),
        ),
    ),
)
