"""Which amount is whose: amounts and names of quantities matched as one row, by how near they stand and on which side.

Owns the weighing of distance, order and punctuation. Knows no calculator: it is told which quantities count.
Refuses a value of the wrong type. Invariant: matches do not cross, and a name takes one amount, or one list of
amounts such as "8, 16 or 32".
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from chat.router._groups import CONNECT, WAYS, Group, group
from chat.router._items import Item, Row, is_generic
from chat.router._lexicon import Meaning, lexicon
from chat.router._values import value_of

_LEADING = re.compile(
    r"(?: of| with| size| length| dim| dimension| width| each| having| in| into| as| share| take| occupy| use)$"
)
"""The end of a name that may end one amount and lead the next: "8 sequences of 4096"."""
MOST_GROUPS = 64
"""Amounts beyond these are a table rather than a question."""
UNBOUND = 2.2
"""What leaving an amount without a name costs: nothing farther away is its name."""
UNBOUND_FORMAT = 1.5
"""The same for a number format."""
NEAR = 0.75
"""Up to here a name stands right beside its amount."""
UNITLESS = 0.35
"""What it costs to take a number without a unit for something that has one: "MFU 45", "power 400"."""
REACH = 14
"""Items on either side in which an amount looks for its name."""
_BREAKS = frozenset("when if given assuming where while whereas because but after before 当 若 而 但".split())
_PER_PARAMETER = frozenset(("bytes_per_param", "bytes_per_param_total"))
_SOUGHT = frozenset("optimal optimum best ideal what which 最优 最佳".split())
_WAYED = frozenset("tp pp dp cp ep".split())
_EXPLICIT = frozenset("= : 为 是 is are equals".split())
_STOPS = {
    ",": 1.1, "，": 1.1, "、": 0.9, ";": 2.0, ".": 2.4, "?": 2.4, "!": 2.4, "/": 0.4, "%": 0.3, "|": 1.0, "+": 0.5,
    ">": 0.6,
}  # fmt: skip

_HOW_MANY = ("how many", "how much", "多少", "几个", "能放几", "能存几")
_SINGLE = frozenset({"gpus", "nodes", "batch"})
"""Quantities of which people say that there is "one"."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A quantity with what the text says it is."""

    name: str
    values: tuple[float, ...]
    items: tuple[Item, ...]
    start: int
    end: int
    cost: float = 0.0

    @property
    def value(self) -> float:
        """The value, the first of several."""
        return self.values[0]


@dataclass(slots=True)
class Bindings:
    """What was matched, what was left over, and which quantities were named without a value."""

    bound: list[Bound] = field(default_factory=list)
    loose: list[Item] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    used: set[int] = field(default_factory=set)
    """Places of the names that have a value."""

    def get(self, *names: str) -> Bound | None:
        """The first of these quantities that has a value."""
        return next((item for name in names for item in self.bound if item.name == name), None)

    def number(self, *names: str) -> float | None:
        """Its value."""
        found = self.get(*names)
        return None if found is None else found.value

    def all(self, name: str) -> list[Bound]:
        """Every match of that quantity, in order."""
        return [item for item in self.bound if item.name == name]


def bind(row: Row, allowed: Collection[str], *, generic: bool = True) -> Bindings:
    """Match the amounts of a row with the quantities `allowed`; names of other quantities keep their amounts.

    Without `generic`, function words such as "in" or "for" name no quantity.
    """
    groups = group(row.items)[:MOST_GROUPS]
    names = [
        (index, meanings)
        for index, item in enumerate(row.items)
        if item.sort in ("term", "device") and (meanings := _meanings(item, allowed, generic))
    ]
    found = Bindings()
    taken = _align(row.items, groups, names, allowed)
    found.used = {at for at, _, _ in taken.values()}
    for number, one in enumerate(groups):
        if number not in taken:
            found.loose += one.items
            continue
        at, meaning, cost = taken[number]
        if meaning.name in allowed:
            found.bound.append(_bound(row.items, one, at, meaning, cost))
    ends = {one.last + 1 for one in groups}
    for index, meanings in names:
        if index not in found.used | ends and row.items[index].sort == "term" and not is_generic(row.items[index]):
            found.asked.update(meaning.name for meaning in meanings if meaning.mode != "weak")
    return found


def _meanings(item: Item, allowed: Collection[str], generic: bool) -> list[Meaning]:
    if item.sort == "device":
        return [Meaning("quantity", "gpus", "noun")]
    if is_generic(item) and not generic:
        return []
    quantities = [meaning for meaning in item.meanings if meaning.sort == "quantity"]
    if is_generic(item):
        return [meaning for meaning in quantities if meaning.name in allowed]
    return [meaning for meaning in quantities if meaning.name in allowed or meaning.mode != "weak"]


def _align(
    items: list[Item], groups: list[Group], names: list[tuple[int, list[Meaning]]], allowed: Collection[str]
) -> dict[int, tuple[int, Meaning, float]]:
    """The cheapest matching that does not cross: groups by number → (place of the name, its meaning, cost)."""
    rows, columns = len(groups), len(names)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    choice: list[list[tuple[str, Meaning | None, float]]] = [[("", None, 0.0)] * (columns + 1) for _ in range(rows + 1)]
    for i in range(1, rows + 1):
        best[i][0], choice[i][0] = best[i - 1][0] + _unbound(groups[i - 1]), ("skip amount", None, 0.0)
    for j in range(1, columns + 1):
        choice[0][j] = ("skip name", None, 0.0)
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            if abs(names[j - 1][0] - groups[i - 1].first) > 2 * REACH:
                nameless = best[i - 1][j] + _unbound(groups[i - 1])
                best[i][j] = min(best[i][j - 1], nameless)
                choice[i][j] = ("skip name" if best[i][j - 1] <= nameless else "skip amount", None, 0.0)
                continue
            options: list[tuple[float, tuple[str, Meaning | None, float]]] = [
                (best[i][j - 1], ("skip name", None, 0.0)),
                (best[i - 1][j] + _unbound(groups[i - 1]), ("skip amount", None, 0.0)),
            ]
            cost, meaning = _cheapest(items, groups[i - 1], names[j - 1], allowed)
            if meaning is not None and cost < UNBOUND:
                options.append((best[i - 1][j - 1] + cost, ("match", meaning, cost)))
                # "8 sequences of 4096": one name that ends one amount and leads the next.
                leads = meaning.mode == "key" and names[j - 1][0] < groups[i - 1].first
                if i > 1 and leads and _LEADING.search(items[names[j - 1][0]].name):
                    other, left = _cheapest(items, groups[i - 2], names[j - 1], allowed)
                    if (
                        left is not None
                        and left.mode == "noun"
                        and left.name != meaning.name
                        and other + cost < UNBOUND
                    ):
                        total = best[i - 2][j - 1] + other + cost
                        options.append((total, ("both", meaning, cost)))
            best[i][j], choice[i][j] = min(options, key=lambda option: option[0])
    taken = _trace(choice, names, rows, columns)
    for number in [number for number, (_, meaning, _) in taken.items() if meaning.sort == "concept"]:
        cost, meaning = _cheapest(
            items, groups[number], next(name for name in names if name[0] == taken[number][0]), allowed
        )
        if meaning is not None:
            taken[number] = (taken[number][0], meaning, cost)
    return taken


def _unbound(one: Group) -> float:
    """What it costs to leave a group without a name; a number format says much by itself."""
    return UNBOUND_FORMAT if one.items[0].sort == "dtype" else UNBOUND


def _trace(
    choice: list[list[tuple[str, Meaning | None, float]]], names: list[tuple[int, list[Meaning]]], i: int, j: int
) -> dict[int, tuple[int, Meaning, float]]:
    taken: dict[int, tuple[int, Meaning, float]] = {}
    while i or j:
        step, meaning, cost = choice[i][j]
        if step == "match" and meaning is not None:
            taken[i - 1] = (names[j - 1][0], meaning, cost)
            i, j = i - 1, j - 1
        elif step == "both" and meaning is not None:
            taken[i - 1] = (names[j - 1][0], meaning, cost)
            taken[i - 2] = (names[j - 1][0], Meaning("concept", ""), 0.0)
            i, j = i - 2, j - 1
        elif step == "skip name":
            j -= 1
        else:
            i -= 1
    return taken


def _cheapest(
    items: list[Item], one: Group, name: tuple[int, list[Meaning]], allowed: Collection[str]
) -> tuple[float, Meaning | None]:
    at, meanings = name
    before = at < one.first
    if abs(at - (one.first if before else one.last)) > REACH:
        return UNBOUND, None
    between = items[at + 1 : one.first] if before else items[one.last + 1 : at]
    distance = QUALIFIED if before and _is_qualified(items[at], between) else _distance(between, items[at])
    if distance >= UNBOUND:
        return UNBOUND, None
    best: tuple[float, Meaning | None] = (UNBOUND, None)
    for meaning in meanings:
        cost = distance + _side(meaning, before, between, items, one, at)
        cost += 0.0 if meaning.name in allowed else 0.25
        # "in" or "takes" is less of a name than "checkpoint takes"; "tokens" is as often a unit as a name.
        cost += (
            0.35 if is_generic(items[at]) else 0.3 if meaning.name == "tokens_any" and meaning.mode == "noun" else 0.0
        )
        if (
            items[at].text == "路"
            and at + 1 < len(items)
            and any(other.name in _WAYED for other in items[at + 1].meanings)
        ):
            cost += 1.5  # the 路 of "8 路张量并行" counts no requests
        if meaning.name in _PER_PARAMETER and _counts_tokens(items, one):
            cost += 1.5
        if meaning.name == "batch" and meaning.mode == "noun" and any(_in_thousands(item) for item in one.items):
            cost += 0.2  # "4k requests" are requests of 4k tokens
        if meaning.name == "batch" and cost > NEAR and any(_in_thousands(item) for item in one.items):
            cost += 1.5
        if cost < best[0] and _fits(one, meaning, cost):
            plain = value_of(one.items[0], lexicon().types[meaning.name], named=False) is not None
            cost += 0.0 if plain else UNITLESS
            cost += UNBOUND if cost > UNITLESS and _is_second_reading(one.items[0], meaning) else 0.0
            if cost < best[0]:
                best = (cost, meaning)
    return best


QUALIFIED = 0.2
"""What it costs that a name is qualified before its value."""
LONGEST_QUALIFIER = 6


def _is_qualified(name: Item, between: list[Item]) -> bool:
    """Whether only "of our job is" stands between a name and its value."""
    if not 1 < len(between) <= LONGEST_QUALIFIER or between[-1].text.lower() not in _EXPLICIT - {":"}:
        return False
    opened = name.text.lower().endswith(" of") or between[0].text.lower() == "of"
    return opened and all(item.sort in ("word", "term") and item.text not in _STOPS for item in between[:-1])


def _is_second_reading(item: Item, meaning: Meaning) -> bool:
    """Whether a letter is taken for a unit although it more often is a scale: the M of "350M Adam memory"."""
    amount = item.amount
    if amount is None or len(amount.readings) < 2 or amount.kind != "number":
        return False
    return lexicon().types[meaning.name] in ("bytes", "rate")


def _fits(one: Group, meaning: Meaning, cost: float) -> bool:
    kind = lexicon().types[meaning.name]
    if all(value_of(item, kind, named=False) is None for item in one.items):
        # A number without its unit is taken only where nothing else wants it.
        return cost <= NEAR - UNITLESS and all(value_of(item, kind, named=True) is not None for item in one.items)
    if meaning.name not in _SINGLE and any(_is_weak(item) for item in one.items):
        return False
    return all(value_of(item, kind, named=cost <= NEAR) is not None for item in one.items)


def _side(meaning: Meaning, before: bool, between: list[Item], items: list[Item], one: Group, at: int) -> float:
    """What it costs that the name stands on this side of its amount."""
    words = {item.text.lower() for item in between}
    explicit = bool(words & _EXPLICIT)
    led = _led(items, one)
    if before and ":" in words and at and items[at - 1].text.lower() in _SOUGHT:
        return 1.5
    if before:
        cost = {"key": 0.0, "both": 0.05, "noun": 0.9, "weak": 0.3}[meaning.mode]
        if meaning.mode == "noun" and explicit:
            cost = 0.25
        if meaning.name == "tokens_any" and not explicit:
            cost = 1.6
        if _is_parted(items, one, between):
            cost += 1.6
    else:
        cost = {"key": 0.9, "both": 0.0, "noun": 0.0, "weak": 0.35}[meaning.mode]
        cost += 1.0 if ":" in words or _is_dashed(one, between) else 0.0
        cost += 0.5 if words & {",", "，"} else 0.0
        if meaning.mode == "key" and words & WAYS:
            cost = 0.0
        elif meaning.mode == "key" and words & {"for", "as", "of"}:
            cost = 0.5
        if meaning.name == "tokens" and meaning.mode == "key":
            cost = 1.9  # "a 7B trained on 2T": the model stands before the verb
        cost += 1.5 * led
        cost += 0.05 * any(other.name == meaning.name and other.mode == "key" for other in items[at].meanings)
    if meaning.mode == "weak" and (len(between) > 1 or ":" in words):
        cost += 1.5
    return cost


def _is_parted(items: list[Item], one: Group, between: list[Item]) -> bool:
    """Whether a comma or a dash parts a name from an amount that counts something else: "scale, 43 apples"."""
    after = items[one.last + 1] if one.last + 1 < len(items) else None
    if any(item.text in (",", "，") for item in between):
        return after is not None and after.sort == "word" and after.text.isalpha() and len(after.text) > COUNTED
    spaced = [
        item.text == "-" and item.start > left.end and right.start > item.end
        for left, item, right in zip(between, between[1:], between[2:], strict=False)
    ]
    first = bool(between) and between[0].text == "-" and len(between) > 1 and between[1].start > between[0].end
    return first or any(spaced)


COUNTED = 2
"""Letters of a word beyond which it is no unit."""


def _is_dashed(one: Group, between: list[Item]) -> bool:
    """Whether a dash between spaces parts them, which a hyphen does not."""
    ends = [one.items[-1].end, *(item.end for item in between)]
    return any(item.text == "-" and item.start > end for item, end in zip(between, ends, strict=False))


def _counts_tokens(items: list[Item], one: Group) -> bool:
    """Whether an amount is one of tokens: "每参数 20 token" says nothing of bytes."""
    after = items[one.last + 1] if one.last + 1 < len(items) else None
    return after is not None and after.means("tokens_any")


def _is_weak(item: Item) -> bool:
    """Whether it is a word such as "one", other than in "one month"."""
    return item.amount is not None and item.amount.numeral.weak and item.amount.kind != "time"


def _in_thousands(item: Item) -> bool:
    return item.amount is not None and item.amount.numeral.letter in ("k", "K")


def _led(items: list[Item], one: Group) -> bool:
    """Whether an equals sign, or a colon behind a name that wants such an amount, stands before it."""
    sign = items[one.first - 1].text if one.first else ""
    if sign != ":":
        return sign == "="
    if one.first > 2 and items[one.first - 3].text.lower() in _SOUGHT:
        return False  # "optimal interval: 3 min per checkpoint"
    keys = [item for item in items[one.first - 2].meanings if item.sort == "quantity"] if one.first > 1 else []
    types = lexicon().types
    return any(
        value_of(one.items[0], types[key.name], named=False) is not None for key in keys if key.mode in ("key", "both")
    )


def _distance(between: Iterable[Item], name: Item) -> float:
    own = {meaning.name for meaning in name.meanings}
    return sum(_weight(item, own) for item in between)


def _weight(item: Item, own: set[str]) -> float:
    word = item.text.lower()
    if word in CONNECT or word in WAYS:
        return 0.08 if len(word) == 1 else 0.12
    if item.sort in ("amount", "list"):
        return UNBOUND
    if item.sort in ("model", "device", "dtype", "format"):
        return 0.8
    if word.startswith(_HOW_MANY):
        return UNBOUND  # "能放多少 token": what is asked for has no value behind it
    if item.sort == "term":
        if is_generic(item):
            return 0.15
        quantities = {meaning.name for meaning in item.meanings if meaning.sort == "quantity"}
        if quantities & own:
            return 0.1
        if all(meaning.name == "FOLLOW" or meaning.name == "COMPARE" for meaning in item.meanings):
            return 0.5
        return 1.2 if quantities else 0.7
    if word in _BREAKS:
        return 1.2
    if word in _STOPS:
        return _STOPS[word]
    return 0.25 if "\u4e00" <= word[0] <= "\u9fff" else 0.7


def _bound(items: list[Item], one: Group, at: int, meaning: Meaning, cost: float) -> Bound:
    kind = lexicon().types[meaning.name]
    values = tuple(value for item in one.items if (value := value_of(item, kind, named=cost <= NEAR)) is not None)
    name = items[at]
    start, end = min(one.items[0].start, name.start), max(one.items[-1].end, name.end)
    return Bound(meaning.name, values, tuple(one.items), start, end, cost)
