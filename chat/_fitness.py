"""How well a line is of the kind that a question asks for: a definition, a reason, a number.

Pure. Owns bonuses and maluses, small beside what a line says of the subject. Refuses to look at the subject. Invariant:
lines of both Chinese scripts are judged alike.
"""

import re

from chat._expected import TIMES, amounts, states_amount, units_asked_for
from chat._expected import defines as says_what_it_is
from chat._intents import Intent
from chat.passages import Unit
from chat.question import Asked
from kb.text import fold_space, normalise, stem
from kb.types import Kind

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
_POINTS = re.compile(
    r"\bplease (?:refer|see|note|check|visit|follow|feel)|\bfeel free\b|\bsee here\b|\blearn more\b"
    r"|\bfor (?:more|further|detailed?) (?:\w+ ){0,2}(?:information|details?|results?|explanation)"
    r"|\bif you (?:want|have|wish|are interested)\b.{0,60}\b(?:question|learn|more|follow|visit|contact|issue)"
    r"|\bas (?:shown?|follows|below)\b.{0,12}$|\bin this (?:blog|article|post),? we\b"
    r"|请(?:参考|参见|参阅|见|关注|访问)|欢迎(?:关注|加入|扫码|来)|如下图|点击(?:阅读|链接|这里)|详见|扫码",
    re.I,
)
"""How a sentence sends the reader elsewhere instead of answering."""
_SIDES = (
    (
        re.compile(
            r"\b(?:drawback|limit|limitation|downside|disadvantage|weakness|shortcoming|trade-?off|restriction)s?\b"
            r"|缺点|限制|局限|不足|缺陷|弱点|劣势|短板|代价|弊端|坏处",
            re.I,
        ),
        re.compile(
            r"\b(?:not|cannot|\w+n't|however|but|only|limit\w*|drawback|lacks?|fails?|trade|price|costs?|slower"
            r"|overhead|difficult\w*|hard|worse|remains?|until)\b"
            r"|但|不|没有|无法|权衡|限制|缺点|局限|代价|只能|仅|还没|难以|缺陷"
        ),
    ),
    (
        re.compile(r"\b(?:advantage|benefit|strength|gain|pro)s?\b|优点|优势|好处|长处|亮点", re.I),
        re.compile(
            r"\b(?:faster|better|improv\w+|reduc\w+|lower\w*|sav\w+|without|up to|efficien\w+|easi\w+|enabl\w+"
            r"|allow\w*|smaller|cheaper|higher|less|fewer)\b"
            r"|提升|提高|降低|减少|更|无需|避免|节省|加速|优于|超过|支持"
        ),
    ),
)
"""How limits, and gains, are asked for and told."""
_TIME = re.compile(r"\b(?:19|20)\d\d\b")
_CODE = re.compile(
    r"^\s*(?:# |//|[$>] |>>> |(?:\.\. )?[\w-]+:: ?\w*$|(?:pip|conda|git|sudo|apt|python3?|docker) )"
    # Listings saved from pages bear line numbers and have lost their blanks.
    r"|^\s*\d{0,3}\s?(?:import ?\w+(?:\.\w+)*$|from ?[\w.]+ ?import|(?:def|class) ?\w+\(|return\b|print\(|super\("
    r"|self\.\w+\s?=|(?:for|if|with|while)\b.*:$|nn\.\w+\()"
    r"|^\s*\d{0,3}'\w+':|^[\w.,\s]+=\s*(?:\[|\{|\w+,$)|^[a-z][\w.-]*(?: [\w./={}<>-]+)* ?(?:--\w|\w+_\w+_\w)[^.。]*$"
    r"|^\s*\d{0,3}[\w.\[\]'\"]+\s*=\s*[\w.]+\(|\($|[{;]$|^\W*\w[\w.]*\([^)]*\)\W*$"
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
    r"\b(?:code|command|install|script|api|function|snippet|flag|setting)\b|代码|命令|安装|脚本|接口|怎么写"
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
    if _POINTS.search(text):
        bonus -= 0.2
    if _CODE.search(unit.text) and not _ASKS_FOR_CODE.search(normalise(asked.text)):
        bonus -= 0.3
    if len(text) < 25 and text.isascii():
        bonus -= 0.08
    if intent in (Intent.DEFINITION, Intent.MANNER) and unit.place <= OPENS and not unit.heading:
        bonus += 0.08
    return bonus + _of_side(asked, text) + _of_kind(asked, unit, text)


def _of_side(asked: Asked, text: str) -> float:
    """Return a bonus for what tells of limits where limits are asked for, of gains where gains are."""
    return next((0.2 for asks, tells in _SIDES if asks.search(asked.text) and tells.search(text)), 0.0)


def _of_kind(asked: Asked, unit: Unit, text: str) -> float:
    intent = asked.intent
    if _FORMULA.search(normalise(asked.text)):
        return 0.25 if sum(char in "=*/()^×÷" for char in text) >= 3 else -0.05
    if intent == Intent.QUANTITY:
        return _measured(asked, unit, text)
    if intent == Intent.TIME:
        return 0.14 if _TIME.search(text) else -0.06
    if intent == Intent.DEFINITION:
        if asked.head and units_asked_for(asked.text) - TIMES:
            return _measured(asked, unit, text)
        says = says_what_it_is(asked, text)
        if says:
            return says
        return (0.05 if _DEFINES.search(text) else 0.0) + (0.1 if leads(asked, text) else 0.0)
    if intent == Intent.PERSON:
        return 0.2 if unit.heading and " - " in text else 0.0
    if intent == Intent.REASON:
        return 0.1 if _CAUSE.search(text) else 0.0
    if intent == Intent.MANNER:
        return 0.06 if _MEANS.search(text) or _CAUSE.search(text) else 0.0
    if intent == Intent.COMPARISON:
        return 0.06 if _CONTRAST.search(text) else 0.0
    return 0.0


def _measured(asked: Asked, unit: Unit, text: str) -> float:
    """Return what a number is worth: most where it is of what is asked for, by its unit or by what it counts."""
    near = unit.tokens | unit.before | unit.context
    told = not asked.head or any(not form.isdisjoint(near) for term in asked.head for form in term.forms)
    if _counts(asked, text) or (told and states_amount(asked.text, unit.text)):
        return 0.3
    if not has_number(unit):
        return -0.1
    return 0.04 if units_asked_for(asked.text) else 0.14


def counted(asked: Asked, unit: Unit) -> bool:
    """Tell whether a unit has a number of what is to be counted."""
    return _counts(asked, fold_space(normalise(unit.text)))


def _counts(asked: Asked, text: str) -> bool:
    """Tell whether a line has a number of what is to be counted: 14.8T tokens, 384 位."""
    heads = [term.text for term in asked.head]
    if not heads:
        return False
    numbers = [number for number in amounts(text) if not number.spelled]
    return any(
        any(head in text[number.end : number.end + REACH] or stem(head) == number.unit for head in heads)
        for number in numbers
    )


def is_code(unit: Unit) -> bool:
    """Tell whether a line is code or a command; what looks like it in notes and abstracts is a formula."""
    return unit.document.kind not in (Kind.NOTES, Kind.ARXIV) and _CODE.search(unit.text) is not None


def asks_for_code(asked: Asked) -> bool:
    """Tell whether code or a command is asked for."""
    return _ASKS_FOR_CODE.search(normalise(asked.text)) is not None


def has_number(unit: Unit) -> bool:
    """Tell whether a unit states a number in digits."""
    return any(not number.spelled or number.unit for number in amounts(unit.text))


def leads(asked: Asked, text: str) -> bool:
    """Tell whether a sentence begins with what the question asks about."""
    subject = [term for term in asked.terms if not term.generic]
    heaviest = max(subject, key=lambda term: term.weight, default=None)
    return heaviest is not None and heaviest.text[:24] in text[:60]
