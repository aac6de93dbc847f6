"""How well a line is of the kind that a question asks for: a definition, a reason, a number.

Pure. Owns bonuses and maluses, small beside what a line says of the subject. Refuses to look at the subject. Invariant:
lines of both Chinese scripts are judged alike.
"""

import re

from chat._intents import Intent
from chat.passages import Unit
from chat.question import Asked
from kb.evidence import numbers_in
from kb.text import fold_space, normalise, stem

_DEFINES = re.compile(
    r"\b(?:is|are|means?|denotes?|refers? to|stands? for|called|defined as|known as|introduces?|proposes?)\b"
    r"|[:：=]|是|指|即"
    r"|称为|叫做|意味着"
)
_CAUSE = re.compile(
    r"\b(?:because|since|so that|so|hence|therefore|thus|due to|as a result|which is why|in order to|cause[sd]?"
    r"|lets?|allows?"
    r"|the reason)\b|因为|由于|所以|因此|从而|导致|以便|否则|原因|就会|才能|使得?"
)
_MEANS = re.compile(
    r"\b(?:by|using|through|with|via|first|then|each|split|divid\w*|instead)\b|通过|先|再|用|把|将|按|每|首先|然后"
)
_CONTRAST = re.compile(
    r"\b(?:than|while|whereas|instead|unlike|versus|vs|but|both|compared|against|only)\b|相比|而|但|不同|比|却|都"
)
_JUDGES = re.compile(
    r"(?:very |really |quite )?(?:good|useful|interesting|helpful|nice)\b(?=[ ]?(?:[,;:.，；：。]|$|for\b|as\b"
    r"|on\b|to\b))"
    r"|(?:很|非常|十分)?(?:好|有用|有趣|不错|推荐)(?=[,;:，；：。]|$)"
)
"""How a reader's opinion of a work begins; it says nothing of the work's subject."""
_TIME = re.compile(r"\b(?:19|20)\d\d\b")
_CODE = re.compile(
    r"^\s*(?:import \w|from [\w.]+ import|def \w+\(|class \w+[:(]|return\b|[$>] |(?:pip|conda|git|sudo|apt"
    r"|python3?|docker) )"
    r"|^[\w.\[\]'\"]+\s*=\s*[\w.]+\(|\($|[{;]$|^\W*\w[\w.]*\([^)]*\)\W*$"
)
_FORMULA = re.compile(
    r"\b(?:formula|equation|how (?:is|are|do (?:you|i|we)) .*(?:calculated|computed|calculate"
    r"|compute))\b|公式|怎么算|如何计算"
)
OPENS = 3
"""Lines of a passage that open it: heading, address, and what explains the thing."""
REACH = 24
"""Letters after a number in which the thing counted stands."""
_ASKS_FOR_CODE = re.compile(
    r"\b(?:code|command|install|script|api|function|call|snippet|example)\b|代码|命令"
    r"|安装|脚本|接口|示例"
)


def fitness(asked: Asked, unit: Unit) -> float:
    """Return a bonus for a unit that is of the kind asked for, a malus for one that only names things."""
    text = fold_space(normalise(unit.text))
    intent = asked.intent
    bonus = -0.3 if unit.heading and intent not in (Intent.PAPERS, Intent.PERSON) else 0.0
    if text.endswith("?") or ("question" in unit.labels and text.startswith("question")):
        bonus -= 0.25
    if _JUDGES.match(text):
        bonus -= 0.25
    if _CODE.search(unit.text) and not _ASKS_FOR_CODE.search(normalise(asked.text)):
        bonus -= 0.3
    if len(text) < 25 and text.isascii():
        bonus -= 0.08
    if intent in (Intent.DEFINITION, Intent.MANNER) and unit.place <= OPENS and not unit.heading:
        bonus += 0.08
    return bonus + _of_kind(asked, unit, text)


def _of_kind(asked: Asked, unit: Unit, text: str) -> float:
    intent = asked.intent
    if _FORMULA.search(normalise(asked.text)):
        return 0.25 if sum(char in "=*/()^×÷" for char in text) >= 3 else -0.05
    if intent == Intent.QUANTITY:
        counted = _counts(asked, text)
        return 0.3 if counted else 0.14 if has_number(unit) else -0.1
    if intent == Intent.TIME:
        return 0.14 if _TIME.search(text) else -0.06
    if intent == Intent.DEFINITION:
        return (0.1 if _DEFINES.search(text) else 0.0) + (0.1 if _leads(asked, text) else 0.0)
    if intent == Intent.PERSON:
        return 0.2 if unit.heading and " - " in text else 0.0
    if intent == Intent.REASON:
        return 0.1 if _CAUSE.search(text) else 0.0
    if intent == Intent.MANNER:
        return 0.06 if _MEANS.search(text) or _CAUSE.search(text) else 0.0
    if intent == Intent.COMPARISON:
        return 0.06 if _CONTRAST.search(text) else 0.0
    return 0.0


def _counts(asked: Asked, text: str) -> bool:
    """Tell whether a line has a number of what is to be counted: 14.8T tokens, 384 位."""
    heads = [term.text for term in asked.head]
    if not heads:
        return False
    numbers = [number for number in numbers_in(text) if not number.spelled]
    return any(
        any(head in text[number.end : number.end + REACH] or stem(head) == number.unit for head in heads)
        for number in numbers
    )


def has_number(unit: Unit) -> bool:
    """Tell whether a unit states a number in digits."""
    return any(not number.spelled for number in numbers_in(unit.text))


def _leads(asked: Asked, text: str) -> bool:
    """Tell whether a sentence begins with what the question asks about."""
    subject = [term for term in asked.terms if not term.generic]
    heaviest = max(subject, key=lambda term: term.weight, default=None)
    return heaviest is not None and heaviest.text[:24] in text[:60]
