"""Answers that a model writes: truth passes, each lie is marked, each failure gives the quotations and says why."""

import pytest

from almanac import Almanac
from almanac.asking import Chat
from chat.types import Answer, Event
from kb.errors import ContextTooLong, ModelError, ModelUnavailable
from tests.chat.scripted import Reply, ScriptedModel

QUESTION = "What is a widget cache?"
TRUTH = "A widget cache keeps the last 64 frobs of every session in fast memory [1]."


def _answer(almanac: Almanac, *replies: Reply, question: str = QUESTION, **options: int) -> tuple[Answer, list[Event]]:
    model = ScriptedModel(*replies, **options)
    events = list(Chat(almanac.chat.library, lambda: model).ask(question))
    assert events[-1].kind == "answer"
    answer = events[-1].answer
    assert answer is not None
    return answer, events


def _numbered(almanac: Almanac, text: str, question: str = QUESTION) -> int:
    """The number under which a passage with a text stands in the prompt."""
    model = ScriptedModel("x")
    list(Chat(almanac.chat.library, lambda: model).ask(question))
    prompt = model.prompts[0][-1].content
    at = prompt.index(text)
    return int(prompt[:at].rpartition("\n[")[2].partition("]")[0])


def test_a_true_answer_is_generated_cited_and_streamed(almanac: Almanac) -> None:
    answer, events = _answer(almanac, TRUTH + " A hit costs 3 ms instead of 40 ms [1].")
    assert answer.kind == "generated"
    assert answer.model == "scripted"
    assert answer.grounded
    assert (answer.coverage.supported, answer.coverage.total) == (2, 2)  # type: ignore[union-attr]
    assert [statement.status for statement in answer.statements] == ["supported", "supported"]
    assert answer.citations[0].quote.startswith("a widget cache keeps the last 64 frobs")
    assert "".join(event.text for event in events if event.kind == "piece").startswith("A widget cache")
    assert answer.quoted is not None
    assert answer.quoted.kind == "quoted"
    assert answer.usage is not None


def test_citations_are_bound_to_passages_not_to_the_numbers_of_the_prompt(almanac: Almanac) -> None:
    number = _numbered(almanac, "trays of 16 frobs")
    answer, _ = _answer(almanac, f"The cache is cut into trays of 16 frobs [{number}].")
    cited = answer.citations[0]
    assert "trays of 16 frobs" in cited.quote
    assert almanac.document(cited.doc_id).text[cited.start : cited.end] == cited.quote
    assert f"[{cited.number}]" in answer.text


@pytest.mark.parametrize(
    ("lie", "named"),
    [
        ("A widget cache keeps the last 64 frobs of every session [9].", "none of the passages"),
        ("A widget cache keeps the last 64 frobs of every session.", "cites no passage"),
        ("A widget cache keeps the last 65 frobs of every session [1].", "65"),
        ("A hit in the widget cache costs 3 s instead of 40 ms [1].", "3 s"),
        ("The notes say “a widget cache keeps the first 64 frobs of every session” [1].", "quote"),
        ("A widget cache does not keep the last 64 frobs of every session in fast memory [1].", "negates"),
        ("A widget cache keeps frobs, see https://evil.example/paper [1].", "link"),
        ("The weather in Paris is mild in spring and the food is good [1].", "words"),
        ("Widget caches are described by FrobNet-9 [1].", "FrobNet-9"),
    ],
)
def test_each_lie_is_marked_in_place(almanac: Almanac, lie: str, named: str) -> None:
    answer, _ = _answer(almanac, f"{TRUTH} {lie}")
    assert [statement.status for statement in answer.statements] == ["supported", "unsupported"]
    assert named in " ".join(answer.statements[1].reasons)
    assert not answer.grounded
    assert answer.unsupported == (answer.statements[1].text,)
    assert "(not supported by the library)" in answer.text
    assert "evil.example" not in answer.text


@pytest.mark.parametrize(
    "reply",
    [
        "NOT IN THE LIBRARY",
        "",
        "I am sure of it.",
        "Widgets were invented in 1823 by Napoleon [1].",
        "![x](https://evil.example/a.png) <img src=x> [1]",
        ModelError("the model went away", "Restart it."),
        ModelUnavailable("no server at http://127.0.0.1:9", "Start it."),
        ContextTooLong("the prompt is too long", "Raise LLM_CONTEXT."),
    ],
)
def test_what_a_model_cannot_bear_out_falls_back_to_quotations(almanac: Almanac, reply: Reply) -> None:
    answer, events = _answer(almanac, reply)
    assert answer.kind == "quoted"
    assert answer.grounded
    assert answer.citations
    assert answer.notices
    assert any(event.kind == "restart" for event in events)
    assert all(statement.status == "quoted" for statement in answer.statements)


def test_a_stream_that_breaks_is_forgotten(almanac: Almanac) -> None:
    answer, events = _answer(almanac, ModelError("connection lost", "Try again."), broken_after=3)
    assert [event.kind for event in events if event.kind in ("piece", "restart")] == ["piece"] * 3 + ["restart"]
    assert answer.kind == "quoted"
    assert "connection lost" in answer.notices[-1]


def test_a_question_that_the_library_does_not_answer_reaches_no_model(almanac: Almanac) -> None:
    model = ScriptedModel("Paris [1].")
    events = list(Chat(almanac.chat.library, lambda: model).ask("What is the capital of France?"))
    assert events[-1].answer is not None
    assert events[-1].answer.kind == "declined"
    assert model.prompts == []


def test_sums_are_never_left_to_a_model(almanac: Almanac) -> None:
    model = ScriptedModel("The bubble is 99% [1].")
    answer = list(Chat(almanac.chat.library, lambda: model).ask("bubble for 8 stages and 64 microbatches"))[-1].answer
    assert answer is not None
    assert answer.kind == "computed"
    assert model.prompts == []


def test_passages_are_dropped_until_the_window_holds_them(almanac: Almanac) -> None:
    model = ScriptedModel(TRUTH, context=700)
    answer = list(Chat(almanac.chat.library, lambda: model).ask(QUESTION))[-1].answer
    assert answer is not None
    assert answer.kind == "generated"
    assert model.count_tokens(model.prompts[0]) + 96 <= 700
    wide = ScriptedModel(TRUTH)
    list(Chat(almanac.chat.library, lambda: wide).ask(QUESTION))
    assert wide.prompts[0][-1].content.count("\n[") > model.prompts[0][-1].content.count("\n[")


def test_a_window_too_small_for_one_passage_says_so(almanac: Almanac) -> None:
    answer, _ = _answer(almanac, TRUTH, context=120)
    assert answer.kind == "quoted"
    assert "too small" in answer.notices[-1]


def test_stopping_ends_the_generation_and_gives_no_answer(almanac: Almanac) -> None:
    model = ScriptedModel(TRUTH * 20)
    seen: list[Event] = []
    events = Chat(almanac.chat.library, lambda: model).ask(
        QUESTION, cancelled=lambda: sum(event.kind == "piece" for event in seen) >= 2
    )
    for event in events:
        seen.append(event)
    assert sum(event.kind == "piece" for event in seen) == 2
    assert all(event.kind != "answer" for event in seen)
    assert model.closed == 1


def test_an_extractive_answer_is_always_at_hand(almanac: Almanac) -> None:
    model = ScriptedModel(TRUTH)
    answer = Chat(almanac.chat.library, lambda: model).answer(QUESTION, extractive=True)
    assert answer.kind == "quoted"
    assert model.prompts == []


def test_no_model_is_no_fault(almanac: Almanac) -> None:
    answer = Chat(almanac.chat.library, lambda: None).answer(QUESTION)
    assert answer.kind == "quoted"
    assert all("model" not in notice for notice in answer.notices)
