"""The command that asks: one answer, a batch with histories, and clear words for bad lines."""

import json
from pathlib import Path

import pytest

from almanac.__main__ import main
from tests.chat.conftest import NOTES


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALMANAC_EMBEDDER", "none")
    notes = tmp_path / "widgets.md"
    notes.write_text(NOTES, encoding="utf-8")
    assert main(["ingest", str(notes)]) == 0
    return tmp_path


def test_an_answer_has_the_fields_of_the_contract(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["ask", "What is a widget cache?", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["answer", "citations", "grounded", "estimates", "missing", "unsupported"]
    assert told["grounded"] is True
    assert told["citations"][0]["quote"] in told["answer"]


def test_a_batch_answers_in_order_with_errors_in_place(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = [{"role": "user", "content": "bubble for 8 stages and 64 microbatches"}]
    lines = [
        {"id": 1, "question": "How large are the trays?"},
        {"id": 2, "question": "and for 16 stages?", "history": history},
        {"id": 3, "question": " "},
        {"id": 4},
        {"id": 5, "question": "x", "history": [{"role": "bot", "content": "y"}]},
        {"id": 6, "question": "What is the capital of France?"},
    ]
    batch = filled / "batch.jsonl"
    batch.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    capsys.readouterr()
    assert main(["ask", "--batch", str(batch), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in told] == [1, 2, 3, 4, 5, 6]
    assert told[1]["estimates"][0]["inputs"]["pp"] == 16
    assert [line["error"]["field"] for line in told[2:5]] == ["question", "question", "history[0].role"]
    assert told[5]["grounded"] is False


def test_the_terminal_shows_sources(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["ask", "What is a widget cache?"]) == 0
    shown = capsys.readouterr().out
    assert "[1]" in shown
    assert "Widgets at scale" in shown


def test_no_question_is_an_error_with_a_hint(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "  "]) == 1
    assert "empty" in capsys.readouterr().err
