"""Which inputs of a calculator a model or an accelerator settles.

Owns the table from registry entries to the calculators' field names. Refuses to fill what an
entry does not say: a device without a published figure leaves the field out. Invariant: what is
returned names only fields of that calculator, with values that it accepts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from calculators._base import CalculatorError
from calculators._discovery import find
from calculators._registry._entries import BYTES_PER_ELEMENT, Accelerator, Model

Json = dict[str, Any]


def _cache(model: Model) -> Json:
    if model.mla is not None:
        return {
            "attn": "mla", "layers": model.layers, "kv_lora": model.mla.kv_lora, "rope_dim": model.mla.qk_rope
        }  # fmt: skip
    return {"layers": model.layers, "kv_heads": model.cached_heads, "head_dim": model.width}


def _capacity(model: Model, weight_bytes: float | None, kv_bytes: float) -> Json:
    weights = {"weight_bytes": model.params * weight_bytes} if weight_bytes else {}
    if model.mla is not None:
        return {"kv_bytes_per_token": model.kv_elements_per_token * kv_bytes, **weights}
    # The flat rate stands above the three fields, so only one of the two is given.
    return _cache(model) | {"dtype_bytes": kv_bytes, **weights}


def _flops(model: Model) -> Json:
    return {
        "params": model.active_params,
        "layers": model.layers,
        "hidden": model.hidden,
        "vocab": model.vocab,
        "heads": model.heads,
        "head_dim": model.width,
    }


def _utilization(model: Model) -> Json:
    return _flops(model) | {"attn_dim": model.heads * model.width}


def _states(model: Model) -> Json:
    experts = {"expert_params": model.expert_params} if model.expert_params else {}
    return {"params": model.params, **experts}


_BY_MODEL: dict[str, Callable[[Model], Json]] = {
    "param_count": lambda model: model.architecture,
    "train_memory": _states,
    "zero_estimator": lambda model: {"total_params": model.params, "largest_layer_params": model.largest_module},
    "activation_memory": lambda model: {
        "layers": model.layers, "hidden": model.hidden, "heads": model.heads, "vocab": model.vocab
    },
    "training_flops": _flops,
    "utilization": _utilization,
    "training_time": lambda model: {"params": model.active_params},
    "compute_optimal": lambda model: {"params": model.active_params},
    "comm_volume": lambda model: {"params": model.params, "hidden": model.hidden},
    "kv_cache": _cache,
    "quant_size": lambda model: {"params": model.params},
    "checkpoint_io": lambda model: {"params": model.params},
    "planner": lambda model: {"params": model.params},
}  # fmt: skip


def model_inputs(
    model: Model, calculator: str, *, weight_bytes: float | None = None, kv_bytes: float | None = None
) -> Json:
    """The inputs of a calculator that a model settles.

    `weight_bytes` is bytes per weight, by default as the weights are published; `kv_bytes` is bytes
    per cached element, by default 2. Empty where the calculator asks nothing of a model.

    Raises:
        CalculatorError: no such calculator.
    """
    known = find(calculator)
    per_weight = weight_bytes or model.bytes_per_weight
    if calculator == "serving_capacity":
        return _capacity(model, per_weight, kv_bytes or 2.0)
    if calculator == "inference_roofline":
        weights = {"weight_bytes": model.params * per_weight} if per_weight else {}
        return {"params": model.active_params, "layers": model.layers, "hidden": model.hidden, **weights}
    inputs = _BY_MODEL[calculator](model) if calculator in _BY_MODEL else {}
    if calculator == "kv_cache" and kv_bytes:
        inputs = {**inputs, "dtype_bytes": kv_bytes}
    return {name: value for name, value in inputs.items() if name in known.inputs.model_fields}


_BY_DEVICE: dict[str, Mapping[str, str]] = {
    "train_memory": {"gpu_mem_bytes": "memory"},
    "utilization": {"peak_flops": "peak"},
    "training_time": {"peak_flops": "peak"},
    "cost_energy": {"watts": "power"},
    "inference_roofline": {"peak_flops": "peak", "bandwidth": "bandwidth"},
    "serving_capacity": {"total_mem_bytes": "memory"},
    "planner": {"gpu_mem_bytes": "memory"},
    "collective_cost": {"bandwidth": "link"},
    "comm_volume": {"bandwidth": "link"},
}


def accelerator_inputs(accelerator: Accelerator, calculator: str, *, precision: str = "bf16", count: int = 1) -> Json:
    """The inputs of a calculator that an accelerator settles, `count` of them where a total is asked.

    Raises:
        CalculatorError: no such calculator, or no such precision.
    """
    find(calculator)
    if precision not in BYTES_PER_ELEMENT:
        known = ", ".join(BYTES_PER_ELEMENT)
        raise CalculatorError("precision", precision, f"is not one of {known}")
    memory = float(accelerator.memory_bytes)
    values = {
        "memory": memory * count if calculator == "serving_capacity" else memory,
        "peak": accelerator.peak_flops(precision),
        "power": accelerator.power,
        "bandwidth": accelerator.bandwidth,
        "link": accelerator.link_bandwidth,
    }
    fields = {name: values[figure] for name, figure in _BY_DEVICE.get(calculator, {}).items()}
    return {name: value for name, value in fields.items() if value is not None}
