"""Dates as sources write them, kept exactly as precise as they are stated.

Owns every reading of a date in this package. Refuses to invent: what is not stated (day,
month, offset) stays out, what is impossible or implausible is None. Knows nothing of time
zones beyond the abbreviations that mean one offset only. Invariant: whatever is returned
matches `kb.types.PARTIAL_DATE` and lies in 1990 to next year.
"""

import calendar
import datetime
import re
import unicodedata

_FIRST_YEAR = 1990
_MONTHS = {name: n for n in range(1, 13) for name in (calendar.month_name[n].lower(), calendar.month_abbr[n].lower())}
_MONTHS["sept"] = 9
_MONTH = r"(?P<mon>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_OFFSETS = {
    "Z": "Z", "UT": "Z", "UTC": "Z", "GMT": "Z",
    "EST": "-05:00", "EDT": "-04:00", "CDT": "-05:00", "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00",
    "PDT": "-07:00", "AKST": "-09:00", "AKDT": "-08:00", "HST": "-10:00",
    "CET": "+01:00", "CEST": "+02:00", "EET": "+02:00", "EEST": "+03:00", "WET": "+00:00", "WEST": "+01:00",
    "MSK": "+03:00", "JST": "+09:00", "KST": "+09:00", "HKT": "+08:00", "SGT": "+08:00", "AEST": "+10:00",
    "AEDT": "+11:00", "NZST": "+12:00", "NZDT": "+13:00",
}  # fmt: skip
"""Abbreviations of one meaning. CST (Chicago or China), IST and BST have several: no offset."""

_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_HAN_DATE = re.compile(
    r"(?:\d{4}|[〇零○一二三四五六七八九]{4})年(?:[一二三四五六七八九十]{1,3}月(?:[一二三四五六七八九十]{1,3}[日号號])?)?"
)

_CLOCK = (
    r"(?P<h>\d{1,2})[:时時](?P<mi>\d{2})(?:[:分](?P<s>\d{2})?(?P<f>[.,]\d{1,9})?秒?)?"
    r"\s*(?P<ap>[ap]\.?m\b\.?)?\s*(?P<z>[A-Za-z]{0,5}\s*[+-]\d{1,2}:?(?:\d{2})?|[A-Za-z]{1,5})?"
)
_TIME = r"(?:(?:\s*,?\s*(?:at|T)?\s*)(?P<half>上午|下午|晚上|凌晨|中午|早上)?\s*" + _CLOCK + r")?"
_DAY_NAME = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?,?\s*)?"
_HAN_DAY_NAME = r"(?:\s*(?:[(]?(?:星期|周|週|礼拜|禮拜)[一二三四五六日天][)]?|\([一二三四五六日天]\)))?"
_REPUBLIC = re.compile(r"民[國国](\d{2,3}|元)年")
"""Years as Taiwan counts them: the first is 1912."""
_FORMS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<y>\d{4})(?:-(?P<m>\d{1,2})(?:-(?P<d>\d{1,2})" + _TIME + r")?)?",
        r"(?P<y>\d{4})(?P<sep>[/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})" + _HAN_DAY_NAME + _TIME,
        r"(?P<y>\d{4})[/.](?P<m>\d{2})",
        r"(?P<y>\d{4})\s*年(?:\s*(?P<m>\d{1,2})\s*月(?:\s*(?P<d>\d{1,2})\s*[日号號]" + _HAN_DAY_NAME + _TIME + r")?)?",
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:T?(?P<h>\d{2})(?P<mi>\d{2})(?P<s>\d{2})?(?P<z>Z|[+-]\d{2}:?\d{2})?)?",
        _DAY_NAME + r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s-]*(?:of\s+)?" + _MONTH + r"[\s,-]*(?P<y>\d{4}|\d{2})" + _TIME,
        _DAY_NAME + _MONTH + r"\s*(?P<d>\d{1,2})(?:st|nd|rd|th)?\b,?\s*(?P<y>\d{4})" + _TIME,
        _DAY_NAME + _MONTH + r"\s*(?P<d>\d{1,2})\s+" + _CLOCK.replace("{1,5})?", "{1,5}\\b)?") + r"\s*(?P<y>\d{4})",
        _MONTH + r"[\s,]*(?P<y>\d{4})",
    )
)
_NUMERIC = re.compile(r"(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4})" + _TIME)


def parse_date(raw: str) -> str | None:
    """Partial ISO 8601 of a stated date, exactly as precise; None where it is none, impossible or implausible.

    An unknown or ambiguous zone abbreviation is dropped; `04/07/2023`, which has two readings,
    yields the year alone.
    """
    if not raw or len(raw) > 100:
        return None
    text = unicodedata.normalize("NFKC", raw).strip()
    text = re.sub(r"\s*\([^()]*\)\s*$", "", text) if "年" not in text else text
    text = re.sub(r"\[[A-Za-z][\w/+-]{0,60}\]$", "", text)  # the zone's name, behind its offset
    text = _REPUBLIC.sub(lambda match: f"{1911 + int(match[1].replace('元', '1'))}年", text)
    han = _HAN_DATE.match(text)
    if han:
        text = _han_to_digits(han[0]) + text[han.end() :]
    for form in _FORMS:
        match = form.fullmatch(text)
        if match:
            return _assemble(match.groupdict())
    match = _NUMERIC.fullmatch(text)
    return _assemble_numeric(match.groupdict()) if match else None


def quarter_of(iso: str) -> str:
    """Quarter such as `2023-Q1` of a partial ISO date, in its own offset; empty where the month is not stated."""
    match = re.match(r"(\d{4})-(\d\d)", iso)
    return f"{match[1]}-Q{(int(match[2]) + 2) // 3}" if match else ""


def days_of(period: str) -> tuple[str, str] | None:
    """First and last day of a year, month, day or quarter such as `2023-Q1`; None where it is none of them."""
    quarter = re.fullmatch(r"(\d{4})-?Q([1-4])", period.strip(), re.IGNORECASE)
    if quarter:
        month = int(quarter[2]) * 3
        return f"{quarter[1]}-{month - 2:02}-01", f"{quarter[1]}-{month:02}-{30 if month in (6, 9) else 31}"
    match = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", period.strip())
    if not match or (match[2] and not 1 <= int(match[2]) <= 12) or int(match[1]) == 0:
        return None
    year, first, last = int(match[1]), int(match[2] or 1), int(match[2] or 12)
    longest = calendar.monthrange(year, last)[1]
    if match[3]:
        return (period.strip(), period.strip()) if 1 <= int(match[3]) <= longest else None
    return f"{year:04}-{first:02}-01", f"{year:04}-{last:02}-{longest:02}"


def _han_to_digits(text: str) -> str:
    """`二〇二三年四月十二日` in Arabic digits."""

    def convert(match: re.Match[str]) -> str:
        digits = match[0]
        if "十" not in digits:
            return digits.translate(_HAN_DIGITS)
        tens, units = (part.translate(_HAN_DIGITS) for part in digits.split("十", 1))
        return str(int(tens or "1") * 10 + int(units or "0"))

    return re.sub(r"[〇零○一二三四五六七八九十]+", convert, text)


def _assemble(parts: dict[str, str | None]) -> str | None:
    """Partial ISO date of a form's named parts, or None where no such day exists."""
    year_text = parts["y"] or ""
    year = int(year_text)
    if len(year_text) == 2:
        year += 2000 if year < 50 else 1900  # RFC 2822, section 4.3
    if not _FIRST_YEAR <= year <= datetime.date.today().year + 1:
        return None
    month_text = parts.get("m") or ""
    month = _MONTHS[(parts.get("mon") or "").lower()] if parts.get("mon") else int(month_text) if month_text else None
    if month is None:
        return f"{year:04}"
    if not 1 <= month <= 12:
        return None
    if not parts.get("d"):
        return f"{year:04}-{month:02}"
    day = int(parts["d"] or "0")
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    if (parts.get("h"), parts.get("mi")) == ("24", "00") and int(parts.get("s") or "0") == 0:
        # ISO 8601 calls midnight at the end of a day so: it belongs to the next.
        after = datetime.date(year, month, day) + datetime.timedelta(days=1)
        last = datetime.date.today().year + 1
        return f"{after.isoformat()}{_assemble_time({**parts, 'h': '00'})}" if after.year <= last else None
    return f"{year:04}-{month:02}-{day:02}{_assemble_time(parts)}"


def _assemble_time(parts: dict[str, str | None]) -> str:
    """`T10:30:00+08:00` of the named parts; empty where no possible time is stated."""
    if not parts.get("h") or not parts.get("mi"):
        return ""
    hour, minute = int(parts["h"] or "0"), int(parts["mi"] or "0")
    half = (parts.get("half") or "") + (parts.get("ap") or "").lower()[:1]
    if half in ("下午", "晚上", "p", "中午") and hour < 12 and not (half == "中午" and hour == 11):
        hour += 12
    elif half in ("上午", "凌晨", "早上", "a") and hour == 12:
        hour = 0
    second = parts.get("s")
    if hour > 23 or minute > 59 or (second and int(second) > 59):
        return ""
    clock = f"T{hour:02}:{minute:02}"
    if second:
        clock += f":{second}" + (parts.get("f") or "").replace(",", ".")
    return clock + _offset(parts.get("z") or "")


def _offset(zone: str) -> str:
    """ISO offset of a stated zone; empty where it is unknown, ambiguous or impossible."""
    match = re.fullmatch(r"(?:GMT|UTC|UT)?\s*([+-])(\d{1,2}):?(\d{2})?", zone.strip(), re.IGNORECASE)
    if not match:
        return _OFFSETS.get(zone.strip().upper(), "")
    hours, minutes = int(match[2]), int(match[3] or "0")
    if hours > 14 or minutes > 59:
        return ""
    if match[1] == "-" and hours == minutes == 0:
        return "Z"  # RFC 2822: `-0000` is universal time of an unstated place
    return f"{match[1]}{hours:02}:{minutes:02}"


def _assemble_numeric(parts: dict[str, str | None]) -> str | None:
    """`25/12/2023` and `12/25/2023`; the year alone where day and month could be swapped."""
    first, second = int(parts["a"] or "0"), int(parts["b"] or "0")
    if parts["sep"] == "." or first > 12 or first == second:
        return _assemble({**parts, "d": str(first), "m": str(second)})
    if second > 12:
        return _assemble({**parts, "d": str(second), "m": str(first)})
    return _assemble({"y": parts["y"]}) if first and second else None


_QUOTE = r"['’‘`]"
_YEAR = r"(?P<y>(?:19|20)\d{2})"
_QUARTERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![a-z0-9])Q(?P<q>[1-4])\s*[,/-]?\s*(?:of\s+|in\s+)?(?:FY\s*)?(?:" + _YEAR + r"(?!\d)|" + _QUOTE
        + r"\s*(?P<yy>\d{2})(?!\d))",
        r"(?<!\d)" + _YEAR + r"\s*年?\s*[,/-]?\s*Q(?P<q>[1-4])(?![a-z0-9_])",
        r"(?<![a-z0-9.])(?P<q>[1-4])Q(?:\s*[,/-]?\s*" + _YEAR
        + r"|\s*" + _QUOTE + r"(?P<yy>\d{2})|(?P<yy2>2\d))(?![\d.])",
        r"(?<![a-z0-9.])(?P<yy>2\d)\s*年?\s*Q(?P<q>[1-4])(?![a-z0-9_.])",
        r"(?<!\d)" + _YEAR + r"\s*年?度?\s*第?\s*(?P<q>[1-4一二三四首])\s*季[度]?",
        r"\b(?P<q>first|second|third|fourth|1st|2nd|3rd|4th)\s+quarter,?\s*(?:of\s+|in\s+)?" + _YEAR + r"(?!\d)",
    )
)  # fmt: skip
_ORDINALS = {"一": 1, "首": 1, "二": 2, "三": 3, "四": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}
_TITLE_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\d./-])" + _YEAR + r"(?P<sep>[-/.])\d{1,2}(?P=sep)\d{1,2}(?![\d./-]*\d)",
        r"(?<!\d)" + _YEAR + r"\s*年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号號])?",
        r"(?<![a-z0-9_.])" + _YEAR + r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?![a-z0-9_.]*[a-z0-9])",
        r"(?<![a-z0-9])\d{1,2}(?:st|nd|rd|th)?[\s-]+(?:of\s+)?" + _MONTH + r",?[\s-]+" + _YEAR + r"(?!\d)",
        r"(?<![a-z])" + _MONTH + r"\s*\d{1,2}(?:st|nd|rd|th)?\b,?\s*" + _YEAR + r"(?!\d)",
        r"(?<![a-z])" + _MONTH + r",?\s*" + _YEAR + r"(?!\d)",
        r"(?<![\d./-])" + _YEAR + r"-(?:0[1-9]|1[0-2])(?![\d./-]*\d)",
    )
)
_MONTH_RANGE = re.compile(
    r"\b" + _MONTH.replace("?P<mon>", "?P<from>") + r"\s*(?:-|–|—|to|until)\s*"
    + _MONTH.replace("?P<mon>", "?P<to>") + r",?\s*" + _YEAR + r"(?!\d)",
    re.IGNORECASE,
)  # fmt: skip


def find_period(title: str) -> tuple[str, str] | None:
    """Publication date and quarter that a title states, either one empty where unstated; None without any.

    A named quarter outranks a date, since a digest of a quarter appears after it. A bare year
    is no period: it is as often part of a name.
    """
    text = unicodedata.normalize("NFKC", title[:500])
    quarter = _find_quarter(text)
    spanned = _MONTH_RANGE.search(text)
    if spanned and not quarter:
        first, last = (quarter_of(f"{spanned['y']}-{_MONTHS[spanned[end].lower()]:02}") for end in ("from", "to"))
        return ("", first) if first == last else None
    for pattern in _TITLE_DATES:
        match = pattern.search(text)
        date = parse_date(match[0]) if match else None
        if date:
            return date, quarter or quarter_of(date)
    return ("", quarter) if quarter else None


def _find_quarter(text: str) -> str:
    for pattern in _QUARTERS:
        match = pattern.search(text)
        if not match:
            continue
        parts = match.groupdict()
        short = parts.get("yy") or parts.get("yy2")
        year = int(parts["y"]) if parts.get("y") else 2000 + int(short or "0")
        if _FIRST_YEAR <= year <= datetime.date.today().year + 1:
            named = parts["q"].lower()
            return f"{year}-Q{_ORDINALS.get(named) or int(named[0])}"
    return ""
