"""A claimed time where the utilisation is not known: set beside the time at full utilisation.

Owns the one sum of a claim for which an input is left open. Refuses to assume a utilisation: what is computed is the
best that there can be, and the share of it that the claim amounts to. Invariant: tokens that the claim does not state
are those of a passage that is cited beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chat import estimates
from chat.router import CalculatorRequest
from chat.types import AnsweredEstimate, Comparison
from kb.evidence import Number, numbers_in

_OPEN = {"tokens", "mfu"}


@dataclass(frozen=True, slots=True)
class Bound:
    """The time at full utilisation beside a claimed one."""

    item: AnsweredEstimate
    comparison: Comparison
    share: float
    """Of the peak that the claimed time amounts to; above 1 it is impossible."""


def bound(request: CalculatorRequest, claimed: Sequence[Number], quotes: Sequence[str]) -> Bound | None:
    """Return the bound of a claimed training time; None where it is none, or more than the utilisation is open.

    Args:
        quotes: passages that speak of the same, from which tokens may be taken.
    """
    missing = {item.name for item in request.missing}
    times = [number for number in claimed if number.unit == "second"]
    if request.calculator != "training_time" or not times or "mfu" not in missing or missing - _OPEN:
        return None
    inputs = {**request.inputs, "mfu": 1.0}
    if "tokens" in missing:
        told = [number for quote in quotes for number in numbers_in(quote) if number.unit == "token"]
        if not told:
            return None
        inputs["tokens"] = told[0].value
    done, _ = estimates.run_requests([request.model_copy(update={"inputs": inputs, "missing": ()})])
    if not done:
        return None
    quantity = done[0].estimate.quantities[0]
    shown = estimates.value_of(float(f"{quantity.value:.4g}"), quantity.unit)
    best = numbers_in(f"{quantity.value} {quantity.unit}")[0].value
    share = best / times[0].value if times[0].value else float("inf")
    one = Comparison(
        claimed=times[0].text.strip(),
        found=shown,
        source="calculator",
        calculator=request.calculator,
        agrees=share <= 1,
    )
    return Bound(done[0], one, share)
