"""What a web page states of itself: title, authors, dates, tags, its one true address.

Owns the vocabularies in which pages say so: JSON-LD, Open Graph, Highwire, Dublin Core, microdata and
`<time>`. Refuses to read a date out of prose or an address, and an author out of a link. Pure.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from ingest._addresses import resolve
from ingest._dates import parse_date
from ingest._furniture import plain_title
from ingest._writer import fold
from kb.references import canonical_url
from kb.text import scrub

_ARTICLE = re.compile(r"(?:\w*Article|BlogPosting|SocialMediaPosting|WebPage|Report|CreativeWork|Review|HowTo)$")
_MOST_JSON = 200_000
_DEEPEST = 6
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "datepublished", "citation_publication_date",
    "citation_online_date", "citation_date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date",
    "dcterms.date", "date", "pubdate", "publishdate", "publish-date", "parsely-pub-date", "sailthru.date", "dc.created",
)  # fmt: skip
_UPDATED = (
    "article:modified_time", "og:article:modified_time", "datemodified", "og:updated_time", "dcterms.modified",
    "last-modified", "revised",
)  # fmt: skip
_AUTHORS = ("citation_author", "author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "byl")
_TITLES = ("og:title", "twitter:title", "dc.title", "dcterms.title", "parsely-title")
_SITES = ("og:site_name", "application-name", "al:android:app_name")
_TIME = re.compile(r"publish|posted|dt-published|entry-date|post-date|pubdate|created|date-?published", re.IGNORECASE)
_TIME_UPDATED = re.compile(r"updat|modif", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s+[|·•–—:»-]\s+|\s*[|｜]\s*|\s*[_]\s*(?=[^_]*$)")
_NO_NAME = re.compile(
    r"https?://|@|^(?:admin|administrator|editor|staff|team|guest|unknown|none|null|anonymous)$", re.I
)


@dataclass(frozen=True)
class Facts:
    """What a page states; empty where it states nothing."""

    titles: tuple[str, ...] = ()
    """Titles that it states for others, such as link previews, best first."""
    name: str = ""
    """What stands on its tab, the site's name included."""
    site: str = ""
    authors: tuple[str, ...] = ()
    published: str = ""
    updated: str = ""
    url: str = ""
    tags: tuple[str, ...] = ()


def read_facts(root: HtmlElement, base_url: str) -> Facts:
    """Return what a page states of itself; `base_url` is the address that it came from, or empty."""
    metas = _metas(root)
    articles = list(_articles(root))
    site = next((metas[name][0] for name in _SITES if name in metas), "")
    return Facts(
        titles=(
            *metas.get("citation_title", ()),
            *_of([item for item in articles if _kind(item) != "WebPage"], "headline"),
            *_listed(metas, _TITLES),
        ),
        name=next((fold(title.text_content()) for title in root.iter("title")), ""),
        site=site,
        authors=_authors(metas, articles),
        published=_date([*_of(articles, "datePublished"), *_listed(metas, _PUBLISHED), *_times(root, _TIME)]),
        updated=_date([*_of(articles, "dateModified"), *_listed(metas, _UPDATED), *_times(root, _TIME_UPDATED)]),
        url=_address(root, metas, base_url),
        tags=tuple(dict.fromkeys(fold(scrub(tag)) for tag in metas.get("article:tag", ())[:20] if fold(scrub(tag)))),
    )


def _metas(root: HtmlElement) -> dict[str, list[str]]:
    """Contents of `meta` by lower-case name, in order."""
    found: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
        content = (meta.get("content") or "").strip()
        if name and content:
            found.setdefault(name, []).append(content)
    return found


def _listed(metas: dict[str, list[str]], names: tuple[str, ...]) -> list[str]:
    return [content for name in names for content in metas.get(name, ())]


def _articles(root: HtmlElement) -> Iterator[dict[str, Any]]:
    """Objects of JSON-LD that describe the page's own text, the most specific kinds first."""
    found: list[dict[str, Any]] = []
    for script in root.iter("script"):
        text = script.text or ""
        if "ld+json" in (script.get("type") or "").lower() and len(text) <= _MOST_JSON:
            try:
                _collect(json.loads(text, strict=False), found, 0)
            except (ValueError, RecursionError):
                continue  # broken JSON-LD says nothing
    yield from sorted(found, key=lambda item: _kind(item) in ("WebPage", "CreativeWork"))


def _collect(value: Any, found: list[dict[str, Any]], depth: int) -> None:
    if depth > _DEEPEST or len(found) > 50:
        return
    if isinstance(value, list):
        for item in value[:200]:
            _collect(item, found, depth + 1)
    elif isinstance(value, dict):
        if _ARTICLE.fullmatch(_kind(value)):
            found.append(value)
        for name in ("@graph", "mainEntity", "itemListElement"):
            _collect(value.get(name), found, depth + 1)


def _kind(item: dict[str, Any]) -> str:
    kind = item.get("@type")
    kinds = kind if isinstance(kind, list) else [kind]
    return next((name.rpartition("/")[2] for name in kinds if isinstance(name, str)), "")


def _of(articles: list[dict[str, Any]], name: str) -> list[str]:
    return [item[name] for item in articles if isinstance(item.get(name), str)]


def _times(root: HtmlElement, pattern: re.Pattern[str]) -> list[str]:
    """Dates of `<time>` and of microdata whose marks say what they are of."""
    stated = []
    for element in root.iter("time", "span", "abbr"):
        marks = " ".join(element.get(name) or "" for name in ("itemprop", "class", "pubdate"))
        if element.get("pubdate") is not None:
            marks += " pubdate"
        date = element.get("datetime") or element.get("content") or ""
        if date and pattern.search(marks):
            stated.append(date)
    return stated


def _date(stated: list[str]) -> str:
    return next((date for raw in stated if len(date := parse_date(scrub(raw)) or "") > 4), "")


def _authors(metas: dict[str, list[str]], articles: list[dict[str, Any]]) -> tuple[str, ...]:
    stated = [name for item in articles for name in _names(item.get("author"), 0)]
    if "citation_author" in metas or not stated:
        names = next((metas[name] for name in _AUTHORS if name in metas), [])
        stated = [_turned(name) for name in names] if "citation_author" in metas else names or stated
    clean = (fold(scrub(name)) for name in stated[:50])
    return tuple(dict.fromkeys(name for name in clean if 1 < len(name) <= 120 and not _NO_NAME.search(name)))


def _names(author: Any, depth: int) -> list[str]:
    """Names in what JSON-LD calls an author: words, an object, or a list of them."""
    if isinstance(author, str):
        return [author]
    if isinstance(author, dict):
        return [author["name"]] if isinstance(author.get("name"), str) else _names(author.get("name"), depth + 1)
    if isinstance(author, list) and depth < _DEEPEST:
        return [name for item in author[:50] for name in _names(item, depth + 1)]
    return []


def _turned(name: str) -> str:
    """`Last, First` as `First Last`."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and "," not in first else name


def choose_title(facts: Facts, main: HtmlElement) -> str:
    """Return the title of the text in `main`: as stated for others, its heading, or the tab's without the site."""
    headings = [_heading(element) for element in main.iter("h1", "h2", "h3")][:20]
    parts = {fold(part).lower() for part in _SEPARATOR.split(facts.name)}
    first = [_heading(element) for element in main.iter("h1")]
    stated = [
        *(_without_site(title, facts.site) for title in facts.titles),
        *(heading for heading in headings if heading.lower() in parts),
        *(first if len(first) == 1 else ()),
        _without_site(facts.name, facts.site),
        *first[:1],
    ]
    return next((title[:500] for raw in stated if (title := plain_title(raw))), "")


def _heading(element: HtmlElement) -> str:
    return fold(element.text_content()).rstrip("#¶§ ")


def _without_site(title: str, site: str) -> str:
    """A title without the name of its site at either end."""
    parts = _SEPARATOR.split(title)
    same = fold(site).lower()
    if len(parts) < 2 or not same:
        return title
    if parts[-1].strip().lower() == same:
        return title[: title.rfind(parts[-1])].rstrip(" |·•–—:»_｜-")
    if parts[0].strip().lower() == same:
        return title[title.find(parts[0]) + len(parts[0]) :].lstrip(" |·•–—:»_｜-")
    return title


def _address(root: HtmlElement, metas: dict[str, list[str]], base_url: str) -> str:
    """The address that the page gives as its own, without trackers; the one it came from where it gives none."""
    links = [
        link.get("href") or "" for link in root.iter("link") if "canonical" in (link.get("rel") or "").lower().split()
    ]
    came = canonical_url(base_url)
    for raw in [*links[:1], *metas.get("og:url", ())[:1]]:
        url = canonical_url(resolve(raw, base_url))
        # Broken systems name the home page on every page.
        if url and (not came or urlsplit(url).path != "/" or urlsplit(came).path == "/"):
            return url
    return came
