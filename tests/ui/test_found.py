"""ui.found: numbers, the glossary's part with its switch, pages, and what to try when nothing is found."""

from almanac import Almanac
from kb.types import Hit, Query, SearchResult
from tests.ui.conftest import Reading, info
from tests.ui.test_cards import chunk
from ui.found import nothing, paging, status_line
from ui.links import SearchState

HIT = Hit(chunk=chunk(), document=info(), score=1, matched="keyword")


def result(number: int, **changes: object) -> SearchResult:
    return SearchResult(query=Query(text="q"), hits=(HIT,) * number, milliseconds=7.4).model_copy(update=changes)


def test_the_first_page_of_several() -> None:
    found, state = result(11, total_candidates=57), SearchState(q="q")
    assert "1–10 of 57 found in 7 ms" in Reading(status_line(found, state)).text
    assert Reading(paging(found, state)).addresses == ["/?q=q&page=2"]


def test_the_last_page() -> None:
    found, state = result(15), SearchState(q="q", page=2)
    assert "11–15 found" in Reading(status_line(found, state)).text
    assert Reading(paging(found, state)).addresses == ["/?q=q"]
    assert paging(result(3), SearchState(q="q")) == ""


def test_the_glossary_is_named_and_can_be_switched_off_and_on() -> None:
    on = Reading(status_line(result(1, expanded=("气泡", "<b>")), SearchState(q="q")))
    assert "also searched: 气泡, <b>" in on.text
    assert on.addresses[0] == "/?q=q&glossary=0"
    off = Reading(status_line(result(1), SearchState(q="q", glossary=0)))
    assert "glossary off" in off.text
    assert off.addresses[0] == "/?q=q"


def test_nothing_found_says_what_to_try(almanac: Almanac) -> None:
    plain = Reading(nothing(almanac, SearchState(q="xyzzy")))
    assert "No passage matches" in plain.text
    assert "add files" in plain.text
    assert "quotation" not in plain.text
    assert "filters" not in plain.text
    narrowed = Reading(nothing(almanac, SearchState(q='"xyzzy" -q', topic=("serving",), page=2)))
    assert "quotation marks" in narrowed.text
    assert "/?q=%22xyzzy%22+-q" in narrowed.addresses
    assert "no further matches" in narrowed.text


def test_hits_by_meaning_alone_say_so() -> None:
    near = HIT.model_copy(update={"matched": "vector"})
    mixed = result(1, hits=(HIT, near))
    assert "nearest in meaning" in status_line(result(1, hits=(near, near)), SearchState(q="q"))
    assert "nearest in meaning" not in status_line(mixed, SearchState(q="q"))
    assert "nearest in meaning" not in status_line(result(0), SearchState(q="q"))


def test_a_search_can_be_asked_as_a_question_with_its_filters() -> None:
    state = SearchState(q="what is a bubble?", topic=("parallelism",), since="2023", page=2, glossary=0)
    found = Reading(status_line(result(1), state))
    assert "/ask?q=what+is+a+bubble%3F&topic=parallelism&since=2023" in found.addresses
    assert "Ask this question" not in status_line(result(1), SearchState(topic=("parallelism",)))
