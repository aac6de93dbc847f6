"""What the planner answers: plans with their memory and time, near misses, the smallest cluster.

Owns the types that pages, chat and commands show. Computes nothing. Invariant: the parts of a
plan's memory add up to its total, and so do the parts of its time.
"""

from calculators._base import Frozen
from calculators._planner.inputs import RecomputeName


class PlanMemory(Frozen):
    """Bytes on the fullest GPU of a plan."""

    weights: float
    gradients: float
    optimizer: float
    extra: float
    activations: float
    """Of the first stage, as `activation_memory` counts them."""
    logits: float
    """What the last stage's logits take beyond what the first stage keeps."""
    workspace: float
    """The layer being recomputed, and weights gathered by ZeRO-3."""
    reserve: float
    total: float


class PlanTime(Frozen):
    """Seconds of one step, where each part is what it adds to the step."""

    compute: float
    recompute: float
    bubble: float
    imbalance: float
    """Stages waiting for the slowest, such as the last one with its logits."""
    tensor: float
    context: float
    expert: float
    pipeline: float
    data: float
    optimizer: float
    total: float


class Cut(Frozen):
    """One way to spread a model over a cluster, in the names of the other calculators' fields."""

    tp: int
    pp: int
    dp: int
    cp: int
    ep: int
    interleave: int
    micro_batch: int
    microbatches: int
    zero_stage: int
    recompute: RecomputeName
    sequence_parallel: bool


class Plan(Cut):
    """A cut that fits, with its estimate."""

    places: float
    """Layers that its equal stages would hold; more than the model has where the last stage, or last and first,
    hold a layer less because logits and embedding take its place."""
    mfu: float
    """Model FLOPs of the step over what the cluster's peak could do in its time."""
    tokens_per_s: float
    flops_per_gpu: float
    memory: PlanMemory
    time: PlanTime
    notes: tuple[str, ...] = ()


class Rejected(Cut):
    """A candidate that is not among the plans, and the constraint that keeps it out."""

    constraint: str
    """`memory`, or the field whose rule is broken."""
    reason: str
    needed: float
    limit: float
    mfu: float | None = None
    """What it would reach if it fitted; None where the cut is not possible at all."""


class SmallestCluster(Frozen):
    """The fewest GPUs on which some plan fits, and the best plan there."""

    gpus: int
    plan: Plan


class PlanResult(Frozen):
    """The answer of a search; no clock and no machine enters it."""

    gpus: int
    params: float
    flops_per_step: float
    usable_bytes: float
    candidates: int
    """Cuts that break no rule, each evaluated for memory and time."""
    fitting: int
    plans: tuple[Plan, ...]
    """At most ten, best first: the best of every way to cut, then the next best schedules."""
    rejected: tuple[Rejected, ...]
    smallest: SmallestCluster | None
    """Only where no plan fits; None as well where no cluster within reach would do."""
    assumptions: tuple[str, ...]
