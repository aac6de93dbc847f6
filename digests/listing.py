"""Lists of linked titles with a word on each, as newsletters have them: which words are about which work.

Pure. A line counts that begins with a linked title, or whose title stands before a dash or colon and
whose links end it. Refuses single lines: only where several stand together is a text a list of works.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from digests.sentences import count_words
from kb.references import of_url
from kb.text import fold_space
from kb.types import Document, Link, Reference

LEAST = 3
"""Lines from which on a text is a list."""
LEAST_REMARK, MOST_TITLE = 5, 25
_MARKER = re.compile(r"\s*(?:[-*•·●▪>]+\s+|\(?\d{1,3}[.)、]\s*)*(?:\*\*|__)?")
_AFTER = re.compile(r"(?:\*\*|__)?\s*(?:\([^()\n]{0,40}\))?\s*[.:：。—–|-]+\s*")
_TITLED = re.compile(r"(?P<title>[^\n:：]{2,160}?)(?:\*\*|__)?\s*(?:\s[-–—]+\s|[:：]\s*)(?P<remark>\S.*)")
_LINKS_ONLY = re.compile(r"[\s|,;/()（）\[\]、·.]*")
_BEGINS = re.compile(r"[^a-z\W]|[\"“'‘(]")


class Item(NamedTuple):
    """A work that a line names, and what the line says of it."""

    kind: str
    key: str
    title: str
    remark: str


def with_remarks(document: Document, references: Sequence[Reference]) -> list[Reference]:
    """Return the references, those that a list explains with their title and remark."""
    found = list(_items(document))
    if len({(item.kind, item.key) for item in found}) < LEAST:
        return list(references)
    told = {(item.kind, item.key): item for item in reversed(found)}
    made = []
    for reference in references:
        item = told.get((reference.kind, reference.key))
        if item is not None and not reference.remark:
            reference = reference.model_copy(update={"title": item.title, "remark": item.remark})
        made.append(reference)
    return made


def _items(document: Document) -> Iterator[Item]:
    at, links = 0, sorted(document.links, key=lambda link: link.start)
    for line in document.text.splitlines(keepends=True):
        start, at = at, at + len(line)
        inside = [link for link in links if start <= link.start and link.end <= at]
        if inside:
            yield from _item(document.text, start, start + len(line.rstrip()), inside)


def _item(text: str, start: int, end: int, links: Sequence[Link]) -> Iterator[Item]:
    lead = _MARKER.match(text, start, end)
    begin = lead.end() if lead else start
    first = links[0]
    reference = of_url(first.url)
    if reference is None:
        return
    if first.start <= begin + 1 < first.end:
        after = _AFTER.match(text, first.end, end)
        title, remark = text[first.start : first.end], text[after.end() : end] if after else ""
    else:
        # What follows the first link must be links and what parts them.
        rest = text[first.start : end]
        for link in links:
            rest = rest.replace(text[link.start : link.end], "", 1)
        told = _TITLED.match(text[begin : first.start].rstrip(" ([（|"))
        if told is None or not _LINKS_ONLY.fullmatch(rest):
            return
        title, remark = told["title"], told["remark"]
    title, remark = fold_space(title).strip(" *_"), remark.strip()
    if count_words(title) > MOST_TITLE or count_words(remark) < LEAST_REMARK or not _BEGINS.match(remark):
        return
    if count_words(title) >= 1 and not title.startswith("http"):
        yield Item(reference.kind, reference.key, title, remark)
