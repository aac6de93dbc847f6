"""Text as search sees it: normal forms, tokens in two languages, sentences, language.

Pure. Owns the one tokeniser that both the index and every query use, so that the two can never
drift apart. Invariant: normal forms serve matching only and are never shown.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources

import snowballstemmer

from kb.types import Language

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
KANA_HANGUL = "\u3040-\u30ff\uac00-\ud7af"
# A word may hold inner joints, so that 1F1B, PTD-P, gpt-3, v2.1 and overflow_fix stay whole.
_TOKEN = re.compile(
    rf"(?P<cjk>[{HAN}{KANA_HANGUL}]+)|(?P<word>[^\W_]+(?:[-_.+/'’&][^\W_]+)*(?:\+\+|#)?)".replace(
        "[^\\W_]", f"[^\\W_{HAN}{KANA_HANGUL}]"
    )
)
_JOINT = re.compile(r"[-_.+/'’&#]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_POSSESSIVE = re.compile(r"['’]s$")
_PLURAL_ACRONYM = re.compile(r"[A-Z]{2,}s")
_DECIMAL = re.compile(r"\d+\.\d")
_HAN_RUN = re.compile(f"[{HAN}]")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ]+")
_OTHER = re.compile(rf"[{KANA_HANGUL}\u0370-\u1fff]")
_SENTENCE_END = re.compile(r"(?:[.!?]+[\"'”’)\]]*(?=\s)|[。！？；]+[」』”’）]*|\n+)")
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|et al|etc|vs|cf|Fig|Eq|Sec|Tab|Dr|Mr|Ms|Prof|No|approx|resp|[A-Z])\.$|(?:^|\n)\s*\d+\.$"
)

STOPWORDS = frozenset(
    "a an and are as at be been but by can could did do does for from had has have how i if in into is it its me my "
    "of on or our s should so such t than that the their them then there these they this those to us was we were what "
    "when where which while who whom why will with would you your about".split()
)
# Bigrams of question words and particles: they carry no subject, and long lists slow the index.
STOP_BIGRAMS = frozenset(
    "什么 怎么 怎样 如何 为什 多少 哪些 哪个 是否 可以 能够 的是 是什 么是 这个 那个 一个 我们 他们 它们 以及 或者 "
    "还是 因为 所以 但是 如果 吗？ 呢？ 有哪 是怎 多大 多快 几个 几倍 是多 做到 到的 里的 中的 上的 的时 候的".split()
)
STOP_CHARS = frozenset("的了是在和与及吗呢吧啊也都就还很把被对从到给让用有个这那其之么")


@cache
def _simplified() -> dict[int, int]:
    """Character table traditional to simplified, from OpenCC's data: one to one, so offsets hold."""
    raw = resources.files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text(encoding="utf-8")
    table: dict[int, int] = {}
    for line in raw.splitlines():
        source, _, targets = line.partition("\t")
        target = targets.split(" ")[0].strip()
        if len(source) == 1 and len(target) == 1:
            table[ord(source)] = ord(target)
    return table


def simplify(text: str) -> str:
    """Return text with traditional characters made simplified, length unchanged."""
    return text if text.isascii() else text.translate(_simplified())


def normalise(text: str) -> str:
    """Return the form used for matching: NFKC, lower case, simplified characters."""
    if text.isascii():
        return text.lower()
    return simplify(unicodedata.normalize("NFKC", text)).lower()


def normalise_with_map(text: str) -> tuple[str, list[int]]:
    """Return the normal form and, for each of its characters, the index in `text` it came from."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    whole = normalise(text)
    if len(whole) == len(text):
        # Nearly every text: no character changed its length, so every index stays.
        return whole, list(range(len(text)))
    out: list[str] = []
    where: list[int] = []
    table = _simplified()
    for index, char in enumerate(text):
        form = char.lower() if char.isascii() else unicodedata.normalize("NFKC", char).translate(table).lower()
        out.append(form)
        where.extend([index] * len(form))
    return "".join(out), where


def fold_space(text: str) -> str:
    """Return text with every run of white space made one blank."""
    return " ".join(text.split())


def scrub(text: str) -> str:
    """Return text without NULs, lone surrogates and other characters that no store can hold."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


class _Stemmers(threading.local):
    """A stemmer keeps the word at hand in itself, so each thread has its own."""

    def __init__(self) -> None:
        self.english: snowballstemmer.stemmer = snowballstemmer.stemmer("english")


_stemmers = _Stemmers()


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the English stem of a lower-case word; anything not plain letters is returned as it is."""
    return str(_stemmers.english.stemWord(word)) if word.isascii() and word.isalpha() and len(word) > 3 else word


def _cjk_tokens(run: str) -> Iterator[str]:
    """Overlapping bigrams, and the last character alone: so every character starts some token."""
    for index in range(len(run) - 1):
        yield run[index : index + 2]
    yield run[-1]


def _word_tokens(raw: str) -> Iterator[str]:
    """The word whole, joined, and in parts: FlashAttention-2, ptd-p and xid74 are found any way."""
    raw = _POSSESSIVE.sub("", raw)
    if _PLURAL_ACRONYM.fullmatch(raw):
        raw = raw[:-1]
    lower = raw.lower()
    if lower.isalpha() and (raw.islower() or raw.istitle() or raw.isupper()):
        yield stem(lower)
        return
    seen = {lower}
    yield lower
    if lower.replace(",", "").replace(".", "").isdigit():
        return
    if _DECIMAL.match(lower):
        return
    joined = _JOINT.sub("", lower)
    parts = [part for piece in _JOINT.split(raw) for part in _PART.findall(piece)]
    for form in [joined, *(stem(piece.lower()) for piece in _JOINT.split(raw)), *(stem(p.lower()) for p in parts)]:
        if form not in seen and (len(form) > 1 or form == joined):
            seen.add(form)
            yield form


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    """Yield (is CJK, run) for each token run of a text, NFKC and simplified but case kept."""
    # Case is kept until the parts of camel-case words are known.
    form = text if text.isascii() else simplify(unicodedata.normalize("NFKC", text))
    form = re.sub(r"(?<=\d),(?=\d{3}\b)", "", form)
    for match in _TOKEN.finditer(form):
        yield match.lastgroup == "cjk", match.group()


def tokens(text: str) -> list[str]:
    """Return the index tokens of a text: CJK bigrams, English stems, identifiers whole and in parts."""
    found: list[str] = []
    for cjk, run in _runs(text):
        found.extend(_cjk_tokens(run.lower()) if cjk else _word_tokens(run))
    return found


def query_terms(text: str) -> list[list[str]]:
    """Return the terms of a question, each with its alternative tokens, stop words left out.

    A CJK run gives one group a bigram; a word gives one group with its whole and its parts. A lone
    CJK character is given with a trailing `*`: it is a prefix of every bigram that it starts. If
    stop words are all there is, they are kept.
    """
    content: list[list[str]] = []
    rest: list[list[str]] = []
    for cjk, run in _runs(text):
        if not cjk:
            forms = list(_word_tokens(run))
            (rest if run.lower() in STOPWORDS else content).append(forms)
        elif len(run) == 1:
            (rest if run in STOP_CHARS else content).append([run + "*"])
        else:
            for index in range(len(run) - 1):
                pair = run[index : index + 2].lower()
                weak = pair in STOP_BIGRAMS or (pair[0] in STOP_CHARS and pair[1] in STOP_CHARS)
                (rest if weak else content).append([pair])
    unique = {tuple(group): group for group in (content or rest)}
    return list(unique.values())


def is_term_like(text: str) -> bool:
    """Tell whether a query is a short term or identifier rather than a question or a sentence."""
    runs = list(_runs(text))
    if not runs or re.search(r"[?？。！]", text):
        return False
    han = sum(len(run) for cjk, run in runs if cjk)
    words = [run for cjk, run in runs if not cjk]
    return len(words) + (han + 3) // 4 <= 2 and han <= 6 and not any(w.lower() in STOPWORDS for w in words)


def language_of(text: str) -> Language:
    """Return the language a text is written in, `mixed` where Chinese and English share it."""
    sample = text[:20_000]
    han = len(_HAN_RUN.findall(sample))
    words = len(_LATIN_WORD.findall(sample))
    other = len(_OTHER.findall(sample))
    if other > han and other > words:
        return "other"
    if han == 0:
        return "en"
    # A Chinese word is about two characters long.
    share = (han / 2) / (han / 2 + words)
    if share >= 0.5:
        return "zh"
    return "mixed" if share >= 0.08 else "en"


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the sentences of a text, white space trimmed, in order."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[start : match.end()]
        if match.group().startswith(".") and _ABBREVIATION.search(piece.rstrip()):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    lead = len(piece) - len(piece.lstrip())
    if piece.strip():
        yield start + lead, start + lead + len(piece.strip())
