"""ui.works: what a document refers to, who else does, and how a work is called."""

from pathlib import Path

import pytest

from almanac import Almanac
from kb.types import Kind, Reference
from tests.ui.conftest import Reading, info
from ui.links import DocumentState
from ui.works import SHOWN, called, in_library, references_html, short_key, work_html, work_title, works_html


def named(title: str, kind: str = "arxiv") -> Reference:
    return Reference.model_validate({"kind": kind, "key": "2104.04473", "url": "", "title": title})


def notes(almanac: Almanac) -> str:
    return next(d.id for d in almanac.documents([Kind.NOTES]) if d.source.endswith("schedules.md"))


@pytest.mark.parametrize(
    ("kind", "key", "shown"),
    [
        ("arxiv", "2104.04473", "arXiv:2104.04473"),
        ("doi", "10.1/x", "doi:10.1/x"),
        ("github", "a/b", "a/b"),
        ("url", "https://example.org/", "example.org"),
        ("title", "a study", "a study"),
    ],
)
def test_a_work_without_title_is_shown_by_its_key(kind: str, key: str, shown: str) -> None:
    assert short_key(Reference.model_validate({"kind": kind, "key": key, "url": ""})) == shown


def test_the_best_title_wins_and_none_is_invented() -> None:
    own = info(id="arxiv:2104.04473", kind=Kind.ARXIV, title="The True Title")
    assert work_title([named("another title")], own) == "The True Title"
    assert work_title([named("this"), named("A Longer Title"), named("A Title")], None) == "A Longer Title"
    assert work_title([named("this")], None) == ""
    assert work_title([named("a fine tool", "github")], None) == ""
    assert work_title([], info(title="First words", title_estimated=True)) == "First words…"


def test_a_note_says_how_it_calls_a_work(almanac: Almanac) -> None:
    mentions = almanac.mentions("arxiv", "2104.04473")
    assert called(almanac, mentions) == "Pipeline schedules [2021, SC, 900 refs]"
    title, body, number = work_html(almanac, "arxiv", "2104.04473")
    assert title == "arXiv:2104.04473"
    assert "A note calls it “Pipeline schedules" in Reading(body).text
    assert number == 1
    assert not in_library(almanac, "2104.04473")


def test_other_documents_that_name_the_same_work_are_listed(almanac: Almanac, tmp_path: Path) -> None:
    other = tmp_path / "other.md"
    other.write_text("1. Reading\n    1. again https://arxiv.org/abs/2104.04473v2\n", encoding="utf-8")
    assert next(almanac.ingest([other])).status == "ok"
    read = Reading(references_html(almanac, notes(almanac), DocumentState(id=notes(almanac))))
    assert "Papers 1" in read.text
    assert "Also in" in read.text
    assert "/document?id=notes%3Aother.md" in read.addresses
    listed = Reading(works_html(almanac))
    assert listed.text.index("2104.04473") < 20, "the work that most documents name comes first"
    assert "in 2 documents" in listed.text


def test_long_lists_are_cut_and_opened(almanac: Almanac, tmp_path: Path) -> None:
    many = tmp_path / "many.md"
    lines = "".join(f"    {n}. work {n} https://arxiv.org/abs/2301.{n:05d}\n" for n in range(1, SHOWN + 4))
    many.write_text(f"1. Reading\n{lines}", encoding="utf-8")
    assert next(almanac.ingest([many])).status == "ok"
    state = DocumentState(id="notes:many.md")
    short = Reading(references_html(almanac, state.id, state))
    assert "3 more" in short.text
    assert short.tags.count("li") == SHOWN
    whole = references_html(almanac, state.id, DocumentState(id=state.id, refs="all"))
    assert Reading(whole).tags.count("li") == SHOWN + 3


def test_a_document_without_references_has_no_list(almanac: Almanac) -> None:
    plain = next(d.id for d in almanac.documents() if not almanac.references(d.id))
    assert references_html(almanac, plain, DocumentState(id=plain)) == ""
