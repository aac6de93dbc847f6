"""Misspelt words of the trade set right.

Owns the comparison with the lexicon's own words. Refuses to touch an ordinary English word, a word of fewer than
five letters, or one that is as near to two words. Invariant: a word of the lexicon is never changed.
"""

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

SHORTEST = 5
TWO_FROM = 8
"""Length from which two slips are forgiven."""


_SLIPS = {
    "lamma": "llama", "lamaa": "llama", "llamma": "llama", "lllama": "llama", "deepsek": "deepseek",
    "deepseak": "deepseek", "depseek": "deepseek", "deekseek": "deepseek", "mistal": "mistral", "misral": "mistral",
    "mixtrel": "mixtral", "mixral": "mixtral", "quwen": "qwen", "falkon": "falcon",
}  # fmt: skip
"""Slips in names of models, which the words of the trade may be as near to."""


@lru_cache(maxsize=1)
def _ordinary() -> frozenset[str]:
    return frozenset(files(__package__ or "").joinpath("data", "ordinary.txt").read_text(encoding="utf-8").split())


class Speller:
    """Finds the word that was meant."""

    def __init__(self, words: Iterable[str], known: Iterable[str] = ()) -> None:
        """`words` may be meant by a misspelt word; `known` are right as well, but are never what was meant."""
        trade = frozenset(words)
        self._known = trade | frozenset(known)
        self._near: dict[str, set[str]] = {}
        for word in trade:
            if len(word) >= SHORTEST:
                for key in _keys(word):
                    self._near.setdefault(key, set()).add(word)

    def mend(self, word: str) -> str:
        """The lexicon's word one or two slips away from `word`; `word` itself where there is none, or several."""
        if word in _SLIPS:
            return _SLIPS[word]
        if word in self._known or len(word) < SHORTEST or word in _ordinary() or self._inflected(word):
            return word
        candidates = set().union(*(self._near.get(key, ()) for key in _keys(word)))
        ranked = sorted((slips(word, item), item) for item in candidates)
        if not ranked or ranked[0][0] > (2 if len(word) >= TWO_FROM else 1):
            return word
        nearest = [item for distance, item in ranked if distance == ranked[0][0]]
        # Forms of one word, such as speculate and speculative, lead the same way.
        same = all(item[:SHORTEST] == nearest[0][:SHORTEST] for item in nearest)
        return max(nearest, key=len) if same else word

    def _inflected(self, word: str) -> bool:
        return any(
            word.endswith(tail) and word[: -len(tail)] in self._known
            for tail in ("s", "es", "d", "ed", "ing", "ly", "er")
        )


def _keys(word: str) -> set[str]:
    """The word, and the word without each of its letters, without two where two slips are forgiven."""
    once = {word[:at] + word[at + 1 :] for at in range(len(word))}
    if len(word) < TWO_FROM or len(word) > 16:
        return {word, *once}
    return {word, *once, *(item[:at] + item[at + 1 :] for item in once for at in range(len(item)))}


def slips(left: str, right: str) -> int:
    """Letters wrong, missing, too many or swapped between two words (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
