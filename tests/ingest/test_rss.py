"""ingest.rss: feeds of every format to documents, nothing trusted, nothing invented."""

import hashlib
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.rss import parse, parse_bytes, sniff
from kb.errors import ParseError
from kb.types import Document, Kind, Parsed

DATA = Path(__file__).parent.parent / "data"


def read(text: str | bytes, base_url: str = "") -> Parsed:
    data = text.encode() if isinstance(text, str) else text
    return parse_bytes(data, name="feed.xml", source="feed.xml", base_url=base_url)


def rss(items: str, head: str = "<link>https://blog.example.org/</link>") -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title>{head}{items}</channel></rss>'
    )


def item(body: str = "", guid: str = "g1", title: str = "One", **more: str) -> str:
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return f'<item><title>{title}</title><guid isPermaLink="false">{guid}</guid>{fields}{body}</item>'


def html(markup: str) -> str:
    return f"<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><![CDATA[{markup}]]></content:encoded>"


def only(parsed: Parsed) -> Document:
    assert len(parsed.documents) == 1, parsed
    return parsed.documents[0]


def digest(identity: str, key: str) -> str:
    return "rss:" + hashlib.sha256(f"{identity}\n{key}".encode()).hexdigest()[:16]


# A whole feed


def test_a_whole_feed() -> None:
    parsed = read((DATA / "posts.rss").read_bytes())
    first, second, third = parsed.documents
    assert parsed.kind is Kind.RSS
    assert parsed.skipped == 0
    assert first.id == digest("https://blog.example.org/@lab/feed", "https://blog.example.org/p/aa11")
    assert first.url == "https://blog.example.org/paging-the-cache-aa11"
    assert first.title == "Paging the Cache & Other Tricks"
    assert first.authors == ("Jane Doe",)
    assert first.categories == ("serving", "memory")
    assert (first.published, first.published_basis, first.quarter) == ("2023-09-30T23:30:00Z", "stated", "2023-Q3")
    assert first.updated == "2023-10-01T08:00:00.123Z"
    assert first.text == (
        "A cache that is paged wastes less. See the paper and about us.\n\n"
        "How it works\n\nBlocks are of fixed size:\n\n"
        "```\nblock = 16\nfor key in keys:\n    store(key < block)\n\nprint('done')\n```\n\n"
        "In numbers\n\n- half the memory\n- twice the `batch_size`\n\n"
        "Outlook\n\nThroughput by batch size\n\nMore soon."
    )
    assert [(s.id, s.level, s.title) for s in first.sections] == [
        ("1", 1, "Paging the Cache & Other Tricks"),
        ("1.1", 2, "How it works"),
        ("1.1.1", 3, "In numbers"),
        ("1.2", 2, "Outlook"),
    ]
    assert [(first.text[link.start : link.end], link.url) for link in first.links] == [
        ("the paper", "https://example.org/paper?utm_source=rss"),
        ("about us", "https://blog.example.org/about"),
    ]
    assert second.text == "The whole text of the second post, which says more than its teaser."
    assert (second.published, second.quarter) == ("2024-01-02", "2024-Q1")
    assert (third.text, third.url, third.published, third.quarter) == ("A note without body", "", "", "")
    assert any("the day before yesterday" in warning for warning in parsed.warnings)
    assert any("javascript:alert(1)" in warning for warning in parsed.warnings)


def test_reading_is_deterministic_and_independent_of_route() -> None:
    data = (DATA / "posts.rss").read_bytes()
    a = parse_bytes(data, name="a", source="one")
    b = parse(data.decode(), name="b", source="two")
    assert [d.id for d in a.documents] == [d.id for d in b.documents]
    moved = parse_bytes(data, name="a", source="x", base_url="https://mirror.example.net/feed")
    assert [d.id for d in moved.documents] == [d.id for d in a.documents]


# Formats


ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://base.example.org/blog/">
  <title>A</title><id>urn:feed</id><link rel="self" href="https://atom.example.org/feed.xml"/>
  <link href="https://atom.example.org/"/><author><name>Feed Author</name></author>
  <entry>
    <title type="html">Tips &amp;amp; &lt;b&gt;tricks&lt;/b&gt;</title><id>urn:uuid:1</id>
    <link rel="alternate" href="post-1"/><updated>2024-05-06T07:08:09+08:00</updated>
    <category term="a" label="Label A"/>
    <summary>Short.</summary>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Body: <a href="pic">pic</a>.</p></div></content>
  </entry>
  <entry>
    <title>Second</title><id>local-id</id><published>2024-04-01</published><updated>2024-05-01T00:00:00Z</updated>
    <author><name>Entry Author</name></author>
    <content type="text">Plain a &lt; b text
on two lines.

Another paragraph.</content>
  </entry>
</feed>"""


def test_atom() -> None:
    first, second = read(ATOM).documents
    assert first.id == digest("https://atom.example.org/feed.xml", "urn:uuid:1")
    assert first.title == "Tips & tricks"
    assert first.url == "https://base.example.org/blog/post-1"
    assert first.authors == ("Feed Author",)
    assert first.categories == ("Label A",)
    assert (first.published, first.quarter) == ("2024-05-06T07:08:09+08:00", "2024-Q2")
    assert first.text == "Body: pic."
    assert first.links[0].url == "https://base.example.org/blog/pic"
    assert second.id == digest("https://atom.example.org/feed.xml", "local-id"), "the id as written, not rewritten"
    assert second.authors == ("Entry Author",)
    assert second.text == "Plain a < b text\non two lines.\n\nAnother paragraph."
    assert (second.published, second.updated) == ("2024-04-01", "2024-05-01T00:00:00Z")
    assert second.url == ""


def test_rss_1_0_and_0_91() -> None:
    one = read(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://r.example.org/"><title>R</title>'
        "<link>https://r.example.org/</link></channel>"
        '<item rdf:about="https://r.example.org/1"><title>RDF post</title><link>https://r.example.org/1</link>'
        "<dc:creator>Li Wei</dc:creator><dc:date>2024-02-03T04:05:06+08:00</dc:date>"
        "<description>Said in one line.</description></item></rdf:RDF>"
    )
    post = only(one)
    assert post.id == digest("https://r.example.org/", "https://r.example.org/1")
    assert (post.published, post.authors, post.text) == ("2024-02-03T04:05:06+08:00", ("Li Wei",), "Said in one line.")
    old = read(
        '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
        '"http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>O</title>'
        "<link>https://o.example.org/</link><item><title>Old</title><link>https://o.example.org/1</link>"
        "<description>Words&nbsp;of old.</description></item></channel></rss>"
    )
    assert only(old).text == "Words of old."


def test_json_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "home_page_url": "https://j.example.org/",
        "feed_url": "https://j.example.org/feed.json",
        "authors": [{"name": "Jo"}],
        "items": [
            {"id": 7, "url": "https://j.example.org/7", "title": "Seven", "content_html": "<p>7 <i>is</i> prime.</p>",
             "summary": "short", "date_published": "2024-03-31T23:00:00-05:00", "tags": ["maths"]},
            {"id": "8", "content_text": "Plain if a < b and c > d.\n\nNew paragraph."},
            "broken",
        ],
    }  # fmt: skip
    parsed = read(json.dumps(feed))
    seven, eight = parsed.documents
    assert seven.id == digest("https://j.example.org/feed.json", "7")
    assert (seven.text, seven.authors, seven.categories) == ("7 is prime.", ("Jo",), ("maths",))
    assert seven.quarter == "2024-Q1", "by the date as stated, not in UTC"
    assert eight.text == "Plain if a < b and c > d.\n\nNew paragraph."
    assert eight.title_estimated
    assert parsed.skipped == 1


def test_a_json_feed_is_known_wherever_it_says_so() -> None:
    items = [{"id": str(n), "content_text": "Words of a post that goes on. " * 20} for n in range(20)]
    feed = {"items": items, "title": "Sorted by name", "version": "https:\\/\\/jsonfeed.org\\/version\\/1"}
    assert len(read(json.dumps(feed).replace("\\\\", "\\")).documents) == 20
    with pytest.raises(ParseError):
        read(json.dumps({"items": items, "title": "About jsonfeed.org/version/1"}))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ann@mail.engineering (Ann Lee)", "Ann Lee"),
        ("ann@mail.cloud (Ann (of the lab))", "Ann (of the lab)"),
        ("Ann Lee &lt;ann@mail.cloud&gt;", "Ann Lee"),
        ("ann@mail.cloud", "ann@mail.cloud"),
        ("Ann (of the lab)", "Ann (of the lab)"),
        ("李雷 &lt;lilei@x.example&gt;", "李雷"),
    ],
)
def test_authors_are_names_where_there_are_any(written: str, name: str) -> None:
    assert only(read(rss(item("<description>x</description>", author=written)))).authors == (name,)


def test_an_entry_without_link_leads_to_what_it_is_about() -> None:
    recording = '<enclosure url="https://p.example/1.mp3" length="1" type="audio/mpeg"/>'
    with_link = read(rss(item(recording, link="https://p.example/1")))
    without = read(rss(item(recording)))
    assert (only(with_link).url, only(without).url) == ("https://p.example/1", "https://p.example/1.mp3")
    assert only(with_link).id == only(without).id
    apart = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id><title>A</title><summary>Short.</summary>'
        '<content type="text/html" src="https://p.example/full.html"/></entry></feed>'
    )
    assert only(read(apart)).url == "https://p.example/full.html"
    evil = read(rss(item('<enclosure url="javascript:alert(1)" type="x"/>')))
    assert only(evil).url == ""
    attached = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": "1", "title": "E", "attachments": [{"url": "https://p.example/2.mp3"}]}],
    }
    assert only(read(json.dumps(attached))).url == "https://p.example/2.mp3"


def test_bases_within_bases() -> None:
    parsed = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/dir/"><entry xml:base="posts/">'
        '<id>tag:1</id><title>One</title><link href="one.html"/><content type="xhtml" xml:base="deep/">'
        '<div xmlns="http://www.w3.org/1999/xhtml"><p><a href="x.html">x</a> <a href="/root">r</a></p></div>'
        "</content></entry></feed>",
        base_url="https://elsewhere.example/feed",
    )
    one = only(parsed)
    assert one.url == "https://a.example/dir/posts/one.html"
    assert [link.url for link in one.links] == ["https://a.example/dir/posts/deep/x.html", "https://a.example/root"]


def test_channel_definition_format() -> None:
    parsed = read(
        '<?xml version="1.0"?><CHANNEL HREF="https://c.example.org/" LASTMOD="1998-11-05T22:20"><TITLE>Old news</TITLE>'
        '<ITEM HREF="https://c.example.org/a" LASTMOD="1998-11-05T22:20"><TITLE>Item A</TITLE>'
        "<ABSTRACT>What A says.</ABSTRACT></ITEM>"
        "<ITEM HREF='https://c.example.org/b'><TITLE>Item B</TITLE></ITEM></CHANNEL>"
    )
    assert [(d.title, d.text, d.url, d.quarter) for d in parsed.documents] == [
        ("Item A", "What A says.", "https://c.example.org/a", "1998-Q4"),
        ("Item B", "Item B", "https://c.example.org/b", ""),
    ]
    assert sniff("<channel><name>settings of a television</name></channel>", "x")[0] == 0.0


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        ("<ttl>90</ttl>", 5400),
        ("<ttl> soon </ttl>", 0),
        ("<ttl>-5</ttl>", 0),
        ("<ttl>99999999999999</ttl>", 31_536_000),
        ("<sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 1800),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 86400),
        ("<ttl>60</ttl><sy:updatePeriod>weekly</sy:updatePeriod>", 604_800),
        ("", 0),
    ],
)
def test_how_long_a_feed_wants_to_be_left_alone(head: str, seconds: int) -> None:
    names = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
    parsed = read(rss(item("<description>x</description>"), head).replace("<channel>", f"<channel {names}>"))
    assert parsed.feed is not None
    assert (parsed.feed.pause, parsed.feed.title, parsed.feed.complete) == (seconds, "T", True)


def test_the_header_names_the_encoding_where_the_feed_does_not() -> None:
    body = "<rss version='2.0'><channel><item><title>流水线并行与气泡</title></item></channel></rss>"
    for charset in ("gb2312", "big5"):
        text = (
            body
            if charset == "gb2312"
            else "<rss version='2.0'><channel><item><title>模型</title></item></channel></rss>"
        )
        parsed = parse_bytes(text.encode(charset), name="f", source="f", charset=charset.upper())
        assert only(parsed).title in text
    lied = '<?xml version="1.0" encoding="utf-8"?>' + body
    assert only(parse_bytes(lied.encode(), name="f", source="f", charset="iso-8859-1")).title == "流水线并行与气泡"


# Identity


def test_an_identity_that_was_kept_outlives_what_the_feed_says_of_itself() -> None:
    text = rss(item("<description>x</description>"))
    first = read(text)
    assert first.feed is not None
    moved = text.replace("https://blog.example.org/", "https://new.example.org/")
    again = parse_bytes(moved.encode(), name="f", source="f", identity=first.feed.identity)
    assert only(again).id == only(first).id
    assert only(read(moved)).id != only(first).id


def test_an_entry_states_the_ids_it_falls_back_on() -> None:
    parsed = read(rss(item("<description>x</description>", link="https://blog.example.org/a")))
    assert parsed.feed is not None
    further = parsed.feed.further_ids[only(parsed).id]
    assert further[0] == digest("https://blog.example.org/", "g1\nhttps://blog.example.org/a")
    assert len(further) == 2


def test_identity_without_self_link_drops_the_tracker() -> None:
    head = "<link>https://blog.example.org/@lab?source=rss-0123------2</link>"
    assert only(read(rss(item("<description>x</description>"), head))).id == digest(
        "https://blog.example.org/@lab", "g1"
    )
    assert only(read(rss(item("<description>x</description>"), ""))).id == digest("feed.xml", "g1")


def test_a_relative_guid_without_link_is_not_rewritten() -> None:
    text = rss("<item><title>A</title><guid>posts/1</guid><description>x</description></item>")
    for base in ("", "https://moved.example.net/feed"):
        post = only(read(text.replace('version="2.0"', 'version="2.0" xml:base="https://base.example.org/"'), base))
        assert post.id == digest("https://blog.example.org/", "posts/1")


def test_repeated_guids_keep_all_entries() -> None:
    parsed = read(
        rss("".join(item(f"<description>text {n}</description>", link=f"https://blog.example.org/{n}") for n in "abc"))
    )
    ids = [d.id for d in parsed.documents]
    assert ids[0] == digest("https://blog.example.org/", "g1")
    assert ids[1] == digest("https://blog.example.org/", "g1\nhttps://blog.example.org/b")
    assert len(set(ids)) == 3
    assert any("GUID" in warning for warning in parsed.warnings)


def test_word_for_word_repeats_are_counted_not_kept() -> None:
    one = item("<description>same</description>", link="https://blog.example.org/a")
    parsed = read(rss(one * 3))
    assert len(parsed.documents) == 1
    assert parsed.skipped == 2
    assert any("word for word" in warning for warning in parsed.warnings)


def test_neither_guid_nor_link() -> None:
    text = rss("<item><title>Only words</title><description>and more words</description></item>")
    parsed = read(text)
    assert only(parsed).id == only(read(text)).id
    assert any("without GUID and link" in warning for warning in parsed.warnings)


# Text


def test_content_and_summary_are_read_once_and_the_fuller_wins() -> None:
    teaser, whole = "<description>Teaser only.</description>", html("<p>The whole story, told at length.</p>")
    for body in (teaser + whole, whole + teaser):
        assert only(read(rss(item(body)))).text == "The whole story, told at length."
    reverse = "<description>A long description that says all there is to say.</description>" + html("<p>Stub.</p>")
    assert only(read(rss(item(reverse)))).text == "A long description that says all there is to say."


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("AT&amp;amp;T &amp;lt; IBM", "AT&T < IBM"),
        ("AT&T and B&B", "AT&T and B&B"),
        ("&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;", "One\n\nTwo"),
        ("&amp;lt;p&amp;gt;Twice escaped&amp;lt;/p&amp;gt;", "Twice escaped"),
        ("if a &lt;n and n&gt; 3", "if a <n and n> 3"),
        ("line one\nline two", "line one\nline two"),
        ("caf&eacute; &#8212; &#x4f60;", "café — 你"),
        ("&lt;p&gt;kept&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;", "kept"),
        ("bad &#0; &#xD800; reference", "bad \ufffd \ufffd reference"),
    ],
)
def test_descriptions_as_feeds_write_them(description: str, text: str) -> None:
    assert only(read(rss(item(f"<description>{description}</description>")))).text == text


def test_relative_links_use_the_address_fetched_from() -> None:
    text = rss(
        item(html('<p><a href="../x">x</a> <a href="mailto:a@b.example">m</a> <a href="data:text/html,x">d</a></p>'))
    )
    post = only(read(text, "https://fetched.example.net/a/feed"))
    assert [link.url for link in post.links] == ["https://fetched.example.net/x", "mailto:a@b.example"]


@pytest.mark.parametrize(
    "title",
    ["&lt;script&gt;alert(1)&lt;/script&gt;Safe", "<![CDATA[<script>alert(1)</script>Safe]]>",
     "&lt;b&gt;Safe&lt;/b&gt;", "<![CDATA[Sa<i></i>fe]]>", "&amp;lt;script&amp;gt;Safe"],
)  # fmt: skip
def test_titles_are_plain(title: str) -> None:
    assert only(read(rss(item("<description>x</description>", title=title)))).title == "Safe"


def test_titles_keep_what_only_looks_like_markup() -> None:
    assert (
        only(read(rss(item("<description>x</description>", title="vector&lt;T&gt; when a &lt; b")))).title
        == "vector<T> when a < b"
    )


def test_a_missing_title_is_estimated_and_says_so() -> None:
    post = only(
        read(
            rss(
                item(
                    "<description>1 2 3 4 5 6 7 8 9 10 11 twelve thirteen</description>",
                    title="",
                )
            )
        )
    )
    assert post.title == "1 2 3 4 5 6 7 8 9 10 11 twelve…"
    assert post.title_estimated


# Dates


@pytest.mark.parametrize(
    ("raw", "published", "quarter"),
    [
        ("Fri, 31 Mar 2023 23:30:00 -0500", "2023-03-31T23:30:00-05:00", "2023-Q1"),
        ("2023/04/07", "2023-04-07", "2023-Q2"),
        ("2023", "2023", ""),
        ("1680861600", "", ""),
        ("Mon, 01 Jan 0001 00:00:00 GMT", "", ""),
        ("Fri, 07 Apr 2023 10:00:00 CST", "2023-04-07T10:00:00", "2023-Q2"),
    ],
)
def test_dates_are_our_own(raw: str, published: str, quarter: str) -> None:
    parsed = read(rss(item("<description>x</description>", pubDate=raw)))
    assert (only(parsed).published, only(parsed).quarter) == (published, quarter)
    assert bool(published) or any(raw in warning for warning in parsed.warnings)


def test_a_title_dates_an_undated_entry() -> None:
    parsed = read(rss(item("<description>x</description>", title="What was new in Q1'23")))
    assert (only(parsed).published, only(parsed).published_basis, only(parsed).quarter) == ("", "title", "2023-Q1")
    assert read(rss(item("<description>x</description>"))).documents[0].published_basis is None


# Broken and hostile feeds


def test_a_truncated_feed_keeps_whole_entries() -> None:
    data = (DATA / "posts.rss").read_bytes()
    cut = data[: data.index(b"A teaser")]
    parsed = read(cut)
    assert [d.title for d in parsed.documents] == ["Paging the Cache & Other Tricks"]
    assert parsed.skipped == 1
    assert any("ends early" in warning for warning in parsed.warnings)
    inside = read(data[: data.index(b"appeared first")])
    assert [d.title for d in inside.documents] == ["Paging the Cache & Other Tricks"]
    atom = read(ATOM[: ATOM.index("Another paragraph")])
    assert [d.title for d in atom.documents] == ["Tips & tricks"]


def test_a_feed_cut_anywhere_never_gives_half_an_entry() -> None:
    data = (DATA / "posts.rss").read_bytes()
    whole = {d.id: d for d in read(data).documents}
    for end in range(300, len(data), 97):
        try:
            parsed = read(data[:end])
        except ParseError:
            continue
        assert all(whole[d.id] == d for d in parsed.documents), end


def test_an_empty_feed_is_no_failure() -> None:
    parsed = read(rss(""))
    assert parsed.documents == ()
    assert parsed.warnings == ("The feed holds no entries.",)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{"&a" + str(n - 1 or "") + ";" * 1}{"&a;" * 10}">' for n in range(1, 30))
    + "]><rss version='2.0'><channel><title>&a29;</title></channel></rss>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>',
        '<!-- c --><!doctype feed SYSTEM "a>b" [ <!entity % p SYSTEM "http://evil.example/x"> %p; ]><feed/>',
    ],
)
def test_entity_declarations_are_refused_at_once(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    start = time.perf_counter()
    with pytest.raises(ParseError, match="entities"):
        read(data)
    assert time.perf_counter() - start < 0.2


def test_an_entity_declaration_inside_a_post_is_text() -> None:
    post = only(read(rss(item(html("<pre>&lt;!DOCTYPE x [&lt;!ENTITY a 'b'>]></pre>")))))
    assert "<!ENTITY a 'b'>" in post.text


@pytest.mark.parametrize(
    "page",
    ["<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>",
     "<html><body><h1>502 Bad Gateway</h1></body></html>", "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>"],
)  # fmt: skip
def test_an_error_page_is_no_feed(page: str) -> None:
    with pytest.raises(ParseError, match="looks like an HTML page, not a feed"):
        read(page)
    assert sniff(page, "feed.xml")[0] == 0


@pytest.mark.parametrize(
    "text", ["hello", "<opml version='2.0'/>", "{}", "<", "<rss", '{"version": "https://jsonfeed.org/version/1"']
)
def test_other_things_are_no_feeds(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(text)
    assert caught.value.hint


def test_junk_around_the_root_is_forgiven() -> None:
    text = rss(item("<description>Text &copy; &nbsp; us & them</description>"))
    for junk in (
        "\n\n" + text,
        "<br />\n<b>Warning</b>: something\n" + text,
        text + "\n<!-- cached -->\n<br/>served & done",
    ):
        assert only(read(junk)).text == "Text © us & them"


@pytest.mark.parametrize(
    ("declared", "actual"),
    [("utf-8", "gbk"), ("gb2312", "gb18030"), ("utf-8", "big5"), ("iso-8859-1", "utf-8"), ("utf-16", "utf-16")],
)
def test_wrong_and_right_encodings(declared: str, actual: str) -> None:
    words = (
        "模型的訓練與推理都需要很大的記憶體，所以我們把它分成小塊。"
        if actual == "big5"
        else "模型的训练与推理都需要很大的显存，所以我们把它分成小块。"
    )
    text = rss(item(f"<description>{words}</description>", title="题目" if actual != "big5" else "題目"))
    text = text.replace('version="1.0"', f'version="1.0" encoding="{declared}"', 1)
    post = only(read(text.encode(actual)))
    assert post.text == words
    assert post.language == "zh"


def test_ill_formed_markup_is_survived() -> None:
    parsed = read(
        rss(item("<description>One <b>two</description>") + item("<description>Three</description>", guid="g2"))
    )
    assert [d.text for d in parsed.documents][-1] == "Three"


def test_many_entries_are_linear() -> None:
    def seconds(count: int) -> float:
        text = rss("".join(item(html(f"<h2>Head {n}</h2><p>Text {n}</p>"), guid=str(n)) for n in range(count)))
        start = time.perf_counter()
        assert len(read(text).documents) == count
        return time.perf_counter() - start

    seconds(50)
    assert seconds(1200) < 12 * max(seconds(300), 0.05)


FRAGMENTS = st.lists(
    st.sampled_from(
        ["<script>alert(1)</script>", "<a href='javascript:alert(1)'>x</a>", "<a href=' java\nscript:alert(1)'>y</a>",
         "&lt;script&gt;alert(1)&lt;/script&gt;", "<img src=x onerror=alert(1)>", "<svg><script>1</script></svg>",
         "</p>", "<pre>", "</pre>", "<table><tr><td>", "</item>", "<item>", "]]>", "<![CDATA[", "&amp;", "&", "<", ">",
         "<math><annotation>", "<style>", "<h2>", "<a href='//h.example/p'>z</a>", "<!--", "-->", "\x00", "文字", "<p>"]
    ) | st.text(max_size=20),
    max_size=12,
).map("".join)  # fmt: skip


@given(FRAGMENTS, st.sampled_from(["cdata", "raw", "title"]))
def test_no_fragment_gets_through(fragment: str, place: str) -> None:
    body = {"cdata": item(html(fragment)), "raw": item(f"<description>{fragment}</description>"),
            "title": item(html("<p>x</p>"), title=fragment)}[place]  # fmt: skip
    try:
        parsed = read(rss(body).encode("utf-8", "replace"))
    except ParseError:
        return
    for document in parsed.documents:
        assert "<script" not in document.title.lower()
        assert "<script" not in re.sub(r"`{3,}.*?(?:`{3,}|$)", "", document.text.lower(), flags=re.DOTALL)
        assert all(link.url.startswith(("http://", "https://", "mailto:")) for link in document.links)
        assert document.url == "" or document.url.startswith(("http://", "https://"))


@given(st.binary(max_size=400))
def test_any_bytes_give_a_feed_or_a_parse_error(data: bytes) -> None:
    for sample in (
        data,
        b"<rss version='2.0'><channel><item>" + data,
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>" + data,
    ):
        try:
            parsed = read(sample)
        except ParseError:
            continue
        assert parsed.kind is Kind.RSS


# The sample documents


def test_the_sample_feed(seeds: Path) -> None:
    found = sorted(seeds.glob("000_*.txt"))
    assert found, "the sample feed is missing"
    parsed = read(found[0].read_bytes())
    assert len(parsed.documents) == 10
    assert parsed.warnings == ()
    quarters = [d.quarter for d in parsed.documents]
    assert (quarters.count("2023-Q3"), quarters.count("2025-Q1")) == (9, 1)
    for document in parsed.documents:
        assert document.url.startswith("https://")
        assert "source=" not in document.url
        assert document.published_basis == "stated"
        assert document.authors
        assert not re.search(r"stat\?event|<br|&#|&amp;", document.text)
        opening = document.text[:80]
        assert document.text.count(opening) == 1
    assert sum(len(d.sections) - 1 for d in parsed.documents) == 56
    assert sum(d.text.count("\n```\n") + d.text.startswith("```") for d in parsed.documents) >= 32
