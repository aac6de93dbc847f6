"""Answers as the chat gives them, made by hand: quoted, generated, computed, declined.

Each function takes only what a test is about; the rest is plain.
"""

import threading
from collections.abc import Callable, Iterator, Sequence

from calculators import run
from chat.router import CalculatorRequest, MissingInput, Span
from chat.types import Answer, AnsweredEstimate, Candidate, Citation, Coverage, Event, Resolved, Scope, Statement, Turn
from kb.errors import AlmanacError
from kb.types import Kind

QUOTE = "A paged cache wastes less memory."


def citation(number: int = 1, quote: str = QUOTE, **changes: object) -> Citation:
    """Return a citation of a passage."""
    given = {
        "number": number,
        "chunk_id": f"notes:caches.md#{number}",
        "doc_id": "notes:caches.md",
        "title": "Caches",
        "quote": quote,
        "start": 0,
        "end": len(quote),
        "path": ("Caches", "Paging"),
        "kind": Kind.NOTES,
    }
    return Citation.model_validate(given | changes)


def quoted(question: str, *citations: Citation, **changes: object) -> Answer:
    """Return an extractive answer: each citation's quote as a statement."""
    cited = citations or (citation(),)
    statements = [Statement(text=c.quote, numbers=(c.number,), status="quoted") for c in cited]
    given = {
        "question": question,
        "kind": "quoted",
        "text": "\n".join(statement.marked for statement in statements),
        "statements": statements,
        "citations": cited,
        "grounded": True,
    }
    return Answer.model_validate(given | changes)


def generated(question: str, *statements: Statement, citations: tuple[Citation, ...] = (), **changes: object) -> Answer:
    """Return what a model wrote, as it was checked."""
    cited = citations or (citation(),)
    supported = sum(statement.status != "unsupported" for statement in statements)
    given = {
        "question": question,
        "kind": "generated",
        "text": " ".join(statement.marked for statement in statements),
        "statements": statements,
        "citations": cited,
        "grounded": supported == len(statements),
        "coverage": Coverage(supported=supported, total=len(statements)),
        "model": "tiny",
        "quoted": quoted(question, *cited),
    }
    return Answer.model_validate(given | changes)


def computed(question: str = "bubble for 8 stages and 64 microbatches") -> Answer:
    """Return an answer by a calculator, with what was read in the question."""
    inputs = {"pp": 8, "microbatches": 64, "schedule": "1f1b"}
    request = CalculatorRequest(
        calculator="pipeline_bubble",
        inputs=inputs,
        spans=(
            Span(start=11, end=19, text="8 stages", parameter="pp", value=8),
            Span(start=24, end=39, text="64 microbatches", parameter="microbatches", value=64),
        ),
    )
    estimate = AnsweredEstimate(
        title="Pipeline bubble",
        estimate=run("pipeline_bubble", inputs),
        request=request,
        defined_by=(1,),
        summary="The bubble is 10.9 %.",
    )
    said = Statement(text="The bubble is 10.9 %.", status="computed")
    return Answer(
        question=question,
        kind="computed",
        text=said.text,
        statements=(said,),
        citations=(citation(quote="The bubble is (p-1)/m."),),
        estimates=(estimate,),
        grounded=True,
    )


def incomplete(question: str = "bubble for 8 stages") -> Answer:
    """Return an answer that asks for what is missing."""
    request = CalculatorRequest(
        calculator="pipeline_bubble",
        inputs={"pp": 8},
        missing=(MissingInput(name="microbatches", label="Microbatches per step"),),
        spans=(Span(start=11, end=19, text="8 stages", parameter="pp", value=8),),
    )
    return Answer(
        question=question, kind="incomplete", text="How many microbatches?", requests=(request,), grounded=True
    )


def declined(question: str = "How do I bake bread?", *candidates: Candidate) -> Answer:
    """Return an answer that says that the library does not have it."""
    return Answer(
        question=question,
        kind="declined",
        text="Not in your library.",
        grounded=False,
        candidates=candidates,
        advice="Add a document about bread.",
        unknown=("bread",),
    )


class ScriptedChat:
    """A chat that says what it is told: answers in order, the last one again and again.

    Args:
        pieces: what a model writes before each answer.
        hold: answers wait until `go` is set.
    """

    def __init__(self, *answers: Answer | AlmanacError, pieces: Sequence[str] = (), hold: bool = False) -> None:
        self._answers = list(answers)
        self._pieces = tuple(pieces)
        self.go = threading.Event()
        self.asked: list[tuple[str, tuple[Turn, ...], Scope, bool]] = []
        """Question, history, scope, whether quotes were asked for."""
        if not hold:
            self.go.set()

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        scope: Scope | None = None,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        extractive: bool = False,
        waiting: Callable[[int], None] = lambda _: None,
    ) -> Iterator[Event]:
        """Yield a stage, the pieces, and at last the next answer, worded as one to this question."""
        self.asked.append((question, tuple(history), scope or Scope(), extractive))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, AlmanacError):
            raise answer
        yield Event(kind="stage", text="searching")
        for piece in self._pieces:
            yield Event(kind="piece", text=piece)
        while not self.go.wait(0.005):
            if cancelled():
                return
        shown = answer.quoted if extractive and answer.quoted else answer
        yield Event(kind="answer", answer=shown.model_copy(update={"question": question}))

    def resolve(self, found: Citation) -> Resolved:
        """Return that no quote is anywhere else than it was."""
        return Resolved(citation=found, state="gone")
