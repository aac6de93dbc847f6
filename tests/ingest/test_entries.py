"""ingest.entries: nothing lost where a GUID is used again, nothing doubled where it changes."""

from collections.abc import Sequence

import pytest

from ingest.entries import Settled, likeness, settle
from ingest.rss import parse_bytes
from kb.types import Document, Known, Parsed

LONG = " ".join(f"word{n} about caches and pages" for n in range(20))
OTHER = " ".join(f"term{n} on pipelines and stages" for n in range(20))


def read(*items: str, identity: str = "") -> Parsed:
    text = (
        f"<rss version='2.0'><channel><title>T</title><link>https://b.example/</link>{''.join(items)}</channel></rss>"
    )
    return parse_bytes(text.encode(), name="f", source="https://b.example/feed", identity=identity)


def item(guid: str, link: str = "", title: str = "One", date: str = "2024-01-02", text: str = LONG) -> str:
    place = f"<link>https://b.example/{link}</link>" if link else ""
    when = f"<pubDate>{date}</pubDate>" if date else ""
    key = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    return f"<item><title>{title}</title>{key}{place}{when}<description>{text}</description></item>"


class Shelf:
    """A library that remembers what was settled."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.removed: list[Known] = []

    def read(self, *items: str) -> Settled:
        """Settle a reading and keep it, as a sync does."""
        parsed = read(*items)
        held = [Known(id=d.id, url=d.url, title=d.title, published=d.published) for d in self.documents.values()]
        settled = settle(
            parsed, held=held, others=(), removed=self.removed, text_of=lambda name: self.documents[name].text
        )
        out = {one.id for one in self.removed}
        self.documents |= {d.id: d for d in settled.documents if d.id not in out}
        return settled

    @property
    def titles(self) -> list[str]:
        """Titles in the order in which they came."""
        return [document.title for document in self.documents.values()]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_the_same_reading_changes_nothing(shelf: Shelf) -> None:
    first = shelf.read(item("1", "a"), item("2", "b", "Two", "2024-01-01", OTHER))
    again = shelf.read(item("1", "a"), item("2", "b", "Two", "2024-01-01", OTHER))
    assert [d.id for d in again.documents] == [d.id for d in first.documents]
    assert (again.again, again.parted, again.warnings) == (0, 0, ())


@pytest.mark.parametrize(
    "changed",
    [
        item("new", "a"),
        item("new", "a", title="One, revised"),
        item("new", "a", date="2024-03-04"),
        item("new", "moved/a"),
        item("new", "", text=LONG + " And one more sentence."),
    ],
    ids=["guid", "guid and title", "guid and date", "guid and address", "guid, address gone, text edited"],
)
def test_a_post_under_a_new_guid_is_the_same_post(shelf: Shelf, changed: str) -> None:
    (before,) = shelf.read(item("old", "a")).documents
    settled = shelf.read(changed)
    assert [d.id for d in settled.documents] == [before.id]
    assert settled.again == 1
    assert "new GUID" in settled.warnings[0]


@pytest.mark.parametrize(
    "other",
    [
        item("2", "a", title="Two", date="2024-02-02", text=OTHER),
        item("2", "b", text=OTHER),
        item("2", "b", title="Two"),
        item("2", "b", text="Short."),
    ],
    ids=["same address only", "same title and date", "same text", "too short to tell"],
)
def test_a_post_that_shares_one_thing_is_another_post(shelf: Shelf, other: str) -> None:
    shelf.read(item("1", "a"))
    assert shelf.read(other).again == 0
    assert len(shelf.documents) == 2


def test_an_address_that_all_posts_share_tells_nothing(shelf: Shelf) -> None:
    shelf.read(item("1", "x", "One", text="First."), item("2", "x", "Two", "2024-01-03", "Second."))
    shelf.read(item("3", "x", "Three", "2024-01-04", "Third."), item("4", "x", "Two", "2024-01-05", "Fourth."))
    assert len(shelf.documents) == 4


def test_a_guid_that_every_post_has_loses_none(shelf: Shelf) -> None:
    feeds: Sequence[tuple[str, ...]] = (
        (item("same", "a", "A", "2024-01-01", LONG),),
        (item("same", "b", "B", "2024-01-02", OTHER), item("same", "a", "A", "2024-01-01", LONG)),
        (item("same", "c", "C", "2024-01-03", "Short and new."), item("same", "b", "B", "2024-01-02", OTHER)),
        (item("same", "d", "D", "2024-01-04", "Alone in its window."),),
    )
    names = [[d.id for d in shelf.read(*feed).documents] for feed in feeds]
    assert shelf.titles == ["A", "B", "C", "D"]
    assert names[1][1] == names[0][0], "A stays A"
    assert names[2][1] == names[1][0], "B stays B"
    assert len({name for found in names for name in found}) == 4
    again = [[d.id for d in shelf.read(*feed).documents] for feed in feeds]
    assert again == names


def test_an_edited_post_keeps_its_place(shelf: Shelf) -> None:
    (before,) = shelf.read(item("1", "a")).documents
    for changed in (
        item("1", "a", "New title", "2024-05-05", OTHER),
        item("1", "b", "One", "2024-05-05", LONG),
        item("1", "b", "Other title", "2024-01-02", OTHER),
        item("1", "c", "Third title", "2024-09-09", OTHER + " with a postscript"),
    ):
        assert [d.id for d in shelf.read(changed).documents] == [before.id]
    assert len(shelf.documents) == 1


def test_what_the_reader_removed_stays_out_under_a_new_guid(shelf: Shelf) -> None:
    (gone,) = shelf.read(item("1", "a")).documents
    shelf.removed.append(Known(id=gone.id, url=gone.url, title=gone.title))
    del shelf.documents[gone.id]
    settled = shelf.read(item("9", "a"), item("2", "b", "Two", "2024-02-02", OTHER))
    assert [d.id == gone.id for d in settled.documents] == [True, False]
    assert settled.again == 0
    assert shelf.titles == ["Two"]


def test_a_post_of_another_source_with_the_same_id_is_not_overwritten() -> None:
    parsed = read(item("1", "a", "A"))
    (document,) = parsed.documents
    stranger = Known(id=document.id, url="https://c.example/z", title="Z", published="2001-01-01")
    (settled,) = settle(parsed, held=(), others=[stranger], removed=(), text_of=lambda _: OTHER).documents
    assert settled.id != document.id


def test_likeness_counts_phrases_in_both_languages() -> None:
    assert likeness(LONG, LONG + " and a little more at its end") > 0.9
    assert likeness(LONG, OTHER) < 0.1
    assert (
        likeness("流水线并行把模型切成几段，每段放在一张卡上。", "流水线并行把模型切成几段，每段放在一台机器上。") > 0.5
    )
    assert likeness("", "") == 1.0
    assert likeness("", LONG) == 0.0
