"""Time of a step for many plans at once.

Owns how kernels, links and bubble make a step: what repeats for every microbatch, what stands
once in a step, and what hides behind computing. Knows no memory limit. Invariant: the parts
add up to the step, the bubble is `pipeline_bubble`'s, and a faster link, memory or GPU never
lengthens the step.
"""

from dataclasses import dataclass

import numpy as np

from calculators._planner.grid import Axes, Floats, Rows
from calculators._planner.job import Job
from calculators._planner.kernels import Layer, head_time, layer_times
from calculators._planner.links import context_time, data_times, exchange_time, hop_time, tensor_time
from calculators._planner.memory import column


@dataclass(frozen=True, slots=True)
class Parts:
    """Seconds by part, over (rows, zero_stage, recompute), with axes of 1 where it does not matter."""

    compute: Floats
    recompute: Floats
    bubble: Floats
    imbalance: Floats
    tensor: Floats
    context: Floats
    expert: Floats
    pipeline: Floats
    data: Floats
    optimizer: Floats

    @property
    def total(self) -> Floats:
        """The step, broadcast over the candidates."""
        within = self.compute + self.recompute + self.tensor + self.context + self.expert + self.imbalance
        piped = self.bubble + self.pipeline + within
        # The small arrays first: only the last sums are as large as all candidates.
        return piped + (self.data + self.optimizer)


def measure(rows: Rows, axes: Axes, job: Job) -> Parts:
    """The step of every candidate, part by part."""
    layer, head = layer_times(rows, job), head_time(rows, job)
    forward, backward = layer.forward, layer.backward(fused=job.choices.fused_attention)
    m, p = rows.microbatches.astype(np.float64), rows.pp.astype(np.float64)
    depth, layers = rows.places / p, job.shape.layers / p
    repeat = column(m * layers)
    again, tensor, context, expert, free = _exchanges(rows, axes, job, layer)
    v = column(rows.interleave)
    # A microbatch crosses 2·v boundaries of every rank, forward and backward.
    hops = 2 * v * column(hop_time(rows, job))
    each = column(forward + backward) + again + tensor + context + expert
    stage = column(depth) * each
    # The last stage has the logits besides, and a layer less where there are places to spare.
    fewest = depth - (rows.places > job.shape.layers)
    last = column(fewest) * each + column(head)
    mean = column(layers) * each + column(head / p)
    return Parts(
        compute=repeat * column(forward + backward) + column(m * head / p),
        recompute=repeat * again,
        bubble=column(p - 1) / v * (stage + hops),
        imbalance=column(m) * (np.maximum(stage, last) - mean),
        tensor=repeat * tensor,
        context=repeat * context,
        expert=repeat * expert,
        pipeline=column(m) * hops,
        data=_data(rows, axes, job, column(fewest) * free),
        optimizer=_update(rows, axes, job),
    )


def _exchanges(rows: Rows, axes: Axes, job: Job, layer: Layer) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Recomputed work, exposed tensor, context and expert traffic, and the computing behind which none of it hides.

    All of one layer and microbatch. Full recomputation repeats the forward pass with all its
    messages (2205.05198 §5).
    """
    forward, backward = layer.forward, layer.backward(fused=job.choices.fused_attention)
    core = layer.attention + layer.scores
    by_name = {"none": np.zeros(len(rows)), "selective": core, "full": forward}
    again = np.stack([by_name[name] for name in axes.recompute], axis=-1)[:, None, :]
    repeated = np.array([name == "full" for name in axes.recompute], dtype=np.float64)[None, None, :]
    # Two all-reduces forward and two backward; the experts' half of a mixture has none.
    tensor = (4 + 2 * repeated) * column(tensor_time(rows, job) * (1 - job.shape.sparse / 2))
    # Keys and values forward; backward both again, and their gradients.
    ring = (3 + repeated) * column(context_time(rows, job))
    context = _exposed(ring, (3 + repeated) * column(layer.attention), job.cluster.overlap)
    free = column(forward + backward) + again - (ring - context)
    # Dispatch and combine, forward and backward.
    routed = (4 + 2 * repeated) * column(exchange_time(rows, job) * job.shape.sparse)
    expert = _exposed(routed, free, job.cluster.expert_overlap)
    return again, tensor, context, expert, free - (routed - expert)


def _exposed(traffic: Floats, window: Floats, overlap: float) -> Floats:
    """What of the traffic adds to the step: the share that cannot hide, or what the window is too short for."""
    return np.maximum((1 - overlap) * traffic, traffic - window)


def _data(rows: Rows, axes: Axes, job: Job, free: Floats) -> Floats:
    """Exposed data-parallel traffic; `free` is what a microbatch computes on a stage to hide behind.

    Stages 0 and 1 reduce once in a step, behind the last backward pass (two thirds of the
    computing); stage 1 gathers behind the next forward pass; stage 2 reduces and stage 3 reduces
    and gathers, layer by layer, for every microbatch.
    """
    reduce, gather, latency = data_times(rows, job)
    m, layers = rows.microbatches.astype(np.float64), job.shape.layers / rows.pp
    often = m[:, None]
    behind = free[:, 0, :]
    traffic = (
        2 * (reduce + latency),
        reduce + gather + 2 * latency,
        m * (reduce + layers * latency) + gather + latency,
        m * (reduce + 2 * gather + 3 * layers * latency),
    )
    window = (2 / 3 * behind, behind, (2 * often + 1) / 3 * behind, often * behind)
    each = [_exposed(traffic[stage][:, None], window[stage], job.cluster.overlap) for stage in axes.zero_stage]
    return np.stack(each, axis=1)


def _update(rows: Rows, axes: Axes, job: Job) -> Floats:
    """The optimizer's pass over its states: gradients read, states read and written, weights written."""
    shape, recipe = job.shape, job.recipe
    size = (recipe.grads + 2 * recipe.optimizer + recipe.weights) / job.cluster.memory
    dense = (shape.params - shape.expert_params) / (rows.tp * rows.pp)
    experts = shape.expert_params / (rows.ep * rows.pp)
    whole = dense + experts
    parted = dense / (rows.dp * rows.cp) + experts * rows.ep / (rows.tp * rows.cp * rows.dp)
    each = [size * (parted if stage else whole) for stage in axes.zero_stage]
    return np.stack(each, axis=-1)[:, :, None]
