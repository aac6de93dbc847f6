"""Numbers with their units, as people write them in English and Chinese, in base units.

Owns the spelling of digits, scales, units and number formats, and the length-preserving clean-up of
text before matching. Knows no quantity and searches no text. Invariant: `plain` keeps every offset.
"""

import re

Value = int | float | str

DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,18})"
"""Bounded, so that a long run of digits costs no more than its length."""
NUMBER = rf"(?:{DIGITS}(?:\.\d{{1,18}})?(?:e[+-]?\d{{1,3}})?|\.\d{{1,18}})"
POWER = rf"(?:{NUMBER}\s*[x×·*]\s*)?10\s*(?:\^|\*\*)\s*\{{?-?\d{{1,3}}\}}?"
_SCALES = {
    "k": 10**3, "thousand": 10**3, "千": 10**3, "万": 10**4, "m": 10**6, "million": 10**6, "百万": 10**6,
    "千万": 10**7, "亿": 10**8, "b": 10**9, "g": 10**9, "bn": 10**9, "billion": 10**9, "十亿": 10**9,
    "百亿": 10**10, "千亿": 10**11, "t": 10**12, "tn": 10**12, "trillion": 10**12, "万亿": 10**12,
    "p": 10**15, "e": 10**18,
}  # fmt: skip
SCALE = r"(?:万亿|千亿|百亿|十亿|亿|千万|百万|万|thousand|million|billion|trillion|bn|tn|[kmbt])"
WORDS = {
    word: value
    for value, words in {
        1: "one single", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine",
        10: "ten", 12: "twelve", 16: "sixteen", 32: "thirty-two", 64: "sixty-four",
    }.items()
    for word in words.split()
}  # fmt: skip
_HAN = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_BYTE_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15}
_TIMES = (
    (r"ns|纳秒", 1e-9), (r"us|μs|microseconds?|微秒", 1e-6), (r"ms|msec|milliseconds?|毫秒", 1e-3),
    (r"minutes?|mins?|分钟", 60.0), (r"hours?|hrs?|h|小时", 3600.0), (r"days?|d|天|日", 86400.0),
    (r"seconds?|secs?|s|秒", 1.0), (r"weeks?|周", 604800.0), (r"months?|个月", 2592000.0),
)  # fmt: skip
TIME_UNIT = "|".join(pattern for pattern, _ in _TIMES)
DTYPES: dict[str, tuple[str, float]] = {
    r"(?:fp|float)[- ]?32|single[- ]precision|单精度|32[- ]?bits?": ("fp32", 4),
    r"tf[- ]?32": ("tf32", 4),
    r"bf(?:loat)?[- ]?16": ("bf16", 2),
    r"(?:fp|float)[- ]?16|half[- ]precision|半精度|16[- ]?bits?|16\s?比特": ("fp16", 2),
    r"(?:fp|float)[- ]?8(?!\.?\d)|e4m3|e5m2": ("fp8", 1),
    r"int[- ]?8|w8a8|w8a16|8[- ]?bits?|8\s?比特": ("int8", 1),
    r"(?:nv|mx)?fp[- ]?4(?!\d)|nf4": ("fp4", 0.5),
    r"int[- ]?4|w4a16|w4a8|w4a4|4[- ]?bits?|4\s?比特": ("int4", 0.5),
    r"int[- ]?3|w3a16|3[- ]?bits?|3\s?比特": ("int3", 0.375),
    r"int[- ]?2|2[- ]?bits?|2\s?比特": ("int2", 0.25),
}  # fmt: skip
_TRADITIONAL = "顯層張訓練單塊節點頭維詞權級階數並長個時間氣線檢專億萬憶體運顆幾參緩"
_SIMPLIFIED = "显层张训练单块节点头维词权级阶数并长个时间气线检专亿万忆体运颗几参缓"
_SAME_WIDTH = str.maketrans(
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys("\u3000\xa0\u2009\u202f\ue000\ue001", " ")  # the last two are the marks of masked names
    | dict.fromkeys("‐‑‒–—−", "-")
    | {"µ": "μ", "。": ".", "、": ";", "，": ";", "≈": "~", "～": "~"}
    | dict(zip(_TRADITIONAL, _SIMPLIFIED, strict=True))
)  # fmt: skip


def plain(text: str) -> str:
    """Fold full-width forms, dashes and traditional characters without moving any offset."""
    return text.translate(_SAME_WIDTH)


def _real(text: str) -> float:
    power = re.fullmatch(rf"(?:({NUMBER})\s*[x×·*]\s*)?10\s*(?:\^|\*\*)\s*\{{?(-?\d{{1,3}})\}}?", text, re.I)
    if power:
        return float((power[1] or "1").replace(",", "")) * float(f"1e{power[2]}")
    return float(text.replace(",", ""))


def _tidy(value: float) -> int | float:
    """An integer where it is one; 15 digits otherwise, as 4.1 times 1e9 is not 4099999999.9999995."""
    value = float(f"{value:.15g}")
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _han(text: str) -> int:
    """Read Chinese numerals up to 99."""
    tens, ten, ones = text.partition("十")
    if not ten:
        return _HAN[tens]
    return (_HAN[tens] if tens else 1) * 10 + (_HAN[ones] if ones else 0)


def read_count(text: str) -> Value:
    """A whole number in digits, in words, or in Chinese numerals."""
    lower = text.lower().strip()
    if lower in WORDS:
        return WORDS[lower]
    if lower[0] in "一二两三四五六七八九十":
        return _han(lower)
    return read_scaled(lower)


def read_scaled(text: str) -> Value:
    """A number with its scale, such as 1.5B or 3000 亿."""
    match = re.fullmatch(rf"({POWER}|{NUMBER})\s*({SCALE})?", text.strip(), re.I)
    assert match is not None, text
    return _tidy(_real(match[1]) * _SCALES.get((match[2] or "").lower(), 1))


def read_share(text: str) -> Value:
    """A share of one: 0.8, 80%, 八成."""
    if text.endswith("成"):
        return _HAN[text[0]] / 10
    percent = re.search(r"%|percent|per cent", text)
    number = float(re.sub(r"[^\d.]", "", text.split("percent")[0]))
    return _tidy(number / 100 if percent else number)


def read_length(text: str) -> Value:
    """Tokens of a sequence: 32k is 32,768, as context windows are powers of two; 10k is 10,000."""
    match = re.fullmatch(rf"({NUMBER})\s*([km]|千|万)?", text.strip(), re.I)
    assert match is not None, text
    number, scale = _real(match[1]), (match[2] or "").lower()
    if scale == "k" and number.is_integer() and (int(number) & (int(number) - 1)) == 0:
        return int(number) * 1024
    return _tidy(number * _SCALES.get(scale, 1))


def read_bytes(text: str) -> Value:
    """Bytes: GB is 1e9, GiB is 2^30, a bare G is a GB."""
    match = re.fullmatch(rf"({NUMBER})\s*([kmgtp]?)(i?)b?(?:ytes?)?", text.strip(), re.I)
    assert match is not None, text
    letter = match[2].lower()
    base = 1024 ** ("kmgtp".index(letter) + 1) if match[3] and letter else _BYTE_UNITS[letter]
    return _tidy(_real(match[1]) * base)


def read_rate(text: str) -> Value:
    """Byte/s; Gb, Gbit and Gbps count bits, GB, GBps and all-lower-case gb/s count bytes."""
    match = re.match(rf"({NUMBER})\s*([KMGTkmgt]?)(i?)(.*)", text.strip(), re.S)
    assert match is not None, text
    letter, unit = match[2], match[4]
    bits = unit.lower().startswith("bit") or unit == "bps" or (unit[:1] == "b" and letter.isupper())
    bits = bits and not unit.lower().startswith("byte")
    power = "kmgt".index(letter.lower()) + 1 if letter else 0
    return _tidy(_real(match[1]) * (1024 if match[3] else 1000) ** power / (8 if bits else 1))


def read_flops(text: str) -> Value:
    """Operations, a second or in all."""
    match = re.match(rf"({POWER}|{NUMBER})\s*([kmgtpez]?)(?:eta|era|iga|ega|xa)?-?(?:flop|op)", text.strip(), re.I)
    assert match is not None, text
    scale = {"": 1, "z": 10**21, "g": 10**9}.get(match[2].lower()) or _SCALES[match[2].lower()]
    return _tidy(_real(match[1]) * scale)


def read_seconds(text: str) -> Value:
    """Seconds."""
    match = re.fullmatch(rf"({NUMBER})\s*({TIME_UNIT})", text.strip(), re.I)
    assert match is not None, text
    unit = next(seconds for pattern, seconds in _TIMES if re.fullmatch(pattern, match[2], re.I))
    return _tidy(_real(match[1]) * unit)


def read_width(text: str) -> Value:
    """Bytes of one element of a number format."""
    name = read_dtype(text)
    return next(width for label, width in DTYPES.values() if label == name)


def read_dtype(text: str) -> str:
    """The usual name of a number format, such as bf16; empty where the text is none."""
    for pattern, (label, _) in DTYPES.items():
        if re.fullmatch(pattern, text.strip(), re.I | re.A):
            return label
    return ""


def read_signed(text: str) -> Value:
    """A number that may be negative."""
    return _tidy(float(text.replace(" ", "")))
