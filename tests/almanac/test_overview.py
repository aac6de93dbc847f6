"""almanac.overview: counts and checks that say what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from almanac.library import Almanac, open_almanac
from kb.settings import load_settings
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
    checks = {check.name: check for check in library.overview.checks()}
    assert not checks["vectors"].ok
    assert "reindex" in checks["vectors"].remedy
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
    found = made.overview.embedding("fake-128", 5)
    assert found["characters"] == found["characters_embedded"] > 0
    assert found["passages"] == found["passages_embedded"] == found["split"]
    assert made.overview.embedding("another")["characters_embedded"] == 0
    made.close()


def test_documents_of_several_sources_are_listed(library: Almanac, tmp_path: Path) -> None:
    (tmp_path / "again.xml").write_text(PAPER.replace("<title>A Study", "<title>A study"), encoding="utf-8")
    list(library.ingest([tmp_path / "again.xml"]))
    ((doc_id, _, sources),) = library.overview.merged()
    assert doc_id == "arxiv:2104.04473"
    assert [Path(s).name for s in sources] == ["again.xml", "papers.xml"]
