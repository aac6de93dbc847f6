"""Entries of a feed known again, whatever ids the feed gives them.

Owns two faults that feeds have over time, which one reading cannot see: a GUID that is given to another
post later, and a post that comes under another GUID. Pure; asks for texts only where address, title and
date leave a doubt. Invariant: a settled document has the id under which it is in the library, or one
that nothing else has; no two have the same.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kb.text import tokens
from kb.types import Document, Known, Parsed

ENOUGH_WORDS = 48
"""Two texts are compared by their words only from this length on: short ones are alike by chance."""
ALIKE = 0.7
"""Share of common phrases from which two texts are one that was edited."""
_PHRASE = 3
TextOf = Callable[[str], str]


@dataclass(frozen=True)
class Settled:
    """Documents under the ids that they have in the library."""

    documents: tuple[Document, ...]
    again: int = 0
    """How many came under a new GUID."""
    parted: int = 0
    """How many came under the GUID of another post."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader should know of it."""
        made = []
        if self.again:
            made.append(f"{_entries(self.again)} under a new GUID: known again by address, title and date.")
        if self.parted:
            made.append(f"{_entries(self.parted)} under the GUID of another post: kept apart by the link.")
        return tuple(made)


def settle(
    parsed: Parsed, *, held: Sequence[Known], others: Sequence[Known], removed: Sequence[Known], text_of: TextOf
) -> Settled:
    """Return a feed's documents under the ids by which the library knows them.

    Args:
        parsed: a feed as it was read now.
        held: what its earlier readings left in the library.
        others: documents of the library that have an id of `parsed`, whatever they came from.
        removed: posts that the reader removed.
        text_of: the text of a document of the library by its id.
    """
    known = {one.id: one for one in (*others, *held)}
    kept_out = {one.id for one in removed}
    parted, again = 0, 0
    taken: dict[str, Document] = {}
    shared = _shared(parsed.documents, held)
    for document in parsed.documents:
        further = parsed.feed.further_ids.get(document.id, ()) if parsed.feed else ()
        name = _free_id(document, further, known, taken, shared, text_of)
        parted += name != document.id
        taken[name] = document
    memory = _Memory([one for one in held if one.id not in taken], removed, list(taken.values()), text_of)
    made: dict[str, Document] = {}
    for name, document in taken.items():
        if name not in known and name not in kept_out:
            earlier = memory.find(document)
            if earlier and earlier not in made:
                again += earlier not in kept_out
                name = earlier
        made[name] = document.model_copy(update={"id": name})
    return Settled(tuple(made.values()), again, parted)


def _entries(number: int) -> str:
    return "1 entry came" if number == 1 else f"{number} entries came"


def _free_id(
    document: Document,
    further: Sequence[str],
    known: Mapping[str, Known],
    taken: Mapping[str, Document],
    shared: frozenset[str],
    text_of: TextOf,
) -> str:
    """The first of a document's ids that does not stand for another post."""
    for name in (document.id, *further):
        if name not in taken and (name not in known or not _is_another(document, known[name], shared, text_of)):
            return name
    return document.id


def _shared(present: Sequence[Document], held: Sequence[Known]) -> frozenset[str]:
    """Addresses and titles that several posts bear, as that of the site or “Weekly”: they tell none of them."""
    counts = [
        Counter(found) for posts in (present, held) for found in ((p.url for p in posts), (p.title for p in posts))
    ]
    return frozenset(words for count in counts for words, number in count.items() if number > 1)


def _is_another(document: Document, known: Known, shared: frozenset[str], text_of: TextOf) -> bool:
    """Whether a document is another post than the one that has its id: nothing of it that tells is the same."""
    return (
        (document.url != known.url or not document.url or document.url in shared)
        and (document.title != known.title or document.title in shared)
        and (document.published[:10] != known.published[:10] or not document.published)
        and likeness(document.text, text_of(known.id)) < ALIKE
    )


def likeness(one: str, other: str) -> float:
    """Share of phrases that two texts have in common, 0 to 1."""
    if one == other:
        return 1.0
    first, second = _phrases(one), _phrases(other)
    return len(first & second) / len(first | second) if first and second else 0.0


def _phrases(text: str) -> set[tuple[str, ...]]:
    words = tokens(text[:20_000])
    return {tuple(words[at : at + _PHRASE]) for at in range(max(1, len(words) - _PHRASE + 1))} if words else set()


class _Memory:
    """Posts that went out of sight, found again by what a change of GUID leaves alone."""

    def __init__(
        self, missing: Sequence[Known], removed: Sequence[Known], present: Sequence[Document], text_of: TextOf
    ) -> None:
        self._text_of = text_of
        self._missing = missing
        self._removed = {(one.url, one.title): one.id for one in removed if one.url}
        # An address that several posts share, as that of the site itself, tells none of them.
        shared = Counter(one.url for one in missing) | Counter(document.url for document in present)
        self._by_url = {one.url: one for one in missing if one.url and shared[one.url] == 1}
        self._by_title: dict[tuple[str, str], list[Known]] = {}
        for one in missing:
            self._by_title.setdefault((one.title, one.published[:10]), []).append(one)

    def find(self, document: Document) -> str:
        """Return the id that a document had before, empty where it is new."""
        same_place = self._by_url.get(document.url) if document.url else None
        if same_place and self._is_same_post(document, same_place):
            return same_place.id
        for one in self._by_title.get((document.title, document.published[:10]), ()):
            if self._has_its_text(document, one) or self._is_its_twin(document, one):
                return one.id
        return self._removed.get((document.url, document.title), "")

    def _is_same_post(self, document: Document, known: Known) -> bool:
        same_day = bool(document.published) and document.published[:10] == known.published[:10]
        return document.title == known.title or same_day or self._has_its_text(document, known)

    def _is_its_twin(self, document: Document, known: Known) -> bool:
        """Whether a post of the same title and day is the same word for word, however short."""
        dated = document.published and not document.title_estimated
        return bool(dated) and document.url == known.url and document.text == self._text_of(known.id)

    def _has_its_text(self, document: Document, known: Known) -> bool:
        if document.title_estimated or len(tokens(document.text[:2000])) < ENOUGH_WORDS:
            return False
        return likeness(document.text, self._text_of(known.id)) >= ALIKE
