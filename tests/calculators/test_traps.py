"""Published numbers that do not reproduce: each is recomputed, and says so in its own words."""

import re

import pytest

from calculators import Calculator, Trap, discover, run
from calculators.compute_optimal import closed_form_optimum
from tests.calculators.cases import agrees

TRAPS = [(calculator, trap) for calculator in discover().values() for trap in calculator.traps]
_IDS = [f"{calculator.name}-{number}" for number, (calculator, _) in enumerate(TRAPS)]
LEAST = 33
_SCALES = {"": 1, "T": 1e12, "B": 1e9, "M": 1e6}


def _numbers(text: str) -> list[float]:
    """The numbers in a sentence, also as 1.26e25, 26,703, 65.29B or a fraction's two parts."""
    found = re.findall(r"(\d[\d,]*(?:\.\d+)?(?:e\d+)?)([TBM]?)\b", text)
    numbers = [float(number.replace(",", "")) for number, _ in found]
    return numbers + [float(number.replace(",", "")) * _SCALES[scale] for number, scale in found]


@pytest.mark.parametrize(("calculator", "trap"), TRAPS, ids=_IDS)
def test_trap_is_told_in_full(calculator: Calculator, trap: Trap) -> None:
    assert trap.claim
    assert trap.outcome != trap.claim
    assert trap.cause
    assert trap.source


@pytest.mark.parametrize(("calculator", "trap"), TRAPS, ids=_IDS)
def test_trap_is_recomputed(calculator: Calculator, trap: Trap) -> None:
    if trap.case is None:
        pytest.skip("no single number comes out")
    case = trap.case
    value = run(calculator.name, case.inputs, case.output, case.unit).value
    assert agrees(value, case.value, case.rel_tol), (value, case.value)
    # What the sentence says comes out is what does.
    shown = [value, value * 100, value / 1e9, value / 100]
    assert any(agrees(item, number, 0.01) for number in _numbers(trap.outcome) for item in shown), value


def test_the_traps_of_the_field_are_told() -> None:
    told = " ".join(f"{trap.claim} {trap.outcome} {trap.cause}" for _, trap in TRAPS)
    assert len(TRAPS) >= LEAST
    for number in (
        "15.93", "11.28", "1.26e24", "1.26e25", "250,680", "250,880", "6,738,417,664", "6,738,415,616", "3m+p−1",
        "11.64%", "40.4%", "23,000", "26,703", "batch 52", "batch 67", "20.9", "15.7", "2.5625", "2.625", "513", "550",
        "2.3 TB", "2.47", "7.9", "28.8", "83.2", "13.8", "65.29", "64.86", "2.4B", "93.3%", "82.2%", "800 KB",
        "1.6 GB", "70.272", "329 GB", "one layer", "26%", "12 bytes", "8 devices",
    ):  # fmt: skip
        assert number in told, number


def test_the_closed_form_of_chinchilla_is_too_small() -> None:
    params, tokens = closed_form_optimum(5.76e23)
    assert params == pytest.approx(32e9, rel=0.01)
    assert 0.18 <= 1 - params / 40e9 <= 0.26
    assert 6 * params * tokens == pytest.approx(5.76e23)


def test_the_interleaved_rows_of_zero_bubble_come_out_higher() -> None:
    rows = (
        (8, 32, 4, 29.802, 29.428, 19.53, 0.577, 0.0628),
        (32, 128, 2, 10.408, 10.204, 7.703, 0.408, 0.1164),
    )
    for pp, m, v, f, b, w, hop, published in rows:
        inputs = {"schedule": "interleaved", "pp": pp, "microbatches": m, "interleave": v}
        inputs |= {"t_f": f, "t_b": b, "t_w": w, "t_comm": hop}
        assert 1.02 <= run("pipeline_simulator", inputs).value / published <= 1.04
