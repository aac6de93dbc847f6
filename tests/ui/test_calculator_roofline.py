"""ui.calculator_roofline: the roof bends at the ridge, the load lies under it."""

import pytest

from ui.calculator_roofline import roofline, roofline_chart

CHIP = {"peak_flops": 312e12, "bandwidth": 2.0e12}


def test_the_roof_bends_at_the_ridge() -> None:
    found = roofline(CHIP)
    assert found is not None
    line, load = found
    assert load is None
    assert line[1] == {"x": pytest.approx(156.0), "y": pytest.approx(312e12)}
    assert line[0]["y"] == pytest.approx(312e9)
    assert line[2]["y"] == line[1]["y"]


@pytest.mark.parametrize(("batch", "bound"), [(1, "bytes"), (512, "arithmetic")])
def test_a_decode_step_moves_right_with_the_batch(batch: int, bound: str) -> None:
    found = roofline(CHIP | {"params": 7e9, "weight_bytes": 14e9, "batch": batch})
    assert found is not None
    load = found[1]
    assert load is not None
    assert load["x"] == pytest.approx(batch)
    assert (load["y"] < CHIP["peak_flops"]) == (bound == "bytes")


@pytest.mark.parametrize("inputs", [{}, {"peak_flops": 1e12}, CHIP | {"bandwidth": -1.0}, CHIP | {"mystery": 1}])
def test_no_picture_without_a_sound_chip(inputs: dict[str, float]) -> None:
    assert roofline(inputs) is None


def test_the_chart_can_be_drawn_in_both_themes() -> None:
    found = roofline(CHIP | {"params": 7e9, "weight_bytes": 14e9})
    assert found is not None
    for dark in (False, True):
        assert "layer" in roofline_chart(*found, dark).to_dict()
