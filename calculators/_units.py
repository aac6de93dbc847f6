"""Units of the calculators' results and the conversion from base units.

Owns the table of units and nothing else. Refuses no number: whether a unit fits an output is
the request's business. Invariant: base units are the byte, one parameter, one token, one
FLOP, one FLOP/s, one byte/s, one US dollar, the second and the plain ratio.
"""

from calculators._base import Value

BYTES = ("B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB")
PARAMS = ("params", "B params", "M params")
TOKENS = ("tokens", "K tokens")
FLOP = ("FLOP", "PF-days")
FLOP_RATE = ("TFLOP/s", "PFLOP/s")
RATIO = ("1", "%")
PERCENT = ("%", "1")
SECONDS = ("s", "ms", "h", "days")
MILLISECONDS = ("ms", "s")

_LARGE: dict[str, int | float] = {
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
    "B params": 10**9, "M params": 10**6, "K tokens": 10**3,
    "PF-days": 86_400 * 10**15, "TFLOP/s": 10**12, "PFLOP/s": 10**15, "GB/s": 10**9, "M USD": 10**6,
    "h": 3_600, "days": 86_400, "years": 365.25 * 86_400,
}  # fmt: skip
"""Base units in one of the unit."""

_SMALL: dict[str, int] = {"%": 100, "ms": 1_000}
"""How many of the unit make one base unit."""


def convert(value: Value, unit: str) -> Value:
    """Express a value of base units in `unit`; units outside the table are base units themselves.

    A fraction is kept to 15 significant digits, all that a double can promise: 80·4·8 µs is
    2.56 ms, not 2.5599999999999996.
    """
    if isinstance(value, list):
        return value
    if unit in _LARGE:
        value = value / _LARGE[unit]
    elif unit in _SMALL:
        value = value * _SMALL[unit]
    if isinstance(value, int) or value.is_integer() or value != value:
        return value
    return float(f"{value:.15g}")
