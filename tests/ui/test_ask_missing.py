"""What a sum lacks: typed values are read or refused, and join the question as the reader could have written it."""

import pytest

from chat.router import MissingInput
from ui.ask_missing import completed, refusal

LAYERS = MissingInput(name="layers", label="transformer layers L")


@pytest.mark.parametrize("text", ["80", " 32k", "7e9", "1,024"])
def test_a_number_is_accepted(text: str) -> None:
    assert refusal("kv_cache", LAYERS, text) == ""


@pytest.mark.parametrize("text", ["abc", "eighty", "8 apples"])
def test_what_is_no_number_is_refused_with_its_field(text: str) -> None:
    said = refusal("kv_cache", LAYERS, text)
    assert said.startswith("transformer layers L")
    assert f"“{text}”" in said


def test_what_is_no_number_field_is_left_to_the_calculator() -> None:
    choice = MissingInput(name="schedule", label="schedule", choices=("1f1b", "gpipe"))
    assert refusal("pipeline_bubble", choice, "1f1b") == ""
    assert refusal("pipeline_bubble", MissingInput(name="unheard", label="?"), "abc") == ""


def test_a_question_is_completed_in_its_own_punctuation() -> None:
    assert completed("KV cache at 32k?", [(LAYERS, "80")]) == "KV cache at 32k, layers = 80"
    assert completed("32k 的 KV 缓存多大？", [(LAYERS, "80")]) == "32k 的 KV 缓存多大，layers = 80"
    assert completed("KV cache?", []) == "KV cache?"
