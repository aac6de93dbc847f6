"""Topics of the field: what they are, and which of them a title or text is about.

Owns the topic files beside it (one TOML file a topic) and the tagger. Refuses to guess: what is
about none of the topics stays without a tag. Invariant: a tag names the phrase or word that
earned it, and the same text always gets the same tags.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING

from pydantic import Field

from kb.text import tokens
from kb.topics._rules import Evidence, Rules
from kb.types import Frozen

if TYPE_CHECKING:
    from kb.topics._classifier import Classifier

TIERS = {"strong": 3.0, "medium": 1.5, "weak": 0.6, "against": -2.0}
NONE = "none"
"""Class of the examples that belong to no topic."""
MOST_TAGS = 3
TEXT_LIMIT = 4000
"""Characters of a text that are read: what a work is about is said at its beginning."""
DOUBT = 0.6
"""Log-odds added to `none`: an untagged work does less harm than one with a wrong tag."""
SHARPNESS = 0.6
"""Scales log-odds to scores, so that of the tags with score s about a share s is right."""
SECOND_TAG = 5.0
"""A further tag lies at most this far, in log-odds, below the first."""


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


@cache
def load_examples() -> tuple[tuple[str, str], ...]:
    """Return the labelled examples that come with the product, as (topic or `none`, text)."""
    lines = resources.files(__name__).joinpath("examples.tsv").read_text(encoding="utf-8").splitlines()
    return tuple((label, text) for label, _, text in (line.partition("\t") for line in lines if line))


class Tagger:
    """Tags titles and texts with topics: phrase rules and a small classifier, their log-odds added."""

    def __init__(
        self, topics: Mapping[str, Topic] | None = None, examples: Sequence[tuple[str, str]] | None = None
    ) -> None:
        """Use the given topics and examples, by default those that come with the product.

        The classifier learns at first use, in a fraction of a second.
        """
        self._topics = dict(topics if topics is not None else load_topics())
        self._examples = tuple(examples if examples is not None else load_examples())
        self._rules = Rules(self._topics.values())

    @cached_property
    def _classifier(self) -> "Classifier":
        from kb.topics._classifier import Classifier  # numpy is loaded only when something is tagged

        return Classifier(self._examples)

    def tag(self, title: str, text: str = "") -> list[Tag]:
        """Return up to three topics, the best first; none if nothing is more likely than no topic."""
        title, text = _parts(title, text)
        margins, evidence = self._margins(title, text)
        ranked = sorted((slug for slug in margins if margins[slug] > 0), key=lambda slug: (-margins[slug], slug))
        if not ranked:
            return []
        lowest = margins[ranked[0]] - SECOND_TAG
        chosen = ranked[:1] + [
            slug
            for slug in ranked[1:]
            if margins[slug] >= lowest and slug in evidence and evidence[slug].weight >= TIERS["medium"]
        ]
        return [
            Tag(
                topic=slug,
                score=_score(margins[slug]),
                reason=self._reason(slug, title, text, evidence.get(slug)),
                subtopic=evidence[slug].subtopic if slug in evidence else "",
            )
            for slug in chosen[:MOST_TAGS]
        ]

    def scores(self, title: str, text: str = "") -> dict[str, float]:
        """Return for every topic how likely it is against no topic, 0 to 1; 0.5 is the threshold."""
        margins, _ = self._margins(*_parts(title, text))
        return {slug: _score(margin) for slug, margin in margins.items()}

    def subtopics(self, title: str, text: str = "") -> dict[str, str]:
        """Return for each topic that has phrases in a text the part of it that they speak of, empty where of none."""
        found = self._rules.find(*_parts(title, text))
        return {slug: evidence.subtopic for slug, evidence in found.items()}

    def _margins(self, title: str, text: str) -> tuple[dict[str, float], dict[str, Evidence]]:
        """Log-odds of each topic against no topic, and the phrases behind them."""
        if not title and not text:
            return dict.fromkeys(self._topics, -math.inf), {}
        evidence = self._rules.find(title, text)
        learned = self._classifier.log_odds(title, text)
        base = learned.get(NONE, 0.0) + DOUBT
        margins = {
            slug: learned.get(slug, 0.0) - base + (evidence[slug].score if slug in evidence else 0.0)
            for slug in self._topics
        }
        return margins, evidence

    def _reason(self, slug: str, title: str, text: str, evidence: Evidence | None) -> str:
        """The phrase that earned a tag, or else the words that the classifier went by."""
        if evidence is not None and evidence.best_weight >= TIERS["medium"] * 0.5:
            return evidence.best
        if slug not in self._classifier.classes or NONE not in self._classifier.classes:
            return evidence.best if evidence is not None else ""
        surface: dict[str, str] = {}
        for word in f"{title} {text}".split():
            for token in tokens(word):
                surface.setdefault(token, word.strip(".,;:()[]\"'"))
        features = self._classifier.telling(title, text, slug, NONE)
        words = dict.fromkeys(" ".join(surface.get(part, part) for part in name.split(" ")) for name in features)
        return "words: " + ", ".join(words)


def _parts(title: str, text: str) -> tuple[str, str]:
    """Title and beginning of the text; the first words stand in for a missing title."""
    title, text = title[:TEXT_LIMIT].strip(), text[:TEXT_LIMIT].strip()
    return title or text[:200], text


def _score(margin: float) -> float:
    """A margin in log-odds as a score between 0 and 1."""
    return round(1 / (1 + math.exp(-max(-60.0, min(60.0, SHARPNESS * margin)))), 4)
