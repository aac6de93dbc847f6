"""The reader's conversations: saved turn by turn, found again, renamed, deleted, brought back, exported.

Reads and writes through `kb.store.conversations`; knows what an answer is, not how it is made. Refuses
half a turn: only a finished answer is saved. Invariant: a saved quote is shown as it was, whatever became of
its document since.
"""

import json
import secrets
from collections.abc import Callable, Collection, Iterable
from typing import Literal

from pydantic import ValidationError

from chat.transcript import to_data, to_markdown
from chat.types import Answer, Citation, Resolved, Scope, Turn
from kb.errors import ConversationNotFound
from kb.evidence import quote_in
from kb.store import Store
from kb.store import conversations as table
from kb.store.conversations import ConversationRow, TurnRow
from kb.text import fold_space
from kb.types import Frozen

LONGEST_TITLE = 120
Standing = Literal["there", "changed", "gone"]
"""What became of a cited passage: its document has it, has it without the quote, or is no longer in the library."""


class Source(Frozen):
    """What the library has now of a cited passage."""

    standing: Standing
    chunk_id: str = ""
    """The passage that holds the quote now, which may be another than then."""
    passage: str = ""
    """The whole passage; empty where it is no more."""


class SavedTurn(Turn):
    """A turn as it is kept."""

    ordinal: int
    """From 1."""
    scope: Scope = Scope()
    at: str = ""


class Conversation(Frozen):
    """A conversation with its turns."""

    row: ConversationRow
    turns: tuple[SavedTurn, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers that can be shown in full."""
        return tuple(turn.answer for turn in self.turns if turn.answer is not None)


class Conversations:
    """All conversations of a library. Safe to share between threads.

    Args:
        resolve: finds where a citation's quote stands now, in a document that changed.
    """

    def __init__(self, store: Store, resolve: Callable[[Citation], Resolved]) -> None:
        self._store = store
        self._resolve = resolve

    @staticmethod
    def new_id() -> str:
        """Return an id that no conversation has; nothing is written before its first turn is."""
        return secrets.token_hex(6)

    def rows(self, *, deleted: bool = False, limit: int = -1) -> list[ConversationRow]:
        """Return the conversations without their turns, last changed first; or the deleted ones."""
        return table.read_conversations(self._store, deleted=deleted, limit=limit)

    def count(self) -> int:
        """Return how many there are."""
        return table.count_conversations(self._store)

    def find(self, text: str) -> list[tuple[ConversationRow, int]]:
        """Return the conversations that hold every word, each with the turn that holds most of them."""
        return table.find_turns(self._store, text)

    def holds(self, conversation: str) -> bool:
        """Tell whether a conversation is saved and not deleted."""
        row = table.read_conversation(self._store, conversation)
        return row is not None and not row.deleted_at

    def open(self, conversation: str) -> Conversation:
        """Return a conversation with its turns, deleted or not. Raises ConversationNotFound."""
        row = table.read_conversation(self._store, conversation)
        if row is None:
            raise ConversationNotFound(
                f"No conversation {conversation} is saved.",
                "It may have been deleted, or stopped before its first answer; ask again.",
            )
        return Conversation(row=row, turns=tuple(_read(turn) for turn in table.read_turns(self._store, conversation)))

    def save(
        self, conversation: str, question: str, answer: Answer, *, scope: Scope | None = None, replace: int = 0
    ) -> None:
        """Save a finished turn; with `replace` in the place of that turn and of all that follow it."""
        at = self._store.now().isoformat(timespec="seconds")
        record = {"scope": (scope or Scope()).model_dump(mode="json"), "answer": answer.model_dump(mode="json")}
        turn = TurnRow(
            ordinal=replace or len(table.read_turns(self._store, conversation)) + 1,
            question=question,
            record=json.dumps(record, ensure_ascii=False),
            at=at,
        )
        words = "\n".join([question, answer.text, *(c.title for c in answer.citations)])
        title = fold_space(question)[:LONGEST_TITLE]
        with self._store.write("saving a conversation") as writer:
            table.save_turn(writer, conversation, turn, words, title=title, replace=bool(replace))

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation the reader's own title; an empty one changes nothing. Raises ConversationNotFound."""
        kept = fold_space(title)[:LONGEST_TITLE]
        self.open(conversation)
        if kept:
            with self._store.write("renaming a conversation") as writer:
                table.rename_conversation(writer, conversation, kept)

    def delete(self, conversation: str) -> None:
        """Put a conversation away; `restore` brings it back within 30 days."""
        with self._store.write("deleting a conversation") as writer:
            table.delete_conversation(writer, conversation, self._store.now())

    def restore(self, conversation: str) -> None:
        """Bring a deleted conversation back."""
        with self._store.write("restoring a conversation") as writer:
            table.restore_conversation(writer, conversation)

    def forget(self, conversation: str) -> None:
        """Remove a conversation for good."""
        with self._store.write("removing a conversation") as writer:
            table.forget_conversation(writer, conversation)

    def sources(self, answers: Iterable[Answer]) -> dict[Citation, Source]:
        """Return what became of the cited passages."""
        citations = {citation for answer in answers for citation in answer.citations}
        texts = self._texts({citation.chunk_id for citation in citations})
        documents = self._store.known_documents(sorted({citation.doc_id for citation in citations}))
        return {citation: self._source(citation, texts.get(citation.chunk_id, ""), documents) for citation in citations}

    def _source(self, citation: Citation, text: str, documents: Collection[str]) -> Source:
        if citation.doc_id not in documents:
            return Source(standing="gone")
        if quote_in(citation.quote, text):
            return Source(standing="there", chunk_id=citation.chunk_id, passage=text)
        now = self._resolve(citation)
        if now.state == "gone":
            return Source(standing="changed", chunk_id=citation.chunk_id if text else "", passage=text)
        return Source(
            standing="there", chunk_id=now.chunk_id, passage=self._texts([now.chunk_id]).get(now.chunk_id, "")
        )

    def _texts(self, chunks: Collection[str]) -> dict[str, str]:
        sql = "SELECT id, text FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._store.rows(sql, (json.dumps(sorted(chunks)),))) if chunks else {}

    def export(self, conversation: str, form: Literal["md", "json"] = "md") -> str:
        """Return a conversation with its references as Markdown or JSON. Raises ConversationNotFound."""
        found = self.open(conversation)
        sources = self.sources(found.answers)
        gone = frozenset(citation for citation, source in sources.items() if source.standing == "gone")
        if form == "json":
            row, turns = found.row, [to_data(turn, gone) | {"at": turn.at} for turn in found.turns]
            data = {"id": row.id, "title": row.title, "started_at": row.started_at, "turns": turns}
            return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
        return to_markdown(found.row.title, found.turns, gone)


def _read(row: TurnRow) -> SavedTurn:
    """Return a turn; of an answer in a form that this version does not know, its text."""
    record = json.loads(row.record)
    kept = {"ordinal": row.ordinal, "question": row.question, "at": row.at}
    try:
        return SavedTurn(**kept, scope=Scope(**record["scope"]), answer=Answer.model_validate(record["answer"]))
    except ValidationError:
        return SavedTurn(**kept, reply=str(record["answer"].get("text", "")))
