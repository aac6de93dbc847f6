"""Which lines of a page saved as text are headings, and how they rank.

Owns the look of a title: short, capitalised, without the end of a sentence, with text below it.
Refuses captions, lead-ins that end in a colon, link labels and table cells. Invariant: a rank is a
number that only its order gives meaning to; lower ranks stand higher.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest._bylines import is_source_label, read_byline
from ingest._links import URL
from ingest._markers import Marker, read_marker
from ingest._pieces import Piece, ends_sentence, has_cjk, is_cjk, width
from kb.text import normalise

OPENERS = re.compile(
    r"(?:\d{1,2}[.、]?\s*|[一二三四五六七八九十]、\s*)?(?:introduction|intro|abstract|tl;?\s?dr|executive\s+summary|preface|foreword"
    r"|引言|前言|导言|导语|摘要|序言|写在前面|开篇)\s*[:.]?"
)  # fmt: skip
WEAK_OPENERS = re.compile(
    r"(?:\d{1,2}[.、]?\s*|[一二三四五六七八九十]、\s*)?(?:overview|background|motivation|summary|at\s+a\s+glance|key\s+takeaways|highlights"
    r"|table\s+of\s+contents|contents|概述|背景|简介|介绍|目录|概要|要点)\s*[:.]?"
)  # fmt: skip
CLOSERS = re.compile(
    r"(?:\d{1,2}[.、]?\s*|[一二三四五六七八九十]、\s*)?(?:conclusions?(?:\s+and\s+.{2,40})?|closing(?:\s+(?:thoughts|remarks))?|final\s+thoughts"
    r"|wrap(?:ping)?[- ]up|summary(?:\s+and\s+.{2,40})?|references?|bibliography|acknowledge?ments?|appendix|citations?"
    r"|footnotes|resources|further\s+reading|future\s+(?:work|directions?|plans)|next\s+steps|what'?s\s+next\??|get(?:ting)?\s+(?:started|help|involved)"
    r"|learn\s+more|related\s+(?:links|work)|see\s+also|credits|changelog|contributors|thanks|takeaways|call\s+to\s+action"
    r"|总结|结论|结语|小结|参考(?:文献|资料|链接)?|致谢|附录|展望|未来(?:展望|工作)|写在最后|后记|结束语|延伸阅读|总结与展望)\s*[:.]?"
)  # fmt: skip
_PLAIN = re.compile(
    r"(?:methods?|results?|discussion|evaluation|experiments?|installation|usage|examples?|prerequisites|requirements|setup|implementation"
    r"|performance|benchmarks?|limitations?|authors?|notes?|features?|faq|questions?|conclusion|demo|design|architecture|analysis|training|inference"
    r"|方法|方法介绍|实验|结果|讨论|评估|安装|使用|示例|性能|局限|分析|设计|架构|训练|推理|未来展望|实验与评估)\s*:?"
)
_LEAD_IN = re.compile(
    r"(?:here|the\s+following|following|this|these|that|it|we|you|i|for\s+(?:example|instance)|note|as\s+(?:follows|shown|below)|such\s+as|in\s+this|please"
    r"|let|to\s+\w+|run\s+the|then|first|next|finally|now|see|below|where|with|and|but|so|because|if|when|since|while|however|also|step\s+\d+\s*$"
    r"|那么|但是?|而且?|所以|因此|此外|同时|然而|其中|例如|比如|如下|首先|其次|最后|接下来|下面|因为|虽然|如果|可以|我们|这|它|在上述|在这|输出|结果如)\b"
)
_SENTENCE_START = re.compile(
    r"(?:here|you|we|it|this|these|those|there|they|alternatively|however|besides|moreover|furthermore|additionally|also"
    r"|similarly|finally|lastly|for\s+(?:example|instance)|in\s+(?:this|addition|order)|note\s+that|as\s+(?:you|we|shown))\b",
    re.I,
)
_LEAD_IN_ZH = re.compile(
    r"(?:那么|但是?|所以|因此|此外|同时|然而|其中|例如|比如|首先|其次|最后|接下来|下面|因为|虽然|如果|可以|我们先|这样|其)"
)
_INSIDE = re.compile(r"[。；;!！]|[.?？]\s+[(A-Z\u3400-\u9fff]")
_NOTE = re.compile(
    r"(?:note|tip|warning|caution|important|figure|fig\.?|table|图|表|注|source|image|photo|credit)s?\s*\d*\s*[:.：]",
    re.I,
)
_SMALL_WORDS = frozenset(
    "a an and as at but by for from in into is nor of on or over per the to up via vs with your our how we".split()
)
_MAX_WIDTH = 110
_MAX_WORDS = 16
_PARAGRAPH = 80
_TABLE_RUN = 4

TOP = 20
"""Rank of a heading without number; decimals add ten for each component below the first."""
ENTRY = 90
"""Rank of an entry of a list that is a passage of its own."""


@dataclass(slots=True)
class Heading:
    """A heading found: its text without trailing colon, and its rank."""

    title: str
    rank: int


def is_paragraph(piece: Piece | None) -> bool:
    """Tell whether a piece is running text rather than a line of a few words."""
    return piece is not None and piece.kind == "text" and (width(piece.text) >= _PARAGRAPH or ends_sentence(piece.text))


def is_generic(text: str) -> bool:
    """Tell whether a heading is one that any article may have: Introduction, Conclusion, Usage."""
    form = normalise(text).strip()
    return any(pattern.fullmatch(form) for pattern in (OPENERS, WEAK_OPENERS, CLOSERS, _PLAIN))


def looks_like_title(piece: Piece) -> bool:
    """Tell whether a piece by itself could be a title or heading."""
    if piece.kind == "heading":
        return True
    text = piece.text
    if piece.kind != "text" or not len(text) >= 2 or width(text) > _MAX_WIDTH or len(text.split()) > _MAX_WORDS:
        return False
    if URL.search(text) or _INSIDE.search(text) or _NOTE.match(text) or is_source_label(text):
        return False
    last = text.rstrip("\"'”’」』）)")[-1:]
    if last in ".,;:，。；：、…" and not re.search(r"\b(?:Inc|vs|etc|al|Jr|Sr|[A-Z])\.$", text):
        return False
    first = text.lstrip("\"'“‘「『《【([（`#*")[:1]
    if not first or not (first.isupper() or first.isdigit() or is_cjk(first) or _is_camel(text)):
        return False
    if has_cjk(text):
        return text.count("，") + text.count(",") <= 2 and not _LEAD_IN_ZH.match(normalise(text))
    if _SENTENCE_START.match(text) and title_case(text) < 0.6:
        return False
    return read_byline(text) is None


def _is_camel(text: str) -> bool:
    """Tell whether a name such as vLLM or mlflow-2 opens the line."""
    word = text.split()[0]
    return any(char.isupper() or char.isdigit() for char in word[1:])


def title_case(text: str) -> float:
    """Return the share of the longer words of a title that are capitalised."""
    words = [word for word in re.findall(r"[A-Za-z][\w'-]*", text) if word.lower() not in _SMALL_WORDS]
    return sum(word[0].isupper() for word in words) / len(words) if words else 0.0


def find_headings(pieces: Sequence[Piece]) -> dict[int, Heading]:
    """Return the headings of one article, by the positions of their pieces."""
    candidates = {i for i in range(len(pieces)) if _is_heading(pieces, i)}
    candidates -= _table_cells(pieces, candidates)
    numbered = sum(_number_of(pieces[i].text) is not None for i in candidates)
    found: dict[int, Heading] = {}
    styles: list[str] = []
    below = 0
    before: Heading | None = None
    for position in sorted(candidates):
        piece = pieces[position]
        title = piece.text.rstrip(" :：")
        rank = _rank(piece, styles)
        if rank is None:
            rank = TOP
            directly = before is not None and position - 1 in found
            if directly and before is not None and not is_generic(title):
                rank = min(before.rank + 10, TOP + 10)
                below = position
            elif below and not is_generic(title) and _same_shape(pieces, below, position):
                rank = TOP + 10
            elif numbered >= 3 and before is not None and styles and not is_generic(title):
                rank = before.rank if position - 1 not in found and before.rank % 10 == 7 else before.rank + 7
            else:
                below = 0
        before = found[position] = Heading(title, rank)
    return found


def _is_heading(pieces: Sequence[Piece], position: int) -> bool:
    piece = pieces[position]
    if piece.kind == "heading":
        return True
    if piece.kind != "text" or position + 1 >= len(pieces):
        return False
    after = pieces[position + 1]
    if after.kind == "rule" or (after.kind == "text" and URL.match(after.text) and not is_generic(piece.text)):
        return False
    marker = _number_of(piece.text)
    if marker is not None:
        return _is_numbered_heading(pieces, position, marker)
    if not looks_like_title(piece):
        return _is_colon_heading(piece, after)
    if has_cjk(piece.text) and width(piece.text) > 64:
        return False
    if ": " in piece.text and not is_paragraph(after) and not is_generic(piece.text):
        return False
    if is_generic(piece.text):
        return True
    return after.kind != "text" or is_paragraph(after) or looks_like_title(after) or _number_of(after.text) is not None


def _is_colon_heading(piece: Piece, after: Piece) -> bool:
    """Tell whether a few words with a colon head what follows, rather than lead into it."""
    text = piece.text
    if text[-1] not in ":：" or after.kind == "code" or _INSIDE.search(text) or is_source_label(text):
        return False
    body = text.rstrip(" :：")
    form = normalise(body)
    if not body or _LEAD_IN.match(form) or _LEAD_IN_ZH.match(form) or URL.search(after.text[:200]):
        return False
    if has_cjk(body):
        return width(body) <= 28 and not re.search(r"[,，、的为為是]", body)
    return len(body.split()) <= 5 and body[0].isupper() and (title_case(body) >= 0.5 or len(body.split()) <= 2)


def _number_of(text: str) -> Marker | None:
    """Return the marker of a numbered heading such as `4.1. Title`, `2 引言`, `（一）背景`."""
    marker = read_marker(text)
    if marker is None or marker.family in ("bullet", "letter", "n", "circled") or not marker.rest:
        return None
    return marker


def _is_numbered_heading(pieces: Sequence[Piece], position: int, marker: Marker) -> bool:
    text = marker.rest
    if (
        width(text) > _MAX_WIDTH
        or (ends_sentence(text) and text[-1] not in "?？")
        or _INSIDE.search(text)
        or URL.search(text)
    ):
        return False
    if marker.family == "bare" and not (
        marker.value is not None and marker.value <= 30 and looks_like_title(Piece("text", text))
    ):
        return False
    first = text.lstrip("\"'“「《`*(（")[:1]
    if not (first.isupper() or first.isdigit() or is_cjk(first) or _is_camel(text)):
        return False
    after = pieces[position + 1]
    follower = _number_of(after.text) if after.kind == "text" else None
    # Items of a list follow one another; headings have text below them.
    if follower is not None and follower.family == marker.family and len(follower.parts) == len(marker.parts):
        return False
    before = _number_of(pieces[position - 1].text) if position and pieces[position - 1].kind == "text" else None
    if before is not None and before.family == marker.family and len(before.parts) == len(marker.parts):
        return marker.value is not None and marker.family != "number" and is_paragraph(after)
    return True


def _rank(piece: Piece, styles: list[str]) -> int | None:
    """Return the rank of a heading that states its own: by Markdown level or by number; None for the rest."""
    if piece.kind == "heading":
        return piece.level * 10
    marker = _number_of(piece.text)
    if marker is None:
        return None
    if marker.family == "decimal":
        style, rank = "decimal", TOP + 10 * (len(marker.parts) - 1)
    elif marker.family in ("number", "bare") and (not styles or "decimal" in styles or marker.family in styles):
        style, rank = marker.family, TOP
    else:
        style = marker.family
        known = styles.index(style) if style in styles else len(styles)
        rank = TOP + 10 * (2 if "decimal" in styles else 0) + 5 * known
    if style not in styles:
        styles.append(style)
    return rank


def _table_cells(pieces: Sequence[Piece], candidates: set[int]) -> set[int]:
    """Return the candidates that stand in a run of short lines, as the cells of a lost table do."""
    cells: set[int] = set()
    run: list[int] = []
    for position in range(len(pieces) + 1):
        piece = pieces[position] if position < len(pieces) else None
        if piece is not None and piece.kind == "text" and _is_cell(piece.text):
            run.append(position)
            continue
        if len(run) >= _TABLE_RUN:
            short = sum(len(pieces[i].text.split()) < 2 or any(c.isdigit() for c in pieces[i].text) for i in run)
            if short * 2 >= len(run):
                cells.update(i for i in run[:-1] if i in candidates and not is_generic(pieces[i].text))
        run = []
    return cells


def _is_cell(text: str) -> bool:
    return width(text) < 40 and not ends_sentence(text) and _number_of(text) is None


def _same_shape(pieces: Sequence[Piece], first: int, position: int) -> bool:
    """Tell whether two headings head the same kind of thing: questions, or lists."""
    if position + 1 >= len(pieces) or first + 1 >= len(pieces):
        return False
    asks = [pieces[i].text.rstrip()[-1:] in "?？" for i in (first, position)]
    lists = [pieces[i + 1].kind == "bullet" for i in (first, position)]
    return all(asks) or all(lists)
