"""The count of something for which a sum gives what is wanted: "how many microbatches for at most 5%?".

Owns the search for one counted input of the sum before. Refuses all but counts and shares, and a sum that no count in
reach satisfies. Invariant: the count returned gives what is wanted, by the calculator's own word, and the next one that
it takes does not: it is the least, or the most where fewer are no better.
"""

import re
from collections.abc import Sequence

import calculators
from calculators import CalculatorError
from chat._restated import restated
from chat.router import CalculatorRequest, Route, route
from kb.evidence import numbers_in
from kb.text import STOPWORDS

_HOW_MANY = re.compile(
    r"\bhow many (?P<en>[a-z][a-z-]+)\b"
    r"|(?:多少|几)\s?(?:个|张|级)?\s?(?P<zh>[a-z-]{3,}|微批次?|阶段|[\u4e00-\u9fff]{1,2}(?=才|能|可))",
    re.I,
)
_MOST = re.compile(
    r"\b(?:at most|no more than|not more than|below|under|less than|within|up to|max(?:imum)?|lower than)\b|<=?|≤"
    r"|不超过|低于|小于|至多|最多|以内|以下|降到",
    re.I,
)
_LEAST = re.compile(
    r"\b(?:at least|no less than|above|over|more than|min(?:imum)?|higher than)\b|>=?|≥"
    r"|不低于|高于|大于|至少|最少|以上|超过",
    re.I,
)
_STRICT = re.compile(
    r"(?<!no )(?<!not )\b(?:less|more|lower|higher) than\b|\b(?:below|under|above|over)\b"
    r"|低于|小于|高于|大于|(?<!不)超过",
    re.I,
)
TINY = 1e-9
REACH = 1024
"""Counts that are tried."""


def needed(form: str, before: Sequence[str]) -> tuple[Route, str] | None:
    """Return the sum before with the least count that gives the share wanted, and its question; None where none does.

    Args:
        before: the earlier questions, oldest first, each as it stands alone.
    """
    many = _HOW_MANY.search(form)
    shares = [number for number in numbers_in(form) if number.unit == "%"]
    falls = _MOST.search(form) is not None and _LEAST.search(_MOST.sub(" ", form)) is None
    rises = _LEAST.search(form) is not None and not falls
    noun = (many["en"] or many["zh"]).lower() if many else ""
    if not before or not noun or noun in STOPWORDS or len(shares) != 1 or not (falls or rises):
        return None
    tried = _with_count(2, noun, before)
    field = next((s.parameter for s in tried[0].spans if not s.earlier and s.value == 2), "") if tried else ""
    if not tried or field not in tried[0].inputs:
        return None
    limit = (_MOST if falls else _LEAST).search(form)
    wanted = f"{limit.group() if limit else ''} {shares[0].text.strip()}"
    # "Less than" leaves the bound itself out.
    bound = shares[0].value * (1 - (TINY if falls else -TINY) * bool(_STRICT.search(form)))
    holding = _holding({**tried[0].inputs}, field, tried[0], bound, falls=falls)
    if True not in holding.values() or False not in holding.values():
        return None
    counts = list(holding)
    more = not holding[counts[0]]
    # From one on: the first that holds, or the last before the first that does not.
    turn = next(at for at, count in enumerate(counts) if holding[count] is more)
    count = counts[turn] if more else counts[turn - 1]
    return _found(count, noun, before, f"the {'least' if more else 'most'} that gives {wanted}")


def _holding(
    inputs: dict[str, object], field: str, request: CalculatorRequest, bound: float, *, falls: bool
) -> dict[int, bool]:
    """Return for each count that the calculator takes whether it gives what is wanted."""
    found = {}
    for count in range(1, REACH + 1):
        share = _share({**inputs, field: count}, request)
        if share is not None:
            found[count] = share <= bound if falls else share >= bound
    return found


def _with_count(count: int, noun: str, before: Sequence[str]) -> tuple[CalculatorRequest, str] | None:
    said = f"and with {count} {noun}?" if noun.isascii() else f"{count} 个{noun}呢？"
    read = route(said, [{"role": "user", "content": text} for text in before])
    if not read.continued or not read.requests or read.requests[0].missing:
        return None
    return read.requests[0], restated(said, before)


def _share(inputs: dict[str, object], request: CalculatorRequest) -> float | None:
    """Return the share in percent that the sum gives; None where it gives none, or refuses the inputs."""
    try:
        estimate = calculators.run(request.calculator, inputs, request.output, request.unit)
    except CalculatorError:
        return None
    first = estimate.quantities[0]
    if not isinstance(first.value, int | float) or first.unit not in ("%", "1"):
        return None
    return first.value if first.unit == "%" else first.value * 100


def _found(count: int, noun: str, before: Sequence[str], what: str) -> tuple[Route, str] | None:
    made = _with_count(count, noun, before)
    if made is None:
        return None
    request, alone = made
    note = f"{count} {noun}: {what}"
    spans = tuple(span for span in request.spans if span.earlier)
    request = request.model_copy(update={"notes": (note, *request.notes), "spans": spans})
    return Route(kind="calculator", requests=(request,), continued=before[-1]), alone
