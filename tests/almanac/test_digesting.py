"""almanac.digesting: digests are kept, refreshed after every change, and never in the way."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from almanac import briefing, digesting
from almanac.digesting import Digests
from almanac.library import Almanac, open_almanac
from digests.build import Material, build
from digests.types import BuildState, Change, Digest, Edits
from kb.errors import DigestError, Locked
from kb.settings import load_settings
from kb.store.lock import exclusive
from tests.digests.shelf import Shelf, notebook, paper, post
from tests.digests.test_prose import TRUE_IDEA, Scripted, said
from tests.digests.test_summarise import ABSTRACT, HOW, IDEA, RESULT
from tests.fakes import FakeEmbedder, FixedClock

TITLE = "Zephyr: Lazy Paging of the KV Cache for Serving"
NOTES = """1. Reading
    1. Zephyr: Lazy Paging of the KV Cache for Serving
        https://arxiv.org/abs/2302.00001
        1. very good, read the part on swapping
"""
FEED = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"
 xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">
<title>arXiv Query</title><id>http://arxiv.org/api/x</id><opensearch:totalResults>1</opensearch:totalResults>
<entry><id>http://arxiv.org/abs/{number}v1</id><title>{title}</title><summary>{text}</summary>
<published>{day}T16:43:11Z</published><updated>{day}T16:43:11Z</updated><author><name>A. Author</name></author>
<arxiv:primary_category term="cs.CL"/><category term="cs.CL"/></entry></feed>"""


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def put_some(shelf: Shelf) -> None:
    shelf.put(
        paper("2302.00001", TITLE, ABSTRACT, "2023-02-10"),
        post("1", "Pipeline parallelism for everybody", f"{IDEA} {HOW}", "2022-11-02T08:00:00Z"),
    )


def test_quarters_newest_first_with_the_current_one(shelf: Shelf) -> None:
    put_some(shelf)
    found = shelf.digests.quarters()
    assert [(state.quarter, state.documents, state.stale) for state in found] == [
        ("2026-Q4", 0, True),
        ("2023-Q1", 1, True),
        ("2022-Q4", 1, True),
    ]
    shelf.digests.refresh()
    again = shelf.digests.quarters()
    assert not any(state.stale for state in again)
    assert all(state.built_at.startswith("2026-11-22T12:00:00") for state in again)


def test_topics_are_counted_for_each_quarter(shelf: Shelf) -> None:
    put_some(shelf)
    shelf.put(post("2", "Gardens of the north", "The roses bloom late, and the apples are small but sweet this year."))
    assert shelf.digests.topic_counts() == {"2022-Q4": {"parallelism": 1}, "2023-Q1": {"serving": 1, "other": 1}}


def test_a_kept_build_is_served_while_it_holds(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    put_some(shelf)
    made = shelf.digests.digest("2023-Q1")

    def fail(*_: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr("almanac.digesting.build", fail)
    assert shelf.digests.digest("2023q1") == made
    assert shelf.reopened().digest("2023-Q1") == made


def test_refresh_builds_what_changed_and_nothing_else(shelf: Shelf) -> None:
    put_some(shelf)
    assert shelf.digests.refresh() == ["2026-Q4", "2023-Q1", "2022-Q4"]
    assert shelf.digests.refresh() == []
    shelf.put(paper("2302.00002", "Quartz: Four-bit Quantization", ABSTRACT, "2023-02-11"))
    assert shelf.digests.refresh(["2022-Q4"]) == []
    assert shelf.digests.refresh() == ["2026-Q4", "2023-Q1"]


def test_another_process_sees_what_was_built_and_what_changed_since(shelf: Shelf) -> None:
    put_some(shelf)
    shelf.digests.refresh()
    other = shelf.reopened()
    assert not any(state.stale for state in other.quarters())
    shelf.put(paper("2302.00002", "Quartz: Four-bit Quantization", ABSTRACT, "2023-02-11"))
    assert [state.quarter for state in other.quarters() if state.stale] == ["2026-Q4", "2023-Q1"]
    assert "arxiv:2302.00002" in other.digest("2023-Q1").model_dump_json()


def test_the_state_says_when_from_what_and_what_changed(shelf: Shelf) -> None:
    assert shelf.digests.state("2023-Q1") == BuildState()
    put_some(shelf)
    shelf.digests.refresh()
    first = shelf.digests.state("2023-Q1")
    assert (first.changes, first.previous_built_at) == (Change(), "")
    shelf.clock.advance(days=1)
    shelf.put(
        paper("2302.00002", "Quartz: Four-bit Quantization", ABSTRACT, "2023-02-11"),
        paper("2302.00001", TITLE, f"{ABSTRACT} {RESULT}", "2023-02-10"),
    )
    shelf.digests.refresh()
    second = shelf.digests.state("2023-Q1")
    assert second.changes == Change(added=("arxiv:2302.00002",), changed=("arxiv:2302.00001",))
    assert second.previous_built_at == first.built_at < second.built_at
    assert second.fingerprint == shelf.digests.digest("2023-Q1").built_from.fingerprint != first.fingerprint
    shelf.remove("arxiv:2302.00002")
    shelf.digests.refresh()
    assert shelf.digests.state("2023-Q1").changes == Change(removed=("arxiv:2302.00002",))


def test_a_quarter_that_lost_its_documents_is_forgotten(shelf: Shelf) -> None:
    shelf.put(paper("2302.00001", TITLE, ABSTRACT, "2023-02-10"))
    shelf.digests.refresh()
    shelf.remove("arxiv:2302.00001")
    shelf.digests.refresh()
    assert [state.quarter for state in shelf.digests.quarters()] == ["2026-Q4"]
    assert [row[0] for row in shelf.store.rows("SELECT quarter FROM digests")] == ["2026-Q4"]


@pytest.mark.parametrize("method", ["digest", "state", "edits"])
def test_a_bad_name_is_an_error_wherever_it_is_given(shelf: Shelf, method: str) -> None:
    with pytest.raises(DigestError):
        getattr(shelf.digests, method)("2023-Q9")


def test_a_cancelled_refresh_ends_and_the_next_goes_on(shelf: Shelf) -> None:
    put_some(shelf)
    asked = iter([False, False, True])
    assert shelf.digests.refresh(cancelled=lambda: next(asked)) == ["2026-Q4"]
    assert shelf.digests.refresh() == ["2023-Q1", "2022-Q4"]


def test_a_refresh_can_be_cancelled_while_it_reads_documents(shelf: Shelf) -> None:
    put_some(shelf)
    told: list[tuple[int, int]] = []
    assert shelf.digests.refresh(cancelled=lambda: True, report=lambda *step: told.append(step)) == []
    # Two documents and three quarters.
    assert told == [(0, 5), (2, 5)]
    assert shelf.store.rows("SELECT count(*) FROM digest_briefs") == [(2,)]


def test_a_refresh_tells_of_documents_and_then_of_quarters(shelf: Shelf) -> None:
    put_some(shelf)
    told: list[tuple[int, int]] = []
    shelf.digests.refresh(report=lambda *step: told.append(step))
    assert told == [(0, 5), (2, 5), (2, 5), (3, 5), (4, 5)]


def test_a_kept_digest_is_read_while_others_are_built(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    put_some(shelf)
    shelf.digests.refresh()
    shelf.put(paper("2402.00002", "Quartz: Four-bit Quantization", ABSTRACT, "2024-02-11"))
    building, go_on = threading.Event(), threading.Event()

    def slowly(material: Material) -> Digest:
        building.set()
        assert go_on.wait(20)
        return build(material)

    def refresh() -> None:
        shelf.digests.refresh()
        shelf.store.close()

    monkeypatch.setattr("almanac.digesting.build", slowly)
    thread = threading.Thread(target=refresh)
    thread.start()
    try:
        assert building.wait(20)
        assert shelf.digests.digest("2023-Q1").coverage.shown == 1
        assert "2024-Q1" in [state.quarter for state in shelf.digests.quarters() if state.stale]
    finally:
        go_on.set()
        thread.join()
    assert not any(state.stale for state in shelf.digests.quarters())


def test_a_document_that_goes_while_others_are_read_is_left_out(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    put_some(shelf)
    shelf.put(paper("2302.00002", "Quartz: Four-bit Quantization", ABSTRACT, "2023-02-11"))
    steps = iter([lambda: shelf.remove("arxiv:2302.00002")])
    shelf.digests.refresh(report=lambda done, total: next(steps, lambda: None)())
    found = shelf.digests.digest("2023-Q1")
    assert [entry.doc_id for section in found.sections for entry in section.entries] == ["arxiv:2302.00001"]


def test_costly_steps_grow_with_what_is_new_alone(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh reads each new document once, writes in batches, and looks for lost briefs once, however many."""
    calls: Counter[str] = Counter()

    def counted(module: object, name: str, size: Callable[..., int] = lambda *_: 1) -> None:
        real = getattr(module, name)

        def call(*args: object) -> object:
            calls[name] += size(*args)
            return real(*args)

        monkeypatch.setattr(module, name, call)

    counted(briefing, "brief")
    counted(briefing, "save_briefs")
    counted(briefing, "forget_briefs")
    counted(briefing, "documents_of", lambda _, ids: len(ids))
    counted(digesting, "build")
    counted(digesting, "marks")
    monkeypatch.setattr(briefing, "BATCH", 20)
    texts = [f"We present Tool{number}, which sends blocks to disks. {RESULT}" for number in range(60)]
    days = [f"2023-{month:02d}-10" for month in (1, 4, 7)]
    shelf.put_all(
        paper(f"2301.{number:05d}", f"Tool{number}: Paging of the Cache for Serving", text, days[number % 3])
        for number, text in enumerate(texts)
    )
    shelf.digests.refresh()
    assert calls == {
        "brief": 60, "documents_of": 60, "save_briefs": 3, "forget_briefs": 1, "build": 4, "marks": 1,
    }  # fmt: skip
    calls.clear()
    shelf.put_all([paper("2301.90000", "Another: Paging of the Cache for Training", texts[0], days[0])])
    shelf.digests.refresh()
    # Its quarter, the one compared with it, and the one that is running.
    assert calls == {"brief": 1, "documents_of": 1, "save_briefs": 1, "forget_briefs": 1, "build": 3, "marks": 1}


def test_a_digest_is_shown_while_somebody_writes_and_kept_later(shelf: Shelf) -> None:
    put_some(shelf)
    with exclusive(shelf.store.home / "write.lock", "another process", 1):
        assert shelf.digests.digest("2023-Q1").coverage.shown == 1
        assert shelf.digests.follow() != []
        with pytest.raises(Locked):
            shelf.digests.save_edits("2023-Q1", Edits(title="Mine"))
    assert shelf.store.rows("SELECT quarter FROM digests") == []
    shelf.digests.refresh()
    assert not any(state.stale for state in shelf.digests.quarters())


def test_many_threads_build_one_digest(shelf: Shelf) -> None:
    put_some(shelf)
    found: list[str] = []

    def read() -> None:
        found.append(shelf.digests.digest("2023-Q1").model_dump_json())
        shelf.store.close()

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_sources_that_fail_are_told_and_make_no_build_stale(shelf: Shelf) -> None:
    put_some(shelf)
    shelf.digests.refresh()
    from kb.store.writer import SourceRecord

    with shelf.store.write("testing") as writer:
        source = writer.open_source("feed.xml", "feed.xml")
        writer.close_source(source, SourceRecord(kind="rss", status="failed", error="No answer."), shelf.prepare)
    digest = shelf.digests.digest("2023-Q1")
    assert [(failed.location, failed.error) for failed in digest.failed_sources] == [("feed.xml", "No answer.")]
    assert digest.coverage.failed_sources == 1
    assert not any(state.stale for state in shelf.digests.quarters())


def test_a_note_on_an_old_paper_refreshes_the_papers_quarter(shelf: Shelf) -> None:
    put_some(shelf)
    shelf.digests.refresh()
    shelf.put(notebook("n.md", [(1, "see https://arxiv.org/abs/2302.00001", ()), (2, "good", ("good",))], "2024-05-05"))
    assert shelf.digests.refresh() == ["2026-Q4", "2024-Q2", "2023-Q1"]
    entry = shelf.digests.digest("2023-Q1").sections[0].entries[0]
    assert entry.opinions[0].labels == ("good",)


# A language model


def test_prose_is_written_once_kept_and_goes_with_its_sources(shelf: Shelf) -> None:
    put_some(shelf)
    model = Scripted(said((TRUE_IDEA, [1])))
    steps: list[tuple[int, int]] = []
    made = shelf.digests.write_prose("2023-Q1", model, report=lambda done, total: steps.append((done, total)))
    entry = made.sections[0].entries[0]
    assert [sentence.text for sentence in entry.generated] == [TRUE_IDEA]
    assert made.built_from.model == "scripted"
    assert steps == [(0, 1), (1, 1)]
    # Nothing new: the model is not asked again.
    assert shelf.digests.write_prose("2023-Q1", Scripted()) == made
    shelf.put(paper("2302.00001", TITLE, f"We present Zephyr, which sends blocks to disks. {RESULT}", "2023-02-10"))
    assert shelf.digests.digest("2023-Q1").sections[0].entries[0].generated == ()


def test_prose_can_be_forgotten(shelf: Shelf) -> None:
    put_some(shelf)
    plain = shelf.digests.digest("2023-Q1")
    shelf.digests.write_prose("2023-Q1", Scripted(said((TRUE_IDEA, [1]))))
    shelf.digests.forget_prose("2023-Q1")
    assert shelf.digests.digest("2023-Q1") == plain


def test_a_cancelled_generation_is_not_kept_as_an_answer(shelf: Shelf) -> None:
    put_some(shelf)
    asked = iter([False, True, True])
    made = shelf.digests.write_prose("2023-Q1", Scripted("{"), cancelled=lambda: next(asked))
    assert made.sections[0].entries[0].generated == ()
    again = shelf.digests.write_prose("2023-Q1", Scripted(said((TRUE_IDEA, [1]))))
    assert again.sections[0].entries[0].generated != ()


# Every path that changes documents


@pytest.fixture
def almanac(tmp_path: Path) -> Iterator[Almanac]:
    made = open_almanac(load_settings(tmp_path / "home"), embedder=FakeEmbedder(), clock=FixedClock())
    yield made
    made.close()


def feed(folder: Path, name: str, number: str, day: str, title: str = TITLE) -> Path:
    path = folder / name
    path.write_text(FEED.format(number=number, title=title, text=ABSTRACT, day=day), encoding="utf-8")
    return path


def fresh(digests: Digests) -> dict[str, int]:
    """Documents by quarter, all of which must be built already."""
    states = digests.quarters()
    assert not any(state.stale for state in states)
    return {state.quarter: state.documents for state in states if state.documents}


def test_ingest_removal_and_correction_refresh_by_themselves(tmp_path: Path, almanac: Almanac) -> None:
    papers = feed(tmp_path, "papers.xml", "2302.00001", "2023-02-10")
    list(almanac.ingest([papers]))
    assert fresh(almanac.digests) == {"2023-Q1": 1}

    (tmp_path / "notes.md").write_text(f"---\ndate: 2023-05-01\n---\n\n{NOTES}", encoding="utf-8")
    list(almanac.ingest([tmp_path / "notes.md"]))
    assert fresh(almanac.digests) == {"2023-Q1": 1, "2023-Q2": 1}
    entry = almanac.digests.digest("2023-Q1").sections[0].entries[0]
    assert entry.opinions[0].labels == ("very-good",)

    almanac.correct_topics("arxiv:2302.00001", ["hardware"])
    fresh(almanac.digests)
    assert almanac.digests.digest("2023-Q1").sections[0].topic == "hardware"
    almanac.correct_topics("arxiv:2302.00001", None)
    assert almanac.digests.digest("2023-Q1").sections[0].topic == "serving"

    almanac.remove_document("arxiv:2302.00001")
    assert fresh(almanac.digests) == {"2023-Q2": 1}
    almanac.restore("arxiv:2302.00001")
    list(almanac.ingest([papers]))
    assert fresh(almanac.digests) == {"2023-Q1": 1, "2023-Q2": 1}

    almanac.remove_source(str(tmp_path / "notes.md"))
    assert fresh(almanac.digests) == {"2023-Q1": 1}


def test_an_ingest_left_half_way_refreshes_what_it_wrote(tmp_path: Path, almanac: Almanac) -> None:
    run = almanac.ingest(
        [
            feed(tmp_path, "a.xml", "2302.00001", "2023-02-10"),
            feed(tmp_path, "b.xml", "2308.00001", "2023-08-10", "Other"),
        ]
    )
    next(run)
    run.close()  # type: ignore[attr-defined]
    assert fresh(almanac.digests) == {"2023-Q1": 1}


def test_an_ingest_that_changes_nothing_builds_nothing(
    tmp_path: Path, almanac: Almanac, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = feed(tmp_path, "papers.xml", "2302.00001", "2023-02-10")
    list(almanac.ingest([papers]))

    def fail(*_: object) -> None:
        raise AssertionError("refreshed")

    monkeypatch.setattr(Digests, "refresh", fail)
    assert [outcome.status for outcome in almanac.ingest([papers])] == ["unchanged"]


def test_a_fault_of_a_digest_fails_no_ingest(
    tmp_path: Path, almanac: Almanac, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise DigestError("It does not add up.", "")

    monkeypatch.setattr("almanac.digesting.build", fail)
    outcomes = list(almanac.ingest([feed(tmp_path, "papers.xml", "2302.00001", "2023-02-10")]))
    assert [outcome.status for outcome in outcomes] == ["ok"]
    assert "It does not add up." in caplog.text


def test_a_digest_is_plain_data(shelf: Shelf) -> None:
    put_some(shelf)
    record = json.loads(shelf.digests.digest("2023-Q1").model_dump_json())
    assert record["coverage"] == {
        "in_quarter": 1, "shown": 1, "left_out": 0, "undated": 0, "failed_sources": 0, "works": 1,
    }  # fmt: skip
