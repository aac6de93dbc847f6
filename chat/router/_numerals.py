"""Numerals as people write them: digits, powers, English words, Chinese characters.

Owns where a numeral begins and ends and what number it says, scale words such as "billion" and 亿 included.
Knows no unit. Invariant: what is found never begins or ends inside a word.
"""

import math
import re
from dataclasses import dataclass

DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,5}(?![\d])|\d{1,3}(?:_\d{3}){1,5}|\d{1,40})"
_REAL = rf"(?:{DIGITS}(?:\.\d{{1,18}})?(?:[eE][+-]?\d{{1,3}}(?![A-Za-z0-9]))?|(?<!\d)\.\d{{1,18}})"
_EXPONENT = r"(?:\^|\*\*)\s?[{(]?\s?[-+]?\d{1,3}\s?[})]?"
_ARABIC = re.compile(
    rf"(?P<power>(?:(?P<mantissa>{_REAL})\s?[x×·*]\s{{0,5}})?(?<![A-Za-z0-9_.])(?P<base>10|2)\s?(?P<exponent>{_EXPONENT}|的\s?\d{{1,3}}\s?次方?))"
    rf"|(?P<real>{_REAL})"
)
_SCALES = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mil": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6,
    "b": 1e9, "bn": 1e9, "bil": 1e9, "billion": 1e9, "billions": 1e9,
    "t": 1e12, "tn": 1e12, "trn": 1e12, "trillion": 1e12, "trillions": 1e12, "hundred": 100.0,
}  # fmt: skip
_HAN_SCALES = {
    "万亿": 1e12, "千亿": 1e11, "百亿": 1e10, "十亿": 1e9, "亿": 1e8, "千万": 1e7, "百万": 1e6, "十万": 1e5,
    "万": 1e4, "千": 1e3, "百": 100.0,
}  # fmt: skip
_SCALE = re.compile(
    r"\s?-?(?P<han>万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千|百(?!分|度))"
    r"|[\s-]?(?P<word>thousand|hundred|millions?|billions?|trillions?|mio|mil|bil|trn|[mbt]n)(?![A-Za-z])"
    r"|(?:\s(?!\w\s\d))?(?P<letter>[kKmMbBtT])(?![A-Za-z0-9]|/(?!\d)|\s?=)(?!-?(?:bit|byte))",
    re.IGNORECASE,
)
_SMALL = {
    word: float(value)
    for value, words in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
    for word in [words]
} | {
    word: 10.0 * (at + 2) for at, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
}  # fmt: skip
_SMALL |= {"fourty": 40.0, "dozen": 12.0, "pair": 2.0, "couple": 2.0}
del _SMALL["zero"]
_LARGE = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_ONE_WORD = "|".join(sorted((*_SMALL, *_LARGE), key=len, reverse=True))
_WORDS = re.compile(
    rf"(?<![A-Za-z0-9])(?:(?P<half>half an?|a half|a quarter of an?)[\s-])?(?:an?[\s-])?(?:{_ONE_WORD})"
    rf"(?:(?:[\s-]+(?:and[\s-]+)?|\s+point\s+)(?:{_ONE_WORD}))*(?![A-Za-z])",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"(?<![A-Za-z])(?:a |one )?single(?=\s)|单(?=[张块片台]|卡\s?\ue000|个\s?GPU)", re.IGNORECASE)
MOST_WORDS = 12
_HAN_DIGITS = {char: at for at, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_HAN = re.compile(
    r"[零〇一二两三四五六七八九十百千][零〇一二两三四五六七八九十百千万亿]*(?:点[零〇一二三四五六七八九]+(?:万亿|千亿|百亿|十亿|亿|千万|百万|万)?)?"
)
_NOT_HAN_BEFORE = re.compile(r"(?:[第同每唯统万进某另这那哪头均专初]|(?<!分)之)$")
_NOT_HAN_AFTER = re.compile(
    r"[般样共起些定直旦致边面方种维者类部阶][^\d]?|下(?!限)|点(?!\d|[零一二三四五六七八九])|分(?!钟|之)|度|篇|等"
)
_LEADING = re.compile(r"[百千](?!亿|万)|万")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in a text, scale included."""

    start: int
    end: int
    value: float
    scale: float = 1.0
    """What its scale word or letter stands for."""
    letter: str = ""
    """The scale as written where it is one letter, which may be a unit instead: m, b, t, g."""
    bare_end: int = 0
    """Where it ends without the scale."""
    weak: bool = False
    """A word such as "one", which is rarely an amount."""
    negative: bool = False

    @property
    def bare(self) -> float:
        """The number without its scale."""
        return tidy(self.value / self.scale)


def tidy(value: float) -> float:
    """Keep 15 digits: 4.1 times 1e9 is not 4099999999.9999995."""
    return float(f"{value:.15g}") if math.isfinite(value) else value


def numerals(text: str) -> list[Numeral]:
    """Every numeral of a folded text, in order; none overlap."""
    found = [*_arabic(text)]
    taken = [(item.start, item.end) for item in found]
    singles = (Numeral(m.start(), m.end(), 1.0, bare_end=m.end(), weak=True) for m in _SINGLE.finditer(text))
    for item in (*singles, *_words(text), *_han(text)):
        if all(item.end <= start or item.start >= end for start, end in taken):
            found.append(item)
    return sorted(found, key=lambda item: item.start)


def _scaled(text: str, start: int, end: int, value: float, *, weak: bool = False, negative: bool = False) -> Numeral:
    match = _SCALE.match(text, end)
    factor, letter = 1.0, ""
    if match and not (match["han"] and _counts_thousands(text, match)):
        if match["han"]:
            factor = _HAN_SCALES[match["han"]]
        else:
            written = (match["word"] or match["letter"]).lower()
            factor, letter = _SCALES[written], match["letter"] or ""
    else:
        match = None
    stop = match.end() if match else end
    return Numeral(start, stop, tidy(value * factor), factor, letter, end, weak, negative)


def _counts_thousands(text: str, match: re.Match[str]) -> bool:
    """千 and 百 begin other words: 千卡集群 after a number is no scale, 千瓦 and 千克 are units."""
    return match["han"] == "千" and text[match.end() : match.end() + 1] in ("瓦", "克", "字", "分")


def _arabic(text: str) -> list[Numeral]:
    found = []
    for match in _ARABIC.finditer(text):
        before = text[match.start() - 1] if match.start() else " "
        if before == "." and match.start() > 1 and text[match.start() - 2].isalnum():
            continue
        if match["power"]:
            exponent = int(re.sub(r"[^\d-]", "", match["exponent"]))
            value = _safe_power(float(match["base"]), exponent) * _number(match["mantissa"] or "1")
        else:
            value = _number(match["real"])
        if not math.isfinite(value):
            continue
        minus = before == "-" and (
            match.start() < 2 or not (text[match.start() - 2].isalnum() or text[match.start() - 2] in ")%")
        )
        found.append(_scaled(text, match.start(), match.end(), tidy(value), negative=minus))
    return found


def _number(written: str) -> float:
    return float(written.replace(",", "").replace("_", ""))


def _safe_power(base: float, exponent: int) -> float:
    try:
        return float(base**exponent) if base == 2 else float(f"1e{exponent}")
    except OverflowError:
        return math.inf


def _words(text: str) -> list[Numeral]:
    found = []
    for match in _WORDS.finditer(text):
        words = re.findall(r"[a-z]+", match[0].lower())
        if words[0] in ("half", "a") and match["half"]:
            words = words[match["half"].count(" ") + 1 :]
        words = [word for word in words if word not in ("a", "an", "and")]
        value, factor = _say(words), {"h": 0.5, "a": 0.25}.get((match["half"] or " ")[0].lower(), 1.0)
        if match["half"] and match["half"].lower() == "a half":
            factor = 0.5
        if value is None:
            continue
        end = match.end()
        if words[-1] in ("pair", "couple"):
            end += 3 if text.startswith(" of", end) else 0
        found.append(_scaled(text, match.start(), end, value * factor, weak=words in (["one"], ["pair"], ["couple"])))
    return found


def _say(words: list[str]) -> float | None:
    """Read English number words; None where there are more than a number has."""
    if len(words) > MOST_WORDS:
        return None
    if "point" in words:
        at = words.index("point")
        whole, digits = _say(words[:at]), words[at + 1 :]
        ones = [word for word in digits if word in _SMALL and _SMALL[word] < 10]
        scale = math.prod(_LARGE[word] for word in digits if word in _LARGE)
        if whole is None or not ones:
            return None
        return tidy((whole + float("0." + "".join(f"{_SMALL[word]:.0f}" for word in ones))) * scale)
    total, part = 0.0, 0.0
    for word in words:
        if word in _SMALL:
            if word == "dozen":
                part = (part or 1) * 12
            else:
                part += _SMALL[word]
        elif word == "hundred":
            part = (part or 1) * 100
        else:
            total += (part or 1) * _LARGE[word]
            part = 0.0
    return total + part


def _han(text: str) -> list[Numeral]:
    found = []
    for match in _HAN.finditer(text):
        written, end = match[0], match.end()
        if (
            _NOT_HAN_BEFORE.search(text[max(0, match.start() - 2) : match.start()])
            and written[0] in "一二三四五六七八九十"
        ):
            continue
        if _NOT_HAN_AFTER.match(text, end) or (written[0] in "千百" and not _is_amount(text, match)):
            continue
        value = _read_han(written)
        if value is None:
            continue
        vague = written in ("一", "百", "千", "万")
        found.append(Numeral(match.start(), end, value, 1.0, "", end, vague))
    return found


def _is_amount(text: str, match: re.Match[str]) -> bool:
    """千 and 百 without a digit are amounts before 亿, 万 or cards only: 千亿参数, 千卡, 百亿."""
    return (len(match[0]) > 1 and match[0][1] in "亿万") or text[match.end() : match.end() + 1] in ("卡", "张", "块")


def _read_han(written: str) -> float | None:
    """Read Chinese numerals; None where the characters make no number."""
    if "点" in written:
        whole, _, rest = written.partition("点")
        digits = re.match(r"[零〇一二三四五六七八九]+", rest)
        if digits is None:
            return None
        factor = _HAN_SCALES.get(rest[digits.end() :], 1.0)
        left = _read_han(whole)
        places = "".join(str(_HAN_DIGITS[char]) for char in digits[0])
        return None if left is None else tidy((left + float(f"0.{places}")) * factor)
    total, section, digit, seen = 0.0, 0.0, 0.0, False
    if len(written) > 1 and all(char in _HAN_DIGITS for char in written):
        return float("".join(str(_HAN_DIGITS[char]) for char in written))
    for char in written:
        if char in _HAN_DIGITS:
            digit, seen = float(_HAN_DIGITS[char]), char not in "零〇"
        elif char in _HAN_TENS:
            section += (digit if seen else 1) * _HAN_TENS[char]
            digit, seen = 0.0, False
        else:
            section += digit
            if char == "万":
                total += (section or 1) * 1e4
            else:
                total = (total + section or 1) * 1e8
            section, digit, seen = 0.0, 0.0, False
    return total + section + digit
