"""`calc`: list, describe, compute, and answer batches."""

import io
import json
import sys
from pathlib import Path

import pytest

from almanac.__main__ import main
from calculators import discover

KV = ["layers=80", "kv_heads=8", "head_dim=128"]


def test_list_names_every_calculator(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calc", "list"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in discover())
    assert main(["calc", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["calculators"]
    assert [item["name"] for item in listed] == list(discover())


@pytest.mark.parametrize("name", list(discover()))
def test_show_describes_a_calculator(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calc", "show", name]) == 0
    text = capsys.readouterr().out
    calculator = discover()[name]
    assert all(output.name in text for output in calculator.outputs)
    assert all(trap.claim in text for trap in calculator.traps)
    assert main(["calc", "show", name, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["inputs"]["properties"]
    assert found["references"]


def test_run_shows_value_formula_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calc", "run", "kv_cache", *KV, "tokens=32768", "tp=16"]) == 0
    text = capsys.readouterr().out
    assert "bytes = 10 GiB" in text
    assert "2·80·8·128·2·32,768·1" in text
    assert "2309.06180" in text
    assert "Warning: tp" in text


def test_run_prints_plans_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    inputs = ["gpus=64", "params=13e9", "gpu_mem_bytes=80e9", "batch=512"]
    assert main(["calc", "run", "planner", *inputs]) == 0
    head, *rows = capsys.readouterr().out.partition("\n\n")[0].splitlines()
    assert head.split()[:3] == ["tp", "pp", "dp"]
    assert len(rows) == 10
    assert {len(row) for row in rows} == {len(head)}
    assert all(len(row.split()) == len(head.split()) for row in rows)
    assert rows[0].split()[head.split().index("sequence_parallel")] in ("yes", "no")


def test_run_reads_maps_flags_and_words(capsys: pytest.CaptureFixture[str]) -> None:
    states = '{"weights": 2, "grads": 2, "optimizer": 12}'
    command = ["calc", "run", "train_memory", "params=7e9", f"bytes_per_param={states}", "--unit", "GB", "--json"]
    assert main(command) == 0
    reply = json.loads(capsys.readouterr().out)
    assert (reply["value"], reply["unit"], reply["output"]) == (112, "GB", "bytes_per_gpu")
    assert {"formula", "latex", "substitution", "source", "breakdown", "assumptions", "warnings"} <= reply.keys()
    model = ["layers=2", "hidden=64", "heads=4", "ffn=128", "vocab=100", "norm=layernorm", "tied=true"]
    assert main(["calc", "--json", "run", "param_count", *model]) == 0
    assert json.loads(capsys.readouterr().out)["calculator"] == "param_count"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "kv_cache", *KV[:2], "head_dim=0"], "head_dim"),
        (["run", "kv_cach", *KV], "kv_cache"),
        (["run", "kv_cache", *KV, "--unit", "ms"], "unit"),
        (["run", "kv_cache", "layers"], "layers"),
        (["run", "kv_cache", "layers=1", "layers=2"], "layers"),
        (["run", "kv_cache", "layers=NaN"], "layers"),
        (["run"], "calculator"),
        ([], "calculator"),
        (["show", "nothing"], "nothing"),
        (["run", "--batch", "no-such-file.jsonl"], "no-such-file.jsonl"),
        (["run", "kv_cache", "--batch", "-"], "batch"),
    ],
)
def test_errors_are_two_lines_and_status_1(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calc", *arguments]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    lines = output.err.strip().splitlines()
    assert len(lines) == 2
    assert named in output.err


@pytest.mark.parametrize("arguments", [["run", "--batch"], ["--batch"], ["run", "--json", "--batch"]])
def test_batch_answers_every_line_in_order(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {
        "id": "a",
        "calculator": "kv_cache",
        "inputs": {"layers": 80, "kv_heads": 8, "head_dim": 128},
        "unit": "KiB",
    }
    bad = {"id": "b", "calculator": "kv_cache", "inputs": {"layers": 0}}
    lines = [
        json.dumps(good),
        "",
        "not json",
        "[" * 100_000,
        json.dumps(bad),
        '{"id":"c","calculator":"kv_cache","inputs":{"layers":NaN}}',
    ]
    path = tmp_path / "requests.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["calc", *arguments, str(path)]) == 0
    replies = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [reply["id"] for reply in replies] == ["a", None, None, "b", "c"]
    assert (replies[0]["value"], replies[0]["unit"]) == (320, "KiB")
    assert replies[3]["error"]["field"] == replies[4]["error"]["field"] == "layers"


def test_batch_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(
        sys, "stdin", io.StringIO('{"id":1,"calculator":"spec_decode","inputs":{"alpha":0.5,"gamma":3}}\n')
    )
    assert main(["calc", "run", "--batch", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == 1.875
