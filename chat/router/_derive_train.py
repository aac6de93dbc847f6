"""Inputs of the training calculators that follow from several quantities of a question.

Owns the readings that a plain table cannot say: ranks from devices, the method of a training time, GPU-hours from a
budget. Each reading that a person might dispute leaves a note. Refuses to invent: what does not follow stays missing.
"""

import math
import re

import calculators
from calculators import CalculatorError
from chat.router._derive_compute import take_epochs
from chat.router._facts import Fact
from chat.router._job import Job, device_note

_TOTALS = {
    16: "adam", 18: "adam_fp32_grads", 20: "adam_fp32_accumulation", 12: "sgd_momentum", 10: "adam_8bit",
    6: "adam_8bit_no_master", 8: "sgd",
}  # fmt: skip
MOST_GPUS = 1_048_576
_OFFLOADED_PARAMS = re.compile(
    r"\bparam\w*[^.,，;?\d]{0,30}offload|offload[^.,，;?\d]{0,30}\bparam|参数[^.,，;?\d]{0,8}(?:offload|卸载|放)"
    r"|(?:offload|卸载)[^.,，;?\d]{0,8}参数",
    re.IGNORECASE,
)
_OFFLOADED_OPTIMIZER = re.compile(
    r"\boptim\w*[^.,，;?\d]{0,20}offload|(?:offload|卸载)[^.,，;?\d]{0,24}(?:\boptim|优化器)"
    r"|优化器[^.,，;?\d]{0,8}(?:offload|卸载)",
    re.IGNORECASE,
)


def bubble(job: Job) -> None:
    """The schedule, where the text does not name it."""
    given = job.inputs.get("schedule")
    if given not in (None, "interleaved") and job.says("schedule=interleaved COMPARE"):
        job.drop("interleave")  # the chunks are those of the other schedule
    whole, each = job.peek("global_batch", "batch"), job.peek("micro_batch")
    replicas = job.peek("dp") or 1
    if job.peek("microbatches", "=microbatches") is None and whole and each and whole % (each * replicas) == 0:
        job.put("microbatches", int(whole // (each * replicas)), job.facts.first("global_batch", "batch"))
        job.uses(job.facts.first("micro_batch")), job.uses(job.facts.first("dp"))
        job.note(
            f"{whole:g} sequences in microbatches of {each:g}" + (f" on {replicas:g} replicas" if replicas > 1 else "")
        )
    chunks = job.inputs.get("interleave", 1)
    if given == "1f1b" and chunks > 1:
        given = None
    if given is None:
        several, none = "interleaved, as there are several chunks", "no schedule is named: 1F1B and GPipe idle alike"
        job.inputs["schedule"] = "interleaved" if chunks > 1 else "1f1b"
        job.note(several if chunks > 1 else none)
    elif given == "interleaved" and "interleave" not in job.inputs:
        job.ask.append("interleave")
    if {"t_f", "t_b"} <= job.inputs.keys() and "t_w" not in job.inputs:
        if job.inputs["schedule"] in ("zb_h1", "zb_h2", "dualpipe"):
            job.ask.append("t_w")
        else:
            job.inputs["t_w"] = 0
            job.note("the backward time is taken as a whole: t_w = 0")


def simulate(job: Job) -> None:
    """The simulator knows no DualPipe."""
    bubble(job)
    if job.inputs["schedule"] == "dualpipe":
        job.drop("schedule")
        job.note("the simulator knows no DualPipe")


def microbatch(job: Job) -> None:
    """Times by size; a global batch is shared among the replicas."""
    times = job.facts.first("timings")
    if times is not None:
        job.put("t_fwd_bwd_ms", times.value, times)
        if str(job.inputs.get("micro_batch")) not in times.value or not job.says("BATCH_TIME|HOWLONG_ASKED !BEST_MB"):
            job.drop("micro_batch")
    size = job.inputs.get("micro_batch")
    if times is None and size is not None and job.says("BATCH_TIME|MICROBATCH"):
        single = job.facts.first("iter_time_s") or job.pool("time_any")
        if single is not None:
            job.put("t_fwd_bwd_ms", {f"{size:.0f}": float(f"{float(single.value) * 1000:.12g}")}, single)
    replicas, batch = job.peek("dp"), job.peek("global_batch")
    if replicas and batch and job.peek("batch_per_replica") is None and batch % replicas == 0:
        job.inputs["batch_per_replica"] = int(batch // replicas)
        job.note(f"{batch:.0f} sequences over {replicas:.0f} replicas")


def train_memory(job: Job) -> None:
    """Data-parallel ranks from devices, the recipe from its bytes or the number format."""
    gpus = job.gpus()
    split = math.prod(int(job.inputs.get(name, 1)) for name in ("tp", "pp", "cp"))
    if "dp" not in job.inputs and gpus and not job.says("HOW_MANY_GPUS_ASKED"):
        if gpus % split == 0:
            job.inputs["dp"] = gpus // split
            job.used["dp"] = job.used.get("gpus") or next(iter(job.used.values()))
            if gpus > 1:
                job.note(f"{gpus:,} devices leave {gpus // split:,} data-parallel ranks")
        else:
            job.note(f"{gpus:,} devices are no multiple of tp·pp·cp = {split}")
    total = job.number("bytes_per_param_total", "bytes_each_any")
    if total is not None and total in _TOTALS and "optimizer" not in job.inputs:
        job.inputs["optimizer"] = _TOTALS[int(total)]
        job.note(f"{total:g} bytes per parameter read as the recipe {_TOTALS[int(total)]}")
    dtype = job.dtype("dtype")
    if dtype is not None and dtype.label == "fp32" and job.inputs.get("optimizer") in ("adam", "adamw", None):
        job.put("optimizer", "adam_fp32", dtype)
    if job.peek("params", "=params", "big_any") is not None:
        job.registered.discard("params")
        if "expert_params" in job.registered:
            job.drop("expert_params")
    if job.says("HOW_MANY_GPUS_ASKED") and "gpu_mem_bytes" in job.inputs:
        _fewest_ranks(job)


def _fewest_ranks(job: Job) -> None:
    """The fewest data-parallel ranks at which the states fit, where sharding makes them smaller."""
    memory = job.inputs["gpu_mem_bytes"]
    if not job.inputs.get("zero_stage") or "params" not in job.inputs:
        job.note("without sharding every data-parallel rank holds all states, however many there are")
        return
    ranks = 1
    while ranks <= MOST_GPUS and _states(job, ranks) > memory:
        ranks *= 2
    if ranks > MOST_GPUS:
        job.note("no number of data-parallel ranks makes the states fit")
        return
    low = ranks // 2
    while ranks - low > 1:
        middle = (low + ranks) // 2
        low, ranks = (low, middle) if _states(job, middle) <= memory else (middle, ranks)
    job.inputs["dp"] = ranks
    job.note(f"{ranks:,} is the fewest data-parallel ranks at which the model states fit; activations come on top")


def _states(job: Job, ranks: int) -> float:
    try:
        return float(calculators.run("train_memory", {**job.inputs, "dp": ranks}, "bytes_per_gpu", "B").value)  # type: ignore[arg-type]
    except CalculatorError:
        return math.inf


def zero_estimator(job: Job) -> None:
    """Devices by node."""
    gpus, nodes = job.peek("gpus"), job.peek("nodes")
    if "gpus_per_node" not in job.inputs and gpus:
        each = gpus / (nodes or 1)
        if each == int(each) and each <= 16:
            job.put("gpus_per_node", int(each), job.facts.first("gpus"))
    if "offload_param" not in job.inputs and _OFFLOADED_PARAMS.search(job.facts.row.folded.text):
        job.inputs["offload_param"] = True
    if "offload_optimizer" not in job.inputs and _OFFLOADED_OPTIMIZER.search(job.facts.row.folded.text):
        job.inputs["offload_optimizer"] = True
    if job.inputs.get("offload_param") and "offload_optimizer" not in job.inputs:
        job.inputs["offload_optimizer"] = True
        job.note("parameters are offloaded only together with the optimizer")
    if job.peek("params") is not None and "largest_layer_params" in job.registered:
        job.drop("largest_layer_params")


def activation(job: Job) -> None:
    """The microbatch, and the logits alone where they are asked for."""
    if "micro_batch" in job.inputs and job.peek("micro_batch", "=micro_batch") is None:
        job.note("the batch is read as that of one microbatch")
    if job.inputs.pop("method", None):
        job.inputs["method"] = "logits"
        dtype = job.dtype("dtype")
        if dtype is not None:
            job.put("dtype_bytes", dtype.value, dtype)


def training_time(job: Job) -> None:
    """The method, by what is given."""
    take_epochs(job)
    gpus = job.gpus()
    if gpus is not None:
        job.put("gpus", gpus, job.used.get("gpus"))
    whole = job.peek("tokens_per_s")
    if whole is not None and gpus and "tokens_per_s_per_gpu" not in job.inputs:
        job.put("tokens_per_s_per_gpu", whole / gpus, job.facts.first("tokens_per_s"))
        job.note(f"{whole:,.6g} tokens/s over {gpus:,} devices")
    rate = job.inputs.get("flops_per_gpu")
    if (
        rate is not None
        and "mfu" in job.inputs
        and ("peak_flops" not in job.inputs or "peak_flops" in job.registered)
        and job.device is None
    ):
        job.put("peak_flops", rate, job.used.get("flops_per_gpu"))
        job.drop("flops_per_gpu")
    _chinchilla_tokens(job)
    budget = job.peek("flops")
    if budget is not None and "tokens" not in job.inputs:
        _gpu_hours_of_budget(job, budget)
    if "gpu_hours" in job.inputs:
        job.inputs["method"] = "gpu_hours"
    elif "tokens_per_s_per_gpu" in job.inputs:
        job.inputs["method"] = "tokens_per_s"
    elif "flops_per_gpu" in job.inputs:
        job.inputs["method"] = "8tp"
    else:
        job.inputs["method"] = "6nd"
    if "gpus" not in job.inputs or "tokens" not in job.inputs:
        _by_deadline(job)


def _chinchilla_tokens(job: Job) -> None:
    if "tokens" not in job.inputs and "params" in job.inputs and job.says("CHINCHILLA"):
        ratio = job.number("tokens_per_param") or 20.0
        job.inputs["tokens"] = ratio * job.inputs["params"]
        job.note(f"compute-optimal: {ratio:g} tokens per parameter")


def _by_deadline(job: Job) -> None:
    """Devices, or tokens, from the time that there is: the duration is proportional to one over the other."""
    limit = job.number("duration")
    if limit is None:
        loose = job.pool("time_any")
        limit = None if loose is None else float(loose.value)
    asked = "gpus" if "gpus" not in job.inputs else "tokens"
    if limit is None or (asked == "gpus" and not job.says("HOW_MANY_GPUS|?gpus")):
        return
    job.uses(job.facts.first("duration"))
    try:
        estimate = calculators.run("training_time", {**job.inputs, asked: 1}, "days", "s")
    except CalculatorError:
        return
    one = float(estimate.value)  # type: ignore[arg-type]
    if asked == "gpus":
        job.inputs["gpus"] = max(1, math.ceil(one / limit - 1e-9))
        job.note(f"{job.inputs['gpus']:,} is the fewest devices that finish in {limit / 86_400:g} days")
    else:
        job.inputs["tokens"] = float(f"{limit / one:.6g}")
        job.note(f"{job.inputs['tokens']:.4g} tokens are what {limit / 86_400:g} days suffice for")


def _gpu_hours_of_budget(job: Job, budget: float) -> None:
    """GPU-hours that a number of operations takes at a utilisation of the peak, or at an achieved rate."""
    rate = job.number("achieved_flops")
    if rate is None:
        share, peak = job.number("mfu"), job.peak()
        loose = job.pool("share_any") if share is None else None
        share = float(loose.value) if loose is not None else share
        if share is None or peak is None:
            return
        rate = share * peak
        job.note(f"{share:.4g} of {peak / 1e12:g} TFLOP/s on each device")
    job.put("gpu_hours", float(f"{budget / rate / 3600:.12g}"), job.facts.first("flops"))
    job.note(f"{budget:.4g} FLOP at {rate / 1e12:.4g} TFLOP/s are {job.inputs['gpu_hours']:,.6g} GPU-hours")


def cost(job: Job) -> None:
    """GPU-hours: as given, from devices and time, or from what is to be trained."""
    duration, gpus = job.number("duration"), job.gpus()
    if duration is None and "gpu_hours" not in job.inputs:
        loose = job.pool("time_any")
        duration = None if loose is None else float(loose.value)
    if duration is not None and "gpu_hours" not in job.inputs:
        job.put("hours", float(f"{duration / 3600:.12g}"), job.used.get("duration"))
    if gpus is not None and "gpu_hours" not in job.inputs:
        job.put("gpus", gpus, job.used.get("gpus"))
    if "gpu_hours" in job.inputs or "hours" in job.inputs:
        return
    budget, tokens = job.peek("flops"), job.peek("tokens", "tokens_any")
    each = job.peek("tokens_per_s_per_gpu")
    if tokens and each:
        job.put("gpu_hours", tokens / each / 3600)
        job.note(f"{tokens:.4g} tokens at {each:g} tokens/s on each device")
        return
    if budget is None and tokens:
        size = job.size(active=True)
        if size is not None:
            budget = 6 * size * tokens
            job.note(f"6·N·D = {budget:.4g} FLOP")
    if budget is not None:
        _gpu_hours_of_budget(job, budget)
        if "gpu_hours" in job.inputs:
            job.drop("gpus")
        elif job.device is not None:
            job.ask.append("gpu_hours")


def compute_optimal(job: Job) -> None:
    """The budget at which a given size, or given data, is the optimum."""
    named = job.used.get("tokens")
    if (
        named is not None
        and "params" not in job.inputs
        and (re.match(r"tokens?\b|token\s?数", named.text, re.IGNORECASE) or _asks_tokens(job, named))
    ):
        # "chinchilla tokens 13B" asks for the tokens of a model of 13B.
        job.put("params", job.inputs["tokens"], named)
        job.drop("tokens")
    if "flops" in job.inputs or {"params", "tokens"} <= job.inputs.keys():
        return
    ratio = float(job.inputs.get("tokens_per_param", 20.0))
    if "params" in job.inputs and not job.says("LOSS_ASKED"):
        size = float(job.inputs["params"])
        job.inputs["flops"] = float(f"{6 * ratio * size * size:.12g}")
        job.note(f"the budget at which {size:.4g} parameters are the optimum: 6·{ratio:g}·N²")
    elif "tokens" in job.inputs and not job.says("LOSS_ASKED"):
        data = float(job.inputs["tokens"])
        job.inputs["flops"] = float(f"{6 * data * data / ratio:.12g}")
        job.note(f"the budget at which {data:.4g} tokens are the optimum: 6·D²/{ratio:g}")


MOST_ASKED_FOR = 1e11
"""A run on fewer tokens is rarer than a model of as many parameters."""


def _asks_tokens(job: Job, named: Fact) -> bool:
    """Whether "chinchilla 7b tokens?" asks for the tokens of a 7B model."""
    rest = job.facts.row.folded.source[named.end :].strip()
    small = named.value <= MOST_ASKED_FOR and job.says("CHINCHILLA !HOW_MANY_PARAMS !flops")
    return small and rest in ("?", "？", "") and named.text.lower().endswith(("tokens", "token", "tok", "toks"))


def planner(job: Job) -> None:
    """The size of the cluster."""
    gpus = job.gpus()
    if gpus is None and all(name in job.inputs for name in ("tp", "pp", "dp")):
        gpus = job.inputs["tp"] * job.inputs["pp"] * job.inputs["dp"]
        job.note(f"tp·pp·dp = {gpus} devices")
    if gpus is not None:
        job.put("gpus", gpus, job.used.get("gpus"))
    if job.device is not None and "gpu_mem_bytes" in job.registered:
        job.note(device_note(job, None))


def param_count(job: Job) -> None:
    """The widths of latent attention, which are one input."""
    names = {"q_lora": "q_lora", "kv_lora": "kv_lora", "qk_nope": "qk_nope", "qk_rope": "rope_dim", "v_head": "v_head"}
    widths = {name: job.peek(key) for name, key in names.items()}
    if widths["kv_lora"] is not None:
        for name, width in widths.items():
            if width is None and name != "q_lora":
                job.ask.append("mla")
                return
        job.inputs["mla"] = {name: int(width or 0) for name, width in widths.items()}
