"""The YAML block that opens a Markdown file, and what it states of the work.

Owns front matter alone. Refuses nothing: a block that is no YAML is read line by line. Invariant:
the block is bounded, so that a rule at the head of a long text never swallows the text.
"""

import re
from dataclasses import dataclass

import yaml

from ingest._dates import parse_date

_LONGEST = 120
"""Lines that a front matter may have."""
_FIELD = re.compile(r"([A-Za-z_][\w -]{0,30}?)\s*:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What front matter states; empty where it says nothing."""

    title: str = ""
    published: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    url: str = ""
    found: bool = False


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Return the front matter of a text and the text after it."""
    start = len(text) - len(text.lstrip())
    if not text.startswith("---", start):
        return FrontMatter(), text
    head = text[start : start + 20_000].split("\n")[: _LONGEST + 1]
    if head[0].strip() != "---":
        return FrontMatter(), text
    closing = next((i for i, line in enumerate(head[1:], 1) if line.strip() in ("---", "...")), None)
    if closing is None:
        return FrontMatter(), text
    fields = _read_fields("\n".join(head[1:closing]))
    if not fields:
        return FrontMatter(), text
    rest = text[start + sum(len(line) + 1 for line in head[: closing + 1]) :]
    return _state(fields), rest


def _read_fields(block: str) -> dict[str, object]:
    try:
        # Aliases are refused: they let a small block stand for a huge one.
        loaded = None if re.search(r"(?m)(?:^|\s)[&*]\w", block) else yaml.safe_load(block)
    except (yaml.YAMLError, ValueError):
        loaded = None
    if isinstance(loaded, dict):
        return {str(key).strip().lower(): value for key, value in loaded.items()}
    fields: dict[str, object] = {}
    for line in block.split("\n"):
        if match := _FIELD.match(line):
            fields[match[1].strip().lower()] = match[2].strip().strip("\"'")
    return fields


def _state(fields: dict[str, object]) -> FrontMatter:
    tags = [
        *_words(fields.get("categories", fields.get("category"))),
        *_words(fields.get("tags", fields.get("keywords"))),
    ]
    raw = fields.get("date", fields.get("published", fields.get("pubdate", "")))
    url = str(fields.get("url", fields.get("source", fields.get("canonical_url", ""))) or "")
    return FrontMatter(
        title=" ".join(str(fields.get("title") or "").split()),
        published=_date(raw),
        tags=tuple(dict.fromkeys(tags)),
        authors=tuple(_words(fields.get("authors", fields.get("author")))),
        url=url if url.startswith(("http://", "https://")) else "",
        found=True,
    )


def _date(raw: object) -> str:
    if hasattr(raw, "isoformat"):
        raw = raw.isoformat()
    return parse_date(str(raw or "").strip()) or ""


def _words(value: object) -> list[str]:
    """Return the entries of a YAML list or of `[a, b]` and `a, b` written as text."""
    if isinstance(value, dict):
        value = value.get("name", "")
    if isinstance(value, str):
        value = [part.strip(" \"'") for part in re.split(r"[,，、]", value.strip("[]"))]
    if not isinstance(value, list | tuple):
        return []
    words = (str(each.get("name", "") if isinstance(each, dict) else each).strip() for each in value)
    return [word for word in words if word and word != "None"]
