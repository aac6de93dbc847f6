"""Typed slots of the rules: what each kind of value looks like in text.

Owns the expressions behind `<quantity:slot>`; their reading is in `_numbers`. Knows no quantity.
Invariant: what a slot matches, its reader converts without error.
"""

from collections.abc import Callable
from dataclasses import dataclass

from calculators._configuration import _numbers as number
from calculators._configuration._numbers import DIGITS, DTYPES, NUMBER, POWER, SCALE, TIME_UNIT, WORDS, Value


@dataclass(frozen=True, slots=True)
class Slot:
    """A kind of value: what it looks like, and how it is read into its base unit."""

    pattern: str
    read: Callable[[str], Value]


EDGE = r"(?<![A-Za-z0-9_.])(?<!\d[,:])"
"""Stands before a slot that opens a pattern: not in the middle of a word or number."""
_END = r"(?![A-Za-z0-9_]|\.\d)"
_ALONE = r"(?![A-Za-z0-9])"
_WORD = "|".join(sorted(WORDS, key=len, reverse=True))
_HAN = r"(?:[二三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])(?![一二三四五六七八九十百千万])"
_COUNT = "|".join(
    (
        rf"{DIGITS}(?:\.\d+)?\s?[千万](?!亿)",
        rf"{DIGITS}(?:\s?k(?![A-Za-z]))?(?!\.\d|,\d|\d)",
        rf"\b(?:{_WORD})\b",
        _HAN,
    )
)
_SHARE = "|".join(
    (
        "[一二两三四五六七八九]成",
        r"0?\.\d+",
        r"[01](?:\.\d+)?(?![\d%])",
        r"\d{1,2}(?:\.\d+)?\s?(?:%|percent|per cent)",
        r"100\s?%",
    )
)
_LARGE = "billion|trillion|万亿|千亿|百亿|十亿|亿"
_BARE_GIGA = r"(?-i:[GT])(?!\s*(?:param|tok|model|data|参数|模型|个))"
"""80G is memory, but 1T parameters are not."""
_BYTE = rf"(?:[kmgtp]i?b(?:ytes?)?|{_BARE_GIGA}|bytes?)(?!\s?/\s?s|\s?ps\b|\s+per\s+s)"
_RATE = r"(?:[kmgt]i?(?:b|byte|bit)s?\s?(?:/|per\s)\s?s(?:ec(?:ond)?)?|(?-i:[KMGT]bps|[KMGT]Bps))"

SLOTS: dict[str, Slot] = {
    "int": Slot(rf"{DIGITS}(?!\.\d|,\d|\d|e[+-]?\d|[km](?![A-Za-z]))", lambda text: int(text.replace(",", ""))),
    "count": Slot(f"(?:{_COUNT})", number.read_count),
    "num": Slot(rf"(?:{POWER}|{NUMBER})(?:\s?{SCALE}(?![A-Za-z]))?", number.read_scaled),
    "signed": Slot(rf"(?<![A-Za-z0-9_.])[-+]?\s?{NUMBER}", number.read_signed),
    "share": Slot(f"(?:{_SHARE})", number.read_share),
    "params": Slot(rf"{NUMBER}\s?(?:(?-i:[BTM]){_ALONE}|million|百万|{_LARGE})", number.read_scaled),
    "smallb": Slot(rf"{NUMBER}\s?[bm]{_ALONE}", number.read_scaled),
    "large": Slot(rf"{NUMBER}\s?(?:(?-i:[BT]){_ALONE}|{_LARGE})", number.read_scaled),
    "length": Slot(rf"{NUMBER}(?:\s?[km]{_ALONE}|\s?[千万](?!亿))?", number.read_length),
    "longlength": Slot(
        rf"(?:{NUMBER}\s?[km]{_ALONE}|\d{{1,3}},\d{{3}}|\d{{3,18}}(?![\d.])|{NUMBER}\s?万(?!亿))", number.read_length
    ),
    "klength": Slot(rf"{DIGITS}\s?k{_ALONE}", number.read_length),
    "bytes": Slot(rf"{NUMBER}\s?{_BYTE}{_END}", number.read_bytes),
    "rate": Slot(rf"{NUMBER}\s?{_RATE}{_END}", number.read_rate),
    "flops": Slot(rf"{NUMBER}\s?(?:[tpg]|tera|peta|giga)-?flops?(?:\s?/\s?s(?:ec)?)?{_END}", number.read_flops),
    "flop": Slot(rf"(?:{POWER}|{NUMBER})\s?(?:[zepg]|zetta|exa|peta)?-?flops?{_END}", number.read_flops),
    "time": Slot(rf"{NUMBER}\s?(?:{TIME_UNIT})(?![A-Za-z])", number.read_seconds),
    "dtype": Slot(rf"(?<![A-Za-z0-9_])(?:{'|'.join(DTYPES)}){_ALONE}", number.read_width),
}
"""By name, as rules spell them in `<quantity:slot>`."""
