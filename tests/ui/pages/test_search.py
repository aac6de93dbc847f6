"""The search page: box, filters in the address, hits, nothing found, where to begin."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from streamlit.testing.v1 import AppTest

from almanac import Almanac, open_almanac
from kb.types import Kind
from tests.conftest import ROOT
from tests.ui.conftest import Reading, given, shown


def asked(app: AppTest, **parameters: str | list[str]) -> Reading:
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return Reading(shown(app))


def test_without_a_question_it_says_where_to_begin(app: AppTest) -> None:
    read = asked(app)
    assert "passages in" in read.text
    assert "Added last" in read.text
    assert "投机解码" in read.text
    assert "/library?view=add" in read.addresses
    assert any(address.startswith("/?q=") for address in read.addresses)


def test_typing_a_question_puts_it_into_the_address(app: AppTest) -> None:
    app.run()
    app.text_input(key="al_q").set_value("paged cache").run()
    assert given(app, "q") == ["paged cache"]
    read = Reading(shown(app))
    assert "A cache that is paged" in read.text
    assert "mark" in read.tags
    assert "Keyword search only" in read.text
    app.text_input(key="al_q").set_value("").run()
    assert "q" not in app.query_params


def test_an_address_reopens_a_search_in_chinese(app: AppTest) -> None:
    read = asked(app, q="气泡")
    assert app.text_input(key="al_q").value == "气泡"
    assert "气泡随微批数增加而缩小" in read.text
    assert "Pipeline schedules" in read.text


def test_filters_narrow_and_are_named_on_the_fold(app: AppTest) -> None:
    read = asked(app, q="cache", kind="notes")
    assert app.expander[0].label == "Filters: Notes"
    assert "Notes, " in read.text
    assert "Post, " not in read.text


def test_filters_are_set_by_hand_and_a_change_goes_to_the_first_page(app: AppTest) -> None:
    app.session_state["al_filters"] = True
    asked(app, q="cache", page="2")
    app.get_by_key("al_kind").set_value(["notes"]).run()
    assert given(app, "kind") == ["notes"]
    assert "page" not in app.query_params
    app.text_input(key="al_since").set_value("2023").run()
    assert given(app, "since") == ["2023"]
    labels = app.multiselect(key="al_label")
    assert "question" in labels.options
    labels.set_value(["question"]).run()
    assert given(app, "label") == ["question"]
    assert not app.exception


def test_a_filter_that_the_library_does_not_know_can_be_taken_away(app: AppTest) -> None:
    app.session_state["al_filters"] = True
    read = asked(app, q="cache", source="/nowhere/else.xml", label="unheard-of")
    assert "No passage matches" in read.text
    assert app.multiselect(key="al_source").value == ["/nowhere/else.xml"]
    app.multiselect(key="al_source").set_value([]).run()
    assert "source" not in app.query_params


def test_nothing_found_says_why(app: AppTest) -> None:
    read = asked(app, q="xyzzyqwerty")
    assert "No passage matches" in read.text
    assert "Nothing found" in read.text


def test_hostile_text_stays_text(app: AppTest) -> None:
    read = asked(app, q="alert")
    assert "<script>alert('note')</script>" in read.text
    assert "script" not in read.tags
    assert "img" not in read.tags
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert not [address for address in read.addresses if address.lower().startswith("javascript")]


def test_hostile_questions_stay_text(app: AppTest) -> None:
    for question in ("<script>alert(1)</script>", '"><b>', "{}[]()*&^%$", "'; DROP TABLE chunks; --", "\\", "a" * 1900):
        read = asked(app, q=question)
        assert "b" not in read.tags


def test_pages_follow_one_another(app: AppTest) -> None:
    first = asked(app, q="the")
    assert "1–10 of" in first.text
    assert "/?q=the&page=2" in first.addresses
    second = asked(app, q="the", page="2")
    assert "11–" in second.text
    assert "/?q=the" in second.addresses


def test_more_like_a_passage_of_other_documents(app: AppTest, almanac: Almanac) -> None:
    chunk = next(c for d in almanac.documents([Kind.RSS]) for c in almanac.chunks(d.id) if "paged" in c.text)
    read = asked(app, like=chunk.id)
    assert "Passages like this one" in read.text
    assert "a paged cache wastes less memory" in read.text
    lost = asked(app, like="page:gone#1")
    assert lost.text == ""
    assert "page:gone#1" in app.error[0].value.replace("\\", "")


def test_a_search_is_kept_and_forgotten(app: AppTest, almanac: Almanac) -> None:
    asked(app, q="cache", kind="notes")
    app.button(key="al_keep").click().run()
    assert [search.text for search in almanac.saved_searches()] == ["cache kind:notes"]
    assert app.button(key="al_keep").label == "Forget this search"
    home = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert "/?q=cache+kind%3Anotes" in Reading(shown(home)).addresses
    app.button(key="al_keep").click().run()
    assert almanac.saved_searches() == []


def test_what_is_new_in_a_kept_search_is_counted_until_it_is_looked_at(
    app: AppTest, almanac: Almanac, tmp_path: Path
) -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    earlier = open_almanac(almanac.settings, clock=lambda: hour_ago)
    earlier.save_search("zebra")
    earlier.close()
    note = tmp_path / "new.md"
    note.write_text("1. Stripes\n    1. a zebra crossing\n", encoding="utf-8")
    assert next(almanac.ingest([note])).status == "ok"
    assert "zebra 1 new" in asked(app).text
    assert "a zebra crossing" in asked(app, q="zebra").text
    assert [search.new for search in almanac.saved_searches()] == [0]
