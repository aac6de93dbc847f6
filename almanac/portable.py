"""A library in a folder that can be carried: its database, the reader's own files, and the documents as plain text.

Refuses to write over what is no export, and to take in what is not whole. Invariant: an export appears
whole or not at all; an import changes nothing before all of it has been checked.
"""

import hashlib
import json
import shutil
import tempfile
from datetime import UTC
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from kb.errors import StoreError
from kb.store import Store
from kb.store.copies import copy_in, copy_out, records
from kb.store.schema import VERSION

MANIFEST, DATABASE, DOCUMENTS = "export.json", "library.sqlite", "documents.jsonl"
OWN_FILES = ("subscriptions.toml", "glossary.tsv", "almanac.toml")
UPLOADS = "uploads"


class Manifest(BaseModel):
    """What an export holds; hashes are SHA-256 by path within the folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1] = 1
    database_version: int
    exported_at: str
    home: str
    documents: int
    files: dict[str, str]


def export_library(store: Store, folder: Path) -> Manifest:
    """Write the library to a new or empty folder, or in place of an earlier export.

    Raises:
        StoreError: the folder holds something else or cannot be written; it is as it was.
    """
    folder = folder.absolute()
    if folder.exists() and not _may_replace(folder):
        raise StoreError(f"{folder} holds files that are no export.", "Name a new or an empty folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
            made = Path(beside) / "new"
            made.mkdir()
            manifest = _fill(store, made)
            if folder.exists():
                folder.rename(Path(beside) / "old")
            made.rename(folder)
    except OSError as error:
        raise StoreError(
            f"The export {folder} cannot be written: {error.strerror or error}.",
            "Check its permissions and the free space of the disk.",
        ) from error
    return manifest


def import_library(store: Store, folder: Path) -> tuple[Manifest, list[str]]:
    """Make an empty library the exported one; return what it holds and the files of the home that were kept.

    A library that holds only the starter library counts as empty. A file of this home's own, such as its
    settings, is never replaced by the exported one.

    Raises:
        StoreError: the folder is no whole export, or this library holds something of its own.
        SchemaTooNew, Locked: as they say; nothing was changed.
    """
    folder = folder.absolute()
    manifest = _check(folder)
    home = store.home.absolute()
    copy_in(store, folder / DATABASE, moved=(str(Path(manifest.home) / UPLOADS), str(home / UPLOADS)))
    kept = []
    for name in manifest.files:
        if name in (DATABASE, DOCUMENTS):
            continue
        target = home / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, target)
        elif _digest(target) != manifest.files[name]:
            kept.append(name)
    return manifest, kept


def _may_replace(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MANIFEST).is_file() or not any(folder.iterdir()))


def _fill(store: Store, folder: Path) -> Manifest:
    home = store.home.absolute()
    copy_out(store, folder / DATABASE)
    documents = 0
    with (folder / DOCUMENTS).open("w", encoding="utf-8") as out:
        for record in records(folder / DATABASE):
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
            documents += 1
    uploads = [path for path in sorted((home / UPLOADS).rglob("*")) if not path.name.startswith(".")]
    for path in [*(home / name for name in OWN_FILES), *uploads]:
        if path.is_file():
            target = folder / path.relative_to(home)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    manifest = Manifest(
        database_version=VERSION,
        exported_at=store.now().astimezone(UTC).isoformat(timespec="seconds"),
        home=str(home),
        documents=documents,
        files={
            path.relative_to(folder).as_posix(): _digest(path) for path in sorted(folder.rglob("*")) if path.is_file()
        },
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def _check(folder: Path) -> Manifest:
    """Return an export's manifest once every file it names is there as it was written. Raises StoreError."""
    again = "Name the folder that `export` wrote, or export anew."
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise StoreError(f"{folder} is no export: {MANIFEST} cannot be read ({error.strerror}).", again) from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise StoreError(f"{folder / MANIFEST} is no manifest of an export that this product knows.", again) from error
    if DATABASE not in manifest.files:
        raise StoreError(f"{folder / MANIFEST} names no {DATABASE}.", again)
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise StoreError(f"The export {folder} lacks {name}.", again)
        if _digest(path) != digest:
            raise StoreError(f"{path} is not as it was exported.", again)
    return manifest


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
