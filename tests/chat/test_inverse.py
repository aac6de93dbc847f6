"""How much of an input a sum needs for a wanted share, as a follow-up."""

import pytest

import calculators
from almanac import Almanac
from chat._inverse import needed
from chat.types import Turn

_BUBBLE = "bubble of 1F1B with 8 stages and 64 microbatches"


@pytest.mark.parametrize(
    ("earlier", "said", "field", "count", "told"),
    [
        (_BUBBLE, "how many microbatches do I need for at most 5% bubble?", "microbatches", 140, "the least"),
        (_BUBBLE, "how many stages keep it under 10%?", "pp", 7, "the most"),
        ("8 级流水线 32 个微批的气泡率？", "要多少个微批才能让气泡不超过 5%？", "microbatches", 140, "the least"),
    ],
)
def test_the_count_gives_what_is_wanted_and_the_next_does_not(
    earlier: str, said: str, field: str, count: int, told: str
) -> None:
    found = needed(said, [earlier])
    assert found is not None
    request = found[0].requests[0]
    assert request.inputs[field] == count
    assert told in request.notes[0]
    bound = 0.05 if "5%" in said else 0.1
    beyond = {**request.inputs, field: count - 1 if told == "the least" else count + 1}
    shares = [
        calculators.run(request.calculator, inputs, request.output, "1").quantities[0].value
        for inputs in (request.inputs, beyond)
    ]
    assert shares[0] <= bound < shares[1]


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        (_BUBBLE, "how many microbatches for at most 0.1% bubble?"),
        (_BUBBLE, "how many papers are at most 5% long?"),
        ("What is a bubble?", "how many microbatches do I need for at most 5% bubble?"),
    ],
)
def test_what_no_count_gives_is_left(earlier: str, said: str) -> None:
    assert needed(said, [earlier]) is None


def test_the_answer_is_the_sum_with_that_count(almanac: Almanac) -> None:
    first = Turn(question=_BUBBLE, answer=almanac.chat.answer(_BUBBLE))
    answer = almanac.chat.answer("how many microbatches do I need for at most 5% bubble?", [first])
    assert answer.kind == "computed"
    assert answer.standalone == "bubble of 1F1B with 8 stages and 140 microbatches"
    assert answer.estimates[0].estimate.inputs["microbatches"] == 140
