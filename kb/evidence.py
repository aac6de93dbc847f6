"""Whether a text bears out a sentence: quotes, numbers with their units, names, direction, words.

Pure, and no model: it cannot be talked into anything. Owns the check that generated text of chat and
digests must pass. Refuses to judge truth: only whether the given passages, or a calculator's
results, say so. Invariant: a quote that differs in one word, or a number that differs in value or unit, fails.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kb._direction import blanked, exchanged, opposed, turned_round
from kb._numbers import Number, is_unit, numbers_in
from kb.glossary import Glossary
from kb.text import HAN, STOPWORDS, normalise_with_map, query_terms, sentences, tokens

__all__ = ["Number", "Span", "Support", "is_unit", "normal_form", "numbers_in", "quote_in", "quotes_of", "supported"]

COVERAGE, COVERAGE_TRANSLATED = 0.55, 0.3
"""Least share of a sentence's content words that its passages must hold, in one language and across two."""
SAME_CLAIM = 0.65
"""Share of words from which on a sentence restates one sentence of a passage, so that their directions must agree."""
BESIDE = 200
"""Letters around a sentence in which a source may tell the same of another thing."""
SAME_NUMBER = 0.3
"""The same where both give one number."""
MIN_QUOTE = 3
"""Words from which on quotation marks are a claim of having quoted, not an emphasis."""

_MARKS = str.maketrans("“”„‟«»‘’‚‛′´`–—−‐‑", "\"\"\"\"\"\"'''''''-----")
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"|「([^」]+)」|『([^』]+)』|«([^»]+)»")
_IDENTIFIER = re.compile(
    r"(?<![\w.])(?=[\w.+/-]*[A-Za-z])(?=[\w.+/-]*(?:\d|[a-z][A-Z]|[A-Z]{2}))[A-Za-z0-9][\w.+/-]*\w\+*"
)
_CITATION = re.compile(r"\[\d{1,3}(?:\s?[,，]\s?\d{1,3})*\]")
_EDGE = re.compile(r"[0-9a-z]", re.A)
_NEGATION = re.compile(
    r"\b(?:not(?! only| just| merely)|no|never|neither|nor|none|cannot|without|hardly|\w+n't|fails? to|unable|lacks?)\b"
    r"|(?<![是要能会])不(?![同断仅只但过足])|没有?|无法|并非|从不|未(?![来必])|无需|不足|勿"
)
_CLAUSE = re.compile(r"[,;:，；：。!?！？](?!\d)|\b(?:and|but|while|whereas|although)\b|但是?|却|而且|并且|同时")


@dataclass(frozen=True, slots=True)
class Span:
    """A place in one of the passages given."""

    passage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Support:
    """What the check of one sentence found."""

    ok: bool
    reasons: tuple[str, ...] = ()
    """Why not, each naming what is missing."""
    spans: tuple[Span, ...] = ()
    """Where the passages bear the sentence out: its quotes, its numbers, the sentence nearest to it."""


def normal_form(text: str) -> tuple[str, list[int]]:
    """Return the form in which quotes are compared, and where each of its characters came from.

    NFKC, lower case, simplified characters, one kind of quotation mark and dash; white space is one
    blank, and none beside Chinese characters.
    """
    form, where = normalise_with_map(text)
    form = form.translate(_MARKS)
    out: list[str] = []
    kept: list[int] = []
    for index, char in enumerate(form):
        if char.isspace():
            if out and out[-1] == " ":
                continue
            char = " "
        elif char in "\u200b\u200c\u200d\ufeff\u00ad":
            continue
        elif len(out) > 1 and out[-1] == " " and (_is_han(char) or _is_han(out[-2])):
            out.pop()
            kept.pop()
        out.append(char)
        kept.append(where[index])
    return "".join(out), kept


def _is_han(char: str) -> bool:
    return bool(_HAN_CHAR.match(char))


_HAN_CHAR = re.compile(f"[{HAN}，。；：、（）“”]")


def quote_in(quote: str, passage: str) -> tuple[int, int] | None:
    """Return where a passage holds a quote, letter by letter in `normal_form`; None where it does not.

    A quote does not begin or end inside a word or a number of the passage.
    """
    needle = normal_form(quote)[0].strip()
    if not needle:
        return None
    hay, where = normal_form(passage)
    at = hay.find(needle)
    while at >= 0:
        end = at + len(needle)
        if not _cuts(hay, at) and not _cuts(hay, end):
            return where[at], where[end - 1] + 1
        at = hay.find(needle, at + 1)
    return None


def _cuts(hay: str, at: int) -> bool:
    """Tell whether a boundary lies inside a word or number."""
    if not 0 < at < len(hay):
        return False
    before, after = hay[at - 1], hay[at]
    if _EDGE.match(before) and _EDGE.match(after):
        return True
    # 3|.5 and 1|,024
    return (after in ".," and before.isdigit() and hay[at + 1 : at + 2].isdigit()) or (
        before in ".," and after.isdigit() and hay[at - 2 : at - 1].isdigit()
    )


def quotes_of(sentence: str) -> list[str]:
    """Return what stands in quotation marks and is long enough to be a quote."""
    found = (next(part for part in match.groups() if part) for match in _QUOTED.finditer(sentence))
    return [part for part in found if len(query_terms(part)) >= MIN_QUOTE]


def supported(
    sentence: str,
    passages: Sequence[str],
    *,
    results: Sequence[str] = (),
    glossary: Glossary | None = None,
) -> Support:
    """Tell whether passages, or a calculator's results, bear out a sentence.

    Args:
        passages: the cited passages, each with what belongs to it, such as its breadcrumb and date.
        results: lines such as `bubble fraction 10.9 %`; numbers may be these, rounded.
        glossary: translates, so that a sentence in one language may rest on a passage in the other.
    """
    body = _CITATION.sub("", sentence).strip()
    if not passages and not results:
        return Support(False, ("cites nothing",))
    views = [_view(passage) for passage in passages]
    spans: list[Span] = []
    reasons = [*_check_quotes(body, passages, spans), *_check_numbers(body, views, results, spans)]
    reasons += _check_names(body, views, results)
    if not results or passages:
        reasons += _check_words(body, views, results, glossary, spans)
    return Support(not reasons, tuple(reasons), tuple(dict.fromkeys(spans)))


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence of a passage with what is compared of it."""

    start: int
    end: int
    text: str
    tokens: frozenset[str]
    numbers: tuple[Number, ...]


@lru_cache(maxsize=256)
def _view(passage: str) -> tuple[_Line, ...]:
    lines = []
    for start, end in sentences(passage):
        text = passage[start:end]
        lines.append(_Line(start, end, text, frozenset(tokens(text)), tuple(numbers_in(text))))
    return tuple(lines)


def _check_quotes(body: str, passages: Sequence[str], spans: list[Span]) -> Iterable[str]:
    for quote in quotes_of(body):
        places = [(index, quote_in(quote, passage)) for index, passage in enumerate(passages)]
        found = [Span(index, *place) for index, place in places if place]
        spans += found[:1]
        if not found:
            yield f"the quote “{quote}” is in none of its sources"


def _check_numbers(
    body: str, views: Sequence[tuple[_Line, ...]], results: Sequence[str], spans: list[Span]
) -> Iterable[str]:
    given = [number for line in results for number in numbers_in(line)]
    for number in numbers_in(body):
        if number.spelled and not number.physical:
            continue
        if any(number.equals(result, rounded=True) for result in (*given, *_percents(given))):
            continue
        place = _number_place(number, views)
        if place:
            spans.append(place)
        elif not _named_with(body, number, views):
            yield f"{number.text.strip()} is in none of its sources"


def _percents(given: Sequence[Number]) -> list[Number]:
    """A ratio may be told in percent."""
    return [
        Number(n.value * 100, "%", n.step * 100, n.start, n.end, n.text)
        for n in given
        if not n.unit and abs(n.value) <= 1
    ]


def _number_place(number: Number, views: Sequence[tuple[_Line, ...]]) -> Span | None:
    for index, lines in enumerate(views):
        for line in lines:
            for held in line.numbers:
                if number.equals(held):
                    return Span(index, line.start + held.start, line.start + held.end)
    return None


def _named_with(body: str, number: Number, views: Sequence[tuple[_Line, ...]]) -> bool:
    """Tell whether a number belongs to a name that the passages write with a joint: ZeRO 3 is ZeRO-3."""
    word = re.search(r"([A-Za-z]+)\s$", body[: number.start])
    if word is None:
        return False
    spelled = rf"(?<![a-z\d]){re.escape(word[1].lower())}-?{re.escape(number.text.strip().lower())}(?![a-z\d.]*\d)"
    return any(re.search(spelled, normal_form(line.text)[0]) for lines in views for line in lines)


def _check_names(body: str, views: Sequence[tuple[_Line, ...]], results: Sequence[str]) -> Iterable[str]:
    """Names with digits or capitals inside are not paraphrased: GPT-3 is not GPT-4."""
    held = normal_form("\n".join([*(line.text for lines in views for line in lines), *results]))[0]
    taken = [(number.start, number.end) for number in numbers_in(body)]
    for match in _IDENTIFIER.finditer(body):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        parts = re.findall(r"[a-z]+|\d+|[^a-z\d]+", normal_form(match.group())[0])
        spelled = r"[-\s]?".join(re.escape(part) for part in parts if part.strip("-"))
        if not re.search(rf"(?<![a-z\d]){spelled}(?![a-z\d]*\d)", held):
            yield f"{match.group()} is in none of its sources"


def _check_words(
    body: str,
    views: Sequence[tuple[_Line, ...]],
    results: Sequence[str],
    glossary: Glossary | None,
    spans: list[Span],
) -> Iterable[str]:
    terms = [group for group in query_terms(blanked(body)) if not group[0].rstrip("*").replace(".", "").isdigit()]
    terms = terms or [group for group in query_terms(body) if not group[0].rstrip("*").replace(".", "").isdigit()]
    lines = [(index, line) for index, view in enumerate(views) for line in view]
    if not terms or not lines:
        return
    other = _translated(body, glossary)
    held = {token for _, line in lines for token in line.tokens}
    held |= {token for line in results for token in tokens(line)}
    own = max(_share(terms, held), _share(query_terms(body), held))
    across = len(other & held) / len(other) if other else 0.0
    if own < COVERAGE and across < COVERAGE_TRANSLATED:
        yield f"its sources hold {own:.0%} of its words"
        return
    index, nearest = max(lines, key=lambda item: _share(terms, item[1].tokens))
    spans.append(Span(index, nearest.start, nearest.end))
    if any(quote_in(body, line.text) for _, line in lines):
        return
    if max(_share(terms, nearest.tokens), _share(query_terms(body), nearest.tokens)) >= SAME_CLAIM:
        yield from _check_clauses(body, nearest.text)
    elif own < COVERAGE:
        told = max(lines, key=lambda item: len(other & item[1].tokens))[1]
        yield from _check_clauses(body, told.text, translated=True)
    near = [line.text for place, line in lines if place == index and abs(line.start - nearest.start) <= BESIDE]
    if own >= COVERAGE and exchanged(body, "; ".join(near)):
        yield "it exchanges what its source says of two things"


def _check_clauses(body: str, source: str, *, translated: bool = False) -> Iterable[str]:
    """Compare each clause with the one that it restates: another clause of the sentence may say the contrary."""
    theirs = [(clause, frozenset(tokens(blanked(clause)))) for clause in _CLAUSE.split(source) if clause.strip()]
    for clause in _CLAUSE.split(body):
        terms = query_terms(blanked(clause))
        mine = [number for number in numbers_in(clause) if number.physical]
        same = [(part, held) for part, held in theirs if any(n.equals(m) for n in mine for m in numbers_in(part))]
        if len(terms) < 2 and not same:
            continue
        nearest, held = max(same or theirs, key=lambda item: _share(terms, item[1]))
        if translated and not same:
            continue
        if not same and _share(terms, held) < SAME_CLAIM and not _CLAUSE.search(body.rstrip(" .。")):
            nearest, held = source, frozenset(tokens(blanked(source)))
        if translated or _share(terms, held) >= (SAME_NUMBER if same else SAME_CLAIM):
            others = [part for part, _ in theirs if part != nearest]
            yield from _check_direction(clause, nearest, others, translated=translated)
    if turned_round(body, source):
        yield "its source puts the other one ahead"


def _share(terms: Sequence[Sequence[str]], held: Iterable[str]) -> float:
    known = held if isinstance(held, (set, frozenset)) else set(held)
    return sum(any(token.rstrip("*") in known for token in group) for group in terms) / len(terms)


def _translated(body: str, glossary: Glossary | None) -> set[str]:
    if glossary is None:
        return set()
    found = glossary.expand(body)
    return {token for e in found for token in tokens(e.translations[0] if e.translations else "")} - STOPWORDS


def _tells(clause: str, body: str, source: str, word: str) -> bool:
    """Tell whether another clause of the source has the word of direction, of what the nearest one lacks."""
    told = set(tokens(body)) & set(tokens(clause)) - set(tokens(source))
    return word.lower() in clause.lower() and bool(told - set(tokens(word)))


def _check_direction(body: str, source: str, others: Sequence[str] = (), *, translated: bool = False) -> Iterable[str]:
    if not translated and bool(_NEGATION.search(body.lower())) != bool(_NEGATION.search(source.lower())):
        yield "it affirms what its source negates, or the other way round"
        return
    found = opposed(body, source)
    if found and not all(any(_tells(part, body, source, word) for part in others) for word in found[0]):
        yield f"its source says “{found[1]}” where it says “{found[0][0]}”"
