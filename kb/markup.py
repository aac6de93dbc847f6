"""What a text may bring into a page of ours: escaped characters, checked addresses, dates as read.

Pure. Refuses everything that a document brings along: each character is escaped, characters that
HTML and XML cannot hold and those that turn the direction of what follows go, and an address is
http, https or mailto, or none.
"""

import html
import re
from collections.abc import Sequence
from datetime import date
from pathlib import PurePath
from urllib.parse import quote, urlsplit

MONTHS = tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
# Controls, overrides of direction, lone surrogates, and what Unicode will never assign.
_UNFIT = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufdd0-\\ufdef"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}-{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
    + "]"
)
_ILLEGAL = re.compile(r"[\s<>\"'`\\^{|}\[\]]")
_HOST = re.compile(r"\w+://[^/?#\s]*", re.ASCII)

OPENING = 32
"""Letters by which a text is seen to open with its own heading."""


def plain(text: object) -> str:
    """Return text without the characters that no page can hold."""
    return _UNFIT.sub("", str(text))


def esc(text: object) -> str:
    """Return text as HTML or XML text, fit for an attribute as well; unfit characters go."""
    return html.escape(plain(text), quote=True)


def safe_url(url: str) -> str:
    """Return an address that may be followed, or an empty string."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme.lower() in ("http", "https") and parts.netloc:
        return url.strip()
    return url.strip() if parts.scheme.lower() == "mailto" and parts.path else ""


def web_address(url: str) -> str:
    """Return an address as `safe_url` does, with what no address may hold as percent signs and digits."""
    found = plain(safe_url(url))
    host = _HOST.match(found)
    head = host.end() if host else 0
    return found[:head] + _ILLEGAL.sub(lambda match: quote(match.group(), safe=""), found[head:])


def day(stated: str) -> str:
    """Return a partial ISO date as it is read: `7 Apr 2023`, `Apr 2023`, `2023`."""
    parts = stated.split("T")[0].split("-")
    if len(parts) == 3:
        found = date.fromisoformat("-".join(parts))
        return f"{found.day} {MONTHS[found.month - 1]} {found.year}"
    if len(parts) == 2:
        return f"{MONTHS[int(parts[1]) - 1]} {parts[0]}"
    return parts[0]


def path_above(path: Sequence[str], text: str) -> list[str]:
    """Return a breadcrumb without what the text below it opens with itself."""
    parts = [part for part in path if part]
    # A title stands in the path without the notes in brackets that its line bears.
    return parts[:-1] if len(parts) > 1 and parts[-1][:OPENING] in text[: OPENING + 24] else parts


def source_name(location: str) -> str:
    """Return the short name of a source: a host or a file name."""
    if "://" in location:
        return urlsplit(location).netloc or location
    return PurePath(location).name or location
