"""One check of one subscription: what is asked of the network, and what becomes of the answer.

Owns the outcome of a check: new, nothing new, or failed with cause and remedy, and what the next check
must know. A failure leaves the documents, the validators and the last success as they were. Invariant:
`ask` touches no database and may run in any thread; `take` writes what an answer brought, and that it
was brought, in one transaction.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import ingest
from almanac.folders import Folders
from almanac.gathering import Gathering
from almanac.ingestion import Cancelled, Ingestion, Report
from almanac.preparing import digest_of
from almanac.schedule import later, own_interval, pause_after_failure, pause_after_success, stays_fresh
from almanac.subscriptions import Subscription
from ingest import pages, rss
from ingest.arxiv_papers import is_arxiv
from ingest.arxiv_query import Harvest, harvest, query_of
from ingest.discovery import find_feeds
from ingest.entries import settle
from ingest.fetch import FEED, PAGE, Fetched, Fetcher, NotFetched
from kb.errors import AlmanacError, ParseError, SourceError
from kb.store import Store, Writer
from kb.store.subscriptions import Check, held_by, known_by_id, removed_posts, save_check
from kb.types import Counts, FeedFacts, Kind, Outcome, Parsed

log = logging.getLogger("almanac")
_REPORT = "It is a fault of the Almanac: report the address. The other sources are not affected."


@dataclass(frozen=True)
class Asked:
    """A subscription with what is known of it before a check."""

    subscription: Subscription
    check: Check
    content_hash: str = ""
    """Of what was read last, by the rules in force; empty where it must be read again in any case."""


@dataclass(frozen=True)
class Checked:
    """How a check ended."""

    subscription: Subscription
    check: Check
    outcome: Outcome | None = None
    """None where it was not asked."""
    skipped: str = ""
    """Why it was not asked."""


Answer = Fetched | Harvest | SourceError | None
"""What `ask` brings; None where there is nobody to ask, as for a folder."""


@dataclass(frozen=True)
class Manner:
    """How checks of a round are done. Vectors are left for later: posts are found by their words at once."""

    report: Report | None = None
    cancelled: Callable[[], bool] = lambda: False


class Checker:
    """Checks the subscriptions of one library."""

    def __init__(
        self,
        store: Store,
        ingestion: Ingestion,
        gathering: Gathering,
        fetcher: Fetcher,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._ingestion = ingestion
        self._fetcher = fetcher
        self._jitter = jitter
        self._folders = Folders(store, ingestion, gathering)

    def ask(self, asked: Asked) -> Answer:
        """Return what the source answers; a failure is an answer as well."""
        one, check = asked.subscription, asked.check
        try:
            if one.kind is Kind.NOTES:
                return None
            if one.kind is Kind.ARXIV:
                query = query_of(one.target)
                return harvest(query, fetcher=self._fetcher, after=check.since, source=one.location)
            known = bool(asked.content_hash)
            return self._fetcher.fetch(
                check.url or one.target,
                etag=check.etag if known else "",
                last_modified=check.last_modified if known else "",
                validated_url=check.validated_url,
                accept=PAGE if one.kind is Kind.PAGE else FEED,
            )
        except SourceError as error:
            return error

    def take(self, asked: Asked, answer: Answer, manner: Manner) -> Checked:
        """Write what an answer brought and return how the check ended.

        Raises:
            Cancelled: the reader stopped it.
            StoreError, ModelError: the library itself failed; the source is not to blame.
        """
        try:
            if isinstance(answer, SourceError):
                return self._fail(asked, answer)
            if isinstance(answer, Harvest):
                return self._take_papers(asked, answer, manner)
            if isinstance(answer, Fetched):
                return self._take_answer(asked, answer, manner)
            return self._take_folder(asked, manner)
        except Cancelled:
            raise
        except SourceError as error:
            return self._fail(asked, error)
        except AlmanacError:
            raise
        except Exception as error:
            # One feed that trips a parser must not keep the others from being read.
            log.exception("Reading %s failed", asked.subscription.target)
            fault = ParseError(f"It could not be read: {type(error).__name__}: {error}.", _REPORT)
            return self._fail(asked, fault)

    def look(self, one: Subscription, check: Check) -> Parsed:
        """Return what a check would bring now, under the ids that it would have; nothing is written.

        Raises:
            SourceError: it would fail.
        """
        if one.kind is Kind.NOTES:
            return self._folders.look(one.target)
        # Without a hash no validators are sent: the whole of it is wanted.
        answer = self.ask(Asked(one, check.model_copy(update={"since": ""})))
        if isinstance(answer, SourceError):
            raise answer
        if isinstance(answer, Harvest):
            return answer.parsed
        assert isinstance(answer, Fetched), "only folders have nobody to ask"
        return self._read(one, answer, check.identity)

    # Feeds and pages

    def _take_answer(self, asked: Asked, answer: Fetched, manner: Manner) -> Checked:
        one, now = asked.subscription, self._store.now()
        check = _moved(asked.check, answer).model_copy(
            update={"etag": answer.etag, "last_modified": answer.last_modified, "validated_url": answer.final_url}
        )
        own, fresh = own_interval(one.kind, one.every), stays_fresh(answer.headers, now)
        digest = digest_of(answer.body, one.kind)
        if answer.not_modified or digest == asked.content_hash:
            # What the feed itself asks for was told when it was read.
            seconds = pause_after_success(own, fresh, float(check.pause))
            return self._note(one, _succeeded(check, now, seconds, "unchanged", Counts()))
        parsed = self._read(one, answer, check.identity)
        feed = parsed.feed or FeedFacts(complete=not parsed.skipped)
        if not feed.complete:
            # Half a feed is asked for again as a whole: its validators stand for the other half, too.
            digest = ""
            check = check.model_copy(update={"etag": "", "last_modified": "", "validated_url": ""})
        update = {"identity": feed.identity, "pause": feed.pause, "warnings": parsed.warnings}
        seconds = pause_after_success(own, fresh, float(feed.pause))
        return self._write(asked, parsed, digest, check.model_copy(update=update), seconds, manner)

    def _read(self, one: Subscription, answer: Fetched, identity: str) -> Parsed:
        """Return the documents of an answer under the ids by which the library knows them.

        Raises:
            ParseError: it is something else; a page that names its feeds says so.
        """
        self._ingestion.give_way()
        given = {"source": one.location, "base_url": answer.final_url, "charset": answer.charset}
        if one.kind is Kind.PAGE:
            return pages.parse_bytes(answer.body, name=one.target, **given)
        try:
            if is_arxiv(answer.body):
                # Its entries are papers: dated by when they were submitted, revisions of one another, known by number.
                return ingest.parse(answer.body, name=one.name, kind=Kind.ARXIV, **given)
            parsed = rss.parse_bytes(answer.body, name=one.name, identity=identity, **given)
        except ParseError as error:
            feeds = find_feeds(answer.body.decode("utf-8", "replace"), answer.final_url)
            if not feeds:
                raise
            raise ParseError(error.message, f"The page names a feed: {feeds[0].url}. Give that address.") from error
        settled = settle(
            parsed,
            held=held_by(self._store, one.location),
            others=known_by_id(self._store, [document.id for document in parsed.documents]),
            removed=removed_posts(self._store),
            text_of=self._store.text_of,
        )
        warnings = (*parsed.warnings, *settled.warnings)
        return parsed.model_copy(update={"documents": settled.documents, "warnings": warnings})

    # Papers and folders

    def _take_papers(self, asked: Asked, answer: Harvest, manner: Manner) -> Checked:
        one = asked.subscription
        check = asked.check.model_copy(update={"since": answer.mark, "warnings": answer.parsed.warnings})
        own = own_interval(one.kind, one.every)
        # What could not be had today is not waited for until tomorrow.
        seconds = own if answer.complete or not asked.check.since else own / 24
        return self._write(asked, answer.parsed, "", check, seconds, manner)

    def _take_folder(self, asked: Asked, manner: Manner) -> Checked:
        one, now = asked.subscription, self._store.now()
        found = self._folders.take(one.target, asked.check.device, manner.report, manner.cancelled)
        own, outcome = own_interval(one.kind, one.every), found.outcome
        if outcome.status == "failed":
            return self._fail(asked, SourceError(outcome.error, outcome.hint), outcome)
        check = asked.check.model_copy(update={"device": found.device, "warnings": outcome.warnings})
        return self._note(one, _succeeded(check, now, own, outcome.status, outcome.counts), outcome)

    # Ends

    def _write(
        self, asked: Asked, parsed: Parsed, digest: str, check: Check, seconds: float, manner: Manner
    ) -> Checked:
        one, now = asked.subscription, self._store.now()
        saved: list[Check] = []

        def also(writer: Writer, counts: Counts) -> None:
            new = counts.added or counts.updated
            result = "partial" if parsed.partial else "ok" if new else "unchanged"
            saved.append(_succeeded(check, now, seconds, result, counts))
            save_check(writer, saved[0])

        outcome = self._ingestion.take(
            one.location,
            parsed,
            name=one.name.replace("/", "-"),
            digest=digest,
            # A feed and a harvest are windows; a page is all that there is.
            keep_all=one.kind is not Kind.PAGE,
            also=also,
            embed=None,
            report=manner.report,
            cancelled=manner.cancelled,
        )
        return Checked(one, saved[0], outcome)

    def _note(self, one: Subscription, check: Check, outcome: Outcome | None = None) -> Checked:
        with self._store.write(f"noting the check of {one.name}") as writer:
            save_check(writer, check)
        return Checked(one, check, outcome or Outcome(source=one.location, kind=one.kind, status="unchanged"))

    def _fail(self, asked: Asked, error: SourceError, outcome: Outcome | None = None) -> Checked:
        one, now = asked.subscription, self._store.now()
        check = _failed(asked, error, now, self._jitter)
        with self._store.write(f"noting that {one.name} failed") as writer:
            save_check(writer, check)
        if check.result != "failed":
            return Checked(one, check, skipped=error.message)
        return Checked(
            one,
            check,
            outcome
            or Outcome(source=one.location, kind=one.kind, status="failed", error=error.message, hint=error.hint),
        )


def _moved(check: Check, answer: Fetched) -> Check:
    """Return where a feed is asked from now on: elsewhere once two checks in a row were sent there for good."""
    target = answer.moved_to
    if target and target == check.moving_to:
        return check.model_copy(update={"url": target, "moving_to": ""})
    return check.model_copy(update={"moving_to": target})


def _succeeded(check: Check, now: datetime, seconds: float, result: str, counts: Counts) -> Check:
    at = later(now, 0)
    new = counts.added or counts.updated or counts.removed
    return Check.model_validate(
        check.model_dump()
        | {
            "result": result,
            "checked_at": at,
            "succeeded_at": at,
            "changed_at": at if new else check.changed_at,
            "next_at": later(now, seconds),
            "not_before": "",
            "errors": 0,
            "cause": "",
            "error": "",
            "hint": "",
            "muted": False,
            "added": counts.added,
            "updated": counts.updated,
            "removed": counts.removed,
        }
    )


def _failed(asked: Asked, error: SourceError, now: datetime, jitter: Callable[[], float]) -> Check:
    """Return what is remembered of a failure; documents and validators stay as they are."""
    check, one = asked.check, asked.subscription
    cause = error.cause if isinstance(error, NotFetched) else "content" if isinstance(error, ParseError) else "place"
    asked_for = error.retry_after if isinstance(error, NotFetched) else None
    if cause == "told-to-wait":
        # Nobody was asked: that is no failure of the source.
        until = later(now, asked_for or 0.0)
        return check.model_copy(update={"not_before": until, "next_at": max(until, check.next_at)})
    errors = check.errors + 1
    seconds = pause_after_failure(own_interval(one.kind, one.every), errors, asked_for, jitter)
    passing = isinstance(error, NotFetched) and error.passing
    return check.model_copy(
        update={
            "result": "failed",
            "checked_at": later(now, 0),
            "next_at": later(now, seconds),
            "not_before": later(now, asked_for) if asked_for else "",
            "errors": errors,
            "cause": cause,
            "error": error.message,
            "hint": error.hint,
            "muted": cause == "http-410" and not check.url,
            "moving_to": "",
            # An address that it moved to and that fails for good is forgotten: the reader's own is asked next.
            "url": check.url if passing else "",
        }
    )
