"""The documents and passages that a digest speaks of beside its entries: their titles, addresses, places.

Reads the store, for whole digests or for the entries that a page shows. What is gone since the
digest was built is named by its id; nothing fails.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeVar

from digests.types import Digest, Entry, SourceSentence
from kb.markup import plain, web_address
from kb.store import Store
from kb.text import fold_space
from kb.types import DocumentInfo, Kind

S = TypeVar("S", bound=SourceSentence)
OPENING = 32
"""Letters by which a heading is known to open with its sentence."""
LONGEST = 72
"""Letters of a heading that a place names."""


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else words[:LONGEST].rsplit(" ", 1)[0].rstrip(" ,;:-–") + "…"


@dataclass(frozen=True)
class Cited:
    """Names for ids; empty, it still answers."""

    documents: Mapping[str, DocumentInfo] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Breadcrumbs of passages."""

    def title(self, doc_id: str) -> str:
        """Return a document's title on one line."""
        info = self.documents.get(doc_id)
        if info is None:
            return doc_id
        title = fold_space(plain(info.title)) or "Untitled"
        return title.rstrip(" .…") + "…" if info.title_estimated else title

    def url(self, doc_id: str) -> str:
        """Return a document's address on the web, empty where it has none."""
        info = self.documents.get(doc_id)
        return web_address(info.url) if info is not None else ""

    def is_note(self, doc_id: str) -> bool:
        """Tell whether a document is the reader's own."""
        info = self.documents.get(doc_id)
        return info is not None and info.kind is Kind.NOTES

    def place(self, sentence: SourceSentence) -> str:
        """Return where a sentence stands: its document's title and the headings above it."""
        title = self.title(sentence.doc_id)
        path = [fold_space(plain(part)) for part in self.paths.get(sentence.chunk_id, ()) if part.strip()]
        path = path[1:] if path and path[0] == title else path
        # A node of an outline stands in its own path: it would only repeat the sentence.
        path = path[:-1] if path and path[-1][:OPENING] == sentence.text[:OPENING] else path
        return " › ".join([title, *(_cut(part) for part in path[-2:])])

    def by_place(self, sentences: Iterable[S]) -> list[tuple[str, list[S]]]:
        """Return sentences by where they stand; those that follow one another in one place are together."""
        return [(place, list(found)) for place, found in groupby(sentences, self.place)]


def sentences_of(entry: Entry) -> list[SourceSentence]:
    """Return every sentence of a source that an entry holds, in the order in which it is shown."""
    written = [source for made in entry.generated for source in made.sources]
    return [*written, *entry.sentences, *entry.opinions, *entry.remarks]


def entries_of(digest: Digest) -> list[Entry]:
    """Return the entries of a digest in order, those published earlier last."""
    return [*(entry for section in digest.sections for entry in section.entries), *digest.earlier]


def cited_in(store: Store, entries: Iterable[Entry], documents: Iterable[str] = ()) -> Cited:
    """Return the names of all that some entries cite, and of further documents."""
    ids, chunks = set(documents), set[str]()
    for entry in entries:
        ids.update(entry.also, entry.named_by, (work.held for work in entry.names if work.held))
        for sentence in sentences_of(entry):
            ids.add(sentence.doc_id)
            chunks.add(sentence.chunk_id)
    sql = "SELECT id, path FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
    rows = store.rows(sql, (json.dumps(sorted(chunks)),)) if chunks else []
    paths = {chunk: tuple(json.loads(path)) for chunk, path in rows}
    return Cited(store.infos_by_id(sorted(ids)) if ids else {}, paths)


def cited_by(store: Store, digest: Digest) -> Cited:
    """Return the names of all that a digest cites."""
    written = {source.doc_id for made in digest.generated_summary for source in made.sources}
    return cited_in(store, entries_of(digest), written)
