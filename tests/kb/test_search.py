"""kb.search: two legs, one filter, one ranking; what is shown is where it matched."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb.chunk import chunk
from kb.glossary import Concept, Glossary, load_glossary
from kb.search import Searcher
from kb.store import Prepared, SourceRecord, Store
from kb.store.writer import content_hash, embed_hash
from kb.types import Document, Kind, Query, Section
from kb.vector_leg import VectorLeg
from tests.fakes import FakeEmbedder

ROOT = Path(__file__).resolve().parents[2]

TEXTS = {
    "page:bubble#1": "A pipeline bubble is the time in which a stage waits for its first microbatch.",
    "page:cache#1": "Paged attention keeps the KV cache in blocks of sixteen tokens.",
    "page:xid#1": "The log shows Xid74, an NVLink fault; set overflow_fix to first_layer_only.",
    "page:zh#1": "流水線並行的氣泡隨微批次數增加而減少。",
    "page:apple#1": "A recipe for apple pie with butter and flour.",
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


def put(store: Store, embedder: FakeEmbedder, documents: list[Document]) -> None:
    prepared = []
    for document in documents:
        made = document.model_copy(update={"content_hash": content_hash(document)})
        chunks = chunk(made)
        vectors = embedder.embed([c.embed_text for c in chunks])
        by_hash = {embed_hash(c.embed_text): (vectors[n], 3) for n, c in enumerate(chunks)}
        prepared.append(Prepared(made, chunks, (), (), by_hash))
    with store.write("testing") as writer:
        source = writer.open_source("/t", "t")
        writer.write_documents(source, prepared, embedder.fingerprint)
        writer.close_source(source, SourceRecord(kind="page"), lambda d: prepared[0])


def page(doc_id: str, text: str, **more: object) -> Document:
    return Document(**({"id": doc_id, "source": "/t", "kind": Kind.PAGE, "title": doc_id, "text": text} | more))


@pytest.fixture
def searcher(store: Store, embedder: FakeEmbedder) -> Searcher:
    put(store, embedder, [page(doc_id, text) for doc_id, text in TEXTS.items()])
    return Searcher(store, load_glossary(ROOT / "starter" / "glossary.tsv"))


@pytest.fixture(params=["both", "words"])
def leg(request: pytest.FixtureRequest, store: Store, embedder: FakeEmbedder) -> VectorLeg | None:
    return VectorLeg(store, embedder, None) if request.param == "both" else None


def ids(searcher: Searcher, leg: VectorLeg | None, text: str, **more: object) -> list[str]:
    return [hit.document.id for hit in searcher.search(Query(text=text, **more), leg).hits]


def test_a_question_finds_its_passage_in_either_language(searcher: Searcher, leg: VectorLeg | None) -> None:
    assert ids(searcher, leg, "why does a stage wait in a pipeline")[0] == "page:bubble#1"
    assert "page:zh#1" in ids(searcher, leg, "微批次增加时气泡怎样变化？")[:2]


def test_the_glossary_leads_across_languages_and_can_be_switched_off(searcher: Searcher, leg: VectorLeg | None) -> None:
    found = searcher.search(Query(text="流水线气泡"), leg)
    assert {"page:zh#1", "page:bubble#1"} <= {hit.document.id for hit in found.hits}
    assert any("bubble" in term for term in found.expanded)
    plain = searcher.search(Query(text="流水线气泡", expand=False), leg)
    assert [hit.document.id for hit in plain.hits] == ["page:zh#1"]
    assert plain.expanded == ()


@pytest.mark.parametrize("term", ["Xid74", "xid", "overflow_fix", "first_layer_only", "NVLink"])
def test_exact_terms_come_first(searcher: Searcher, leg: VectorLeg | None, term: str) -> None:
    assert ids(searcher, leg, term)[0] == "page:xid#1"


def test_a_blind_leg_stays_out(searcher: Searcher, store: Store, embedder: FakeEmbedder) -> None:
    leg = VectorLeg(store, embedder, None)
    searcher.search(Query(text="氣泡隨微批次", expand=False), leg)
    assert embedder.queries == []
    embedder.languages = frozenset({"en", "zh"})
    searcher.search(Query(text="氣泡隨微批次", expand=False), leg)
    assert embedder.queries == ["氣泡隨微批次"]


def test_phrases_and_exclusions_hold_for_both_legs(searcher: Searcher, leg: VectorLeg | None) -> None:
    assert ids(searcher, leg, '"kv cache in blocks"') == ["page:cache#1"]
    assert ids(searcher, leg, '"cache in the blocks"') == []
    assert "page:bubble#1" not in ids(searcher, leg, "pipeline stage microbatch -bubble")
    assert ids(searcher, leg, '"並行的气泡"') == ["page:zh#1"]


def test_highlights_mark_what_matched(searcher: Searcher, leg: VectorLeg | None) -> None:
    hit = searcher.search(Query(text="paged blocks"), leg).hits[0]
    assert [hit.chunk.text[a:b] for a, b in hit.highlights] == ["Paged", "blocks"]
    hit = searcher.search(Query(text="气泡"), leg).hits[0]
    assert any("氣泡" in hit.chunk.text[a:b] for a, b in hit.highlights)
    assert "words: " in hit.why


def test_filters_alone_list_what_they_leave(searcher: Searcher, leg: VectorLeg | None) -> None:
    assert set(ids(searcher, leg, "kind:page")) == set(TEXTS)
    assert ids(searcher, leg, "kind:rss") == []
    assert ids(searcher, leg, "") == []


def test_words_misspelt_get_suggestions(store: Store, embedder: FakeEmbedder) -> None:
    put(store, embedder, [page(f"page:{n}", f"quantized weights {n}") for n in range(3)])
    found = Searcher(store, Glossary()).search(Query(text="quantizd wieghts"), None)
    assert found.hits == ()
    assert any(s.startswith("quant") for s in found.suggestions)


def test_windows_of_one_section_are_one_hit(store: Store, embedder: FakeEmbedder) -> None:
    text = " ".join(f"Sentence {n} explains the roofline of accelerators in detail." for n in range(40))
    put(store, embedder, [page("page:long", text)])
    (hit,) = Searcher(store, Glossary()).search(Query(text="roofline of accelerators"), None).hits
    assert len(hit.others) >= 1
    assert hit.chunk.text == text[hit.chunk.start : hit.chunk.end]
    assert len(hit.chunk.text) > 1200


def test_a_heading_is_shown_with_the_first_passage_below_it(store: Store, embedder: FakeEmbedder) -> None:
    stalls = "Young's rule sets the interval. " + "It weighs a stall against work lost. " * 60
    text, sections = "", []
    for level, title, part in ((1, "Checkpoints", ""), (2, "Interval", stalls), (2, "Storage", "Disks. " * 300)):
        start, text = len(text), f"{text}{title}\n\n{part}\n\n"
        name = "1" if level == 1 else f"1.{len(sections)}"
        sections.append(Section(id=name, level=level, title=title, start=start, end=len(text)))
    put(store, embedder, [page("page:c#1", text, sections=tuple(sections))])
    head = store.chunks_of("page:c#1")[0]
    assert head.text.strip() == "Checkpoints"
    hits = Searcher(store, Glossary()).search(Query(text="checkpoints"), VectorLeg(store, embedder, None)).hits
    assert "Young's rule" in hits[0].chunk.text
    assert hits[0].chunk.text == text[hits[0].chunk.start : hits[0].chunk.end]
    passages = [chunk_id for hit in hits for chunk_id in (hit.chunk.id, *hit.others)]
    assert len(passages) == len(set(passages))


def test_abbreviations_are_widened_and_synonyms_are_not(store: Store, embedder: FakeEmbedder) -> None:
    put(store, embedder, [page("page:a#1", "Expert parallelism sends tokens to their experts.")])
    searcher = Searcher(store, load_glossary(ROOT / "starter" / "glossary.tsv"))
    assert "expert parallelism" in searcher.search(Query(text="how does EP send tokens"), None).expanded
    assert "quick" not in searcher.search(Query(text="which card is faster"), None).expanded


def test_the_same_words_in_two_documents_are_one_hit(store: Store, embedder: FakeEmbedder) -> None:
    put(store, embedder, [page("page:a", "Ring all-reduce moves data."), page("page:b", "Ring all-reduce moves data.")])
    (hit,) = Searcher(store, Glossary()).search(Query(text="ring all-reduce"), None).hits
    assert hit.others == ("page:b#1",) or hit.others == ("page:a#1",)
    assert "1 more places" in hit.why


def test_long_works_under_one_heading_stay_apart(store: Store, embedder: FakeEmbedder) -> None:
    parts = ["Quantization\n"] + [f"Paper {n} on quantization. " + f"detail{n} " * 60 + "\n" for n in range(3)]
    sections, at = [], 0
    for n, part in enumerate(parts):
        sections.append(
            Section(id="1" if n == 0 else f"1.{n}", level=1 + (n > 0), title=part[:20], start=at, end=at + len(part))
        )
        at += len(part)
    put(store, embedder, [page("page:d", "".join(parts), sections=tuple(sections))])
    assert len(Searcher(store, Glossary()).search(Query(text="paper on quantization"), None).hits) >= 3


def test_more_like_this_leaves_out_its_own_document(searcher: Searcher, store: Store, leg: VectorLeg | None) -> None:
    found = searcher.similar(store.chunk("page:bubble#1#1"), leg, 3)
    assert "page:bubble#1" not in {hit.document.id for hit in found}
    assert len(found) <= 3


def test_own_terms_of_the_reader_are_used(searcher: Searcher, store: Store) -> None:
    own = Glossary(own=[Concept(english=("pie",), chinese=("苹果派",), field="general")])
    assert Searcher(store, own).search(Query(text="苹果派"), None).hits[0].document.id == "page:apple#1"


@pytest.fixture(autouse=True)
def closed(store: Store) -> Iterator[None]:
    yield
    store.close()


def test_what_shares_no_word_and_little_meaning_is_no_hit(
    searcher: Searcher, store: Store, embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    leg = VectorLeg(store, embedder, None)
    near = {
        int(row): cosine for (row,), cosine in zip(store.rows("SELECT row FROM chunks"), (0.4, 0.2, 0.1), strict=False)
    }
    monkeypatch.setattr(leg, "nearest", lambda *_: near)
    assert len(ids(searcher, leg, "zzzyx qwfpg")) == 1
    assert len(ids(searcher, leg, "apple qwfpg")) > 1
