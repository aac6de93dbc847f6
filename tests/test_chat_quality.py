"""The chat on its golden set: the set is sound, and no rate gets worse than its bar."""

from collections import Counter

import pytest

from benchmarks._chat_questions import UNANSWERABLE, Judged, read_chat_questions
from benchmarks.chat import ask_all, bars, measures
from kb.embed import load_embedder
from kb.settings import load_settings


def test_the_set_is_large_enough_and_mixed() -> None:
    questions = read_chat_questions()
    kinds = Counter(question.kind for question in questions)
    assert len({question.id for question in questions}) == len(questions) >= 60
    assert sum(kinds[kind] for kind in UNANSWERABLE) >= len(questions) / 3
    assert kinds["calculator"] >= 20
    assert Counter(question.language for question in questions)["zh"] >= len(questions) / 4
    assert all(question.gold for question in questions if question.kind == "library")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    embedder = load_embedder(load_settings(tmp_path_factory.mktemp("none"), embedder="packaged"))
    return ask_all("starter", embedder, read_chat_questions())


@pytest.mark.slow
@pytest.mark.model
def test_every_bar_is_met(found: list[Judged]) -> None:
    missed = [row for row in bars(found) if row["met"] != "yes"]
    assert missed == [], measures(found)


@pytest.mark.slow
@pytest.mark.model
def test_both_halves_decline_what_is_not_there(found: list[Judged]) -> None:
    for half in ("development", "held out"):
        rates = measures([item for item in found if item.question.half == half])
        assert (rates["hallucinate"] or 0) <= 0.05, half
        assert (rates["false abstain"] or 0) <= 0.10, half
