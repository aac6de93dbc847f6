"""Which number of a passage speaks of the quantity that a claim states.

Pure. Owns the pairing of numbers by the words around them. Refuses to pair numbers of different units. Invariant: where
the words around two numbers of a passage fit a claim alike, an equal one goes first, else the one that comes first.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.evidence import Number, numbers_in
from kb.text import STOPWORDS, tokens

_CLAUSE = re.compile(r"[,;:，；：。!?]\s|[，；：。]|\b(?:with|and|while|but|whereas|against|instead of)\b|而|且|但")
_RANGE = re.compile(r"\s?(?:-|–|~|〜|to|到|至)\s?")


@dataclass(frozen=True, slots=True)
class Pair:
    """A claimed number beside one of a passage."""

    claimed: Number
    held: Number
    fit: int
    """Words that the clauses of the two share."""
    within: bool = False
    """The passage gives a range that the claimed number lies in."""


def pairs(claim: str, claimed: Sequence[Number], text: str) -> list[Pair]:
    """Return for each claimed number the number of a text that speaks of the same, best first."""
    held = numbers_in(text)
    made: list[Pair] = []
    for number in claimed:
        alike = [one for one in held if one.unit == number.unit]
        if not alike:
            continue
        alike = [one for one in alike if near(number.value, one.value)] or alike
        mine = _clause(claim, number) | _clause(claim, None)
        fits = [len(mine & _clause(text, one)) for one in alike]
        best = max(fits)
        likely = [one for one, fit in zip(alike, fits, strict=True) if fit == best]
        chosen = next((one for one in likely if number.equals(one)), likely[0])
        ends = _range_of(chosen, held, text)
        chosen = min(ends, key=lambda end: abs(end.value - number.value)) if ends else chosen
        within = bool(ends) and ends[0].value <= number.value <= ends[1].value
        made.append(Pair(number, chosen, best, within))
    return sorted(made, key=lambda pair: (-pair.fit, not pair.claimed.equals(pair.held)))


def near(claimed: float, held: float, factor: float = 3.0) -> bool:
    """Tell whether two numbers may be of one quantity: by default within a factor of three."""
    low, high = sorted((abs(claimed), abs(held)))
    return high <= factor * low


def _clause(text: str, number: Number | None) -> frozenset[str]:
    """Return the words of the clause in which a number stands, of the whole text without one; no numbers among them."""
    start, end = 0, len(text)
    if number is not None:
        for match in _CLAUSE.finditer(text):
            if match.end() <= number.start:
                start = match.end()
            elif match.start() >= number.end:
                end = match.start()
                break
        part = text[start : number.start] + " " + text[number.end : end]
    else:
        part = text
    return frozenset(token for token in tokens(part) if token not in STOPWORDS and not token[0].isdigit())


def _range_of(held: Number, all_held: Sequence[Number], text: str) -> tuple[Number, ...]:
    """Return the two ends of the range of which a number is one; nothing where it is none."""
    for low, high in itertools.pairwise(all_held):
        joined = _RANGE.fullmatch(text[low.end : high.start])
        if held in (low, high) and joined and low.unit in (high.unit, "") and low.value <= high.value:
            return (low, high)
    return ()
