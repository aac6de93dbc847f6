"""Whether a text bears out a sentence: quotes, numbers with their units, names, direction, words.

Pure, and no model: it cannot be talked into anything. Owns the check that generated text of chat and
digests must pass. Refuses to judge truth: only whether the given passages, or a calculator's
results, say so. Invariant: a quote that differs in one word, or a number that differs in value or unit, fails.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kb._numbers import Number, is_unit, numbers_in
from kb.glossary import Glossary
from kb.text import HAN, STOPWORDS, normalise_with_map, query_terms, sentences, stem, tokens

__all__ = ["Number", "Span", "Support", "is_unit", "normal_form", "numbers_in", "quote_in", "quotes_of", "supported"]

COVERAGE, COVERAGE_TRANSLATED = 0.55, 0.3
"""Least share of a sentence's content words that its passages must hold, in one language and across two."""
SAME_CLAIM = 0.65
"""Share of words from which on a sentence restates one sentence of a passage, so that their directions must agree."""
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
    r"\b(?:not|no|never|neither|nor|none|cannot|without|hardly|\w+n't|fails? to|unable|lacks?)\b"
    r"|(?<![是要能会])不(?![同断仅只但过足])|没有?|无法|并非|从不|未(?![来必])|无需|不足|勿"
)
_CLAUSE = re.compile(r"[,;:，；：。!?！？](?!\d)|\b(?:and|but|while|whereas|although)\b|但是?|却|而且")
_OPPOSITES = tuple(
    (re.compile(up, re.I), re.compile(down, re.I))
    for up, down in (
        (
            r"\b(?:increas|rais|rise|grow|higher|larger|bigger|more\b|gain)\w*|增加|提高|提升|上升|更多|更大|更高|变大|增大",
            r"\b(?:decreas|reduc|lower|drop|shrink|smaller|less\b|fewer|fall|cut)\w*"
            r"|减少|降低|下降|更少|更小|更低|变小|减小",
        ),
        (
            r"\b(?:faster|speed-?up|speeds? up|accelerat|quicker)\w*|加速|更快|变快",
            r"\b(?:slower|slow-?down|slows?)\w*|减速|更慢|变慢",
        ),
        (
            r"\b(?:better|improv|outperform|superior|wins?)\w*|更好|优于|改善|胜过",
            r"\b(?:worse|degrad|underperform|inferior|loses?)\w*|更差|劣于|恶化|退化",
        ),
        (r"\b(?:always|every|all)\b|总是|所有|全部", r"\b(?:never|none|no)\b|从不|从未|没有"),
        (r"\bbefore\b|之前", r"\bafter\b|之后"),
        (
            r"\b(?:above|at least|minimum|minimal|lowest|smallest)\b|至少|最小|最低",
            r"\b(?:below|at most|maximum|maximal|highest|largest)\b|至多|最大|最高",
        ),
    )
)
"""Words of direction and their opposites."""


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
    terms = [group for group in query_terms(body) if not group[0].rstrip("*").replace(".", "").isdigit()]
    lines = [(index, line) for index, view in enumerate(views) for line in view]
    if not terms or not lines:
        return
    other = _translated(body, glossary)
    held = {token for _, line in lines for token in line.tokens}
    held |= {token for line in results for token in tokens(line)}
    own = _share(terms, held)
    across = len(other & held) / len(other) if other else 0.0
    if own < COVERAGE and across < COVERAGE_TRANSLATED:
        yield f"its sources hold {own:.0%} of its words"
        return
    index, nearest = max(lines, key=lambda item: _share(terms, item[1].tokens))
    spans.append(Span(index, nearest.start, nearest.end))
    if _share(terms, nearest.tokens) >= SAME_CLAIM:
        yield from _check_clauses(body, nearest.text)


def _check_clauses(body: str, source: str) -> Iterable[str]:
    """Compare each clause with the one that it restates: another clause of the sentence may say the contrary."""
    theirs = [(clause, frozenset(tokens(clause))) for clause in _CLAUSE.split(source) if clause.strip()]
    for clause in _CLAUSE.split(body):
        terms = query_terms(clause)
        if len(terms) < 2:
            continue
        nearest, held = max(theirs, key=lambda item: _share(terms, item[1]))
        if _share(terms, held) >= SAME_CLAIM:
            yield from _check_direction(clause, nearest)


def _share(terms: Sequence[Sequence[str]], held: Iterable[str]) -> float:
    known = held if isinstance(held, (set, frozenset)) else set(held)
    return sum(any(token.rstrip("*") in known for token in group) for group in terms) / len(terms)


def _translated(body: str, glossary: Glossary | None) -> set[str]:
    if glossary is None:
        return set()
    found = glossary.expand(body)
    return {token for e in found for token in tokens(e.translations[0] if e.translations else "")} - STOPWORDS


def _check_direction(body: str, source: str) -> Iterable[str]:
    if bool(_NEGATION.search(body.lower())) != bool(_NEGATION.search(source.lower())):
        yield "it affirms what its source negates, or the other way round"
        return
    for pair in _OPPOSITES:
        for here, there in (pair, pair[::-1]):
            # Words that both have say nothing: "more microbatches" reduce, or increase, something.
            said, instead = _only(here, body, source), _only(there, source, body)
            if said and instead:
                yield f"its source says “{instead[0]}” where it says “{said[0]}”"
                return


def _only(pattern: re.Pattern[str], text: str, other: str) -> list[str]:
    """Return the words of a direction that one text has and the other lacks."""
    stems = {stem(match.group().lower()) for match in pattern.finditer(other)}
    return [match.group() for match in pattern.finditer(text) if stem(match.group().lower()) not in stems]
