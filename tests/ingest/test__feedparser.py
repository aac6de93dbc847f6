"""ingest._feedparser: no feed takes long, authors are whole, and both parsers are ours."""

import gc
import time

import pytest

from ingest import _feedparser
from kb.errors import ParseError


def feed(inside: str, *, broken: bool = False) -> str:
    # A tag that is closed by another name sends feedparser to its forgiving parser.
    fault = "<b>x</i>" if broken else ""
    return f"<rss version='2.0'><channel><title>T</title>{fault}<item><title>One</title>{inside}</item></channel></rss>"


SWARMS = {
    "attributes": lambda n: "<x " + " ".join(f"a{i}='1'" for i in range(n)) + "/>",
    "categories": lambda n: "".join(f"<category>c{i}</category>" for i in range(n)),
    "keywords": lambda n: "<media:keywords>" + ",".join(f"k{i}" for i in range(n)) + "</media:keywords>",
    "links": lambda n: "<link>https://x.example/1</link>" * n,
    "depth": lambda n: "<x>" * n + "</x>" * n,
    "enclosures": lambda n: "<enclosure url='https://x.example/a'/>" * n,
}


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("name", SWARMS)
def test_time_grows_with_the_length_alone(name: str, broken: bool) -> None:
    def seconds(count: int) -> float:
        text = feed(SWARMS[name](count), broken=broken)
        # What other tests left in memory would be looked through again and again, and counted here.
        gc.disable()
        try:
            began = time.process_time()
            assert len(_feedparser.run(text)["entries"]) == 1
            return time.process_time() - began
        finally:
            gc.enable()

    seconds(10)
    bar = 24 * max(seconds(2_000), 0.05)
    assert any(seconds(16_000) < bar for _ in range(3))


@pytest.mark.parametrize("broken", [False, True])
def test_every_category_is_kept_once(broken: bool) -> None:
    inside = (
        "".join(f"<category>c{i % 700}</category>" for i in range(1400))
        + "<category/><category domain='d'>c1</category>"
    )
    (entry,) = _feedparser.run(feed(inside, broken=broken))["entries"]
    assert [tag["term"] for tag in entry["tags"]] == [*(f"c{i}" for i in range(700)), "c1"]


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("broken", [False, True])
def test_namespaces_without_end_are_refused(nested: bool, broken: bool) -> None:
    opened = [f"<a{i}:x xmlns:a{i}='urn:{i}'>" for i in range(300)]
    closed = [f"</a{i}:x>" for i in range(300)]
    inside = "".join([*opened, *reversed(closed)] if nested else [o + c for o, c in zip(opened, closed, strict=True)])
    with pytest.raises(ParseError, match="more than 200 namespaces"):
        _feedparser.run(feed(inside, broken=broken))
    few = "".join(o + c for o, c in zip(opened[:150], closed[:150], strict=True))
    assert len(_feedparser.run(feed(few, broken=broken))["entries"]) == 1


@pytest.mark.parametrize(
    "written", ["ann@mail.engineering (Ann Lee)", "Ann Lee &lt;ann@mail.engineering&gt;", "Ann Lee", "ann@mail.cloud"]
)
def test_an_author_stays_as_written(written: str) -> None:
    (entry,) = _feedparser.run(feed(f"<author>{written}</author>"))["entries"]
    assert entry["authors"] == [{"name": written.replace("&lt;", "<").replace("&gt;", ">")}]


def test_parts_of_an_author_stay_apart() -> None:
    text = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>T</title>"
        "<author><name>Ann</name><email>ann@x.example</email></author><author><name>Bob</name></author></entry></feed>"
    )
    (entry,) = _feedparser.run(text)["entries"]
    assert entry["authors"] == [{"name": "Ann", "email": "ann@x.example"}, {"name": "Bob"}]


def test_what_is_no_feed_is_refused() -> None:
    with pytest.raises(ParseError, match="known format"):
        _feedparser.run("<x/>")
