"""An answer written by a language model: prompted within its window, streamed, checked sentence by sentence.

Owns the way from a prompt to a checked answer. Refuses to show a sentence as supported that `verify` does not pass, and
to fail: whatever a model does, the extractive answer is there. Invariant: a model is never asked about a question
that the library does not answer.
"""

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from chat._library import Library
from chat.citations import Numbering, cite, listed
from chat.finding import Found
from chat.passages import Unit, tokens_of, units_in
from chat.prompts import MAX_PASSAGE, NOT_HERE, Passage, messages_for
from chat.relevance import holds
from chat.types import Answer, Citation, Coverage, Event, Statement
from chat.verify import Checked, check, split
from chat.wording import fallback, nothing_supported
from kb.errors import AlmanacError, ContextTooLong, ModelUnavailable
from kb.llm import LanguageModel, Usage
from kb.text import language_of

MOST_PASSAGES = 6
ROOM = 400
"""Tokens kept for the answer; less in a small window, never under LEAST_ROOM."""
LEAST_ROOM = 96
SAID = 0.6
"""How far a sentence must hold one term of the question to have to do with it."""
SMALLEST = 200
"""Letters to which a passage is cut before it is given up."""

Steps = Generator[Event, None, Answer | None]


@dataclass(frozen=True)
class Desk:
    """Where a model writes: how it is had, stopped and waited for."""

    model: Callable[[], LanguageModel | None] = lambda: None
    """Loads it where that was not done; None where none is chosen or it failed."""
    loads: Callable[[], bool] = lambda: False
    """Whether a model is chosen and not there yet."""
    trouble: Callable[[], str] = lambda: ""
    """Why there is none, where one was chosen."""
    cancelled: Callable[[], bool] = lambda: False
    waiting: Callable[[int], None] = lambda _: None
    """Told at once how many answers are written before this one."""


def generate(
    library: Library,
    found: Found,
    quoted: Answer,
    numbering: Numbering,
    desk: Desk,
) -> Steps:
    """Write an answer over the passages that were found.

    Returns the answer, the extractive one with a notice where the model failed, None where none is at hand.
    """
    writer = desk.model()
    if quoted.kind != "quoted" or writer is None:
        return None
    passages = passages_for(found, library)
    try:
        written = yield from _written(writer, found, passages, library, numbering, desk)
    except AlmanacError as error:
        yield Event(kind="restart")
        reason = error.message if not isinstance(error, ModelUnavailable) else f"{error.message} {error.hint}".strip()
        return _instead(quoted, fallback(found.language, reason))
    if desk.cancelled() or isinstance(written, Answer):
        return written.model_copy(update={"quoted": quoted}) if written is not None else None
    yield Event(kind="restart")
    return _instead(quoted, fallback(found.language, nothing_supported(found.language)))


def _instead(quoted: Answer, notice: str) -> Answer:
    return quoted.model_copy(update={"notices": (*quoted.notices, notice)})


def passages_for(found: Found, library: Library) -> list[Passage]:
    """Return the best passages, each once, numbered from 1."""
    made: list[Passage] = []
    for item in found.ranked:
        unit = item.unit
        if len(made) == MOST_PASSAGES:
            break
        if any(passage.chunk_id == unit.chunk_id for passage in made):
            continue
        chunk = next(iter(library.between(unit.document.id, unit.start, unit.end)), None)
        if chunk is not None:
            made.append(
                Passage(
                    number=len(made) + 1,
                    chunk_id=chunk.id,
                    title=unit.document.title,
                    path=chunk.path,
                    published=unit.document.published,
                    text=chunk.text,
                )
            )
    return made


def fitting(writer: LanguageModel, found: Found, passages: Sequence[Passage]) -> tuple[list[Passage], int]:
    """Return the passages that the model's window holds, and the tokens left for the answer.

    Raises:
        ContextTooLong: not even one shortened passage fits.
    """
    kept = list(passages)
    room = max(LEAST_ROOM, min(ROOM, writer.context // 3))
    while kept:
        spare = writer.context - writer.count_tokens(messages_for(found.alone, kept, found.language))
        if spare >= room:
            return kept, room
        if len(kept) > 1:
            kept.pop()
        elif len(kept[0].text) > SMALLEST:
            half = kept[0].text[:MAX_PASSAGE][: max(SMALLEST, min(len(kept[0].text), MAX_PASSAGE) // 2)]
            kept = [_with_text(kept[0], half)]
        else:
            break
    raise ContextTooLong(
        f"The window of {writer.name}, {writer.context} tokens, is too small for one passage.",
        "Raise the setting LLM_CONTEXT.",
    )


def _with_text(passage: Passage, text: str) -> Passage:
    return Passage(passage.number, passage.chunk_id, passage.title, passage.path, passage.published, text)


def _written(
    writer: LanguageModel,
    found: Found,
    passages: Sequence[Passage],
    library: Library,
    numbering: Numbering,
    desk: Desk,
) -> Generator[Event, None, Answer | None]:
    """Stream and check; None where nothing was borne out or it was cancelled."""
    usage: list[Usage] = []
    ahead: list[int] = []
    allowed = _addresses(found)

    def about(text: str) -> bool:
        held = tokens_of(text)
        if any(holds(term, held) >= SAID for term in found.asked.content):
            return True
        # What no glossary translates cannot be missed in the other language: its passage was chosen for the question.
        unseen = any(len(term.forms) == 1 and not term.entity for term in found.asked.content)
        return unseen and language_of(text) != found.asked.language

    results: list[Checked] = []
    kept, room = fitting(writer, found, passages)
    text, done = "", 0
    pieces: Iterator[str] = writer.stream(
        messages_for(found.alone, kept, found.language),
        max_tokens=room,
        cancelled=desk.cancelled,
        waiting=_told(desk, ahead),
        finished=usage.append,
    )
    yield Event(kind="stage", text=f"reading {len(kept)} passage{'s' if len(kept) > 1 else ''}")
    with contextlib.closing(pieces) as stream:  # type: ignore[type-var]
        for piece in stream:
            if desk.cancelled():
                return None
            while ahead:
                yield Event(kind="waiting", ahead=ahead.pop(0))
            if not text:
                yield Event(kind="stage", text="writing")
            text += piece
            yield Event(kind="piece", text=piece)
            whole = list(split(text))
            for sentence in whole[done:-1]:
                checked = check(sentence, kept, library.glossary, allowed, about)
                if checked:
                    results.append(checked)
                    yield Event(kind="statement", statement=_draft(checked))
            done = max(done, len(whole) - 1)
    if desk.cancelled():
        return None
    yield Event(kind="stage", text="checking")
    for sentence in list(split(text))[done:]:
        checked = check(sentence, kept, library.glossary, allowed, about)
        if checked:
            results.append(checked)
    if not any(result.ok for result in results) or (NOT_HERE.search(text) and len(results) <= 1):
        return None
    return _answer(found, writer, results, kept, library, numbering, usage)


def _told(desk: Desk, ahead: list[int]) -> Callable[[int], None]:
    """Return what hears of the queue: an event cannot be yielded while the model is waited for, so `desk` is told."""

    def hear(others: int) -> None:
        desk.waiting(others)
        ahead.append(others)

    return hear


def _addresses(found: Found) -> set[str]:
    """Return the addresses that an answer may show: those of the documents it may cite."""
    return {item.unit.document.url for item in found.ranked if item.unit.document.url}


def _draft(checked: Checked) -> Statement:
    return Statement(
        text=checked.text,
        status="supported" if checked.ok else "unsupported",
        reasons=() if checked.ok else checked.reasons,
    )


def _answer(
    found: Found,
    writer: LanguageModel,
    results: Sequence[Checked],
    passages: Sequence[Passage],
    library: Library,
    numbering: Numbering,
    usage: Sequence[Usage],
) -> Answer:
    citations: list[Citation] = []
    statements: list[Statement] = []
    for result in results:
        numbers = []
        for number in result.numbers if result.ok else ():
            citation = _citation(result, passages[number - 1], found, library, numbering)
            if citation is not None:
                citations.append(citation)
                numbers.append(citation.number)
        ok = result.ok and bool(numbers)
        statements.append(
            Statement(
                text=result.text,
                numbers=tuple(dict.fromkeys(numbers)),
                status="supported" if ok else "unsupported",
                reasons=() if ok else result.reasons or ("its source is no longer in the library",),
            )
        )
    supported = sum(statement.status == "supported" for statement in statements)
    return Answer(
        question=found.question,
        standalone=found.alone if found.alone != found.question else "",
        kind="generated",
        text=" ".join(statement.marked for statement in statements),
        statements=tuple(statements),
        citations=tuple(listed(citations)),
        grounded=supported == len(statements),
        coverage=Coverage(supported=supported, total=len(statements)),
        notices=found.gathered.notices,
        model=writer.name,
        usage=usage[-1] if usage else None,
    )


def _citation(
    result: Checked, passage: Passage, found: Found, library: Library, numbering: Numbering
) -> Citation | None:
    """Return the citation of the passage's sentence that bears a sentence out, looked up in the document now."""
    unit = next((item.unit for item in found.ranked if item.unit.chunk_id == passage.chunk_id), None)
    if unit is None:
        return None
    chunk = next(iter(library.between(unit.document.id, unit.start, unit.end)), None)
    if chunk is None or chunk.id != passage.chunk_id:
        return None
    lead = len(passage.whole) - len(passage.text)
    places = [span.start - lead for number, span in result.spans if number == passage.number and span.start >= lead]
    units: list[Unit] = units_in(chunk, unit)
    if not units:
        return None
    at = chunk.start + (places[-1] if places else unit.start - chunk.start)
    best = next((one for one in units if one.start <= at < one.end), units[0])
    return cite(best, numbering)
