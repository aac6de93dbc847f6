"""kb.references: one key a work, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.references import arxiv_id, canonical_url, extract, of_url
from kb.types import Link


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2301.00001v2", ("2301.00001", 2)),
        ("arXiv:2301.00001", ("2301.00001", None)),
        ("https://arxiv.org/abs/2301.00001v3", ("2301.00001", 3)),
        ("http://arxiv.org/pdf/2301.00001.pdf", ("2301.00001", None)),
        ("https://arxiv.org/ftp/arxiv/papers/2301/2301.00001.pdf", ("2301.00001", None)),
        ("https://doi.org/10.48550/arXiv.2301.00001", ("2301.00001", None)),
        ("hep-th/9901001v3", ("hep-th/9901001", 3)),
        ("math.GT/0309136", ("math/0309136", None)),
        ("https://huggingface.co/papers/2301.00001", ("2301.00001", None)),
        ("no paper here 2301", None),
    ],
)
def test_arxiv_ids(text: str, expected: tuple[str, int | None] | None) -> None:
    assert arxiv_id(text) == expected


def test_trackers_go_and_meaning_stays() -> None:
    url = "HTTPS://Example.org:443/p?id=7&utm_source=x&source=rss-abc------2#intro"
    assert canonical_url(url) == "https://example.org/p?id=7"
    assert canonical_url("https://example.org/p?source=code") == "https://example.org/p?source=code"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "http://", "https://[bad", "mailto:a@b.c", ""]
)
def test_other_schemes_are_no_address(url: str) -> None:
    assert canonical_url(url) == ""
    assert of_url(url) is None


def test_a_listed_entry_gives_title_link_and_remark() -> None:
    text = "- A Fine Method by Some University (https://arxiv.org/pdf/2301.00001v1.pdf). It is quick. Code: https://github.com/Some/Repo.git."
    paper, code = extract(text)
    assert (paper.kind, paper.key, paper.title) == ("arxiv", "2301.00001", "A Fine Method")
    assert paper.remark.startswith("It is quick.")
    assert (code.kind, code.key) == ("github", "some/repo")


def test_a_title_may_hold_the_word_by_itself() -> None:
    (paper,) = extract("- Inference by Table Lookup by Two Universities (https://arxiv.org/abs/2301.00001). Quick.")
    assert paper.title == "Inference by Table Lookup"


def test_a_listed_entry_without_a_link_is_known_by_its_title() -> None:
    (paper,) = extract("- Sparse Kernels for Interactive Editing by Some Lab. They skip tiles that did not change.")
    assert (paper.kind, paper.key, paper.url) == ("title", "sparse kernels for interactive editing", "")
    assert paper.remark.startswith("They skip")


@pytest.mark.parametrize(
    "text", ["- throughput rises by Ten percent. Then it falls.", "- We solved it by Hand. It was slow."]
)
def test_a_sentence_is_no_title(text: str) -> None:
    assert extract(text) == []


def test_words_under_a_link_become_its_title() -> None:
    text = "Read the design notes first."
    found = extract(text, [Link(start=9, end=21, url="https://example.org/design?utm_medium=mail")])
    assert [(r.kind, r.key, r.title) for r in found] == [("url", "https://example.org/design", "design notes")]


@pytest.mark.parametrize("words", ["this", "here", "Code", "GitHub", "(paper)", "https://example.org/x", "论文"])
def test_words_that_say_nothing_are_no_title(words: str) -> None:
    (found,) = extract(f"See {words} now", [Link(start=4, end=4 + len(words), url="https://example.org/x")])
    assert found.title == ""


def test_works_named_without_a_link_and_named_twice_count_once() -> None:
    text = "See arXiv:1706.03762v5 and https://arxiv.org/abs/1706.03762, also doi 10.1145/3600006.3613165."
    assert [(r.kind, r.key) for r in extract(text)] == [("arxiv", "1706.03762"), ("doi", "10.1145/3600006.3613165")]


def test_chinese_punctuation_ends_an_address() -> None:
    (found,) = extract("代码在 https://github.com/some/repo，欢迎试用。")
    assert found.key == "some/repo"


@given(st.text(max_size=200))
def test_extract_never_fails(text: str) -> None:
    assert all(r.url.startswith("http") or r.kind == "title" for r in extract(text))
