"""ingest._webpage: the text of a page, whole and alone, and nothing of it made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ingest
from ingest import pages
from kb.errors import ParseError
from kb.types import Document, Kind
from tests.fuzz.targets import check_parsed

PARAGRAPHS = [
    "Keeping the cache in pages of equal size means that no request has to reserve room for the longest answer.",
    "A table per sequence maps positions to pages, and a page may belong to several sequences at once.",
    "We replayed a day of requests against both layouts and looked at how many fitted on one device.",
    "The gain comes from the tail: short answers stop paying for the room that long ones might have needed.",
]
POST = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<title>Paging the cache | Notes of a Server Room</title>
<meta property="og:site_name" content="Notes of a Server Room">
<meta property="og:title" content="Paging the cache">
<meta property="article:tag" content="serving"><meta property="article:tag" content="memory">
<link rel="canonical" href="https://room.example/2023/paging?utm_source=home">
<script type="application/ld+json">
{{"@context": "https://schema.org", "@graph": [
  {{"@type": "WebSite", "name": "Notes of a Server Room"}},
  {{"@type": "BlogPosting", "headline": "Paging the cache", "datePublished": "2023-09-30T23:30:00-07:00",
    "dateModified": "2023-10-02", "author": [{{"@type": "Person", "name": "Ada Byte"}}, {{"name": "Bo Nibble"}}]}}]}}
</script></head>
<body>
<header class="site-header"><a href="/">Home</a><a href="/archive">Archive</a><p>A blog about racks</p></header>
<nav><ul><li><a href="/a">First</a></li><li><a href="/b">Second</a></li></ul></nav>
<div id="page"><main><article>
<h1>Paging the cache</h1>
<p class="byline">By <a href="/ada">Ada Byte</a>, 30 September 2023</p>
<p>{PARAGRAPHS[0]}</p>
<h2>The layout</h2>
<p>{PARAGRAPHS[1]} See <a href="../papers/1?x=y">the paper</a> and <a href="javascript:alert(1)">this</a>.</p>
<pre><code class="language-python">def lookup(table, position):
    return table[position // 16], position % 16
</code></pre>
<p>The cost is <span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>n</mi></mrow>
<annotation encoding="application/x-tex">n / 16</annotation></semantics></math></span>
<span class="katex-html" aria-hidden="true">n/16</span></span> look-ups.</p>
<h2>What it brings</h2>
<p>{PARAGRAPHS[2]}</p>
<table><thead><tr><th>layout</th><th>requests</th></tr></thead><tbody><tr><td>flat</td><td>11</td></tr>
<tr><td>paged</td><td>31</td></tr></tbody></table>
<p>{PARAGRAPHS[3]}</p>
<div class="share-buttons"><a href="https://social.example/share">Share this</a></div>
</article>
<section class="related-posts"><h3>Related posts</h3><ul>
<li><a href="/c">Racks in the rain and what we learnt of them</a></li>
<li><a href="/d">Why the switch is always the last thing to look at</a></li></ul></section></main>
<aside><h3>Newsletter</h3><form><input name="mail"><button>Subscribe</button></form></aside></div>
<footer><p>Copyright 2011-2024 Notes of a Server Room. All rights reserved.</p></footer>
<script>track("everything")</script></body></html>"""


def read(markup: str | bytes, **more: str) -> Document:
    data = markup.encode() if isinstance(markup, str) else markup
    place = {"name": "page.html", "source": "/page.html", "base_url": "https://room.example/2023/x/", **more}
    parsed = ingest.parse(data, **place)  # type: ignore[arg-type]
    assert parsed.kind is Kind.PAGE
    check_parsed(parsed)
    (document,) = parsed.documents
    return document


def test_a_post_is_read_whole_and_alone() -> None:
    document = read(POST)
    for paragraph in PARAGRAPHS:
        assert paragraph in document.text
    for foreign in ("Archive", "racks", "First", "Share", "Related", "rain", "switch", "Newsletter", "Subscribe",
                    "Copyright", "track", "datePublished"):  # fmt: skip
        assert foreign not in document.text, foreign


def test_listings_tables_and_formulas_stay_what_they_are() -> None:
    text = read(POST).text
    listing = "```python\ndef lookup(table, position):\n    return table[position // 16], position % 16\n```"
    assert listing in text
    assert "| layout | requests |\n| flat | 11 |\n| paged | 31 |" in text
    assert "$n / 16$" in text


def test_headings_are_sections_and_the_title_stands_once() -> None:
    document = read(POST)
    assert [(section.level, section.title) for section in document.sections] == [
        (1, "Paging the cache"), (2, "The layout"), (2, "What it brings")
    ]  # fmt: skip
    assert "Paging the cache" not in document.text


def test_what_the_page_states_of_itself() -> None:
    document = read(POST)
    assert (document.title, document.title_estimated) == ("Paging the cache", False)
    assert document.authors == ("Ada Byte", "Bo Nibble")
    assert (document.published, document.published_basis) == ("2023-09-30T23:30:00-07:00", "stated")
    assert (document.quarter, document.updated) == ("2023-Q3", "2023-10-02")
    assert document.url == "https://room.example/2023/paging"
    assert document.categories == ("serving", "memory")
    assert document.id == "page:page.html#1"


def test_links_are_absolute_and_harmless() -> None:
    document = read(POST)
    urls = {document.text[link.start : link.end]: link.url for link in document.links}
    assert urls["the paper"] == "https://room.example/2023/papers/1?x=y"
    assert "this" not in urls


def page(head: str = "", body: str = "") -> str:
    body = body or "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    return f"<!doctype html><html><head>{head}</head><body><main>{body}</main></body></html>"


STATED = {
    '<meta property="article:published_time" content="2023-04-07T10:00:00+08:00">': "2023-04-07T10:00:00+08:00",
    '<meta name="date" content="2023-04">': "2023-04",
    '<meta name="citation_publication_date" content="2023/04/07">': "2023-04-07",
    '<meta itemprop="datePublished" content="2023-04-07">': "2023-04-07",
    '<script type="application/ld+json">[{"@type":["Article"],"datePublished":"2023-04-07"}]</script>': "2023-04-07",
}


@pytest.mark.parametrize("head", STATED)
def test_dates_that_pages_state(head: str) -> None:
    assert read(page(head)).published == STATED[head]


@pytest.mark.parametrize(
    "mark", ['<time class="dt-published" datetime="2023-04-07">', '<time pubdate datetime="2023-04-07">',
             '<time itemprop="datePublished" datetime="2023-04-07">']
)  # fmt: skip
def test_dates_in_time_elements(mark: str) -> None:
    body = f"<h1>T</h1>{mark}some day</time>" + "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    assert read(page("", body)).published == "2023-04-07"


@pytest.mark.parametrize(
    "head",
    [
        "",
        '<meta name="date" content="soon">',
        '<meta name="date" content="2023">',  # a year alone is as often that of the copyright
        '<meta property="article:published_time" content="1680862200">',
        '<meta property="article:published_time" content="2023-02-31">',
        '<meta property="og:updated_time" content="2023-04-07">',
        '<script type="application/ld+json">{"@type":"Article","datePublished":</script>',
        '<script type="application/ld+json">{"@type":"Event","datePublished":"2023-04-07"}</script>',
    ],
)
def test_no_date_is_made_up(head: str) -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    body += (
        "<p>On 7 April 2023 we looked again at what had changed since then.</p><time datetime='2022-01-01'>then</time>"
    )
    document = read(page(head, body), base_url="https://room.example/2023/04/07/post")
    assert (document.published, document.quarter, document.published_basis) == ("", "", None)


def test_a_digest_belongs_to_the_quarter_that_it_names() -> None:
    head = '<title>Reading list Q1 2023</title><meta name="date" content="2023-04-11">'
    document = read(page(head))
    assert (document.published, document.quarter) == ("2023-04-11", "2023-Q1")


TITLES = {
    "<title>A | The Site</title><meta property='og:site_name' content='The Site'>": "A",
    "<title>The Site: A</title>": "The Site: A",
    "<title>A - B - The Site</title><meta property='og:site_name' content='The Site'>": "A - B",
    "<title>x</title><meta property='og:title' content='A &amp;amp; B'>": "A & B",
    "<title>x</title><meta name='citation_title' content='A Paper'><meta property='og:title' content='y'>": "A Paper",
    "<title>  A \n <b>bold</b> thing </title>": "A bold thing",
}


@pytest.mark.parametrize("head", TITLES)
def test_titles(head: str) -> None:
    assert read(page(head)).title == TITLES[head]


def test_a_heading_that_the_tab_repeats_is_the_title() -> None:
    body = "<h1>The Manual</h1><h2>Paths<a href='#paths'>#</a></h2>" + "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
    document = read(page("<title>Paths | The Manual v20</title>", body))
    assert document.title == "Paths"
    assert "#" not in document.text


def test_a_page_without_title_is_known_by_its_first_words() -> None:
    document = read(page())
    assert document.title_estimated
    assert PARAGRAPHS[0].startswith(document.title.rstrip("…"))


def test_authors_of_papers_and_what_is_no_author() -> None:
    head = '<meta name="citation_author" content="Byte, Ada"><meta name="citation_author" content="Bo Nibble">'
    assert read(page(head)).authors == ("Ada Byte", "Bo Nibble")
    for nobody in ("https://social.example/ada", "admin", "x@example.org", " "):
        assert read(page(f'<meta name="author" content="{nobody}">')).authors == ()


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ('<link rel="canonical" href="/posts/1">', "https://room.example/posts/1"),
        ('<link rel="canonical" href="https://elsewhere.example/1#top">', "https://elsewhere.example/1"),
        ('<link rel="canonical" href="/">', "https://room.example/2023/x/"),
        ('<link rel="canonical" href="javascript:alert(1)">', "https://room.example/2023/x/"),
        ('<meta property="og:url" content="https://room.example/og">', "https://room.example/og"),
        ("", "https://room.example/2023/x/"),
    ],
)
def test_the_address_that_a_page_gives_as_its_own(link: str, url: str) -> None:
    assert read(page(link)).url == url


def test_a_page_from_a_file_has_no_address_but_its_own() -> None:
    assert read(page(), base_url="").url == ""
    assert read(POST, base_url="").url == "https://room.example/2023/paging"


def test_links_are_relative_to_the_base_that_the_page_names() -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS) + "<p>See <a href='b'>the other page</a>.</p>"
    document = read(page('<base href="https://base.example/a/">', body))
    assert document.links[0].url == "https://base.example/a/b"


def test_chinese_pages_in_the_encoding_that_the_server_names() -> None:
    text = "把缓存分成同样大小的页，请求就不必为最长的回答预留空间。每个序列有一张表，把位置映射到页。" * 4
    markup = (
        f"<!doctype html><html><head><title>分页缓存</title></head><body><article><p>{text}</p></article></body></html>"
    )
    for charset, more in (
        ("gb18030", {"charset": "GBK"}),
        ("gb18030", {}),
        ("big5", {"charset": "big5"}),
        ("utf-8", {}),
    ):
        body = markup.replace("缓", "緩").replace("样", "樣") if charset == "big5" else markup
        document = read(body.encode(charset, "ignore"), **more)
        assert document.title.startswith("分")
        assert document.language == "zh"
        assert "最" in document.text


def test_pages_built_of_tables_and_divisions() -> None:
    cells = "".join(f"<tr><td><div>{paragraph}</div></td></tr>" for paragraph in PARAGRAPHS)
    links = "<table><tr>" + "".join(f"<td><a href='/{n}'>link number {n}</a></td>" for n in range(9)) + "</tr></table>"
    document = read(f"<html><body>{links}<table role='presentation'>{cells}</table></body></html>")
    assert all(paragraph in document.text for paragraph in PARAGRAPHS)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<!doctype html><html><body></body></html>", "no text"),
        ("<!doctype html>", "is empty"),
        ("<html><body><script>render()</script></body></html>", "no text"),
        (
            "<html><body><p>You need to enable JavaScript to run this app.</p></body></html>",
            "scripts",
        ),
        ("<html><body><p>请启用 JavaScript 后继续浏览本页面的全部内容。</p></body></html>", "scripts"),
    ],
)
def test_pages_without_text(markup: str, words: str) -> None:
    with pytest.raises(ParseError, match=words) as caught:
        read(markup)
    assert caught.value.hint


def test_short_pages_are_pages_too() -> None:
    assert "Only a few words" in read("<html><body><p>Only a few words stand here.</p></body></html>").text


def test_markdown_that_begins_with_a_tag_is_no_web_page() -> None:
    text = '<p align="center"><img src="logo.png"></p>\n\n# A tool\n\n' + "\n\n".join(PARAGRAPHS)
    parsed = pages.parse(text, name="README.md", source="/README.md")
    assert "# " not in parsed.documents[0].title


def test_an_error_page_under_a_feeds_name_stays_an_error() -> None:
    with pytest.raises(ParseError, match="HTML page, not a feed"):
        ingest.parse(page().encode(), name="feed.xml", source="/feed.xml")


def test_hidden_words_are_left_out() -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    body += '<p style="display:none">Buy the secret thing now, say the machines.</p><!-- comment -->'
    assert "secret" not in read(page("", body)).text


def test_deep_nesting_and_many_blocks_end_in_time() -> None:
    deep = "<div>" * 5000 + PARAGRAPHS[0] + "</div>" * 5000
    assert PARAGRAPHS[0] in read(page("", deep)).text
    many = "".join(f"<div><span>{n} {PARAGRAPHS[n % 4]}</span></div>" for n in range(3000))
    assert f"2999 {PARAGRAPHS[3]}" in read(page("", many)).text


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_page_ends_in_a_document_or_a_refusal(body: str, head: str) -> None:
    try:
        check_parsed(pages.parse(f"<!doctype html><head>{head}</head><body>{body}", name="p", source="/p"))
    except ParseError as error:
        outcome = error.hint
    else:
        outcome = "read"
    assert outcome


def test_text_that_a_site_hides_until_its_scripts_have_run() -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS[:3])
    markup = f"""<html><body><div id="page"><h1>Paging</h1><p>{PARAGRAPHS[3]}</p>
<div id="js_content" style="visibility: hidden; opacity: 0;"><section>{body}</section></div></div></body></html>"""
    assert all(paragraph in read(markup).text for paragraph in PARAGRAPHS)


def test_formulas_kept_in_attributes() -> None:
    formula = '<span class="ztext-math" data-tex="\\frac{p-1}{m}"><svg><text>p-1 m</text></svg></span>'
    body = f"<p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]} The share is {formula}, which falls.</p><p>{PARAGRAPHS[2]}</p>"
    assert "The share is $\\frac{p-1}{m}$, which falls." in read(page("", body)).text
