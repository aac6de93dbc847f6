"""Read files and folders into the library, and fetch papers from arXiv.

Kinds are recognised by content: notes (outlines), rss (RSS and Atom), arxiv (API answers and
dumps of abstracts), page (posts, newsletters, page texts). A file that was read before and has
not changed costs nothing; one that failed leaves the others alone. Papers of arXiv are fetched by
id or address, title, authors and abstract; nothing else is fetched.

Examples:
  python -m almanac ingest notes/ feed.xml
  python -m almanac ingest dump.txt --kind arxiv
  python -m almanac ingest ~/reading --json
  python -m almanac ingest arxiv:2309.06180 https://arxiv.org/abs/1910.02054
"""

import argparse
from collections.abc import Callable

from almanac.commands._output import add_json, bar, print_json
from almanac.ingestion import Progress
from almanac.library import Almanac
from kb.types import Kind, Outcome

NAME = "ingest"
HELP = "read files and folders, or fetch papers, into the library"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder with all its files, or a paper")
    parser.add_argument("--kind", choices=[str(kind) for kind in Kind], help="do not recognise, take it as this kind")
    parser.add_argument("--no-embed", action="store_true", help="leave vectors for later (the app makes them)")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Ingest, print an outcome a source, and return 1 where every source failed."""
    almanac = opener()
    kind = Kind(args.kind) if args.kind else None
    outcomes: list[Outcome] = []
    with bar("", quiet=args.json) as show:

        def report(step: Progress) -> None:
            show(f"{step.sources_done + 1}/{step.sources_total} {step.stage}", step.done, step.total)

        for outcome in almanac.ingest(args.paths, kind=kind, embed=not args.no_embed, report=report):
            outcomes.append(outcome)
            if not args.json:
                _print(outcome)
        if any(outcome.counts.chunks and outcome.status != "unchanged" for outcome in outcomes) and not args.no_embed:
            almanac.update_index(lambda done, total: show("updating the index", done, total))
    if args.json:
        print_json({"outcomes": [to_json(outcome) for outcome in outcomes]})
    elif not outcomes:
        print("Nothing to read: the folder holds no files.")
    return 1 if outcomes and all(outcome.status == "failed" for outcome in outcomes) else 0


def to_json(outcome: Outcome) -> dict[str, object]:
    """Return an outcome as the contract for scripts states it."""
    made: dict[str, object] = {
        "source": outcome.source,
        "kind": outcome.kind,
        "status": outcome.status,
        **outcome.counts.model_dump(),
        "warnings": list(outcome.warnings),
    }
    if outcome.error:
        made["error"] = f"{outcome.error} {outcome.hint}".strip()
    return made


def _print(outcome: Outcome) -> None:
    counts = outcome.counts
    head = f"{outcome.status:<9} {outcome.source}"
    if outcome.status == "failed":
        print(f"{head}\n          {outcome.error}\n          {outcome.hint}")
        return
    parts = [f"{counts.documents} documents", f"{counts.chunks} passages"]
    parts += [f"{n} {word}" for word in ("added", "updated", "removed", "skipped") if (n := getattr(counts, word))]
    print(f"{head}\n          {outcome.kind}: {', '.join(parts)}")
    for warning in outcome.warnings:
        print(f"          note: {warning}")
