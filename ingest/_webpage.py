"""A web page to one document: what is read, without what stands around it.

The only home of trafilatura. Its judgement of what is text decides which part of the page is read; its
output is not used, since it loses listings, tables and formulas: that part goes to the reader of posts.
Refuses pages that show their text only to browsers that run scripts. Invariant: pure; a date comes from
what the page states of itself (`_page_facts`), or there is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import lxml.etree
import lxml.html
from lxml.html import HtmlElement

from ingest._dates import find_period, quarter_of
from ingest._furniture import flatten, printable
from ingest._html import Article, read_html
from ingest._page_facts import Facts, choose_title, read_facts
from ingest._writer import fold, opening
from kb.errors import ParseError
from kb.text import language_of
from kb.types import DateBasis, Document, Kind, Parsed

_FURNITURE = frozenset("nav aside footer form menu dialog search".split())
_SOLID = frozenset("pre code table figure math blockquote h1 h2 h3 h4 h5 h6 img p details".split())
"""What is kept between parts that are text, though trafilatura passed over it."""
_UNREAD = frozenset("script style noscript template head title svg canvas iframe select button textarea option".split())
_BOXES = frozenset("body div section article main td center span table tbody tr form details".split())
"""What the search for the text goes down into."""
_SHARE = 0.92
"""Of the text found, the part that must lie in an element for it to be the one."""
_SHORTEST = 10
"""Letters of a line that is looked for in the page."""
_LINKS = 0.6
"""Share of a block's letters in links from which on it is a list of other pages."""
_FEWEST = 40
_SCRIPTED = re.compile(
    r"(?:enable|requires?|turn on|activate)\W+(?:\w+\W+){0,4}javascript"
    r"|javascript\W+(?:\w+\W+){0,4}(?:disabled|required)|启用\s*javascript|開啟\s*javascript|请开启\s*js",
    re.IGNORECASE,
)


def read_page(markup: str, *, name: str, source: str, base_url: str = "") -> Parsed:
    """Return the document that a web page is.

    Args:
        markup: HTML, decoded.
        name: stands in the document's id.
        source: location that the document carries.
        base_url: address that the page came from; empty for a file.

    Raises:
        ParseError: it holds no text.
    """
    root = _parse(markup)
    if root is None:
        raise ParseError("The page is empty.", "Check the address in a browser.")
    _write_out_formulas(root)
    base_url = _base(root, base_url)
    facts = read_facts(root, base_url)
    page = _Page.of(root)
    main = page.find_main(_found_by_trafilatura(markup))
    title = choose_title(facts, main)
    article = read_html(_to_markup(main), title=title, base_url=base_url)
    if len(fold(article.text)) < _FEWEST and main is not page.body:
        article = read_html(_to_markup(page.body), title=title, base_url=base_url)
    words = fold(article.text)
    if not words:
        raise ParseError("The page holds no text to read.", "Open it in a browser: it may be built by scripts.")
    if len(words) < 400 and _SCRIPTED.search(words):
        raise ParseError(
            "The page shows its text only to browsers that run scripts.",
            "Save it as text from a browser and add that file, or look for a feed of the site.",
        )
    return Parsed(kind=Kind.PAGE, documents=(_document(name, source, facts, title, article),))


def _document(name: str, source: str, facts: Facts, title: str, article: Article) -> Document:
    published, quarter, basis = facts.published, quarter_of(facts.published), _stated(facts.published)
    titled = find_period(title)
    if titled and (not published or (titled[1] and not titled[0])):
        # A digest of a quarter appears after it, and belongs to it.
        published, basis = published or titled[0], basis or "title"
        quarter = titled[1] or quarter
    return Document(
        id=f"page:{name}#1",
        source=source,
        kind=Kind.PAGE,
        url=facts.url,
        title=title or opening(article.text),
        title_estimated=not title,
        authors=facts.authors,
        published=published,
        published_basis=basis,
        updated=facts.updated,
        quarter=quarter,
        language=language_of(f"{title}\n{article.text}"),
        text=article.text,
        categories=facts.tags,
        sections=article.sections,
        links=article.links,
    )


def _stated(date: str) -> DateBasis | None:
    return "stated" if date else None


def _parse(markup: str) -> HtmlElement | None:
    """The tree of a page; None where there is nothing in it."""
    text = re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", flatten(printable(markup)))
    try:
        return lxml.html.document_fromstring(text, parser=lxml.html.HTMLParser(huge_tree=True))
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError, ValueError):
        return None


def _write_out_formulas(root: HtmlElement) -> None:
    """Put the TeX that some sites keep in an attribute, for scripts to draw, in the place of its stand-in."""
    for element in root.iter("span", "div", "img"):
        tex = fold(element.get("data-tex") or element.get("data-latex") or "").strip("$ ")
        if tex:
            for child in list(element):
                element.remove(child)
            element.tag, element.text = "span", f"${tex}$"


def _base(root: HtmlElement, base_url: str) -> str:
    """The address that the page's links are relative to."""
    stated = next((base.get("href") or "" for base in root.iter("base")), "").strip()
    return stated if re.match(r"https?://[^/\s]", stated, re.IGNORECASE) else base_url


def _found_by_trafilatura(markup: str) -> list[str]:
    """The lines that trafilatura takes for the text of a page, as letters; none where it fails."""
    import trafilatura  # a seventh of a second, for pages only

    try:
        found = trafilatura.extract(
            flatten(printable(markup)), include_comments=False, include_tables=True, favor_recall=True
        )
    except Exception:  # noqa: BLE001 - whatever it raises on strange pages: the whole page is read then
        return []
    return [letters for line in (found or "").split("\n") if len(letters := _letters(line)) >= _SHORTEST]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def _to_markup(element: HtmlElement) -> str:
    markup: str = lxml.html.tostring(element, encoding="unicode", with_tail=False)
    return markup


@dataclass
class _Page:
    """A page's elements, each with the span of its letters in the letters of the whole."""

    body: HtmlElement
    spans: dict[HtmlElement, tuple[int, int]]
    letters: str
    linked: list[int]
    """Up to each letter, how many stand in links."""
    covered: list[int]
    """Up to each letter, how many are text as trafilatura sees it."""

    @classmethod
    def of(cls, root: HtmlElement) -> "_Page":
        body = next(root.iter("body"), root)
        spans: dict[HtmlElement, tuple[int, int]] = {}
        parts: list[str] = []
        links: list[tuple[int, int]] = []
        at = 0
        for element, text, opened in _events(body):
            letters = _letters(text)
            if opened is not None:
                start = spans.get(element, (at, at))[0]
                spans[element] = (at, at) if opened else (start, at)
                if not opened and element.tag == "a":
                    links.append((start, at))
            parts.append(letters)
            at += len(letters)
        return cls(body, spans, "".join(parts), _sums(links, at), [0] * (at + 1))

    def find_main(self, lines: list[str]) -> HtmlElement:
        """Return the element that holds the lines, freed of what is none of them."""
        spans: list[tuple[int, int]] = []
        at = 0
        for line in lines:
            found = self.letters.find(line, at)
            found = found if found >= 0 else self.letters.find(line)
            if found >= 0:
                spans.append((found, found + len(line)))
                at = found + len(line)
        main = self.body
        if spans:
            self.covered = _sums(spans, len(self.letters))
            main = self._descend()
            self._prune(main, min(start for start, _ in spans), max(end for _, end in spans))
        else:
            main = next(self.body.iter("article"), next(self.body.iter("main"), self.body))
        return main

    def _weight(self, element: HtmlElement, sums: list[int]) -> int:
        start, end = self.spans.get(element, (0, 0))
        return sums[end] - sums[start]

    def _descend(self) -> HtmlElement:
        at = self.body
        least = _SHARE * self.covered[-1]
        while True:
            below = [child for child in at if child.tag in _BOXES and self._weight(child, self.covered) >= least]
            if not below:
                return at
            at = below[0]

    def _prune(self, main: HtmlElement, first: int, last: int) -> None:
        """Remove the blocks in which nothing is text and that look like what surrounds it."""
        stack = [main]
        while stack:
            for child in list(stack.pop()):
                if not isinstance(child.tag, str) or child.tag in ("script", "br", "img", "math"):
                    continue
                if weight := self._weight(child, self.covered):
                    stack.append(child)
                    if 2 * weight >= self.covered[-1]:
                        # Some sites hide the text itself until their scripts have run.
                        child.attrib.pop("style", None)
                        child.attrib.pop("hidden", None)
                elif self._is_beside(child, first, last):
                    child.drop_tree()

    def _is_beside(self, element: HtmlElement, first: int, last: int) -> bool:
        start, end = self.spans.get(element, (0, 0))
        if element.tag in _FURNITURE:
            return True
        if start == end:
            return False
        linked = self.linked[end] - self.linked[start]
        if linked >= _LINKS * (end - start) and element.tag not in ("a", "p", "code", "pre", "table", "span", "li"):
            return True
        solid = (
            element.tag in _SOLID or next(element.iterdescendants("pre", "table", "math", "figure"), None) is not None
        )
        return not solid and element.tag in _BOXES | {"ul", "ol", "header"} and (end <= first or start >= last)


def _events(body: HtmlElement) -> Iterator[tuple[HtmlElement, str, bool | None]]:
    """Walk the elements that are read: opened with their text, closed, and the text after each."""
    stack: list[tuple[HtmlElement, bool]] = [(body, False)]
    while stack:
        element, done = stack.pop()
        if done:
            yield element, "", False
            if element is not body:
                yield element, element.tail or "", None
        elif not isinstance(element.tag, str) or element.tag in _UNREAD:
            yield element, element.tail or "", None
        else:
            yield element, element.text or "", True
            stack.append((element, True))
            stack.extend((child, False) for child in reversed(element))


def _sums(spans: list[tuple[int, int]], size: int) -> list[int]:
    """Up to each position, how many lie in any of the spans."""
    steps = [0] * (size + 1)
    for start, end in spans:
        steps[start] += 1
        steps[end] -= 1
    inside = accumulate(steps)
    return [0, *accumulate(1 if depth > 0 else 0 for depth in inside)][: size + 1]
