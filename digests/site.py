"""A static site of digests: pages, feed and BibTeX in a folder, opened from disk or put on any web server.

Owns the folder's own files, which it lists in `.almanac-site`, and touches no other. All is written
beside first. A page that is there is replaced whole or not at all; an error in between brings back
what stood there, and what a killed run left is undone by the next one. Invariant: cut off anywhere,
every page that the index leads to is there, and so is all that those pages lead to.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from digests.cited import Cited
from digests.quarter import short
from digests.render import FORMS
from digests.render_atom import render_atom
from digests.render_bibtex import render_bibtex
from digests.render_html import WHOLE, Around, page, render_html, text
from digests.site_chart import chart, table
from digests.types import Digest
from digests.wording import count, span_of
from kb.errors import DigestError
from kb.markup import esc

OWN = ".almanac-site"
LOG = "log.json"
FEED, INDEX, BIBTEX = "feed.xml", "index.html", "digests.bib"
Counts = Mapping[str, Mapping[str, int]]
"""Documents by quarter and topic."""


def pages(
    digests: Sequence[Digest], counts: Counts, cite: Callable[[Digest], Cited] = lambda digest: WHOLE, base: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield the files of a site as (name, text): the pages of quarters first, what leads to them last."""
    ordered = sorted(digests, key=lambda digest: digest.quarter)
    names = ["", *(digest.quarter for digest in ordered), ""]
    for digest, before, after in zip(ordered, names, names[2:], strict=False):
        cited = cite(digest)
        yield f"{digest.quarter}.html", render_html(digest, cited, _around(digest.quarter, before, after))
        for form in ("md", "bibtex", "json"):
            yield f"{digest.quarter}.{FORMS[form].suffix}", FORMS[form].render(digest, cited)
    yield BIBTEX, render_bibtex(ordered)
    yield FEED, render_atom(ordered, base)
    yield INDEX, _index(ordered, counts)


def _around(quarter: str, before: str, after: str) -> Around:
    links = [(INDEX, "All quarters")]
    links += [(f"{before}.html", f"← {short(before)}")] if before else []
    links += [(f"{after}.html", f"{short(after)} →")] if after else []
    links += [(f"{quarter}.{FORMS[form].suffix}", FORMS[form].title) for form in ("md", "bibtex", "json")]
    return Around(links, FEED)


def _index(ordered: Sequence[Digest], counts: Counts) -> str:
    rows = ""
    for digest in reversed(ordered):
        size = f"{span_of(digest.quarter)} · {count(digest.coverage.in_quarter, 'document')}"
        summary = text(digest.summary, "p") if digest.summary else ""
        rows += (
            f'<article><h2><a href="{digest.quarter}.html">{text(digest.title)}</a></h2>\n'
            f'<p class="dim">{esc(size)}</p>\n{summary}</article>\n'
        )
    body = (
        '<header>\n<h1>Quarterly digests</h1>\n<p class="dim">What the papers, posts and notes of one library brought, '
        "quarter by quarter, every document accounted for.</p>\n</header>\n"
        f"{chart(counts)}{rows or '<p>No quarter has a document yet.</p>'}{table(counts, {d.quarter for d in ordered})}"
    )
    return page("Quarterly digests", body, Around([(FEED, "Atom feed"), (BIBTEX, "BibTeX of all")], FEED))


def write_site(folder: Path, files: Iterator[tuple[str, str]]) -> list[str]:
    """Write a site into a folder and return the names of its files; pages of earlier runs that are no more go.

    Raises:
        DigestError: the folder cannot be written, another run writes it, or a file of somebody else's is in the way.
    """
    own = folder / OWN
    try:
        own.mkdir(parents=True, exist_ok=True)
        with FileLock(own / "lock", timeout=0):
            _undo(folder)
            return _write(folder, files)
    except Timeout as error:
        raise DigestError(f"Another run is writing the site in {folder}.", "Wait until it is done.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DigestError(f"The site cannot be written to {folder}: {reason}.", "Name a folder of your own.") from error


def _write(folder: Path, files: Iterator[tuple[str, str]]) -> list[str]:
    own, new = folder / OWN, folder / OWN / "new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    names = []
    for name, content in files:
        _save(new / name, content)
        names.append(name)
    before = _written(folder)
    for name in names:
        if name not in before and os.path.lexists(folder / name):
            raise DigestError(
                f"{folder / name} is not a page of this site.", "Name an empty folder, or move that file away."
            )
    _swap(folder, [name for name in names if not _same(folder / name, new / name)], before, set(names))
    shutil.rmtree(own / "old", ignore_errors=True)
    shutil.rmtree(new, ignore_errors=True)
    return names


def _same(path: Path, new: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == new.read_bytes()


def _save(path: Path, content: str) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _written(folder: Path) -> set[str]:
    """Return the names of the files that earlier runs wrote."""
    try:
        found = json.loads((folder / OWN / "written.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return set()
    return {name for name in found if isinstance(name, str) and "/" not in name and os.sep not in name}


def _swap(folder: Path, changed: Sequence[str], before: set[str], now: set[str]) -> None:
    """Put the new files in place of the old ones and take away what is gone: all, or on an error nothing."""
    own, old, new = folder / OWN, folder / OWN / "old", folder / OWN / "new"
    gone = sorted(before - now)
    shutil.rmtree(old, ignore_errors=True)
    old.mkdir()
    kept = [name for name in [*changed, *gone] if os.path.lexists(folder / name)]
    for name in kept:
        _keep(folder / name, old / name)
    added = [name for name in changed if name not in kept]
    log = {"kept": kept, "added": added, "written": sorted(before)}
    _save(old / "log.part", json.dumps(log))
    # From here until the log goes, a run that is cut off is undone.
    (old / "log.part").replace(old / LOG)
    try:
        # What nothing leads to yet comes first, the index last, and pages go when nothing leads to them any more.
        for name in sorted(changed, key=lambda name: (name == INDEX, name not in added)):
            (new / name).replace(folder / name)
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        _note(own, now)
    except BaseException:
        _undo(folder)
        raise
    (old / LOG).unlink()


def _keep(path: Path, kept: Path) -> None:
    """Give an old file a second name, or copy it where the disk knows only one: its place is never empty."""
    try:
        os.link(path, kept, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, kept, follow_symlinks=False)


def _note(own: Path, names: set[str]) -> None:
    _save(own / "written.part", json.dumps(sorted(names)))
    (own / "written.part").replace(own / "written.json")


def _undo(folder: Path) -> None:
    """Bring back what stood here before a run that was cut off while it put its files in place."""
    old = folder / OWN / "old"
    try:
        log = json.loads((old / LOG).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    for name in log["kept"]:
        if os.path.lexists(old / name):
            (old / name).replace(folder / name)
    for name in log["added"]:
        (folder / name).unlink(missing_ok=True)
    _note(folder / OWN, set(log["written"]))
    (old / LOG).unlink()
