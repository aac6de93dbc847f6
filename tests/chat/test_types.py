"""The vocabulary of the chat: what an answer tells scripts, and conversations as turns."""

from chat.router import CalculatorRequest, MissingInput
from chat.types import Answer, Citation, Scope, Statement, Turn, to_json, turns_of
from kb.llm import Message
from kb.types import Kind


def _answer() -> Answer:
    return Answer(
        question="how large is the bubble?",
        kind="quoted",
        text="The bubble is (p-1)/m. [1]",
        statements=(
            Statement(text="The bubble is (p-1)/m.", numbers=(1,), status="quoted"),
            Statement(text="It is blue.", status="unsupported", reasons=("cites nothing",)),
        ),
        citations=(
            Citation(
                number=1, chunk_id="c", doc_id="notes:a", title="A", quote="The bubble is (p-1)/m.", start=0, end=22
            ),
        ),
        requests=(
            CalculatorRequest(calculator="kv_cache", inputs={}, missing=(MissingInput(name="batch", label="Batch"),)),
            CalculatorRequest(calculator="kv_cache", inputs={}, missing=(MissingInput(name="batch", label="Batch"),)),
        ),
        grounded=False,
    )


def test_scripts_get_the_fields_of_the_contract() -> None:
    told = to_json(_answer())
    assert list(told) == ["answer", "citations", "grounded", "estimates", "missing", "unsupported"]
    assert list(told["citations"][0]) == ["number", "chunk_id", "doc_id", "title", "url", "quote"]
    assert told["missing"] == ["batch"]
    assert told["unsupported"] == ["It is blue."]


def test_statements_show_their_marks() -> None:
    quoted, doubtful = _answer().statements
    assert quoted.marked == "The bubble is (p-1)/m. [1]"
    assert doubtful.marked == "It is blue. (not supported by the library)"


def test_messages_become_turns_and_turns_messages() -> None:
    said = [("user", "a?"), ("assistant", "b"), ("assistant", "c"), ("user", "d?")]
    turns = turns_of(Message(role=role, content=content) for role, content in said)  # type: ignore[arg-type]
    assert [(turn.question, turn.reply) for turn in turns] == [("a?", "b\nc"), ("d?", "")]
    assert [message.content for turn in turns for message in turn.messages] == ["a?", "b\nc", "d?"]
    assert Turn(question="q", answer=_answer()).messages[1].content == _answer().text


def test_a_scope_narrows_a_search() -> None:
    query = Scope(kinds=(Kind.NOTES,), since="2023").query("kv cache", 5)
    assert (query.text, query.kinds, query.since, query.limit) == ("kv cache", (Kind.NOTES,), "2023", 5)
    assert Scope().empty
    assert not Scope(doc_id="notes:a").empty
