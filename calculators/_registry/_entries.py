"""What the registry holds: a model and an accelerator.

Owns their fields, what follows from them (counts, bytes a weight, tokens cached under a window)
and how a published figure is read: its tolerance is half a unit of its last printed digit.
Reads no file. Invariant: an entry is immutable; amounts are in base units.
"""

import re
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from calculators._base import Frozen
from calculators.param_count import Inputs, LatentAttention, Parts, count_parts

Precision = Literal["fp32", "tf32", "bf16", "fp16", "fp8", "fp4", "int8", "int4"]

BYTES_PER_ELEMENT: dict[str, float] = {
    "fp32": 4, "tf32": 4, "bf16": 2, "fp16": 2, "fp8": 1, "fp4": 0.5, "int8": 1, "int4": 0.5,
}  # fmt: skip
"""Storage of one element; tf32 is a way to multiply fp32 numbers."""

_SCALES = {"": 1, "M": 10**6, "B": 10**9, "T": 10**12}
ARCHITECTURE = tuple(name for name in Inputs.model_fields if name not in ("formula", "seq_len"))
"""The fields that a model shares with the param_count calculator."""


def read_published(printed: str) -> tuple[float, float]:
    """Read a printed count such as "6.7B" or "6,738,415,616": its value and half a unit of its last digit."""
    match = re.fullmatch(r"([\d,]+)(?:\.(\d+))?([MBT]?)", printed)
    if match is None:
        raise ValueError(f"{printed!r} is not a printed count of parameters")
    whole, decimals, scale = match[1].replace(",", ""), match[2] or "", _SCALES[match[3]]
    half = Fraction(scale, 2 * 10 ** len(decimals))
    return float(Fraction(f"{whole}.{decimals or 0}") * scale), float(half) if scale > 1 else 0.0


class Model(Frozen):
    """A transformer: its architecture in the names of param_count, and what its makers print about it."""

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    """Other ways to write it; one that begins with "=" must match letter case."""
    source: str
    note: str = ""
    published: str = ""
    """Parameters as printed; empty for a model that a reader brings."""
    deviation: float = 0.0
    """By how much the count exceeds `published`, where that cannot match; the note says why."""
    published_active: str = ""
    active_counts: Literal["", "active", "active_excl_input_embedding"] = ""
    """Which output of param_count `published_active` is."""
    active_deviation: float = 0.0
    uncounted: int = 0
    """Parameters outside what param_count counts; the note names them."""
    dtype: Literal["", "fp32", "bf16", "fp16", "fp8", "mxfp4"]
    """Precision in which the weights are published; empty where it is not known."""
    context: int | None = None
    """Tokens of the longest sequence it is published for."""
    window: int | None = None
    """Tokens that a layer with sliding-window attention looks back."""
    windowed_layers: int = 0

    layers: int
    hidden: int
    heads: int
    kv_heads: int | None = None
    head_dim: int | None = None
    ffn: int | None = None
    vocab: int
    glu: bool = True
    bias: bool = False
    tied: bool = False
    norm: Literal["rmsnorm", "layernorm"] = "rmsnorm"
    norms_per_layer: int = 2
    embed_norm: bool = False
    max_pos: int = 0
    qk_norm: Literal["head", "full"] | None = None
    experts: int = 0
    top_k: int | None = None
    moe_ffn: int | None = None
    shared_ffn: int = 0
    dense_layers: int = 0
    mla: LatentAttention | None = None

    @cached_property
    def architecture(self) -> dict[str, Any]:
        """The inputs of param_count, defaults left out."""
        given = {name: getattr(self, name) for name in ARCHITECTURE}
        shown = {name: value for name, value in given.items() if value != Inputs.model_fields[name].default}
        kept = {name: value for name, value in shown.items() if value is not None}
        return kept | ({"mla": self.mla.model_dump()} if self.mla is not None else {})

    @cached_property
    def parts(self) -> Parts:
        """The exact count by component."""
        return count_parts(Inputs(**self.architecture))

    @property
    def params(self) -> int:
        """Parameters, those that param_count leaves out included."""
        return self.parts.total + self.uncounted

    @property
    def active_params(self) -> float:
        """Parameters that a token passes through: the published figure, else all of them."""
        return read_published(self.published_active)[0] if self.published_active else float(self.params)

    @property
    def expert_params(self) -> int:
        """The part of the parameters that is routed experts."""
        return self.parts.experts

    @property
    def width(self) -> int:
        """Width of one head."""
        return self.head_dim or self.hidden // self.heads

    @property
    def cached_heads(self) -> int:
        """Key/value heads."""
        return self.kv_heads or self.heads

    @property
    def bytes_per_weight(self) -> float | None:
        """Bytes of a weight as published; None where precisions are mixed."""
        return BYTES_PER_ELEMENT.get(self.dtype)

    @property
    def kv_elements_per_token(self) -> int:
        """Elements that one token adds to the cache, all layers together."""
        if self.mla is not None:
            return self.layers * (self.mla.kv_lora + self.mla.qk_rope)
        return 2 * self.layers * self.cached_heads * self.width

    @property
    def largest_module(self) -> int:
        """Parameters of the largest single module, as DeepSpeed's estimator looks for it."""
        inner = max(self.ffn or 0, self.moe_ffn or 0, self.heads * self.width)
        return self.hidden * max(self.vocab, inner)

    def cached_tokens(self, tokens: float) -> float:
        """Tokens that a layer caches on average in a sequence of `tokens`, sliding windows respected."""
        if self.window is None or not self.windowed_layers:
            return tokens
        local = self.windowed_layers * min(tokens, self.window)
        return (local + (self.layers - self.windowed_layers) * tokens) / self.layers


class Accelerator(Frozen):
    """A device as its maker publishes it: dense peaks, never sparse ones."""

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    vendor: str
    year: int
    """Year of its announcement."""
    source: str
    note: str = ""
    memory_bytes: int
    bandwidth: float
    """Of its memory, byte/s."""
    link: str = ""
    """Name of the scale-up link, or of the bus where there is none."""
    link_bandwidth: float | None = None
    """All its links together in one direction, byte/s."""
    link_total: float | None = None
    """Both directions together, byte/s."""
    power: float | None = None
    """Watts."""
    peak: dict[Precision, float]
    """Dense FLOP/s by precision, operations a second for integers."""

    def peak_flops(self, precision: str) -> float | None:
        """Dense peak for a precision; bf16 and fp16 stand in for one another; None where it has no such unit."""
        other = {"bf16": "fp16", "fp16": "bf16"}.get(precision, precision)
        found = {str(name): peak for name, peak in self.peak.items()}
        return found.get(precision, found.get(other))
