"""The must-reads of a quarter: three to five works by a sum of values that is printed with each.

Pure. Every value comes from the work itself or from what the library says of it, none from how the
other works are spread, so that one more document changes the must-reads only where it earns a place.
"""

import math
from collections.abc import Mapping, Sequence

from digests.brief import LIST
from digests.named import OPINIONS
from digests.sentences import count_words
from digests.types import Entry, Highlight
from kb.topics import load_topics
from kb.types import Kind

FEWEST, MOST = 3, 5
NAMED, RESULT, CODE, ABOUT, TOPIC, AGAIN = 2.0, 0.5, 0.5, 0.5, 1.0, 1.0
MOST_RESULTS, MOST_ABOUT = 3, 2
CRITERION = (
    f"The sum of: {NAMED:g} for each doubling of the documents that name it (log2 of one more than their number); "
    f"the best opinion in your own notes (very good {OPINIONS['very-good']:g}, good {OPINIONS['good']:g}, useful or "
    f"interesting {OPINIONS['useful']:g}, question {OPINIONS['question']:g}); {RESULT:g} for each measured result that "
    f"it states, at most {MOST_RESULTS}; {ABOUT:g} for each further document about it, at most {MOST_ABOUT}; "
    f"{CODE:g} for code; up to {TOPIC:g} for how clearly it belongs to its topic. Less {AGAIN:g} for each must-read of "
    "the same topic above it. Pinned works come first; withdrawn works and notebooks are none, nor, unless pinned, "
    "lists of other works and works of which no more than a title or a line is known."
)
LEAST_KNOWN = 20
"""Words of sentences from which on more than a line of a work is known."""


def must_reads(
    entries: Sequence[Entry], results: Mapping[str, int], clearness: Mapping[str, float]
) -> tuple[Highlight, ...]:
    """Return the must-reads among a quarter's entries, best first.

    Args:
        results: measured results that a work states, by document.
        clearness: score of the first topic, 0 to 1, by document.
    """
    fit = [entry for entry in entries if _is_fit(entry)]
    # Of a single work none is chosen: there is nothing beside it.
    wanted = min(len(fit), FEWEST + (len(fit) > 12) + (len(fit) > 24)) * (len(entries) > 1)
    pinned = [entry for entry in fit if entry.pinned][:MOST]
    chosen = list(pinned)
    worth = {entry.doc_id: _worth(entry, results, clearness) for entry in fit}
    while len(chosen) < max(wanted, len(pinned)):
        above = [_topic(entry) for entry in chosen]
        taken = {entry.doc_id for entry in chosen}
        rest = [entry for entry in fit if entry.doc_id not in taken]
        chosen.append(min(rest, key=lambda e: (-(worth[e.doc_id] - AGAIN * _again(e, above)), e.published, e.doc_id)))
    return tuple(
        Highlight(doc_id=entry.doc_id, reason=_reason(entry, results, clearness), score=round(worth[entry.doc_id], 2))
        for entry in chosen
    )


def _is_fit(entry: Entry) -> bool:
    if entry.status != "current" or entry.kind is Kind.NOTES:
        return False
    known = sum(count_words(sentence.text) for sentence in entry.sentences)
    return entry.pinned or (len(entry.names) < LIST and known >= LEAST_KNOWN)


def _topic(entry: Entry) -> str:
    return entry.topics[0] if entry.topics else ""


def _again(entry: Entry, above: Sequence[str]) -> int:
    return above.count(_topic(entry)) if entry.topics else 0


def _worth(entry: Entry, results: Mapping[str, int], clearness: Mapping[str, float]) -> float:
    opinion = _opinion(entry)
    return (
        NAMED * math.log2(1 + len(entry.named_by))
        + OPINIONS.get(opinion, 0.0)
        + RESULT * min(MOST_RESULTS, results.get(entry.doc_id, 0))
        + ABOUT * min(MOST_ABOUT, len(entry.also))
        + CODE * bool(entry.code_urls)
        + TOPIC * clearness.get(entry.doc_id, 0.0)
    )


def _opinion(entry: Entry) -> str:
    labels = {label for opinion in entry.opinions for label in opinion.labels}
    return max(labels & OPINIONS.keys(), key=lambda label: (OPINIONS[label], label), default="")


def _reason(entry: Entry, results: Mapping[str, int], clearness: Mapping[str, float]) -> str:
    """The values that made it one, in words, the weightiest first."""
    named, about, found = len(entry.named_by), len(entry.also), results.get(entry.doc_id, 0)
    parts = ["pinned by you"] if entry.pinned else []
    if opinion := _opinion(entry):
        parts.append(f"your notes: {opinion.replace('-', ' ')}")
    if named:
        parts.append(f"named by {named} document{'s' * (named > 1)}")
    if found:
        parts.append(f"{found} measured result{'s' * (found > 1)}")
    if about:
        parts.append(f"{about} further document{'s' * (about > 1)} about it")
    if entry.code_urls:
        parts.append("code")
    if entry.topics and (topic := load_topics().get(entry.topics[0])):
        parts.append(f"belongs to {topic.title} by {clearness.get(entry.doc_id, 0.0):.2f}")
    return ", ".join(parts) or "the best of few: no document names it, and it states no measured result"
