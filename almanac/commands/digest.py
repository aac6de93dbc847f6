"""Print a quarter's digest, export it, or write a site of all digests.

A digest is kept up to date by every ingest; where it is not, it is built now. Atom and BibTeX without a
quarter hold all quarters. A site is plain HTML that opens from disk; other files in its folder are left
alone.

Examples:
  python -m almanac digest --list
  python -m almanac digest 2023-Q1
  python -m almanac digest 2023-Q1 --format html --out q1.html
  python -m almanac digest 2023-Q1 --write
  python -m almanac digest --format bibtex --out works.bib
  python -m almanac digest --site public --url https://example.org/digests/
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from almanac import Almanac
from almanac.commands._output import Reply, add_json, bar, print_json
from digests.cited import Cited, cited_by
from digests.quarter import parse_quarter, short
from digests.render import FORMS, OF_MANY
from digests.site import pages, write_site
from digests.types import Digest
from digests.wording import count, is_empty
from kb.errors import DigestError, ModelUnavailable
from kb.markup import safe_url

NAME = "digest"
HELP = "print a quarter's digest, export it, or write a site of all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("quarter", nargs="?", default="", help="such as 2023-Q1")
    parser.add_argument("--format", choices=list(FORMS), help="form of the digest (default: md)")
    parser.add_argument("--out", metavar="FILE", help="write to a file, whole or not at all")
    parser.add_argument("--write", action="store_true", help="have the chosen language model word it first, checked")
    parser.add_argument("--list", action="store_true", help="list the quarters")
    parser.add_argument("--site", metavar="DIR", help="write a static site of all digests into a folder")
    parser.add_argument("--url", default="", help="with --site: where the site will stand, for the feed's links")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Do what the arguments ask for."""
    if args.list:
        return _list(opener(), args.json)
    if args.site:
        return _site(opener(), args)
    form = args.format or ("json" if args.json else "md")
    if args.json and form != "json":
        raise DigestError(f"--json and --format {form} ask for two things.", "Leave one of them out.")
    if not args.quarter and form not in OF_MANY:
        raise DigestError("No quarter is given.", "Name one such as 2023-Q1; `digest --list` lists them.")
    if args.write:
        _write(opener(), args)
    text = _one(opener(), parse_quarter(args.quarter), form) if args.quarter else OF_MANY[form](_all(opener()))
    if args.out:
        write_whole(Path(args.out), text)
        print(f"Wrote {args.out}")
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    return 0


def _one(almanac: Almanac, quarter: str, form: str) -> str:
    digest = almanac.digests.digest(quarter)
    return FORMS[form].render(digest, cited_by(almanac.store, digest) if FORMS[form].cites else Cited())


def _write(almanac: Almanac, args: argparse.Namespace) -> None:
    """Have a language model word the digest; what passed the check is kept and shown from then on."""
    if not args.quarter:
        raise DigestError("--write words one digest.", "Name its quarter.")
    model = almanac.language.model()
    if model is None:
        state = almanac.language.state
        hint = state.hint or "Choose a language model with the setting LLM, then try again."
        raise ModelUnavailable(state.message or "No language model is chosen.", hint)
    with bar("entries", quiet=args.json) as update:
        almanac.digests.write_prose(
            parse_quarter(args.quarter), model, report=lambda done, total: update("", done, total)
        )


def _all(almanac: Almanac) -> list[Digest]:
    made = (almanac.digests.digest(state.quarter) for state in almanac.digests.quarters())
    return [digest for digest in made if not is_empty(digest)]


def _list(almanac: Almanac, as_json: bool) -> int:
    found = almanac.digests.quarters()
    if as_json:
        rows: list[Reply] = [
            {"quarter": state.quarter, "documents": state.documents, "built_at": state.built_at, "stale": state.stale}
            for state in found
        ]
        print_json({"quarters": rows})
        return 0
    for state in found:
        built = f"built {state.built_at[:16].replace('T', ' ')}" if state.built_at else "not built yet"
        note = f"{built}, changed since" if state.built_at and state.stale else built
        print(f"{state.quarter}  {short(state.quarter):<8} {count(state.documents, 'document'):<18} {note}")
    return 0


def _site(almanac: Almanac, args: argparse.Namespace) -> int:
    if args.quarter or args.format or args.out:
        raise DigestError("--site writes all digests in all forms.", "Leave the quarter, --format and --out out.")
    base = args.url.rstrip("/") + "/" if args.url else ""
    if base and not safe_url(base).startswith("http"):
        raise DigestError(f"{args.url} is no http address.", "Write it like https://example.org/digests/.")
    digests, counts = _all(almanac), almanac.digests.topic_counts()
    names = write_site(Path(args.site), pages(digests, counts, lambda one: cited_by(almanac.store, one), base))
    if args.json:
        print_json({"site": args.site, "quarters": [digest.quarter for digest in digests], "files": sorted(names)})
    else:
        print(f"Wrote {count(len(digests), 'digest')} in {count(len(names), 'file')} to {args.site}")
    return 0


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all; an error leaves what stood there.

    Raises:
        DigestError: it cannot be written.
    """
    part = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            part = file.name
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, path.stat().st_mode if path.exists() else 0o666 & ~_umask())
        os.replace(part, path)
    except OSError as error:
        if part:
            with contextlib.suppress(OSError):
                os.unlink(part)
        raise DigestError(
            f"{path} cannot be written: {error.strerror}.", "Name a file in a folder of yours."
        ) from error


def _umask() -> int:
    # There is no way to read it but to set it.
    current = os.umask(0o022)
    os.umask(current)
    return current
