"""How each subscription fares: the reader's file joined with what is remembered of the checks. Read only.

Light to import: pages and the doctor ask for it without what fetching needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from almanac.schedule import PATIENCE, is_past
from almanac.subscriptions import Subscription
from kb.store import Store
from kb.store.subscriptions import Check, held_counts, monthly, read_checks
from kb.types import Kind

TROUBLE = ("failing", "resting", "gone")
"""States that ask for the reader's attention."""


@dataclass(frozen=True)
class Standing:
    """A subscription and how it fares."""

    subscription: Subscription
    check: Check
    state: str
    """`paused` by the reader, `gone` for good, `waiting` at the server's wish, `new`, `resting` after failures in a
    row, `failing`, `partly` read, or `fine`."""
    documents: int = 0
    monthly: float = 0.0
    """Documents a month, over the last year."""


def standings(entries: Sequence[Subscription], store: Store) -> list[Standing]:
    """Return subscriptions with how each fares, in their order."""
    checks, now = read_checks(store), store.now()
    rates, counts = monthly(store, now.date().isoformat()), held_counts(store)
    made = []
    for one in entries:
        check = checks.get(one.key, Check(subscription=one.key))
        made.append(Standing(one, check, state_of(one, check, now), int(_of(one, counts)), _of(one, rates)))
    return made


def state_of(one: Subscription, check: Check, now: datetime) -> str:
    """Return in one word how a subscription fares; `Standing` lists them."""
    if not one.enabled:
        return "paused"
    if check.muted:
        return "gone"
    if not is_past(check.not_before, now):
        return "waiting"
    if not check.checked_at:
        return "new"
    if check.errors:
        return "resting" if check.errors >= PATIENCE else "failing"
    return "partly" if check.result == "partial" else "fine"


def _of(one: Subscription, numbers: Mapping[str, float]) -> float:
    """Return the sum over the sources that a subscription feeds."""
    if one.kind is not Kind.NOTES:
        return numbers.get(one.location, 0)
    prefix = one.target.rstrip("/") + "/"
    return sum(number for location, number in numbers.items() if location.startswith(prefix))
