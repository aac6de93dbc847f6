"""The schema of the database, its versions and its migrations.

A migration takes the database from one version to the next inside one transaction, so that a
crash leaves the old version. Refuses a database written by a newer product.
"""

import sqlite3

from kb.errors import SchemaTooNew

VERSION = 6

_V1 = """
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    location TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    kind TEXT,
    content_hash TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL DEFAULT 0,
    starter INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    hint TEXT NOT NULL DEFAULT '',
    warnings TEXT NOT NULL DEFAULT '[]',
    skipped INTEGER NOT NULL DEFAULT 0,
    tried_at TEXT NOT NULL DEFAULT '',
    succeeded_at TEXT NOT NULL DEFAULT ''
);
CREATE TABLE documents (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    source INTEGER NOT NULL REFERENCES sources(id),
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    published TEXT NOT NULL,
    quarter TEXT NOT NULL,
    date_first TEXT NOT NULL,
    date_last TEXT NOT NULL,
    language TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    record TEXT NOT NULL,
    added_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
);
CREATE INDEX documents_quarter ON documents(quarter);
CREATE INDEX documents_source ON documents(source);
-- Every source that holds a document; the records of those that did not win wait here.
CREATE TABLE holdings (
    doc_id TEXT NOT NULL,
    source INTEGER NOT NULL REFERENCES sources(id),
    record TEXT,
    PRIMARY KEY (doc_id, source)
) WITHOUT ROWID;
CREATE INDEX holdings_source ON holdings(source);
CREATE TABLE topics (
    doc INTEGER NOT NULL REFERENCES documents(row) ON DELETE CASCADE,
    topic TEXT NOT NULL,
    score REAL NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (doc, topic)
) WITHOUT ROWID;
CREATE INDEX topics_topic ON topics(topic, doc);
-- A reader's own tags: they win over the tagger's and survive re-ingest.
CREATE TABLE corrections (
    doc_id TEXT PRIMARY KEY,
    topics TEXT NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    doc INTEGER NOT NULL REFERENCES documents(row) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    section TEXT NOT NULL,
    path TEXT NOT NULL,
    text TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    embed_text TEXT NOT NULL,
    embed_hash TEXT NOT NULL,
    labels TEXT NOT NULL
);
CREATE UNIQUE INDEX chunks_place ON chunks(doc, ordinal);
CREATE INDEX chunks_hash ON chunks(embed_hash);
CREATE TABLE labels (
    chunk INTEGER NOT NULL REFERENCES chunks(row) ON DELETE CASCADE,
    label TEXT NOT NULL,
    PRIMARY KEY (chunk, label)
) WITHOUT ROWID;
CREATE INDEX labels_label ON labels(label, chunk);
-- Vectors by the hash of what was embedded: an edit elsewhere, a move or a twin costs nothing.
CREATE TABLE vectors (
    embed_hash TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    vector BLOB NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (fingerprint, embed_hash)
);
CREATE VIRTUAL TABLE words USING fts5(
    head, body, tokenize = "unicode61 remove_diacritics 0 tokenchars '-_.+/&#''’'"
);
CREATE TABLE refs (
    chunk INTEGER NOT NULL REFERENCES chunks(row) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    remark TEXT NOT NULL,
    PRIMARY KEY (chunk, kind, key)
) WITHOUT ROWID;
CREATE INDEX refs_key ON refs(kind, key);
-- What the vector index has still to do; the sequence never restarts.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    op TEXT NOT NULL CHECK (op IN ('upsert', 'delete')),
    chunk_id TEXT NOT NULL
);
-- Documents that the reader removed while their source stays: a re-ingest does not bring them back.
CREATE TABLE tombstones (
    doc_id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
"""

_V2 = """
CREATE TABLE saved_searches (
    text TEXT PRIMARY KEY,
    saved_at TEXT NOT NULL,
    seen_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX documents_added ON documents(added_at);
-- Two libraries may share one vector server: each names its collections by this.
INSERT INTO facts VALUES ('library', lower(hex(randomblob(6))));
"""

_V3 = """
-- What was last built for a quarter, and from what: equal fingerprints mean nothing to build.
CREATE TABLE digests (
    quarter TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    record TEXT NOT NULL,
    basis TEXT NOT NULL,
    changes TEXT NOT NULL DEFAULT '',
    built_at TEXT NOT NULL,
    previous_at TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
-- What digests take from a document: made once for each content.
CREATE TABLE digest_briefs (
    doc_id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    record TEXT NOT NULL
) WITHOUT ROWID;
-- What the reader changed in a digest: it survives every rebuild.
CREATE TABLE digest_edits (
    quarter TEXT PRIMARY KEY,
    record TEXT NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID;
"""

_V4 = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    -- Whether the reader chose the title: else it follows the first question.
    named INTEGER NOT NULL DEFAULT 0,
    started_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    -- Empty while it is kept; a deleted one can be brought back for a while.
    deleted_at TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE turns (
    conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    question TEXT NOT NULL,
    record TEXT NOT NULL,
    -- What a search across conversations reads, in the form used for matching.
    words TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (conversation, ordinal)
) WITHOUT ROWID;
"""

_V5 = """
-- How the checks of a subscription went; which subscriptions there are stands in the home's file.
CREATE TABLE checks (
    subscription TEXT PRIMARY KEY,
    state TEXT NOT NULL
) WITHOUT ROWID;
-- By its address and title a removed post is known again under another GUID.
ALTER TABLE tombstones ADD COLUMN url TEXT NOT NULL DEFAULT '';
"""

_V6 = """
-- What a language model wrote for a digest, by what it is about; the key stands for what it was made from.
CREATE TABLE digest_prose (
    quarter TEXT NOT NULL,
    subject TEXT NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (quarter, subject)
) WITHOUT ROWID;
"""

# One script a step; step n leads from version n to n + 1.
MIGRATIONS: tuple[str, ...] = (_V1, _V2, _V3, _V4, _V5, _V6)


def migrate(connection: sqlite3.Connection) -> int:
    """Bring the database to the current version and return the version it had.

    Raises:
        SchemaTooNew: it was written by a newer product; nothing is changed.
    """
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise SchemaTooNew(
            f"This library was written by a newer version of the Almanac (schema {found}, this one knows {VERSION}).",
            "Update the Almanac, or point ALMANAC_HOME at another folder. Nothing was changed.",
        )
    for step in range(found, VERSION):
        statements = _statements(MIGRATIONS[step])
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have migrated while this one waited for the lock.
            if int(connection.execute("PRAGMA user_version").fetchone()[0]) == step:
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {step + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    return found


def _statements(script: str) -> list[str]:
    """Split a script at its statements: executescript would commit the transaction first."""
    found: list[str] = []
    part = ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            found.append(part.strip())
            part = ""
    return found
