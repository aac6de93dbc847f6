"""What kind of answer a question wants, and what it compares, by how it is worded in English and Chinese.

Pure. Knows nothing of what the question is about. Invariant: the first pattern that fits decides.
"""

import re
from enum import StrEnum

from kb.text import fold_space


class Intent(StrEnum):
    """The kind of answer that a question wants."""

    DEFINITION = "definition"
    REASON = "reason"
    MANNER = "manner"
    COMPARISON = "comparison"
    QUANTITY = "quantity"
    TIME = "time"
    PERSON = "person"
    PAPERS = "papers"
    LISTING = "listing"
    FACT = "fact"


_INTENTS: tuple[tuple[Intent, re.Pattern[str]], ...] = tuple(
    (intent, re.compile(pattern, re.I))
    for intent, pattern in (
        (
            Intent.PAPERS,
            r"\bwhich (?:\w+ ){0,2}(?:papers?|posts?|articles?|documents?|notes|works?|talks?)\b"
            r"|\b(?:papers?|posts?|articles?) (?:about|on|that)\b|\bwhat (?:came|comes|has come|was published"
            r"|is new)\b"
            r"|哪些?(?:几)?篇?(?:论文|文章|博客|文献|资料|笔记)|有(?:哪些|什么)(?:论文|文章|资料|文献)",
        ),
        (
            Intent.COMPARISON,
            r"\bdifferen(?:ce|ces|t)\b.*\b(?:between|from|and)\b|\bcompar(?:e|ed|ison)\b|\bvs\.?\b|\bversus\b"
            r"|\bhow (?:does|do) .+ differ\b|\b(?:better|worse|faster|slower) than\b|\bor\b.*\bwhich\b"
            r"|\bcontrast\b|\bdistinguish"
            r"|区别|差别|差异|不同(?:点|之处|在)|对比|相比|异同|哪个更|谁更|和.+比",
        ),
        (
            Intent.DEFINITION,
            r"^(?:please )?(?:explain|describe) [\w\s./()+'-]{2,50}$|^(?:解释|介绍)(?:一下)?[^，,。]{2,20}$|"
            r"^(?:so |and |please )?(?:what(?:'s| is| are| was| were)|define|explain what) "
            r"(?:an? |the )?(?:term |meaning of )?"
            r"[\w\s./()+'-]{2,60}\??$|\bwhat (?:does|do) .+ (?:mean|stand for)\b|\bdefinition of\b"
            r"|^(?:什么是|何为|何谓|啥是)|(?:是什么|是啥|是什么意思|指的?是什么|指什么|什么意思|的定义"
            r"|的含义)[?？。]?$",
        ),
        (
            Intent.PERSON,
            r"^who\b|\bwho (?:wrote|proposed|made|built|invented|are the authors?)\b|\bauthors?\b|谁|作者|提出者",
        ),
        (
            Intent.TIME,
            r"^(?:in )?(?:when|which year|what year)\b|\bwhat date\b|哪年|哪一年|什么时候|何时|几几年|多会儿",
        ),
        (
            Intent.QUANTITY,
            r"\bhow (?:much|many|large|big|fast|long|often|high|low|small|far|wide|deep|slow|heavy|expensive)\b"
            r"|\bwhat (?:fraction|share|percentage|percent|speed-?up|number|ratio|size|factor|bandwidth|"
            r"throughput|value|range)\b"
            r"|多少|多大|多高|多快|多长|多久|几倍|几个|几位|几张|几层|几种|百分之几|占比|多宽|多低",
        ),
        (
            Intent.REASON,
            r"\bwhy\b|\breasons?\b|\bwhat (?:causes?|makes?|explains?)\b|为什么|为何|为啥|原因|凭什么|怎么会",
        ),
        (Intent.MANNER, r"\bhow\b|\bin what way\b|怎么|怎样|如何|咋"),
        (
            Intent.LISTING,
            r"\b(?:list|name|enumerate)\b|\bwhat (?:are|kinds?|types?|ways?|methods?|steps?|options?)\b|\bwhich\b"
            r"|哪些|哪几|列出|列举|几种|有什么",
        ),
    )
)
_SIDES: tuple[re.Pattern[str], ...] = (
    re.compile(r"\bbetween (?P<a>.+?) and (?P<b>.+?)(?: (?:in|for|with|when|on|at|of|as|terms)\b.*)?[?.]?$", re.I),
    re.compile(r"\bcompare (?P<a>.+?) (?:and|with|to|against) (?P<b>.+?)(?: (?:in|for|when|on|at"
        r"|of)\b.*)?[?.]?$", re.I),
    re.compile(
        r"\bhow (?:does|do|is|are) (?P<a>.+?) (?:differ|different|compare[sd]?) (?:from|with|to) "
        r"(?P<b>.+?)(?: (?:in|for|when)\b.*)?[?.]?$",
        re.I,
    ),
    re.compile(r"(?:^|[\s:])(?P<a>[\w./+-]+(?: [\w./+-]+){0,3}) (?:vs\.?"
        r"|versus) (?P<b>[\w./+-]+(?: [\w./+-]+){0,3})", re.I),
    re.compile(r"(?:比较|对比)(?:一下)?(?P<a>.+?)(?:和|与|跟|同|以及)(?P<b>.+?)(?:的|在|有|$|[?？。])"),
    re.compile(r"(?P<a>[^，,。？?]+?)(?:和|与|跟|同|相比|相较于|相对于|比)(?P<b>[^，,。？?]+?)(?:之间)?(?:的|有"
        r"|在|到底|究竟)?(?:什么|何|哪些|主要)?(?:区别|差别|差异|不同|异同|对比|相比|哪个|谁)"),
    re.compile(
        r"^(?:is|are|was|does|do|can) (?P<a>[\w./+-]+(?: [\w./+-]+){0,3}?) (?:really |always |much |a )?(?:better|worse"
        r"|faster|slower|cheaper|larger|smaller|(?:more|less) \w+) than (?P<b>[\w./+-]+(?: [\w./+-]+){0,3}?)"
        r"(?: (?:in|for|with|when|on|at|of)\b.*)?[?.]?$",
        re.I,
    ),
    re.compile(
        r"^(?:which is \w+,?|should i (?:use|take)|better:?) (?P<a>[\w./+-]+(?: [\w./+-]+){0,2}) or "
        r"(?P<b>[\w./+-]+(?: [\w./+-]+){0,2})[?.]?$",
        re.I,
    ),
    re.compile(r"(?P<a>[^，,。？?]+?)(?:和|与|跟|同|还是)(?P<b>[^，,。？?]+?)(?:相比)?，?(?:哪个|谁|差在哪|怎么选)"),
)  # fmt: skip
_LEAD = re.compile(
    r"^(?:what(?:'s| is| are)?|explain|describe|please|tell me|the|difference|differences|请问?"
    r"|解释(?:一下)?)\s*",
    re.I,
)


def intent_of(text: str) -> Intent:
    """Return what kind of answer a question wants."""
    form = fold_space(text)
    return next((intent for intent, pattern in _INTENTS if pattern.search(form)), Intent.FACT)


def sides_of(text: str) -> tuple[str, ...]:
    """Return the two things that a question compares; nothing where it compares none."""
    form = fold_space(text)
    for pattern in _SIDES:
        match = pattern.search(form)
        if match:
            sides = tuple(_LEAD.sub("", part.strip(" ?？。.,，的")).strip() for part in (match["a"], match["b"]))
            if all(sides) and sides[0].lower() != sides[1].lower():
                return sides
    return ()


_AUX = r"(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should|might|may|must)"
_HEADS = (
    re.compile(
        rf"\b(?:which|what|how many|how much)\s+(?P<n>(?!{_AUX}\b)[\w/+-]+"
        rf"(?:\s+(?!{_AUX}\b|of\b)[\w/+-]+){{0,3}}?)\s+(?:{_AUX}|of)\b",
        re.I,
    ),
    re.compile(r"\bwhat(?:'s| is| are| was| were) the (?P<n>[\w/+-]+(?:\s+[\w/+-]+){0,3}?)\s+(?:of|for|in|on"
        r"|per|that|to|from|behind|between)\b", re.I),
    re.compile(r"(?:用了?|有|需要|占|是|要|采用|使用|达到|约)?多少(?:个|张|层|块|种|次|位|条|台|倍"
        r"|篇)?(?P<n>[^\s，,。？?的是了多少]{1,6})"),
    re.compile(r"的(?P<n>[^\s，,。？?的是多哪什怎]{2,8})(?:[为是有]|能)?(?:多少|多大|多高|多快|多长|什么|几)"),
    re.compile(r"哪[所家个位本款座项](?P<n>[^\s，,。？?的是]{1,6})"),
    re.compile(r"(?:用|是|有|支持|采用|使用)(?:的是)?(?:什么|哪种|哪个|哪些)(?P<n>[^\s，,。？?的是]{2,6})"),
)  # fmt: skip


def head_of(text: str) -> str:
    """Return what a question asks to be named or counted: parameters of "how many parameters does ... have"."""
    form = fold_space(text)
    match = next((found for pattern in _HEADS if (found := pattern.search(form))), None)
    return match["n"] if match else ""
