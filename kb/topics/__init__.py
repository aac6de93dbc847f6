"""Topics of the field: what they are, and which of them a title or text is about.

Owns the topic files beside it (one TOML file a topic) and the tagger. Refuses to guess: what is
about none of the topics stays without a tag. Invariant: a tag names the phrase or word that
earned it, and the same text always gets the same tags.
"""

import tomllib
from functools import cache
from importlib import resources

from pydantic import Field

from kb.types import Frozen

TIERS = {"strong": 3.0, "medium": 1.5, "weak": 0.6, "against": -2.0}


class Subtopic(Frozen):
    """A part of a topic, found by phrases of its own."""

    slug: str
    title: str
    phrases: tuple[str, ...]


class Topic(Frozen):
    """One topic as its file describes it."""

    slug: str
    title: str
    description: str
    phrases: dict[str, float]
    """Phrases of both languages by weight; a negative weight speaks against the topic."""
    subtopics: tuple[Subtopic, ...] = ()
    arxiv_query: str
    """In the query language of arXiv's API."""
    colour: str
    """Name of its fixed hue wherever it is shown."""


class Tag(Frozen):
    """One topic of a work."""

    topic: str
    score: float = Field(ge=0, le=1)
    reason: str
    """The phrase or words that earned it."""
    subtopic: str = ""


def _read(slug: str, text: str) -> Topic:
    data = tomllib.loads(text)
    tiers = data.pop("phrases")
    phrases = {phrase: TIERS[tier] for tier in reversed(TIERS) for phrase in tiers.get(tier, ())}
    subtopics = tuple(Subtopic.model_validate(part) for part in data.pop("subtopics", ()))
    return Topic(slug=slug, phrases=phrases, subtopics=subtopics, **data)


@cache
def load_topics() -> dict[str, Topic]:
    """Return the topics by slug, in the order of their titles' first appearance here."""
    files = [entry for entry in resources.files(__name__).iterdir() if entry.name.endswith(".toml")]
    topics = [_read(entry.name.removesuffix(".toml"), entry.read_text(encoding="utf-8")) for entry in files]
    return {topic.slug: topic for topic in sorted(topics, key=lambda topic: topic.slug)}
