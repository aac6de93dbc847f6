"""ui.reading: the part of a long text that holds what was asked for, and the way through it."""

import pytest

from almanac import Almanac
from kb.errors import DocumentNotFound
from tests.ui.conftest import Reading, document, info
from ui.article import PART
from ui.links import DocumentState
from ui.reading import focus_of, text_html

TEXT = "".join(f"line {number}\n" for number in range(60_000))
STATE = DocumentState(id="page:a.txt#1")


def test_a_short_text_has_no_parts() -> None:
    html = text_html(document("words"), info(), None, (), STATE)
    assert "Part" not in html
    assert "words" in html


def test_a_long_text_opens_at_its_beginning_and_leads_on() -> None:
    read = Reading(text_html(document(TEXT), info(), None, (), STATE))
    assert "Part 1 of 3" in read.text
    assert "line 0" in read.text
    assert "/document?id=page%3Aa.txt%231&part=2" in read.addresses
    assert len(read.text) < PART * 2


def test_a_long_text_opens_at_the_passage_asked_for() -> None:
    at = TEXT.index("line 40000")
    read = Reading(text_html(document(TEXT), info(), (at, at + 10), (), STATE))
    assert "Part 3 of 3" in read.text
    assert ("data-scroll-here", "1") in read.attributes
    beyond = Reading(text_html(document(TEXT), info(), None, (), DocumentState(id="x", part=99)))
    assert "Part 3 of 3" in beyond.text


def test_a_passage_of_another_document_is_refused(almanac: Almanac) -> None:
    one, other = [d for d in almanac.documents() if d.chunks][:2]
    chunk = almanac.chunks(other.id)[0]
    with pytest.raises(DocumentNotFound):
        focus_of(almanac, almanac.document(one.id), DocumentState(id=one.id, chunk=chunk.id))
