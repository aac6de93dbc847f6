"""Text from the library as safe HTML: marks, breadcrumbs, tags, dates, citations.

Pure; knows no Streamlit. Refuses everything that a document brings along: each character of a
text is escaped, addresses are http, https or mailto, and classes and tags are this package's own.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from kb.markup import day, esc, safe_url, source_name
from kb.types import DocumentInfo, Kind
from ui.hues import hue_of, title_of

Spans = Sequence[tuple[int, int]]
Anchors = Sequence[tuple[int, int, str]]
Levels = Sequence[tuple[int, int, str]]
KINDS = {Kind.NOTES: "Notes", Kind.RSS: "Post", Kind.ARXIV: "Paper", Kind.PAGE: "Page"}
LANGUAGE_NAMES = {"en": "English", "zh": "Chinese", "mixed": "English and Chinese", "other": "Other"}
_LANG = {"zh": "zh", "mixed": "zh", "en": "en"}
_BASIS = {"id": "estimated from the arXiv id", "title": "from the title", "file name": "from the file name"}
_BARE_URL = re.compile(r"https?://[^\s<>\"'`，。；、！？（）【】「」《》\u3000]+")
_MARKER = re.compile(r"([ \t]*)((?:\d{1,4}|n(?:\+\d+)?|[a-z])[.)、]|[-*•–]|[一二三四五六七八九十]+、)?[ \t]*")
_BESIDE = ' target="_blank" rel="noopener noreferrer nofollow"'
_FENCE = re.compile(r"^[ \t]*`{3,}[ \t]*[\w+#-]*[ \t]*$", re.M)


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 document`, `2,310 documents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def said(text: str) -> str:
    """Return a message as HTML; what stands in backticks is code."""
    parts = text.split("`")
    return "".join(
        f"<code>{esc(part)}</code>" if i % 2 and i < len(parts) - 1 else esc(part) for i, part in enumerate(parts)
    )


def outside(url: str, words: str, kind: str = "al-out") -> str:
    """Return a link to a foreign page, opened beside the app; only the words where the address is unfit."""
    address = safe_url(url)
    return f'<a class="{kind}" href="{esc(address)}"{_BESIDE}>{esc(words)}</a>' if address else esc(words)


def link(address: str, words: str, *, kind: str = "", stay: bool = False) -> str:
    """Return a link inside the app; `words` are HTML, `stay` keeps the page where it is scrolled to."""
    extra = (f' class="{kind}"' if kind else "") + (' data-stay="1"' if stay else "")
    return f'<a{extra} href="{esc(address)}">{words}</a>'


def act(address: str, words: str, *, stay: bool = False) -> str:
    """Return a quiet action: a link that does something to what is shown."""
    return link(address, esc(words), kind="al-act", stay=stay)


def copying(text: str) -> str:
    """Return the button that copies a citation."""
    return f'<button class="al-act" type="button" data-copy="{esc(text)}">Copy citation</button>'


def spans(parts: Iterable[str]) -> str:
    """Return parts of a line, each HTML; empty ones are left out."""
    return "".join(f"<span>{part}</span>" for part in parts if part)


def heading(words: str, number: int | None = None) -> str:
    """Return a heading within a page, with how many things stand below it."""
    counted = "" if number is None else f" <span>{number:,}</span>"
    return f'<h3 class="al-head">{esc(words)}{counted}</h3>'


def note(words: str) -> str:
    """Return a remark; `words` are HTML."""
    return f'<p class="al-note">{words}</p>'


def empty(title: str, words: str = "") -> str:
    """Return what stands where there is nothing; `words` are HTML that say what to do."""
    return f'<div class="al-empty"><h3>{esc(title)}</h3>{words}</div>'


def inline(text: str, lo: int, hi: int, marks: Spans = (), anchors: Anchors = ()) -> str:
    """Return `text[lo:hi]` with marked spans and links; bare addresses become links as well.

    Args:
        marks: ordered, disjoint spans.
        anchors: (start, end, address), ordered by start.
    """
    marks = _inside(marks, lo, hi)
    links = [(max(a, lo), min(b, hi), url) for a, b, url in _near(anchors, lo, hi) if safe_url(url)]
    taken = [(a, b) for a, b, _ in links]
    for match in _BARE_URL.finditer(text, lo, hi):
        end = match.start() + len(match.group().rstrip(".,;:!?)]}*_"))
        if not any(a < end and match.start() < b for a, b in taken):
            links.append((match.start(), end, text[match.start() : end]))
    made: list[str] = []
    at = lo
    for start, end, url in sorted(links):
        if start < at:
            continue
        made.append(_marked(text, at, start, marks))
        made.append(f'<a class="al-out" href="{esc(safe_url(url))}"{_BESIDE}>{_marked(text, start, end, marks)}</a>')
        at = end
    made.append(_marked(text, at, hi, marks))
    return "".join(made)


def _inside(spans: Spans, lo: int, hi: int) -> list[tuple[int, int]]:
    first = max(0, bisect_left(spans, (lo, lo)) - 1)
    last = bisect_right(spans, (hi, hi))
    return [(max(a, lo), min(b, hi)) for a, b in spans[first:last] if a < hi and b > lo]


def _near(anchors: Anchors, lo: int, hi: int) -> Iterable[tuple[int, int, str]]:
    first = max(0, bisect_left(anchors, (lo,)) - 1)
    for anchor in anchors[first : bisect_left(anchors, (hi,))]:
        if anchor[0] < hi and anchor[1] > lo:
            yield anchor


def _marked(text: str, lo: int, hi: int, marks: Spans) -> str:
    made: list[str] = []
    at = lo
    for a, b in marks:
        start, end = max(a, at), min(b, hi)
        if start >= end:
            continue
        made.append(esc(text[at:start]))
        made.append(f"<mark>{esc(text[start:end])}</mark>")
        at = end
    made.append(esc(text[at:hi]))
    return "".join(made)


def passage(text: str, marks: Spans = (), limit: int = 0, levels: Levels = ()) -> str:
    """Return a passage line by line, cut to the best stretch of about `limit` columns.

    Args:
        levels: (offset, level, marker) of the outline nodes in it, ordered; without, its own indentation counts.
    """
    lo, hi = window(text, marks, limit) if limit else (0, len(text))
    lines = list(_lines(text, lo, hi))
    # Code keeps its own blanks; depth is told among the lines of prose.
    placed = [(0, a, "") if code else _place(text, a, b, levels) for a, b, code in lines]
    ranks = sorted({depth for (depth, _, _), (_, _, code) in zip(placed, lines, strict=True) if not code})
    made = []
    for number, ((_, b, code), (depth, start, marker)) in enumerate(zip(lines, placed, strict=True)):
        before = '<span class="al-cut">…</span> ' if number == 0 and lo > 0 else ""
        after = ' <span class="al-cut">…</span>' if number == len(lines) - 1 and hi < len(text) else ""
        words = f"<span>{before}{inline(text, start, b, marks)}{after}</span>"
        if code:
            made.append(f'<p class="al-mono">{words}</p>')
            continue
        gap = f'<span class="al-mk">{esc(marker)}</span>' if marker or levels else ""
        hang = " al-hang" if gap else ""
        made.append(f'<p class="al-i{min(ranks.index(depth), 6)}{hang}">{gap}{words}</p>')
    return "".join(made)


def _lines(text: str, lo: int, hi: int) -> Iterable[tuple[int, int, bool]]:
    """Yield the lines of a stretch that say something: start, end, whether they are code; fences are left out."""
    fenced = len(_FENCE.findall(text, 0, lo)) % 2 == 1
    at = lo
    for line in text[lo:hi].split("\n"):
        if _FENCE.fullmatch(line):
            fenced = not fenced
        elif line.strip():
            yield at, at + len(line), fenced
        at += len(line) + 1


def _place(text: str, lo: int, hi: int, levels: Levels) -> tuple[int, int, str]:
    """Return a line's depth, where its words begin, and its marker."""
    if levels:
        at = max(0, bisect_right(levels, (lo, 1 << 30)) - 1)
        start, level, marker = levels[at]
        return level, lo, marker if start == lo else ""
    match = _MARKER.match(text, lo, hi)
    if match is None:
        return 0, lo, ""
    depth = len(match[1])
    marked = match[2] is not None and (match.end() > match.end(2) or not match[2].isascii())
    return (depth, match.end(), match[2]) if marked else (depth, lo + depth, "")


def _width(text: str) -> int:
    return sum(2 if char > "\u2e80" else 1 for char in text)


def window(text: str, marks: Spans, limit: int) -> tuple[int, int]:
    """Return the stretch of a text that is shown: whole if short, else about `limit` columns with most marks."""
    if _width(text) <= limit * 1.3:
        return 0, len(text)
    size = max(40, int(limit * len(text) / max(_width(text), 1)))
    best, most = 0, -1
    for start, _ in [(0, 0), *marks]:
        lo = max(0, min(start - size // 4, len(text) - size))
        inside = sum(lo <= a and b <= lo + size for a, b in marks)
        if inside > most:
            best, most = lo, inside
    return _snap(text, best), _snap(text, min(best + size, len(text)), forward=True)


def _snap(text: str, at: int, forward: bool = False) -> int:
    """Move a cut to the nearest blank or line end within reach."""
    if at <= 0 or at >= len(text):
        return max(0, min(at, len(text)))
    for step in range(30):
        probe = at + step if forward else at - step
        if probe <= 0 or probe >= len(text):
            return max(0, min(probe, len(text)))
        if text[probe].isspace():
            return probe if forward else probe + 1
    return at


def shorten(text: str, limit: int) -> str:
    """Return a text of at most about `limit` columns, cut at a blank where there is one."""
    if _width(text) <= limit:
        return text
    size = int(limit * len(text) / _width(text))
    return text[: _snap(text, size)].rstrip(" ,;:，；：") + "…"


def breadcrumb(crumbs: Sequence[str]) -> str:
    """Return a path, outermost first, its middle left out where it is long."""
    crumbs = [crumb for crumb in crumbs if crumb]
    if len(crumbs) > 4:
        hidden = " › ".join(crumbs[1:-2])
        shown = [esc(shorten(crumbs[0], 60)), f'<span title="{esc(hidden)}">…</span>']
        shown += [esc(shorten(crumb, 70)) for crumb in crumbs[-2:]]
    else:
        shown = [esc(shorten(crumb, 70)) for crumb in crumbs]
    return ' <span class="al-sep">›</span> '.join(shown)


def dated(info: DocumentInfo) -> str:
    """Return a document's date; what is estimated says so."""
    if not info.published:
        words = f"{info.quarter} (quarter)" if info.quarter else "undated"
        return f'<span title="The source states no date.">{esc(words)}</span>'
    basis = _BASIS.get(info.published_basis or "")
    if basis:
        return f'<span title="Date {esc(basis)}.">about {esc(day(info.published))}</span>'
    return f'<time datetime="{esc(info.published)}">{esc(day(info.published))}</time>'


def tag(topic: str, address: str = "", title: str = "") -> str:
    """Return a topic in its fixed hue, linked where an address is given."""
    hint = f' title="{esc(title)}"' if title else ""
    body = f"<i></i>{esc(title_of(topic))}"
    kind = f'class="al-tag al-{esc(hue_of(topic))}"{hint}'
    return f'<a {kind} href="{esc(address)}">{body}</a>' if address else f"<span {kind}>{body}</span>"


def language_attribute(language: str) -> str:
    """Return the `lang` attribute that picks the right glyphs, with a blank before it."""
    code = _LANG.get(language)
    return f' lang="{code}"' if code else ""


def title_html(info: DocumentInfo) -> str:
    """Return a document's title; first words that stand in for one are marked."""
    if info.title_estimated:
        why = "The title is unknown; these are the first words."
        return f'<span class="al-stand-in" title="{why}">{esc(name_of(info))}</span>'
    return esc(name_of(info))


def name_of(info: DocumentInfo) -> str:
    """Return a document's title as plain text; first words that stand in for one end in an ellipsis."""
    if info.title_estimated:
        return info.title.rstrip(" .…") + "…"
    return info.title or "Untitled"


def citation(info: DocumentInfo, path: Sequence[str] = (), address: str = "") -> str:
    """Return a plain-text citation of a document or a passage in it."""
    who = ", ".join(info.authors[:3]) + (" et al." if len(info.authors) > 3 else "")
    title = f"“{name_of(info)}”"
    when = day(info.published) if info.published else info.quarter or "undated"
    if info.published and info.published_basis in _BASIS:
        when = f"about {when}"
    place = f"§ {path[-1]}" if path and path[-1] != info.title else ""
    link = safe_url(info.url) or source_name(info.source)
    return ". ".join(part.rstrip(".") for part in (who, title, when, place, link, address) if part) + "."
