"""List what is in the library, newest first.

Examples:
  python -m almanac documents --kind arxiv
  python -m almanac documents --quarter 2023-Q3 --json
"""

import argparse
from collections.abc import Callable

from almanac.commands._output import add_json, print_json
from almanac.library import Almanac
from kb.types import DocumentInfo, Kind

NAME = "documents"
HELP = "list the documents of the library"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--kind", action="append", default=[], choices=[str(k) for k in Kind], help="only this kind")
    parser.add_argument("--quarter", default="", help="only this quarter, as 2023-Q1")
    parser.add_argument("--topic", default="", help="only this topic")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """List the documents."""
    kinds = [Kind(kind) for kind in args.kind]
    found = opener().documents(kinds=kinds, quarter=args.quarter, topic=args.topic)
    if args.json:
        print_json({"documents": [to_json(info) for info in found]})
        return 0
    for info in found:
        when = info.published.split("T")[0] or info.quarter or "undated"
        print(f"{when:<10} {info.kind:<6} {info.title[:90]}")
        print(f"           {info.id} · {', '.join(info.topics) or 'no topic'}")
    print(f"{len(found)} documents")
    return 0


def to_json(info: DocumentInfo) -> dict[str, object]:
    """Return a document as the contract for scripts states it."""
    return info.model_dump(mode="json")
