"""Memory of the model states in training: weights, gradients, optimizer, per device.

Owns the bytes per parameter under ZeRO and their division by tensor, pipeline and expert
parallelism. Leaves out activations, temporary buffers, fragmentation and the device's own
context: the result is never "GPU memory". Invariant: all three states divide by tp·pp before
any ZeRO stage applies.
"""

from typing import Literal

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, InputWarning, Output, Quantity, Trap
from calculators._fields import Amount, AmountOrZero, Count, InputsBase, Stage, entry, need, neighbours, preset
from calculators._sources import cite
from calculators._units import BYTES, PARAMS


class Recipe(InputsBase):
    """Bytes per parameter that a training recipe keeps."""

    weights: AmountOrZero
    grads: AmountOrZero
    optimizer: AmountOrZero
    extra: AmountOrZero = 0.0


RecipeName = Literal[
    "adam", "adamw", "adam_fp32_grads", "adam_fp32_accumulation", "adam_fp32", "adam_8bit", "adam_8bit_no_master",
    "sgd_momentum", "sgd",
]  # fmt: skip
_ADAM = Recipe(weights=2, grads=2, optimizer=12)
RECIPES: dict[str, Recipe] = {
    "adam": _ADAM,
    "adamw": _ADAM,
    "adam_fp32_grads": Recipe(weights=2, grads=4, optimizer=12),
    "adam_fp32_accumulation": Recipe(weights=2, grads=2, optimizer=12, extra=4),
    "adam_fp32": Recipe(weights=4, grads=4, optimizer=8),
    "adam_8bit": Recipe(weights=2, grads=2, optimizer=6),
    "adam_8bit_no_master": Recipe(weights=2, grads=2, optimizer=2),
    "sgd_momentum": Recipe(weights=4, grads=4, optimizer=4),
    "sgd": Recipe(weights=4, grads=4, optimizer=0),
}
"""16, 16, 18, 20, 16, 10, 6, 12 and 8 bytes per parameter."""


class Inputs(InputsBase):
    """A model, a recipe and how they are spread."""

    params: Amount = entry("parameters", "params")
    expert_params: AmountOrZero = preset(0.0, "part of params that is routed experts", "params")
    bytes_per_param: Recipe = entry("bytes per parameter by state; stands above the recipe", "bytes/param")
    optimizer: RecipeName = preset("adam", "recipe, where bytes_per_param is not given")
    zero_stage: Stage = preset(0, "ZeRO stage; FSDP full shard is 3, shard-grad-op is 2")
    tp: Count = preset(1, "tensor-parallel size")
    pp: Count = preset(1, "pipeline-parallel size")
    cp: Count = preset(1, "context-parallel size; joins the shard group")
    dp: Count = preset(1, "data-parallel size")
    ep: Count = preset(1, "expert-parallel size")
    etp: Count = preset(1, "tensor-parallel size inside an expert")
    gpu_mem_bytes: Amount = entry("memory of one device for the states", "B")

    @property
    def recipe(self) -> Recipe:
        """The bytes per parameter in force."""
        return self.bytes_per_param if self.bytes_per_param is not None else RECIPES[self.optimizer]


def bytes_per_param(recipe: Recipe, zero_stage: int, group: float) -> float:
    """Bytes per parameter on one of `group` ranks that share the states by ZeRO."""
    return (
        recipe.weights / (group if zero_stage >= 3 else 1)
        + recipe.grads / (group if zero_stage >= 2 else 1)
        + recipe.optimizer / (group if zero_stage >= 1 else 1)
        + recipe.extra
    )


def states_bytes(inputs: Inputs) -> float:
    """Bytes of model states on one device; `params` must be given."""
    dense = (inputs.params - inputs.expert_params) / (inputs.tp * inputs.pp)
    total = dense * bytes_per_param(inputs.recipe, inputs.zero_stage, inputs.dp * inputs.cp)
    if inputs.expert_params:
        experts = inputs.expert_params / (inputs.ep * inputs.etp * inputs.pp)
        total += experts * bytes_per_param(inputs.recipe, inputs.zero_stage, _expert_group(inputs))
    return total


def _expert_group(inputs: Inputs) -> float:
    return inputs.tp * inputs.cp * inputs.dp / (inputs.ep * inputs.etp)


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    params, experts, ranks = inputs.params, inputs.expert_params, inputs.tp * inputs.cp * inputs.dp
    if params is not None and experts > params:
        raise CalculatorError("expert_params", experts, f"is more than params={params:g}", params)
    if experts and inputs.zero_stage and ranks % (inputs.ep * inputs.etp):
        near = neighbours(inputs.ep, lambda n: ranks % (n * inputs.etp) == 0)
        raise CalculatorError("ep", inputs.ep, f"times etp={inputs.etp} does not divide tp·cp·dp={ranks}", near)


def _warn(inputs: Inputs) -> tuple[InputWarning, ...]:
    if inputs.zero_stage < 2 or inputs.pp == 1:
        return ()
    message = (
        f"ZeRO-{inputs.zero_stage} with pp={inputs.pp} communicates gradients or weights again for every microbatch; "
        "most frameworks refuse it, so use stage 1"
    )
    return (InputWarning(field="zero_stage", message=message),)


_ZERO = cite("zero", "§3 and Table 1")
_MEGATRON = cite("ptdp", "§3; experts by Megatron-Core's expert-parallel groups")
_LATEX = (
    r"M = \frac{P}{t\,p}\left(\frac{w}{D^{[z\ge 3]}} + \frac{g}{D^{[z\ge 2]}} + \frac{o}{D^{[z\ge 1]}} + x\right),"
    r"\quad D = d \cdot c"
)


def _per_param(stage: int, group: str) -> str:
    """The bracket of the formula for a ZeRO stage, divided by the symbol `group`."""
    states = (("weights", 3), ("grads", 2), ("optimizer", 1))
    return " + ".join([f"{{{name}}}" + (f"/{group}" if stage >= at else "") for name, at in states] + ["{extra}"])


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute the states of one device; units: bytes, parameters, bytes per parameter."""
    recipe, group = inputs.recipe, inputs.dp * inputs.cp
    each = bytes_per_param(recipe, inputs.zero_stage, group)
    bracket = _per_param(inputs.zero_stage, "({dp}·{cp})")
    symbols: dict[str, object] = inputs.model_dump() | recipe.model_dump() | {"expert_group": _expert_group(inputs)}
    assumptions = (f"{sum(recipe.model_dump().values()):g} bytes per parameter before sharding", _STATES_ONLY)
    if output == "bytes_per_param":
        return Computed(each, Formula("m", bracket, _LATEX, _ZERO), symbols, assumptions=assumptions)
    if output == "max_params":
        need(inputs, output, "gpu_mem_bytes")
        if each == 0:
            raise CalculatorError("bytes_per_param", 0, "is zero in every state, so any model fits")
        formula = Formula("P_max", f"{{gpu_mem_bytes}}·{{tp}}·{{pp}}/({bracket})", _LATEX, _ZERO)
        value = inputs.gpu_mem_bytes * inputs.tp * inputs.pp / each
        return Computed(value, formula, symbols, assumptions=assumptions, warnings=_warn(inputs))
    need(inputs, output, "params")
    template = f"{{params}}/({{tp}}·{{pp}})·({bracket})"
    if inputs.expert_params:
        experts = _per_param(inputs.zero_stage, "{expert_group}")
        template = f"({{params}} − {{expert_params}})/({{tp}}·{{pp}})·({bracket})"
        template += f" + {{expert_params}}/({{ep}}·{{etp}}·{{pp}})·({experts})"
    return Computed(
        states_bytes(inputs),
        Formula("M", template, _LATEX, _ZERO if inputs.tp * inputs.pp * inputs.ep == 1 else _MEGATRON),
        symbols,
        breakdown=_breakdown(inputs),
        assumptions=assumptions,
        warnings=_warn(inputs),
    )


_STATES_ONLY = "model states alone: activations, buffers, fragmentation (often 5-10%) and the context come on top"


def _breakdown(inputs: Inputs) -> tuple[Quantity, ...]:
    parts = []
    for name, size in inputs.recipe.model_dump().items():
        alone = Recipe(**(dict.fromkeys(Recipe.model_fields, 0.0) | {name: size}))
        share = states_bytes(inputs.model_copy(update={"bytes_per_param": alone}))
        parts.append(Quantity(name=name, value=share, unit="B"))
    return tuple(part for part in parts if part.value)


_SPREAD = ("zero_stage", "tp", "pp", "cp", "dp")
_7B_ZERO3 = {"params": 7.5e9, "dp": 64, "zero_stage": 3}
_SGD = {"params": 1_000_100_000, "optimizer": "sgd_momentum"}

CALCULATOR = Calculator(
    name="train_memory",
    title="Training memory: model states",
    group="fit",
    question="How many bytes of weights, gradients and optimizer does each device hold?",
    inputs=Inputs,
    outputs=(
        Output(
            "bytes_per_gpu",
            "model states on one device",
            BYTES,
            ("params", "expert_params", "bytes_per_param", "optimizer", *_SPREAD, "ep", "etp"),
        ),
        Output(
            "max_params",
            "largest model that fits",
            PARAMS,
            ("gpu_mem_bytes", "bytes_per_param", "optimizer", *_SPREAD),
        ),
        Output(
            "bytes_per_param",
            "bytes per parameter after sharding",
            ("bytes/param",),
            ("bytes_per_param", "optimizer", "zero_stage", "cp", "dp"),
        ),
    ),
    compute=compute,
    check=check,
    references=(_ZERO, _MEGATRON),
    example=Case(_7B_ZERO3, "bytes_per_gpu", "GB", 1.875),
    traps=(
        Trap(
            "an fp32 SGD-momentum example on one device: 12.035 GB",
            "12.00 GB, 12 bytes per parameter",
            "4 each for weights, gradients and momentum; the rest is activations",
            "OpenMMLab, on FSDP",
            Case(_SGD, "bytes_per_gpu", "GB", 12.0012),
        ),
        Trap(
            "the same example fully sharded: 1.524 GB, the number of devices not stated",
            "1.50 GB on 8 devices",
            "12 bytes per parameter divided by 8",
            "OpenMMLab, on FSDP",
            Case({**_SGD, "zero_stage": 3, "dp": 8}, "bytes_per_gpu", "GB", 1.50015),
        ),
        Trap(
            "gradients of a 6.7B model at TP=8: 25.0 GiB",
            "3.1 GiB",
            "a calculator divided only weights and optimizer by tp·pp when the ZeRO stage was below 2",
            "EleutherAI cookbook",
            Case(
                {"params": 6.7e9, "tp": 8, "bytes_per_param": {"weights": 0, "grads": 4, "optimizer": 0}},
                "bytes_per_gpu",
                "GiB",
                3.12,
                1e-3,
            ),
        ),
        Trap(
            "mixed-precision Adam takes 16 bytes per parameter",
            "16, 18 or 20: fp16 gradients, fp32 gradients, or fp32 accumulation on top of fp16",
            "three recipes under one name",
            "DeepSpeed, issue 3442; MS-AMP, issue 173",
            Case({"optimizer": "adam_fp32_accumulation"}, "bytes_per_param", "bytes/param", 20),
        ),
        Trap(
            "experts divided by the tensor-parallel size, or not by the expert-parallel size",
            "dense weights divide by tp·pp, routed experts by ep·etp·pp: up to 8 times apart",
            "the two kinds of weight have different shard groups",
            "Megatron-LM, issue 4687; aiconfigurator, issue 1390",
        ),
        Trap(
            "an estimate of 0.49 GB, while 14 to 21 GB were used",
            "model states alone",
            "activations, buffers, fragmentation and context are not states",
            "DeepSpeed, issue 4527",
        ),
        Trap(
            "23 GB estimated, out of memory at 32 GB",
            "allow 5-10% for the allocator and 0.5-1 GiB for the context",
            "reserved memory exceeds allocated memory",
            "Megatron-LM, issue 525",
        ),
    ),
)
