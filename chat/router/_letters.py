"""Letters of formulas and what they are set to: "p = 8, m = 64", "(t, p) = (8, 16)", "F = B = W = 1".

Owns which input of a calculator a letter means. Knows no words. Invariant: an input takes one letter, and what a name
gives a value is left to it where a letter may mean two inputs.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from chat.router._amounts import amounts as amounts_in
from chat.router._bind import bind
from chat.router._features import SURE
from chat.router._groups import group
from chat.router._items import Item, Row, is_generic
from chat.router._lexicon import lexicon
from chat.router._routes import Way
from chat.router._values import value_of

_LETTER = re.compile(
    r"(?<![A-Za-z0-9_/])(?P<letter>[A-Za-zα-ωΑ-Ωĉ][A-Za-z_*']{0,9})\s?(?P<sign>=|:|≈|~|为|是|取|\bis\b|\bequals?\b|\bof\b)?\s?$"
)
_ASSIGNED = re.compile(r"(?<![A-Za-z0-9_])[A-Za-zα-ωΑ-Ω][A-Za-z_*']{0,9}\s?[=:≈]\s?$")
_UNSIGNED = re.compile(r"(?<![A-Za-z0-9_])[b-zB-Zα-ωΑ-Ω]$")
_SPACED = re.compile(r"(?:^|[\s,，:(])([b-zB-Zα-ωΑ-Ω])\s(?:\d+|\.\d+|\d+\.\d+)(?![A-Za-z\d])")
"""A letter and a number behind a space; two of them make a list: "b 1, s 4096"."""
_GLUED = re.compile(r"(?<![A-Za-z0-9])[sbhLl]\d{1,6}[kK]?(?![A-Za-z0-9])")
_ALONE = re.compile(r"(?<![A-Za-z0-9_=/])([A-Za-z]{1,2})\s?=\s?\d")
_NAME = r"[A-Za-z]{1,2}(?:_[A-Za-z])?"
_SHARED = re.compile(
    rf"(?<![A-Za-z0-9_])(?P<names>{_NAME}(?:\s?(?:[/,、=]|and|和)\s?{_NAME}){{1,3}})\s?"
    r"(?:时间|耗时)?(?:都是|都为|都取|均为|均是|各为|各是|各|=|are all|all equal(?: to)?|are each|are|all|each"
    r"|equal(?: to)?)\s?(?=\d)"
)
_TUPLE = re.compile(
    r"\(?\s?(?P<names>[A-Za-z]{1,2}(?:\s?[,，/×x*·]\s?[A-Za-z]{1,2}){1,4})\s?\)?\s?(?:=|:|为|是|of|is)?\s?"
    r"(?P<values>[\[(]?\s?\d{1,6}(?:\s?[,，/×x*·]\s?\d{1,6}){1,4}\s?[\])]?)"
)


def letters(row: Row, way: Way) -> tuple[list[tuple[str, list[Item], float]], set[int]]:
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
    spaced = [match for match in _SPACED.finditer(text) if match[1] in meaning]
    listed = len(spaced) > 1 or any(re.search(r"[\d,]\s?$", text[: match.start(1)]) for match in spaced)
    listed = listed or len(_GLUED.findall(text)) > 1
    for names, values in _tuples(text, meaning):
        inside = [item for item in amounts if values[0] <= item.start and item.end <= values[1]]
        inside = inside or _parts(row, values)
        if len(inside) == len(names):
            for letter, item in zip(names, inside, strict=True):
                _take(way, meaning[letter], item, [item], found, filled, taken)
            taken.update(id(item) for item in row.items if item.sort == "list" and item.end == values[1])
    elsewhere = {meaning[name][0] for name in _ALONE.findall(text) if len(meaning.get(name, ())) == 1}
    for names, place in _sharing(text, meaning):
        for item in [item for item in amounts if item.start == place]:
            for name in names:
                fields = [field for field in meaning[name] if len(meaning[name]) == 1 or field not in elsewhere]
                filled -= set(fields) if len(meaning[name]) == 1 else set()
                _take(way, fields, item, [item], found, filled, taken)
    for item in amounts:
        before = _LETTER.search(text[max(0, item.start - 16) : item.start])
        if id(item) in taken or before is None or before["letter"] not in meaning:
            continue
        glued = _UNSIGNED.search(text[: item.start].rstrip()) and (listed or not text[item.start - 1].isspace())
        glued = glued or (before["letter"] == "a" and listed and not text[item.start - 1].isspace())
        if before["sign"] is None and not glued:
            continue
        if (before["sign"] == "of" and len(before["letter"]) == 1) or before[0].lower().startswith("kv:"):
            continue  # "KV: 61 layers" has a heading
        start = max(0, item.start - 16) + before.start()
        words = [other for other in row.items if start <= other.start and other.end <= item.start]
        _take(way, meaning[before["letter"]], item, [*words, item], found, filled, taken)
        if found and found[-1][1][-1] is item:
            _take_list(row, way, item, found, taken)
    return found, taken


def _take_list(row: Row, way: Way, first: Item, found: list[tuple[str, list[Item], float]], taken: set[int]) -> None:
    """The other values of a letter that is given a list: "m = 4, 8, 16"."""
    name, row_group = found[-1][0], next((one for one in group(row.items) if one.items[0] is first), None)
    after = row.items[row_group.last + 1 :][:1] if row_group is not None else []
    if row_group is None or any(meaning.sort == "quantity" for item in after for meaning in item.meanings):
        return
    for item in row_group.items[1:]:
        value = value_of(item, field_type(way, name), named=False)
        if value is not None and id(item) not in taken:
            taken.add(id(item))
            found.append((name, [item], value))


def _named(row: Row, way: Way) -> set[str]:
    """The fields that names, rather than letters, give a value."""
    text = row.folded.text
    items = [
        item
        for item in row.items
        if item.sort != "amount" or _ASSIGNED.search(text[max(0, item.start - 16) : item.start]) is None
    ]
    given = {bound.name for bound in bind(replace(row, items=items), way.quantities).bound if bound.cost <= SURE}
    if any(item.amount is not None and item.amount.read("mb") is not None for item in items):
        given.add("mb_any")  # "64 mb" counts microbatches
    return {field for field, sources in way.fields.items() if given & {*sources[:1], *({"mb_any"} & set(sources))}}


_BEFORE = re.compile(r"(?:^|[\s,，:;(])(?P<letter>[b-zB-Zα-ωΑ-Ω])\s(?:of\s)?$")


def letter_before(row: Row, way: Way, item: Item) -> tuple[str, float] | None:
    """The input that a lone letter before a number without a name stands for, with its value: "gamma 4 and c 0.1"."""
    found = _BEFORE.search(row.folded.text[: item.start])
    fields = [] if found is None else [name for name, known in way.symbols.items() if found["letter"] in known]
    value = value_of(item, field_type(way, fields[0]), named=False) if len(fields) == 1 else None
    return None if value is None else (fields[0], value)


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
    for name in sorted(fields, key=lambda name: value_of(item, field_type(way, name), named=False) is None):
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


FARTHEST_IN_STEP = 5
"""Items between the names and their values."""


def in_step(row: Row, way: Way) -> tuple[list[tuple[str, list[Item], float]], Row]:
    """Names in a row with their values in a row, "forward, backward and weight passes take 4, 5 and 3 ms"; the rest."""
    items = row.items
    for one in group(items):
        if len(one.items) < 2:
            continue
        names = _names_before(items, one.first, way)[-len(one.items) :]
        if len(names) != len(one.items) or _has_own(items, names[0][1]):
            continue
        values = [
            value_of(item, lexicon().types[name], named=True) for (name, _), item in zip(names, one.items, strict=True)
        ]
        fields = [_field_of(way, name) for name, _ in names]
        if None in values or None in fields or len(set(fields)) < len(fields):
            continue
        taken = {id(item) for item in (*one.items, *(term for _, term in names))}
        found = [
            (field, [item], value)
            for field, item, value in zip(fields, one.items, values, strict=True)
            if field is not None and value is not None
        ]
        return found, replace(row, items=[item for item in items if id(item) not in taken])
    return [], row


def _field_of(way: Way, quantity: str) -> str | None:
    return next((field for field, sources in way.fields.items() if quantity in sources), None)


def _names_before(items: list[Item], first: int, way: Way) -> list[tuple[str, Item]]:
    """The names of quantities that stand in a row before a place, joined by commas or "and"."""
    at = first - 1
    while at >= 0 and first - at <= FARTHEST_IN_STEP and not _named_by(items[at], way):
        if items[at].sort == "amount":
            return []
        at -= 1
    names: list[tuple[str, Item]] = []
    while at >= 0 and _named_by(items[at], way):
        names.insert(0, (_named_by(items[at], way), items[at]))
        at -= 1
        if at < 0 or items[at].text.lower() not in _BETWEEN_NAMES:
            break
        while at >= 0 and items[at].text.lower() in _BETWEEN_NAMES:
            at -= 1
    return names


def _has_own(items: list[Item], name: Item) -> bool:
    """Whether a name stands right behind a number of its own: the stages of "8 stages, layers and heads 32 and 40"."""
    at = next(at for at, item in enumerate(items) if item is name)
    return at > 0 and items[at - 1].sort == "amount"


_BETWEEN_NAMES = frozenset(", ， 、 / and & 和 与 及".split())


def _named_by(item: Item, way: Way) -> str:
    """The quantity of the calculator that an item names, if it does."""
    if item.sort != "term" or is_generic(item):
        return ""
    named = [meaning for meaning in item.meanings if meaning.sort == "quantity" and meaning.mode != "weak"]
    return next((meaning.name for meaning in named if meaning.name in way.quantities), "")
