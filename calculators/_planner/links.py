"""Communication time for many plans at once.

Owns which ranks a group spans, at what rate it communicates, and the alpha-beta cost of its
collectives as `collective_cost` has it, for the volumes of `comm_volume`. Prefers no kind of
parallelism: ranks lie tp, cp, dp, pp from the inside out (experts in place of tp and cp), and a
group that leaves its node pays for it. Invariant: one rank communicates nothing, and a faster
link never takes longer.
"""

import numpy as np

from calculators._planner.grid import Floats, Rows
from calculators._planner.job import Cluster, Job
from calculators._planner.kernels import WIDTH, tokens_of


def group_rate(cluster: Cluster, extent: Floats, stride: Floats) -> tuple[Floats, Floats]:
    """Bandwidth and step latency of a ring whose ranks lie `stride` apart and span `extent` ranks.

    Inside a node, the fast links. Beyond it, each member of the ring in a node brings its own
    network link, up to the speed of the links inside.
    """
    inside = extent <= cluster.gpus_per_node
    members = np.maximum(1.0, np.floor(cluster.gpus_per_node / stride))
    rate = np.where(inside, cluster.intra, np.minimum(cluster.intra, members * cluster.inter))
    return rate, np.where(inside, cluster.intra_latency, cluster.inter_latency)


def ring_time(ranks: Floats, size: Floats, rate: Floats, latency: Floats) -> Floats:
    """Seconds of an all-gather or reduce-scatter of `size` bytes; an all-reduce is two of them; 0 on one rank."""
    return (ranks - 1) * latency + (ranks - 1) / ranks * size / rate


def tensor_time(rows: Rows, job: Job) -> Floats:
    """One all-reduce of a microbatch's activations over the tensor-parallel ranks (PTD-P §3.2)."""
    t = rows.tp.astype(np.float64)
    size = WIDTH * tokens_of(rows, job) * job.shape.hidden
    return 2 * ring_time(t, size, *group_rate(job.cluster, t, np.ones_like(t)))


def context_time(rows: Rows, job: Job) -> Floats:
    """One ring of keys and values around the context-parallel ranks, each hop over one link."""
    shape, cluster = job.shape, job.cluster
    t, c = rows.tp.astype(np.float64), rows.cp.astype(np.float64)
    size = WIDTH * rows.micro_batch * shape.seq_len * shape.kv_width / np.minimum(t, shape.kv_heads)
    return ring_time(c, size, *_single_link(cluster, t * c))


def _single_link(cluster: Cluster, extent: Floats) -> tuple[Floats, Floats]:
    """Bandwidth and latency from one rank to another, where their group spans `extent` ranks."""
    inside = extent <= cluster.gpus_per_node
    rate = np.where(inside, cluster.intra, cluster.inter)
    return rate, np.where(inside, cluster.intra_latency, cluster.inter_latency)


def exchange_time(rows: Rows, job: Job) -> Floats:
    """One all-to-all of routed tokens: k·b·s·h/(t·cp) elements, of which (e−1)/e leave the rank.

    What leaves the node shares the rank's one network link; both kinds of link work at once.
    """
    cluster, e = job.cluster, rows.ep.astype(np.float64)
    size = WIDTH * job.shape.top_k * tokens_of(rows, job) * job.shape.hidden / rows.tp
    near = np.minimum(e, cluster.gpus_per_node)
    slow = (e - near) * (cluster.inter_latency + size / e / cluster.inter)
    fast = (near - 1) * (cluster.intra_latency + size / e / cluster.intra)
    return np.maximum(slow, fast)


def hop_time(rows: Rows, job: Job) -> Floats:
    """One send of a boundary, b·s·h/(t·cp) elements with scatter/gather (PTD-P §4.1); 0 without stages."""
    size = WIDTH * tokens_of(rows, job) * job.shape.hidden / rows.tp
    rate, latency = _single_link(job.cluster, (rows.tp * rows.cp * rows.dp * rows.pp).astype(np.float64))
    return (rows.pp > 1) * (latency + size / rate)


def data_times(rows: Rows, job: Job) -> tuple[Floats, Floats, Floats]:
    """A reduce-scatter of the gradients, an all-gather of the weights, and the latency of either.

    P/(t·p) parameters over dp·cp ranks, and the experts' P_e/(e·p) over t·cp·dp/e (1910.02054 §7).
    """
    shape, cluster = job.shape, job.cluster
    extent = (rows.tp * rows.cp * rows.dp).astype(np.float64)
    dense = (shape.params - shape.expert_params) / (rows.tp * rows.pp)
    ranks = (rows.dp * rows.cp).astype(np.float64)
    rate, step = group_rate(cluster, extent, rows.tp.astype(np.float64))
    latency = (ranks - 1) * step
    each = (ranks - 1) / ranks * dense / rate
    if shape.expert_params:
        experts = shape.expert_params / (rows.ep * rows.pp)
        ranks = extent / rows.ep
        rate, step = group_rate(cluster, extent, rows.ep.astype(np.float64))
        latency = latency + (ranks - 1) * step
        each = each + (ranks - 1) / ranks * experts / rate
    return job.recipe.grads * each, job.recipe.weights * each, latency
