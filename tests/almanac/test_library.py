"""almanac.library: one façade over one library."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import almanac.models
from almanac.library import Almanac, open_almanac
from kb.errors import DocumentNotFound, ModelUnavailable
from kb.settings import load_settings
from kb.types import Kind, Query
from tests.fakes import FakeEmbedder, FixedClock

NOTES = """1. Pipeline schedules
    1. 1F1B keeps at most p microbatches in flight, see https://arxiv.org/abs/2104.04473
    2. very good
2. 量化
    1. 权重量化 uses INT4 groups, code at https://github.com/some/quantizer
"""
PAPER = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"
 xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"
 xmlns:arxiv="http://arxiv.org/schemas/atom"><title>arXiv Query</title><id>http://arxiv.org/api/x</id>
<opensearch:totalResults>1</opensearch:totalResults><entry><id>http://arxiv.org/abs/2104.04473v5</id>
<title>A Study of Pipeline Clusters</title>
<summary>We combine tensor and pipeline parallel training on a cluster.</summary>
<published>2021-04-09T16:43:11Z</published><updated>2021-08-23T00:00:00Z</updated>
<author><name>A. Author</name></author>
<arxiv:primary_category term="cs.CL"/><category term="cs.CL"/></entry></feed>"""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Almanac]:
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    (tmp_path / "papers.xml").write_text(PAPER, encoding="utf-8")
    made = open_almanac(load_settings(tmp_path / "home"), embedder=FakeEmbedder(), clock=FixedClock())
    assert [o.status for o in made.ingest([tmp_path / "notes.md", tmp_path / "papers.xml"])] == ["ok", "ok"]
    yield made
    made.close()


def test_a_chinese_question_finds_simplified_and_traditional(library: Almanac) -> None:
    for question in ("权重量化", "權重量化"):
        hit = library.search(question).hits[0]
        assert hit.document.id == "notes:notes.md"
        assert "权重量化" in hit.chunk.text
        assert hit.highlights


def test_keyword_search_serves_without_an_embedder_and_says_so(tmp_path: Path, library: Almanac) -> None:
    plain = open_almanac(load_settings(tmp_path / "home", embedder="none"))
    found = plain.search("microbatches in flight")
    assert found.hits[0].matched == "keyword"
    assert "Keyword search only" in found.notices[0]
    plain.close()


def test_an_embedder_that_cannot_be_loaded_is_said_and_keywords_serve(
    tmp_path: Path, library: Almanac, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object) -> None:
        raise ModelUnavailable("The weights are damaged.", "Reinstall them.")

    monkeypatch.setattr(almanac.models, "load_embedder", fail)
    broken = open_almanac(load_settings(tmp_path / "home"))
    found = broken.search("microbatches")
    assert found.hits
    assert "The weights are damaged. Reinstall them." in found.notices[0]
    assert broken.embedder_state.status == "failed"
    broken.close()


def test_filters_hold_for_both_legs(library: Almanac) -> None:
    hits = library.search(Query(text="pipeline parallel training", kinds=(Kind.ARXIV,))).hits
    assert {h.document.kind for h in hits} == {Kind.ARXIV}
    assert library.search("pipeline kind:arxiv label:very-good").hits == ()
    assert library.search("pipeline label:very-good").hits[0].document.kind is Kind.NOTES


def test_references_lead_from_a_note_to_the_paper_and_back(library: Almanac) -> None:
    assert [(r.kind, r.key) for r in library.references("notes:notes.md")] == [
        ("arxiv", "2104.04473"),
        ("github", "some/quantizer"),
    ]
    assert [r.doc_id for r in library.mentions("arxiv", "2104.04473")] == ["notes:notes.md"]


def test_documents_are_listed_newest_first_and_filtered(library: Almanac) -> None:
    assert [d.id for d in library.documents()] == ["arxiv:2104.04473", "notes:notes.md"]
    assert [d.id for d in library.documents(quarter="2021-Q2")] == ["arxiv:2104.04473"]
    assert [d.id for d in library.documents(text="study of")] == ["arxiv:2104.04473"]
    assert library.documents(kinds=[Kind.RSS]) == []


def test_a_readers_topics_win_and_go_back(library: Almanac) -> None:
    library.correct_topics("notes:notes.md", ["hardware"])
    assert library.document("notes:notes.md").topics == ("hardware",)
    library.correct_topics("notes:notes.md", None)
    assert library.document("notes:notes.md").topics != ("hardware",)
    with pytest.raises(DocumentNotFound, match="cooking"):
        library.correct_topics("notes:notes.md", ["cooking"])


def test_the_starter_library_loads_and_goes_as_a_whole(tmp_path: Path) -> None:
    fresh = open_almanac(load_settings(tmp_path / "fresh", embedder="none"))
    assert fresh.starter_state == ""
    outcomes = fresh.load_starter()
    assert all(o.status == "ok" for o in outcomes), [o for o in outcomes if o.status != "ok"]
    assert fresh.starter_state == "loaded"
    assert sum(o.counts.chunks for o in outcomes) > 300
    assert fresh.search("pipeline bubble").hits
    assert fresh.search("分页注意力").hits
    assert fresh.remove_starter() == sum(o.counts.documents for o in outcomes)
    assert fresh.documents() == []
    assert fresh.starter_state == "removed"
    assert fresh.overview.counts()["chunks"] == 0
    fresh.close()


def test_uploads_are_kept_under_their_plain_name(library: Almanac) -> None:
    path = library.save_upload("../../etc/notes.txt", b"text")
    assert path == library.settings.home / "uploads" / "notes.txt"
    assert path.read_bytes() == b"text"
    assert library.save_upload("C:\\x\\y.md", b"1").name == "y.md"


def test_the_index_follows_and_can_be_made_anew(library: Almanac) -> None:
    assert library.update_index() > 0
    assert library.overview.counts()["outbox"] == 0
    index = library.models.index()
    assert index is not None
    assert index.differences() == 0
    assert library.reindex() == index.count() > 0


def test_passages_embedded_later_are_found_by_meaning(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    settings = load_settings(tmp_path / "home")
    first = open_almanac(settings, embedder=None, clock=FixedClock())
    first.models._state = almanac.models.EmbedderState("off")
    list(first.ingest([tmp_path / "notes.md"], embed=False))
    assert first.overview.counts()["waiting"] > 0
    first.close()
    second = open_almanac(settings, embedder=FakeEmbedder())
    assert second.models.embed_missing() > 0
    assert second.overview.counts()["waiting"] == 0
    assert second.search("microbatches in flight").hits[0].matched == "both"
    second.close()


def test_a_change_of_embedder_never_mixes_dimensions(tmp_path: Path, library: Almanac) -> None:
    library.update_index()
    library.close()
    other = open_almanac(load_settings(tmp_path / "home"), embedder=FakeEmbedder(name="other", dim=32))
    assert other.search("microbatches in flight").hits[0].matched == "keyword"
    assert other.reindex() > 0
    assert other.search("microbatches in flight").hits[0].matched == "both"
    other.close()


def test_the_background_worker_catches_up(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    made = open_almanac(load_settings(tmp_path / "home"), embedder=FakeEmbedder())
    made.models.warm_up(every=0.05)
    list(made.ingest([tmp_path / "notes.md"], embed=False))
    import time

    for _ in range(200):
        counts = made.overview.counts()
        if counts["waiting"] == counts["outbox"] == 0 and counts["vectors"]:
            break
        time.sleep(0.05)
    assert counts["waiting"] == counts["outbox"] == 0
    made.close()


def test_unknown_things_are_named(library: Almanac) -> None:
    with pytest.raises(DocumentNotFound, match="no-such"):
        library.info("no-such")
    with pytest.raises(DocumentNotFound, match="no-such"):
        library.remove_source("no-such")


def test_status_can_be_printed_as_json(library: Almanac) -> None:
    found = json.loads(json.dumps(library.overview.status()))
    assert (found["documents"], found["sources"]) == (2, 2)
    assert found["by_kind"] == {"arxiv": 1, "notes": 1}
    assert all(check.name for check in library.overview.checks())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "？！。，",
        "😀😀",
        "x" * 10_000,
        "' OR 1=1 --",
        'a" AND NOT (b*',
        "NEAR(a b, 5)",
        "(.*)+$",
        "\0nul",
        "a\ud800b",
        "^col:x",
        "*",
    ],
)
def test_any_text_gets_a_sane_answer(library: Almanac, text: str) -> None:
    found = library.search(Query(text=text))
    assert len(found.hits) <= 10


def test_a_saved_search_counts_what_came_since_it_was_seen(tmp_path: Path) -> None:
    clock = FixedClock()
    made = open_almanac(load_settings(tmp_path / "home"), embedder=FakeEmbedder(), clock=clock)
    made.save_search("pipeline kind:notes")
    assert [(s.text, s.new) for s in made.saved_searches()] == [("pipeline kind:notes", 0)]
    clock.advance(hours=1)
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    list(made.ingest([tmp_path / "notes.md"]))
    assert [s.new > 0 for s in made.saved_searches()] == [True]
    clock.advance(hours=1)
    made.save_search("pipeline kind:notes")
    assert [s.new for s in made.saved_searches()] == [0]
    made.drop_search("pipeline kind:notes")
    assert made.saved_searches() == []
    made.close()


def test_works_mentioned_most_and_those_the_library_lacks(library: Almanac) -> None:
    found = {(r.kind, r.key): (count, own) for r, count, own in library.most_mentioned()}
    assert found == {("arxiv", "2104.04473"): (1, "arxiv:2104.04473"), ("github", "some/quantizer"): (1, "")}
    assert [r.key for r, _, _ in library.most_mentioned(missing=True)] == ["some/quantizer"]
    assert library.most_mentioned()[0][0].title == "A Study of Pipeline Clusters"


def test_more_like_this(library: Almanac) -> None:
    here = library.chunks("arxiv:2104.04473")[0]
    assert {hit.document.id for hit in library.similar(here.id)} == {"notes:notes.md"}
