"""Check the subscriptions: feeds, queries to arXiv, web pages and folders of notes.

All that are not paused, or those named. With --due only those whose time has come, which is what a
timer should call: see docs/scheduling.md. One round runs at a time on a library; a source that fails
disturbs no other, keeps what it brought before and says why.

Examples:
  python -m almanac sync
  python -m almanac sync --due --json
  python -m almanac sync "vLLM blog" https://example.org/feed.xml
"""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from almanac.commands._output import add_json, bar, print_json
from almanac.commands.ingest import to_json
from almanac.ingestion import Progress
from almanac.library import Almanac

if TYPE_CHECKING:
    from almanac.checking import Checked

NAME = "sync"
HELP = "check the subscriptions for what is new"
_WORDS = {"ok": "new", "partial": "partly", "unchanged": "no news", "failed": "failed"}
_NONE = "No subscriptions yet. `subscribe ADDRESS` adds one, `subscribe --starter` those that come with the Almanac."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a name or address; none: all that are not paused")
    parser.add_argument("--due", action="store_true", help="only those whose time has come")
    parser.add_argument("--no-embed", action="store_true", help="leave vectors for later (the app makes them)")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Check, print how each ended, and return 1 where every one that was asked failed."""
    almanac = opener()
    found: list[Checked] = []
    with bar("", quiet=args.json) as show:

        def report(step: Progress) -> None:
            show(f"{step.source} {step.stage}", step.sources_done, step.sources_total)

        for checked in almanac.sources.sync(args.names, due=args.due, report=report):
            found.append(checked)
            if not args.json:
                _print(checked, quiet=args.due)
        if not args.no_embed and any(one.check.added or one.check.updated for one in found if one.outcome):
            almanac.update_index(lambda done, total: show("updating the index", done, total))
    asked = [one.outcome for one in found if one.outcome is not None]
    problems = almanac.sources.problems()
    if args.json:
        print_json(
            {
                "outcomes": [_outcome(one) for one in found if one.outcome is not None],
                "skipped": [
                    {"source": one.subscription.location, "name": one.subscription.name, "reason": one.skipped}
                    for one in found
                    if one.outcome is None
                ],
                "problems": [problem.model_dump() for problem in problems],
            }
        )
    else:
        for problem in problems:
            print(f"unused    entry {problem.entry} of {almanac.sources.file.path}: {problem.message}")
        print(_summary(found) if found else _NONE)
    return 1 if asked and all(outcome.status == "failed" for outcome in asked) else 0


def _outcome(one: "Checked") -> dict[str, object]:
    assert one.outcome is not None, "only what was asked has an outcome"
    made = {**to_json(one.outcome), "name": one.subscription.name, "next_check": one.check.next_at}
    return made | ({"cause": one.check.cause} if one.check.cause else {})


def _print(one: "Checked", *, quiet: bool) -> None:
    name = one.subscription.name
    if one.outcome is None:
        if not quiet:
            print(f"{'skipped':<9} {name}: {one.skipped}")
        return
    counts = one.outcome.counts
    words = [f"{number} {word}" for word in ("added", "updated", "removed") if (number := getattr(counts, word))]
    print(f"{_WORDS[one.outcome.status]:<9} {name}{': ' + ', '.join(words) if words else ''}")
    if one.outcome.status == "failed":
        print(f"          {one.check.error}\n          {one.check.hint}")
        return
    for warning in one.outcome.warnings:
        print(f"          note: {warning}")


def _summary(found: "list[Checked]") -> str:
    asked = [one.outcome for one in found if one.outcome is not None]
    failed = sum(outcome.status == "failed" for outcome in asked)
    added, updated = (sum(getattr(outcome.counts, name) for outcome in asked) for name in ("added", "updated"))
    skipped = f", {len(found) - len(asked)} not asked" if len(found) > len(asked) else ""
    return f"{len(asked)} checked: {added} new, {updated} updated, {failed} failed{skipped}."
