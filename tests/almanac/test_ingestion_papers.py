"""almanac.ingestion and its command: papers fetched by id, added to those fetched before."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import almanac.models
from almanac.__main__ import main
from almanac.ingestion import Progress
from almanac.library import Almanac, open_almanac
from ingest import fetch
from kb.settings import load_settings
from kb.topics import Tagger
from kb.types import Kind
from tests.fakes import FakeEmbedder, FixedClock
from tests.peers import Peer, entry, feed, peer, reply, truth

A, B, C = "2309.06180", "1910.02054", "hep-th/9901001"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    monkeypatch.setattr(fetch, "ARXIV_SPACING", 0.0)
    with peer() as made:
        monkeypatch.setenv("ALMANAC_ARXIV_URL", made.url)
        yield made


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger()


@pytest.fixture
def library(server: Peer, tagger: Tagger, tmp_path: Path) -> Iterator[Almanac]:
    settings = load_settings(tmp_path / "home")
    made = open_almanac(settings, embedder=FakeEmbedder(), tagger=tagger, clock=FixedClock())
    yield made
    made.close()


def held(library: Almanac) -> list[str]:
    return sorted(info.id for info in library.documents())


def test_fetched_papers_are_found_and_later_ones_join_them(library: Almanac) -> None:
    first = library.fetch_papers([A])
    assert (first.source, first.kind, first.status) == ("arxiv:api", Kind.ARXIV, "ok")
    assert (first.counts.added, first.counts.documents) == (1, 1)
    assert first.counts.embedded == first.counts.chunks > 0
    second = library.fetch_papers([f"arXiv:{B}v1", f"https://arxiv.org/abs/{C}"])
    assert (second.counts.added, second.counts.removed, second.counts.documents) == (2, 0, 3)
    assert held(library) == sorted(f"arxiv:{name}" for name in (A, B, C))
    assert library.search(f"the matter of {A}").hits[0].document.id == f"arxiv:{A}"
    assert library.info(f"arxiv:{A}").source == "arxiv:api"


def test_fetching_again_changes_nothing_and_a_new_version_updates(library: Almanac, server: Peer) -> None:
    library.fetch_papers([A])
    again = library.fetch_papers([A])
    assert (again.status, again.counts.unchanged, again.counts.embedded) == ("unchanged", 1, 0)
    server.script = [reply(feed(entry(f"{A}v3", "Another Title")))]
    assert library.fetch_papers([A]).counts.updated == 1
    assert library.info(f"arxiv:{A}").title == "Another Title"


def test_a_paper_known_by_its_abstract_gets_its_title(library: Almanac, tmp_path: Path) -> None:
    text = "We share the keys and values of a prefix between requests and measure how much memory is saved by it. " * 4
    (tmp_path / "dump.txt").write_text(f"{text}\narXiv:{A}")
    assert [o.status for o in library.ingest([tmp_path / "dump.txt"])] == ["ok"]
    assert library.info(f"arxiv:{A}").title_estimated
    library.fetch_papers([A])
    info = library.info(f"arxiv:{A}")
    assert (info.title, info.title_estimated) == (f"On the Matter of {A}v2", False)
    assert len(held(library)) == 1


def test_a_removed_paper_stays_out_until_it_is_restored(library: Almanac) -> None:
    library.fetch_papers([A])
    library.remove_document(f"arxiv:{A}")
    assert "restore" in library.fetch_papers([A]).warnings[0]
    assert held(library) == []
    library.restore(f"arxiv:{A}")
    library.fetch_papers([A])
    assert held(library) == [f"arxiv:{A}"]


def test_removing_the_source_removes_what_was_fetched(library: Almanac) -> None:
    library.fetch_papers([A, B])
    assert library.remove_source("arxiv:api") == 2
    assert held(library) == []


def test_a_failed_fetch_is_told_noted_and_harms_nothing(library: Almanac, server: Peer) -> None:
    library.fetch_papers([A])
    server.script = [reply("<html><body>down</body></html>")] * 3
    failed = library.fetch_papers([B])
    assert (failed.status, failed.source) == ("failed", "arxiv:api")
    assert "HTML page" in failed.error
    assert failed.hint
    (source,) = library.overview.sources()
    assert (source.status, source.location) == ("failed", "arxiv:api")
    assert held(library) == [f"arxiv:{A}"]
    library.fetch_papers([B])
    (source,) = library.overview.sources()
    assert source.status == "ok"


def test_no_network_breaks_nothing(tmp_path: Path, server: Peer) -> None:
    with peer() as gone:
        pass
    settings = load_settings(tmp_path / "home", arxiv_url=gone.url)
    library = open_almanac(settings, embedder=FakeEmbedder())
    failed = library.fetch_papers([A])
    assert failed.status == "failed"
    assert "refuses connections" in failed.error
    assert library.overview.sources() == []
    assert library.search("anything at all").hits == ()
    library.close()


@pytest.mark.parametrize("ids", [[], ["no id"], ["a\0b"]])
def test_what_is_no_id_fails_without_a_request(library: Almanac, server: Peer, ids: list[str]) -> None:
    failed = library.fetch_papers(ids)
    assert failed.status == "failed"
    assert failed.hint
    assert server.requests == []


def test_papers_and_files_in_one_ingest(library: Almanac, server: Peer, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("1. Notes\n    1. first of all\n    2. second of all\n2. More\n")
    steps: list[Progress] = []
    places = [f"arxiv:{A}", tmp_path / "notes.md", f"https://arxiv.org/abs/{B}", "https://10.0.0.1/post"]
    outcomes = {o.source: o for o in library.ingest(places, report=steps.append)}
    assert {source: o.status for source, o in outcomes.items()} == {
        str(tmp_path / "notes.md"): "ok",
        "https://10.0.0.1/post": "failed",
        "arxiv:api": "ok",
    }
    assert "no address of the open internet" in outcomes["https://10.0.0.1/post"].error
    assert server.requests[0].ids == [A, B]
    last = [step for step in steps if step.stage != "digests"][-1]
    assert (last.stage, last.sources_done, last.sources_total) == ("done", 3, 3)


def test_a_file_of_that_name_is_a_file(library: Almanac, server: Peer, monkeypatch: pytest.MonkeyPatch,
                                       tmp_path: Path) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("arxiv:notes").write_text("1. Notes\n    1. first of all\n    2. second of all\n2. More\n")
    (outcome,) = library.ingest(["arxiv:notes"])
    assert (outcome.status, outcome.kind) == ("ok", Kind.NOTES)
    assert server.requests == []


def test_cancelled_before_the_fetch(library: Almanac, server: Peer) -> None:
    assert list(library.ingest([f"arxiv:{A}"], cancelled=lambda: True)) == []
    assert server.requests == []


def test_the_command_fetches_and_says_what_came(
    server: Peer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(almanac.models, "load_embedder", lambda settings: FakeEmbedder())
    server.script = [truth(missing=[B])]
    assert main(["ingest", f"arxiv:{A}", f"https://arxiv.org/abs/{B}", "--json"]) == 0
    (outcome,) = json.loads(capsys.readouterr().out)["outcomes"]
    assert (outcome["source"], outcome["kind"], outcome["status"]) == ("arxiv:api", "arxiv", "partial")
    assert (outcome["added"], outcome["skipped"]) == (1, 1)
    assert B in outcome["warnings"][0]
    assert main(["ingest", "arxiv:nonsense"]) == 1
    assert "names no paper of arXiv" in capsys.readouterr().out
