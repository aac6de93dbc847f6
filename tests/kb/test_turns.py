"""kb.turns: one at a time, and a question before the passages that wait."""

import threading

import pytest

from kb.turns import Turns


def test_nobody_meets_anybody() -> None:
    turns, inside, most = Turns(), [0], [0]

    def work(first: bool) -> None:
        for _ in range(50):
            with turns.take(first=first):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work, args=(number % 2 == 0,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == [1]
    assert not any(thread.is_alive() for thread in threads)


def test_who_goes_first_passes_those_who_wait() -> None:
    turns, order, holding, go = Turns(), list[str](), threading.Event(), threading.Event()

    def hold() -> None:
        with turns.take(first=False):
            holding.set()
            go.wait(10)

    def enter(name: str, first: bool) -> None:
        with turns.take(first=first):
            order.append(name)

    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(10)
    waiting = [threading.Thread(target=enter, args=(f"passages {n}", False)) for n in range(3)]
    question = threading.Thread(target=enter, args=("question", True))
    for thread in (*waiting, question):
        thread.start()
    while turns._first == 0:
        threading.Event().wait(0.001)
    go.set()
    for thread in (holder, *waiting, question):
        thread.join(10)
    assert order[0] == "question"
    assert len(order) == 4


def test_a_turn_ends_with_an_error_as_well() -> None:
    turns, taken = Turns(), list[str]()
    with pytest.raises(ValueError, match="half-way"), turns.take(first=False):
        raise ValueError("half-way")

    def work() -> None:
        with turns.take(first=False):
            taken.append("next")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(10)
    assert taken == ["next"]
