"""The words of the router: names of quantities, choices and concepts, found in text in one pass.

Owns the reading of the data files and the search of their names. Refuses a quantity of an unknown type.
Invariant: a name matches whole words only, however it is spaced, hyphenated or put in the plural; of
names that begin at one place the longest holds.
"""

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import calculators
from chat.router._spelling import Speller
from kb.text import simplify

Mode = Literal["key", "noun", "both", "weak"]
SEPARATORS = " -_\n"
# Function words that name a quantity only for the calculator that is read for.
GENERIC = (
    frozenset(
        "at in for over to from between every each within under during takes took taking get gets getting doing least "
        "per with by fit hit hits accept now step gives each apiece hold holds".split()
    )
    | frozenset(("fit in", "fits in", "fit into"))
    | frozenset(
        "在 到 从 每 每隔 每次 内 里 按 达到 用了 花了 共 一共 训练 跑 单卡 每卡 选 生成 时间 大小 平均".split()
    )
)
COMMON = frozenset("AMOUNT COMPUTE EXPLAIN DEFINE LITERATURE PAST COMPARE FOLLOW MOMENT".split())
"""Concepts of everyday words, which no misspelt word is mended into."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a name stands for."""

    sort: Literal["quantity", "choice", "concept"]
    name: str
    mode: Mode = "key"
    value: str = ""
    exact: str = ""
    """How it must be written, where letter case matters."""


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a text."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]
    name: str


@dataclass(slots=True)
class _Node:
    next: dict[str, "_Node"] = field(default_factory=dict)
    meanings: list[Meaning] = field(default_factory=list)
    name: str = ""


def _names() -> set[str]:
    """The words of all models and accelerators."""
    models = [(entry.name, entry.title, *entry.aliases) for entry in calculators.models().values()]
    devices = [(entry.name, entry.title, *entry.aliases) for entry in calculators.accelerators().values()]
    spellings = " ".join(" ".join(names) for names in (*models, *devices))
    return set(re.findall(r"[a-z]+", spellings.lower()))


def _is_han(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


def _latin(letter: str) -> bool:
    return letter.isalpha() and not _is_han(letter) and letter < "\ue000"


class Lexicon:
    """Every name of the data files."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.spellings: dict[str, list[str]] = {}
        """The names of each quantity."""
        self._root = _Node()
        self._words: set[str] = set()
        self._trade: set[str] = set()
        for name, entry in read_data("quantities").items():
            self.types[name] = entry["type"]
            for mode in ("key", "noun", "both", "weak"):
                for spelling in entry.get(mode, ()):
                    self.spellings.setdefault(name, []).append(spelling.removeprefix("="))
                    self._add(spelling, Meaning("quantity", name, mode))
        choices = read_data("choices")
        self.negated: dict[str, str] = choices.pop("_negated")
        """By group of choices: the value that is meant where one of them is named as not made."""
        for group, values in choices.items():
            for value, spellings in values.items():
                for spelling in spellings:
                    self._add(spelling, Meaning("choice", group, value=value))
        for concept, spellings in read_data("concepts").items():
            for spelling in spellings:
                self._add(spelling, Meaning("concept", concept))
        self.speller = Speller(self._trade, self._words | _names())

    def _add(self, spelling: str, meaning: Meaning) -> None:
        written = spelling.removeprefix("=") if len(spelling) > 1 else spelling
        if written != spelling:
            meaning = Meaning(meaning.sort, meaning.name, meaning.mode, meaning.value, written)
        node, before = self._root, ""
        for letter in simplify(written).lower():
            edge = " " if letter in SEPARATORS else letter
            if (
                before
                and edge != " "
                and before != " "
                and _is_han(before) != _is_han(edge)
                and edge.isalnum()
                and before.isalnum()
            ):
                node = node.next.setdefault(" ", _Node())
            node = node.next.setdefault(edge, _Node())
            before = edge
        if meaning not in node.meanings:
            node.meanings.append(meaning)
        node.name = written
        words = {
            word for word in simplify(written).lower().replace("-", " ").split() if word.isascii() and word.isalpha()
        }
        self._words |= words
        if meaning.sort != "concept" or meaning.name not in COMMON:
            self._trade |= words

    def find_all(self, text: str) -> list[Found]:
        """The names in a folded text, in order; none overlap."""
        lower = text.lower()
        found: list[Found] = []
        at, end = 0, len(lower)
        while at < end:
            if lower[at] not in self._root.next or not _starts(lower, at):
                at += 1
                continue
            match = self._longest(text, lower, at)
            if match is None:
                at += 1
                continue
            found.append(match)
            at = match.end
        return found

    def crossing(self, text: str, found: list[Found]) -> set[str]:
        """Concepts whose names begin inside one of the names found and end behind it: "in percent of the total"."""
        lower, names = text.lower(), set()
        for term in found:
            for at in range(term.start + 1, term.end):
                begins = lower[at] in self._root.next and (lower[at - 1] in SEPARATORS or _is_han(lower[at]))
                match = self._longest(text, lower, at) if begins else None
                if match is not None and match.end > term.end:
                    names |= {meaning.name for meaning in match.meanings if meaning.sort == "concept"}
        return names

    def _longest(self, text: str, lower: str, start: int) -> Found | None:
        best: Found | None = None
        stack = [(self._root, start)]
        while stack:
            node, at = stack.pop()
            if node.meanings and at > start:
                end = _end(lower, at)
                kept = tuple(item for item in node.meanings if not item.exact or text[start:end] == item.exact)
                if end is not None and kept and (best is None or end > best.end):
                    best = Found(start, end, kept, node.name)
                elif best is not None and end == best.end and kept:
                    best = Found(start, end, tuple(dict.fromkeys((*best.meanings, *kept))), best.name)
            if at >= len(lower):
                continue
            letter, gap = lower[at], node.next.get(" ")
            if letter in SEPARATORS:
                after = at + 1
                while after < len(lower) and after - at < 4 and lower[after] in SEPARATORS:
                    after += 1
                if gap is not None:
                    stack.append((gap, after))
                elif (
                    at > start
                    and after < len(lower)
                    and _is_han(lower[at - 1])
                    and _is_han(lower[after])
                    and letter == " "
                ):
                    stack.append((node, after))
                continue
            if letter in node.next:
                stack.append((node.next[letter], at + 1))
            if gap is not None and letter in gap.next:
                stack.append((gap.next[letter], at + 1))
        return best


def _starts(text: str, at: int) -> bool:
    letter = text[at]
    if at == 0 or _is_han(letter):
        return True
    before = text[at - 1]
    if letter.isdigit():
        return not (before.isdigit() or before == "." or _latin(before))
    return not _latin(before) if letter.isalpha() else True


def _end(text: str, at: int) -> int | None:
    """Where a name that has matched up to `at` ends, a plural included; None inside a word."""
    last = text[at - 1]
    if not _latin(last):
        return None if last.isdigit() and at < len(text) and text[at].isdigit() else at
    for tail in ("", "s", "es"):
        end = at + len(tail)
        if text.startswith(tail, at) and (end >= len(text) or not _latin(text[end])):
            return end
    return None


def read_data(name: str) -> dict[str, Any]:
    """Return one of the tables of spellings that come with this package, by the name of its file."""
    return tomllib.loads(files(__package__ or "").joinpath("data", f"{name}.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon, read once."""
    return Lexicon()
