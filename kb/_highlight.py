"""Where a passage matches a question: spans to mark and words to name.

Pure. Uses the index's own tokeniser, so that what is marked is what matched.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from kb.text import HAN, KANA_HANGUL, normalise_with_map, tokens

_WORD = rf"[^\W{HAN}{KANA_HANGUL}]+"
_RUN = re.compile(rf"(?P<cjk>[{HAN}{KANA_HANGUL}]+)|(?P<word>{_WORD}(?:[-.+/'’&]{_WORD})*)")
MAX_SPANS = 60


@lru_cache(maxsize=50_000)
def _forms(word: str) -> frozenset[str]:
    """The tokens of one word, as the index has them."""
    return frozenset(tokens(word))


def _matches(text: str, terms: set[str]) -> Iterator[tuple[int, int]]:
    """Yield matching spans of a text, in order; CJK bigrams may touch and overlap."""
    form, where = normalise_with_map(text)
    singles = {term[:-1] for term in terms if term.endswith("*")}
    for run in _RUN.finditer(form):
        if run.lastgroup == "word":
            start, end = where[run.start()], where[run.end() - 1] + 1
            if not terms.isdisjoint(_forms(text[start:end])):
                yield start, end
            continue
        for at in range(run.start(), run.end()):
            if form[at] in singles:
                yield where[at], where[at] + 1
            elif at + 1 < run.end() and form[at : at + 2] in terms:
                yield where[at], where[at + 1] + 1


def highlight(text: str, terms: set[str]) -> tuple[tuple[int, int], ...]:
    """Return the spans of a text that match the tokens, joined where they touch."""
    joined: list[tuple[int, int]] = []
    for start, end in _matches(text, terms):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif len(joined) == MAX_SPANS:
            break
        else:
            joined.append((start, end))
    return tuple(joined)


def matched_words(text: str, spans: tuple[tuple[int, int], ...], terms: set[str]) -> tuple[list[str], list[str]]:
    """Return the marked words of a text, each once: those of the terms, and the others.

    A run of CJK characters counts by its bigrams, as it matched.
    """
    own: dict[str, None] = {}
    other: dict[str, None] = {}
    for start, end in spans:
        word = text[start:end]
        mine = not terms.isdisjoint(_forms(word)) or any(term.endswith("*") for term in terms)
        (own if mine else other)[word.lower()] = None
    return list(own), list(other)
