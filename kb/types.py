"""The vocabulary of the product: what a document, a passage, a question and a hit are.

Owns the pydantic models that every layer passes along. Does no I/O and imports nothing of
the product. Invariant: all models are frozen and refuse unknown fields; offsets are Python
string indices into `Document.text`, half open.
"""

import re
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Language = Literal["en", "zh", "mixed", "other"]
DateBasis = Literal["stated", "id", "title", "file name"]
PARTIAL_DATE = re.compile(
    r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
QUARTER = re.compile(r"\d{4}-Q[1-4]")


class Frozen(BaseModel):
    """Base of all types: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """The kinds of source that can be read."""

    NOTES = "notes"
    RSS = "rss"
    ARXIV = "arxiv"
    PAGE = "page"


class Link(Frozen):
    """A hyperlink over `text[start:end]` of its document. The address is http, https or mailto."""

    start: int
    end: int
    url: str


class Section(Frozen):
    """A heading's or an outline node's own span, its descendants excluded.

    Sections are in document order and cover the text without gaps or overlaps: a parent's
    span ends where its first child's begins. The tree follows from `level` alone.
    """

    id: str
    """Place in the tree by sibling ordinals, such as `2.1.3`; unique in its document."""
    level: int = Field(ge=1)
    title: str
    """First line without marker and labels; the heading of a page section. May be empty."""
    marker: str = ""
    """The marker as written (`n.`, `3)`, `一、`): decoration, never structure."""
    start: int
    end: int
    labels: tuple[str, ...] = ()
    orphan: bool = False
    """True where the source shows that the parent line was lost."""


class Document(Frozen):
    """One readable work: a post, a paper's abstract, a notebook, an item of a newsletter."""

    id: str
    source: str
    """Location of the source it came from: a path or an address."""
    kind: Kind
    url: str = ""
    title: str
    title_estimated: bool = False
    """True where the source names no title and the first words stand in."""
    authors: tuple[str, ...] = ()
    published: str = ""
    """ISO 8601, as precise as the source states it: `2023`, `2023-04`, `2023-04-07` or a full
    date-time with its own offset. Empty where unknown: a date is never invented."""
    published_basis: DateBasis | None = None
    updated: str = ""
    quarter: str = ""
    """`2023-Q1`, by the date as the source states it; empty where unknown."""
    topics: tuple[str, ...] = ()
    language: Language = "en"
    text: str
    content_hash: str = ""
    """Of text and metadata, set by the store's writer; equal hashes mean nothing to do."""
    status: Literal["current", "withdrawn"] = "current"
    categories: tuple[str, ...] = ()
    comment: str = ""
    version: int | None = None
    """arXiv version; None elsewhere."""
    sections: tuple[Section, ...] = ()
    links: tuple[Link, ...] = ()

    @field_validator("published", "updated")
    @classmethod
    def _iso(cls, value: str) -> str:
        if value and not PARTIAL_DATE.fullmatch(value):
            raise ValueError(f"{value!r} is not an ISO 8601 date")
        return value

    @field_validator("quarter")
    @classmethod
    def _quarter(cls, value: str) -> str:
        if value and not QUARTER.fullmatch(value):
            raise ValueError(f"{value!r} is not a quarter such as 2023-Q1")
        return value

    @model_validator(mode="after")
    def _spans(self) -> "Document":
        """Sections cover the text in order; links lie inside it."""
        at = 0
        for section in self.sections:
            if section.start != at or section.end < section.start:
                raise ValueError(f"section {section.id} spans {section.start}-{section.end}, expected start {at}")
            at = section.end
        if self.sections and at != len(self.text):
            raise ValueError(f"sections end at {at}, the text at {len(self.text)}")
        if any(not 0 <= link.start <= link.end <= len(self.text) for link in self.links):
            raise ValueError("a link lies outside the text")
        return self


class Chunk(Frozen):
    """A passage: what is indexed, found and cited. `text == document.text[start:end]`."""

    id: str
    doc_id: str
    ordinal: int
    path: tuple[str, ...] = ()
    """Breadcrumb: titles of the ancestors and of the own section, outermost first."""
    section: str = ""
    """`Section.id` of the section that it starts in."""
    text: str
    start: int
    end: int
    embed_text: str
    """What is embedded and indexed: breadcrumb, passage and, for an outline, first children."""
    labels: tuple[str, ...] = ()


class Reference(Frozen):
    """A work or page that a chunk names."""

    kind: Literal["arxiv", "doi", "github", "url", "title"]
    """`title`: a work that a list names without any link."""
    key: str
    """Canonical: base arXiv id, lower-case DOI, `owner/name`, canonical URL, title in normal form."""
    url: str
    """Empty where the source gives no link."""
    title: str = ""
    remark: str = ""
    chunk_id: str = ""
    doc_id: str = ""


class Query(Frozen):
    """A question with its filters; filters hold for the vector and the keyword leg alike."""

    text: str
    topics: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    sources: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    language: Language | None = None
    labels: tuple[str, ...] = ()
    doc_id: str = ""
    """Search inside one document only."""
    limit: int = Field(default=10, ge=1, le=200)
    expand: bool = True
    """Expand by the glossary."""
    suggest: bool = True
    """Say, where nothing is found, which words of the library are spelled alike."""
    explain: bool = True
    """Say of each hit why it was found, and where in it."""


class DocumentInfo(Frozen):
    """A document without its text, for lists and hits."""

    id: str
    source: str
    kind: Kind
    url: str
    title: str
    title_estimated: bool = False
    authors: tuple[str, ...] = ()
    published: str = ""
    published_basis: DateBasis | None = None
    updated: str = ""
    quarter: str = ""
    topics: tuple[str, ...] = ()
    language: Language = "en"
    status: Literal["current", "withdrawn"] = "current"
    chunks: int = 0
    added: str = ""
    starter: bool = False


class Hit(Frozen):
    """A passage found."""

    chunk: Chunk
    document: DocumentInfo
    score: float
    matched: Literal["vector", "keyword", "both"]
    meaning: float = 0.0
    """Cosine of passage and question; 0 where the vector leg did not see it."""
    why: str = ""
    highlights: tuple[tuple[int, int], ...] = ()
    """Spans of `chunk.text` that matched the question's terms."""
    others: tuple[str, ...] = ()
    """Ids of further chunks that were folded into this hit: neighbours shown with it, and twins."""


class SavedSearch(Frozen):
    """A search that the reader keeps."""

    text: str
    """With its operators, as typed."""
    seen_at: str
    new: int = 0
    """Passages among its best that came since it was last looked at."""


class SearchResult(Frozen):
    """Hits with what the reader should know about how they were found."""

    query: Query
    hits: tuple[Hit, ...]
    expanded: tuple[str, ...] = ()
    """Glossary terms also searched for."""
    suggestions: tuple[str, ...] = ()
    """Words of the library spelled like those of a question that found nothing."""
    notices: tuple[str, ...] = ()
    """Such as: keyword search only, because no embedder could be loaded."""
    total_candidates: int = 0
    milliseconds: float = 0.0


class Known(Frozen):
    """What an entry that was read before is known again by."""

    id: str
    url: str
    title: str
    published: str = ""


class Counts(Frozen):
    """What an ingest of one source did."""

    documents: int = 0
    chunks: int = 0
    embedded: int = 0
    """Chunks whose vector had to be computed."""
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: int = 0


class Outcome(Frozen):
    """How the ingest of one source ended."""

    source: str
    kind: Kind | None = None
    status: Literal["ok", "unchanged", "partial", "failed"]
    counts: Counts = Counts()
    error: str = ""
    hint: str = ""
    warnings: tuple[str, ...] = ()


class FeedFacts(Frozen):
    """What a feed says of itself beside its entries, and what its reader says of the reading."""

    title: str = ""
    identity: str = ""
    """What the ids of its entries were made from."""
    pause: int = Field(default=0, ge=0)
    """Seconds that it asks to be left alone between two requests; 0 where it does not say."""
    complete: bool = True
    """False where it ends early, so that the same address may hold more."""
    further_ids: dict[str, tuple[str, ...]] = {}
    """Document id to the ids that it falls back on, next best first, where the first means another entry."""


class Parsed(Frozen):
    """What an ingestor makes of one source's bytes: documents, and what it had to leave out."""

    kind: Kind
    documents: tuple[Document, ...]
    warnings: tuple[str, ...] = ()
    skipped: int = 0
    feed: FeedFacts | None = None

    @property
    def partial(self) -> bool:
        """Whether something is missing: entries that were left out, or that never came."""
        return self.skipped > 0 or (self.feed is not None and not self.feed.complete)
