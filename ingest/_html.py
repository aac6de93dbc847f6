"""HTML of feeds and pages to text, its sections and its links.

Owns the reading of markup: headings become sections, code stays code, tables become rows, formulas
TeX. Refuses active content, hidden words and furniture (see `_furniture`). Fetches nothing.
Invariant: sections cover the text without gaps, every link lies inside it and is http, https or mailto.
"""

import re
from dataclasses import dataclass, field

import lxml.html
from lxml.html import HtmlElement

from ingest._addresses import resolve
from ingest._furniture import alternative, is_furniture, is_line_number, is_sign_off, sanitise
from ingest._writer import Mark, Writer, fold, sections_of
from kb.text import scrub
from kb.types import Link, Section

_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_PARAGRAPHS = frozenset(
    "p div section article main header footer aside address figure figcaption details summary center dl hgroup caption "
    "picture".split()
)
_MARKUP = re.compile(
    r"</(?:p|div|a|ul|ol|li|h[1-6]|pre|code|span|strong|em|b|i|blockquote|table|figure|section|article|script|style)\s*>"
    r"|<(?:br|hr)\s*/?>|<(?:img|p)\b[^<>]*>",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(
    r"</?(?:p|div|a|ul|ol|li|h[1-6]|pre|code|span|strong|em|b|i|u|s|blockquote|table|t[rdh]|figure|section|article|br|hr"
    r"|img|font|center|sup|sub|small|dl|dt|dd|script|style|iframe|svg|object|embed|math|video|audio)\b[^<>]*>|<!--",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"(?:language|lang|highlight-source|brush:?|sourceCode)[-:]?\s*([A-Za-z0-9+#]{1,20})\b")
_LONGEST_HEADING = 200
_INLINE_ALT = re.compile(r"latex|math|\btex\b|emoji|smiley|formula|equation", re.IGNORECASE)
_FOOTNOTE = re.compile(r"#(?:user-content-)?(?:fn|footnote|_ftn|cite_|easy-footnote)", re.IGNORECASE)
_UNFINISHED = (".", "。", ",", "，", ";", "；", "!", "！", "?", "？", "…")


@dataclass(frozen=True)
class Article:
    """A post's text with its sections and links."""

    text: str
    sections: tuple[Section, ...]
    links: tuple[Link, ...]


def read_html(markup: str, *, title: str = "", base_url: str = "") -> Article:
    """Text, sections and links of HTML; the first section, of level 1, bears `title`."""
    root = _parse(markup)
    if len(root) == 0 and _MARKUP.search(root.text or ""):
        root = _parse(root.text or "")  # escaped once too often, a common fault of feeds
    _raise_bold_lines(root)
    walker = _Walker(title=fold(title), base_url=base_url)
    walker.walk(root)
    return _finish(walker, title)


def read_plain(text: str, *, title: str = "") -> Article:
    """Text that has no markup: lines and paragraphs are kept."""
    writer = Writer()
    for line in scrub(text).split("\n"):
        if line.strip():
            writer.put(line)
            writer.break_line(1)
        else:
            writer.break_line(2)
    return Article(writer.text, sections_of(title, [], len(writer.text)), ())


def looks_like_html(text: str) -> bool:
    """Whether text holds markup of HTML rather than a stray angle bracket."""
    return _MARKUP.search(text) is not None


def has_markup(text: str) -> bool:
    """Whether text holds any tag of HTML at all."""
    return _ANY_TAG.search(text) is not None


def _parse(markup: str) -> HtmlElement:
    parser = lxml.html.HTMLParser(huge_tree=True)
    return lxml.html.fragment_fromstring(sanitise(markup), create_parent="div", parser=parser)


def _raise_bold_lines(root: HtmlElement) -> None:
    """Make headings of the paragraphs that are bold as a whole, in a post that has no other headings."""
    if next(root.iterdescendants(*_HEADINGS), None) is not None:
        return
    paragraphs = list(root.iterdescendants("p"))
    bold = [paragraph for paragraph in paragraphs if _is_bold_line(paragraph)]
    if len(bold) >= 2 and len(bold) * 2 <= len(paragraphs):
        for paragraph in bold:
            paragraph.tag = "h3"


def _is_bold_line(paragraph: HtmlElement) -> bool:
    """Whether a paragraph is one short bold line that ends no sentence."""
    element = paragraph
    while len(element) == 1 and not (element.text or "").strip() and not (element[0].tail or "").strip():
        element = element[0]
        if element.tag in ("strong", "b"):
            words = fold("".join(element.itertext()))
            return 0 < len(words) <= 80 and not words.endswith(_UNFINISHED)
        if element.tag not in ("span", "em", "i", "u", "font"):
            return False
    return False


def _finish(walker: "_Walker", title: str) -> Article:
    """Cut publishing systems' sign-offs from the end, then number the sections."""
    text = walker.writer.text
    end = len(text)
    while end:
        at = max(text.rfind("\n\n", 0, end), 0)
        if end - at > 700 or not is_sign_off(fold(text[at:end])):
            break
        end = at
    text = text[:end].rstrip()
    links = tuple(link for link in walker.links if link.end <= len(text))
    headings = [heading for heading in walker.headings if heading[2] < len(text)]
    return Article(text, sections_of(title, headings, len(text)), links)


@dataclass
class _Walker:
    """Writes a tree of elements in document order, with a stack of its own: feeds nest deep."""

    title: str
    base_url: str
    writer: Writer = field(default_factory=Writer)
    links: list[Link] = field(default_factory=list)
    headings: list[tuple[int, str, int]] = field(default_factory=list)
    _lists: list[list[int | None]] = field(default_factory=list)
    """One entry an open list: its next number, or None for bullets."""
    _quotes: int = 0
    _cells: int = 0
    _rows: list[bool] = field(default_factory=list)
    """One entry an open table: whether it holds data, not layout."""
    _heading: bool = False
    _open: dict[HtmlElement, Mark] = field(default_factory=dict)

    def walk(self, root: HtmlElement) -> None:
        self.writer.put(root.text or "")
        stack: list[tuple[HtmlElement, bool]] = [(child, False) for child in reversed(root)]
        while stack:
            element, done = stack.pop()
            if done or not isinstance(element.tag, str) or is_furniture(element) or not self._start(element):
                if done:
                    self._end(element)
                self.writer.put(element.tail or "")
                continue
            self.writer.put(element.text or "")
            stack.append((element, True))
            stack.extend((child, False) for child in reversed(element))

    def _break(self, gap: int) -> None:
        if self._cells or self._heading:
            self.writer.put(" ")
        else:
            self.writer.break_line(1 if self._lists and gap == 2 else gap)

    def _start(self, element: HtmlElement) -> bool:
        """Begin an element; False where it is already written whole, or left out."""
        tag = element.tag
        if tag in _PARAGRAPHS or tag == "hr":
            self._break(2)
        elif tag in _HEADINGS:
            return self._start_heading(element)
        elif tag == "br":
            self.writer.put(" ") if self._cells or self._heading else self.writer.add_break()
        elif tag in ("ul", "ol", "li", "dt", "dd", "blockquote"):
            self._start_block(element)
        elif tag in ("table", "tr", "td", "th"):
            self._start_table(element)
        elif tag == "a":
            return self._start_link(element)
        elif tag in ("pre", "code", "kbd", "samp", "tt"):
            return self._write_code(element)
        elif tag == "math":
            self._write_math(element)
            return False
        elif tag == "img":
            self._write_image(element)
        elif tag in ("sup", "sub"):
            return self._start_script(element)
        elif tag == "q":
            self.writer.put("“")
        return True

    def _end(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag in _PARAGRAPHS:
            self._break(2)
        elif tag in _HEADINGS:
            self._end_heading(element)
        elif tag in ("ul", "ol"):
            self._lists.pop()
            self._break(2)
        elif tag in ("li", "dd", "blockquote"):
            self._quotes -= tag == "blockquote"
            self.writer.pop()
            self._break(2 if tag == "blockquote" else 1)
        elif tag in ("table", "tr", "td", "th"):
            self._end_table(element)
        elif tag == "a":
            self._end_link(element)
        elif tag == "q":
            self.writer.put("”")

    def _start_heading(self, element: HtmlElement) -> bool:
        words = fold(element.text_content())
        self._break(2)
        if not self.writer.length and words and words == self.title:
            return False  # the post repeats its own title
        nested = self._quotes or self._cells or self._lists or self._heading
        if words and len(words) <= _LONGEST_HEADING and not nested:
            self._open[element] = self.writer.open()
            self._heading = True
        return True

    def _end_heading(self, element: HtmlElement) -> None:
        mark = self._open.pop(element, None)
        if mark is not None:
            self._heading = False
            span = self.writer.close(mark)
            if span:
                self.headings.append((_HEADINGS[element.tag], self.writer.since(span[0]), span[0]))
        self._break(2)

    def _start_block(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag in ("ul", "ol"):
            self._break(2)
            start = element.get("start") or "1"
            self._lists.append([(int(start) if start.isdigit() and len(start) < 9 else 1) if tag == "ol" else None])
            return
        self._break(2 if tag == "blockquote" else 1)
        if tag == "li":
            number = self._lists[-1][0] if self._lists else None
            if number is not None:
                self._lists[-1][0] = number + 1
            bullet = "- " if number is None else f"{number}. "
            self.writer.push(bullet, " " * len(bullet))
            element.text = re.sub(r"^\s*[-•·*]\s+", "", element.text or "")  # a bullet typed by hand
            if self._cells:
                self.writer.put("•")
        elif tag == "dd":
            self.writer.push("  ", "  ")
        elif tag == "blockquote":
            self._quotes += 1
            self.writer.push("> ", "> ")

    def _start_table(self, element: HtmlElement) -> None:
        if element.tag == "table":
            self._break(2)
            self._rows.append(_holds_data(element))
        elif not (self._rows and self._rows[-1]):
            self._break(2)
        elif element.tag == "tr":
            self._break(1)
        else:
            self.writer.put("| ")
            self._cells += 1

    def _end_table(self, element: HtmlElement) -> None:
        if element.tag == "table":
            self._rows.pop()
            self._break(2)
        elif not (self._rows and self._rows[-1]):
            self._break(2)
        elif element.tag == "tr":
            if not self.writer.at_line_start:
                self.writer.put("|")
            self._break(1)
        else:
            self._cells -= 1
            self.writer.put(" ")

    def _start_link(self, element: HtmlElement) -> bool:
        if _FOOTNOTE.match(element.get("href") or ""):
            words = fold(element.text_content()).strip("[]")
            self.writer.put(f"[{words}]" if words.isalnum() else "")
            return False
        self._open[element] = self.writer.open()
        return True

    def _end_link(self, element: HtmlElement) -> None:
        span = self.writer.close(self._open.pop(element))
        url = resolve(element.get("href") or "", self.base_url)
        if span and url:
            self.links.append(Link(start=span[0], end=span[1], url=url))

    def _write_code(self, element: HtmlElement) -> bool:
        """Write code verbatim: a listing in fences, a word in backticks; True leaves it to the walk."""
        code = _code_text(element)
        if not code.strip() or self._heading:
            return bool(code.strip())
        lines = code.strip().count("\n")
        listing = element.tag == "pre" or lines > 1 or (lines and element.find(".//br") is not None)
        if self._cells or not listing:
            tick = "``" if "`" in code else "`"
            self.writer.put_code(tick + fold(code) + tick)
            return False
        longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
        fence = "`" * (longest + 1)
        self._break(2)
        self.writer.put_lines([fence + _code_language(element), *code.strip("\n").split("\n"), fence])
        self._break(2)
        return False

    def _write_math(self, element: HtmlElement) -> None:
        tex = next((note.text for note in element.iter("annotation") if "tex" in (note.get("encoding") or "")), "")
        words = fold(tex or element.get("alttext") or " ".join(element.itertext()))
        if words:
            self.writer.put(f"${words.strip('$')}$")

    def _write_image(self, element: HtmlElement) -> None:
        words = alternative(element)
        if not words:
            return
        kind = f"{element.get('class') or ''} {element.get('src') or ''}"
        if len(words) <= 2 or "\\" in words or _INLINE_ALT.search(kind[:300]):
            self.writer.put(words)
            return
        parent = element.getparent()
        for _ in range(4):
            if parent is not None and parent.tag == "figure":
                caption = parent.find(".//figcaption")
                if caption is not None and caption.text_content().strip():
                    return  # the caption says it
            parent = parent.getparent() if parent is not None else None
        self.writer.put(f" [Image: {words}] ")

    def _start_script(self, element: HtmlElement) -> bool:
        words = fold(element.text_content())
        note = element.find(".//a")
        if note is not None and (note.get("href") or "").startswith("#"):
            self.writer.put(f"[{words.strip('[]')}]" if words else "")
            return False
        joins = self.writer.last.isalnum() or self.writer.last in (")", "]", "}")
        if joins and element.tag == "sup" and re.fullmatch(r"[-+−–]?(?:\d{1,4}|[a-zA-Z])", words):
            self.writer.put("^")
        elif joins and element.tag == "sub" and re.fullmatch(r"[a-zA-Z]{1,4}", words):
            self.writer.put("_")
        return True


def _holds_data(table: HtmlElement) -> bool:
    """Whether a table is one of data, several columns of short cells, rather than a frame for layout."""
    if table.get("role") == "presentation":
        return False
    if next(table.iterdescendants("table", "pre", "blockquote", *_HEADINGS), None) is not None:
        return False
    return any(sum(cell.tag in ("td", "th") for cell in row) > 1 for row in table.iterdescendants("tr"))


def _code_text(element: HtmlElement) -> str:
    """Text of a listing with its line ends, line numbers beside it left out."""
    pieces = [element.text or ""]
    stack: list[tuple[HtmlElement, bool]] = [(child, False) for child in reversed(element)]
    while stack:
        child, done = stack.pop()
        tag = child.tag
        if not done and tag == "br":
            pieces.append("\n")
        elif not done and isinstance(tag, str) and not is_line_number(child):
            pieces.append(child.text or "")
            stack.append((child, True))
            stack.extend((inner, False) for inner in reversed(child))
            continue
        elif done and not (pieces and pieces[-1].endswith("\n")):
            following = child.getnext()
            lines = tag == "code" and following is not None and following.tag == "code"  # one a line
            if lines or tag in ("div", "li", "tr", "p"):
                pieces.append("\n")
        pieces.append(child.tail or "")
    return "".join(pieces).replace("\xa0", " ").replace("\r\n", "\n").replace("\r", "\n")


def _code_language(element: HtmlElement) -> str:
    for candidate in (element, *element.iterchildren("code")):
        match = _LANGUAGE.search(candidate.get("class") or "")
        if match:
            return match[1].lower()
    return ""
