"""The unit that a question asks for.

Owns the spellings of the calculators' units. Refuses a unit that the output does not have. Invariant: a unit that
stands at an amount of the question is that amount's, not the one asked for.
"""

import re
from collections.abc import Sequence

_SPELLINGS: tuple[tuple[str, str, bool], ...] = (
    ("GiB", r"GiB|gibibytes?", True), ("MiB", r"MiB|mebibytes?", True), ("TiB", r"TiB|tebibytes?", True),
    ("KiB", r"KiB|kibibytes?", True), ("GB", r"GBs?|gigabytes?|gigs?|个?\s?G(?![A-Za-zi])", True),
    ("TB", r"TBs?|terabytes?", True), ("MB", r"MBs?|megabytes?|兆字节", True), ("KB", r"[KkB]Bs?|kilobytes?", True),
    ("GB/s", r"GB/s|GBps|gigabytes per second", False), ("B", r"bytes|字节", False),
    ("PF-days", r"PF-?days?|petaflops?(?:/s)?-? ?days?|PFLOPs?(?:/s)?-? ?days?", False),
    ("TFLOP/s", r"TFLOPS?(?:/s)?|teraflops?(?:/s)?", False), ("PFLOP/s", r"PFLOPS?(?:/s)?|petaflops?(?:/s)?", False),
    ("FLOP", r"FLOPs?|浮点运算", False), ("ms", r"ms|milliseconds?|毫秒", False), ("s", r"seconds?|secs?|秒钟?", False),
    ("h", r"hours?|hrs?|个?小时|钟头", False), ("days", r"days?|天", False), ("years", r"years?|年", False),
    ("%", r"%|percent(?:age)?|per cent|百分之(?:几|多少)|百分比|百分数", False),
    (
        "B params",
        r"billions? of (?:parameters|params)|B params|billion (?:parameters|params)|how many billions?"
        r"|多少 ?B|几 ?B|多少个?十亿",
        False,
    ),
    ("M params", r"millions? of (?:parameters|params)|million (?:parameters|params)|M params", False),
    ("K tokens", r"K tokens|thousands? of tokens|thousand tokens", False),
)  # fmt: skip
_ASKS = (
    r"(?:\b(?:in|as|how many|what|number of|how much|which|into)\s+(?:the\s+)?"
    r"|多少个?\s?|几个?\s?|多大\s?|以\s?|用\s?|按\s?|换算成\s?|换成\s?|单位(?:是|为|用)?\s?"
    r"|(?:express(?:ed)?|answer|given?|result|shown?|report(?:ed)?|please)\s(?:it\s|me\s|the answer\s)?(?:in|as)\s+"
    r"|[(（]\s?)"
)
_PATTERNS = tuple(
    (unit, re.compile(rf"(?i:{_ASKS})(?:{pattern})(?![A-Za-z/])", 0 if exact else re.IGNORECASE))
    for unit, pattern, exact in _SPELLINGS
)
_TRAILING = tuple(
    (
        unit,
        re.compile(
            rf"(?:[,，;:：(（、]\s?|(?<=[A-Za-z?？])\s)(?:{pattern})\s?[?？)）]?\s?$", 0 if exact else re.IGNORECASE
        ),
    )
    for unit, pattern, exact in _SPELLINGS
)
_LOWER = {
    unit: re.compile(rf"(?i:{_ASKS})(?:{spelling})s?(?![A-Za-z/])")
    for unit, spelling in (("GB", "gb|Gb"), ("TB", "tb"), ("MB", "mb"), ("GiB", "gib"))
}
_SHARE = re.compile(r"百分之(?:几|多少)|\bpercentage\b", re.IGNORECASE)


_ALONE = tuple(
    (unit, re.compile(rf"(?<![A-Za-z0-9/])(?:{pattern})(?![A-Za-z/])", re.IGNORECASE))
    for unit, pattern, _ in _SPELLINGS
    if unit in ("GiB", "MiB", "TiB", "KiB", "PF-days")
)
"""Units that are rarely named but where they are asked for."""


_LAST = re.compile(r"(?<=[A-Za-z?？,，])\s(gb|tb|mb|kb|gib|tib|mib|kib)\s?[?？]?$", re.IGNORECASE)
"""A unit of bytes as the last word."""
_HOW_MANY = re.compile(
    r"(?<![A-Za-z0-9/])(TB|GB|MB|KB)(?=\s?(?i:per (?:GPU|card|device|rank|token|replica)|each\b|needed|required"
    r"|in total|total\b|[:?？]))"
)
"""A unit of bytes without a number, where a question asks for it: "=> GB per GPU?"."""


def unit_asked(text: str, units: Sequence[str], free: str = "") -> str | None:
    """The unit of these that a text asks for; None where it asks for none.

    `free` is the text without its amounts, whose units are their own.
    """
    if "%" in units and _SHARE.search(text):
        return "%"
    for unit, pattern in _PATTERNS:
        if unit in units and (pattern.search(text) or (unit in _LOWER and _LOWER[unit].search(text))):
            return unit
    ending = _LAST.search(text.rstrip())
    if ending is not None:
        last = next((unit for unit in units if unit.lower() == ending[1].lower()), None)
        if last is not None:
            return last
    for unit, pattern in _TRAILING:
        if unit in units and unit != "s" and pattern.search(text.rstrip()):
            return unit
    alone = next((unit for unit, pattern in _ALONE if unit in units and pattern.search(free)), None)
    found = None if alone else _HOW_MANY.search(free)
    return found[1] if found is not None and found[1] in units else alone
