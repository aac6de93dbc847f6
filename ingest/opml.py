"""OPML: the lists of feeds that feed readers exchange.

Owns the format, read as strangers write it and written as the strictest read it. Refuses entity
declarations and what is no OPML; reads no address and follows no inclusion. Invariant: every outline
that names a feed, or seems meant to, is in what is returned, with the reason where it cannot be used;
nesting costs no recursion.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from ingest._addresses import resolve, without_feed_scheme
from ingest._decode import declared_encoding, decode
from ingest._writer import fold
from ingest._xml import find_root, is_html, repair
from kb.errors import ParseError
from kb.references import NO_HOST, tidy

MOST = 5000
"""Outlines that are read of one file."""
DEEPEST = 32
"""Levels of folders; deeper ones are no order that a person made."""
_ABSURD = 1000
"""Levels at which the XML parser is close to giving up without a word."""
_LONGEST = 300


@dataclass(frozen=True)
class Outline:
    """One feed of a list."""

    title: str
    url: str
    """Address of the feed; empty where `trouble` says why."""
    site: str = ""
    group: str = ""
    """The folders that it lies in, outermost first, with `/` between."""
    trouble: str = ""


def read_opml(data: bytes) -> list[Outline]:
    """Return the feeds of a list in its order, repeated ones once.

    Raises:
        ParseError: the bytes are no OPML, or declare entities.
    """
    text, _ = decode(data, declared=declared_encoding(data))
    root = find_root(text)
    if is_html(text) or root is None or root[0].split(":")[-1].lower() != "opml":
        found = f"its root is <{root[0]}>" if root else "no XML begins in it"
        raise ParseError(f"This is no OPML: {found}.", "Export the list of feeds from your feed reader as OPML.")
    found_outlines = list(_walk(repair(text[root[2] :])))
    if len(found_outlines) > MOST:
        raise ParseError(f"The list holds more than {MOST} outlines.", "Split it into several files.")
    seen: dict[tuple[str, str], Outline] = {}
    for outline in found_outlines:
        seen.setdefault((outline.url, outline.title if not outline.url else ""), outline)
    return list(seen.values())


def _walk(text: str) -> Iterable[Outline]:
    groups: list[str] = []
    count = 0
    try:
        events = etree.iterparse(
            io.BytesIO(text.encode("utf-8", "replace")),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            recover=True,
            huge_tree=True,
        )
        for event, element in events:
            if not isinstance(element.tag, str) or etree.QName(element).localname.lower() != "outline":
                continue
            if event == "end":
                groups.pop()
                element.clear()
                continue
            count += 1
            if count > MOST + 1:
                return
            if len(groups) > _ABSURD:
                raise ParseError(f"The list nests its folders more than {_ABSURD} deep.", "Nobody reads such a list.")
            made, name = _outline(element, groups)
            if made is not None:
                yield made
            groups.append(name)
    except (etree.XMLSyntaxError, ValueError, IndexError) as error:
        raise ParseError(f"The OPML is broken: {error}.", "Export it again from your feed reader.") from error


def _outline(element: etree._Element, groups: list[str]) -> tuple[Outline | None, str]:
    """The feed that an outline is, if it is one, and the name of the folder that it may be."""
    given = {etree.QName(name).localname.lower(): fold(value) for name, value in element.attrib.items()}
    title = (given.get("title") or given.get("text") or given.get("description") or "")[:_LONGEST]
    url = given.get("xmlurl", "") or (given.get("url", "") if given.get("type", "").lower() in ("rss", "atom") else "")
    kind = given.get("type", "").lower()
    if not url and kind not in ("rss", "atom", "feed", "link", "include"):
        return None, title
    # A site is shown as a link, so it must be one.
    url, site, group = (
        without_feed_scheme(tidy(url), "http://"),
        resolve(given.get("htmlurl", ""), ""),
        "/".join(name.replace("/", "-") for name in groups if name)[:_LONGEST],
    )
    trouble = _trouble(url, kind, len(groups))
    return Outline(title or url, "" if trouble else url, site, group, trouble), title


def _trouble(url: str, kind: str, depth: int) -> str:
    if kind == "include":
        return "includes another list, which is not fetched"
    if not url:
        return "names no address of a feed"
    if depth > DEEPEST:
        return f"lies more than {DEEPEST} folders deep"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        fit = parts.scheme.lower() in ("http", "https") and host != "" and not NO_HOST.search(host) and len(url) <= 2000
        # What no XML can hold would be another address once it is written.
        fit = fit and _clean(url) == url
    except ValueError:
        fit = False
    return "" if fit else f"“{url[:100]}” is no http or https address"


def write_opml(outlines: Iterable[Outline], *, title: str, created: str) -> bytes:
    """Return a list of feeds, folders as nested outlines, in the order given.

    Args:
        created: date and time as RFC 822 writes it.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    etree.SubElement(head, "dateCreated").text = created
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {"": body}
    for outline in outlines:
        place = _folder(folders, outline.group)
        feed = {"type": "rss", "text": outline.title, "title": outline.title, "xmlUrl": outline.url}
        if outline.site:
            feed["htmlUrl"] = outline.site
        etree.SubElement(place, "outline", {name: _clean(value) for name, value in feed.items()})
    made: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return made


def _folder(folders: dict[str, etree._Element], group: str) -> etree._Element:
    if group not in folders:
        above, _, name = group.rpartition("/")
        parent = _folder(folders, above)
        folders[group] = etree.SubElement(parent, "outline", text=_clean(name), title=_clean(name))
    return folders[group]


def _clean(text: str) -> str:
    """Text without control characters and what else XML cannot hold."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "", text).strip()
