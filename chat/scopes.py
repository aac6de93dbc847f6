"""Filters that a question states in words: quarters, years, kinds of source, the reader's own opinions.

Pure. Refuses to guess relative dates. Invariant: what is taken as a filter is taken out of the words that are searched
for, and a filter that the reader set is never widened.
"""

import re
from dataclasses import dataclass

from chat.types import Scope
from kb.text import fold_space
from kb.types import Kind

_QUARTER_DAYS = {1: ("01", "03"), 2: ("04", "06"), 3: ("07", "09"), 4: ("10", "12")}
_HAN_QUARTER = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_QUARTERS = (
    re.compile(rf"\b(?:in |from |during |of )?(?:the )?{_YEAR}[\s-]?Q(?P<q>[1-4])\b", re.I),
    re.compile(rf"\b(?:in |from |during |of )?(?:the )?Q(?P<q>[1-4])(?: of)?[\s-]?{_YEAR}\b", re.I),
    re.compile(
        rf"\b(?:in |from |during )?(?:the )?(?P<word>first|second|third|fourth) quarter (?:of |in )?{_YEAR}\b", re.I
    ),
    re.compile(rf"(?:在)?{_YEAR}\s*年?\s*(?:的)?第?(?P<han>[一二三四1-4])\s*季度?(?:里|中)?"),
    re.compile(rf"(?:在)?{_YEAR}\s*年?\s*Q(?P<q>[1-4])", re.I),
)
_MONTH = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTHS = (
    re.compile(rf"\b(?:in |from |during |of )?(?P<name>{'|'.join(_MONTH)})[a-z]*\.? (?:of )?{_YEAR}\b", re.I),
    re.compile(rf"(?:在)?{_YEAR}\s*年\s*(?P<month>1[0-2]|0?[1-9])\s*月(?:份)?(?:的|里|中)?"),
    re.compile(rf"\b(?:in |from |during )?{_YEAR}-(?P<month>1[0-2]|0[1-9])\b"),
)
_WORDS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_SINCE = re.compile(
    rf"\b(?:since|after|from) {_YEAR}\b|(?:自|从)?(?P<year2>(?:19|20)\d\d)\s*年?(?:以来|之后|以后|起)", re.I
)
_UNTIL = re.compile(rf"\b(?:before|until|up to) {_YEAR}\b|(?P<year2>(?:19|20)\d\d)\s*年?(?:以前|之前)", re.I)
_IN_YEAR = re.compile(
    rf"\b(?:in|from|of|during) (?:the year )?{_YEAR}\b|(?P<year2>(?:19|20)\d\d)\s*年(?:的|里|中)?", re.I
)
PUBLISHED = re.compile(
    r"\b(?:came out|come out|comes out|published|released|appeared|announced|happened|happen|new in|papers?"
    r"|posts?|articles?|news|newsletters?|issue of)\b"
    r"|简报|周刊|月刊|发表|发布|出了|出现了|论文|文章|博客|新闻|公布",
    re.I,
)
_POSTS = re.compile(r"\b(?:which|what|any|blog) (?:\w+ )?(?:posts?|blogs?|articles?)\b|哪些(?:博客|帖子|推文)", re.I)
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.NOTES, re.compile(r"\b(?:in|from|according to) my (?:own )?notes?\b|\bdo my notes\b|(?:在"
        r"|从)?我的笔记(?:里|中)?", re.I)),
    (Kind.RSS, re.compile(r"\b(?:in|from) (?:my|the) feeds?\b|\bblog posts?\b|(?:博客|订阅)(?:里|中|文章)", re.I)),
    (Kind.ARXIV, re.compile(r"\b(?:in|from|on) arxiv\b|arXiv ?(?:上|里)", re.I)),
)  # fmt: skip
_OPINION_CUE = re.compile(
    r"\b(?:I|my|me)\b.{0,40}\b(?:mark|rate|label|tag|call|consider|find|found|judge|recommend|like|opinion)\w*"
    r"|\bmy (?:open )?questions?\b|\bquestions?\b.{0,20}\b(?:I|me)\b.{0,30}\bopen\b|我.{0,6}(?:疑问|问题)"
    r"|留下的(?:疑问|问题)"
    r"|\b(?:mark|rat|label|tagg)\w*\b.{0,20}\bas\b|\bmy opinion|我.{0,12}(?:标|评|认为|觉得|打|推荐|注)|标(?:记"
    r"|注|为|成)",
    re.I,
)
OPINIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("very-good", re.compile(r"\bvery good\b|\bexcellent\b|\bbest\b|\bmust[- ]read\b|很好|非常好|极好|最好|必读"
        r"|强烈推荐", re.I)),
    ("useful", re.compile(r"\b(?:very )?useful\b|\bhelpful\b|(?:很|非常)?有用|实用", re.I)),
    ("interesting", re.compile(r"\b(?:very )?interesting\b|(?:很|非常)?有趣|有意思", re.I)),
    ("good", re.compile(r"\bgood\b|\brecommended\b|不错|好文|推荐", re.I)),
    ("question", re.compile(r"\b(?:open |as )?questions?\b|疑问|存疑|问题", re.I)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scoped:
    """A question with the filters that it states taken out."""

    text: str
    scope: Scope
    opinion: bool = False
    """It asks for what the reader judged, by a label."""
    dated: bool = False
    """It asks for what was published within dates."""


def read_scope(text: str, given: Scope | None = None) -> Scoped:
    """Take the filters out of a question and add them to the reader's own."""
    given = given or Scope()
    rest = fold_space(text)
    changes: dict[str, object] = {}
    dated = False
    span = _dates(rest) if PUBLISHED.search(rest) else None
    if span and not (given.since or given.until):
        (begin, end), since, until = span
        rest, dated = rest[:begin] + " " + rest[end:], True
        changes |= {"since": since, "until": until}
    for kind, pattern in _KINDS:
        match = pattern.search(rest)
        if match and not given.kinds:
            changes["kinds"] = (kind,)
            rest = rest[: match.start()] + " " + rest[match.end() :]
            break
    if _POSTS.search(rest) and not given.kinds and "kinds" not in changes:
        changes["kinds"] = (Kind.RSS, Kind.PAGE)
    opinion = False
    if _OPINION_CUE.search(rest):
        for label, pattern in OPINIONS:
            match = pattern.search(rest)
            if match:
                opinion = True
                changes["labels"] = given.labels or (label,)
                rest = _OPINION_CUE.sub(" ", pattern.sub(" ", rest))
                break
    return Scoped(fold_space(rest), given.model_copy(update=changes), opinion, dated)


def _dates(text: str) -> tuple[tuple[int, int], str, str] | None:
    """Return (span, since, until) of the first date that narrows."""
    for pattern in _QUARTERS:
        match = pattern.search(text)
        if match:
            named = match.groupdict()
            quarter = int(named.get("q") or 0) or _WORDS.get((named.get("word") or "").lower(), 0)
            first, last = _QUARTER_DAYS[quarter or _HAN_QUARTER[named["han"]]]
            return match.span(), f"{match['year']}-{first}", f"{match['year']}-{last}"
    for pattern in _MONTHS:
        match = pattern.search(text)
        if match:
            named = match.groupdict()
            month = int(named.get("month") or 0) or _MONTH.index((named.get("name") or "").lower()) + 1
            return match.span(), f"{match['year']}-{month:02}", f"{match['year']}-{month:02}"
    for pattern, since, until in ((_SINCE, "{}", ""), (_UNTIL, "", "{}"), (_IN_YEAR, "{}", "{}")):
        match = pattern.search(text)
        if match:
            year = next(value for value in match.groups() if value)
            if pattern is _UNTIL:
                year = str(int(year) - 1)
            return match.span(), since.format(year), until.format(year)
    return None
