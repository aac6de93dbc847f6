"""Take in a library that `export` wrote. This library must be empty but for the starter library.

Every file is checked before anything changes. Files of this home's own, such as its settings, stay.

Example:
  python -m almanac import ~/almanac-backup --home ~/other-library
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from almanac.commands._output import add_json, print_json
from almanac.library import Almanac
from almanac.portable import import_library

NAME = "import"
HELP = "take in a library that `export` wrote"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("folder", metavar="DIR", help="a folder that `export` wrote")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Import a library."""
    manifest, kept = import_library(opener().store, Path(args.folder).expanduser())
    if args.json:
        print_json({"documents": manifest.documents, "kept": kept})
        return 0
    print(f"documents imported: {manifest.documents}")
    for name in kept:
        print(f"Kept this home's own {name}; the exported one lies in {args.folder}.", file=sys.stderr)
    return 0
