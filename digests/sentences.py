"""The sentences of a document that may stand in a summary: whole, of prose, each an exact span.

Pure. Headings, code, tables, addresses, bare list items and half sentences are no candidates; what
sites say of themselves (subscribe, code available at, all rights reserved) is none either. Works in
English and Chinese. Invariant: `text` is the document's own, white space folded.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from digests.cues import Cue
from kb.text import HAN, fold_space, sentences
from kb.types import Document, Kind, Section

_HAN = re.compile(f"[{HAN}]")
FIRST, LAST = 300, 60
"""Sentences of a very long document that are looked at."""
_MARKER = re.compile(r"^\s*(?:[-*•·●▪>#]+\s+|\(?\d{1,2}[.)、]\s*|[①-⑳]\s*)+")
_END = re.compile(r"[.!?。！？…;；][\"'”’」』）)\]]*$")
_LOWER_NAME = re.compile(r"[a-z]+[A-Z0-9]|[a-z]+[._]\w")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ADDRESS = re.compile(r"https?://|www\.|\w@\w+\.\w")
_CODE = re.compile(r"[{}\\;=<>|]|\w\(\)|--\w|\$ |::|->|/\w+/\w+/")
_NAMING = ("author:", "venue:", "year:")
"""Labels of lines that name a work."""
_OPINIONS = frozenset({"very-good", "good", "useful", "interesting"})
_RATING = re.compile("[★☆✅❌✔✘⭐]")
_FORMULA = re.compile(r"\$[^$]*\$")
_BOILERPLATE = Cue(
    r"\b(code|codes?base|implementation|source|models?|datasets?|weights|checkpoints?|project page|demo|slides|video)\b"
    r"[^.]{0,60}\b(is|are|can be|will be|has been|have been)\b[^.]{0,40}\b(available|found (at|on|in|here)|"
    r"released|published|open[- ]?sourced|"
    r"at:? (https?|github|this|the (link|repo)))"
    r"|\b(our|the) (source )?codes? (is|are|at)\b|\bavailable (at|on|from|here|in):? ?(https?|github|this|$)"
    r"|\b(subscribe|sign up|follow (us|me|our)|welcome to|join (us|our)|stay tuned|click (here|on|the)|"
    r"read more|learn more|see more|"
    r"thanks? (to|for|you)|acknowledge?ments?|all rights reserved|copyright|cookies?|newsletter|contact us|"
    r"register (now|here)|"
    r"leave a (comment|star)|star us|happy (reading|coding)|check (it )?out|feel free to|stay up[- ]to[- ]date|"
    r"originally (appeared|published)|photo by|image (by|source)|written by|edited by|views? (are|expressed)|"
    r"no liability|warrant(y|ies)|disclaim\w*|sponsored|discord|slack channel|twitter)\b"
    r"|关注.{0,8}(我们|公众号)|公众号|扫码|二维码|点击|阅读原文|版权|侵权|转载|投稿|招聘|欢迎(加入|关注|大家|来)|"
    r"微信|点赞|收藏|责任编辑|来源[：:]|编辑[：:]|作者[：:]|原文[：:]|往期|广告|联系我们|报名|(論文|论文|代码|项目|項目|原文)(鏈接|链接|地址)",
)


@dataclass(frozen=True)
class Candidate:
    """A sentence with where it stands."""

    text: str
    start: int
    end: int
    ordinal: int
    """Among all sentences of its document, those that cannot stand included."""
    place: float
    """0 at the beginning of the document's prose, 1 at its end."""
    listed: bool = False
    """An item of a list."""
    heading: str = ""
    """The title of its section."""
    judged: bool = False
    """A line of a notebook that gives the reader's opinion."""

    @cached_property
    def words(self) -> float:
        """Its length in words."""
        return count_words(self.text)


def count_words(text: str) -> float:
    """Return the length of a text in words, two Han characters counting as one."""
    han = len(_HAN.findall(text))
    return han / 2 + len(_HAN.sub(" ", text).split()) if han else len(text.split())


def candidates(document: Document) -> list[Candidate]:
    """Return the sentences of a document that may stand in a summary, in order."""
    spans = [
        (start, end, listed)
        for line_start, line_end, listed in _lines(document)
        for start, end in _whole(document.text, line_start, line_end)
    ]
    last = max(1, len(spans) - 1)
    starts = [section.start for section in document.sections]
    # A book says what it is about at its beginning and its end.
    looked = spans if len(spans) <= FIRST + LAST else [*spans[:FIRST], *spans[-LAST:]]
    skipped = len(spans) - len(looked)
    return [
        Candidate(
            text=text,
            start=start,
            end=end,
            ordinal=(ordinal := at if at < FIRST else at + skipped),
            place=ordinal / last,
            listed=listed,
            heading=document.sections[bisect_right(starts, start) - 1].title if starts else "",
        )
        for at, (start, end, listed) in enumerate(looked)
        if _is_sentence(text := fold_space(document.text[start:end])) and _same_tongue(text, document)
    ]


def node_lines(document: Document) -> list[Candidate]:
    """Return the statements of a notebook, or of a document without sentences: its lines, and the sentences in them.

    Lines that only name a work are left out.
    """
    by_start = {section.start: section for section in document.sections}
    spans: list[tuple[int, int, Section | None]] = []
    for start, end, _ in _lines(document, headings=False):
        begin = document.text.rfind("\n", 0, start) + 1
        section = by_start.get(begin) or by_start.get(start)
        if section is not None and any(label.startswith(_NAMING) for label in section.labels):
            continue
        address = _ADDRESS.search(document.text, start, end)
        stop = address.start() if address else end
        for left, right in _whole(document.text, start, stop):
            if _is_line(fold_space(document.text[left:right])):
                spans.append((left, right, section))
    last = max(1, len(spans) - 1)
    return [
        Candidate(
            text=fold_space(document.text[start:end]),
            start=start,
            end=end,
            ordinal=ordinal,
            place=ordinal / last,
            judged=section is not None and not _OPINIONS.isdisjoint(section.labels),
        )
        for ordinal, (start, end, section) in enumerate(spans)
    ]


def _is_line(text: str) -> bool:
    if not 6 <= count_words(text) <= 40 or _ADDRESS.search(text) or is_boilerplate(text):
        return False
    return len(_CODE.findall(text)) <= 2 and len("".join(_WORD.findall(text))) > 0.5 * len(text.replace(" ", ""))


def ends(text: str) -> bool:
    """Tell whether a text ends as a sentence does."""
    return _END.search(text) is not None


def is_boilerplate(text: str) -> bool:
    """Tell whether a sentence is what sites and papers say of themselves."""
    return _BOILERPLATE.search(text) is not None


def _lines(document: Document, headings: bool = True) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, is a list item) of the lines of prose, markers and headings left out."""
    starts = {section.start for section in document.sections} if headings and document.kind is not Kind.ARXIV else set()
    titles = {fold_space(section.title) for section in document.sections}
    fenced = False
    at = 0
    for line in document.text.splitlines(keepends=True):
        start, at = at, at + len(line)
        if line.lstrip().startswith(("```", "~~~")):
            # A notebook's outline may stand in a fence: it is no code.
            fenced = not fenced and document.kind is not Kind.NOTES
            continue
        bare = line.strip()
        if fenced or not bare or line.count("|") > 2 or "\t" in bare:
            continue
        if start in starts and fold_space(bare) in titles and not _END.search(bare):
            continue
        marker = _MARKER.match(line)
        lead = len(marker.group()) if marker else len(line) - len(line.lstrip())
        if line[lead:].strip():
            yield start + lead, start + len(line.rstrip()), bool(marker) and not bare.startswith(">")


def _whole(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a line, pieces that an abbreviation tore apart joined again."""
    held: tuple[int, int] | None = None
    for left, right in sentences(text[start:end]):
        piece = (start + left, start + right)
        if held is not None and _continues(text, held, piece):
            held = (held[0], piece[1])
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _continues(text: str, held: tuple[int, int], piece: tuple[int, int]) -> bool:
    before, after = text[held[0] : held[1]], text[piece[0] : piece[1]]
    if before.count("(") > before.count(")") or before.count("（") > before.count("）"):
        return True
    return after[0].islower() and not _LOWER_NAME.match(after) and before.endswith(".")


def _same_tongue(text: str, document: Document) -> bool:
    """Tell whether a sentence is in the document's language: a translated post may hold lines of its original."""
    return document.language != "en" or len(_HAN.findall(text)) < 0.3 * len(text)


def _balanced(text: str) -> bool:
    """Tell whether every bracket and quotation mark has its other half."""
    if any(text.count(left) != text.count(right) for left, right in ("()", "（）", "「」", "『』", "“”", "[]", "《》")):
        return False
    return text.count('"') % 2 == 0


def _is_sentence(text: str) -> bool:
    """Tell whether a text reads as a whole sentence of prose."""
    if not _END.search(text) or count_words(text) < 5 or text[0] in "[{<|=+/\\" or _ADDRESS.search(text):
        return False
    if text.endswith((";", "；")) or not _balanced(text):
        return False
    plain = _FORMULA.sub("", text)
    if len(_CODE.findall(plain)) > 2 or _RATING.search(text) or is_boilerplate(text):
        return False
    if _HAN.search(text):
        return True
    letters = len(_WORD.findall(text))
    return (
        letters >= 4 and letters >= 0.5 * len(text.split()) and (not text[0].islower() or bool(_LOWER_NAME.match(text)))
    )
