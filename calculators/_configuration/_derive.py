"""Inputs of a calculator that follow from several quantities of a text, or from a name in it.

Owns the readings that a plain table cannot say: ranks from GPUs, weights in bytes from parameters
and number format, the method of a training time. Each reading that a person might dispute leaves a
line in `notes`. Refuses to invent: what does not follow stays missing. Invariant: a quantity given
outright is never replaced.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from calculators._configuration._recognise import Configuration
from calculators._registry import Accelerator, Model, accelerator_inputs, accelerators, model_inputs, models

Json = dict[str, Any]
_TRAINED_IN = frozenset({"fp32", "tf32", "bf16", "fp16", "fp8"})


@dataclass(slots=True)
class Job:
    """A text with its configuration, and the notes that its reading leaves."""

    text: str
    configuration: Configuration
    notes: list[str] = field(default_factory=list)

    @property
    def model(self) -> Model | None:
        """The model named, if the text does not give another size beside it."""
        mention = self.configuration.first("model")
        return models()[str(mention.value)] if mention else None

    @property
    def accelerator(self) -> Accelerator | None:
        """The accelerator named first."""
        mention = self.configuration.first("accelerator")
        return accelerators()[str(mention.value)] if mention else None

    def number(self, *names: str) -> int | float | None:
        """A quantity of the configuration."""
        return self.configuration.number(*names)

    def says(self, pattern: str) -> bool:
        """Whether the text matches."""
        return re.search(pattern, self.text, re.IGNORECASE | re.ASCII) is not None

    @property
    def label(self) -> str:
        """Name of the number format in the text; empty if none."""
        found = self.configuration.first("dtype_bytes")
        return found.label if found else ""

    def gpus(self) -> int | None:
        """How many devices the text says, nodes counted out."""
        given = self.number("gpus")
        nodes, each = self.number("nodes"), self.number("gpus_per_node")
        if given is None and nodes and each:
            self.note(f"{nodes:g} nodes of {each:g} are {nodes * each:g} devices")
            return int(nodes * each)
        return None if given is None else int(given)

    def sequence(self) -> int | float | None:
        """Tokens of a sequence: as given, else prompt and answer together."""
        given = self.number("seq_len")
        parts = [part for part in (self.number("prompt_len"), self.number("output_len")) if part]
        if given is None and parts:
            if len(parts) == 2:
                self.note(f"prompt and answer together: {sum(parts):,} tokens")
            return sum(parts)
        return given

    def weight_bytes(self) -> float | None:
        """Bytes of all weights: as given, else parameters times their width."""
        width, params = self.number("dtype_bytes"), self.number("params")
        if params is not None and width is not None:
            return float(params * width)
        if params is None and self.model is not None:
            each = width or self.model.bytes_per_weight
            if each and not width:
                self.note(f"{self.model.title} is published in {self.model.dtype}")
            return float(f"{self.model.params * each:.15g}") if each else None
        return None

    def note(self, line: str) -> None:
        """Leave a line, once."""
        if line not in self.notes:
            self.notes.append(line)


Derive = Callable[[Job, Json], None]


def from_names(job: Job, calculator: str) -> Json:
    """What the model and the accelerator named settle, and how the names were read."""
    inputs: Json = {}
    model, accelerator = job.model, job.accelerator
    if model is not None:
        inputs |= model_inputs(model, calculator)
        for dropped in ("dtype_bytes", "weight_bytes"):
            inputs.pop(dropped, None)
    if accelerator is not None:
        precision = job.label if job.label in _TRAINED_IN or accelerator.peak_flops(job.label) else "bf16"
        settled = accelerator_inputs(accelerator, calculator, precision=precision)
        inputs |= settled
        if settled:
            peak = settled.get("peak_flops")
            figure = f", dense {precision} peak {peak / 1e12:g} TFLOP/s" if peak else ""
            mention = job.configuration.first("accelerator")
            written = mention.text if mention else accelerator.title
            job.note(f"{written} read as {accelerator.title}{figure} ({accelerator.source})")
    return inputs


def _bubble(job: Job, inputs: Json) -> None:
    if "schedule" not in inputs:
        chunks = inputs.get("interleave", 1)
        inputs["schedule"] = "interleaved" if chunks > 1 else "1f1b"
        several, none = "interleaved, as there are several chunks", "no schedule is named: 1F1B and GPipe idle alike"
        job.note(several if chunks > 1 else none)


def _train_memory(job: Job, inputs: Json) -> None:
    gpus = job.gpus()
    split = inputs.get("tp", 1) * inputs.get("pp", 1) * inputs.get("cp", 1)
    if "dp" not in inputs and gpus and gpus % split == 0:
        inputs["dp"] = gpus // split
        job.note(f"{gpus} devices leave {gpus // split} data-parallel ranks")
    if job.label == "fp32" and inputs.get("optimizer", "adam") in ("adam", "adamw"):
        inputs["optimizer"] = "adam_fp32"
    if job.number("params") is not None:
        inputs.pop("expert_params", None)


def _zero_estimator(job: Job, inputs: Json) -> None:
    if job.number("params") is not None:
        inputs.pop("largest_layer_params", None)


def _activation(job: Job, inputs: Json) -> None:
    if "micro_batch" in inputs and job.number("micro_batch") is None:
        job.note("the batch is read as that of one microbatch")
    if job.says(r"logits|输出层"):
        inputs["method"] = "logits"


def _training_time(job: Job, inputs: Json) -> None:
    gpus = job.gpus()
    if gpus is not None:
        inputs["gpus"] = gpus
    if "gpu_hours" in inputs:
        inputs["method"] = "gpu_hours"
    elif "tokens_per_s_per_gpu" in inputs:
        inputs["method"] = "tokens_per_s"
    elif "flops_per_gpu" in inputs:
        inputs["method"] = "8tp"
    elif "tokens_per_s" not in inputs:
        inputs["method"] = "6nd"


def _training_flops(job: Job, inputs: Json) -> None:
    if job.says(r"palm|with attention|attention included|含注意力|包含注意力"):
        inputs["formula"] = "palm"


def _utilization(job: Job, inputs: Json) -> None:
    gpus, each = job.gpus(), job.number("tokens_per_s_per_gpu")
    if each is not None:
        inputs["tokens_per_s"] = each * (gpus or 1)
    if gpus is not None:
        inputs["gpus"] = gpus


def _cost(job: Job, inputs: Json) -> None:
    duration, gpus = job.number("duration"), job.gpus()
    if gpus is not None and "gpu_hours" not in inputs:
        inputs["gpus"] = gpus
    if duration is not None:
        inputs["hours"] = duration / 3600


def _collective(job: Job, inputs: Json) -> None:
    if "algorithm" in inputs and inputs.get("op", "all_reduce") != "all_reduce":
        del inputs["algorithm"]


def _comm(job: Job, inputs: Json) -> None:
    if job.says(r"tensor|\bTP\b|张量") and not job.says(r"data[- ]parallel|gradient|数据并行|梯度"):
        inputs["kind"] = "tp"
    elif job.says(r"pipeline|\bPP\b|stage|流水") and not job.says(r"data[- ]parallel|gradient|数据并行|梯度"):
        inputs["kind"] = "pp"
    elif job.says(r"data[- ]parallel|gradient|\bDP\b|ZeRO|FSDP|数据并行|梯度"):
        inputs["kind"] = "dp"


def _kv_cache(job: Job, inputs: Json) -> None:
    tokens = job.sequence()
    if tokens is not None:
        inputs["tokens"] = tokens
    model = job.model
    if inputs.get("dtype_bytes", 1) < 1 and job.number("kv_dtype_bytes") is None and model is not None:
        # int4 beside a model means its weights; a cache is that small only when the text says so.
        del inputs["dtype_bytes"]
    if model is not None and model.window and tokens is not None and tokens > model.window:
        share = model.cached_tokens(tokens) / tokens
        job.note(f"every layer is counted in full; a window of {model.window:,} tokens in {model.windowed_layers} of "
                 f"{model.layers} layers leaves {share:.1%} of it")  # fmt: skip


def _serving(job: Job, inputs: Json) -> None:
    memory, gpus = job.number("gpu_mem_bytes"), job.gpus()
    each = memory if memory is not None else inputs.get("total_mem_bytes")
    if each is not None:
        inputs["total_mem_bytes"] = each * (gpus or 1)
    tokens = job.sequence()
    if tokens is not None:
        inputs["tokens_per_request"] = tokens
    weights = inputs.get("weight_bytes") or job.weight_bytes()
    if weights is not None:
        inputs["weight_bytes"] = weights
    if "kv_bytes_per_token" in inputs and "dtype_bytes" in inputs:
        inputs["kv_bytes_per_token"] *= inputs.pop("dtype_bytes") / 2


def _roofline(job: Job, inputs: Json) -> None:
    weights = inputs.get("weight_bytes") or job.weight_bytes()
    if weights is not None:
        inputs["weight_bytes"] = weights
    tokens, model = job.sequence(), job.model
    if job.says(r"prefill|first token|TTFT|预填充|首\s?(?:个)?\s?token"):
        if tokens is not None:
            inputs["batch"] = int(tokens) * int(inputs.get("batch", 1))
            job.note(f"the prefill works on {inputs['batch']:,} tokens at once")
    elif tokens is not None and model is not None:
        width = job.number("kv_dtype_bytes") or 2
        inputs["kv_bytes"] = float(model.kv_elements_per_token * tokens * width)
    if model is not None and model.experts and "weight_bytes" in inputs:
        job.note("all experts are read, as in a large batch; a single sequence reads fewer")
    if job.says(r"ridge|arithmetic intensity|roofline|算术强度|屋顶线") and inputs.get("dtype_bytes", 2) < 1:
        del inputs["dtype_bytes"]


def _quant_size(job: Job, inputs: Json) -> None:
    width = job.number("dtype_bytes")
    if width is None:
        return
    bits = width * 8
    if "group_size" not in inputs:
        inputs.setdefault("bits_per_weight", bits)
        return
    inputs["bits"] = bits
    if "params" in inputs and "scale_bits" in inputs and not inputs.get("double_quant"):
        overhead = (inputs["scale_bits"] + inputs.get("zero_bits", 0)) / inputs["group_size"]
        inputs.setdefault("bits_per_weight", bits + overhead)
        job.note(f"{bits:g} bits and {overhead:g} for scales and zero points")


def _affine(job: Job, inputs: Json) -> None:
    width = job.number("dtype_bytes")
    if width is not None and job.label.startswith("int"):
        inputs["bits"] = int(width * 8)


def _checkpoint(job: Job, inputs: Json) -> None:
    if job.says(r"weights only|only the weights|inference checkpoint|仅权重|只存权重|只保存权重"):
        inputs["bytes_per_param"] = 2


def _goodput(job: Job, inputs: Json) -> None:
    duration = job.number("duration")
    if duration is not None and "failures" in inputs:
        inputs["hours"] = duration / 3600


def _planner(job: Job, inputs: Json) -> None:
    gpus = job.gpus()
    if gpus is None and all(name in inputs for name in ("tp", "pp", "dp")):
        gpus = inputs["tp"] * inputs["pp"] * inputs["dp"]
        job.note(f"tp·pp·dp = {gpus} devices")
    if gpus is not None:
        inputs["gpus"] = gpus


DERIVE: dict[str, Derive] = {
    "pipeline_bubble": _bubble,
    "pipeline_simulator": _bubble,
    "train_memory": _train_memory,
    "zero_estimator": _zero_estimator,
    "activation_memory": _activation,
    "training_time": _training_time,
    "training_flops": _training_flops,
    "utilization": _utilization,
    "cost_energy": _cost,
    "collective_cost": _collective,
    "comm_volume": _comm,
    "kv_cache": _kv_cache,
    "serving_capacity": _serving,
    "inference_roofline": _roofline,
    "quant_size": _quant_size,
    "affine_quant": _affine,
    "checkpoint_io": _checkpoint,
    "goodput": _goodput,
    "planner": _planner,
}
"""By calculator; those not listed need the table of fields alone."""
