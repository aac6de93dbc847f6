"""ingest.parse: the kind is found in the content, whatever the file is called."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ingest
from ingest._decode import declared_encoding
from kb.errors import ParseError
from kb.types import Kind

DATA = Path(__file__).parent.parent / "data"
SAMPLES = {
    "posts.rss": Kind.RSS,
    "arxiv_api.xml": Kind.ARXIV,
    "abstracts_after.txt": Kind.ARXIV,
    "abstracts_before.txt": Kind.ARXIV,
}
NOTES = "1. Serving\n    1. fixed pages\n        1. no waste\n    2. branches share\n2. Training\n    1. pipelines\n"


def test_every_kind_is_discovered_with_its_contract() -> None:
    found = ingest.discover()
    assert set(found) == set(Kind)
    for kind, module in found.items():
        assert kind == module.KIND
        assert module.__doc__
        score, reason = module.sniff("", "empty.txt")
        assert 0 <= score < 0.3, "nothing is recognised in nothing"
        assert isinstance(reason, str)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("called", ["", "notes.md", "index.html", "x"])
def test_recognised_by_content_not_by_name(name: str, called: str) -> None:
    data = (DATA / name).read_bytes()
    parsed = ingest.parse(data, name=called or name, source="here")
    assert parsed.kind is SAMPLES[name]
    assert {d.source for d in parsed.documents} == {"here"}
    assert parsed.documents == ingest.parse(data, name="other", source="here").documents


def test_outlines_are_notes() -> None:
    assert ingest.parse(NOTES.encode("utf-16"), name="a.rss", source="s").kind is Kind.NOTES


def test_kind_overrides_recognition() -> None:
    data = (DATA / "abstracts_after.txt").read_bytes()
    with pytest.raises(ParseError, match=r"abstracts\.txt: The content is not a feed"):
        ingest.parse(data, name="abstracts.txt", source="s", kind=Kind.RSS)
    assert ingest.parse(data, name="abstracts.txt", source="s", kind=Kind.ARXIV).kind is Kind.ARXIV


def test_an_unrecognised_source_says_what_was_tried() -> None:
    with pytest.raises(ParseError) as caught:
        ingest.parse(b"\xe5\x97\xaf", name="x.txt", source="s")
    assert all(f"{kind.value}: " in caught.value.message for kind in Kind)
    assert "--kind" in caught.value.hint
    assert caught.value.message.startswith("x.txt: ")


def test_an_error_page_under_a_feeds_name() -> None:
    page = b"<!DOCTYPE html><html><body><h1>404</h1><p>There is no such page here.</p></body></html>"
    with pytest.raises(ParseError, match=r"feed\.xml: The content looks like an HTML page, not a feed"):
        ingest.parse(page, name="feed.xml", source="s")


@pytest.mark.parametrize("data", [b"", b"%PDF-1.5 x", b"PK\x03\x04zip", bytes(range(256))])
def test_binary_and_empty_are_refused_with_the_name(data: bytes) -> None:
    for kind in (None, *Kind):
        with pytest.raises(ParseError, match=r"^file\.bin: "):
            ingest.parse(data, name="file.bin", source="s", kind=kind)


def test_damage_is_reported() -> None:
    data = bytearray((DATA / "abstracts_after.txt").read_bytes().replace(b" the ", " 空闲 the ".encode()))
    data[data.index("闲".encode())] = 0xFF
    parsed = ingest.parse(bytes(data), name="a.txt", source="s")
    assert any("could not be read" in warning for warning in parsed.warnings)


@pytest.mark.parametrize(
    ("data", "declared"),
    [(b"<?xml version='1.0' encoding='GB2312'?>", "gb2312"), (b'<meta charset="utf-8">', "utf-8"), (b"text", None),
     (b'<meta http-equiv="Content-Type" content="text/html; charset=big5">', "big5")],
)  # fmt: skip
def test_declared_encoding(data: bytes, declared: str | None) -> None:
    assert declared_encoding(data) == declared


@given(st.binary(max_size=300), st.sampled_from([None, *Kind]))
def test_any_bytes_of_any_kind_give_documents_or_a_parse_error(data: bytes, kind: Kind | None) -> None:
    try:
        parsed = ingest.parse(data, name="f", source="s", kind=kind)
    except ParseError as error:
        message = error.message
    else:
        message = f"f: {parsed.kind}"
    assert message.startswith("f: ")


@pytest.mark.parametrize(("prefix", "kind", "count"), [("000", "rss", 10), ("001", "page", 8), ("002", "arxiv", 9),
                                                       ("003", "notes", 1), ("004", "page", 6)])  # fmt: skip
def test_the_sample_documents(seeds: Path, prefix: str, kind: str, count: int) -> None:
    found = sorted(seeds.glob(f"{prefix}_*"))
    assert found, "the sample is missing"
    parsed = ingest.parse(found[0].read_bytes(), name="unnamed", source="s")
    assert (parsed.kind.value, len(parsed.documents)) == (kind, count)


def test_notes_that_end_in_a_link_to_a_paper_are_notes() -> None:
    text = (
        "# My notes\n\n1 Parallelism\n1.1 Data parallel\nreplicas hold all weights and sum their gradients\n"
        "1.2 Tensor parallel\n1.2.1 Column split\n1.2.2 Row split\n2 Serving\n2.1 KV cache blocks\n"
        "https://arxiv.org/abs/2309.06180\n"
    )
    assert ingest.parse(text.encode(), name="dec.md", source="/dec.md").kind is Kind.NOTES
