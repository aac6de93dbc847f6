"""Floating-point operations of training.

Owns the formulas by which the papers count them, side by side: 6ND, PaLM's with attention,
PTD-P's with full recomputation, Korthikanti's with and without selective recomputation, and
Zero Bubble's per pass. Counts a multiply-add as 2. Invariant: hardware FLOPs are never fewer
than model FLOPs.
"""

from typing import Any, Literal

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, Output, Quantity, Trap
from calculators._fields import Amount, Count, InputsBase, entry, names_of, need, preset
from calculators._sources import cite
from calculators._units import FLOP, PERCENT

FormulaName = Literal[
    "6nd", "palm", "ptdp", "korthikanti_model", "korthikanti_hw_selective", "zb_pass", "selective_overhead"
]


class FlopFields(InputsBase):
    """What the formulas read; the calculator of utilisation shares it."""

    formula: FormulaName = entry("how to count; 6nd when absent")
    params: Amount = entry("parameters N; for a mixture of experts the active ones", "params")
    tokens: Amount = entry("training tokens D", "tokens")
    factor: Amount = preset(6.0, "FLOP per parameter and token: 2 forward only, 6 with backward")
    batch: Count = entry("sequences in a step B", "sequences")
    seq_len: Count = entry("sequence length s", "tokens")
    layers: Count = entry("transformer layers l")
    hidden: Count = entry("model width h")
    vocab: Count = entry("vocabulary V")
    heads: Count = entry("attention heads")
    head_dim: Count = entry("width of one head")
    micro_batch: Count = entry("microbatch b, for zb_pass", "sequences")
    pass_: Literal["F", "B", "W"] = entry("forward, backward for inputs, backward for weights", alias="pass")


class Inputs(FlopFields):
    """A model and the tokens it is trained on."""


_PALM = cite("palm", "Appendix B")
_PTDP = cite("ptdp", "§3.5 and Eq. 3")
_KORTHIKANTI = cite("korthikanti", "§6.3 and Appendix A")
_ZERO_BUBBLE = cite("zero_bubble", "Table 1")
_SELECTIVE = cite("korthikanti", "§5: s/(6h) more FLOPs")
_LAYERWISE = {
    "ptdp": (96, 6, 16, _PTDP),
    "korthikanti_model": (72, 6, 12, _KORTHIKANTI),
    "korthikanti_hw_selective": (72, 3, 12, _KORTHIKANTI),
}
_FORMULAS = {
    "6nd": Formula("C", "{factor}·{params}·{tokens}", r"C = 6ND", cite("scaling_laws", "§2.1")),
    "palm": Formula(
        "C",
        "(6·{params} + 12·{layers}·{heads}·{head_dim}·{seq_len})·{tokens}",
        r"C = (6N + 12\,L H Q T)\,D",
        _PALM,
    ),
    "zb_pass": Formula(
        "C",
        "{seq_len}·{micro_batch}·{hidden}·(24·{hidden} + {per_pass}·{seq_len})",
        r"C = s\,b\,h\,(24h + k s),\quad k_F = 4,\ k_B = 8,\ k_W = 0",
        _ZERO_BUBBLE,
    ),
} | {
    name: Formula(
        "C",
        f"{base}·{{batch}}·{{seq_len}}·{{layers}}·{{hidden}}²·(1 + {{seq_len}}/({attention}·{{hidden}})"
        f" + {{vocab}}/({logits}·{{layers}}·{{hidden}}))",
        rf"C = {base}\,B s l h^{{2}}\left(1 + \frac{{s}}{{{attention}h}} + \frac{{V}}{{{logits}\,l h}}\right)",
        source,
    )
    for name, (base, attention, logits, source) in _LAYERWISE.items()
}
FIELDS = {
    "6nd": ("params", "tokens"),
    "palm": ("params", "layers", "heads", "head_dim", "seq_len", "tokens"),
    "zb_pass": ("pass", "seq_len", "micro_batch", "hidden"),
} | dict.fromkeys(_LAYERWISE, ("batch", "seq_len", "layers", "hidden", "vocab"))
"""What each formula needs."""


def count_flops(inputs: FlopFields, formula: str) -> tuple[float, Formula, dict[str, Any]]:
    """FLOP by one formula, with the formula and its symbols.

    Raises:
        MissingInputs: a field of the formula is absent.
    """
    need(inputs, f"formula {formula}", *FIELDS[formula])
    symbols: dict[str, Any] = inputs.model_dump()
    if formula == "6nd":
        return inputs.factor * inputs.params * inputs.tokens, _FORMULAS[formula], symbols
    s, h, layers = inputs.seq_len, inputs.hidden, inputs.layers
    if formula == "palm":
        per_token = 6 * inputs.params + 12 * layers * inputs.heads * inputs.head_dim * s
        return per_token * inputs.tokens, _FORMULAS[formula], symbols
    if formula == "zb_pass":
        symbols["per_pass"] = {"F": 4, "B": 8, "W": 0}[inputs.pass_]
        return s * inputs.micro_batch * h * (24 * h + symbols["per_pass"] * s), _FORMULAS[formula], symbols
    base, attention, logits, _ = _LAYERWISE[formula]
    ratio = 1 + s / (attention * h) + inputs.vocab / (logits * layers * h)
    return base * inputs.batch * s * layers * h * h * ratio, _FORMULAS[formula], symbols


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    overhead = inputs.formula == "selective_overhead"
    if inputs.formula is not None and overhead != (output == "recompute_overhead"):
        other = "recompute_overhead" if overhead else "total"
        raise CalculatorError("formula", inputs.formula, f"gives the output {other}, not {output}")


def compute(inputs: Inputs, output: str) -> Computed:
    """Count FLOP, or the share that selective recomputation adds."""
    if output == "recompute_overhead":
        need(inputs, output, "seq_len", "hidden")
        formula = Formula("overhead", "{seq_len}/(6·{hidden})", r"\frac{s}{6h}", _SELECTIVE)
        return Computed(inputs.seq_len / (6 * inputs.hidden), formula, inputs.model_dump())
    chosen = inputs.formula or "6nd"
    value, formula, symbols = count_flops(inputs, chosen)
    return Computed(value, formula, symbols, breakdown=_compare(inputs, chosen), assumptions=_assume(chosen))


def _compare(inputs: Inputs, chosen: str) -> tuple[Quantity, ...]:
    """The same job by every other formula whose fields are given."""
    others = []
    for name, fields in FIELDS.items():
        given = all(getattr(inputs, "pass_" if field == "pass" else field) is not None for field in fields)
        if given and "zb_pass" not in (name, chosen):
            others.append(Quantity(name=f"by {name}", value=count_flops(inputs, name)[0], unit="FLOP"))
    return tuple(others)


def _assume(formula: str) -> tuple[str, ...]:
    return {
        "6nd": ("parameters only: attention scores and recomputation are not counted",),
        "palm": ("model FLOPs with dense, non-causal attention scores; no recomputation",),
        "ptdp": ("one iteration, every layer's forward pass done twice (full recomputation)",),
        "korthikanti_model": ("one iteration, no recomputation",),
        "korthikanti_hw_selective": ("one iteration, attention scores recomputed",),
        "zb_pass": ("one layer and one microbatch",),
    }[formula]


_GPT3 = {"batch": 1536, "seq_len": 2048, "layers": 96, "hidden": 12288, "vocab": 51200}

CALCULATOR = Calculator(
    name="training_flops",
    title="Training FLOPs",
    group="time",
    question="How many floating-point operations does training take, and by whose count?",
    inputs=Inputs,
    outputs=(
        Output("total", "floating-point operations", FLOP, names_of(Inputs)),
        Output("recompute_overhead", "what selective recomputation adds", PERCENT, ("formula", "seq_len", "hidden")),
    ),
    compute=compute,
    check=check,
    references=(_FORMULAS["6nd"].source, _PALM, _PTDP, _KORTHIKANTI, _ZERO_BUBBLE),
    example=Case({"params": 174.6e9, "tokens": 300e9}, "total", "FLOP", 3.1428e23),
    traps=(
        Trap(
            "8TP counts training with recomputation",
            "4.51e18 FLOP an iteration at GPT-3's size, where 8TP gives 4.39e18, 2.6% fewer",
            "8TP leaves out attention scores and the output layer",
            "PTD-P (arXiv 2104.04473), §5.1",
            Case({**_GPT3, "formula": "ptdp"}, "total", "FLOP", 4.51e18, 5e-4),
        ),
        Trap(
            "FLOPs of a mixture of experts by 6ND with all its parameters",
            "3.3e24 for DeepSeek-V3: 37B active, not 671B",
            "a token passes through the experts that it is routed to",
            "DeepSeek-V3 (arXiv 2412.19437)",
            Case({"params": 37e9, "tokens": 14.8e12}, "total", "FLOP", 3.2856e24, 1e-6),
        ),
    ),
)
