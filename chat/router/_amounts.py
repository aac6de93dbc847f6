"""Numbers with their units, in base units: what each may mean, as far as its own letters say.

Owns the spelling of units in both languages. A number may have several readings ("40M" is a count or memory);
which of them holds is for the caller, who knows what is asked. Invariant: readings are in base units (byte,
byte/s, FLOP, FLOP/s, second, token/s, ratio, watt, US dollar, kg/kWh, bit, GPU-hour).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from chat.router._numerals import Numeral, numerals, tidy

DEVICE = "\ue000"
"""Stands in the text where an accelerator is named; a model's place is marked by `MODEL`."""
MODEL = "\ue001"
_PREFIX = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15, "e": 1e18, "z": 1e21}
_LONG = {"kilo": "k", "mega": "m", "giga": "g", "tera": "t", "peta": "p", "exa": "e", "zetta": "z"}
_PRE = r"(?P<pre>kilo|mega|giga|tera|peta|exa|zetta|[kKmMgGtTpPeEzZ])?"
_PER_S = r"(?:\s?/\s?s(?:ec(?:onds?)?)?(?![A-Za-z])|ps(?![A-Za-z])|\s?(?:per|a|each|every)\s(?:sec(?:ond)?|s)(?![A-Za-z])|\s?/\s?秒|每秒|\s?s\^-1)"
_PER_GPU = (
    rf"(?:\s?(?:/|per\s|每|a\s|on\seach\s|on\severy\s)\s?(?:GPU|card|device|chip|accelerator|TPU|张?卡|{DEVICE}+)s?)"
)
_HOUR = r"(?:hours?|hrs?|h|小时|时)(?![A-Za-z])"
_FLAGS = re.IGNORECASE


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with what its unit says it may be."""

    start: int
    end: int
    numeral: Numeral
    readings: tuple[tuple[str, float], ...]
    """Kind and value in base units, the likeliest first."""
    per_gpu: bool = False

    def read(self, kind: str) -> float | None:
        """The value as that kind; None if the unit speaks against it."""
        return next((value for name, value in self.readings if name == kind), None)

    @property
    def kind(self) -> str:
        """The likeliest kind."""
        return self.readings[0][0]


def _prefix(match: re.Match[str]) -> float:
    written = (match["pre"] or "").lower()
    return _PREFIX[_LONG.get(written, written)]


def _bytes(match: re.Match[str], number: Numeral) -> list[tuple[str, float]]:
    letter = (match["pre"] or "").lower()
    letter = _LONG.get(letter, letter)
    factor = 1024.0 ** "_kmgtp".index(letter) if match["binary"] and letter else _PREFIX[letter]
    return [("bytes", number.bare * factor)]


def _rate(match: re.Match[str], number: Numeral) -> list[tuple[str, float]]:
    letter, unit = match["pre"] or "", match["unit"]
    factor = _PREFIX[_LONG.get(letter.lower(), letter.lower())]
    if match["binary"]:
        factor = 1024.0 ** "_kmgt".index(letter.lower())
    # Gb/s and gbps count bits, GB/s and all-lower-case gb/s count bytes.
    small = unit == "b" and (letter.isupper() or match["per"].lower().startswith("ps"))
    bits = small or unit.lower().startswith(("bit", "比特"))
    return [("rate", number.bare * factor / (8 if bits else 1))]


def _flop(match: re.Match[str], number: Numeral) -> list[tuple[str, float]]:
    value = number.bare * _prefix(match)
    if match["days"]:
        return [("flops", value * 86_400)]
    if match["per"]:
        return [("flops_rate", value)]
    letter = (match["pre"] or "").lower()[:1]
    if number.bare_end != number.end and not letter:
        value = number.value
    if match["unit"].endswith("S") and value < 1e19 and match["unit"].lower() != "flop":
        return [("flops_rate", value), ("flops", value)]
    rate_first = letter in ("g", "t", "p") or (not letter and 1e11 <= value < 1e19)
    both = [("flops_rate", value), ("flops", value)]
    return both if rate_first and value < 1e19 else both[::-1]


_TIMES: tuple[tuple[str, float], ...] = (
    (r"ns|nano-?sec(?:ond)?s?|纳秒", 1e-9), (r"[uμ]s|micro-?sec(?:ond)?s?|微秒", 1e-6),
    (r"ms|msecs?|milli-?sec(?:ond)?s?|毫秒", 1e-3), (r"seconds?|secs?|s|秒钟?", 1.0),
    (r"minutes?|mins?|分钟?(?!之)", 60.0), (r"hours?|hrs?|h|个?小时|个?钟头", 3600.0), (r"days?|d|天|日", 86_400.0),
    (r"weeks?|wks?|周|个?星期|个?礼拜", 604_800.0), (r"months?|个月", 2_592_000.0), (r"years?|yrs?|年", 31_557_600.0),
)  # fmt: skip
_TIME = "|".join(f"(?P<t{at}>{pattern})" for at, (pattern, _) in enumerate(_TIMES))


def _time(match: re.Match[str], number: Numeral) -> list[tuple[str, float]]:
    at = next(at for at in range(len(_TIMES)) if match[f"t{at}"] is not None)
    return [("time", number.value * _TIMES[at][1])]


def _tokens_rate(match: re.Match[str], number: Numeral) -> list[tuple[str, float]]:
    return [("tokens_rate", number.value)]


def _times(kind: str, factor: float = 1.0) -> Callable[[re.Match[str], Numeral], list[tuple[str, float]]]:
    return lambda match, number: [(kind, number.value * factor)]


def _power(match: re.Match[str], number: Numeral) -> list[tuple[str, float]]:
    small = {"千": 1e3, "兆": 1e6}.get(match["pre"] or "") or _PREFIX[(match["pre"] or "").lower()]
    return [("power", number.bare * small)]


def _bare_letter(match: re.Match[str], number: Numeral) -> list[tuple[str, float]]:
    """80G is memory, 1T or 40M may be a count as well."""
    letter = match["pre"].lower()
    memory = ("bytes", number.bare * _PREFIX[letter])
    bare = ("rate_bare", memory[1])
    if letter == "g":
        return [memory, ("number", memory[1]), bare]
    return [("number", number.value), memory, bare]


_PER_HOUR = (
    rf"(?:\s?(?:/|per|an?|each|every|一|每)?\s?(?:GPU|card|device|chip|accelerator|TPU|instance|张?卡|{DEVICE}+)?s?[-·\s]*"
    rf"(?:/|per|an?|each|every|每|for\seach)?\s?个?{_HOUR})"
)
_UNITS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Numeral], list[tuple[str, float]]]], ...] = tuple(
    (re.compile(pattern, _FLAGS if ignore else 0), read)
    for pattern, read, ignore in (
        (rf"\s?(?:个)?\s?(?:tokens?|toks?|词元){_PER_S}{_PER_GPU}?|\s?(?:tokens?|toks?){_PER_GPU}{_PER_S}"
         rf"|\s?(?:t/s|tps)(?![A-Za-z])", _tokens_rate, True),
        (rf"[\s-]?{_PRE}(?P<binary>i)?(?P<unit>[bB](?:its?|ytes?)?|比特|字节)(?P<per>{_PER_S})", _rate, False),
        (rf"[\s-]?{_PRE}(?P<binary>i)?(?P<unit>bits?|bytes?)(?P<per>{_PER_S})", _rate, True),
        (r"[\s-]?(?P<pre>PF|TF|GF|EF|peta|tera|exa|[PTGE])(?:LOP|FLOP|flop)?s?(?:/s)?-?\s?(?:s-)?-?days?(?![A-Za-z])",
         lambda match, number: [("flops", number.bare * _PREFIX[match["pre"][0].lower()] * 86_400)], True),
        (rf"(?:\s(?:peak|dense|sustained|achieved|effective|BF16|FP16|bf16|fp16))?[\s-]?{_PRE}-?\s?(?P<unit>FLOPS|FLOPs|FLOP|flops|flop|Flops?|OPS|ops|次?浮点(?:运算|操作)?(?:次数)?)"
         rf"(?P<per>{_PER_S}|/s)?(?P<days>-?days?)?(?![A-Za-z]){_PER_GPU}?", _flop, False),
        (rf"[\s-]?(?:(?:[A-Za-z]{{2,10}}|{DEVICE}+)[-\s])?(?:GPU|TPU|card|chip|accelerator|device|{DEVICE}+)[-·\s]?(?:hours?|hrs?|h)(?![A-Za-z])"
         rf"|\s?个?\s?(?:{DEVICE}+\s?)?(?:GPU|TPU|{DEVICE}+|张?卡)\s?[·-]?\s?(?:个)?(?:小时|时)(?!间)", _times("gpu_hours"), True),
        (r"\s?(?:kg|千克|公斤)\s?(?:of\s)?(?:CO2?\s?-?e?q?(?:uiv(?:alent)?)?\s?)?(?:/|per|每)\s?(?:kWh|度|千瓦时)", _times("intensity"), True),
        (r"\s?(?:g|克|grams?)\s?(?:of\s)?(?:CO2?\s?-?e?q?(?:uiv(?:alent)?)?\s?)?(?:/|per|每)\s?(?:kWh|度|千瓦时)", _times("intensity", 1e-3), True),
        (r"\s?(?:USD|US dollars?|dollars?|bucks|美元|美金|美刀|刀)" + f"{_PER_HOUR}?", _times("money"), True),
        (rf"\s?(?:cents?|美分){_PER_HOUR}?(?![A-Za-z])", _times("money", 0.01), True),
        (r"\s?(?:%|percent(?:age)?|per\scent|pct)(?![A-Za-z])", _times("share", 0.01), True),
        (r"\s?(?P<pre>[kKM千兆])?(?:W(?:atts?)?|watts?|瓦特?)(?![A-Za-z·时])(?!\s?-?hours?)", _power, False),
        (r"[\s-]?(?:bits?|比特|位(?!置|于|数))(?!\s?(?:/|per)\s?(?:s|sec))(?![A-Za-z])", _times("bits"), True),
        (rf"[\s-]?{_PRE}(?P<binary>i)?(?:b(?:ytes?)?|B(?:ytes?)?)(?![A-Za-z0-9])(?<![\d\s-]b)(?<![\d\s-]B)", _bytes, False),
        (r"[\s-]?(?P<pre>giga|mega|tera|kilo|peta)(?P<binary>)(?:bytes?)(?![A-Za-z])", _bytes, True),
        (r"\s?(?P<pre>gig|meg|ter)(?:s|abytes?)?(?![A-Za-z])", lambda match, number: [("bytes", number.bare * _PREFIX[match["pre"][0].lower()])], True),
        (r"\s?(?P<pre>)(?P<binary>)(?:bytes?|字节)(?![A-Za-z])", _bytes, True),
        (rf"[\s-]?(?:{_TIME})(?![A-Za-z]|\s?=)", _time, True),
    )
)  # fmt: skip
_GIGA = re.compile(r"\s?(?P<pre>[GTM])(?![A-Za-z0-9]|\s?=)")
_MONEY = re.compile(r"(?:US|USD)?\s?\$\s?$")
_MONEY_AFTER = re.compile(rf"\s?(?:USD)?{_PER_HOUR}?", _FLAGS)
_PERCENT_BEFORE = re.compile(r"百分之$")
_EACH_SECOND = re.compile(
    r"(?:每秒|per second)\s?(?:钟)?\s?(?:能|可以|可)?\s?(?:生成|处理|输出|吞吐|吐|出|解码|跑|训练|达到)?\s?(?:约|大约)?$"
)
_TOKENS_AFTER = re.compile(r"\s?个?\s?(?:tokens?|toks?|词元)", _FLAGS)
_TENTHS = re.compile(r"成(?![本功为就果员立长熟])(?:(?P<half>半)|(?P<ones>[一二三四五六七八九]))?")
_MORE = re.compile(r"\s?半(?=[个天小]|$)")
_FRACTION = re.compile(
    r"(?<![A-Za-z])(?:(?P<half>half|one[\s-]half)(?=\s+(?:of\s+)?(?:the\s+|its\s+)?(?:peak|utili[sz]ation|MFU|efficiency|accept))"
    r"|(?P<third>a third|one[\s-]third)|(?P<thirds>two[\s-]thirds)|(?P<quarter>a quarter|one[\s-]quarter)"
    r"|(?P<quarters>three[\s-]quarters))(?![A-Za-z])|(?P<han>一半)|(?P<time>half an hour|半小时|半个小时)"
    r"|(?P<day>half a day|半天)|(?P<year>half a year|半年)|(?P<month>半个月)|(?P<hour>an hour(?! and))(?<!per an hour)",
    _FLAGS,
)
_SHARES = {"half": 0.5, "third": 1 / 3, "thirds": 2 / 3, "quarter": 0.25, "quarters": 0.75, "han": 0.5}
_SPANS = {"time": 1_800.0, "day": 43_200.0, "year": 15_778_800.0, "month": 1_296_000.0, "hour": 3_600.0}


def amounts(text: str) -> list[Amount]:
    """Every number of a folded text with its unit, in order; compound times ("1 h 30 min") are one."""
    found = [_amount(text, numeral) for numeral in numerals(text)]
    found += [item for item in _fractions(text) if all(item.end <= o.start or item.start >= o.end for o in found)]
    return _compound(text, sorted(found, key=lambda item: item.start))


def _amount(text: str, number: Numeral) -> Amount:
    before = text[max(0, number.start - 8) : number.start]
    money = _MONEY.search(before)
    if money:
        after = _MONEY_AFTER.match(text, number.end)
        return Amount(
            number.start - len(money[0]), after.end() if after else number.end, number, (("money", number.value),)
        )
    if _PERCENT_BEFORE.search(before):
        return Amount(number.start - 3, number.end, number, (("share", tidy(number.value / 100)),))
    tenths = _TENTHS.match(text, number.end)
    if tenths and number.value < 10 and not text[number.start].isdigit():
        extra = 0.05 if tenths["half"] else "零一二三四五六七八九".index(tenths["ones"] or "零") / 100
        return Amount(number.start, tenths.end(), number, (("share", tidy(number.value / 10 + extra)),))
    if _EACH_SECOND.search(text[max(0, number.start - 16) : number.start]):
        after = _TOKENS_AFTER.match(text, number.end)
        if after:
            return Amount(number.start, after.end(), number, (("tokens_rate", number.value),))
    return _with_unit(text, number)


def _with_unit(text: str, number: Numeral) -> Amount:
    """Try the units after the number with its scale, then after the number alone: 5 ms is no 5 million."""
    starts = dict.fromkeys((number.end, number.bare_end))
    for start in starts:
        for pattern, read in _UNITS:
            match = pattern.match(text, start)
            if match is None or match.end() == start:
                continue
            used = number if start == number.end else Numeral(number.start, start, number.bare, bare_end=start)
            readings = tuple((kind, tidy(value)) for kind, value in read(match, used))
            if readings[0][0] == "time" and number.letter == "m":
                continue
            per_gpu = bool(re.search(_PER_GPU, match[0], _FLAGS)) and readings[0][0] != "money"
            return Amount(number.start, match.end(), number, readings, per_gpu)
    giga = _GIGA.match(text, number.bare_end)
    if giga:
        readings = tuple((kind, tidy(value)) for kind, value in _bare_letter(giga, number))
        return Amount(number.start, max(giga.end(), number.end), number, readings)
    readings = (("number", number.value),)
    if number.letter == "m":
        readings += (("time", number.bare * 60),)
    return Amount(number.start, number.end, number, readings)


def _fractions(text: str) -> list[Amount]:
    found = []
    for match in _FRACTION.finditer(text):
        name = match.lastgroup or ""
        reading = ("share", _SHARES[name]) if name in _SHARES else ("time", _SPANS[name])
        found.append(
            Amount(
                match.start(),
                match.end(),
                Numeral(match.start(), match.end(), reading[1], weak=name == "hour"),
                (reading,),
            )
        )
    return found


_BETWEEN = re.compile(r"\s?(?:and\s|又|零)?\s?")


def _compound(text: str, found: list[Amount]) -> list[Amount]:
    """Join times that stand together, the larger unit first."""
    joined: list[Amount] = []
    for item in found:
        last = joined[-1] if joined else None
        if last and last.kind == item.kind == "time" and _BETWEEN.fullmatch(text, last.end, item.start):
            left, right = last.readings[0][1], item.readings[0][1]
            if right < left and item.numeral.value < 60 and not text[last.end : item.start].strip(" "):
                joined[-1] = Amount(last.start, item.end, last.numeral, (("time", left + right),))
                continue
        joined.append(item)
    return joined
