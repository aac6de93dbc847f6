"""almanac.lanes: threads that never meet at one host, results that never pile up."""

import threading
from collections import Counter

import pytest

from almanac.lanes import WAITING, in_lanes


class Site:
    """Hosts that note how many are in them at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.most_hosts = 0

    def visit(self, piece: str) -> str:
        """Enter the host of a piece and leave it."""
        host = piece.split("/")[0]
        with self.lock:
            self.inside[host] += 1
            self.most[host] = max(self.most[host], self.inside[host])
            self.most_hosts = max(self.most_hosts, sum(1 for count in self.inside.values() if count))
        threading.Event().wait(0.002)
        with self.lock:
            self.inside[host] -= 1
        return piece.upper()


def pieces(*names: str) -> list[tuple[str, str]]:
    return [(name.split("/")[0], name) for name in names]


def test_everything_is_done_and_no_host_is_entered_twice_at_once() -> None:
    site = Site()
    names = [f"{host}/{number}" for host in "abcd" for number in range(12)]
    found = dict(in_lanes(pieces(*names), site.visit, threads=8))
    assert found == {name: name.upper() for name in names}
    assert set(site.most.values()) == {1}
    assert site.most_hosts > 1


def test_pieces_of_one_host_keep_their_order() -> None:
    done = [name for name, _ in in_lanes(pieces("a/1", "a/2", "b/1", "a/3"), str.upper)]
    assert [name for name in done if name.startswith("a")] == ["a/1", "a/2", "a/3"]


def test_pieces_without_host_are_free_of_each_other() -> None:
    barrier = threading.Barrier(2, timeout=10)
    assert len(list(in_lanes([("", 1), ("", 2)], lambda _: barrier.wait(), threads=2))) == 2


def test_nothing_to_do_is_done() -> None:
    assert list(in_lanes([], str.upper)) == []


def test_results_wait_for_whoever_takes_them() -> None:
    begun: list[str] = []
    lanes = in_lanes(pieces(*(f"{n}/x" for n in range(100))), lambda name: begun.append(name), threads=3)
    next(lanes)
    threading.Event().wait(0.1)
    assert len(begun) <= 1 + WAITING + 3
    lanes.close()


def test_cancelling_ends_without_waiting() -> None:
    go = threading.Event()
    stop: list[bool] = []

    def work(name: str) -> str:
        if name == "slow/1":
            go.wait(30)
        return name

    found = []
    for name, _ in in_lanes(pieces("slow/1", "b/1", "c/1"), work, cancelled=lambda: bool(stop)):
        found.append(name)
        if len(found) == 2:
            stop.append(True)
    assert sorted(found) == ["b/1", "c/1"]
    go.set()


def test_a_fault_in_the_work_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_lanes([("a", 0)], lambda number: 1 // number))


def test_an_error_may_be_a_result() -> None:
    error = ValueError("told, not raised")
    assert list(in_lanes([("a", 1)], lambda _: error)) == [(1, error)]
