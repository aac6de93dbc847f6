"""Choose the sentences that sum a document up: idea, mechanism, the number that matters, limit.

Pure and extractive: whole sentences of the source, in the source's order. What a sentence is for is
told by the words that papers and posts use, in English and Chinese (`digests.cues`); of all sets of
sentences that fit, the one of most worth is taken. Refuses to fill up: a source that says little
gets a short summary.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digests import cues
from digests.sentences import Candidate
from kb.text import STOPWORDS, tokens

LEAST_WORDS, USUAL_WORDS, MOST_WORDS = 40, 75, 90
CONSIDERED = 12
"""Sentences of a long document that are tried in all combinations; the rest is worth less alone."""
LONGEST = 6
LONG = 25
"""From so many sentences on, a document is a post that says what matters at its ends."""


@dataclass(frozen=True)
class Rated:
    """A candidate with what it is worth and what it is for."""

    candidate: Candidate
    worth: float
    roles: frozenset[str]
    leans: int
    """2 where it is not understood without the sentence before, 1 where it merely follows from it."""
    stems: frozenset[str]


# What a summary gains by having any sentence of a role, beside what that sentence is worth.
COVERED = {"idea": 1.2, "mechanism": 0.8, "result": 0.8, "limit": 0.2}


@dataclass(frozen=True)
class _Subject:
    """What a document is about, as far as its own words tell."""

    title: frozenset[str]
    spread: Counter[str]
    """In how many sentences each word stands."""
    own: frozenset[str]
    """What the work calls itself."""
    named: frozenset[str]
    """Names in its title."""
    first: int
    """Where it first says what it brings."""
    long: bool


def rate(found: Sequence[Candidate], title: str) -> list[Rated]:
    """Return the candidates with their worth for a summary of a document of that title."""
    stems = [_content(candidate.text) for candidate in found]
    first = next((c.ordinal for c in found if cues.IDEA.search(c.text)), 0)
    subject = _Subject(
        title=_content(title),
        spread=Counter(stem for each in stems for stem in each),
        own=frozenset(cues.own_names(title, found[first].text if found else "")),
        named=frozenset(cues.identifiers(title)),
        first=first,
        long=len(found) > LONG,
    )
    return [_rated(candidate, own, subject) for candidate, own in zip(found, stems, strict=True)]


def _content(text: str) -> frozenset[str]:
    return frozenset(token for token in tokens(text) if token not in STOPWORDS and not token.isdigit())


def _rated(candidate: Candidate, own: frozenset[str], subject: _Subject) -> Rated:
    text = candidate.text
    roles = _roles(text)
    worth = (0.8 if cues.IDEA.search(text) else 0.4) * ("idea" in roles)
    worth += 0.33 * min(4, len(cues.MECHANISM.findall(text))) + 0.3 * ("result" in roles)
    worth += 0.3 * min(1.5, len(own) / 15) + 0.5 * min(1.0, len(own & subject.title) / 4)
    worth += 0.4 * sum(subject.spread[stem] > 1 for stem in own) / max(6, len(own))
    # What the work itself does: its name is the subject.
    worth += 0.6 * _begins_with(text, subject.own) + 0.4 * any(name in text for name in subject.named)
    worth += 0.4 * _begins_with(text, subject.named)
    worth -= 0.6 * (cues.PRAISE.search(text) is not None and "result" not in roles)
    worth -= 0.9 * min(2, len(cues.CHATTY.findall(text))) + 1.2 * cues.points_elsewhere(text) + 0.5 * candidate.listed
    worth -= 0.4 * (candidate.words < 9)
    worth += _by_place(candidate, "idea" in roles, subject)
    return Rated(candidate, worth, frozenset(roles), cues.leans(text), own)


def _begins_with(text: str, names: Iterable[str]) -> bool:
    return any(re.match(rf"(In |The |With |When \w+ )?{re.escape(name)}\b", text, re.I) for name in names)


def _by_place(candidate: Candidate, idea: bool, subject: _Subject) -> float:
    """What a sentence's place tells: abstracts begin with what is known, posts with what is new."""
    background = cues.BACKGROUND.search(candidate.text) is not None
    if not subject.long:
        before = candidate.ordinal < subject.first or (candidate.ordinal == 0 and not idea)
        return -(1.2 + 0.8 * background) * before
    worth = 1.4 * max(0.0, 1 - candidate.ordinal / 14) - 0.5 * background
    worth -= 0.4 * (cues.GUESS.search(candidate.text) is not None)
    if cues.CLOSING.search(candidate.heading):
        worth += 0.5
    if cues.HOW_TO.search(candidate.heading):
        worth -= 0.9
    return worth


def _roles(text: str) -> set[str]:
    found = {"idea"} if cues.IDEA.search(text) or cues.STUDY.search(text) else set()
    if cues.MECHANISM.search(text):
        found.add("mechanism")
    if cues.RESULT.search(text) and cues.MEASURED.search(text):
        found.add("result")
    if cues.LIMIT.search(text):
        found.add("limit")
    return found


def choose(rated: Sequence[Rated]) -> list[Candidate]:
    """Return the sentences of a summary, in the source's order: 40 to 90 words where there are as many."""
    best = sorted(sorted(rated, key=lambda r: (-r.worth, r.candidate.ordinal))[:CONSIDERED], key=_place)
    for most in (USUAL_WORDS, MOST_WORDS):
        chosen = _most_worth(best, most)
        if sum(item.candidate.words for item in chosen) >= LEAST_WORDS:
            break
    return [item.candidate for item in chosen]


def _place(item: Rated) -> int:
    return item.candidate.ordinal


def _most_worth(rated: Sequence[Rated], most: float) -> list[Rated]:
    """The set of sentences of most worth within so many words; the first found among equals."""
    overlaps = {(a, b): _overlap(rated[a], rated[b]) for b in range(len(rated)) for a in range(b)}
    best: tuple[float, tuple[int, ...]] = (0.0, ())
    work: list[tuple[int, ...]] = [(at,) for at in reversed(range(len(rated)))]
    while work:
        taken = work.pop()
        words = sum(rated[at].candidate.words for at in taken)
        if words > most and len(taken) > 1:
            continue
        worth = _together([rated[at] for at in taken], words)
        worth -= sum(overlaps[taken[a], taken[b]] for b in range(len(taken)) for a in range(b))
        if worth > best[0] + 1e-9:
            best = (worth, taken)
        if len(taken) < LONGEST:
            work.extend((*taken, at) for at in reversed(range(taken[-1] + 1, len(rated))))
    return [rated[at] for at in best[1]]


def _together(items: Sequence[Rated], words: float) -> float:
    covered: set[str] = set().union(*(item.roles for item in items))
    worth = sum(COVERED[role] for role in covered) + 1.5 * min(1.0, words / 70)
    present = {item.candidate.ordinal for item in items}
    for item in items:
        alone = item.candidate.ordinal - 1 not in present
        worth += item.worth - (0.0, 0.2, 1.6)[item.leans] * alone
    # A summary that opens with “Specifically” starts in the middle of a thought.
    return worth - 0.5 * (items[0].leans > 0)


def _overlap(left: Rated, right: Rated) -> float:
    """What is lost because one sentence says again what the other says."""
    shared = len(left.stems & right.stems) / max(4, min(len(left.stems), len(right.stems)))
    return 2.0 * max(0.0, shared - 0.35)


def joined(texts: Iterable[str]) -> str:
    """Return sentences as one text: no blank between Chinese ones."""
    made = ""
    for text in texts:
        blank = "" if not made or made[-1] in "。！？…”」』）" else " "
        made += blank + text
    return made
