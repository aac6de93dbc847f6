"""Questions on their way: one a conversation, stopped at once, saved whole or not at all."""

import threading

import pytest

from almanac import Almanac
from chat.types import Event, Scope, Statement
from tests.answers import ScriptedChat, quoted
from tests.ui.conftest import wait
from ui.ask_live import stage_words, written_html
from ui.asking import KEPT, Asked, Questions


def install(monkeypatch: pytest.MonkeyPatch, chat: ScriptedChat) -> ScriptedChat:
    monkeypatch.setattr(Almanac, "chat", property(lambda self: chat), raising=False)
    return chat


def test_a_finished_answer_is_saved_and_no_longer_on_its_way(almanac: Almanac, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ScriptedChat(quoted("")))
    questions = Questions()
    asked = questions.start(almanac, Asked("c1", "why?", Scope(topics=("serving",))))
    assert asked.ended.wait(10)
    wait(lambda: questions.of("c1") is None)
    [turn] = almanac.conversations.open("c1").turns
    assert (turn.question, turn.scope) == ("why?", Scope(topics=("serving",)))


def test_a_conversation_answers_one_question_at_a_time(almanac: Almanac, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = install(monkeypatch, ScriptedChat(quoted(""), hold=True))
    questions = Questions()
    first = questions.start(almanac, Asked("c1", "first"))
    assert questions.start(almanac, Asked("c1", "second")) is first
    other = questions.start(almanac, Asked("c2", "elsewhere"))
    assert questions.writing("c1") == 1
    chat.go.set()
    assert first.ended.wait(10)
    assert other.ended.wait(10)
    assert [row.title for row in almanac.conversations.rows()] != []
    assert {question for question, *_ in chat.asked} == {"first", "elsewhere"}


def test_what_a_stopped_thread_still_says_is_dropped(almanac: Almanac, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = ScriptedChat(quoted(""))
    late = threading.Event()

    def stubborn(*args: object, **more: object):  # type: ignore[no-untyped-def]
        yield Event(kind="piece", text="half")
        late.wait(10)
        yield Event(kind="answer", answer=quoted("why?"))

    monkeypatch.setattr(chat, "ask", stubborn)
    install(monkeypatch, chat)
    questions = Questions()
    asked = questions.start(almanac, Asked("c1", "why?"))
    wait(lambda: asked.text == "half")
    asked.stop()
    assert not asked.running
    again = questions.start(almanac, Asked("c1", "why, once more?"))
    assert again is not asked, "the reader does not wait for the old thread"
    late.set()
    assert asked.ended.wait(10)
    assert again.ended.wait(10)
    assert [turn.question for turn in almanac.conversations.open("c1").turns] == ["why, once more?"]


def test_a_fault_of_the_product_is_told_and_saves_nothing(
    almanac: Almanac, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chat = ScriptedChat(quoted(""))
    monkeypatch.setattr(chat, "ask", lambda *args, **more: iter([1 / 0]))
    install(monkeypatch, chat)
    questions = Questions()
    asked = questions.start(almanac, Asked("c1", "why?"))
    assert asked.ended.wait(10)
    assert asked.error is not None
    assert "Nothing was saved" in asked.error.hint
    assert "division by zero" in caplog.text
    assert questions.of("c1") is asked
    questions.forget("c1")
    assert questions.of("c1") is None


def test_questions_that_ended_unsaved_are_not_kept_for_ever(almanac: Almanac, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ScriptedChat(quoted(""), hold=True))
    questions = Questions()
    for number in range(KEPT + 5):
        questions.start(almanac, Asked(f"c{number}", "why?")).stop()
    assert questions.of("c0") is None
    assert questions.of(f"c{KEPT + 4}") is not None


def test_events_say_what_is_being_done() -> None:
    asked = Asked("c1", "why?")
    assert stage_words(asked) == "Beginning…"
    asked.hear(Event(kind="stage", text="reading 6 passages"))
    assert stage_words(asked) == "Reading 6 passages…"
    asked.wait_behind(2)
    assert stage_words(asked) == "Waiting: the model first finishes 2 other answers"
    asked.hear(Event(kind="piece", text="<b>It"))
    asked.hear(Event(kind="piece", text=" is"))
    asked.hear(Event(kind="statement", statement=Statement(text="It is.", status="supported")))
    assert "&lt;b&gt;It is" in written_html(asked)
    asked.hear(Event(kind="restart"))
    assert written_html(asked) == ""
    assert asked.statements == []
