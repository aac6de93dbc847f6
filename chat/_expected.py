"""What an answer looks like: the unit of an amount that a question asks for, the form of a definition.

Pure. Owns the patterns for both languages. Knows nothing of a library. Invariant: a pattern says how an answer is
worded, never what it is about.
"""

import re
from functools import lru_cache

from chat.question import Asked
from kb.evidence import Number, numbers_in
from kb.text import HAN

TIMES = frozenset({"times", "%"})
_UNITS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (re.compile(pattern, re.I), frozenset(units.split()))
    for pattern, units in (
        (
            r"\bhow much (?:faster|slower|larger|smaller|bigger|better|worse|cheaper|higher|lower|longer|less|more)\b"
            r"|\bspeed-?ups?\b|\bhow many times\b|快多少|慢多少|提[高升]了?多少|[大小高低]多少|多少倍|几倍|加速比"
            r"|加快多少",
            "times %",
        ),
        (
            r"\b(?:price|costs?|cheap|expensive|dollars?|pay)\b|多少钱|价格|售价|成本|费用|花费",
            "dollar yuan euro",
        ),
        (
            r"\bhow long\b.*\b(?:take|took|run|ran|last|wait|need|train)|\bhow (?:many|much) (?:hours|days|time|weeks"
            r"|months|minutes|seconds)\b|\blatency\b|\bduration\b|多久|多长时间|几天|多少[天小]时?|用时|耗时|延迟",
            "second month year",
        ),
        (
            r"\bhow much (?:\w+ )?(?:memory|space|storage|ram|vram|disk)\b|\bhow (?:big|large) is the (?:cache"
            r"|checkpoint|file)|多少(?:显存|内存|空间|字节)|多大的?(?:显存|内存|空间)|(?:显存|内存)(?:占用)?(?:是|要|需)?多",
            "byte",
        ),
        (
            r"\b(?:accurac\w+|percent\w*|share|fraction|ratio|rate|proportion|scores?)\b|准确率|精度|百分之|占比|占.{1,12}(?:多少|几)|比例|得分"
            r"|成绩|利用率",
            "% times",
        ),
        (r"\bhow (?:fast|quick)\w*\b|\bthroughput\b|多快|吞吐", "times % token second"),
        (r"\bbandwidth\b|带宽", "byte bit"),
        (r"\bhow (?:many watts|much power)|多少瓦|功耗(?:是|有)?多", "watt"),
        (r"\bhow many (?:\w+ )?(?:gpus|tpus|cards|accelerators|chips)\b|(?:几|多少)[张块个]?(?:GPU|TPU|显卡|卡|芯片)"
         r"|几张|多少张", "gpu"),
        (r"\b(?:context|sequence) (?:length|window)|上下文(?:长度|窗口)", "token"),
        (r"\bhow many bits\b|几位|多少位|多少比特", "bit"),
    )
)  # fmt: skip


@lru_cache(maxsize=512)
def units_asked_for(question: str) -> frozenset[str]:
    """Return the units of which an amount is asked for; nothing where the wording does not say."""
    return frozenset().union(*(units for pattern, units in _UNITS if pattern.search(question)))


@lru_cache(maxsize=20_000)
def amounts(text: str) -> tuple[Number, ...]:
    """Return the numbers that a text gives, kept: the same lines are asked about again and again."""
    return tuple(numbers_in(text))


def states_amount(question: str, text: str) -> bool:
    """Tell whether a text has a number of the unit that a question asks for."""
    units = units_asked_for(question)
    if "gpu" in units and _ONE_CARD.search(text):
        return True
    return bool(units) and any(_is_amount(number, units, text) for number in amounts(text))


def _is_amount(number: Number, units: frozenset[str], text: str) -> bool:
    if number.unit in ("", "gpu") and "gpu" in units:
        return _CARDS.match(text, number.end) is not None or (
            number.unit == "gpu" and _CARD.search(text[number.start :][:CARD_REACH]) is not None
        )
    return number.unit != "gpu" and number.unit.split("/")[0] in units


_ONE_CARD = re.compile(
    r"\b(?:single|one)[\s-](?:\w+\s)?(?:[GT]PU|card|accelerator)\b|[单單](?:[张張块塊个個])?(?:卡|GPU)", re.I
)
_CARDS = re.compile(
    r"[\s-]?(?:[多餘余]?\s?[个個张張块塊颗顆片枚]|[x×])?\s?"
    r"(?:(?:nvidia|amd|google|intel|cloud|英伟达|英偉達|谷歌|华为|華為)(?:'s|的)?\s)?"
    r"(?:(?:\d{2,3}\s?gb?\s)?(?!GB|MB|TB|KB)[A-Z]{1,3}\d{2,4}[A-Z]?s?(?![A-Z\d])|[GT]PUs?|(?:cards?|accelerators?|chips?)\b|显?卡|顯卡|芯片|晶片)",
    re.IGNORECASE,
)
"""What follows a count of chips: ` A100 GPUs`, `個 A100`, `-chip`."""
_CARD = re.compile(r"[GT]PU|[A-Z]+\d+|card|accelerator|chip|卡|芯片|显卡|顯卡")
"""What `张` and `块` count where they count chips."""
CARD_REACH = 30
_MEASURE = re.compile(
    r"\s?\b(?:sizes?|rates?|lengths?|width|depth|counts?|prices?|costs?|dimensions?|ranks?|licen[cs]es?)$|(?:大小|长度|率|价格|数|维度)$"
)


def measured(head: str) -> str:
    """Return what a measure is of: batch of batch size, 学习 of 学习率; empty where a head is no measure."""
    match = _MEASURE.search(head)
    return head[: match.start()].strip() if match else ""


_IS = (
    r"s?(?:\s*[(（][^)）]{1,80}[)）])?\s*(?:,?\s*(?:is|are|was|refers? to|means?|denotes?|stands? for|describes?)\b"
    r"(?!\s+(?:used|also|not|now|only|still|shown|more|less|better|faster|slower|close|then|well|often|on|in|at))"
    rf"|[:：—]\s*(?:[a-z]{{3,}}|[{HAN}]{{2,}})|是(?:一|指|用|把|将|由|种|对|在)|，?即|就是|指的是)"
)
_NAMED = r"\b(?:introduc\w+|propos\w+|present\w*|develop\w*|call(?:ed)?|named?|known as|term(?:ed)?)\b[^.;]{0,60}?"
_NAMED_HAN = r"(?:提出|称为|叫做|名为|称作|被称|推出|发布)[^。；]{0,16}?"
SAYS, SPELLS, NAMES, OPENING = 0.4, 0.4, 0.25, 0.1
"""What a text is worth to a question for a definition that says what the thing is, spells it out, brings it up."""


@lru_cache(maxsize=256)
def _patterns(names: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    one = "(?:" + "|".join(names) + ")"
    return (
        re.compile(rf"(?:^|[\"“'(（「《，,:：—-]\s?|\b(?:an?|the|that|so) ){one}[)）]?{_IS}"),
        re.compile(rf"(?P<long>(?:[\w&/,'-]+\s+){{1,9}}?)[(（]\s*(?P<short>{one})\s*[,)）]"),
        re.compile(rf"{_NAMED}{one}|{_NAMED_HAN}{one}"),
    )


def defines(asked: Asked, text: str) -> float:
    """Return how far a text, in normal form, says what the thing asked about is."""
    # Of an attribute it is the attribute that is told, not what the thing is.
    head = tuple(re.escape(term.text) for term in asked.head)
    names = head or tuple(entity.pattern.pattern for entity in asked.entities) or _spellings(asked)
    if not names:
        return 0.0
    says, spells, brings = _patterns(names)
    said = says.search(text)
    if said:
        return SAYS + (OPENING if not said.start() else 0.0)
    if any(_initials(match["long"], match["short"]) for match in spells.finditer(text)):
        return SPELLS
    return NAMES if brings.search(text) else 0.0


def _initials(words: str, short: str) -> bool:
    """Tell whether words begin with the letters of what is short for them."""
    letters = iter("".join(word[0] for word in re.findall(r"[a-z]+", words)))
    wanted = re.findall("[a-z]", short.rsplit(" ", 1)[-1].removesuffix("s"))
    return len(wanted) > 1 and all(letter in letters for letter in wanted)


def _spellings(asked: Asked) -> tuple[str, ...]:
    """Return patterns for what a question without names is about: its words as they stand together."""
    words = [re.escape(term.text) for term in asked.content if len(term.text) > 1]
    if not words or len(words) > 4:
        return ()
    return (r"[-\s]?".join(words),)
