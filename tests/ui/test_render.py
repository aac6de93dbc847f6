"""ui.render: whatever a text holds, a browser sees the text and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.types import Kind
from tests.ui.conftest import Reading, info
from ui import render

nasty = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=60),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "</p></div><style>*{display:none}</style>",
            "<img src=x onerror=alert(1)>",
            '" onmouseover="alert(1)',
            "&lt;b&gt; &amp; https://example.org/a?b=1&c=<d>",
            "javascript:alert(1)",
        ]
    ),
)
OURS = {"p", "span", "mark", "a", "time", "i", "b", "code", "h3", "button"}


@given(nasty, st.data())
def test_a_passage_shows_every_character_and_only_our_own_tags(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    marks = list(zip(cuts[::2], cuts[1::2], strict=False))
    read = Reading(render.inline(text, 0, len(text), marks))
    assert read.text == text
    assert set(read.tags) <= {"mark", "a"}
    assert all(address.startswith(("http://", "https://")) for address in read.addresses)
    whole = Reading(render.passage(text, marks))
    assert set(whole.tags) <= OURS
    assert not [name for name, _ in whole.attributes if name.startswith("on") or name == "style"]


def test_marks_and_links_nest() -> None:
    text = "see https://example.org/cache."
    html = render.inline(text, 0, len(text), [(4, 9), (20, 25)])
    read = Reading(html)
    assert read.text == text
    assert read.tags == ["a", "mark", "mark"]
    assert read.addresses == ["https://example.org/cache"]
    assert 'rel="noopener noreferrer nofollow"' in html


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://example.org/a", True),
        ("http://example.org", True),
        ("mailto:a@example.org", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org/a", False),
        ("https://", False),
        ("http://[bad", False),
        ("", False),
    ],
)
def test_only_safe_addresses_are_followed(address: str, kept: bool) -> None:
    assert bool(render.safe_url(address)) is kept
    assert ("<a " in render.outside(address, "words")) is kept
    assert "words" in render.outside(address, "words")


def test_a_long_passage_is_cut_to_where_it_matches() -> None:
    text = "filler words " * 200 + "the paged cache " + "more words " * 200
    at = text.index("paged")
    read = Reading(render.passage(text, [(at, at + 5)], limit=300))
    assert "paged" in read.text
    assert read.text.startswith("…")
    assert read.text.endswith("…")
    assert len(read.text) < 450


def test_a_cut_keeps_words_whole_and_counts_chinese_as_wide() -> None:
    lo, hi = render.window("一二三四五六七八九十" * 60, [], 100)
    assert 30 <= hi - lo <= 80
    assert render.shorten("one two three four", 11) == "one two…"
    assert render.shorten("short", 11) == "short"


def test_notes_are_indented_by_their_level_and_bear_their_marker() -> None:
    html = render.passage("cache\npaged\nhttps://example.org", levels=[(0, 2, "3."), (6, 4, "n.")])
    assert [line.split(">")[0] for line in html.split("</p>")[:-1]] == [
        '<p class="al-i0 al-hang"',
        '<p class="al-i1 al-hang"',
        '<p class="al-i1 al-hang"',
    ]
    assert Reading(html).text == "3.cachen.pagedhttps://example.org"


def test_plain_text_keeps_its_own_indentation() -> None:
    html = render.passage("1. one\n    2) two\nplain")
    assert 'class="al-i0 al-hang"><span class="al-mk">1.</span>' in html
    assert 'class="al-i1 al-hang"><span class="al-mk">2)</span>' in html
    assert '<p class="al-i0"><span>plain</span></p>' in html


def test_a_long_breadcrumb_loses_its_middle() -> None:
    html = render.breadcrumb(["notes", "one", "two", "three", "last"])
    assert "one" not in Reading(html).text
    assert "notes › … › three › last" in " ".join(Reading(html).text.split())
    assert 'title="one › two"' in html


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        ("2023-04-07", "7 Apr 2023"),
        ("2023-04", "Apr 2023"),
        ("2023", "2023"),
        ("2023-04-07T23:30:00+08:00", "7 Apr 2023"),
    ],
)
def test_dates_are_shown_as_stated(stated: str, read: str) -> None:
    assert render.day(stated) == read
    assert read in render.dated(info(published=stated, published_basis="stated"))


def test_estimated_and_missing_dates_say_so() -> None:
    assert "about Sep 2023" in render.dated(info(published="2023-09", published_basis="id"))
    assert "estimated from the arXiv id" in render.dated(info(published="2023-09", published_basis="id"))
    assert "undated" in render.dated(info())
    assert "2023-Q1" in render.dated(info(quarter="2023-Q1"))


def test_a_title_that_is_unknown_is_marked() -> None:
    unknown = info(title="The first words of…", title_estimated=True)
    assert render.name_of(unknown) == "The first words of…"
    assert "al-stand-in" in render.title_html(unknown)
    assert "al-stand-in" not in render.title_html(info())


def test_a_citation_names_who_what_when_and_where() -> None:
    paper = info(
        kind=Kind.ARXIV,
        title="On Caches",
        authors=("A", "B", "C", "D"),
        published="2023-09",
        published_basis="id",
        url="https://arxiv.org/abs/2309.06180",
    )
    assert render.citation(paper, ["On Caches", "Method"]) == (
        "A, B, C et al. “On Caches”. about Sep 2023. § Method. https://arxiv.org/abs/2309.06180."
    )
    assert render.citation(info()) == "“A text”. undated. a.txt."


def test_messages_show_code_and_escape_the_rest() -> None:
    assert render.said("Run `a <b>` now & `then") == "Run <code>a &lt;b&gt;</code> now &amp; then"


def test_topics_have_their_hue_and_counts_their_noun() -> None:
    assert 'class="al-tag al-teal"' in render.tag("serving", "/?topic=serving")
    assert 'class="al-tag al-grey"' in render.tag('no "such"')
    assert '"such"' not in render.tag('no "such"')
    assert (render.count(1, "note"), render.count(2310, "note")) == ("1 note", "2,310 notes")


def test_languages_choose_glyphs() -> None:
    assert render.language_attribute("zh") == ' lang="zh"'
    assert render.language_attribute("other") == ""


def test_code_in_a_passage_keeps_its_blanks_and_loses_its_fences() -> None:
    html = render.passage("Run this:\n```python\nif a:\n    b()\n```\nDone.")
    assert Reading(html).text == "Run this:if a:    b()Done."
    assert html.count('<p class="al-mono">') == 2
    cut = render.passage("```\n" + "x = 1\n" * 100 + "wanted = 2\n```", [(604, 610)], limit=60)
    assert 'al-mono"><span><span class="al-cut">' in cut, "a cut inside code is still code"
