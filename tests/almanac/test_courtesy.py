"""almanac.courtesy: work waits for questions, but never for ever."""

import threading
import time

from almanac.courtesy import Courtesy


def test_nobody_asks_nobody_waits() -> None:
    began = time.monotonic()
    Courtesy().give_way(30)
    assert time.monotonic() - began < 10


def test_work_goes_on_when_the_last_question_is_answered() -> None:
    courtesy, order, asked = Courtesy(), list[str](), threading.Event()

    def work() -> None:
        asked.wait(10)
        courtesy.give_way(30)
        order.append("work")

    thread = threading.Thread(target=work)
    thread.start()
    with courtesy.asking():
        with courtesy.asking():
            asked.set()
        order.append("answer")
    thread.join(20)
    assert order == ["answer", "work"]


def test_endless_questions_hold_nothing_up() -> None:
    courtesy = Courtesy()
    with courtesy.asking():
        courtesy.give_way(0.01)
    assert courtesy._asking == 0


def test_a_question_that_fails_is_over() -> None:
    courtesy = Courtesy()
    try:
        with courtesy.asking():
            raise ValueError
    except ValueError:
        pass
    assert courtesy._asking == 0
