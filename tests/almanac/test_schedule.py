"""almanac.schedule: never earlier than asked, never given up in silence."""

from datetime import UTC, datetime, timedelta

import pytest

from almanac.schedule import (
    DAY,
    HOUR,
    PATIENCE,
    is_past,
    later,
    own_interval,
    pause_after_failure,
    pause_after_success,
    stays_fresh,
)
from kb.types import Kind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_each_kind_has_its_pace_and_the_reader_the_last_word() -> None:
    assert own_interval(Kind.RSS, None) == HOUR
    assert own_interval(Kind.ARXIV, None) == DAY
    assert own_interval(Kind.NOTES, None) == 0
    assert own_interval(Kind.RSS, 0.5) == HOUR / 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "public, max-age=7200"}, 7200),
        ({"cache-control": "max-age=7200, s-maxage=600"}, 600),
        ({"cache-control": 'MAX-AGE="90"', "age": "30"}, 60),
        ({"cache-control": "max-age=10", "age": "400"}, 0),
        ({"cache-control": "no-cache, max-age=7200"}, 0),
        ({"cache-control": "max-age=-5"}, 0),
        ({"cache-control": "max-age=soon"}, 0),
        ({"expires": "Sun, 22 Nov 2026 13:30:00 GMT"}, 5400),
        ({"expires": "Sun, 22 Nov 2026 13:30:00 GMT", "date": "Sun, 22 Nov 2026 13:00:00 GMT"}, 1800),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"expires": "0"}, 0),
        ({"expires": "tomorrow"}, 0),
        ({"cache-control": "max-age=60", "expires": "Sun, 22 Nov 2026 13:30:00 GMT"}, 60),
        ({}, 0),
    ],
)
def test_what_an_answer_says_of_its_freshness(headers: dict[str, str], seconds: float) -> None:
    assert stays_fresh(headers, NOW) == seconds


def test_the_next_check_is_the_latest_of_all_hints_capped_at_a_day() -> None:
    assert pause_after_success(HOUR) == HOUR
    assert pause_after_success(HOUR, 0, 600) == HOUR
    assert pause_after_success(HOUR, 3 * HOUR, 2 * HOUR) == 3 * HOUR
    assert pause_after_success(HOUR, 365 * DAY) == DAY
    assert pause_after_success(7 * DAY, 2 * HOUR) == 7 * DAY, "the reader's own interval is not capped"


def test_failures_rest_longer_and_longer_but_not_for_ever() -> None:
    pauses = [pause_after_failure(HOUR, failures, jitter=lambda: 0.0) for failures in range(1, 8)]
    assert pauses[:2] == [HOUR, 2 * HOUR]
    assert pauses[PATIENCE - 1 :] == [DAY] * (8 - PATIENCE)
    assert pause_after_failure(HOUR, 1, jitter=lambda: 1.0) == 2 * HOUR
    assert pause_after_failure(0.0, 1, jitter=lambda: 0.0) == HOUR / 4
    assert pause_after_failure(HOUR, 1, asked=5 * HOUR, jitter=lambda: 0.0) == 5 * HOUR
    assert pause_after_failure(7 * DAY, 5) == 7 * DAY


def test_times_are_stored_and_compared() -> None:
    assert later(NOW, 60) == "2026-11-22T12:01:00+00:00"
    assert is_past("", NOW)
    assert is_past(later(NOW, 0), NOW)
    assert not is_past(later(NOW, 1), NOW)
    assert is_past(later(NOW, 1), NOW + timedelta(seconds=1))
