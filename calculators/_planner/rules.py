"""Why a cut is not possible: the first rule that it breaks, with its numbers.

Owns the same rules as the grid, one cut at a time and in words, for the few cuts that are
shown. Knows neither memory nor time. Invariant: a cut of the grid breaks none of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from calculators._planner.grid import layer_places
from calculators._planner.job import Job


@dataclass(frozen=True, slots=True)
class Sizes:
    """A cut by its sizes; `dp` and the microbatches follow from the cluster and the batch."""

    tp: int
    cp: int
    pp: int
    ep: int
    micro_batch: int
    interleave: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a cut breaks: the field, the rule in words, and its two numbers."""

    constraint: str
    reason: str
    needed: int
    limit: int


def _divides(field: str, whole: int, part: int, what: str, by: str) -> Broken | None:
    if whole % part == 0:
        return None
    return Broken(field, f"{whole:,} {what} do not divide by {by}={part:,}", part, whole)


def broken_rule(job: Job, gpus: int, batch: int, sizes: Sizes) -> Broken | None:
    """The first rule that a cut of the cluster breaks; None where it keeps them all."""
    shape, world = job.shape, sizes.tp * sizes.cp * sizes.pp
    found = _divides("heads", shape.heads, sizes.tp, "heads", "tp")
    if found is None and shape.kv_heads % sizes.tp and sizes.tp % shape.kv_heads:
        reason = f"{shape.kv_heads} key/value heads and tp={sizes.tp} do not divide one another"
        found = Broken("kv_heads", reason, sizes.tp, shape.kv_heads)
    found = found or _divides("gpus", gpus, world, "GPUs", "tp·cp·pp")
    found = found or _layer_rule(job, sizes)
    if sizes.cp > 1:
        found = found or _divides("seq_len", shape.seq_len, 2 * sizes.cp, "tokens", "2·cp")
    if job.choices.sequence_parallel:
        found = found or _divides("seq_len", shape.seq_len, sizes.cp * sizes.tp, "tokens", "cp·tp")
    if found is not None:
        return found
    return _batch_rule(job, batch, sizes, gpus // world)


def _layer_rule(job: Job, sizes: Sizes) -> Broken | None:
    layers, pieces = job.shape.layers, sizes.pp * sizes.interleave
    if layer_places(job, np.array([pieces], dtype=np.int64))[0] > 0:
        return None
    by = "pp·interleave" if sizes.interleave > 1 else "pp"
    if pieces > layers:
        return Broken("layers", f"{layers:g} layers are fewer than {by}={pieces:,}", pieces, int(layers))
    spare = "" if job.choices.equal_stages else ", even with a place less on the last and first stage,"
    return Broken("layers", f"{layers:g} layers{spare} do not divide by {by}={pieces:,}", pieces, int(layers))


def _batch_rule(job: Job, batch: int, sizes: Sizes, dp: int) -> Broken | None:
    by = "dp·micro_batch" if sizes.micro_batch > 1 else "dp"
    found = _divides("batch", batch, dp * sizes.micro_batch, "sequences", by)
    if found is None and sizes.interleave > 1:
        if sizes.pp == 1:
            return Broken("interleave", f"interleave={sizes.interleave} needs 2 stages or more, not pp=1", 2, 1)
        microbatches = batch // (dp * sizes.micro_batch)
        found = _divides("microbatches", microbatches, sizes.pp, "microbatches of an interleaved schedule", "pp")
    found = found or _divides("experts", max(1, job.shape.experts), sizes.ep, "experts", "ep")
    return found or _divides("ep", sizes.tp * sizes.cp * dp, sizes.ep, "ranks of tp·cp·dp", "ep")


def neighbours_of(sizes: Sizes, *, experts: bool) -> Iterator[Sizes]:
    """Cuts one step away: each size doubled or halved."""
    names = ["tp", "pp", "interleave", "micro_batch", "cp"] + (["ep"] if experts else [])
    for name in names:
        value = getattr(sizes, name)
        yield replace(sizes, **{name: 2 * value})
        if value % 2 == 0:
            yield replace(sizes, **{name: value // 2})
