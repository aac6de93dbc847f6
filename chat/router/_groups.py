"""Amounts that stand for one quantity together: a list such as "8, 16 or 32".

Owns what makes a list and what takes it apart. Names no quantity. Invariant: every amount of a row is in one group.
"""

from dataclasses import dataclass

from chat.router._items import Item, is_generic

CONNECT = frozenset(
    "of is are be being was were at with to about around roughly approximately approx nearly exactly only just equal "
    "equals set as a an the my our its their this that has have having i we use uses using say let and/or fixed "
    "drops drop dropped falls fall rises rise goes go changes change becomes become up down increases increase "
    "increased decreases decrease decreased reduced raised grows grow "
    "total ~ = : - \" ' ( ) [ ] × x *".split()
) | frozenset("为 是 取 用 设 等 于 约 大 概 有 达 到 按 在 以 个 的 开 成 当 共 左 右 只 了 都 该 这 那 每".split())
WAYS = frozenset("way ways fold 路 维 degree".split())
_JOINTS = frozenset(", ， 、 / and or vs versus & 和 与 或 及 还是 跟 then".split())
_STRONG = frozenset("and or vs versus / & 和 与 或 及 还是 跟".split())


@dataclass(slots=True)
class Group:
    """Amounts that stand for one quantity: one, or a list of alternatives."""

    items: list[Item]
    first: int
    """Index of the first item in the row."""
    last: int


def group(items: list[Item]) -> list[Group]:
    """The amounts of a row, those of one list together."""
    groups: list[Group] = []
    for index, item in enumerate(items):
        if item.sort not in ("amount", "dtype"):
            continue
        last = groups[-1] if groups else None
        if last and item.sort == "amount" and _continues(items, last, index):
            last.items.append(item)
            last.last = index
        else:
            groups.append(Group([item], index, index))
    return [part for one in groups for part in _settled(items, one)]


def _continues(items: list[Item], last: Group, index: int) -> bool:
    """Whether an amount goes on a list: only joints in between, and of one kind."""
    before, item = last.items[-1].amount, items[index].amount
    between = items[last.last + 1 : index]
    if before is None or item is None or not between or len(between) > 3:
        return False
    if any(piece.text.lower() not in _JOINTS for piece in between) and not _is_range(items, last, index):
        return False
    alike = before.kind == item.kind and before.numeral.negative == item.numeral.negative
    same_size = (before.numeral.scale == 1.0) == (item.numeral.scale == 1.0)
    return alike and same_size


def _is_range(items: list[Item], last: Group, index: int) -> bool:
    """Whether it is "from 16 to 64 microbatches", two values of what is counted behind them."""
    between = [item.text.lower() for item in items[last.last + 1 : index]]
    after = items[index + 1] if index + 1 < len(items) else None
    led = last.first > 0 and items[last.first - 1].text.lower() in ("from", "从", "由")
    counted = after is not None and any(
        meaning.sort == "quantity" and meaning.mode in ("noun", "both") for meaning in after.meanings
    )
    return led and between in (["to"], ["到"], ["至"]) and counted


def _settled(items: list[Item], one: Group) -> list[Group]:
    """Keep a list if an "and", an "or" or three amounts show that it is one; else take its amounts apart."""
    if len(one.items) == 1:
        return [one]
    counted = one.first > 0 and items[one.first - 1].text in ("x", "×", "*")  # "2 x 80 GB and 140 GB of weights"
    if _named_apart(items, one) and len(one.items) > 2 and not counted:
        return _without_last(items, one)
    if _named_apart(items, one) or _model_and_data(items, one) or counted:
        places = [index for index in range(one.first, one.last + 1) if items[index].sort == "amount"]
        return [Group([items[index]], index, index) for index in places]
    joints = {items[index].text.lower() for index in range(one.first, one.last) if items[index].sort != "amount"}
    if len(one.items) >= 3 or joints & _STRONG or joints & {"to", "到", "至"}:
        return [one]
    places = [index for index in range(one.first, one.last + 1) if items[index].sort == "amount"]
    return [Group([items[index]], index, index) for index in places]


def _without_last(items: list[Item], one: Group) -> list[Group]:
    """The last amount apart, as it has a name of its own, from the list before it: "PP 4 vs 8, 64 microbatches"."""
    places = [index for index in range(one.first, one.last + 1) if items[index].sort == "amount"]
    return [
        *_settled(items, Group(one.items[:-1], one.first, places[-2])),
        Group(one.items[-1:], places[-1], places[-1]),
    ]


def _named_apart(items: list[Item], one: Group) -> bool:
    """Whether the first amount has a name before it and the last another behind: "PP=8 and 32 micro-batches"."""
    before, after = _beside(items, one.first - 1, -1), _beside(items, one.last + 1, 1)
    if before is None or after is None:
        return False
    behind = {
        meaning.name for meaning in after.meanings if meaning.sort == "quantity" and meaning.mode in ("noun", "both")
    }
    if {item.text.lower() for item in items[one.last + 1 : one.last + 4]} & WAYS:
        behind |= {meaning.name for meaning in after.meanings if meaning.sort == "quantity"}
    if after.sort == "device":
        behind.add("gpus")
    ahead = {
        meaning.name for meaning in before.meanings if meaning.sort == "quantity" and meaning.mode in ("key", "both")
    }
    letter = one.first > 0 and items[one.first - 1].text in ("=", ":") and before.sort == "word"
    return bool(behind) and (letter or bool(ahead and not ahead & behind and not is_generic(before)))


def _model_and_data(items: list[Item], one: Group) -> bool:
    """Whether it is a model's size and its tokens: "174.6B and 300B tokens"."""
    after = items[one.last + 1] if one.last + 1 < len(items) else None
    sizes = [item.amount.read("number") or 0 for item in one.items if item.amount is not None]
    joints = {item.text.lower() for item in items[one.first : one.last] if item.sort != "amount"}
    of_tokens = after is not None and any(meaning.name in ("tokens", "tokens_any") for meaning in after.meanings)
    letters = {item.amount.numeral.letter.lower() for item in one.items if item.amount is not None}
    of_tokens = of_tokens or (joints == {"/"} and letters == {"b", "t"})  # "70B/1.4T"
    return len(sizes) == 2 and min(sizes) >= 1e8 and of_tokens and not joints & {"or", "vs", "versus", "或", "还是"}


def _beside(items: list[Item], at: int, step: int) -> Item | None:
    """The nearest item on one side that is no mere joint."""
    while 0 <= at < len(items) and (items[at].text.lower() in CONNECT or items[at].text.lower() in WAYS):
        at += step
    return items[at] if 0 <= at < len(items) else None
