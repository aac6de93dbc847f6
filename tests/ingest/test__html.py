"""ingest._html: markup to text whose sections and links fit it exactly."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest._addresses import resolve
from ingest._furniture import flatten, is_sign_off, plain_title
from ingest._html import Article, _parse, read_html, read_plain
from kb.types import Document, Kind


def text(markup: str) -> str:
    return read_html(markup, title="T").text


def fits(article: Article) -> None:
    """Section and link spans obey the rules of a document."""
    Document(
        id="x", source="s", kind=Kind.RSS, title="T", text=article.text, sections=article.sections, links=article.links
    )
    assert article.text == article.text.strip("\n").rstrip()
    for section in article.sections[1:]:
        assert article.text[section.start :].startswith(section.title)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("", ""),
        ("<!-- nothing -->", ""),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("One<br>Two<br><br>Three", "One\nTwo\n\nThree"),
        ("<p>a\n   b\t c&nbsp;d</p>", "a b c d"),
        ("<p>soft\u00adhyphen and zero\u200bwidth</p>", "softhyphen and zerowidth"),
        ("<p>1 &lt; 2 &amp;&amp; 3 &gt; 2</p>", "1 < 2 && 3 > 2"),
        ("<div><div>in</div>out</div>", "in\n\nout"),
        ("<ul><li>a<li>b<ul><li>c</li></ul></li><li><p>d</p><p>e</p></li></ul>", "- a\n- b\n  - c\n- d\n  e"),
        ("<ol start='3'><li>c</li><li>d</li></ol>", "3. c\n4. d"),
        ("<ul><li>- typed bullet</li></ul>", "- typed bullet"),
        ("<dl><dt>Term</dt><dd>Meaning</dd></dl>", "Term\n  Meaning"),
        (
            "<p>He wrote:</p><blockquote><p>One</p><p>Two</p></blockquote><p>End</p>",
            "He wrote:\n\n> One\n>\n> Two\n\nEnd",
        ),
        ("<p>so <q>quoted</q></p>", "so “quoted”"),
        ("<p>2<sup>10</sup>, x<sub>i</sub>, H<sub>2</sub>O, the 1<sup>st</sup></p>", "2^10, x_i, H2O, the 1st"),
        ("<p>fact<sup><a href='#fn1'>1</a></sup></p>", "fact[1]"),
        ("<p>fact<a href='#footnote-1'>1</a> and <a href='#fn2'><sup>2</sup></a></p>", "fact[1] and [2]"),
        ("<p>use <code>a &lt; b</code> or <kbd>x`y</kbd></p>", "use `a < b` or ``x`y``"),
        ("<p>one <b>bo</b>ld and <i>it</i>alic</p>", "one bold and italic"),
    ],
)
def test_text(markup: str, expected: str) -> None:
    assert text(markup) == expected
    fits(read_html(markup, title="T"))


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<pre>a<br>  b &lt; c<br><br>d</pre>", "```\na\n  b < c\n\nd\n```"),
        ("<pre><code class='language-python'>x = 1\n\ty = 2\n</code></pre>", "```python\nx = 1\n\ty = 2\n```"),
        ("<div class='highlight'><pre><span>a</span>\n<span>b</span></pre></div>", "```\na\nb\n```"),
        ("<pre>say ``` here</pre>", "````\nsay ``` here\n````"),
        ("<pre><div>one</div><div>two</div></pre>", "```\none\ntwo\n```"),
        (
            "<table><tr><td class='linenos'><pre>1\n2</pre></td><td class='code'><pre>a\nb</pre></td></tr></table>",
            "```\na\nb\n```",
        ),
        ("<p>run</p><code>a<br>b</code>", "run\n\n```\na\nb\n```"),
        ("<pre>   </pre>", ""),
        ("<pre>\u00a0\u00a0indented by hard blanks</pre>", "```\n  indented by hard blanks\n```"),
    ],
)
def test_code(markup: str, expected: str) -> None:
    assert text(markup) == expected


def test_tables_are_rows_unless_they_are_layout() -> None:
    data = "<table><tr><th>model<th>GB</tr><tr><td>small<td><p>7</p><p>or 8</p></tr><tr><td>big<td></table>"
    assert text(data) == "| model | GB |\n| small | 7 or 8 |\n| big | |"
    assert text("<table><tr><td><h2>Head</h2><p>One</p></td><td><p>Two</p></td></tr></table>") == "Head\n\nOne\n\nTwo"
    assert text("<table><tr><td>just a frame</td></tr></table>") == "just a frame"
    linked = read_html("<table><tr><td>a</td><td><a href='https://x.example/'>b</a></td></tr></table>")
    assert [linked.text[link.start : link.end] for link in linked.links] == ["b"]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>x <math alttext='E=mc^2'><mi>E</mi></math> y</p>", "x $E=mc^2$ y"),
        (
            "<math><semantics><mi>a</mi><annotation encoding='application/x-tex'>a_b</annotation></semantics></math>",
            "$a_b$",
        ),
        ("<p><script type='math/tex; mode=display'>a < b</script> holds</p>", "$a < b$ holds"),
        (
            "<span class='katex'><math><annotation encoding='application/x-tex'>q</annotation></math>"
            "<span class='katex-html' aria-hidden='true'>q</span></span>",
            "$q$",
        ),
        ("<p>so <img class='latex' alt='\\alpha' src='x'> is</p>", "so \\alpha is"),
        ("<p>so <img src='https://z.example/equation?tex=E%3Dmc%5E2' alt='E=mc^2'> is</p>", "so E=mc^2 is"),
    ],
)
def test_formulas_stay_tex(markup: str, expected: str) -> None:
    assert text(markup) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<img src='a.png' alt=''>", ""),
        ("<img src='a.png' alt='image-3.png'>", ""),
        ("<img src='a.png' alt='Screenshot 2024'>", ""),
        ("<img src='a.png' alt='Throughput over time'>", "[Image: Throughput over time]"),
        ("<img src='t.gif' width='1' height='1' alt='Throughput'>", ""),
        ("<figure><img alt='Throughput'><figcaption>The <b>caption</b></figcaption></figure>", "The caption"),
    ],
)
def test_images_are_their_words(markup: str, expected: str) -> None:
    assert text(markup) == expected


@pytest.mark.parametrize(
    "furniture",
    [
        "<script>alert(1)</script>", "<style>p{}</style>", "<noscript>on</noscript>", "<iframe src='x'>no</iframe>",
        "<nav>menu</nav>", "<button>ok</button>", "<p hidden>h</p>", "<p style='display: none'>h</p>",
        "<span aria-hidden='true'>h</span>", "<div class='sharedaddy sd-block'>Share this</div>",
        "<div class='ad-slot'>buy</div>", "<p>Share this:</p>", "<p>This post is sponsored by Example Corp.</p>",
        "<p>Subscribe now</p>", "<p>广告</p>", "<div class='table-of-contents'><ul><li>a</li></ul></div>",
    ],
)  # fmt: skip
def test_furniture_is_left_out(furniture: str) -> None:
    assert text(f"<p>before</p>{furniture}<p>after</p>") == "before\n\nafter"


@pytest.mark.parametrize(
    "sentence",
    ["Read more about pipeline schedules in our paper.", "View the code on GitHub", "Save this as config.yaml:",
     "We share this memory between branches.", "Comments are welcome.", "Sponsored search is an auction."],
)  # fmt: skip
def test_sentences_of_the_post_are_kept(sentence: str) -> None:
    assert not is_sign_off(sentence)
    assert text(f"<p>a</p><p>{sentence}</p>").endswith(sentence)


def test_sign_offs_at_the_end_are_cut_and_the_spans_still_fit() -> None:
    article = read_html(
        "<h2>One</h2><p>Body.</p>"
        "<div>The post <a href='https://b.example/p'>P</a> first appeared on <a href='https://b.example'>B</a>.</div>"
        "<h3>Share this:</h3>",
        title="T",
    )
    assert article.text == "One\n\nBody."
    assert article.links == ()
    fits(article)


def test_sections_follow_the_headings() -> None:
    article = read_html(
        "<h1>T</h1><p>intro</p><h4>deep first</h4><p>x</p><h2>two <a class='headerlink' href='#t'>¶</a></h2>"
        "<h3>two <code>one</code></h3><h3> </h3><p>y</p><h2>three</h2><blockquote><h2>quoted</h2></blockquote>",
        title="T",
    )
    assert [(s.id, s.level, s.title) for s in article.sections] == [
        ("1", 1, "T"), ("1.1", 2, "deep first"), ("1.2", 2, "two"), ("1.2.1", 3, "two one"), ("1.3", 2, "three"),
    ]  # fmt: skip
    assert article.text.startswith("intro\n\ndeep first")
    assert article.text.endswith("three\n\n> quoted")
    fits(article)


def test_links_keep_their_words_and_safe_addresses() -> None:
    article = read_html(
        "<p>See <a href=' rel path '> the <b>docs</b> </a>, <a href='javascript:x()'>no</a>, <a href='#top'>top</a>, "
        "<a href='https://x.example/a#b'><img src=i></a><a href='mailto:me@x.example'>me</a>.</p>",
        base_url="https://b.example/post/",
    )
    assert article.text == "See the docs , no, top, me."
    assert [(article.text[link.start : link.end], link.url) for link in article.links] == [
        ("the docs", "https://b.example/post/rel%20path"),
        ("me", "mailto:me@x.example"),
    ]


def test_bold_lines_are_headings_where_there_are_no_others() -> None:
    bold = "<p>intro</p><p><strong>One</strong></p><p>a</p><p><span><b>二、显存</b></span></p><p>b <b>c</b></p>"
    bold += "<p><b>Sure.</b></p>"
    article = read_html(bold, title="T")
    assert [s.title for s in article.sections] == ["T", "One", "二、显存"]
    fits(article)
    assert [s.title for s in read_html(bold + "<h2>Real</h2><p>x</p>", title="T").sections] == ["T", "Real"]


def test_code_with_one_element_a_line() -> None:
    assert text("<pre><code>a = 1</code><code>b = 2</code></pre>") == "```\na = 1\nb = 2\n```"


def test_redirectors_are_seen_through() -> None:
    target = "https://github.com/example/x"
    assert resolve("https://link.zhihu.com/?target=https%3A//github.com/example/x", "") == target
    assert resolve("https://www.google.com/url?sa=t&q=https://github.com/example/x", "") == target
    assert resolve("https://www.google.com/url?q=javascript:alert(1)", "").startswith("https://www.google.com/")


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " JAVASCRIPT:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
     "http://", "http://[bad", "", "#a", "relative/without/base", "ftp://x.example/"],
)  # fmt: skip
def test_unsafe_addresses_resolve_to_nothing(address: str) -> None:
    assert resolve(address, "") == ""
    assert not resolve(address, "https://b.example/").startswith(("javascript", "data", "vbscript", "file", "ftp"))


def test_plain_text_keeps_its_lines() -> None:
    assert read_plain("one  two\nthree\n\n\n\nfour < five").text == "one two\nthree\n\nfour < five"


def test_words_of_markup_in_prose_are_disarmed_but_code_is_kept() -> None:
    article = read_html(
        "<p>the &lt;script&gt; tag</p><p>the &lt;scr<b></b>ipt&gt; tag</p>"
        "<pre>&lt;script&gt;</pre><code>&lt;/script&gt;</code>"
    )
    assert article.text == "the ‹script> tag\n\nthe ‹script> tag\n\n```\n<script>\n```\n\n`</script>`"


@pytest.mark.parametrize(
    ("raw", "title"),
    [("A &amp; B", "A & B"), ("<em>A</em>  B\n", "A B"), ("a < b > c", "a < b > c"), ("Map<K, V>", "Map<K, V>"),
     ("<scr<script>ipt>x", "<scr ipt>x"), ("Why <script> blocks", "Why blocks")],
)  # fmt: skip
def test_plain_title(raw: str, title: str) -> None:
    assert plain_title(raw) == title


UNITS = ["<h2>h</h2><p>p <a href='http://a.example/'>x</a>", "<table><tr><td>a<td>b", "<div>Share</div>", "a < b & c"]
UNITS += "<ul><li> <![CDATA[ <pre> <script> <b><i> <!-- <div> <br> <math> <blockquote> <svg><script>".split()
UNITS += ["<a href=x>", "<script type=math/tex>"]


@pytest.mark.parametrize("unit", UNITS)
def test_repetition_is_linear(unit: str) -> None:
    start = time.perf_counter()
    fits(read_html(unit * (150_000 // len(unit)), title="T"))
    assert time.perf_counter() - start < 5


PIECES = (
    "<p> </p> <h2> </h2> <h3> <ul> <ol> <li> </ul> <pre> </pre> <code> </code> <br> <table> <tr> <td> <th> </table> "
    "<blockquote> </blockquote> <sup> <sub> </sub> <math> </math> <figure> <figcaption> <dd> <q> </a> <script> "
    "</script> &lt; &amp;lt; <div> </div> word 字 ``` &#31; &#x202e;"
).split()
PIECES += ["<a href='http://x.example/'>", "<img alt='picture of it'>"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=40).map(" ".join))
def test_any_markup_gives_spans_that_fit(markup: str) -> None:
    article = read_html(markup, title="T", base_url="https://b.example/")
    fits(article)
    assert all(re.match(r"https?://|mailto:", link.url) for link in article.links)


@pytest.mark.parametrize("control", ["\x01", "&#1;", "\x7f", "&#x7f;", "\ufffe", "\t", "&#10;"])
def test_a_control_character_hides_no_scheme(control: str) -> None:
    markup = f"<a href='java{control}script:alert(1)'>x</a><img alt='words of it' src='java{control}script:alert(1)'>"
    tree = _parse(markup)
    addresses = [element.get(name) or "" for element in tree.iter() for name in ("href", "src")]
    assert not [address for address in addresses if "script:" in address.lower()]
    assert read_html(markup).links == ()


@pytest.mark.parametrize("attribute", ["a{n}='1'", 'a{n}=">"', "a{n}", "a{n}<", "a{n}=b/c", 'a{n}="x"'])
def test_an_element_with_thousands_of_attributes_loses_them(attribute: str) -> None:
    few = " ".join(attribute.format(n=n) for n in range(100))
    assert flatten(f"<p {few}>words</p>") == f"<p {few}>words</p>"
    many = (" " if "<" in attribute else "").join(f" {attribute.format(n=n)}" for n in range(6000))
    assert flatten(f"<b>1</b><p{many}>words</p><i a=b>2</i>") == "<b>1</b><p>words</p><i a=b>2</i>"
    assert read_html(f"<p{many}>words</p>").text == "words"


@pytest.mark.parametrize(
    "unit", ["<a", "<a ", "<a b='", '<a b="', "<a b=x", "<a b=\"'", "<p a=1 b=2>", "<p " + "a " * 4000 + "<"]
)
def test_looking_for_such_elements_is_linear(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        began = time.process_time()
        flatten(text)
        return time.process_time() - began

    seconds(1000)
    bar = 24 * max(seconds(100_000), 0.05)
    assert any(seconds(800_000) < bar for _ in range(3))
