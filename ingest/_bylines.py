"""The lines under a title that say who wrote a work, when, and where it stood first.

Owns the reading of bylines, date lines and source lines in two languages. Refuses sentences: every
part of a line must be a name, a date or a count. Invariant: a line read here holds nothing else.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from ingest._dates import parse_date
from ingest._labels import is_name
from ingest._links import URL, first_url
from ingest._markers import half_width

_AUTHOR_WORD = re.compile(
    r"(?:(?:authors?|written\s+by|posted\s+by|published\s+by|contributors?|editors?|author\(s\)|作者|撰文|撰稿|编译|編譯|译者|譯者|编辑|編輯"
    r"|整理|原创|原創|文|供稿)\s*[:|/]\s*|(?:written\s+|posted\s+|published\s+)?by:?\s+(?=[A-Z\u3400-\u9fff@]))",
    re.I,
)  # fmt: skip
_BARE_AUTHOR_WORD = re.compile(r"(?:authors?|contributors?|by|作者)\s*:?", re.I)
_DATE_WORD = re.compile(
    r"(?:(?:first\s+|last\s+)?(?:posted|published|updated|modified|created|date|release[d]?|发布|發佈|發布|更新|日期|时间|時間|发表|發表)"
    r"(?:时间|時間|日期)?\s*(?:on|at|于|於)?\s*[:：]?\s*)",
    re.I,
)
_NOISE = re.compile(
    r"(?:\d{1,3}|[一二三四五六七八九十]+)\s*(?:min(?:ute)?s?|分钟|分鐘)(?:\s*read(?:ing)?(?:\s+time)?|阅读|閱讀)?"
    r"|(?:estimated\s+)?reading\s+time:?\s*\d+\s*\w*|(?:预计|預計)?(?:阅读|閱讀)(?:时长|時長|时间|時間|量|数)?\s*:?\s*\d+\s*(?:分钟|分鐘)?"
    r"|\d[\d,.]*k?\s*(?:views?|reads?|comments?|claps?|likes?|shares?|words?|次?(?:阅读|閱讀|浏览|瀏覽)|条?评论|字)"
    r"|(?:views?|阅读|浏览|点击)\s*:?\s*\d+",
    re.I,
)
_SPLIT = re.compile(r"\s+[·•|—–-]\s+|\s*[|｜·•]\s*|\s{2,}|\t")
_ON = re.compile(r"\s+(?:on|at)\s+(?=\S*\d|[A-Z][a-z]{2,8}\b)")
_BY = re.compile(r"\s*,?\s+by\s+(?=[A-Z\u3400-\u9fff])")
_NAMES = re.compile(r"\s*[,，、;；/&]\s*(?:and\s+)?|\s+(?:and|和|与|與)\s+")
_SOURCE = re.compile(
    r"(?:原文(?:链接|鏈接|連結|地址|网址|網址|出处|出處)?|来源(?:链接)?|來源(?:鏈接|連結)?|出处|出處|链接|鏈接|連結|文章(?:链接|鏈接|地址)|转自|轉自|阅读原文|閱讀原文|详情|詳情"
    r"|source(?:s|\s+link)?|original(?:\s+(?:article|link|post|source))?|link|url|via|from|read(?:\s+(?:more|on|it|here|the\s+\w+(?:\s+\w+)?))?"
    r"|full\s+(?:story|article|post)|article|more)\s*(?:[:：]|(?=https?://)|(?=\s*\[[^\]]+\]\(http)|->|→)",
    re.I,
)  # fmt: skip
_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Byline:
    """What a line under a title states."""

    authors: tuple[str, ...] = ()
    date: str = ""
    label: bool = False
    """True for a word such as `Authors` alone: the names stand on the next line."""


@lru_cache(maxsize=4096)
def read_byline(line: str) -> Byline | None:
    """Return what a byline or date line states; None for any other line."""
    if len(line) > _LONGEST:
        return None
    text = half_width(line).replace("*", "").replace("`", "").replace("_", " ").strip(" #>")
    if not text or (len(text) > 90 and text[-1] in ".。!?！？"):
        return None
    if _BARE_AUTHOR_WORD.fullmatch(text):
        return Byline(label=True)
    authors: list[str] = []
    date = ""
    sure = False
    for segment in _segments(text):
        found = _read_segment(segment)
        if found is None:
            if len(segment) > 24 or not is_name(segment):
                return None
            authors.append(segment)
            continue
        names, stated, certain = found
        authors.extend(names)
        date = date or stated
        sure = sure or certain
    return Byline(tuple(dict.fromkeys(authors)), date) if sure else None


def read_names(line: str) -> tuple[str, ...]:
    """Return the names of a line of names alone, as it stands under the word `Authors`."""
    if len(line) > 600:
        return ()
    names = [name.strip(" .*") for name in _NAMES.split(line) if name.strip(" .*")]
    return tuple(names) if names and all(is_name(re.sub(r"[\d*†‡§]+$", "", name)) for name in names) else ()


def read_source(line: str) -> str | None:
    """Return the address of a source line such as `原文:https://…`; empty where it names none; None for other lines."""
    if len(line) > 1200:
        return None
    text = line.replace("*", "").strip(" -•>(（[【")
    url = first_url(text)
    if url and URL.match(text) and not text[URL.match(text).end() :].strip(" )）.。]】"):  # type: ignore[union-attr]
        return url
    match = _SOURCE.match(text)
    if not match:
        return None
    rest = text[match.end() :].strip()
    if url:
        words = URL.sub("", rest)
        return url if len(words) <= 60 else None
    return "" if len(rest) <= 40 else None


def is_source_label(line: str) -> bool:
    """Tell whether a line opens with a word for source, with or without an address."""
    return len(line) <= 1200 and _SOURCE.match(line.replace("*", "").strip(" -•>(（[【")) is not None


def _segments(text: str) -> list[str]:
    parts: list[str] = []
    for segment in _SPLIT.split(text):
        pieces = _BY.split(segment)
        if len(pieces) == 1 or pieces[0].lower() not in ("posted", "written", "published"):
            parts.append(pieces[0])
        for rest in pieces[1:]:
            parts.extend(_ON.split(f"by {rest}", maxsplit=1))
    return [part.strip(" ,;") for part in parts if part.strip(" ,;")]


def _read_segment(segment: str) -> tuple[list[str], str, bool] | None:
    """Return (names, date, whether it is certainly a byline) of one part of a line; None where it is neither."""
    if _NOISE.fullmatch(segment):
        return [], "", True
    if match := _AUTHOR_WORD.match(segment):
        words, stated = _split_date(segment[match.end() :])
        names = [name.strip(" .") for name in _NAMES.split(words) if name.strip(" .")]
        known = bool(names) and all(is_name(name, handles=len(names) == 1) for name in names)
        return (names, stated, True) if known else None
    dated = _DATE_WORD.sub("", segment, count=1).strip()
    stated = parse_date(dated) or ""
    if stated and (len(stated) >= 7 or dated != segment):
        return [], stated, True
    return None


def _split_date(words: str) -> tuple[str, str]:
    """Return the words before a date at their end, and the date."""
    head, *tail = _ON.split(words, maxsplit=1)
    if tail and (stated := parse_date(tail[0])):
        return head, stated
    parts = words.rsplit(",", 2)
    for count in (2, 1):
        tail = parts[-count:]
        if len(parts) > count and (stated := parse_date(",".join(tail).strip())):
            return ",".join(parts[:-count]), stated
    return words, ""
