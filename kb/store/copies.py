"""Whole copies of a library's database: out to one plain file, and in from one.

Refuses a file that is damaged, newer than this product, or would replace what the reader made. Invariant:
a copy is taken in one consistent view while others write, and taken in by one transaction: readers and
a crash see the library before or after, never between.
"""

import json
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kb.errors import StoreError
from kb.store.database import Store
from kb.store.lock import exclusive
from kb.store.schema import migrate

# What an import would lose: (what it is called, whether there is any).
_OWN = (
    ("documents", "SELECT 1 FROM documents d JOIN sources s ON s.id = d.source WHERE s.starter = 0"),
    ("conversations", "SELECT 1 FROM conversations"),
    ("corrected topics", "SELECT 1 FROM corrections"),
    ("removed documents", "SELECT 1 FROM tombstones"),
    ("kept searches", "SELECT 1 FROM saved_searches"),
    ("edited digests", "SELECT 1 FROM digest_edits"),
)


def copy_out(store: Store, path: Path) -> None:
    """Write the database as it is now to one new file. Raises StoreError."""
    with store.errors():
        copy = sqlite3.connect(path, isolation_level=None)
        try:
            store.connection.backup(copy)
            # One file that a disk without shared memory can hold and a reader without rights to write can open.
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the documents of a copy in order of id, each with its text and topics."""
    copy = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        topics = "SELECT topic FROM topics WHERE doc = d.row ORDER BY score DESC, topic"
        for record, names in copy.execute(
            f"SELECT record, (SELECT json_group_array(topic) FROM ({topics})) FROM documents d ORDER BY id"
        ):
            yield json.loads(record) | {"topics": json.loads(names)}
    finally:
        copy.close()


def own_content(store: Store) -> list[str]:
    """Return what a library holds beyond the starter library, in words."""
    return [name for name, sql in _OWN if store.rows(f"{sql} LIMIT 1")]


def copy_in(store: Store, path: Path, *, moved: tuple[str, str]) -> None:
    """Make the library the one that the file `path` holds; the file stays as it is.

    Args:
        moved: a folder of the other library and the folder that has its files here: sources in it follow.
    Raises:
        StoreError: the file is damaged, or this library holds something of its own.
        SchemaTooNew: a newer product wrote the file.
        Locked: another process has the vector index open, or writes.
    """
    with (
        tempfile.TemporaryDirectory(prefix=".import-", dir=store.home) as folder,
        exclusive(store.home / "chroma.lock", "importing", 0.0, fact="The library is open in the app"),
        store.write("importing a library"),
        store.errors(),
    ):
        own = own_content(store)
        if own:
            raise StoreError(
                f"The library {store.home} holds {', '.join(own)} of its own, which an import would replace.",
                "Import into another folder: python -m almanac import DIR --home FOLDER.",
            )
        whole = Path(shutil.copy(path, Path(folder) / "library.sqlite"))
        copy = sqlite3.connect(whole, isolation_level=None)
        try:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise StoreError(f"The library in {path} is damaged: {found}.", "Export it anew and import that.")
            migrate(copy)
            _adopt(copy, store, moved)
            copy.backup(store.connection)
        finally:
            copy.close()


def _adopt(copy: sqlite3.Connection, store: Store, moved: tuple[str, str]) -> None:
    """Make the copy a library of its own: two that share a name would share a collection on a Chroma server."""
    before, after = (os.path.join(folder, "") for folder in moved)
    copy.execute(
        "UPDATE sources SET location = ? || substr(location, ?) WHERE substr(location, 1, ?) = ?",
        (after, len(before) + 1, len(before), before),
    )
    # Caches of running readers compare these numbers.
    for name in ("generation", "vectors"):
        ours = int(store.fact(name, "0"))
        copy.execute(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) "
            "DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER)) + 1",
            (name, str(ours)),
        )
    copy.execute("INSERT OR REPLACE INTO facts VALUES ('library', ?)", (uuid.uuid4().hex[:12],))
