"""What a document's record says of authors and dates: only where asked, only what it states, with a citation."""

from datetime import date

import pytest

from almanac import Almanac
from chat import records
from chat.finding import lexicon_of
from chat.question import read_question
from chat.types import Citation, Statement


def _said(almanac: Almanac, question: str, title: str = "Frob compression arrives") -> list[Statement]:
    library = almanac.chat.library
    page = next(info for info in almanac.documents() if info.title == title)
    quote = library.text(page.id)[:4]
    citation = Citation(number=3, chunk_id="c", doc_id=page.id, title=page.title, quote=quote, start=0, end=4)
    return records.of(read_question(question, lexicon_of(library)), (), (citation, citation), library)


@pytest.mark.parametrize("question", ["When was frob compression published?", "frob compression 是什么时候发表的？"])
def test_the_date_of_publication_is_the_records(almanac: Almanac, question: str) -> None:
    (statement,) = _said(almanac, question)
    assert statement.text == f"Frob compression arrives: {date(2023, 8, 15)}"
    assert statement.numbers == (3,)


def test_nothing_is_said_where_neither_author_nor_date_is_asked_for(almanac: Almanac) -> None:
    assert _said(almanac, "What is frob compression?") == []


def test_authors_are_the_records_and_are_not_made_up(almanac: Almanac, monkeypatch: pytest.MonkeyPatch) -> None:
    question = "Who wrote Frob compression arrives?"
    assert _said(almanac, question) == []
    (info,) = [info for info in almanac.documents() if info.title == "Frob compression arrives"]
    signed = info.model_copy(update={"authors": ("Ada Example", "Bo Sample")})
    monkeypatch.setattr(almanac.chat.library, "info", lambda _: signed)
    assert [one.text for one in _said(almanac, question)] == ["Frob compression arrives: Ada Example, Bo Sample"]


def test_the_record_of_another_work_is_not_used(almanac: Almanac) -> None:
    assert _said(almanac, "When was the scheduler published?") == []
