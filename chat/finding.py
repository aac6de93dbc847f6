"""Everything that is known before a sentence is written: the question read and routed, and what is found for it.

Owns the order of reading. Refuses to answer. Invariant: the same question over the same library and conversation is
found the same passages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from chat._courtesies import is_courtesy
from chat._inverse import needed
from chat._library import Library
from chat.decision import Decision, decide
from chat.followups import standalone
from chat.gathering import Gathered, gather
from chat.question import Asked, Lexicon, read_question
from chat.relevance import Relevance, rank
from chat.rewriting import rewritten
from chat.router import Route, complete, route
from chat.scopes import Scoped, read_scope
from chat.types import Scope, Turn
from chat.wording import reply_language
from kb.llm import LanguageModel
from kb.types import Language


@dataclass(frozen=True)
class Found:
    """All that is known before a sentence is written; the passages are looked for once somebody asks for them."""

    question: str
    alone: str
    """The question as it stands alone."""
    scoped: Scoped
    asked: Asked
    route: Route
    library: Library

    @cached_property
    def gathered(self) -> Gathered:
        """What search found. A sum that is complete does without."""
        return gather(self.asked, self.scoped.scope, self.library, _searched(self.asked, self.scoped))

    @cached_property
    def ranked(self) -> Sequence[Relevance]:
        """The sentences found, best first."""
        return rank(self.asked, self.gathered.units)

    @cached_property
    def decision(self) -> Decision:
        """Whether they answer."""
        return decide(self.asked, self.ranked, measured=self.library.measured)

    @property
    def language(self) -> Language:
        """The language to answer in: the question's."""
        return reply_language(self.question)


def lexicon_of(library: Library) -> Lexicon:
    """Return what reading a question needs of a library, as it is now."""
    return Lexicon(library.glossary, library.passages, library.counts)


def find(
    library: Library, text: str, history: Sequence[Turn], scope: Scope, model: LanguageModel | None = None
) -> Found:
    """Read a question and find what may answer it.

    Args:
        model: asked for what the rules do not read: what a follow-up points to, inputs of a sum.
    """
    lexicon = lexicon_of(library)
    before = _stood(history, lexicon)
    alone = standalone(text, before, lexicon)
    if model is not None and alone == text:
        alone = rewritten(text, before, model)
    # The earlier questions as they were understood: a sum goes on from the one that was shown.
    routed = route(text, [{"role": "user", "content": question} for question in before])
    if routed.kind == "library" and alone != text and before and route(before[-1]).kind != "library":
        # The same sum with another amount is one even where only the whole question says so.
        whole = route(alone)
        routed = whole if whole.requests and all(request.ready for request in whole.requests) else routed
    if routed.kind == "library" and (inverse := needed(text, before)):
        routed, alone = inverse
    if model is not None and any(request.missing for request in routed.requests):
        routed = complete(routed, text, model)
    scoped = read_scope(alone, scope)
    words = scoped.text if scoped.text.strip(" ?？。.!！的") else alone
    asked = read_question(words, lexicon)
    return Found(text, alone, scoped, asked, routed, library)


def _searched(asked: Asked, scoped: Scoped) -> str:
    """Return what to search for: a question for what was judged or dated alone has no words of its own."""
    content = [term.text for term in asked.terms if not term.generic]
    if scoped.opinion or scoped.dated:
        return " ".join(content)
    return asked.text


def _stood(history: Sequence[Turn], lexicon: Lexicon) -> list[str]:
    """Return the earlier questions, each as it stands alone."""
    before: list[str] = []
    for turn in history:
        if is_courtesy(turn.question):
            continue
        known = turn.answer.standalone if turn.answer else ""
        before.append(known or standalone(turn.question, before, lexicon))
    return before
