"""Names for what a digest cites."""

from digests.cited import Cited, cited_in, sentences_of
from kb.store import Store
from tests.digests.samples import cited, entry, full, sentence
from tests.fakes import FixedClock


def test_a_place_is_the_title_and_the_nearest_headings() -> None:
    noted = full().sections[0].entries[0].opinions[0]
    assert cited().place(noted) == "Caches › Paged caches › Opinions"
    assert cited().title("rss:aa11") == "Paging, a post"
    assert cited().url("rss:aa11") == "https://blog.example/paging"
    assert cited().is_note("notes:caches.md")


def test_what_is_unknown_is_named_by_its_id() -> None:
    none = Cited()
    assert none.place(sentence("x", "page:gone#1")) == "page:gone#1"
    assert none.url("page:gone#1") == ""
    assert not none.is_note("page:gone#1")


def test_every_sentence_of_an_entry_is_looked_up(tmp_path: object, clock: FixedClock, home: object) -> None:
    made = full().sections[0].entries[0]
    assert [one.doc_id for one in sentences_of(made)] == [
        "arxiv:2301.00001", "arxiv:2301.00001", "notes:caches.md", "page:weekly.txt#3",
    ]  # fmt: skip
    store = Store(home, clock=clock)  # type: ignore[arg-type]
    found = cited_in(store, [entry()])
    assert found.documents == {}
    store.close()
