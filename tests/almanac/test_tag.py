"""The command `tag`: one reply a line, errors in their place, no library opened."""

import io
import json
from pathlib import Path

import pytest

from almanac.__main__ import main


def replies(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_line_gets_its_reply_in_order(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    batch = tmp_path / "titles.jsonl"
    lines = [
        {"id": "a", "title": "Speculative decoding for LLM serving"},
        {"id": 2, "title": "Bird song"},
        {"id": None, "title": "报告", "text": "我们研究四比特权重量化与激活离群值。"},
        {"id": 4, "title": "Wafer-scale accelerators", "text": None},
    ]
    batch.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n", encoding="utf-8")
    assert main(["tag", "--batch", str(batch)]) == 0
    answers = replies(capsys)
    assert [answer["id"] for answer in answers] == ["a", 2, None, 4]
    assert [answer["topics"] for answer in answers] == [["serving"], [], ["quantization"], ["hardware"]]
    for answer in answers:
        assert set(answer) == {"id", "topics", "scores"}
        scores = answer["scores"]
        assert isinstance(scores, dict)
        assert set(scores) == {"parallelism", "quantization", "serving", "hardware", "compression"}
        assert all(0 <= score <= 1 for score in scores.values())
    assert not home.exists()


def test_bad_lines_give_errors_in_their_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["{", "[]", '{"id":1}', '{"id":2,"title":3}', '{"id":3,"title":"x","text":[]}', '{"id":4,"title":" "}']
    lines.append('{"id":5,"title":"Pruning"}')
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    assert main(["tag", "--batch", "-"]) == 0
    answers = replies(capsys)
    fields = [answer["error"]["field"] if "error" in answer else "" for answer in answers]  # type: ignore[index]
    assert fields == ["", "", "title", "title", "text", "title", ""]
    assert [answer["id"] for answer in answers] == [None, None, 1, 2, 3, 4, 5]
    assert answers[-1]["topics"] == ["compression"]


def test_without_a_batch_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag"]) == 1
    assert "--batch" in capsys.readouterr().err


def test_a_missing_file_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "--batch", str(tmp_path / "absent.jsonl")]) == 1
    assert "absent.jsonl" in capsys.readouterr().err
