"""Exchange feeds with feed readers: import an OPML list, or export the subscriptions as one.

Examples:
  python -m almanac opml import feeds.opml
  python -m almanac opml import feeds.opml --json
  python -m almanac opml export feeds.opml
  python -m almanac opml export -
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from almanac.commands._output import add_json, print_json
from almanac.files import read_file
from almanac.library import Almanac
from kb.errors import StoreError

NAME = "opml"
HELP = "import or export feeds as OPML"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("action", choices=("import", "export"))
    parser.add_argument("file", metavar="FILE", help="- is standard input or output")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Import and say what became of each line, or export."""
    almanac = opener()
    if args.action == "export":
        return _export(args, almanac)
    data = sys.stdin.buffer.read() if args.file == "-" else read_file(args.file, almanac.settings.max_file)
    lines = almanac.sources.import_opml(data)
    added = sum(line.result == "added" for line in lines)
    if args.json:
        print_json({"added": added, "lines": [line.__dict__ for line in lines]})
        return 0
    for line in lines:
        print(f"{line.result:<10}{line.title}{': ' + line.reason if line.reason else ''}")
    print(f"{added} of {len(lines)} feeds added. `sync` reads what they have.")
    return 0


def _export(args: argparse.Namespace, almanac: Almanac) -> int:
    data, left_out = almanac.sources.export_opml()
    if args.file == "-":
        sys.stdout.buffer.write(data)
        return 0
    try:
        Path(args.file).write_bytes(data)
    except OSError as error:
        raise StoreError(f"{args.file} cannot be written: {error.strerror}.", "Name another file.") from error
    count = data.count(b"xmlUrl=")
    if args.json:
        print_json({"file": args.file, "feeds": count, "left_out": left_out})
    else:
        print(f"{count} feeds written to {args.file}" + (f"; {left_out} are no feeds." if left_out else "."))
    return 0
