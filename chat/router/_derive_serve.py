"""Inputs of the serving, number-format and cluster calculators that follow from several quantities of a question.

Owns readings such as weights in bytes from parameters and number format. Each reading that a person might dispute
leaves a note. Refuses to invent: what does not follow stays missing.
"""

import math
import re

import calculators
from calculators import CalculatorError
from chat.router._job import Job, device_note

_MHA = re.compile(r"\bMHA\b|multi[- ]head(?! latent)|多头注意力", re.IGNORECASE)


def weight_bytes(job: Job) -> float | None:
    """Bytes of all weights: parameters times their width, by default the width in which a model is published."""
    dtype = job.dtype("weight_dtype", "dtype")
    size = job.size()
    if size is None:
        return None
    if dtype is not None:
        job.used.setdefault("dtype", dtype)
        return float(f"{size * dtype.value:.15g}")
    model = job.model
    if model is not None and model.bytes_per_weight and job.peek("params") is None:
        job.note(f"{model.title} is published in {model.dtype}")
        return float(f"{model.params * model.bytes_per_weight:.15g}")
    return None


def kv_cache(job: Job) -> None:
    """Tokens, and the number format of the cache."""
    tokens = job.sequence()
    if tokens is not None:
        job.put("tokens", int(tokens), job.used.get("seq_len") or job.used.get("=seq_len"))
    dtype = job.dtype("kv_dtype") or job.dtype("dtype")
    if dtype is None:
        dtype = job.dtype("weight_dtype") if not job.says("WEIGHTS") else None
    if dtype is not None:
        job.put("dtype_bytes", plain(dtype.value), dtype)
    if job.inputs.get("attn") == "mla":
        job.drop("kv_heads", "head_dim")
    elif "kv_lora" in job.inputs and "attn" not in job.inputs:
        job.inputs["attn"] = "mla"
    heads = job.facts.first("heads")
    named = job.facts.first("choice:attn")
    if heads is not None and "kv_heads" not in job.inputs and named is not None and _MHA.search(named.text):
        job.put("kv_heads", int(heads.value), heads)
        job.note("multi-head attention: as many KV heads as heads")
    _versus(job, dtype.value * 8 if dtype is not None else None)
    model = job.model
    if model is not None and model.window and tokens is not None and tokens > model.window:
        share = model.cached_tokens(tokens) / tokens
        job.note(f"every layer is counted in full; a window of {model.window:,} tokens in {model.windowed_layers} of "
                 f"{model.layers} layers leaves {share:.1%} of it")  # fmt: skip


def _versus(job: Job, bits: float | None) -> None:
    """The model to compare with: the second one named."""
    names = job.facts.given.get("versus", [])
    if not names:
        return
    other = calculators.models()[str(names[0].value)]
    if other.mla is None:
        width = bits or 16
        job.inputs["bits"] = width
        job.inputs["versus"] = {
            "layers": other.layers, "kv_heads": other.cached_heads, "head_dim": other.width, "bits": width
        }  # fmt: skip
        job.note(f"both caches at {width:g} bits")


def plain(value: float) -> float:
    """A whole number as an integer."""
    return int(value) if float(value).is_integer() else float(value)


def serving(job: Job) -> None:
    """Memory of all devices, weights, and tokens of a request."""
    tokens = job.sequence()
    if tokens is not None:
        job.put("tokens_per_request", int(tokens), job.used.get("seq_len"))
    if "weight_bytes" not in job.inputs or "weight_bytes" in job.registered:
        weights = weight_bytes(job)
        job.drop("weight_bytes")
        if weights is not None:
            job.inputs["weight_bytes"] = weights
    kv = job.dtype("kv_dtype")
    if kv is not None:
        if "kv_bytes_per_token" in job.registered:
            job.inputs["kv_bytes_per_token"] *= kv.value / 2
        else:
            job.put("dtype_bytes", plain(kv.value), kv)
    if "kv_bytes_per_token" in job.inputs and "kv_bytes_per_token" not in job.registered:
        job.drop("layers", "kv_heads", "head_dim", "dtype_bytes")
    _room_of_cache(job)
    if "kv_mem_bytes" in job.inputs:
        job.drop("total_mem_bytes")
        return
    _total_memory(job)


def _room_of_cache(job: Job) -> None:
    """Of memory without weights: "how many tokens of KV fit in 10 GB at 64 KiB each"."""
    known = [fact for key in ("bytes_any", "gpu_mem_bytes") for fact in job.facts.given.get(key, [])]
    rooms = [fact for fact in known if fact.value >= LEAST_ROOM]
    if {"kv_mem_bytes", "weight_bytes"} & job.inputs.keys() or len(rooms) != 1:
        return
    if not job.says("HOW_MANY_TOKENS_ASKED KV|CACHE !@device !params"):
        return
    job.put("kv_mem_bytes", float(rooms[0].value), rooms[0])
    job.note("without weights, the memory is read as that of the cache")
    each = [fact for fact in known if fact.value < LEAST_ROOM]
    if len(each) == 1 and "kv_bytes_per_token" not in job.inputs:
        job.put("kv_bytes_per_token", float(each[0].value), each[0])


LEAST_ROOM = 1e8
"""Bytes; a cache for one token is smaller."""


def _total_memory(job: Job) -> None:
    each = job.peek("gpu_mem_bytes", "bytes_any")
    gpus = job.gpus()
    if job.peek("total_mem_bytes") is None:
        if each is None and job.device is not None:
            each = float(job.device.memory_bytes)
            job.note(device_note(job, None))
        elif each is not None:
            job.used["gpu_mem_bytes"] = job.facts.first("gpu_mem_bytes", "bytes_any")  # type: ignore[assignment]
        if each is None:
            job.drop("total_mem_bytes")
            return
        if gpus is None and job.says("HOW_MANY_GPUS_ASKED"):
            gpus = _fewest(job, each)
        job.put("total_mem_bytes", each * (gpus or 1), job.used.get("gpu_mem_bytes") or job.facts.first("device"))
        if gpus and gpus > 1:
            job.note(f"{gpus:,} devices of {each / 1e9:g} GB")
    share = job.number("mem_util")
    if share is None and "total_mem_bytes" in job.inputs:
        share = job.uses(job.pool("share_any"))
    if share:
        job.inputs["total_mem_bytes"] *= share
        job.note(f"{share:.0%} of the memory is used")


def _fewest(job: Job, each: float) -> int | None:
    """The fewest devices that hold the weights, and the cache of the requests where both are known."""
    weights = job.inputs.get("weight_bytes")
    if weights is None:
        return None
    need, what = float(weights), "the weights"
    wanted, tokens = job.peek("batch"), job.inputs.get("tokens_per_request")
    if wanted and tokens:
        try:
            given = {**job.inputs, "kv_mem_bytes": 1e18}
            given.pop("total_mem_bytes", None)
            per = 1e18 / float(calculators.run("serving_capacity", given, "kv_tokens", "tokens").value)  # type: ignore[arg-type]
            need, what = need + wanted * tokens * per, f"the weights and the cache of {wanted:,.0f} requests"
        except CalculatorError:
            pass
    fewest = math.floor(need / each) + 1
    job.note(f"{fewest:,} devices of {each / 1e9:g} GB are the fewest that hold {what}, {need / 1e9:,.4g} GB")
    return fewest


def roofline(job: Job) -> None:
    """Weights, cache and tokens of a step."""
    if "weight_bytes" not in job.inputs or "weight_bytes" in job.registered:
        weights = weight_bytes(job)
        job.drop("weight_bytes")
        if weights is not None:
            job.inputs["weight_bytes"] = weights
    if "params" not in job.inputs and job.peek("params") is None and job.used.get("params") is not None:
        job.inputs["params"] = float(job.used["params"].value)
    if "messages_per_layer" in job.inputs and "latency_s" not in job.inputs and "tpot_s" in job.inputs:
        job.put("latency_s", job.inputs["tpot_s"], job.used["tpot_s"])
        job.drop("tpot_s")
    gpus = job.gpus() or job.number("tp")
    if gpus:
        job.put("chips", int(gpus), job.used.get("gpus") or job.used.get("tp"))
    tokens, model = job.sequence(), job.model
    if tokens is None and job.says("PREFILL"):
        fact = job.facts.first("tokens_any", "length_any", "number_any")
        tokens = job.uses(fact)
    if job.says("PREFILL"):
        if tokens is not None:
            job.inputs["batch"] = int(tokens) * int(job.inputs.get("batch", 1))
            job.note(f"the prefill works on {job.inputs['batch']:,} tokens at once")
    elif tokens is not None and model is not None and "kv_bytes" not in job.inputs:
        kv = job.dtype("kv_dtype")
        job.inputs["kv_bytes"] = float(model.kv_elements_per_token * tokens * (kv.value if kv else 2))
        job.note(f"a cache of {tokens:,.0f} tokens is read for each sequence")
    if model is not None and model.experts and "weight_bytes" in job.inputs:
        job.note("all experts are read, as in a large batch; a single sequence reads fewer")
    dtype = job.dtype("dtype", "weight_dtype")
    if dtype is not None and dtype.value >= 1:
        job.put("dtype_bytes", plain(dtype.value), dtype)


def spec_decode(job: Job) -> None:
    """A draft model that is n times as fast costs 1/n."""
    if "c" in job.inputs and job.inputs["c"] > 1:
        job.inputs["c"] = float(f"{1 / job.inputs['c']:.12g}")
        job.note("the draft model's cost is taken as one over the factor given")


def checkpoint(job: Job) -> None:
    """Bytes per parameter: what is saved."""
    if job.choice("weights_only"):
        dtype = job.dtype("dtype", "weight_dtype")
        job.put("bytes_per_param", plain(dtype.value) if dtype is not None else 2, dtype)
        return
    whole = job.used.get("bytes")
    counted = whole is not None and not re.search(r"[Bb](?:ytes?)?\b|字节", whole.text)
    if "bytes_per_param" in job.inputs and "params" not in job.inputs and counted:
        job.put("params", job.inputs["bytes"], whole)  # the 1T of "1T, 14 B/param" counts parameters
        job.drop("bytes")
    dtype = job.dtype("weight_dtype", "dtype")
    if dtype is not None and "bytes_per_param" not in job.inputs and not job.says("STATES|OPTIM"):
        job.put("bytes_per_param", plain(dtype.value), dtype)
        job.note(f"the weights alone, in {dtype.label}")


def goodput(job: Job) -> None:
    """Hours observed, and the devices of the nodes."""
    duration = job.number("duration")
    if duration is None and {"failures", "mtbf_s"} <= job.inputs.keys() and "ckpt_s" not in job.inputs:
        duration = float(job.inputs["mtbf_s"])  # "54 天里故障 419 次": the time of all failures, not between two
        job.used["duration"] = job.used["mtbf_s"]
        job.drop("mtbf_s")
    if duration is None:
        loose = job.pool("time_any") if "failures" in job.inputs else None
        duration = None if loose is None else float(loose.value)
    if duration is not None and "failures" in job.inputs:
        job.put("hours", float(f"{duration / 3600:.12g}"), job.used.get("duration"))
    cadence = {"interval_s", "mtbf_s"} & job.inputs.keys() and not {"failures", "ckpt_s"} & job.inputs.keys()
    if duration is not None and cadence and not job.says("HOWLONG_ASKED"):
        job.put("ckpt_s", duration, job.used.get("duration"))
    nodes = job.peek("nodes")
    if nodes and "gpus" not in job.inputs and "failures_per_1000_node_days" in job.inputs:
        each = int(job.inputs.get("gpus_per_node", 8))
        job.put("gpus", int(nodes * each), job.facts.first("nodes"))
        job.note(f"{nodes:,.0f} nodes of {each} devices")


def collective(job: Job) -> None:
    """Ranks, and the algorithm where there is a choice."""
    gpus = job.gpus()
    if gpus and ("ranks" not in job.inputs or job.peek("nodes")):
        job.put("ranks", gpus, job.used.get("gpus"))
    nodes = job.facts.first("nodes")
    if "ranks" not in job.inputs and nodes is not None:
        job.put("ranks", int(nodes.value), nodes)
    if "op" not in job.inputs and job.says("MESSAGES"):
        job.inputs["op"] = "all_reduce"
        job.note("tensor parallelism adds up what its ranks hold: an all-reduce")
    if {"time_s", "bandwidth"} <= job.inputs.keys() and "alpha_s" not in job.inputs and _is_unnamed_time(job):
        job.put("alpha_s", job.inputs["time_s"], job.used["time_s"])
        job.drop("time_s")
        job.note("the time beside a bandwidth is read as the latency of a message")
    if job.inputs.get("algorithm") == "tree" and job.inputs.get("op", "all_reduce") != "all_reduce":
        del job.inputs["algorithm"]
    if "algbw" in job.inputs:
        job.drop("bandwidth")


def _is_unnamed_time(job: Job) -> bool:
    """Whether the time of a collective bears no name and is no longer than a latency."""
    fact = job.used.get("time_s")
    return fact is not None and fact.key == "time_any" and fact.value <= LONGEST_LATENCY


LONGEST_LATENCY = 1e-3
"""Seconds."""


def comm(job: Job) -> None:
    """Whose traffic it is, and in which number format."""
    kinds = [str(fact.value) for fact in job.facts.given.get("choice:kind", [])]
    if job.says("GRAD|ZERO|fsdp"):
        kinds.insert(0, "dp")
    if "pp" in kinds and (job.inputs.get("scatter_gather") or job.says("BOUNDARY")):
        kinds.insert(0, "pp")
    if kinds and kinds[0] == "pp":
        kinds = ["pp"]
    stated = {"tp": "tp" in job.inputs, "pp": False, "dp": "zero_stage" in job.inputs}
    if not kinds and "hidden" in job.inputs and "tp" in job.inputs:
        kinds = ["tp"]
    if kinds:
        job.inputs["kind"] = next((kind for kind in kinds if stated.get(kind)), kinds[0])
    if job.inputs.get("scatter_gather") and "kind" not in job.inputs:
        job.inputs["kind"] = "pp"
    if job.inputs.get("kind") == "dp":
        dtype = job.dtype("dtype", "weight_dtype", "dtype_inside")
        if dtype is not None:
            job.put("dtype_bytes", plain(dtype.value), dtype)
        ranks = job.number("dp", "ranks") or job.gpus()
        if ranks:
            job.put("ranks", int(ranks), job.used.get("dp") or job.used.get("gpus"))
    else:
        job.drop("bandwidth")
