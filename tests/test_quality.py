"""The quality of search on our own questions: the set is sound, and no kind of question gets worse.

The floors lie a little under what `make bench-quality` prints (two or three questions of a kind);
whoever makes search better raises them.
"""

from collections import Counter

import pytest

from benchmarks._questions import GOLDEN, Question, folded, hit_share, rank_of, read_questions
from benchmarks.quality import FULL, NO_EMBEDDER, Ranks, Retrieve, by_method, library, passages_of
from kb.embed import load_embedder
from kb.settings import load_settings
from kb.text import language_of
from tests.source_tree import ROOT

STARTER = ROOT / "starter"
KINDS = {"en-en": 40, "zh-zh": 30, "x-en2zh": 25, "x-zh2en": 30, "term": 20}
FLOORS = {
    FULL: {"en-en": 0.75, "zh-zh": 0.72, "x-en2zh": 0.75, "x-zh2en": 0.70, "term": 1.0},
    NO_EMBEDDER: {"en-en": 0.67, "zh-zh": 0.68, "x-en2zh": 0.53, "x-zh2en": 0.57, "term": 1.0},
}


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return read_questions(GOLDEN)


@pytest.fixture(scope="module")
def documents() -> dict[str, str]:
    """The starter library's texts by document id, as they are compared."""
    return {f"notes:{path.name}": folded(path.read_text(encoding="utf-8")) for path in (STARTER / "notes").glob("*.md")}


def test_there_are_enough_questions_of_every_kind(questions: list[Question]) -> None:
    assert len({question.id for question in questions}) == len(questions)
    assert len({question.text for question in questions}) == len(questions)
    counts = Counter(question.kind for question in questions)
    assert counts.keys() == KINDS.keys()
    assert all(counts[kind] >= least for kind, least in KINDS.items()), counts


def test_every_notebook_is_asked_about(questions: list[Question], documents: dict[str, str]) -> None:
    assert {question.doc_id for question in questions} == documents.keys()


def test_every_answer_is_in_its_document(questions: list[Question], documents: dict[str, str]) -> None:
    papers = folded((STARTER / "papers.xml").read_text(encoding="utf-8"))
    for question in questions:
        assert question.gold
        assert any(folded(gold) in documents[question.doc_id] for gold in question.gold), question.id
        lost = [
            gold for gold in question.gold if not any(folded(gold) in text for text in (*documents.values(), papers))
        ]
        assert lost == [], question.id


def test_questions_are_in_the_language_of_their_kind(questions: list[Question]) -> None:
    for question in questions:
        if question.kind != "term":
            english = question.kind in ("en-en", "x-en2zh")
            assert (language_of(question.text) == "en") is english, question.id


def test_questions_do_not_quote_their_answers(questions: list[Question]) -> None:
    for question in questions:
        if question.kind != "term":
            assert not any(folded(gold) in folded(question.text) for gold in question.gold), question.id


@pytest.fixture(scope="module")
def ranks(questions: list[Question], tmp_path_factory: pytest.TempPathFactory) -> Ranks:
    embedder = load_embedder(load_settings(tmp_path_factory.mktemp("none"), embedder="packaged"))
    with library("starter", embedder) as home:
        return by_method(home, embedder, passages_of, lambda retrieve: _ranks(questions, retrieve), only=FLOORS)


def _ranks(questions: list[Question], retrieve: Retrieve) -> list[int | None]:
    return [rank_of(question, retrieve(question.text)) for question in questions]


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.parametrize(("method", "kind"), [(method, kind) for method in FLOORS for kind in FLOORS[method]])
def test_no_kind_of_question_is_answered_worse(method: str, kind: str, questions: list[Question], ranks: Ranks) -> None:
    found = [rank for question, rank in zip(questions, ranks[method], strict=True) if question.kind == kind]
    share = hit_share(found, 5)
    assert share is not None
    missed = [
        question.id
        for question, rank in zip(questions, ranks[method], strict=True)
        if question.kind == kind and not rank
    ]
    assert share >= FLOORS[method][kind], f"{method}: hit@5 of {kind} is {share:.2f}; not found: {', '.join(missed)}"
