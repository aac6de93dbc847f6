"""feedparser, held to linear time and kept from what it garbles.

The only home of that library. It gets bytes that were made safe, never an address, and none of its dates,
sanitising or rewriting of addresses is used. Its parsers are subclassed where their time grows with the
square of what a feed may hold (attributes, namespaces, categories), or where they cut an author's name in
two. Invariant: `run` ends in time that grows with the length of the text, in a result or a `ParseError`.
"""

import io
from collections.abc import Iterator
from functools import cache
from typing import Any

from kb.errors import ParseError

MOST_NAMESPACES = 200
"""Different ones in one feed; feedparser looks through all of them at each element."""


class _Attributes:
    """Attributes of an element by their names as written, each found at once; the standard library's go through all."""

    def __init__(self, given: Any) -> None:
        self._given = given
        self._written = {given.getQNameByName(name): value for name, value in given.items()}

    def items(self) -> Any:
        return self._given.items()

    def getQNames(self) -> Iterator[str]:  # noqa: N802 - the name is the library's
        return iter(self._written)

    def getValueByQName(self, name: str) -> Any:  # noqa: N802 - as above
        return self._written[name]


class _Bounded:
    """What both of feedparser's parsers do differently here; the methods bear its names."""

    # The parsers' own constructor knows nothing of this: made on first use.
    _tags_seen: dict[int, tuple[list[Any], set[tuple[Any, ...]]]] | None = None

    def track_namespace(self: Any, prefix: Any, uri: Any) -> None:
        super().track_namespace(prefix, uri)  # type: ignore[misc]
        if len(self.namespaces_in_use) > MOST_NAMESPACES:
            raise ParseError(
                f"The feed declares more than {MOST_NAMESPACES} namespaces, as only those do that are to keep "
                "their readers busy; it was refused.",
                "Ask the publisher for a plain feed.",
            )

    def _add_tag(self: Any, term: Any, scheme: Any, label: Any) -> None:
        tags = self._get_context().setdefault("tags", [])
        if self._tags_seen is None:
            self._tags_seen = {}
        # The list is kept as well, so that its number is nobody else's.
        _, seen = self._tags_seen.setdefault(id(tags), (tags, set()))
        value = (term, scheme, label)
        if any(value) and value not in seen:
            seen.add(value)
            tags.append(_module().FeedParserDict(term=term, scheme=scheme, label=label))

    def _sync_author_detail(self: Any, key: str = "author") -> None:
        """Leave an author's name as written: feedparser cuts addresses after four letters of the last part."""
        context = self._get_context()
        details = context.get(f"{key}s", [{}])
        if details[-1]:
            super()._sync_author_detail(key)  # type: ignore[misc]
        elif author := context.get(key):
            context.setdefault(f"{key}_detail", details[-1])
            details[-1]["name"] = author


@cache
def _module() -> Any:
    """Return feedparser, its two parsers replaced by ours."""
    import feedparser
    import feedparser.api as api

    class Strict(_Bounded, api.StrictFeedParser):  # type: ignore[misc]
        def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802 - as above
            super().startElementNS(name, qname, _Attributes(attrs))

    class Loose(_Bounded, api.LooseFeedParser):  # type: ignore[misc]
        pass

    api.StrictFeedParser, api.LooseFeedParser = Strict, Loose
    return feedparser


def run(text: str) -> Any:
    """Return what feedparser makes of a feed's XML.

    Raises:
        ParseError: it makes nothing of it.
    """
    try:
        parsed = _module().parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except ParseError:
        raise
    except Exception as error:  # whatever its SAX handlers raise on strange input
        raise ParseError(
            f"The feed could not be read: {type(error).__name__}: {error}.", "Report the feed's address as a fault."
        ) from error
    if not parsed["version"] and not parsed["entries"]:
        raise ParseError("The content is not a feed of a known format.", "Give the address of an RSS or Atom feed.")
    return parsed
