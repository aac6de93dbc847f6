"""What a search works on: a model's shape, a cluster's real rates, a recipe, and the choices made.

Owns the bundle that memory and time read, so that neither knows where it came from. Computes
nothing beyond applying the efficiencies. Invariant: immutable, and free of the number of GPUs
and of the batch, which the smallest cluster varies.
"""

from dataclasses import dataclass

from calculators._planner.inputs import PlanInputs, RecomputeName
from calculators._planner.shape import Shape, shape_of
from calculators.train_memory import Recipe

_TILE = 256 * 128
"""Elements of a product that a multiprocessor works on at once (NVIDIA, Matrix Multiplication Background §2.3)."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Memory of a GPU, and rates that kernels and collectives really reach; bytes, FLOP/s, byte/s and seconds."""

    gpus_per_node: int
    gpu_mem: float
    reserve: float
    peak: float
    """What utilisation is measured against; `flops` is what a very large matrix product reaches of it."""
    flops: float
    memory: float
    intra: float
    inter: float
    intra_latency: float
    inter_latency: float
    wave: float
    overlap: float
    expert_overlap: float

    @property
    def usable(self) -> float:
        """Memory less the reserve."""
        return self.gpu_mem - self.reserve

    @classmethod
    def of(cls, inputs: PlanInputs) -> "Cluster":
        """The cluster of the inputs; the network is taken to be no better than the links inside a node."""
        reserve = inputs.reserve_share * inputs.gpu_mem_bytes + inputs.context_bytes
        return cls(
            gpus_per_node=inputs.gpus_per_node,
            gpu_mem=inputs.gpu_mem_bytes,
            reserve=min(inputs.gpu_mem_bytes, reserve),
            peak=inputs.peak_flops,
            flops=inputs.peak_flops * inputs.gemm_efficiency,
            memory=inputs.mem_bandwidth * inputs.memory_efficiency,
            intra=inputs.intra_bandwidth * inputs.link_efficiency,
            inter=min(inputs.inter_bandwidth, inputs.intra_bandwidth) * inputs.link_efficiency,
            intra_latency=inputs.intra_latency_s,
            inter_latency=max(inputs.inter_latency_s, inputs.intra_latency_s),
            wave=inputs.sms * float(_TILE),
            overlap=inputs.overlap,
            expert_overlap=inputs.expert_overlap,
        )


@dataclass(frozen=True, slots=True)
class Choices:
    """What is settled before the search; a size of None is searched."""

    sequence_parallel: bool
    fused_attention: bool
    equal_stages: bool
    zero_with_pipeline: bool
    tp: int | None = None
    pp: int | None = None
    cp: int | None = None
    ep: int | None = None
    interleave: int | None = None
    micro_batch: int | None = None
    zero_stage: int | None = None
    recompute: RecomputeName | None = None

    @classmethod
    def of(cls, inputs: PlanInputs) -> "Choices":
        """The choices that the inputs make."""
        return cls(**{name: getattr(inputs, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Job:
    """All that memory and time depend on besides the candidate."""

    shape: Shape
    cluster: Cluster
    recipe: Recipe
    choices: Choices

    @classmethod
    def of(cls, inputs: PlanInputs) -> "Job":
        """The job of inputs that `check_plan` has passed."""
        return cls(shape_of(inputs), Cluster.of(inputs), inputs.recipe, Choices.of(inputs))
