"""almanac.overview: counts and checks that say what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from almanac.library import Almanac, open_almanac
from almanac.overview import Check, Overview
from almanac.subscriptions import make_subscription
from kb.settings import load_settings
from kb.types import Kind
from tests.almanac.test_library import NOTES, PAPER
from tests.fakes import FakeEmbedder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Almanac]:
    made = open_almanac(load_settings(tmp_path / "home", embedder="none"))
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    (tmp_path / "papers.xml").write_text(PAPER, encoding="utf-8")
    list(made.ingest([tmp_path / "notes.md", tmp_path / "papers.xml"]))
    yield made
    made.close()


def test_counts_by_field(library: Almanac) -> None:
    assert library.overview.by("kind") == {"arxiv": 1, "notes": 1}
    assert library.overview.by("quarter") == {"": 1, "2021-Q2": 1}
    assert next((q, n) for q, _, n in library.overview.by_quarter_and_topic()) == ("2021-Q2", 1)
    assert library.overview.labels()["very-good"] >= 1


def test_a_failed_source_is_listed_first_with_its_remedy(library: Almanac, tmp_path: Path) -> None:
    path = tmp_path / "papers.xml"
    path.write_bytes(b"")
    list(library.ingest([path]))
    first = library.overview.sources()[0]
    assert (first.location, first.status, first.documents) == (str(path), "failed", 1)
    assert first.error
    assert first.hint
    checks = {check.name: check for check in library.overview.checks()}
    assert not checks["sources"].ok
    assert str(path) in checks["sources"].remedy


def test_passages_without_vectors_are_said(library: Almanac) -> None:
    wanted = Overview(library.store, load_settings(library.settings.home, embedder="st:some-model"))
    (vectors,) = [check for check in wanted.checks() if check.name == "vectors"]
    assert not vectors.ok
    assert "reindex" in vectors.remedy


def test_vectors_that_nobody_wants_are_no_fault(library: Almanac) -> None:
    checks = {check.name: check for check in library.overview.checks()}
    assert checks["vectors"].ok
    assert checks["vectors"].found.endswith("none are made, by the setting EMBEDDER")
    assert checks["database"].ok
    assert checks["text index"].ok


def test_a_broken_text_index_is_said(library: Almanac) -> None:
    library.store.connection.execute("DELETE FROM words WHERE rowid = (SELECT min(rowid) FROM words)")
    checks = {check.name: check for check in library.overview.checks()}
    assert not checks["text index"].ok


def test_removed_documents_are_listed(library: Almanac) -> None:
    library.remove_document("notes:notes.md")
    assert [(doc, bool(title)) for doc, title, _ in library.overview.removed()] == [("notes:notes.md", True)]


def test_characters_in_and_embedded_are_counted(tmp_path: Path) -> None:
    made = open_almanac(load_settings(tmp_path / "home"), embedder=FakeEmbedder(max_tokens=5))
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    list(made.ingest([tmp_path / "notes.md"], embed=True))
    embedder = made.models.ready()
    assert embedder is not None
    found = made.overview.embedding(embedder.fingerprint, 5)
    assert found["characters"] == found["characters_embedded"] > 0
    assert found["passages"] == found["passages_embedded"] == found["split"]
    assert made.overview.embedding("another")["characters_embedded"] == 0
    made.close()


def test_documents_of_several_sources_are_listed(library: Almanac, tmp_path: Path) -> None:
    (tmp_path / "again.xml").write_text(PAPER.replace("<title>A Study", "<title>A study"), encoding="utf-8")
    list(library.ingest([tmp_path / "again.xml"]))
    (merged,) = library.overview.merged()
    assert merged.doc_id == "arxiv:2104.04473"
    assert sorted(Path(place).name for place in (merged.shown, *merged.others)) == ["again.xml", "papers.xml"]
    assert "arXiv number" in merged.why
    assert library.overview.status()["merged"][0]["doc_id"] == "arxiv:2104.04473"


def test_passages_that_stand_in_several_documents_are_counted(library: Almanac, tmp_path: Path) -> None:
    assert library.overview.repeated() == 0
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.md").write_text("1. Caches\n    1. paged ones waste little memory\n", encoding="utf-8")
    list(library.ingest([tmp_path / "one", tmp_path / "two"]))
    assert library.overview.repeated() == 1


def test_what_was_left_out_is_listed_with_its_reason(library: Almanac, tmp_path: Path) -> None:
    twice = "<item><title>A</title><guid>1</guid><description>Same.</description></item>" * 3
    (tmp_path / "feed.xml").write_text(f"<rss version='2.0'><channel>{twice}</channel></rss>", encoding="utf-8")
    list(library.ingest([tmp_path / "feed.xml"]))
    (source,) = library.overview.left_out()
    assert (Path(source.location).name, source.skipped) == ("feed.xml", 2)
    assert any("word for word" in warning for warning in source.warnings)


def test_subscriptions_in_trouble_are_a_finding_with_a_remedy(library: Almanac) -> None:
    def check() -> Check:
        return next(check for check in library.overview.checks() if check.name == "subscriptions")

    assert check().ok
    one = make_subscription(name="Bad", kind=Kind.RSS, target="http://127.0.0.1:9/feed")
    library.sources.add([one])
    assert check().ok, "one that was never checked is not in trouble"
    list(library.sources.sync())
    assert not check().ok
    assert check().found == "1 of 1 need attention"
    assert check().remedy.startswith("Bad: ")
    library.sources.pause(one.key)
    assert check().ok, "a paused one is not in trouble"
    library.sources.file.path.write_text("[[subscription]", encoding="utf-8")
    assert "no TOML" in check().found
