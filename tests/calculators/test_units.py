"""Units: the table, and conversion without the noise of doubles."""

import math

import pytest

from calculators._units import convert


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (2**30, "GiB", 1), (2**30, "GB", 1.073741824), (2**40, "TiB", 1), (1e12, "TB", 1), (2**20, "MiB", 1),
        (1e6, "MB", 1), (2**10, "KiB", 1), (1e3, "KB", 1), (5, "B", 5),
        (7e9, "B params", 7), (7e9, "M params", 7000), (7e9, "params", 7e9), (15_700, "K tokens", 15.7),
        (8.64e19, "PF-days", 1), (1e12, "TFLOP/s", 1), (1e15, "PFLOP/s", 1), (1e9, "GB/s", 1), (1e6, "M USD", 1),
        (0.457, "%", 45.7), (0.00256, "ms", 2.56), (86_400, "days", 1), (3_600, "h", 1), (31_557_600, "years", 1),
        (1.5, "x", 1.5), (24.08, "dB", 24.08),
    ],
)  # fmt: skip
def test_unit(value: float, unit: str, expected: float) -> None:
    assert convert(value, unit) == expected


def test_integers_and_lists_stay_and_noise_goes() -> None:
    assert convert(6_738_415_616, "params") == 6_738_415_616
    assert isinstance(convert(6_738_415_616, "params"), int)
    assert convert([1, 2], "list") == [1, 2]
    assert 80 * 4 * 8e-6 * 1000 != 2.56
    assert convert(80 * 4 * 8e-6, "ms") == 2.56
    assert convert(1e300, "B") == 1e300
    assert math.isclose(convert(1 / 3, "%"), 100 / 3, rel_tol=1e-14)  # type: ignore[arg-type]
