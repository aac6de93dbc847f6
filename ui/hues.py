"""The fixed hues of topics: one each, everywhere alike, in tags, charts and timelines.

Pure. Invariant: the pairs are those of `.streamlit/config.toml`, and each has AA contrast on its
paper, light and dark.
"""

from functools import cache

from kb.topics import load_topics

# On light paper and on dark.
HUES = {
    "indigo": ("#40509E", "#9DAAF0"),
    "ochre": ("#8A6408", "#DDB65A"),
    "teal": ("#176B66", "#6CC3B6"),
    "crimson": ("#A32A48", "#EE93A6"),
    "olive": ("#5A6B1E", "#B4C66C"),
    "grey": ("#6B675F", "#A8A39A"),
}
PAPER = ("#FBFAF6", "#14181D")
OTHER = "other"


@cache
def _topics() -> dict[str, tuple[str, str]]:
    """Return each topic's title and hue by slug, in the order of charts."""
    known = load_topics().items()
    found = {slug: (topic.title, topic.colour if topic.colour in HUES else "grey") for slug, topic in known}
    return found | {OTHER: ("Other", "grey")}


def topic_slugs() -> list[str]:
    """Return the topics' slugs in their fixed order, `other` not among them."""
    return [slug for slug in _topics() if slug != OTHER]


def title_of(topic: str) -> str:
    """Return a topic's title; an unknown slug stands for itself."""
    return _topics().get(topic, (topic.capitalize(), ""))[0]


def hue_of(topic: str) -> str:
    """Return the name of a topic's hue."""
    return _topics().get(topic, ("", "grey"))[1]


def colours(topics: list[str], dark: bool) -> list[str]:
    """Return the topics' colours on light or dark paper."""
    return [HUES[hue_of(topic)][int(dark)] for topic in topics]
