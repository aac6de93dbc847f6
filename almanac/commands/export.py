"""Write the whole library to a folder that can be carried or kept: database, own files, documents as JSON lines.

Works while the app is open. Downloaded models and the vector index are left out; the index is made again
from the vectors in the database.

Examples:
  python -m almanac export ~/almanac-backup
  python -m almanac import ~/almanac-backup --home ~/other-library
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from almanac.commands._output import add_json, print_json
from almanac.library import Almanac
from almanac.portable import export_library

NAME = "export"
HELP = "write the whole library to a folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("folder", metavar="DIR", help="a new or empty folder, or an earlier export")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Export the library."""
    manifest = export_library(opener().store, Path(args.folder).expanduser())
    if args.json:
        print_json(manifest.model_dump())
    else:
        print(f"documents written to {args.folder}: {manifest.documents}, files: {len(manifest.files)}")
    return 0
