"""Hits cut into what can be quoted: the lines of an outline, the sentences of prose, each with its place.

Pure. Owns what a quotable unit is. Refuses bare addresses and marks headings. Invariant: `text` is
`document.text[start:end]`, inside exactly one passage of the library.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kb.text import fold_space, normalise, sentences, tokens
from kb.types import Chunk, DocumentInfo, Hit, Kind

MAX_QUOTE = 700
_ADDRESS = re.compile(r"^\W*(?:[\w -]{1,40}[:：]\s*)?(?:https?://\S+|arXiv:\S+|\S+@\S+)\W*$", re.I)
_WORDLESS = re.compile(r"[\W\d]*")
_LINK = re.compile(r"!?\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\([^)]*\)")
"""A link or image of Markdown; a line of nothing else points elsewhere."""
_REMARK = re.compile(r"\[\d{4}(?:, [^\]]+)?\]\s*(?:- .+)?$")
"""How an outline lists a work: title, [year, place] - author."""

_LEADS_ON = re.compile(r"[?？:：]\W*$|^(?:you|one|we) (?:may|might|could) (?:ask|wonder)\b", re.I)
"""How a sentence says that what it speaks of comes in the next one."""
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)]|[(（]\d{1,2}[)）])\s")
TITLE_WORDS, TITLE_WORDS_IN_PROSE = 7, 12


@dataclass(frozen=True, slots=True)
class Unit:
    """A line or sentence that can be quoted."""

    text: str
    start: int
    end: int
    """Offsets in the document's text."""
    chunk_id: str
    path: tuple[str, ...]
    document: DocumentInfo
    rank: int
    """Of its hit, from 0."""
    score: float
    """Of its hit."""
    meaning: float
    """Of its hit: cosine with the question."""
    tokens: frozenset[str]
    context: frozenset[str]
    """Tokens of the document's title, the breadcrumb and the line above it in the outline."""
    around: frozenset[str]
    """Tokens of the whole hit."""
    before: frozenset[str] = frozenset()
    """Tokens of the sentence before it, in prose: what it goes on about."""
    replies: bool = False
    """The sentence before it asks, or ends with a colon."""
    named: str = ""
    """Title, breadcrumb and hit in normal form: where a name must be found."""
    place: int = 0
    """Among the units of its hit, from 0."""
    labels: tuple[str, ...] = ()
    heading: bool = False
    """It only names what follows: a section's title, a listed work."""


@lru_cache(maxsize=20_000)
def tokens_of(text: str) -> frozenset[str]:
    """Return the tokens of a text, kept: the same lines are asked about again and again."""
    return frozenset(tokens(text))


def units_of(hit: Hit, rank: int, chunks: Sequence[Chunk], whole: str = "") -> list[Unit]:
    """Cut a hit into units.

    Args:
        whole: the document's text, where it is so short that all of it is about one thing, as an abstract is.
        chunks: the passages of the hit's document that it spans, so that each unit has its own.
    """
    outline = hit.document.kind == Kind.NOTES
    lines = list(_lines(hit.chunk.text) if outline else sentences(hit.chunk.text))
    context = tokens_of(" ".join((hit.document.title, *hit.chunk.path)))
    around = tokens_of(whole or hit.chunk.text)
    named = normalise("\n".join((hit.document.title, *hit.document.authors, *hit.chunk.path, whole or hit.chunk.text)))
    made: list[Unit] = []
    for index, (start, end) in enumerate(lines):
        text = hit.chunk.text[start:end]
        if _ADDRESS.match(text) or len(text) > MAX_QUOTE * 2 or _WORDLESS.fullmatch(_LINK.sub("", text)):
            continue
        at = hit.chunk.start + start
        chunk = _chunk_at(chunks, at) or hit.chunk
        following = hit.chunk.text[lines[index + 1][0] : lines[index + 1][1]] if index + 1 < len(lines) else ""
        previous = hit.chunk.text[lines[index - 1][0] : lines[index - 1][1]] if index and not outline else ""
        made.append(
            Unit(
                text=text,
                start=at,
                end=at + len(text),
                chunk_id=chunk.id,
                path=chunk.path,
                document=hit.document,
                rank=rank,
                score=hit.score,
                meaning=hit.meaning,
                tokens=tokens_of(text),
                context=context | (tokens_of(" ".join(chunk.path)) if chunk.path != hit.chunk.path else frozenset()),
                around=around,
                before=tokens_of(previous),
                replies=bool(_LEADS_ON.search(previous)),
                named=named,
                place=index,
                labels=chunk.labels,
                heading=_is_heading(text, following, outline=outline),
            )
        )
    return made


def units_in(chunk: Chunk, like: Unit) -> list[Unit]:
    """Return the units of one passage; `like` is one of them and knows the document."""
    hit = Hit(chunk=chunk, document=like.document, score=like.score, matched="keyword", meaning=like.meaning)
    return units_of(hit, like.rank, [chunk])


def _lines(text: str) -> Iterable[tuple[int, int]]:
    """Spans of the lines of an outline; a long line counts by its sentences."""
    at = 0
    for line in text.split("\n"):
        lead = len(line) - len(line.lstrip())
        stripped = line.strip()
        if len(stripped) > MAX_QUOTE:
            yield from ((at + lead + a, at + lead + b) for a, b in sentences(stripped))
        elif stripped:
            yield at + lead, at + lead + len(stripped)
        at += len(line) + 1


def _chunk_at(chunks: Sequence[Chunk], at: int) -> Chunk | None:
    return next((chunk for chunk in chunks if chunk.start <= at < chunk.end), None)


def _is_heading(text: str, following: str, *, outline: bool) -> bool:
    """Tell whether a line only names what follows."""
    form = fold_space(text)
    if outline and (_REMARK.search(form) or (_ADDRESS.match(following) and not _states(form))):
        return True
    if form.endswith((".", "。", "!", "?", "！", "？", ";", "；")):
        return False
    words = len(form.split()) if form.isascii() else len(form) // 2
    says = re.search(
        r"[=:：,，;；]|\d|\b(?:is|are|was|has|have|needs?|takes?|means?|can|does|do)\b|[是有为需可会]", form
    )
    if not outline and not says and not _BULLET.match(text) and re.match(r"[A-Z]", form):
        # A sentence of prose ends with a mark; a title or a caption has none.
        return words <= TITLE_WORDS_IN_PROSE and form[-1].isalnum()
    return words <= TITLE_WORDS and not says


def _states(form: str) -> bool:
    """Tell whether a line over an address is a statement with its source, not the title of what lies there."""
    words = re.findall(r"[A-Za-z][\w-]{3,}", form)
    capital = sum(word[0].isupper() for word in words)
    return bool(re.search(r"[，；。]|;\s", form)) or (
        len(words) > 4 and capital < 0.4 * len(words) and " - " not in form
    )


def lists_work(unit: Unit) -> bool:
    """Tell whether a line lists a work: title, year, author."""
    return _REMARK.search(fold_space(unit.text)) is not None or " - " in unit.text


def lists_item(unit: Unit) -> bool:
    """Tell whether a unit is an item of a list."""
    return _BULLET.match(unit.text) is not None


def same_words(one: str, other: str) -> bool:
    """Tell whether two units say the same in the same words."""
    a, b = tokens_of(normalise(one)), tokens_of(normalise(other))
    return bool(a and b) and len(a & b) / min(len(a), len(b)) > 0.85
