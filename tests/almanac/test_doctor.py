"""The doctor: how the library and its sources fare, and the language model."""

import json
from pathlib import Path

import pytest

from almanac.__main__ import main
from kb.settings import load_settings
from tests.llm_server import MODEL, llm_server
from tests.peers import entry, feed


def _checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, llm: str
) -> tuple[int, dict[str, str]]:
    monkeypatch.setenv("ALMANAC_EMBEDDER", "none")
    monkeypatch.setenv("ALMANAC_LLM", llm)
    status = main(["doctor", "--json"])
    checks = json.loads(capsys.readouterr().out)["checks"]
    return status, next(check for check in checks if check["name"] == "language model")


def test_it_says_how_much_there_is_how_sources_fare_and_what_is_shown_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ALMANAC_EMBEDDER", "none")
    first, second = tmp_path / "papers.xml", tmp_path / "again.xml"
    for path in (first, second):
        path.write_text(feed(entry("2309.06180v2")), encoding="utf-8")
    assert main(["ingest", str(first), str(second)]) == 0
    assert main(["subscribe", str(tmp_path), "--name", "Mine"]) == 0
    subscriptions = load_settings().home / "subscriptions.toml"
    subscriptions.write_text(subscriptions.read_text().replace(str(tmp_path), str(tmp_path / "gone")))
    assert main(["sync"]) == 1
    capsys.readouterr()
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "1 documents in 1 passages, of 2 sources" in told
    assert "Mine: failing, last success never, next check 20" in told
    assert "1 documents are held by several sources and shown once" in told
    assert "arxiv:2309.06180: from " in told
    assert "the same arXiv number" in told
    assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["documents"], found["sources"], found["embedding"]["characters_embedded"]) == (1, 2, 0)
    assert found["subscriptions"][0]["state"] == "failing"
    assert found["subscriptions"][0]["next_check"]


def test_no_model_is_sound(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    status, check = _checked(capsys, monkeypatch, "none")
    assert (status, check["ok"]) == (0, True)
    assert "none is chosen" in check["found"]


def test_a_missing_file_is_found(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    status, check = _checked(capsys, monkeypatch, "gguf:absent.gguf")
    assert (status, check["ok"]) == (1, False)
    assert "no model file" in check["found"]
    assert "Models page" in check["remedy"]


def test_a_server_is_asked_for_its_model(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with llm_server() as server:
        status, check = _checked(capsys, monkeypatch, server.llm)
        assert (status, check["ok"]) == (0, True)
        assert MODEL in check["found"]
        status, check = _checked(capsys, monkeypatch, f"openai:{server.url}#other")
        assert (status, check["ok"]) == (1, False)
        assert check["remedy"] == f"It has {MODEL}, another."
        assert server.requests == []
    status, check = _checked(capsys, monkeypatch, server.llm)
    assert (status, check["ok"]) == (1, False)
    assert "cannot be reached" in check["found"]
