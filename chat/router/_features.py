"""What a question speaks of, and whether a condition of calculators.toml holds for it.

Owns the set of features: concepts, quantities with and without a value, kinds of amounts, names. Scores nothing.
Invariant: the same row and bindings always have the same features.
"""

import itertools
import re
from collections.abc import Iterable
from functools import lru_cache

from chat.router._bind import Bindings
from chat.router._items import Item, Row
from chat.router._lexicon import lexicon

# Concepts that a longer name of a quantity still speaks of: "KV cache per token" speaks of the KV cache.
_INNER = frozenset(
    "KV CACHE CKPT FAIL TRAIN SPEC MICROBATCH PERTOKEN PERGPU MEMORY PIPELINE WEIGHTS QUANT DECODE PREFILL ACCEPT GRAD "
    "LATENCY THROUGHPUT ACTIVE FINETUNE".split()
)
SURE = 0.8
"""Bindings that cost more are no evidence for a calculator."""


def features_of(row: Row, bindings: Bindings) -> frozenset[str]:
    """The features of a question, in the spelling of the conditions."""
    found: set[str] = set()
    for index, item in enumerate(row.items):
        if item.sort == "term":
            found |= _of_term(item, index, bindings)
        elif item.sort == "amount" and item.amount is not None:
            found |= {f"#{kind}" for kind, _ in item.amount.readings[:1]}
            found |= {"bits"} & {item.amount.kind}
        elif item.sort in ("dtype", "format"):
            found.add(f"%{item.sort}")
        elif item.sort == "list":
            found.add("list")
        elif item.sort in ("model", "device"):
            found.add(f"@{item.sort}")
    for sort in ("model", "device"):
        if len({item.name for item in row.named(sort)}) > 1:
            found.add(f"@{sort}s")
    found |= {bound.name for bound in bindings.bound if bound.cost <= SURE}
    found |= {f"?{name}" for name in bindings.asked if not bindings.get(name)}
    found |= _loose(bindings.loose)
    if len(timings(row)) > 1:
        found.add("timings")
    if any(bound.name == "tokens_any" and bound.value >= 1e8 for bound in bindings.bound):
        found.add("tokens")
    found |= {name for name in ("gpu_hours",) if f"#{name}" in found}
    if "#tokens_rate" in found:
        found.add("tokens_per_s_per_gpu" if any(i.amount and i.amount.per_gpu for i in row.items) else "tokens_per_s")
    if "flops_any" in found:
        found.add("flops")
    if found & {"@model", "params", "active_params", "big_any"}:
        found.add("size")
    if found & {"%dtype", "bits"}:
        found.add("dtype")
    return frozenset(found)


def _of_term(item: Item, index: int, bindings: Bindings) -> set[str]:
    found: set[str] = set()
    for meaning in item.meanings:
        if meaning.sort == "concept":
            found.add(meaning.name)
            if index not in bindings.used:
                found.add(f"{meaning.name}_ASKED")
        elif meaning.sort == "choice":
            found |= {meaning.name, f"{meaning.name}={meaning.value}"}
    if all(meaning.sort != "choice" for meaning in item.meanings):
        found |= _inner(item.text)
    return found


@lru_cache(maxsize=2_000)
def _inner(text: str) -> frozenset[str]:
    """Concepts of the shorter names inside a name."""
    words = lexicon()
    pieces = [match.span() for match in re.finditer(r"[A-Za-z0-9]+|[\u4e00-\u9fff]", text)]
    found: set[str] = set()
    for at, (start, _) in enumerate(pieces):
        for _, end in pieces[at:]:
            for term in words.find_all(text[start:end])[:1]:
                found |= {meaning.name for meaning in term.meanings if meaning.sort == "concept"} & _INNER
    return frozenset(found)


_LOOSE = {
    "bytes": "bytes_any", "rate": "rate_any", "time": "time_any", "share": "share_any", "money": "money_any",
    "power": "power_any", "intensity": "intensity_any", "flops": "flops_any", "flops_rate": "flops_rate_any",
}  # fmt: skip


def _loose(items: Iterable[Item]) -> set[str]:
    found = set()
    for item in items:
        if item.amount is not None:
            found.add(
                _LOOSE.get(item.amount.kind, "big_any" if (item.amount.read("number") or 0) >= 1e6 else "number_any")
            )
            if item.amount.numeral.letter in ("k", "K"):
                found.add("length_any")
    return found


def timings(row: Row) -> dict[str, float]:
    """Times by microbatch size, as "1: 10 ms, 2: 17 ms" or "10 ms at b=1, 17 ms at b=2" give them, in ms."""
    amounts = [item.amount for item in row.items if item.sort == "amount" and item.amount is not None]
    pairs: dict[str, float] = {}
    for left, right in itertools.pairwise(amounts):
        size, time = (left, right) if right.kind == "time" else (right, left)
        whole = size.read("number")
        if time.kind != "time" or whole is None or whole != int(whole) or not 1 <= whole <= 4096:
            continue
        if size is left or not pairs:
            pairs.setdefault(str(int(whole)), float(f"{time.readings[0][1] * 1000:.12g}"))
    return pairs


@lru_cache(maxsize=4_000)
def _parsed(condition: str) -> tuple[tuple[tuple[str, ...], bool], ...]:
    """Each word of a condition as its alternatives, and whether they must be absent."""
    return tuple((tuple(word.removeprefix("!").split("|")), word.startswith("!")) for word in condition.split())


def holds(condition: str, features: frozenset[str]) -> bool:
    """Whether every word of the condition holds; of alternatives one may begin with an exclamation mark of its own."""
    for alternatives, absent in _parsed(condition):
        present = any(
            (name[1:] not in features) if name.startswith("!") else (name in features) for name in alternatives
        )
        if present == absent:
            return False
    return True
