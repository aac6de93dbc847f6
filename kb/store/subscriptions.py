"""How the checks of subscriptions went: what the next check must know, and what a page says of the last.

Owns the table `checks`. Which subscriptions there are stands in the reader's own file, so a row
without one is kept until it is forgotten on purpose. Invariant: a check is saved in the transaction
that writes what it brought, so that no validator outlives or precedes its entries.
"""

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from kb.store.database import Store
from kb.store.writer import Writer
from kb.types import Frozen, Known

Result = Literal["", "ok", "unchanged", "partial", "failed"]


class Check(Frozen):
    """What is remembered of one subscription between two checks. Times are ISO 8601 with offset."""

    subscription: str
    """Key of the subscription: its kind and what it asks for."""
    result: Result = ""
    """How the last check ended; empty before the first."""
    checked_at: str = ""
    succeeded_at: str = ""
    """Last time that the source answered as it should, with something new or with nothing."""
    changed_at: str = ""
    """Last time that it brought something new."""
    next_at: str = ""
    """Not before this time is it due again."""
    not_before: str = ""
    """The server asked for a pause until then; not even the reader's wish shortens it."""
    errors: int = Field(default=0, ge=0)
    """Failures in a row."""
    cause: str = ""
    error: str = ""
    hint: str = ""
    muted: bool = False
    """The server said that it is gone for good: only the reader's wish has it asked again."""
    etag: str = ""
    """As the server sent it, byte for byte."""
    last_modified: str = ""
    """As the server sent it, byte for byte."""
    validated_url: str = ""
    """The address whose answer these two came with."""
    url: str = ""
    """Where it moved for good; empty while the reader's own address serves."""
    moving_to: str = ""
    """Where the last check was sent for good; a second one in a row makes it `url`."""
    identity: str = ""
    """What the ids of a feed's entries are made from; kept, whatever the feed says later."""
    pause: int = 0
    """Seconds between two checks that the feed itself asked for when it was last read."""
    since: str = ""
    """Newest date of submission that was seen: where an incremental query goes on."""
    device: int = 0
    """File system that a folder lay on."""
    added: int = 0
    updated: int = 0
    removed: int = 0
    warnings: tuple[str, ...] = ()


def read_checks(store: Store) -> dict[str, Check]:
    """Return all checks by the key of their subscription."""
    return {
        key: Check.model_validate_json(state) for key, state in store.rows("SELECT subscription, state FROM checks")
    }


def read_check(store: Store, subscription: str) -> Check:
    """Return how the checks of a subscription went; an empty one where there was none."""
    rows = store.rows("SELECT state FROM checks WHERE subscription = ?", (subscription,))
    return Check.model_validate_json(rows[0][0]) if rows else Check(subscription=subscription)


def save_check(writer: Writer, check: Check) -> None:
    """Remember a check; inside `writer.transaction()` together with what it brought, where it brought something."""
    sql = "INSERT INTO checks VALUES (?, ?) ON CONFLICT (subscription) DO UPDATE SET state = excluded.state"
    writer.run((sql, (check.subscription, check.model_dump_json(exclude_defaults=True))), aside=True)


def forget_check(writer: Writer, subscription: str) -> None:
    """Forget the checks of a subscription."""
    writer.run(("DELETE FROM checks WHERE subscription = ?", (subscription,)))


def held_by(store: Store, location: str) -> list[Known]:
    """Return the documents that a source holds."""
    sql = (
        "SELECT d.id, d.url, d.title, d.published FROM holdings h JOIN sources s ON s.id = h.source "
        "JOIN documents d ON d.id = h.doc_id WHERE s.location = ? ORDER BY d.row"
    )
    return [Known(id=a, url=b, title=c, published=d) for a, b, c, d in store.rows(sql, (location,))]


def known_by_id(store: Store, ids: Sequence[str]) -> list[Known]:
    """Return those of the given documents that are in the library, whatever holds them."""
    sql = "SELECT id, url, title, published FROM documents WHERE id IN (SELECT value FROM json_each(?)) ORDER BY row"
    return [Known(id=a, url=b, title=c, published=d) for a, b, c, d in store.rows(sql, (json.dumps(list(ids)),))]


def removed_posts(store: Store) -> list[Known]:
    """Return the posts that the reader removed."""
    sql = "SELECT doc_id, url, title FROM tombstones WHERE doc_id LIKE 'rss:%' ORDER BY doc_id"
    return [Known(id=a, url=b, title=c) for a, b, c in store.rows(sql)]


def monthly(store: Store, today: str) -> dict[str, float]:
    """Return documents a month by the location of their source, over the last year at most.

    Counted by date of publication, else by the day they came; a source whose oldest document of that year is
    younger than the year is measured over its own time, one month at least.
    """
    sql = (
        "SELECT location, count(*) / max(1.0, min(12.0, (julianday(:today) - julianday(min(day))) / 30.44)) FROM ("
        "SELECT s.location, CASE WHEN d.date_first <> '' THEN d.date_first ELSE substr(d.added_at, 1, 10) END AS day "
        "FROM holdings h JOIN sources s ON s.id = h.source JOIN documents d ON d.id = h.doc_id"
        ") WHERE day > date(:today, '-1 year') AND day <= date(:today, '+1 day') GROUP BY location"
    )
    return {location: float(rate) for location, rate in store.rows(sql.replace(":today", "?1"), (today,))}


def held_counts(store: Store) -> dict[str, int]:
    """Return how many documents each source holds, by its location."""
    sql = "SELECT s.location, count(*) FROM holdings h JOIN sources s ON s.id = h.source GROUP BY 1"
    return dict(store.rows(sql))


def note_round(writer: Writer, began: str) -> None:
    """Remember when the last round of checks began."""
    sql = "INSERT OR REPLACE INTO facts VALUES ('round_began', ?)"
    writer.run((sql, (began,)), aside=True)


def move_source(writer: Writer, before: str, after: str) -> None:
    """Say that a source lies elsewhere now; its documents keep their ids."""
    writer.run(
        (
            "UPDATE sources SET location = ?, content_hash = '' WHERE location = ? "
            "AND NOT EXISTS (SELECT 1 FROM sources WHERE location = ?)",
            (after, before, after),
        )
    )


def locations_under(store: Store, folders: Sequence[str]) -> dict[str, str]:
    """Return the sources whose files lie in one of the folders, with the hash of what was last read of each."""
    found: dict[str, str] = {}
    for folder in folders:
        prefix = folder.rstrip("/") + "/"
        sql = "SELECT location, content_hash FROM sources WHERE substr(location, 1, ?) = ? ORDER BY location"
        found |= dict(store.rows(sql, (len(prefix), prefix)))
    return found
