"""DualPipe's bidirectional schedule, for the picture.

Owns the order of DeepSeek's reference scheduler and its execution. Computes no bubble: the
closed form does. Invariant: half of the microbatches enter at either end, a stage holds the
layers of its mirror too, and every microbatch has one F, one B and one W (or a B that holds
its W) on every stage.
"""

from collections import Counter, deque
from collections.abc import Iterator

from calculators._schedules import Cell, Times

Piece = tuple[str, int]
"""Kind and direction: F, B (inputs only), G (whole backward) or W."""
Slot = tuple[Piece, ...]
"""One piece, or a forward and a whole backward that overlap."""


def _order(stage: int, stages: int, microbatches: int) -> Iterator[Slot]:
    """The eight phases of a stage; direction 0 is the one that enters nearer to this stage."""
    half, rank = stages // 2, min(stage, stages - 1 - stage)
    ahead = half - rank - 1
    for _ in range(2 * ahead):
        yield (("F", 0),)
    for _ in range(rank + 1):
        yield (("F", 0),)
        yield (("F", 1),)
    for _ in range(ahead):
        yield (("B", 1),)
        yield (("W", 1),)
        yield (("F", 1),)
    for step in range(microbatches // 2 - stages + rank + 1):
        if step == 0 and rank == half - 1:
            # The middle stages do not overlap their first pair: it would only lengthen the bubble.
            yield (("F", 0),)
            yield (("G", 1),)
        else:
            yield ("F", 0), ("G", 1)
        yield ("F", 1), ("G", 0)
    for _ in range(ahead):
        yield (("G", 1),)
        yield ("F", 1), ("G", 0)
    yield from _drain(rank, ahead)


def _drain(rank: int, ahead: int) -> Iterator[Slot]:
    """The last three phases: backward from both ends, the later half with its weights put off."""
    split = False
    for step in range(rank + 1):
        turn = step == (rank + 1) // 2
        split = split or (turn and rank % 2 == 1)
        yield (("B" if split else "G", 1),)
        split = split or (turn and rank % 2 == 0)
        yield (("B" if split else "G", 0),)
    for _ in range(ahead):
        yield (("W", 0),)
        yield (("B", 0),)
    for _ in range(rank + 1):
        yield (("W", 0),)


Task = tuple[str, int, int]
"""Kind, true direction, microbatch."""


class _Run:
    """One execution: what is done, and what each stage has counted off and put off."""

    def __init__(self, stages: int, times: Times, pair: float) -> None:
        self.stages, self.times, self.pair = stages, times, pair
        self.done: dict[tuple[str, int, int, int], float] = {}
        self.counts: list[Counter[tuple[str, int]]] = [Counter() for _ in range(stages)]
        self.put_off: list[deque[tuple[int, int]]] = [deque() for _ in range(stages)]
        self.cells: list[list[Cell]] = [[] for _ in range(stages)]

    def resolve(self, stage: int, slot: Slot) -> list[Task]:
        """Turn the order's relative directions into true ones and number the microbatches."""
        tasks: list[Task] = []
        for kind, relative in slot:
            direction = relative ^ (stage >= self.stages // 2)
            count = self.counts[stage]["F" if kind == "F" else "B", direction]
            tasks.append(("W", *self.put_off[stage][0]) if kind == "W" else (kind, direction, count))
        return tasks

    def ready(self, stage: int, task: Task) -> float | None:
        """When a task's dependency is there; None while that is unknown."""
        kind, direction, microbatch = task
        position = self._position(stage, direction)
        if kind == "W" or (kind == "F" and position == 0):
            return 0.0
        if kind != "F" and position == self.stages - 1:
            return self.done.get(("F", direction, position, microbatch))
        before = position - 1 if kind == "F" else position + 1
        arrival = self.done.get(("F" if kind == "F" else "B", direction, before, microbatch))
        return None if arrival is None else arrival + self.times.hop

    def place(self, stage: int, tasks: list[Task], start: float) -> None:
        """Record the cell of these tasks, from `start` or when the stage is free."""
        start = max(start, self.cells[stage][-1].end if self.cells[stage] else 0.0)
        times = self.times
        length = {"F": times.forward, "B": times.backward, "G": times.backward + times.weights, "W": times.weights}
        end = start + (self.pair if len(tasks) == 2 else length[tasks[0][0]])
        for kind, direction, microbatch in tasks:
            if kind == "W":
                self.put_off[stage].popleft()
                continue
            name = "F" if kind == "F" else "B"
            self.counts[stage][name, direction] += 1
            self.done[name, direction, self._position(stage, direction), microbatch] = end
            if kind == "B":
                self.put_off[stage].append((direction, microbatch))
        op = "FB" if len(tasks) == 2 else tasks[0][0].replace("G", "B")
        self.cells[stage].append(Cell(start, end, op, tasks[0][2], tasks[0][1]))

    def _position(self, stage: int, direction: int) -> int:
        return stage if direction == 0 else self.stages - 1 - stage


def dualpipe_cells(stages: int, microbatches: int, times: Times, pair: float) -> tuple[tuple[Cell, ...], ...]:
    """Per stage the cells of one batch; `pair` is the time of an overlapped forward and backward.

    A cell's chunk is its direction: 0 enters at the first stage, 1 at the last. An overlapped
    pair is one cell FB that bears the forward's microbatch and direction.
    """
    run = _Run(stages, times, pair)
    queues = [deque(_order(stage, stages, microbatches)) for stage in range(stages)]
    before = -1
    while (left := sum(map(len, queues))) != before:
        before = left
        for stage, queue in enumerate(queues):
            while queue:
                tasks = run.resolve(stage, queue[0])
                arrivals = [run.ready(stage, task) for task in tasks]
                if None in arrivals:
                    break
                queue.popleft()
                run.place(stage, tasks, max(at for at in arrivals if at is not None))
    assert not left, "the order of DualPipe waits for itself"
    return tuple(tuple(row) for row in run.cells)
