"""JSON Feed (jsonfeed.org, versions 1 and 1.1) to the entries of a feed.

Owns the names of that format. Pure; refuses what is not a JSON Feed with a ParseError.
"""

import json
import re
from typing import Any

from ingest._feed import Body, Entry, Feed
from kb.errors import ParseError
from kb.text import scrub

_VERSION = re.compile(r'"version"\s{0,100}:\s{0,100}"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version')


def is_json_feed(text: str) -> bool:
    """Whether the text is an object that calls itself a JSON Feed, where ever in it: some sort their fields."""
    return text[:3000].lstrip().startswith("{") and _VERSION.search(text) is not None


def read_json_feed(text: str) -> Feed:
    """The feed as written.

    Raises:
        ParseError: the text is no JSON, or its items are no list.
    """
    try:
        raw = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise ParseError(
            f"The JSON Feed is broken: {error}.", "Fetch it again: it may have been cut off on the way."
        ) from error
    items = raw.get("items") if isinstance(raw, dict) else None
    if not isinstance(items, list):
        raise ParseError("The JSON Feed has no list of items.", "Check that the address is that of a feed.")
    whole = [item for item in items if isinstance(item, dict)]
    return Feed(
        title=_string(raw, "title"),
        self_link=_string(raw, "feed_url"),
        site_link=_string(raw, "home_page_url"),
        authors=_authors(raw),
        entries=tuple(_entry(item) for item in whole),
        warnings=(f"{len(items) - len(whole)} items are no objects and were left out.",) if whole != items else (),
        skipped=len(items) - len(whole),
    )


def _entry(item: dict[str, Any]) -> Entry:
    bodies = [Body(_string(item, "content_html"), True), Body(_string(item, "content_text"), False)]
    tags = item.get("tags")
    return Entry(
        key=_string(item, "id"),
        link=_string(item, "url") or _string(item, "external_url"),
        elsewhere=_attached(item),
        title=_string(item, "title"),
        authors=_authors(item),
        published=_string(item, "date_published"),
        updated=_string(item, "date_modified"),
        categories=tuple(scrub(tag) for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        bodies=tuple(body for body in [*bodies, Body(_string(item, "summary"), False)] if body.value),
    )


def _attached(item: dict[str, Any]) -> str:
    """Address of the first attachment, such as a recording."""
    listed = item.get("attachments")
    found = [_string(one, "url") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return next((url for url in found if url.strip()), "")


def _authors(raw: dict[str, Any]) -> tuple[str, ...]:
    authors = raw.get("authors")
    listed = authors if isinstance(authors, list) else [raw.get("author")]
    return tuple(name for author in listed if isinstance(author, dict) and (name := _string(author, "name")))


def _string(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    # JSON may name half of a character, which no encoding can hold.
    return scrub(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
