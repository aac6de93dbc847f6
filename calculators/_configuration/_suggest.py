"""Suggest calculators for a text, deterministically.

Owns the choice and order of suggestions and the filling of their inputs. Refuses to assume: what a
calculator needs and the text does not say is listed as missing. Invariant: a text without a
quantity, or without a named model whose size is asked for, suggests nothing.
"""

import re
from typing import Any

from pydantic import Field, ValidationError

from calculators._base import CalculatorError, Frozen, MissingInputs
from calculators._configuration._derive import DERIVE, Job, from_names
from calculators._configuration._numbers import plain
from calculators._configuration._recognise import Configuration, recognise
from calculators._configuration._routes import Route, routes
from calculators._discovery import find
from calculators._request import missing

_AMOUNT = re.compile(
    r"how (?:much|many|big|large|long|fast|often)|"
    r"what(?:'s| is| are)?\b.{0,40}\b(?:memory|cost|latency|time|ridge|intensity|throughput|bubble|number|count|MFU)|"
    r"\b(?:estimate|compute|calculate|work out)\b|\bsize\b|\bneed(?:s|ed)?\b|\bfits?\b|per token|"
    r"参数总?量|总参数|多少|多大|多久|多长|几[张块个天]|大小|占用|估算|计算一下|算一下|需要|能.{0,6}(?:跑|放|装|训练|微调)",
    re.IGNORECASE | re.ASCII,
)
_EXPLAIN = re.compile(
    r"^\s*(?:why|how (?:does|do|did|is|are)\b|explain|describe|summari[sz]e|which|"
    r"what (?:does|do|is the difference|are)\b)|"
    r"为什么|怎么(?!切|分|并)|如何(?!切|分|并)|区别|哪些|介绍|解释|总结|什么是|是什么",
    re.IGNORECASE,
)
_ASKED, _SET, _COVERED, _COMPLETE = 0.5, 0.15, 0.2, 0.15
"""What being asked for, being configured, using the text's quantities and lacking nothing are worth."""
LEAST = 0.2
"""Suggestions below this score are not made."""


class Suggestion(Frozen):
    """A calculator that a text asks for or configures, as far as the text fills it."""

    calculator: str
    output: str
    inputs: dict[str, Any]
    missing: tuple[str, ...] = ()
    """Inputs to ask for; nothing stands in for them."""
    score: float
    """From 0 to 1, for the order."""
    notes: tuple[str, ...] = ()
    """How the text was read where it can be read in more than one way."""
    problem: str = ""
    """What the calculator refuses in the inputs, if it does."""
    places: dict[str, tuple[int, int]] = Field(default_factory=dict)
    """Where in the text an input was read."""


def suggest(text: str, configuration: Configuration | None = None) -> list[Suggestion]:
    """Suggest the calculators that a question or a sentence asks for or configures, best first.

    `configuration` is what `recognise` found in the text, if that was done before.
    """
    found = recognise(text) if configuration is None else configuration
    folded = plain(text)
    named = any(item.kind in ("model", "accelerator") for item in found.parameters)
    if not found and not named:
        return []
    asks_amount = named and _asks_amount(folded)
    made = [item for route in routes() if (item := _try(route, folded, found, asks_amount)) is not None]
    return sorted(made, key=lambda item: -item.score)


def _asks_amount(text: str) -> bool:
    """Whether a text asks for a number rather than for an explanation."""
    return bool(_AMOUNT.search(text)) or (text.rstrip().endswith("?") and not _EXPLAIN.search(text))


def _try(route: Route, text: str, configuration: Configuration, asks_amount: bool) -> Suggestion | None:
    asked, is_set = route.asked(text), route.is_configured(configuration, text)
    if not asked and not is_set:
        return None
    job = Job(text, configuration)
    inputs, places = _fill(route, job)
    quantities = [item.name for item in configuration.parameters if item.kind == "quantity"]
    used = sum(name in route.quantities for name in quantities)
    # What a text names but does not ask about, and what it measures of something else, is no reason.
    if not inputs or not (used or asks_amount):
        return None
    output = route.output(text, configuration)
    output, absent, problem = _check(route, inputs, output)
    covered = used / len(quantities) if quantities else 0.5
    score = _ASKED * asked + _SET * is_set + _COVERED * covered + _COMPLETE / (1 + len(absent))
    if score < LEAST:
        return None
    return Suggestion(
        calculator=route.calculator,
        output=output,
        inputs=inputs,
        missing=absent,
        score=round(score, 4),
        notes=tuple(job.notes),
        problem=problem,
        places=places,
    )


def _fill(route: Route, job: Job) -> tuple[dict[str, Any], dict[str, tuple[int, int]]]:
    """Fill the inputs: names first, then quantities, then what follows from them."""
    inputs = from_names(job, route.calculator)
    places = {}
    for field, names in route.fields.items():
        parameter = job.configuration.first(*names)
        if parameter is not None:
            inputs[field] = parameter.value
            places[field] = (parameter.start, parameter.end)
            _note_reading(job, parameter.name, parameter.value, parameter.text)
    if route.calculator in DERIVE:
        DERIVE[route.calculator](job, inputs)
    return inputs, places


def _note_reading(job: Job, name: str, value: object, written: str) -> None:
    short = re.search(r"\d+\s?k", written, re.IGNORECASE)
    if name == "seq_len" and isinstance(value, int) and short and value % 1000:
        job.note(f"{short[0]} read as {value:,} tokens")
    others = [item.text for item in job.configuration.all(name)[1:]]
    if others:
        job.note(f"{name}: the first of several, {written}; also {', '.join(others)}")


def _check(route: Route, inputs: dict[str, Any], output: str | None) -> tuple[str, tuple[str, ...], str]:
    """The output meant, what it still needs, and what the calculator refuses."""
    calculator = find(route.calculator)
    try:
        absent = missing(route.calculator, inputs, output)
        chosen = output or calculator.default_output(calculator.inputs.model_validate(inputs))
        asked = tuple(field for field, other in route.ask.items() if other in inputs and field not in inputs)
        return chosen, (*absent, *asked), ""
    except MissingInputs as error:
        return output or calculator.outputs[0].name, error.missing, ""
    except (CalculatorError, ValidationError) as error:
        return output or calculator.outputs[0].name, (), str(error).splitlines()[0]
