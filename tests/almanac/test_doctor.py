"""The doctor's look at the language model."""

import json

import pytest

from almanac.__main__ import main
from tests.llm_server import MODEL, llm_server


def _checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, llm: str
) -> tuple[int, dict[str, str]]:
    monkeypatch.setenv("ALMANAC_EMBEDDER", "none")
    monkeypatch.setenv("ALMANAC_LLM", llm)
    status = main(["doctor", "--json"])
    checks = json.loads(capsys.readouterr().out)["checks"]
    return status, next(check for check in checks if check["name"] == "language model")


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
