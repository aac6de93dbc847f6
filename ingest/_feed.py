"""Entries of a feed, whatever its format, to documents.

Owns identity, dates, addresses and the choice of body of a feed's entries; knows no format.
Refuses to invent: an unreadable date stays empty, a foreign scheme is no address, and each such
loss is in the warnings. Invariant: ids depend on the feed and the entry's own key alone.
"""

import hashlib
import html
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from ingest._dates import find_period, parse_date, quarter_of
from ingest._furniture import plain_title
from ingest._html import Article, has_markup, looks_like_html, read_html, read_plain
from ingest._writer import fold, opening
from kb.references import NO_HOST, canonical_url, tidy
from kb.text import language_of, scrub
from kb.types import DateBasis, Document, FeedFacts, Kind, Parsed


@dataclass(frozen=True)
class Body:
    """One text of an entry as the feed gives it."""

    value: str
    markup: bool | None
    """True for HTML, False for plain text, None where the format does not say."""
    base_url: str = ""
    """The base that the feed itself states for relative addresses."""


@dataclass(frozen=True)
class Entry:
    """An entry as the feed writes it: raw strings, nothing interpreted."""

    key: str = ""
    """The GUID or id as written; empty where there is none."""
    link: str = ""
    title: str = ""
    authors: tuple[str, ...] = ()
    published: str = ""
    updated: str = ""
    categories: tuple[str, ...] = ()
    bodies: tuple[Body, ...] = ()
    elsewhere: str = ""
    """An address that stands in for the link where there is none; it makes no key."""


@dataclass(frozen=True)
class Feed:
    """A feed as it is written."""

    title: str = ""
    self_link: str = ""
    site_link: str = ""
    pause: int = 0
    """Seconds between requests that the feed asks for."""
    complete: bool = True
    authors: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()
    skipped: int = 0


@dataclass
class Notices:
    """Warnings gathered by what is wrong, so that a thousand alike read as one."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, fact: str, example: str) -> None:
        """Note that `fact` holds for one more entry."""
        self.found.setdefault(fact, []).append(example)

    def lines(self) -> Iterable[str]:
        """Yield one line a fact, with its count and the first examples."""
        for fact, examples in self.found.items():
            shown = "; ".join(f"“{example[:80]}”" for example in examples[:3])
            more = f" and {len(examples) - 3} more" if len(examples) > 3 else ""
            yield f"{fact}: {shown}{more}."


@dataclass(frozen=True)
class _Context:
    """What all entries of a feed share."""

    feed: Feed
    source: str
    base: str
    notices: Notices


def to_parsed(feed: Feed, *, source: str, base_url: str = "", identity: str = "") -> Parsed:
    """Documents of a feed, in its order, each entry once; `identity` is what ids were made from before."""
    notices = Notices()
    identity = identity or _identity(feed, source, base_url)
    base = base_url or _absolute(feed.site_link, "") or _absolute(feed.self_link, "")
    context = _Context(feed, source, base, notices)
    made: dict[str, Document] = {}
    further: dict[str, tuple[str, ...]] = {}
    seen: set[tuple[str, str, str]] = set()
    skipped = feed.skipped
    for entry in feed.entries:
        title = plain_title(entry.title)
        article = _read_body(entry, title, base)
        if not article.text:
            notices.add("Entries without title and text were left out", entry.link or entry.key or "no address")
            skipped += 1
            continue
        content = hashlib.sha256(f"{title}\n{article.text}".encode("utf-8", "replace")).hexdigest()
        if (entry.key, entry.link, content) in seen:
            notices.add("Entries repeated word for word were left out", title or article.text)
            skipped += 1
            continue
        seen.add((entry.key, entry.link, content))
        names = [(_hash(identity, key), fact) for key, fact in _keys(entry, content)]
        rank = next(rank for rank, (name, _) in enumerate(names) if name not in made)
        for _, fact in names[: rank + 1]:
            if fact:
                notices.add(fact, entry.key or entry.link or title)
        name = names[rank][0]
        further[name] = tuple(other for other, _ in names[rank + 1 :])
        made[name] = _document(name, entry, article, title, context)
    warnings = [*feed.warnings, *notices.lines()]
    if not feed.entries:
        warnings.append("The feed holds no entries.")
    facts = FeedFacts(
        title=plain_title(feed.title),
        identity=identity,
        pause=feed.pause,
        complete=feed.complete,
        further_ids={name: others for name, others in further.items() if others},
    )
    return Parsed(kind=Kind.RSS, documents=tuple(made.values()), warnings=tuple(warnings), skipped=skipped, feed=facts)


def _identity(feed: Feed, source: str, base_url: str) -> str:
    """What stays the same of a feed when it is fetched by another route."""
    own = _absolute(feed.self_link, base_url)
    return own or canonical_url(_absolute(feed.site_link, base_url)) or source


def _absolute(link: str, base_url: str) -> str:
    """The link as an absolute http(s) address, empty where it is none."""
    link = tidy(link)
    if not link:
        return ""
    try:
        url = urljoin(base_url, link) if base_url else link
        parts = urlsplit(url)
        return (
            url if parts.scheme in ("http", "https") and parts.hostname and not NO_HOST.search(parts.hostname) else ""
        )
    except ValueError:
        return ""


def _hash(identity: str, key: str) -> str:
    digest = hashlib.sha256(f"{identity}\n{key}".encode("utf-8", "replace")).hexdigest()
    return f"rss:{digest[:16]}"


def _keys(entry: Entry, content: str) -> list[tuple[str, str]]:
    """Keys of an entry, best first, each with what is to be said where it must be used.

    The next is for an entry whose key another one has.
    """
    if entry.key:
        linked = (
            f"{entry.key}\n{entry.link}",
            "Entries share one GUID; the link was added to the key of the later ones",
        )
        whole = (
            f"{entry.key}\n{entry.link}\n{content}",
            "Entries share one GUID and link; their content was added to the key",
        )
        return [(entry.key, ""), linked, whole] if entry.link else [(entry.key, ""), whole]
    if entry.link:
        fact = "Entries without GUID share one link; their content was added to the key"
        return [(entry.link, ""), (f"{entry.link}\n{content}", fact)]
    return [(content, "Entries without GUID and link are known by their content: an edit makes them new")]


def _document(name: str, entry: Entry, article: Article, title: str, context: _Context) -> Document:
    notices = context.notices
    published, basis = _published(entry, title, title or article.text, notices)
    updated = parse_date(entry.updated) or ""
    if entry.updated.strip() and not updated:
        notices.add("Dates of update that could not be read were left empty", entry.updated)
    url = canonical_url(_absolute(entry.link, context.base)) or _absolute(entry.elsewhere, context.base)
    if entry.link.strip() and not _absolute(entry.link, context.base):
        notices.add("Links that are not http or https were left out", entry.link)
    return Document(
        id=name,
        source=context.source,
        kind=Kind.RSS,
        url=url,
        title=title or opening(article.text),
        title_estimated=not title,
        authors=_plain(entry.authors or context.feed.authors),
        published=published,
        published_basis=basis,
        updated=updated,
        quarter=quarter_of(published) or _title_quarter(basis, title),
        language=language_of(f"{title}\n{article.text}"),
        text=article.text,
        categories=_plain(entry.categories),
        sections=article.sections,
        links=article.links,
    )


def _plain(names: Iterable[str]) -> tuple[str, ...]:
    """Names without markup, each once."""
    return tuple(dict.fromkeys(name for raw in names if (name := plain_title(raw))))


def _published(entry: Entry, title: str, label: str, notices: Notices) -> tuple[str, DateBasis | None]:
    """Date of publication with what it rests on; never a guess."""
    raw = entry.published.strip() or entry.updated.strip()
    if raw:
        date = parse_date(raw)
        if date:
            return date, "stated"
        notices.add("Dates of publication that could not be read were left empty", raw)
        return "", None
    period = find_period(title)
    if period:
        return period[0], "title"
    notices.add("Entries without a date are in no quarter", label)
    return "", None


def _title_quarter(basis: DateBasis | None, title: str) -> str:
    period = find_period(title) if basis == "title" else None
    return period[1] if period else ""


def _read_body(entry: Entry, title: str, base: str) -> Article:
    """The fuller of the entry's texts, read once; its title alone where it has none."""
    best = Article("", (), ())
    for value, body in {body.value: body for body in reversed(entry.bodies)}.items():
        article = _read(scrub(value), body, title, base)
        if len(article.text) >= len(best.text):
            best = article
    return best if best.text else read_plain(title, title=title)


def _read(value: str, body: Body, title: str, base: str) -> Article:
    markup = body.markup
    if not markup and looks_like_html(value):
        markup = True  # plain text by its label alone
    if markup is None:
        markup = has_markup(value)
    if markup:
        return read_html(value, title=title, base_url=_absolute(body.base_url, base) or base)
    plain = value if body.markup is False else html.unescape(value)
    if looks_like_html(plain):
        return read_html(plain, title=title, base_url=base)  # escaped twice
    return read_plain(plain if fold(plain) else "", title=title)
