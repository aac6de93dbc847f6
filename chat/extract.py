"""Which sentences answer: the best few, in the words of their sources.

Owns the choice. Refuses to glue sentences together or to alter one: what is chosen is quoted whole. Invariant:
every sentence chosen bears on the question by itself or by the heading that it stands under.
"""

import re
from collections.abc import Sequence
from itertools import takewhile

from chat._expected import defines, states_amount, units_asked_for
from chat._fitness import asks_for_code, has_number, is_code
from chat._intents import Intent
from chat._library import Library
from chat.passages import Unit, lists_item, lists_work, same_words
from chat.question import Asked
from chat.relevance import Relevance, holds
from kb.text import STOPWORDS, fold_space, normalise
from kb.types import Kind

MOST = {
    Intent.DEFINITION: 4, Intent.REASON: 5, Intent.MANNER: 5, Intent.COMPARISON: 5, Intent.QUANTITY: 4, Intent.TIME: 3,
    Intent.PERSON: 2, Intent.PAPERS: 5, Intent.LISTING: 5, Intent.FACT: 5,
}  # fmt: skip
WORTH = {Intent.LISTING: 0.6, Intent.PAPERS: 0.5}
"""Share of the best score that a further sentence needs; the default is ENOUGH."""
ENOUGH = 0.55
SPEAKS = 0.4
NEAR_BEST = 0.7
"""Share of the best score from which on a sentence of the kind asked for goes before a better one of another kind."""
TITLED = 0.9
"""Share of a question's words from which on a title is that of what is asked about."""
SAID = 0.9
"""From which on a title says a term, by its own word or a translation."""
LEAST_SHARE = 0.3
"""Share of the question's content that a further sentence holds, with its breadcrumb and hit."""


_WONDERS = re.compile(r"^(?:why|how|what|when|which)\b|为什么|为何|怎么|如何|是什么|有哪些", re.I)


def choose(asked: Asked, ranked: Sequence[Relevance], library: Library) -> list[Relevance]:
    """Return the sentences that answer, best first; nothing only where there is nothing to choose from."""
    if not ranked:
        return []
    if asked.intent == Intent.PAPERS:
        return _works(asked, ranked)
    if not asks_for_code(asked):
        ranked = [item for item in ranked if not is_code(item.unit)] or ranked
    if asked.sides:
        return _by_side(asked, ranked)
    ranked = _of_kind_first(asked, ranked)
    lead = ranked[0]
    byline = asked.intent == Intent.PERSON and " - " in lead.unit.text
    below = _below(lead, ranked, library) if _announces(lead) and not byline else []
    if below and lead.unit.text.rstrip().endswith((":", "：")) and not lead.unit.heading and not _asks(lead.unit):
        below = [lead, *below]
    if below:
        inside = {item.unit for item in below}
        rest = [item for item in ranked if item.unit not in inside and item is not lead]
        return _distinct([*below, *_worthy(asked, rest, lead.score)], MOST[asked.intent] + 1)
    return _distinct([lead, *_worthy(asked, ranked[1:], lead.score)], MOST[asked.intent])


def _of_kind_first(asked: Asked, ranked: Sequence[Relevance]) -> Sequence[Relevance]:
    """Put a sentence with a number first where one is asked for, and one about the subject itself where any is."""
    first = ranked[0]

    def leads(item: Relevance) -> bool:
        near = item.score >= NEAR_BEST * first.score and item.names >= first.names and not item.unit.heading
        number = asked.intent != Intent.QUANTITY or fits_amount(item)
        return near and number and (item.own > 0 or _goes_on(asked, item))

    def fits_amount(item: Relevance) -> bool:
        typed = bool(units_asked_for(asked.text))
        return states_amount(asked.text, item.unit.text) if typed else has_number(item.unit)

    title = _title_of(asked, ranked)
    if title is not None:
        return [title, *(item for item in ranked if item is not title)]
    best = next((item for item in ranked[:10] if leads(item)), None)
    announced = _announces(first) and first.own >= 0.75
    if best is None or best is first or announced:
        return ranked
    return [best, *(item for item in ranked if item is not best)]


def _title_of(asked: Asked, ranked: Sequence[Relevance]) -> Relevance | None:
    """Return the title under which stands what is asked for, where the best sentence does not say it itself."""
    first = ranked[0]
    if asked.intent == Intent.DEFINITION and not defines(asked, normalise(first.unit.text)):
        titled = (item for item in ranked[:20] if item.unit.heading and item.own >= TITLED and _announces(item))
        return next(titled, None)
    if asked.intent in (Intent.LISTING, Intent.MANNER) and not first.unit.heading:
        return next((item for item in ranked[:30] if _announces(item) and _entitles(asked, item)), None)
    return None


def _entitles(asked: Asked, item: Relevance) -> bool:
    """Tell whether a line has all words of a question, those without a subject too: tips for this, steps of it."""
    words = [term for term in asked.terms if term.text not in STOPWORDS]
    return len(words) > 1 and all(holds(term, item.unit.tokens, item.unit.named) >= SAID for term in words)


def by_document(ranked: Sequence[Relevance], most: int) -> list[Relevance]:
    """Return the first sentence of each document, newest first: what came out, where nothing else is asked."""
    first: dict[str, Relevance] = {}
    for item in sorted(ranked, key=lambda item: item.unit.start):
        if not item.unit.heading and len(item.unit.text) > 20:
            first.setdefault(item.unit.document.id, item)
    return sorted(first.values(), key=lambda item: item.unit.document.published, reverse=True)[:most]


def _announces(item: Relevance) -> bool:
    """Tell whether a line names what is asked and leaves the answer to the lines below it."""
    text = fold_space(item.unit.text)
    short = len(text.split()) <= 10 if text.isascii() else len(text) <= 26
    titled = item.own >= 0.75 and (short or " - " in text) and not text.endswith((".", "。"))
    opens = text.endswith((":", "：")) and item.own > 0
    return item.unit.heading or _asks(item.unit) or titled or opens or bool(item.own >= 0.5 and _WONDERS.search(text))


def _worthy(asked: Asked, ranked: Sequence[Relevance], best: float) -> list[Relevance]:
    bar = WORTH.get(asked.intent, ENOUGH) * best
    return [
        item
        for item in ranked
        if item.score >= bar
        and (item.own > 0 or _goes_on(asked, item))
        and item.covered >= LEAST_SHARE
        and item.names == 1.0
        and not item.unit.heading
        and not _asks(item.unit)
    ]


def _goes_on(asked: Asked, item: Relevance) -> bool:
    """Tell whether a sentence goes on about what was asked, under a title that names it."""
    unit = item.unit
    if asked.entities and all(
        entity.pattern.search(normalise("\n".join((unit.document.title, *unit.path)))) for entity in asked.entities
    ):
        return True
    return item.linked > 0 and any(holds(term, unit.context, unit.named) >= SAID for term in asked.content)


def _distinct(chosen: Sequence[Relevance], most: int) -> list[Relevance]:
    kept: list[Relevance] = []
    for item in chosen:
        if len(kept) == most:
            break
        if not any(same_words(item.unit.text, other.unit.text) for other in kept):
            kept.append(item)
    return kept


def _asks(unit: Unit) -> bool:
    """Tell whether a line is the reader's own question."""
    return bool(
        re.match(r"\s*(?:question|q)\s*[:：]|\s*(?:问题|疑问)\s*[:：]", unit.text, re.I)
    ) or unit.text.rstrip().endswith(("?", "？"))


def _below(lead: Relevance, ranked: Sequence[Relevance], library: Library) -> list[Relevance]:
    """Return the first units under a heading, in their order: they are what it announces."""
    sections = library.sections(lead.unit.document.id)
    at = next((i for i, s in enumerate(sections) if s.start <= lead.unit.start < s.end), None)
    if at is None:
        return []
    end = next((s.start for s in sections[at + 1 :] if s.level <= sections[at].level), None)
    inside = [
        item
        for item in ranked
        if item.unit.document.id == lead.unit.document.id
        and lead.unit.end <= item.unit.start < (end if end is not None else 1 << 60)
        and not item.unit.heading
        and not _asks(item.unit)
    ]
    # Code that a line announces is shown in its place, by the link; a list is quoted.
    below = sorted((item for item in inside if not is_code(item.unit)), key=lambda item: item.unit.start)
    if lead.unit.document.kind != Kind.NOTES and not lead.unit.heading and not _asks(lead.unit):
        # Prose that follows a colon is seldom what it announces, and a list may be another line's.
        below = list(takewhile(lambda item: lists_item(item.unit), below))
    return below[:3]


def _by_side(asked: Asked, ranked: Sequence[Relevance]) -> list[Relevance]:
    """Return sentences that speak of both sides first, then the best of each side in turn."""
    words = [_side_terms(asked, side) for side in asked.sides]
    usable = [item for item in ranked if not item.unit.heading and not _asks(item.unit)] or list(ranked)
    if asked.focus:
        # Compared in something: lines that do not speak of it compare something else.
        usable = [item for item in usable if item.focus >= SPEAKS] or usable

    named = [[e for e in asked.entities if e.text.lower() in side.lower()] for side in asked.sides]

    def speaks(item: Relevance, side: int) -> bool:
        if named[side]:
            text = normalise("\n".join((*item.unit.path[-1:], item.unit.text)))
            return all(entity.pattern.search(text) for entity in named[side])
        held = item.unit.tokens | item.unit.context
        mine = bool(words[side]) and all(holds(asked.terms[i], held, item.unit.named) >= 0.9 for i in words[side])
        return mine or asked.sides[side].lower() in item.unit.named[:400]

    both = [item for item in usable if speaks(item, 0) and speaks(item, 1)]
    each = [[item for item in usable if speaks(item, side) and item not in both] for side in (0, 1)]
    order = both[:2]
    for pair in zip(each[0][:2], each[1][:2], strict=False):
        order += pair
    order += [*each[0][:1], *each[1][:1]] if not all(each) else []
    further = [item for item in usable if item not in order and item.score >= ENOUGH * ranked[0].score]
    return _distinct([*order, *further] or usable[:3], MOST[Intent.COMPARISON])


def _side_terms(asked: Asked, side: str) -> list[int]:
    low = side.lower()
    return [index for index, term in enumerate(asked.terms) if not term.generic and term.text in low]


def _works(asked: Asked, ranked: Sequence[Relevance]) -> list[Relevance]:
    """Return one unit a work: the line that lists it, else its best sentence."""
    kept: list[Relevance] = []
    seen: set[str] = set()
    best = ranked[0].score
    for item in ranked:
        if not _of_work(item.unit):
            continue
        work = _work_of(item.unit)
        enough = item.score >= WORTH[Intent.PAPERS] * best and item.covered >= LEAST_SHARE
        if work in seen or not (enough or not kept):
            continue
        seen.add(work)
        kept.append(item)
    return _distinct(kept, MOST[Intent.PAPERS])


def _of_work(unit: Unit) -> bool:
    """Tell whether a unit lists a work or stands in one: in notes, under a line that lists it."""
    if unit.document.kind != Kind.NOTES:
        return not unit.heading
    return lists_work(unit) if unit.heading else any(" - " in part for part in unit.path)


def _work_of(unit: Unit) -> str:
    """Return what identifies the work that a unit speaks of."""
    listed = next((part for part in reversed(unit.path) if re.search(r" - |: ", part) and len(part) > 25), "")
    title = unit.text if unit.heading and len(unit.text) > 25 else listed or unit.document.title
    return re.sub(r"\W+", "", re.split(r"\s{2,}|\[| - ", title.lower())[0])
