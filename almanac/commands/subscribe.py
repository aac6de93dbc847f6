"""Subscribe to the feed of a site, a web page, a query to arXiv or a folder of notes.

The address of a site is enough: its feeds are looked for, and where there are several they are listed
for you to choose from. Nothing is read into the library before the next sync.

Examples:
  python -m almanac subscribe https://example.org
  python -m almanac subscribe https://example.org/feed.xml --name "A blog" --group ML/Systems --every 12
  python -m almanac subscribe https://example.org/reading-list --kind page
  python -m almanac subscribe 'cat:cs.DC AND abs:"KV cache"' --kind arxiv
  python -m almanac subscribe ~/notes --kind notes
  python -m almanac subscribe --starter
"""

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from almanac.commands._output import add_json, print_json
from almanac.library import Almanac
from kb.errors import SourceError
from kb.types import Kind

if TYPE_CHECKING:
    from almanac.subscriptions import Subscription
    from ingest.discovery import FoundFeed

NAME = "subscribe"
HELP = "subscribe to a site, a page, a query to arXiv or a folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("target", nargs="?", metavar="ADDRESS", help="a site, feed, page, query or folder")
    parser.add_argument("--kind", choices=[str(kind) for kind in Kind], help="rss unless given; a folder is notes")
    parser.add_argument("--name", default="", help="what lists call it; else its own title")
    parser.add_argument("--group", default="", metavar="FOLDER", help="to file it under, / between levels")
    parser.add_argument("--every", type=float, metavar="HOURS", help="least hours between two checks")
    parser.add_argument("--starter", action="store_true", help="take those that come with the Almanac")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Subscribe, print what was added, and return 1 where the reader must choose first."""
    almanac = opener()
    found: list[FoundFeed] = []
    if args.starter:
        added = almanac.sources.accept_starter()
    elif not args.target:
        raise SourceError("There is nothing to subscribe to.", "Give an address, or --starter.")
    else:
        made, found = _made(almanac, args)
        added = almanac.sources.add([made]) if made else []
    if args.json:
        print_json({"added": [one.model_dump(mode="json") for one in added], "found": [_feed(one) for one in found]})
    else:
        _print(added, found)
    return 1 if found and not added else 0


def _made(almanac: Almanac, args: argparse.Namespace) -> "tuple[Subscription | None, list[FoundFeed]]":
    """Return the subscription that is meant, or the feeds to choose from."""
    from almanac.subscriptions import make_subscription

    kind = Kind(args.kind) if args.kind else Kind.NOTES if os.path.isdir(args.target) else Kind.RSS
    target, name = args.target.strip(), args.name
    if kind is Kind.NOTES:
        target = os.path.abspath(os.path.expanduser(target))
        if not os.path.isdir(target):
            raise SourceError(f"{target} is no folder.", "Name an existing folder.")
    elif kind is Kind.PAGE and "://" not in target:
        target = f"https://{target}"
    elif kind is Kind.RSS:
        found, _ = almanac.sources.discover(target)
        if len(found) > 1:
            return None, found
        target, name = found[0].url, name or found[0].title
    given = {"name": name or target, "kind": kind, "target": target, "group": args.group, "every": args.every}
    return make_subscription(**given), []


def _feed(one: "FoundFeed") -> dict[str, object]:
    return {"url": one.url, "title": one.title, "entries": one.entries, "newest": one.newest}


def _print(added: "list[Subscription]", found: "list[FoundFeed]") -> None:
    for feed in found:
        newest = f", newest {feed.newest[:10]}" if feed.newest else ""
        print(f"{feed.url}\n    {feed.title}: {feed.entries} entries{newest}")
    if found:
        print("The site has several feeds: subscribe to one by its own address.")
    elif not added:
        print("You have that already: `subscriptions` lists them.")
    for one in added:
        print(f"added     {one.name}{'' if one.enabled else ' (paused)'}")
    if added:
        print("`sync` reads what they have.")
