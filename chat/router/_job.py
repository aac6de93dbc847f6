"""One reading of a question for one calculator, while its inputs are put together.

Owns what the completions share: facts, names, notes and the places that were used. Knows no formula. Invariant: an
input that the text gives outright is never replaced by one that a registry gives.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import calculators
from calculators import Accelerator, Model
from chat.router._facts import Fact, Facts
from chat.router._features import holds
from chat.router._routes import Way
from chat.router._values import MOST

Json = dict[str, Any]
TRAINED_IN = ("fp32", "tf32", "bf16", "fp16", "fp8", "fp4")
_POOL_TYPES = {"count", "count0", "length", "stage"}


@dataclass(slots=True)
class Job:
    """Facts, and what has been made of them so far."""

    way: Way
    facts: Facts
    inputs: Json = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    used: dict[str, Fact] = field(default_factory=dict)
    """Facts by the input, or the name, that they were used for."""
    registered: set[str] = field(default_factory=set)
    """Inputs that came from a registry."""
    ask: list[str] = field(default_factory=list)
    """Inputs to ask for although they have a default, as the default would not be what was meant."""
    spent: set[int] = field(default_factory=set)
    worked: list[Fact] = field(default_factory=list)
    """Facts that something was worked out from, without being an input themselves."""
    pooling: bool = True
    """Whether amounts without a name may be taken."""

    @property
    def model(self) -> Model | None:
        """The model named first."""
        fact = self.facts.first("model")
        return calculators.models()[str(fact.value)] if fact else None

    @property
    def device(self) -> Accelerator | None:
        """The accelerator named first."""
        fact = self.facts.first("device")
        return calculators.accelerators()[str(fact.value)] if fact else None

    def says(self, condition: str) -> bool:
        """Whether a condition of the kind in calculators.toml holds."""
        return holds(condition, self.facts.features)

    def choice(self, group: str) -> str | None:
        """The choice of that group; of several the most particular, which is not the usual name."""
        facts = self.facts.given.get(f"choice:{group}", [])
        if not facts:
            return None
        special = [fact for fact in facts if fact.value not in ("adam", "adamw", "1f1b")]
        fact = (special or facts)[0]
        self.used.setdefault(group, fact)
        return str(fact.value)

    def uses(self, fact: Fact | None) -> float | None:
        """The value of a fact that something is worked out from, so that it does not count as left over."""
        if fact is None:
            return None
        self.worked.append(fact)
        return float(fact.value)

    def number(self, *keys: str) -> float | None:
        """The value of the first of these quantities that is given, noted as used."""
        fact = self.facts.first(*keys)
        if fact is None:
            return None
        self.used.setdefault(fact.key, fact)
        return float(fact.value)

    def peek(self, *keys: str) -> float | None:
        """The same, without use."""
        fact = self.facts.first(*keys)
        return None if fact is None else float(fact.value)

    def pool(self, key: str, kind: str = "amount", least: float = -math.inf) -> Fact | None:
        """The next amount without a name of that kind, `least` or more, that no input has taken yet."""
        for fact in self.facts.given.get(key, ()) if self.pooling else ():
            if place(fact) not in self.spent and suits(fact.value, kind) and float(fact.value) >= least:
                self.spent.add(place(fact))
                return fact
        return None

    def put(self, name: str, value: Any, fact: Fact | None = None) -> None:
        """Set an input."""
        self.inputs[name] = value
        self.registered.discard(name)
        if fact is not None:
            self.used[name] = fact

    def note(self, line: str) -> None:
        """Leave a line, once."""
        if line not in self.notes:
            self.notes.append(line)

    def drop(self, *names: str) -> None:
        """Take inputs back."""
        for name in names:
            self.inputs.pop(name, None)
            self.registered.discard(name)
            self.used.pop(name, None)

    def gpus(self) -> int | None:
        """How many devices the text says, nodes counted out."""
        given, nodes, each = self.peek("gpus", "=gpus"), self.peek("nodes"), self.peek("gpus_per_node")
        if nodes and each:
            self.number("nodes"), self.number("gpus_per_node")
            self.note(f"{nodes:,.0f} nodes of {each:.0f} are {nodes * each:,.0f} devices")
            return int(nodes * each)
        if given is not None:
            self.number("gpus", "=gpus")
            return int(given)
        return None

    def sequence(self) -> float | None:
        """Tokens of a sequence: as given, else prompt and answer together."""
        given = self.number("seq_len", "=seq_len")
        if given is not None:
            return given
        parts = [part for part in (self.number("prompt_len"), self.number("output_len")) if part is not None]
        if len(parts) == 2:
            self.note(f"prompt and answer together: {sum(parts):,.0f} tokens")
        return sum(parts) if parts else None

    def dtype(self, *keys: str) -> Fact | None:
        """A number format, the first of these keys that is given."""
        return self.facts.first(*(keys or ("weight_dtype", "dtype")))

    @property
    def precision(self) -> str:
        """The precision in which the device computes: as said, else bf16."""
        fact = self.dtype("dtype", "weight_dtype")
        label = fact.label if fact else ""
        if self.device is not None and label in (*TRAINED_IN, "int8") and self.device.peak_flops(label):
            return label
        return "bf16"

    def peak(self) -> float | None:
        """FLOP/s of one device at its peak: as given, else the device's."""
        given = self.number("peak_flops", "=peak_flops")
        if given is not None or self.device is None:
            return given
        self.note(device_note(self, self.device.peak_flops(self.precision)))
        return self.device.peak_flops(self.precision)

    def size(self, *, active: bool = False) -> float | None:
        """Parameters: as given, else the model's."""
        given = self.number(*(("active_params",) if active else ()), "params", "=params")
        if given is None and "params" in self.used and "params" in self.inputs:
            given = float(self.inputs["params"])
        if given is None:
            loose = self.pool("big_any")
            given = None if loose is None else float(loose.value)
            if loose is not None:
                self.used["params"] = loose
        if given is None and self.model is not None:
            return float(self.model.active_params if active else self.model.params)
        return given


def place(fact: Fact) -> int:
    """Where a fact stands; below zero in an earlier question, whose places are not those of this one."""
    return -1 - fact.start if fact.earlier else fact.start


def suits(value: Any, kind: str) -> bool:
    """Whether a bare number may be a value of that type."""
    number = float(value)
    if kind == "share":
        return 0 <= number <= 1
    if kind in _POOL_TYPES:
        return number == int(number) and 1 <= number <= MOST
    return True


def device_note(job: Job, peak: float | None) -> str:
    """How the device's name was read, and where its figures come from."""
    device, fact = job.device, job.facts.first("device")
    assert device is not None
    assert fact is not None
    figure = f", dense {job.precision} peak {peak / 1e12:g} TFLOP/s" if peak else ""
    return f"{fact.text} read as {device.title}{figure} ({device.source})"


def model_note(job: Job, names: Iterable[str]) -> str:
    """What a model's name settled, and where that comes from."""
    model, fact = job.model, job.facts.first("model")
    assert model is not None
    assert fact is not None
    return f"{fact.text} read as {model.title}: {', '.join(names)} ({model.source})"
