"""The bilingual glossary: which English and Chinese terms name the same concept.

Owns the reading of glossary files and the lookup of their terms in a question or passage. Refuses
files of another form, naming the line. Invariant: a term of the reader's own file hides the
same term of the glossary that comes with the product.

A file is tab-separated with the columns english, english_variants, chinese, chinese_variants and
field; variants are parted by `|`. A `*` after a term marks that it names several concepts.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from kb._phrases import PhraseIndex, compact, has_han, phrase_key, singular
from kb.errors import ParseError, SettingsError
from kb.text import stem
from kb.types import Frozen

COLUMNS = ("english", "english_variants", "chinese", "chinese_variants", "field")
FIELDS = frozenset(
    {
        "parallelism", "quantization", "serving", "hardware", "compression", "training", "inference",
        "networking/storage", "mathematics", "data", "evaluation", "nlp", "vision", "systems", "security/privacy",
        "software", "general",
    }
)  # fmt: skip
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:[-_.+/][a-z0-9]+)*")


class Concept(Frozen):
    """One row of a glossary: the terms of both languages for one thing, the preferred term first."""

    english: tuple[str, ...]
    chinese: tuple[str, ...]
    field: str
    ambiguous: frozenset[str] = frozenset()
    """Keys of those terms that name other concepts as well."""


class Expansion(Frozen):
    """What the glossary knows about one term of a question."""

    term: str
    """As it stands in the question, in normal form."""
    language: Literal["en", "zh"]
    translations: tuple[str, ...]
    """Terms of the other language, the preferred one first."""
    variants: tuple[str, ...]
    """Other terms of the same language, the preferred one first."""
    field: str = "general"


class Found(Frozen):
    """A term met in a text, with its senses; `start` and `end` count in the normal form that came with it."""

    start: int
    end: int
    senses: tuple[Expansion, ...]


def read_concepts(path: Path) -> list[Concept]:
    """Read one glossary file.

    Raises: SettingsError if there is no such file, ParseError if a line is not of the form.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise SettingsError(f"glossary {path}: there is no such file", "Name an existing file, or none.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ParseError(f"glossary {path}: cannot be read as UTF-8 text: {error}", "Save it as UTF-8.") from error
    concepts = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#") or (number == 1 and tuple(line.split("\t")) == COLUMNS):
            continue
        concepts.append(_concept(line, f"glossary {path}, line {number}"))
    return concepts


def _concept(line: str, where: str) -> Concept:
    """One line as a concept. Raises ParseError with the place and what is wrong."""
    hint = "A line is: english TAB variants TAB chinese TAB variants TAB field, variants parted by |."
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) != len(COLUMNS):
        raise ParseError(f"{where}: has {len(cells)} columns, expected {len(COLUMNS)}", hint)
    english, english_variants, chinese, chinese_variants, field = cells
    if field not in FIELDS:
        raise ParseError(f"{where}: field {field!r} is unknown", f"Use one of: {', '.join(sorted(FIELDS))}.")
    names: list[tuple[str, ...]] = []
    ambiguous: set[str] = set()
    for first, rest, is_chinese in ((english, english_variants, False), (chinese, chinese_variants, True)):
        cell = [first, *rest.split("|")] if rest else [first]
        if not all(phrase_key(term) for term in cell):
            raise ParseError(f"{where}: has an empty term", hint)
        terms = [term.strip() for term in cell]
        wrong = next((term for term in terms if has_han(term) != is_chinese), None)
        if wrong is not None:
            raise ParseError(f"{where}: {wrong!r} is in the column of the other language", hint)
        ambiguous.update(phrase_key(term) for term in terms if term.endswith("*"))
        names.append(tuple(dict.fromkeys(term.rstrip("*") for term in terms)))
    return Concept(english=names[0], chinese=names[1], field=field, ambiguous=frozenset(ambiguous))


class Glossary:
    """Terms of two languages, found in text by the longest match."""

    def __init__(self, concepts: Iterable[Concept] = (), own: Iterable[Concept] = ()) -> None:
        """Index the concepts; those of `own` (the reader's) hide the same terms of the others."""
        self._index: PhraseIndex[int] = PhraseIndex()
        self._concepts: list[Concept] = []
        for concept in concepts:
            self._add(concept)
        mine = list(own)
        for concept in mine:
            for term in (*concept.english, *concept.chinese):
                self._index.discard(term)
        for concept in mine:
            self._add(concept)

    def words(self) -> set[str]:
        """Return the Latin words of all terms, in lower case."""
        terms = (term for concept in self._concepts for term in concept.english)
        return {word for term in terms for word in re.findall(r"[a-z][a-z-]+", term.lower())}

    def __len__(self) -> int:
        return len(self._concepts)

    def _add(self, concept: Concept) -> None:
        number = len(self._concepts)
        self._concepts.append(concept)
        for term in (*concept.english, *concept.chinese):
            self._index.add(term, number)

    def found(self, text: str) -> tuple[str, list[Found]]:
        """Return the normal form of a text, and the terms met in it with their places in that form."""
        form = compact(text)
        return form, [
            Found(
                start=match.start,
                end=match.end,
                senses=tuple(self._expansion(match.term, match.chinese, self._concepts[n]) for n in match.values),
            )
            for match in self._index.scan(form)
        ]

    def names(self, text: str) -> dict[str, str]:
        """Return the concepts that a text names, by their preferred English term, with their fields.

        A term of several concepts names none of them, nor does one of two letters, which may be anything, nor an
        everyday word that is short for a term: transfer is not transfer learning.
        """
        named: dict[str, str] = {}
        for match in self._index.scan(compact(text)):
            if len(match.values) == 1:
                concept = self._concepts[match.values[0]]
                if phrase_key(match.term) not in concept.ambiguous and _is_name(match.term, concept, text):
                    named.setdefault(concept.english[0], concept.field)
        return named

    def expand(self, text: str) -> list[Expansion]:
        """Return what is known about the terms of a question, in their order, each concept once."""
        found: list[Expansion] = []
        seen: set[int] = set()
        for match in self._index.scan(compact(text)):
            for number in match.values:
                if number not in seen:
                    seen.add(number)
                    found.append(self._expansion(match.term, match.chinese, self._concepts[number]))
        return found

    def _expansion(self, term: str, chinese: bool, concept: Concept) -> Expansion:
        same, other = (concept.chinese, concept.english) if chinese else (concept.english, concept.chinese)
        own = _root(term)
        return Expansion(
            term=term,
            language="zh" if chinese else "en",
            translations=_distinct(other),
            variants=tuple(variant for variant in _distinct(same) if _root(variant) != own),
            field=concept.field,
        )

    def to_english(self, text: str) -> str:
        """Render a Chinese question as English terms in its order, for an embedder that reads no Chinese.

        Latin words and numbers are kept, Chinese that the glossary does not know is dropped. Of an
        ambiguous term the first sense in the file stands.
        """
        form = compact(text)
        pieces: list[tuple[int, str]] = []
        kept = list(form)
        for match in self._index.scan(form, english=False):
            pieces.append((match.start, self._concepts[match.values[0]].english[0]))
            kept[match.start : match.end] = " " * (match.end - match.start)
        pieces += [(word.start(), word.group()) for word in _ASCII_WORD.finditer("".join(kept))]
        return " ".join(piece for _, piece in sorted(pieces))

    def english_terms(self, text: str, *, general: bool = True) -> list[str]:
        """Return the English terms for the Chinese terms of a passage, each once, in their order.

        `general=False` leaves out everyday words such as method, improve or result.
        """
        terms: dict[str, None] = {}
        for match in self._index.scan(compact(text), english=False):
            for number in match.values:
                concept = self._concepts[number]
                if general or concept.field != "general":
                    terms[concept.english[0]] = None
        return list(terms)


def _is_name(met: str, concept: Concept, text: str) -> bool:
    """Tell whether a term as met says on its own which concept is meant, and is no everyday word beside."""
    if has_han(met):
        return len(met) > 2 or met == compact(concept.chinese[0])
    if len(met) < 3 or not met.isalpha() or phrase_key(met) == phrase_key(concept.english[0]):
        return len(met) > 2
    # One word: an abbreviation or a name, spelled as such.
    spelled = (term for term in concept.english if not term.islower() and phrase_key(term) == phrase_key(met))
    return any(re.search(rf"(?<![A-Za-z]){re.escape(term)}s?(?![A-Za-z])", text) for term in spelled)


def _root(term: str) -> str:
    """What two terms share that differ in inflection, hyphens or case alone."""
    form = compact(term)
    return phrase_key(term) if has_han(form) else "".join(stem(singular(w)) for w in re.findall(r"[a-z0-9]+", form))


def _distinct(terms: tuple[str, ...]) -> tuple[str, ...]:
    """The terms without those that differ from an earlier one in inflection alone."""
    kept: dict[str, str] = {}
    for term in terms:
        kept.setdefault(_root(term), term)
    return tuple(kept.values())


def load_glossary(path: Path, own: Path | None = None) -> Glossary:
    """Return the glossary of a file and, where there is one, of the reader's own file.

    Raises: SettingsError or ParseError as `read_concepts`.
    """
    return Glossary(read_concepts(path), read_concepts(own) if own is not None and own.exists() else ())
