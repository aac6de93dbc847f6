"""What rose and what fell against the quarter before: topics and terms, by the documents that have them.

Pure. A movement is told with its counts, never as a percentage alone. Refuses to read a trend out of
a handful of documents: where either quarter is tiny, nothing moved.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from digests.types import Movement

LEAST_DOCUMENTS = 5
"""In each of the two quarters."""
LEAST_COUNT = 3
SIGNIFICANT = {"topic": 2.71, "term": 3.84}
"""Of the log-likelihood ratio of two shares: one in ten and one in twenty by chance (chi-square, 1 degree of freedom).
Topics are few; of the many terms, some would pass a lower bar by chance."""
LEAST_SHARE = 0.08
MOST_TERMS = 4
NO_TOPIC = "other"
"""What documents without a topic are counted under: no topic, so that it does not move."""


class Tally(NamedTuple):
    """How many documents of a quarter have each topic and name each term."""

    documents: int
    topics: Mapping[str, int]
    terms: Mapping[str, int]


def tally(topics: Iterable[Sequence[str]], terms: Iterable[Sequence[str]]) -> Tally:
    """Count documents by topic and by term; each document is given once in both."""
    found = list(topics)
    return Tally(
        len(found),
        Counter(topic for each in found for topic in dict.fromkeys(each)),
        Counter(term for each in terms for term in dict.fromkeys(each)),
    )


def movements(before: Tally, now: Tally, ignored: Iterable[str] = ()) -> tuple[Movement, ...]:
    """Return the topics and then the terms that moved, those that moved most first.

    Args:
        ignored: terms that say no more than a topic does.
    """
    if min(before.documents, now.documents) < LEAST_DOCUMENTS:
        return ()
    skipped = {term.lower() for term in ignored}
    topics = [m for m in _moved(before, now, "topic") if m.subject != NO_TOPIC]
    terms = [m for m in _moved(before, now, "term") if m.subject.lower() not in skipped]
    rising = _distinct([m for m in terms if _change(m) > 0])
    falling = _distinct([m for m in terms if _change(m) < 0])
    return (*topics, *rising, *falling)


def _moved(before: Tally, now: Tally, kind: Literal["topic", "term"]) -> list[Movement]:
    old, new = (before.topics, now.topics) if kind == "topic" else (before.terms, now.terms)
    found = [
        Movement(
            subject=subject,
            kind=kind,
            before=old.get(subject, 0),
            now=new.get(subject, 0),
            total_before=before.documents,
            total_now=now.documents,
        )
        for subject in sorted({*old, *new})
        if max(old.get(subject, 0), new.get(subject, 0)) >= LEAST_COUNT
    ]
    found = [m for m in found if abs(_change(m)) >= LEAST_SHARE and strength(m) >= SIGNIFICANT[kind]]
    return sorted(found, key=lambda m: (-strength(m), m.subject))


def _change(movement: Movement) -> float:
    return movement.now / movement.total_now - movement.before / movement.total_before


def _distinct(found: Sequence[Movement]) -> list[Movement]:
    """The first few that do not say again, in more or fewer words, what an earlier one says."""
    kept: list[Movement] = []
    for movement in found:
        words = set(movement.subject.lower().split())
        if not any(words <= set(k.subject.lower().split()) or words >= set(k.subject.lower().split()) for k in kept):
            kept.append(movement)
    return kept[:MOST_TERMS]


def strength(movement: Movement) -> float:
    """Return the log-likelihood ratio of the two shares against one common share."""
    total = movement.total_before + movement.total_now
    common = (movement.before + movement.now) / total
    return 2 * sum(
        count * math.log(count / (part * share))
        for count, part, share in (
            (movement.before, movement.total_before, common),
            (movement.total_before - movement.before, movement.total_before, 1 - common),
            (movement.now, movement.total_now, common),
            (movement.total_now - movement.now, movement.total_now, 1 - common),
        )
        if count
    )
