"""One work on the Digests page: inert, its sentences lead to their places, what a model wrote is labelled."""

from urllib.parse import parse_qs, urlsplit

from digests.cited import Cited
from tests.digests.samples import HOSTILE, cited, entry, full, hostile
from tests.ui.conftest import Reading
from ui.digest_entry import entry_html
from ui.digest_state import DigestState

STATE = DigestState(quarter="2023-Q1")


def shown(one: object, state: DigestState = STATE, names: Cited | None = None) -> Reading:
    return Reading(entry_html(one, state, names or cited(), "a-model", "serving"))  # type: ignore[arg-type]


def test_every_sentence_leads_to_its_place_in_its_source() -> None:
    read = shown(full().sections[0].entries[0])
    asked = [parse_qs(urlsplit(address).query) for address in read.addresses if "quote=" in address]
    said = "We page the cache of arxiv:2301.00001."
    assert {"id": ["arxiv:2301.00001"], "chunk": ["arxiv:2301.00001#1"], "quote": [said]} in asked
    assert any(found["id"] == ["notes:caches.md"] for found in asked)
    assert any(found["id"] == ["page:weekly.txt#3"] for found in asked)


def test_it_links_to_document_original_code_notes_and_work() -> None:
    one = full().sections[0].entries[0].model_copy(update={"named_by": ("a", "b")})
    read = shown(one)
    assert "/document?id=arxiv%3A2301.00001" in read.addresses
    assert "https://arxiv.org/abs/2301.00001" in read.addresses
    assert "https://github.com/example/paging" in read.addresses
    assert "/work?kind=arxiv&key=2301.00001" in read.addresses
    assert "Your notes, Caches › Paged caches › Opinions" in read.text
    assert "very good" in read.text
    assert "Named by 2 documents" in read.text
    assert "Also: Paging, a post" in read.text


def test_what_a_model_wrote_is_labelled_and_the_sources_sentences_are_one_click_away() -> None:
    made = full().sections[0].entries[1]
    read = shown(made)
    assert "Written by a-model" in read.text
    assert read.text.index("It pages the cache.") < read.text.index("The source’s own sentences")
    own = shown(made, DigestState(quarter="2023-Q1", text="sources"))
    assert "Written by" not in own.text
    assert "We page the cache of arxiv:2302.00002." in own.text


def test_source_sentences_come_with_their_breadcrumb() -> None:
    read = shown(full().sections[0].entries[0])
    assert "2 source sentences" in read.text


def test_hostile_titles_and_addresses_are_inert() -> None:
    for title, one in zip(HOSTILE, hostile().sections[0].entries, strict=True):
        read = shown(one)
        assert not {"script", "img", "style", "iframe"} & set(read.tags)
        assert not [name for name, _ in read.attributes if name.startswith("on")]
        assert all(address.startswith(("/", "https://", "http://")) for address in read.addresses)
        assert title.split()[-1].strip("\x00\x1b\ufffe") in read.text


def test_the_entry_that_is_looked_for_is_brought_into_view() -> None:
    assert "data-scroll-here" in entry_html(entry(), DigestState(at=entry().doc_id), Cited(), "")
    assert "data-scroll-here" not in entry_html(entry(), STATE, Cited(), "")


def test_an_entry_without_sentences_says_so() -> None:
    assert "No sentence of it sums it up." in shown(entry(sentences=(), summary="")).text
