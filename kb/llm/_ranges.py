"""Ranges of numbers as rules of a GBNF grammar: each text that a rule allows lies in the range.

Pure. The rules are exact for whole numbers, and for fractions of up to six decimals.
"""

import math
from fractions import Fraction

DECIMALS = 6
FRACTION = f'"." [0-9]{{0,{DECIMALS - 1}}} [1-9]'
"""A fraction that is not zero."""
DIGITS = 15
"""Digits of a number without a bound: more are not kept by a double."""


def whole(low: int | None, high: int | None) -> str:
    """Return alternatives for the whole numbers from `low` to `high`, None for no bound."""
    top = 10**DIGITS - 1
    low, high = -top if low is None else low, top if high is None else high
    parts = []
    if low < 0:
        parts.append(f'"-" ({_natural(max(1, -high), -low)})')
    if high >= 0:
        parts.append(_natural(max(0, low), high))
    return " | ".join(parts)


def decimal(low: float | None, high: float | None, *, above: bool = False, below: bool = False) -> str:
    """Return alternatives for the numbers from `low` to `high`; `above` and `below` leave out the bounds themselves."""
    parts = []
    if high is None or high > 0 or (high == 0 and not below):
        start = 0.0 if low is None or low < 0 else low
        parts += _positive(start, high, above=above and start == low, below=below)
    if low is None or low < 0:
        start = 0.0 if high is None or high > 0 else -high
        end = None if low is None else -low
        negative = _positive(start, end, above=start == 0 or (below and -start == high), below=above)
        parts += [f'"-" ({" | ".join(negative)})'] if negative else []
    return " | ".join(parts)


def _positive(low: float, high: float | None, *, above: bool, below: bool) -> list[str]:
    """Return alternatives for numbers without a sign."""
    top = float(10**DIGITS - 1) if high is None else high
    first = math.ceil(low) + (above and low == math.ceil(low))
    last = math.floor(top) - (below and top == math.floor(top))
    parts = [_natural(first, last)] if first <= last else []
    # A fraction after n lies strictly between n and n + 1.
    first, last = math.ceil(low), math.floor(top) - 1
    if first <= last:
        parts.append(f"({_natural(first, last)}) {FRACTION}")
    # Units that the range holds in part.
    for unit in sorted({math.floor(bound) for bound in (low, top) if bound != math.floor(bound)}):
        parts += _within(unit, Fraction(str(low)), Fraction(str(top)), above=above, below=below)
    return parts


def _within(unit: int, low: Fraction, high: Fraction, *, above: bool, below: bool) -> list[str]:
    """Return alternatives for the fractions after a whole number that lie in the range."""
    parts = []
    for count in range(1, DECIMALS + 1):
        scale = 10**count
        start, end = math.ceil((low - unit) * scale), math.floor((high - unit) * scale)
        start += above and start == (low - unit) * scale
        end -= below and end == (high - unit) * scale
        start, end = max(start, 1), min(end, scale - 1)
        if start <= end:
            parts.append(f'"{unit}." ({_same_length(str(start).zfill(count), str(end).zfill(count))})')
    return parts


def _natural(low: int, high: int) -> str:
    """Return alternatives for the whole numbers from `low` to `high`, 0 or more."""
    parts = []
    for length in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (length - 1) if length > 1 else 0)
        last = min(high, 10**length - 1)
        parts.append(_same_length(str(first), str(last)))
    return " | ".join(parts)


def _same_length(low: str, high: str) -> str:
    """Return alternatives for the digits from `low` to `high`, equally long."""
    if not low:
        return '""'
    rest = len(low) - 1
    if set(low[1:]) <= {"0"} and set(high[1:]) <= {"9"}:
        return f"{_digit(low[0], high[0])}{_any(rest)}"
    if low[0] == high[0]:
        return f'"{low[0]}" ({_same_length(low[1:], high[1:])})'
    parts = [f'"{low[0]}" ({_same_length(low[1:], "9" * rest)})']
    if int(high[0]) - int(low[0]) > 1:
        parts.append(f"{_digit(str(int(low[0]) + 1), str(int(high[0]) - 1))}{_any(rest)}")
    parts.append(f'"{high[0]}" ({_same_length("0" * rest, high[1:])})')
    return " | ".join(parts)


def _digit(low: str, high: str) -> str:
    return f'"{low}"' if low == high else f"[{low}-{high}]"


def _any(count: int) -> str:
    return f" [0-9]{{{count}}}" if count else ""
