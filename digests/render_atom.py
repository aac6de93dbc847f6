"""The feed of digests: Atom, one entry a quarter, newest first.

Pure and without a clock. Invariants: ids never change; `updated` is the latest date that a
digest's own entries state, so equal digests give equal feeds, byte for byte.
"""

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime

from digests.cited import entries_of
from digests.quarter import shift
from digests.readable import readable
from digests.render_html import outline_html
from digests.types import Digest
from digests.wording import topic_title
from kb.markup import plain
from kb.text import fold_space

_ATOM = "http://www.w3.org/2005/Atom"
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "https://mlsys-almanac.invalid/digests")
_FULL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
NEVER = "1970-01-01T00:00:00Z"
"""When a feed without entries was updated."""


def updated_of(digest: Digest) -> str:
    """Return when a digest last changed by what its sources state; the quarter's first day where they say nothing.

    A day without a time counts from its midnight in UTC; dates as rough as a month tell nothing.
    """
    stated = (moment for entry in entries_of(digest) for moment in (entry.published, entry.updated))
    known = [_instant(moment) for moment in stated if _DAY.match(moment)]
    first = datetime(int(digest.quarter[:4]), int(digest.quarter[-1]) * 3 - 2, 1, tzinfo=UTC)
    return max([first, *known]).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(stated: str) -> datetime:
    text = stated if _FULL.fullmatch(stated) else f"{stated[:10]}T00:00:00+00:00"
    moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


def render_atom(digests: Sequence[Digest], base: str = "", only: bool = False) -> str:
    """Return a feed of digests.

    Args:
        base: where the site of the digests stands, with its last slash; without it, no page is linked.
        only: the feed is of this one quarter, and so another feed than that of all.
    """
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
    ordered = sorted(digests, key=lambda digest: digest.quarter, reverse=True)
    name = f"feed/{ordered[0].quarter}" if only and ordered else "feed"
    _add(feed, "id", uuid.uuid5(_NAMES, name).urn)
    _add(feed, "title", "MLSys Almanac: quarterly digests")
    _add(feed, "updated", max(map(updated_of, ordered), default=NEVER))
    _add(_add(feed, "author"), "name", "MLSys Almanac")
    _add(feed, "generator", "MLSys Almanac")
    if base:
        _add(feed, "link", rel="self", type="application/atom+xml", href=f"{base}feed.xml")
        _add(feed, "link", rel="alternate", type="text/html", href=f"{base}index.html")
    for digest in ordered:
        _entry(feed, digest, base)
    ET.indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode") + "\n"


def _entry(feed: ET.Element, digest: Digest, base: str) -> None:
    made = _add(feed, "entry")
    _add(made, "id", uuid.uuid5(_NAMES, digest.quarter).urn)
    _add(made, "title", fold_space(readable(digest.title)))
    _add(made, "updated", updated_of(digest))
    if digest.complete:
        after = shift(digest.quarter, 1)
        _add(made, "published", f"{after[:4]}-{int(after[-1]) * 3 - 2:02d}-01T00:00:00Z")
    if base:
        _add(made, "link", rel="alternate", type="text/html", href=f"{base}{digest.quarter}.html")
    if digest.summary:
        _add(made, "summary", readable(digest.summary))
    _add(made, "content", outline_html(digest), type="html")
    for section in digest.sections:
        _add(made, "category", term=section.topic, label=topic_title(section.topic))


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{_ATOM}}}{tag}", {name: plain(value) for name, value in attributes.items()})
    if text:
        made.text = plain(text)
    return made
