"""How units are spelled in English and Chinese, and what a number with each of them is in base units.

Owns the table of units. Finds no number. Invariant: a reading is a kind (bytes, rate, flops, flops_rate, time, share,
power, money, intensity, bits, gpu_hours, tokens_rate) with a value in its base unit.
"""

import re
from collections.abc import Callable

from chat.router._numerals import Numeral

DEVICE = "\ue000"
"""Stands in the text where an accelerator is named; a model's place is marked by `MODEL`."""
MODEL = "\ue001"
FLAGS = re.IGNORECASE
_PREFIX = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15, "e": 1e18, "z": 1e21}
_LONG = {"kilo": "k", "mega": "m", "giga": "g", "tera": "t", "peta": "p", "exa": "e", "zetta": "z"}
_PRE = r"(?P<pre>kilo|mega|giga|tera|peta|exa|zetta|[kKmMgGtTpPeEzZ])?"
_END = r"(?![A-Za-z])"
_PER_S = (
    rf"(?:\s?/\s?s(?:ec(?:onds?)?)?{_END}|ps{_END}|\s?(?:per|a|each|every)\s(?:sec(?:ond)?|s){_END}"
    r"|\s?/\s?秒|每秒|\s?s\^-1)"
)
_UNIT = rf"(?:GPU|TPU|card|device|chip|accelerator|instance|张?卡|{DEVICE}+)"
PER_GPU = rf"(?:\s?(?:/|per\s|每|a\s|on\seach\s|on\severy\s)\s?{_UNIT}s?)"
_PER_HOUR = (
    rf"(?:\s?(?:/|per|an?|each|every|一|每)?\s?{_UNIT}?s?[-·\s]*(?:/|per|an?|each|every|每|for\seach)?\s?个?"
    rf"(?:hours?|hrs?|h|小时|时){_END})"
)
_ADJECTIVE = r"(?:\s(?:peak|dense|sustained|achieved|effective|BF16|FP16|bf16|fp16))?"
_OPERATIONS = r"FLOPS|FLOPs|FLOP|flops|flop|Flops?|OPS|ops|次?浮点(?:运算|操作)?(?:次数)?"
_CARBON = r"(?:of\s)?(?:CO2?\s?-?e?q?(?:uiv(?:alent)?)?\s?)?(?:/|per|每)\s?(?:kWh|度|千瓦时)"
_MINUTE = r"minutes?|mins?|分钟|分(?=[\s,，。;；?？)）]|$|内|的|一次|左右|多)"
_TIMES: tuple[tuple[str, float], ...] = (
    (r"ns|nano-?sec(?:ond)?s?|纳秒", 1e-9),
    (r"[uμ]s|micro-?sec(?:ond)?s?|微秒", 1e-6),
    (r"ms|msecs?|milli-?sec(?:ond)?s?|毫秒", 1e-3),
    (r"seconds?|secs?|s|秒钟?", 1.0),
    (_MINUTE, 60.0),
    (r"hours?|hrs?|h|个?小时|个?钟头", 3600.0),
    (r"days?|d|天|日", 86_400.0),
    (r"weeks?|wks?|周|个?星期|个?礼拜", 604_800.0),
    (r"months?|个月", 2_592_000.0),
    (r"years?|yrs?|年", 31_557_600.0),
)
_TIME = "|".join(f"(?P<t{at}>{pattern})" for at, (pattern, _) in enumerate(_TIMES))

Reading = tuple[str, float]
Reader = Callable[[re.Match[str], Numeral], list[Reading]]


def _prefix(match: re.Match[str]) -> float:
    written = (match["pre"] or "").lower()
    return _PREFIX[_LONG.get(written, written)]


def _bytes(match: re.Match[str], number: Numeral) -> list[Reading]:
    letter = (match["pre"] or "").lower()
    letter = _LONG.get(letter, letter)
    factor = 1024.0 ** "_kmgtp".index(letter) if match["binary"] and letter else _PREFIX[letter]
    short = match[0].strip() == "mb" and number.bare == int(number.bare)
    return [("bytes", number.bare * factor), *([("mb", number.bare)] if short else [])]


def _colloquial_bytes(match: re.Match[str], number: Numeral) -> list[Reading]:
    return [("bytes", number.bare * _PREFIX[match["pre"][0].lower()])]


def _rate(match: re.Match[str], number: Numeral) -> list[Reading]:
    """Gb/s and gbps count bits; GB/s, GBps and all-lower-case gb/s count bytes."""
    letter, unit = match["pre"] or "", match["unit"]
    factor = _PREFIX[_LONG.get(letter.lower(), letter.lower())]
    if match["binary"]:
        factor = 1024.0 ** "_kmgt".index(letter.lower())
    small = unit == "b" and (letter.isupper() or match["per"].lower().startswith("ps"))
    bits = small or unit.lower().startswith(("bit", "比特"))
    return [("rate", number.bare * factor / (8 if bits else 1))]


def _flop(match: re.Match[str], number: Numeral) -> list[Reading]:
    """A rate with /s; else a rate with T or P, and an amount with E, Z or nothing."""
    value = number.bare * _prefix(match)
    if match["days"]:
        return [("flops", value * 86_400)]
    if match["per"]:
        return [("flops_rate", value)]
    letter = (match["pre"] or "").lower()[:1]
    if number.bare_end != number.end and not letter:
        value = number.value
    if value >= 1e19:
        return [("flops", value)]
    both = [("flops_rate", value), ("flops", value)]
    if match["unit"].endswith("S"):
        return both
    rate_first = letter in ("g", "t", "p") or (not letter and 1e11 <= value < 1e19)
    return both if rate_first else both[::-1]


def _short_flops(match: re.Match[str], number: Numeral) -> list[Reading]:
    """163tf and 1.2PF/s."""
    return [("flops_rate", number.bare * _PREFIX[(match["pre"] or match["low"]).lower()])]


def _flop_days(match: re.Match[str], number: Numeral) -> list[Reading]:
    return [("flops", number.bare * _PREFIX[match["pre"][0].lower()] * 86_400)]


def _time(match: re.Match[str], number: Numeral) -> list[Reading]:
    at = next(at for at in range(len(_TIMES)) if match[f"t{at}"] is not None)
    return [("time", number.value * _TIMES[at][1])]


def _times(kind: str, factor: float = 1.0) -> Reader:
    return lambda match, number: [(kind, number.value * factor)]


def _bits(match: re.Match[str], number: Numeral) -> list[Reading]:
    """No weight has more than 64 bits, and few have more than 32: the 128 of "group 128 bits per weight?" counts."""
    return [("bits", number.value), *([("number", number.value)] if number.value > WIDEST else [])]


WIDEST = 32
"""Bits of a number format."""


def _power(match: re.Match[str], number: Numeral) -> list[Reading]:
    small = {"千": 1e3, "兆": 1e6}.get(match["pre"] or "") or _PREFIX[(match["pre"] or "").lower()]
    return [("power", number.bare * small)]


def _small_watts(match: re.Match[str], number: Numeral) -> list[Reading]:
    """700w is a power, and in Chinese 700 × 10,000."""
    many = ("number", number.value * 1e4)
    power = ("power", number.bare)
    return [power, many] if 20 <= number.bare <= 3_000 else [many, power]


_GLUED_MEMORY = re.compile(r"g(?![A-Za-z0-9=])")
_LINK = re.compile(r"g(?=\s?(?:的)?(?:带宽|网|bandwidth|link|nic)\b)", FLAGS)
_WIDTH_BEFORE = re.compile(r"(?:bits?|int\d|awq|gptq|w\d|group|gs|分组)[\s-]*\d+$", FLAGS)
MEMORIES = frozenset((1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 94, 96, 141, 180, 192, 256, 512))
"""Gigabytes that cards and machines have: the g of 24g is one, that of "4bit-128g" a group."""


def _glued_memory(text: str, number: Numeral) -> int | None:
    match = _GLUED_MEMORY.match(text, number.bare_end)
    if match is None or number.bare not in MEMORIES or _WIDTH_BEFORE.search(text[: number.bare_end]):
        return None
    return match.end()


_TABLE: tuple[tuple[str, Reader, bool], ...] = (
    (
        rf"\s?(?:个)?\s?(?:tokens?|toks?|词元){_PER_S}{PER_GPU}?|\s?(?:tokens?|toks?){PER_GPU}{_PER_S}"
        rf"|\s?(?:t/s|tps){_END}",
        _times("tokens_rate"),
        True,
    ),
    (rf"[\s-]?{_PRE}(?P<binary>i)?(?P<unit>[bB](?:its?|ytes?)?|比特|字节)(?P<per>{_PER_S})", _rate, False),
    (rf"[\s-]?{_PRE}(?P<binary>i)?(?P<unit>bits?|bytes?)(?P<per>{_PER_S})", _rate, True),
    (
        rf"[\s-]?(?P<pre>PF|TF|GF|EF|peta|tera|exa|[PTGE])(?:LOP|FLOP|flop)?s?(?:/s)?-?\s?(?:s-)?-?days?{_END}",
        _flop_days,
        True,
    ),
    (
        rf"{_ADJECTIVE}[\s-]?{_PRE}-?\s?(?P<unit>{_OPERATIONS})(?P<per>{_PER_S}|/s)?(?P<days>-?days?)?{_END}{PER_GPU}?",
        _flop,
        False,
    ),
    (r"\s?(?:(?P<pre>[TP])F|(?P<low>[tp])f)(?:/s)?(?![A-Za-z0-9=-]|\s?=)", _short_flops, False),
    (
        rf"[\s-]?(?:(?:[A-Za-z]{{2,10}}|{DEVICE}+)[-\s])?{_UNIT}[-·\s]?(?:hours?|hrs?|h){_END}"
        rf"|\s?[个张]?\s?(?:{DEVICE}+\s?)?(?:GPU|TPU|{DEVICE}+|张?卡)\s?[·-]?\s?(?:个)?(?:小时|时)(?!间)",
        _times("gpu_hours"),
        True,
    ),
    (
        rf"[\s-]?(?:(?:[A-Za-z]{{2,10}}|{DEVICE}+)[-\s])?{_UNIT}[-·\s]?days?{_END}"
        rf"|\s?[个张]?\s?(?:{DEVICE}+\s?)?(?:GPU|TPU|{DEVICE}+|张?卡)\s?[·-]?\s?天",
        _times("gpu_hours", 24.0),
        True,
    ),
    (rf"\s?-?(?:GPU|TPU|{DEVICE}+|张?卡)[\s·-]?(?:years?{_END}|年)", _times("gpu_hours", 8_766.0), True),
    (rf"\s?(?:kg|千克|公斤)\s?{_CARBON}", _times("intensity"), True),
    (rf"\s?(?:g|克|grams?)\s?{_CARBON}", _times("intensity", 1e-3), True),
    (rf"\s?(?:\$|USD|US dollars?|dollars?|bucks|美元|美金|美刀|刀){_PER_HOUR}?", _times("money"), True),
    (rf"\s?(?:元|块钱|人民币|RMB|CNY|yuan|欧元|euros?|EUR|日元|yen){_PER_HOUR}?", _times("other_money"), True),
    (rf"\s?(?:cents?|美分){_PER_HOUR}?{_END}", _times("money", 0.01), True),
    (rf"\s?(?:%|percent(?:age)?|per\scent|pct){_END}", _times("share", 0.01), True),
    (r"\s?(?P<pre>[kKM千兆])?(?:W(?:atts?|ATTS?)?|watts?|瓦特?)(?![A-Za-z·时]|\s?=)(?!\s?-?hours?)", _power, False),
    (r"(?P<pre>)w(?![A-Za-z0-9·]|\s?=)", _small_watts, False),
    (rf"[\s-]?(?:bytes?|B|字节)\s?/\s?(?:params?|parameters?|weights?|参数){_END}", _times("bytes_each"), True),
    (rf"[\s-]?(?:bits?|比特|位(?!置|于|数))(?!\s?(?:/|per)\s?(?:s|sec)){_END}", _bits, True),
    (
        rf"[\s-]?{_PRE}(?P<binary>i)?(?:b(?:ytes?)?|B(?:ytes?)?)(?![A-Za-z0-9])(?<![\d\s-]b)(?<![\d\s-]B)",
        _bytes,
        False,
    ),
    (rf"[\s-]?(?P<pre>giga|mega|tera|kilo|peta)(?P<binary>)(?:bytes?){_END}", _bytes, True),
    (rf"\s?(?P<pre>gig|meg|ter)(?:s|abytes?)?{_END}", _colloquial_bytes, True),
    (rf"\s?(?P<pre>)(?P<binary>)(?:bytes?|字节){_END}", _bytes, True),
    (rf"[\s-]?(?:{_TIME})(?![A-Za-z]|\s?=|\d{{3,}})", _time, True),
)
"""Pattern, reader, and whether letter case is ignored; the first that matches holds."""
UNITS = tuple((re.compile(pattern, FLAGS if ignore else 0), read) for pattern, read, ignore in _TABLE)
MONEY_AFTER = re.compile(rf"\s?(?:USD)?{_PER_HOUR}?", FLAGS)
_BARE = re.compile(r"\s?(?P<pre>[GTM])(?![A-Za-z0-9]|\s?=)")


def bare_letter(text: str, number: Numeral) -> tuple[int, list[Reading]] | None:
    """What a letter alone behind a number may mean: 80G is memory, 1T or 40M may be a count as well."""
    link = _LINK.match(text, number.bare_end)
    if link is not None:
        return link.end(), [("rate_bare", number.bare * 1e9)]
    glued = _glued_memory(text, number)
    if glued is not None:
        return glued, [("bytes", number.bare * 1e9)]
    match = _BARE.match(text, number.bare_end)
    if match is None:
        return None
    letter = match["pre"].lower()
    value = number.bare * _PREFIX[letter]
    memory, count, rate = ("bytes", value), ("number", value if letter == "g" else number.value), ("rate_bare", value)
    return max(match.end(), number.end), [memory, count, rate] if letter == "g" else [count, memory, rate]
