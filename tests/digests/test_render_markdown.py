"""A digest as Markdown: a reader of CommonMark shows each title as it is, even one that lets HTML through."""

import re

import html5lib
import pytest
from markdown_it import MarkdownIt

from digests.readable import readable
from digests.render_markdown import md, md_link, note_markdown, render_markdown
from tests.digests.reading import Page
from tests.digests.samples import HOSTILE, SAMPLES, cited, full, hostile

READER = MarkdownIt("gfm-like", {"html": True, "linkify": False})
MORE = "===;+ plus;2023) year;a  \n b;C #;www.example.org and https://x.example/y;a@b.example;|a|b|;* * *;    code"
TRICKS = (*HOSTILE, *MORE.split(";"))


def shown(markdown: str) -> str:
    """Return the text that a browser shows for Markdown."""
    parsed = html5lib.parse(READER.render(markdown), namespaceHTMLElements=False)
    return " ".join("".join(parsed.find("body").itertext()).split())


@pytest.mark.parametrize("text", TRICKS)
@pytest.mark.parametrize("frame", ["{}", "# {}", "- {}", "> {}", "[{}](<https://a.example>)", "**\\[{}\\]**"])
def test_any_text_is_shown_as_it_is_wherever_it_stands(text: str, frame: str) -> None:
    wanted = " ".join(re.sub("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ufffe]", "", readable(text)).split())
    made = frame.format(md(text))
    assert "\n" not in made
    assert shown(made).strip("[]") == wanted.strip("[]")
    html = READER.render(made)
    assert not re.findall(r"<(?!/?(?:p|h1|ul|li|blockquote|a|strong)\b)", html), html
    assert html.count("<a ") == ("https://a" in frame)


def test_an_address_never_leaves_its_brackets() -> None:
    assert md_link('https://x.example/a b>"c', "w") == "[w](<https://x.example/a%20b%3E%22c>)"
    assert md_link("javascript:alert(1)", "w") == "w"


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_in_it_runs(name: str) -> None:
    html = READER.render(render_markdown(SAMPLES[name](), cited()))
    page = Page(f"<!DOCTYPE html><html><head><title>t</title></head><body>{html}</body></html>")
    assert not page.tags & {"script", "iframe", "object", "style"}
    assert not [name for name in page.attributes if name.startswith("on")]
    own = [link for link in page.links if "javascript" in link.split("/")[0]]
    assert own == []


def test_it_says_all_that_the_digest_holds() -> None:
    words = shown(render_markdown(full(), cited()))
    for said in (
        "Q1'23: caches are paged",
        "10 documents in the quarter: 7 shown in 4 entries",
        "Rising Serving: 4 of 12 documents",
        "named by 4 documents, opinion “very good”",
        "[revised] [pinned]",
        "We page the cache of arxiv:2301.00001.",
        "very good very good. 一页一页地管理缓存 — Your notes, Caches › Paged caches › Opinions",
        "code: example/paging · also: Paging, a post",
        "Written by the language model",
        "Names 1 work:",
        "Published earlier, added this quarter (1)",
        "Left out: hidden by you (1)",
        "Undated: the source states no date (1)",
        "x.xml: x.xml is no feed",
        "Built from 12 documents",
        "Read this first: site.",
    ):
        assert said in words, said
    assert "/srv/reader" not in words


def test_every_title_of_a_hostile_quarter_is_a_heading() -> None:
    made = render_markdown(hostile())
    assert made.count("\n#### ") == len(HOSTILE)


def test_a_note_keeps_its_markdown_and_loses_its_html() -> None:
    made = note_markdown("# Title\n\n**bold** <img src=x> <https://a.example> 1 < 2\n\n###### deep")
    assert made == "### Title\n\n**bold** &lt;img src=x> <https://a.example> 1 < 2\n\n###### deep"


def test_equal_digests_give_equal_bytes() -> None:
    assert render_markdown(full(), cited()) == render_markdown(full(), cited())
