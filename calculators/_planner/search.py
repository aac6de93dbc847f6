"""Search all plans for the fastest that fit, the near misses, and the smallest cluster.

Owns the evaluation in blocks, so that memory stays bounded, and the ranking by estimated MFU.
Decides nothing by rule: what fits and what is fast comes from memory and time alone.
Invariant: the same question gives the same answer in the same order; equal estimates stand in
the order of enumeration, the plainer plan first.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from calculators._planner import memory as memory_model
from calculators._planner import step as step_model
from calculators._planner.grid import Axes, Floats, Ints, Mask, Rows, allowed, axes_of, rows_on, rows_within
from calculators._planner.inputs import MOST_GPUS
from calculators._planner.job import Job

TOP = 10
BLOCK = 2**17
"""Candidates evaluated at a time: their arrays stay in the processor's cache."""
_DIGITS = 12
"""Digits of a logarithm that count in the ranking, so that rounding does not order equal plans."""


Timed = tuple[float, int, int]
"""A candidate's time, row and place."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows with their candidates evaluated, as arrays over (rows, candidates of a row)."""

    start: int
    valid: Mask
    memory: Floats
    time: Floats


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row's number in its search, and a place on the axes."""

    row: int
    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search saw: how many candidates, the best that fit, and the nearest that do not."""

    rows: Rows
    axes: Axes
    candidates: int
    fitting: int
    best: tuple[Candidate, ...]
    nearest: tuple[Candidate, ...]
    """Faster than the best that fits, the least memory first."""


def evaluate(rows: Rows, axes: Axes, job: Job) -> Iterator[Block]:
    """Memory and time of every candidate, block by block."""
    size = int(np.prod(axes.shape))
    step = max(1, BLOCK // size)
    for start in range(0, len(rows), step):
        part = rows.take(slice(start, start + step))
        valid = allowed(part, axes, job)[:, :, None] & np.ones(axes.shape[1], dtype=np.bool_)
        flat = (len(part), size)
        with np.errstate(over="ignore", invalid="ignore"):
            memory = np.broadcast_to(memory_model.measure(part, axes, job).total, valid.shape).reshape(flat)
            time = np.broadcast_to(step_model.measure(part, axes, job).total, valid.shape).reshape(flat)
        yield Block(start, valid.reshape(flat), memory, time)


def search(job: Job, gpus: int, batch: int) -> Found:
    """Evaluate every candidate on that many GPUs."""
    rows, axes = rows_on(job, gpus, batch), axes_of(job)
    time, place = np.full(len(rows), np.inf), np.zeros(len(rows), dtype=np.int64)
    candidates = fitting = 0
    for block in evaluate(rows, axes, job):
        fits = block.valid & (block.memory <= job.cluster.usable)
        candidates += int(np.count_nonzero(block.valid))
        fitting += int(np.count_nonzero(fits))
        masked = np.where(fits, block.time, np.inf)
        here = slice(block.start, block.start + len(masked))
        place[here] = masked.argmin(axis=1)
        time[here] = masked.min(axis=1)
    order = _in_order(time, rows.cut)[:TOP]
    best = [(float(time[row]), int(row), int(place[row])) for row in order]
    if len(best) < min(TOP, fitting):
        best += _others(rows, axes, job, best)
    chosen = tuple(_candidate(row, at, axes) for _, row, at in sorted(best, key=_rank))
    fastest = float(time[order[0]]) if len(order) else np.inf
    nearest = _near_misses(rows, axes, job, fastest) if fitting < candidates else ()
    return Found(rows, axes, candidates, fitting, chosen, nearest)


def _others(rows: Rows, axes: Axes, job: Job, best: list[Timed]) -> list[Timed]:
    """The next fastest candidates that fit, whatever their cut: as many as the best lack."""
    found: list[Timed] = []
    for block in evaluate(rows, axes, job):
        time = np.where(block.valid & (block.memory <= job.cluster.usable), block.time, np.inf)
        order = np.argsort(time, axis=None, kind="stable")[: 2 * TOP]
        at, places = np.unravel_index(order[np.isfinite(time.reshape(-1)[order])], time.shape)
        found += [(float(time[i, j]), block.start + int(i), int(j)) for i, j in zip(at, places, strict=True)]
    taken = {item[1:] for item in best}
    return sorted((item for item in found if item[1:] not in taken), key=_rank)[: TOP - len(best)]


def _rank(item: Timed) -> tuple[float, int, int]:
    """Sorting key: time but for rounding, then the order of enumeration."""
    return round(math.log10(item[0]), _DIGITS), item[1], item[2]


def _candidate(row: int, place: int, axes: Axes) -> Candidate:
    stage, again = np.unravel_index(place, axes.shape)
    return Candidate(row, (int(stage), int(again)))


def _in_order(values: Floats, cuts: Ints) -> Ints:
    """The rows of finite value, one of each cut, the least first; equal values in the order of the rows."""
    rows = np.nonzero(np.isfinite(values))[0]
    with np.errstate(divide="ignore"):
        digits = np.round(np.log10(values[rows]), _DIGITS)
    rows = rows[np.argsort(digits, kind="stable")]
    first = np.unique(cuts[rows], return_index=True)[1]
    found: Ints = rows[np.sort(first)]
    return found


def _near_misses(rows: Rows, axes: Axes, job: Job, fastest: float) -> tuple[Candidate, ...]:
    """Candidates that would beat the fastest plan but do not fit, one of each cut, the least memory first."""
    memory, place = np.full(len(rows), np.inf), np.zeros(len(rows), dtype=np.int64)
    for block in evaluate(rows, axes, job):
        misses = block.valid & (block.memory > job.cluster.usable) & (block.time < fastest)
        masked = np.where(misses, block.memory, np.inf)
        here = slice(block.start, block.start + len(masked))
        place[here] = masked.argmin(axis=1)
        memory[here] = masked.min(axis=1)
    return tuple(_candidate(int(row), int(place[row]), axes) for row in _in_order(memory, rows.cut)[:TOP])


def smallest(job: Job, batch: int) -> int | None:
    """The fewest GPUs on which some candidate fits; None where none does on any cluster within reach."""
    recipe, usable = job.recipe, job.cluster.usable
    if usable <= 0:
        return None
    rows, axes = rows_within(job, MOST_GPUS, batch), axes_of(job)
    gpus = rows.gpus
    # ZeRO-3 on n GPUs leaves an nth of the states on each: with fewer nothing can fit.
    least = (recipe.weights + recipe.grads + recipe.optimizer) * job.shape.params / usable
    rows = rows.take(np.nonzero(gpus >= least * (1 - 1e-9))[0])
    step = max(1, BLOCK // int(np.prod(axes.shape)))
    for start in range(0, len(rows), step):
        part = rows.take(slice(start, start + step))
        with np.errstate(over="ignore", invalid="ignore"):
            fits = (memory_model.measure(part, axes, job).total <= usable) & allowed(part, axes, job)[:, :, None]
        hits = np.nonzero(fits.any(axis=(1, 2)))[0]
        if len(hits):
            return int(part.gpus[hits[0]])
    return None
