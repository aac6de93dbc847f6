"""Check the library, its sources, its index and the packages; say what is wrong and what to do.

Says how each subscription fares, what was left out of which source and why, how many characters are embedded, and
what is shown once. Compares the vector index with the database by vector, not by count, and loads the models;
--repair rebuilds the index from the database where they differ.

Examples:
  python -m almanac doctor
  python -m almanac doctor --repair --json
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from almanac.commands._output import add_json, bar, print_json
from almanac.library import Almanac
from almanac.overview import Check
from kb.errors import AlmanacError

NAME = "doctor"
HELP = "check the library and say what is wrong and what to do"
_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--repair", action="store_true", help="mend what can be mended: vectors and the index")
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Check and return 1 where something is wrong."""
    almanac = opener()
    with bar("repairing", quiet=args.json) as show:
        if args.repair:
            almanac.update_index(lambda done, total: show("", done, total))
        models = _models(almanac, repair=args.repair)
        models.append(_language(almanac))
    checks = [*almanac.overview.checks(), *models]
    sound = all(check.ok for check in checks)
    if args.json:
        print_json({"ok": sound, "checks": [asdict(check) for check in checks], **_details(almanac)})
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.found}")
            if check.remedy:
                print(f"     {check.remedy}")
        for line in _told(_details(almanac)):
            print(f"     {line}")
    return 0 if sound else 1


def _details(almanac: Almanac) -> dict[str, Any]:
    """Return how each source fares, what was left out, how much is embedded, and what is shown once."""
    overview = almanac.overview
    try:
        standings = overview.subscriptions()
    except AlmanacError:
        standings = []  # the check of the file says why
    embedder = almanac.models.ready()
    counts = overview.counts()
    return {
        "documents": counts["documents"],
        "passages": counts["chunks"],
        "sources": counts["sources"],
        "subscriptions": [
            {
                "name": one.subscription.name,
                "state": one.state,
                "documents": one.documents,
                "last_success": one.check.succeeded_at,
                "last_error": one.check.error,
                "next_check": one.check.next_at,
            }
            for one in standings
        ],
        "left_out": [
            {"source": one.location, "skipped": one.skipped, "reasons": one.warnings} for one in overview.left_out()
        ],
        "embedding": {"fingerprint": embedder.fingerprint if embedder else "", **overview.embedding()},
        "merged": [asdict(one) for one in overview.merged()],
        "repeated_passages": overview.repeated(),
    }


def _told(found: dict[str, Any]) -> Iterator[str]:
    """Yield the details in words."""
    yield f"{found['documents']:,} documents in {found['passages']:,} passages, of {found['sources']:,} sources"
    for one in found["subscriptions"]:
        if one["last_error"]:
            told = f"{one['name']}: {one['state']}, last success {one['last_success'] or 'never'}"
            yield f"{told}, next check {one['next_check'] or 'when you ask'}: {one['last_error']}"
    for one in found["left_out"]:
        yield f"{one['source']}: {one['skipped']} left out. {' '.join(one['reasons'][:3])}"
    read = found["embedding"]
    yield f"{read['characters_embedded']:,} of {read['characters']:,} characters are embedded"
    yield f"{len(found['merged'])} documents are held by several sources and shown once"
    for one in found["merged"][:_SHOWN]:
        yield f"  {one['doc_id']}: from {one['shown']}, also in {', '.join(one['others'])}; {one['why']}"


def _language(almanac: Almanac) -> Check:
    """Load the language model that is chosen, or ask its server for it."""
    language = almanac.language
    if language.state.status == "off":
        return Check("language model", True, "none is chosen; answers are quotes and sums")
    model = language.model()
    if model is None:
        return Check("language model", False, language.state.message, language.state.hint)
    from kb.llm.openai_server import ServerModel  # two tenths of a second that other commands do without

    if isinstance(model, ServerModel):
        try:
            report = model.inspect()
        except AlmanacError as error:
            return Check("language model", False, error.message, error.hint)
        if not report.has_model:
            listed = ", ".join(report.models[:12])
            return Check("language model", False, f"the server has no {model.name}", f"It has {listed}.")
    return Check("language model", True, f"{model.name}, window of {model.context:,} tokens")


def _models(almanac: Almanac, *, repair: bool) -> list[Check]:
    """Check the embedder and the index: these load what the other commands need not."""
    if almanac.settings.embedder == "none":
        return [Check("embedder", True, "off by the setting EMBEDDER; search is by keyword")]
    embedder = almanac.models.embedder()
    if embedder is None:
        state = almanac.models.state
        return [Check("embedder", False, state.message, state.hint)]
    found = [Check("embedder", True, f"{embedder.name}, {embedder.dim} dimensions, fingerprint {embedder.fingerprint}")]
    try:
        index = almanac.models.index()
        if index is None:
            trouble = almanac.models.index_trouble
            return [*found, Check("index", "Another process" in trouble, trouble or "the embedder before still serves")]
        wrong = index.repair() if repair else index.differences()
    except AlmanacError as error:
        return [*found, Check("index", False, error.message, error.hint)]
    if wrong and repair:
        return [*found, Check("index", True, f"{wrong} passages differed; rebuilt")]
    remedy = "Run `python -m almanac doctor --repair`, or `reindex`." if wrong else ""
    return [*found, Check("index", not wrong, f"{wrong} passages differ from the database", remedy)]
