"""The quantities that a claim states: numbers with a unit of measure that are no part of a name.

Pure. Owns what of a claim is to be compared. Refuses the numbers of names: 4-bit inference, an 80 GB A100 and FP16 say
what is spoken of, not how much. Invariant: each number returned stands in the claim as written; a fraction is one.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from chat.estimates import value_of
from kb.evidence import Number, numbers_in
from kb.types import Language

_NAMED_BITS = re.compile(
    r"\s?-?\s?(?!per\b|or\b|and\b|on\b|in\b|for\b|is\b|at\b|to\b|as\b|with\b|by\b|of\b|each\b|instead\b|without\b|while\b)[A-Za-z]"
    r"|\s?的?(?:量化|推理|权重|模型|版本|精度|整数|浮点|格式|激活|训练|缓存|优化器|KV)"
)
_DEVICE = re.compile(
    r"\s?-?\s?(?:(?:NVIDIA|AMD|Nvidia)\s)?(?:[A-Z]{1,3}\d{2,4}[A-Z]?\b|RTX\b|GPUs?\b|cards?\b|TPUs?\b|accelerators?\b|[显]?卡)"
    r"(?!\s?(?:memory|的?显存|的?内存|of\b|VRAM|RAM))"
)
_ADJECTIVE = re.compile(r"\d-[A-Za-z]")
"""A 54-day run: what is spoken of."""
_NUMERATOR = re.compile(r"(?<![\w./])(\d+(?:\.\d+)?)\s?/\s?$")


def stated(claim: str) -> list[Number]:
    """Return the quantities of a claim, in order; sizes of devices only where nothing else is stated."""
    found = [
        _whole(number, claim) for number in numbers_in(claim) if number.physical and not _names_bits(number, claim)
    ]
    return [n for n in found if not _DEVICE.match(claim, n.end) and not _ADJECTIVE.search(n.text)] or found


def _names_bits(number: Number, claim: str) -> bool:
    """Tell whether a width says which thing is meant: 4-bit weights, but not 4.5 bits per weight."""
    if number.unit != "bit":
        return False
    return "-" in number.text or (not number.text.endswith("s") and _NAMED_BITS.match(claim, number.end) is not None)


def _whole(number: Number, claim: str) -> Number:
    """Return a number with what it divides: 34/12 days is one quantity."""
    over = _NUMERATOR.search(claim[: number.start])
    below = re.match(r"\d[\d,]*(?:\.\d+)?", number.text)
    if over is None or below is None or not float(below.group().replace(",", "")):
        return number
    unit = number.value / float(below.group().replace(",", "")) ** 2
    start = over.start(1)
    return replace(
        number, value=float(over[1]) * unit, step=0.0, start=start, text=claim[start : number.end], spelled=False
    )


def readings(claimed: list[Number], language: Language) -> Iterator[str]:
    """Yield how the fractions among the quantities were read."""
    for number in claimed:
        parts = re.fullmatch(r"([\d.]+)\s?/\s?([\d.,]+)(.*)", number.text.strip())
        if parts:
            value = float(parts[1]) / float(parts[2].replace(",", ""))
            shown = value_of(float(f"{value:.4g}"), parts[3].strip() or "1")
            if language != "en":
                yield f"“{number.text.strip()}”按分数读作 {parts[1]} ÷ {parts[2]} = {shown}。"
            else:
                yield f"“{number.text.strip()}” is read as a fraction: {parts[1]} ÷ {parts[2]} = {shown}."
