"""XML from strangers, made safe and well-formed enough for a strict parser.

Owns the refusal of entity declarations (bombs, external files), the repair of what real feeds get
wrong (bare ampersands, HTML entities, junk around the root) and the cutting of a document that
ends early. Pure, linear, parses nothing itself. Invariant: the text it gives out has no prolog,
no DOCTYPE and no entity beyond the five of XML and valid character references.
"""

import html
import re
from dataclasses import dataclass

from kb.errors import ParseError

_START = re.compile(r"<([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)((?:[^<>\"']|\"[^\"]*\"|'[^']*'){0,20000})>")
_LATE_START = re.compile(r"<\?xml\b[^<>]{0,200}\?>")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)(\w{1,32};)?")
_NUMBER = re.compile(r"&#(?:(\d{1,7})|[xX]([0-9a-fA-F]{1,6}));")
_HALVES = re.compile(
    r"&#(?:(55[3-9]\d\d|5529[6-9]|56[0-2]\d\d|563[01]\d)|[xX]([dD][89aAbB][0-9a-fA-F]{2}));"
    r"&#(?:(563[2-9]\d|56[4-9]\d\d|57[0-2]\d\d|573[0-3]\d|5734[0-3])|[xX]([dD][c-fC-F][0-9a-fA-F]{2}));"
)
"""A character beyond the first 65,536 as two references, one for each half of its UTF-16."""
_HTML_ROOTS = frozenset(
    "html head body title meta link script style div p b br h1 h2 h3 center table span a i em strong pre img".split()
)
_JUNK = 5_000
"""Characters of a server's warnings that may stand before the XML declaration."""


@dataclass(frozen=True)
class Xml:
    """The root element of a document and its text from there to its end, repaired."""

    root: str
    """Qualified name of the root, prefix as written."""
    attributes: str
    text: str
    truncated: bool
    """True where the root was never closed; `text` then ends after its last whole item."""
    half_item: bool = False
    """True where an item was begun and cut off."""


def find_root(text: str) -> tuple[str, str, int] | None:
    """Qualified name, attributes and offset of the first element, or None where no XML begins.

    Raises:
        ParseError: the prolog declares entities.
    """
    late = _LATE_START.search(text, 0, _JUNK)
    if late and re.search(r"<(?:html|head|body)\b", text[: late.start()], re.IGNORECASE):
        late = None
    at = late.start() if late else text.find("<", 0, _JUNK)
    while at >= 0:
        if text.startswith("<?", at):
            at = _after(text, "?>", at)
        elif text.startswith("<!--", at):
            at = _after(text, "-->", at)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            at = _skip_doctype(text, at)
        elif text.startswith("<!", at):
            return None
        else:
            match = _START.match(text, at)
            return (match[1], match[2], at) if match else None
        at = text.find("<", at) if at >= 0 else -1
    return None


def is_html(text: str) -> bool:
    """Whether the text is an HTML page or fragment rather than XML of its own vocabulary."""
    if re.match(r"\s*(?:<!--.{0,2000}?-->\s*)*<!doctype\s+html", text[:4000], re.IGNORECASE | re.DOTALL):
        return True
    try:
        root = find_root(text)
    except ParseError:
        return False
    return root is not None and root[0].lower() in _HTML_ROOTS


def prepare(text: str, item: str) -> Xml:
    """The document made safe; `item` is the local name of the repeated element (`item`, `entry`).

    Raises:
        ParseError: no XML, or the document declares its own entities.
    """
    root = find_root(text)
    if root is None:
        raise ParseError("The content is not XML: no element begins in it.", "Give the address of the feed itself.")
    name, attributes, start = root
    end = _find_close(text, name, start)
    if end >= 0:
        return Xml(name, attributes, repair(text[start:end]), truncated=False)
    prefix = name.split(":")[0] + ":" if ":" in name and name.split(":")[1].lower() == "feed" else ""
    cut = _find_last_item(text, prefix + item, start)
    opened = re.compile(rf"<{re.escape(prefix + item)}[\s>]")
    head_end = cut if cut >= 0 else (first.start() if (first := opened.search(text, start)) else -1)
    if head_end < 0:
        match = _START.match(text, start)
        head_end = match.end() if match else start
    half = opened.search(text, head_end) is not None
    closing = _close_channel(text[start:head_end]) if name.lower().endswith("rss") else ""
    return Xml(name, attributes, repair(text[start:head_end] + closing + f"</{name}>"), truncated=True, half_item=half)


def _after(text: str, token: str, at: int) -> int:
    found = text.find(token, at)
    return found + len(token) if found >= 0 else -1


def _skip_doctype(text: str, at: int) -> int:
    """Offset after a DOCTYPE; its external subset is never fetched, its own entities are refused."""
    quote = ""
    for index in range(at, min(len(text), at + 100_000)):
        char = text[index]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == ">":
            return index + 1
        elif char == "[":
            close = re.compile(r"\]\s*>").search(text, index)
            subset = text[index : close.end() if close else index + 100_000]
            if "<!ENTITY" in subset.upper():
                break
            return close.end() if close else -1
    raise ParseError(
        "The XML declares its own entities, as entity bombs and file-reading attacks do; it was refused.",
        "Ask the publisher for a feed without a DOCTYPE that declares entities.",
    )


def _in_cdata(text: str, at: int) -> bool:
    return text.rfind("<![CDATA[", 0, at) > text.rfind("]]>", 0, at)


def _find_close(text: str, name: str, start: int) -> int:
    """Offset after the root's closing tag, -1 where there is none."""
    at = text.rfind(f"</{name}", start)
    if at < 0 or _in_cdata(text, at):
        return -1
    return _after(text, ">", at)


def _find_last_item(text: str, name: str, start: int) -> int:
    """Offset after the last closing tag of an item, -1 where no item is whole; words in CDATA are no tags."""
    at = text.rfind(f"</{name}>", start)
    while at >= 0 and _in_cdata(text, at):
        # Of all marks of CDATA since the last one ended, only the first begins one.
        opened = text.find("<![CDATA[", text.rfind("]]>", 0, at) + 1, at)
        at = text.rfind(f"</{name}>", start, max(start, opened))
    return at + len(name) + 3 if at >= 0 else -1


def _close_channel(head: str) -> str:
    return "</channel>" if re.search(r"<channel[\s>]", head) and "</channel>" not in head else ""


def repair(text: str) -> str:
    """Return text with every stray ampersand, HTML entity and impossible character reference made harmless."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        opened = text.find("<![CDATA[", at)
        closed = text.find("]]>", opened) if opened >= 0 else -1
        if closed < 0:
            opened = len(text)
        plain = _HALVES.sub(_whole, _BARE.sub(_plain_entity, text[at:opened]))
        pieces.append(_NUMBER.sub(_valid_number, plain))
        at = closed + 3 if closed >= 0 else len(text)
        pieces.append(text[opened:at])
    return "".join(pieces)


def _plain_entity(match: re.Match[str]) -> str:
    if match[1]:
        plain = html.unescape(match[0])
        if plain != match[0] and not plain.endswith(";"):
            return html.escape(plain)
    return "&amp;" + (match[1] or "")


def _whole(match: re.Match[str]) -> str:
    high = int(match[1]) if match[1] else int(match[2], 16)
    low = int(match[3]) if match[3] else int(match[4], 16)
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _valid_number(match: re.Match[str]) -> str:
    code = int(match[1]) if match[1] else int(match[2], 16)
    valid = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return match[0] if valid else "\ufffd"
