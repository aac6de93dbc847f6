"""Inputs of the calculators of operations and utilisation that follow from several quantities of a question.

Owns the readings that a plain table cannot say: the formula by what is given, throughput from a step, a rate as the
achieved one. Each reading that a person might dispute leaves a note. Refuses to invent: what is not said stays away.
"""

from chat.router._job import Job

MOST_IN_A_SEQUENCE = 2_000_000
"""Fewer tokens than these, behind a batch, are those of one sequence rather than of a training run."""
LONGEST_STEP = 3_600
"""Seconds beyond which a time is that of a run rather than of an iteration."""


def _tokens_of_a_sequence(job: Job) -> None:
    """The 4096 of "batch 2048 × 4096 tokens" is the length of a sequence."""
    tokens = job.inputs.get("tokens")
    if tokens is not None and tokens < MOST_IN_A_SEQUENCE and "batch" in job.inputs and "seq_len" not in job.inputs:
        job.put("seq_len", int(tokens), job.used.get("tokens"))
        job.drop("tokens")


def training_flops(job: Job) -> None:
    """The formula: as named, else by what is given."""
    _tokens_of_a_sequence(job)
    take_epochs(job)
    selective = job.inputs.get("formula") in (None, "korthikanti_hw_selective") and "params" not in job.inputs
    if selective and job.says("RECOMPUTE|recompute seq_len|=seq_len hidden|=hidden !layers"):
        job.inputs["formula"] = "selective_overhead"
        return
    if job.says("INFER|FORWARD_ONLY !TRAIN") and "factor" not in job.inputs and "formula" not in job.inputs:
        job.inputs["factor"] = 2
        job.note("forward only: 2 FLOP per parameter and token")
    iteration = {"batch", "seq_len", "layers", "hidden"} <= job.inputs.keys() - job.registered
    if "formula" not in job.inputs and iteration and "tokens" not in job.inputs:
        job.inputs["formula"] = "korthikanti_model"
        job.note("model FLOPs of one iteration, no recomputation counted")


def utilization(job: Job) -> None:
    """Devices, and throughput of the whole job."""
    _tokens_of_a_sequence(job)
    _share_of_peak(job)
    gpus, each = job.gpus(), job.number("tokens_per_s_per_gpu")
    if gpus is not None:
        job.put("gpus", gpus)
    if each is not None:
        job.put("tokens_per_s", each * (gpus or 1), job.facts.first("tokens_per_s_per_gpu"))
        if gpus and gpus > 1:
            job.note(f"{each:,.6g} tokens/s on each of {gpus:,} devices")
    duration = job.peek("duration")
    if duration and duration < LONGEST_STEP and "batch" in job.inputs and "iter_time_s" not in job.inputs:
        job.put("iter_time_s", duration, job.facts.first("duration"))
    if (
        "gpu_hours" not in job.inputs
        and duration
        and gpus
        and "tokens" in job.inputs
        and "iter_time_s" not in job.inputs
    ):
        job.put("gpu_hours", gpus * duration / 3600, job.facts.first("duration"))
    step, batch, length = (job.inputs.get(name) for name in ("iter_time_s", "batch", "seq_len"))
    stated = {"layers", "hidden"} <= job.inputs.keys()
    if step and batch and length and "params" in job.inputs and not stated:
        job.put("tokens_per_s", batch * length / step)
        job.note(f"{batch:,} sequences of {length:,} tokens in {step:g} s")
        job.uses(job.used.get("iter_time_s"))
        job.drop("iter_time_s")


def _share_of_peak(job: Job) -> None:
    """What share of peak is 500 TFLOP/s on an H100: that rate is the achieved one, as the device's peak is known."""
    rate, fact = job.inputs.get("peak_flops"), job.used.get("peak_flops")
    own = job.device.peak_flops(job.precision) if job.device is not None else None
    measured = {"achieved_flops", "iter_time_s", "tokens_per_s", "gpu_hours"} & job.inputs.keys()
    stated = fact is not None and not measured and job.peek("tokens_per_s_per_gpu") is None
    if stated and own and rate is not None and rate < own:
        job.put("achieved_flops", rate, fact)
        job.drop("peak_flops")
        job.inputs["peak_flops"] = own
        job.registered.add("peak_flops")


def take_epochs(job: Job) -> None:
    """Multiply the tokens of a run by the times that they are seen."""
    epochs = job.number("epochs")
    if epochs and epochs != 1 and "tokens" in job.inputs:
        job.inputs["tokens"] *= epochs
        job.note(f"{epochs:g} epochs: {job.inputs['tokens']:.6g} tokens in all")
