"""Find registered names in text, however they are spelled.

Owns the spelling rules: letter case, spaces, hyphens and brackets do not count; 80G and 80GB are
one; a name ends where its word ends, plural "s" and a multiplier "x" aside. Knows no entry.
Invariant: at each place the longest name wins, and found names do not overlap.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"(?<=\d)[x×](?=[A-Z])|\d+(?:\.\d+)*|[A-Za-z]+|\+")
_GAP = re.compile(r"[\s\-_‐-―()（）]{0,3}|\s?的\s?")
_TAILS = frozenset({"s", "x", "gb", "g"})
_MEMORY = re.compile(r"(.*\S)\s+(\d+GB)")
MAX_TOKENS = 10


@dataclass(frozen=True, slots=True)
class Mention:
    """A registered name in a text: its key and where it stands."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def _tokens(text: str) -> list[_Token]:
    return [_Token(_plain(match[0]), match.start(), match.end()) for match in _TOKEN.finditer(text)]


def _plain(word: str) -> str:
    lower = word.lower().replace("×", "x")
    return "gb" if lower in ("g", "gib") else lower


def _join(words: Iterable[str]) -> str:
    """One spelling of a name: its words run together, numbers kept apart from one another."""
    joined = ""
    for word in words:
        joined += ("·" if joined and joined[-1].isdigit() and word[0].isdigit() else "") + word
    return joined


class NameFinder:
    """Looks up names and their aliases; one that begins with "=" matches letter case."""

    def __init__(self, aliases: Mapping[str, Iterable[str]]) -> None:
        self._names: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        self._firsts: set[str] = set()
        for name, spellings in aliases.items():
            for spelling in spellings:
                self._add(name, spelling)
                memory = _MEMORY.fullmatch(spelling)
                if memory:
                    self._add(name, f"{memory[2]} {memory[1]}")

    def _add(self, name: str, spelling: str) -> None:
        words = [token.text for token in _tokens(spelling)]
        key = _join(words)
        if self._names.setdefault(key, name) != name:
            raise ValueError(f"{spelling!r} names both {self._names[key]} and {name}")
        self._firsts.add(words[0])
        if spelling.startswith("="):
            self._exact[key] = spelling[1:]

    def find_all(self, text: str) -> tuple[Mention, ...]:
        """Every name in the text, in order."""
        tokens = _tokens(text)
        found: list[Mention] = []
        at = 0
        while at < len(tokens):
            length, name = self._longest(text, tokens, at)
            if name:
                found.append(Mention(name, tokens[at].start, tokens[at + length - 1].end))
            at += length or 1
        return tuple(found)

    def find(self, text: str) -> Mention | None:
        """The longest name in the text, the first of those of equal length."""
        return max(self.find_all(text), key=lambda mention: mention.end - mention.start, default=None)

    def _longest(self, text: str, tokens: list[_Token], at: int) -> tuple[int, str]:
        if tokens[at].text not in self._firsts or not _starts(tokens, at):
            return 0, ""
        best = (0, "")
        for count in range(1, min(MAX_TOKENS, len(tokens) - at) + 1):
            last = at + count - 1
            if count > 1 and not _GAP.fullmatch(text, tokens[last - 1].end, tokens[last].start):
                break
            key = _join(token.text for token in tokens[at : last + 1])
            if key in self._names and _ends(tokens, last) and self._same_case(text, tokens[at], tokens[last], key):
                best = (count, self._names[key])
        return best

    def _same_case(self, text: str, first: _Token, last: _Token, key: str) -> bool:
        return key not in self._exact or text[first.start : last.end] == self._exact[key]


def _starts(tokens: list[_Token], at: int) -> bool:
    """A name does not begin inside a word, nor a number inside a longer mark such as A100."""
    if at == 0 or tokens[at - 1].end != tokens[at].start:
        return True
    return tokens[at - 1].text == "x" or not tokens[at].text[0].isdigit()


def _ends(tokens: list[_Token], last: int) -> bool:
    """A name ends with its word: A10 is not in A10G."""
    after = last + 1
    if after >= len(tokens) or tokens[after].start != tokens[last].end:
        return True
    if tokens[after].text == "gb":
        return False
    return tokens[after].text in _TAILS
