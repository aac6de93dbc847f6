"""What is fuzzed, and what must hold of whatever comes out.

Each target takes any bytes. It may raise an error of the product, which is an answer; any other
exception, and any `Violation`, is a finding. Seeds are the samples of the tests and a few that name
the vocabulary of each format.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import lxml.html

import calculators
import ingest
from ingest import _coding, _failures, _hosts, arxiv_papers, discovery, notes, opml, pages, rss
from ingest._dates import find_period, parse_date, quarter_of
from ingest._decode import decode
from ingest._furniture import sanitise
from ingest._html import read_html, read_plain
from kb.chunk import chunk
from kb.query import parse_query
from kb.references import extract
from kb.types import PARTIAL_DATE, QUARTER, Document, Link, Parsed, Query

DATA = Path(__file__).resolve().parent.parent / "data"
LONGEST = 100_000
_ACTIVE_TAGS = frozenset("script iframe object embed applet base link meta form input svg style".split())
_SCHEMES = frozenset(("http", "https", "mailto"))


class Violation(Exception):
    """A property that must hold does not."""


@dataclass(frozen=True)
class Target:
    """One reader of bytes."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def _require(holds: object, words: str, what: object = "") -> None:
    if not holds:
        raise Violation(words, what)


def _check_address(url: str) -> None:
    _require(url == "" or urlsplit(url).scheme.lower() in _SCHEMES, "an address that is no link", url)
    _require(not re.search(r"[\x00-\x20\x7f]", url), "an address with white space or controls", url)


def _check_links(links: tuple[Link, ...], text: str) -> None:
    for link in links:
        _check_address(link.url)
        _require(0 <= link.start <= link.end <= len(text), "a link outside its text")


def _check_document(document: Document) -> None:
    document.model_dump_json().encode("utf-8")
    _require(document.text.strip(), "a document without text")
    _require(document.title.strip(), "a document without title")
    _check_address(document.url)
    _check_links(document.links, document.text)
    for date in (document.published, document.updated):
        _require(date == "" or (PARTIAL_DATE.fullmatch(date) and 1990 <= int(date[:4]) <= 2100), "no date", date)
    for item in chunk(document):
        _require(item.text == document.text[item.start : item.end], "a passage that is not its span")
        for reference in extract(item.text):
            _check_address(reference.url)


def check_parsed(parsed: Parsed) -> None:
    """Hold the documents of a source to what is promised of them."""
    ids = [document.id for document in parsed.documents]
    _require(len(ids) == len(set(ids)), "two documents of one id")
    _require(parsed.skipped >= 0, "a negative count")
    for document in parsed.documents:
        _check_document(document)
    _require(all(warning.strip() for warning in parsed.warnings), "an empty warning")


def _any(data: bytes) -> None:
    check_parsed(ingest.parse(data, name="file", source="/file", base_url="https://example.org/"))


def _rss(data: bytes) -> None:
    parsed = rss.parse_bytes(data, name="feed.xml", source="/feed.xml", base_url="https://example.org/feed.xml")
    check_parsed(parsed)
    for document in parsed.documents:
        _require("<script" not in document.title.lower(), "a script in a title")


def _text_of(data: bytes) -> str:
    return decode(data)[0]


def _notes(data: bytes) -> None:
    check_parsed(notes.parse(_text_of(data), name="notes.md", source="/notes.md"))


def _pages(data: bytes) -> None:
    check_parsed(pages.parse(_text_of(data), name="page.txt", source="/page.txt"))


def _arxiv(data: bytes) -> None:
    check_parsed(arxiv_papers.parse(_text_of(data), name="dump.txt", source="/dump.txt"))


def _html(data: bytes) -> None:
    markup = data.decode("utf-8", "surrogateescape" if data[:1] == b"\xff" else "replace")
    clean = sanitise(markup)
    if clean.strip():
        for element in lxml.html.fragment_fromstring(clean, create_parent="div").iter():
            if isinstance(element.tag, str):
                _require(element.tag not in _ACTIVE_TAGS, "an active element", element.tag)
                _require(not [name for name in element.attrib if name.lower().startswith("on")], "an event handler")
                for name in ("href", "src"):
                    scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", element.get(name) or "", re.IGNORECASE)
                    _require(not scheme or scheme[1].lower() in _SCHEMES, "an active address", element.get(name))
    for article in (read_html(markup, title="T", base_url="https://example.org/"), read_plain(markup, title="T")):
        article.text.encode("utf-8")
        _check_links(article.links, article.text)
        at = 0
        for section in article.sections:
            _require(section.start == at, "sections with a gap")
            at = section.end
        _require(at == len(article.text) or not article.sections, "sections that do not cover the text")


def _webpage(data: bytes) -> None:
    check_parsed(
        pages.parse_bytes(b"<!doctype html>" + data, name="p", source="/p.html", base_url="https://example.org/a/")
    )


def _opml(data: bytes) -> None:
    found = opml.read_opml(data)
    for outline in found:
        _check_address(outline.url)
        _check_address(outline.site)
        _require(outline.url or outline.trouble, "a feed without address and without a word")
        f"{outline.title}{outline.group}{outline.trouble}".encode()
    # What is written of it is read again as the same.
    kept = [outline for outline in found if outline.url]
    if kept:
        again = opml.read_opml(opml.write_opml(kept, title="T", created="2023-04-07"))
        _require([one.url for one in again] == [one.url for one in kept], "a list that changes by being written")


def _feeds_of_page(data: bytes) -> None:
    for link in discovery.find_feeds(data.decode("utf-8", "replace"), "https://example.org/a/"):
        _check_address(link.url)
        discovery.usual_places(link.url)


def _dates(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for raw in (text, text[:90], *text.split("\n")[:20]):
        found = parse_date(raw)
        _require(found is None or PARTIAL_DATE.fullmatch(found), "no ISO date", found)
        if found:
            quarter = quarter_of(found)
            _require(quarter == "" or QUARTER.fullmatch(quarter), "no quarter", quarter)
        period = find_period(raw)
        if period:
            _require(period[0] == "" or PARTIAL_DATE.fullmatch(period[0]), "no ISO date", period[0])
            _require(period[1] == "" or QUARTER.fullmatch(period[1]), "no quarter", period[1])


def _decode(data: bytes) -> None:
    declared = [None, "utf-16", "gb2312", "big5", "iso-2022-jp", "cp037", "idna", "\x00"][data[0] % 8] if data else None
    text, name = decode(data[1:], declared=declared)
    _require(text.strip(), "empty text")
    _require(name, "an encoding without name")
    _require(not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text), "control characters")


def _query(data: bytes) -> None:
    parsed = parse_query(Query(text=data.decode("utf-8", "replace")))
    _require(parsed.query.limit == 10, "a changed limit")


def _recognise(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    calculators.recognise_passage(text)
    calculators.suggest(text, calculators.recognise(text))


def _hf_config(data: bytes) -> None:
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(raw, dict):
        calculators.read_hf_config(raw)


def _coding_(data: bytes) -> None:
    coding = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, gzip"][data[0] % 6] if data else ""
    try:
        body = _coding.read_body([data[1:9], data[9:]], coding, 1_000_000, "host")
        _require(len(body) <= 1_000_000, "more than the limit")
    except _coding.CutOff:
        return


def _hosts_(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    base = _hosts.read_address("https://example.org/a/b")
    for address in (text, f"http://{text}"):
        for origin in (None, base):
            try:
                url = _hosts.read_address(address, origin)
            except _failures.NotFetched as failure:
                _require(failure.cause == "address", "another cause")
                continue
            _require(url.scheme in ("http", "https") and url.raw_host and not url.userinfo, "an address that is none")
            _require(str(_hosts.read_address(str(url))) == str(url), "read twice, another", url)


def _samples(*names: str) -> tuple[bytes, ...]:
    return tuple((DATA / name).read_bytes() for name in names)


_FEEDS = (
    b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://a.example/"><title>T</title>
<entry><id>urn:1</id><title type="html">A &lt;b&gt;b&lt;/b&gt;</title><link rel="alternate" href="x"/>
<published>2023-04-07T10:00:00Z</published><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><h2>H</h2>
<p>Words.</p></div></content></entry></feed>""",
    rb"""{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"1","url":"https://a.example/1",
"title":"A \ud83d\ude00","content_html":"<p>Words &amp; <a href=\"/x\">more</a></p>",
"date_published":"2023-04-07"}]}""",
    b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title></channel><item rdf:about="http://a.example/1">
<title>A</title><link>http://a.example/1</link><dc:date>2023-04-07</dc:date><description>Words</description></item>
</rdf:RDF>""",
)
_HTML = (
    b"""<h1>T</h1><p>A <a href='https://a.example/'>link</a>, <code>code</code> and <b>bold</b>.</p>
<pre><code class="language-python">x = 1
</code></pre><table><tr><th>a</th><td>1</td></tr></table><ul><li>one<ol start=3><li>two</ol></ul>
<blockquote>q<sup>2</sup></blockquote><math><annotation encoding='application/x-tex'>x^2</annotation></math>""",
    b"""<scr<script>ipt>alert(1)</script><img src=x onerror=alert(1)><a href='java\tscript:alert(1)'>x</a><svg><style>
<img src=x onerror=alert(1)></style></svg><math><mtext><table><mglyph><style><!--</style>
<img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>""",
)
_LISTS = (
    b"""<?xml version="1.0"?><opml version="2.0"><head><title>L</title></head><body><outline text="Group" title="Group">
<outline type="rss" text="A &amp; B" title="A" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/"/>
<outline type="link" text="No feed" url="https://b.example/"/></outline><outline text="C" xmlurl="c.example/rss"/>
</body></opml>""",
)
_PAGES = (
    b"""<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml" title="Posts">
<title>A post - The Site</title><meta property="og:site_name" content="The Site">
<meta property="article:published_time" content="2023-04-07T10:00:00Z"><link rel="canonical" href="/posts/a">
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"BlogPosting",
"headline":"A post","author":[{"@type":"Person","name":"A. Author"}],"datePublished":"2023-04-07"}]}</script></head>
<body><nav><a href="/">Home</a></nav><main><article><h1>A post</h1><p>The first paragraph says what it is about.</p>
<h2>Part</h2><p>The second paragraph says more of it, at greater length.</p><pre>x = 1
y = 2</pre><table><tr><th>n</th><td>1</td></tr></table></article>
<aside><ul><li><a href="/b">Another post</a></ul></aside>
</main><footer>All rights reserved.</footer></body></html>""",
)
_PROSE = _samples("blog_dated.txt", "blog_plain.txt", "blog_zh.txt", "newsletter_en.txt", "weekly_zh.txt")
_NOTES = _samples("notes_fenced.md", "notes_zh.txt")
_ABSTRACTS = _samples("abstracts_after.txt", "abstracts_before.txt", "arxiv_api.xml")
_CONFIGURATIONS = tuple(line.encode() for line in (DATA / "configurations.jsonl").read_text("utf-8").splitlines()[:60])
_QUESTIONS = (
    b'paged attention topic:serving since:2023-07 until:2024 -training "exact phrase" -"no such" lang:zh label:good',
    "流水线并行 kind:notes doc:notes:a.md source:x".encode(),
)
_DATES = (
    b"2023-04-07T10:30:00+08:00\nFri, 07 Apr 2023 10:30:00 CST\nApril 7th, 2023\n07/04/2023\nQ3 2023\n1680862200",
    "2023年4月7日 下午3:05\n二〇二三年十二月三十一日\n2023年第三季度\n23Q1".encode(),
)
_SNAPSHOT = (
    rb"""{"id":"2309.06180","submitter":"A","authors":"A. Author","title":"T","comments":"12 pages","journal-ref":null,
"doi":null,"categories":"cs.DC","abstract":"  We measure.\n","versions":[{"version":"v1","created":"Tue, 12 Sep 2023
12:00:00 GMT"}],"update_date":"2023-09-14","authors_parsed":[["Author","A.",""]]}""".replace(b"\n", b" "),
)

TARGETS: dict[str, Target] = {
    "any": Target(_any, (*_samples("posts.rss"), *_PROSE, *_NOTES, *_ABSTRACTS, *_FEEDS, *_SNAPSHOT)),
    "rss": Target(_rss, (*_samples("posts.rss"), *_FEEDS)),
    "opml": Target(_opml, _LISTS),
    "feeds_of_page": Target(_feeds_of_page, _PAGES),
    "html": Target(_html, _HTML),
    "webpage": Target(_webpage, (*_HTML, *_PAGES)),
    "notes": Target(_notes, _NOTES),
    "pages": Target(_pages, _PROSE),
    "arxiv": Target(_arxiv, (*_ABSTRACTS, *_SNAPSHOT)),
    "dates": Target(_dates, _DATES),
    "decode": Target(_decode, tuple(b"\x00" + "混合 mixed текст".encode(n) for n in ("utf-8", "utf-16", "gb18030"))),
    "query": Target(_query, _QUESTIONS),
    "recognise": Target(_recognise, _CONFIGURATIONS),
    "hf_config": Target(_hf_config, _samples("hf_configs.json")),
    "coding": Target(_coding_, (b"\x00\x1f\x8b\x08", b"\x01x\x9c", b"\x02\x0b", b"\x03\x28\xb5\x2f\xfd")),
    "hosts": Target(_hosts_, (b"https://user@Example.org.:8080/a?b#c", b"[::ffff:127.0.0.1]", b"0x7f.1", b"//x\\@y")),
}
