"""What the library's own records say: who wrote a work and when it was published.

Owns statements made of a document's metadata. Refuses dates and authors that the record does not state. Invariant: such
a statement names the document that it is the record of, by a citation of it.
"""

import re
from collections.abc import Sequence

from chat._intents import Intent
from chat._library import Library
from chat.question import Asked
from chat.relevance import holds
from chat.types import Citation, Statement
from kb.text import fold_space, tokens

_PUBLISHED = re.compile(
    r"\b(?:publish|appear|announc|launch|release|written|came out|come out|submitted)"
    r"|发表|发布|出版|提交|问世|推出|公布",
    re.I,
)
_WROTE = re.compile(r"\b(?:wrote|written|authors?|authored|proposed|invented|introduced|behind)\b|谁|作者|提出", re.I)
MOST_AUTHORS = 12


def of(
    asked: Asked, statements: Sequence[Statement], citations: Sequence[Citation], library: Library
) -> list[Statement]:
    """Return what the records of the cited documents say, where authors or a date of publication are asked for."""
    wanted = (
        asked.intent == Intent.PERSON and _WROTE.search(asked.text),
        asked.intent == Intent.TIME and _PUBLISHED.search(asked.text),
    )
    made: list[Statement] = []
    seen: set[str] = set()
    for citation in citations:
        info = library.info(citation.doc_id)
        if info is None or info.id in seen or info.title_estimated or not _named(asked, info.title):
            continue
        seen.add(info.id)
        parts = []
        if wanted[0] and info.authors:
            more = "…" if len(info.authors) > MOST_AUTHORS else ""
            parts.append(", ".join(info.authors[:MOST_AUTHORS]) + more)
        if wanted[1] and info.published:
            parts.append(info.published[:10])
        if parts:
            text = f"{fold_space(info.title)}: {', '.join(parts)}"
            made.append(Statement(text=text, numbers=(citation.number,), status="supported"))
    return made


def _named(asked: Asked, title: str) -> bool:
    """Tell whether a question asks about the work of a title."""
    low, held = title.lower(), frozenset(tokens(title))
    named = any(entity.pattern.search(low) for entity in asked.entities) or not asked.entities
    # Of a thing that a work is about the work's own date says nothing.
    about = [term for term in asked.content if not term.entity and not term.generic]
    return named and bool(asked.entities or about) and all(holds(term, held) > 0 for term in about)
