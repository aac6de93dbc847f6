"""The ask page: box, answers with their sources, what can be done with a turn and with a conversation."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from almanac import Almanac
from chat.types import Candidate, Citation, Comparison, Scope, Statement
from chat.wording import fallback
from kb.errors import ModelUnavailable
from kb.types import Kind
from tests.answers import ScriptedChat, citation, computed, declined, generated, incomplete, quoted
from tests.ui.conftest import Reading, given, shown, wait
from ui.asking import Asked
from ui.state import prepare_library

PAGED = "a paged cache wastes less memory"
Scripted = Callable[..., ScriptedChat]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    def install(*answers: object, **how: object) -> ScriptedChat:
        chat = ScriptedChat(*answers, **how)  # type: ignore[arg-type]
        monkeypatch.setattr(Almanac, "chat", property(lambda self: chat), raising=False)
        return chat

    return install


@pytest.fixture
def paged(almanac: Almanac) -> Citation:
    """A citation of a passage that is in the library."""
    chunk = next(c for d in almanac.documents([Kind.NOTES]) for c in almanac.chunks(d.id) if PAGED in c.text)
    start = chunk.start + chunk.text.index(PAGED)
    return citation(
        1, PAGED, chunk_id=chunk.id, doc_id=chunk.doc_id, path=chunk.path, start=start, end=start + len(PAGED)
    )


def reading(app: AppTest) -> Reading:
    """Return what the page shows, without the joiners that keep a chip beside its word."""
    return Reading(shown(app).replace("\u2060", ""))


def opened(app: AppTest, **parameters: str | list[str]) -> Reading:
    app.switch_page("ui/pages/ask.py")
    for name in list(app.query_params):
        del app.query_params[name]
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return reading(app)


def ask(app: AppTest, question: str) -> Reading:
    app.chat_input[0].set_value(question).run()
    assert not app.exception
    return reading(app)


def ended(app: AppTest) -> Reading:
    """Wait until nothing is being answered, then show the page as it is afterwards."""
    wait(lambda: prepare_library().questions.writing() == 0)
    app.run()
    assert not app.exception
    return reading(app)


def test_without_a_question_it_says_where_to_begin(app: AppTest) -> None:
    read = opened(app)
    assert "No language model is chosen: answers are quotes from your library" in read.text
    assert "投机解码为什么能加速？" in read.text
    assert any(address.startswith("/ask?q=") for address in read.addresses)
    assert app.expander[0].label == "Look in: the whole library"


def test_a_question_is_answered_saved_and_named_by_the_address(
    app: AppTest, almanac: Almanac, scripted: Scripted, paged: Citation
) -> None:
    chat = scripted(quoted("", paged))
    opened(app)
    ask(app, "  What does paging save? ")
    read = ended(app)
    assert chat.asked[0][0] == "What does paging save?"
    [row] = almanac.conversations.rows()
    assert given(app, "c") == [row.id]
    assert "What does paging save?" in read.text
    assert PAGED in read.text
    [address] = {a for a in read.addresses if a.startswith("/document")}
    found = parse_qs(urlsplit(address).query)
    assert found == {"id": [paged.doc_id], "chunk": [paged.chunk_id], "quote": [PAGED]}


def test_the_address_of_a_conversation_reopens_it(app: AppTest, almanac: Almanac, paged: Citation) -> None:
    almanac.conversations.save("abc", "什么是分页？", quoted("什么是分页？", paged))
    read = opened(app, c="abc")
    assert "什么是分页？" in read.text
    assert ("lang", "zh") in read.attributes
    assert app.chat_input[0].placeholder != ""


def test_a_question_in_an_address_is_asked_once_a_session(app: AppTest, almanac: Almanac, scripted: Scripted) -> None:
    chat = scripted(quoted(""))
    opened(app, q="paging?", topic="serving", kind="notes", doc="notes:x.md")
    ended(app)
    assert given(app, "topic") == ["serving"]
    read = opened(app, q="paging?", topic="serving", kind="notes", doc="notes:x.md")
    assert len(chat.asked) == 1
    assert chat.asked[0][2] == Scope(topics=("serving",), kinds=(Kind.NOTES,), doc_id="notes:x.md")
    assert len(almanac.conversations.rows()) == 1
    assert "Looked in: Serving, notes, notes:x.md, which is not in the library" in read.text
    almanac.conversations.delete(almanac.conversations.rows()[0].id)
    opened(app, q="paging?", topic="serving", kind="notes", doc="notes:x.md")
    ended(app)
    assert len(chat.asked) == 2, "what was deleted is asked anew"


def test_a_follow_up_has_its_history_and_stays_in_its_conversation(
    app: AppTest, almanac: Almanac, scripted: Scripted
) -> None:
    chat = scripted(quoted(""))
    opened(app)
    ask(app, "first")
    ended(app)
    ask(app, "second")
    ended(app)
    assert [turn.question for turn in chat.asked[1][1]] == ["first"]
    assert [row.turns for row in almanac.conversations.rows()] == [2]


def test_a_notice_is_told_once(app: AppTest, almanac: Almanac) -> None:
    for question in ("one", "two"):
        almanac.conversations.save("abc", question, quoted(question, notices=("The model `m` is down.",)))
    read = opened(app, c="abc")
    assert read.text.count("The model m is down.") == 1


def test_unsupported_sentences_are_marked_in_place_with_the_reason(
    app: AppTest, almanac: Almanac, paged: Citation
) -> None:
    good = Statement(text="Paging saves memory.", numbers=(1,), status="supported")
    bad = Statement(text="It saves 73 %.", numbers=(1,), status="unsupported", reasons=("73 % is in no passage",))
    almanac.conversations.save("abc", "q", generated("q", good, bad, citations=(paged,)))
    read = opened(app, c="abc")
    assert "It saves 73 %.1" in read.text
    assert "(not supported by the library; 73 % is in no passage)" in read.text
    assert read.text.index("Paging saves memory.") < read.text.index("73 % is in no passage")
    assert "1 of 2 sentences supported by the library" in read.text
    assert "Written by tiny" in read.text


def test_the_quotes_are_one_click_away(app: AppTest, almanac: Almanac, paged: Citation) -> None:
    said = Statement(text="Paging saves memory.", numbers=(1,), status="supported")
    almanac.conversations.save("abc", "q", generated("q", said, citations=(paged,)))
    read = opened(app, c="abc")
    [address] = [a for a in read.addresses if "quotes=1" in a]
    read = opened(app, **{name: values[0] for name, values in parse_qs(urlsplit(address).query).items()})
    assert "Paging saves memory." not in read.text
    assert f"{PAGED}1" in read.text
    assert any("quotes" not in a and "c=abc" in a for a in read.addresses)


def test_a_source_that_left_keeps_its_quote_and_says_so(app: AppTest, almanac: Almanac, paged: Citation) -> None:
    almanac.conversations.save("abc", "q", quoted("q", paged))
    almanac.remove_document(paged.doc_id)
    read = opened(app, c="abc")
    assert PAGED in read.text
    assert "no longer in the library" in read.text
    assert not [a for a in read.addresses if a.startswith("/document")]


def test_a_passage_that_changed_still_leads_to_its_document(app: AppTest, almanac: Almanac, paged: Citation) -> None:
    lost = paged.model_copy(update={"chunk_id": f"{paged.doc_id}#99", "quote": "a paged cache wastes more memory"})
    almanac.conversations.save("abc", "q", quoted("q", lost))
    read = opened(app, c="abc")
    assert "the passage has changed since" in read.text
    [address] = {a for a in read.addresses if a.startswith("/document")}
    assert "chunk" not in parse_qs(urlsplit(address).query)


def test_a_quote_that_moved_leads_to_where_it_stands_now(app: AppTest, almanac: Almanac, paged: Citation) -> None:
    moved = paged.model_copy(update={"chunk_id": f"{paged.doc_id}#99", "start": 0, "end": len(PAGED)})
    almanac.conversations.save("abc", "q", quoted("q", moved))
    read = opened(app, c="abc")
    assert "the passage has changed since" not in read.text
    [address] = {a for a in read.addresses if a.startswith("/document")}
    assert parse_qs(urlsplit(address).query)["chunk"] == [paged.chunk_id]


def test_a_computed_answer_shows_its_working_and_reopens_the_calculator(app: AppTest, almanac: Almanac) -> None:
    almanac.conversations.save("abc", "bubble for 8 stages and 64 microbatches", computed())
    read = opened(app, c="abc")
    assert "10.938 %" in read.text
    assert "8 stages → pp = 8" in read.text
    assert "(8 − 1)" in read.text
    assert "no communication, equal stages" in read.text
    assert "Megatron-LM, §2.2" in read.text
    [address] = [a for a in read.addresses if a.startswith("/calculators")]
    found = parse_qs(urlsplit(address).query)
    assert (found["name"], found["pp"], found["microbatches"]) == (["pipeline_bubble"], ["8"], ["64"])
    assert found["unit"] == ["%"], "the calculator shows the number that stands on the card"
    assert "https://arxiv.org/abs/2104.04473" in read.addresses


def test_what_a_sum_lacks_is_asked_for_and_completes_the_question(
    app: AppTest, almanac: Almanac, scripted: Scripted
) -> None:
    chat = scripted(computed())
    almanac.conversations.save("abc", "bubble for 8 stages?", incomplete("bubble for 8 stages?"))
    read = opened(app, c="abc")
    assert "Fill in below what is missing" in read.text
    app.text_input(key="al_missing_1_microbatches").set_value(" 64 ")
    app.button(key="FormSubmitter:al_missing_1-Work it out").click().run()
    ended(app)
    assert chat.asked[0][0] == "bubble for 8 stages, microbatches = 64"
    assert [row.turns for row in almanac.conversations.rows()] == [1]


def test_what_is_no_value_stays_in_its_field_with_the_reason(
    app: AppTest, almanac: Almanac, scripted: Scripted
) -> None:
    chat = scripted(computed())
    almanac.conversations.save("abc", "bubble for 8 stages?", incomplete("bubble for 8 stages?"))
    opened(app, c="abc")
    work = "FormSubmitter:al_missing_1-Work it out"
    app.button(key=work).click().run()
    assert "Fill in a field first." in reading(app).text
    app.text_input(key="al_missing_1_microbatches").set_value("plenty")
    app.button(key=work).click().run()
    assert "“plenty” is no number" in reading(app).text
    assert app.text_input(key="al_missing_1_microbatches").value == "plenty"
    assert chat.asked == []


def test_a_question_that_is_too_long_is_not_cut_but_handed_back(
    app: AppTest, almanac: Almanac, scripted: Scripted
) -> None:
    chat = scripted(quoted(""))
    opened(app)
    read = ask(app, "why? " * 900)
    assert "A question has at most 4,000 letters; this one has 4,499." in read.text
    assert chat.asked == []
    assert "why? why?" in str(app.chat_input[0].proto.value)
    read = ask(app, "why? " * 90)
    assert "A question has at most" not in read.text
    read = ended(app)
    assert "The whole question, 449 letters" in read.text


def test_each_answer_says_that_quotes_stand_in_for_the_model(app: AppTest, almanac: Almanac, paged: Citation) -> None:
    for question, notice in (("one", fallback("en", "it is down.")), ("two", fallback("en", "it is down."))):
        almanac.conversations.save("abc", question, quoted(question, paged, notices=(notice,)))
    read = opened(app, c="abc")
    assert read.text.count("Quotations stand in for the model's answer: it is down.") == 2
    assert read.text.index("it is down.") < read.text.index(PAGED)


def test_what_was_not_found_where_one_looked_is_asked_of_the_whole_library(
    app: AppTest, almanac: Almanac, scripted: Scripted
) -> None:
    chat = scripted(quoted(""))
    almanac.conversations.save("abc", "bread?", declined("bread?"), scope=Scope(kinds=(Kind.RSS,)))
    opened(app, c="abc", kind="rss")
    app.button(key="al_retry_everywhere").click().run()
    ended(app)
    assert chat.asked[0][2] == Scope()
    assert [row.turns for row in almanac.conversations.rows()] == [1]
    almanac.conversations.save("def", "bread?", declined("bread?"))
    opened(app, c="def")
    assert "al_retry_everywhere" not in [button.key for button in app.button]


def test_an_answer_saved_while_the_page_was_made_is_shown(app: AppTest, almanac: Almanac) -> None:
    almanac.conversations.save("abc", "one", quoted("one"))
    late = Asked("abc", "two", saved=True)
    late.ended.set()
    questions = prepare_library().questions
    given_once = iter([late])

    def of(conversation: str) -> Asked | None:
        return next(given_once, None) if conversation == "abc" else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(questions, "of", of)
        read = opened(app, c="abc")
    assert "Discard" not in [button.label for button in app.button]
    assert "one" in read.text


def test_what_is_not_in_the_library_says_what_comes_near_and_what_to_do(
    app: AppTest, almanac: Almanac, paged: Citation
) -> None:
    near = Candidate(chunk_id=paged.chunk_id, doc_id=paged.doc_id, title="Caches", path=("Caches",), text=PAGED)
    almanac.conversations.save("abc", "bread?", declined("bread?", near))
    read = opened(app, c="abc")
    assert "Not in your library" in read.text
    assert "Nowhere in your library: bread" in read.text
    assert "/library?view=add" in read.addresses
    assert "/?q=bread%3F" in read.addresses
    assert any(a.startswith("/document?") and "chunk=" in a for a in read.addresses)


def test_a_claim_shows_agreement_and_gap(app: AppTest, almanac: Almanac, paged: Citation) -> None:
    compared = (
        Comparison(claimed="34 days", found="33.8 days", source="calculator", calculator="training_time", agrees=True),
        Comparison(claimed="80 GB", found="64 GB", source="passage", number=1, gap=0.25),
        Comparison(claimed="3 times", found="3 kg", source="passage", number=1),
    )
    almanac.conversations.save("abc", "claim", quoted("claim", paged, kind="claim", comparisons=compared))
    read = opened(app, c="abc")
    assert "34 days33.8 dayscalculator, Training timeagrees" in read.text
    assert "differs 25.0% above" in read.text
    assert "not comparable" in read.text


def test_an_edited_question_replaces_what_followed(app: AppTest, almanac: Almanac, scripted: Scripted) -> None:
    chat = scripted(quoted(""))
    for question in ("one", "two", "three"):
        almanac.conversations.save("abc", question, quoted(question))
    read = opened(app, c="abc", edit="2")
    assert "It replaces this answer and the 1 turn after it." in read.text
    assert (read.tags.count("h1"), read.tags.count("h2")) == (1, 1), "the form stands for the question"
    app.text_area(key="al_edit_text_2").set_value("two, put better")
    app.button(key="FormSubmitter:al_edit_2-Ask and replace").click().run()
    ended(app)
    assert [turn.question for turn in almanac.conversations.open("abc").turns] == ["one", "two, put better"]
    assert [turn.question for turn in chat.asked[0][1]] == ["one"]


def test_the_last_question_is_asked_again(app: AppTest, almanac: Almanac, scripted: Scripted) -> None:
    chat = scripted(quoted(""))
    for question in ("one", "two"):
        almanac.conversations.save("abc", question, quoted(question))
    opened(app, c="abc")
    app.button(key="al_retry").click().run()
    ended(app)
    assert [question for question, *_ in chat.asked] == ["two"]
    assert almanac.conversations.rows()[0].turns == 2


def test_stopping_shows_at_once_and_saves_nothing(app: AppTest, almanac: Almanac, scripted: Scripted) -> None:
    chat = scripted(quoted(""), pieces=["Paging is <b>bold</b>"], hold=True)
    opened(app)
    read = ask(app, "slow?")
    assert "Searching…" in read.text
    assert "Paging is <b>bold</b>" in read.text
    assert app.chat_input[0].disabled
    app.button(key="al_stop").click().run()
    read = reading(app)
    assert "Stopped. What was written is not checked and is not saved." in read.text
    assert almanac.conversations.rows() == []
    chat.go.set()
    app.button(key="al_quotes_live").click().run()
    ended(app)
    assert chat.asked[1][3] is True
    assert [row.title for row in almanac.conversations.rows()] == ["slow?"]


def test_a_reload_finds_the_question_on_its_way(app: AppTest, almanac: Almanac, scripted: Scripted) -> None:
    chat = scripted(quoted(""), hold=True)
    opened(app)
    ask(app, "slow?")
    [conversation] = given(app, "c")
    other = AppTest.from_file(app._script_path, default_timeout=60)
    read = opened(other, c=conversation)
    assert "slow?" in read.text
    assert "Searching…" in read.text
    chat.go.set()
    wait(lambda: len(almanac.conversations.rows()) == 1)
    assert "A paged cache wastes less memory." in opened(other, c=conversation).text


def test_a_question_to_a_busy_conversation_is_not_lost(app: AppTest, almanac: Almanac, scripted: Scripted) -> None:
    chat = scripted(quoted(""), hold=True)
    almanac.conversations.save("abc", "one", quoted("one"))
    other = AppTest.from_file(app._script_path, default_timeout=60)
    opened(app, c="abc")
    opened(other, c="abc")
    ask(app, "two")
    read = ask(other, "three?")
    assert "Not asked: three?" in read.text
    assert "/ask?q=three%3F" in read.addresses
    assert [question for question, *_ in chat.asked] == ["two"]
    chat.go.set()
    ended(app)


def test_deleting_a_conversation_stops_its_answer(app: AppTest, almanac: Almanac, scripted: Scripted) -> None:
    chat = scripted(quoted(""), hold=True)
    almanac.conversations.save("abc", "one", quoted("one"))
    opened(app, c="abc")
    ask(app, "two")
    app.button(key="al_delete").click().run()
    chat.go.set()
    ended(app)
    assert almanac.conversations.rows() == []


def test_a_failure_is_shown_and_can_be_tried_again(app: AppTest, almanac: Almanac, scripted: Scripted) -> None:
    scripted(ModelUnavailable("The server is down.", "Start it."), quoted(""))
    opened(app)
    ask(app, "why?")
    ended(app)
    assert "The server is down\\." in app.error[0].value
    assert almanac.conversations.rows() == []
    app.button(key="al_retry_live").click().run()
    ended(app)
    assert [row.title for row in almanac.conversations.rows()] == ["why?"]


def test_an_unknown_conversation_leads_to_the_beginning(app: AppTest) -> None:
    opened(app, c="nowhere")
    assert "No conversation nowhere is saved" in app.error[0].value.replace("\\", "")
    assert app.chat_input[0].placeholder == "Ask in English or Chinese"


def test_hostile_text_stays_text(app: AppTest, almanac: Almanac) -> None:
    bad = '<img src=x onerror=alert(1)> [a](javascript:alert(2)) "><script>alert(3)</script>'
    where = citation(1, bad, title=bad, path=(bad, bad), url="javascript:alert(4)")
    said = Statement(text=bad, numbers=(1, 7), status="unsupported", reasons=(bad,))
    near = Candidate(chunk_id=bad, doc_id=bad, title=bad, path=(bad,), url=bad, text=bad)
    almanac.conversations.save("a1", bad, quoted(bad, where, notices=(bad,)))
    almanac.conversations.save("a1", bad, generated(bad, said, citations=(where,), model=bad, standalone=bad))
    almanac.conversations.save("a1", bad, declined(bad, near))
    for read in (opened(app, c="a1"), opened(app, view="conversations"), opened(app)):
        assert not {"script", "img"} & set(read.tags)
        assert not [name for name, _ in read.attributes if name.startswith("on")]
        assert not [a for a in read.addresses if a.lower().startswith("javascript")]


def test_conversations_are_listed_found_renamed_deleted_and_brought_back(app: AppTest, almanac: Almanac) -> None:
    almanac.conversations.save("a1", "What is paging?", quoted("What is paging?"))
    almanac.conversations.save("a2", "气泡怎么算？", computed("气泡怎么算？"))
    assert {"/ask?c=a1", "/ask?c=a2"} <= set(opened(app, view="conversations").addresses)
    read = opened(app, view="conversations", find="wastes memory")
    assert "/ask?c=a1" in read.addresses
    assert "/ask?c=a2" not in read.addresses
    assert "No conversation holds these words" in opened(app, view="conversations", find="zebra").text
    opened(app, c="a1")
    app.text_input[0].set_value("Caches")
    app.button(key="FormSubmitter:al_rename-Rename").click().run()
    assert "Caches" in reading(app).text
    app.button(key="al_delete").click().run()
    read = reading(app)
    assert "Deleted: Caches" in read.text
    assert "/ask?c=a1" not in read.addresses
    app.button(key="al_again").click().run()
    assert "/ask?c=a1" in reading(app).addresses
    almanac.conversations.delete("a2")
    assert "This conversation is deleted." in opened(app, c="a2").text
    app.button(key="al_again").click().run()
    assert almanac.conversations.holds("a2")
    almanac.conversations.delete("a2")
    opened(app, view="conversations")
    app.button(key="al_forget_0").click().run()
    assert almanac.conversations.rows(deleted=True) == []


def test_where_to_look_is_said_and_can_be_cleared(
    app: AppTest, almanac: Almanac, scripted: Scripted, paged: Citation
) -> None:
    app.session_state["al_scope"] = True
    read = opened(app, doc=paged.doc_id, topic="serving")
    assert app.expander[0].label.replace("\\", "").startswith("Look in: Serving, “")
    assert "/ask" in read.addresses
    app.get_by_key("al_kind").set_value(["notes"]).run()
    assert given(app, "kind") == ["notes"]
    # The label has followed; the fold is open for the next choice.
    assert "notes" in app.expander[0].label
    app.text_input(key="al_since").set_value("2023-02").run()
    assert given(app, "since") == ["2023-02"]
    scripted(quoted(""))
    ask(app, "why?")
    ended(app)
    assert not app.session_state["al_scope"], "an open fold would stand between the answer and the box"
    almanac.conversations.save("abc", "q", quoted("q"), scope=Scope(doc_id=paged.doc_id))
    read = opened(app, c="abc")
    assert f"/ask?c=abc&doc={paged.doc_id.replace(':', '%3A')}" in read.addresses
