"""What a question speaks of, and whether a condition of calculators.toml holds for it.

Owns the set of features: concepts, quantities with and without a value, kinds of amounts, names. Scores nothing.
Invariant: the same row and bindings always have the same features.
"""

import itertools
import re
from collections.abc import Iterable
from functools import lru_cache

from chat.router._amounts import Amount
from chat.router._bind import Bindings
from chat.router._items import Item, Row
from chat.router._lexicon import lexicon

_IN_CHOICES = frozenset(("FLOPS", "DEEPSPEED", "WEIGHTS"))
"""Concepts that a name of a choice still speaks of: "model FLOPs", "DeepSpeed ZeRO"."""
_CROSSING = frozenset("OF_TOTAL OF_IDEAL EXPECTED_TOKENS LAST_STAGE PERGPU PERTOKEN NODEDAYS BOUNDARY".split())
"""Concepts that are taken up where their names lie across the ends of others."""
_SPEAKS_OF = {"fsdp": ("ZERO",), "optimizer": ("OPTIM",)}
"""Concepts that a choice of a group speaks of."""
# Concepts that a longer name of a quantity still speaks of: "KV cache per token" speaks of the KV cache.
_INNER = frozenset(
    "KV CACHE CKPT FAIL TRAIN SPEC MICROBATCH PERTOKEN PERGPU MEMORY PIPELINE WEIGHTS QUANT DECODE PREFILL ACCEPT GRAD "
    "SAVE SPEED PER_PARAM FLOPS EXPECTED_TOKENS LATENCY THROUGHPUT ACTIVE FINETUNE COMM OPTIMAL DEEPSPEED ZERO "
    "FIT".split()
)
MEASURES = frozenset(
    "AMOUNT COMPUTE DEFINE HOWLONG COST MEMORY SIZE ENERGY CARBON FLOPS MFU HFU BUBBLE KV CACHE ACT THROUGHPUT LATENCY "
    "SPEED CKPT WEIGHTS OFTEN MTBF GOODPUT COMM VOLUME CONCURRENCY HOW_MANY_GPUS HOW_MANY_TOKENS HOW_MANY_PARAMS LOSS "
    "PLAN FIT STATES SPEEDUP MAKESPAN INFLIGHT SIMULATE BPW RIDGE ROOF MBU PREFILL DECODE".split()
)
"""What a question may ask for."""
SURE = 0.8
"""Bindings that cost more are no evidence for a calculator."""


def features_of(row: Row, bindings: Bindings, within: tuple[int, int] | None = None) -> frozenset[str]:
    """The features of a question, in the spelling of the conditions; concepts only from `within`, if given."""
    found: set[str] = set()
    for index, item in enumerate(row.items):
        if item.sort == "term":
            of_term = _of_term(item, index, bindings)
            outside = within is not None and not within[0] <= item.start < within[1]
            found |= (
                {name for name in of_term if name not in MEASURES and name[-6:] != "_ASKED"} if outside else of_term
            )
        elif item.sort == "amount" and item.amount is not None:
            found |= {f"#{kind}" for kind, _ in item.amount.readings[:1]}
            found |= {"bits"} & {item.amount.kind}
            if item.amount.numeral.negative:
                found.add("signed")
        elif item.sort in ("dtype", "format"):
            found.add(f"%{item.sort}")
        elif item.sort == "list":
            found.add("list")
        elif item.sort in ("model", "device"):
            found.add(f"@{item.sort}")
            if (
                item.sort == "device"
                and index
                and row.items[index - 1].text.lower() in ("how many", "多少", "多少张", "几")
            ):
                found |= {"HOW_MANY_GPUS", "HOW_MANY_GPUS_ASKED"}
    found |= _letters(row) | (row.crossing & _CROSSING)
    if _asks_how_many(row):
        found |= {"CONCURRENCY", "CONCURRENCY_ASKED"}
    for sort in ("model", "device"):
        if len({item.name for item in row.named(sort)}) > 1:
            found.add(f"@{sort}s")
    found |= {bound.name for bound in bindings.bound if bound.cost <= SURE}
    found |= {"big_any" for bound in bindings.bound if bound.name == "params" and bound.cost > SURE}
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


_LETTER = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z])\s?=\s?\d")
_BIG_LETTER = re.compile(r"(?<![A-Za-z0-9_])([NDCc])\s?=\s?$")
_SMALL_LETTER = re.compile(r"(?<![A-Za-z0-9_])([agc])\s?=\s?[\d.]")
_LETTERS_OF_SPECULATION = frozenset("agc")
_LEAST = {"N": 1e6, "D": 1e6, "C": 1e15, "c": 1e18}
_USUAL = {"h": "hidden", "s": "seq_len", "l": "layers", "L": "layers", "a": "heads", "V": "vocab"}
"""Letters that stand for one quantity in nearly every formula of the trade."""


def _letters(row: Row) -> set[str]:
    """Quantities that letters give: "s=4096, h=5120"; one letter alone proves nothing."""
    text = row.folded.text
    given = {_USUAL[letter] for letter in _LETTER.findall(text) if letter in _USUAL}
    for item in row.named("amount"):
        letter = _BIG_LETTER.search(text[max(0, item.start - 4) : item.start])
        if letter is not None and item.amount is not None and (item.amount.read("number") or 0) >= _LEAST[letter[1]]:
            given.add({"N": "params", "D": "tokens", "C": "flops", "c": "flops"}[letter[1]])
    if set(_SMALL_LETTER.findall(text)) >= _LETTERS_OF_SPECULATION:
        given |= {"SPEC", "alpha", "gamma"}  # "a=.8 g=4 c=.05"
    return given if len(given) > 1 or "flops" in given else set()


_HOW_MANY = frozenset("how many,number of,多少,几,多少个,几个".split(","))
_CLIENTS = re.compile(
    r"requests?|\breqs?\b|sessions?|sequences?|users?|conversations?|chats?|streams?|clients?|请求|会话|用户|并发|序列",
    re.I,
)


def _asks_how_many(row: Row) -> bool:
    """Whether requests are asked for with something in between: "how many 4k-token requests"."""
    for index, item in enumerate(row.items):
        if item.text.lower() in _HOW_MANY and any(
            _CLIENTS.search(other.text) for other in row.items[index + 1 : index + 5]
        ):
            return True
    return False


def _of_term(item: Item, index: int, bindings: Bindings) -> set[str]:
    found: set[str] = set()
    for meaning in item.meanings:
        if meaning.sort == "concept":
            found.add(meaning.name)
            if index not in bindings.used:
                found.add(f"{meaning.name}_ASKED")
        elif meaning.sort == "choice":
            found |= {meaning.name, f"{meaning.name}={meaning.value}", *_SPEAKS_OF.get(meaning.name, ())}
            within = _inner(item.text) & _IN_CHOICES
            found |= within | ({f"{name}_ASKED" for name in within} if index not in bindings.used else set())
    if all(meaning.sort != "choice" for meaning in item.meanings):
        found |= _inner(item.text)
    elif item.means("optimizer"):
        found |= _inner(item.text) & {"GRAD", "TRAIN"}
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
    "power": "power_any", "intensity": "intensity_any", "mb": "mb_any", "bytes_each": "bytes_each_any",
    "flops": "flops_any", "flops_rate": "flops_rate_any",
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
    """Times by microbatch size, in ms, as "1: 10 ms, 2: 17 ms", "10 ms at size 1" or two lists give them."""
    places = [
        (at, item.amount) for at, item in enumerate(row.items) if item.sort == "amount" and item.amount is not None
    ]
    usable = [(at, amount) for at, amount in places if amount.kind == "time" or _is_size(row, at, amount)]
    times = [(at, amount) for at, amount in usable if amount.kind == "time"]
    if len(times) < 2:
        return {}
    ways = (_listed_behind(usable), _paired(usable, before=True), _paired(usable, before=False), _listed(usable))
    best = min((pairs for pairs in ways if len(pairs) == len(times)), key=_spread, default=[])
    return {f"{size.numeral.value:.0f}": float(f"{time.readings[0][1] * 1000:.12g}") for (_, size), (_, time) in best}


_Place = tuple[int, Amount]


def _is_size(row: Row, at: int, amount: Amount) -> bool:
    """Whether a number may be the size of a microbatch, rather than a count of something named behind it."""
    value = amount.read("number")
    after = row.items[at + 1] if at + 1 < len(row.items) else None
    nouns = {item.name for item in after.meanings if item.mode in ("noun", "both")} if after is not None else set()
    other = {"pp", "batch", "batch_per_replica", "gpus", "dp", "global_batch", "layers"} & nouns
    return value is not None and value == int(value) and 1 <= value <= 512 and not other


def _paired(usable: list[_Place], *, before: bool) -> list[tuple[_Place, _Place]]:
    """Each time with the size right before it, or right behind it."""
    pairs = []
    for left, right in itertools.pairwise(usable):
        size, time = (left, right) if before else (right, left)
        if time[1].kind == "time" and size[1].kind != "time":
            pairs.append((size, time))
    return pairs


def _listed(usable: list[_Place]) -> list[tuple[_Place, _Place]]:
    """The last sizes before the first time, in the order of the times: "1, 2, 4 take 9, 16 and 30 ms"."""
    times = [place for place in usable if place[1].kind == "time"]
    sizes = [place for place in usable if place[1].kind != "time" and place[0] < times[0][0]][-len(times) :]
    return list(zip(sizes, times, strict=True)) if len(sizes) == len(times) else []


def _listed_behind(usable: list[_Place]) -> list[tuple[_Place, _Place]]:
    """The first sizes behind the last time: "9, 16 and 30 ms for sizes 1, 2 and 4"; they rise, as sizes do."""
    times = [place for place in usable if place[1].kind == "time"]
    sizes = [place for place in usable if place[1].kind != "time" and place[0] > times[-1][0]][: len(times)]
    values = [place[1].numeral.value for place in sizes]
    rising = all(left < right for left, right in itertools.pairwise(values))
    together = times[-1][0] - times[0][0] <= 2 * len(times) and len(times) > 2
    return list(zip(sizes, times, strict=True)) if len(sizes) == len(times) and rising and together else []


def _spread(pairs: list[tuple[_Place, _Place]]) -> int:
    """How far apart the pairs stand, in items."""
    return sum(abs(size[0] - time[0]) for size, time in pairs)


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
