"""Whether a question is for the calculators, for the library, or for both.

Owns that decision, given the best request. Refuses to compute where a question asks for facts, papers or reasons
only. Invariant: without a request the answer is the library.
"""

import re

from chat.router._features import holds
from chat.router._items import Item, Row
from chat.router._types import CalculatorRequest, RouteKind

_PAST = re.compile(
    r"\b(?:how|what|which|when|where)\b[^?.;,]{0,60}?\b(?:did|was|were|had)\b(?!\s+(?:i|we|my|our)\b)"
    r"|用了(?:多少|几)|当时|当年|花了(?:多少|几)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[?？!！。;；\n]|,\s*(?:and\s+)?(?=(?:what|how|which|then|compute|calculate|estimate)\b)"
    r"|\band\s+(?=(?:what|how|which|compute|calculate|estimate|give|tell)\b)"
    r"|[,，]\s*(?:那么|那|以及|并且|而且|另外)|以及|并(?=算|计算|估算)|\.(?=\s)",
    re.IGNORECASE,
)
_DEFINING = re.compile(
    r"\b(?:what(?:'s| is| are| does)|define|definition|explain|describe|how (?:does|do|is|are))\b"
    r"|什么是|是什么|啥是|定义|解释|何为|什么叫|介绍|原理|怎么算的|如何计算",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\b(?:what|how (?:much|many|long|big|large|fast|often)|which|compute|calculate|give|for|with|when|if|at)\b"
    r"|多少|多大|多久|多长|几|算|求|呢|时",
    re.IGNORECASE,
)
_YESNO = re.compile(r"^\s*(?:does|do|is|are|did|should|has|have|was|were)\b|是不是|是否", re.IGNORECASE)
_ASKS_WHAT = re.compile(
    r"什么|哪些|哪几|何为|怎样|如何|为何|\b(?:what|which)\s(?:are|were|do|does|did)\b", re.IGNORECASE
)
_PROPERTY = re.compile(
    r"^\s*(?:so |and |hey |hi |ok )?(?:does|do|did|has|have|is|are|was|were)\b[^?]{0,80}\b(?:use[sd]?|using|supports?"
    r"|supported|have|has|employ|adopt|work|exist|compatible|implemented|available|better|worse|faster|slower"
    r"|lossless|safe|recommended|based on|the same)\b"
    r"|(?:支持|兼容|用了?|采用|使用|有)[^?？,，]{0,30}(?:吗|么)\s*[?？]?\s*$"
    r"|(?:是否|有没有|是不是)(?:支持|兼容|采用|使用|用了?)",
    re.IGNORECASE,
)
"""Asks whether something has a property, which no sum tells."""
_POLITE = (
    r"please|pls|hi|hello|hey|ok|so|now|can you|could you|would you"
    r"|i want to|i'd like to|i need to|help me|let's|let us"
)
_COMMAND = re.compile(
    rf"^(?:\s*(?:{_POLITE})[\s,]*){{0,6}}\s*(?:calculate|compute|estimate|work out|figure out|evaluate|determine"
    r"|simulate|plan|quanti[sz]e)\b(?!\s+(?:how|why)\b)"
    r"|帮我?(?:算|估|计算|规划|模拟)|(?:^|[,，])\s*(?:请|麻烦)?(?:帮忙)?(?:算|估算|计算|求|模拟|规划)(?:一下)?"
    r"|我(?:想|要)(?:算|估算|计算|知道)|算一下|估算一下|计算一下|估一下",
    re.IGNORECASE,
)
_NOT_AMOUNTS = frozenset("model accelerator zero_stage stage dtype_bytes bits_per_weight dtype".split())


def kind_of(row: Row, features: frozenset[str], best: CalculatorRequest | None) -> RouteKind:
    """Where a question goes, given the request that was made of it."""
    if best is None:
        return "library"
    text, amounts = row.folded.text, _amounts_used(row, best)
    named = holds("@model|@device", features)
    asks = holds("AMOUNT|COMPUTE|SIZE_ASKED|HOWLONG_ASKED|COST_ASKED", features)
    command = _COMMAND.search(text) is not None
    if holds("STRONG_LIT", features):
        return "library"
    if _PROPERTY.search(text) and not asks and not command and not holds("FIT|CAN", features):
        return "library"
    if not amounts and best.ready and named and _defines_first(row):
        return "both"
    if not amounts:
        return _without_amounts(text, features, best, named=named, asks=asks, command=command)
    if (holds("LITERATURE", features) or _PAST.search(text)) and not command:
        return "both" if best.ready and (asks or amounts > 1) else "library"
    if _defines_first(row):
        return "both"
    asked_to_plan = best.calculator == "planner" and best.ready and amounts > 1
    if holds("WHY", features) or (holds("EXPLAIN", features) and not command and not asked_to_plan):
        if best.ready and (amounts > 1 or asks):
            return "both"
        return "library" if not asks or holds("WHY", features) else "both" if best.ready else "library"
    if len(best.missing) > 1 and amounts == 1 and not asks and not command and holds("DEFINE|EXPLAIN|WHY", features):
        return "library"
    if len(best.missing) > amounts and not asks and not command and _ASKS_WHAT.search(text):
        return "library"
    if not best.ready and not asks and not command and _YESNO.search(text):
        return "library"
    return "calculator"


def _amounts_used(row: Row, best: CalculatorRequest) -> int:
    """How many numbers of the text the request rests on."""
    numbers = [row.folded.span(item.start, item.end) for item in row.items if item.sort in ("amount", "list")]
    return sum(
        span.earlier or any(span.start < end and start < span.end for start, end in numbers)
        for span in best.spans
        if span.parameter not in _NOT_AMOUNTS and isinstance(span.value, int | float | dict | list)
    )


def _without_amounts(
    text: str, features: frozenset[str], best: CalculatorRequest, *, named: bool, asks: bool, command: bool
) -> RouteKind:
    """A question without numbers: names may stand for them, and a plain request to compute is taken up."""
    explains = holds("EXPLAIN|LITERATURE|QUALITY", features) or _PAST.search(text) is not None
    if named and best.ready and asks and holds("EXPLAIN !LITERATURE !WHY", features) and not _PAST.search(text):
        return "both" if holds("COMPUTE_ASKED", features) and len(best.spans) > 1 else "library"
    if best.calculator == "param_count" and holds("@model", features):
        return "library" if holds("WHY|LITERATURE", features) else "both"
    if best.ready and best.spans and not explains and (asks or holds("BPW|SQNR|MSE|PER_PARAM|MEMORY|SIZE", features)):
        return "calculator"
    measure = "KV|WEIGHTS|MEMORY|SIZE|BPW|LATENCY|THROUGHPUT|SPEED|STATES|CKPT|ACT|FLOPS"
    measured = len(best.spans) > 1 and holds(measure, features)
    sought = holds("DEFINE|PERTOKEN|?kv_bytes_per_token|RIDGE|CAN|FIT", features)
    if named and best.ready and not explains and (measured or sought):
        return "calculator"
    if named and asks and not explains and _is_specific(best):
        return "calculator" if command or not best.missing else "both"
    if command and not explains:
        return "calculator"
    return "library"


def _is_specific(best: CalculatorRequest) -> bool:
    """Whether the request has more than a default of its own."""
    return len(best.spans) > 1 or len(best.missing) <= 2


def _is_stage(text: str, before: Item | None, item: Item) -> bool:
    """Whether a number belongs to a name: the 3 of "ZeRO-3"."""
    return text[: item.start].lower().endswith(("zero-", "zero ", "zero")) or (
        before is not None and before.means("zero_stage")
    )


def _defines_first(row: Row) -> bool:
    """Whether one part of a text asks what something is, without a number, and another asks for a value of it."""
    text = row.folded.text
    ends = [match.start() for match in _CLAUSE.finditer(text)]
    starts = [0, *(match.end() for match in _CLAUSE.finditer(text))]
    clauses = [(start, end) for start, end in zip(starts, [*ends, len(text)], strict=True) if text[start:end].strip()]
    numbers = [
        item.start
        for before, item in zip([None, *row.items], row.items, strict=False)
        if item.sort in ("list", "model", "device") or (item.sort == "amount" and not _is_stage(text, before, item))
    ]
    if len(clauses) < 2:
        return False
    defining = False
    for start, end in clauses:
        holds_number = any(start <= number < end for number in numbers)
        if not holds_number:
            defining = defining or _DEFINING.search(text, start, end) is not None
        elif _ASKING.search(text, start, end) or text[end : end + 1] in "?？":
            return defining
    return False
