"""ingest._xml: entity declarations refused, faults repaired, ends found."""

import time

import pytest
from lxml import etree

from ingest._xml import find_root, is_html, prepare
from kb.errors import ParseError


def test_root_behind_its_prolog() -> None:
    text = "\n<?xml version='1.0'?>\n<!-- <rss> --><!DOCTYPE rss SYSTEM 'a>b'>\n<rss version=\"2.0\" a='>'>x</rss>"
    root = find_root(text)
    assert root is not None
    assert root[:2] == ("rss", " version=\"2.0\" a='>'")
    assert find_root("no markup") is None
    assert find_root("<!-- never closed") is None


@pytest.mark.parametrize(
    "text",
    ["<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "<!doctype a [ <!entity % b SYSTEM 'x'> ]><a/>", "<!DOCTYPE a"],
)
def test_entities_are_refused(text: str) -> None:
    with pytest.raises(ParseError, match="entities"):
        prepare(text, "item")


def test_a_doctype_without_entities_is_dropped() -> None:
    assert prepare("<!DOCTYPE a [<!ELEMENT a ANY>]><a>1</a>", "item").text == "<a>1</a>"


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("AT&T", "AT&T"), ("a &amp; b", "a & b"), ("&eacute;&nbsp;&hellip;", "é\xa0…"), ("&nonsense;", "&nonsense;"),
        ("&#65;&#x4e2d;", "A中"), ("&#0;&#xFFFF;&#xD800;&#99999999;", "\ufffd\ufffd\ufffd&#99999999;"), ("&&", "&&"),
        ("&#xD83D;&#xDE00;&#55357;&#56832;", "😀😀"), ("&#xDE00;&#xD83D;", "\ufffd\ufffd"),
        ("<![CDATA[a & b &amp; c]]>&d", "a & b &amp; c&d"), ("&lt;b&gt;", "<b>"),
    ],
)  # fmt: skip
def test_repair_makes_it_well_formed(body: str, content: str) -> None:
    assert etree.fromstring(prepare(f"<a>{body}</a>", "item").text).text == content


def test_the_end_is_found_or_made() -> None:
    whole = "<rss><channel><item>1</item><item><![CDATA[</rss> </item>]]></item></channel></rss>"
    assert not prepare(whole + "<br/>junk", "item").truncated
    for end in range(20, len(whole) - 6):
        xml = prepare(whole[:end], "item")
        items = etree.fromstring(xml.text).findall(".//item")
        assert xml.truncated
        assert len(items) == (end >= whole.index("<item><!")) + (end >= whole.index("</channel>"))
        begun = whole[: min(end, whole.index("</channel>"))].count("<item>")
        assert xml.half_item == (begun > len(items))


@pytest.mark.parametrize(
    "text", ["<!DOCTYPE html><p>", "<html>", "<HTML lang=en>", "<?xml version='1.0'?><html xmlns='x'>", "<div>a</div>"]
)
def test_html(text: str) -> None:
    assert is_html(text)


@pytest.mark.parametrize("text", ["<rss>", "<feed/>", "words <b>", "", "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss/>"])
def test_not_html(text: str) -> None:
    assert is_html(text) == (text == "words <b>")


@pytest.mark.parametrize(
    "unit", ["<![CDATA[", "]]>", "&", "&#", "<!--", "<!DOCTYPE ", "<?", "<rss", "</rss", "</item>", "<item>", '"']
)
def test_repetition_is_linear(unit: str) -> None:
    start = time.perf_counter()
    for head in ("", "<rss>", "<!DOCTYPE rss ["):
        try:
            prepare(head + unit * (600_000 // len(unit)), "item")
        except ParseError:
            continue
    assert time.perf_counter() - start < 3
