"""RSS and Atom feeds, and JSON Feeds: one document per entry.

Refuses entity declarations, HTML pages and anything else that is no feed. Leaves XML to feedparser, but
takes ids from the XML itself: feedparser rewrites them. Invariant: `parse` is pure and gives the same ids
for the same bytes.
"""

import io
import re
from typing import Any

from lxml import etree

from ingest import _feedparser
from ingest._decode import decode
from ingest._feed import Body, Entry, Feed, to_parsed
from ingest._jsonfeed import is_json_feed, read_json_feed
from ingest._xml import Xml, find_root, is_html, prepare
from kb.errors import ParseError
from kb.types import Kind, Parsed

KIND = Kind.RSS

_ROOTS = frozenset(("rss", "feed", "rdf", "channel"))
"""Root elements in small letters; `channel` is the Channel Definition Format's."""
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_LONGEST_PAUSE = 31_536_000
_DECLARED = re.compile(rb"<\?xml[^>]{0,100}\bencoding\s*=\s*[\"']([A-Za-z0-9_.-]{1,40})[\"']")
_MAIL = re.compile(r"<?\b[^\s<>()\"',;@]{1,64}@[^\s<>()\"',;@]{1,255}>?")
_MAIL_THEN_NAME = re.compile(r"[^\s<>()@]{1,64}@[^\s<>()@]{1,255}\s*\((.{1,300})\)", re.DOTALL)
_MARKUP_TYPES = {"text/html": True, "application/xhtml+xml": True, "text/plain": False}


def sniff(text: str, name: str) -> tuple[float, str]:
    """How surely the text is a feed, 0..1, and why."""
    if is_json_feed(text):
        return 1.0, "a JSON Feed"
    if not text[:1000].lstrip().startswith("<") and "<?xml" not in text[:5000]:
        return 0.0, "no XML element begins it"
    try:
        root = find_root(text)
    except ParseError as error:
        return 0.9, error.message
    if root is None:
        return 0.0, "no XML element begins it"
    local = root[0].split(":")[-1].lower()
    if local == "channel" and not re.search(r"<item[\s>]", text, re.IGNORECASE):
        return 0.0, "XML whose root <channel> holds no items"
    if local in _ROOTS:
        return 0.95, f"XML whose root is <{root[0]}>"
    if is_html(text):
        return 0.0, "looks like an HTML page, not a feed"
    return 0.0, f"XML whose root <{root[0]}> is no feed"


def parse(text: str, *, name: str, source: str) -> Parsed:
    """Documents of a feed that was decoded already.

    Raises:
        ParseError: the text is no feed, or declares entities.
    """
    return _parse_text(text, source=source, base_url="", identity="", warnings=())


def parse_bytes(
    data: bytes, *, name: str, source: str, base_url: str = "", charset: str = "", identity: str = ""
) -> Parsed:
    """Documents of a feed as it lies in a file or came over the network.

    Args:
        data: the file or response body.
        base_url: the address it was fetched from, for relative links; empty for a file.
        charset: what the answer's header says; what the feed itself says outranks it.
        identity: what ids were made from at an earlier reading, so that they stay the same.

    Raises:
        ParseError: the bytes are no text or no feed, or declare entities.
    """
    match = _DECLARED.search(data[:400])
    declared = match[1].decode("ascii").lower() if match else charset.lower() or None
    text, encoding = decode(data, declared=declared)
    warnings: tuple[str, ...] = ()
    if encoding.endswith("(damaged)"):
        warnings = ("Some bytes of the feed could not be read; they show as \ufffd.",)
    return _parse_text(text, source=source, base_url=base_url, identity=identity, warnings=warnings)


def _parse_text(text: str, *, source: str, base_url: str, identity: str, warnings: tuple[str, ...]) -> Parsed:
    feed = read_json_feed(text) if is_json_feed(text) else _read_xml(text)
    parsed = to_parsed(feed, source=source, base_url=base_url, identity=identity)
    return parsed.model_copy(update={"warnings": (*warnings, *parsed.warnings)})


def _read_xml(text: str) -> Feed:
    """The feed as written, through feedparser."""
    if is_html(text):
        raise ParseError(
            "The content looks like an HTML page, not a feed.",
            "It may be an error page: open the address in a browser, or give the address of the feed itself.",
        )
    root = find_root(text)
    if root is None or root[0].split(":")[-1].lower() not in _ROOTS:
        found = f"its root is <{root[0]}>" if root else "no XML element begins it"
        raise ParseError(f"The content is not a feed: {found}.", "Give the address of an RSS, Atom or JSON feed.")
    xml = prepare(text, _item_of(root[0]))
    parsed = _feedparser.run(xml.text)
    entries = parsed["entries"]
    keys = _raw_keys(xml.text, len(entries))
    authors = tuple(_names(parsed["feed"])) if parsed["version"].startswith("atom") else ()
    links = parsed["feed"].get("links", [])
    return Feed(
        title=_words(parsed["feed"], "title"),
        pause=_pause(parsed["feed"]),
        complete=not xml.truncated,
        self_link=next((_words(link, "href") for link in links if link.get("rel") == "self"), ""),
        site_link=_words(parsed["feed"], "link"),
        authors=authors,
        entries=tuple(_entry(raw, key) for raw, key in zip(entries, keys, strict=True)),
        warnings=_truncation(xml, len(entries)),
        skipped=int(xml.half_item),
    )


def _item_of(root: str) -> str:
    """Local name of what a feed repeats, written as its root is: CDF is all in capitals."""
    local = root.split(":")[-1]
    if local.lower() == "feed":
        return "entry"
    return "ITEM" if local == "CHANNEL" else "Item" if local == "Channel" else "item"


def _pause(head: Any) -> int:
    """Seconds between requests that a feed asks for, by `ttl` or by `sy:updatePeriod`."""
    ttl, every = str(head.get("ttl", "")).strip(), str(head.get("sy_updatefrequency", "1")).strip()
    asked = int(ttl[:9]) * 60 if ttl.isascii() and ttl.isdigit() else 0
    period = _PERIODS.get(str(head.get("sy_updateperiod", "")).strip().lower(), 0)
    if period and every.isascii() and every.isdigit():
        asked = max(asked, period // max(1, int(every[:9])))
    return min(asked, _LONGEST_PAUSE)


def _truncation(xml: Xml, kept: int) -> tuple[str, ...]:
    if not xml.truncated:
        return ()
    lost = ", and its last, incomplete entry was left out" if xml.half_item else ""
    return (f"The feed ends early: {kept} whole entries were kept{lost}.",)


def _raw_keys(text: str, count: int) -> list[str | None]:
    """GUIDs and ids as written, in order; None each where the XML is too broken to say.

    feedparser rewrites ids against the feed's base address, so that they would change with it.
    """
    keys: list[str | None] = []
    try:
        events = etree.iterparse(
            io.BytesIO(text.encode("utf-8", "replace")), events=("end",), resolve_entities=False, huge_tree=True
        )
        for _, element in events:
            local = etree.QName(element).localname.lower()
            if local in ("item", "entry"):
                found = [child for child in element if isinstance(child.tag, str)]
                named = {etree.QName(child).localname.lower(): child.text or "" for child in reversed(found)}
                about = [value for name, value in element.attrib.items() if etree.QName(name).localname == "about"]
                written = [named.get("guid", ""), named.get("id", ""), *about]
                keys.append(next((key.strip() for key in written if key.strip()), ""))
                element.clear()
    except (etree.XMLSyntaxError, ValueError):
        return [None] * count
    return keys if len(keys) == count else [None] * count


def _entry(raw: Any, key: str | None) -> Entry:
    bodies = [
        Body(item.get("value") or "", _MARKUP_TYPES.get(item.get("type", "")), item.get("base") or "")
        for item in raw.get("content", [])
        if item.get("type", "text/html") in _MARKUP_TYPES or item.get("type", "").startswith("text/")
    ]
    detail = raw.get("summary_detail", {})
    rss = detail.get("type") == "text/html"  # what RSS calls HTML is often plain text
    bodies.append(Body(raw.get("summary") or "", None if rss else _MARKUP_TYPES.get(detail.get("type", "")),
                       detail.get("base") or ""))  # fmt: skip
    link = _words(raw, "feedburner_origlink") or _words(raw, "link")
    if link == raw.get("id") and not (key or link).lower().startswith(("http:", "https:")):
        link = ""  # feedparser takes a GUID for a link where there is none
    return Entry(
        key=_words(raw, "id") if key is None else key,
        link=link,
        title=_words(raw, "title"),
        authors=tuple(_names(raw)),
        published=_words(raw, "published") or _words(raw, "created"),
        updated=_words(raw, "updated") if "updated" in raw else "",
        categories=tuple(term for tag in raw.get("tags", []) if (term := tag.get("label") or tag.get("term"))),
        bodies=tuple(body for body in bodies if body.value.strip()),
        elsewhere=_elsewhere(raw),
    )


def _elsewhere(raw: Any) -> str:
    """Where else an entry leads: to its text, where that is kept apart, or to the recording that it is about."""
    # feedparser's own `enclosures` stumbles over elements in odd places.
    links = raw.get("links", [])
    recordings = [one.get("href") for one in links if isinstance(one, dict) and one.get("rel") == "enclosure"]
    places = [item.get("src") for item in raw.get("content", [])] + recordings
    return next((place for place in places if isinstance(place, str) and place.strip()), "")


def _words(raw: Any, name: str) -> str:
    """A field as text, empty where feedparser made something else of it: an element in an odd place."""
    value = raw.get(name)
    return value if isinstance(value, str) else ""


def _names(raw: Any) -> list[str]:
    names = [_words(author, "name") or _words(author, "email") for author in raw.get("authors", []) if author]
    return [_person(name) for name in [*names, "" if any(names) else _words(raw, "author")] if name.strip()]


def _person(written: str) -> str:
    """The name of `ann@example.org (Ann)` and `Ann <ann@example.org>`; the address where there is no name."""
    named = _MAIL_THEN_NAME.fullmatch(written.strip())
    name = named[1] if named else _MAIL.sub(" ", written).strip(" \t\r\n,;<>\"'()") if "@" in written else written
    return name.strip() or written
