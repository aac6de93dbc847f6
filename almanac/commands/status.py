"""Say what is in the library, what waits and what failed.

Example:
  python -m almanac status --json
"""

import argparse
from collections.abc import Callable

from almanac.commands._output import add_json, print_json
from almanac.library import Almanac

NAME = "status"
HELP = "say what is in the library, what waits and what failed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Print the library's state."""
    found = opener().overview.status()
    if args.json:
        print_json(found)
        return 0
    print(f"Library at {found['home']}")
    print(f"  {found['documents']} documents, {found['chunks']} passages from {found['sources']} sources")
    print(f"  {found['waiting']} passages wait for a vector, {found['outbox']} for the index")
    for name in ("by_kind", "by_topic", "by_language", "by_quarter"):
        if found[name]:
            counts = ", ".join(f"{key or 'unknown'} {count}" for key, count in found[name].items())
            print(f"  {name.replace('_', ' ')}: {counts}")
    for source in found["failures"]:
        print(f"  failed: {source['location']}\n    {source['error']}\n    {source['hint']}")
    return 0
