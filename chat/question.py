"""What a question asks: its terms with their weights, its names, what kind of answer would do.

Pure but for the counts of words that a `Lexicon` hands in. Owns the reading of questions that go to the library;
calculators' are the router's. Invariant: two questions that differ in white space or punctuation are read alike.
"""

import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from chat._everyday import LONG, kin_of, long_words
from chat._intents import Intent, head_of, intent_of, sides_of
from chat._spelling import CAMEL, PLURAL, name_pattern, stages_in
from kb.evidence import is_unit, numbers_in
from kb.glossary import Expansion, Found, Glossary
from kb.text import HAN, STOPWORDS, fold_space, language_of, normalise, stem, tokens
from kb.types import Language

GENERIC_WEIGHT = 0.12
"""Weight of a word that anything can be asked with, as a share of a rare word's."""
ENTITY_BOOST = 1.6
_WORD = re.compile(rf"[^\W_{HAN}]+(?:[-_.+/'’&][^\W_{HAN}]+)*(?:\+\+|#)?|[{HAN}]+")
_VERSIONED = re.compile(
    r"\b(?P<name>[A-Za-z][A-Za-z-]*[A-Za-z])[\s-](?P<version>v?\d{1,3}(?:\.\d{1,2})?(?:[Bb]"
    r"|[a-z])?)(?![\w.%×]*[\w%×])"
)
_SUFFIXES = frozenset(
    "数量率度性化法级段步层时后前中里内外上下间处点者家倍张天年月日号式型值大小多少高低长短快慢好坏新旧出入做用行算器端"
)
"""Characters that end many words without making another thing of them."""
_HOW = re.compile(
    r"\bhow (?:much (?:faster|slower|larger|smaller|bigger|better|worse|more|less|cheaper|higher|lower|longer)"
    r"|much|many|large|big|fast|quick|quickly|long|often|high|low|small|far|wide|deep|slow|heavy"
    r"|expensive|close|well|"
    r"good|bad|old|strong|sensitive|accurate)\b",
    re.I,
)
_CONTRACTED = re.compile(r"\b(what|who|how|where|when|that|it|there|why)['’]s\b", re.I)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_PEOPLES = frozenset(
    "chinese english american european japanese german korean indian western eastern internet python january february"
    " march april may june july august september october november december".split()
)
"""Capitalised by spelling alone, so no names."""
_AGENT = re.compile(r"[a-z]{4,}(?:er|or)s?")
_DIGIT_LETTER = re.compile(r"(?=.*\d)(?=.*[A-Za-z])")
_LIST_OF_UNITS = re.compile(r"(?:tokens?|words?|steps?|samples?|requests?)/(?:s|sec|second|step)", re.I)
_INNER_CAPITAL = re.compile(r"^(?:[A-Z]{2,}s?|[A-Za-z]*[a-z][A-Z]\w*|[A-Z]{2,}\w*-\w+|\w+-[A-Z]{2,})$")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a question names."""

    text: str
    forms: tuple[frozenset[str], ...]
    """Alternatives, the reader's own first: each a set of tokens that occur together."""
    weight: float
    count: int = 0
    """Passages of the library that hold its rarest token."""
    entity: bool = False
    """A name: of a system, a model, a person, a format."""
    concept: bool = False
    """The glossary knows it as a thing of the field."""
    prefix: str = ""
    """What a text must hold besides the tokens: the stem of tokenizer is that of token."""
    generic: bool = False
    kin: tuple[frozenset[str], ...] = ()
    """Looser alternatives: other everyday words for the same, in both languages."""
    acronyms: frozenset[str] = frozenset()
    """Tokens that stand for it only where a text spells them as a word: rag, but not ragged, which has that stem."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A name that an answer must speak of: `FlashAttention-4` and `Llama 4` are not what resembles them."""

    text: str
    pattern: re.Pattern[str]
    """Finds the name in a normal form."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question read."""

    text: str
    language: Language
    intent: Intent
    terms: tuple[Term, ...]
    entities: tuple[Entity, ...]
    sides: tuple[str, ...] = ()
    """What is compared with what."""
    head: tuple[Term, ...] = ()
    """What is to be named or counted: an answer that does not speak of it is none."""

    @property
    def content(self) -> tuple[Term, ...]:
        """The terms with a subject; all, where none has one."""
        return tuple(term for term in self.terms if not term.generic) or self.terms

    @property
    def focus(self) -> tuple[Term, ...]:
        """What is asked of the names: the content without them."""
        return tuple(term for term in self.content if not term.entity)

    @property
    def unknown(self) -> tuple[Term, ...]:
        """Terms with a subject that no passage of the library holds, in any of their forms."""
        return tuple(term for term in self.terms if not term.count and not term.generic)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the reading of a question needs of a library."""

    glossary: Glossary
    passages: int
    """How many the library has."""
    counts: Callable[[Sequence[str]], dict[str, int]]
    """In how many passages each token occurs."""


@cache
def _generic() -> tuple[frozenset[str], tuple[str, ...], frozenset[str]]:
    """English words without subject, by stem; Chinese ones, longest first, and as a set."""
    raw = tomllib.loads(resources.files(__package__).joinpath("generic.toml").read_text(encoding="utf-8"))
    english = frozenset(raw["english"].split())
    chinese = tuple(sorted(set(raw["chinese"].split()), key=lambda word: (-len(word), word)))
    return english, chinese, frozenset(chinese)


def is_generic(word: str) -> bool:
    """Tell whether a word, Chinese or English, names no subject. Its endings s, d, ed and ing do not count."""
    english, _, chinese = _generic()
    low = normalise(word)
    if low in STOPWORDS or low in english or low in chinese:
        return True
    return any(low.endswith(ending) and low[: -len(ending)] in english for ending in ("s", "d", "ed", "ing", "es"))


def read_question(text: str, lexicon: Lexicon) -> Asked:
    """Read a question against a library."""
    form = _THOUSANDS.sub("", _CONTRACTED.sub(r"\1 is", fold_space(text)))
    entities = tuple(_entities(form, lexicon))
    # "how fast" asks for a number: nothing need be called fast.
    raw = _terms(_HOW.sub("how", form), lexicon)
    held = {token for term in raw for alternative in (*term.forms, *term.kin) for token in alternative}
    counts = lexicon.counts(sorted(held))
    named = {token for entity in entities for token in tokens(entity.text)}
    terms = tuple(_weighed(term, counts, lexicon.passages, named) for term in raw)
    head = normalise(head_of(form))
    asked_for = tuple(term for term in terms if head and not term.generic and not term.entity and term.text in head)
    return Asked(form, language_of(form), intent_of(form), terms, entities, sides_of(form), asked_for)


def _weighed(term: Term, counts: dict[str, int], passages: int, named: set[str]) -> Term:
    each = [min(counts.get(token, 0) for token in form) for form in term.forms]
    held = max(each)
    near = max((min(counts.get(token, 0) for token in form) for form in term.kin), default=0)
    # Its own spelling says how rare it is: variants are often common words.
    rarity = math.log((passages + 1) / ((each[0] or held or near) + 0.5)) / math.log((passages + 1) / 0.5)
    entity = not named.isdisjoint(term.forms[0]) and not term.generic
    weight = GENERIC_WEIGHT if term.generic else rarity * (ENTITY_BOOST if entity else 1.0)
    return replace(term, count=held or near, entity=entity, weight=term.weight * max(weight, 0.05))


def _terms(form: str, lexicon: Lexicon) -> list[Term]:
    """The terms of a question: phrases of the glossary, then the words between them; stop words only if all are."""
    normal, found = lexicon.glossary.found(form)
    written = {word.lower(): word for word in (match.group() for match in _WORD.finditer(form))}
    names = {low for low, word in written.items() if _is_name(word)}
    terms: list[Term] = []
    left = list(normal)
    for item in found:
        piece = normal[item.start : item.end]
        asking = is_generic(piece) and not piece.isascii()  # 常用 of 通常用来 is none; such words are parted below.
        if not (asking or _inside_name(normal, item, names) or _by_chance(piece) or _inside_generic(normal, item)):
            terms.append(_phrase(normal[item.start : item.end], item, written))
            left[item.start : item.end] = "\0" * (item.end - item.start)
    rest = "".join(left)
    terms += _words(rest, normal, written)
    kept = [term for term in terms if term.text not in STOPWORDS] or terms
    unique: dict[frozenset[str], Term] = {}
    for term in kept:
        if term.forms and term.forms[0]:
            unique.setdefault(term.forms[0], term)
    return list(unique.values())


def _by_chance(piece: str) -> bool:
    """Tell whether a match runs over a blank that the term does not have: is a, as ISA."""
    words = piece.split()
    return len(words) > 1 and len(piece) <= 6 and any(word in STOPWORDS for word in words)


def _inside_generic(normal: str, item: Found) -> bool:
    """Tell whether a match of one character is a part of a word that carries no subject: 值 of 值得."""
    around = normal[max(0, item.start - 3) : item.end + 3]
    words = _generic()[1] if item.end - item.start == 1 else ()
    return any(len(word) > 1 and normal[item.start] in word and word in around for word in words)


def _is_name(word: str) -> bool:
    """Tell whether a word with joints or digits is a name of its own: Colossal-AI, Llama-3, H100."""
    parts = [part for part in re.split(r"[-_./]", word) if part]
    jointed = len(parts) > 1 and all(part[0].isupper() or part[0].isdigit() for part in parts)
    return word.isascii() and (jointed or bool(_DIGIT_LETTER.match(word)))


def _inside_name(normal: str, item: Found, names: set[str]) -> bool:
    """Tell whether a match is a part of a name: zero of zero-4, ai of colossal-ai."""
    match = next((m for m in _WORD.finditer(normal) if m.start() <= item.start and item.end <= m.end()), None)
    return match is not None and match.group() != normal[item.start : item.end] and match.group() in names


def _phrase(piece: str, item: Found, written: Mapping[str, str]) -> Term:
    forms = [frozenset(_content(" ".join(written.get(word, word) for word in piece.split())))]
    forms += [frozenset(_content(name)) for sense in item.senses for name in _synonyms(piece, sense)]
    unique = tuple(dict.fromkeys(form for form in forms if form))
    concept = any(sense.field != "general" for sense in item.senses)
    names = [name for sense in item.senses for name in (*sense.translations, *sense.variants)]
    short = frozenset(name.lower() for name in names if name.isascii() and name.isalpha() and name.isupper())
    kin = () if concept else tuple(form for form in (*_loose(item), *kin_of(piece)) if form not in unique)
    return Term(
        piece, unique, 1.0, generic=is_generic(piece), concept=concept, prefix=_prefix(piece), acronyms=short, kin=kin
    )


def _loose(item: Found) -> list[frozenset[str]]:
    """What the glossary lists beside an everyday word."""
    return [frozenset(_content(name)) for sense in item.senses if sense.field == "general" for name in sense.variants]


def _other_acronym(piece: str, name: str) -> bool:
    """Tell whether a listed variant is an acronym of something near: HFU is listed with MFU."""
    return (
        name.isupper()
        and name.isascii()
        and len(name) <= 5
        and len(piece) <= 5
        and piece.isascii()
        and name.lower() != piece
    )


def _content(text: str) -> list[str]:
    """The tokens that say what a phrase is; the last character of a CJK run is one that the middle of a text lacks."""
    found: list[str] = []
    for match in _WORD.finditer(text):
        made = tokens(match.group())
        found += made[:1] if match.group().isascii() else [token for token in made if len(token) > 1] or made
    return found


def _words(left: str, normal: str, written: Mapping[str, str]) -> list[Term]:
    terms: list[Term] = []
    for match in _WORD.finditer(left):
        word = match.group()
        # A lone character beside a phrase makes another word of it: 比特 is not 比特币.
        before = normal[match.start() - 1] if left[match.start() - 1 : match.start()] == "\0" else ""
        terms += [_latin(word, written.get(word, word))] if word[0].isascii() else _han(word, before)
    return terms


def _latin(word: str, as_written: str) -> Term:
    made = tokens(PLURAL.sub("", as_written))
    forms = [frozenset(made[:1])]
    if not any(char.isdigit() for char in word):
        # mixed-precision may stand as two words; H100 or GPT-3 stays a name.
        parts = [stem(part) for part in re.split(r"[-/.+&_]", word) if part]
        forms += [frozenset(parts)] if len(parts) > 1 else []
        humps = [stem(part.lower()) for part in CAMEL.split(as_written)]
        forms += [frozenset(humps)] if len(humps) > 1 else []
        forms += [frozenset({made[0] + "tm"})] if made and _INNER_CAPITAL.match(as_written) else []
    kin = () if word != as_written else kin_of(word)
    return Term(word, tuple(dict.fromkeys(forms)), 1.0, generic=is_generic(word), prefix=_prefix(word), kin=kin)


def _prefix(word: str) -> str:
    return (
        word.rstrip("s")
        if _AGENT.fullmatch(word) and stem(word) not in word[-4:] and len(stem(word)) < len(word) - 1
        else ""
    )


def _han(run: str, before: str) -> list[Term]:
    """The pairs of characters of a run, without the words that anything is asked with."""
    rest, generic = _strip(run)
    terms = [Term(word, (frozenset(tokens(word)[:1]),), 1.0, generic=True) for word in generic if len(word) > 1]
    for at, part in enumerate(rest):
        part = (
            before + part
            if not at and len(part) == 1 and part not in _SUFFIXES and re.match(f"[{HAN}]", before)
            else part
        )
        for word in long_words(part):
            pairs = [word[at : at + 2] for at in range(len(word) - 1)]
            if len(word) >= LONG and (kin := kin_of(word)):
                terms.append(Term(word, (frozenset(pairs),), 1.0, kin=kin))
                continue
            terms += [Term(pair, (frozenset({pair}),), 1 / len(pairs) ** 0.5, kin=kin_of(pair)) for pair in pairs]
    return terms


def _strip(run: str) -> tuple[list[str], list[str]]:
    """Part a run of Chinese into what carries a subject and the words that carry none."""
    _, words, _ = _generic()
    rest: list[str] = []
    generic: list[str] = []
    at, begun = 0, 0
    while at < len(run):
        word = next((w for w in words if run.startswith(w, at)), "")
        if word:
            rest.append(run[begun:at])
            generic.append(word)
            at += len(word)
            begun = at
        else:
            at += 1
    rest.append(run[begun:])
    return rest, generic


def _entities(form: str, lexicon: Lexicon) -> list[Entity]:
    """Names: with digits or capitals inside, with a version, or capitalised within a sentence."""
    numbers = [(n.start, n.end) for n in numbers_in(form) if n.unit or n.spelled]
    foreign = language_of(form) != "en"
    words = [word for word in form.split() if word[:1].isascii() and word[:1].isalpha()]
    shouted = len(words) > 3 and sum(word[0].isupper() for word in words) > 0.6 * len(words)
    found: dict[str, Entity] = {}
    taken: list[tuple[int, int]] = []

    def add(start: int, end: int) -> None:
        text = re.sub(r"['’]s$", "", form[start:end]).strip("-./+")
        if len(text) > 1 and not any(a < end and start < b for a, b in taken):
            taken.append((start, end))
            found.setdefault(text.lower(), Entity(text, _patterns(text, lexicon.glossary)))

    for match in _VERSIONED.finditer(form):
        name, measured = match["name"], any(a <= match.start("version") < b for a, b in numbers)
        capital = name[0].isupper() and not is_generic(name) and not _opens(form, match.start())
        if not measured and (capital or _INNER_CAPITAL.match(name)):
            add(match.start(), match.end())
    for text, pattern in stages_in(form):
        found[text.lower()] = Entity(text, pattern)
    for match in _WORD.finditer(form):
        word = match.group()
        if not word[0].isascii() or is_unit(word) or _LIST_OF_UNITS.fullmatch(word):
            continue
        measured = any(a <= match.start() < b for a, b in numbers)
        if word[0].isdigit() and measured and not re.fullmatch(r"\d+(?:\.\d+)?[MBT]", word):
            continue
        capital = word[0].isupper() and not shouted and not _opens(form, match.start())
        capital = capital and not is_generic(word) and word.lower() not in _PEOPLES
        if _DIGIT_LETTER.match(word) or _INNER_CAPITAL.match(word) or _is_name(word) or capital:
            add(match.start(), match.end())
        elif foreign and len(word) > 2 and not is_generic(word) and not lexicon.glossary.expand(word):
            # In a Chinese question a Latin word is a name, unless the glossary knows it as a term.
            add(match.start(), match.end())
    return list(found.values())


def _patterns(text: str, glossary: Glossary) -> re.Pattern[str]:
    """A pattern for a name, or for what the glossary says that it is short for."""
    normal, found = glossary.found(text)
    names = [text]
    if not any(char.isdigit() for char in text):
        for item in found:
            if (item.start, item.end) == (0, len(normal)):
                senses = [sense for sense in item.senses if sense.field != "software"]
                names += [name for sense in senses for name in _synonyms(normal, sense)]
    return re.compile("|".join(name_pattern(name) for name in dict.fromkeys(names)))


def _synonyms(piece: str, sense: Expansion) -> list[str]:
    """What the glossary lists beside a term, without what is another thing of the same kind."""
    # Everyday words have too many variants, and the names of products are none of each other.
    same = () if sense.field in ("general", "software") else sense.variants
    listed = sense.translations if sense.field != "software" else sense.translations[:2]
    return [name for name in (*listed, *same) if not _other_acronym(piece, name)]


def _opens(form: str, start: int) -> bool:
    """Tell whether a word stands at the beginning of a sentence, where capitals say nothing."""
    before = form[:start].rstrip()
    return (not before and form[:1].isascii()) or before.endswith((".", "?", "!", ":"))
