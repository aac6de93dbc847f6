"""Parallelism planner: how to cut a model's training over a cluster.

Owns the arithmetic of one cut (data-parallel size, microbatches, bubble, states, tokens) and
the face of the search: `plan` for an architecture on a cluster in full, and the output `plan`
where only a parameter count is known. The search itself is in the modules named after it.
Invariant: every plan fits by `train_memory` and `activation_memory`, and the ranking knows
nothing but memory and time: that tensor parallelism fills the node before pipelines grow, and
pipelines before data parallelism, is a result.

A step takes m·u for m microbatches of stage time u, a bubble (p−1)/v·u (PTD-P, 2104.04473 §2.2), the
last stage's logits, exposed data-parallel traffic (ZeRO, 1910.02054 §7) and the optimizer. u is
the stage's matrix products, attention, element-wise work, 8·b·s·h·(t−1)/t elements a layer of
tensor-parallel traffic (PTD-P §3.2), and its sends. A GPU holds states (ZeRO §3), the first
stage's activations (Korthikanti, 2205.05198 §4) and a reserve. At the default efficiencies the
estimate is 4 to 15% above PTD-P's Table 1 and within 11% of Korthikanti's Table 5, as tests hold.
"""

from typing import Any

from calculators._base import (
    Calculator,
    CalculatorError,
    Case,
    Computed,
    Formula,
    InputWarning,
    Output,
    Quantity,
    Reference,
    Trap,
)
from calculators._fields import Amount, Count, InputsBase, entry, multiples, need, preset
from calculators._planner.inputs import PlanInputs, check_plan, check_size
from calculators._planner.result import Plan, PlanMemory, PlanResult, PlanTime, Rejected, SmallestCluster
from calculators._sources import cite
from calculators._units import BYTES
from calculators.train_memory import RECIPES

__all__ = [
    "CALCULATOR",
    "Inputs",
    "Plan",
    "PlanInputs",
    "PlanMemory",
    "PlanResult",
    "PlanTime",
    "Rejected",
    "SmallestCluster",
    "plan",
]


class Inputs(InputsBase):
    """A cluster, a cut of it and a batch; or a cluster and a model's size, for the search."""

    gpus: Count = entry("GPUs of the cluster n")
    tp: Count = entry("tensor-parallel size t; searched for a plan when absent")
    pp: Count = entry("pipeline stages p; searched for a plan when absent")
    gpus_per_node: Count = preset(8, "GPUs that share the fast links")
    batch: Count = entry("sequences in a step B, over the whole cluster", "sequences")
    micro_batch: Count = preset(1, "microbatch b", "sequences")
    interleave: Count = preset(1, "model chunks on a stage v")
    params: Amount = entry("parameters P", "params")
    gpu_mem_bytes: Amount = entry("memory of one GPU", "B")
    dp: Count = entry("data-parallel size d")
    batch_per_dp: Count = entry("sequences in a step of one replica", "sequences")
    seq_len: Count = entry("sequence length s; a plan takes 2,048 when absent", "tokens")


def choose(inputs: Inputs) -> str:
    """Without a cut the search; with one the microbatches of a batch, else the data-parallel size."""
    if inputs.tp is None and inputs.pp is None:
        return "plan"
    return "microbatches" if inputs.batch is not None else "dp"


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields, in the order of the names that errors bear."""
    gpus, cut = inputs.gpus, (inputs.tp or 1) * (inputs.pp or 1)
    if gpus is None:
        return
    if inputs.tp is not None and inputs.tp > gpus:
        raise CalculatorError("tp", inputs.tp, f"is more than gpus={gpus}", gpus)
    if gpus % cut:
        raise CalculatorError("gpus", gpus, f"is not a multiple of tp·pp={cut}", multiples(gpus, cut))
    if output in ("microbatches", "bubble_overhead") and None not in (inputs.tp, inputs.pp, inputs.batch):
        share = gpus // cut * inputs.micro_batch
        if inputs.batch % share:
            near = multiples(inputs.batch, share)
            raise CalculatorError("batch", inputs.batch, f"is not divisible by dp·micro_batch={share}", near)
    if output == "plan":
        check_size(gpus, inputs.batch)


def _warn(inputs: Inputs) -> tuple[InputWarning, ...]:
    if inputs.tp is None or inputs.tp <= inputs.gpus_per_node:
        return ()
    message = (
        f"tp={inputs.tp} is more than gpus_per_node={inputs.gpus_per_node}: "
        "every layer's all-reduces leave the node's fast links"
    )
    return (InputWarning(field="tp", message=message),)


_PTDP = cite("ptdp", "§3 (d = n/(t·p), m = B/(d·b))")
_BUBBLE = cite("ptdp", "§2.2 and §3.3.1")
_STATES = cite("zero", "§3; divided by t·p as in PTD-P §3")
_MEMORY = cite("korthikanti", "§4 and Table 2")
_TRAFFIC = cite("zero", "§7 (traffic of data parallelism)")
_KERNELS = Reference(
    "Matrix Multiplication Background User's Guide",
    "§2 and §3 (arithmetic, memory, waves of tiles)",
    link="https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/index.html",
)
_FORMULAS = {
    "dp": Formula("d", "{gpus}/({tp}·{pp})", r"d = \frac{n}{t\,p}", _PTDP),
    "microbatches": Formula(
        "m", "{batch}/({gpus}/({tp}·{pp})·{micro_batch})", r"m = \frac{B}{d\,b},\quad d = \frac{n}{t\,p}", _PTDP
    ),
    "bubble_overhead": Formula(
        "overhead",
        "({pp} − 1)/({interleave}·{batch}/({gpus}/({tp}·{pp})·{micro_batch}))",
        r"\frac{p-1}{v\,m},\quad m = \frac{B}{d\,b}",
        _BUBBLE,
    ),
    "states_bytes": Formula("M", "18·{params}/({tp}·{pp})", r"M = \frac{18\,P}{t\,p}", _STATES),
    "tokens_per_batch": Formula("tokens", "{dp}·{batch_per_dp}·{seq_len}", r"d\,B_d\,s", _PTDP),
    "plan": Formula(
        "MFU",
        "{flops}/({gpus}·{peak}·({computing} + {recomputing} + {bubble} + {traffic} + {rest}))",
        r"\mathrm{MFU} = \frac{C}{n\,X_p\,\left(T_{\mathrm{compute}} + T_{\mathrm{recompute}} + T_{\mathrm{bubble}}"
        r" + T_{\mathrm{exposed}} + T_{\mathrm{rest}}\right)}",
        cite("ptdp", "§3 (takeaways) and §2.2"),
    ),
}
_FIELDS = {
    "dp": ("gpus", "tp", "pp"),
    "microbatches": ("gpus", "tp", "pp", "batch", "micro_batch"),
    "bubble_overhead": ("gpus", "tp", "pp", "batch", "micro_batch", "interleave"),
    "states_bytes": ("params", "tp", "pp"),
    "tokens_per_batch": ("dp", "batch_per_dp", "seq_len"),
}
_BYTES_PER_PARAM = 18


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute a count, a ratio, bytes or tokens of one cut, or search for plans."""
    if output == "plan":
        return _search(inputs)
    need(inputs, output, *_FIELDS[output])
    value: int | float
    if output == "tokens_per_batch":
        return Computed(inputs.dp * inputs.batch_per_dp * inputs.seq_len, _FORMULAS[output], inputs.model_dump())
    assumptions: tuple[str, ...] = ()
    if output == "states_bytes":
        value = _BYTES_PER_PARAM * inputs.params / (inputs.tp * inputs.pp)
        assumptions = ("18 bytes per parameter (16-bit weights, 32-bit gradients, Adam), no ZeRO",)
    else:
        value = inputs.gpus // (inputs.tp * inputs.pp)
        if output != "dp":
            value = inputs.batch // (value * inputs.micro_batch)
        if output == "bubble_overhead":
            value = (inputs.pp - 1) / (inputs.interleave * value)
            assumptions = ("over the ideal time, equal stages, no communication",)
    return Computed(value, _FORMULAS[output], inputs.model_dump(), assumptions=assumptions, warnings=_warn(inputs))


def plan(inputs: PlanInputs) -> PlanResult:
    """Search the cuts of a cluster for training an architecture, ranked by estimated MFU.

    Raises:
        CalculatorError: a field breaks a rule; that nothing fits is a result, not an error.
        MissingInputs: fields without which nothing can be planned.
    """
    from calculators._planner.job import Job
    from calculators._planner.report import answer

    check_plan(inputs)
    return answer(Job.of(inputs), inputs.gpus, inputs.batch)


_SEQ_LEN = 2048
_A100: dict[str, Any] = {
    "peak_flops": 312e12, "mem_bandwidth": 2.039e12, "intra_bandwidth": 300e9, "inter_bandwidth": 25e9,
}  # fmt: skip
"""A100 SXM 80 GB in a DGX: NVLink 300 GB/s and one 200 Gbit/s port a GPU, each way (PTD-P §5)."""


def _search(inputs: Inputs) -> Computed:
    need(inputs, "plan", "gpus", "params", "gpu_mem_bytes", "batch")
    found = _search_by_params(inputs)
    if not found.plans:
        raise _no_plan(inputs, found)
    best = found.plans[0]
    time = best.time
    traffic = time.tensor + time.context + time.expert + time.pipeline + time.data
    symbols = {
        "flops": found.flops_per_step,
        "gpus": inputs.gpus,
        "peak": _A100["peak_flops"],
        "computing": time.compute,
        "recomputing": time.recompute,
        "bubble": time.bubble,
        "traffic": traffic,
        "rest": time.imbalance + time.optimizer,
    }
    memory = [Quantity(name=name, value=value, unit="B") for name, value in best.memory.model_dump().items() if value]
    parts = [Quantity(name=f"{name} time", value=value, unit="s") for name, value in time.model_dump().items() if value]
    return Computed(
        [_summary(item) for item in found.plans],
        _FORMULAS["plan"],
        symbols,
        breakdown=(*memory, *parts),
        assumptions=(
            f"a GPT block of {inputs.params:g} parameters, {inputs.seq_len or _SEQ_LEN:,} tokens a sequence; "
            "any number of stages up to its depth",
            "rates of an A100 SXM 80 GB in a DGX: 312 TFLOP/s, 2.039 TB/s, NVLink 300 GB/s, network 25 GB/s a GPU",
            f"{found.candidates:,} candidates, {found.fitting:,} fit; the breakdown is the first plan's",
            *found.assumptions,
        ),
        warnings=_warn(inputs),
    )


def _search_by_params(inputs: Inputs) -> PlanResult:
    """The search for a GPT block with that many parameters, on GPUs with an A100's rates."""
    from calculators._planner.job import Choices, Cluster, Job
    from calculators._planner.report import answer
    from calculators._planner.shape import shape_from_params

    rates = PlanInputs(gpu_mem_bytes=inputs.gpu_mem_bytes, gpus_per_node=inputs.gpus_per_node, **_A100)
    choices = Choices.of(PlanInputs(**{name: getattr(inputs, name) for name in ("tp", "pp") if getattr(inputs, name)}))
    job = Job(
        shape_from_params(inputs.params, inputs.seq_len or _SEQ_LEN),
        Cluster.of(rates),
        RECIPES["adam_fp32_grads"],
        choices,
    )
    return answer(job, inputs.gpus, inputs.batch)


def _summary(item: Plan) -> dict[str, Any]:
    """A plan as the output lists it; estimates are rounded to what they are worth."""
    cut = item.model_dump(exclude={"places", "memory", "time", "notes", "mfu", "tokens_per_s", "flops_per_gpu"})
    return cut | {
        "mfu": round(item.mfu, 4),
        "step_s": float(f"{item.time.total:.4g}"),
        "bytes_per_gpu": round(item.memory.total),
    }


def _no_plan(inputs: Inputs, found: PlanResult) -> CalculatorError:
    nearest = found.rejected[0] if found.rejected else None
    reason = f": tp={nearest.tp} pp={nearest.pp} dp={nearest.dp} {_joined(nearest.reason)}" if nearest else ""
    if found.smallest is None:
        return CalculatorError("gpus", inputs.gpus, f"fits no plan{reason}, and no larger cluster helps")
    cluster = found.smallest
    rule = f"fits no plan{reason}; the smallest cluster that fits has {cluster.gpus:,} GPUs"
    return CalculatorError("gpus", inputs.gpus, rule, cluster.gpus)


def _joined(reason: str) -> str:
    return reason if reason.startswith("needs") else f"is not possible, as {reason}"


_ROW_1T = {"gpus": 3072, "tp": 8, "pp": 64, "batch": 3072}
_CUT = ("gpus", "tp", "pp", "gpus_per_node")

CALCULATOR = Calculator(
    name="planner",
    title="Parallelism planner",
    group="cut",
    question="How should a model be cut across a cluster for training?",
    inputs=Inputs,
    outputs=(
        Output("plan", "the best cuts that fit", ("list",), (*_CUT, "batch", "params", "gpu_mem_bytes", "seq_len")),
        Output("dp", "data-parallel size", ("1",), _CUT),
        Output("microbatches", "microbatches of a batch", ("1",), (*_CUT, "batch", "micro_batch")),
        Output("bubble_overhead", "bubble over ideal time", ("1", "%"), (*_CUT, "batch", "micro_batch", "interleave")),
        Output("states_bytes", "model states on one GPU, without ZeRO", BYTES, (*_CUT, "params")),
        Output("tokens_per_batch", "tokens of a step", ("tokens", "K tokens"), ("dp", "batch_per_dp", "seq_len")),
    ),
    compute=compute,
    check=check,
    choose=choose,
    references=(_PTDP, _BUBBLE, _STATES, _MEMORY, _TRAFFIC, _KERNELS),
    example=Case({"gpus": 1024, "tp": 8, "pp": 8, "batch": 1536, "micro_batch": 1}, "microbatches", "1", 96),
    traps=(
        Trap(
            "data parallelism can be traded for pipeline stages at no cost: B microbatches there, B/d here",
            "a bubble of 12.3% for 1T parameters at p=64 and d=6, none at p=1",
            "(p−1)/m is (n/t − d)·b/B: it grows as d falls",
            "PTD-P (arXiv 2104.04473), Table 1",
            Case(_ROW_1T, "bubble_overhead", "1", 0.123046875),
        ),
        Trap(
            "a 175B model needs 350 GB of GPU memory to train",
            "350 GB are the 16-bit weights alone; the states of training are 3,150 GB, 49.2 GB a GPU at t=8, p=8",
            "gradients and Adam's moments in 32 bits make it 18 bytes per parameter",
            "ZeRO (arXiv 1910.02054), §3",
            Case({"gpus": 1024, "tp": 8, "pp": 8, "params": 175e9}, "states_bytes", "GB", 49.21875),
        ),
        Trap(
            "Llama 3 405B: 16M tokens in a batch, at sequences of 8,192 and of 131,072",
            "16.8M: 128 replicas of 16 sequences of 8,192, or 8 replicas of 16 of 131,072",
            "16·2^20 printed as M; context parallelism takes the replicas' place as sequences grow",
            "Llama 3 (arXiv 2407.21783), Table 4",
            Case({"dp": 8, "batch_per_dp": 16, "seq_len": 131_072}, "tokens_per_batch", "tokens", 16_777_216),
        ),
    ),
)
