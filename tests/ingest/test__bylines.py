"""Bylines, dates and source lines under a title."""

import pytest

from ingest._boilerplate import furniture
from ingest._bylines import read_byline, read_names, read_source
from ingest._links import find_links


@pytest.mark.parametrize(
    ("line", "authors", "date"),
    [
        ("Authors: Ada Finch, Tomas Reyes", ("Ada Finch", "Tomas Reyes"), ""),
        ("By Ada Finch", ("Ada Finch",), ""),
        ("By Ada Finch and Tomas Reyes, March 2023", ("Ada Finch", "Tomas Reyes"), "2023-03"),
        ("Posted on March 3, 2023 by Ada Finch", ("Ada Finch",), "2023-03-03"),
        ("Posted by Ada Finch on March 3, 2023", ("Ada Finch",), "2023-03-03"),
        ("Ada Finch · Mar 3, 2023 · 7 min read", ("Ada Finch",), "2023-03-03"),
        ("2023-03-03 | 5 min read", (), "2023-03-03"),
        ("*March 3, 2023*", (), "2023-03-03"),
        ("作者：林一 | 2023年3月3日", ("林一",), "2023-03-03"),
        ("文/林一", ("林一",), ""),
        ("發佈於 2023-03-03", (), "2023-03-03"),
        ("编辑：林一、周二", ("林一", "周二"), ""),
    ],
)
def test_bylines(line: str, authors: tuple[str, ...], date: str) -> None:
    byline = read_byline(line)
    assert byline is not None
    assert (byline.authors, byline.date) == (authors, date)


@pytest.mark.parametrize(
    "line",
    [
        "By using two queues we halve the wait",
        "By the way",
        "Summary",
        "2023",
        "March of the small models",
        "Ada Finch",
        "Version 2.1",
    ],
)
def test_other_lines_are_no_bylines(line: str) -> None:
    assert read_byline(line) is None


def test_a_word_for_authors_alone_announces_names() -> None:
    byline = read_byline("Authors")
    assert byline is not None
    assert byline.label
    assert read_names("Ada Finch, Tomas Reyes and Jo Park") == ("Ada Finch", "Tomas Reyes", "Jo Park")
    assert read_names("We describe a queue, and how it grows") == ()


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("原文:https://e.org/1", "https://e.org/1"),
        ("原文連結：https://e.org/1", "https://e.org/1"),
        ("來源: https://e.org/1", "https://e.org/1"),
        ("https://e.org/1", "https://e.org/1"),
        ("Source: [The Wire](https://e.org/1)", "https://e.org/1"),
        ("via https://e.org/1", "https://e.org/1"),
        ("Read more: https://e.org/1", "https://e.org/1"),
        ("来源：某某公众号", ""),
        ("原文：", ""),
        ("From the start it was slow", None),
        ("論文地址:https://e.org/1", None),
        ("The code is at https://e.org/1 and runs on one card", None),
    ],
)
def test_source_lines(line: str, url: str | None) -> None:
    assert read_source(line) == url


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Notices & Disclaimers", "legal"),
        ("© 2023 Foss Labs. All rights reserved.", "legal"),
        ("版权声明", "legal"),
        ("本文不代表本站立场，转载请注明出处", "legal"),
        ("Additional Resources", "links"),
        ("相關推薦", "links"),
        ("Create an Issue or comment below", "page"),
        ("← Previous post", "page"),
        ("發布評論請先 登錄", "page"),
        ("Subscribe to our newsletter", "advert"),
        ("立即掃碼報名", "advert"),
        ("——— End ———", "end"),
        ("（完）", "end"),
    ],
)
def test_furniture(line: str, kind: str) -> None:
    assert furniture(line) == kind


@pytest.mark.parametrize(
    "line",
    ["Conclusion", "Notice:", "References", "Summary", "The end of scaling", "Resources",
     "The licence of the weights allows all uses.", "A queue grows while cards wait.", "评论家认为这是转折点。"],
)  # fmt: skip
def test_content_is_no_furniture(line: str) -> None:
    assert furniture(line) is None


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see (https://e.org/a).", ["https://e.org/a"]),
        ("https://e.org/a_(b), and https://e.org/c!", ["https://e.org/a_(b)", "https://e.org/c"]),
        ("[x](https://e.org/a)b", ["https://e.org/a"]),
        ("地址是https://e.org/a，另见https://e.org/b。", ["https://e.org/a", "https://e.org/b"]),
        ("ftp://e.org/a and https:// alone", []),
    ],
)
def test_addresses_in_text(text: str, urls: list[str]) -> None:
    links = find_links(text)
    assert [link.url for link in links] == urls
    assert all(text[link.start : link.end] == link.url for link in links)
