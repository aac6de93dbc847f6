"""The body of a post, page or paper as safe HTML: headings, paragraphs, lists, quotations, code, tables.

Pure. Reads the plain text that the ingestors write (fences, `> `, `- `, `| a | b |`) and nothing
else of Markdown. Invariant: every character of the text that is not such a sign is shown, escaped;
the passage that is looked for is wrapped as one place to go to.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from kb.types import Document, Section
from ui.links import DocumentState
from ui.render import Anchors, Spans, esc, inline, link

PART = 200_000
"""Characters that a page shows at once: a browser would stall on a book."""
_FENCE = re.compile(r"[ \t>]*(`{3,})\s*([\w+#-]*)[ \t]*$")
_ITEM = re.compile(r"([ \t]*)([-*•]|\d{1,4}[.)])[ \t]+(?=\S)")
_TICKS = re.compile(r"(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)")


@dataclass(frozen=True)
class _Block:
    """A run of lines that is shown as one thing; `kind` names it."""

    kind: str
    start: int
    end: int
    level: int = 0
    extra: str = ""


def parts(text: str) -> list[tuple[int, int]]:
    """Return the spans that a long text is shown in, cut at line ends where there are any."""
    cuts = [0]
    while len(text) - cuts[-1] > PART * 1.5:
        wanted = cuts[-1] + PART
        line_end = text.rfind("\n", cuts[-1] + PART // 2, wanted)
        cuts.append(line_end + 1 if line_end > 0 else wanted)
    return list(pairwise([*cuts, len(text)]))


def body(
    document: Document,
    focus: tuple[int, int] | None,
    marks: Spans,
    state: DocumentState,
    part: tuple[int, int] | None = None,
) -> str:
    """Return a document's text, or a part of it; `focus` is the span of the passage that was asked for."""
    anchors: Anchors = sorted((link.start, link.end, link.url) for link in document.links)
    sections = document.sections or (Section(id="1", level=1, title=document.title, start=0, end=len(document.text)),)
    made: list[str] = []
    opened = done = False
    for block, section in _blocks(document.text, sections, part or (0, len(document.text))):
        inside = focus is not None and not done and block.start < focus[1] and block.end > focus[0]
        if inside and not opened:
            made.append('<div class="al-focus" data-scroll-here="1">')
            opened = True
        elif opened and not done and not inside:
            made.append("</div>")
            done = True
        made.append(_block(document.text, block, section, marks, anchors, state))
    if opened and not done:
        made.append("</div>")
    return f'<div class="al-read">{"".join(made)}</div>'


def contents(document: Document, state: DocumentState) -> str:
    """Return the table of contents of a text with several headings, or nothing."""
    named = [section for section in document.sections if section.level > 1 and section.title]
    if len(named) < 3:
        return ""
    rows = ""
    for section in named:
        way = link(state.href(chunk="", at=section.id, part=0), esc(section.title))
        rows += f'<li class="al-i{min(section.level - 2, 4)}">{way}</li>'
    return f'<details class="al-toc"><summary>Contents · {len(named)} sections</summary><ul>{rows}</ul></details>'


def _blocks(text: str, sections: tuple[Section, ...], part: tuple[int, int]) -> Iterator[tuple[_Block, Section]]:
    for section in sections:
        at, hi = max(section.start, part[0]), min(section.end, part[1])
        if at >= hi:
            continue
        if at == section.start and section.level > 1 and section.title and text.startswith(section.title, at):
            end = at + len(section.title)
            yield _Block("heading", at, end, section.level), section
            at = end
        for block in _lines_to_blocks(text, at, hi):
            yield block, section


def _lines_to_blocks(text: str, lo: int, hi: int) -> Iterator[_Block]:
    at, gap = lo, True
    while at < hi:
        end = text.find("\n", at, hi)
        end = hi if end < 0 else end
        line = text[at:end]
        if not line.strip():
            at, gap = end + 1, True
            continue
        block = _block_at(text, at, end, hi, line, gap)
        yield block
        at, gap = block.end + 1, False


def _block_at(text: str, at: int, end: int, hi: int, line: str, gap: bool) -> _Block:
    if fence := _FENCE.match(line):
        close = re.compile(rf"^[ \t>]*{fence[1]}`*[ \t]*$", re.M).search(text, min(end + 1, hi), hi)
        return _Block("code", at, close.end() if close else hi, extra=fence[2])
    if line.lstrip().startswith("|") and line.rstrip().endswith("|"):
        return _Block("table", at, _run(text, at, hi, lambda row: row.startswith("|") and row.endswith("|")))
    if line.startswith(">"):
        return _Block("quote", at, _run(text, at, hi, lambda row: row.startswith(">")))
    if item := _ITEM.match(line):
        return _Block("item", at, end, level=min(len(item[1].expandtabs(4)) // 2, 5), extra=item[2])
    return _Block("paragraph" if gap else "line", at, end)


def _run(text: str, at: int, hi: int, belongs: object) -> int:
    """Return the end of a run of lines of one sort."""
    end = at
    while at < hi:
        stop = text.find("\n", at, hi)
        stop = hi if stop < 0 else stop
        if not belongs(text[at:stop].strip()):  # type: ignore[operator]
            break
        end, at = stop, stop + 1
    return end


def _block(text: str, block: _Block, section: Section, marks: Spans, anchors: Anchors, state: DocumentState) -> str:
    lo, hi = block.start, block.end
    if block.kind == "heading":
        pin = link(state.href(chunk="", at=section.id, part=0), "§", kind="al-pin")
        rank = min(block.level, 6)
        return f'<h{rank} class="al-h">{inline(text, lo, hi, marks)}{pin}</h{rank}>'
    if block.kind == "code":
        return _code(text, block, marks)
    if block.kind == "table":
        return _table(text, lo, hi, marks, anchors)
    if block.kind == "quote":
        lines = "".join(f"<p>{_words(text, a, b, marks, anchors)}</p>" for a, b in _stripped(text, lo, hi))
        return f"<blockquote>{lines}</blockquote>"
    if block.kind == "item":
        start = lo + _ITEM.match(text[lo:hi]).end()  # type: ignore[union-attr]  # that is what made it an item
        marker = "–" if block.extra in "-*•" else block.extra
        words = _words(text, start, hi, marks, anchors)
        return (
            f'<div class="al-li al-i{block.level}"><span class="al-mk">{esc(marker)}</span><span>{words}</span></div>'
        )
    kind = ' class="al-line"' if block.kind == "line" else ""
    return f"<p{kind}>{_words(text, lo, hi, marks, anchors)}</p>"


def _stripped(text: str, lo: int, hi: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of a quotation's lines without their marks, blank ones left out."""
    at = lo
    for line in text[lo:hi].split("\n"):
        lead = len(line) - len(line.lstrip("> \t"))
        if line[lead:].strip():
            yield at + lead, at + len(line)
        at += len(line) + 1


def _words(text: str, lo: int, hi: int, marks: Spans, anchors: Anchors) -> str:
    """Return running text; words in backticks are code."""
    made: list[str] = []
    at = lo
    for match in _TICKS.finditer(text, lo, hi):
        made.append(inline(text, at, match.start(), marks, anchors))
        made.append(f"<code>{inline(text, match.start(2), match.end(2), marks)}</code>")
        at = match.end()
    made.append(inline(text, at, hi, marks, anchors))
    return "".join(made)


def _code(text: str, block: _Block, marks: Spans) -> str:
    lines = text[block.start : block.end].split("\n")
    first = block.start + len(lines[0]) + 1
    last = block.end - len(lines[-1]) - 1 if len(lines) > 1 and _FENCE.match(lines[-1]) else block.end
    words = inline(text, first, max(first, last), marks) if first < block.end else ""
    name = f'<span class="al-lang">{esc(block.extra)}</span>' if block.extra else ""
    return f'<div class="al-code">{name}<pre><code>{words}</code></pre></div>'


def _table(text: str, lo: int, hi: int, marks: Spans, anchors: Anchors) -> str:
    rows: list[str] = []
    at = lo
    for line in text[lo:hi].split("\n"):
        cells = _cells(line)
        if not all(re.fullmatch(r"\s*:?-{3,}:?\s*", line[a:b]) for a, b in cells):
            sort = "th" if not rows else "td"
            rows.append("".join(_cell(text, at + a, at + b, sort, marks, anchors) for a, b in cells))
        at += len(line) + 1
    return f'<div class="al-table"><table>{"".join(f"<tr>{row}</tr>" for row in rows)}</table></div>'


def _cells(line: str) -> list[tuple[int, int]]:
    bars = [match.start() for match in re.finditer(r"(?<!\\)\|", line)]
    return [(a + 1, b) for a, b in pairwise(bars)]


def _cell(text: str, lo: int, hi: int, sort: str, marks: Spans, anchors: Anchors) -> str:
    while lo < hi and text[lo].isspace():
        lo += 1
    while hi > lo and text[hi - 1].isspace():
        hi -= 1
    figure = ' class="al-num"' if re.fullmatch(r"[-+~≈<>]?[\d.,]+\s*[%×xA-Za-z/]{0,6}", text[lo:hi]) else ""
    return f"<{sort}{figure}>{_words(text, lo, hi, marks, anchors)}</{sort}>"
