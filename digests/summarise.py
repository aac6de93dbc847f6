"""Choose the sentences that sum a document up: idea, mechanism, the number that matters, limit.

Pure and extractive: whole sentences of the source, in the source's order. What a sentence is for is
told by the words that papers and posts use, in English and Chinese (`digests.cues`); of all sets of
sentences that fit, the one of most worth is taken. Refuses to fill up: a source that says little
gets a short summary.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digests import cues
from digests.sentences import Candidate, ends
from kb.text import HAN, STOPWORDS, simplify, tokens

LEAST_WORDS, USUAL_WORDS, MOST_WORDS = 40, 75, 90
CONSIDERED = 12
"""Sentences of a long document that are tried in all combinations; the rest is worth less alone."""
LONGEST = 6
ALONE = (0.0, 0.2, 4.0)
"""What a sentence loses without the one before it, by how much it leans on that."""
FOLLOWS = 0.1
"""What a sentence gains by following the one before it in the source."""
EACH = 0.6
"""What every sentence must be worth: few that say much are better than many."""
MOST_CHAT = 3
"""Words of talk that count against one sentence."""
LONG = 14
"""With more sentences, a document is a post that says what matters at its ends."""
OPENING, ENDING = 14, 0.92
"""Sentences of a post's opening; share of its sentences after which its ending begins."""


@dataclass(frozen=True)
class Rated:
    """A candidate with what it is worth and what it is for."""

    candidate: Candidate
    worth: float
    roles: frozenset[str]
    leans: int
    """2 where it is not understood without the sentence before, 1 where it merely follows from it."""
    stems: frozenset[str]


_FULL_WIDTH = tuple("。！？；")
_CLOSING = "”’」』）)\"'"
_HAN_END = re.compile(f"[{HAN}]…+$")
_LEADING = re.compile(r"(In |The |With |When \w+ )")
# What a summary gains by having any sentence of a role, beside what that sentence is worth.
COVERED = {"idea": 1.2, "mechanism": 0.8, "result": 1.5, "limit": 0.2}
ENOUGH = 3.0
"""What reaching the least length is worth, if that takes a weaker sentence."""
_EVERYTHING = sum(COVERED.values()) + 1.5 + ENOUGH
"""What roles and length together add at most."""


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
    first: int | None
    """Where it first says what it brings; None where nowhere."""
    long: bool


def rate(found: Sequence[Candidate], title: str) -> list[Rated]:
    """Return the candidates with their worth for a summary of a document of that title."""
    stems = [_content(candidate.text) for candidate in found]
    idea = next((c for c in found if cues.IDEA.search(simplify(c.text))), None)
    opening = idea or (found[0] if found else None)
    own = frozenset(cues.own_names(title, opening.text if opening else ""))
    if not own and idea is None:
        # It never says that it presents something: then what it is about is what keeps doing things.
        own = frozenset(cues.actors([candidate.text for candidate in found]))
        idea = next((c for c in found if _begins_with(c.text, own)), None)
    subject = _Subject(
        title=_content(title),
        spread=Counter(stem for each in stems for stem in each),
        own=own,
        named=frozenset(cues.identifiers(title)),
        first=idea.ordinal if idea else None,
        long=len(found) > LONG,
    )
    return [_rated(candidate, own, subject) for candidate, own in zip(found, stems, strict=True)]


def _content(text: str) -> frozenset[str]:
    return frozenset(token for token in tokens(text) if token not in STOPWORDS and not token.isdigit())


def _rated(candidate: Candidate, own: frozenset[str], subject: _Subject) -> Rated:
    text = simplify(candidate.text)
    idea = cues.IDEA.search(text) is not None
    ways = cues.MECHANISM.count(text)
    roles = _roles(text, idea or candidate.ordinal == subject.first, ways)
    worth = (0.8 if idea else 0.4) * ("idea" in roles) + 0.33 * min(4, ways) + 0.3 * ("result" in roles)
    worth += 0.3 * min(1.5, len(own) / 15) + 0.5 * min(1.0, len(own & subject.title) / 4)
    worth += 0.4 * sum(subject.spread[stem] > 1 for stem in own) / max(6, len(own))
    # What the work itself does: its name is the subject.
    if _begins_with(text, subject.own):
        worth += 0.6
    elif any(name in text for name in subject.named):
        worth += 0.4
    worth -= 0.6 * ("result" not in roles and cues.PRAISE.search(text) is not None)
    worth -= 0.6 * (cues.SETUP.search(text) is not None)
    worth -= 1.2 * min(MOST_CHAT, cues.CHATTY.count(text)) + 1.6 * cues.points_elsewhere(text) + 0.5 * candidate.listed
    worth -= 1.0 * (cues.PROMISE.search(text) is not None) + 0.4 * (cues.DATED.search(text) is not None)
    worth += 0.8 * candidate.judged
    worth -= EACH + 0.4 * (candidate.words < 9)
    worth += _by_place(candidate, text, roles, subject)
    return Rated(candidate, worth, frozenset(roles), cues.leans(text), own)


def _begins_with(text: str, names: Iterable[str]) -> bool:
    """Tell whether one of the names is the subject that a sentence begins with."""
    lead = _LEADING.match(text)
    subject = text[lead.end() if lead else 0 :].lower()
    return any(subject.startswith(name.lower()) and not subject[len(name) : len(name) + 1].isalnum() for name in names)


def _by_place(candidate: Candidate, text: str, roles: set[str], subject: _Subject) -> float:
    """What a sentence's place tells: abstracts begin with what is known, posts with what is new."""
    background = cues.BACKGROUND.search(text) is not None
    if not subject.long:
        if subject.first is None:
            # It says nowhere what it brings: then it does so with its first sentence.
            return 0.8 * (candidate.ordinal == 0 and not background)
        return -(1.2 + 0.8 * background) * (candidate.ordinal < subject.first)
    heading = simplify(candidate.heading)
    closing = cues.CLOSING.search(heading) is not None
    early = max(0.0, 1 - candidate.ordinal / OPENING)
    worth = (1.4 if roles else 0.5) * early - 0.8 * background + 0.5 * closing
    if candidate.ordinal < OPENING and cues.DEFINITION.match(text) and any(name in text for name in subject.named):
        worth += 0.5
    worth -= 0.7 * (cues.GUESS.search(text) is not None) + 0.9 * (cues.HOW_TO.search(heading) is not None)
    # What stands in the middle of a post is about a detail, unless it is measured.
    middle = candidate.ordinal >= OPENING and candidate.place < ENDING and not closing
    return worth - 1.5 * (middle and "result" not in roles)


def _roles(text: str, idea: bool, ways: int) -> set[str]:
    found = {"idea"} if idea or cues.STUDY.search(text) else set()
    if ways:
        found.add("mechanism")
    if cues.MEASURED.search(text) and cues.RESULT.search(text) and not cues.SETUP.search(text):
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
    search = _Search(rated, most)
    search.extend((), 0.0, 0.0, frozenset())
    return [rated[at] for at in search.best[1]]


class _Search:
    """Goes through the sets of sentences in order, leaving those that cannot become the best."""

    def __init__(self, rated: Sequence[Rated], most: float) -> None:
        self._rated = rated
        self._most = most
        self._words = [item.candidate.words for item in rated]
        self._overlap = {(a, b): _overlap(rated[a], rated[b]) for b in range(len(rated)) for a in range(b)}
        # The most that so many sentences from a place on can add.
        gains = [[max(0.0, item.worth) for item in rated[at:]] for at in range(len(rated) + 1)]
        self._gain = [[sum(sorted(rest, reverse=True)[:n]) for n in range(LONGEST + 1)] for rest in gains]
        self.best: tuple[float, tuple[int, ...]] = (-math.inf, ())

    def extend(self, taken: tuple[int, ...], words: float, worth: float, covered: frozenset[str]) -> None:
        """Try every sentence after the last one taken; `worth` is without what length and roles add."""
        for at in range(taken[-1] + 1 if taken else 0, len(self._rated)):
            item = self._rated[at]
            length = words + self._words[at]
            if length > self._most and taken:
                continue
            follows = bool(taken) and self._rated[taken[-1]].candidate.ordinal == item.candidate.ordinal - 1
            total = worth + item.worth + (FOLLOWS if follows else -ALONE[item.leans])
            total -= sum(self._overlap[other, at] for other in taken)
            # A summary that opens with “Specifically” starts in the middle of a thought.
            total -= 0.5 * (not taken and item.leans > 0)
            roles, now = covered | item.roles, (*taken, at)
            whole = total + sum(COVERED[role] for role in roles) + 1.5 * min(1.0, length / 70)
            whole += ENOUGH * (length >= LEAST_WORDS)
            if whole > self.best[0] + 1e-9:
                self.best = (whole, now)
            more = LONGEST - len(now)
            reach = total + self._gain[at + 1][more] + _EVERYTHING
            if more and length < self._most and reach > self.best[0]:
                self.extend(now, length, total, roles)


def _overlap(left: Rated, right: Rated) -> float:
    """What is lost because one sentence says again what the other says."""
    shared = len(left.stems & right.stems) / max(4, min(len(left.stems), len(right.stems)))
    return 2.0 * max(0.0, shared - 0.35)


def joined(texts: Iterable[str]) -> str:
    """Return sentences as one text, in their order."""
    made = ""
    for text in texts:
        if made:
            made += gap_after(made)
        made += text
    return made


def gap_after(text: str) -> str:
    """Return what stands between a sentence and the next: a blank, or nothing after a full-width sign.

    Marks that close a quotation or bracket do not count; an ellipsis is full-width after a Chinese character. A line
    that does not end as a sentence does is parted by a semicolon.
    """
    if not ends(text):
        return "; "
    bare = text.rstrip(_CLOSING)
    if bare.endswith("…"):
        return "" if _HAN_END.search(bare) else " "
    return "" if bare.endswith(_FULL_WIDTH) else " "
