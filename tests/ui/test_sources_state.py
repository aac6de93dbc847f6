"""ui.sources_state: times, paces and tallies as they are said."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from kb.types import Counts, Outcome
from ui.sources_state import SourcesState, ago, pace, tally

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ("", "never"),
        ("2026-11-22T12:00:00+00:00", "just now"),
        ("2026-11-22T11:59:30+00:00", "just now"),
        ("2026-11-22T12:00:30+00:00", "in a moment"),
        ("2026-11-22T11:40:00+00:00", "20 min ago"),
        ("2026-11-22T12:59:30+00:00", "in 1 h"),
        ("2026-11-22T15:10:00+02:00", "in 1 h"),
        ("2026-11-19T12:00:00+00:00", "3 d ago"),
        ("2026-11-23T12:00:00+00:00", "in 1 d"),
        ("2023-04-07T12:00:00+00:00", "7 Apr 2023"),
    ],
)
def test_when(stored: str, words: str) -> None:
    assert ago(stored, NOW) == words


def test_how_much_a_source_brings() -> None:
    assert [pace(rate) for rate in (0.0, 0.4, 2.96, 12.3)] == [
        "none this year",
        "0.4 a month",
        "3.0 a month",
        "12 a month",
    ]


def test_what_a_round_brought() -> None:
    def checked(status: str | None, **counts: int) -> SimpleNamespace:
        outcome = Outcome(source="x", status=status, counts=Counts(**counts)) if status else None  # type: ignore[arg-type]
        return SimpleNamespace(outcome=outcome)

    assert tally([]) == "0 checked"
    found = [checked("ok", added=3), checked("ok", added=1, updated=2), checked("failed"), checked(None)]
    assert tally(found) == "3 checked · 4 new · 2 updated · 1 failed · 1 other not asked"


def test_an_address_bar_holds_no_error() -> None:
    assert SourcesState.read({"view": "nonsense", "state": "odd", "page": "-3"}) == SourcesState()
