"""The timeline's picture as data: cells, overlaps, bubbles, merging, safe text."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import run
from calculators._schedules import Cell
from calculators._timeline_svg import (
    DARK,
    LIGHT,
    MOST_ROWS,
    NARROW,
    draw,
    in_flight,
    lay_out,
    measure,
    rows_shown,
    ticks,
)
from calculators.pipeline_simulator import SCHEDULES, timeline

SVG = "{http://www.w3.org/2000/svg}"


def settings_of(schedule: str) -> tuple[int, int, int]:
    return {"dualpipe": (4, 8, 1), "interleaved": (4, 8, 2)}.get(schedule, (4, 8, 1))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_wide_cells_are_drawn_one_by_one(schedule: str) -> None:
    for row in timeline(schedule, *settings_of(schedule)):
        drawn = lay_out(row, 20.0)
        assert len(drawn) == len(row)
        assert ["".join(op for op, _ in cell.bands) for cell in drawn] == [cell.op for cell in row]
        assert all(cell.label == str(own.microbatch + 1) for cell, own in zip(drawn, row, strict=True))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("scale", [20.0, 1.1, 0.3, 0.004])
def test_what_is_drawn_never_overlaps_and_covers_the_work(schedule: str, scale: float) -> None:
    p, _, v = settings_of(schedule)
    for row in timeline(schedule, p, 64, v):
        drawn = lay_out(row, scale)
        for left, right in pairwise(drawn):
            assert left.x + left.width <= right.x + 1e-6
        work = sum(cell.end - cell.start for cell in row) * scale
        # Gaps below half a pixel may be painted over, nothing else is added and no work is lost.
        assert work - 1e-6 <= sum(cell.width for cell in drawn) <= work + NARROW / 2 * len(row)
        assert drawn[0].x == pytest.approx(row[0].start * scale)
        assert drawn[-1].x + drawn[-1].width == pytest.approx(row[-1].end * scale)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_work_and_bubbles_add_up_to_the_whole(schedule: str) -> None:
    found = timeline(schedule, *settings_of(schedule))
    bubbles = measure(found)
    work = sum(cell.end - cell.start for row in found for cell in row)
    whole = bubbles.makespan * len(found)
    assert bubbles.against_makespan * whole + work == pytest.approx(whole)
    assert bubbles.against_ideal * work + work == pytest.approx(whole)
    assert bubbles.against_span <= bubbles.against_makespan + 1e-12


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["gpipe", "1f1b", "interleaved", "zb_h1", "zb_h2"]),
    st.integers(2, 6),
    st.integers(1, 4),
    st.sampled_from([(1.0, 1.0, 1.0), (1.0, 2.0, 0.5), (0.7, 1.3, 0.9)]),
)
def test_measures_agree_with_the_simulator(
    schedule: str, p: int, times: int, parts: tuple[float, float, float]
) -> None:
    inputs = {"schedule": schedule, "pp": p, "microbatches": p * times, "interleave": 2}
    inputs |= dict(zip(("t_f", "t_b", "t_w"), parts, strict=True))
    found = timeline(schedule, p, p * times, 2, t_f=parts[0], t_b=parts[1], t_w=parts[2])
    bubbles = measure(found)
    assert bubbles.makespan == pytest.approx(run("pipeline_simulator", inputs, "makespan").value)
    assert bubbles.against_span == pytest.approx(run("pipeline_simulator", inputs, "bubble_rate").value, abs=1e-9)
    assert bubbles.against_ideal == pytest.approx(run("pipeline_simulator", inputs, "overhead").value)
    assert in_flight(found[0]) == run("pipeline_simulator", inputs, "peak_in_flight_stage0").value
    assert in_flight(found[-1]) == run("pipeline_simulator", inputs, "peak_in_flight_last").value


def test_merged_cells_show_each_kind_by_its_time() -> None:
    row = [Cell(0, 0.2, "F", 0, 0), Cell(0.2, 0.8, "B", 0, 0), Cell(5, 8, "W", 0, 0)]
    merged, alone = lay_out(row, 1.0)
    assert (merged.label, merged.width) == ("", pytest.approx(0.8))
    assert dict(merged.bands) == pytest.approx({"F": 0.25, "B": 0.75})
    assert (alone.bands, alone.x) == ((("W", 1.0),), 5)


def test_a_bubble_between_narrow_cells_stays_visible() -> None:
    row = [Cell(0, 0.5, "F", 0, 0), Cell(1.2, 1.7, "F", 1, 0)]
    assert len(lay_out(row, 1.0)) == 2


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_picture_is_sound_and_says_what_it_shows(palette: object) -> None:
    pair = [(name, timeline(name, 4, 8)) for name in ("1f1b", "zb_h1")]
    root = ET.fromstring(draw(pair, palette))  # type: ignore[arg-type]
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Pipeline timeline: 1f1b and zb_h1"
    assert "4 stages, makespan 33" in (root.findtext(f"{SVG}desc") or "")
    fills = {path.get("fill") for path in root.iter(f"{SVG}path")}
    assert set(palette.work.values()) <= fills  # type: ignore[attr-defined]
    cells = sum((path.get("d") or "").count("M") for path in root.iter(f"{SVG}path") if path.get("fill-opacity"))
    assert cells == sum(len(row) for _, item in pair for row in item)
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"stage 1", "stage 4", "F forward", "W weight gradients", "bubble", "8"} <= words


def test_two_schedules_share_one_scale() -> None:
    root = ET.fromstring(draw([("long", timeline("1f1b", 4, 16)), ("short", timeline("1f1b", 4, 8))], LIGHT))
    idle = [float(rect.get("width") or 0) for rect in root.iter(f"{SVG}rect") if rect.get("fill-opacity") == "0.35"]
    assert idle[0] / idle[4] == pytest.approx((16 + 3) / (8 + 3), rel=1e-3)


def test_an_overlapped_pair_is_drawn_in_both_colours() -> None:
    found = timeline("dualpipe", 4, 8)
    pairs = sum(cell.op == "FB" for row in found for cell in row)
    root = ET.fromstring(draw([("dualpipe", found)], LIGHT))
    cells = sum((path.get("d") or "").count("M") for path in root.iter(f"{SVG}path") if path.get("fill-opacity"))
    assert pairs > 0
    assert cells == sum(map(len, found)) + pairs


def test_a_name_is_escaped() -> None:
    assert "<script>" not in draw([("<script>", timeline("1f1b", 2, 2))], LIGHT)


def test_many_stages_are_thinned_with_both_ends() -> None:
    shown = rows_shown(5000)
    assert len(shown) <= MOST_ROWS
    assert (shown[0], shown[-1]) == (0, 4999)
    assert rows_shown(MOST_ROWS) == list(range(MOST_ROWS))
    assert "stage of 1000 shown" in draw([("x", timeline("1f1b", 1000, 2))], LIGHT)


def test_a_hundred_thousand_cells_make_a_picture_of_bounded_size() -> None:
    found = timeline("1f1b", 16, 3125)
    assert sum(map(len, found)) == 100_000
    assert len(draw([("1f1b", found)], LIGHT)) < 1_500_000


@pytest.mark.parametrize("end", [0.0007, 0.9, 1, 27, 28.5, 1e6])
def test_ticks_are_round_and_within(end: float) -> None:
    found = ticks(end)
    assert found[0] == 0
    assert found[-1] <= end * (1 + 1e-9)
    assert 4 <= len(found) <= 10
