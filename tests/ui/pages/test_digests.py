"""The Digests page: all quarters, one quarter, its parts, its exports, the editor's hand."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from almanac import Almanac, open_almanac
from almanac.digesting import Digests
from almanac.language import Language, LanguageState
from digests.types import Edits
from kb.settings import load_settings
from tests.digests.samples import full, large
from tests.digests.test_prose import Scripted, said
from tests.ui.conftest import Reading, finish, given, shown

PAGE = "ui/pages/digests.py"
QUARTER = "2023-Q3"


def at(app: AppTest, **parameters: str) -> Reading:
    app.run()
    for name, value in parameters.items():
        app.query_params[name] = value
    app.switch_page(PAGE).run()
    assert not app.exception
    return Reading(shown(app))


def test_quarters_are_listed_under_a_chart_and_its_table(app: AppTest, almanac: Almanac) -> None:
    read = at(app)
    assert len(app.get("vega_lite_chart")) == 1
    for state in almanac.digests.quarters():
        assert state.documents == 0 or f"/digests?quarter={state.quarter}" in read.addresses
    counts = almanac.digests.topic_counts()
    assert read.tags.count("tr") == len(counts) + 1
    assert [button.label for button in app.get("download_button")] == [
        "Atom feed of all digests", "BibTeX of all entries",
    ]  # fmt: skip


def test_an_empty_library_says_what_to_do(app: AppTest, almanac: Almanac) -> None:
    for source in almanac.overview.sources():
        almanac.remove_source(source.location)
    read = at(app)
    assert "/library?view=add" in read.addresses
    assert app.get("vega_lite_chart") == []


def test_a_quarter_is_shown_with_all_its_documents(app: AppTest, almanac: Almanac) -> None:
    read = at(app, quarter=QUARTER)
    digest = almanac.digests.digest(QUARTER)
    for section in digest.sections:
        for entry in section.entries:
            assert " ".join(entry.title.split())[:60] in read.text
    assert f"{digest.coverage.in_quarter} document" in read.text
    assert "How this page was built" in read.text
    assert app.selectbox(key="al_quarter").value == QUARTER


def test_the_quarter_is_chosen_by_hand(app: AppTest, almanac: Almanac) -> None:
    at(app, quarter=QUARTER)
    other = next(q.quarter for q in almanac.digests.quarters() if q.documents and q.quarter != QUARTER)
    app.selectbox(key="al_quarter").set_value(other).run()
    assert not app.exception
    assert given(app, "quarter") == [other]
    assert almanac.digests.digest(other).title in Reading(shown(app)).text


def test_a_quarter_without_documents_is_an_empty_state(app: AppTest) -> None:
    read = at(app, quarter="1950-Q1")
    assert "Nothing of Q1 1950 is in the library" in read.text
    assert "/library?view=add" in read.addresses


def test_what_names_no_quarter_shows_all(app: AppTest) -> None:
    assert "every document accounted for" in at(app, quarter="2023-Q7").text


def test_every_form_is_offered(app: AppTest) -> None:
    at(app, quarter=QUARTER)
    assert [button.label for button in app.get("download_button")] == ["JSON", "Markdown", "HTML", "Atom", "BibTeX"]


def test_title_note_and_order_are_edited_and_taken_back(app: AppTest, almanac: Almanac) -> None:
    at(app, quarter=QUARTER, edit="1")
    app.text_input[0].set_value("My quarter")
    app.text_area[0].set_value("**Read** <script>x</script>")
    app.button(key=f"FormSubmitter:al_edit_{QUARTER}-Save").click().run()
    assert not app.exception
    assert almanac.digests.edits(QUARTER).title == "My quarter"
    read = at(app, quarter=QUARTER, edit="0")
    assert "My quarter" in read.text
    assert "Editor’s note" in read.text
    assert "script" not in read.tags
    assert "Edited: the title and a note." in read.text
    at(app, quarter=QUARTER, edit="1")
    app.button(key="al_edit_reset").click().run()
    assert almanac.digests.edits(QUARTER) == Edits()


def test_an_entry_is_pinned_hidden_and_shown_again(app: AppTest, almanac: Almanac) -> None:
    at(app, quarter=QUARTER, edit="1")
    first = almanac.digests.digest(QUARTER).sections[0].entries[0].doc_id
    app.button(key="al_pin_0").click().run()
    assert almanac.digests.edits(QUARTER).pinned == (first,)
    assert "pinned" in Reading(shown(app)).text
    app.button(key="al_unpinned_0").click().run()
    assert almanac.digests.edits(QUARTER).pinned == ()
    shown_first = almanac.digests.digest(QUARTER).sections[0].entries[0].doc_id
    app.button(key="al_hide_0").click().run()
    assert almanac.digests.edits(QUARTER).hidden == (shown_first,)
    assert shown_first in {one.doc_id for one in almanac.digests.digest(QUARTER).left_out}
    app.button(key="al_unhidden_0").click().run()
    assert not app.exception
    assert almanac.digests.edits(QUARTER) == Edits()


@pytest.fixture
def handmade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library answer with digests made by hand."""
    made = {"2023-Q1": full(), "2023-Q2": large(5000).model_copy(update={"quarter": "2023-Q2"})}
    real = Digests.digest
    monkeypatch.setattr(Digests, "digest", lambda self, quarter: made.get(quarter) or real(self, quarter))


@pytest.mark.usefixtures("handmade")
def test_every_part_of_a_full_digest_is_on_the_page(app: AppTest) -> None:
    read = at(app, quarter="2023-Q1")
    for words in ("Must-reads", "What changed", "Published earlier, added this quarter", "Left out: hidden by you"):
        assert words in read.text
    assert "Withdrawn since" in at(app, quarter="2023-Q1", part="quantization").text


@pytest.mark.usefixtures("handmade")
def test_a_quarter_of_thousands_is_shown_in_parts(app: AppTest) -> None:
    read = at(app, quarter="2023-Q2")
    assert read.tags.count("article") == 36
    assert "828 more in Serving" in read.text
    assert len(shown(app)) < 150_000
    at(app, quarter="2023-Q2", part="serving", edit="1")
    assert len(app.button) < 80


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a model be chosen that repeats the first sentence of the first entry."""
    opened = open_almanac(load_settings(embedder="none"))
    first = opened.digests.digest(QUARTER).sections[0].entries[0]
    opened.close()
    scripted = Scripted(*[said((first.sentences[0].text, [1]))] * 50)
    monkeypatch.setattr(Language, "model", lambda self: scripted)
    monkeypatch.setattr(Language, "state", property(lambda self: LanguageState("ready", "scripted")))


@pytest.mark.usefixtures("library_home", "model")
def test_a_model_words_the_digest_when_asked_and_is_taken_back(app: AppTest) -> None:
    assert "Written by" not in at(app, quarter=QUARTER).text
    app.button(key="al_digest_write").click().run()
    finish(app)
    read = Reading(shown(app))
    assert "Written by scripted" in read.text
    assert "with the language model scripted" in read.text
    assert "The source’s own sentences" in read.text
    app.button(key="al_digest_forget").click().run()
    assert not app.exception
    assert "Written by" not in Reading(shown(app)).text


@pytest.mark.usefixtures("library_home")
def test_a_model_that_fails_says_why(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Language, "model", lambda self: None)
    broken = LanguageState("failed", "broken", "It broke.", "Mend it.")
    monkeypatch.setattr(Language, "state", property(lambda self: broken))
    at(app, quarter=QUARTER)
    app.button(key="al_digest_write").click().run()
    finish(app)
    assert "It broke" in app.error[0].value


def test_without_a_model_nothing_is_offered(app: AppTest) -> None:
    at(app, quarter=QUARTER)
    assert not [button for button in app.button if button.key == "al_digest_write"]


def test_a_source_that_begins_to_fail_shows_at_once(app: AppTest, almanac: Almanac, tmp_path: Path) -> None:
    notes = tmp_path / "later.md"
    notes.write_text("1. a note\n    1. its words\n    2. and more\n", encoding="utf-8")
    assert [outcome.status for outcome in almanac.ingest([notes])] == ["ok"]
    assert "could not be read" not in at(app, quarter=QUARTER).text
    notes.write_bytes(b"")
    assert [outcome.status for outcome in almanac.ingest([notes])] == ["failed"]
    assert "1 source could not be read" in Reading(shown(app.run())).text
