"""Feeds on loopback, and a library that subscribes to them: what tests of syncing share."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from almanac import Almanac, open_almanac
from almanac.checking import Checked
from almanac.subscriptions import Subscription
from kb.settings import load_settings
from kb.store.subscriptions import Check, read_check
from kb.topics import Tagger
from kb.types import DocumentInfo, Kind
from tests.fakes import FixedClock
from tests.peers import Act, Peer, Request, peer, reply


@dataclass(frozen=True)
class Post:
    """A post of a feed."""

    number: int
    guid: str | None = None
    """None: made from the number; empty: none."""
    link: str | None = None
    title: str | None = None
    date: str | None = None
    text: str = ""

    def item(self, base: str) -> str:
        """Return it as RSS."""
        n = self.number
        guid = f"urn:post:{n}" if self.guid is None else self.guid
        link = f"{base}/posts/{n}" if self.link is None else self.link
        date = f"2024-{(n - 1) % 12 + 1:02d}-{(n - 1) // 12 + 1:02d}" if self.date is None else self.date
        fields = (
            ("title", f"Post number {n}" if self.title is None else self.title),
            ('guid isPermaLink="false"', guid),
            ("link", link),
            ("pubDate", date),
            ("description", self.text or f"Post {n} says that measure {n * 37} of the cache holds for case {n}."),
        )
        return "<item>" + "".join(f"<{tag}>{text}</{tag.split()[0]}>" for tag, text in fields if text) + "</item>"


def rss(base: str, posts: Sequence[Post], head: str = "", title: str = "A blog") -> str:
    """Return a feed of posts."""
    items = "".join(post.item(base) for post in posts)
    names = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    return (
        f'<?xml version="1.0"?><rss version="2.0" {names}><channel><title>{title}</title><link>{base}/</link>'
        f"{head}{items}</channel></rss>"
    )


def posts(*numbers: int) -> list[Post]:
    """Return posts of these numbers, newest first."""
    return [Post(number) for number in sorted(numbers, reverse=True)]


def with_validators(body: str, etag: str = "", last_modified: str = "", **headers: str) -> Act:
    """Return an act that answers 304 to those who have the validators, else with the body and them."""

    def act(request: Request) -> None:
        given = {name.lower(): value for name, value in request.headers.items()}
        same = (etag and given.get("if-none-match") == etag) or (
            not etag and last_modified and given.get("if-modified-since") == last_modified
        )
        sent = {"ETag": etag, "Last_Modified": last_modified, **headers}
        kept = {name: value for name, value in sent.items() if value}
        reply("" if same else body, 304 if same else 200, **kept)(request)

    return act


@dataclass
class Desk:
    """A library with its clock, and a server whose pages it subscribes to."""

    almanac: Almanac
    clock: FixedClock
    site: Peer
    home: Path
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def subscribe(self, path: str = "/feed", name: str = "", kind: Kind = Kind.RSS, **more: object) -> Subscription:
        """Subscribe to a path of the server."""
        target = path if "://" in path or kind in (Kind.NOTES, Kind.ARXIV) else self.site.base + path
        given = {"name": name or f"Source {next(self.counter)}", "kind": kind, "target": target, **more}
        (made,) = self.almanac.sources.add([Subscription.model_validate(given)])
        return made

    def publish(self, *numbers: int, path: str = "/feed", head: str = "") -> None:
        """Let a path answer with a feed of these posts."""
        self.site.pages[path] = reply(rss(self.site.base, posts(*numbers), head))

    def sync(self, *names: str, due: bool = False) -> dict[str, Checked]:
        """Run a round; return how each ended, by name."""
        return {one.subscription.name: one for one in self.almanac.sources.sync(names, due=due)}

    def check(self, one: Subscription) -> Check:
        """Return what is remembered of a subscription."""
        return read_check(self.almanac.store, one.key)

    @property
    def titles(self) -> list[str]:
        """Titles of all documents, in the order of their names."""
        return sorted(info.title for info in self.almanac.documents())

    @property
    def documents(self) -> list[DocumentInfo]:
        """All documents, newest first."""
        return self.almanac.documents()

    def requests(self, path: str = "/feed") -> list[Request]:
        """Return what was asked of a path."""
        return [request for request in self.site.requests if request.path == path]


@cache
def tagger() -> Tagger:
    """Return the one tagger of a test run: it learns for a second, and is never changed."""
    return Tagger()


@contextmanager
def open_desk(home: Path, clock: FixedClock, **settings: object) -> Iterator[Desk]:
    """Open a library and a server."""
    given = {"embedder": "none", "allow_private_hosts": True, "host_spacing": 0.0, "http_timeout": 30.0, **settings}
    with peer() as site:
        site.otherwise = reply("nothing here", 404)
        almanac = open_almanac(load_settings(home, **given), clock=clock, tagger=tagger())
        yield Desk(almanac, clock, site, home)
        almanac.close()
