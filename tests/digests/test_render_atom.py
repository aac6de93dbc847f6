"""The feed of digests: valid Atom, ids for ever, no clock."""

import feedparser
import pytest
from lxml import etree

from digests.render_atom import NEVER, render_atom, updated_of
from digests.types import Section
from tests.conftest import ROOT
from tests.digests.reading import Page, is_inert
from tests.digests.samples import HOSTILE, SAMPLES, digest, empty, entry, full, hostile

SCHEMA = etree.RelaxNG(etree.parse(ROOT / "tests" / "data" / "atom.rng"))
ATOM = "{http://www.w3.org/2005/Atom}"


def valid(feed: str) -> etree._Element:
    """Return a feed that keeps the schema and RFC 4287's rules beyond it."""
    root = etree.fromstring(feed.encode())
    assert SCHEMA.validate(root), SCHEMA.error_log.last_error
    for entry_ in root.iter(f"{ATOM}entry"):
        ways = [link for link in entry_.iter(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
        assert ways or entry_.find(f"{ATOM}content") is not None
    ids = [found.text for found in root.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))
    assert not feedparser.parse(feed).bozo
    return root


@pytest.mark.parametrize("base", ["", "https://example.org/digests/"])
@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_valid(name: str, base: str) -> None:
    assert etree.QName(valid(render_atom([SAMPLES[name]()], base, only=True))).localname == "feed"


def test_the_schema_refuses_what_is_no_feed() -> None:
    good = render_atom([full()])
    for part, wrong in (("<updated>", "<modified>"), ("<author>", "<writer>"), ("T00:00:00Z", ""), ("urn:uuid", "")):
        bad = good.replace(part, wrong).replace(part.replace("<", "</"), wrong.replace("<", "</"))
        assert not SCHEMA.validate(etree.fromstring(bad.encode())), part


def test_it_holds_every_quarter_newest_first_and_links_to_the_site() -> None:
    feed = feedparser.parse(render_atom([empty(), full()], "https://example.org/d/"))
    assert [found.title for found in feed.entries] == ["Q1'23: caches are paged", "Q4'22: nothing"]
    assert [found.link for found in feed.entries] == [f"https://example.org/d/{q}.html" for q in ("2023-Q1", "2022-Q4")]
    assert {link.rel for link in feed.feed.links} == {"self", "alternate"}
    assert "Paging the cache" in feed.entries[0].content[0].value
    assert [tag.term for tag in feed.entries[0].tags] == ["serving", "quantization", "other"]


def test_ids_do_not_change_with_what_a_digest_says() -> None:
    ids = [[found.id for found in feedparser.parse(render_atom([made])).entries] for made in (full(), digest())]
    assert ids[0] == ids[1]
    assert feedparser.parse(render_atom([full()])).feed.id != feedparser.parse(render_atom([full()], only=True)).feed.id


@pytest.mark.parametrize(
    ("published", "updated", "instant"),
    [
        ("2023-02-10", "", "2023-02-10T00:00:00Z"),
        ("2023-02-10", "2023-05-01T23:30-08:00", "2023-05-02T07:30:00Z"),
        ("2023-02", "", "2023-01-01T00:00:00Z"),
        ("", "", "2023-01-01T00:00:00Z"),
        ("2023-02-10T10:00", "", "2023-02-10T00:00:00Z"),
        ("9999-12-31T23:59:59-08:00", "", "9999-12-31T23:59:59Z"),
    ],
)
def test_when_it_was_updated_follows_from_what_sources_state(published: str, updated: str, instant: str) -> None:
    one = entry(published=published, updated=updated)
    made = digest(sections=(Section(topic="serving", title="Serving", entries=(one,)),))
    assert updated_of(made) == instant
    assert feedparser.parse(render_atom([made])).feed.updated == instant


def test_a_feed_without_digests_is_valid_as_well() -> None:
    assert valid(render_atom([])).find(f"{ATOM}updated").text == NEVER


def test_a_running_quarter_is_not_published_yet() -> None:
    assert "<published>2023-04-01T00:00:00Z" in render_atom([full()])
    assert "<published>" not in render_atom([digest(complete=False)])


def test_hostile_titles_are_inert_in_title_and_content() -> None:
    root = valid(render_atom([hostile()]))
    found = root.find(f"{ATOM}entry")
    assert found.find(f"{ATOM}title").text == HOSTILE[0]
    assert found.find(f"{ATOM}title").get("type") is None
    content = found.find(f"{ATOM}content").text
    head = "<!DOCTYPE html><html><head><title>t</title></head><body>"
    assert is_inert(Page(f"{head}{content}</body></html>"))
