"""What a question takes back: values that are corrected at once, and choices that are spoken of as not made.

Owns the words of correction ("70B, no wait, 13B", 不对) and of negation ("not using ZeRO", 不开). Reads no value.
Invariant: a value is taken back only where another one of its kind stands in its place.
"""

import re
from collections.abc import Sequence
from typing import Protocol

_CUE = re.compile(
    r"\bno,? wait\b|\bwait,? no\b|(?:(?:^|[,;.?(-])\s?(?:wait|hold on)|[,;.?(-]\s?(?:no|nope|err?|hmm?))\b"
    r"(?=\s?[,.:;-]|\s?\d|\s(?:an? |the |it|that|make|use|simulate)|$)"
    r"|\bsorry\b|\bi mean(?:t)?\b|\bmake (?:that|it)\b|\bscratch that\b|\brephrase\b|\bcorrection\b|\boops\b|\btypo\b"
    r"|(?:^|[,;.?(-])\s?(?:or |no,? )?(?:rather|actually)\b|\bshould (?:be|have been|say)\b"
    r"|不对|不,|不，|说错|写错|打错|更正|纠正|[哦噢啊]不|抱歉|我是说|我的意思是|(?:应该|应当)(?:是|为)"
    r"|改成|改为|而是|准确地?说",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?:\bnot|\binstead of|\brather than|\bno longer|而不是|而非|不是|并非)\s?(?:an?\s|the\s)?$", re.IGNORECASE
)
_RATIO = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]\s?/\s?[A-Za-z]\s?[=:]\s?$")
"""`m/p = 4`: the value is of neither letter."""
FARTHEST = 48
"""Letters between a value and the one that replaces it."""
_BEFORE = re.compile(
    r"(?:\b(?:no|not|without|non|never|disabl(?:e|ed|ing)|(?:turn|switch)(?:ed|ing)? off|skip(?:ping)?|neither|nor"
    r"|(?:do|does|did|is|are|am|have|has|wo|ca)n'?t|cannot)\b"
    r"(?:[\s-]+(?:use|using|used|with|apply|applying|applied|enabl(?:e|ed|ing)|any|the|have|having|doing|do|being|yet"
    r"|turn on|deepspeed)\b)*"
    r"|不(?:用|使用|采用|开启?|启用|做|带|加|考虑|要)?|没(?:有|用|开)?(?:使用|开启|启用|用|开)?"
    r"|未(?:使用|开启|启用|用|开)?|无|关闭|关掉|禁用)"
    r"[\s-]*(?:任何)?$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"[\"']?\s?(?:(?:parallelism|并行)\s?)?(?:=|:|is|are|was|set to|为|是)?\s?"
    r"(?:(?:turned |switched )?off\b|disabled\b|not (?:used|enabled)\b|unused\b|false\b"
    r"|关(?:闭|掉|了)?|(?:没|未|不)(?:开|用|启用))",
    re.IGNORECASE,
)


class _Item(Protocol):
    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


def taken_back(text: str, items: Sequence[_Item], kinds: Sequence[str]) -> set[int]:
    """Places in `items` of the values that the text replaces; `kinds` says which may stand for one another."""
    gone: set[int] = set()
    for at, item in enumerate(items):
        if not kinds[at]:
            continue
        if _RATIO.search(text[max(0, item.start - 16) : item.start]):
            gone.add(at)
            continue
        before = [other for other in range(at) if kinds[other] == kinds[at] and other not in gone]
        near = [other for other in before if item.start - items[other].end <= 2 * FARTHEST]
        if near and _corrects(text, items, near[-1], at):
            gone.add(_same_noun(text, items, near, at))
        elif _REFUSED.search(text[max(0, item.start - 16) : item.start]) and _stands_in(items, kinds, at):
            gone.add(at)
    return gone


def _corrects(text: str, items: Sequence[_Item], left: int, right: int) -> bool:
    start = items[left].end
    between = text[start : items[right].start]
    found = _CUE.search(between)
    return found is not None and len(between) <= FARTHEST


def _same_noun(text: str, items: Sequence[_Item], near: Sequence[int], at: int) -> int:
    """The value that is corrected: one with the same word behind or before it as the new one, else the last."""
    after, ahead = _word_after(text, items[at].end), _word_before(text, items[at].start)
    for other in reversed(near):
        if after and _word_after(text, items[other].end) == after:
            return other
        if ahead and _word_before(text, items[other].start) == ahead:
            return other
    scale = text[items[at].end - 1].lower()
    alike = [other for other in near if text[items[other].end - 1].lower() == scale and not scale.isdigit()]
    return alike[-1] if alike else near[-1]


def _word_after(text: str, end: int) -> str:
    match = re.match(r"[\s-]*([A-Za-z]{2,}|[\u4e00-\u9fff])", text[end : end + 24])
    return match[1].lower().rstrip("s") if match else ""


def _word_before(text: str, start: int) -> str:
    match = re.search(r"([A-Za-z]+|[\u4e00-\u9fff])[\s=:-]*$", text[max(0, start - 24) : start])
    return match[1].lower().rstrip("s") if match else ""


def _stands_in(items: Sequence[_Item], kinds: Sequence[str], at: int) -> bool:
    """Whether another value of that kind stands near."""
    return any(
        kinds[other] == kinds[at]
        and max(items[at].start - items[other].end, items[other].start - items[at].end) <= FARTHEST
        for other in range(len(items))
        if other != at
    )


def is_negated(text: str, start: int, end: int) -> bool:
    """Whether the name at this place is spoken of as not used: "not using ZeRO", "sequence parallelism off"."""
    return _BEFORE.search(text[max(0, start - 40) : start]) is not None or _AFTER.match(text, end) is not None
