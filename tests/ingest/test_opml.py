"""ingest.opml: lists as every reader writes them, hostile ones refused, nothing dropped in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.opml import DEEPEST, MOST, Outline, read_opml, write_opml
from kb.errors import ParseError


def opml(body: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return f"{head}<opml version='1.1'><head><title>Mine</title></head><body>{body}</body></opml>".encode()


def feed(url: str = "https://a.example/feed", **more: str) -> str:
    return f'<outline type="rss" xmlUrl="{url}" ' + " ".join(f'{name}="{value}"' for name, value in more.items()) + "/>"


def test_folders_become_groups_and_order_stays() -> None:
    found = read_opml(
        opml(
            f'<outline text="ML"><outline text="Systems / serving">{feed(text="A")}</outline>'
            f"{feed('https://b.example/feed', title='B', text='b')}</outline>"
            f"{feed('https://c.example/feed', text='C', htmlUrl='https://c.example/')}"
        )
    )
    assert found == [
        Outline("A", "https://a.example/feed", group="ML/Systems - serving"),
        Outline("B", "https://b.example/feed", group="ML"),
        Outline("C", "https://c.example/feed", site="https://c.example/"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        '<OPML><BODY><OUTLINE TEXT="A" XMLURL="https://a.example/feed"/></BODY></OPML>',
        '<opml><body><outline text="A" xmlurl="https://a.example/feed" type="RSS"></outline></body></opml>',
        '<opml><body><outline text="A" XmlUrl=" https://a.example/feed "/><outline text="A again" xmlUrl="https://a.example/feed"/></body></opml>',
        '\ufeff\n<!-- from a reader -->\n<opml><body><outline text="A" type="rss" url="https://a.example/feed"/></body></opml>',
        '<opml><body><outline text="A" xmlUrl="https://a.example/feed"/><outline text="half',
        '<opml><body><outline text="A" xmlUrl="https://a.example/feed"></body></opml>',
        '<opml xmlns="urn:x"><body><outline text="A" xmlUrl="https://a.example/feed"/></body></opml>',
    ],
    ids=["capitals", "small letters", "twice", "mark and comment", "cut off", "not closed", "namespace"],
)
def test_every_spelling_is_read(text: str) -> None:
    assert [(one.title, one.url) for one in read_opml(text.encode())] == [("A", "https://a.example/feed")]


def test_ampersands_and_other_encodings() -> None:
    (one,) = read_opml(opml('<outline text="R&D &eacute; &amp; more" xmlUrl="https://a.example/?a=1&b=2"/>'))
    assert (one.title, one.url) == ("R&D é & more", "https://a.example/?a=1&b=2")
    text = '<?xml version="1.0" encoding="gb2312"?><opml><body><outline text="科学空间" xmlUrl="https://k.example/feed"/></body></opml>'
    assert read_opml(text.encode("gb2312"))[0].title == "科学空间"


def test_feeds_by_the_scheme_of_old_readers_are_feeds() -> None:
    found = read_opml(
        opml(feed("feed://a.example/x") + feed("feed:https://b.example/x") + feed("FEED:http://c.example/"))
    )
    assert [one.url for one in found] == ["http://a.example/x", "https://b.example/x", "http://c.example/"]


def test_what_cannot_be_used_is_told_with_its_reason() -> None:
    found = read_opml(
        opml(
            feed("javascript:alert(1)", text="Script")
            + feed("file:///etc/passwd", text="File")
            + feed("https://[", text="Broken")
            + '<outline type="rss" text="No address"/>'
            + '<outline type="include" text="More" url="https://x.example/list.opml"/>'
            + '<outline text="Only a folder"/>'
        )
    )
    assert [(one.title, one.url) for one in found] == [
        (name, "") for name in ("Script", "File", "Broken", "No address", "More")
    ]
    assert all(one.trouble for one in found)
    assert "not fetched" in found[-1].trouble


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"<rss><channel/></rss>", "root is <rss>"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "no OPML"),
        (b"just words", "no XML"),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml><body/></opml>', "entities"),
        (
            b'<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;"/></body></opml>',
            "entities",
        ),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "PNG"),
    ],
)
def test_what_is_no_list_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        read_opml(data)


def test_depth_costs_neither_stack_nor_time() -> None:
    for depth in (3000, 50_000):
        with pytest.raises(ParseError, match=r"deep|more than"):
            read_opml(opml("<outline text='x'>" * depth + feed()))
    just = "<outline text='x'>" * (DEEPEST + 1) + feed() + "</outline>" * (DEEPEST + 1)
    (one,) = read_opml(opml(just))
    assert "folders deep" in one.trouble


def test_a_list_without_end_is_refused() -> None:
    with pytest.raises(ParseError, match=str(MOST)):
        read_opml(opml("".join(feed(f"https://a.example/{n}") for n in range(MOST + 10))))


def test_what_is_written_is_read_back() -> None:
    outlines = [
        Outline("A & <b>", "https://a.example/?x=1&y=2", "https://a.example/", "ML/Systems"),
        Outline("流水线", "https://b.example/feed", group="ML"),
        Outline("Bare\x00\ud800", "https://c.example/feed"),
    ]
    data = write_opml(outlines, title="Subscriptions", created="Sun, 22 Nov 2026 12:00:00 +0000")
    assert read_opml(data) == [*outlines[:2], Outline("Bare", "https://c.example/feed")]
    assert data.count(b'text="ML"') == 1
    assert data.startswith(b"<?xml")


TEXT = st.text(max_size=30)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6))
def test_any_names_survive_as_far_as_xml_can_hold_them(names: list[tuple[str, str]]) -> None:
    outlines = [Outline(title, f"https://a.example/{n}", group=group) for n, (title, group) in enumerate(names)]
    found = read_opml(write_opml(outlines, title="T", created=""))
    assert sorted(one.url for one in found) == sorted(one.url for one in outlines)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_list_or_a_parse_error(data: bytes) -> None:
    for sample in (data, b"<opml><body>" + data, b'<opml><body><outline text="' + data):
        try:
            found = read_opml(sample)
        except ParseError:
            continue
        assert all(one.trouble or one.url.lower().startswith("http") for one in found)
