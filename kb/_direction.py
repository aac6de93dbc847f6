"""Which way a sentence points: more or less, faster or slower, which of two is ahead, which number belongs to whom.

Pure. Owns the words of direction in English and Chinese. Refuses to judge what a sentence is about: `kb.evidence` finds
the clause that another one restates. Invariant: a text never contradicts itself.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from kb._numbers import numbers_in
from kb.text import STOPWORDS, stem, tokens

_BY = r"(?=\s?(?:了|出|约|近)*\s?\d)"
_AXES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(up, re.I), re.compile(down, re.I))
    for up, down in (
        (
            r"\b(?:increas\w*|rais(?:e[sd]?|ing)|ris(?:e[sn]?|ing)|rose|grow\w*|grew|higher|larger|bigger|greater|more|gain\w*"
            r"|doubl\w+|tripl\w+|expand\w*|enlarg\w+|exceed\w*|boost\w*|longer|wast(?:e[sd]?|ing))\b"
            r"|增加|提高|提升|上升|增长|增大|变大|更多|更大|更高|翻倍|加倍|高出|高于|超过|变长|扩大|浪费"
            rf"|高{_BY}|多{_BY}",
            r"\b(?:decreas\w*|reduc\w+|lower\w*|drop\w*|shrink\w*|shr[au]nk|smaller|less|fewer|falls?|fell|cuts?|cutting|halv\w+"
            r"|sav(?:e[sd]?|ings?)|declin\w+|diminish\w*|shorte(?:r|n\w*)|minimi[sz]\w*|below)\b"
            r"|减少|降低|下降|减小|变小|更少|更小|更低|减半|节省|节约|缩短|缩小|低于|变短|省下|少于"
            rf"|低{_BY}|少{_BY}|省{_BY}",
        ),
        (
            r"\b(?:faster|speed-?ups?|speeds? up|sped up|accelerat\w*|quicker)\b|加速|更快|变快|提速|加快|快" + _BY,
            r"\b(?:slower|slow-?downs?|slows?|slowed|slowing)\b|减速|更慢|变慢|拖慢|慢" + _BY,
        ),
        (
            r"\b(?:better|improv\w*|outperform\w*|superior|wins?|won|beats?|beaten|surpass\w*)\b|更好|优于|改善|改进|胜过|超越|好于",
            r"\b(?:worse\w*|degrad\w*|underperform\w*|inferior|loses?|trails?)\b|更差|劣于|恶化|退化|变差|不如",
        ),
        (r"\b(?:always|every|all)\b|总是|所有|全部", r"\b(?:never|none|no)\b|从不|从未|没有"),
        (r"\bbefore\b|之前", r"\bafter\b|之后"),
        (
            r"\b(?:at least|minimum|minimal|lowest|smallest|above)\b|至少|最小|最低",
            r"\b(?:at most|maximum|maximal|highest|largest|below)\b|至多|最大|最高",
        ),
        (r"\b(?:fast|fastest|quick)\b", r"\b(?:slow|slowest)\b"),
    )
)
"""Words of direction and their opposites, an axis a line."""
_RELATIVE = _AXES[:3]
_REACHES = re.compile(
    r"\b(?:reach\w*|achiev\w*|attain\w*|up to)\b[^,;.]{0,30}\d(?:\.\d+)?\s?(?:x|×|times)"
    r"|(?:达到|高达|可达)[^，。]{0,12}\d\s?倍",
    re.I,
)
"""A multiple that is reached is an increase."""
_THAN = re.compile(
    r"\bthan\b|(?<![相对])比(?![例如特较])"
    r"|\b(?:beats?|outperforms?|surpass(?:es)?|underperforms?|trails?|exceeds?)\b|优于|劣于|不如|胜过|超越|超过|高于|低于",
    re.I,
)
_PARTICLES = re.compile(r"把|使(?!用)|将(?!来)|让|被|了(?!解)|(?<!目)的")
"""Characters that say how words hang together; beside one, two words make pairs that nobody meant."""
LONGEST = 14
"""Words from which on a piece of a sentence tells of more than one thing."""
_PARTS = re.compile(r"[,;，；。、]\s*|\b(?:and|while|whereas|but)\b|而|但是?|并且?")
_NUMBER = re.compile(r"\d[\d,.]*")


@lru_cache(maxsize=4096)
def blanked(text: str) -> str:
    """Return a text without its words of direction: two sentences may tell the same with other ones."""
    for pair in _RELATIVE:
        for pattern in pair:
            text = pattern.sub(" ", text)
    return _PARTICLES.sub(" ", text)


def opposed(body: str, source: str) -> tuple[list[str], str] | None:
    """Return the words by which a clause points the other way than the one that it restates, and the other's."""
    for index, (up, down) in enumerate(_AXES):
        for here, there in ((up, down), (down, up)):
            # Words that both have say nothing: "more microbatches" reduce, or increase, something.
            said, instead = _only(here, body, source), _only(there, source, body)
            both = _only(there, body, source) or _only(here, source, body)
            if said and instead and not both:
                return said, instead[0]
            if said and index < 2 and here is down and not both and not instead:
                reached = _REACHES.search(source)
                if reached and not _REACHES.search(body):
                    return said, reached.group()
    return None


def _only(pattern: re.Pattern[str], text: str, other: str) -> list[str]:
    """Return the words of a direction that one text has and the other lacks."""
    stems = {stem(match.group().lower()) for match in pattern.finditer(other)}
    return [match.group() for match in pattern.finditer(text) if stem(match.group().lower()) not in stems]


def _compared(text: str) -> tuple[frozenset[str], frozenset[str], int] | None:
    """Return what is ahead or behind, of what, and which it is; None where nothing is compared."""
    match = _THAN.search(text)
    if match is None:
        return None
    left, right = text[: match.start()], text[match.end() :]
    word = match.group().lower()
    told = word + " " + (right if "比" in word else left)
    ups = sum(bool(up.search(told)) for up, _ in _RELATIVE)
    downs = sum(bool(down.search(told)) for _, down in _RELATIVE)
    if ups == downs:
        return None
    first, second = _words(left), _words(re.split(r"[,;，；。]", right)[0])
    return first - second, second - first, 1 if ups > downs else -1


def _words(text: str) -> frozenset[str]:
    return frozenset(token for token in tokens(_NUMBER_WITH_UNIT.sub(" ", blanked(text))) if token not in STOPWORDS)


_NUMBER_WITH_UNIT = re.compile(r"(?<![\w.])\d[\d,.]*\s?(?:%|x\b|×|倍)?(?!\w|\.\d)")


def turned_round(body: str, source: str) -> bool:
    """Tell whether both compare the same two things and put the other one ahead."""
    mine, theirs = _compared(body), _compared(source)
    if mine is None or theirs is None:
        return False
    if mine[0] & theirs[1] and mine[1] & theirs[0]:
        return mine[2] == theirs[2]
    return bool(mine[0] & theirs[0] and mine[1] & theirs[1]) and mine[2] != theirs[2]


def exchanged(body: str, source: str) -> bool:
    """Tell whether two things told of in one sentence have changed places: A holds 16 and B 128 for the other way."""
    mine = [piece for piece in _pieces(body) if len(piece) <= LONGEST]
    theirs = [piece for piece in _pieces(source) if len(piece) <= LONGEST]
    for i, one in enumerate(mine):
        for other in mine[i + 1 :]:
            for j, first in enumerate(theirs):
                for second in theirs[j + 1 :]:
                    a, b = first - second, second - first
                    if one & a and one & b and other & a and other & b and _apart(one, other, a, b):
                        return True
    return False


def _apart(one: frozenset[str], other: frozenset[str], a: frozenset[str], b: frozenset[str]) -> bool:
    """Tell whether the two pieces share none of what parts the two places: then they took each other's."""
    return not (one & other & (a | b))


def _pieces(text: str) -> Iterator[frozenset[str]]:
    at = 0
    for match in _PARTS.finditer(text):
        # 3,072 and 1.5 are not parted.
        if text[match.start() - 1 : match.start()].isdigit() and text[match.end() : match.end() + 1].isdigit():
            continue
        yield _told(text[at : match.start()])
        at = match.end()
    yield _told(text[at:])


def _told(part: str) -> frozenset[str]:
    numbers = {f"{number.value:g} {number.unit}" for number in numbers_in(part) if not number.spelled}
    words = {token for token in tokens(_NUMBER.sub(" ", part)) if token not in STOPWORDS}
    names = set(re.findall(r"[a-z]*\d+[a-z]+\w*|[a-z]+[-\s]?\d+", part.lower()))
    return frozenset(numbers | words | names)
