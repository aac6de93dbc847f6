"""almanac.commands: each command's contract for scripts, its success and its failure."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

import almanac.models
from almanac.__main__ import discover, main
from almanac.commands._output import run_batch
from tests.almanac.test_library import NOTES, PAPER
from tests.fakes import FakeEmbedder

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def fake_embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(almanac.models, "load_embedder", lambda settings: FakeEmbedder())


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    (tmp_path / "papers.xml").write_text(PAPER, encoding="utf-8")
    return [str(tmp_path / "notes.md"), str(tmp_path / "papers.xml")]


def call(capsys: Capture, *argv: str) -> tuple[int, Any]:
    """Run a command and return its status and its JSON."""
    capsys.readouterr()
    status = main([*argv, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_ingest_says_an_outcome_a_source_and_again_that_nothing_changed(capsys: Capture, files: list[str]) -> None:
    status, found = call(capsys, "ingest", *files)
    assert status == 0
    first, second = found["outcomes"]
    assert first["source"] == files[0]
    assert (first["kind"], first["status"], first["documents"], first["added"]) == ("notes", "ok", 1, 1)
    assert first["chunks"] > 0
    assert (second["kind"], second["removed"], second["skipped"], second["warnings"]) == ("arxiv", 0, 0, [])
    assert {o["status"] for o in call(capsys, "ingest", *files)[1]["outcomes"]} == {"unchanged"}


def test_ingest_goes_on_past_a_bad_file_and_fails_only_when_all_fail(
    capsys: Capture, files: list[str], tmp_path: Path
) -> None:
    (tmp_path / "bad.txt").write_bytes(b"")
    status, found = call(capsys, "ingest", str(tmp_path / "bad.txt"), files[0])
    assert status == 0
    assert [o["status"] for o in found["outcomes"]] == ["failed", "ok"]
    assert "bad.txt" in found["outcomes"][0]["error"]
    assert call(capsys, "ingest", str(tmp_path / "bad.txt"))[0] == 1
    assert main(["ingest", str(tmp_path / "missing")]) == 1
    assert "cannot be read" in capsys.readouterr().out


def test_ingest_takes_a_kind_by_order(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("A title of a page\n\n" + "Some words about caches and GPUs. " * 30)
    assert call(capsys, "ingest", str(path), "--kind", "notes")[1]["outcomes"][0]["kind"] == "notes"


def test_documents_lists_what_the_contract_names(capsys: Capture, files: list[str]) -> None:
    main(["ingest", *files])
    _, found = call(capsys, "documents")
    paper = found["documents"][0]
    assert paper["id"] == "arxiv:2104.04473"
    assert paper["authors"] == ["A. Author"]
    assert (paper["published"][:10], paper["quarter"], paper["language"]) == ("2021-04-09", "2021-Q2", "en")
    assert paper["url"] == "https://arxiv.org/abs/2104.04473"
    assert {"kind", "title", "topics", "chunks"} <= paper.keys()
    assert call(capsys, "documents", "--kind", "rss")[1] == {"documents": []}
    assert main(["documents", "--quarter", "2021-Q2"]) == 0
    assert "1 documents" in capsys.readouterr().out


def test_search_gives_hits_as_the_contract_names_them(capsys: Capture, files: list[str]) -> None:
    main(["ingest", *files])
    status, found = call(capsys, "search", "權重量化", "-k", "3")
    hit = found["hits"][0]
    assert status == 0
    assert hit["rank"] == 1
    assert hit["doc_id"] == "notes:notes.md"
    assert hit["chunk_id"].startswith("notes:notes.md#")
    assert hit["matched"] in ("vector", "keyword", "both")
    assert {"score", "title", "url", "kind", "path", "text", "published", "topics"} <= hit.keys()
    assert call(capsys, "search", "pipeline", "--kind", "rss")[1]["hits"] == []
    assert main(["search", "zzz", "--until", "1990"]) == 0
    assert "Nothing in the library matches" in capsys.readouterr().out


def test_search_answers_a_batch_in_order_with_errors_in_their_place(
    capsys: Capture, files: list[str], tmp_path: Path
) -> None:
    main(["ingest", *files])
    lines = [
        {"id": "a", "query": "in flight", "k": 1},
        {"id": "b", "query": 7},
        {"id": "c", "query": "x", "topics": ["cooking"]},
        {"id": "d", "query": "x", "k": 0},
        {"id": "e"},
    ]
    batch = tmp_path / "batch.jsonl"
    batch.write_text("\n".join([*map(json.dumps, lines), "not json", "[1]"]))
    capsys.readouterr()
    assert main(["search", "--batch", str(batch)]) == 0
    replies = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [r["id"] for r in replies] == ["a", "b", "c", "d", "e", None, None]
    assert len(replies[0]["hits"]) == 1
    assert [r["error"]["field"] for r in replies[1:5]] == ["query", "topics", "k", "query"]
    assert all(r["error"]["message"] for r in replies[1:])


def test_a_fault_in_one_line_costs_the_others_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"id": 1}\n{"id": 2}\n', encoding="utf-8")

    def answer(request: dict[str, object]) -> dict[str, object]:
        return {"half": 1 / (request["id"] - 1)}  # type: ignore[operator]

    assert run_batch(str(batch), answer) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert "ZeroDivisionError" in first["error"]["message"]
    assert second == {"id": 2, "half": 1.0}
    assert "Traceback" in caplog.text


def test_a_batch_may_come_from_standard_input(
    capsys: Capture, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["ingest", *files])
    monkeypatch.setattr("sys.stdin", io.StringIO('{"id": 1, "query": "量化"}\n'))
    capsys.readouterr()
    assert main(["search", "--batch", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == 1


def test_errors_are_two_lines_and_exit_status_one(capsys: Capture, tmp_path: Path) -> None:
    assert main(["search"]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 2
    assert main(["search", "x", "--topic", "cooking"]) == 1
    assert "parallelism" in capsys.readouterr().err
    assert main(["search", "--batch", str(tmp_path / "none.jsonl")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_status_and_doctor_tell_the_state(capsys: Capture, files: list[str]) -> None:
    main(["ingest", *files])
    _, found = call(capsys, "status")
    assert (found["documents"], found["waiting"], found["outbox"]) == (2, 0, 0)
    status, found = call(capsys, "doctor")
    assert status == 0, found
    assert {"database", "text index", "embedder", "index", "disk"} <= {c["name"] for c in found["checks"]}
    assert main(["status"]) == 0
    assert "2 documents" in capsys.readouterr().out


def test_doctor_finds_and_mends_a_lost_index(capsys: Capture, files: list[str]) -> None:
    main(["ingest", *files])
    import os
    import shutil

    import chromadb

    shutil.rmtree(Path(os.environ["ALMANAC_HOME"]) / "chroma")
    chromadb.api.shared_system_client.SharedSystemClient.clear_system_cache()
    assert main(["doctor"]) == 1
    assert "FAIL index" in capsys.readouterr().out
    assert main(["doctor", "--repair"]) == 0
    assert main(["doctor"]) == 0


def test_reindex_counts_and_refuses_without_an_embedder(
    capsys: Capture, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["ingest", *files])
    assert call(capsys, "reindex")[1]["indexed"] > 0
    monkeypatch.setenv("ALMANAC_EMBEDDER", "none")
    assert main(["reindex"]) == 1
    assert "No embedder" in capsys.readouterr().err


def test_starter_loads_and_is_removed(capsys: Capture) -> None:
    status, found = call(capsys, "starter")
    assert status == 0
    documents = sum(o["documents"] for o in found["outcomes"])
    assert documents > 10
    assert call(capsys, "starter", "--remove")[1] == {"removed": documents}


def test_no_other_command_loads_the_starter_library(capsys: Capture) -> None:
    assert call(capsys, "documents")[1] == {"documents": []}
    assert call(capsys, "search", "pipeline")[1]["hits"] == []


def test_the_home_may_be_named_before_or_after_the_command(capsys: Capture, files: list[str], tmp_path: Path) -> None:
    other = str(tmp_path / "other")
    assert main(["--home", other, "ingest", files[0], "--json"]) == 0
    assert len(call(capsys, "documents", "--home", other)[1]["documents"]) == 1
    assert call(capsys, "documents")[1]["documents"] == []


@pytest.mark.parametrize("name", sorted(discover()))
def test_every_command_explains_itself_with_an_example(name: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"python -m almanac {name}" in capsys.readouterr().out


def test_a_setting_out_of_range_is_one_clear_error(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALMANAC_MAX_FILE", "-4")
    assert main(["status"]) == 1
    assert "ALMANAC_MAX_FILE" in capsys.readouterr().err
