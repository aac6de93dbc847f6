"""Citations: numbered for a whole conversation, checked before they are shown, looked up again later.

Owns numbers and places. Refuses a quote that its document does not hold at the place given. Invariant: one passage
quoted in one place has one number throughout a conversation, and a number never changes its quote.
"""

from collections.abc import Iterable, Sequence

from chat._library import Library
from chat.passages import Unit
from chat.types import Citation, Resolved, Turn
from kb.evidence import quote_in
from kb.markup import path_above


class Numbering:
    """Gives citations their numbers, going on from the turns before."""

    def __init__(self, history: Iterable[Turn] = ()) -> None:
        self._known: dict[tuple[str, str], int] = {}
        for turn in history:
            for citation in turn.answer.citations if turn.answer else ():
                self._known.setdefault((citation.chunk_id, citation.quote), citation.number)
        self._next = max(self._known.values(), default=0) + 1

    def number(self, chunk_id: str, quote: str) -> int:
        """Return the number of a quote, a new one where the conversation has none for it."""
        key = (chunk_id, quote)
        if key not in self._known:
            self._known[key] = self._next
            self._next += 1
        return self._known[key]


def cite(unit: Unit, numbering: Numbering) -> Citation:
    """Return the citation of a unit."""
    return Citation(
        number=numbering.number(unit.chunk_id, unit.text),
        chunk_id=unit.chunk_id,
        doc_id=unit.document.id,
        title=unit.document.title,
        url=unit.document.url,
        quote=unit.text,
        start=unit.start,
        end=unit.end,
        path=unit.path,
        kind=unit.document.kind,
        published=unit.document.published,
    )


def checked(citations: Iterable[Citation], library: Library) -> list[Citation]:
    """Return the citations whose quote stands in its document at its place, letter by letter."""
    texts: dict[str, str] = {}
    kept = []
    for citation in citations:
        text = texts.setdefault(citation.doc_id, library.text(citation.doc_id))
        if text[citation.start : citation.end] == citation.quote:
            kept.append(citation)
    return kept


def resolve(citation: Citation, library: Library) -> Resolved:
    """Return where a citation's quote stands now: documents change and leave after an answer was written."""
    text = library.text(citation.doc_id)
    if not text:
        return Resolved(citation=citation, state="gone")
    place = (
        (citation.start, citation.end)
        if text[citation.start : citation.end] == citation.quote
        else quote_in(citation.quote, text)
    )
    if place is None:
        return Resolved(citation=citation, state="gone")
    chunks = library.between(citation.doc_id, *place)
    now = next((chunk.id for chunk in chunks if chunk.start <= place[0] < chunk.end), citation.chunk_id)
    same = now == citation.chunk_id and place == (citation.start, citation.end)
    return Resolved(citation=citation, state="here" if same else "moved", chunk_id=now, start=place[0], end=place[1])


def crumbs(citation: Citation) -> list[str]:
    """Return the breadcrumb of a citation, its document first, without what the quote itself opens with."""
    path = path_above(citation.path, citation.quote)
    return [citation.title, *(path[1:] if path[:1] == [citation.title] else path)]


def listed(citations: Sequence[Citation]) -> list[Citation]:
    """Return citations by number, each once."""
    return sorted({citation.number: citation for citation in citations}.values(), key=lambda c: c.number)
