"""ui.cards: a hit reads breadcrumb, passage, one grey line, quiet actions."""

from kb.types import Chunk, Hit, Kind
from tests.ui.conftest import Reading, info
from ui.cards import crumbs, document_row, hit_card


def chunk(**changes: object) -> Chunk:
    given = {
        "id": "page:a.txt#1#1.1",
        "doc_id": "page:a.txt#1",
        "ordinal": 0,
        "path": ("A text", "Method"),
        "text": "A cache is paged. <b>",
        "start": 0,
        "end": 21,
        "embed_text": "",
    }
    return Chunk.model_validate(given | changes)


def test_a_card_holds_its_parts_in_order_and_escapes_them() -> None:
    about = info(url="https://example.org", topics=("serving",), published="2023-04", title="A text")
    hit = Hit(
        chunk=chunk(), document=about, score=1, matched="both", why="words: cache", highlights=((2, 7),), others=("x",)
    )
    html = hit_card(hit, "cache & co")
    read = Reading(html)
    order = [html.index(f'class="{name}"') for name in ("al-crumb", "al-passage", "al-meta", "al-acts")]
    assert order == sorted(order)
    assert "<mark>cache</mark>" in html
    assert "A cache is paged. <b>" in read.text
    assert "A text › Method" in " ".join(read.text.split())
    for words in ("Page, a.txt", "Apr 2023", "Serving", "words: cache", "1 more passage close by", "Original"):
        assert words in read.text
    assert read.addresses[0] == "/document?id=page%3Aa.txt%231&chunk=page%3Aa.txt%231%231.1&q=cache+%26+co"
    copied = dict(read.attributes)["data-copy"]
    assert copied == "“A text”. Apr 2023. § Method. https://example.org."


def test_the_breadcrumb_does_not_repeat_what_the_passage_opens_with() -> None:
    notes = info(kind=Kind.NOTES, title="Notebook")
    assert crumbs(chunk(path=("Caches", "A cache is paged.")), notes) == ["Notebook", "Caches"]
    assert crumbs(chunk(path=("A text",)), info()) == ["A text"]
    assert crumbs(chunk(path=()), info()) == ["A text"]


def test_opinions_and_withdrawal_are_badges() -> None:
    about = info(status="withdrawn")
    hit = Hit(chunk=chunk(labels=("very-good", "year:2023")), document=about, score=1, matched="keyword")
    read = Reading(hit_card(hit, ""))
    assert "very good" in read.text
    assert "withdrawn" in read.text
    assert "2023" not in read.text


def test_a_document_row_names_title_date_size_and_authors() -> None:
    read = Reading(document_row(info(title="<i>Odd</i>", chunks=3, authors=("Ada", "Bo"), starter=True)))
    assert "<i>Odd</i>" in read.text
    for words in ("undated", "3 passages", "Ada, Bo", "starter library"):
        assert words in read.text
