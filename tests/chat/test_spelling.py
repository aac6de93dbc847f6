"""Names in other spellings, and numbered stages in two languages."""

import re

import pytest

from chat._spelling import name_pattern, stages_in


@pytest.mark.parametrize("text", ["gpt-3", "gpt 3", "gpt3", "two gpt-3s"])
def test_a_name_is_found_in_any_spelling_of_its_joints(text: str) -> None:
    assert re.search(name_pattern("GPT-3"), text)


def test_a_longer_number_is_another_name() -> None:
    assert not re.search(name_pattern("GPT-3"), "gpt-35")


@pytest.mark.parametrize("asked", ["ZeRO stage 3", "ZeRO 的第三阶段", "the third stage of ZeRO"])
def test_a_stage_is_found_however_it_is_numbered(asked: str) -> None:
    [(_, pattern)] = stages_in(asked)
    assert all(pattern.search(text) for text in ("zero-3 gathers", "stage 3 gathers", "第三阶段", "its third stage"))
    assert not any(pattern.search(text) for text in ("stage 2", "zero-2", "阶段 1：3 字节", "30 stages"))
