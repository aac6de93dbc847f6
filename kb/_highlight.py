"""Where a passage matches a question: spans to mark and words to name.

Pure. Uses the index's own tokeniser, so that what is marked is what matched.
"""

import re
from collections.abc import Iterator

from kb.text import HAN, KANA_HANGUL, normalise_with_map, tokens
from kb.types import Chunk

_RUN = re.compile(
    rf"(?P<cjk>[{HAN}{KANA_HANGUL}]+)|(?P<word>[^\W{HAN}{KANA_HANGUL}]+(?:[-.+/'’&][^\W{HAN}{KANA_HANGUL}]+)*)"
)
MAX_SPANS = 60


def _matches(text: str, terms: set[str]) -> Iterator[tuple[int, int]]:
    """Yield matching spans of a text, in order; CJK bigrams may touch and overlap."""
    form, where = normalise_with_map(text)
    singles = {term[:-1] for term in terms if term.endswith("*")}
    for run in _RUN.finditer(form):
        if run.lastgroup == "word":
            start, end = where[run.start()], where[run.end() - 1] + 1
            if not terms.isdisjoint(tokens(text[start:end])):
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


def matched_words(chunk: Chunk, terms: set[str]) -> list[str]:
    """Return the words of a chunk and its breadcrumb that match the tokens, each once."""
    if not terms:
        return []
    text = "\n".join((*chunk.path, chunk.text))
    return list(dict.fromkeys(text[a:b].lower() for a, b in highlight(text, terms)))
