"""almanac.standing: one word for how a subscription fares, the reader's wish first."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from almanac.standing import standings, state_of
from almanac.subscriptions import Subscription, make_subscription
from kb.store import Store
from kb.store.subscriptions import Check, save_check
from kb.types import Kind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ONE = make_subscription(name="One", kind=Kind.RSS, target="https://a.example/feed")


def paused(one: Subscription) -> Subscription:
    return one.model_copy(update={"enabled": False})


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "new"),
        ({"checked_at": "2026-11-22T11:00:00+00:00", "result": "ok"}, "fine"),
        ({"checked_at": "2026-11-22T11:00:00+00:00", "result": "unchanged"}, "fine"),
        ({"checked_at": "2026-11-22T11:00:00+00:00", "result": "partial"}, "partly"),
        ({"checked_at": "2026-11-22T11:00:00+00:00", "result": "failed", "errors": 2}, "failing"),
        ({"checked_at": "2026-11-22T11:00:00+00:00", "result": "failed", "errors": 3}, "resting"),
        ({"checked_at": "2026-11-22T11:00:00+00:00", "errors": 1, "muted": True}, "gone"),
        (
            {"checked_at": "2026-11-22T11:00:00+00:00", "errors": 1, "not_before": "2026-11-22T12:00:01+00:00"},
            "waiting",
        ),
        (
            {"checked_at": "2026-11-22T11:00:00+00:00", "errors": 1, "not_before": "2026-11-22T12:00:00+00:00"},
            "failing",
        ),
    ],
)
def test_one_word_for_every_state(fields: dict[str, object], state: str) -> None:
    check = Check.model_validate({"subscription": ONE.key, **fields})
    assert state_of(ONE, check, NOW) == state
    assert state_of(paused(ONE), check, NOW) == "paused"


def test_a_subscription_without_checks_is_new_and_holds_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "home", clock=lambda: NOW)
    folder = make_subscription(name="Notes", kind=Kind.NOTES, target="/notes")
    with store.write("testing") as writer:
        save_check(writer, Check(subscription=folder.key, checked_at="2026-11-22T11:00:00+00:00"))
    first, second = standings([ONE, folder], store)
    assert (first.state, first.documents, first.monthly) == ("new", 0, 0)
    assert second.state == "fine"
