"""The one entry of the router: from a question and its history to a `Route`.

Owns the order of the steps: read, rank, carry over, assemble, decide. Reads nothing but its arguments. Invariant: a
request names only fields, outputs and units of its calculator; a library route has none.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from chat.router._assemble import IDLE, requests
from chat.router._bind import Bindings, bind
from chat.router._decide import kind_of
from chat.router._facts import Facts, gather
from chat.router._features import features_of, holds
from chat.router._follow import (
    MOST_PIECES,
    State,
    carry,
    earlier_questions,
    has_own_subject,
    is_check,
    is_follow_up,
    is_fragment,
    is_reply,
    refers_back,
    speaks_of_calculator,
)
from chat.router._items import Row, read_row
from chat.router._lexicon import lexicon
from chat.router._routes import LEAST, LITTLE, Way, rank, way_to
from chat.router._types import CalculatorRequest, Route, RouteKind, Turn

MOST_PARTS = 4
MOST_TURNS = 12
"""Earlier questions that are read."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A question with what was made of it."""

    row: Row
    features: frozenset[str]
    way: Way | None
    facts: Facts | None
    requests: tuple[CalculatorRequest, ...]
    kind: RouteKind


def route(question: str, history: Sequence[Turn | Mapping[str, str]] = ()) -> Route:
    """Return where a question goes, with the sums that it asks for.

    `history` holds the earlier messages, oldest first; of these only the reader's own are read.
    """
    state: State | None = None
    for earlier in earlier_questions(history)[-MOST_TURNS:]:
        state = _remember(earlier, _read(earlier, state)[0], state) or state
    reading, continued = _read(question, state)
    if reading.kind == "library":
        return Route(kind="library", continued=continued)
    return Route(kind=reading.kind, requests=reading.requests, continued=continued)


def _remember(question: str, reading: _Reading, state: State | None) -> State | None:
    if reading.way is None or reading.facts is None or reading.kind == "library":
        return None
    row = reading.row
    if state is not None and not reading.requests[0].ready and (is_check(row) or has_own_subject(row, state)):
        return None  # a statement about another thing is no sum to go on from
    missing = tuple(item.name for item in reading.requests[0].missing)
    return State(reading.way, reading.facts, question, missing)


def _read(question: str, state: State | None) -> tuple[_Reading, str]:
    """Read a question, alone or as the continuation of what came before."""
    row = read_row(question)
    bindings = bind(row, frozenset(lexicon().types), generic=False)
    features = features_of(row, bindings)
    several = _several(row, bindings)
    way = several[0] if several else _best(row, features, bindings)
    if state is not None:
        reading = _continue(row, features, way, state)
        if reading is not None:
            return reading, state.question
    if way is None:
        return _Reading(row, features, None, None, (), "library"), ""
    facts = gather(row, way)
    made = tuple(requests(way, facts))
    for other in several[1:]:
        made += tuple(requests(other, gather(row, other)))
    if not several:
        made += _cache_beside(row, features, made)
    made = _idle_once(made)
    return _Reading(row, features, way, facts, made, kind_of(row, features, made[0])), ""


def _idle_once(made: tuple[CalculatorRequest, ...]) -> tuple[CalculatorRequest, ...]:
    """Say of a number that it is not used only if none of several requests uses it."""
    if len(made) < 2:
        return made
    idle = [[note.removeprefix(IDLE).split(", ") for note in one.notes if note.startswith(IDLE)] for one in made]
    unused = [text for text in (idle[0] or [[]])[0] if all(found and text in found[0] for found in idle)]
    kept = [tuple(note for note in one.notes if not note.startswith(IDLE)) for one in made]
    kept[0] += (IDLE + ", ".join(unused),) if unused else ()
    return tuple(one.model_copy(update={"notes": notes}) for one, notes in zip(made, kept, strict=True))


def _cache_beside(
    row: Row, features: frozenset[str], made: Sequence[CalculatorRequest]
) -> tuple[CalculatorRequest, ...]:
    """The KV cache beside the weights, where memory to run a model at a stated length is asked for."""
    weights = made[0]
    if weights.calculator != "quant_size" or weights.output != "bytes" or not holds("MEMORY|FIT|CAN", features):
        return ()
    facts = gather(row, way_to("kv_cache"))
    if facts.first("seq_len", "request_len", "prompt_len", "output_len", "length_any") is None or holds(
        "WEIGHTS", features
    ):
        return ()
    # "q4" is how the weights are kept, unless the cache is named with it.
    given = {key: found for key, found in facts.given.items() if key not in ("dtype", "weight_dtype", "format")}
    return tuple(requests(way_to("kv_cache"), replace(facts, given=given)))


CLOSE = 1.2
"""Ways whose scores lie this near to the best are tried."""
MOST_TRIED = 5


def _best(row: Row, features: frozenset[str], bindings: Bindings) -> Way | None:
    """The way that the question fits best: by what it speaks of, and by what its numbers fill."""
    ranked = rank(features, bindings)
    top = ranked[0][0] if ranked else 0.0
    close = [(score, way) for score, way in ranked if score >= max(top - CLOSE, LITTLE)][:MOST_TRIED]
    if not close or (len(close) == 1 and top >= LEAST):
        return close[0][1] if close else None
    tried = [(score + _filled(row, way), score, way) for score, way in close]
    total, score, way = max(tried, key=lambda item: item[0])
    return way if score >= LEAST or total >= score + WELL_FILLED else None


def _filled(row: Row, way: Way) -> float:
    """How well the numbers of a question fill a calculator: all used and nothing missing is worth two."""
    facts = gather(row, way)
    request = requests(way, facts, most=1)[0]
    numbers = [row.folded.span(item.start, item.end) for item in row.items if item.sort in ("amount", "list")]
    used = sum(any(span.start < end and start < span.end for span in request.spans) for start, end in numbers)
    share = used / len(numbers) if numbers else 0.0
    return 2.0 * share - 0.6 * len(request.missing) - 1.0 * bool(request.problem) - 1.0 * (used < 2)


_QUESTION = re.compile(
    r"(?:[,，;；.。?？、]\s*(?:and\s+|also\s+)?|\band\s+|\bplus\s+|\bas well as\s+|以及|并且|同时|还有|和)"
    r"(?=(?:how|what|which|the\s+(?:cost|time|memory|energy|number)|需?要?多[少久大长]|需要|花多少|成本|总?(?:费用|时间|显存|耗电)))",
    re.IGNORECASE,
)
WELL_FILLED = 1.6
"""What a way that the words alone do not reach must be filled by."""
CLEAR = 2.4
"""The score from which a part of a question asks for a calculator of its own."""


def _several(row: Row, bindings: Bindings) -> list[Way]:
    """The calculators that the parts of a question ask for, where they are two or more."""
    text = row.folded.text
    cuts = [match.end() for match in _QUESTION.finditer(text)][:MOST_PARTS]
    found: list[Way] = []
    for start, end in pairwise([0, *cuts, len(text)]):
        features = features_of(row, bindings, (start, end))
        ranked = rank(features, bindings) if holds("AMOUNT|COMPUTE|DEFINE|HOWLONG|COST|SIZE", features) else []
        if ranked and ranked[0][0] >= CLEAR and ranked[0][1] not in found:
            found.append(ranked[0][1])
    return found if len(found) > 1 else []


def _continue(row: Row, features: frozenset[str], way: Way | None, state: State) -> _Reading | None:
    """The question as a continuation; None where it stands alone, or changes nothing of the earlier one."""
    if not (is_follow_up(row) or is_reply(row, state) or refers_back(row) or (way is None and is_fragment(row))):
        return None
    if has_own_subject(row, state):
        return None
    other = way is not None and way.calculator != state.way.calculator and speaks_of_calculator(features, way)
    chosen = way if other and way is not None else state.way
    fresh = gather(row, chosen)
    if not other and not fresh.given and len(row.items) > MOST_PIECES:
        return None  # a few words may still ask for another unit: "in GiB?"
    if way is not None and not other and _stands_alone(row, features, way):
        return None
    facts = carry(state, chosen, fresh)
    made = tuple(requests(chosen, facts))
    if not other and _outcomes(made) == _outcomes(requests(state.way, state.facts)):
        return None
    kind = kind_of(row, features, made[0])
    if kind == "library" and (other or "WHY" in features or "STRONG_LIT" in features or "EXPLAIN" in features):
        return None
    return _Reading(row, features, chosen, facts, made, "calculator" if kind == "library" else kind)


def _outcomes(made: Iterable[CalculatorRequest]) -> list[object]:
    return [(one.inputs, one.output, one.unit, one.missing) for one in made]


def _stands_alone(row: Row, features: frozenset[str], way: Way) -> bool:
    """Whether a question that begins like a continuation says all that its calculator needs."""
    if not speaks_of_calculator(features, way):
        return False
    return all(request.ready for request in requests(way, gather(row, way)))
