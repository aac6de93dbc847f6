"""The sources that keep themselves fresh: what is subscribed to, how it fares, and rounds of checks.

Owns the joining of the reader's file with what is remembered of each check. One round at a time on a
library, whatever the number of tabs and processes. Refuses to ask a server before the time that it
named, even where the reader asks. Invariant: a source that fails disturbs no other and loses nothing
that it brought before; whatever is not asked says why.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cached_property
from pathlib import Path

from almanac.checking import Asked, Checked, Checker, Manner
from almanac.freed import give_back
from almanac.gathering import Gathering
from almanac.ingestion import Ingestion, Progress, Report
from almanac.lanes import in_lanes
from almanac.preparing import PARSER_VERSION
from almanac.schedule import is_past, later
from almanac.standing import Standing, standings
from almanac.subscriptions import Problem, Subscription, SubscriptionFile, read_subscriptions
from ingest.discovery import FoundFeed, discover
from ingest.fetch import Fetcher
from ingest.opml import Outline, read_opml, write_opml
from kb.errors import DocumentNotFound
from kb.settings import Settings
from kb.store import Store
from kb.store.lock import exclusive
from kb.store.subscriptions import (
    Check,
    forget_check,
    locations_under,
    move_source,
    note_round,
    read_check,
    read_checks,
    save_check,
)
from kb.types import Kind, Parsed

STARTER = Path(__file__).resolve().parent.parent / "starter" / "subscriptions.toml"
LOCK = "sync.lock"
ROUND = "round_began"
"""Fact: when the last round of all sources began."""
After = Callable[[Callable[[], bool]], object]


@dataclass(frozen=True)
class Preview:
    """What a check would bring."""

    parsed: Parsed
    known: frozenset[str]
    """Ids of those of its documents that the library has."""


@dataclass(frozen=True)
class ImportLine:
    """What became of one feed of an imported list."""

    title: str
    url: str
    result: str
    """`added`, `known` or `refused`."""
    reason: str = ""


class Sources:
    """The subscriptions of one library."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        ingestion: Ingestion,
        gathering: Gathering,
        fetcher: Callable[[], Fetcher],
        after: After,
    ) -> None:
        """Look after the subscriptions of a home.

        Args:
            after: called when a round has brought something; asked often whether it is cancelled.
        """
        self._settings = settings
        self._store = store
        self._ingestion = ingestion
        self._gathering = gathering
        self._fetcher = fetcher
        self._after = after
        self.file = SubscriptionFile(settings.home, settings.lock_wait)

    @cached_property
    def checker(self) -> Checker:
        """What checks a single subscription."""
        return Checker(self._store, self._ingestion, self._gathering, self._fetcher())

    # What there is

    def all(self) -> list[Standing]:
        """Return every subscription with how it fares, in the order of the file. Raises SettingsError."""
        return standings(self.file.read().entries, self._store)

    def problems(self) -> tuple[Problem, ...]:
        """Return the entries of the file that are not used. Raises SettingsError."""
        return self.file.read().problems

    def find(self, key: str) -> Standing:
        """Return the subscription of a key. Raises DocumentNotFound."""
        for standing in self.all():
            if standing.subscription.key == key:
                return standing
        raise DocumentNotFound(
            f"No subscription {key} is there.", "It may have been removed; Sources lists the others."
        )

    def offered(self) -> list[Subscription]:
        """Return what the starter library suggests and the reader does not have."""
        own = {one.key for one in self.file.read().entries}
        return [one for one in read_subscriptions(STARTER).entries if one.key not in own]

    # Changing it

    def add(self, made: Sequence[Subscription]) -> list[Subscription]:
        """Subscribe, and return what was new. Raises SettingsError, StoreError."""
        return self.file.add(made)

    def accept_starter(self, keys: Sequence[str] | None = None) -> list[Subscription]:
        """Subscribe to what the starter library suggests: those of the given keys, or all as they are marked."""
        offered = self.offered()
        if keys is None:
            return offered if self.file.begin(STARTER) else self.file.add(offered)
        return self.file.add([one.model_copy(update={"enabled": True}) for one in offered if one.key in keys])

    def discover(
        self, address: str, cancelled: Callable[[], bool] = lambda: False
    ) -> tuple[list[FoundFeed], list[str]]:
        """Return the feeds of the site of an address, and what was tried in vain. Raises SourceError."""
        return discover(address, self._fetcher(), cancelled)

    def change(self, key: str, **fields: object) -> Subscription:
        """Change a subscription; a new target takes its documents along. Raises DocumentNotFound, SettingsError."""
        before = self.find(key)
        made = self.file.change(key, **fields)
        if made.key != key:
            check = Check(subscription=made.key, identity=before.check.identity)
            with self._store.write(f"changing {made.name}") as writer, writer.transaction():
                if made.kind is not Kind.NOTES:
                    move_source(writer, before.subscription.location, made.location)
                save_check(writer, check)
                forget_check(writer, key)
        return made

    def pause(self, key: str, paused: bool = True) -> Subscription:
        """Pause a subscription or go on with it; going on also lifts what failures brought about."""
        made = self.file.change(key, enabled=not paused)
        if not paused:
            check = read_check(self._store, key)
            lifted = {"muted": False, "errors": 0, "next_at": check.not_before}
            with self._store.write(f"going on with {made.name}") as writer:
                save_check(writer, check.model_copy(update=lifted))
        return made

    def remove(self, key: str, *, keep_documents: bool = True) -> int:
        """Unsubscribe; return how many documents went. Raises DocumentNotFound."""
        one = self.find(key).subscription
        self.file.remove(key)
        gone = 0
        if not keep_documents:
            known = {row[0] for row in self._store.rows("SELECT location FROM sources")}
            places = locations_under(self._store, [one.target]) if one.kind is Kind.NOTES else [one.location]
            gone = sum(self._ingestion.forget(place) for place in places if place in known)
        with self._store.write(f"forgetting {one.name}") as writer:
            forget_check(writer, key)
        return gone

    def import_opml(self, data: bytes) -> list[ImportLine]:
        """Subscribe to the feeds of an OPML list; say of each what became of it. Raises ParseError, SettingsError."""
        outlines = read_opml(data)
        made = {
            one.url: Subscription(name=one.title or one.url, kind=Kind.RSS, target=one.url, group=one.group)
            for one in outlines
            if not one.trouble
        }
        added = {one.target for one in self.file.add(list(made.values()))}
        lines = []
        for one in outlines:
            result = "refused" if one.trouble else "added" if one.url in added else "known"
            reason = one.trouble or ("" if one.url in added else "you have it already")
            lines.append(ImportLine(one.title or one.url, one.url, result, reason))
        return lines

    def export_opml(self) -> tuple[bytes, int]:
        """Return the feeds as an OPML list, and how many subscriptions are none. Raises SettingsError."""
        entries = self.file.read().entries
        feeds = [one for one in entries if one.kind is Kind.RSS]
        checks = read_checks(self._store)
        outlines = [
            Outline(one.name, (check.url if (check := checks.get(one.key)) else "") or one.target, group=one.group)
            for one in feeds
        ]
        created = format_datetime(self._store.now())
        return write_opml(outlines, title="MLSys Almanac", created=created), len(entries) - len(feeds)

    # Checking

    def try_out(self, one: Subscription) -> Preview:
        """Return what a check would bring; nothing is written. Raises SourceError."""
        parsed = self.checker.look(one, read_check(self._store, one.key))
        known = self._store.known_documents([document.id for document in parsed.documents])
        return Preview(parsed, frozenset(known))

    def sync(
        self,
        names: Sequence[str] = (),
        *,
        due: bool = False,
        report: Report | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Checked]:
        """Check subscriptions and yield how each ended, in the order in which they are done.

        What comes is found by its words at once; its vectors are `update_index`'s.

        Args:
            names: names, targets or keys of those meant, paused ones included; none: all that are not paused.
            due: only those whose time has come.
            report: told which source is at hand, and how many are done.
            cancelled: asked often; what is under way is then left, what was written stays.
        Raises:
            Locked: another round runs.
            DocumentNotFound: a name that nothing has.
            SettingsError: the file cannot be read.
        """
        with self._alone():
            read = self.file.read()
            chosen = read.find(names) if names else list(read.entries)
            checks, now = read_checks(self._store), self._store.now()
            asked: list[Asked] = []
            hashes = dict(self._store.rows("SELECT location, content_hash FROM sources"))
            for one in chosen:
                check = checks.get(one.key, Check(subscription=one.key))
                reason = _reason_to_wait(one, check, now, named=bool(names), due=due)
                if reason:
                    yield Checked(one, check, skipped=reason)
                else:
                    asked.append(Asked(one, check, _in_force(hashes.get(one.location, ""))))
            if not names:
                with self._store.write("beginning a round") as writer:
                    note_round(writer, later(now, 0))
            yield from self._round(asked, report or (lambda _: None), cancelled)

    def _round(self, asked: Sequence[Asked], report: Report, cancelled: Callable[[], bool]) -> Iterator[Checked]:
        checker, done, changed = self.checker, 0, False
        pieces = [(one.subscription.host, one) for one in asked]
        if pieces:
            report(Progress(asked[0].subscription.name, "asking", 0, 0, 0, len(asked)))
        try:
            for one, answer in in_lanes(pieces, checker.ask, cancelled=cancelled):
                name = one.subscription.name
                report(Progress(name, "reading", 0, 0, done, len(asked)))
                checked = checker.take(one, answer, Manner(_within(report, name, done, len(asked)), cancelled))
                done += 1
                counts = checked.outcome.counts if checked.outcome else None
                changed = changed or bool(counts and (counts.added or counts.updated or counts.removed))
                report(Progress(name, "done", 0, 0, done, len(asked)))
                yield checked
        finally:
            if changed:
                self._after(cancelled)
            give_back()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with exclusive(self._settings.home / LOCK, "a round of checks", 0.0, fact="The sources are being checked"):
            yield

    def round_due(self) -> bool:
        """Whether the setting SYNC_EVERY asks for a round now."""
        if not self._settings.sync_every:
            return False
        last = self._store.fact(ROUND)
        wait = timedelta(hours=self._settings.sync_every)
        return not last or self._store.now() - datetime.fromisoformat(last) >= wait


def _reason_to_wait(one: Subscription, check: Check, now: datetime, *, named: bool, due: bool) -> str:
    """Say why a subscription is not asked now; nothing where it is."""
    if not named and not one.enabled:
        return "paused"
    if not named and check.muted:
        return "gone for good, as its server said; give its new address, or go on with it to ask again"
    if not is_past(check.not_before, now):
        return f"its server asked to be left alone until {check.not_before}"
    if due and not is_past(check.next_at, now):
        return f"not due before {check.next_at}"
    return ""


def _in_force(content_hash: str) -> str:
    """Return a stored hash where it stands for the rules in force, by which nothing need be read again."""
    return content_hash if f":{PARSER_VERSION}:" in content_hash else ""


def _within(report: Report, name: str, done: int, total: int) -> Report:
    """Report of one source's own steps as part of the round."""

    def told(step: Progress) -> None:
        # A folder counts files, the others documents.
        inner = (step.sources_done, step.sources_total) if step.sources_total > 1 else (step.done, step.total)
        report(replace(step, source=name, done=inner[0], total=inner[1], sources_done=done, sources_total=total))

    return told
