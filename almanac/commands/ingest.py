"""Read files and folders into the library, or fetch web addresses and papers of arXiv.

Kinds are recognised by content: notes (outlines), rss (RSS, Atom and JSON feeds), arxiv (API answers,
metadata snapshots, dumps of abstracts), page (HTML, posts, newsletters, page texts). What was read
before and has not changed costs nothing; what fails leaves the rest alone.

Papers of arXiv come by id or address, by a query in the language of its API, or by a topic's own
query: the newest ones first, later only what is new. Its metadata snapshot (JSON lines, also packed
as .gz) is read as a stream of any length and goes on where it was interrupted.

Examples:
  python -m almanac ingest notes/ feed.xml
  python -m almanac ingest https://example.org/post https://example.org/feed.xml
  python -m almanac ingest arxiv:2309.06180 https://arxiv.org/abs/1910.02054
  python -m almanac ingest arxiv-topic:serving --since 2023-Q1 --until 2023-Q1
  python -m almanac ingest 'arxiv-query:cat:cs.DC AND abs:"KV cache"' --limit 50
  python -m almanac ingest arxiv-metadata.json.gz --category cs.DC --topic serving --since 2023 --no-embed
"""

import argparse
from collections.abc import Callable

from almanac.commands._output import add_json, bar, print_json
from almanac.gathering import Scope
from almanac.ingestion import Progress
from almanac.library import Almanac
from kb.types import Kind, Outcome

NAME = "ingest"
HELP = "read files and folders, or fetch addresses and papers, into the library"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, a web address, a paper or a query")
    parser.add_argument("--kind", choices=[str(kind) for kind in Kind], help="do not recognise, take it as this kind")
    parser.add_argument("--no-embed", action="store_true", help="leave vectors for later (the app makes them)")
    only = parser.add_argument_group("only some papers, of a query or a snapshot")
    only.add_argument("--since", default="", metavar="DATE", help="submitted from this year, month, day or quarter on")
    only.add_argument("--until", default="", metavar="DATE", help="submitted up to it")
    only.add_argument("--category", action="append", default=[], metavar="NAME", help="snapshot: such as cs.DC, or cs")
    only.add_argument("--topic", action="append", default=[], metavar="SLUG", help="snapshot: such as serving")
    only.add_argument("--limit", type=int, metavar="N", help="query: at most so many")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Ingest, print an outcome a source, and return 1 where every source failed."""
    almanac = opener()
    kind = Kind(args.kind) if args.kind else None
    scope = Scope(tuple(args.category), tuple(args.topic), args.since, args.until, args.limit)
    outcomes: list[Outcome] = []
    with bar("", quiet=args.json) as show:

        def report(step: Progress) -> None:
            show(f"{step.sources_done + 1}/{step.sources_total} {step.stage}", step.done, step.total)

        for outcome in almanac.ingest(args.paths, kind=kind, embed=not args.no_embed, report=report, scope=scope):
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
