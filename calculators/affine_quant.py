"""Affine quantisation of a tensor to unsigned integers.

Owns scale, zero point, the quantised values and the error of uniform rounding. Stretches the
range to hold 0, as ONNX does, and rounds half to even. Invariant: 0 is represented exactly,
and every quantised value lies in 0 … 2^bits − 1.
"""

import math
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, InputWarning, Output, Quantity, Trap
from calculators._fields import Amount, Count, InputsBase, Real, entry, need, preset
from calculators._sources import cite

Values = Annotated[list[Real], Field(min_length=1, json_schema_extra={"signed": True})]
Bits = Annotated[Count, Field(le=64)]


class Inputs(InputsBase):
    """A tensor or its range, and the number of bits."""

    x: Values = entry("values of the tensor; or give min and max")
    min: Real = entry("least value")
    max: Real = entry("greatest value")
    bits: Bits = preset(8, "bits of a quantised value", "bits")
    scale: Amount = entry("step S, for its error")


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    if None not in (inputs.min, inputs.max) and inputs.min > inputs.max:
        raise CalculatorError("min", inputs.min, f"is more than max={inputs.max:g}", inputs.max)


def value_range(inputs: Inputs) -> tuple[float, float]:
    """Least and greatest value, stretched to hold 0; x or min and max must be given."""
    low, high = (min(inputs.x), max(inputs.x)) if inputs.x is not None else (inputs.min, inputs.max)
    return min(0.0, low), max(0.0, high)


def scale_and_zero(low: float, high: float, bits: int) -> tuple[float, int]:
    """Step and zero point of a range that holds 0; 1 and 0 where the range is empty."""
    if low == high == 0:
        return 1.0, 0
    top = 2**bits - 1
    scale = (high - low) / top
    if not math.isfinite(scale):
        raise OverflowError("the range exceeds a double")
    # A symmetric range puts its zero exactly between two integers: a fraction keeps the tie, for half to even.
    return scale, _clip(round(Fraction(-low) * top / (Fraction(high) - Fraction(low))), top)


def _clip(value: int, top: int) -> int:
    return min(max(value, 0), top)


def quantise(values: list[float], scale: float, zero_point: int, bits: int) -> list[int]:
    """Quantised values; the division is done in 32-bit floats, as runtimes do it."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        ratio = np.asarray(values, dtype=np.float32) / np.float32(scale)
    for value, item in zip(values, ratio, strict=True):
        if not math.isfinite(item):
            raise CalculatorError("x", value, "is beyond the range of 32-bit floats at this scale")
    return [_clip(int(np.rint(item)) + zero_point, 2**bits - 1) for item in ratio]


_JACOB = cite("integer_only", "§2.1, Eq. 1")
_ONNX = cite("onnx", "scale and zero point of the range stretched to 0")
_FORMULAS = {
    "scale": Formula("S", "({hi} − {lo})/(2^{bits} − 1)", r"S = \frac{r_{\max} - r_{\min}}{2^{b} - 1}", _ONNX),
    "zero_point": Formula(
        "Z",
        "clip(round(−{lo}/{S}), 0, 2^{bits} − 1)",
        r"Z = \mathrm{clip}\left(\mathrm{round}\left(-\tfrac{r_{\min}}{S}\right)\right)",
        _ONNX,
    ),
    "q": Formula(
        "q",
        "clip(round({x}/{S}) + {Z}, 0, 2^{bits} − 1)",
        r"q = \mathrm{clip}\left(\mathrm{round}\left(\tfrac{x}{S}\right) + Z\right)",
        _ONNX,
    ),
    "mse_uniform": Formula("MSE", "{S}²/12", r"\mathrm{MSE} = \frac{S^{2}}{12}", _JACOB),
    "sqnr_uniform_db": Formula("SQNR", "20·{bits}·log10(2)", r"\mathrm{SQNR} = 20\,b\,\log_{10} 2", _JACOB),
}


def _need_range(inputs: Inputs, output: str) -> None:
    if inputs.min is None and inputs.max is None:
        need(inputs, output, "x")
    elif inputs.x is None:
        need(inputs, output, "min", "max")


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute a step, a zero point, quantised values or an error."""
    formula = _FORMULAS[output]
    if output == "sqnr_uniform_db":
        assumption = "a source that fills the range evenly: 6.02 dB per bit"
        return Computed(20 * inputs.bits * math.log10(2), formula, {"bits": inputs.bits}, assumptions=(assumption,))
    if output == "mse_uniform" and inputs.scale is not None:
        return Computed(inputs.scale**2 / 12, formula, {"S": inputs.scale})
    if output == "q":
        need(inputs, output, "x")
    elif output == "mse_uniform" and inputs.x is None and inputs.min is None and inputs.max is None:
        need(inputs, output, "scale")
    _need_range(inputs, output)
    low, high = value_range(inputs)
    scale, zero_point = scale_and_zero(low, high, inputs.bits)
    warnings: tuple[InputWarning, ...] = ()
    if low == high == 0:
        warnings = (InputWarning(field="max", message="the range is 0 … 0: S = 1 and Z = 0 by convention"),)
    symbols: dict[str, object] = {"lo": low, "hi": high, "S": scale, "Z": zero_point, "bits": inputs.bits}
    value: float | list[int] = {"scale": scale, "zero_point": zero_point, "mse_uniform": scale**2 / 12}.get(output, 0)
    breakdown: tuple[Quantity, ...] = ()
    if output == "q":
        value = quantise(inputs.x, scale, zero_point, inputs.bits)
        symbols["x"] = inputs.x
        errors = [(scale * (q - zero_point) - x) ** 2 for q, x in zip(value, inputs.x, strict=True)]
        breakdown = (
            Quantity(name="mean squared error, measured", value=sum(errors) / len(errors), unit="1"),
            Quantity(name="mean squared error, uniform theory", value=scale**2 / 12, unit="1"),
        )
    assumptions = ("the range is stretched to hold 0; half is rounded to even",)
    return Computed(value, formula, symbols, breakdown=breakdown, assumptions=assumptions, warnings=warnings)


_RANGE = ("x", "min", "max", "bits")
_VECTOR = [0, 2, -3, -2.5, 1.34, 0.5]

CALCULATOR = Calculator(
    name="affine_quant",
    title="Affine quantisation",
    group="numbers",
    question="Which scale and zero point quantise this tensor, and with what error?",
    inputs=Inputs,
    outputs=(
        Output("scale", "step of the grid", ("1",), _RANGE),
        Output("zero_point", "integer that stands for 0", ("1",), _RANGE),
        Output("q", "quantised values", ("list",), ("x", "bits")),
        Output("mse_uniform", "mean squared error of uniform rounding", ("1",), ("scale", *_RANGE)),
        Output("sqnr_uniform_db", "signal to quantisation noise, uniform source", ("dB",), ("bits",)),
    ),
    compute=compute,
    check=check,
    references=(_JACOB, _ONNX),
    example=Case({"x": _VECTOR}, "q", "list", [153, 255, 0, 26, 221, 179]),
    traps=(
        Trap(
            "the range of a tensor is its least to its greatest value",
            "0 to 4 for a tensor from 1 to 4: a step of 0.01569, not 0.01176",
            "0 must be exact, since padding and ReLU produce it: the range is stretched",
            "ONNX DynamicQuantizeLinear",
            Case({"min": 1, "max": 4}, "scale", "1", 4 / 255),
        ),
        Trap(
            "half rounds up",
            "a symmetric 8-bit range has the zero point 128: 127.5 goes to the even neighbour",
            "runtimes round half to even",
            "ONNX DynamicQuantizeLinear",
            Case({"min": -1, "max": 1}, "zero_point", "1", 128),
        ),
    ),
)
