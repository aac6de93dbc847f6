"""What a digest says in words of its own, the same on the page and in every export.

Pure, plain text. Owns the phrases for dates, badges, movements, coverage and origin; refuses to
repeat a place on the reader's disk, which an export would publish.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from digests.quarter import quarter_of, shift, short
from digests.summarise import gap_after
from digests.types import Digest, Entry, FailedSource, Highlight, LeftOut, Movement, Opinion, Section
from kb.markup import day, plain, source_name
from kb.references import of_url
from kb.text import fold_space, language_of
from kb.topics import load_topics
from kb.types import Frozen

_MONTHS = ("January to March", "April to June", "July to September", "October to December")
_BASIS = {"id": "estimated from the arXiv id", "title": "taken from the title", "file name": "taken from the file name"}
_TICKS = re.compile(r"`([^`]+)`")
MOST_AUTHORS = 4


class Badge(Frozen):
    """A word that marks an entry, and the sentence that explains it."""

    word: str
    why: str
    tone: Literal["bad", "warn", "good", "plain"] = "plain"


def count(number: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun: `1 document`, `2,310 documents`."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def listed(parts: Sequence[str]) -> str:
    """Return parts as a list in a sentence: `a, b and c`."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def span_of(quarter: str) -> str:
    """Return a quarter's months: `January to March 2023`."""
    return f"{_MONTHS[int(quarter[-1]) - 1]} {int(quarter[:4])}"


def topic_title(slug: str) -> str:
    """Return a topic's title; an unknown slug stands for itself."""
    known = load_topics()
    return known[slug].title if slug in known else slug.replace("-", " ").capitalize()


def hue_of(slug: str) -> str:
    """Return the name of a topic's hue."""
    known = load_topics()
    return known[slug].colour if slug in known else "grey"


def anchor_of(name: str) -> str:
    """Return where a part of a digest stands in a page."""
    return f"part-{name}"


def tongue(text: str) -> str:
    """Return the language tag of a text, empty where it is not known."""
    return {"en": "en", "zh": "zh", "mixed": "zh"}.get(language_of(text), "")


def name_of(entry: Entry | LeftOut) -> str:
    """Return an entry's title on one line; first words that stand in for one end in an ellipsis."""
    title = fold_space(plain(entry.title))
    if isinstance(entry, Entry) and entry.title_estimated:
        return title.rstrip(" .…") + "…"
    return title or "Untitled"


def run_together(sentences: Sequence[str], made: Sequence[str]) -> str:
    """Return sentences as running text, parted as their language parts them.

    Args:
        made: the sentences as they are written out, marked up or not.
    """
    gaps = ["", *(gap_after(sentence) for sentence in sentences[:-1])][: len(made)]
    return "".join(gap + words for words, gap in zip(made, gaps, strict=True))


def grouped(section: Section) -> list[tuple[str, list[Entry]]]:
    """Return a section's entries by subtopic, each title once, in the order of its first entry."""
    topics = load_topics()
    titles = {part.slug: part.title for part in topics[section.topic].subtopics} if section.topic in topics else {}
    found: dict[str, list[Entry]] = {}
    for entry in section.entries:
        found.setdefault(titles.get(entry.subtopic, entry.subtopic), []).append(entry)
    return list(found.items())


def authors_of(entry: Entry, most: int = MOST_AUTHORS) -> str:
    """Return who wrote a work; of many the first few are named."""
    names = [fold_space(plain(name)) for name in entry.authors]
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {count(rest, 'other')}" if rest > 0 else "")


def date_of(entry: Entry) -> str:
    """Return a work's date as it is read; an estimated one says so, and where only the quarter is known that stands."""
    if not entry.published:
        return short(entry.quarter) if entry.quarter else "undated"
    return f"about {day(entry.published)}" if entry.published_basis in _BASIS else day(entry.published)


def badges(entry: Entry, quarter: str) -> list[Badge]:
    """Return what an entry is marked with in the digest of a quarter."""
    made = []
    if entry.status == "withdrawn":
        made.append(Badge(word="withdrawn", why="Its authors withdrew it.", tone="bad"))
    if entry.updated:
        version = f", version {entry.version}" if entry.version else ""
        made.append(Badge(word="revised", why=f"Revised on {day(entry.updated)}{version}.", tone="warn"))
    first = entry.quarter or quarter_of(entry.published)
    if first and first < quarter:
        why = f"First published in {short(first)}, added to the library in {short(quarter)}."
        made.append(Badge(word=f"late, from {short(first)}", why=why, tone="warn"))
    if entry.published_basis in _BASIS:
        made.append(Badge(word="date estimated", why=f"The date is {_BASIS[entry.published_basis]}."))
    if entry.title_estimated:
        made.append(Badge(word="title unknown", why="The source names no title; these are its first words."))
    if entry.pinned:
        made.append(Badge(word="pinned", why="Pinned by the editor.", tone="good"))
    return made


def labels_of(opinion: Opinion) -> str:
    """Return the reader's verdicts on a work: `very good, useful`."""
    return ", ".join(label.replace("-", " ") for label in opinion.labels if ":" not in label)


def code_name(url: str) -> str:
    """Return the short name of a repository: `owner/name`."""
    reference = of_url(url)
    return reference.key if reference is not None and reference.kind == "github" else source_name(url)


def link_name(url: str) -> str:
    """Return what a work's own address leads to: `arXiv:2301.00001`, or its host."""
    reference = of_url(url)
    return f"arXiv:{reference.key}" if reference is not None and reference.kind == "arxiv" else source_name(url)


def rose(movement: Movement) -> bool:
    """Tell whether a topic's or term's share rose."""
    return movement.now * max(movement.total_before, 1) > movement.before * max(movement.total_now, 1)


def movement_words(movement: Movement) -> str:
    """Return a movement with its counts."""
    name = topic_title(movement.subject) if movement.kind == "topic" else f"“{fold_space(plain(movement.subject))}”"
    now = f"{movement.now:,} of {count(movement.total_now, 'document')}"
    return f"{name}: {now}, {movement.before:,} of {movement.total_before:,} the quarter before"


def reason_words(highlight: Highlight) -> str:
    """Return why a work is a must-read; values that stand between backticks are quoted."""
    return _TICKS.sub(r"“\1”", fold_space(plain(highlight.reason)))


def by_reason(left_out: Iterable[LeftOut]) -> list[tuple[str, list[LeftOut]]]:
    """Return documents by the reason why they have no entry, the most frequent reason first."""
    found: dict[str, list[LeftOut]] = {}
    for one in left_out:
        found.setdefault(one.reason, []).append(one)
    return sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def coverage_words(digest: Digest) -> str:
    """Return how every document of the quarter is accounted for."""
    covered = digest.coverage
    parts = [f"{covered.shown:,} shown in {count(covered.works, 'entry', 'entries')}"]
    parts.append(f"{covered.left_out:,} left out")
    parts.append(f"{covered.undated:,} undated")
    failed = count(covered.failed_sources, "source")
    tail = f" {failed} could not be read." if covered.failed_sources else ""
    return f"{count(covered.in_quarter, 'document')} in the quarter: {listed(parts)}.{tail}"


def built_words(digest: Digest) -> str:
    """Return how a digest was made, and from what."""
    built = digest.built_from
    model = f"with the language model {built.model}" if built.model else "without a language model"
    before = short(shift(digest.quarter, -1))
    return (
        f"Built from {count(built.documents, 'document')} by the method “{built.method}”, {model}. "
        f"Movements compare with {before}. Equal libraries give this text byte for byte; "
        f"its fingerprint is {built.fingerprint or 'none'}."
    )


def edited_words(digest: Digest) -> str:
    """Return what the editor changed, empty where nothing."""
    edits = digest.edits
    parts = ["the title"] if edits.title else []
    parts += ["a note"] if edits.note else []
    parts += [f"{len(edits.pinned)} pinned"] if edits.pinned else []
    parts += [f"{len(edits.hidden)} hidden"] if edits.hidden else []
    parts += ["the order of topics"] if edits.topic_order else []
    return f"Edited: {listed(parts)}." if parts else ""


def failed_words(failed: FailedSource) -> str:
    """Return a source that could not be read, and why, without its place on the disk."""
    name = source_name(failed.location)
    return plain(f"{name}: {failed.error}".replace(failed.location, name))


def is_empty(digest: Digest) -> bool:
    """Tell whether a quarter has nothing to show."""
    return not (digest.sections or digest.earlier or digest.left_out or digest.undated)
