"""What a digest takes from one document: its facts and the sentences that sum it up.

Pure: the same content always gives the same brief, so it is made once for each content and kept.
Refuses to judge a document beside others; that is `build`.
"""

from collections.abc import Iterator, Sequence

from digests.types import SourceSentence
from kb.references import of_url
from kb.text import fold_space, sentences
from kb.types import Chunk, DateBasis, Document, Frozen, Kind

VERSION = "1"
"""Raised when something else would be made of the same document."""
MOST_WORDS = 75


class Brief(Frozen):
    """One document as digests see it."""

    id: str
    kind: Kind
    title: str
    title_estimated: bool = False
    authors: tuple[str, ...] = ()
    url: str = ""
    published: str = ""
    published_basis: DateBasis | None = None
    updated: str = ""
    version: int | None = None
    quarter: str = ""
    withdrawn: bool = False
    sentences: tuple[SourceSentence, ...] = ()
    code_urls: tuple[str, ...] = ()


def brief(document: Document, chunks: Sequence[Chunk]) -> Brief:
    """Return what digests take from a document; `chunks` are its passages, in order."""
    return Brief(
        id=document.id,
        kind=document.kind,
        title=document.title,
        title_estimated=document.title_estimated,
        authors=document.authors,
        url=document.url,
        published=document.published,
        published_basis=document.published_basis,
        updated=document.updated,
        version=document.version,
        quarter=document.quarter,
        withdrawn=document.status == "withdrawn",
        sentences=tuple(_first(document, chunks)),
        code_urls=tuple(_code(document)),
    )


def _first(document: Document, chunks: Sequence[Chunk]) -> Iterator[SourceSentence]:
    words = 0
    for start, end in sentences(document.text):
        text = fold_space(document.text[start:end])
        words += len(text.split())
        chunk = next((c.id for c in chunks if c.start <= start < c.end), "")
        if chunk and len(text.split()) > 5:
            yield SourceSentence(text=text, doc_id=document.id, chunk_id=chunk, start=start, end=end)
        if words > MOST_WORDS:
            return


def _code(document: Document) -> Iterator[str]:
    seen: set[str] = set()
    for link in document.links:
        reference = of_url(link.url)
        if reference is not None and reference.kind == "github" and reference.key not in seen:
            seen.add(reference.key)
            yield reference.url
