"""A pasted claim beside what the library and the calculators say of the same quantity.

Owns what is a claim and which numbers are comparable. Refuses to compare numbers of different units, or of passages
that do not speak of what the claim names. Invariant: a gap is stated with both numbers and their source.
"""

import re
from collections.abc import Iterator, Sequence

from calculators import Quantity
from chat import estimates
from chat._bounds import Bound, bound
from chat._claimed import readings, stated
from chat._library import Library
from chat._pairing import Pair, near, pairs
from chat.citations import Numbering, checked, cite, listed
from chat.finding import Found, lexicon_of
from chat.question import read_question
from chat.relevance import Relevance, rank
from chat.router import CalculatorRequest, route
from chat.types import Answer, AnsweredEstimate, Citation, Comparison, Statement
from chat.wording import at_best, compared, joined, nothing_to_compare, source_name
from kb.evidence import Number, numbers_in
from kb.text import language_of, query_terms
from kb.types import Language

_ASKS = re.compile(
    r"[?？]\s*$|^(?:what|why|how|when|who|where|which|is|are|do|does|did|can|could|should|compare|explain|list"
    r"|define|tell|give|"
    r"find|show|summari[sz]e|compute|calculate|estimate)\b|什么|怎么|怎样|如何|为什么|为何|多少|哪|吗|呢|几"
    r"|比较一下|介绍|解释|计算|估算",
    re.I,
)
_STATES = re.compile(
    r"\b(?:is|are|was|were|has|have|had|takes?|took|needs?|needed|costs?|reach(?:es|ed)?|uses?|used|gives?|gave"
    r"|gets?|got|"
    r"runs?|ran|makes?|requires?|required|achieves?|achieved|equals?)\b(?<!ed(?= (?:on|by|with|at|per)\b))"
    r"|(?<=\w )(?:improve|reduce|increase|raise|lower|cut|save|deliver|outperform|boost|shorten|shrink)\b"
    r"|是|为|有|要|需|占|达|耗|使|让|用了|只有"
    r"|降低|降到|升到|提高|提升|减少|节省|省下|增加|下降|上升|不到|低于|超过|高于|不足|等于|快|慢|比.{1,24}[高低多少大小长短]"
    r"|\b(?:quanti[sz]es|trains|fits|beats|saves|cuts|reduces|increases|lowers|raises|delivers|loads|supports|drops"
    r"|outperforms|halves|doubles|improves|finishes|holds|contains|wastes|idles|loses|leaves|spends|keeps|consumes|emits|processes|generates|serves)\b"
)
_CHECK = re.compile(
    r"^(?:(?:the )?claim|statement|说法|论断)\s*[:：]\s*|^(?:据说|听说)[，,]?\s*"
    r"|^(?:please )?(?:check|verify|fact-?check)(?: (?:this|the claim|that|whether|if))*\s*[:：,]?\s*"
    r"|^is it (?:true|right|correct) that\s+|^(?:核对|核实|验证|检查)(?:一下)?(?:这个|这句|以下)?(?:说法|话"
    r"|论断)?[:：,，]?\s*"
    r"|[,，]?\s*(?:is that right|is this right|is this true|true or false|correct|right|对吗|对不对|是真的吗"
    r"|是这样吗|正确吗|属实吗)\s*[?？]\s*$",
    re.I,
)  # fmt: skip
_NAME = re.compile(r"\b[A-Za-z]*[A-Z][A-Za-z]{2,}")
_ASKED = {
    "second": ("how many days", "多少天"),
    "byte": ("how much memory", "多少显存"),
    "%": ("what percentage", "百分之多少"),
    "times": ("how many times", "多少倍"),
    "flop": ("how many FLOPs", "多少 FLOPs"),
    "dollar": ("how many dollars", "多少美元"),
    "token/second": ("how many tokens per second", "每秒多少 token"),
}
"""How the quantity of a unit is asked for, in English and Chinese."""
NEAR = 0.005
"""Relative difference up to which two numbers agree; rounded numbers agree within their last digit."""
ROUNDED = 0.03
"""Most that a claim may be off by rounding."""
LEAST_SAME = 0.35
"""The same where the number is the very one: the other language may word the rest."""
BESIDE = 0.8
"""Share of the best unit's words that another one needs to be compared as well."""
SURE = 0.85
"""Share of a claim's words from which on even a number far away is that of the same quantity."""
MOST = 3
LEADING = 4
"""Words that may stand between a verb and the number that it states."""
SAME_KIND = 100.0
"""Factor from which on a result is of another quantity, such as a total where the claim tells a part."""
LEAST_HELD = 0.55
"""Share of a claim's content that a passage must hold to be compared with it."""
LEAST_ACROSS = 0.45
"""The same of a passage in the other language that names all that the claim names."""


def is_claim(text: str, *, computable: bool = False) -> bool:
    """Tell whether a text states a number, or asks to have one checked.

    Args:
        computable: a calculator reads it as a request, so that it must say that something is so.
    """
    bare = bare_claim(text)
    if not stated(bare):
        return False
    if bare != text:
        return True
    states = not computable or _STATES.search(text) is not None
    return states and not _ASKS.search(text) and len(query_terms(bare)) > 2


def bare_claim(text: str) -> str:
    """Return a claim without the words that ask for its check."""
    return _CHECK.sub("", text).strip()


def check(found: Found, numbering: Numbering, library: Library) -> Answer | None:
    """Compare a claim; None where it is better read as a question."""
    claim = bare_claim(found.question)
    claimed = stated(claim)
    requests = tuple(_requests(claim, claimed)) or _unclaimed(found.route.requests, claimed)
    done, waiting = estimates.run_requests(requests)
    waiting = [request for request in waiting if len(request.missing) <= len(request.inputs)]
    against = [(item, _against_result(claimed, item)) for item in done]
    # The sum of what is claimed stands alone: one that only an input of it asked for says nothing of the claim.
    done = [item for item, found_in in against if found_in] or done[:1]
    computed = [pair for _, found_in in against for pair in found_in]
    quoted = _against_passages(_restated(found, claim, claimed, library), claim, claimed, numbering, library)
    quoted = [one for one in quoted if not _of_another_case(one[0], computed)]
    bounds = [one for request in waiting if (one := bound(request, claimed, [c.quote for _, c in quoted]))]
    done += [one.item for one in bounds]
    computed += [one.comparison for one in bounds]
    waiting = [] if quoted or computed else waiting
    if done and not computed and not quoted:
        return None
    language = found.language
    said = [
        Statement(
            text=_told(language, one, _title(done, one), bounds),
            numbers=(one.number,) if one.number else (),
            status="computed" if one.source == "calculator" else "supported",
        )
        for one in (*(pair for pair, _ in quoted), *computed)
    ]
    citations = listed([citation for _, citation in quoted])
    quotes = [Statement(text=c.quote, numbers=(c.number,), status="quoted") for c in citations]
    if not said:
        said = [Statement(text=nothing_to_compare(language), status="said")]
        said += [Statement(text=estimates.waiting_line(request, language), status="said") for request in waiting]
    said = [*(Statement(text=line, status="said") for line in readings(claimed, language)), *said]
    return Answer(
        question=found.question,
        kind="claim",
        text=joined([*said, *quotes]),
        statements=(*said, *quotes),
        citations=tuple(citations),
        estimates=tuple(done),
        requests=tuple(waiting),
        comparisons=(*(pair for pair, _ in quoted), *computed),
        grounded=bool(quoted or computed),
        notices=found.gathered.notices,
    )


def _restated(found: Found, claim: str, claimed: Sequence[Number], library: Library) -> list[Relevance]:
    """Return the units ranked by what the claim speaks of; its stated quantities are what may be wrong."""
    parts, at = [], 0
    values = [number for number in numbers_in(claim) if not number.unit and "." in number.text]
    for number in sorted([*claimed, *values], key=lambda number: number.start):
        if number.start < at:
            continue
        parts.append(claim[at : number.start])
        at = number.end
    asked = read_question(" ".join([*parts, claim[at:]]), lexicon_of(library))
    return rank(asked, [item.unit for item in found.ranked])


def _requests(claim: str, claimed: Sequence[Number]) -> Iterator[CalculatorRequest]:
    """Yield the sums that a claim's own numbers would answer: each in turn is asked for instead of stated.

    What follows the verb is what is claimed: of "training at 40% MFU takes 10 days" the days.
    """
    verbs = [match.end() for match in _STATES.finditer(claim)]
    said = [number for number in claimed if any(_leads(claim[at : number.start]) for at in verbs if at <= number.start)]
    for number in said or claimed:
        asked = _ASKED.get(number.unit, ("", ""))[language_of(claim) != "en"]
        if asked:
            read = route(
                f"{claim[: number.start].rstrip()} {asked} {claim[number.end :].lstrip()}".rstrip(" .。") + "?"
            )
            yield from read.requests[:1]


def _leads(between: str) -> bool:
    """Tell whether words lead from a verb to its number, no other quantity among them."""
    return not any(number.physical for number in numbers_in(between)) and len(query_terms(between)) <= LEADING


def _told(language: Language, one: Comparison, title: str, bounds: Sequence[Bound]) -> str:
    limit = next((item for item in bounds if item.comparison is one), None)
    if limit is not None:
        return at_best(language, one.claimed, one.found, limit.share, source_name(language, title))
    return compared(language, one.claimed, one.found, one.gap, source_name(language, title))


def _unclaimed(requests: Sequence[CalculatorRequest], claimed: Sequence[Number]) -> tuple[CalculatorRequest, ...]:
    """Return the sums of which no input is a number that the claim states as a result."""
    values = [number.value for number in claimed]
    return tuple(
        request
        for request in requests
        if not any(isinstance(value, int | float) and value in values for value in request.inputs.values())
    )


def _of_another_case(one: Comparison, computed: Sequence[Comparison]) -> bool:
    """Tell whether a passage gives neither what is claimed nor what is computed of it: it tells of other inputs."""
    sums = [numbers_in(other.found)[0] for other in computed if other.claimed == one.claimed]
    if one.agrees or not sums:
        return False
    return not any(near(result.value, numbers_in(one.found)[0].value, 1 + ROUNDED) for result in sums)


def _title(done: list[AnsweredEstimate], one: Comparison) -> str:
    return next((item.title for item in done if item.estimate.calculator == one.calculator), "")


def _against_result(claimed: list[Number], item: AnsweredEstimate) -> list[Comparison]:
    """Compare claimed numbers with a result, in the claim's own unit where the calculator gives it."""
    made = []
    for number in claimed:
        for quantity in _alike(number, item):
            result = numbers_in(f"{quantity.value} {'' if quantity.unit == '1' else quantity.unit}")[0]
            value = result.value * (100 if number.unit == "%" and result.unit != "%" else 1)
            if not near(number.value, value, SAME_KIND):
                continue
            shown = estimates.value_of(float(f"{value:.4g}"), "%") if number.unit == "%" else _rounded(quantity)
            gap = _gap(number, value)
            made.append(
                Comparison(
                    claimed=number.text.strip(),
                    found=shown,
                    source="calculator",
                    calculator=item.estimate.calculator,
                    gap=gap,
                    agrees=gap == 0.0,
                )
            )
            break
    return made


def _alike(number: Number, item: AnsweredEstimate) -> list[Quantity]:
    """Return the result's quantities of the number's dimension, those in its own unit first."""
    found = []
    for quantity in item.estimate.quantities:
        if isinstance(quantity.value, list):
            continue
        read = numbers_in(f"{quantity.value} {'' if quantity.unit == '1' else quantity.unit}")
        ratio = number.unit == "%" and quantity.unit == "1" and abs(quantity.value) <= 1
        if read and (read[0].unit == number.unit or ratio):
            found.append(quantity)
    return sorted(
        found, key=lambda quantity: re.search(rf"(?<![A-Za-z]){re.escape(quantity.unit)}$", number.text) is None
    )


def _rounded(quantity: Quantity) -> str:
    return estimates.value_of(float(f"{quantity.value:.4g}"), quantity.unit)


def _gap(claimed: Number, value: float) -> float | None:
    """Return the relative difference; 0 within what the claim may have been rounded by."""
    if abs(claimed.value - value) <= max(NEAR * abs(value), min(claimed.step * 0.5000001, ROUNDED * abs(value))):
        return 0.0
    return (claimed.value - value) / value if value else None


def _against_passages(
    ranked: Sequence[Relevance], claim: str, claimed: list[Number], numbering: Numbering, library: Library
) -> list[tuple[Comparison, Citation]]:
    made: list[tuple[Comparison, Citation]] = []
    for item, pair in _comparable(ranked, claim, claimed):
        number, held = pair.claimed, pair.held
        citation = cite(item.unit, numbering)
        if len(made) == MOST or not checked([citation], library):
            continue
        gap = 0.0 if pair.within else _gap(number, held.value)
        one = Comparison(
            claimed=number.text.strip(),
            found=held.text.strip(),
            source="passage",
            number=citation.number,
            gap=gap,
            agrees=gap == 0.0,
        )
        made.append((one, citation))
    return made


def _comparable(ranked: Sequence[Relevance], claim: str, claimed: list[Number]) -> list[tuple[Relevance, Pair]]:
    """Return the units that speak of what the claim does, with the claimed number and theirs, best first.

    A unit that holds clearly less of the claim than another, or whose number stands among other words, speaks of
    something beside it.
    """
    found = []
    named = _NAME.search(claim) is not None
    for item in ranked[:16]:
        if item.names < 1.0 or item.unit.heading:
            continue
        for pair in pairs(claim, claimed, item.unit.text):
            same = language_of(item.unit.text) == language_of(claim)
            if same and not pair.fit and not pair.claimed.equals(pair.held):
                continue
            least = LEAST_HELD if same or not (pair.fit or named) else LEAST_ACROSS
            if item.covered >= (LEAST_SAME if pair.claimed.equals(pair.held) else least):
                found.append((item, pair))
    best = max((item.own for item, _ in found), default=0.0)
    close = [one for one in found if near(one[1].claimed.value, one[1].held.value)]
    kept = [
        (item, pair)
        for item, pair in found
        if item.own >= BESIDE * best and ((item, pair) in close or (item.own >= SURE and not close))
    ]
    equal = [pair.fit for _, pair in kept if pair.within or pair.claimed.equals(pair.held)]
    if equal:
        kept = [one for one in kept if one[1].within or one[1].claimed.equals(one[1].held) or one[1].fit > max(equal)]
    kept.sort(key=lambda one: (-_agreeing(one[0], claimed), -round(one[0].own, 1), -one[1].fit))
    first = {one[1].claimed.start: one for one in reversed(kept)}
    # Each number of the claim in turn, before another passage on one of them.
    return [one for one in kept if one is first[one[1].claimed.start]] + [
        one for one in kept if one is not first[one[1].claimed.start]
    ]


def _agreeing(item: Relevance, claimed: Sequence[Number]) -> int:
    """Count the claimed numbers that a unit gives."""
    held = numbers_in(item.unit.text)
    return sum(any(number.equals(one) for one in held) for number in claimed)
