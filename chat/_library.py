"""What the chat needs of a library, handed in: search, words, passages, documents.

Owns the Protocol alone. Invariant: everything here reads; nothing is written through it.
"""

from collections.abc import Sequence
from typing import Protocol

from kb.glossary import Glossary
from kb.types import Chunk, DocumentInfo, Query, SearchResult, Section


class Library(Protocol):
    """A library as the chat sees it."""

    @property
    def glossary(self) -> Glossary:
        """The bilingual glossary."""
        ...

    @property
    def passages(self) -> int:
        """How many passages there are."""
        ...

    @property
    def measured(self) -> bool:
        """Whether cosines are those of the embedder with which the chat's threshold was measured."""
        ...

    def counts(self, tokens: Sequence[str]) -> dict[str, int]:
        """Return in how many passages each token occurs."""
        ...

    def search(self, query: Query) -> SearchResult:
        """Return the best passages for a question."""
        ...

    def between(self, doc_id: str, start: int, end: int) -> list[Chunk]:
        """Return the passages of a document that overlap a span of its text, in order."""
        ...

    def text(self, doc_id: str) -> str:
        """Return a document's text; empty where it is gone."""
        ...

    def info(self, doc_id: str) -> DocumentInfo | None:
        """Return a document without its text; None where it is gone."""
        ...

    def sections(self, doc_id: str) -> tuple[Section, ...]:
        """Return a document's section tree; empty where it is gone."""
        ...
