"""Asking the library: the chat with this library, its language model and its conversations' rules behind it.

Owns the joining of `chat` to store, search and model. Refuses nothing that a reader can type. Invariant: asking
reads only; whoever wants to keep an answer saves it.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from almanac.language import LanguageState
from chat import citations
from chat.answer import Asker
from chat.generate import Desk
from chat.types import Answer, Citation, Event, Resolved, Scope, Turn
from kb.errors import DocumentNotFound
from kb.glossary import Glossary
from kb.llm import LanguageModel
from kb.store import Store
from kb.store.retrieval import vocabulary
from kb.types import Chunk, DocumentInfo, Query, SearchResult, Section

Search = Callable[[Query], SearchResult]
_NO_SCOPE = Scope()
MEASURED_WITH = "all-MiniLM-L6-v2"


class StoredLibrary:
    """A library as the chat sees it, read from its store."""

    def __init__(
        self,
        store: Store,
        glossary: Callable[[], Glossary],
        search: Search,
        embedder: Callable[[], str] = lambda: MEASURED_WITH,
    ) -> None:
        self._store = store
        self._glossary = glossary
        self._embedder = embedder
        self.search = search
        self._counted = (-1, 0)

    @property
    def glossary(self) -> Glossary:
        """The bilingual glossary."""
        return self._glossary()

    @property
    def passages(self) -> int:
        """How many passages there are."""
        generation = self._store.generation()
        if self._counted[0] != generation:
            self._counted = (generation, int(self._store.rows("SELECT count(*) FROM chunks")[0][0]))
        return self._counted[1]

    @property
    def measured(self) -> bool:
        """Whether cosines are those of the embedder with which the chat's threshold was measured."""
        return self._embedder() == MEASURED_WITH

    def counts(self, tokens: Sequence[str]) -> dict[str, int]:
        """Return in how many passages each token occurs."""
        return vocabulary(self._store, tokens)

    def between(self, doc_id: str, start: int, end: int) -> list[Chunk]:
        """Return the passages of a document that overlap a span of its text, in order."""
        return self._store.chunks_between(doc_id, start, end)

    def text(self, doc_id: str) -> str:
        """Return a document's text; empty where it is gone."""
        return self._store.text_of(doc_id)

    def info(self, doc_id: str) -> DocumentInfo | None:
        """Return a document without its text; None where it is gone."""
        return self._store.infos_by_id([doc_id]).get(doc_id)

    def sections(self, doc_id: str) -> tuple[Section, ...]:
        """Return a document's section tree; empty where it is gone."""
        try:
            return self._store.document(doc_id).sections
        except DocumentNotFound:
            return ()


class Chat:
    """Questions to one library. Safe to share between threads."""

    def __init__(
        self,
        library: StoredLibrary,
        model: Callable[[], LanguageModel | None],
        state: Callable[[], LanguageState] = lambda: LanguageState("ready"),
    ) -> None:
        self.library = library
        self._model = model
        self._state = state

    @cached_property
    def _asker(self) -> Asker:
        return Asker(self.library)

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        scope: Scope = _NO_SCOPE,
        *,
        extractive: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
        waiting: Callable[[int], None] = lambda _: None,
    ) -> Iterator[Event]:
        """Answer a question, telling how it goes; the last event holds the answer, unless it was cancelled.

        Args:
            history: the earlier turns of the conversation, oldest first.
            scope: where to look; filters that the question states are added.
            extractive: quote only, even where a model is at hand.
            cancelled: asked often; true ends the iteration without an answer.
            waiting: told at once how many answers the model writes before this one; the event of that
                kind comes only when it is over.
        """
        desk = Desk(self._model, self._loads, self._trouble, cancelled, waiting)
        quoting = extractive or self._state().status == "off"
        return self._asker.ask(question, history, scope, desk=None if quoting else desk, cancelled=cancelled)

    def _loads(self) -> bool:
        """Tell whether a model is chosen that the first question loads."""
        return self._state().status in ("waiting", "loading")

    def _trouble(self) -> str:
        """Return why no model is at hand, where one should be."""
        state = self._state()
        return f"{state.message} {state.hint}".strip() if state.status == "failed" else ""

    def answer(
        self, question: str, history: Sequence[Turn] = (), scope: Scope = _NO_SCOPE, *, extractive: bool = False
    ) -> Answer:
        """Return the answer to a question."""
        found = [event.answer for event in self.ask(question, history, scope, extractive=extractive) if event.answer]
        return found[-1]

    def resolve(self, citation: Citation) -> Resolved:
        """Return where a citation stands now; documents change and leave."""
        return citations.resolve(citation, self.library)
