"""What an amount says as a value of a certain type: a count, a length, a share, bytes, a rate …

Owns the types that the quantities of the lexicon name. Refuses a value that its unit or size speaks against.
Invariant: values are in the base units of the calculators.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chat.router._amounts import Amount
from chat.router._items import Item

MOST = 2e7
"""Counts beyond this are parameters or tokens."""
LEAST_BIG = 1e5
LEAST_BUDGET = 1e18
"""From here a number without a unit is one of operations rather than of parameters or tokens."""
LEAST_DIM = 8
"""Widths below this are counts of something else, where no name stands right beside them."""


WIDEST_BYTES = 8
"""Bytes of an element."""
MOST_TIMES = 1e4
"""No ratio of costs is larger: "cost of 70B" names none."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How a type reads an amount: by its unit alone, and what else it takes right beside the quantity's name."""

    plain: Callable[[Amount], float | None]
    named: Callable[[Amount], float | None]


def _kind(kind: str) -> Callable[[Amount], float | None]:
    return lambda amount: amount.read(kind)


def _or(*readers: Callable[[Amount], float | None]) -> Callable[[Amount], float | None]:
    def read(amount: Amount) -> float | None:
        return next((value for reader in readers if (value := reader(amount)) is not None), None)

    return read


def _number(amount: Amount) -> float | None:
    return None if amount.numeral.negative else amount.read("number")


def _count(amount: Amount) -> float | None:
    value = _number(amount)
    whole = value is not None and value == int(value) and 1 <= value <= MOST and not amount.numeral.negative
    return value if whole else None


def _dim(amount: Amount) -> float | None:
    value = _count(amount)
    return value if value is not None and value >= LEAST_DIM else None


def _wrong_count(amount: Amount) -> float | None:
    """What is no count but was given as one, 0 or 7.5 or -3: the calculator says why it refuses it."""
    value = _signed(amount)
    plain = value is not None and amount.numeral.scale == 1.0 and not amount.numeral.weak
    return value if plain and _count(amount) is None else None


def _whole(amount: Amount) -> float | None:
    return _signed(amount) if amount.numeral.scale == 1.0 else None


def _count0(amount: Amount) -> float | None:
    return 0.0 if _number(amount) == 0 else _count(amount)


def _stage(amount: Amount) -> float | None:
    value = _number(amount)
    return value if value in (0.0, 1.0, 2.0, 3.0) else None


def _length(amount: Amount) -> float | None:
    """Tokens of a sequence: 32k is 32,768, as context windows are powers of two; 10k is 10,000."""
    value = _number(amount)
    if value is None or not 1 <= value <= 1e9:
        return None
    bare = amount.numeral.bare
    if amount.numeral.letter in ("k", "K") and bare == int(bare) and int(bare) & (int(bare) - 1) == 0:
        return bare * 1024
    return value if value == int(value) else None


def _klength(amount: Amount) -> float | None:
    """The 4k of "4k requests": tokens of a request rather than requests."""
    return _length(amount) if amount.numeral.letter in ("k", "K") else None


def _tokens(amount: Amount) -> float | None:
    """Tokens of whatever: a length while it may be one."""
    length = _length(amount)
    return length if length is not None and length < LEAST_BIG * 100 else _number(amount)


def _big(amount: Amount) -> float | None:
    value = _number(amount)
    return value if value is not None and LEAST_BIG <= value < LEAST_BUDGET else None


def _amount(amount: Amount) -> float | None:
    return _number(amount)


def _duration(amount: Amount) -> float | None:
    """A time of a schedule, in whatever unit all of them are given."""
    return amount.numeral.value if amount.kind == "time" else _between(0, 1e5)(amount)


def _share(amount: Amount) -> float | None:
    share, value = amount.read("share"), _number(amount)
    if share is not None:
        return share if 0 <= share <= 1 else None
    return value if value is not None and 0 <= value <= 1 else None


def _percent(amount: Amount) -> float | None:
    """45 beside "MFU" is 45%; 1.3 is no share, and the calculator says so."""
    value = _number(amount)
    if value is None or value <= 1:
        return None
    return value / 100 if 2 <= value <= 100 else value if value < 2 else None


def _ratio(amount: Amount) -> float | None:
    share, value = amount.read("share"), _number(amount)
    return share if share is not None else value if value is not None and value <= MOST_TIMES else None


def _signed(amount: Amount) -> float | None:
    value = amount.read("number")
    return None if value is None else -value if amount.numeral.negative else value


def _between(low: float, high: float) -> Callable[[Amount], float | None]:
    def read(amount: Amount) -> float | None:
        value = _number(amount)
        return value if value is not None and low <= value <= high else None

    return read


def _width_bytes(amount: Amount) -> float | None:
    bits, whole = amount.read("bits"), amount.read("bytes")
    if bits is None and whole is not None and whole <= WIDEST_BYTES:
        return whole
    return None if bits is None else bits / 8


READERS: dict[str, Reader] = {
    name: Reader(plain, _or(plain, *extra))
    for name, (plain, *extra) in {
        "count": (_count, _wrong_count),
        "dim": (_dim, _count, _wrong_count),
        "count0": (_count0,),
        "stage": (_stage, _whole),
        "length": (_length,),
        "tokens": (_tokens,),
        "tokens_amount": (_between(2, 1e10),),
        "big": (_big,),
        "amount": (_amount,),
        "bytes_each": (_or(_kind("bytes_each"), _between(0.01, 200), _kind("bytes")),),
        "klength": (_klength,),
        "mb": (_kind("mb"),),
        "small": (_between(0, 1e4),),
        "duration": (_duration,),
        "share": (_share, _percent),
        "ratio": (_ratio,),
        "signed": (_signed,),
        "bytes": (_kind("bytes"),),
        "rate": (_kind("rate"), _kind("rate_bare")),
        "time": (_kind("time"),),
        "flops": (_kind("flops"), _between(1e15, 1e30)),
        "flops_rate": (_kind("flops_rate"), _between(1e11, 1e17)),
        "tokens_rate": (_kind("tokens_rate"), _between(1, 1e9)),
        "money": (_kind("money"), _between(0.01, 100)),
        "power": (_kind("power"), _between(20, 3000)),
        "intensity": (_kind("intensity"), _between(0.001, 2)),
        "gpu_hours": (_kind("gpu_hours"), _between(1, 1e10)),
        "width": (_kind("bits"), _between(1, 32)),
        "width_bytes": (_width_bytes,),
        "bitcount": (_kind("bits"), _between(1, 32)),
    }.items()
}


def value_of(item: Item, kind: str, *, named: bool) -> float | None:
    """The item as a value of the type `kind`; `named` where it stands right beside the quantity's name."""
    if item.sort == "dtype":
        if kind in ("width", "bitcount"):
            return item.width * 8
        return item.width if kind == "width_bytes" else None
    if item.amount is None:
        return None
    reader = READERS[kind]
    return (reader.named if named else reader.plain)(item.amount)
