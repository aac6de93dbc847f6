"""The vocabulary of the chat: questions with their scope, answers with what bears them out, events on the way.

Frozen like all types. Invariant of an answer: every number in `citations` is that of exactly one quote, and a
quote is `document.text[start:end]` as the library had it when the answer was written.
"""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from calculators import Estimate
from chat.router import CalculatorRequest, MissingInput
from kb.llm import Message, Usage
from kb.types import Frozen, Kind, Language, Query

AnswerKind = Literal["quoted", "generated", "computed", "claim", "incomplete", "declined", "said"]
"""`computed`: calculators answer, quotes may stand beside; `incomplete`: inputs are missing; `declined`: not in the
library; `said`: nothing was asked, and the product says what can be."""
Status = Literal["quoted", "supported", "computed", "unsupported", "said"]
"""`said`: the product's own words, such as what a card shows; they claim nothing of a source."""


class Scope(Frozen):
    """Where to look: the filters of a search without its words."""

    topics: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    sources: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    language: Language | None = None
    labels: tuple[str, ...] = ()
    doc_id: str = ""

    def query(self, text: str, limit: int) -> Query:
        """Return the search for a text within this scope."""
        return Query(text=text, limit=limit, suggest=False, explain=False, **self.model_dump())

    @property
    def empty(self) -> bool:
        """Whether nothing narrows the search."""
        return self == Scope()


class Citation(Frozen):
    """A quote with its place: bound to a passage when it is written, looked up again when it is shown."""

    number: int = Field(ge=1)
    """The same passage keeps its number throughout a conversation."""
    chunk_id: str
    doc_id: str
    title: str
    url: str = ""
    """Of the document, as stored; empty for notes and files."""
    quote: str
    """Exactly as the document has it."""
    start: int
    end: int
    """Offsets of the quote in the document's text."""
    path: tuple[str, ...] = ()
    """Breadcrumb of the passage."""
    kind: Kind = Kind.NOTES
    published: str = ""


class Resolved(Frozen):
    """A citation as the library stands now."""

    citation: Citation
    state: Literal["here", "moved", "gone"]
    """`moved`: the quote stands in another passage of the same document; `gone`: no longer in the library."""
    chunk_id: str = ""
    """The passage that holds the quote now; empty where it is gone."""
    start: int = 0
    end: int = 0
    """Where the document's text has it now."""


class Statement(Frozen):
    """One sentence of an answer with what it rests on."""

    text: str
    """Without its markers [n]."""
    context: str = ""
    """What a quoted line stands under, where it does not say itself what it is about."""
    numbers: tuple[int, ...] = ()
    """Citations."""
    status: Status
    reasons: tuple[str, ...] = ()
    """Why it is not supported."""

    @property
    def marked(self) -> str:
        """The sentence with its citations, and a mark where nothing bears it out."""
        marks = "".join(f" [{number}]" for number in self.numbers)
        doubt = " (not supported by the library)" if self.status == "unsupported" else ""
        lead = f"{self.context}: " if self.context else ""
        return f"{lead}{self.text}{marks}{doubt}"


class AnsweredEstimate(Frozen):
    """A calculator's result as an answer shows it."""

    title: str
    """Of the calculator."""
    estimate: Estimate
    request: CalculatorRequest
    """What was read in the question: the inputs with their places, for the form to be prefilled."""
    defined_by: tuple[int, ...] = ()
    """Citations of passages that state the formula."""
    summary: str = ""
    """The result in one sentence."""


class Comparison(Frozen):
    """A claim's number beside the same quantity elsewhere."""

    claimed: str
    """As the claim writes it, with its unit."""
    found: str
    """As the passage or the calculator gives it."""
    source: Literal["passage", "calculator"]
    number: int | None = None
    """The citation, where a passage says it."""
    calculator: str = ""
    gap: float | None = None
    """(claimed - found) / found; None where the two are not comparable, 0 where they agree."""
    agrees: bool = False


class Candidate(Frozen):
    """A passage that came near to a question which the library does not answer."""

    chunk_id: str
    doc_id: str
    title: str
    path: tuple[str, ...] = ()
    url: str = ""
    text: str
    """Its beginning."""


class Coverage(Frozen):
    """How many sentences of a generated answer are borne out."""

    supported: int
    total: int


class Answer(Frozen):
    """What a question got, with all that a page, a terminal or a script shows of it."""

    question: str
    standalone: str = ""
    """The question as it was understood, where the conversation was needed for that; else empty."""
    kind: AnswerKind
    text: str
    """The whole as plain text, with markers [n]."""
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    estimates: tuple[AnsweredEstimate, ...] = ()
    requests: tuple[CalculatorRequest, ...] = ()
    """Sums that cannot be done yet, with what is missing or refused."""
    comparisons: tuple[Comparison, ...] = ()
    """Of a claim that was checked."""
    grounded: bool
    """Whether everything in it rests on the library or on a calculator; false for what was declined."""
    coverage: Coverage | None = None
    """Of a generated answer."""
    candidates: tuple[Candidate, ...] = ()
    """Nearest passages, where nothing answers."""
    advice: str = ""
    """What the reader may add or ask, where nothing answers."""
    unknown: tuple[str, ...] = ()
    """Names and words of the question that occur nowhere in the library."""
    notices: tuple[str, ...] = ()
    """What else the reader should know, such as why no model was used."""
    model: str = ""
    """The model that wrote it; empty for an extractive answer."""
    usage: Usage | None = None
    quoted: "Answer | None" = None
    """The extractive answer beside a generated one."""
    milliseconds: float = 0.0

    @property
    def missing(self) -> tuple[MissingInput, ...]:
        """The inputs that the reader is asked for, each once."""
        found = {item.name: item for request in self.requests for item in request.missing}
        return tuple(found.values())

    @property
    def unsupported(self) -> tuple[str, ...]:
        """The sentences that nothing bears out."""
        return tuple(statement.text for statement in self.statements if statement.status == "unsupported")

    def citation(self, number: int) -> Citation | None:
        """Return the citation of a number."""
        return next((citation for citation in self.citations if citation.number == number), None)


class Turn(Frozen):
    """One question of a conversation and what it got."""

    question: str
    answer: Answer | None = None
    """None where only the text of the reply is known, or it was stopped."""
    reply: str = ""
    """The reply as text, where there is no `answer`."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """The turn as messages, as the router and language models read a conversation."""
        said = self.answer.text if self.answer else self.reply
        mine = (Message(role="user", content=self.question),)
        return (*mine, Message(role="assistant", content=said)) if said else mine


def turns_of(messages: Iterable[Message]) -> tuple[Turn, ...]:
    """Return messages as turns: each question with the replies that follow it."""
    turns: list[Turn] = []
    for message in messages:
        if message.role == "user":
            turns.append(Turn(question=message.content))
        elif message.role == "assistant" and turns:
            last = turns[-1]
            turns[-1] = last.model_copy(update={"reply": f"{last.reply}\n{message.content}".strip()})
    return tuple(turns)


class Event(Frozen):
    """What a page hears while an answer is made; the last one is always `answer`."""

    kind: Literal["stage", "waiting", "piece", "statement", "restart", "answer"]
    """`piece`: text as the model writes it, not checked yet; `statement`: a sentence that was checked;
    `restart`: forget the pieces, the extractive answer follows."""
    text: str = ""
    """The stage's name, or the piece."""
    ahead: int = 0
    """Generations that are waited for."""
    statement: Statement | None = None
    answer: Answer | None = None


def to_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as the contract for scripts states it."""
    return {
        "answer": answer.text,
        "citations": [
            {
                "number": citation.number,
                "chunk_id": citation.chunk_id,
                "doc_id": citation.doc_id,
                "title": citation.title,
                "url": citation.url,
                "quote": citation.quote,
            }
            for citation in answer.citations
        ],
        "grounded": answer.grounded,
        "estimates": [
            {
                "calculator": found.estimate.calculator,
                "inputs": found.estimate.inputs,
                "quantities": [quantity.model_dump() for quantity in found.estimate.quantities],
            }
            for found in answer.estimates
        ],
        "missing": [item.name for item in answer.missing],
        "unsupported": list(answer.unsupported),
    }
