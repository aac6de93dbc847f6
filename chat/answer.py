"""From a question to an answer: read, routed, searched, decided, quoted or computed, and at last checked.

Owns the order of the steps. Writes no sentence about a subject itself: quotes are their sources', numbers are the
calculators', prose is a model's and passes `verify`. Invariant: every event stream that is not cancelled ends with an
answer, whatever a model does.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from chat import claims, estimates, records
from chat._courtesies import is_courtesy
from chat._library import Library
from chat.citations import Numbering, checked, cite, listed
from chat.extract import by_document, choose
from chat.finding import Found, find, lexicon_of
from chat.gathering import gather
from chat.generate import Desk, generate
from chat.question import read_question
from chat.relevance import Relevance, rank
from chat.scopes import OPINIONS
from chat.types import Answer, AnsweredEstimate, Candidate, Citation, Event, Scope, Statement, Turn
from chat.wording import (
    advice_for,
    context_of,
    declined,
    each_once,
    fallback,
    joined,
    reply_language,
    what_to_ask,
    whole_words,
)
from kb.llm import LanguageModel
from kb.text import fold_space, scrub
from kb.types import Kind

MAX_QUESTION = 4000
MOST_LISTED = 10
"""Documents listed where a question only says when they came out."""
NEAREST = 3
"""Passages shown where nothing answers."""


class Asker:
    """Answers questions over one library. Keeps nothing between questions."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def ask(
        self,
        question: str,
        history: Sequence[Turn],
        scope: Scope,
        *,
        desk: Desk | None,
        cancelled: Callable[[], bool],
    ) -> Iterator[Event]:
        """Answer a question, telling how it goes; ends without an answer only where it was cancelled.

        Args:
            desk: where a model writes; None for quotations alone.
        """
        began = time.perf_counter()
        text = fold_space(scrub(question))[:MAX_QUESTION]
        if is_courtesy(text):
            yield Event(kind="answer", answer=_courteous(text))
            return
        writer: LanguageModel | None = None
        if desk is not None:
            if desk.loads():
                yield Event(kind="stage", text="loading the model")
            writer = desk.model()
        yield Event(kind="stage", text="searching")
        found = find(self._library, text, history, scope, writer)
        if cancelled():
            return
        numbering = Numbering(history)
        quoted = self.quote(found, numbering)
        if desk is not None:
            written = yield from generate(self._library, found, quoted, numbering, desk)
            if cancelled():
                return
            quoted = written or quoted
            if writer is None and desk.trouble():
                notices = (*quoted.notices, fallback(found.language, desk.trouble()))
                quoted = quoted.model_copy(update={"notices": notices})
        spent = (time.perf_counter() - began) * 1000
        yield Event(kind="answer", answer=quoted.model_copy(update={"milliseconds": round(spent, 1)}))

    def quote(self, found: Found, numbering: Numbering) -> Answer:
        """Return the answer that needs no model."""
        if claims.is_claim(found.question, computable=bool(found.route.requests)):
            checked_claim = claims.check(found, numbering, self._library)
            if checked_claim is not None:
                return checked_claim
        if found.route.kind != "library":
            computed = self._computed(found, numbering)
            if computed is not None:
                return computed
        return self._from_library(found, numbering)

    def _from_library(self, found: Found, numbering: Numbering) -> Answer:
        if not _answers(found):
            return self._declined(found)
        chosen = choose(found.asked, found.ranked, self._library)
        if found.scoped.opinion:
            chosen = _judged(found, chosen)
        elif found.scoped.dated and not any(not term.generic for term in found.asked.terms):
            chosen = by_document(found.ranked, MOST_LISTED)
        statements, citations = self._cited(chosen, numbering)
        if not statements:
            return self._declined(found)
        statements = (*records.of(found.asked, statements, citations, self._library), *statements)
        return Answer(
            question=found.question,
            standalone=_shown_alone(found),
            kind="quoted",
            text=joined(statements),
            statements=statements,
            citations=citations,
            grounded=True,
            unknown=each_once(term.text for term in found.asked.unknown),
            notices=found.gathered.notices,
        )

    def _cited(
        self, chosen: Sequence[Relevance], numbering: Numbering
    ) -> tuple[tuple[Statement, ...], tuple[Citation, ...]]:
        """Return units as statements with their citations, those alone whose quote stands in its document."""
        kept = checked([cite(item.unit, numbering) for item in chosen], self._library)
        above = {c.doc_id: self._library.sections(c.doc_id) for c in kept if c.kind == Kind.NOTES}
        statements = tuple(
            Statement(
                text=c.quote, context=context_of(c, above.get(c.doc_id, ())), numbers=(c.number,), status="quoted"
            )
            for c in kept
        )
        return statements, tuple(listed(kept))

    def _computed(self, found: Found, numbering: Numbering) -> Answer | None:
        """Return what the calculators answer; None where they cannot and the library can."""
        done, waiting = estimates.run_requests(found.route.requests)
        if not done and not waiting:
            return None
        # Where a sum waits for the reader, what the library says of the matter stands beside the question back.
        lead = (found.route.kind == "both" or not done) and _answers(found)
        done, defining, notices = self._defined(done, found, numbering) if done else (done, [], found.gathered.notices)
        lines = [line for item in done for line in estimates.lines_of(item, found.language)]
        said = [Statement(text=line, status="computed") for line in lines]
        if not done:
            said = [
                Statement(text=estimates.waiting_line(request, found.language), status="said") for request in waiting
            ]
        beside = choose(found.asked, found.ranked, self._library)[:2] if lead else []
        statements, citations = self._cited([*beside, *defining], numbering)
        quotes = [s for s in statements if lead or s.numbers[0] in {n for item in done for n in item.defined_by}]
        return Answer(
            question=found.question,
            standalone=_shown_alone(found),
            kind="computed" if done else "incomplete",
            text=joined([*said, *quotes]),
            statements=(*said, *quotes),
            citations=citations,
            estimates=tuple(done),
            requests=tuple(waiting),
            grounded=bool(done or citations),
            notices=notices,
        )

    def _defined(
        self, done: Sequence[AnsweredEstimate], found: Found, numbering: Numbering
    ) -> tuple[list[AnsweredEstimate], list[Relevance], tuple[str, ...]]:
        """Find the passages that state the formulas, one or two for each calculator, and what search says of itself."""
        cited: dict[str, tuple[int, ...]] = {}
        notices: tuple[str, ...] = ()
        defining: list[Relevance] = []
        for item in done:
            name = item.estimate.calculator
            if name in cited:
                continue
            asked = read_question(estimates.formula_question(item), lexicon_of(self._library))
            gathered = gather(asked, found.scoped.scope, self._library)
            notices = gathered.notices
            best = estimates.definers(item, rank(asked, gathered.units))
            kept = [one for one in best if checked([cite(one.unit, numbering)], self._library)]
            cited[name] = tuple(cite(one.unit, numbering).number for one in kept)
            defining += kept
        stated = [item.model_copy(update={"defined_by": cited[item.estimate.calculator]}) for item in done]
        return stated, defining, notices

    def _declined(self, found: Found) -> Answer:
        nearest: dict[str, Candidate] = {}
        for item in found.ranked:
            unit = item.unit
            near = Candidate(
                chunk_id=unit.chunk_id,
                doc_id=unit.document.id,
                title=unit.document.title,
                path=unit.path,
                url=unit.document.url,
                text=unit.text[:240],
            )
            nearest.setdefault(unit.chunk_id, near)
        absent = (*found.decision.absent, *(term.text for term in found.asked.unknown))
        named = whole_words(found.question, absent, (term.text for term in found.asked.content))
        unknown = tuple(sorted(named, key=lambda text: found.question.lower().find(text.lower())))
        candidates = tuple(nearest.values())[:NEAREST]
        return Answer(
            question=found.question,
            standalone=_shown_alone(found),
            kind="declined",
            text=declined(found.language, unknown, candidates),
            grounded=False,
            candidates=candidates,
            advice=advice_for(found.language, found.asked, unknown, found.scoped),
            unknown=unknown,
            notices=found.gathered.notices,
        )


def _courteous(text: str) -> Answer:
    return Answer(question=text, kind="said", text=what_to_ask(reply_language(text)), grounded=False)


def _answers(found: Found) -> bool:
    """Tell whether the library answers: by its passages, or because filters alone were asked for."""
    if (found.scoped.opinion or found.scoped.dated) and found.ranked:
        content = [term for term in found.asked.terms if not term.generic]
        best = max(item.covered for item in found.ranked[:5])
        return not content or best >= 0.5
    return found.decision.answers


def _judged(found: Found, chosen: Sequence[Relevance]) -> list[Relevance]:
    """Return for each passage with the label the line that judges, one a passage."""
    wanted = [pattern for label, pattern in OPINIONS if label in found.scoped.scope.labels]
    kept: dict[str, Relevance] = {}
    for item in sorted(found.ranked, key=lambda item: (item.unit.rank, item.unit.start)):
        if any((match := pattern.search(item.unit.text)) and match.start() < 4 for pattern in wanted):
            kept.setdefault(item.unit.chunk_id, item)
    return list(kept.values())[:8] or list(chosen)


def _shown_alone(found: Found) -> str:
    """The question as understood, where that is not how it was written."""
    return found.alone if found.alone != found.question else ""
