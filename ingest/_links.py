"""Addresses written out in plain text, each with its span.

Owns where an address ends: brackets stay when they balance, the punctuation of the sentence around
it does not. Refuses all schemes but http and https. Invariant: spans are in order and do not overlap.
"""

import re
from urllib.parse import urlsplit

from kb.types import Link

URL = re.compile(r"https?://[^\s<>\"`，。；、！？（）【】「」《》“”…\u3000]+", re.I)
_TAIL = ".,;:!?'*_~|\\"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_LONGEST = 2000


def find_links(text: str) -> tuple[Link, ...]:
    """Return the addresses of a text with their spans."""
    found: list[Link] = []
    for match in URL.finditer(text):
        url = _trim(match.group())
        if len(url) > len("https://") and "." in url and _has_host(url):
            found.append(Link(start=match.start(), end=match.start() + len(url), url=url))
    return tuple(found)


def first_url(text: str) -> str:
    """Return the first address of a text, or an empty string."""
    match = URL.search(text)
    url = _trim(match.group()) if match else ""
    return url if _has_host(url) else ""


def _has_host(url: str) -> bool:
    """Tell whether an address can be taken apart: `https://[x.y` cannot."""
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _trim(url: str) -> str:
    url = url[:_LONGEST]
    # `[text](address)more`: the address ends where its bracket closes.
    depth = 0
    for index, char in enumerate(url):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                url = url[:index]
                break
    while url and (url[-1] in _TAIL or (url[-1] in _PAIRS and url.count(url[-1]) > url.count(_PAIRS[url[-1]]))):
        url = url[:-1]
    return url
