"""almanac.snapshots: a file of any size, filtered, read once, gone on with where it was stopped."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from almanac.gathering import Scope
from almanac.ingestion import Progress
from almanac.library import Almanac, open_almanac
from ingest import arxiv_snapshot
from ingest._paper import Paper
from kb.settings import load_settings
from kb.topics import Tagger
from kb.types import Document, Kind, Outcome
from tests.fakes import FakeEmbedder, FixedClock
from tests.ingest.test_arxiv_snapshot import lines, record, write


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger()


@pytest.fixture
def library(tagger: Tagger, tmp_path: Path) -> Iterator[Almanac]:
    made = open_almanac(load_settings(tmp_path / "home"), embedder=FakeEmbedder(), tagger=tagger, clock=FixedClock())
    yield made
    made.close()


def only(library: Almanac, location: str | Path, **more: object) -> Outcome:
    (outcome,) = library.ingest([location], **more)  # type: ignore[arg-type]
    return outcome


def held(library: Almanac) -> list[str]:
    return sorted(info.id for info in library.documents())


def test_a_snapshot_is_filtered_and_read_once(library: Almanac, tmp_path: Path) -> None:
    other = record(7, categories="math.OC", title="Serving language models from a paged cache",
                   abstract="We serve language models with a paged KV cache and continuous batching.")  # fmt: skip
    serving = {**other, "id": "2301.00008", "categories": "cs.DC"}
    path = write(
        tmp_path / "papers.json.gz", *lines(3), *(json.dumps(one).encode() + b"\n" for one in (other, serving)), b"{\n"
    )
    outcome = only(library, path, scope=Scope(categories=("cs",), topics=("serving",)))
    assert (outcome.status, outcome.kind, outcome.counts.added) == ("partial", Kind.ARXIV, 1)
    assert "1 of 6 lines were left out: line 6: it is no JSON" in outcome.warnings[0]
    assert held(library) == ["arxiv:2301.00008"]
    assert only(library, path, scope=Scope(categories=("cs",), topics=("serving",))).status == "unchanged"
    assert only(library, path).counts.added == 4
    assert len(held(library)) == 5


def test_a_snapshot_goes_on_where_it_was_stopped(
    library: Almanac, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arxiv_snapshot, "BATCH", 4)
    rest = (json.dumps(record(number)).encode() + b"\n" for number in range(20, 30))
    path = write(tmp_path / "papers.json", *lines(6), b"broken\n", *rest)
    steps: list[Progress] = []
    stopped = only(library, path, report=steps.append, cancelled=lambda: len(held(library)) >= 8)
    assert (stopped.status, "Stopped" in stopped.error) == ("failed", True)
    assert len(held(library)) == 8
    read: list[str] = []
    monkeypatch.setattr(arxiv_snapshot, "to_document", _noting(read, arxiv_snapshot.to_document))
    outcome = only(library, path)
    assert (outcome.counts.added, outcome.counts.documents) == (8, 16)
    assert len(read) == 8
    assert "1 of 17 lines" in outcome.warnings[0]
    assert only(library, path).status == "unchanged"


def _noting(read: list[str], make: Callable[[Paper, str], Document]) -> Callable[[Paper, str], Document]:
    def to_document(paper: Paper, source: str) -> Document:
        read.append(paper.base)
        return make(paper, source)

    return to_document


def test_a_changed_snapshot_is_read_anew_and_a_removed_one_too(library: Almanac, tmp_path: Path) -> None:
    path = write(tmp_path / "papers.json", *lines(3))
    assert only(library, path).counts.added == 3
    write(tmp_path / "papers.json", *lines(5))
    again = only(library, path)
    assert (again.counts.added, again.counts.unchanged) == (2, 3)
    library.remove_source(path)
    assert held(library) == []
    assert only(library, path).counts.added == 5


def test_a_snapshot_larger_than_any_file_is_streamed(tagger: Tagger, tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home", max_file=2000)
    library = open_almanac(settings, embedder=FakeEmbedder(), tagger=tagger)
    assert only(library, write(tmp_path / "papers.json", *lines(20))).counts.added == 20
    (tmp_path / "notes.md").write_text("1. a\n    2. b\n" * 900)
    assert "limit" in only(library, tmp_path / "notes.md").error
    library.close()


@pytest.mark.parametrize(
    "scope", [Scope(limit=3), Scope(topics=("cooking",)), Scope(since="soon"), Scope(until="2023-13")]
)
def test_filters_that_a_snapshot_cannot_take(library: Almanac, tmp_path: Path, scope: Scope) -> None:
    outcome = only(library, write(tmp_path / "papers.json", *lines(3)), scope=scope)
    assert (outcome.status, bool(outcome.hint)) == ("failed", True)
    assert held(library) == []
