"""The words of a digest: dates, badges, movements, coverage."""

import pytest

from digests.types import Coverage, FailedSource, Movement, Opinion
from digests.wording import (
    authors_of,
    badges,
    by_reason,
    coverage_words,
    date_of,
    failed_words,
    grouped,
    labels_of,
    link_name,
    listed,
    movement_words,
    name_of,
    rose,
    run_together,
    span_of,
)
from tests.digests.samples import digest, entry, full


def test_a_quarter_is_named_by_its_months() -> None:
    assert [span_of(f"2023-Q{number}") for number in (1, 4)] == ["January to March 2023", "October to December 2023"]


@pytest.mark.parametrize(
    ("parts", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_sentences(parts: list[str], words: str) -> None:
    assert listed(parts) == words


def test_badges_tell_what_is_unusual_and_only_that() -> None:
    assert badges(entry(), "2023-Q1") == []
    odd = entry(
        status="withdrawn", updated="2023-05-01", version=2, published="2022-12-31", published_basis="id",
        title_estimated=True, pinned=True,
    )  # fmt: skip
    assert [badge.word for badge in badges(odd, "2023-Q1")] == [
        "withdrawn", "revised", "late, from Q4'22", "date estimated", "title unknown", "pinned",
    ]  # fmt: skip
    known = entry(published="", published_basis="title", quarter="2022-Q4")
    assert [badge.word for badge in badges(known, "2023-Q1")] == ["late, from Q4'22", "date estimated"]
    assert badges(odd, "2023-Q1")[1].why == "Revised on 1 May 2023, version 2."


def test_a_rise_is_one_of_the_share_not_of_the_count() -> None:
    assert rose(Movement(subject="x", kind="term", before=5, now=4, total_before=100, total_now=40))
    assert not rose(Movement(subject="x", kind="term", before=4, now=5, total_before=40, total_now=100))
    assert rose(Movement(subject="x", kind="term", before=0, now=1, total_before=0, total_now=1))
    words = movement_words(Movement(subject="serving", kind="topic", before=1, now=2, total_before=9, total_now=1200))
    assert words == "Serving: 2 of 1,200 documents, 1 of 9 the quarter before"


def test_dates_say_when_they_are_estimated() -> None:
    assert date_of(entry()) == "10 Feb 2023"
    assert date_of(entry(published="2023-02", published_basis="id")) == "about Feb 2023"
    assert date_of(entry(published="", published_basis=None)) == "undated"
    assert date_of(entry(published="", published_basis="title", quarter="2023-Q1")) == "Q1'23"


def test_many_authors_are_counted() -> None:
    assert authors_of(entry(authors=("A", "B", "C", "D"))) == "A, B, C, D"
    assert authors_of(entry(authors=tuple("ABCDE"))) == "A, B, C, D and 1 other"


def test_entries_are_grouped_by_the_titles_of_subtopics() -> None:
    assert [(title, len(entries)) for title, entries in grouped(full().sections[0])] == [
        ("KV cache and memory", 1),
        ("Batching and scheduling", 1),
    ]


def test_reasons_come_with_their_documents_most_frequent_first() -> None:
    assert [(reason, len(found)) for reason, found in by_reason([*full().left_out, full().left_out[1]])] == [
        ("hidden by you", 2),
        ("it has no text of its own", 1),
    ]


def test_coverage_is_a_sentence() -> None:
    one = digest(coverage=Coverage(in_quarter=1, shown=1, left_out=0, undated=0, failed_sources=0, works=1))
    assert coverage_words(one) == "1 document in the quarter: 1 shown in 1 entry, 0 left out and 0 undated."


def test_a_failed_source_is_named_without_its_place() -> None:
    failed = FailedSource(location="/srv/me/x.txt", error="/srv/me/x.txt cannot be read")
    assert failed_words(failed) == "x.txt: x.txt cannot be read"


def test_sentences_run_together_as_their_language_does() -> None:
    said = ["He says “one.”", "二。", "“三！”", "Four.", "Five"]
    assert run_together(said, said) == "He says “one.” 二。“三！”Four. Five"
    assert run_together([], []) == ""


def test_small_names() -> None:
    assert link_name("https://arxiv.org/pdf/2301.00001v2") == "arXiv:2301.00001"
    assert link_name("https://blog.example/a") == "blog.example"
    assert name_of(entry(title="First words of.", title_estimated=True)) == "First words of…"
    assert name_of(entry(title=" \n")) == "Untitled"
    opinion = Opinion(text="x", doc_id="n", chunk_id="n#1", start=0, end=1, labels=("very-good", "year:2020"))
    assert labels_of(opinion) == "very good"
