"""A digest as one HTML file: strict, inert, complete, alone."""

import base64
import hashlib
import re
from itertools import pairwise
from pathlib import Path

import pytest

from digests.readable import readable
from digests.render_html import Around, outline_html, render_html, style
from tests.digests import samples
from tests.digests.reading import Page, is_inert, words_of
from tests.digests.samples import SAMPLES, cited, digest, entry, full, hostile, large
from ui.hues import HUES


@pytest.mark.parametrize("name", SAMPLES)
def test_a_strict_parser_takes_it_and_every_link_within_it_leads_somewhere(name: str) -> None:
    page = Page(render_html(SAMPLES[name](), cited()))
    assert len(page.ids) == len(set(page.ids))
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inside) <= set(page.ids)
    assert inside or name == "empty"
    assert is_inert(page)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_heading_level_is_skipped(name: str) -> None:
    made = SAMPLES[name]().model_copy(update={"edits": samples.Edits()})
    levels = [
        int(element.tag[1]) for element in Page(render_html(made)).elements if re.fullmatch("h[1-6]", element.tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_its_policy_allows_its_own_style_by_hash_and_nothing_else() -> None:
    made = render_html(full())
    policy = next(element for element in Page(made).all("meta") if "http-equiv" in element.attrib).attrib["content"]
    held = re.search(r"<style>(.*?)</style>", made, re.DOTALL)
    assert held
    digest = base64.b64encode(hashlib.sha256(held[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert "url(" not in held[1]


def test_titles_are_shown_as_they_are_whatever_they_hold() -> None:
    page = Page(render_html(hostile()))
    headings = [words_of(element) for element in page.all("h4")]
    for title in samples.HOSTILE:
        wanted = " ".join(re.sub("[\x00-\x1f\u202a-\u202e\u2066-\u2069\ufffe]", "", readable(title)).split())
        assert wanted in headings
    assert not any("javascript" in link for link in page.links)


def test_foreign_text_carries_its_language_and_direction() -> None:
    page = Page(render_html(hostile()))
    marked = {words_of(element): element.attrib for element in page.all("span")}
    assert marked["分布式训练：流水线并行的气泡"]["lang"] == "zh"
    assert marked["1. An ordered title"]["dir"] == "auto"
    assert page.root.attrib["lang"] == "en"


def test_it_says_all_that_the_digest_holds() -> None:
    words = Page(render_html(full(), cited())).words
    for said in (
        "January to March 2023",
        "10 documents in the quarter: 7 shown in 4 entries, 2 left out and 1 undated. 1 source could not be read.",
        "Rising Serving: 4 of 12 documents, 1 of 10 the quarter before",
        "Falling “pruning & <b>masks</b>”: 1 of 12 documents, 5 of 10 the quarter before",
        "named by 4 documents, opinion “very good”",
        "How many documents name the work",
        "Ada Example, Bo Muster · 10 Feb 2023 revised pinned",
        "KV cache and memory",
        "We page the cache of arxiv:2301.00001. It needs 2.5x less memory on one GPU with 40 GB.",
        "very good very good. 一页一页地管理缓存 Your notes, Caches › Paged caches › Opinions",
        "A clever idea, says the weekly. Weekly 3",
        "arXiv:2301.00001 · Code: example/paging · Also: Paging, a post",
        "What was read this week…",
        "about Mar 2023 date estimated title unknown",
        "Names 1 work Three bits Three bits are enough, it claims.",
        "late, from Q2'22",
        "withdrawn",
        "Left out: hidden by you 1 <i>Another</i>",
        "Undated: the source states no date 1 No date",
        "x.xml: x.xml is no feed",
        "without a language model",
        "Edited: the title, a note and 1 pinned.",
        "Read this first: site.",
    ):
        assert said in words, said


def test_a_place_on_the_readers_disk_is_not_published() -> None:
    assert "/srv/reader" not in render_html(full(), cited())


def test_what_a_model_wrote_is_labelled_and_the_sources_own_words_are_one_click_away() -> None:
    page = Page(render_html(full()))
    assert [words_of(element) for element in page.all("p", "made")] == ["It pages the cache."]
    assert "Written by the language model" in page.words
    folded = next(element for element in page.all("details") if "own sentences" in words_of(element))
    assert "We page the cache of arxiv:2302.00002." in words_of(folded)


def test_a_topic_with_one_subtopic_has_no_heading_for_it() -> None:
    one = samples.Section(topic="serving", title="Serving", entries=(entry(subtopic="cache"),))
    page = Page(render_html(digest(sections=(one,))))
    assert "KV cache" not in page.words
    assert len(page.all("h3")) == 1


def test_it_links_to_its_neighbours_where_it_has_any() -> None:
    page = Page(render_html(full(), around=Around([("index.html", "All"), ("2022-Q4.html", "Q4'22")], "feed.xml")))
    assert {"index.html", "2022-Q4.html", "feed.xml"} <= set(page.links)
    alone = Page(render_html(full()))
    assert all(link.startswith(("https://", "#")) for link in alone.links)


def test_equal_digests_give_equal_bytes() -> None:
    assert render_html(full(), cited()) == render_html(full(), cited())


def test_the_hues_are_those_of_the_app() -> None:
    for name, (light, dark) in HUES.items():
        assert re.findall(rf"--{name}: (#\w+)", style())[:2] == [light, dark]


def test_every_class_in_use_is_styled_or_names_a_part() -> None:
    used = {
        name
        for make in SAMPLES.values()
        for element in Page(render_html(make(), cited())).elements
        for name in element.attrib.get("class", "").split()
    }
    known = set(re.findall(r"\.([a-z]+)", style())) | {"accounts", "plain", "sum", "grey"}
    assert used <= known


def test_a_large_quarter_is_whole() -> None:
    made = render_html(large(600))
    assert made.count("<article") == 600
    assert len(Page(made).ids) == 600 + 6 + 2


def test_the_outline_names_must_reads_and_the_first_titles_of_each_topic() -> None:
    made = outline_html(large(300))
    assert "<h3>Serving, 50 entries</h3>" in made
    assert made.count("<li>and 30 more</li>") == 6
    short = outline_html(full())
    assert "<em" in short
    assert "Paging the cache" in short


def test_the_stylesheet_lies_beside_the_code() -> None:
    assert style() == (Path(__file__).parents[2] / "digests" / "digest.css").read_text(encoding="utf-8")
