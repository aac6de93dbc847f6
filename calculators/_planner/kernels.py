"""Compute time of a layer for many plans at once.

Owns the model of its kernels: matrix products bounded by arithmetic, by memory traffic and by
whole waves of tiles, element-wise work by traffic alone. Knows no communication. Invariant: a
wider microbatch never makes a token dearer, and more ranks never make a product cheaper in all.
"""

from dataclasses import dataclass

import numpy as np

from calculators._planner.grid import Floats, Rows
from calculators._planner.job import Cluster, Job
from calculators._planner.memory import coefficients

WIDTH = 2.0
"""Bytes of an activation, a weight or a message."""
_LOGIT_TRAFFIC = 16.0
"""Bytes per logit: 32 bits, written and read forward and backward."""
_BACKWARD_CORE = 2.5
"""Backward over forward of a fused attention kernel: 5 matrix products against 2 (2307.08691 §4.1)."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Forward times of one layer and microbatch on one rank, seconds per row, averaged over the layers."""

    products: Floats
    attention: Floats
    elementwise: Floats
    scores: Floats

    @property
    def forward(self) -> Floats:
        """The whole forward pass."""
        return self.products + self.attention + self.elementwise + self.scores

    def backward(self, *, fused: bool) -> Floats:
        """The backward pass: every matrix product twice, every kept byte read and its gradient written."""
        core = (_BACKWARD_CORE if fused else 2.0) * self.attention
        return 2 * self.products + core + self.elementwise + self.scores


def product_time(cluster: Cluster, rows: Floats, inner: Floats, columns: Floats, groups: Floats | int = 1) -> Floats:
    """Seconds of a product (rows, inner) x (inner, columns), or of `groups` such weights that share the rows.

    The larger of arithmetic and traffic, after NVIDIA's Matrix Multiplication Background (§2,
    §3.2): the last wave of tiles is half empty on average, so half a wave is added.
    """
    arithmetic = inner * (2 * rows * columns + cluster.wave) / cluster.flops
    traffic = WIDTH * (rows * inner + groups * inner * columns + rows * columns) / cluster.memory
    return np.maximum(arithmetic, traffic)


def layer_times(rows: Rows, job: Job) -> Layer:
    """Forward times of a layer; tokens of a microbatch are b·s/cp, widths are divided by t."""
    shape, cluster = job.shape, job.cluster
    t = rows.tp.astype(np.float64)
    tokens = tokens_of(rows, job)
    h = np.full_like(t, shape.hidden)

    def mlp(width: float, share: float) -> Floats:
        into = product_time(cluster, tokens, h, shape.gates * width / t)
        return share * (into + product_time(cluster, tokens, width / t, h))

    products = product_time(cluster, tokens, h, shape.attention_in / t)
    products = products + product_time(cluster, tokens, shape.attention_out / t, h)
    if shape.sparse < 1:
        products = products + mlp(shape.ffn, 1 - shape.sparse)
    if shape.sparse:
        products = products + shape.sparse * _experts(rows, job, tokens / t)
        products = products + mlp(shape.shared_ffn, shape.sparse)
    # Each byte that is kept for the backward pass is written once and read once.
    traffic = 2 * tokens * shape.hidden / cluster.memory
    kept, held = (coefficients(rows, (name,), job)[:, 0, 0] for name in ("selective", "none"))
    return Layer(
        products=products,
        attention=2 * tokens * shape.seq_len * shape.score_width / t / cluster.flops,
        elementwise=traffic * kept,
        scores=traffic * (held - kept),
    )


def tokens_of(rows: Rows, job: Job) -> Floats:
    """Tokens of a microbatch on one rank, b·s/cp."""
    return rows.micro_batch * (job.shape.seq_len / rows.cp)


def _experts(rows: Rows, job: Job, tokens: Floats) -> Floats:
    """Routed experts of a layer: a rank gets as many tokens as it sends, k times, for E/e experts."""
    shape, cluster = job.shape, job.cluster
    received = tokens * shape.top_k
    held = shape.experts / rows.ep
    h, width = np.full_like(tokens, shape.hidden), np.full_like(tokens, shape.moe_ffn)
    into = product_time(cluster, received, h, shape.gates * width, held)
    return into + product_time(cluster, received, width, h, held)


def head_time(rows: Rows, job: Job) -> Floats:
    """Forward and backward of the output layer and its loss, on the last stage."""
    tokens, columns = tokens_of(rows, job), job.shape.vocab / rows.tp
    product = product_time(job.cluster, tokens, np.full_like(tokens, job.shape.hidden), columns)
    return 3 * product + _LOGIT_TRAFFIC * tokens * columns / job.cluster.memory
