"""ingest.discovery: the feeds of a site from any of its addresses, each one really read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.discovery import FeedLink, discover, find_feeds, usual_places
from ingest.fetch import Fetcher, NotFetched
from kb.errors import ParseError
from kb.settings import load_settings
from tests.peers import Peer, peer, redirect, reply

ALTERNATE = '<link rel="alternate" type="application/rss+xml" '
BASE = "https://blog.example/posts/today"


def rss(title: str, *dates: str) -> str:
    items = "".join(f"<item><title>Post {n}</title><pubDate>{date}</pubDate></item>" for n, date in enumerate(dates))
    return f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>"


@pytest.fixture
def site() -> Iterator[Peer]:
    with peer() as made:
        made.otherwise = reply("nothing here", 404)
        yield made


@pytest.fixture
def fetcher(tmp_path: Path) -> Fetcher:
    settings = load_settings(tmp_path, allow_private_hosts=True, host_spacing=0, http_timeout=5)
    return Fetcher(settings)


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<link rel="alternate" type="application/rss+xml" title="All  posts" href="/feed">', [("/feed", "All posts")]),
        ("<LINK REL='ALTERNATE' TYPE='application/atom+xml; charset=x' HREF='atom.xml'>", [("/posts/atom.xml", "")]),
        ('<link rel="alternate" type="application/feed+json" href="//blog.example/feed.json">', [("/feed.json", "")]),
        ('<link rel="feed" href="/all">', [("/all", "")]),
        ('<link rel="alternate" type="text/html" hreflang="zh" href="/zh">', []),
        ('<link rel="stylesheet" type="text/css" href="/feed.css">', []),
        ('<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">', []),
        ('<link rel="alternate" type="application/rss+xml" href="">', []),
        (f'<base href="https://blog.example/sub/">{ALTERNATE} href="rss">', [("/sub/rss", "")]),
        ('<a href="/index.xml">Take <b>it</b></a> <a href="/about">feed</a>', [("/index.xml", "Take it")]),
        ('<a href="feed:https://blog.example/f.rss">RSS</a>', [("/f.rss", "RSS")]),
        ('<a href="feed://blog.example/f.atom">RSS</a>', [("/f.atom", "RSS")]),
        (
            '<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">'
            '<link rel="alternate" type="application/rss+xml" title="Posts" href="/feed/"><a href="/feed/">again</a>',
            [("/feed/", "Posts"), ("/comments/feed/", "Comments")],
        ),
        ("<p>no feed at all", []),
    ],
)  # fmt: skip
def test_what_a_page_says_of_its_feeds(html: str, found: list[tuple[str, str]]) -> None:
    wanted = [FeedLink(f"https://blog.example{path}", title) for path, title in found]
    assert find_feeds(f"<html><head>{html}", BASE) == wanted


def test_where_feeds_usually_lie() -> None:
    assert usual_places("https://github.com/vllm-project/vllm/tree/main")[0].endswith(
        "/vllm-project/vllm/releases.atom"
    )
    assert usual_places("https://medium.com/@someone/a-post-1")[0] == "https://medium.com/feed/@someone"
    assert usual_places("https://blog.example/en/")[0] == "https://blog.example/feed"
    assert "https://blog.example/en/feed" in usual_places("https://blog.example/en")


def test_the_address_of_a_feed_is_the_feed(site: Peer, fetcher: Fetcher) -> None:
    site.pages["/any"] = reply(rss("Mine", "2024-01-01", "2024-03-01"))
    (found,), _ = discover(f"{site.base}/any", fetcher)
    assert (found.url, found.title, found.entries, found.newest) == (f"{site.base}/any", "Mine", 2, "2024-03-01")
    assert len(site.requests) == 1


def test_a_page_leads_to_its_feeds_and_those_that_are_none_are_left_out(site: Peer, fetcher: Fetcher) -> None:
    site.pages["/"] = reply(
        "<html><head>"
        '<link rel="alternate" type="application/rss+xml" href="/dead">'
        '<link rel="alternate" type="application/rss+xml" href="/page">'
        '<link rel="alternate" type="application/atom+xml" href="/good">'
        '<link rel="alternate" type="application/rss+xml" href="/moved">'
        "</head></html>"
    )
    site.pages["/page"] = reply("<html>a page</html>")
    site.pages["/good"] = reply(rss("Good", "2024-01-01"))
    site.pages["/moved"] = redirect("/good", 301)
    found, tried = discover(site.base, fetcher)
    assert [(feed.url, feed.how) for feed in found] == [(f"{site.base}/good", "named by the page")]
    assert len(tried) == 2
    assert "404" in tried[0]


def test_without_a_word_of_the_page_the_usual_places_are_tried_until_one_answers(site: Peer, fetcher: Fetcher) -> None:
    site.pages["/blog/"] = reply("<html><body>posts</body></html>")
    site.pages["/atom.xml"] = reply(rss("Hidden"))
    (found,), tried = discover(f"{site.base}/blog/", fetcher)
    assert (found.url, found.how) == (f"{site.base}/atom.xml", "a usual place")
    assert len(tried) == 3
    assert len(site.requests) == 5


def test_a_site_without_a_feed_says_what_was_tried(site: Peer, fetcher: Fetcher) -> None:
    site.pages["/"] = reply("<html><body>posts</body></html>")
    with pytest.raises(ParseError, match=r"No feed was found.*7 addresses were tried"):
        discover(site.base, fetcher)


def test_what_is_neither_page_nor_feed_is_said(site: Peer, fetcher: Fetcher) -> None:
    site.pages["/x.png"] = reply(b"\x89PNG\r\n\x1a\n" + b"\x00" * 40)
    with pytest.raises(ParseError, match="neither a feed nor a page"):
        discover(f"{site.base}/x.png", fetcher)
    with pytest.raises(NotFetched, match="404"):
        discover(f"{site.base}/none", fetcher)


def test_an_address_without_scheme_is_tried_both_ways(site: Peer, fetcher: Fetcher) -> None:
    site.pages["/feed"] = reply(rss("Plain"))
    (found,), _ = discover(f"127.0.0.1:{site.port}/feed", fetcher)
    assert found.url == f"http://127.0.0.1:{site.port}/feed"


@pytest.mark.parametrize("scheme", ["feed://", "feed:http://", "feed://http://", " podcast://"])
def test_addresses_by_the_scheme_of_feeds_are_read(site: Peer, fetcher: Fetcher, scheme: str) -> None:
    site.pages["/feed"] = reply(rss("Plain"))
    (found,), _ = discover(f"{scheme}127.0.0.1:{site.port}/feed", fetcher)
    assert found.url == f"http://127.0.0.1:{site.port}/feed"


def test_cancelling_stops_the_trying(site: Peer, fetcher: Fetcher) -> None:
    site.pages["/"] = reply("<html><body>posts</body></html>")
    with pytest.raises(ParseError, match="nothing was tried"):
        discover(site.base, fetcher, cancelled=lambda: True)
    assert len(site.requests) == 1
