"""The rules of `rules.toml`, compiled, and their matches in a text.

Owns the expansion of slots and abbreviations, the marks that no rule may follow (figure and
section numbers, ordinals), and which of two overlapping matches stands. Knows no calculator.
Invariant: what is returned does not overlap, and is in the order of the text.
"""

import math
import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from calculators._configuration._numbers import Value
from calculators._configuration._slots import EDGE, SLOTS

ACCELERATOR, MODEL = "\ue000", "\ue001"
"""Stand for every letter of a name that has been found already."""

_SLOT = re.compile(r"<([a-z_0-9]+):([a-z]+)>")
_ABBREVIATIONS = {
    "{eq}": r"\s*(?:=|:|\bis\b|\bare\b|\bof\b|\bat\b|\bto\b|\bwith\b|\bwas\b|\bas\b|"
    r"大小为|大小|设为|设成|等于|为|是|按|到|取|用|达|有|设)?"
    r"\s*(?:about\s+|around\s+|roughly\s+|大约|约|~)?\s*",
    "{is}": r"\s*(?:=|:|\bis\b|\bof\b|\bequals\b|\b(?:is\s+)?set\s+to\b|为|是|取|设为|设成|等于|用|开)?\s*",
    "{acc}": f"{ACCELERATOR}+",
    "{mod}": f"{MODEL}+",
}
_FLAGS = re.IGNORECASE | re.ASCII
_REFERENCE = re.compile(
    r"(?:\b(?:sections?|sec\.?|figures?|figs?\.?|tables?|tab\.|chapters?|ch\.|appendix|equations?|eqs?\.?|pages?|"
    r"pp\.|versions?|ver\.|issues?|line|lines|row|rows|column|phase|week|day|lecture|part|step|rule|no\.|vol\.|"
    r"volume|item|question|slide|theorem|lemma|algorithm|exercise|episode|day)\s*|[#§第图表]\s*|\bv)$",
    _FLAGS,
)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b", _FLAGS)


@dataclass(frozen=True, slots=True)
class Reading:
    """A quantity as a rule read it, with its place."""

    name: str
    value: Value | bool
    start: int
    end: int
    choice: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled pattern and what it settles."""

    pattern: re.Pattern[str]
    slots: tuple[tuple[str, str], ...]
    needs: re.Pattern[str] | None
    rank: int
    choice: bool
    settles: dict[str, Any] = field(default_factory=dict)


def _expand(text: str) -> str:
    for short, long in _ABBREVIATIONS.items():
        text = text.replace(short, long)
    return text


def _compile(pattern: str, entry: dict[str, Any]) -> Rule:
    slots: list[tuple[str, str]] = []

    def slot(match: re.Match[str]) -> str:
        slots.append((match[1], match[2]))
        return f"(?P<{match[1]}>{SLOTS[match[2]].pattern})"

    opens_with_slot = pattern.startswith(("<", "(?<!", "(?<="))
    expanded = _SLOT.sub(slot, _expand(pattern))
    needs = entry.get("needs")
    return Rule(
        pattern=re.compile((EDGE if opens_with_slot and slots else "") + expanded, _FLAGS),
        slots=tuple(slots),
        needs=re.compile(_expand(needs), _FLAGS) if needs else None,
        rank=entry.get("rank", 0),
        choice=entry.get("choice", False),
        settles=entry.get("set", {}),
    )


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    return tomllib.loads(files(__package__ or "").joinpath("rules.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Every rule, one per pattern."""
    return tuple(_compile(pattern, entry) for entry in _file()["rule"] for pattern in entry["patterns"])


def unit_of(quantity: str) -> str:
    """Base unit of a quantity; empty for pure numbers and choices."""
    return str(_file()["units"].get(quantity, ""))


def _is_reference(text: str, match: re.Match[str]) -> bool:
    """Whether the match is the number of a figure, a section or a place in a row rather than an amount."""
    return bool(_REFERENCE.search(text, max(0, match.start() - 16), match.start()) or _ORDINAL.match(text, match.end()))


def _read(rule: Rule, match: re.Match[str]) -> list[Reading]:
    found = [
        Reading(name, SLOTS[slot].read(match[name]), match.start(name), match.end(name), rule.choice)
        for name, slot in rule.slots
        if match[name] is not None
    ]
    # A number beyond any double, such as 1e999, is no amount.
    found = [reading for reading in found if not isinstance(reading.value, float) or math.isfinite(reading.value)]
    if len(found) == 1 and not rule.settles:
        only = found[0]
        start = match.start() + len(match[0]) - len(match[0].lstrip(" ,;(["))
        found = [Reading(only.name, only.value, start, max(only.end, match.end()), rule.choice)]
    return found + [Reading(name, value, *match.span(), rule.choice) for name, value in rule.settles.items()]


def match_rules(text: str) -> list[Reading]:
    """What the rules find in a text that has been made plain and whose names have been masked."""
    found: list[tuple[int, int, int, Rule, re.Match[str]]] = []
    for rule in rules():
        if rule.needs is not None and not rule.needs.search(text):
            continue
        for match in rule.pattern.finditer(text):
            if match.end() > match.start() and not _is_reference(text, match):
                found.append((-rule.rank, match.start() - match.end(), match.start(), rule, match))
    found.sort(key=lambda item: item[:3])
    taken, chosen = bytearray(len(text)), bytearray(len(text))
    readings: list[Reading] = []
    for rank, _, _, rule, match in found:
        # A plain choice, such as the name of an operation, may stand inside a phrase that says an amount.
        grounds = (chosen,) if rule.settles and not rank else (taken, chosen) if rule.settles else (taken,)
        start, end = match.span()
        if not any(any(ground[start:end]) for ground in grounds):
            for ground in grounds:
                ground[start:end] = b"\1" * (end - start)
            readings += _read(rule, match)
    return sorted(readings, key=lambda reading: (reading.start, reading.end))
