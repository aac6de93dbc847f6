"""A conversation as Markdown: references, marks, and sources that try to write Markdown themselves."""

from chat.transcript import plain, to_data, to_markdown
from chat.types import Comparison, Statement, Turn
from tests.answers import citation, computed, declined, generated, incomplete, quoted


def turn(answer) -> Turn:  # type: ignore[no-untyped-def]
    return Turn(question=answer.question, answer=answer)


def test_every_number_in_the_text_stands_once_in_the_references() -> None:
    one, two = citation(1, "First quote."), citation(2, "Second quote.", url="https://example.org/a")
    again = citation(1, "First quote, continued.")
    text = to_markdown("Caches", [turn(quoted("a?", one)), turn(quoted("b?", two, again))])
    body, references = text.split("## References")
    assert "> First quote. [1]" in body
    assert "> Second quote. [2]" in body
    assert references.count("- [1] Caches. Paging") == 1
    assert references.count("- [2] Caches") == 1
    assert references.count("<https://example.org/a>") == 1
    assert "> First quote.\n" in references
    assert "> First quote, continued." in references


def test_a_quoted_line_says_what_it_stands_under() -> None:
    said = Statement(text="10 % at most", context="Bubble", numbers=(1,), status="quoted")
    assert "> *Bubble:* 10 % at most [1]" in to_markdown("t", [turn(quoted("q", statements=(said,)))])


def test_what_nothing_bears_out_is_marked_with_its_reason() -> None:
    good = Statement(text="Paging saves memory.", numbers=(1,), status="supported")
    bad = Statement(text="By 73 %.", numbers=(1,), status="unsupported", reasons=("73 % is in no passage",))
    text = to_markdown("t", [turn(generated("q", good, bad))])
    assert "Paging saves memory. [1] By 73 %. [1] *(not supported by the library; 73 % is in no passage)*" in text
    assert "1 of 2 sentences are borne out" in text
    assert "Written by tiny" in text


def test_a_calculator_shows_formula_numbers_and_what_was_read() -> None:
    text = to_markdown("t", [turn(computed())])
    assert "**Pipeline bubble**" in text
    assert "- Formula: `" in text
    assert "8 stages → pp = 8" in text
    assert "- Source: " in text
    assert "[1]" in text.split("## References")[0]


def test_a_claim_says_with_what_it_was_compared() -> None:
    found = Comparison(claimed="34 days", found="33.8 days", source="calculator", calculator="training_time", gap=0.006)
    answer = quoted("GPT-3 takes 34 days").model_copy(update={"comparisons": (found,)})
    text = to_markdown("t", [turn(answer)])
    assert "34 days against 33.8 days (training\\_time): differs, +0.6%" in text


def test_numbers_that_cannot_be_compared_do_not_differ() -> None:
    found = Comparison(claimed="4 bits", found="40 %", source="calculator", calculator="quant_size")
    text = to_markdown("t", [turn(quoted("q").model_copy(update={"comparisons": (found,)}))])
    assert "4 bits against 40 % (quant\\_size): not comparable" in text


def test_what_was_worked_out_is_told_once() -> None:
    answer = computed()
    text = to_markdown("t", [turn(answer)])
    assert "**Pipeline bubble**: 0.109375" in text
    assert answer.statements[0].text not in text


def test_a_single_question_is_its_own_title() -> None:
    one = turn(quoted("What is paging?"))
    assert to_markdown("What is paging?", [one]).count("What is paging?") == 1
    assert to_markdown("Renamed", [one]).count("What is paging?") == 1
    assert to_markdown("What is paging?", [one, one]).count("What is paging?") == 3


def test_a_reference_does_not_say_twice_what_its_quote_opens_with() -> None:
    opened = citation(1, "Paging > blocks of fixed size", path=("Caches", "Paging"))
    text = to_markdown("t", [turn(quoted("q", opened))])
    assert "- [1] Caches. 20" in text or "- [1] Caches\n" in text or "- [1] Caches. <" in text


def test_answers_without_citations_have_no_references() -> None:
    text = to_markdown("t", [turn(declined()), turn(incomplete()), Turn(question="old", reply="kept\ntext")])
    assert "## References" not in text
    assert "Not in your library." in text
    assert "kept\n\ntext" in text


def test_sources_cannot_write_markdown() -> None:
    hostile = "# Title\n<script>alert(1)</script> ![x](https://evil.example/?q=) [1]: http://evil.example\n- i | `x`"
    bad = citation(1, hostile, title="</a>*t*", path=("<b>",), url="https://evil.example/ <script>")
    text = to_markdown(hostile, [turn(quoted(hostile, bad))])
    for active in ("<script>", "<b>", "</a>", "![x]", "\n# Title\n<", "[1]: http", "*t*"):
        assert active not in text, active
    assert text.count("\n# ") == 0
    assert text.startswith("# \\# Title")
    assert "javascript" not in to_markdown("t", [turn(quoted("q", citation(url="javascript:alert(1)")))])


def test_line_beginnings_are_no_lists() -> None:
    assert plain("- item") == "\\- item"
    assert plain("1. item") == "\\1. item"
    assert plain("+1 and 2 - 1") == "+1 and 2 - 1"


def test_data_says_which_documents_are_gone() -> None:
    answer = quoted("q", citation(1), citation(2, "Other."))
    data = to_data(turn(answer), gone={answer.citations[1]})
    assert [("standing" in shown) for shown in data["citations"]] == [False, True]
    assert data["citations"][0]["path"] == ["Caches", "Paging"]
    assert data["answer"] == answer.text
    assert to_data(Turn(question="q", reply="r")) == {"question": "q", "answer": "r", "citations": []}
