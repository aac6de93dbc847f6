"""The points of a sweep: even ratios, whole numbers, what the calculator refuses."""

import itertools

import pytest

from ui.calculator_catalogue import fields_by_name
from ui.calculator_state import CalculatorState
from ui.calculator_sweep import POINTS, default_range, grid, step_of, sweep, with_multiples


def field_of(calculator: str, name: str):  # type: ignore[no-untyped-def]
    return next(item for item in fields_by_name(calculator) if item.name == name)


def test_a_wide_range_goes_in_even_ratios() -> None:
    found = grid(1.0, 1e6, integer=False)
    ratios = [b / a for a, b in itertools.pairwise(found)]
    assert (found[0], found[-1], len(found)) == (1.0, 1e6, POINTS)
    assert max(ratios) / min(ratios) == pytest.approx(1, rel=1e-4)


def test_whole_numbers_hold_the_powers_of_two() -> None:
    found = grid(1, 1024, integer=True)
    assert {2.0**power for power in range(11)} <= set(found)
    assert all(value == int(value) for value in found)


def test_a_range_keeps_to_what_the_field_allows() -> None:
    alpha = field_of("spec_decode", "alpha")
    low, high = default_range(alpha, 0.8)
    assert 0 <= low < high == 1
    assert default_range(field_of("kv_cache", "tp"), 1)[0] >= 1


def test_what_is_refused_is_counted_and_left_out() -> None:
    inputs = {"layers": 80, "kv_heads": 8, "head_dim": 128}
    found = sweep("kv_cache", inputs, "bytes", "GiB", field_of("kv_cache", "tp"), [1, 2, 3, 4])
    assert [x for x, _ in found.points] == [1, 2, 4]
    assert found.refused == 1
    assert "tp=3" in found.reason


def test_a_field_with_a_rule_moves_in_its_steps() -> None:
    state = CalculatorState.read({"name": "activation_memory"})
    step = step_of(state, field_of("activation_memory", "layers"), 96)
    assert step == 24
    assert with_multiples([], step, 12, 100) == [24, 48, 72, 96]
    far = with_multiples([], 24, 24, 1e12)
    assert len(far) <= 4 * POINTS
    assert all(value % 24 == 0 for value in far)


def test_a_sweep_gives_the_calculators_own_numbers() -> None:
    found = sweep("pipeline_bubble", {"pp": 8, "schedule": "1f1b"}, "overhead", "1",
                  field_of("pipeline_bubble", "microbatches"), [7, 14, 70])  # fmt: skip
    assert [y for _, y in found.points] == pytest.approx([1, 0.5, 0.1])
