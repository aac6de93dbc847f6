"""Pages: of the web, as HTML; or saved as text: one article, a blog's posts run together, a newsletter.

Owns the choice among them and the documents that come of those saved as text. Refuses to invent: a date comes
from a byline, a title or the file name, or there is none. Invariants: pure; documents are numbered
from 1 in order; every line left out is counted in a warning.
"""

import re
from collections.abc import Sequence
from pathlib import PurePath

from ingest._article import Article, is_body, write_article
from ingest._blogdump import Post, split_posts
from ingest._boilerplate import furniture
from ingest._code import is_code
from ingest._dates import find_period, parse_date, quarter_of
from ingest._decode import declared_encoding, decode
from ingest._frontmatter import FrontMatter, split_front_matter
from ingest._headings import is_generic, looks_like_title
from ingest._labels import plain_title
from ingest._links import find_links
from ingest._markers import measure, read_marker
from ingest._newsletter import Item, find_items
from ingest._pieces import Piece, ends_sentence, read_pieces, width
from ingest._webpage import read_page
from kb.errors import ParseError
from kb.text import language_of, scrub, sentences
from kb.types import DateBasis, Document, Kind, Parsed

KIND = Kind.PAGE

_SAMPLE_LINES = 2000
_SAMPLE_CHARACTERS = 400_000
_PARTS_CHARACTERS = 60_000
_FOREIGN = re.compile(r"\s*<(?:\?xml|!doctype|html|head|rss|feed|rdf|svg)\b", re.I)
_WEB_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,4000}?-->\s*){0,9}<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_MARKUP = re.compile(r"</?(?:p|div|a|span|li|td|br|h[1-6])\b[^<>]*>", re.I)
_ARXIV = re.compile(r"^arxiv\s*:\s*(?:\d{4}\.\d{4,5}|[a-z-]+/\d{7})", re.I | re.M)
_FILE_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?!\d)")
_WORDS = re.compile(r"[A-Za-z]{2,}|[\u3400-\u9fff]{2}")
_WORDY = 5
_PROSE_WIDTH = 60
_HEADER = 3
_INTRODUCTION_WIDTH = 600
_ESTIMATED_TITLE = 80

Period = tuple[str, str, DateBasis | None]
"""Published date, quarter, and where they come from."""


def sniff(text: str, name: str) -> tuple[float, str]:
    """Return how surely a text is pages of prose, 0 to 1, and why; the name of the file is not looked at."""
    sample = text[:_SAMPLE_CHARACTERS]
    if _WEB_PAGE.match(sample):
        return 0.9, "an HTML page"
    if _FOREIGN.match(sample):
        return 0.02, "markup, not plain text"
    lines = [line for line in sample.split("\n")[:_SAMPLE_LINES] if line.strip()]
    if not lines:
        return 0.0, "no text"
    marks = len(_ARXIV.findall(sample))
    if marks and marks * 3 >= len(lines):
        return 0.1, f"{marks} arXiv markers in {len(lines)} lines"
    prose = wordy = outline = foreign = 0
    for line in lines:
        column, body = measure(line)
        marker = read_marker(body)
        outline += column > 0 and marker is not None and marker.sure
        foreign += _MARKUP.search(body[:400]) is not None or is_code(line)
        flows = marker is None or not column
        prose += flows and (width(body) >= _PROSE_WIDTH or ends_sentence(body))
        wordy += flows and len(_WORDS.findall(body[:200])) >= _WORDY
    share = max(prose, 0.7 * wordy) / len(lines)
    score = 0.25 + 0.6 * share - 0.7 * (outline + foreign) / len(lines)
    reason = f"{prose} lines of prose of {len(lines)}"
    if outline * 3 < len(lines) and foreign * 3 < len(lines):
        parts = _parts(sample[:_PARTS_CHARACTERS])
        score, reason = max(score, parts[0]), parts[1] or reason
    return round(min(0.85, max(0.05, score)), 2), reason


def _parts(sample: str) -> tuple[float, str]:
    """Return how surely a text is a newsletter or several posts, and in how many parts."""
    pieces = read_pieces(split_front_matter(sample)[1])
    if items := find_items(pieces):
        return 0.8, f"a newsletter of {len(items)} items"
    posts = split_posts(pieces)
    return (0.75, f"{len(posts)} posts one after another") if len(posts) > 1 else (0.0, "")


def parse_bytes(data: bytes, *, name: str, source: str, base_url: str = "", charset: str = "") -> Parsed:
    """Return the documents of a page as it lies in a file or came over the network.

    Args:
        data: the file or response body.
        base_url: the address that it came from, for relative links; empty for a file.
        charset: what the server said of the encoding.

    Raises:
        ParseError: the bytes are no text, or the text holds nothing to read.
    """
    text, encoding = decode(data, declared=declared_encoding(data) or charset)
    parsed = parse(text, name=name, source=source, base_url=base_url)
    if encoding.endswith("(damaged)"):
        warning = "Some bytes of the text could not be read; they show as \ufffd."
        parsed = parsed.model_copy(update={"warnings": (warning, *parsed.warnings)})
    return parsed


def parse(text: str, *, name: str, source: str, base_url: str = "") -> Parsed:
    """Return the posts, items or the one article of a page.

    Raises ParseError where the text holds nothing to read.
    """
    if _WEB_PAGE.match(text):
        return read_page(text, name=name, source=source, base_url=base_url)
    matter, body = split_front_matter(scrub(text))
    pieces = read_pieces(body)
    builder = _Builder(name, source)
    items = find_items(pieces)
    posts = [] if items else split_posts(pieces)
    if items:
        builder.add_newsletter(pieces, items)
    elif len(posts) > 1:
        builder.add_posts(pieces, posts)
    elif pieces:
        builder.add_single(pieces, posts, matter)
    if not builder.documents:
        raise ParseError("The file holds no text to read.", "Check that it is the one you meant, and not empty.")
    return Parsed(
        kind=KIND, documents=tuple(builder.documents), warnings=tuple(builder.warnings()), skipped=builder.skipped
    )


class _Builder:
    """Collects the documents of one page and what had to be left out."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.source = source
        self.documents: list[Document] = []
        self.left_out = 0
        self.header: list[str] = []
        self.skipped = 0

    def warnings(self) -> list[str]:
        """Return what was left out, in words."""
        found = []
        if self.left_out:
            found.append(f"{_lines(self.left_out)} of boilerplate left out: legal notices, adverts, page furniture.")
        if self.header:
            found.append(f"{_lines(len(self.header))} above the first title left out: {' / '.join(self.header)[:160]}")
        if self.skipped:
            found.append(f"Titles without a text, skipped: {self.skipped}.")
        return found

    def add_newsletter(self, pieces: Sequence[Piece], items: list[Item]) -> None:
        """Add one document an item, dated by the newsletter's own title or date."""
        header = pieces[: items[0].head]
        period = _header_period(header)
        if not (period[0] or period[1]):
            period = _file_period(self.name)
        for item in items:
            lead = [Piece("text", item.inline)] if item.inline else []
            article = write_article(item.title, [*lead, *pieces[item.start : item.end]])
            self._add(item.title, article, period, url=item.url, categories=(item.group,) if item.group else ())
        if sum(width(piece.text) for piece in header) > _INTRODUCTION_WIDTH and any(is_body(p) for p in header):
            title = next((piece.text for piece in header if looks_like_title(piece)), self.name)
            kept = [piece for piece in header if piece.text != title]
            self._add(plain_title(title), write_article(title, kept), period)
        else:
            self.header.extend(piece.text for piece in header if piece.kind != "rule")

    def add_posts(self, pieces: Sequence[Piece], posts: list[Post]) -> None:
        """Add one document a post."""
        first = posts[0].byline if posts[0].byline >= 0 else posts[0].start - 1
        self.header.extend(piece.text for piece in pieces[:first] if piece.kind != "rule")
        for post in posts:
            above = [pieces[post.byline]] if post.byline >= 0 else []
            article = write_article(post.title, [*above, *pieces[post.start : post.end]])
            self._add(post.title, article, ("", "", None))

    def add_single(self, pieces: Sequence[Piece], posts: list[Post], matter: FrontMatter) -> None:
        """Add the one article of a page."""
        start, title = 0, plain_title(matter.title)
        if not title:
            start, title = _single_title(pieces, posts)
            self.header.extend(piece.text for piece in pieces[: max(0, start - 1)] if piece.kind != "rule")
        elif plain_title(pieces[0].text) == title:
            start = 1
        above = [pieces[posts[0].byline]] if posts and posts[0].byline >= 0 and start == posts[0].start else []
        article = write_article(title, [*above, *pieces[start:]])
        if not article.text.strip():
            article = write_article(title, pieces, whole=True)
        period: Period = (matter.published, quarter_of(matter.published), "stated" if matter.published else None)
        if not (matter.published or article.date):
            period = _file_period(self.name)
        self._add(title, article, period, url=matter.url, categories=matter.tags, authors=matter.authors)

    def _add(
        self,
        title: str,
        article: Article,
        period: Period,
        *,
        url: str = "",
        categories: tuple[str, ...] = (),
        authors: tuple[str, ...] = (),
    ) -> None:
        self.left_out += article.left_out
        if not article.text.strip():
            self.skipped += 1
            return
        published, quarter, basis = _date(title, article, period)
        self.documents.append(
            Document(
                id=f"page:{self.name}#{len(self.documents) + 1}",
                source=self.source,
                kind=KIND,
                url=url,
                title=title or _first_words(article.text) or PurePath(self.name).stem,
                title_estimated=not title,
                authors=authors or article.authors,
                published=published,
                published_basis=basis,
                quarter=quarter,
                language=language_of(article.text),
                text=article.text,
                categories=categories,
                sections=article.sections,
                links=find_links(article.text),
            )
        )


def _lines(count: int) -> str:
    return f"{count} line{'s' if count != 1 else ''}"


def _single_title(pieces: Sequence[Piece], posts: list[Post]) -> tuple[int, str]:
    """Return where the text of a single article begins, and its title; empty where it states none."""
    if posts and posts[0].start - 1 <= _HEADER:
        first, found = pieces[0], posts[0]
        # Above the title may stand the site's name; a longer line is the title, and the line found its subtitle.
        if found.start == 1 or len(first.text.split()) <= 4 or len(first.text) < len(found.title):
            return found.start, found.title
    for position, piece in enumerate(pieces[:_HEADER]):
        if looks_like_title(piece) and not is_generic(piece.text) and not furniture(piece.text):
            return position + 1, plain_title(piece.text)
        if is_body(piece):
            break
    return 0, ""


def _first_words(text: str) -> str:
    start, end = next(sentences(text[:2000]), (0, 0))
    words = " ".join(text[start:end].split())
    return words if len(words) <= _ESTIMATED_TITLE else words[: _ESTIMATED_TITLE - 1].rstrip() + "…"


def _date(title: str, article: Article, period: Period) -> Period:
    """Return the date and quarter of a document: stated by its byline, else by its title, else of the whole page."""
    titled = find_period(title)
    if article.date:
        named = titled[1] if titled and not titled[0] else ""
        return article.date, named or quarter_of(article.date), "stated"
    if period[2] == "stated" or not titled:
        return period
    return titled[0], titled[1], "title"


def _header_period(header: Sequence[Piece]) -> Period:
    """Return the date of a newsletter by the lines above its first item."""
    for piece in header[:8]:
        if width(piece.text) > 160:
            continue
        if stated := parse_date(piece.text.strip(" #*")):
            if len(stated) > 4:
                return stated, quarter_of(stated), "stated"
        elif titled := find_period(piece.text):
            return titled[0], titled[1], "title"
    return "", "", None


def _file_period(name: str) -> Period:
    match = _FILE_DATE.search(PurePath(name).stem)
    stated = parse_date(f"{match[1]}-{match[2]}-{match[3]}") if match else None
    return (stated, quarter_of(stated), "file name") if stated else ("", "", None)
