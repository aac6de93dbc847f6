"""Filters that a question states in words, and what is left to search for."""

import pytest

from chat.scopes import read_scope
from chat.types import Scope
from kb.types import Kind


@pytest.mark.parametrize(
    ("question", "since", "until", "rest"),
    [
        ("What came out on caching in 2023 Q3?", "2023-07", "2023-09", "What came out on caching ?"),
        ("2023年第三季度有哪些缓存论文？", "2023-07", "2023-09", "有哪些缓存论文？"),
        ("papers from the second quarter of 2024 on caching", "2024-04", "2024-06", "papers on caching"),
        ("Papers on caching published since 2024", "2024", "", "Papers on caching published"),
        ("posts about caching before 2020", "", "2019", "posts about caching"),
        ("What news came out in April 2023?", "2023-04", "2023-04", "What news came out ?"),
        ("2023年4月有什么新闻？", "2023-04", "2023-04", "有什么新闻？"),
    ],
)
def test_dates_of_publication_become_filters(question: str, since: str, until: str, rest: str) -> None:
    scoped = read_scope(question)
    assert (scoped.scope.since, scoped.scope.until, scoped.text) == (since, until, rest)
    assert scoped.dated


def test_a_year_that_is_not_of_publication_stays_text() -> None:
    scoped = read_scope("How many chips were made in 2023?")
    assert scoped.scope.empty
    assert "2023" in scoped.text


def test_opinions_become_labels() -> None:
    assert read_scope("Which papers did I mark very good?").scope.labels == ("very-good",)
    assert read_scope("我觉得有趣的论文有哪些？").scope.labels == ("interesting",)
    assert read_scope("Which cache papers did I mark as useful?").text.startswith("Which cache papers")
    assert not read_scope("What is a good cache size?").opinion


def test_kinds_are_read_and_the_readers_own_filters_win() -> None:
    assert read_scope("What is a cache in my notes?").scope.kinds == (Kind.NOTES,)
    assert read_scope("Which posts are about caches?").scope.kinds == (Kind.RSS, Kind.PAGE)
    given = Scope(kinds=(Kind.ARXIV,), since="2020", labels=("good",))
    kept = read_scope("Which posts from 2023 did I mark useful in my notes?", given).scope
    assert (kept.kinds, kept.since, kept.labels) == ((Kind.ARXIV,), "2020", ("good",))
