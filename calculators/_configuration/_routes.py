"""The routes of `routes.toml`: what asks for a calculator, and which quantities fill it.

Owns the reading of that file and the match of its expressions against a text. Computes nothing.
Invariant: every field and output of a route belongs to its calculator; routes to calculators that
do not exist are left out.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from calculators._configuration._recognise import Configuration
from calculators._discovery import discover

_FLAGS = re.IGNORECASE | re.ASCII | re.DOTALL
WEAK = 0.4
"""Weight of an expression that hints at a calculator rather than asking for it."""


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """An output, and when a text means it."""

    output: str
    when: re.Pattern[str]
    given: tuple[str, ...]
    absent: tuple[str, ...]

    def fits(self, text: str, configuration: Configuration) -> bool:
        """Whether the text says so and the quantities are there, or not there."""
        present = all(configuration.first(name) for name in self.given)
        return present and not any(configuration.first(name) for name in self.absent) and bool(self.when.search(text))


@dataclass(frozen=True, slots=True)
class Route:
    """The way from a text to a calculator."""

    calculator: str
    asks: tuple[re.Pattern[str], ...]
    asks_weakly: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None
    configured: tuple[frozenset[str], ...]
    configured_if: re.Pattern[str] | None
    fields: Mapping[str, tuple[str, ...]]
    outputs: tuple[OutputChoice, ...]
    ask: Mapping[str, str]
    uses: tuple[str, ...]

    def asked(self, text: str) -> float:
        """How clearly a text asks for the calculator, from 0 to 1."""
        if self.unless is not None and self.unless.search(text):
            return 0.0
        if any(pattern.search(text) for pattern in self.asks):
            return 1.0
        return WEAK if any(pattern.search(text) for pattern in self.asks_weakly) else 0.0

    def is_configured(self, configuration: Configuration, text: str) -> bool:
        """Whether the quantities alone amount to this calculator's inputs."""
        if self.unless is not None and self.unless.search(text):
            return False
        if self.configured_if is not None and not self.configured_if.search(text):
            return False
        names = {parameter.name for parameter in configuration.parameters}
        return any(wanted <= names for wanted in self.configured)

    def output(self, text: str, configuration: Configuration) -> str | None:
        """The output that the text means; None leaves the choice to the calculator."""
        return next((choice.output for choice in self.outputs if choice.fits(text, configuration)), None)

    @property
    def quantities(self) -> frozenset[str]:
        """The quantities that may fill a field, directly or not."""
        return frozenset(name for names in self.fields.values() for name in names) | frozenset(self.uses)


def _compile(patterns: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, _FLAGS) for pattern in patterns)


def _route(calculator: str, entry: dict[str, Any]) -> Route:
    return Route(
        calculator=calculator,
        asks=_compile(entry["asks"]),
        asks_weakly=_compile(entry.get("asks_weakly", [])),
        unless=re.compile(entry["unless"], _FLAGS) if "unless" in entry else None,
        configured=tuple(frozenset(names) for names in entry.get("configured", [])),
        configured_if=re.compile(entry["configured_if"], _FLAGS) if "configured_if" in entry else None,
        fields={field: tuple(names) for field, names in entry["fields"].items()},
        outputs=tuple(
            OutputChoice(
                output=item["output"],
                when=re.compile(item["when"], _FLAGS),
                given=tuple(item.get("with", ())),
                absent=tuple(item.get("without", ())),
            )
            for item in entry.get("outputs", [])
        ),
        ask=dict(entry.get("ask", {})),
        uses=tuple(entry.get("uses", ())),
    )


@lru_cache(maxsize=1)
def routes() -> tuple[Route, ...]:
    """Every route to a calculator that there is, in the order of the file."""
    entries = tomllib.loads(files(__package__ or "").joinpath("routes.toml").read_text(encoding="utf-8"))
    known = discover()
    return tuple(_route(name, entry) for name, entry in entries.items() if name in known)
