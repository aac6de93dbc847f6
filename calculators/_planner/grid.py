"""Every candidate plan as rows and axes of arrays.

Owns the enumeration: which sizes divide what. A row is a cut of the cluster with a microbatch
and an interleaving; ZeRO stage and recomputation are axes beside the rows, so that memory and
time are computed once per row and broadcast. Knows neither memory nor time. Invariant: rows
come in lexicographic order of their fields, and every candidate keeps every rule.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calculators._planner.inputs import RecomputeName
from calculators._planner.job import Job

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST_TENSOR = 64
MOST_CHUNKS = 512
_USUAL_CHUNKS = (1, 2, 3, 4, 6, 8, 12, 16)
MOST_STAGES = 512
"""For the smallest cluster of a model of unknown depth."""
LEAST_TOKENS = 4096
"""Tokens of a sequence that a searched context-parallel size leaves a rank: shorter pieces have no published use."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Cuts with their microbatch and interleaving; every array has one element per row."""

    tp: Ints
    cp: Ints
    pp: Ints
    ep: Ints
    dp: Ints
    micro_batch: Ints
    microbatches: Ints
    interleave: Ints
    places: Floats
    """Layers that equal stages hold: those of the model, or up to two more (see `layer_places`)."""
    cut: Ints
    """Equal for rows that differ in microbatch and interleaving alone."""

    def __len__(self) -> int:
        return len(self.tp)

    def take(self, index: slice | Ints) -> "Rows":
        """The rows of that index."""
        return Rows(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    @property
    def gpus(self) -> Ints:
        """GPUs that a row takes."""
        return self.tp * self.cp * self.pp * self.dp


@dataclass(frozen=True, slots=True)
class Axes:
    """What varies beside the rows."""

    zero_stage: Ints
    recompute: tuple[RecomputeName, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Lengths of the axes, impossible combinations included."""
        return len(self.zero_stage), len(self.recompute)


def divisors(number: int) -> Ints:
    """All divisors, ascending; the number is at most 10^9."""
    small = np.arange(1, int(number**0.5) + 1, dtype=np.int64)
    small = small[number % small == 0]
    return np.unique(np.concatenate([small, number // small]))


def axes_of(job: Job) -> Axes:
    """The values of the axes; a fused attention kernel leaves nothing for selective recomputation."""
    choices = job.choices
    names: tuple[RecomputeName, ...] = ("none", "full") if choices.fused_attention else ("none", "selective", "full")
    if choices.recompute is not None:
        names = (choices.recompute,)
    return Axes(_settled(choices.zero_stage, np.arange(4, dtype=np.int64)), names)


def chunk_sizes(job: Job) -> Ints:
    """Numbers of model chunks on a stage that some number of stages allows."""
    sizes = np.arange(1, max(1, int(min(job.shape.layers / 2, MOST_CHUNKS))) + 1, dtype=np.int64)
    even = layer_places(job, sizes) > 0 if job.shape.whole_layers else np.isin(sizes, _USUAL_CHUNKS)
    return _settled(job.choices.interleave, _keep(sizes, even))


def layer_places(job: Job, pieces: Ints) -> Floats:
    """Places for layers when a model is cut into that many equal pieces; 0 where it cannot be.

    The last stage may hold a layer less, and then the first as well, as embedding and logits take
    a layer's place there (Llama 3, 2407.21783 §3.3.2): places are the layers, or one or two more.
    """
    layers = job.shape.layers
    if not job.shape.whole_layers:
        return np.where(pieces <= layers, layers, 0.0)
    places = np.zeros(pieces.shape)
    for more in (0,) if job.choices.equal_stages else (2, 1, 0):
        cut = ((int(layers) + more) % pieces == 0) & (pieces <= layers) & ((more == 0) | (pieces > more))
        places = np.where(cut, layers + more, places)
    return places


def _settled(value: int | None, free: Ints) -> Ints:
    return free if value is None else np.array([min(value, 2**40)], dtype=np.int64)


def _keep(sizes: Ints, rule: Mask) -> Ints:
    return sizes[rule]


def tensor_sizes(job: Job) -> Ints:
    """Tensor-parallel sizes that the heads allow; what leaving the node costs is left to the links."""
    sizes = _settled(job.choices.tp, np.arange(1, MOST_TENSOR + 1, dtype=np.int64))
    kv = job.shape.kv_heads
    return _keep(sizes, (job.shape.heads % sizes == 0) & ((kv % sizes == 0) | (sizes % kv == 0)))


def context_sizes(job: Job) -> Ints:
    """Context-parallel sizes: 2·cp equal pieces of a sequence balance a causal ring (2407.21783 §3.3.2)."""
    seq_len, fused = job.shape.seq_len, job.choices.fused_attention
    most = max(1, min(seq_len // LEAST_TOKENS, 2**20))
    sizes = _settled(job.choices.cp, 2 ** np.arange(int(most).bit_length(), dtype=np.int64))
    return _keep(sizes, (sizes == 1) | ((seq_len % (2 * sizes) == 0) & fused))


def stage_sizes(job: Job, candidates: Ints) -> Ints:
    """Pipeline sizes among the candidates that the layers allow."""
    sizes = _settled(job.choices.pp, candidates)
    return _keep(sizes, layer_places(job, sizes) > 0)


def expert_sizes(job: Job) -> Ints:
    """Expert-parallel sizes that divide the experts; 1 for a dense model."""
    experts = max(1, job.shape.experts)
    sizes = _settled(job.choices.ep, divisors(experts))
    return _keep(sizes, experts % sizes == 0)


def rows_on(job: Job, gpus: int, batch: int) -> Rows:
    """All rows that use exactly that many GPUs."""
    sizes = divisors(gpus)
    tp, cp, pp = _product(
        np.intersect1d(sizes, tensor_sizes(job)),
        np.intersect1d(sizes, context_sizes(job)),
        np.intersect1d(sizes, stage_sizes(job, sizes)),
    )
    dp = gpus // (tp * cp * pp)
    keep = (tp * cp * pp * dp == gpus) & _splits(job, tp, cp)
    keep &= batch % np.maximum(dp, 1) == 0
    micro = _settled(job.choices.micro_batch, divisors(batch))
    return _widen(job, batch, (tp[keep], cp[keep], pp[keep], dp[keep]), micro, chunk_sizes(job))


def rows_within(job: Job, most_gpus: int, batch: int) -> Rows:
    """All rows of the least microbatch on at most that many GPUs, fewest GPUs first."""
    micro = job.choices.micro_batch or 1
    if batch % micro:
        micro = batch
    stages = np.arange(1, int(min(job.shape.layers, MOST_STAGES)) + 1, dtype=np.int64)
    tp, cp, pp, dp = _product(tensor_sizes(job), context_sizes(job), stage_sizes(job, stages), divisors(batch // micro))
    node, total = job.cluster.gpus_per_node, tp * cp * pp * dp
    # A cluster larger than a node consists of whole nodes.
    keep = (total <= most_gpus) & ((total <= node) | (total % node == 0)) & _splits(job, tp, cp)
    tp, cp, pp, dp = tp[keep], cp[keep], pp[keep], dp[keep]
    order = np.argsort(total[keep], kind="stable")
    found = (tp[order], cp[order], pp[order], dp[order])
    chunks = _settled(job.choices.interleave, np.ones(1, dtype=np.int64))
    return _widen(job, batch, found, np.array([micro], dtype=np.int64), chunks)


def _splits(job: Job, tp: Ints, cp: Ints) -> Mask:
    """Whether the sequence divides among the ranks that share it."""
    pieces = cp * tp if job.choices.sequence_parallel else cp
    even: Mask = job.shape.seq_len % pieces == 0
    return even


def _product(*values: Ints) -> list[Ints]:
    return [axis.reshape(-1) for axis in np.meshgrid(*values, indexing="ij")]


def _widen(job: Job, batch: int, cuts: tuple[Ints, Ints, Ints, Ints], micro: Ints, chunks: Ints) -> Rows:
    """Cross cuts with expert-parallel sizes, microbatches and interleaving, and keep what is possible.

    Interleaving needs stages, microbatches in multiples of them (PTD-P §2.2) and layers for
    every chunk.
    """
    tp, cp, pp, dp = cuts
    experts = expert_sizes(job)
    at, ep, b = _product(np.arange(len(tp), dtype=np.int64), experts, micro)
    keep = ((tp * cp * dp)[at] % ep == 0) & ((batch // dp)[at] % b == 0)
    at, ep, b = at[keep], ep[keep], b[keep]
    m, p = batch // (dp[at] * b), pp[at]
    places = layer_places(job, p[:, None] * chunks[None, :])
    piped = (p > 1) & (m % p == 0)
    row, column = np.nonzero((places > 0) & ((chunks == 1)[None, :] | piped[:, None]))
    at, ep = at[row], ep[row]
    cut = at * len(experts) + np.searchsorted(experts, ep)
    return Rows(tp[at], cp[at], pp[at], ep, dp[at], b[row], m[row], chunks[column], places[row, column], cut)


def allowed(rows: Rows, axes: Axes, job: Job) -> Mask:
    """Which ZeRO stages each row allows, as (rows, zero_stage); one above 0 needs a second rank to share with."""
    choices = job.choices
    shared = rows.dp * rows.cp > 1
    if job.shape.experts:
        shared |= rows.tp * rows.cp * rows.dp > rows.ep
    stage = axes.zero_stage[None, :]
    zero: Mask = (stage == 0) | shared[:, None]
    if choices.zero_stage is None and not choices.zero_with_pipeline:
        zero &= (stage < 2) | (rows.pp == 1)[:, None]
    return zero
