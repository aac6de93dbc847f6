"""Load the starter library (notes and papers in the product's own words), or remove it as a whole.

Examples:
  python -m almanac starter
  python -m almanac starter --remove
"""

import argparse
from collections.abc import Callable

from almanac.commands._output import add_json, bar, print_json
from almanac.commands.ingest import to_json
from almanac.library import Almanac

NAME = "starter"
HELP = "load the starter library, or remove it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--remove", action="store_true", help="remove everything that came with the starter library")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Load or remove the starter library."""
    almanac = opener()
    if args.remove:
        gone = almanac.remove_starter()
        print_json({"removed": gone}) if args.json else print(f"{gone} documents removed")
        return 0
    with bar("starter ", quiet=args.json) as show:
        outcomes = almanac.load_starter(report=lambda step: show(step.stage, step.done, step.total))
        almanac.update_index(lambda done, total: show("updating the index", done, total))
    if args.json:
        print_json({"outcomes": [to_json(outcome) for outcome in outcomes]})
    else:
        print(
            f"{sum(o.counts.documents for o in outcomes)} documents, {sum(o.counts.chunks for o in outcomes)} passages"
        )
    return 1 if any(outcome.status == "failed" for outcome in outcomes) else 0
