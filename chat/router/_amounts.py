"""Numbers with their units, in base units: what each may mean, as far as its own letters say.

Owns fractions, tenths, prices and compound times; the units themselves are in `_measures`. A number may have several
readings ("40M" is a count or memory); which of them holds is for the caller, who knows what is asked. Invariant:
amounts do not overlap, and every one has a reading.
"""

import re
from dataclasses import dataclass, replace

from chat.router._measures import FLAGS, MONEY_AFTER, PER_GPU, UNITS, bare_letter
from chat.router._numerals import Numeral, numerals, tidy


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


LEAST_BYTES = 5_000
"""From here the B of "327,680 B" is bytes rather than billions."""
_MONEY = re.compile(r"(?:US|USD)?\s?\$\s?$")
_PERCENT_BEFORE = re.compile(r"百分之$")
_EACH_SECOND = re.compile(
    r"(?:每秒|per second)\s?(?:钟)?\s?(?:能|可以|可)?\s?"
    r"(?:生成|处理|输出|吞吐|吐|出|解码|跑|训练|达到)?\s?(?:约|大约)?$"
)
_EACH_KWH = re.compile(r"(?:每(?:一)?(?:度电?|千瓦时|kWh)|per kWh)\s?(?:排放|产生|碳排|对应|of|:)?\s?$", FLAGS)
_MASS = re.compile(r"\s?(?:kg|千克|公斤|(?P<grams>g|克|grams?))(?![A-Za-z])", FLAGS)
_TOKENS_AFTER = re.compile(r"\s?个?\s?(?:tokens?|toks?|词元)", FLAGS)
_TENTHS = re.compile(r"成(?![本功为就果员立长熟])(?:(?P<half>半)|(?P<ones>[一二三四五六七八九]))?")
_FRACTION = re.compile(
    r"(?<![A-Za-z])(?:(?P<half>half|one[\s-]half)(?=\s+(?:of\s+)?(?:the\s+|its\s+)?(?:peak|utili[sz]ation|MFU|efficiency|accept))"
    r"|(?P<third>a third|one[\s-]third)|(?P<thirds>two[\s-]thirds)|(?P<quarter>a quarter|one[\s-]quarter)"
    r"|(?P<quarters>three[\s-]quarters))(?![A-Za-z]|\sof\san?\s)|(?P<han>一半)|(?P<time>half an hour|半小时|半个小时)"
    r"|(?:(?<=rate )|(?<=rate: )|(?<=rate = )|(?<=rate=)|(?<=rate of )|(?<=率)|(?<=率 )|(?<=率为)|(?<=率是))"
    r"(?P<over>\d{1,2})/(?P<under>\d{1,3})(?![\d/])"
    r"|(?<![\d./A-Za-z])(?P<one>1)/(?P<parts>[3-9]|[1-9]\d)(?![\d/.%A-Za-z])"
    r"|(?P<day>half a day|半天)|(?P<year>half a year|半年)|(?P<month>半个月)|(?P<hour>an hour(?! and))(?<!per an hour)"
    r"|(?:(?<=\bover )|(?<=\bfor )|(?<=\bin )|(?<=\bwithin ))"
    r"(?:a (?P<aday>day)|a (?P<aweek>week)|a (?P<amonth>month)|a (?P<ayear>year))\b",
    FLAGS,
)
_SHARES = {"half": 0.5, "third": 1 / 3, "thirds": 2 / 3, "quarter": 0.25, "quarters": 0.75, "han": 0.5}
_SPANS = {"time": 1_800.0, "day": 43_200.0, "year": 15_778_800.0, "month": 1_296_000.0, "hour": 3_600.0,
          "aday": 86_400.0, "aweek": 604_800.0, "amonth": 2_592_000.0, "ayear": 31_557_600.0}  # fmt: skip


def amounts(text: str) -> list[Amount]:
    """Every number of a folded text with its unit, in order; compound times ("1 h 30 min") are one."""
    found = _fractions(text)
    taken = [(item.start, item.end) for item in found]
    found += [
        _amount(text, numeral)
        for numeral in numerals(text)
        if all(numeral.end <= start or numeral.start >= end for start, end in taken)
    ]
    return _compound(text, sorted(found, key=lambda item: item.start))


def _amount(text: str, number: Numeral) -> Amount:
    before = text[max(0, number.start - 16) : number.start]
    money = _MONEY.search(before)
    if money:
        after = MONEY_AFTER.match(text, number.end)
        start, end = number.start - len(money[0].lstrip()), after.end() if after else number.end
        return Amount(start, end, number, (("money", number.value),))
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
    if _EACH_KWH.search(before):
        mass = _MASS.match(text, number.end)
        if mass is not None:
            factor = 1e-3 if mass["grams"] else 1.0
            return Amount(number.start, mass.end(), number, (("intensity", tidy(number.value * factor)),))
    return _with_unit(text, number)


_VALUE_BEHIND = re.compile(r"\s?[=:]?\s?\d")


def _with_unit(text: str, number: Numeral) -> Amount:
    """Try the units after the number with its scale, then after the number alone: 5 ms is no 5 million."""
    starts = dict.fromkeys((number.end, number.bare_end))
    for start in starts:
        for pattern, read in UNITS:
            match = pattern.match(text, start)
            if match is None or match.end() == start:
                continue
            used = number if start == number.end else Numeral(number.start, start, number.bare, bare_end=start)
            found = tuple((kind, tidy(value)) for kind, value in read(match, used))
            if found[0][0] == "time" and number.letter == "m":
                continue
            if match[0] == " mb" and _VALUE_BEHIND.match(text, match.end()):
                continue  # "pp 8 mb 24": the name of the next number
            per_gpu = bool(re.search(PER_GPU, match[0], FLAGS)) and found[0][0] != "money"
            return Amount(number.start, match.end(), number, found, per_gpu)
    letter = bare_letter(text, number)
    if letter is not None:
        end, bare = letter
        return Amount(number.start, end, number, tuple((kind, tidy(value)) for kind, value in bare))
    readings: tuple[tuple[str, float], ...] = (("number", number.value),)
    if number.letter == "B" and number.bare >= LEAST_BYTES:
        readings = (("bytes", number.bare), *readings)
    if number.letter == "m":
        readings += (("time", number.bare * 60),)
    return Amount(number.start, number.end, number, readings)


def _fractions(text: str) -> list[Amount]:
    found = []
    for match in _FRACTION.finditer(text):
        name = match.lastgroup or ""
        if match["over"] or match["one"]:
            share = int(match["over"] or 1) / max(1, int(match["under"] or match["parts"]))
            found.append(Amount(*match.span(), Numeral(*match.span(), share), (("share", share), ("number", share))))
            continue
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


def shared(bare: Amount, other: Amount) -> Amount:
    """The number of `bare` with the unit and the scale of `other`."""
    if not other.numeral.bare:
        return bare
    factor = bare.numeral.value / other.numeral.bare
    number = replace(
        bare.numeral, value=tidy(other.numeral.value * factor), scale=other.numeral.scale, letter=other.numeral.letter
    )
    readings = tuple((kind, tidy(value * factor)) for kind, value in other.readings)
    return replace(bare, numeral=number, readings=readings)


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
