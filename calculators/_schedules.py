"""Pipeline schedules as orders of work per stage, and their execution by dependency.

Owns the static orders of GPipe, 1F1B, interleaved 1F1B, ZB-H1 and ZB-H2, and an event-driven
executor that takes each cell once. Chooses nothing at run time: a stage follows its order and
waits. Invariant: F(i,j) starts after F(i-1,j), B(i,j) after B(i+1,j), W(i,j) after B(i,j), and
every hop to another stage costs the communication time.
"""

from collections.abc import Iterator
from typing import NamedTuple

Step = tuple[str, int, int]
"""Kind (F, B or W), microbatch, chunk."""


class Cell(NamedTuple):
    """A piece of work on one stage; `op` is F, B, W, or FB for DualPipe's overlapped pair."""

    start: float
    end: float
    op: str
    microbatch: int
    chunk: int


class Times(NamedTuple):
    """Durations of a stage and microbatch, in any one unit."""

    forward: float
    backward: float
    weights: float
    hop: float


def order(schedule: str, stage: int, stages: int, microbatches: int, chunks: int) -> list[Step]:
    """The order in which a stage of a schedule works; `chunks` counts only when interleaved."""
    if schedule == "interleaved":
        return list(_interleaved(stage, stages, microbatches, chunks))
    if schedule in ("zb_h1", "zb_h2"):
        return list(_zero_bubble(stage, stages, microbatches, deep=schedule == "zb_h2"))
    warm_up = microbatches if schedule == "gpipe" else min(microbatches, stages - stage - 1)
    return list(_one_forward_one_backward(warm_up, microbatches))


def _one_forward_one_backward(warm_up: int, microbatches: int) -> Iterator[Step]:
    for j in range(warm_up):
        yield "F", j, 0
    for j in range(microbatches):
        if warm_up + j < microbatches:
            yield "F", warm_up + j, 0
        yield "B", j, 0


def _interleaved(stage: int, stages: int, microbatches: int, chunks: int) -> Iterator[Step]:
    total = microbatches * chunks
    warm_up = min(total, 2 * (stages - stage - 1) + (chunks - 1) * stages)
    if microbatches == stages:
        warm_up = total
    for k in range(total + warm_up):
        if k < total:
            yield "F", *_place(k, stages, chunks)
        if k >= warm_up:
            microbatch, chunk = _place(k - warm_up, stages, chunks)
            yield "B", microbatch, chunks - 1 - chunk


def _place(k: int, stages: int, chunks: int) -> tuple[int, int]:
    """Microbatch and model chunk of the k-th forward chunk."""
    return k // (stages * chunks) * stages + k % stages, k % (stages * chunks) // stages


def _zero_bubble(stage: int, stages: int, microbatches: int, *, deep: bool) -> Iterator[Step]:
    warm_up = min(microbatches, 2 * (stages - stage) - 1 if deep else stages - stage)
    delay = 2 * stage if deep else stage
    forward, weights = warm_up, 0
    for j in range(warm_up):
        yield "F", j, 0
    for j in range(microbatches):
        yield "B", j, 0
        if j >= delay:
            yield "W", weights, 0
            weights += 1
        if forward < microbatches:
            yield "F", forward, 0
            forward += 1
    for j in range(weights, microbatches):
        yield "W", j, 0


def execute(orders: list[list[Step]], microbatches: int, chunks: int, times: Times) -> list[list[float]]:
    """Run every stage's order as soon as its dependencies allow; per stage the start of every step.

    Virtual stage `chunk·p + i` is chunk `chunk` of stage i; a forward needs the virtual stage
    before, a backward the one after, the last backward its own forward.
    """
    stages, m = len(orders), microbatches
    count, hop = stages * chunks, times.hop if stages > 1 else 0.0
    length = durations(times, chunks)
    # By virtual stage and microbatch: when F and B are done, and which stage waits for that.
    done: dict[str, list[float | None]] = {kind: [None] * (count * m) for kind in "FB"}
    waiting: dict[str, list[int | None]] = {kind: [None] * (count * m) for kind in "FB"}
    starts: list[list[float]] = [[] for _ in orders]
    free = [0.0] * stages
    ready = list(range(stages))
    while ready:
        i = ready.pop()
        mine, clock, steps = starts[i], free[i], orders[i]
        # By index: a stage resumes thousands of times, and must not walk its order from the start again.
        for at in range(len(mine), len(steps)):
            kind, j, chunk = steps[at]
            virtual = chunk * stages + i
            start = clock
            if kind != "W":
                needed = virtual - 1 if kind == "F" else virtual + 1
                if 0 <= needed < count:
                    arrival = done[kind][needed * m + j]
                    if arrival is None:
                        waiting[kind][needed * m + j] = i
                        break
                    if arrival + hop > start:
                        start = arrival + hop
            mine.append(start)
            clock = start + length[kind]
            if kind != "W":
                done[kind][virtual * m + j] = clock
                woken = waiting[kind][virtual * m + j]
                if woken is not None:
                    ready.append(woken)
        free[i] = clock
    return starts


def durations(times: Times, chunks: int) -> dict[str, float]:
    """How long a step of each kind takes."""
    return {"F": times.forward / chunks, "B": times.backward / chunks, "W": times.weights / chunks}


def peak_in_flight(steps: list[Step]) -> int:
    """Most chunks that a stage holds between the start of F and the end of B.

    A stage does one thing at a time, so its order alone decides; a release at the time of a
    start comes first, as it does in the order.
    """
    held = peak = 0
    for kind, _, _ in steps:
        if kind == "F":
            held += 1
            peak = max(peak, held)
        elif kind == "B":
            held -= 1
    return peak
