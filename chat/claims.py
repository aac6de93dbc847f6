"""A pasted claim beside what the library and the calculators say of the same quantity.

Owns what is a claim and which numbers are comparable. Refuses to compare numbers of different units, or of passages
that do not speak of what the claim names. Invariant: a gap is stated with both numbers and their source.
"""

import re

from chat import estimates
from chat.citations import Numbering, checked, cite, listed
from chat.finding import Found
from chat.library import Library
from chat.relevance import Relevance
from chat.types import Answer, AnsweredEstimate, Citation, Comparison, Statement
from chat.wording import compared, joined, nothing_to_compare, source_name
from kb.evidence import Number, numbers_in

_ASKS = re.compile(
    r"[?？]\s*$|^(?:what|why|how|when|who|where|which|is|are|do|does|did|can|could|should|compare|explain|list"
    r"|define|tell|give|"
    r"find|show|summari[sz]e|compute|calculate|estimate)\b|什么|怎么|怎样|如何|为什么|为何|多少|哪|吗|呢|几"
    r"|比较一下|介绍|解释|计算|估算",
    re.I,
)
_CHECK = re.compile(
    r"^(?:please )?(?:check|verify|fact-?check)(?: (?:this|the claim|that|whether|if))*\s*[:：,]?\s*"
    r"|^is it (?:true|right|correct) that\s+|^(?:核对|核实|验证|检查)(?:一下)?(?:这个|这句|以下)?(?:说法|话"
    r"|论断)?[:：,，]?\s*"
    r"|[,，]?\s*(?:is that right|is this right|is this true|true or false|correct|right|对吗|对不对|是真的吗"
    r"|是这样吗|正确吗|属实吗)\s*[?？]\s*$",
    re.I,
)  # fmt: skip
NEAR = 0.005
"""Relative difference up to which two numbers agree; rounded numbers agree within their last digit."""
MOST = 3
LEAST_HELD = 0.55
"""Share of a claim's content that a passage must hold to be compared with it."""


def is_claim(text: str) -> bool:
    """Tell whether a text states a number, or asks to have one checked."""
    bare = bare_claim(text)
    if not any(number.physical for number in numbers_in(bare)):
        return False
    return bare != text or (not _ASKS.search(text) and len(bare.split()) + bare.count("，") > 3)


def bare_claim(text: str) -> str:
    """Return a claim without the words that ask for its check."""
    return _CHECK.sub("", text).strip()


def check(found: Found, numbering: Numbering, library: Library) -> Answer | None:
    """Compare a claim; None where it is better read as a question."""
    claimed = [number for number in numbers_in(bare_claim(found.question)) if number.physical]
    done, waiting = estimates.run_requests(found.route.requests)
    computed = [pair for item in done for pair in _against_result(claimed, item)]
    quoted = _against_passages(found, claimed, numbering, library)
    if done and not computed and not quoted:
        return None
    language = found.language
    said = [
        Statement(
            text=compared(language, one.claimed, one.found, one.gap, source_name(language, _title(done, one))),
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
        notices=found.notices,
    )


def _title(done: list[AnsweredEstimate], one: Comparison) -> str:
    return next((item.title for item in done if item.estimate.calculator == one.calculator), "")


def _against_result(claimed: list[Number], item: AnsweredEstimate) -> list[Comparison]:
    made = []
    for quantity in item.estimate.quantities[:1]:
        if isinstance(quantity.value, list):
            continue
        shown = estimates.value_of(quantity.value, quantity.unit)
        for result in numbers_in(f"{quantity.value} {'' if quantity.unit == '1' else quantity.unit}"):
            for number in claimed:
                if number.unit == result.unit or (number.unit == "%" and not result.unit and abs(result.value) <= 1):
                    value = result.value * (100 if number.unit == "%" and not result.unit else 1)
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
    return made


def _gap(claimed: Number, value: float) -> float | None:
    """Return the relative difference; 0 within rounding."""
    if abs(claimed.value - value) <= max(claimed.step * 0.5000001, NEAR * abs(value)):
        return 0.0
    return (claimed.value - value) / value if value else None


def _against_passages(
    found: Found, claimed: list[Number], numbering: Numbering, library: Library
) -> list[tuple[Comparison, Citation]]:
    made: list[tuple[Comparison, Citation]] = []
    for item in found.ranked[:12]:
        if len(made) == MOST or not _speaks(item):
            continue
        for number in claimed:
            same = [held for held in numbers_in(item.unit.text) if held.unit == number.unit]
            if not same:
                continue
            held = min(same, key=lambda other: abs(other.value - number.value))
            citation = cite(item.unit, numbering)
            if not checked([citation], library):
                continue
            gap = _gap(number, held.value)
            made.append(
                (
                    Comparison(
                        claimed=number.text.strip(),
                        found=held.text.strip(),
                        source="passage",
                        number=citation.number,
                        gap=gap,
                        agrees=gap == 0.0,
                    ),
                    citation,
                )
            )
            break
    return made


def _speaks(item: Relevance) -> bool:
    return item.names == 1.0 and item.covered >= LEAST_HELD and not item.unit.heading
