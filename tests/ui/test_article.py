"""ui.article: posts and pages as safe HTML, nothing of them lost, the passage in view."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.types import Link, Section
from tests.ui.conftest import Reading, document
from ui.article import PART, body, contents, parts
from ui.links import DocumentState

STATE = DocumentState(id="page:a.txt#1")
POST = """Opening words.

Method
A cache is paged:

```python
if a < b and c:
    store(a)
```

- half the memory
- twice the `batch_size`
  1. nested

> A quotation
> of two lines

| size | time |
| --- | --- |
| 16 | 1.5 ms |
"""


def sections(text: str) -> tuple[Section, ...]:
    at = text.index("Method")
    return (
        Section(id="1", level=1, title="A text", start=0, end=at),
        Section(id="1.1", level=2, title="Method", start=at, end=len(text)),
    )


def test_a_post_is_set_with_headings_code_lists_quotations_and_tables() -> None:
    read = Reading(body(document(POST, sections=sections(POST)), None, (), STATE))
    assert [tag for tag in read.tags if tag in ("h2", "pre", "blockquote", "table", "tr", "th", "td")] == (
        ["h2", "pre", "blockquote", "table", "tr", "th", "th", "tr", "td", "td"]
    )
    assert "if a < b and c:\n    store(a)" in read.text
    assert "batch_size" in read.text
    assert "`" not in read.text
    assert "---" not in read.text
    assert ("class", "al-num") in read.attributes


def test_a_heading_has_an_address() -> None:
    read = Reading(body(document(POST, sections=sections(POST)), None, (), STATE))
    assert "/document?id=page%3Aa.txt%231&at=1.1" in read.addresses


def test_the_passage_asked_for_is_one_place_to_go_to() -> None:
    made = document(POST, sections=sections(POST))
    start = POST.index("A cache")
    html = body(made, (start, POST.index("> A quot")), [(start + 2, start + 7)], STATE)
    assert html.count("data-scroll-here") == 1
    focus = re.search(r'<div class="al-focus".*?(?=<blockquote>)', html, re.S)
    assert focus is not None
    assert "<mark>cache</mark>" in focus.group()
    assert "batch_size" in focus.group()
    assert "Opening" not in focus.group()
    Reading(html)


def test_links_of_the_source_are_kept_and_hostile_ones_are_not() -> None:
    text = "see the paper and the trap"
    links = (Link(start=8, end=13, url="https://example.org/p"), Link(start=22, end=26, url="javascript:alert(1)"))
    read = Reading(body(document(text, links=links), None, (), STATE))
    assert read.addresses == ["https://example.org/p"]
    assert read.text == text


def test_code_without_an_end_and_odd_tables_are_still_shown() -> None:
    text = "words\n\n````\nrun <b>\n\n| a |\n|"
    read = Reading(body(document(text), None, (), STATE))
    assert "run <b>" in read.text
    assert "| a |" in read.text


def test_contents_are_offered_only_where_there_are_some() -> None:
    assert contents(document(POST, sections=sections(POST)), STATE) == ""
    parts = [Section(id="1", level=1, title="t", start=0, end=0)]
    parts += [Section(id=f"1.{n}", level=2, title=f"<i>{n}", start=0, end=0) for n in range(1, 4)]
    parts[-1] = parts[-1].model_copy(update={"end": 4})
    read = Reading(contents(document("text", sections=tuple(parts)), STATE))
    assert "3 sections" in read.text
    assert "<i>2" in read.text


@given(st.text(st.sampled_from("ab<>&\"'`|-> \n\t1.*#~"), max_size=200), st.integers(0, 100), st.integers(0, 100))
def test_any_text_gives_balanced_html_with_all_its_letters(text: str, at: int, size: int) -> None:
    read = Reading(body(document(text), (at, at + size), (), STATE))
    letters = [char for char in text if char in "ab&"]
    shown = [char for char in read.text if char in "ab&"]
    # A code block's language is shown before its code.
    assert sorted(shown) == sorted(letters)


@pytest.mark.parametrize("text", ["", "\n\n", "   "])
def test_an_empty_text_is_an_empty_page(text: str) -> None:
    assert Reading(body(document(text), None, (), STATE)).text == ""


@pytest.mark.parametrize("text", ["line\n" * 100_000, "x" * 700_000, "short", ""])
def test_a_long_text_is_shown_in_parts_that_join_to_the_whole(text: str) -> None:
    spans = parts(text)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(b - a <= PART * 1.5 for a, b in spans)
    assert len(spans) == 1 or len(text) > PART


def test_a_part_shows_its_own_text_and_heading_only() -> None:
    made = document(POST, sections=sections(POST))
    at = POST.index("- half")
    first = Reading(body(made, None, (), STATE, (0, at)))
    second = Reading(body(made, None, (), STATE, (at, len(POST))))
    assert "Method" in first.text
    assert "half the memory" not in first.text
    assert "Method" not in second.text
    assert "half the memory" in second.text
