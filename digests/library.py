"""The whole library as digests see it: which documents matter to which quarter, and what names what.

Pure: made from the marks and references of one generation. Owns the fingerprint, which covers all
that a quarter's digest depends on and nothing else, so that a kept build is served exactly as long as
it holds.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from digests.brief import Brief
from digests.movements import Tally, tally
from digests.named import Noted
from digests.quarter import quarter_of, shift
from digests.titles import LEAST_WORDS, title_key, title_words
from digests.works import Facts, group, named_by_address, paper_of
from kb.store.digests import Mark, Mention
from kb.types import Kind

Key = tuple[str, str]
"""How a reference names a work: kind and key."""


@dataclass
class Library:
    """All documents at one generation."""

    marks: Mapping[str, Mark]
    mentions: Sequence[Mention]
    notebooks: Mapping[str, Brief]
    edits: Mapping[str, str]
    now: str
    """The quarter that is running."""
    method: str
    """What builds, glossary included: a change of it makes every build stale."""
    _fingerprints: dict[str, str] = field(default_factory=dict)
    _named: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _involved: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def dated(self) -> dict[str, list[str]]:
        """Documents by the quarter that they are dated in, by id."""
        return _by((mark.quarter, mark.id) for mark in self.marks.values() if mark.quarter)

    @cached_property
    def earlier(self) -> dict[str, list[str]]:
        """Documents by the quarter in which they came, where they are dated before it."""
        came = ((quarter_of(mark.added), mark) for mark in self.marks.values())
        return _by((added, mark.id) for added, mark in came if mark.quarter and mark.quarter < added)

    @cached_property
    def undated(self) -> dict[str, list[str]]:
        """Documents without a date by the quarter in which they came."""
        return _by((quarter_of(mark.added), mark.id) for mark in self.marks.values() if not mark.quarter)

    @cached_property
    def works(self) -> dict[str, tuple[str, ...]]:
        """For each document, all documents about its work."""
        named: dict[str, set[str]] = defaultdict(set)
        for mention in self.mentions:
            if mention.kind == "arxiv":
                named[mention.doc_id].add(mention.key)
        return group(map(_facts, self.marks.values()), {doc: frozenset(keys) for doc, keys in named.items()})

    @cached_property
    def keys(self) -> dict[str, set[Key]]:
        """How a reference may name each document's work."""
        return {doc: set(_keys(mark)) for doc, mark in self.marks.items()}

    @cached_property
    def holders(self) -> dict[Key, str]:
        """The document that a reference leads to; the first by id of several."""
        found: dict[Key, str] = {}
        for doc in sorted(self.marks):
            for key in sorted(self.keys[doc]):
                found.setdefault(key, doc)
        return found

    @cached_property
    def _naming(self) -> dict[Key, set[str]]:
        """Documents by the works that they name."""
        found: dict[Key, set[str]] = defaultdict(set)
        for mention in self.mentions:
            found[mention.kind, mention.key].add(mention.doc_id)
            if mention.title:
                found["title", title_key(mention.title)].add(mention.doc_id)
        for doc, notebook in self.notebooks.items():
            for key, _ in notebook.titled:
                found["title", key].add(doc)
        return dict(found)

    def named_by(self, work: Iterable[str]) -> tuple[str, ...]:
        """Return the documents that name a work, given by its documents, which themselves are left out."""
        members = tuple(work)
        if members not in self._named:
            own = set(members)
            found = {doc for member in own for key in self.keys.get(member, ()) for doc in self._naming.get(key, ())}
            self._named[members] = tuple(sorted(found - own))
        return self._named[members]

    def quarters(self) -> list[str]:
        """Return every quarter that has something to show, newest first, the running one included."""
        return sorted({*self.dated, *self.earlier, *self.undated, *self.edits, self.now}, reverse=True)

    def members(self, quarter: str) -> list[str]:
        """Return the documents that a quarter's digest must account for, or shows as come late, by id."""
        parts = (self.dated, self.earlier, self.undated)
        return sorted(doc for part in parts for doc in part.get(quarter, ()))

    def involved(self, quarter: str) -> list[str]:
        """Return those and all documents about the same works or naming them, by id."""
        if quarter not in self._involved:
            found: set[str] = set()
            for doc in self.members(quarter):
                work = self.works[doc]
                found.update(work)
                found.update(self.named_by(work))
            self._involved[quarter] = sorted(found)
        return self._involved[quarter]

    def fingerprint(self, quarter: str) -> str:
        """Return a hash of everything that a quarter's digest is made from."""
        if quarter not in self._fingerprints:
            before = self.dated.get(shift(quarter, -1), ())
            told = [
                [self.method, quarter, quarter >= self.now, self.edits.get(quarter, "")],
                [self._told(doc) for doc in self.members(quarter)],
                [(doc, self.marks[doc].content_hash) for doc in self.involved(quarter)],
                [(doc, self.marks[doc].content_hash, self.marks[doc].topics) for doc in before],
            ]
            text = json.dumps(told, ensure_ascii=False)
            self._fingerprints[quarter] = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        return self._fingerprints[quarter]

    def _told(self, doc: str) -> list[object]:
        mark, work = self.marks[doc], self.works[doc]
        return [doc, mark.content_hash, mark.topics, mark.source, mark.quarter, work, self.named_by(work)]

    def basis(self, quarter: str) -> dict[str, str]:
        """Return for each document of a quarter's digest what, changed, changes the digest."""
        return {
            doc: f"{self.marks[doc].content_hash} {' '.join(topic for topic, _ in self.marks[doc].topics)}"
            for doc in self.members(quarter)
        }

    def topics(self, doc: str) -> tuple[str, ...]:
        """Return a document's topics, best first."""
        return tuple(topic for topic, _ in self.marks[doc].topics)

    def held(self, kind: str, key: str, title: str) -> str:
        """Return the document of a work that some document names, empty where the library has none."""
        found = self.holders.get((kind, key), "")
        if not found and len(title_words(title)) >= LEAST_WORDS:
            found = self.holders.get(("title", title_key(title)), "")
        return found


def counted(library: Library, quarter: str, briefs: Mapping[str, Brief]) -> Tally:
    """Return how many documents of a quarter have each topic and name each term; `other` has none of the topics."""
    docs = library.dated.get(quarter, ())
    return tally(
        (library.topics(doc) or ("other",) for doc in docs), (briefs[doc].terms for doc in docs if doc in briefs)
    )


def said_in(notebook: Brief, keys: set[Key]) -> list[Noted]:
    """Return what a notebook says of a work."""
    linked = [said for said in notebook.noted if (said.kind, said.key) in keys]
    return [*linked, *(said for key, said in notebook.titled if ("title", key) in keys)]


def _by(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for quarter, doc in pairs:
        found[quarter].append(doc)
    return {quarter: sorted(docs) for quarter, docs in found.items()}


def _facts(mark: Mark) -> Facts:
    return Facts(
        mark.id, mark.kind, mark.source, mark.url, mark.title, mark.title_estimated, mark.authors, mark.published
    )


def _keys(mark: Mark) -> Iterable[Key]:
    if paper := paper_of(mark.id, mark.url):
        yield "arxiv", paper
    elif mark.url:
        yield named_by_address(mark.url)
    if not mark.title_estimated and mark.kind != Kind.NOTES and len(title_words(mark.title)) >= LEAST_WORDS:
        yield "title", title_key(mark.title)
