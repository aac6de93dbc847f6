"""What the planner is asked: a model, a cluster, a batch, and what must stay as it is.

Owns the fields of the full search and the rules between them; `calculators.planner` has the few
fields of the calculator proper. Computes nothing. Invariant: every number that an estimate
depends on is a field, with its unit, and none is a device's unless it says so.
"""

from typing import Literal

from calculators import param_count
from calculators._base import CalculatorError
from calculators._fields import Amount, AmountOrZero, Count, Efficiency, Flag, Share, Stage, entry, need, preset
from calculators.train_memory import RECIPES, Recipe, RecipeName

MOST_GPUS = 2**20
MOST_BATCH = 10**9
RecomputeName = Literal["none", "selective", "full"]


class PlanInputs(param_count.Inputs):
    """An architecture as `param_count` reads it, a cluster, a batch, and the choices that are already made."""

    formula: Literal["exact"] = preset("exact", "how to count: the planner needs the architecture")
    seq_len: Count = entry("sequence length s", "tokens")
    batch: Count = entry("sequences in a step B, over the whole cluster", "sequences")

    gpus: Count = entry("GPUs of the cluster")
    gpus_per_node: Count = preset(8, "GPUs that share the fast links")
    gpu_mem_bytes: Amount = entry("memory of one GPU", "B")
    peak_flops: Amount = entry("dense peak of one GPU for the precision used", "FLOP/s")
    mem_bandwidth: Amount = entry("bandwidth of a GPU's own memory", "byte/s")
    intra_bandwidth: Amount = entry("link of a GPU inside its node, one direction", "byte/s")
    inter_bandwidth: Amount = entry("network link of a GPU, one direction", "byte/s")

    bytes_per_param: Recipe = entry("bytes per parameter by state; stands above the recipe", "bytes/param")
    optimizer: RecipeName = preset("adam_fp32_grads", "recipe, where bytes_per_param is not given")
    sequence_parallel: Flag = preset(True, "norms and dropout split along the sequence where tp > 1")
    fused_attention: Flag = preset(True, "attention kernel that keeps no scores (FlashAttention)")
    reserve_share: Share = preset(0.05, "share of the memory kept for the allocator's fragmentation")
    context_bytes: AmountOrZero = preset(2.0**30, "memory of the device's context and libraries", "B")

    gemm_efficiency: Efficiency = preset(0.75, "share of the peak that a very large matrix product reaches")
    memory_efficiency: Efficiency = preset(0.8, "share of the memory's bandwidth that element-wise kernels reach")
    link_efficiency: Efficiency = preset(0.8, "share of a link's bandwidth that collectives reach")
    overlap: Share = preset(0.8, "share of data- and context-parallel traffic that can hide behind computing")
    intra_latency_s: AmountOrZero = preset(2e-6, "latency of one step of a collective inside a node", "s")
    inter_latency_s: AmountOrZero = preset(1e-5, "latency of one step of a collective between nodes", "s")
    expert_overlap: Share = preset(0.0, "share of expert traffic that the schedule hides (DualPipe)")
    equal_stages: Flag = preset(False, "only stages of equally many layers")
    zero_with_pipeline: Flag = preset(False, "consider ZeRO-2 and 3 with stages, which most frameworks refuse")
    sms: Count = preset(108, "streaming multiprocessors of a GPU (A100 108, H100 132)")

    tp: Count = entry("tensor-parallel size; searched when absent")
    pp: Count = entry("pipeline stages; searched when absent")
    cp: Count = entry("context-parallel size; searched when absent")
    ep: Count = entry("expert-parallel size; searched when absent")
    interleave: Count = entry("model chunks on a stage; searched when absent")
    micro_batch: Count = entry("microbatch; searched when absent", "sequences")
    zero_stage: Stage = entry("ZeRO stage; searched when absent")
    recompute: RecomputeName = entry("recomputation; searched when absent")

    @property
    def recipe(self) -> Recipe:
        """The bytes per parameter in force."""
        return self.bytes_per_param if self.bytes_per_param is not None else RECIPES[self.optimizer]


_NEEDED = (
    "layers", "hidden", "heads", "vocab", "seq_len", "batch", "gpus",
    "gpu_mem_bytes", "peak_flops", "mem_bandwidth", "intra_bandwidth", "inter_bandwidth",
)  # fmt: skip


def check_plan(inputs: PlanInputs) -> None:
    """Rules between fields, then what is missing.

    Raises:
        CalculatorError: the first field that breaks a rule.
        MissingInputs: fields without which nothing can be planned.
    """
    param_count.check(inputs, "total")
    if inputs.experts and not inputs.sequence_parallel:
        raise CalculatorError("sequence_parallel", False, "leaves every tensor-parallel rank all tokens of the experts")
    check_size(inputs.gpus, inputs.batch)
    names = list(_NEEDED)
    if not inputs.experts or inputs.dense_layers:
        names.append("ffn")
    if inputs.experts:
        names += ["top_k", "moe_ffn"]
    need(inputs, "a plan", *names)


def check_size(gpus: int | None, batch: int | None) -> None:
    """Refuse clusters and batches beyond what the search covers; absent numbers are None."""
    if gpus is not None and gpus > MOST_GPUS:
        raise CalculatorError("gpus", gpus, "is a larger cluster than the search covers", MOST_GPUS)
    if batch is not None and batch > MOST_BATCH:
        raise CalculatorError("batch", batch, "is a larger batch than the search covers", MOST_BATCH)
