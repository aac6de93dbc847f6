"""The fuzzer's targets hold for their seeds, for what grows from these, and for all that fuzzing once found."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import CalculatorError
from kb.errors import AlmanacError
from tests.fuzz.targets import LONGEST, TARGETS

ANSWERS = (AlmanacError, CalculatorError)
BARE = frozenset(("coding", "hf_config"))
"""Targets whose seeds are only beginnings, or whose input is a file of several."""

FOUND = {
    "an address with a control character, lost when the list is written": (
        "opml",
        '<opml><body><outline text="A" xmlUrl="https://a.exampl\x8ds/feed"/></body></opml>'.encode(),
    ),
    "an item that ends inside of CDATA begun before the root: an endless loop": (
        "rss",
        b'<![CDATA[<?xml ?><feed ""></entry>/',
    ),
    "a feed whose own link is no text": ("rss", b'<feed """"><id<n</id<entry>'),
    "an element in the place of the feed reader's own field": ("rss", b"<feed><entry<links e<link <entry>"),
    "half a character in a JSON Feed": (
        "rss",
        rb'{"":"jsonfeed.org/version","":"","items":[{"":"","url":"\ude00","content_html":"\"","":""}]}',
    ),
    "blanks and markup in an address": (
        "rss",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>A</title><summary>w</summary>"
        b"<link href='http://a.example/x &lt;/p&gt; y\x7fz'/></entry></feed>",
    ),
    "an address whose host holds blanks": (
        "any",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>A</title><summary>w</summary>"
        b"<link href='http://a.b c d/'/></entry></feed>",
    ),
    "half a character in HTML": ("html", b"\xff<p>words \xed\xa0\x80</p>"),
    "an address that cannot be taken apart": ("notes", b"1. see https://[a.b/c\n    2. and http://[::1].x\n"),
    "a declaration at which Python's parser of HTML gives up": (
        "feeds_of_page",
        b"<html><![\xae\xaeCDATA[<a href='/feed'>",
    ),
    "a feed's address with blanks in it": (
        "feeds_of_page",
        b"<link rel='alternate' type='application/rss+xml' href='/f title=T'>",
    ),
    "a site in a list of feeds that is no link": (
        "opml",
        b"<opml><body><outline text='A' xmlUrl='https://a.example/f' htmlUrl='javascript:alert(1)'/></body></opml>",
    ),
    "a feed in a list whose host is none": (
        "opml",
        b"<opml><body><outline text='A' xmlUrl='https://a.e&gt; &lt;x y'/></body></opml>",
    ),
    "half a character in a snapshot": (
        "arxiv",
        rb'{"id":"2309.06180","title":"A \ud800","abstract":"We measure.","categories":"cs.\ud800",'
        rb'"authors_parsed":[["\ud800","A.",""]]}',
    ),
}


def hold(name: str, data: bytes) -> bool:
    """Run one input; tell whether it was read, not refused. Whatever else is raised is a finding."""
    try:
        TARGETS[name].run(data)
    except ANSWERS:
        return False
    return True


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.timeout(20)
def test_what_fuzzing_found_stays_mended(name: str) -> None:
    target, data = FOUND[name]
    hold(target, data)


@pytest.mark.parametrize("name", TARGETS)
def test_targets_hold_for_their_seeds(name: str) -> None:
    read = [hold(name, seed[:LONGEST]) for seed in TARGETS[name].seeds]
    # A target that refuses all that it is meant to read would test nothing.
    assert any(read) or name in BARE


@pytest.mark.parametrize("name", TARGETS)
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_targets_hold_for_what_grows_from_their_seeds(name: str, data: st.DataObject) -> None:
    seeds = TARGETS[name].seeds
    body = bytearray(data.draw(st.sampled_from(seeds))[:20_000])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body)))
        other = data.draw(st.sampled_from(seeds))
        start = data.draw(st.integers(0, max(0, len(other) - 1)))
        piece = data.draw(
            st.one_of(st.binary(max_size=8), st.text(max_size=8).map(str.encode), st.just(other[start : start + 60]))
        )
        body[at : at + data.draw(st.integers(0, 40))] = piece
    hold(name, bytes(body))


@pytest.mark.parametrize("name", ["any", "rss", "html", "webpage", "notes", "pages", "arxiv", "decode", "recognise"])
def test_long_inputs_end_in_time(name: str) -> None:
    """Repetitions of what a format is made of, up to the longest input that is promised five seconds."""
    chance = random.Random(11)
    for seed in TARGETS[name].seeds[:1]:
        start = chance.randrange(max(1, len(seed) - 40))
        for piece in (seed, seed[start : start + 40], b"<div>", b"1. ", b"["):
            hold(name, (piece * (LONGEST // len(piece)))[:LONGEST])
