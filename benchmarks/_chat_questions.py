"""Questions to the chat with what must come of them: the reading of the golden set, and the judging of answers.

Deterministic, no judge model: a quote must stand in its document and share a word, a translation or a name with
the question; an answer's evidence must hold a gold substring; a calculator's inputs must be the stated ones.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from almanac import Almanac
from benchmarks._questions import ROOT, folded
from chat.finding import lexicon_of
from chat.question import is_generic
from chat.types import Answer, Turn, turns_of
from kb.llm import Message
from kb.text import normalise, tokens

CHAT_GOLDEN = ROOT / "tests" / "data" / "chat_questions.jsonl"
HALVES = ("development", "held out")
UNANSWERABLE = ("near miss", "elsewhere")
DEPTH = 5
DERIVED = frozenset(
    "method schedule algorithm op optimizer formula recompute attn kind dtype_bytes bits_per_weight params tokens "
    "flops peak_flops bandwidth sequence_parallel".split()
)
"""Inputs that a router may add to the stated ones: what the wording or a sourced registry implies."""


@dataclass(frozen=True)
class ChatQuestion:
    """A question and what must come of it."""

    id: str
    half: str
    kind: str
    language: str
    text: str
    gold: tuple[str, ...] = ()
    calculator: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    gap: float | None = None
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Judged:
    """An answer with what is right and wrong about it."""

    question: ChatQuestion
    answer: Answer
    milliseconds: float
    evidence: bool = False
    """A passage cited among the first five holds a gold substring."""
    first: bool = False
    """The first quote, or a result, holds one."""
    bad_quotes: tuple[str, ...] = ()
    """Quotes that are not in their document, or have nothing to do with the question."""
    routed: bool | None = None
    """The calculator and every stated parameter are right; None where no calculator is asked for."""
    compared: bool | None = None
    """A claim's gap is right."""

    @property
    def abstained(self) -> bool:
        """Whether nothing was answered."""
        return not self.answer.grounded


def read_chat_questions(path: Path = CHAT_GOLDEN) -> list[ChatQuestion]:
    """Return the questions of a JSONL file."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        ChatQuestion(
            id=line["id"],
            half=line.get("half", ""),
            kind=line["kind"],
            language=line.get("language", ""),
            text=line["question"],
            gold=tuple(line.get("gold", ())),
            calculator=line.get("calculator", ""),
            inputs=line.get("inputs", {}),
            missing=tuple(line.get("missing", ())),
            gap=line.get("gap"),
            history=turns_of(Message.model_validate(message) for message in line.get("history", ())),
        )
        for line in lines
    ]


def judge(almanac: Almanac, question: ChatQuestion) -> Judged:
    """Ask a question and judge the answer."""
    answer = almanac.chat.answer(question.text, question.history, extractive=True)
    return Judged(
        question=question,
        answer=answer,
        milliseconds=answer.milliseconds,
        evidence=_has_evidence(almanac, question.gold, answer),
        first=_is_first(question.gold, answer),
        bad_quotes=tuple(_bad_quotes(almanac, question, answer)),
        routed=_is_routed(question, answer) if question.kind == "calculator" else None,
        compared=_is_compared(question, answer) if question.kind == "claim" else None,
    )


def _has_evidence(almanac: Almanac, gold: Sequence[str], answer: Answer) -> bool:
    wanted = [folded(part) for part in gold]
    held = [folded(almanac.chunk(citation.chunk_id).text + citation.quote) for citation in answer.citations[:DEPTH]]
    held += [folded(item.summary) for item in answer.estimates]
    return any(part in text for part in wanted for text in held)


def _is_first(gold: Sequence[str], answer: Answer) -> bool:
    texts = [citation.quote for citation in answer.citations[:1]] + [item.summary for item in answer.estimates]
    return any(folded(part) in folded(text) for part in gold for text in texts)


def _bad_quotes(almanac: Almanac, question: ChatQuestion, answer: Answer) -> list[str]:
    bad = []
    asked = " ".join((question.text, answer.standalone, *(item.title for item in answer.estimates)))
    about = _words(almanac, asked)
    for citation in answer.citations:
        text = almanac.document(citation.doc_id).text
        there = text[citation.start : citation.end] == citation.quote and folded(citation.quote) in folded(text)
        around = " ".join((citation.title, *citation.path, citation.quote))
        around += " ".join(statement.context for statement in answer.statements)
        judged = bool(almanac.chunk(citation.chunk_id).labels)
        if not there or not (judged or about & set(tokens(normalise(around)))):
            bad.append(citation.quote)
    return bad


def _words(almanac: Almanac, text: str) -> set[str]:
    """The words of a question that have a subject, with their translations."""
    glossary = lexicon_of(almanac.chat.library).glossary
    known = {token for e in glossary.expand(text) for term in (*e.translations, *e.variants) for token in tokens(term)}
    return known | {token for token in tokens(text) if not is_generic(token)}


def _is_routed(question: ChatQuestion, answer: Answer) -> bool:
    requests = [item.request for item in answer.estimates] or list(answer.requests)
    return any(
        request.calculator == question.calculator
        and all(_same(request.inputs.get(name), value) for name, value in question.inputs.items())
        and not (request.inputs.keys() - question.inputs.keys() - DERIVED)
        and set(question.missing) <= {item.name for item in request.missing}
        and bool(question.missing) == bool(request.missing)
        for request in requests[:1]
    )


def _same(found: object, wanted: object) -> bool:
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return abs(found - wanted) <= 1e-6 * abs(wanted)
    return found == wanted


def _is_compared(question: ChatQuestion, answer: Answer) -> bool:
    gaps = [one.gap for one in answer.comparisons if one.gap is not None]
    wanted = question.gap or 0.0
    return any(abs(gap - wanted) <= 0.02 for gap in gaps[:2])
