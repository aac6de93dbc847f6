"""The reader's conversations in the database: what was asked, what was answered, in order.

Owns the tables `conversations` and `turns`. Knows an answer only as the text that its owner wrote.
Refuses half a turn: question and answer are written together, and with them go the turns that they
replace. Invariant: a conversation that is listed has at least one turn; nothing here touches
documents, so that no cache of the library is dropped.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kb.store.database import Store
from kb.store.writer import Writer
from kb.text import normalise
from kb.types import Frozen

KEPT_DAYS = 30
"""How long a deleted conversation can be brought back."""
_COLUMNS = "c.id, c.title, c.named, c.started_at, c.changed_at, c.deleted_at, count(t.ordinal)"


class ConversationRow(Frozen):
    """A conversation without its turns. Times are ISO 8601 with offset."""

    id: str
    title: str
    named: bool = False
    """Whether the reader chose the title."""
    started_at: str = ""
    changed_at: str = ""
    deleted_at: str = ""
    turns: int = 0


class TurnRow(Frozen):
    """A question with its answer."""

    ordinal: int
    """From 1."""
    question: str
    record: str
    """The answer, as JSON of the owner's form."""
    at: str = ""


def read_conversations(store: Store, *, deleted: bool = False, limit: int = -1) -> list[ConversationRow]:
    """Return the conversations, or the deleted ones, last changed first, at most `limit`; -1: all."""
    kept = "<>" if deleted else "="
    order = "deleted_at" if deleted else "changed_at"
    chosen = f"SELECT id FROM conversations WHERE deleted_at {kept} '' ORDER BY {order} DESC, id LIMIT ?"
    return _rows(store, f"c.id IN ({chosen})", (limit,), f"c.{order} DESC")


def count_conversations(store: Store) -> int:
    """Return how many conversations there are, the deleted ones left out."""
    return int(store.rows("SELECT count(*) FROM conversations WHERE deleted_at = ''")[0][0])


def read_conversation(store: Store, conversation: str) -> ConversationRow | None:
    """Return a conversation, deleted or not; None where there is none of that id."""
    found = _rows(store, "c.id = ?", (conversation,), "c.id")
    return found[0] if found else None


def read_turns(store: Store, conversation: str) -> list[TurnRow]:
    """Return the turns of a conversation in order."""
    sql = "SELECT ordinal, question, record, at FROM turns WHERE conversation = ? ORDER BY ordinal"
    return [TurnRow(ordinal=a, question=b, record=c, at=d) for a, b, c, d in store.rows(sql, (conversation,))]


def find_turns(store: Store, text: str, limit: int = 50) -> list[tuple[ConversationRow, int]]:
    """Return conversations that hold every word, last changed first, each with the turn that holds most of them.

    Words are told apart by blanks and looked for as they stand, in any letter case and in either form of Chinese.
    """
    words = list(dict.fromkeys(normalise(text).split()))
    if not words:
        return []
    marks = ", ".join("instr(t.words, ?) > 0" for _ in words)
    sql = f"SELECT t.conversation, t.ordinal, {marks} FROM turns t ORDER BY t.conversation, t.ordinal"
    held: dict[str, dict[int, set[str]]] = {}
    for conversation, ordinal, *flags in store.rows(sql, words):
        found = {word for word, flag in zip(words, flags, strict=True) if flag}
        held.setdefault(conversation, {})[ordinal] = found
    made: list[tuple[ConversationRow, int]] = []
    for row in read_conversations(store):
        turns = held.get(row.id, {})
        titled = {word for word in words if word in normalise(row.title)}
        if turns and titled.union(*turns.values()) == set(words):
            made.append((row, max(turns, key=lambda ordinal: (len(turns[ordinal]), -ordinal))))
    return made[:limit]


def save_turn(
    writer: Writer, conversation: str, turn: TurnRow, words: str, *, title: str, replace: bool = False
) -> None:
    """Write a turn at its place, with the conversation where it is new.

    Args:
        turn: `ordinal` is used as it is given with `replace`, else the next free one is.
        words: what a search reads.
        title: of the conversation, until the reader chooses another; taken from its first turn only.
        replace: drop the turn at that place and all that follow it.
    """
    begin = (
        "INSERT INTO conversations (id, title, started_at, changed_at) VALUES (?1, ?2, ?3, ?3) "
        "ON CONFLICT (id) DO UPDATE SET changed_at = excluded.changed_at, deleted_at = '', "
        "title = CASE WHEN named = 0 AND ?4 = 1 THEN excluded.title ELSE title END",
        (conversation, title, turn.at, turn.ordinal),
    )
    drop = ("DELETE FROM turns WHERE conversation = ? AND ordinal >= ?", (conversation, turn.ordinal))
    insert = (
        "INSERT INTO turns (conversation, ordinal, question, record, words, at) "
        "SELECT ?1, coalesce(max(ordinal), 0) + 1, ?2, ?3, ?4, ?5 FROM turns WHERE conversation = ?1",
        (conversation, turn.question, turn.record, normalise(words), turn.at),
    )
    writer.run(begin, *([drop] if replace else []), insert, aside=True)


def rename_conversation(writer: Writer, conversation: str, title: str) -> None:
    """Give a conversation the reader's own title."""
    writer.run(("UPDATE conversations SET title = ?, named = 1 WHERE id = ?", (title, conversation)), aside=True)


def delete_conversation(writer: Writer, conversation: str, now: datetime) -> None:
    """Put a conversation away; those that were put away long ago go for good."""
    before = (now - timedelta(days=KEPT_DAYS)).isoformat(timespec="seconds")
    writer.run(
        (
            "DELETE FROM conversations WHERE deleted_at <> '' AND julianday(deleted_at) < julianday(?)",
            (before,),
        ),
        ("UPDATE conversations SET deleted_at = ? WHERE id = ?", (now.isoformat(timespec="seconds"), conversation)),
        aside=True,
    )


def restore_conversation(writer: Writer, conversation: str) -> None:
    """Bring a deleted conversation back."""
    writer.run(("UPDATE conversations SET deleted_at = '' WHERE id = ?", (conversation,)), aside=True)


def forget_conversation(writer: Writer, conversation: str) -> None:
    """Remove a conversation for good."""
    writer.run(("DELETE FROM conversations WHERE id = ?", (conversation,)), aside=True)


def _rows(store: Store, where: str, values: Sequence[object], order: str) -> list[ConversationRow]:
    sql = (
        f"SELECT {_COLUMNS} FROM conversations c JOIN turns t ON t.conversation = c.id "
        f"WHERE {where} GROUP BY c.id ORDER BY {order}, c.id"
    )
    names = ("id", "title", "named", "started_at", "changed_at", "deleted_at", "turns")
    return [ConversationRow(**dict(zip(names, row, strict=True))) for row in store.rows(sql, values)]
