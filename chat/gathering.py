"""The passages that may answer a question: what search finds, and what it finds for each name and side of it.

Owns the questions that are put to search. Refuses to rank: `relevance` does. Invariant: each unit comes once, and
its hit's rank is that of the first search that found it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chat._intents import Intent
from chat._library import Library
from chat.passages import Unit, units_of
from chat.question import Asked, Entity
from chat.types import Scope
from kb.text import normalise
from kb.types import Hit, Kind

HITS = 10
LISTED = 150
MORE_HITS = 4
MAX_NAMES = 2
EXPLAINS = (Intent.DEFINITION, Intent.MANNER)
SHORT = 4000
"""Letters up to which a paper's record, an abstract, is about one thing from end to end."""
BEFORE, REACH = 3, 900
"""Hits before which is looked, and how many letters back."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found."""

    units: list[Unit]
    notices: tuple[str, ...]
    """Of search, such as: keyword search only."""


def gather(asked: Asked, scope: Scope, library: Library, text: str | None = None) -> Gathered:
    """Return the units of the passages that may answer; `text` is searched for in place of the question."""
    words = asked.text if text is None else text
    # Filters alone list what passes them: enough to give each document a line.
    first = library.search(scope.query(words, HITS if words else LISTED))
    found = list(first.hits)
    if asked.intent in EXPLAINS:
        found += _before(found[:BEFORE], library)
    for more in _further(asked, found):
        found += library.search(scope.query(more, MORE_HITS if asked.focus else HITS)).hits
    return Gathered(_units(found, library), first.notices)


def _before(hits: Sequence[Hit], library: Library) -> list[Hit]:
    """The passages just before hits that begin in the middle of a section: what explains a thing opens its section."""
    made: list[Hit] = []
    for hit in hits:
        chunk = hit.chunk
        near = library.between(chunk.doc_id, max(0, chunk.start - REACH), chunk.start) if chunk.start else []
        made += [
            hit.model_copy(update={"chunk": one, "others": ()})
            for one in near
            if one.end <= chunk.start and one.path[: len(chunk.path) - 1] == chunk.path[:-1]
        ]
    return made


def _further(asked: Asked, found: Sequence[Hit]) -> Iterable[str]:
    """Questions for what the first search missed: a rare name, one side of a comparison."""
    focus = " ".join(term.text for term in asked.focus)
    for entity in asked.entities[:MAX_NAMES]:
        if asked.intent == Intent.DEFINITION or sum(_speaks_of(hit, entity) for hit in found[:5]) < 2:
            yield f'"{entity.text}" {focus}'
    for side in asked.sides:
        yield f"{side} {focus}" if focus not in side else side


def _speaks_of(hit: Hit, entity: Entity) -> bool:
    held = normalise("\n".join((hit.document.title, *hit.chunk.path, hit.chunk.text)))
    return entity.pattern.search(held) is not None


def _units(hits: Sequence[Hit], library: Library) -> list[Unit]:
    made: dict[tuple[str, int], Unit] = {}
    for rank, hit in enumerate(hits):
        joined = hit.chunk.text and (hit.others or hit.chunk.end - hit.chunk.start > len(hit.chunk.text))
        chunks = library.between(hit.document.id, hit.chunk.start, hit.chunk.end) if joined else [hit.chunk]
        whole = library.text(hit.document.id) if hit.document.kind == Kind.ARXIV else ""
        for unit in units_of(hit, rank, chunks, whole if len(whole) <= SHORT else ""):
            made.setdefault((unit.document.id, unit.start), unit)
    return list(made.values())
