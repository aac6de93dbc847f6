"""The query language: plain words with operators that narrow them.

`"exact phrase"`, `-not`, `topic:serving`, `kind:notes`, `source:name`, `since:2024-01`,
`until:2024`, `lang:zh`, `label:very-good`, `doc:ID` (one document). Pure. Nothing a
reader types is an error: what is no known operator, or has no sensible value, is text.
"""

import re
from dataclasses import dataclass

from kb.text import fold_space, normalise, scrub
from kb.types import Kind, Query

MAX_LENGTH = 10_000
_OPERATOR = re.compile(
    r'(?P<lead>^|\s)(?:(?P<not>-)?"(?P<phrase>[^"]+)"|(?P<name>topic|kind|source|since|until|lang|label|doc)[:：]'
    r'(?:"(?P<quoted>[^"]+)"|(?P<value>\S+))|-(?P<without>[^\s"-]\S*))(?=\s|$)',
    re.I,
)
_DAY = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_LANGUAGES = {
    "en": "en",
    "english": "en",
    "zh": "zh",
    "chinese": "zh",
    "中文": "zh",
    "mixed": "mixed",
    "other": "other",
}


@dataclass(frozen=True)
class ParsedQuery:
    """A question taken apart."""

    text: str
    """Free words and phrases, without operators."""
    query: Query
    """The given query with the operators' filters added."""
    phrases: tuple[str, ...] = ()
    """Must occur, in normal form."""
    without: tuple[str, ...] = ()
    """Must not occur, in normal form."""


def parse_query(query: Query) -> ParsedQuery:
    """Take the operators out of a query's text and merge them with its filters."""
    raw = scrub(query.text)[:MAX_LENGTH]
    phrases: list[str] = []
    without: list[str] = []
    filters: dict[str, list[str]] = {}

    def take(match: re.Match[str]) -> str:
        lead = match["lead"]
        if match["phrase"]:
            (without if match["not"] else phrases).append(match["phrase"])
            return lead if match["not"] else f"{lead}{match['phrase']}"
        if match["without"]:
            without.append(match["without"])
            return lead
        name, value = match["name"].lower(), match["quoted"] or match["value"]
        value = _filter_value(name, value)
        if not value:
            return match.group()
        filters.setdefault(name, []).append(value)
        return lead

    text = fold_space(_OPERATOR.sub(take, raw))
    merged = query.model_copy(
        update={
            "topics": (*query.topics, *filters.get("topic", [])),
            "kinds": (*query.kinds, *(Kind(value) for value in filters.get("kind", []))),
            "sources": (*query.sources, *filters.get("source", [])),
            "labels": (*query.labels, *filters.get("label", [])),
            "since": (filters.get("since") or [query.since])[-1],
            "until": (filters.get("until") or [query.until])[-1],
            "language": filters["lang"][-1] if "lang" in filters else query.language,
            "doc_id": (filters.get("doc") or [query.doc_id])[-1],
        }
    )
    return ParsedQuery(text, merged, _folded(phrases), _folded(without))


def _folded(phrases: list[str]) -> tuple[str, ...]:
    return tuple(form for form in (fold_space(normalise(phrase)) for phrase in phrases) if form)


def _filter_value(name: str, value: str) -> str:
    """Return a filter's value in its stored form, or nothing where it makes no sense."""
    if name in ("since", "until"):
        value = value.replace("/", "-").replace(".", "-")
        return value if _DAY.fullmatch(value) else ""
    if name == "kind":
        value = {"note": "notes", "feed": "rss", "post": "rss", "paper": "arxiv", "pages": "page"}.get(
            value.lower(), value.lower()
        )
        return value if value in set(Kind) else ""
    if name == "lang":
        return _LANGUAGES.get(value.lower(), "")
    return value if name in ("source", "doc") else value.lower()
