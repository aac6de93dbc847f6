"""digests.build: every document accounted for, each work once, byte for byte the same."""

import random
from pathlib import Path

import pytest

from digests.build import TOPIC_ORDER
from digests.types import Digest, Edits, Entry
from kb.references import canonical_url
from kb.text import fold_space
from kb.types import Kind
from tests.digests.shelf import Shelf, document, notebook, paper, post
from tests.digests.test_named import a_list
from tests.digests.test_summarise import ABSTRACT, HOW, IDEA, RESULT

Q = "2023-Q1"
TITLE = "Zephyr: Lazy Paging of the KV Cache for Serving"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def entries(digest: Digest) -> list[Entry]:
    return [entry for section in digest.sections for entry in section.entries]


def account(digest: Digest) -> dict[str, int]:
    """How often each document is accounted for."""
    places = [doc for entry in entries(digest) for doc in (entry.doc_id, *entry.also)]
    places += [left.doc_id for left in (*digest.left_out, *digest.undated)]
    return {doc: places.count(doc) for doc in places}


def some() -> list[object]:
    return [
        paper("2301.00001", TITLE, ABSTRACT, authors=("Ada Example", "Bo Muster")),
        post("zephyr", "Zephyr: lazy paging of the KV cache for serving", f"{IDEA} {HOW}"),
        paper("2301.00002", "Quartz: Four-bit Quantization of Towers", f"We present Quartz. {RESULT}", "2023-01-05"),
        paper(
            "2302.00003",
            "Onyx: Pipeline Parallelism without Bubbles",
            f"{IDEA} {HOW}",
            "2023-02-20",
            status="withdrawn",
        ),
        paper("2303.00004", "Beryl: Pruning Towers", ABSTRACT, "2023-03", published_basis="id", version=3),
        paper("2303.00005", "First words stand in for a title", ABSTRACT, "2023-03", title_estimated=True),
        post(
            "camp",
            "Join our hackathon in spring",
            "Sign up until Friday. There are prizes for everybody who comes along.",
        ),
        post("short", "A link", "Only this."),
        a_list().model_copy(update={"published": "2023-03-30", "quarter": Q}),
        notebook(
            "n.md",
            [
                (1, "Reading", ()),
                (2, TITLE, ("author:Ada",)),
                (3, "https://arxiv.org/abs/2301.00001", ()),
                (3, "very good, read the part on swapping", ("very-good",)),
            ],
        ),
        paper("2212.00009", "Jade: Serving from Disk", ABSTRACT, "2022-12-20"),
        document("page:x#1", "Undated thoughts on caches", f"{IDEA} {RESULT}", ""),
    ]


def test_every_document_of_the_quarter_is_accounted_for_exactly_once(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    digest = shelf.digests.digest(Q)
    dated = {row[0] for row in shelf.store.rows("SELECT id FROM documents WHERE quarter = ?", (Q,))}
    found = account(digest)
    assert set(found) == dated
    assert set(found.values()) == {1}
    covered = digest.coverage
    assert covered.in_quarter == len(dated) == covered.shown + covered.left_out + covered.undated
    assert covered.works == len(entries(digest))


def test_undated_documents_are_of_the_quarter_in_which_they_came(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    digest = shelf.digests.digest("2026-Q4")
    assert [left.doc_id for left in digest.undated] == ["page:x#1"]
    assert digest.coverage.in_quarter == digest.coverage.undated == 1
    assert "page:x#1" not in account(shelf.digests.digest(Q))


def test_what_is_older_than_the_quarter_in_which_it_came_stands_apart(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    digest = shelf.digests.digest("2026-Q4")
    ids = [entry.doc_id for entry in digest.earlier]
    assert "arxiv:2212.00009" in ids
    assert "arxiv:2301.00001" in ids
    assert "rss:zephyr" not in ids
    assert digest.sections == ()
    assert digest.highlights == ()


def test_a_work_has_one_entry_led_by_its_paper(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    zephyr = next(entry for entry in entries(shelf.digests.digest(Q)) if entry.doc_id == "arxiv:2301.00001")
    assert zephyr.also == ("rss:zephyr",)
    assert zephyr.authors == ("Ada Example", "Bo Muster")
    assert zephyr.topics[0] == "serving"
    assert [opinion.labels for opinion in zephyr.opinions if opinion.labels] == [("very-good",)]
    assert zephyr.named_by == ("notes:n.md", "page:list#1")
    assert [remark.doc_id for remark in zephyr.remarks] == ["page:list#1"]


def test_a_list_shows_its_works_and_those_that_the_library_has(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    listing = next(entry for entry in entries(shelf.digests.digest(Q)) if entry.doc_id == "page:list#1")
    assert [(work.key, work.held) for work in listing.names] == [
        ("2301.00001", "arxiv:2301.00001"),
        ("2301.00002", "arxiv:2301.00002"),
    ]


def test_no_paper_address_or_title_stands_twice(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    found = entries(shelf.digests.digest(Q))
    urls = [canonical_url(entry.url) for entry in found if entry.url]
    titles = [fold_space(entry.title).lower() for entry in found]
    assert len(set(urls)) == len(urls)
    assert len(set(titles)) == len(titles)
    documents = {made.id: made for made in some()}  # type: ignore[attr-defined]
    assert all(entry.url == documents[entry.doc_id].url for entry in found)  # type: ignore[attr-defined]


def test_every_sentence_and_number_is_the_sources_own(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    digest = shelf.digests.digest(Q)
    said = [s for entry in entries(digest) for s in (*entry.sentences, *entry.opinions, *entry.remarks)]
    said += [work.remark for entry in entries(digest) for work in entry.names if work.remark]
    assert len(said) > 10
    for sentence in said:
        assert fold_space(shelf.store.text_of(sentence.doc_id)[sentence.start : sentence.end]) == sentence.text
        held = shelf.store.chunk(sentence.chunk_id)
        assert held.start <= sentence.start < held.end


def test_sections_keep_the_fixed_order_and_empty_ones_are_hidden(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    order = [section.topic for section in shelf.digests.digest(Q).sections]
    assert order == [topic for topic in (*TOPIC_ORDER, "other") if topic in order]
    assert len(order) > 2
    assert all(section.entries for section in shelf.digests.digest(Q).sections)


def test_withdrawn_revised_and_estimated_works_are_marked(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    digest = shelf.digests.digest(Q)
    by_id = {entry.doc_id: entry for entry in entries(digest)}
    assert by_id["arxiv:2302.00003"].status == "withdrawn"
    assert "arxiv:2302.00003" not in {highlight.doc_id for highlight in digest.highlights}
    assert by_id["arxiv:2303.00004"].published_basis == "id"
    assert by_id["arxiv:2303.00004"].version == 3
    assert by_id["arxiv:2303.00005"].title_estimated
    revised = paper(
        "2301.00008", "Agate: A Scheduler for Serving", ABSTRACT, "2023-01-02", updated="2023-05-06T00:00:00Z"
    )
    shelf.put(revised)
    again = {entry.doc_id: entry for entry in entries(shelf.digests.digest(Q))}
    assert again["arxiv:2301.00008"].updated == "2023-05-06T00:00:00Z"
    assert again["arxiv:2301.00001"].updated == ""


def test_left_out_documents_have_a_reason_each(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    reasons = {left.doc_id: left.reason for left in shelf.digests.digest(Q).left_out}
    assert reasons == {"rss:camp": "an announcement of an event, not a work", "rss:short": "too short to sum up"}


def test_a_short_work_that_the_readers_notes_name_is_shown(shelf: Shelf) -> None:
    note = notebook(
        "n.md",
        [
            (1, "see https://blog.example/short", ()),
            (2, "useful, though it is hardly more than a link to the model card of a very large tower", ("useful",)),
        ],
    )
    shelf.put(post("short", "A link to something", "Only this."), note)
    digest = shelf.digests.digest(Q)
    assert digest.left_out == ()
    assert next(entry for entry in entries(digest) if entry.doc_id == "rss:short").summary == ""


def test_must_reads_are_of_the_quarter_and_have_reasons(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    digest = shelf.digests.digest(Q)
    ids = [highlight.doc_id for highlight in digest.highlights]
    assert 3 <= len(ids) <= 5
    assert ids[0] == "arxiv:2301.00001"
    assert set(ids) <= {entry.doc_id for entry in entries(digest) if entry.kind is not Kind.NOTES}
    assert digest.highlights[0].reason.startswith("your notes: very good, named by 2 documents")
    assert digest.criterion


def test_edits_change_what_they_name_and_nothing_else(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    before = shelf.digests.digest(Q)
    edits = Edits(
        title="My quarter",
        note="Read this first.",
        pinned=("arxiv:2303.00004",),
        hidden=("rss:zephyr", "arxiv:2301.00002"),
        topic_order=("compression",),
    )
    shelf.digests.save_edits(Q, edits)
    after = shelf.digests.digest(Q)
    assert after.title == "My quarter"
    assert after.edits == edits
    # Hiding one document hides its work.
    assert {left.doc_id for left in after.left_out if left.reason == "hidden by you"} == {
        "arxiv:2301.00001", "rss:zephyr", "arxiv:2301.00002",
    }  # fmt: skip
    assert [section.topic for section in after.sections][:2] == ["compression", "parallelism"]
    assert after.highlights[0].doc_id == "arxiv:2303.00004"
    assert next(e for e in entries(after) if e.doc_id == "arxiv:2303.00004").pinned
    assert after.coverage.in_quarter == before.coverage.in_quarter
    shelf.digests.save_edits(Q, Edits())
    assert shelf.digests.digest(Q) == before


def test_edits_survive_new_documents(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    shelf.digests.save_edits(Q, Edits(title="My quarter", hidden=("arxiv:2301.00002",)))
    shelf.put(paper("2303.00077", "Topaz: A Late Paper on Serving", ABSTRACT, "2023-03-15"))
    digest = shelf.digests.digest(Q)
    assert digest.title == "My quarter"
    assert "arxiv:2303.00077" in account(digest)
    assert "arxiv:2301.00002" in {left.doc_id for left in digest.left_out}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_arrival_leaves_no_trace(tmp_path: Path, seed: int) -> None:
    first, second = Shelf(tmp_path / "a"), Shelf(tmp_path / "b")
    documents = some()
    first.put(*documents)  # type: ignore[arg-type]
    random.Random(seed).shuffle(documents)
    for made in documents:
        second.put(made)  # type: ignore[arg-type]
        if seed == 2:
            second.digests.refresh()
    for quarter in (Q, "2022-Q4", "2026-Q4"):
        assert first.digests.digest(quarter).model_dump_json() == second.digests.digest(quarter).model_dump_json()


def test_two_builds_are_the_same_byte_for_byte(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    kept = shelf.digests.digest(Q).model_dump_json()
    with shelf.store.write("testing") as writer:
        writer.run(("DELETE FROM digests", ()), ("DELETE FROM digest_briefs", ()))
    assert shelf.reopened().digest(Q).model_dump_json() == kept


def test_one_more_document_changes_its_section_and_the_counts(shelf: Shelf) -> None:
    shelf.put(*some())  # type: ignore[arg-type]
    before = shelf.digests.digest(Q)
    shelf.put(
        paper(
            "2303.00088",
            "Coral: Plain Systolic Accelerators",
            "We present Coral, an accelerator whose systolic arrays train large models with less energy than GPUs do.",
            "2023-03-16",
        )
    )
    after = shelf.digests.digest(Q)
    old = {section.topic: section for section in before.sections}
    new = {section.topic: section for section in after.sections}
    assert {topic for topic in new if new[topic] != old.get(topic)} == {"hardware"}
    assert after.highlights == before.highlights
    assert after.left_out == before.left_out
    assert after.coverage.in_quarter == before.coverage.in_quarter + 1


@pytest.mark.parametrize(
    ("published", "quarter"),
    [
        ("2023-03-31T23:00:00-08:00", "2023-Q1"),
        ("2023-04-01T00:30:00+09:00", "2023-Q2"),
        ("2022-12-31T23:59:59+00:00", "2022-Q4"),
        ("2023-01-01T00:00:00+05:30", "2023-Q1"),
        ("2099-07-01", "2099-Q3"),
    ],
)
def test_the_edges_of_quarters_are_those_of_the_sources_own_clock(shelf: Shelf, published: str, quarter: str) -> None:
    shelf.put(paper("2301.00001", TITLE, ABSTRACT, published, quarter=quarter))
    digest = shelf.digests.digest(quarter)
    assert [entry.doc_id for entry in entries(digest)] == ["arxiv:2301.00001"]
    assert digest.complete == (quarter < "2026-Q4")


def test_an_empty_quarter_is_a_digest_too(shelf: Shelf) -> None:
    digest = shelf.digests.digest("2011-Q2")
    assert digest.title == "Q2'11: no documents"
    assert digest.coverage.in_quarter == 0
    assert (digest.sections, digest.highlights, digest.left_out, digest.undated) == ((), (), (), ())
    # Nothing is kept for a quarter that has nothing.
    assert shelf.store.rows("SELECT quarter FROM digests") == []


def test_one_document_makes_no_must_read(shelf: Shelf) -> None:
    shelf.put(paper("2301.00001", TITLE, ABSTRACT))
    digest = shelf.digests.digest(Q)
    assert digest.title == "Q1'23: one document, on serving"
    assert digest.highlights == ()


def test_a_quarter_of_undated_documents(shelf: Shelf) -> None:
    shelf.put(*(document(f"page:x#{n}", f"Thoughts number {n} on caches", f"{IDEA} {RESULT}", "") for n in range(6)))
    digest = shelf.digests.digest("2026-Q4")
    assert digest.title == "Q4'26: 6 undated documents"
    assert (digest.coverage.in_quarter, digest.coverage.undated, digest.coverage.shown) == (6, 6, 0)


HOSTILE = (
    "<script>alert('x')</script> and caches for serving",
    "Scaling $\\mathcal{O}(n \\log n)$ \\textbf{attention} for serving",
    "🚀 Rockets 👩‍💻 for serving",
    "מודלים גדולים \u202e and serving",
    "分布式训练：流水线并行的气泡",
    "]]> & \"quotes\" 'and' `ticks` | bars",
)


def test_titles_of_all_kinds_are_carried_as_they_are(shelf: Shelf) -> None:
    shelf.put(*(paper(f"2301.{n:05d}", title, ABSTRACT) for n, title in enumerate(HOSTILE)))
    digest = shelf.digests.digest(Q)
    assert {entry.title for entry in entries(digest)} == set(HOSTILE)
    assert Digest.model_validate_json(digest.model_dump_json()) == digest
