"""Choice of the microbatch size for a pipeline.

Owns the time of a batch from measured times per microbatch, and the size that makes it least.
Models no kernel: the times are the reader's measurements. Invariant: only sizes that divide
the batch are candidates; of equals the smaller one wins, as it needs less memory.
"""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, InputWarning, Output, Quantity, Trap
from calculators._fields import Amount, Count, InputsBase, entry, need, refuse
from calculators._sources import cite


def _sizes_as_text(value: object) -> object:
    """Check the keys of a map: whole sizes written as text, such as "4"."""
    if not isinstance(value, dict):
        return value
    for key in value:
        if not re.fullmatch(r"[1-9]\d{0,8}", str(key)):
            raise refuse(f"has the key {str(key)[:20]!r}, which is no microbatch size such as 4")
    return {str(key): time for key, time in value.items()}


TimesBySize = Annotated[dict[str, Amount], Field(min_length=1), BeforeValidator(_sizes_as_text)]


class Inputs(InputsBase):
    """A replica's batch and what a microbatch of each size takes."""

    batch_per_replica: Count = entry("sequences per data-parallel replica and step B", "sequences")
    pp: Count = entry("pipeline stages p")
    t_fwd_bwd_ms: TimesBySize = entry("forward plus backward time of one microbatch, by its size", "ms")
    micro_batch: Count = entry("microbatch size b, one of the sizes measured", "sequences")


def batch_time(batch: int, pp: int, size: int, time: float) -> float:
    """Time of a batch in microbatches of `size`, in the unit of `time`; `size` divides `batch`."""
    return (batch // size + pp - 1) * time


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    size, batch, times = inputs.micro_batch, inputs.batch_per_replica, inputs.t_fwd_bwd_ms
    if size is not None and times is not None and str(size) not in times:
        raise CalculatorError("micro_batch", size, "has no time in t_fwd_bwd_ms", " or ".join(sorted(times, key=int)))
    if None not in (size, batch) and batch % size:
        candidates = sorted({int(n) for n in times or {} if batch % int(n) == 0}, key=lambda n: abs(n - size))
        near = candidates[0] if candidates else None
        raise CalculatorError("micro_batch", size, f"does not divide batch_per_replica={batch}", near)
    if output == "best_micro_batch" and None not in (batch, times) and all(batch % int(n) for n in times):
        listed = ", ".join(times)
        raise CalculatorError("t_fwd_bwd_ms", listed, f"has no size that divides batch_per_replica={batch}", 1)


_SOURCE = cite("ptdp", "§3.4, Eq. 1")
_LATEX = r"T(b) = \left(\frac{B}{b} + p - 1\right)\bigl(t_f(b) + t_b(b)\bigr)"


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute the time of a batch in ms, or the best size."""
    names = ("batch_per_replica", "pp", "t_fwd_bwd_ms")
    need(inputs, output, *names, *(("micro_batch",) if output == "batch_time_ms" else ()))
    batch, times = inputs.batch_per_replica, {int(size): time for size, time in inputs.t_fwd_bwd_ms.items()}
    usable = {n: batch_time(batch, inputs.pp, n, t) for n, t in sorted(times.items()) if batch % n == 0}
    curve = tuple(Quantity(name=f"batch time at micro_batch={n}", value=t, unit="ms") for n, t in usable.items())
    if output == "batch_time_ms":
        time = times[inputs.micro_batch]
        formula = Formula("T", "({batch_per_replica}/{micro_batch} + {pp} − 1)·{t_fwd_bwd_ms}", _LATEX, _SOURCE)
        value = batch_time(batch, inputs.pp, inputs.micro_batch, time)
        return Computed(value, formula, inputs.model_dump() | {"t_fwd_bwd_ms": time}, breakdown=curve)
    best = min(usable, key=lambda n: (usable[n], n))
    unusable = sorted(set(times) - set(usable))
    warnings: tuple[InputWarning, ...] = ()
    if unusable:
        message = f"{', '.join(map(str, unusable))} left out: not a divisor of batch_per_replica={batch}"
        warnings = (InputWarning(field="t_fwd_bwd_ms", message=message),)
    formula = Formula("b*", "argmin over {sizes} of (batch/b + {pp} − 1)·t(b)", rf"\arg\min_b\ {_LATEX}", _SOURCE)
    symbols = {"sizes": list(usable), "pp": inputs.pp}
    return Computed(best, formula, symbols, breakdown=curve, warnings=warnings)


_TIMES = {"1": 12.0, "2": 20.0, "4": 36.0}

CALCULATOR = Calculator(
    name="microbatch_size",
    title="Microbatch size",
    group="cut",
    question="Which microbatch size makes a step shortest, between small bubbles and fast kernels?",
    inputs=Inputs,
    outputs=(
        Output("best_micro_batch", "size with the shortest step", ("1",), ("batch_per_replica", "pp", "t_fwd_bwd_ms")),
        Output("batch_time_ms", "time of a step, in ms", ("1",), tuple(Inputs.model_fields)),
    ),
    compute=compute,
    check=check,
    references=(_SOURCE,),
    example=Case({"batch_per_replica": 64, "pp": 8, "t_fwd_bwd_ms": _TIMES}, "best_micro_batch", "1", 2),
    traps=(
        Trap(
            "larger microbatches are always faster",
            "size 2 beats 4 here: 780 ms against 828 ms",
            "kernels gain, but fewer microbatches leave a longer bubble",
            "PTD-P §3.4",
            Case(
                {"batch_per_replica": 64, "pp": 8, "t_fwd_bwd_ms": _TIMES, "micro_batch": 4}, "batch_time_ms", "1", 828
            ),
        ),
    ),
)
