"""Which kind of source some bytes are: asked of every kind, decided by content.

Owns discovery of the kinds and the choice among them. Refuses to fall back on a default: where no
kind is sure enough, the error says what each one saw. Invariant: the name of a file decides nothing
but whether an HTML page stands where a feed should be.
"""

import importlib
import pkgutil
from functools import cache
from pathlib import PurePath
from types import ModuleType

import ingest
from ingest._xml import is_html
from kb.errors import ParseError
from kb.types import Kind

SURE_ENOUGH = 0.3
"""Below this score, 0 to 1, no kind is taken for recognised."""
_FEED_NAMES = frozenset((".xml", ".rss", ".atom", ".rdf"))


@cache
def discover() -> dict[Kind, ModuleType]:
    """Modules by kind: every module of this package without underscore that has a KIND; import errors propagate."""
    found: dict[Kind, ModuleType] = {}
    for info in sorted(pkgutil.iter_modules(ingest.__path__), key=lambda info: info.name):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"ingest.{info.name}")
            if hasattr(module, "KIND"):
                found[module.KIND] = module
    return found


def recognise(text: str, name: str) -> ModuleType:
    """The module whose kind the text is.

    Raises:
        ParseError: an HTML page under a feed's name, or no kind is sure enough.
    """
    if PurePath(name).suffix.lower() in _FEED_NAMES and is_html(text):
        raise ParseError(
            "The content looks like an HTML page, not a feed.",
            "It may be an error page: open the address in a browser, or give the address of the feed itself.",
        )
    modules = discover()
    seen: dict[Kind, tuple[float, str]] = {kind: module.sniff(text, name) for kind, module in modules.items()}
    best = max(seen, key=lambda kind: seen[kind][0])
    if seen[best][0] < SURE_ENOUGH:
        tried = "; ".join(f"{kind.value}: {reason}" for kind, (_, reason) in seen.items())
        raise ParseError(
            f"The kind of source was not recognised. Tried: {tried}.",
            f"Say what it is with --kind {'|'.join(kind.value for kind in seen)}.",
        )
    return modules[best]
