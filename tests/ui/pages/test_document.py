"""The document page: head, body with the passage in its place, references, corrections, removal."""

from streamlit.testing.v1 import AppTest

from almanac import Almanac
from kb.types import Kind
from tests.ui.conftest import Reading, finish, shown

PAGE = "ui/pages/document.py"


def at(app: AppTest, **parameters: str) -> Reading:
    app.run()
    for name, value in parameters.items():
        app.query_params[name] = value
    app.switch_page(PAGE).run()
    assert not app.exception
    return Reading(shown(app))


def named(almanac: Almanac, title: str) -> str:
    return next(d.id for d in almanac.documents() if title in d.title)


def notes(almanac: Almanac) -> str:
    return next(d.id for d in almanac.documents([Kind.NOTES]) if d.source.endswith("schedules.md"))


def test_without_an_id_it_leads_to_the_library(app: AppTest) -> None:
    assert "/library" in at(app).addresses


def test_an_unknown_id_is_told(app: AppTest) -> None:
    at(app, id="page:gone#1")
    assert "page:gone#1" in app.error[0].value.replace("\\", "")


def test_a_post_has_its_head_code_and_references(app: AppTest, almanac: Almanac) -> None:
    read = at(app, id=named(almanac, "Paging the Cache"))
    for words in ("Jane Doe", "30 Sep 2023", "English", "posts.rss", "How it works", "store(key < block)"):
        assert words in read.text
    assert "pre" in read.tags
    assert "https://blog.example.org/paging-the-cache-aa11" in read.addresses
    assert "Refers to" in read.text
    assert any(address.startswith("/work?kind=url") for address in read.addresses)


def test_a_notebook_is_a_tree_with_the_note_in_view(app: AppTest, almanac: Almanac) -> None:
    chunk = next(c for c in almanac.chunks(notes(almanac)) if "气泡" in c.text)
    read = at(app, id=chunk.doc_id, chunk=chunk.id, q="气泡")
    assert "details" in read.tags
    assert ("data-scroll-here", "1") in read.attributes
    assert "mark" in read.tags
    assert "very good" in read.text
    assert any(address.startswith("/?q=") for address in read.addresses), "the way back to the results"
    assert "Unfold all" in read.text


def test_a_quote_is_marked_in_its_passage_and_nothing_else_is(app: AppTest, almanac: Almanac) -> None:
    chunk = next(c for c in almanac.chunks(notes(almanac)) if "气泡" in c.text)
    read = at(app, id=chunk.doc_id, chunk=chunk.id, q="bubble", quote="气泡随微批数")
    assert read.tags.count("mark") == 1
    assert "<mark>气泡随微批数</mark>增加而缩小" in shown(app)
    assert f"/ask?doc={chunk.doc_id.replace(':', '%3A')}" in read.addresses


def test_a_quote_is_found_in_a_document_whose_passages_changed(app: AppTest, almanac: Almanac) -> None:
    read = at(app, id=notes(almanac), quote="a paged cache wastes less memory")
    assert "<mark>a paged cache wastes less memory</mark>" in shown(app)
    assert ("data-scroll-here", "1") in read.attributes


def test_neighbours_are_one_step_away(app: AppTest, almanac: Almanac) -> None:
    chunks = almanac.chunks(notes(almanac))
    read = at(app, id=chunks[1].doc_id, chunk=chunks[1].id)
    assert "Passage before" in read.text
    assert ("Passage after" in read.text) is (len(chunks) > 2)


def test_a_section_has_an_address(app: AppTest, almanac: Almanac) -> None:
    read = at(app, id=notes(almanac), at="3")
    assert ("data-scroll-here", "1") in read.attributes


def test_a_passage_that_is_gone_is_told_and_the_document_shown(app: AppTest, almanac: Almanac) -> None:
    read = at(app, id=notes(almanac), chunk="notes:gone#9")
    assert app.error
    assert "Pipeline schedules" in read.text


def test_what_is_estimated_says_so(app: AppTest, almanac: Almanac) -> None:
    unknown = next(d for d in almanac.documents([Kind.ARXIV]) if d.title_estimated)
    read = at(app, id=unknown.id)
    assert "Title unknown" in read.text
    assert "about " in read.text


def test_the_reader_corrects_topics_and_takes_it_back(app: AppTest, almanac: Almanac) -> None:
    doc_id = named(almanac, "Deeper pipelines")
    found = almanac.info(doc_id).topics
    at(app, id=doc_id)
    app.get_by_key(f"al_topics_{doc_id}").set_value(["hardware"])
    next(button for button in app.button if button.label == "Save").click().run()
    assert almanac.info(doc_id).topics == ("hardware",)
    assert "your own tag" in Reading(shown(app)).text
    next(button for button in app.button if button.label == "As found").click().run()
    assert almanac.info(doc_id).topics == found
    assert not app.exception


def test_a_document_is_removed_and_restored(app: AppTest, almanac: Almanac) -> None:
    doc_id = named(almanac, "Deeper pipelines")
    at(app, id=doc_id)
    app.button(key="al_remove").click().run()
    assert "You removed this document" in Reading(shown(app)).text
    assert doc_id not in {d.id for d in almanac.documents()}
    app.button(key="al_restore").click().run()
    finish(app)
    assert not app.exception
    assert "Deeper pipelines" in Reading(shown(app)).text


def test_hostile_notes_stay_text(app: AppTest, almanac: Almanac) -> None:
    read = at(app, id=notes(almanac))
    assert "<script>alert('note')</script> and <img src=x onerror=alert(1)>" in read.text
    assert "[a link](javascript:alert(2)) and :red[colour]" in read.text
    assert not {"script", "img", "style"} & set(read.tags)
    assert not [address for address in read.addresses if not address.startswith(("/", "http://", "https://"))]
