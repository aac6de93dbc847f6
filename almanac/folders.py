"""A folder of notes that is watched: files added, edited, renamed and removed, told by their content.

Files are read as any other location is; a snapshot of arXiv among them is streamed. Owns the comparison of
a folder with what the library has of it. Refuses to take a folder that is not there, or a disk that is not
mounted, for one whose files were removed. Invariant: a renamed file keeps its documents and their ids; what
lies in a place that cannot be looked into stays in the library.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import ingest
from almanac.files import list_folder, read_file
from almanac.gathering import Gathering
from almanac.ingestion import Ingestion, Report
from almanac.preparing import digest_of
from ingest.arxiv_snapshot import is_snapshot
from kb.errors import FetchError, ParseError, SourceError
from kb.store import Store
from kb.store.subscriptions import locations_under, move_source
from kb.types import Counts, Document, Kind, Outcome, Parsed

_HEAD = 4096
_SHOWN = 5
_BACK = "If the files are gone for good, remove the subscription; nothing was removed so far."


@dataclass(frozen=True)
class Found:
    """How a look at a folder ended."""

    outcome: Outcome
    device: int
    """File system that it lies on."""


@dataclass(frozen=True)
class _Listing:
    files: list[str]
    """Files that may hold text."""
    closed: list[str]
    """Places that cannot be looked into."""
    binary: Counter[str]
    """Files that hold no text, by suffix."""
    device: int


class Folders:
    """Watches folders for one library."""

    def __init__(self, store: Store, ingestion: Ingestion, gathering: Gathering) -> None:
        self._store = store
        self._ingestion = ingestion
        self._gathering = gathering

    def take(self, folder: str, device: int, report: Report | None, cancelled: Callable[[], bool]) -> Found:
        """Bring the library up to date with a folder.

        Args:
            device: file system that it lay on at the last look; 0 at the first.
        Raises:
            SourceError: the folder cannot be looked into, or seems not to be mounted.
        """
        listing = _list(folder)
        known = locations_under(self._store, [folder])
        gone = [place for place in known if not os.path.lexists(place) and not _below(place, listing.closed)]
        if gone and not listing.files and device not in (0, listing.device):
            message = f"{folder} is empty and on another disk than before: the disk with it is probably not mounted."
            raise FetchError(message, _BACK)
        renamed = self._rename(gone, [path for path in listing.files if path not in known], known)
        outcomes = list(self._gathering.run(listing.files, embed=None, report=report, cancelled=cancelled))
        removed = 0
        for place in gone:
            if place not in renamed and not cancelled():
                removed += self._ingestion.forget(place)
        outcome = _sum(folder, outcomes, removed, [*_remarks(listing), *_renames(renamed)])
        return Found(outcome, listing.device)

    def look(self, folder: str) -> Parsed:
        """Return what a folder holds; nothing is written.

        Raises:
            SourceError: it cannot be looked into.
        """
        listing = _list(folder)
        documents: list[Document] = []
        warnings, skipped = _remarks(listing), 0
        for path in listing.files:
            if is_snapshot(path):
                warnings.append(f"{PurePath(path).name} is a snapshot of arXiv; a check reads all of its papers.")
                continue
            try:
                data = read_file(path, self._ingestion.max_file)
                parsed = ingest.parse(data, name=PurePath(path).name, source=path)
            except SourceError as error:
                warnings.append(error.message)
                skipped += 1
                continue
            documents += parsed.documents
            warnings += parsed.warnings
        return Parsed(kind=Kind.NOTES, documents=tuple(documents), warnings=tuple(warnings), skipped=skipped)

    def _rename(self, gone: Sequence[str], new: Sequence[str], known: dict[str, str]) -> dict[str, str]:
        """Move sources whose file has the same content under another name; return old to new places."""
        by_content = {known[place]: place for place in reversed(gone) if known[place]}
        if not by_content:
            return {}
        renamed: dict[str, str] = {}
        for path in new:
            try:
                digest = digest_of(read_file(path, self._ingestion.max_file))
            except SourceError:
                # The ingest that follows says what is wrong with it.
                continue
            before = by_content.pop(digest, None)
            if before is not None:
                with self._store.write(f"noting that {before} was renamed") as writer:
                    move_source(writer, before, path)
                renamed[before] = path
        return renamed


def _list(folder: str) -> _Listing:
    try:
        device = os.stat(folder).st_dev
        os.scandir(folder).close()
    except OSError as error:
        reason = "is no folder" if isinstance(error, NotADirectoryError) else f"cannot be opened: {error.strerror}"
        raise FetchError(f"{folder} {reason}.", f"Check the path, or mount its disk. {_BACK}") from error
    files, closed = list_folder(folder)
    binary: Counter[str] = Counter()
    text: list[str] = []
    for path in files:
        if _is_binary(path):
            binary[PurePath(path).suffix.lower() or "no suffix"] += 1
        else:
            text.append(path)
    return _Listing(text, closed, binary, device)


def _is_binary(path: str) -> bool:
    """Whether a file's beginning has the zero bytes that no text has; wide encodings with their mark are text."""
    try:
        with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NONBLOCK)) as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False  # the ingest says why it cannot be read
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    return (b"\x00" in head and not is_snapshot(path)) or head[:5] == b"%PDF-"


def _below(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(place.rstrip("/") + "/") for place in places)


def _remarks(listing: _Listing) -> list[str]:
    made = [f"{place} cannot be looked into; what is known of it stays." for place in listing.closed]
    if listing.binary:
        kinds = ", ".join(f"{suffix} {count}" for suffix, count in listing.binary.most_common(_SHOWN))
        made.append(f"{listing.binary.total()} files that hold no text were left out: {kinds}.")
    return made


def _renames(renamed: dict[str, str]) -> list[str]:
    if not renamed:
        return []
    shown = [f"{PurePath(a).name} is now {PurePath(b).name}" for a, b in list(renamed.items())[:_SHOWN]]
    more = f" and {len(renamed) - _SHOWN} more" if len(renamed) > _SHOWN else ""
    return [f"Renamed: {'; '.join(shown)}{more}."]


def _sum(folder: str, outcomes: Sequence[Outcome], removed: int, remarks: list[str]) -> Outcome:
    """One outcome for all files of a folder."""
    counts = Counts(
        **{
            name: sum(getattr(one.counts, name) for one in outcomes)
            for name in Counts.model_fields
            if name != "removed"
        },
        removed=removed + sum(one.counts.removed for one in outcomes),
    )
    failed = [one for one in outcomes if one.status == "failed"]
    warnings = [*remarks, *(f"{PurePath(one.source).name}: {one.error}" for one in failed)]
    for one in outcomes:
        warnings += [f"{PurePath(one.source).name}: {warning}" for warning in one.warnings]
    if failed and len(failed) == len(outcomes):
        error = ParseError(f"None of the {len(failed)} files in {folder} could be read.", failed[0].error)
        return Outcome(
            source=folder, kind=Kind.NOTES, status="failed", counts=counts, error=error.message, hint=error.hint
        )
    partly = failed or any(one.status == "partial" for one in outcomes)
    changed = counts.added or counts.updated or counts.removed
    status = "partial" if partly else "ok" if changed or removed else "unchanged"
    return Outcome.model_validate(
        {"source": folder, "kind": Kind.NOTES, "status": status, "counts": counts, "warnings": tuple(warnings)}
    )
