"""A calculator's inputs as fields of a form: what each is, and how what is typed becomes a value.

Owns the reading of typed numbers (`7e9`, `70B`, `32k`, `80 GiB`, `45%`), lists and maps. Pure; knows no
Streamlit. Refuses to judge: what is no number goes on as text, and the calculator says what is wrong
with it. Invariant: `value_of(field, text_of(value)) == value`.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel

Sort = Literal["number", "integer", "choice", "flag", "text", "list", "map"]
Texts = Mapping[str, str]
_NUMBER = re.compile(r"([+-]?(?:\d[\d,_ ]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*([A-Za-z%µ/]*(?: [A-Za-z/]+)?)")
_SCALES: dict[str, float] = {
    "": 1, "k": 10**3, "K": 10**3, "M": 10**6, "m": 10**6, "G": 10**9, "g": 10**9, "b": 10**9, "B": 10**9, "bn": 10**9,
    "T": 10**12, "t": 10**12, "P": 10**15, "E": 10**18, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
_TIMES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "min": 60.0, "h": 3600.0}
_TAILS = ("flop/s", "flops", "flop", "byte/s", "bytes", "b/s", "tokens/s", "tokens", "params")

_PREFERRED: dict[str, tuple[tuple[float, str], ...]] = {
    "B": ((2**30, " GiB"), (10**12, " TB"), (10**9, " GB"), (2**20, " MiB"), (10**6, " MB")),
    "byte/s": ((10**12, " TB/s"), (10**9, " GB/s")),
    "FLOP/s": ((10**12, " TFLOP/s"),),
    "params": ((10**9, "B"), (10**6, "M")),
}
"""By unit the suffixes that a field is filled in with, the most readable first."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; `name` is dotted where it is a key of a map with fixed keys."""

    name: str
    sort: Sort
    description: str = ""
    unit: str = ""
    options: tuple[str, ...] = ()
    default: Any = None
    least: float | None = None
    open_least: bool = False
    most: float | None = None

    @property
    def numeric(self) -> bool:
        """Whether it can be swept."""
        return self.sort in ("number", "integer")

    @property
    def range(self) -> str:
        """Its range in words, as `>= 1`; empty where there is none."""
        low = "" if self.least is None else f"{'>' if self.open_least else '≥'} {text_of(self.least)}"
        high = "" if self.most is None else f"≤ {text_of(self.most)}"
        return " and ".join(part for part in (low, high) if part)


def fields_of(model: type[BaseModel]) -> tuple[Field, ...]:
    """Return the fields of a calculator's inputs, maps with fixed keys taken apart."""
    schema = model.model_json_schema()
    found: list[Field] = []
    for name, entry in schema["properties"].items():
        inner = schema.get("$defs", {}).get(str(entry.get("$ref", "")).rpartition("/")[2])
        if inner is None:
            found.append(_field(name, entry))
            continue
        about = entry.get("description", "")
        for key, part in inner["properties"].items():
            unit = part.get("unit", entry.get("unit", ""))
            words = part.get("description") or f"{key.replace('_', ' ')}: {about}"
            found.append(_field(f"{name}.{key}", part | {"unit": unit, "description": words, "default": None}))
    return tuple(found)


def _field(name: str, entry: Mapping[str, Any]) -> Field:
    options = tuple(map(str, entry.get("enum", ()))) or ((str(entry["const"]),) if "const" in entry else ())
    kinds: dict[str, Sort] = {"array": "list", "object": "map", "boolean": "flag", "string": "text"}
    kinds |= {"integer": "integer", "number": "number"}
    return Field(
        name=name,
        sort="choice" if options else kinds.get(entry.get("type", ""), "text"),
        description=entry.get("description", ""),
        unit=entry.get("unit", ""),
        options=options,
        default=entry.get("default"),
        least=entry.get("minimum", entry.get("exclusiveMinimum")),
        open_least="exclusiveMinimum" in entry,
        most=entry.get("maximum"),
    )


def number_of(text: str, unit: str = "") -> int | float | None:
    """Read a typed number with its suffix, in the unit of its field; None where it is none."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    digits = re.sub(r"[,_ ]", "", match[1])
    scale = _scale(match[2].replace(" ", ""), unit)
    if scale is None:
        return None
    whole = re.fullmatch(r"[+-]?\d+", digits) is not None
    number: int | float = int(digits) if whole and len(digits) < 300 else float(digits)
    if scale == 1:
        return number
    return _scaled(number, scale)


def _scaled(number: int | float, scale: float) -> int | float:
    """Multiply without the dust of a float, and without an error where no float holds the result."""
    try:
        scaled = float(number * scale)
    except OverflowError:
        return math.inf
    if math.isfinite(scaled) and scale > 1 and abs(scaled) < 2**53 and scaled.is_integer():
        return int(scaled)
    return float(f"{scaled:.15g}")


def _scale(suffix: str, unit: str) -> float | None:
    if suffix == "%":
        return 0.01
    if unit in _TIMES and suffix in (*_TIMES, "m"):
        # Minutes or millions: who writes m means neither for sure.
        return _TIMES[suffix] / _TIMES[unit] if suffix in _TIMES else None
    if unit in ("B", "byte/s") and suffix in ("B", "B/s"):
        return 1
    tail = next((tail for tail in _TAILS if suffix.lower().endswith(tail)), "")
    if not tail and unit in ("B", "byte/s") and len(suffix) > 1 and suffix[-1] == "B":
        tail = "b"
    return _SCALES.get(suffix[: len(suffix) - len(tail)] if tail else suffix)


def value_of(field: Field, text: str) -> Any:
    """Return what a text means in a field; a text that means nothing there is returned as it is."""
    if field.sort in ("number", "integer"):
        number = number_of(text, field.unit)
        return text if number is None else number
    if field.sort == "flag":
        return {"true": True, "false": False}.get(text.lower(), text)
    if field.sort == "list":
        parts = [part for part in re.split(r"[,;\s]+", text.strip("[] ")) if part]
        return [_or_text(part) for part in parts]
    if field.sort == "map":
        pairs = [part.partition(":") for part in re.split(r"[,;\n]+", text.strip("{} ")) if part.strip()]
        return {key.strip(" \"'"): _or_text(value) for key, _, value in pairs}
    return text


def _or_text(text: str) -> int | float | str:
    number = number_of(text)
    return text.strip() if number is None else number


def text_of(value: object) -> str:
    """Write a value as a reader would type it: `7e9`, `0.05`, `true`, `1: 12, 2: 20`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**9 or f"{value:g}" == str(value) else _shortest(value)
    if isinstance(value, float):
        return _shortest(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {text_of(item)}" for key, item in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(text_of(item) for item in value)
    return str(value)


def _shortest(value: int | float) -> str:
    if isinstance(value, int):
        digits = str(value).rstrip("0")
        return str(value) if len(digits) > 6 else _exponent(float(value))
    if value.is_integer() and abs(value) < 1e6:
        return str(int(value))
    if value.is_integer() and abs(value) < 1e15 and len(str(int(value)).rstrip("0")) > 6:
        return str(int(value))
    return _exponent(value)


def _exponent(value: float) -> str:
    text = repr(value)
    if "e" not in text and abs(value) >= 1e6:
        mantissa, _, power = f"{Decimal(text):e}".partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    return text.replace("e+", "e").replace("e-0", "e-")


def texts_of(fields: Iterable[Field], inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return the inputs of a request as texts by field."""
    found: dict[str, str] = {}
    for field in fields:
        outer, _, key = field.name.partition(".")
        value = inputs.get(outer)
        if key:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            found[field.name] = text_for(field, value)
    return found


def text_for(field: Field, value: object) -> str:
    """Write a value of a field as a reader would: `80 GiB`, `312 TFLOP/s`, `175B`; exact, or else in digits."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        for scale, suffix in _PREFERRED.get(field.unit, ()):
            if scale <= abs(value) < scale * 10_000:
                text = f"{value / scale:g}{suffix}"
                if value_of(field, text) == value:
                    return text
    return text_of(value)


def inputs_of(fields: Iterable[Field], texts: Texts) -> dict[str, Any]:
    """Return the inputs of a request; what is empty is left out."""
    found: dict[str, Any] = {}
    for field in fields:
        text = texts.get(field.name, "").strip()
        if not text:
            continue
        outer, _, key = field.name.partition(".")
        if key:
            found.setdefault(outer, {})[key] = value_of(field, text)
        else:
            found[outer] = value_of(field, text)
    return found


def shown_fields(fields: Iterable[Field], names: Iterable[str]) -> tuple[Field, ...]:
    """Return the fields that an output reads, dotted ones under their map's name, in the form's order."""
    wanted = set(names)
    return tuple(field for field in fields if field.name.partition(".")[0] in wanted)
