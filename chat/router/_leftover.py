"""Numbers that no name of the lexicon has taken: read by the words that stand beside them.

Owns the comparison of those words with the words of the quantities' names ("rank 512" and "kv lora rank"). Refuses a
number whose words fit two inputs alike. Invariant: an input that has a value stays, and so does a number that is used.
"""

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache

from chat.router._facts import Fact
from chat.router._items import Item
from chat.router._job import Job
from chat.router._letters import field_type
from chat.router._lexicon import lexicon
from chat.router._values import value_of

LEAST = 0.5
"""What the words must weigh; a word that n inputs share weighs 1/n."""
REACH = 3
"""Words on either side that are looked at."""
_STOP = re.compile(r"[.;?!。；？！,，()（）]")
_PIECE = re.compile(r"[a-z]{2,}|[\u4e00-\u9fff]+")
_COMMON = frozenset(
    "of the in per with for each to and at is are on by from that it its as model size number total value count how "
    "many much gpu gpus time token tokens step layer memory degree way ref "
    "每个 个数 大小 数量 多少 每次 一个 需要 使用 模型".split()
)


def by_words(job: Job, absent: Collection[str]) -> dict[str, Fact]:
    """The inputs without a value for which the words beside an unused number speak, with that number.

    An input that is not `absent` has a default: for it a word has to speak that no other input's names hold.
    """
    found: dict[str, Fact] = {}
    words = _words_of(job.way.calculator, tuple((name, tuple(sources)) for name, sources in job.way.fields.items()))
    shared = Counter(word for name in words for word in words[name])
    for item in unused(job):
        near = _near(job, item)
        weights = {
            name: max((1 / shared[word] for word in near & words[name]), default=0.0)
            for name in words
            if name not in job.inputs and name not in found and not _is_asked(job, name)
        }
        best = sorted(weights.items(), key=lambda entry: -entry[1])[:2]
        if (
            not best
            or best[0][1] < (LEAST if best[0][0] in absent else 1.0)
            or (len(best) > 1 and best[1][1] == best[0][1])
        ):
            continue
        name = best[0][0]
        value = value_of(item, field_type(job.way, name), named=True)
        if value is not None:
            start, end = job.facts.row.folded.span(item.start, item.end)
            found[name] = Fact(f"={name}", value, start, end, job.facts.row.folded.source[start:end])
    return found


_ASKED_FOR = frozenset(
    "bits_per_weight scale mfu dp microbatches kv_tokens tokens_per_s tokens_per_param bandwidth".split()
)
"""Inputs that people ask for as well."""


def _is_asked(job: Job, name: str) -> bool:
    """Whether the question names an input without a value, as what it asks for: "bits per weight?"."""
    asked = {f"?{source}" for source in job.way.fields.get(name, ())}
    return name in _ASKED_FOR and bool(asked & job.facts.features)


def unused(job: Job) -> list[Item]:
    """The numbers of the question that no input has taken, of this alternative or of another."""
    folded, facts = job.facts.row.folded, [*job.used.values(), *job.worked, *job.facts.compared]
    free = []
    for item in job.facts.row.named("amount"):
        start, end = folded.span(item.start, item.end)
        used = any(fact.start < end and start < fact.end for fact in facts if not fact.earlier)
        used = used or any(start <= place < end for place in job.spent)
        if item.amount is not None and not item.amount.numeral.weak and not used:
            free.append(item)
    return free


def _near(job: Job, item: Item) -> set[str]:
    """The words right before and right behind a number, up to the next number or the end of the clause."""
    text = job.facts.row.folded.text.lower()
    others = job.facts.row.named("amount")
    left = max((other.end for other in others if other.end <= item.start), default=0)
    right = min((other.start for other in others if other.start >= item.end), default=len(text))
    before = _STOP.split(text[left : item.start])[-1]
    after = _STOP.split(text[item.end : right])[0]
    words = [*re.findall(r"[a-z]+", before)[-REACH:], *re.findall(r"[a-z]+", after)[:REACH]]
    han = [*re.findall(r"[\u4e00-\u9fff]+", before)[-1:], *re.findall(r"[\u4e00-\u9fff]+", after)[:1]]
    return set(_tokens([" ".join(words), *(run[-6:] if run in before else run[:6] for run in han)]))


def _tokens(spellings: Iterable[str]) -> Iterable[str]:
    """Latin words without a plural s, and pairs of Chinese characters."""
    for spelling in spellings:
        for piece in _PIECE.findall(spelling.lower().replace("_", " ")):
            if piece.isascii():
                word = piece.removesuffix("s")
                if len(word) > 1 and word not in _COMMON and piece not in _COMMON:
                    yield word
            else:
                yield from (pair for pair in map("".join, itertools.pairwise(piece)) if pair not in _COMMON)


@lru_cache(maxsize=64)
def _words_of(calculator: str, fields: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, frozenset[str]]:
    """The words of the names of each input's quantities."""
    names = lexicon().spellings
    return {
        name: frozenset(_tokens(itertools.chain.from_iterable(names.get(source, ()) for source in (name, *sources))))
        for name, sources in fields
    }
