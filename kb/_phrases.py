"""Finding known phrases, Chinese and English, in running text.

Owns the one matcher that the glossary and the topic tagger share. Refuses nothing and does no
I/O. Invariant: hyphens, blanks, case, plural and British spelling make no difference between a
phrase as listed and as met; a phrase never crosses a comma, a bracket or the end of a sentence.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from kb.text import HAN, normalise

T = TypeVar("T")

MAX_WORDS = 6
_HAN = re.compile(f"[{HAN}]")
_HAN_GAP = re.compile(rf"(?<=[{HAN}])\s+|\s+(?=[{HAN}])")
_WORD_OR_BREAK = re.compile(rf"(?P<word>[a-z0-9\u00df-\u024f\u0370-\u03ff]+)|[,;:!?()\[\]{{}}\"”“…|]|\.(?=\s)|[{HAN}]+")
_INFLECTION = re.compile(r"(?:ing|ed)$")
_BRITISH = re.compile(r"is(?=(?:e|ed|er|ers|ing|ation|ations)$)")
_IRREGULAR = {
    "caches": "cache", "niches": "niche", "biases": "bias", "buses": "bus", "axes": "axis", "matrices": "matrix",
    "indices": "index", "vertices": "vertex", "analyses": "analysis", "hypotheses": "hypothesis", "corpora": "corpus",
    "news": "news", "bias": "bias", "times": "times",
    "gpus": "gpu", "cpus": "cpu", "tpus": "tpu", "npus": "npu", "dpus": "dpu",
}  # fmt: skip

_FUNCTION_WORDS = frozenset("a an the is are was be in on at of to as it or and by do so we us if i for no not".split())
"""They stand beside any word: `is a` is not ISA written apart, as `check point` is checkpoint."""


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """A listed phrase as met in a text; `start` and `end` count in the matcher's own normal form."""

    start: int
    end: int
    term: str
    chinese: bool
    values: tuple[T, ...]


@lru_cache(maxsize=50_000)
def singular(word: str) -> str:
    """Return a lower-case word without plural ending and in American spelling: a key, not a word."""
    if len(word) > 3 and word.endswith("s"):
        if word in _IRREGULAR:
            return _IRREGULAR[word]
        if word.endswith("ies") and len(word) > 4:
            word = word[:-3] + "y"
        elif word.endswith(("sses", "xes", "ches", "shes")):
            word = word[:-2]
        elif not word.endswith(("ss", "us", "is")):
            word = word[:-1]
    word = _BRITISH.sub("iz", word)
    if word.endswith("our") and len(word) > 4:
        word = word[:-3] + "or"
    return word


def has_han(text: str) -> bool:
    """Tell whether a text holds a Chinese character."""
    return _HAN.search(text) is not None


def compact(text: str) -> str:
    """Return the matcher's normal form: `kb.text.normalise`, without blanks beside Chinese characters."""
    form = normalise(text)
    return form if form.isascii() else _HAN_GAP.sub("", form)


def phrase_key(phrase: str) -> str:
    """Return the form under which a phrase is stored; two phrases with one key are the same phrase."""
    form = compact(phrase)
    if has_han(form):
        return re.sub(r"\s+", "", form)
    return "".join(_words_of(form))


@lru_cache(maxsize=50_000)
def _base_forms(word: str) -> tuple[str, ...]:
    """Return what an inflected verb may come from: pruned and pruning give prune."""
    base = _INFLECTION.sub("", word)
    if base == word or len(base) <= 2:
        return ()
    return (base, base + "e", base[:-1]) if base[-1] == base[-2] else (base, base + "e")


class PhraseIndex(Generic[T]):
    """Phrases of both languages, each with the values that were added for it."""

    def __init__(self) -> None:
        self._english: dict[str, list[T]] = {}
        self._spellings: dict[str, set[tuple[str, ...]]] = {}
        """The words that each English key was listed as."""
        self._openings: set[str] = set()
        """What English keys begin with: no longer phrase is tried where none does."""
        self._chinese: dict[str, list[T]] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}
        """Lengths of the Chinese phrases by first character."""

    def add(self, phrase: str, value: T) -> None:
        """Add a value under a phrase, once however often; a phrase without letters or characters is ignored."""
        key = phrase_key(phrase)
        if not key:
            return
        if not has_han(key):
            _append_new(self._english.setdefault(key, []), value)
            self._spellings.setdefault(key, set()).add(tuple(_words_of(phrase)))
            self._openings.update(key[:end] for end in range(1, len(key) + 1))
            return
        _append_new(self._chinese.setdefault(key, []), value)
        known = self._lengths.get(key[0], ())
        if len(key) not in known:
            self._lengths[key[0]] = tuple(sorted({*known, len(key)}, reverse=True))

    def get(self, phrase: str) -> tuple[T, ...]:
        """Return the values of a phrase, in the order in which they were added."""
        key = phrase_key(phrase)
        return tuple(self._chinese.get(key, ()) or self._english.get(key, ()))

    def discard(self, phrase: str) -> None:
        """Forget a phrase with all its values."""
        key = phrase_key(phrase)
        self._english.pop(key, None)
        self._chinese.pop(key, None)

    def scan(self, form: str, *, chinese: bool = True, english: bool = True) -> list[Match[T]]:
        """Return the phrases in a text in `compact` form, in order and without overlap."""
        found = self._segment(form, self._chinese_matches(form)) if chinese else []
        if english:
            taken = [(m.start, m.end) for m in found]
            found += [m for m in self._english_matches(form) if not _overlaps(m, taken)]
            found.sort(key=lambda match: match.start)
        return found

    def _chinese_matches(self, form: str) -> dict[int, list[int]]:
        """For each position, the ends of the Chinese phrases that start there, longest first."""
        found: dict[int, list[int]] = {}
        if form.isascii():
            return found
        lengths, terms, size = self._lengths, self._chinese, len(form)
        for start, char in enumerate(form):
            if char not in lengths:
                continue
            for length in lengths[char]:
                end = start + length
                if end <= size and form[start:end] in terms and _whole(form, start, end):
                    found.setdefault(start, []).append(end)
        return found

    def _segment(self, form: str, starts: dict[int, list[int]]) -> list[Match[T]]:
        """Choose among overlapping phrases those that cover most characters with fewest phrases."""
        if not starts:
            return []
        size = len(form)
        best = [0] * (size + 1)
        step = [0] * (size + 1)
        for start in range(size - 1, -1, -1):
            best[start] = best[start + 1]
            for end in starts.get(start, ()):
                length = end - start
                # A single character is often part of a word that is not listed: it counts for less.
                worth = best[end] + (length * 1000 - 1 if length > 1 else 400)
                if worth > best[start]:
                    best[start], step[start] = worth, end
        found: list[Match[T]] = []
        at = 0
        while at < size:
            end = step[at]
            if end:
                term = form[at:end]
                found.append(Match(at, end, term, True, tuple(self._chinese[term])))
            at = end or at + 1
        return found

    def _english_matches(self, form: str) -> list[Match[T]]:
        """The longest English phrases, left to right."""
        words: list[tuple[int, int, str, int]] = []
        segment = 0
        for match in _WORD_OR_BREAK.finditer(form):
            if match.lastgroup == "word":
                words.append((match.start(), match.end(), singular(match.group()), segment))
            else:
                segment += 1
        found: list[Match[T]] = []
        at = 0
        while at < len(words):
            count, values = self._longest(words, at)
            if count:
                start, end = words[at][0], words[at + count - 1][1]
                found.append(Match(start, end, form[start:end], False, values))
            at += count or 1
        return found

    def _longest(self, words: list[tuple[int, int, str, int]], at: int) -> tuple[int, tuple[T, ...]]:
        """The number of words of the longest phrase from here, and its values; 0 if there is none."""
        segment = words[at][3]
        key, longest = "", None
        for count, word in enumerate(words[at : at + MAX_WORDS], start=1):
            key += word[2]
            if word[3] != segment or key not in self._openings:
                break
            if (values := self._english.get(key)) and self._is_listed(key, words[at : at + count]):
                longest = count, tuple(values)
        if longest:
            return longest
        for base in _base_forms(words[at][2]):
            values = self._english.get(base)
            if values:
                return 1, tuple(values)
        return 0, ()

    def _is_listed(self, key: str, words: list[tuple[int, int, str, int]]) -> bool:
        """Tell whether words that make a key are a phrase: as listed, or written apart without function words."""
        spelling = tuple(word[2] for word in words)
        return len(words) == 1 or _FUNCTION_WORDS.isdisjoint(spelling) or spelling in self._spellings[key]


def _append_new(values: list[T], value: T) -> None:
    if value not in values:
        values.append(value)


def _words_of(phrase: str) -> list[str]:
    return [singular(m.group()) for m in _WORD_OR_BREAK.finditer(compact(phrase)) if m.lastgroup == "word"]


def _overlaps(match: "Match[T]", spans: list[tuple[int, int]]) -> bool:
    return any(match.start < end and start < match.end for start, end in spans)


def _whole(form: str, start: int, end: int) -> bool:
    """Tell whether a phrase that begins or ends with a letter or digit does so at a word's edge."""
    before = start > 0 and form[start].isascii() and form[start].isalnum() and form[start - 1].isascii()
    if before and form[start - 1].isalnum():
        return False
    after = end < len(form) and form[end - 1].isascii() and form[end - 1].isalnum() and form[end].isascii()
    return not (after and form[end].isalnum())
