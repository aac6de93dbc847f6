"""Pieces of an answer on their way to the reader, and turns at the model."""

import threading
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.llm._output import Output
from kb.llm._queue import Turns


def _through(pieces: Sequence[str], stop: Sequence[str] = ()) -> str:
    output = Output(stop)
    return "".join([*map(output.feed, pieces), output.end()])


def test_text_comes_through_whole_without_the_blanks_before_it() -> None:
    assert _through([" \n", " The", " bubble", " is 12%.", "\n"]) == "The bubble is 12%.\n"


def test_control_characters_are_left_out() -> None:
    assert _through(["a\x00b\x1b[31m", "\tc\r\n\x7fd"]) == "ab[31m\tc\nd"


def test_a_stop_text_ends_the_answer_wherever_it_is_cut() -> None:
    text = "Answer.\nQuestion:\nAnother"
    for at in range(len(text)):
        assert _through([text[:at], text[at:]], ["\nQuestion:\n"]) == "Answer."


def test_what_only_looks_like_a_stop_text_is_shown() -> None:
    assert _through(["one\nQues", "t is a word"], ["\nQuestion:"]) == "one\nQuest is a word"
    assert _through(["one\nQues"], ["\nQuestion:"]) == "one\nQues"


@given(st.text(alphabet="ab\n", max_size=40), st.lists(st.integers(0, 40), max_size=6), st.text("ab\n", min_size=1))
def test_cuts_change_nothing(text: str, cuts: list[int], stop: str) -> None:
    ends = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(ends)]
    assert _through(pieces, [stop]) == text.lstrip().partition(stop)[0]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_reasoning_before_the_answer_is_left_out(size: int) -> None:
    text = "\n<think>first, count the stages</think>\n\nTwelve <think> percent."
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert _through(pieces) == "Twelve <think> percent."


def test_reasoning_without_an_end_shows_nothing() -> None:
    assert _through(["<think>and so", " on and on"]) == ""


def test_circles_are_noticed_and_lists_are_not() -> None:
    looping, fine = Output(), Output()
    for _ in range(40):
        looping.feed("the same words again. ")
    for number in range(60):
        fine.feed(f"- stage {number} waits for stage {number + 1}\n")
    assert looping.circles
    assert not fine.circles


def test_turns_are_taken_in_order_and_the_waiting_are_told() -> None:
    turns, order, told = Turns(), list[str](), list[int]()
    waiting, release = threading.Event(), threading.Event()

    def first() -> None:
        with turns.take(lambda: False, lambda _: None) as waited:
            assert waited is not None
            order.append("first")
            waiting.set()
            release.wait(10)

    def second() -> None:
        with turns.take(lambda: False, lambda ahead: (told.append(ahead), release.set())[0]):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert waiting.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "second"]
    assert told == [1, 0]
    assert not turns.busy


def test_who_gives_up_waiting_holds_nobody_up() -> None:
    turns = Turns()
    with turns.take(lambda: False, lambda _: None):
        with turns.take(lambda: True, lambda _: None) as waited:
            assert waited is None
        assert turns.busy
    with turns.take(lambda: False, lambda _: None) as waited:
        assert waited is not None


def test_a_turn_is_given_back_after_an_error() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.take(lambda: False, lambda _: None):
        raise ZeroDivisionError
    assert not turns.busy


def test_several_places_serve_several_at_once() -> None:
    turns, told = Turns(2), list[int]()
    with (
        turns.take(lambda: False, told.append),
        turns.take(lambda: False, told.append),
        turns.take(lambda: bool(told[2:]), told.append) as waited,
    ):
        assert waited is None
    assert told == [0, 0, 1]
