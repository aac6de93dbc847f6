"""List the subscriptions with how each fares; pause, go on with, test or remove one.

Examples:
  python -m almanac subscriptions
  python -m almanac subscriptions --json
  python -m almanac subscriptions --test "vLLM blog"
  python -m almanac subscriptions --pause "vLLM blog"
  python -m almanac subscriptions --resume "vLLM blog"
  python -m almanac subscriptions --remove "vLLM blog" --drop
"""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from almanac.commands._output import add_json, print_json
from almanac.library import Almanac

if TYPE_CHECKING:
    from almanac.standing import Standing

NAME = "subscriptions"
HELP = "list, test, pause or remove subscriptions"
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--pause", metavar="NAME", help="leave it out of rounds")
    only.add_argument("--resume", metavar="NAME", help="go on with it, also after failures or where it was gone")
    only.add_argument("--remove", metavar="NAME", help="unsubscribe; what it brought stays")
    only.add_argument("--test", metavar="NAME", help="show what a check would bring, and write nothing")
    parser.add_argument("--drop", action="store_true", help="with --remove: its documents go as well")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Do what is asked, or list."""
    almanac = opener()
    sources = almanac.sources
    if name := args.pause or args.resume:
        (one, *_) = sources.file.read().find([name])
        made = sources.pause(one.key, paused=bool(args.pause))
        return _say(
            args, {"name": made.name, "enabled": made.enabled}, f"{made.name}: {'on' if made.enabled else 'paused'}"
        )
    if args.remove:
        (one, *_) = sources.file.read().find([args.remove])
        gone = sources.remove(one.key, keep_documents=not args.drop)
        return _say(args, {"name": one.name, "removed": gone}, f"{one.name}: removed, and {gone} documents")
    if args.test:
        return _test(args, almanac)
    standings = sources.all()
    if args.json:
        problems = [problem.model_dump() for problem in sources.problems()]
        print_json({"subscriptions": [_to_json(one) for one in standings], "problems": problems})
        return 0
    for standing in standings:
        _print(standing)
    for problem in sources.problems():
        print(f"unused   entry {problem.entry} of {sources.file.path}: {problem.message}")
    if not standings:
        print("None yet. `subscribe ADDRESS` adds one.")
    return 0


def _say(args: argparse.Namespace, found: dict[str, object], words: str) -> int:
    if args.json:
        print_json(found)
    else:
        print(words)
    return 0


def _test(args: argparse.Namespace, almanac: Almanac) -> int:
    (one, *_) = almanac.sources.file.read().find([args.test])
    preview = almanac.sources.try_out(one)
    documents = preview.parsed.documents
    if args.json:
        rows = [
            {
                "id": document.id,
                "title": document.title,
                "published": document.published,
                "new": document.id not in preview.known,
            }
            for document in documents
        ]
        print_json({"name": one.name, "documents": rows, "warnings": list(preview.parsed.warnings)})
        return 0
    for document in documents[:_SHOWN]:
        print(f"{'known' if document.id in preview.known else 'new':<6}{document.published[:10]:<12}{document.title}")
    if len(documents) > _SHOWN:
        print(f"      and {len(documents) - _SHOWN} more")
    for warning in preview.parsed.warnings:
        print(f"note: {warning}")
    new = sum(document.id not in preview.known for document in documents)
    print(f"{len(documents)} entries, {new} of them new; nothing was written.")
    return 0


def _to_json(one: "Standing") -> dict[str, object]:
    check = one.check
    return {
        **one.subscription.model_dump(mode="json"),
        "state": one.state,
        "documents": one.documents,
        "monthly": round(one.monthly, 2),
        "last_check": check.checked_at,
        "last_success": check.succeeded_at,
        "next_check": check.next_at,
        "errors": check.errors,
        "cause": check.cause,
        "error": check.error,
        "hint": check.hint,
        "moved_to": check.url,
        "warnings": list(check.warnings),
    }


def _print(one: "Standing") -> None:
    counted = f"{one.documents} documents, {one.monthly:.1f} a month"
    print(f"{one.state:<9}{one.subscription.name}  ({one.subscription.kind}, {counted})")
    if one.state in ("failing", "resting", "gone"):
        print(f"         {one.check.error}\n         {one.check.hint}")
