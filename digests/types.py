"""The vocabulary of digests: a quarter's entries, highlights, movements, and what was left out and why.

Frozen like all types. Invariant of a digest: every document of the quarter is in exactly one of its
entries (as the entry itself or among `also`), `left_out` or `undated`.
"""

from typing import Literal

from pydantic import Field

from kb.types import DateBasis, Frozen, Kind


class SourceSentence(Frozen):
    """A whole sentence of a source: `text` is `document.text[start:end]`, white space folded."""

    text: str
    doc_id: str
    chunk_id: str
    start: int
    end: int


class Opinion(SourceSentence):
    """What a note of the reader's says of a work, with the labels of its node, such as `very-good`."""

    labels: tuple[str, ...] = ()


class NamedWork(Frozen):
    """A work that a document lists with a remark, as a digest or a reading list does."""

    kind: str
    """As in `kb.types.Reference`: arxiv, doi, github, title."""
    key: str
    url: str = ""
    title: str
    topic: str = ""
    """The first topic of title and remark; empty where none."""
    remark: SourceSentence | None = None
    labels: tuple[str, ...] = ()
    """The reader's own, where a note lists it."""
    held: str = ""
    """Id of its own document, where the library has one."""


class GeneratedSentence(Frozen):
    """A sentence that a language model wrote, and the source sentences that bear it out."""

    text: str
    sources: tuple[SourceSentence, ...]
    replaced: bool = False
    """True where what the model wrote did not pass, and a source's own sentence stands in its place."""


class Entry(Frozen):
    """One work of the quarter: the documents about it merged under the one that leads."""

    doc_id: str
    kind: Kind
    title: str
    title_estimated: bool = False
    authors: tuple[str, ...] = ()
    url: str = ""
    source: str = ""
    published: str = ""
    published_basis: DateBasis | None = None
    quarter: str = ""
    """Of its publication, known also where the source states no date but names the quarter."""
    updated: str = ""
    """Set where the work was revised after it was published."""
    version: int | None = None
    topics: tuple[str, ...] = ()
    subtopic: str = ""
    summary: str
    """The sentences joined: 40 to 90 words where the source has as many."""
    sentences: tuple[SourceSentence, ...]
    generated: tuple[GeneratedSentence, ...] = ()
    """Empty without a model; never shown unlabelled."""
    code_urls: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Ids of further documents about the same work, such as a post or a note."""
    opinions: tuple[Opinion, ...] = ()
    """What the reader's own notes say of the work."""
    remarks: tuple[SourceSentence, ...] = ()
    """What other documents say of the work, such as a newsletter that lists it."""
    named_by: tuple[str, ...] = ()
    """Ids of the documents that name the work."""
    names: tuple[NamedWork, ...] = ()
    """The works that it lists, where it is a list."""
    status: Literal["current", "withdrawn"] = "current"
    pinned: bool = False


class Section(Frozen):
    """The entries of one topic; `topic` is `other` for works without one."""

    topic: str
    title: str
    entries: tuple[Entry, ...]


class Highlight(Frozen):
    """A must-read with the values that made it one."""

    doc_id: str
    reason: str
    """The criterion's values in words, such as: named by 4 documents, opinion `very good`."""
    score: float


class Movement(Frozen):
    """A topic or term whose share of the documents rose or fell against the quarter before."""

    subject: str
    kind: Literal["topic", "term"]
    before: int
    now: int
    total_before: int
    total_now: int


class LeftOut(Frozen):
    """A document of the quarter that has no entry."""

    doc_id: str
    title: str
    reason: str


class FailedSource(Frozen):
    """A source that could not be read when the digest was built, so that something may be missing."""

    location: str
    error: str


class Coverage(Frozen):
    """`in_quarter == shown + left_out + undated`, exactly.

    Of the quarter are the documents dated in it, and the undated ones that came to the library in
    it. Merged documents count as shown; those published earlier are not of the quarter.
    """

    in_quarter: int
    shown: int
    left_out: int
    undated: int
    failed_sources: int
    works: int = 0
    """Entries of the main list: one a work."""


class Change(Frozen):
    """What is different from the build before; empty after a first build."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Ids of documents."""


class Edits(Frozen):
    """What the reader changed; it survives rebuilds."""

    title: str = ""
    note: str = ""
    """The editor's note, Markdown."""
    pinned: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    topic_order: tuple[str, ...] = ()


class Built(Frozen):
    """From what, and by what, a digest was made. No wall-clock time: equal libraries give equal digests."""

    documents: int
    fingerprint: str
    method: str
    """The version of the builder; the name of the language model where one was used."""
    model: str = ""


class Digest(Frozen):
    """A quarter, accounted for."""

    quarter: str
    title: str
    summary: str
    """The movements of the quarter and its must-reads in two or three computed sentences."""
    generated_summary: tuple[GeneratedSentence, ...] = ()
    highlights: tuple[Highlight, ...] = ()
    criterion: str = ""
    """How highlights are chosen, in words."""
    movements: tuple[Movement, ...] = ()
    sections: tuple[Section, ...] = ()
    earlier: tuple[Entry, ...] = ()
    """Published before the quarter, added to the library in it."""
    left_out: tuple[LeftOut, ...] = ()
    undated: tuple[LeftOut, ...] = ()
    failed_sources: tuple[FailedSource, ...] = ()
    coverage: Coverage
    edits: Edits = Edits()
    built_from: Built
    complete: bool = Field(default=True)
    """False while the quarter is still running."""


class QuarterState(Frozen):
    """A quarter of the library, for the list of digests."""

    quarter: str
    documents: int
    """Dated in the quarter."""
    others: int = 0
    """Added in it, but published earlier or without a date."""
    built_at: str
    """Empty where it was never built."""
    stale: bool
    """True where documents or edits changed since it was built."""


class BuildState(Frozen):
    """When a quarter's digest was built, from what, and what changed since the build before."""

    built_at: str = ""
    fingerprint: str = ""
    changes: Change = Change()
    previous_built_at: str = ""
