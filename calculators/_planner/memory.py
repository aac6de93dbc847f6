"""Memory of many plans at once.

Owns the arrays of bytes on the fullest GPU: model states as `train_memory` counts them (ZeRO
1910.02054 §3), activations of the first stage as `activation_memory` does (2205.05198 §4,
Table 2), the logits of the last, and what a step needs in passing. Knows no time. Invariant:
for every plan the parts equal what the single calculators give, and a later ZeRO stage or a
more thorough recomputation never takes more states or activations.
"""

from dataclasses import dataclass

import numpy as np

from calculators._planner.grid import Axes, Floats, Rows
from calculators._planner.inputs import RecomputeName
from calculators._planner.job import Job

_LOGIT_BYTES = 4
"""Logits are kept in 32 bits (2205.05198 §4.3)."""
_UNSPLIT = 10
"""Bytes per token, divided by h, that tensor parallelism alone replicates: norms, inputs, dropout masks."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Bytes by part, over (rows, zero_stage, recompute), with axes of 1 where it does not matter."""

    weights: Floats
    gradients: Floats
    optimizer: Floats
    extra: Floats
    activations: Floats
    logits: Floats
    workspace: Floats

    @property
    def total(self) -> Floats:
        """All of it, broadcast over the candidates."""
        states = self.weights + self.gradients + self.optimizer + self.extra
        passing: Floats = self.activations + self.logits
        # The small arrays first: only the last sum is as large as all candidates.
        return passing + (states + self.workspace)


def measure(rows: Rows, axes: Axes, job: Job) -> Parts:
    """The bytes of every candidate, the reserve left out."""
    weights, gradients, optimizer, extra = _states(rows, axes, job)
    activations, logits = _activations(rows, axes, job)
    return Parts(weights, gradients, optimizer, extra, activations, logits, _workspace(rows, axes, job))


def column(values: object) -> Floats:
    """One number per row, as the first of the three axes of candidates."""
    return np.asarray(values, dtype=np.float64)[:, None, None]


def _states(rows: Rows, axes: Axes, job: Job) -> tuple[Floats, Floats, Floats, Floats]:
    """P/(t·p) per rank, sharded over dp·cp; experts P_e/(e·p), sharded over t·cp·dp/e."""
    shape, recipe = job.shape, job.recipe
    dense = column((shape.params - shape.expert_params) / (rows.tp * rows.pp))
    experts = column(shape.expert_params / (rows.ep * rows.pp))
    whole = dense + experts
    parted = dense / column(rows.dp * rows.cp) + experts / column(rows.tp * rows.cp * rows.dp / rows.ep)
    stage = axes.zero_stage[None, :, None]

    def state(each: float, since: int) -> Floats:
        share: Floats = each * np.where(stage >= since, parted, whole)
        return share

    return state(recipe.weights, 3), state(recipe.grads, 2), state(recipe.optimizer, 1), recipe.extra * whole


def coefficients(rows: Rows, names: tuple[RecomputeName, ...], job: Job) -> Floats:
    """Bytes of a layer over s·b·h, as (rows, 1, names): the paper's table with `Shape.kept` for its 24."""
    t, shape = rows.tp.astype(np.float64), job.shape
    scores = 0.0 if job.choices.fused_attention else 5 * shape.heads * shape.seq_len / shape.hidden
    unsplit = _UNSPLIT / (t if job.choices.sequence_parallel else np.ones_like(t))
    each = {
        "none": unsplit + (shape.kept + scores) / t,
        "selective": unsplit + shape.kept / t,
        "full": np.full_like(t, 2.0),
    }
    return np.stack([each[name] for name in names], axis=-1)[:, None, :]


def _activations(rows: Rows, axes: Axes, job: Job) -> tuple[Floats, Floats]:
    """Activations of the first stage, and by how much the last stage with its logits exceeds them.

    In chunks of L/(p·v) layers (L counts places), 1F1B holds p·v on the first stage and 1 on the
    last; interleaved p·v + p − 1, which is the factor 1 + (p−1)/(p·v), and (v−1)·p + 1; never
    more than there are.
    """
    shape = job.shape
    tokens = rows.micro_batch * (shape.seq_len / rows.cp)
    v, p = column(rows.interleave), column(rows.pp)
    most = column(rows.microbatches) * v
    first = np.minimum(np.where(v > 1, p * v + p - 1, p), most)
    last = np.minimum((v - 1) * p + 1, most)
    chunk = coefficients(rows, axes.recompute, job) * (column(tokens * shape.hidden * rows.places) / (p * v))
    logits = column(_LOGIT_BYTES * tokens * shape.vocab / rows.tp)
    return chunk * first, np.maximum(0.0, chunk * (last - first) + logits)


def _workspace(rows: Rows, axes: Axes, job: Job) -> Floats:
    """What is recomputed of one layer while it is needed, and a gathered layer's weights and gradients.

    The second is `zero_estimator`'s 4·Lg for 16-bit weights and gradients, with Lg per tensor- and
    expert-parallel rank.
    """
    shape, recipe = job.shape, job.recipe
    whole, kept = coefficients(rows, ("none",), job), coefficients(rows, ("selective",), job)
    size = column(rows.micro_batch * (shape.seq_len / rows.cp) * shape.hidden)
    again = {"none": np.zeros_like(whole), "selective": whole - kept, "full": whole}
    recomputed = size * np.concatenate([again[name] for name in axes.recompute], axis=2)
    layer = (shape.params - shape.expert_params) / shape.layers / rows.tp
    mixture = shape.expert_params / (shape.layers * shape.sparse) / rows.ep if shape.sparse else 0.0
    gathered = (recipe.weights + recipe.grads) * column(layer + mixture)
    needed: Floats = recomputed + np.where(axes.zero_stage[None, :, None] >= 3, gathered, 0.0)
    return needed
