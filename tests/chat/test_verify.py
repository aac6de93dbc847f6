"""A model's sentences against what they cite: truth passes; false numbers, markers and links do not."""

import pytest

from almanac import Almanac
from chat.prompts import Passage
from chat.verify import REMOVED, Checked, check, clean, split

PASSAGES = (
    Passage(1, "c1", "Widgets", ("Caching",), "2026-11-22", "A widget cache keeps the last 64 frobs of every session."),
    Passage(2, "c2", "Widgets", ("Trays",), "2026-11-22", "The cache is cut into trays of 16 frobs."),
)


def _check(almanac: Almanac, sentence: str) -> Checked | None:
    return check(sentence, PASSAGES, almanac.chat.library.glossary, ())


def test_markers_stay_with_the_sentence_that_they_follow() -> None:
    assert [piece.strip() for piece in split("Trays hold frobs. [1] Caches hold trays [2].")] == [
        "Trays hold frobs. [1]",
        "Caches hold trays [2].",
    ]


def test_what_a_passage_says_is_supported_with_its_place(almanac: Almanac) -> None:
    found = _check(almanac, "A widget cache keeps the last 64 frobs of every session [1].")
    assert found is not None
    assert (found.ok, found.numbers, found.reasons) == (True, (1,), ())
    assert "64" in {PASSAGES[number - 1].whole[span.start : span.end] for number, span in found.spans}


@pytest.mark.parametrize("ending", [". [1].", "。 [1].", " [1]."])
def test_a_full_stop_of_the_mark_alone_goes_with_it(almanac: Almanac, ending: str) -> None:
    found = _check(almanac, f"A widget cache keeps the last 64 frobs of every session{ending}")
    assert found is not None
    assert found.text.rstrip("。.") == "A widget cache keeps the last 64 frobs of every session"
    assert len(found.text) - len(found.text.rstrip("。.")) == 1


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("A widget cache keeps the last 128 frobs of every session [1].", "128"),
        ("A widget cache keeps the last 64 frobs of every session [7].", "[7] is none of the passages"),
        ("A widget cache keeps the last 64 frobs of every session.", "it cites no passage"),
        ("Frobs [2].", "it says too little to be checked"),
    ],
)
def test_what_is_not_borne_out_is_told_with_the_reason(almanac: Almanac, sentence: str, reason: str) -> None:
    found = _check(almanac, sentence)
    assert found is not None
    assert not found.ok
    assert reason in "; ".join(found.reasons)


def test_a_bare_marker_says_nothing(almanac: Almanac) -> None:
    assert _check(almanac, "[1]") is None


def test_only_addresses_of_stored_documents_stay() -> None:
    known = ("https://example.org/frobnet",)
    assert clean("See https://example.org/frobnet.", known) == ("See https://example.org/frobnet.", False)
    assert clean("See https://evil.example.com/x now", known) == (f"See {REMOVED} now", True)
    assert clean("Trays ![x](https://evil.example.com/p.png) <b>hold</b> frobs", known) == ("Trays hold frobs", True)
