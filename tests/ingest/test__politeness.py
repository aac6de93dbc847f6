"""ingest._politeness: one request a host at a time, spaced, and pauses as they are asked for."""

import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest._failures import NotFetched
from ingest._politeness import LONGEST, Politeness, backoff, read_retry_after

NOW = 1_700_000_000.0


def stamp(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0), (" 5 ", 5.0), ("0", 0.0), (stamp(25), 25.0), (stamp(-50), 0.0), ("99999999999", LONGEST),
        (stamp(10 * LONGEST), LONGEST), ("", None), ("soon", None), ("-5", None), ("1.5", None), ("１２", None),
    ],
)  # fmt: skip
def test_retry_after_in_both_forms(header: str, seconds: float | None) -> None:
    assert read_retry_after(header, NOW) == seconds


@given(st.text(max_size=60))
def test_retry_after_is_never_a_surprise(header: str) -> None:
    seconds = read_retry_after(header, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST


def test_pauses_double_up_to_the_longest_and_never_fall_together() -> None:
    assert [backoff(n, 10, 100, lambda: 0.0) for n in (1, 2, 3, 4, 5)] == [10, 20, 40, 80, 100]
    assert backoff(2, 10, 100, lambda: 0.5) == 30
    assert backoff(5000, 10, 100) == 100


class Clock:
    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock_() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock_: Clock) -> Politeness:
    return Politeness(2.0, patience=10.0, clock=clock_, sleep=clock_.sleep)


def test_requests_to_one_host_are_spaced_and_to_others_not(turns: Politeness, clock_: Clock) -> None:
    for host in ("a", "b", "a", "b"):
        with turns.turn(host):
            pass
    assert clock_.slept == [2.0]  # b's pause was over with a's
    clock_.now += 50
    with turns.turn("a"):
        pass
    assert clock_.slept == [2.0]


def test_a_failed_request_counts_as_well(turns: Politeness, clock_: Clock) -> None:
    with pytest.raises(ZeroDivisionError), turns.turn("a"):
        raise ZeroDivisionError
    with turns.turn("a"):
        pass
    assert clock_.slept == [2.0]


def test_a_pause_holds_for_the_host_and_a_shorter_one_does_not_end_it(turns: Politeness, clock_: Clock) -> None:
    turns.pause("a", 8)
    turns.pause("a", 1)
    with turns.turn("a"):
        pass
    assert clock_.slept == [8]


def test_a_pause_beyond_patience_is_told_at_once(turns: Politeness, clock_: Clock) -> None:
    turns.pause("a", 600)
    with pytest.raises(NotFetched) as caught, turns.turn("a"):
        raise AssertionError("the host was asked")
    assert (caught.value.cause, caught.value.retry_after) == ("told-to-wait", 600)
    assert "2023-11-14 22:23 UTC" in caught.value.hint
    assert clock_.slept == []
    with turns.turn("b"):
        pass
    clock_.now += 600
    with turns.turn("a"):
        pass


def test_nobody_may_ask_for_more_than_a_day(turns: Politeness, clock_: Clock) -> None:
    turns.pause("a", 1e12)
    clock_.now += LONGEST + 1
    with turns.turn("a"):
        assert clock_.slept == [], "its turn comes at once"


def test_one_at_a_time_across_threads() -> None:
    turns = Politeness(0.0)
    busy = most = 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal busy, most
        for _ in range(3):
            with turns.turn("a"):
                with guard:
                    busy += 1
                    most = max(most, busy)
                time.sleep(0.001)
                with guard:
                    busy -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_what_is_remembered_of_hosts_is_bounded(turns: Politeness, clock_: Clock) -> None:
    turns.pause("waiting", 5000)
    for number in range(5000):
        clock_.now += 3
        turns._clock()
        with turns.turn(f"host{number}"):
            pass
        if number == 100:
            turns.pause("waiting", 80_000)
    assert len(turns._locks) <= 2000
    with pytest.raises(NotFetched), turns.turn("waiting"):
        pass
