"""ui.links: addresses that reopen every state, and no address that is an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.query import parse_query
from kb.types import Kind, Query
from ui.links import MOST_PAGES, DocumentState, LibraryState, SearchState, WorkState, href, partial_date
from ui.sources_state import SourcesState

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_an_address_leaves_out_what_is_empty_and_quotes_the_rest() -> None:
    assert href("search") == "/"
    assert href("library", view="", kind="arxiv") == "/library?kind=arxiv"
    assert href("document", id="notes:a b#1", chunk="notes:a b#1&2") == (
        "/document?id=notes%3Aa+b%231&chunk=notes%3Aa+b%231%262"
    )


@given(q=words, topic=st.lists(words.filter(bool), unique=True), source=st.lists(words.filter(bool), unique=True))
def test_a_search_is_read_back_as_it_was_written(q: str, topic: list[str], source: list[str]) -> None:
    state = SearchState(q=q, topic=tuple(topic), source=tuple(source), since="2023-04", glossary=0, page=3)
    assert SearchState.read(state.parameters()) == state


@pytest.mark.parametrize(
    "state",
    [
        LibraryState(view="works"),
        SourcesState(view="lists"),
        SourcesState(id="rss:https://a.example/feed?x=1&y=2", text="words", state="trouble", page=2),
        LibraryState(kind="rss", quarter="2023-Q1", text="cache", page=4),
        DocumentState(id="arxiv:2309.06180", at="1.2", q="cache", open="all"),
        WorkState(kind="github", key="a/b"),
    ],
)
def test_other_states_are_read_back(state: LibraryState | DocumentState | SourcesState | WorkState) -> None:
    assert type(state).read(state.parameters()) == state


@given(st.dictionaries(st.sampled_from(["q", "page", "kind", "since", "lang", "view", "glossary"]), words))
def test_nothing_in_the_address_bar_is_an_error(parameters: dict[str, str]) -> None:
    for kind in (SearchState, LibraryState, DocumentState, WorkState):
        kind.read(parameters)
    query = SearchState.read(parameters).query()
    assert 1 <= query.limit <= 200
    assert query.language in (None, "en", "zh", "mixed", "other")


def test_what_makes_no_sense_is_left_out() -> None:
    read = SearchState.read(
        {"kind": ["notes", "spam"], "lang": "xx", "page": "9999", "since": "soon", "until": "2024/6"}
    )
    assert read == SearchState(kind=("notes",), page=MOST_PAGES, until="2024-06")
    assert LibraryState.read({"view": "attic", "kind": "spam", "page": "0"}) == LibraryState()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2023", "2023"),
        ("2023-4", "2023-04"),
        ("2023.04.07", "2023-04-07"),
        ("2023-13", ""),
        ("2023-02-30", ""),
        ("", ""),
    ],
)
def test_partial_dates(typed: str, read: str) -> None:
    assert partial_date(typed) == read


def test_a_state_becomes_the_query_that_the_library_is_asked() -> None:
    query = SearchState(q="cache", topic=("serving",), kind=("notes",), lang="zh", glossary=0, page=2).query()
    assert (query.text, query.topics, query.kinds, query.language, query.expand) == (
        "cache",
        ("serving",),
        (Kind.NOTES,),
        "zh",
        False,
    )
    assert query.limit == 21, "one hit more than two pages tells whether there is a third"


def test_a_changed_filter_goes_back_to_the_first_page() -> None:
    assert SearchState(q="a", page=3).href(glossary=0) == "/?q=a&glossary=0"
    assert SearchState(q="a", page=3).href(page=4) == "/?q=a&page=4"
    assert LibraryState(kind="rss", page=3).href(kind="") == "/library"


def test_a_search_can_be_written_as_it_could_be_typed() -> None:
    state = SearchState(q=" cache ", topic=("serving",), kind=("notes",), source=("a b.txt",), since="2023", lang="zh")
    assert state.as_text() == 'cache topic:serving kind:notes source:"a b.txt" since:2023 lang:zh'
    parsed = parse_query(Query(text=state.as_text()))
    assert (parsed.text, parsed.query.topics, parsed.query.sources) == ("cache", ("serving",), ("a b.txt",))
