"""The benchmarks' own machinery: discovery, tables, timings, and what a ranking scores."""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as runner
from benchmarks._generated import PER_DOCUMENT, Generator
from benchmarks._questions import Question, by_column, gain, hit_share, mean_reciprocal_rank, rank_of
from benchmarks._table import Table, bar, draw, format_value, tables_of
from benchmarks._timing import Stages, in_turn, percentile
from benchmarks._vectors import RememberingEmbedder
from kb.chunk import count_units
from tests.fakes import FakeEmbedder
from tests.source_tree import ROOT


def test_every_benchmark_is_found_and_says_what_it_measures() -> None:
    found = runner.discover()
    files = {path.stem for path in (ROOT / "benchmarks").glob("*.py") if not path.stem.startswith("_")}
    assert {module.__name__.rpartition(".")[2] for module in found.values()} == files
    assert {"ingest", "search", "startup", "quality", "topics"} <= set(found)
    assert all(module.HELP and not module.HELP.endswith(".") for module in found.values())
    assert {runner.group_of(module) for module in found.values()} == set(runner.GROUPS)


def test_the_list_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["--list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in runner.discover())


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        runner.main(["no-such-benchmark"])
    assert "there is no benchmark no-such-benchmark" in capsys.readouterr().err


class _Module:
    NAME, HELP, GROUP = "tiny", "what it measures", "speed"

    @staticmethod
    def run(args: argparse.Namespace) -> list[object]:
        return [{"part": "a", "ms": 1.5}, {"part": "b", "ms": 20}, Table("second", [{"ratio": 0.9}])]


def test_results_are_printed_as_tables_or_as_one_object(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "discover", lambda: {"tiny": _Module})
    assert runner.main(["tiny"]) == 0
    shown = capsys.readouterr().out
    assert "what it measures" in shown
    assert "second" in shown
    assert runner.main(["tiny", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["machine"]["cores"] >= 1
    (result,) = told["benchmarks"]
    assert [table["title"] for table in result["tables"]] == ["second", "what it measures"]
    assert result["tables"][1]["rows"] == [{"part": "a", "ms": 1.5}, {"part": "b", "ms": 20}]


def test_a_table_is_aligned_in_both_scripts() -> None:
    rows = [{"name": "纯文本", "ms": 3.14159}, {"name": "plain", "ms": None}, {"name": "x", "ms": 1234.5}]
    lines = draw(Table("title", rows, ("a note",))).splitlines()
    assert lines == [
        "title",
        "name      ms",
        "------  ----",
        "纯文本  3.14",
        "plain      -",
        "x       1234",
        "  a note",
    ]


def test_plain_rows_become_a_table_at_the_end() -> None:
    assert [table.title for table in tables_of("rows", [{"a": 1}, Table("one", [])])] == ["one", "rows"]


@pytest.mark.parametrize(
    ("value", "least", "most", "met"),
    [
        (0.9, 0.9, None, "yes"), (0.899, 0.9, None, "yes"), (0.89, 0.9, None, "NO"),
        (1.5, None, 1.5, "yes"), (1.6, None, 1.5, "NO"),
    ],
)  # fmt: skip
def test_a_bar_is_judged_by_what_is_shown(value: float, least: float | None, most: float | None, met: str) -> None:
    assert bar("m", value, least=least, most=most)["met"] == met


def test_a_bar_without_a_value_is_not_met() -> None:
    assert bar("m", None, least=1)["met"] == "not measured"


def test_numbers_have_as_many_digits_as_they_bear() -> None:
    assert [format_value(v) for v in (0.0123, 0.5, 12.34, 1234.5, 7, None, "x")] == [
        "0.012",
        "0.50",
        "12.3",
        "1234",
        "7",
        "-",
        "x",
    ]


def test_parts_are_timed_in_turn() -> None:
    called: list[str] = []
    times = in_turn({"a": lambda: called.append("a"), "b": lambda: called.append("b")}, 2)
    assert called == ["a", "b", "a", "b"]
    assert {name: len(values) for name, values in times.items()} == {"a": 2, "b": 2}


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.95, 1.0)] == [50, 95, 100]
    assert math.isnan(percentile([], 0.5))


class _Work:
    def outer(self) -> int:
        return self.inner() + 1

    def inner(self) -> int:
        return 1


def test_a_stage_within_a_stage_counts_once() -> None:
    work, stages = _Work(), Stages()
    with stages.watching([(_Work, "outer", "outer"), (_Work, "inner", "inner"), (_Work, "gone", "gone")]):
        assert work.outer() == 2
        assert work.inner() == 1
    assert stages.calls == {"outer": 1, "inner": 1}
    work.inner()
    assert stages.calls["inner"] == 1


# Scores

QUESTION = Question("q", "?", "x-en2zh", ("記憶體 牆", "Memory Wall"))


def test_an_answer_is_found_whatever_its_spaces_case_and_script() -> None:
    assert QUESTION.answered_by("the MEMORY\n  wall of today")
    assert QUESTION.answered_by("ｍｅｍｏｒｙ　ｗａｌｌ")
    assert QUESTION.answered_by("所谓记忆体墙")
    assert not QUESTION.answered_by("a wall of memories")


def test_scores_are_those_of_the_books() -> None:
    assert rank_of(QUESTION, ["no", "a memory wall", "a memory wall"]) == 2
    assert rank_of(QUESTION, ["no"] * 10 + ["memory wall"]) is None
    ranks = [1, 6, None, 2]
    assert hit_share(ranks, 1) == 0.25
    assert hit_share(ranks, 5) == 0.5
    assert hit_share([], 5) is None
    assert mean_reciprocal_rank(ranks) == pytest.approx((1 + 1 / 6 + 1 / 2) / 4)
    assert [gain(rank) for rank in (1, 3, None)] == [1.0, 0.5, 0.0]
    assert by_column([QUESTION], [3]) == {
        "English": [], "Chinese": [], "cross-lingual": [3], "exact terms": [], "all": [3],
    }  # fmt: skip


def test_a_remembering_embedder_asks_once_a_machine(tmp_path: Path, embedder: FakeEmbedder) -> None:
    first = RememberingEmbedder(embedder, tmp_path)
    made = first.embed(["one", "two", "one"])
    question = first.embed_query("one")
    first.keep()
    again = RememberingEmbedder(embedder, tmp_path)
    assert np.array_equal(again.embed(["one", "two", "one"]), made)
    assert np.array_equal(again.embed_query("one"), question)
    assert embedder.embedded == ["one", "two"]
    assert embedder.queries == ["one"]


# The generated library


def test_generated_libraries_are_equal_and_realistic() -> None:
    made, again = ([*Generator(16).documents(240)] for _ in range(2))
    assert [item.document for item in made] == [item.document for item in again]
    chunks = [chunk for item in made for chunk in item.chunks]
    assert len(chunks) == 240
    assert {len(item.chunks) for item in made} == {PER_DOCUMENT}
    assert 90 < np.median([count_units(chunk.text) for chunk in chunks]) < 200
    assert {item.document.language for item in made} == {"en", "zh"}
    vectors = np.stack([vector for item in made for vector, _ in item.vectors.values()])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for item in made:
        assert all(item.document.text[chunk.start : chunk.end] == chunk.text for chunk in item.chunks)


def test_generated_questions_are_of_four_kinds() -> None:
    kinds = [question.kind for question in Generator(16).questions(8)]
    assert kinds == ["short", "long", "Chinese", "term"] * 2
