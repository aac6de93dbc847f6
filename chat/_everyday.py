"""Everyday words that stand for each other: what a question calls rescued a text may call kept.

Pure. Owns the reading of `everyday.toml`. Refuses terms of the field, which are the glossary's. Invariant: a word is
never its own alternative.
"""

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources

from kb.text import stem, tokens

LONG = 3
"""Chinese characters from which on a word is told from the pairs of characters that make it up."""


@cache
def _groups() -> tuple[dict[str, list[tuple[str, ...]]], tuple[str, ...]]:
    """Groups of words by each word's key, and the long Chinese words, longest first."""
    raw = tomllib.loads(resources.files(__package__).joinpath("everyday.toml").read_text(encoding="utf-8"))
    found: dict[str, list[tuple[str, ...]]] = {}
    for line in raw["groups"]:
        words = tuple(line.split())
        for key in dict.fromkeys(_key(word) for word in words):
            found.setdefault(key, []).append(words)
    long = {word for groups in found.values() for words in groups for word in words}
    chinese = sorted((word for word in long if not word.isascii() and len(word) >= LONG), key=lambda w: (-len(w), w))
    return found, tuple(chinese)


def _key(word: str) -> str:
    return stem(word.lower()) if word.isascii() else word


@lru_cache(maxsize=4096)
def kin_of(word: str) -> tuple[frozenset[str], ...]:
    """Return other words for an everyday word, each as the tokens by which a text holds it."""
    groups, _ = _groups()
    key = _key(word)
    made = [_form(other) for words in groups.get(key, ()) for other in words if _key(other) != key]
    return tuple(dict.fromkeys(form for form in made if form))


def _form(word: str) -> frozenset[str]:
    if word.isascii():
        return frozenset(tokens(word)[:1])
    return frozenset(token for token in tokens(word) if len(token) > 1)


def long_words(run: str) -> list[str]:
    """Part a run of Chinese at the long words that the groups hold."""
    _, words = _groups()
    found = [word for word in words if word in run]
    if not found:
        return [run]
    return [part for part in re.split("(" + "|".join(found) + ")", run) if part]
