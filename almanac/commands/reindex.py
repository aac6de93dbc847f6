"""Make the vector index anew from the stored vectors; nothing is embedded twice.

Example:
  python -m almanac reindex
"""

import argparse
from collections.abc import Callable

from almanac.commands._output import add_json, bar, print_json
from almanac.library import Almanac
from kb.errors import IndexMismatch, ModelUnavailable

NAME = "reindex"
HELP = "make the vector index anew from the stored vectors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Rebuild the index.

    Raises:
        ModelUnavailable: there is no embedder, so there are no vectors to index.
        IndexMismatch: another process has the index open.
    """
    almanac = opener()
    if almanac.models.embedder() is None:
        state = almanac.models.state
        raise ModelUnavailable(
            state.message or "No embedder is set, so there is no vector index to make.",
            state.hint or "Set EMBEDDER to `packaged`; keyword search needs no index.",
        )
    if almanac.models.index() is None:
        raise IndexMismatch("Another process has the vector index open.", "Close the app and run `reindex` again.")
    with bar("indexing ", quiet=args.json) as show:
        made = almanac.reindex(lambda done, total: show("", done, total))
    if args.json:
        print_json({"indexed": made})
    else:
        print(f"{made} passages indexed")
    return 0
