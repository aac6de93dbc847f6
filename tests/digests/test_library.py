"""digests.library: which documents matter to which quarter, and when a kept build still holds."""

from pathlib import Path

import pytest

from digests.library import Library
from tests.digests.shelf import Shelf, document, notebook, paper, post
from tests.digests.test_summarise import ABSTRACT, IDEA, RESULT

TITLE = "Zephyr: Lazy Paging for Long Contexts"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def library(shelf: Shelf) -> Library:
    return shelf.reopened()._current()


def test_documents_belong_where_they_are_dated_and_came(shelf: Shelf) -> None:
    shelf.put(
        paper("2301.00001", TITLE, ABSTRACT, "2023-02-10"),
        document("page:x#1", "Undated", f"{IDEA} {RESULT}", ""),
    )
    found = library(shelf)
    assert found.now == "2026-Q4"
    assert found.dated == {"2023-Q1": ["arxiv:2301.00001"]}
    assert found.earlier == {"2026-Q4": ["arxiv:2301.00001"]}
    assert found.undated == {"2026-Q4": ["page:x#1"]}
    assert found.quarters() == ["2026-Q4", "2023-Q1"]


def test_a_document_ahead_of_its_time_is_late_nowhere(shelf: Shelf) -> None:
    shelf.put(paper("2301.00001", TITLE, ABSTRACT, "2031-02-10"))
    found = library(shelf)
    assert found.dated == {"2031-Q1": ["arxiv:2301.00001"]}
    assert found.earlier == {}


def test_what_names_a_work(shelf: Shelf) -> None:
    shelf.put(
        paper("2301.00001", TITLE, ABSTRACT),
        post("1", "Others on caches", f"{IDEA} It extends https://arxiv.org/abs/2301.00001v3."),
        notebook("n.md", [(1, "Reading", ()), (2, TITLE, ()), (3, "good, and short", ("good",))]),
        post("2", "Nothing to do with it", f"{IDEA} {RESULT}"),
    )
    found = library(shelf)
    assert found.named_by(["arxiv:2301.00001"]) == ("notes:n.md", "rss:1")
    assert found.held("arxiv", "2301.00001", "") == "arxiv:2301.00001"
    assert found.held("title", "", TITLE.upper()) == "arxiv:2301.00001"
    assert found.held("arxiv", "2301.77777", "Another") == ""


def changes(shelf: Shelf, change: object) -> dict[str, bool]:
    before = library(shelf)
    marks = {quarter: before.fingerprint(quarter) for quarter in before.quarters()}
    change()  # type: ignore[operator]
    after = library(shelf)
    return {quarter: after.fingerprint(quarter) != mark for quarter, mark in marks.items()}


def test_a_fingerprint_changes_with_what_its_digest_shows_and_with_nothing_else(shelf: Shelf) -> None:
    shelf.put(
        paper("2301.00001", TITLE, ABSTRACT, "2023-02-10"),
        paper("2210.00002", "Quartz: Rounding Towers", ABSTRACT, "2022-11-10"),
        paper("2001.00003", "Onyx: Links of Towers", ABSTRACT, "2020-01-10"),
    )
    assert not any(changes(shelf, lambda: shelf.put(paper("2301.00001", TITLE, ABSTRACT, "2023-02-10"))).values())

    found = changes(shelf, lambda: shelf.put(paper("2302.00004", "Beryl: Fewer Bits", ABSTRACT, "2023-02-11")))
    assert found == {"2026-Q4": True, "2023-Q1": True, "2022-Q4": False, "2020-Q1": False}

    # A quarter is compared with the one before it.
    found = changes(shelf, lambda: shelf.put(paper("2212.00005", "Jade: Trees", ABSTRACT, "2022-12-11")))
    assert found == {"2026-Q4": True, "2023-Q1": True, "2022-Q4": True, "2020-Q1": False}

    note = notebook("n.md", [(1, "Onyx", ()), (2, "https://arxiv.org/abs/2001.00003", ()), (2, "good", ("good",))])
    found = changes(shelf, lambda: shelf.put(note))
    assert found["2020-Q1"]
    assert not found["2022-Q4"]


def test_a_note_that_names_nothing_leaves_other_quarters_alone(shelf: Shelf) -> None:
    shelf.put(paper("2301.00001", TITLE, ABSTRACT, "2023-02-10"))
    found = changes(
        shelf, lambda: shelf.put(notebook("n.md", [(1, "plans for the garden and the house", ())], "2021-05-05"))
    )
    assert found == {"2026-Q4": True, "2023-Q1": False}
