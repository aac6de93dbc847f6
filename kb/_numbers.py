"""Numbers in running text with their units, in English and Chinese.

Pure. Owns the table of units and what counts as a number: digits inside identifiers (H100, GPT-3,
1F1B, 2309.06180) are names, not numbers. Invariant: two numbers are equal only if their units
measure the same thing; values are in base units, so that 1.5 TB/s and 1,500 GB/s are one value.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from kb.text import simplify

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_DASHES = str.maketrans("−–—～〜", "---~~")
_SI = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}

# Spelled exactly: a bit is no byte.
_EXACT: dict[str, tuple[str, float]] = {"B": ("byte", 1), "b": ("bit", 1), "W": ("watt", 1), "V": ("volt", 1)}
for _prefix, _factor in {**_SI, "k": 1e3, **_BINARY}.items():
    _EXACT[f"{_prefix}B"] = ("byte", _factor)
    _EXACT[f"{_prefix}b"] = ("bit", _factor)
    _EXACT[f"{_prefix}bit"] = ("bit", _factor)
for _prefix, _factor in {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.items():
    _EXACT[f"{_prefix}W"] = ("watt", _factor)
    _EXACT[f"{_prefix}Wh"] = ("watt hour", _factor)
    _EXACT[f"{_prefix}Hz"] = ("hertz", _factor)
_EXACT["G"] = ("byte", 1e9)
_EXACT["M"], _EXACT["T"], _EXACT["K"], _EXACT["k"] = ("", 1e6), ("", 1e12), ("", 1e3), ("", 1e3)

_WORDS: dict[str, tuple[str, float]] = {}
for _unit, _names in {
    ("%", 1.0): "% percent percentage pct percentage-points percentage-point 个百分点 百分点",
    ("times", 1.0): "x × times fold 倍",
    ("second", 1.0): "s sec secs second seconds 秒 秒钟",
    ("second", 1e-3): "ms msec millisecond milliseconds 毫秒",
    ("second", 1e-6): "us µs μs microsecond microseconds 微秒",
    ("second", 1e-9): "ns nanosecond nanoseconds 纳秒",
    ("second", 60.0): "min mins minute minutes 分钟",
    ("second", 3600.0): "h hr hrs hour hours 小时",
    ("second", 86400.0): "d day days 天",
    ("second", 604800.0): "week weeks 周 星期",
    ("month", 1.0): "month months 个月",
    ("year", 1.0): "year years 年",
    ("byte", 1.0): "byte bytes 字节",
    ("byte", 1e9): "gigabyte gigabytes",
    ("bit", 1.0): "bit bits 位 比特",
    ("flop", 1.0): "flop flops",
    ("flop", 1e3): "kflop kflops",
    ("flop", 1e6): "mflop mflops",
    ("flop", 1e9): "gflop gflops",
    ("flop", 1e12): "tflop tflops teraflop teraflops",
    ("flop", 1e15): "pflop pflops petaflop petaflops",
    ("flop", 1e18): "eflop eflops exaflop exaflops",
    ("flop", 8.64e19): "pf-days pf-day petaflop/s-days",
    ("op", 1e12): "tops",
    ("dollar", 1.0): "usd dollar dollars 美元",
    ("yuan", 1.0): "yuan rmb 元",
    ("metre", 1e-9): "nm nanometre nanometer 纳米",
    ("hertz", 1.0): "hz",
    ("gpu", 1.0): "gpu gpus card cards 张 卡 块 gpus/tpus accelerator accelerators",
    ("layer", 1.0): "layer layers 层",
    ("stage", 1.0): "stage stages 级 阶段 个阶段",
    ("microbatch", 1.0): "microbatch microbatches micro-batch micro-batches 微批 微批次 个微批 个微批次",
    ("head", 1.0): "head heads 个头 头",
    ("token", 1.0): "token tokens tok 词元 个词元",
    ("node", 1.0): "node nodes host hosts server servers 节点 个节点 台",
    ("parameter", 1.0): "parameter parameters param params 参数",
    ("expert", 1.0): "expert experts 专家 个专家",
    ("request", 1.0): "request requests 请求 个请求",
    ("epoch", 1.0): "epoch epochs 轮",
    ("step", 1.0): "step steps iteration iterations 步",
    ("sample", 1.0): "sample samples example examples image images 样本",
    ("paper", 1.0): "paper papers 篇",
}.items():
    for _name in _names.split():
        _WORDS[_name] = _unit

PHYSICAL = frozenset(
    {"%", "times", "second", "month", "year", "byte", "bit", "flop", "op", "dollar", "yuan", "euro", "metre", "hertz",
     "watt", "watt hour", "volt"}
)  # fmt: skip
"""Dimensions without which a number says nothing; the others count things."""

_SCALE = {
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "mn": 1e6, "bn": 1e9,
    "万亿": 1e12, "十亿": 1e9, "百万": 1e6, "千万": 1e7, "亿": 1e8, "万": 1e4, "千": 1e3,
}  # fmt: skip
_SCALE_PATTERN = "|".join(sorted(_SCALE, key=len, reverse=True))
_NUMBER = re.compile(
    r"(?P<lead>[$¥€])?(?P<sign>(?<![\w.)\]%])[-+])?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:(?<=10)\^(?P<ten>-?\d{1,3})|[eE](?P<exp>[+-]?\d{1,3})(?![\w.]*[A-Za-z])|\s*[×x*·]\s*10\s*(?:\^|\*\*)?\s*\{?(?P<power>-?\d{1,3})\}?)?"
)
_AFTER = re.compile(
    rf"(?:(?P<si>[KMBTkbG])(?![A-Za-z0-9])|(?P<si_cjk>[KMBTkb])(?=[\u4e00-\u9fff])|\s?-?(?P<scale>{_SCALE_PATTERN})(?![a-z]))?"
    r"(?P<gap>\s{0,2}-?)(?P<unit>%|[×]|[A-Za-zµμ]+(?:-(?:points?|days?|batch(?:es)?)\b)?"
    r"|个?(?:百分点|阶段|微批次?|节点|专家|请求|头|月|词元)|参数"
    r"|[倍天周秒年步层级张卡块台轮篇元位]|秒钟|毫秒|微秒|纳秒|分钟|小时|星期|字节|比特|美元|纳米|样本|微批次?)?"
    r"(?P<per>\s?(?:/|per )\s?(?P<what>[A-Za-z]+|秒|卡|天))?"
)
_RANGE = re.compile(r"\s?(?:-|~|to|and|到|至|或|or)\s?$")
_DATE = re.compile(
    r"\b(?P<y>(?:19|20)\d\d)-(?P<m>0[1-9]|1[0-2])(?:-(?P<d>[0-3]\d))?(?![\d-])"
    r"|(?P<y2>(?:19|20)\d\d)\s?年\s?(?:(?P<m2>1[0-2]|[1-9])\s?月\s?(?:(?P<d2>[1-3]?\d)\s?日)?)?"
    r"|\b(?:(?P<d3>[1-3]?\d)(?:st|nd|rd|th)?\s+)?(?P<m3>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
    r"(?:\s+(?P<d4>[1-3]?\d)(?:st|nd|rd|th)?,?)?\s+(?P<y3>(?:19|20)\d\d)\b"
)
_MONEY = {"$": "dollar", "¥": "yuan", "€": "euro"}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_ARXIV = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?(?!\d)")
_CITATION = re.compile(r"\[\d{1,3}(?:\s?,\s?\d{1,3})*\]")
_LIST_MARK = re.compile(r"(?m)^\s*(?:\d{1,3}|[a-z])[.)]\s")
_ENGLISH = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fifteen": 15, "sixteen": 16, "twenty": 20, "thirty": 30, "thirty-two": 32, "forty": 40, "fifty": 50,
    "sixty": 60, "sixty-four": 64, "hundred": 100, "one hundred": 100,
}  # fmt: skip
_ADVERBS = {"twice": 2, "double": 2, "doubles": 2, "doubled": 2, "thrice": 3, "triple": 3, "triples": 3, "tripled": 3}
_SPELLED = re.compile(
    rf"\b(?:(?P<adverb>{'|'.join(_ADVERBS)})|(?P<word>{'|'.join(sorted(_ENGLISH, key=len, reverse=True))}))\b"
    r"(?:[\s-](?P<noun>[A-Za-z]+))?|(?P<han>[两二三四五六七八九十百]+)(?P<after>倍|个?[张卡层级步天周台篇位]|小时|分钟|个月|年)",
    re.I,
)
_HAN_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}


@dataclass(frozen=True, slots=True)
class Number:
    """A number as a text gives it."""

    value: float
    """In base units of its dimension: bytes, seconds, plain counts; percent stay percent."""
    unit: str
    """What it measures, such as `byte`, `token/second` or `layer`; empty where the text does not say."""
    step: float
    """Size of its last digit, in the same units: how exact it claims to be."""
    start: int
    end: int
    text: str
    spelled: bool = False
    """Written as a word."""

    @property
    def physical(self) -> bool:
        """Whether it has a unit of measure, not only something that is counted."""
        return self.unit.split("/")[0] in PHYSICAL

    def equals(self, other: "Number", *, rounded: bool = False) -> bool:
        """Tell whether two numbers say the same; `rounded`: this one may be the other, rounded."""
        if not _same_unit(self, other):
            return False
        if self.unit == other.unit == "date":
            return _same_date(int(self.value), int(other.value))
        slack = self.step * 0.5000001 if rounded else 1e-9 * max(abs(self.value), abs(other.value))
        return abs(self.value - other.value) <= slack


def _same_unit(one: Number, other: Number) -> bool:
    if one.unit == other.unit:
        return True
    if one.physical or other.physical or "date" in (one.unit, other.unit):
        return False
    # A source may leave out what it counts.
    return not one.unit or not other.unit or {one.unit, other.unit} <= {"gpu", "node", "rank", "device"}


def _same_date(one: int, other: int) -> bool:
    for part in (100, 10_000):
        if one % part == 0 or other % part == 0:
            one, other = one - one % part, other - other % part
    return one == other


def _form(text: str) -> tuple[str, list[int]]:
    """Return the text with digits, signs and characters in one form, and where each came from."""
    if text.isascii():
        return text, list(range(len(text)))
    out: list[str] = []
    where: list[int] = []
    raised = False
    for index, char in enumerate(text):
        if char in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻":
            form = ("" if raised else "^") + char.translate(_SUPERSCRIPT)
            raised = True
        else:
            raised = False
            # The full-width comma parts clauses, never thousands.
            form = char if char.isascii() or char in "，µμ" else unicodedata.normalize("NFKC", char).translate(_DASHES)
        out.append(form)
        where.extend([index] * len(form))
    return simplify("".join(out)), where


def is_unit(word: str) -> bool:
    """Tell whether a word, a rate such as TFLOP/s included, is a unit."""
    return all(_unit_of(part, attached=False, scaled=False) is not None for part in word.split("/") if part)


def numbers_in(text: str) -> list[Number]:
    """Return the numbers of a text in order, dates among them; markers of citations and lists are none."""
    form, where = _form(text)
    blank = [False] * len(form)
    for pattern in (_CITATION, _LIST_MARK, _ARXIV):
        for match in pattern.finditer(form):
            blank[match.start() : match.end()] = [True] * (match.end() - match.start())
    found = [*_dates(form, blank), *_digits(form, blank), *_spelled(form, blank)]
    found.sort(key=lambda number: number.start)
    return [replace(n, start=where[n.start], end=where[n.end - 1] + 1) for n in _with_ranges(form, found)]


def _dates(form: str, blank: list[bool]) -> Iterator[Number]:
    for match in _DATE.finditer(form):
        if any(blank[match.start() : match.end()]):
            continue
        year = int(match["y"] or match["y2"] or match["y3"])
        month = int(match["m"] or match["m2"] or 0) or (_MONTHS.index(match["m3"]) + 1 if match["m3"] else 0)
        day = int(match["d"] or match["d2"] or match["d3"] or match["d4"] or 0)
        blank[match.start() : match.end()] = [True] * (match.end() - match.start())
        if month:
            yield Number(year * 10_000 + month * 100 + day, "date", 1, match.start(), match.end(), match.group())
        yield Number(year, "", 1, match.start(), match.end(), match.group())


def _digits(form: str, blank: list[bool]) -> Iterator[Number]:
    at = 0
    while match := _NUMBER.search(form, at):
        at = match.end()
        if blank[match.start("digits")] or _in_identifier(form, match.start("digits")):
            # The rest of an identifier is none either: 70B of Llama-3-70B.
            at = max(at, _word_end(form, match.end()))
            continue
        made = _number(form, match)
        if made is None:
            at = max(at, _word_end(form, match.end()))
            continue
        at = max(at, made.end)
        yield made


def _in_identifier(form: str, start: int) -> bool:
    before = form[start - 1] if start else " "
    if before.isascii() and (before.isalnum() or before == "_"):
        return True
    joined = before in "-./" and start > 1 and form[start - 2].isascii() and form[start - 2].isalpha()
    # A letter, a joint and digits: GPT-3, p-1; but "in/8" or "to.5" do not occur.
    return joined and not form[max(0, start - 4) : start].endswith(("x-", "×-"))


def _word_end(form: str, at: int) -> int:
    while at < len(form) and form[at].isascii() and (form[at].isalnum() or _joins(form, at)):
        at += 1
    return at


def _joins(form: str, at: int) -> bool:
    return form[at] in "-_./" and at + 1 < len(form) and form[at + 1].isascii() and form[at + 1].isalnum()


LARGEST_POWER = 200
"""No measure has more digits, and a float holds no more than some 300."""


def _number(form: str, match: re.Match[str]) -> Number | None:
    """Read the number at a match with what follows it; None where it is part of a name."""
    digits = match["digits"].replace(",", "")
    power = int((match["ten"] or match["exp"] or match["power"] or "0")[:5])
    if abs(power) > LARGEST_POWER or len(digits) > LARGEST_POWER:
        return None
    if match["ten"]:
        digits = "1"
    sign = -1 if match["sign"] == "-" else 1
    value, step = sign * float(digits) * 10.0**power, 10.0 ** (power - len(digits.partition(".")[2]))
    after = _AFTER.match(form, match.end())
    assert after is not None
    end, unit, scale = match.end(), _MONEY.get(match["lead"] or "", ""), 1.0
    if si := after["si"] or after["si_cjk"]:
        # 80G of memory; 175B of parameters.
        scale, end = 1e9 if si in "bB" else _EXACT[si][1], match.end() + len(si)
        unit = unit or ("byte" if si == "G" else "")
    elif after["scale"]:
        scale, end = _SCALE[after["scale"]], after.end("scale")
    if word := after["unit"] or "":
        known = _unit_at(form, after, scaled=end > match.end())
        if known:
            unit, scale, end = known[0] or unit, scale * known[1], after.end("unit")
            per_second = _WORDS.get((after["what"] or "").lower()) == ("second", 1.0)
            # Only a rate is another thing: 16 GB per GPU are 16 GB, and FLOPS are FLOP/s as often as not.
            if per_second and unit not in ("", "flop"):
                unit, end = f"{unit}/second", after.end("per")
        elif word.isascii() and not after["gap"] and end == match.end():
            return None
    elif re.match(r"[A-Za-z_]|-[A-Z]", form[end : end + 2]):
        # 1F1B, 24-Game: names.
        return None
    return Number(value * scale, unit, step * scale, match.start(), end, form[match.start() : end])


def _unit_at(form: str, after: re.Match[str], *, scaled: bool) -> tuple[str, float] | None:
    """Return the unit after a number; None where the word is another, or goes on as a name."""
    word = after["unit"]
    rest = form[after.end("unit") :]
    if word.isascii() and rest[:1].isascii() and (rest[:1].isalnum() or rest[:1] == "_"):
        return None
    if word in "xX×" and rest.lstrip()[:1].isdigit():
        return None
    return _unit_of(word, attached=not after["gap"], scaled=scaled)


def _unit_of(word: str, *, attached: bool, scaled: bool) -> tuple[str, float] | None:
    if word in _EXACT and not (scaled and word in "KMTGk"):
        found = _EXACT[word]
        # "16 M of them": a letter apart from its number is no scale.
        return found if found[0] or attached else None
    low = word.lower()
    if low in ("d", "h", "s") and word != low:
        return None
    return _WORDS.get(word) or _WORDS.get(low)


def _spelled(form: str, blank: list[bool]) -> Iterator[Number]:
    for match in _SPELLED.finditer(form):
        if blank[match.start()]:
            continue
        if match["adverb"]:
            value, unit, end = float(_ADVERBS[match["adverb"].lower()]), "times", match.end("adverb")
        elif match["word"]:
            value, end = float(_ENGLISH[match["word"].lower()]), match.end("word")
            noun = (match["noun"] or "").lower()
            unit, factor = _WORDS.get(noun, ("", 1.0)) if len(noun) > 1 else ("", 1.0)
            value, end = value * factor, match.end("noun") if unit else end
        else:
            unit, factor = _WORDS.get(match["after"]) or _WORDS.get(match["after"].lstrip("个")) or ("", 1.0)
            value, end = _han_value(match["han"]) * factor, match.end()
        yield Number(value, unit, 1.0, match.start(), end, match.group(), True)


def _han_value(run: str) -> float:
    total, digit = 0, 0
    for char in run:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = _HAN_DIGITS[char]
    return float(total + digit)


def _with_ranges(form: str, found: list[Number]) -> Iterator[Number]:
    """Give the lower end of a range the unit of its upper end: 2 to 3x, 85 到 90%."""
    for number, following in zip_longest(found, found[1:]):
        if following and not number.unit and following.physical and _RANGE.match(form[number.end : following.start]):
            factor = following.value / _bare(following.text) if _bare(following.text) else 1.0
            yield replace(number, value=number.value * factor, unit=following.unit, step=number.step * factor)
        else:
            yield number


def _bare(text: str) -> float:
    match = re.match(r"[-+$¥€]*([\d,]+(?:\.\d+)?)", text)
    return float(match[1].replace(",", "")) if match else 0.0
