"""kb.query: operators narrow, everything else is text, nothing is an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.query import MAX_LENGTH, parse_query
from kb.types import Kind, Query


def test_operators_become_filters_and_leave_the_text() -> None:
    found = parse_query(
        Query(text="bubble topic:parallelism kind:notes since:2024-01 until:2024 lang:zh label:Very-Good")
    )
    assert found.text == "bubble"
    query = found.query
    assert (query.topics, query.kinds, query.labels) == (("parallelism",), (Kind.NOTES,), ("very-good",))
    assert (query.since, query.until, query.language) == ("2024-01", "2024", "zh")


def test_phrases_must_occur_and_dashed_words_must_not() -> None:
    found = parse_query(Query(text='serving "Paged  Attention" -training -"data parallel" 2.5-bit'))
    assert found.phrases == ("paged attention",)
    assert found.without == ("training", "data parallel")
    assert found.text == "serving Paged Attention 2.5-bit"


def test_operators_join_the_filters_given_beside_the_text() -> None:
    found = parse_query(Query(text="x kind:arxiv source:notes.md", kinds=(Kind.NOTES,)))
    assert found.query.kinds == (Kind.NOTES, Kind.ARXIV)
    assert found.query.sources == ("notes.md",)


@pytest.mark.parametrize("text", ["size:4 topic: since:yesterday", "kind:poem lang:klingon", "until:2024-13", "a-b -"])
def test_what_is_no_operator_is_text(text: str) -> None:
    found = parse_query(Query(text=text))
    assert found.text == text
    assert found.query.kinds == ()


def test_one_document_can_be_searched() -> None:
    found = parse_query(Query(text="bubble doc:notes:Serving.md"))
    assert (found.text, found.query.doc_id) == ("bubble", "notes:Serving.md")
    assert parse_query(Query(text='doc:"page:a b.txt#1" cache')).query.doc_id == "page:a b.txt#1"


def test_friendly_spellings() -> None:
    assert parse_query(Query(text="kind:paper lang:中文 since:2024/01")).query.kinds == (Kind.ARXIV,)
    assert parse_query(Query(text="since:2024/01")).query.since == "2024-01"


def test_very_long_queries_are_cut() -> None:
    assert len(parse_query(Query(text="w " * 50_000)).text) <= MAX_LENGTH


@given(st.text(max_size=200))
def test_nothing_a_reader_types_is_an_error(text: str) -> None:
    parsed = parse_query(Query(text=text))
    assert len(parsed.text) <= MAX_LENGTH
    assert parsed.query.limit == Query(text="").limit
