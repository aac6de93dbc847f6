"""Where the records of a plain dump of abstracts begin and end: its arXiv marks, and on which side they stand.

Owns the one decision that misfiles every paper when it is wrong: whether a mark follows its
abstract or precedes it. It is taken from the whole file. Refuses marks inside running text: those
are citations. Pure and linear.
"""

import re
from dataclasses import dataclass
from typing import Literal

from kb.chunk import count_units

Reading = Literal["after", "before"]
"""Whether the mark stands after its abstract or before it."""

_NEW = r"(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])\.\d{5}|(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.\d{4}"
"""Ids have four digits up to 1412 and five from 1501: so a digit that follows belongs to the text."""
_OLD = (
    r"(?:astro-ph|cond-mat|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|nlin|nucl-ex|nucl-th|physics|quant-ph|math|cs|"
    r"cmp-lg|chao-dyn|solv-int|q-alg|alg-geom|dg-ga|funct-an|patt-sol|q-bio|q-fin|stat)(?:\.[A-Z]{2})?"
    r"/\d\d(?:0[1-9]|1[0-2])\d{3}"
)
_MARK = re.compile(
    rf"(?:(?P<label>arXiv(?:\s+(?:preprint|e-?print|id|identifier))?\s*[:：]\s*(?:arXiv\s*[:：]\s*)?)"
    rf"|(?P<url>https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/))"
    rf"(?P<base>{_NEW}|{_OLD})(?:v(?P<version>[1-9]\d?))?(?(url)(?:\.pdf)?)",
    re.IGNORECASE,
)
_STAMP = re.compile(
    r"\s*[\[(](?P<cats>[a-z-]+(?:\.[A-Za-z-]+)?(?:\s*[,;]\s*[a-z-]+(?:\.[A-Za-z-]+)?)*)[\])]"
    r"(?:[ \t]+(?P<date>\d{1,2}\s+[A-Z][a-z]{2,8}\.?\s+(?:19|20)\d\d))?"
)
_DECORATION = re.compile(
    r"[ \t]*(?:(?:[-*•#>]+|\[?\d{1,4}[\].)、])[ \t]*){0,3}"
    r"(?:(?:url|link|paper|abs|id|链接|論文|论文)[ \t]*[:：]?[ \t]*)?[<(\[【]?",
    re.IGNORECASE,
)
_TRAILER = re.compile(r"[ \t]*(?:[\])】>][ \t]*)?(?:(?:\[[^\]\n]{0,60}\]|\([^()\n]{0,60}\))[ \t]*){0,4}[.。]?[ \t]*")
_OPENS = re.compile(r"[A-Z\u4e00-\u9fff]|\d{1,2}(?:[A-Z-]|\s)")
"""How an abstract may open that is run together with the mark before it, in the middle of a line."""
_CLOSED = re.compile(r"[.!?。！？…)\]）」”\"'：:]\s*$")


@dataclass(frozen=True)
class Mark:
    """An arXiv id that stands where a record begins or ends."""

    base: str
    version: int | None
    start: int
    """Where its line's decoration begins."""
    end: int
    categories: tuple[str, ...]
    date: str
    form: Literal["own", "glued", "leading", "trailing", "between"]
    """Alone on its line; run together with the text after it; before text on its line; closing a line of text;
    between two sentences of a line."""
    label: bool
    """Written `arXiv:…`, not as a link."""


def find_marks(text: str) -> list[Mark]:
    """The marks that divide a text into records, in order; citations are not among them."""
    found: list[Mark] = []
    line_start = at = 0
    for match in _MARK.finditer(text):
        newline = text.rfind("\n", at, match.start())
        line_start = newline + 1 if newline >= 0 else line_start
        at = match.start()
        mark = _classify(text, match, line_start)
        if mark is not None:
            found.append(mark)
    for label in (True, False):
        chosen = _choose(text, [mark for mark in found if mark.label is label])
        if chosen:
            return chosen
    return []


def _classify(text: str, match: re.Match[str], line_start: int) -> Mark | None:
    """The mark at a match, None where it is plainly a citation."""
    stamp = _STAMP.match(text, match.end())
    end = stamp.end() if stamp else match.end()
    line_end = text.find("\n", end, end + 200)
    rest = text[end : line_end if line_end >= 0 else end + 200]
    before = text[max(line_start, match.start() - 60) : match.start()]
    first = match.start() - line_start <= 60 and _DECORATION.fullmatch(before) is not None
    trailer = _TRAILER.match(rest)
    form: Literal["own", "glued", "leading", "trailing", "between"]
    if trailer and trailer.end() == len(rest):
        form = "own" if first else "trailing"
        if not first and not _CLOSED.search(before.rstrip(" (")):
            return None
        end += trailer.end()
    elif rest[:1].isalnum() or rest[:1] in '$“"`\\(':
        form = "glued"
        if not first and not (_OPENS.match(rest) and _CLOSED.search(before)):
            return None
    elif first and re.match(r"[ \t]*[:：|–—-]?[ \t]+\S", rest):
        form = "leading"
        end += re.match(r"[ \t]*[:：|–—-]?[ \t]+", rest).end()  # type: ignore[union-attr]
    elif _OPENS.match(rest.lstrip()) and _CLOSED.search(before):
        form = "between"
    else:
        return None
    return Mark(
        base=_canonical(match["base"]),
        version=int(match["version"]) if match["version"] else None,
        start=line_start if first else match.start(),
        end=end,
        categories=tuple(re.split(r"\s*[,;]\s*", stamp["cats"])) if stamp else (),
        date=(stamp["date"] or "") if stamp else "",
        form=form,
        label=match["label"] is not None,
    )


def _canonical(base: str) -> str:
    archive, slash, number = base.rpartition("/")
    return f"{archive.split('.')[0].lower()}{slash}{number}"


def _choose(text: str, marks: list[Mark]) -> list[Mark]:
    """Of the marks of one way of writing, those that divide records."""
    sure = [mark for mark in marks if mark.form == "glued" or (mark.form == "own" and not _runs_on(text, mark))]
    leading = [mark for mark in marks if mark.form == "leading" and not _runs_on(text, mark)]
    if len(leading) >= max(1, len(sure)):
        sure = sorted([*sure, *leading], key=lambda mark: mark.start)
    inline = any(mark.form == "glued" and mark.start and text[mark.start - 1] != "\n" for mark in sure)
    if inline or not sure:
        within = [mark for mark in marks if mark.form == "trailing" or (mark.form == "between" and not inline)]
        sure = sorted([*sure, *within], key=lambda mark: mark.start)
    return [
        mark
        for index, mark in enumerate(sure)
        if not index or mark.base != sure[index - 1].base or text[sure[index - 1].end : mark.start].strip()
    ]


def _runs_on(text: str, mark: Mark) -> bool:
    """Whether a sentence runs through the mark: then it is a citation in wrapped text."""
    before = text[max(0, mark.start - 200) : mark.start]
    line = before.rstrip("\n").rpartition("\n")[2]
    if before.endswith("\n\n") or _CLOSED.search(before) or len(re.findall(r"\w+", line)) < 4:
        return False
    after = text[mark.end : mark.end + 100].lstrip()
    return after[:1].islower() or after.startswith((",", ";"))


def decide_reading(text: str, marks: list[Mark]) -> tuple[Reading, str]:
    """On which side of its mark an abstract stands, and the evidence for it."""
    head, tail = text[: marks[0].start].strip(), text[marks[-1].end :].strip()
    head_long, tail_long = count_units(head[:2000]) >= 30, count_units(tail[:2000]) >= 30
    if head and not tail:
        return "after", "text precedes the first mark, none follows the last"
    if tail and not head:
        return "before", "text follows the last mark, none precedes the first"
    if head_long != tail_long:
        return ("after", "an abstract precedes the first mark, none follows the last") if head_long else (
            "before", "an abstract follows the last mark, none precedes the first"
        )  # fmt: skip
    forms = [mark.form for mark in marks]
    if forms.count("glued") + forms.count("trailing") + forms.count("between") > len(forms) / 2:
        return "after", "marks are run together with the text of the next record"
    if forms.count("leading") > len(forms) / 2:
        return "before", "marks open the lines of their records"
    blank_before = sum(text[max(0, mark.start - 2) : mark.start] == "\n\n" or mark.start == 0 for mark in marks[:200])
    blank_after = sum(re.match(r"\n[ \t]*(?:\n|$)", text[mark.end : mark.end + 50]) is not None for mark in marks[:200])
    if blank_before != blank_after:
        side: Reading = "before" if blank_before > blank_after else "after"
        return side, f"blank lines {'precede' if side == 'before' else 'follow'} the marks"
    if head_long:
        return "after", "abstracts stand on both sides; the last is taken for one without its mark"
    return "before", "nothing tells on which side the abstracts stand"
