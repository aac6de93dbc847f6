"""When two titles are the same title: without markup, punctuation, site names, plural and typing errors.

Pure. Numbers always count: Part 1 is not Part 2, FlashAttention is not FlashAttention-2.
"""

import html
import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache

from kb.text import HAN, STOPWORDS, normalise, stem

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_LATEX = re.compile(r"\\(?:mathbf|mathrm|mathcal|text|textbf|textit|emph|textsc|rm|it|bf)\b\s*|[${}\\]")
_NUMBERED = re.compile(r"^\s*(?:\[(?:arxiv:)?[\w./-]+\]|(?:arxiv|doi)\s*:\s*\S+|\d{1,3}[.)])\s*", re.I)
_SITE = re.compile(r"\s+(?:[|·»]|[-–—]{1,2})\s+[^|·»]{2,40}$")
_WORD = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_PLURAL = re.compile(r"(?<=[^su]{2})s$")
_WITHOUT = frozenset("toward towards via using through".split())
_SIMILAR = 0.85
LEAST_WORDS = 4
"""A title of fewer words is one that anyone may give: Introduction, Weekly update."""


@lru_cache(maxsize=100_000)
def title_words(title: str) -> tuple[str, ...]:
    """Return the words of a title that tell it from others, in order, in lower case; each Han character is one."""
    text = _TAG.sub("", html.unescape(title))
    text = _NUMBERED.sub("", _LATEX.sub("", text))
    found = _words(_SITE.sub("", text))
    if len(found) < LEAST_WORDS:
        found = _words(text)
    return tuple(word for word in found if word not in STOPWORDS and word not in _WITHOUT) or tuple(found)


def _words(text: str) -> list[str]:
    return _WORD.findall(normalise(text))


@lru_cache(maxsize=100_000)
def title_key(title: str) -> str:
    """Return a key that spellings of one title share: hyphens and blanks between words do not count."""
    return "".join(title_words(title))


@lru_cache(maxsize=100_000)
def title_stems(title: str) -> tuple[str, ...]:
    """Return a title's words without endings: plural and singular are one."""
    return tuple(stem(word) if len(word) > 4 else _PLURAL.sub("", word) for word in title_words(title))


@lru_cache(maxsize=100_000)
def blocks(title: str) -> tuple[int, ...]:
    """Return hashes of the title's words with one left out: titles that share none differ in more than a word."""
    words = title_stems(title)
    if not 5 <= len(words) <= 40:
        return ()
    return tuple(hash((at, words[:at], words[at + 1 :])) for at in range(len(words)))


@lru_cache(maxsize=200_000)
def near(left: str, right: str) -> bool:
    """Tell whether two titles are one: the same key, or one word apart by a typing error."""
    if title_key(left) == title_key(right):
        return True
    a, b = title_stems(left), title_stems(right)
    if a == b:
        return True
    if len(a) != len(b) or len(a) < 5:
        return False
    apart = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    return len(apart) == 1 and _mistyped(*apart[0])


def _mistyped(left: str, right: str) -> bool:
    if any(char.isdigit() for char in left + right) or left[0] != right[0] or min(len(left), len(right)) < 5:
        return False
    return SequenceMatcher(None, left, right, autojunk=False).ratio() >= _SIMILAR


def within(part: str, whole: Iterable[str]) -> float:
    """Return the share of a title's words that are among the given ones."""
    words, known = title_stems(part), set(whole)
    return sum(word in known for word in words) / len(words) if words else 0.0
