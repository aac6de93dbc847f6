"""almanac.portable: a library goes out whole, comes in whole or not at all, and replaces nothing of the reader's."""

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from almanac.__main__ import main
from almanac.library import Almanac, open_almanac
from almanac.portable import DATABASE, MANIFEST, export_library, import_library
from kb.errors import Locked, SchemaTooNew, StoreError
from kb.settings import load_settings
from kb.store.lock import exclusive
from tests.fakes import FakeEmbedder, FixedClock

NOTES = "1. Pipeline bubble\n    1. More micro-batches shrink it\n2. 流水线气泡\n    1. 微批次越多气泡越小\n"


def a_library(home: Path) -> Almanac:
    return open_almanac(load_settings(home, lock_wait=0.2), embedder=FakeEmbedder(), clock=FixedClock())


@pytest.fixture
def full(tmp_path: Path) -> Almanac:
    """Return a library with an uploaded note, a corrected topic and a file of subscriptions."""
    almanac = a_library(tmp_path / "one")
    list(almanac.ingest([str(almanac.save_upload("bubble.md", NOTES.encode()))]))
    (found,) = almanac.store.infos()
    almanac.correct_topics(found.id, ["hardware"])
    (almanac.settings.home / "subscriptions.toml").write_text("# mine\n", encoding="utf-8")
    return almanac


def test_what_goes_out_comes_in(full: Almanac, tmp_path: Path) -> None:
    manifest = export_library(full.store, tmp_path / "out")
    assert manifest.documents == 1
    (line,) = (tmp_path / "out" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["topics"] == ["hardware"]
    assert "微批次越多" in json.loads(line)["text"]
    other = a_library(tmp_path / "two")
    before = other.store.generation()
    _, kept = import_library(other.store, tmp_path / "out")
    assert kept == []
    assert other.store.generation() > before
    assert [info.id for info in other.store.infos()] == [info.id for info in full.store.infos()]
    assert other.search("micro-batches").hits[0].chunk.doc_id == full.store.infos()[0].id
    assert (other.settings.home / "subscriptions.toml").read_text(encoding="utf-8") == "# mine\n"
    assert other.store.fact("library") != full.store.fact("library")
    # Its uploads are its own now, and are read from where they lie.
    (source,) = other.overview.sources()
    assert source.location == str(other.settings.home.absolute() / "uploads" / "bubble.md")
    assert [outcome.status for outcome in other.ingest([source.location])] == ["unchanged"]
    other.reindex()
    assert other.search("micro-batches").hits


def test_an_export_replaces_an_earlier_one_and_nothing_else(full: Almanac, tmp_path: Path) -> None:
    export_library(full.store, tmp_path / "out")
    (tmp_path / "out" / "stale.txt").write_text("from before", encoding="utf-8")
    export_library(full.store, tmp_path / "out")
    assert not (tmp_path / "out" / "stale.txt").exists()
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "dear.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match="no export"):
        export_library(full.store, letters)
    assert (letters / "dear.txt").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letters", "one", "out"]


def test_a_library_of_ones_own_is_never_replaced(full: Almanac, tmp_path: Path) -> None:
    export_library(full.store, tmp_path / "out")
    with pytest.raises(StoreError, match="holds documents, corrected topics of its own") as caught:
        import_library(full.store, tmp_path / "out")
    assert "--home" in caught.value.hint
    asked = a_library(tmp_path / "asked")
    asked.store.rows("SELECT 1")
    with asked.store.write("keeping a search") as writer:
        writer.save_search("bubble")
    with pytest.raises(StoreError, match="kept searches"):
        import_library(asked.store, tmp_path / "out")


def test_settings_of_this_home_stay(full: Almanac, tmp_path: Path) -> None:
    export_library(full.store, tmp_path / "out")
    other = a_library(tmp_path / "two")
    (other.settings.home / "subscriptions.toml").write_text("# theirs\n", encoding="utf-8")
    assert import_library(other.store, tmp_path / "out")[1] == ["subscriptions.toml"]
    assert (other.settings.home / "subscriptions.toml").read_text(encoding="utf-8") == "# theirs\n"


@pytest.mark.parametrize("spoil", ["no manifest", "no JSON", "another format", "a byte", "a file gone", "outside"])
def test_an_export_that_is_not_whole_changes_nothing(full: Almanac, tmp_path: Path, spoil: str) -> None:
    out = tmp_path / "out"
    export_library(full.store, out)
    manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    if spoil == "no manifest":
        (out / MANIFEST).unlink()
    elif spoil == "no JSON":
        (out / MANIFEST).write_bytes(b"\xff\xfe{")
    elif spoil == "another format":
        (out / MANIFEST).write_text(json.dumps(manifest | {"format": 2}), encoding="utf-8")
    elif spoil == "a byte":
        with (out / DATABASE).open("ab") as stream:
            stream.write(b"x")
    elif spoil == "a file gone":
        (out / "uploads" / "bubble.md").unlink()
    else:
        (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
        manifest["files"]["../secret.txt"] = "0"
        (out / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    other = a_library(tmp_path / "two")
    with pytest.raises(StoreError) as caught:
        import_library(other.store, out)
    assert caught.value.hint
    assert other.store.infos() == []
    assert not (other.settings.home / "uploads").exists()


def test_a_damaged_or_newer_database_is_refused(full: Almanac, tmp_path: Path) -> None:
    other = a_library(tmp_path / "two")
    newer, damaged = tmp_path / "newer", tmp_path / "damaged"
    for folder in (newer, damaged):
        export_library(full.store, folder)
    with sqlite3.connect(newer / DATABASE) as database:
        database.execute("PRAGMA user_version = 999")
    data = (damaged / DATABASE).read_bytes()
    (damaged / DATABASE).write_bytes(data[: len(data) // 2])
    for folder in (newer, damaged):
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest["files"][DATABASE] = hashlib.sha256((folder / DATABASE).read_bytes()).hexdigest()
        (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(SchemaTooNew):
        import_library(other.store, newer)
    with pytest.raises(StoreError, match="damaged"):
        import_library(other.store, damaged)
    assert other.store.infos() == []
    assert not list(other.settings.home.glob(".import-*"))


def test_an_open_app_is_not_pulled_from_under_its_reader(full: Almanac, tmp_path: Path) -> None:
    export_library(full.store, tmp_path / "out")
    other = a_library(tmp_path / "two")
    with (
        exclusive(other.settings.home / "chroma.lock", "serving", 0.1),
        pytest.raises(Locked, match="open in the app"),
    ):
        import_library(other.store, tmp_path / "out")


def test_the_commands(full: Almanac, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, out, two = str(full.settings.home), str(tmp_path / "out"), str(tmp_path / "two")
    assert main(["export", out, "--home", home, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 1
    assert main(["import", out, "--home", two]) == 0
    assert "documents imported: 1" in capsys.readouterr().out
    assert main(["import", out, "--home", two]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 2
    shutil.rmtree(out)
    assert main(["import", out, "--home", str(tmp_path / "three")]) == 1
    assert "is no export" in capsys.readouterr().err
