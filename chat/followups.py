"""A question made to stand alone: what it leaves out is taken from the questions before it.

Pure, no model. Owns the rules for both languages. Refuses to change a question that stands alone. Invariant: only
words of the conversation's own questions are added, so nothing is asked that the reader did not say.
"""

import re
from collections.abc import Sequence

from chat._restated import restated
from chat._subjects import subject_of
from chat.question import Asked, Lexicon, read_question
from kb.evidence import numbers_in
from kb.text import fold_space, language_of

_INSTEAD = re.compile(
    r"^(?:and |but |ok,? |so |then )*(?:what|how) about (?P<en>.+?)\s*[?.]*$"
    r"|^(?:and|or|but)(?: for| with| in| on| of)? (?P<and>(?!why|how|what|when|who|where|which|is|are|do|does"
    r"|can)[^?]{1,60}?)\s*\?*$"
    r"|^(?:那么?|还有|换成|如果是|要是)?(?P<zh>[^？?，,]{1,24}?)呢\s*[?？]*$",
    re.I,
)
_BARE = re.compile(
    r"^(?:(?:and|but|so|ok|okay|hm+)[ ,]*)?(?P<word>why(?: not| is that| so)?|how(?: so| come)?|when|who|where"
    r"|since when|"
    r"for example|such as|really|in detail|more|tell me more|explain(?: more| that| it)?|how much|how many)\s*[?!.]*$"
    r"|^(?:那|那么|但|可是)?(?P<han>为什么(?:呢|这样)?|为何|怎么(?:做|会|讲|说)?|如何|何时|什么时候|谁|多少"
    r"|比如|举例|举个例子|详细(?:点|说说)?|真的吗|原因(?:是什么)?)"
    r"(?:呢)?\s*[?？!！]*$",
    re.I,
)
_THING = r"(?:method|approach|technique|model|system|paper|framework|engine|algorithm|schedule|format|tool|one|idea)s?"
_PRONOUN = re.compile(
    r"\b(?P<poss>its|their)\b|\b(?P<en>it|they|them"
    rf"|(?:this|that|these|those) {_THING}|the same(?: {_THING})?|the former|the latter"
    r"|this|these|those|(?:^|(?<=\bdoes )|(?<=\bis )|(?<=\bdid )|(?<=\bwas )|(?<=\bcan )|(?<=\bdo )|(?<=\babout )"
    r"|(?<=\bof )|(?<=\bwith )|(?<=\bto )|(?<=\bthan )|(?<=\bwould )|(?<=\bwill ))that)\b"
    r"(?! (?:(?:is|was) )?(?:true|right|correct|possible|the case|that|to|worth)\b)"
    r"|(?P<zh>它们?|他们|这(?:个|种|篇|些)?(?:方法|模型|系统|论文|技术|格式|东西)|(?:前|后)者"
    r"|(?<![其尤极])其(?![中他它实次余])|该(?:方法|模型|系统|论文|技术))",
    re.I,
)
_NOT_BACK = re.compile(
    r"^(?:what|how|why|when|who|which|where)\b.*\b(?:is it|it is|is there|was it)\b.*\b(?:to|that|when|if)\b"
    r"|\bdoes it (?:take|cost|mean|matter|help|hurt|make sense)\b.*\b(?:to|that|when|if)\b",
    re.I,
)
_LEADING = re.compile(r"^(?:and|but|so|then|also|ok|okay)[ ,]+|^(?:那么?|还有|另外|而且|然后|所以)[，, ]*", re.I)

_WHICH = re.compile(r"^(?:and |but |so )*(?P<en>which)\b|^(?:那么?|所以|但)?(?P<zh>哪(?:一?个|种|家|款|边)|谁)", re.I)
_BESIDE = re.compile(
    r"^(?:in comparison|compared|versus|vs\.?|as opposed) (?:to|with)? ?(?P<en>.+)$"
    r"|^(?:和|与|跟|同|比起?)\s*(?P<zh>.+?)\s*(?:相比|比较|比)$",
    re.I,
)
_NUMBERED = re.compile(r"(?:the )?([A-Za-z]+)[\s-]?\d+")
"""A numbered thing: stage 2."""
_SUBJECTLESS = re.compile(
    r"^(?:一共|总共|大概|又|还|也|都|主要|具体|最后|后来)*(?:用了?|花了?|需要|要|有|支持|能|可以|是|比|快|占|达到|训练了?|提出了?|解决了?)"
    r"(?:多|几|什么|哪|谁|吗|不|中|[^，,]{0,8}吗|[^，,]{0,6}[多几哪])"
)
"""How a Chinese question begins that leaves its subject to the question before."""


def standalone(question: str, before: Sequence[str], lexicon: Lexicon) -> str:
    """Return the question with what it leaves out, or as it is where it stands alone.

    Args:
        before: the earlier questions, oldest first, each already made to stand alone.
    """
    form = fold_space(question)
    if not before or not form:
        return form
    earlier = before[-1]
    summed = restated(form, before)
    if summed:
        return summed
    bare = _BARE.match(form)
    if bare:
        return _asked_of(bare["word"] or bare["han"], earlier)
    instead = _INSTEAD.match(form)
    if instead and not (_PRONOUN.search(instead["en"] or instead["and"] or "")):
        return _replaced(fold_space(instead["en"] or instead["and"] or instead["zh"]), earlier, lexicon)
    which = _WHICH.match(form)
    if which:
        return _which_of(form, which, earlier, lexicon)
    if _PRONOUN.search(form) and not _NOT_BACK.search(form):
        return _resolved(form, earlier, lexicon)
    return _completed(form, earlier, lexicon)


def _which_of(form: str, which: re.Match[str], earlier: str, lexicon: Lexicon) -> str:
    """`which one is faster?` after a comparison asks it of the two that were compared."""
    sides = read_question(earlier, lexicon).sides
    if len(sides) < 2 or read_question(form, lexicon).entities:
        return form
    rest = form[which.start("en" if which["en"] else "zh") :].rstrip("?？。. ")
    return f"{rest}, {sides[0]} or {sides[1]}?" if which["en"] else f"{sides[0]} 和 {sides[1]} {rest}？"


def _asked_of(word: str, earlier: str) -> str:
    """`why?` after a question asks why of the same thing."""
    rest = re.sub(
        r"^(?:what|why|how|when|who|where|which|does|do|did|is|are|was|can|should)\b(?:'s| is| are| does| do"
        r"| did| was)?\s*",
        "",
        earlier.rstrip("?？。. "),
        flags=re.I,
    )
    if language_of(word) == "zh":
        return f"{rest} {word}？" if rest.isascii() else f"{word}{rest}？"
    return f"{word} {rest}?"


def _replaced(part: str, earlier: str, lexicon: Lexicon) -> str:
    """`what about X?` asks the same of X: X takes the place of what is of its kind, else it is added."""
    new, old = read_question(part, lexicon), read_question(earlier, lexicon)
    beside = _BESIDE.match(part)
    if beside and subject_of(old):
        other = beside["en"] or beside["zh"]
        return f"{subject_of(old)} vs {other}?" if beside["en"] else f"{subject_of(old)} 和 {other} 有什么区别？"
    spot = _counterpart(part, new, old)
    if spot and spot.lower() not in part.lower():
        return re.sub(re.escape(spot), lambda _: part, earlier, count=1, flags=re.I)
    if spot:
        return (
            re.sub(re.escape(spot), lambda _: part, earlier, count=1, flags=re.I)
            if part.lower() != spot.lower()
            else earlier
        )
    return f"{earlier.rstrip('?？。. ')} {part}?"


def _counterpart(part: str, new: Asked, old: Asked) -> str:
    """Return the words of the earlier question that X stands for."""
    stated, held = numbers_in(part), numbers_in(old.text)
    if len(stated) == 1 and stated[0].unit and not part[: stated[0].start].strip():
        alike = [number for number in held if number.unit == stated[0].unit]
        if alike:
            return alike[0].text
    digits = re.fullmatch(r"[\d.,]+\s?[A-Za-z%]*", part) is not None
    if digits:
        match = re.search(r"\b\d[\d.,]*\s?[A-Za-z%]*\b", old.text)
        return match.group() if match else ""
    numbered = _NUMBERED.fullmatch(part)
    if numbered and (match := re.search(rf"\b{re.escape(numbered[1])}[\s-]?\d+\b", old.text, re.I)):
        return match.group()
    if old.entities and (new.entities or not new.content or len(new.content) <= 2):
        return old.entities[-1].text
    subject = subject_of(old)
    return subject if len(part.split()) <= 4 and subject and subject.lower() in old.text.lower() else ""


def _resolved(form: str, earlier: str, lexicon: Lexicon) -> str:
    """Put what a pronoun stands for in its place."""
    old = read_question(earlier, lexicon)
    subject = subject_of(old)
    if not subject or subject.lower() in form.lower():
        return form
    new = read_question(_PRONOUN.sub(" ", form), lexicon)
    pronoun = _PRONOUN.search(form)
    named = min((form.lower().find(entity.text.lower()) for entity in new.entities), default=-1)
    if len(new.content) > 3 and pronoun and 0 <= named < pronoun.start():
        # It names its own subject: the pronoun points inside the question.
        return form

    def put(match: re.Match[str]) -> str:
        word = (match["en"] or match["zh"] or "").lower()
        chosen = subject
        if old.sides and word in ("the former", "前者"):
            chosen = old.sides[0]
        elif old.sides and word in ("the latter", "后者"):
            chosen = old.sides[1]
        if match["poss"]:
            return f"{chosen}'s"
        return f" {chosen} " if match["zh"] and chosen.isascii() else chosen

    return fold_space(_LEADING.sub("", _PRONOUN.sub(put, form, count=1)))


def _completed(form: str, earlier: str, lexicon: Lexicon) -> str:
    """Add the earlier subject to a question that begins as a continuation and names none."""
    if not (_LEADING.match(form) or _SUBJECTLESS.match(form)):
        return form
    new, old = read_question(form, lexicon), read_question(earlier, lexicon)
    subject = subject_of(old)
    rest = fold_space(_LEADING.sub("", form))
    if (
        new.entities
        or not subject
        or subject.lower() in rest.lower()
        or len([t for t in new.terms if not t.generic]) > 3
    ):
        return rest
    return f"{rest.rstrip('?？')} ({subject})?" if rest.isascii() else f"{subject} {rest}"


def leans(question: str) -> bool:
    """Tell whether a question points back to something that it does not name."""
    form = fold_space(question)
    return bool(_PRONOUN.search(form) or _LEADING.match(form) or _BARE.match(form) or _INSTEAD.match(form))
