"""What digests ask of the database and keep in it: marks of documents, mentions, builds, edits, briefs.

Reads by plain rows, writes its own tables only. A build is kept whole, as text, with the
fingerprint of what it was made from: equal fingerprints mean that it still holds.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from kb.store.database import Store
from kb.store.subscriptions import read_checks
from kb.store.writer import Writer
from kb.types import Chunk, Document, Reference


class Mark(NamedTuple):
    """A document without its text, as a digest's fingerprint sees it."""

    id: str
    content_hash: str
    kind: str
    quarter: str
    """Empty where undated."""
    added: str
    """When it came to the library, ISO 8601."""
    published: str
    source: str
    url: str
    title: str
    title_estimated: bool
    authors: tuple[str, ...]
    topics: tuple[tuple[str, float], ...]
    """With their scores, best first."""


class Mention(NamedTuple):
    """A passage that names a work by a reference."""

    kind: str
    key: str
    title: str
    remark: str
    doc_id: str
    chunk_id: str


class Stored(NamedTuple):
    """A build as it is kept."""

    fingerprint: str
    record: str
    basis: str
    changes: str
    built_at: str
    previous_at: str


_MARK = """SELECT d.id, d.content_hash, d.kind, d.quarter, d.added_at, d.published, s.location, d.url, d.title,
    json_extract(d.record, '$.title_estimated'), json_extract(d.record, '$.authors'),
    (SELECT json_group_array(json_array(topic, score))
     FROM (SELECT topic, score FROM topics WHERE doc = d.row ORDER BY score DESC, topic))
    FROM documents d JOIN sources s ON s.id = d.source ORDER BY d.id"""


def marks(store: Store) -> dict[str, Mark]:
    """Return every document's mark, by id."""
    return {row[0]: _mark(row) for row in store.rows(_MARK)}


def _mark(row: tuple[Any, ...]) -> Mark:
    doc_id, content_hash, kind, quarter, added, published, source, url, title, estimated, authors, topics = row
    found = tuple((topic, round(score, 4)) for topic, score in json.loads(topics))
    names = tuple(json.loads(authors or "[]"))
    dates = (quarter, added, published)
    return Mark(doc_id, content_hash, kind, *dates, source, url, title, bool(estimated), names, found)


def mentions(store: Store) -> list[Mention]:
    """Return every reference of the library, in order of document and passage."""
    sql = (
        "SELECT r.kind, r.key, r.title, r.remark, d.id, c.id FROM refs r JOIN chunks c ON c.row = r.chunk "
        "JOIN documents d ON d.row = c.doc ORDER BY d.id, c.ordinal, r.kind, r.key"
    )
    return [Mention(*row) for row in store.rows(sql)]


def documents_of(store: Store, ids: Iterable[str]) -> list[Document]:
    """Return the documents of the given ids, by id, topics left out; unknown ids are absent."""
    sql = "SELECT record FROM documents WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    rows = store.rows(sql, (json.dumps(list(ids)),))
    return [Document.model_validate_json(record) for (record,) in rows]


def passages_of(store: Store, ids: Sequence[str]) -> dict[str, tuple[list[Chunk], list[Reference]]]:
    """Return the passages of documents, in order, and the references in them."""
    listed = (json.dumps(list(ids)),)
    found: dict[str, tuple[list[Chunk], list[Reference]]] = {doc: ([], []) for doc in ids}
    for chunk in store.chunks("d.id IN (SELECT value FROM json_each(?))", listed):
        found[chunk.doc_id][0].append(chunk)
    sql = (
        "SELECT r.kind, r.key, r.url, r.title, r.remark, c.id, d.id FROM refs r JOIN chunks c ON c.row = r.chunk "
        "JOIN documents d ON d.row = c.doc WHERE d.id IN (SELECT value FROM json_each(?)) "
        "ORDER BY d.id, c.ordinal, r.kind, r.key"
    )
    for kind, key, url, title, remark, chunk_id, doc_id in store.rows(sql, listed):
        found[doc_id][1].append(
            Reference(kind=kind, key=key, url=url, title=title, remark=remark, chunk_id=chunk_id, doc_id=doc_id)
        )
    return found


def failed_sources(store: Store) -> list[tuple[str, str]]:
    """Return (location, error) of the sources and subscriptions whose last try failed, by location."""
    found = dict(store.rows("SELECT location, error FROM sources WHERE status = 'failed'"))
    for key, check in read_checks(store).items():
        if check.result == "failed":
            kind, _, target = key.partition(":")
            found[key if kind == "arxiv" else target] = check.error
    return sorted(found.items())


def stored_build(store: Store, quarter: str) -> Stored | None:
    """Return what was last built for a quarter."""
    sql = "SELECT fingerprint, record, basis, changes, built_at, previous_at FROM digests WHERE quarter = ?"
    found = store.rows(sql, (quarter,))
    return Stored(*found[0]) if found else None


def stored_basis(store: Store, quarter: str) -> tuple[str, str] | None:
    """Return what the last build of a quarter rested on, and when it was made."""
    found = store.rows("SELECT basis, built_at FROM digests WHERE quarter = ?", (quarter,))
    return (found[0][0], found[0][1]) if found else None


def build_stamps(store: Store) -> dict[str, tuple[str, str]]:
    """Return (fingerprint, time of the build) for every quarter that was built."""
    rows = store.rows("SELECT quarter, fingerprint, built_at FROM digests")
    return {quarter: (fingerprint, built_at) for quarter, fingerprint, built_at in rows}


def headings(store: Store) -> dict[str, tuple[str, str]]:
    """Return title and summary of every build that is kept, by quarter."""
    sql = "SELECT quarter, json_extract(record, '$.title'), json_extract(record, '$.summary') FROM digests"
    return {quarter: (title or "", summary or "") for quarter, title, summary in store.rows(sql)}


def save_build(writer: Writer, quarter: str, build: Stored) -> None:
    """Keep a build in place of the one before."""
    writer.run(("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?, ?)", (quarter, *build)), aside=True)


def drop_builds(writer: Writer, quarters: Sequence[str]) -> None:
    """Forget the builds of quarters that have no documents any more."""
    writer.run(*(("DELETE FROM digests WHERE quarter = ?", (quarter,)) for quarter in quarters), aside=True)


def edit_records(store: Store) -> dict[str, str]:
    """Return the reader's edits by quarter, as JSON."""
    return dict(store.rows("SELECT quarter, record FROM digest_edits"))


def save_edit(writer: Writer, quarter: str, record: str, at: str) -> None:
    """Keep a reader's edits of a quarter; an empty record forgets them."""
    if record:
        writer.run(("INSERT OR REPLACE INTO digest_edits VALUES (?, ?, ?)", (quarter, record, at)))
    else:
        writer.run(("DELETE FROM digest_edits WHERE quarter = ?", (quarter,)))


def briefs(store: Store, keys: Mapping[str, str]) -> dict[str, str]:
    """Return the kept briefs of documents, by id, where they were made under the given keys."""
    sql = "SELECT doc_id, key, record FROM digest_briefs WHERE doc_id IN (SELECT value FROM json_each(?))"
    return {doc: record for doc, key, record in store.rows(sql, (json.dumps(list(keys)),)) if keys[doc] == key}


def brief_keys(store: Store, ids: Iterable[str]) -> dict[str, str]:
    """Return the keys under which the briefs of documents were made; those without one are absent."""
    sql = "SELECT doc_id, key FROM digest_briefs WHERE doc_id IN (SELECT value FROM json_each(?))"
    return dict(store.rows(sql, (json.dumps(list(ids)),)))


def save_briefs(writer: Writer, made: Mapping[str, tuple[str, str]]) -> None:
    """Keep briefs, given as (key, record) by document."""
    statement = "INSERT OR REPLACE INTO digest_briefs VALUES (?, ?, ?)"
    writer.run(*((statement, (doc, key, record)) for doc, (key, record) in sorted(made.items())), aside=True)


def forget_briefs(writer: Writer) -> None:
    """Forget the briefs of documents that are gone: looks at every brief, so once for many documents."""
    writer.run(("DELETE FROM digest_briefs WHERE doc_id NOT IN (SELECT id FROM documents)", ()), aside=True)


def prose_of(store: Store, quarter: str) -> dict[str, tuple[str, str]]:
    """Return (key, record) of what a language model wrote for a quarter, by what it is about."""
    rows = store.rows("SELECT subject, key, record FROM digest_prose WHERE quarter = ?", (quarter,))
    return {subject: (key, record) for subject, key, record in rows}


def save_prose(writer: Writer, quarter: str, subject: str, key: str, record: str) -> None:
    """Keep what a language model wrote about something, made from what the key stands for."""
    writer.run(("INSERT OR REPLACE INTO digest_prose VALUES (?, ?, ?, ?)", (quarter, subject, key, record)), aside=True)


def drop_prose(writer: Writer, quarter: str) -> None:
    """Forget all that a language model wrote for a quarter."""
    writer.run(("DELETE FROM digest_prose WHERE quarter = ?", (quarter,)), aside=True)
