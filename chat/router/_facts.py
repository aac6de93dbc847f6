"""What a question says for one calculator: facts by quantity, each with its place.

Owns the reading of formula letters ("p = 8"), of names and choices, and of what is left without a name. Refuses to
complete anything. Invariant: a quantity with several values is an alternative for each ("8 and 16 stages").
"""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chat.router._amounts import amounts as amounts_in
from chat.router._bind import Bindings, Bound, bind
from chat.router._features import _LOOSE, SURE, features_of, timings
from chat.router._items import Item, Row, formats_in
from chat.router._lexicon import lexicon
from chat.router._routes import Way
from chat.router._values import value_of
from chat.router._withdrawn import is_negated

POOLS = frozenset({*_LOOSE.values(), "big_any", "number_any", "length_any", "signed_any"})
"""Amounts without a name, by kind; a field takes them in turn."""
_NEGATIVE = frozenset(("false", "none", "0"))
_LETTER = re.compile(
    r"(?<![A-Za-z0-9_/])(?P<letter>[A-Za-zα-ωΑ-Ωĉ][A-Za-z_*']{0,9})\s?(?P<sign>=|:|≈|~|为|是|取|\bis\b|\bequals?\b|\bof\b)?\s?$"
)
_ASSIGNED = re.compile(r"(?<![A-Za-z0-9_])[A-Za-zα-ωΑ-Ω][A-Za-z_*']{0,9}\s?[=:≈]\s?$")
_UNSIGNED = re.compile(r"(?<![A-Za-z0-9_])[b-zB-Zα-ωΑ-Ω]$")
_SPACED = re.compile(r"(?:^|[\s,，:(])([b-zB-Zα-ωΑ-Ω])\s\d+(?![A-Za-z\d])")
"""A letter and a number behind a space; two of them make a list: "b 1, s 4096"."""
_NAME = r"[A-Za-z]{1,2}(?:_[A-Za-z])?"
_SHARED = re.compile(
    rf"(?<![A-Za-z0-9_])(?P<names>{_NAME}(?:\s?(?:[/,、=&]|and|和)\s?{_NAME}){{1,3}})\s?"
    r"(?:时间|耗时)?(?:都是|都为|都取|均为|均是|各为|各是|各|=|are all|all equal(?: to)?|are each|are|all|each"
    r"|equal(?: to)?)\s?(?=\d)"
)
_TUPLE = re.compile(
    r"\(?\s?(?P<names>[A-Za-z]{1,2}(?:\s?[,，/×x*·]\s?[A-Za-z]{1,2}){1,4})\s?\)?\s?(?:=|:|为|是|of|is)?\s?"
    r"(?P<values>[\[(]?\s?\d{1,6}(?:\s?[,，/×x*·]\s?\d{1,6}){1,4}\s?[\])]?)"
)


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
    letters, taken = _letters(row, way)
    rest = replace(row, items=[item for item in row.items if id(item) not in taken])
    bindings = bind(rest, way.quantities | {"kv_dtype", "weight_dtype"})
    facts = Facts(row, features_of(rest, bindings) | {key for key, _, _ in letters})
    for key, items, value in letters:
        facts.add(f"={key}", value, min(item.start for item in items), max(item.end for item in items))
    firm = {bound.name for bound in bindings.bound if not _is_vague(bound)}
    for bound in bindings.bound:
        if bound.name not in firm or not _is_vague(bound):  # the 千 of "千卡集群（1024 张 A100）" says less than 1024
            _add_bound(facts, bound)
    _add_names(facts, row, bindings)
    _add_choices(facts, rest, bindings)
    for item in bindings.loose:
        _add_loose(facts, item)
    _count_of_memories(facts, bindings)
    _nodes_of(facts)
    _every(facts)
    budget = facts.first("flops_any")
    if "flops" in way.quantities and "flops" not in facts.given and budget is not None:
        facts.given["flops"] = [budget]
    return facts


def _letters(row: Row, way: Way) -> tuple[list[tuple[str, list[Item], float]], set[int]]:
    """Values behind a letter of the calculator's formulas: fields with their items and values, and the items taken."""
    meaning: dict[str, list[str]] = {}
    for name, letters in way.symbols.items():
        for letter in letters:
            meaning.setdefault(letter, []).append(name)
    found: list[tuple[str, list[Item], float]] = []
    taken: set[int] = set()
    filled: set[str] = set()
    text = row.folded.text
    if any(len(fields) > 1 for fields in meaning.values()):
        filled = _named(row, way)  # in "32 microbatches, F=2, B=3" the letter B has one field left
    amounts = [item for item in row.items if item.sort == "amount"]
    listed = sum(match[1] in meaning for match in _SPACED.finditer(text)) > 1
    for names, values in _tuples(text, meaning):
        inside = [item for item in amounts if values[0] <= item.start and item.end <= values[1]]
        inside = inside or _parts(row, values)
        if len(inside) == len(names):
            for letter, item in zip(names, inside, strict=True):
                _take(way, meaning[letter], item, [item], found, filled, taken)
            taken.update(id(item) for item in row.items if item.sort == "list" and item.end == values[1])
    for names, place in _sharing(text, meaning):
        for item in [item for item in amounts if item.start == place]:
            for name in names:
                _take(way, meaning[name], item, [item], found, filled, taken)
    for item in amounts:
        before = _LETTER.search(text[max(0, item.start - 16) : item.start])
        if id(item) in taken or before is None or before["letter"] not in meaning:
            continue
        glued = _UNSIGNED.search(text[: item.start].rstrip()) and (listed or not text[item.start - 1].isspace())
        if before["sign"] is None and not glued:
            continue
        if (before["sign"] == "of" and len(before["letter"]) == 1) or before[0].lower().startswith("kv:"):
            continue  # "KV: 61 layers" has a heading
        start = max(0, item.start - 16) + before.start()
        words = [other for other in row.items if start <= other.start and other.end <= item.start]
        _take(way, meaning[before["letter"]], item, [*words, item], found, filled, taken)
    return found, taken


def _named(row: Row, way: Way) -> set[str]:
    """The fields that names, rather than letters, give a value."""
    text = row.folded.text
    items = [
        item
        for item in row.items
        if item.sort != "amount" or _ASSIGNED.search(text[max(0, item.start - 16) : item.start]) is None
    ]
    given = {bound.name for bound in bind(replace(row, items=items), way.quantities).bound if bound.cost <= SURE}
    return {field for field, sources in way.fields.items() if given & set(sources[:1])}


def _parts(row: Row, place: tuple[int, int]) -> list[Item]:
    """The numbers of a list in brackets, as items of their own."""
    text = row.folded.text
    return [
        Item("amount", amount.start, amount.end, text[amount.start : amount.end], amount=amount)
        for amount in amounts_in(text)
        if place[0] <= amount.start and amount.end <= place[1]
    ]


def _take(
    way: Way,
    fields: Iterable[str],
    item: Item,
    items: list[Item],
    found: list[tuple[str, list[Item], float]],
    filled: set[str],
    taken: set[int],
) -> None:
    for name in fields:
        value = value_of(item, field_type(way, name), named=True)
        again = any(known == name and place[-1] is not item and _same_letter(place, items) for known, place, _ in found)
        if value is not None and (name not in filled or again):
            filled.add(name)
            taken.update(id(piece) for piece in items)
            found.append((name, items, value))
            return


def _sharing(text: str, meaning: Mapping[str, list[str]]) -> list[tuple[list[str], int]]:
    """Letters that have one value, with its place: "F = B = W = 1", "F、B、W 都是 1"."""
    found = []
    for match in _SHARED.finditer(text):
        names = re.findall(_NAME, re.sub(r"\band\b", ",", match["names"]))
        names = [name if name in meaning else name.replace("_", "") for name in names]
        ratio = "/" in match["names"] and match[0].rstrip().endswith("=")  # "m/p = 4"
        if all(name in meaning for name in names) and not ratio:
            found.append((names, match.end()))
    return found


def _same_letter(place: list[Item], items: list[Item]) -> bool:
    """Whether two values stand behind the same letter: "m = 4 vs m = 32"."""
    return len(items) > 1 and len(place) > 1 and place[0].text == items[0].text


def _tuples(text: str, meaning: Mapping[str, list[str]]) -> list[tuple[list[str], tuple[int, int]]]:
    """Rows of letters with rows of values: "(t, p, d) = (8, 8, 16)"."""
    found = []
    for match in _TUPLE.finditer(text):
        names = re.findall(r"[A-Za-z]+", match["names"].replace("x", " ") if "x" not in meaning else match["names"])
        if all(name in meaning for name in names):
            found.append((names, match.span("values")))
    return found


def field_type(way: Way, name: str) -> str:
    """The type of a field: that of the quantity of its name, else of the first that fills it."""
    types = lexicon().types
    if name in types:
        return types[name]
    return next((types[source] for source in way.fields.get(name, ()) if source in types), "amount")


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


_TIMES = re.compile(r"\s?(?:x|×|\*|张|块|片|个|台)\s?", re.IGNORECASE)


def _count_of_memories(facts: Facts, bindings: Bindings) -> None:
    """The devices of "8 x 80 GB" and "4 张 24G 的卡", where they stand before the memory of one."""
    text = facts.row.folded.text
    for number, memory in itertools.pairwise(facts.row.named("amount")):
        count = value_of(number, "count", named=False)
        is_memory = memory.amount is not None and memory.amount.kind == "bytes" and number.amount is not None
        if "gpus" in facts.given or count is None or not is_memory or number not in bindings.loose:
            continue
        if _TIMES.fullmatch(text, number.end, memory.start):
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
        if kind not in ("number", "rate_bare"):
            facts.add(_LOOSE.get(kind, "number_any"), value, item.start, item.end)
    whole = amount.read("number")
    if whole is None:
        return
    length = value_of(item, "length", named=False)
    if amount.numeral.letter in ("k", "K") and length is not None:
        facts.add("length_any", length, item.start, item.end)
    facts.add("big_any" if whole >= 1e6 else "number_any", whole, item.start, item.end)
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
    for row in rows[:most]:
        given = {key: [row[key]] if key in row else list(values) for key, values in facts.given.items()}
        made.append(replace(facts, given=given))
    return made


def _take_turns(columns: list[list[Fact]]) -> bool:
    """Whether each alternative states all its values before the next begins."""
    rows = list(zip(*columns, strict=True))
    return all(max(f.start for f in left) < min(f.start for f in right) for left, right in itertools.pairwise(rows))
