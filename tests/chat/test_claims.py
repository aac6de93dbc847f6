"""Pasted claims beside passages and calculators: agreement, a gap, or nothing to compare."""

import pytest

from almanac import Almanac
from chat._pairing import pairs
from chat.claims import bare_claim, is_claim
from kb.evidence import numbers_in


@pytest.mark.parametrize(
    "text",
    [
        "GPT-3 on 1024 A100s takes 34 days",
        "Is it true that the cache saves 40%?",
        "核对：训练耗电 1287 MWh",
        "A hit costs 3 ms, right?",
    ],
)
def test_a_stated_number_is_a_claim(text: str) -> None:
    assert is_claim(text)


@pytest.mark.parametrize(
    "text", ["How many days does it take?", "What is 40% of it?", "A cache is fast", "80 GB 能放下吗？", "34 days"]
)
def test_questions_and_words_are_none(text: str) -> None:
    assert not is_claim(text)


def test_a_request_without_a_verb_is_no_claim_where_it_can_be_computed() -> None:
    assert not is_claim("ring all-reduce of 1 GB over 8 GPUs at 450 GB/s", computable=True)
    assert is_claim("1F1B with 8 stages and 64 microbatches has a bubble of 12%", computable=True)


def test_the_words_that_ask_for_a_check_are_taken_off() -> None:
    assert bare_claim("Is it true that a hit costs 3 ms?") == "a hit costs 3 ms?"


@pytest.mark.parametrize(
    ("claim", "gap"),
    [
        ("FrobNet-2 reaches 3.5x the throughput of FrobNet-1", 0.0),
        ("FrobNet-2 reaches 4.2x the throughput of FrobNet-1", 0.2),
        ("A hit in the widget cache costs 6 ms", 1.0),
        ("调度器使尾延迟降低 40%", 0.0),
    ],
)
def test_a_claim_is_compared_with_a_passage(almanac: Almanac, claim: str, gap: float) -> None:
    answer = almanac.chat.answer(claim)
    assert answer.kind == "claim"
    assert answer.grounded
    compared = answer.comparisons[0]
    assert compared.source == "passage"
    assert compared.gap == pytest.approx(gap, abs=0.01)
    assert compared.agrees is (gap == 0)
    assert answer.citation(compared.number or 0) is not None


def test_a_claim_is_compared_with_a_calculator(almanac: Almanac) -> None:
    answer = almanac.chat.answer("Is it true that 1F1B with 8 stages and 64 microbatches has a bubble of 12%?")
    compared = next(one for one in answer.comparisons if one.source == "calculator")
    assert compared.calculator == "pipeline_bubble"
    assert compared.gap == pytest.approx(0.097, abs=0.005)
    assert "10.94%" in answer.text


def test_nothing_to_compare_is_said(almanac: Almanac) -> None:
    answer = almanac.chat.answer("The Eiffel tower weighs 7,300 GB of steel")
    assert answer.kind == "claim"
    assert not answer.grounded
    assert answer.comparisons == ()


def test_the_number_among_the_same_words_is_compared_not_the_nearest() -> None:
    claim = "FrobNet is 3x faster than WidgetNet"
    found = pairs(claim, numbers_in(claim), "It is 2.1x faster than WidgetNet with 2.7x better life per watt")
    assert [pair.held.text.strip() for pair in found] == ["2.1x"]


def test_a_number_inside_a_range_agrees_with_it() -> None:
    for claim, within in (("Packing saves 50% of the shelf", True), ("Packing saves 90% of the shelf", False)):
        assert [pair.within for pair in pairs(claim, numbers_in(claim), "Packing saves 40%-70% of the shelf")] == [
            within
        ]


@pytest.mark.parametrize(("days", "possible"), [(34, True), (5, False)])
def test_a_training_time_is_held_to_the_time_at_full_utilisation(almanac: Almanac, days: int, possible: bool) -> None:
    answer = almanac.chat.answer(f"GPT-3 175B on 300B tokens with 1024 A100 takes {days} days")
    one = next(one for one in answer.comparisons if one.source == "calculator")
    assert (answer.kind, one.calculator, one.agrees) == ("claim", "training_time", possible)
    estimate = next(item.estimate for item in answer.estimates if item.estimate.calculator == "training_time")
    assert estimate.inputs["mfu"] == 1.0
    assert one.claimed == f"{days} days"
    assert "full utilisation" in answer.text


def test_a_claimed_result_is_no_input_of_its_own_check(almanac: Almanac) -> None:
    answer = almanac.chat.answer("A 7B model in fp16 needs 20 GB.")
    assert [one.gap for one in answer.comparisons] == [pytest.approx(6 / 14, abs=0.01)]
    assert all(20e9 not in item.estimate.inputs.values() for item in answer.estimates)


def test_the_card_of_a_claim_is_of_what_it_claims(almanac: Almanac) -> None:
    answer = almanac.chat.answer("Claim: GPT-3 on 300B tokens with 1024 A100s at 140 TFLOP/s takes 34/12 days")
    assert [item.estimate.calculator for item in answer.estimates] == ["training_time"]
    assert [one.claimed for one in answer.comparisons if one.source == "calculator"] == ["34/12 days"]
    assert answer.statements[0].text == "“34/12 days” is read as a fraction: 34 ÷ 12 = 2.833 days."


def test_the_number_of_a_name_gives_no_row(almanac: Almanac) -> None:
    answer = almanac.chat.answer("A 13B model in 4-bit needs 6.5 GB")
    assert [(one.claimed, one.agrees) for one in answer.comparisons] == [("6.5 GB", True)]


def test_what_follows_the_verb_is_claimed_and_conditions_are_not(almanac: Almanac) -> None:
    answer = almanac.chat.answer("Claim: training a 7B model on 1T tokens with 128 H100s at 40% MFU takes 20 days")
    assert [(one.claimed, one.agrees) for one in answer.comparisons] == [("20 days", False)]
    assert [item.estimate.calculator for item in answer.estimates] == ["training_time"]
