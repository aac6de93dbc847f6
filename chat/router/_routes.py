"""The ways to the calculators, as calculators.toml describes them, and how well a question fits each.

Owns the score. Fills nothing. Invariant: every field, choice and output of a way belongs to its calculator.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import calculators
from chat.router._bind import Bindings
from chat.router._features import SURE, holds
from chat.router._lexicon import read_data

LEAST = 1.8
"""A way that scores less needs numbers that fill it."""
LITTLE = 0.5
"""A way that scores less is none."""


@dataclass(frozen=True)
class Way:
    """The way to one calculator."""

    calculator: str
    scores: tuple[tuple[float, str], ...]
    fields: Mapping[str, tuple[str, ...]]
    symbols: Mapping[str, tuple[str, ...]]
    choices: Mapping[str, str]
    outputs: tuple[tuple[str, str], ...]
    extra: tuple[str, ...]

    @cached_property
    def quantities(self) -> frozenset[str]:
        """The quantities that it reads."""
        named = {name for names in self.fields.values() for name in names} | set(self.extra)
        return frozenset(name for name in named if not name.endswith("_any") or name == "tokens_any")

    def score(self, features: frozenset[str]) -> float:
        """How much speaks for this calculator."""
        return sum(weight for weight, condition in self.scores if holds(condition, features))

    def output(self, features: frozenset[str]) -> str | None:
        """The output that the question means; None leaves the choice to the calculator."""
        return next((name for name, condition in self.outputs if holds(condition, features)), None)


@lru_cache(maxsize=1)
def ways() -> tuple[Way, ...]:
    """Every way to a calculator that there is."""
    known = calculators.discover()
    return tuple(
        Way(
            calculator=name,
            scores=tuple((float(weight), condition) for weight, condition in entry["score"]),
            fields={field: tuple(names) for field, names in entry["fields"].items()},
            symbols={field: tuple(letters) for field, letters in entry.get("symbols", {}).items()},
            choices=dict(entry.get("choices", {})),
            outputs=tuple((name, condition) for name, condition in entry["output"]),
            extra=tuple(entry.get("extra", ())),
        )
        for name, entry in read_data("calculators").items()
        if name in known
    )


def way_to(calculator: str) -> Way:
    """The way to the calculator of that name."""
    return next(way for way in ways() if way.calculator == calculator)


def rank(features: frozenset[str], bindings: Bindings) -> list[tuple[float, Way]]:
    """The ways that a question fits, best first: by what it speaks of, and by the quantities that it gives."""
    given = [bound.name for bound in bindings.bound if bound.cost <= SURE]
    found = []
    for way in ways():
        score = way.score(features)
        if score >= LITTLE:
            used = sum(name in way.quantities for name in given)
            score += 0.2 * used - 0.3 * (len(given) - used)
            found.append((round(score, 4), way))
    return sorted((item for item in found if item[0] >= LITTLE), key=lambda item: -item[0])
