"""Addresses inside the app: every state has one that reopens it.

Owns the pages' paths and the reading and writing of query parameters. Pure; knows no Streamlit.
Invariant: `Class.read(state.parameters()) == state`, and nothing that a reader types into the
address bar is an error: what makes no sense is left out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from kb.types import Kind, Query

PATHS = {
    "search": "/",
    "digests": "/digests",
    "ask": "/ask",
    "document": "/document",
    "work": "/work",
    "library": "/library",
    "sources": "/sources",
    "models": "/models",
    "health": "/health",
}
Parameters = Mapping[str, str | Sequence[str]]
PER_PAGE = 10
MOST_PAGES = 20
_DAY = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
LANGUAGES = ("en", "zh", "mixed", "other")


def partial_date(text: str) -> str:
    """Return a typed date as `2023`, `2023-04` or `2023-04-07`, or nothing where it is none."""
    match = _DAY.fullmatch(text.strip())
    if match is None:
        return ""
    year, month, day = match.groups()
    if month is None:
        return year
    try:
        found = date(int(year), int(month), int(day or 1))
    except ValueError:
        return ""
    return found.isoformat() if day else f"{found:%Y-%m}"


def href(page: str, /, **parameters: str | int | Sequence[str]) -> str:
    """Return the address of a page in a state; empty parameters are left out."""
    kept = {name: value for name, value in parameters.items() if value not in ("", (), [], None)}
    query = urlencode(kept, doseq=True)
    return f"{PATHS[page]}?{query}" if query else PATHS[page]


@dataclass(frozen=True)
class State:
    """What an address says of a page; subclasses list the parameters with their defaults."""

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """Take the state from query parameters."""
        found: dict[str, Any] = {}
        for entry in fields(cls):
            given = parameters.get(entry.name)
            if given is None:
                continue
            values = [given] if isinstance(given, str) else list(given)
            if isinstance(entry.default, tuple):
                found[entry.name] = tuple(dict.fromkeys(value for value in values if value))
            elif isinstance(entry.default, int):
                digits = values[-1] if values else ""
                found[entry.name] = int(digits) if digits.isdecimal() and len(digits) < 6 else entry.default
            elif values:
                found[entry.name] = values[-1]
        return cls(**found)._valid()

    def _valid(self) -> Self:
        return self

    def parameters(self) -> dict[str, str | list[str]]:
        """Return the query parameters that reopen this state, defaults left out."""
        found: dict[str, str | list[str]] = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value != entry.default:
                found[entry.name] = list(value) if isinstance(value, tuple) else str(value)
        return found


@dataclass(frozen=True)
class SearchState(State):
    """The search page."""

    q: str = ""
    like: str = ""
    """A passage whose like is looked for; the words then do not count."""
    topic: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    lang: str = ""
    glossary: int = 1
    page: int = 1

    def _valid(self) -> Self:
        return replace(
            self,
            kind=tuple(kind for kind in self.kind if kind in set(Kind)),
            since=partial_date(self.since),
            until=partial_date(self.until),
            lang=self.lang if self.lang in LANGUAGES else "",
            page=min(max(self.page, 1), MOST_PAGES),
        )

    @property
    def filtered(self) -> bool:
        """Whether anything but the words narrows the search."""
        return any((self.topic, self.kind, self.source, self.label, self.since, self.until, self.lang))

    def query(self) -> Query:
        """Return what the library is asked: one hit more than is shown tells whether there is a next page."""
        return Query(
            text=self.q,
            topics=self.topic,
            kinds=tuple(Kind(kind) for kind in self.kind),
            sources=self.source,
            labels=self.label,
            since=self.since,
            until=self.until,
            language=self.lang or None,  # type: ignore[arg-type]  # checked by _valid
            limit=min(self.page * PER_PAGE + 1, 200),
            expand=bool(self.glossary),
        )

    def as_text(self) -> str:
        """Return the question with its filters as operators, as it could have been typed."""
        words = [self.q.strip()]
        for name, values in (
            ("topic", self.topic),
            ("kind", self.kind),
            ("source", self.source),
            ("label", self.label),
        ):
            words += [f'{name}:"{value}"' if " " in value else f"{name}:{value}" for value in values]
        dates = (("since", self.since), ("until", self.until), ("lang", self.lang))
        return " ".join(filter(None, [*words, *(f"{name}:{value}" for name, value in dates if value)]))

    def href(self, **changes: Any) -> str:
        """Return the address of this state with changes; a change of anything but the page goes to page 1."""
        changes.setdefault("page", 1)
        return href("search", **replace(self, **changes).parameters())


@dataclass(frozen=True)
class LibraryState(State):
    """The library page."""

    view: str = "documents"
    topic: str = ""
    kind: str = ""
    quarter: str = ""
    source: str = ""
    text: str = ""
    page: int = 1

    def _valid(self) -> Self:
        view = self.view if self.view in ("documents", "works", "add") else "documents"
        kind = self.kind if self.kind in set(Kind) else ""
        return replace(self, view=view, kind=kind, page=max(self.page, 1))

    @property
    def filtered(self) -> bool:
        """Whether the list is narrowed."""
        return any((self.topic, self.kind, self.quarter, self.source, self.text))

    def href(self, **changes: Any) -> str:
        """Return the address of this state with changes; a change of anything but the page goes to page 1."""
        changes.setdefault("page", 1)
        return href("library", **replace(self, **changes).parameters())


@dataclass(frozen=True)
class DocumentState(State):
    """The document page: which document, where in it, and the question that led there."""

    id: str = ""
    chunk: str = ""
    at: str = ""
    """Section or outline node, by its place in the tree."""
    q: str = ""
    open: str = ""
    """`all` shows an outline unfolded."""
    refs: str = ""
    """`all` lists every reference."""
    quote: str = ""
    """Words of the passage that are cited, marked in place; the middle of a long quote is left out by `…`."""
    part: int = 0
    """Part of a long text, from 1; 0 is the one that holds what was asked for."""

    def href(self, **changes: Any) -> str:
        """Return the address of this state with changes."""
        return href("document", **replace(self, **changes).parameters())


@dataclass(frozen=True)
class WorkState(State):
    """The page of a paper, repository or web page that the library speaks of."""

    kind: str = ""
    key: str = ""
