"""Phrases of the topics found in a text, and what they are worth.

Pure. Knows the topic files' phrases and nothing of the classifier. Invariant: a phrase counts
once however often it occurs, and only where no longer listed phrase covers it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb._phrases import PhraseIndex, compact, phrase_key

if TYPE_CHECKING:
    from kb.topics import Topic

STRONG = 3.0
CEILING = 6.0
"""No number of phrases makes a topic more certain than two strong ones."""
TEXT_SHARE = 0.3
"""What a phrase in the text is worth beside the same phrase in the title; weak ones are worth nothing."""


@dataclass(frozen=True, slots=True)
class _Entry:
    topic: str
    phrase: str
    weight: float
    subtopic: str


@dataclass(slots=True)
class Evidence:
    """What the phrases say about one topic."""

    weight: float = 0.0
    best: str = ""
    """The phrase that weighs most."""
    best_weight: float = 0.0
    subtopics: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The weight, between the floor and the ceiling."""
        return max(-CEILING, min(CEILING, self.weight))

    @property
    def subtopic(self) -> str:
        """The subtopic with most weight, the first listed among equals; empty if none."""
        return max(self.subtopics, key=lambda slug: self.subtopics[slug], default="")


class Rules:
    """The phrases of all topics, looked up in one pass."""

    def __init__(self, topics: Iterable["Topic"]) -> None:
        self._index: PhraseIndex[_Entry] = PhraseIndex()
        for topic in topics:
            entries = {
                phrase_key(phrase): _Entry(topic.slug, phrase, STRONG, part.slug)
                for part in reversed(topic.subtopics)
                for phrase in part.phrases
            }
            for phrase, weight in topic.phrases.items():
                entries.setdefault(phrase_key(phrase), _Entry(topic.slug, phrase, weight, ""))
            for entry in entries.values():
                self._index.add(entry.phrase, entry)

    def find(self, title: str, text: str = "") -> dict[str, Evidence]:
        """Return the evidence by topic; topics without any phrase are left out."""
        found: dict[str, Evidence] = {}
        seen: set[tuple[str, str]] = set()
        for part, share in ((title, 1.0), (text, TEXT_SHARE)):
            if not part:
                continue
            for match in self._index.scan(compact(part)):
                for entry in match.values:
                    weak = share < 1 and abs(entry.weight) < 1
                    if not weak and (entry.topic, entry.phrase) not in seen:
                        seen.add((entry.topic, entry.phrase))
                        _count(found.setdefault(entry.topic, Evidence()), entry, share)
        return found


def _count(evidence: Evidence, entry: _Entry, share: float) -> None:
    worth = entry.weight * share
    evidence.weight += worth
    if worth > evidence.best_weight:
        evidence.best, evidence.best_weight = entry.phrase, worth
    if entry.subtopic:
        evidence.subtopics[entry.subtopic] = evidence.subtopics.get(entry.subtopic, 0.0) + worth
