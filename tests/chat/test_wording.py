"""What the product itself says: both languages say the same, and a quoted line is named after what it stands under."""

from chat import wording
from chat.types import Candidate, Citation, Statement
from kb.types import Section

TEXT = "Trays\nSizes\nsixteen frobs a tray"
SECTIONS = (
    Section(id="1", level=1, title="Trays", start=0, end=6),
    Section(id="1.1", level=2, title="Sizes", start=6, end=12),
    Section(id="1.1.1", level=3, title="sixteen frobs a tray", start=12, end=32),
)


def _citation(**changes: object) -> Citation:
    given = {"number": 1, "chunk_id": "c", "doc_id": "d", "title": "Widgets", "quote": TEXT[12:], "start": 12}
    return Citation.model_validate({**given, "end": 32, "path": ("Trays", "Sizes"), **changes})


def test_a_quoted_line_is_named_after_its_parent_in_an_outline_and_its_work_elsewhere() -> None:
    assert wording.context_of(_citation(), SECTIONS) == "Sizes"
    assert wording.context_of(_citation(quote="Sizes", start=6, end=11), SECTIONS) == "Trays"
    assert wording.context_of(_citation(), ()) == "Widgets"


def test_titles_that_name_nothing_or_repeat_the_line_are_passed_over() -> None:
    stock = (SECTIONS[0], SECTIONS[1].model_copy(update={"title": "Related works"}), SECTIONS[2])
    assert wording.context_of(_citation(), stock) == "Trays"
    assert wording.context_of(_citation(title="sixteen frobs"), ()) == ""


def test_statements_are_never_run_together() -> None:
    one = Statement(text="A tray holds\n16 frobs.", numbers=(1,), status="quoted")
    two = Statement(text="A hit costs 9 ms.", numbers=(2, 3), status="unsupported")
    assert wording.joined([one, two]).splitlines() == [
        "A tray holds 16 frobs. [1]",
        "A hit costs 9 ms. [2] [3] (not supported by the library)",
    ]


def test_a_refusal_names_what_is_unknown_and_what_is_near_in_both_languages() -> None:
    near = [Candidate(chunk_id="c", doc_id="d", title="Widgets", path=("Trays", "Sizes"), text="…")]
    for language in ("en", "zh"):
        text = wording.declined(language, ["Zorb"], near)
        assert "Zorb" in text
        assert "Widgets › Sizes" in text
    assert wording.declined("en", [], []) == "This is not in your library."


def test_a_comparison_tells_agreement_from_a_gap_and_gives_its_sign() -> None:
    assert wording.compared("en", "4 GB", "4 GB", 0.0, "the passage").endswith("they agree.")
    assert "-25.0%" in wording.compared("en", "3 GB", "4 GB", -0.25, "the passage")
    assert "+50.0%" in wording.compared("zh", "6 GB", "4 GB", 0.5, wording.source_name("zh", ""))


def test_a_name_is_told_once_and_not_as_a_part_of_another() -> None:
    assert wording.each_once(("Gemini Ultra", "gemini", "ultra", "Gemini Ultra", "frob")) == ("Gemini Ultra", "frob")
    assert wording.each_once(("frob", "frob cache")) == ("frob cache",)
    assert wording.each_once(("缓存", "前缀缓存")) == ("前缀缓存",)


def test_pairs_of_characters_are_shown_as_the_word_that_they_are_of() -> None:
    question = "谁赢了 2022 年世界杯？"
    assert wording.whole_words(question, ["界杯", "2022"], ["世界", "界杯", "2022"]) == ("世界杯", "2022")
    assert wording.whole_words(question, ["界杯"], ["界杯"]) == ("界杯",)
    assert wording.whole_words("who won?", ["won"], ["won"]) == ("won",)
