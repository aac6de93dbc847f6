"""Open chat models that a reader may fetch, and what each needs on this machine by the calculators.

Owns the list in `local_models.toml` and the machine's memory. Nothing is fetched here. Invariant: every
figure of need comes from a calculator, and a link can show its formula.
"""

import os
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

import calculators
from kb.llm import models_folder
from kb.settings import Settings
from kb.types import Frozen

DATA = Path(__file__).with_name("local_models.toml")
WORKING = 350_000_000
"""Bytes that computing takes besides weights and cache: activations of a batch, the library itself."""
SHARE = 0.9
"""Of the memory; beyond it the system itself has no room."""
GROUPS = {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}
"""Where Linux states that a container may use less than the machine has."""
Fit = Literal["fits", "tight", "too large", "unknown"]


class LocalModel(Frozen):
    """One file that can be fetched, with the facts of its publisher."""

    name: str
    file: str = Field(pattern=r"^[A-Za-z0-9._-]+\.gguf$")
    url: str
    page: str
    licence: str
    quantisation: str
    params: int = Field(gt=0)
    bytes: int = Field(gt=0)
    """As the publisher's page rounds it."""
    bits_per_weight: float = Field(gt=1, lt=33)
    layers: int
    kv_heads: int
    head_dim: int
    window: int
    chinese: bool
    remark: str
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """Empty where it is asked of the host when the file is fetched."""

    @field_validator("url", "page")
    @classmethod
    def _https(cls, value: str) -> str:
        if not value.startswith("https://"):
            raise ValueError("must begin with https://")
        return value


class Need(Frozen):
    """What a model takes in memory, in bytes, each figure with the inputs of its calculator."""

    weights: int
    cache: int
    working: int = WORKING
    weights_inputs: dict[str, float]
    cache_inputs: dict[str, float]

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.cache + self.working


class Machine(Frozen):
    """This machine's memory in bytes; 0 where it cannot be told."""

    total: int = 0
    free: int = 0
    """What is free or can be freed at once."""


@cache
def local_models() -> tuple[LocalModel, ...]:
    """Return the models of the list, smallest first."""
    found = tomllib.loads(DATA.read_text(encoding="utf-8"))["model"]
    return tuple(sorted((LocalModel(**entry) for entry in found), key=lambda model: model.bytes))


def need_of(model: LocalModel, context: int) -> Need:
    """Return what a model takes with a window of `context` tokens, of which it uses no more than its own."""
    weights = {"params": float(model.params), "bits_per_weight": model.bits_per_weight}
    cached = {
        "layers": float(model.layers),
        "kv_heads": float(model.kv_heads),
        "head_dim": float(model.head_dim),
        "tokens": float(min(context, model.window)),
    }
    return Need(
        weights=int(_bytes("quant_size", weights)),
        cache=int(_bytes("kv_cache", cached)),
        weights_inputs=weights,
        cache_inputs=cached,
    )


def longest_window(model: LocalModel, machine: Machine) -> int:
    """Return how many tokens of cache fit beside a model in this machine, its own window at most; 0 for none."""
    room = machine.total * SHARE - need_of(model, 1).weights - WORKING
    if room <= 0:
        return 0
    inputs = {
        "layers": model.layers,
        "kv_heads": model.kv_heads,
        "head_dim": model.head_dim,
        "kv_mem_bytes": room,
    }
    tokens = calculators.run("serving_capacity", inputs, "kv_tokens").value
    return min(model.window, int(tokens)) if isinstance(tokens, int | float) else 0


def fit_of(need: Need, machine: Machine) -> Fit:
    """Say whether a need is met: `tight` where other programs would have to make room."""
    if not machine.total:
        return "unknown"
    if need.total > machine.total * SHARE:
        return "too large"
    return "tight" if machine.free and need.total > machine.free else "fits"


def this_machine(
    meminfo: Path = Path("/proc/meminfo"), limits: Iterable[str | Path] = tuple(sorted(GROUPS))
) -> Machine:
    """Return the memory of this machine, or of the container that this process may use."""
    total, free = _physical(), 0
    lines = dict(line.split(":", 1) for line in _read(meminfo).splitlines() if ":" in line)
    for name, value in lines.items():
        number = int(value.split()[0]) * 1024 if value.split() and value.split()[0].isdigit() else 0
        if name == "MemTotal":
            total = number or total
        elif name == "MemAvailable":
            free = number
    for limit in limits:
        stated = _read(Path(limit)).strip()
        if stated.isdigit() and 0 < int(stated) < total:
            total = int(stated)
            free = min(free, total)
    return Machine(total=total, free=free)


def kept_models(settings: Settings) -> list[Path]:
    """Return the GGUF files in the home's `models`, by name."""
    folder = models_folder(settings.home)
    return sorted(folder.glob("*.gguf")) if folder.is_dir() else []


def _physical() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        # Not every system tells it so.
        return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _bytes(calculator: str, inputs: dict[str, float]) -> float:
    value = calculators.run(calculator, inputs, "bytes").value
    if not isinstance(value, int | float):
        raise TypeError(f"{calculator} gives {value!r} for bytes")
    return float(value)
