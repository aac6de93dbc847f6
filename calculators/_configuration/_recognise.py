"""Recognise a configuration in text.

Owns the `Configuration` that the chat and the document page read: quantities in base units with
their place in the text, and the models and accelerators named. Refuses to guess: what a text does
not say is not in it. Invariant: offsets are those of the text given; a configuration without a
quantity is no configuration, however many names it mentions.
"""

import re
from typing import Literal

from calculators._base import Frozen
from calculators._configuration._numbers import plain, read_dtype
from calculators._configuration._rules import ACCELERATOR, MODEL, Reading, match_rules, unit_of
from calculators._registry import find_accelerators, find_models

MAX_LETTERS = 20_000
_BOUNDARY = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9(])|(?<=[。！？；])|\n+")
_BARE_CARD = re.compile(
    r"(?:张|块|片|[x×*])\s*(?P<card>[345]090)(?![\d.])|(?<![\d.])(?P<plain>[345]090)(?=\s*(?:显卡|卡|GPU|s\b))"
)


_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'()]{1,2000}")
_NUMERAL = re.compile(r"\d|[千万]亿|\b(?:trillion|two|four|eight|sixteen|thirty-two|sixty-four)\b", re.IGNORECASE)
"""What a sentence with a quantity has; those without need no closer look."""


class Parameter(Frozen):
    """Something that a text settles: a quantity, a choice such as a number format, or a name."""

    name: str
    value: int | float | bool | str
    """In base units."""
    unit: str = ""
    start: int
    end: int
    text: str
    """As written."""
    label: str = ""
    """Usual name of a number format, such as bf16."""
    kind: Literal["quantity", "choice", "model", "accelerator"] = "quantity"


class Configuration(Frozen):
    """What a text says about a job: parameters in the order of the text."""

    parameters: tuple[Parameter, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is configured: names and number formats alone configure nothing."""
        return any(parameter.kind == "quantity" for parameter in self.parameters)

    def first(self, *names: str) -> Parameter | None:
        """The first parameter of the first of these names that there is."""
        for name in names:
            for parameter in self.parameters:
                if parameter.name == name:
                    return parameter
        return None

    def number(self, *names: str) -> int | float | None:
        """The value of the first of these names that there is, if it is a number."""
        parameter = self.first(*names)
        value = parameter.value if parameter else None
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def all(self, name: str) -> tuple[Parameter, ...]:
        """Every parameter of that name; more than one where a text compares."""
        return tuple(parameter for parameter in self.parameters if parameter.name == name)


def recognise(text: str) -> Configuration:
    """Recognise the configuration of a question or a sentence.

    Only the first 20,000 letters are read; `recognise_passage` reads longer texts.
    """
    text = text[:MAX_LETTERS]
    folded = plain(text)
    names = [_name("model", mention.name, text, mention.start, mention.end) for mention in find_models(folded)]
    for mention in find_accelerators(folded):
        names.append(_name("accelerator", mention.name, text, mention.start, mention.end))
    names += _bare_cards(text, folded, names)
    masked = _URL.sub(lambda match: " " * len(match[0]), _mask(folded, names))
    found = [_parameter(text, reading) for reading in match_rules(masked)]
    ordered = sorted([*names, *found], key=lambda item: (item.start, item.end))
    return Configuration(parameters=tuple(_distinct(ordered)))


def recognise_passage(text: str) -> tuple[Configuration, ...]:
    """The configurations of a longer text, sentence by sentence; sentences without one are left out.

    Like that of one line, the text is read up to its first 20,000 letters: each sentence costs a third of a
    millisecond, and a text of nothing but short ones would cost many seconds.
    """
    text = text[:MAX_LETTERS]
    found: list[Configuration] = []
    start = 0
    for boundary in [*_BOUNDARY.finditer(text), None]:
        end = boundary.start() if boundary else len(text)
        sentence = text[start:end]
        configuration = recognise(sentence) if _NUMERAL.search(sentence) else Configuration()
        if configuration:
            moved = (
                item.model_copy(update={"start": item.start + start, "end": item.end + start})
                for item in configuration.parameters
            )
            found.append(Configuration(parameters=tuple(moved)))
        start = boundary.end() if boundary else end
    return tuple(found)


def _name(kind: Literal["model", "accelerator"], name: str, text: str, start: int, end: int) -> Parameter:
    return Parameter(name=kind, value=name, start=start, end=end, text=text[start:end], kind=kind)


def _bare_cards(text: str, folded: str, names: list[Parameter]) -> list[Parameter]:
    """Consumer cards called by their number alone, where a counter or the word for a card says that it is one."""
    cards = []
    for match in _BARE_CARD.finditer(folded):
        start, end = match.span("card" if match["card"] else "plain")
        if all(end <= name.start or start >= name.end for name in names):
            cards.append(_name("accelerator", f"rtx-{folded[start:end]}", text, start, end))
    return cards


def _mask(text: str, names: list[Parameter]) -> str:
    for name in names:
        mark = ACCELERATOR if name.kind == "accelerator" else MODEL
        text = text[: name.start] + mark * (name.end - name.start) + text[name.end :]
    return text


def _parameter(text: str, reading: Reading) -> Parameter:
    written = text[reading.start : reading.end].rstrip(" ,;")
    return Parameter(
        name=reading.name,
        value=reading.value,
        unit=unit_of(reading.name),
        start=reading.start,
        end=reading.start + len(written),
        text=written,
        label=_label(plain(written)) if reading.name.endswith("dtype_bytes") else "",
        # "On a single GPU" is how prose speaks; it counts beside other quantities only.
        kind="choice" if reading.choice or (reading.value == 1 and not re.search(r"\d", written)) else "quantity",
    )


def _label(written: str) -> str:
    """The number format inside a phrase such as "KV cache in fp8"."""
    pieces = re.findall(r"[半单]精度|\d+\s?比特|[A-Za-z0-9][A-Za-z0-9-]*(?:[- ](?:bits?|precision))?", written)
    return next((label for piece in pieces if (label := read_dtype(piece))), "")


def _distinct(parameters: list[Parameter]) -> list[Parameter]:
    """Leave out what is said twice."""
    seen: set[tuple[str, object]] = set()
    kept = []
    for item in parameters:
        if (item.name, item.value) not in seen:
            seen.add((item.name, item.value))
            kept.append(item)
    return kept
