"""Read the registry's TOML files.

Owns the files' units and the look-up of entries by name or by text. Refuses an entry with an
unknown or missing field, and a spelling that two entries claim. Invariant: files are read once,
on first use; what is returned is in base units.
"""

import tomllib
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from calculators._registry._entries import Accelerator, Model
from calculators._registry._names import Mention, NameFinder

_DATA = files(__package__ or "calculators._registry")
_GIB = 2**30


def _read(file: Traversable) -> dict[str, dict[str, Any]]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _models() -> dict[str, Model]:
    found: dict[str, Model] = {}
    for file in sorted(_DATA.joinpath("models").iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            for name, entry in _read(file).items():
                if name in found:
                    raise ValueError(f"{file.name} describes {name} again")
                found[name] = Model(name=name, **entry)
    return found


@lru_cache(maxsize=1)
def _accelerators() -> dict[str, Accelerator]:
    entries = _read(_DATA.joinpath("accelerators.toml"))
    return {name: _accelerator(name, dict(entry)) for name, entry in entries.items()}


def _accelerator(name: str, entry: dict[str, Any]) -> Accelerator:
    """Turn the file's units into base units."""
    memory = entry.pop("memory_gib", 0) * _GIB + entry.pop("memory_gb", 0) * 10**9
    link, total = entry.pop("link_gb_s", None), entry.pop("link_total_gb_s", None)
    return Accelerator(
        name=name,
        memory_bytes=memory,
        bandwidth=entry.pop("bandwidth_gb_s") * 1e9,
        link_bandwidth=None if link is None else link * 1e9,
        link_total=None if total is None else total * 1e9,
        power=entry.pop("power_w", None),
        peak={precision: round(peak * 1e12) for precision, peak in entry.pop("peak_tflops").items()},
        **entry,
    )


@lru_cache(maxsize=1)
def _model_finder() -> NameFinder:
    return NameFinder({item.name: (item.name, item.title, *item.aliases) for item in _models().values()})


@lru_cache(maxsize=1)
def _accelerator_finder() -> NameFinder:
    return NameFinder({item.name: (item.name, item.title, *item.aliases) for item in _accelerators().values()})


def models() -> dict[str, Model]:
    """Every model by name, in the order of the files."""
    return dict(_models())


def accelerators() -> dict[str, Accelerator]:
    """Every accelerator by name, in the order of the file."""
    return dict(_accelerators())


def find_model(text: str) -> Model | None:
    """The model that a text names, the longest name if several; None if it names none."""
    mention = _model_finder().find(text)
    return _models()[mention.name] if mention else None


def find_accelerator(text: str) -> Accelerator | None:
    """The accelerator that a text names, the longest name if several; a bare family name means its usual member."""
    mention = _accelerator_finder().find(text)
    return _accelerators()[mention.name] if mention else None


def find_models(text: str) -> tuple[Mention, ...]:
    """Every model named in a text, with its place."""
    return _model_finder().find_all(text)


def find_accelerators(text: str) -> tuple[Mention, ...]:
    """Every accelerator named in a text, with its place."""
    return _accelerator_finder().find_all(text)
