"""What a question says for one calculator: facts by quantity, each with its place.

Owns the reading of formula letters ("p = 8"), of names and choices, and of what is left without a name. Refuses to
complete anything. Invariant: a quantity with several values is an alternative for each ("8 and 16 stages").
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from chat.router._bind import Bindings, Bound, bind
from chat.router._features import _LOOSE, features_of, timings
from chat.router._formats import formats_in
from chat.router._items import Item, Row
from chat.router._letters import in_step, letter_before, letters
from chat.router._lexicon import lexicon
from chat.router._routes import Way
from chat.router._values import LEAST_BUDGET, value_of
from chat.router._withdrawn import is_negated

POOLS = frozenset({*_LOOSE.values(), "big_any", "number_any", "length_any", "signed_any"})
"""Amounts without a name, by kind; a field takes them in turn."""
_NEGATIVE = frozenset(("false", "none", "0"))


@dataclass(frozen=True, slots=True)
class Fact:
    """A value that a text gives, and where."""

    key: str
    value: Any
    start: int
    end: int
    text: str
    label: str = ""
    earlier: bool = False


@dataclass(slots=True)
class Facts:
    """Everything that a text gives a calculator."""

    row: Row
    features: frozenset[str]
    given: dict[str, list[Fact]] = field(default_factory=dict)
    compared: tuple[Fact, ...] = ()
    """The values of all alternatives, this one's and the others', and what they make unneeded."""

    def add(self, key: str, value: Any, start: int, end: int, label: str = "") -> None:
        """Keep a value; one that is given twice counts once, but a pool keeps all."""
        begin, stop = self.row.folded.span(start, end)
        fact = Fact(key, value, begin, stop, self.row.folded.source[begin:stop], label)
        known = self.given.setdefault(key, [])
        if key in POOLS or all(item.value != value for item in known):
            known.append(fact)

    def first(self, *keys: str) -> Fact | None:
        """The first fact of the first of these quantities that is given."""
        return next((self.given[key][0] for key in keys if self.given.get(key)), None)


def gather(row: Row, way: Way) -> Facts:
    """Read a row for a calculator."""
    found, taken = letters(row, way)
    rest = replace(row, items=[item for item in row.items if id(item) not in taken])
    found_in_step, rest = in_step(rest, way)
    found += found_in_step
    bindings = bind(rest, way.quantities | {"kv_dtype", "weight_dtype"})
    facts = Facts(row, features_of(rest, bindings) | {key for key, _, _ in found})
    for key, items, value in found:
        facts.add(f"={key}", value, min(item.start for item in items), max(item.end for item in items))
    firm = {bound.name for bound in bindings.bound if not _is_vague(bound)}
    for bound in bindings.bound:
        if bound.name not in firm or not _is_vague(bound):  # the 千 of "千卡集群（1024 张 A100）" says less than 1024
            _add_bound(facts, bound)
    _apart_small_memories(facts)
    _add_names(facts, row, bindings)
    _add_choices(facts, rest, bindings)
    for item in bindings.loose:
        lone = letter_before(row, way, item)
        if lone is not None and f"={lone[0]}" not in facts.given and lone[0] not in facts.given:
            facts.add(f"={lone[0]}", lone[1], item.start, item.end)
        else:
            _add_loose(facts, item)
    _count_of_memories(facts, bindings)
    _nodes_times_devices(facts, bindings)
    _nodes_of(facts)
    _both_alike(facts, way)
    _every(facts)
    budget = facts.first("flops_any")
    if "flops" in way.quantities and "flops" not in facts.given and budget is not None:
        facts.given["flops"] = [budget]
    return facts


LEAST_MEMORY = 1e8
"""Bytes; no device has less."""


def _apart_small_memories(facts: Facts) -> None:
    """The 64 KiB of "fit in 10 GB at 64 KiB each" is the memory of no device."""
    known = facts.given.get("gpu_mem_bytes", [])
    small = [fact for fact in known if fact.value < LEAST_MEMORY]
    if small and len(small) < len(known):
        facts.given["gpu_mem_bytes"] = [fact for fact in known if fact not in small]
        facts.given.setdefault("bytes_any", []).extend(small)


def _is_vague(bound: Bound) -> bool:
    return all(item.amount is not None and item.amount.numeral.weak for item in bound.items)


def _add_bound(facts: Facts, bound: Bound) -> None:
    for item, value in zip(bound.items, bound.values, strict=True):
        single = len(bound.items) == 1
        label = item.name if item.sort == "dtype" else ""
        facts.add(bound.name, value, bound.start if single else item.start, bound.end if single else item.end, label)


MOST_PER_NODE = 8
"""More devices than these, named right behind the nodes, are those of all nodes."""
_NODES_OF = re.compile(r"\W*(?:(?:of|with|each|having|x|×|\*|的|每台|每节点|各|每个|a)\W*){0,3}", re.IGNORECASE)


def _nodes_of(facts: Facts) -> None:
    """ "64 nodes × 8 GPUs" and "64 台 8 卡" count devices by node."""
    nodes, gpus = facts.first("nodes"), facts.first("gpus")
    if nodes is None or gpus is None or "gpus_per_node" in facts.given or gpus.value > 16:
        return
    between = facts.row.folded.source[nodes.end : gpus.start]
    if nodes.end <= gpus.start and _NODES_OF.fullmatch(between):
        if gpus.value > MOST_PER_NODE and gpus.value % nodes.value == 0 and not between.strip(" ,，、/("):
            del facts.given["nodes"]  # "2 机 16 卡" says how many there are in all
            facts.compared += (nodes,)
            return
        facts.given["gpus_per_node"] = [replace(gpus, key="gpus_per_node")]
        del facts.given["gpus"]


def _every(facts: Facts) -> None:
    """Of two times between failures, one said with a mere "every" is the interval: "60 s every 20 min, MTBF 4 h"."""
    known = facts.given.get("mtbf_s", [])
    bare = [fact for fact in known if re.match(r"every\b|每隔?", fact.text, re.IGNORECASE)]
    if len(known) == 2 and len(bare) == 1 and "interval_s" not in facts.given:
        facts.given["interval_s"] = [replace(bare[0], key="interval_s")]
        facts.given["mtbf_s"] = [fact for fact in known if fact is not bare[0]]


def _nodes_times_devices(facts: Facts, bindings: Bindings) -> None:
    """The 2 of "2 x 8 GPUs" counts nodes."""
    text, gpus = facts.row.folded.text, facts.first("gpus")
    for number, other in itertools.pairwise(facts.row.named("amount")):
        count = value_of(number, "count", named=False)
        at = facts.row.folded.span(other.start, other.end)[0]
        if gpus is None or count is None or "nodes" in facts.given or not gpus.start <= at < gpus.end:
            continue
        if number in bindings.loose and re.fullmatch(r"\s?[x×*]\s?", text[number.end : other.start]):
            facts.add("nodes", count, number.start, number.end)
            facts.given["gpus_per_node"] = [replace(gpus, key="gpus_per_node")]
            del facts.given["gpus"]
            return


def _both_alike(facts: Facts, way: Way) -> None:
    """ "scale 和 zero 各 16 位": what is said of the second name with "each" holds for the first as well."""
    items = facts.row.items
    for at, item in enumerate(items[1:-3], 1):
        ahead = items[at + 1 : at + 7]
        shares = any(piece.text.lower() in _EACH for piece in ahead)
        amount = next((piece for piece in ahead if piece.sort == "amount"), None)
        if item.text.lower() not in _AND or not shares or amount is None or items[at - 1].sort != "term":
            continue
        names = [meaning.name for meaning in items[at - 1].meanings if meaning.sort == "quantity"]
        for name in names:
            value = value_of(amount, lexicon().types[name], named=False) if name in way.quantities else None
            if value is not None and name not in facts.given:
                facts.add(name, value, amount.start, amount.end)
                return


_CARDS = re.compile(
    r"\s?(?:GPUs?\b|cards?\b|accelerators?\b|devices?\b|[A-Z]{1,3}\d{2,3}\b|的?(?:显?卡|GPU))", re.IGNORECASE
)
_AND = frozenset("and 和 与 及 & 、 / ,".split())
_EACH = frozenset("each both all 各 都 均".split())
_TIMES = re.compile(r"\s?(?:x|×|\*|张|块|片|个|台)\s?", re.IGNORECASE)


def _count_of_memories(facts: Facts, bindings: Bindings) -> None:
    """The devices of "8 x 80 GB" and "4 张 24G 的卡", where they stand before the memory of one."""
    text = facts.row.folded.text
    for number, memory in itertools.pairwise(facts.row.named("amount")):
        count = value_of(number, "count", named=False)
        is_memory = memory.amount is not None and memory.amount.kind == "bytes" and number.amount is not None
        if "gpus" in facts.given or count is None or not is_memory or number not in bindings.loose:
            continue
        bare = not text[number.end : memory.start].strip(" -") and _CARDS.match(text, memory.end) is not None
        if bare or _TIMES.fullmatch(text, number.end, memory.start):
            facts.add("gpus", count, number.start, number.end)
            begin = facts.row.folded.span(number.start, number.end)[0]
            pool = facts.given.get("number_any", [])
            facts.given["number_any"] = [fact for fact in pool if fact.start != begin]


def _add_names(facts: Facts, row: Row, bindings: Bindings) -> None:
    for item in row.items:
        if item.sort in ("model", "device", "format"):
            facts.add(item.sort, item.name, item.start, item.end)
        elif item.sort == "list":
            facts.add("list", item.values, item.start, item.end)
    pairs = timings(row)
    if len(pairs) > 1:
        facts.add("timings", pairs, row.items[0].start, row.items[-1].end)


def _add_choices(facts: Facts, row: Row, bindings: Bindings) -> None:
    for item in row.items:
        negated = item.sort == "term" and is_negated(row.folded.text, item.start, item.end)
        for meaning in item.meanings:
            group, value = meaning.name, meaning.value
            if negated and (group == "zero_stage" or item.means("ZERO")):
                facts.add("choice:fsdp", lexicon().negated["fsdp"], item.start, item.end)
            elif meaning.sort == "choice" and not (negated and group in lexicon().negated):
                facts.add(f"choice:{group}", value, item.start, item.end)
            elif meaning.sort == "choice" and value not in _NEGATIVE:
                facts.add(f"choice:{group}", lexicon().negated[group], item.start, item.end)
        if item.sort == "term":
            for label, width in formats_in(item.text):
                facts.add("dtype_inside", width, item.start, item.end, label)


def _add_loose(facts: Facts, item: Item) -> None:
    if item.sort == "dtype":
        facts.add("dtype", item.width, item.start, item.end, item.name)
        return
    amount = item.amount
    if amount is None or (amount.numeral.weak and amount.kind != "time"):
        return
    if amount.kind == "bits":
        facts.add("dtype", amount.readings[0][1] / 8, item.start, item.end, f"int{amount.readings[0][1]:g}")
        return
    if amount.kind == "tokens_rate":
        facts.add(
            "tokens_per_s_per_gpu" if amount.per_gpu else "tokens_per_s", amount.readings[0][1], item.start, item.end
        )
        return
    if amount.kind == "flops_rate" and re.search(r"\b(?:peak|dense)\b", item.text):
        facts.add("peak_flops", amount.readings[0][1], item.start, item.end)
        return
    if amount.kind == "gpu_hours":
        facts.add("gpu_hours", amount.readings[0][1], item.start, item.end)
        return
    for kind, value in amount.readings:
        if kind == "flops" and amount.kind == "flops_rate" and value < LEAST_BUDGET:
            continue  # 400 TFLOPS are no budget
        if kind not in ("number", "rate_bare"):
            facts.add(_LOOSE.get(kind, "number_any"), value, item.start, item.end)
    whole = amount.read("number")
    if whole is None:
        return
    length = value_of(item, "length", named=False)
    if amount.numeral.letter in ("k", "K") and length is not None:
        facts.add("length_any", length, item.start, item.end)
    pool = "flops_any" if whole >= LEAST_BUDGET else "big_any" if whole >= 1e6 else "number_any"
    facts.add(pool, whole, item.start, item.end)
    if amount.numeral.negative:
        facts.add("signed_any", -whole, item.start, item.end)


def alternatives(facts: Facts, keys: Iterable[str], most: int) -> list[Facts]:
    """One set of facts for each combination that the text compares.

    Quantities with equally many values that take turns are paired; others are combined, up to `most` in all.
    """
    several = [key for key in keys if key not in POOLS and len(facts.given.get(key, ())) > 1]
    if not several:
        return [facts]
    counts = {len(facts.given[key]) for key in several}
    if len(counts) == 1 and len(several) > 1 and _take_turns([facts.given[key] for key in several]):
        rows = [{key: facts.given[key][at] for key in several} for at in range(counts.pop())]
    else:
        rows = [{}]
        for key in several:
            rows = [{**row, key: fact} for row in rows for fact in facts.given[key]]
    made = []
    compared = facts.compared + tuple(fact for key in several for fact in facts.given[key])
    for row in rows[:most]:
        given = {key: [row[key]] if key in row else list(values) for key, values in facts.given.items()}
        made.append(replace(facts, given=given, compared=compared))
    return made


def _take_turns(columns: list[list[Fact]]) -> bool:
    """Whether each alternative states all its values before the next begins."""
    rows = list(zip(*columns, strict=True))
    return all(max(f.start for f in left) < min(f.start for f in right) for left, right in itertools.pairwise(rows))
