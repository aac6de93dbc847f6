"""The timeline behind the simulator: dependencies, orders, DualPipe, speed."""

import time
from itertools import pairwise

import pytest

from calculators import CalculatorError, run
from calculators._schedules import Cell, order, peak_in_flight
from calculators.pipeline_simulator import MAX_CELLS, SCHEDULES, timeline

Stages = tuple[tuple[Cell, ...], ...]


def _ends(stages: Stages, op: str) -> dict[tuple[int, int, int], tuple[float, float]]:
    """Start and end of every F, B or W by stage, chunk and microbatch."""
    return {
        (i, cell.chunk, cell.microbatch): (cell.start, cell.end)
        for i, cells in enumerate(stages)
        for cell in cells
        if cell.op == op
    }


def _check_dependencies(stages: Stages, chunks: int, hop: float) -> None:
    p = len(stages)
    forward, backward, weights = (_ends(stages, op) for op in "FBW")
    for (i, chunk, j), (start, _) in forward.items():
        before = (i - 1, chunk, j) if i else (p - 1, chunk - 1, j)
        assert before[1] < 0 or start >= forward[before][1] + hop - 1e-9
    for (i, chunk, j), (start, _) in backward.items():
        assert start >= forward[i, chunk, j][1] - 1e-9
        after = (i + 1, chunk, j) if i < p - 1 else (0, chunk + 1, j)
        assert after[1] >= chunks or start >= backward[after][1] + hop - 1e-9
    for place, (start, _) in weights.items():
        assert start >= backward[place][1] - 1e-9


@pytest.mark.parametrize("schedule", [name for name in SCHEDULES if name != "dualpipe"])
@pytest.mark.parametrize(("p", "m", "v"), [(1, 3, 1), (2, 2, 2), (4, 8, 2), (4, 4, 3), (5, 15, 1), (8, 8, 1)])
def test_every_cell_waits_for_what_it_needs(schedule: str, p: int, m: int, v: int) -> None:
    if schedule == "interleaved" and p == 1:
        pytest.skip("interleaving needs two stages")
    stages = timeline(schedule, p, m, v, t_f=1.0, t_b=1.5, t_w=0.5, t_comm=0.25)
    chunks = v if schedule == "interleaved" else 1
    _check_dependencies(stages, chunks, 0.25)
    kinds = 3 if schedule.startswith("zb") else 2
    for cells in stages:
        assert len(cells) == kinds * m * chunks
        assert len({(cell.op, cell.chunk, cell.microbatch) for cell in cells}) == len(cells)
        assert all(later.start >= earlier.end for earlier, later in pairwise(cells))
        assert sum(cell.end - cell.start for cell in cells) == pytest.approx(m * 3.0)


def test_orders_begin_as_the_papers_draw_them() -> None:
    assert [kind for kind, _, _ in order("1f1b", 0, 4, 8, 1)][:8] == list("FFFFBFBF")
    assert [kind for kind, _, _ in order("1f1b", 3, 4, 8, 1)][:4] == list("FBFB")
    assert [kind for kind, _, _ in order("gpipe", 2, 4, 3, 1)] == list("FFFBBB")
    assert [kind for kind, _, _ in order("zb_h1", 0, 3, 6, 1)][:8] == list("FFFBWFBW")
    assert [kind for kind, _, _ in order("zb_h1", 2, 3, 6, 1)][:8] == list("FBFBFBWF")
    assert [kind for kind, _, _ in order("zb_h2", 0, 3, 6, 1)][:6] == list("FFFFFB")
    places = [(j, chunk) for kind, j, chunk in order("interleaved", 0, 2, 4, 2) if kind == "F"]
    assert places == [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (3, 0), (2, 1), (3, 1)]
    first_backward = next(step for step in order("interleaved", 1, 2, 4, 2) if step[0] == "B")
    assert first_backward == ("B", 0, 1)


def test_activations_in_flight() -> None:
    for schedule, first, last in (("gpipe", 8, 8), ("1f1b", 4, 1), ("zb_h1", 4, 1), ("zb_h2", 7, 1)):
        stages = [order(schedule, stage, 4, 8, 1) for stage in (0, 3)]
        assert [peak_in_flight(steps) for steps in stages] == [first, last]


def test_a_span_is_not_the_makespan() -> None:
    job = {"schedule": "zb_h2", "pp": 4, "microbatches": 8}
    assert run("pipeline_simulator", job, "bubble_rate").value == 0
    assert run("pipeline_simulator", job, "overhead").value == pytest.approx(3 / 24)


@pytest.mark.parametrize(("p", "m"), [(2, 4), (4, 8), (4, 10), (6, 12), (8, 16), (8, 20), (16, 40)])
@pytest.mark.parametrize(("f", "b", "w"), [(1.0, 1.0, 1.0), (2.0, 2.0, 1.0)])
def test_dualpipe_agrees_with_its_closed_form(p: int, m: int, f: float, b: float, w: float) -> None:
    stages = timeline("dualpipe", p, m, t_f=f, t_b=b, t_w=w)
    makespan = max(cells[-1].end for cells in stages)
    inputs = {"schedule": "dualpipe", "pp": p, "microbatches": m, "t_f": f, "t_b": b, "t_w": w}
    bubble = run("pipeline_bubble", inputs, "bubble_time").value
    assert makespan == pytest.approx(m * (f + b + w) + bubble)


def test_dualpipe_is_symmetric_and_complete() -> None:
    p, m = 8, 20
    stages = timeline("dualpipe", p, m, t_f=1, t_b=1, t_w=1, t_fb=2.5)
    for i, cells in enumerate(stages):
        mirror = stages[p - 1 - i]
        assert [(c.start, c.end, c.op) for c in cells] == [(c.start, c.end, c.op) for c in mirror]
        ops = [cell.op for cell in cells]
        assert ops.count("F") + ops.count("FB") == m
        assert ops.count("B") + ops.count("FB") == m
        assert set(ops) <= {"F", "B", "W", "FB"}
        forwards = [(cell.chunk, cell.microbatch) for cell in cells if "F" in cell.op]
        assert sorted(forwards) == [(direction, j) for direction in (0, 1) for j in range(m // 2)]


@pytest.mark.parametrize(
    ("schedule", "p", "m", "field"),
    [("dualpipe", 3, 8, "pp"), ("dualpipe", 4, 6, "microbatches"), ("round_robin", 4, 8, "schedule"),
     ("1f1b", 1001, 100, "pp"), ("interleaved", 4, 6, "microbatches")],
)  # fmt: skip
def test_a_timeline_refuses_what_cannot_be_drawn(schedule: str, p: int, m: int, field: str) -> None:
    with pytest.raises(CalculatorError) as error:
        timeline(schedule, p, m)
    assert error.value.field == field


@pytest.mark.parametrize(("schedule", "v"), [("1f1b", 1), ("interleaved", 10), ("zb_h2", 1)])
def test_a_hundred_thousand_cells_are_fast(schedule: str, v: int) -> None:
    job = {"schedule": schedule, "pp": 100, "microbatches": MAX_CELLS // 100 // v, "interleave": v, "t_comm": 0.1}
    before = time.process_time()
    run("pipeline_simulator", job)
    # Well under two seconds on a quiet machine; the rest is for a busy one.
    assert time.process_time() - before < 4
