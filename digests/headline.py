"""A digest's title and its summary: two or three sentences that state only what was counted.

Pure. Refuses adjectives: a trend is named with its counts, or not at all.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from digests.movements import Tally
from digests.quarter import shift, short
from digests.types import Entry, Movement
from kb.markup import day, plain
from kb.text import fold_space
from kb.topics import load_topics

FEW = 3
"""Up to so many documents, a title counts them and names no trend."""


class Outline(NamedTuple):
    """What a headline is made from."""

    quarter: str
    now: Tally
    works: int
    movements: Sequence[Movement]
    must_reads: Sequence[Entry]
    dates: Sequence[str]
    """Of the quarter's documents, as stated."""
    only: Entry | None = None
    """The one work of a quarter that has no other."""
    lists: int = 0
    """Documents that list works of others."""
    listed: Mapping[str, int] = MappingProxyType({})
    """The works that they list, by topic; `other` has none."""
    earlier: int = 0
    undated: int = 0
    complete: bool = True


def title_of(outline: Outline) -> str:
    """Return `Q1'23: …` with the quarter's one or two movements, or else what it is mostly about."""
    return f"{short(outline.quarter)}: {_theme(outline)}"


def _theme(outline: Outline) -> str:
    number = outline.now.documents
    if not number:
        return "no documents" if not outline.undated else f"{_count(outline.undated, 'undated document')}"
    if number == outline.lists == 1:
        topics = [name for name, _ in _topics(outline.listed)][:2]
        return (
            f"one list of {_count(sum(outline.listed.values()), 'work')}{f', on {_listed(topics)}' if topics else ''}"
        )
    if number <= FEW:
        topics = [name for name, _ in _topics(outline.now.topics)][:FEW]
        return f"{_count(number, 'document')}{f', on {_listed(topics)}' if topics else ''}"
    leading = _leading(outline.now)
    rising = [_name(m) for m in outline.movements if m.kind == "topic" and _share(m) > 0]
    falling = [_name(m) for m in outline.movements if m.kind == "topic" and _share(m) < 0]
    terms = [m.subject for m in outline.movements if m.kind == "term" and _share(m) > 0]
    if rising and falling:
        return f"more on {rising[0]}, less on {falling[0]}"
    if rising:
        return f"more on {_listed(rising[:2])}"
    if falling:
        return f"less on {falling[0]}" + (f", most on {leading[0]}" if leading and leading[0] not in falling else "")
    if terms:
        return f"more of {_listed(terms[:2])}"
    if not leading:
        return f"{_count(number, 'document')} on none of the topics"
    if len(leading) == 1:
        return f"mostly {leading[0]}"
    return f"mostly {_listed(leading[:2])}"


def _topics(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The topics' titles with how many have them, the most first."""
    titles = load_topics()
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(titles[slug].title.lower(), number) for slug, number in found if slug in titles]


def _leading(now: Tally) -> list[str]:
    """The topics with most documents: one that half of them have, or the first two."""
    names = _topics(now.topics)
    if names and names[0][1] * 2 > now.documents and (len(names) == 1 or names[0][1] >= 2 * names[1][1]):
        return [names[0][0]]
    return [name for name, _ in names[:2]]


def summary_of(outline: Outline) -> str:
    """Return the counts, the movements and the must-reads, a sentence each."""
    parts = [_counts(outline)]
    if outline.lists:
        parts.append(_lists(outline))
    if moved := _movements(outline):
        parts.append(moved)
    if outline.must_reads:
        names = [f"“{_title(entry)}”" for entry in outline.must_reads]
        parts.append(f"Must-read{'s' * (len(names) > 1)}: {_listed(names)}.")
    return " ".join(parts)


def _counts(outline: Outline) -> str:
    number = outline.now.documents
    tail = [f"{outline.earlier:,} published earlier came to the library"] if outline.earlier else []
    tail += [f"{outline.undated:,} without a date"] if outline.undated else []
    more = f"; {_listed(tail)}" if tail else ""
    if not number:
        when = "is dated in" if outline.complete else "is dated so far in"
        return f"No document of the library {when} {short(outline.quarter)}{more}."
    if number == 1:
        topics = [name for name, _ in _topics(outline.now.topics)]
        name = f": “{_title(outline.only)}”" if outline.only else ""
        return f"One document{f', on {_listed(topics)}' if topics else ''}{name}{more}."
    works = f" about {_count(outline.works, 'work')}" if outline.works and outline.works != number else ""
    head = f"{_count(number, 'document')}{works}{_span(outline.dates)}"
    topics = [f"{count:,} on {name}" for name, count in _topics(outline.now.topics)]
    rest = outline.now.topics.get("other", 0)
    if rest and topics:
        topics.append(f"{rest:,} on none of these")
    elif rest:
        topics.append("none on the topics of the library")
    sofar = "" if outline.complete else " so far"
    return f"{head[0].upper()}{head[1:]}{sofar}: {_listed(topics)}{more}."


def _lists(outline: Outline) -> str:
    """How many works the lists among the documents name, by topic."""
    works = sum(outline.listed.values())
    topics = [f"{count:,} on {name}" for name, count in _topics(outline.listed)]
    if rest := outline.listed.get("other", 0):
        topics.append(f"{rest:,} on none of these" if topics else "none on the topics of the library")
    if outline.now.documents == 1:
        who = "It lists"
    else:
        who = "A list among them names" if outline.lists == 1 else f"{outline.lists:,} lists among them name"
    return f"{who} {_count(works, 'work')}: {_listed(topics)}."


def _span(dates: Sequence[str]) -> str:
    """From when to when, where the documents state their days."""
    days = sorted(date[:10] for date in dates if len(date) >= 10)
    if len(days) < 2 or len(days) != len(dates) or days[0] == days[-1]:
        return ""
    return f" from {day(days[0])} to {day(days[-1])}"


def _movements(outline: Outline) -> str:
    topics = [m for m in outline.movements if m.kind == "topic"][:3]
    terms = [m for m in outline.movements if m.kind == "term" and _share(m) > 0][:2]
    if not topics and not terms:
        return ""
    first = (topics or terms)[0]
    told = [_moved(m, _name(m) if m.kind == "topic" else f"the term “{m.subject}”") for m in [*topics, *terms]]
    before = short(shift(outline.quarter, -1))
    return f"Against {before} ({first.total_before:,} documents, now {first.total_now:,}), {_listed(told)}."


def _moved(movement: Movement, name: str) -> str:
    rose = _share(movement) > 0
    if rose == (movement.now > movement.before) and movement.now != movement.before:
        return f"{name} {'rose' if rose else 'fell'} from {movement.before:,} to {movement.now:,}"
    return f"{name} {'rose' if rose else 'fell'} as a share, with {movement.before:,} then and {movement.now:,} now"


def _share(movement: Movement) -> float:
    return movement.now / max(1, movement.total_now) - movement.before / max(1, movement.total_before)


def _name(movement: Movement) -> str:
    titles = load_topics()
    return titles[movement.subject].title.lower() if movement.subject in titles else movement.subject


def _title(entry: Entry) -> str:
    title = fold_space(plain(entry.title)) or "Untitled"
    return title.rstrip(" .…") + "…" if entry.title_estimated else title


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"one {noun}"
    return f"{number:,} {noun}s"


def _listed(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
