"""Questions being answered, behind the pages: seen from every tab, stopped at once, saved when whole.

Owns the thread of a question and what it has said so far. Knows no page. Invariant: a conversation answers
one question at a time; what was stopped or failed is not saved, and what is finished is saved even if
no tab is left to look.
"""

import logging
import threading
import time
from dataclasses import dataclass, field

from almanac import Almanac
from chat.types import Answer, Event, Scope, Statement, Turn
from kb.errors import AlmanacError, ConversationNotFound

log = logging.getLogger("almanac.ui")
KEPT = 50
"""Questions that ended without being saved, kept for the tabs that asked them."""


@dataclass
class Asked:
    """One question on its way; written by its thread, read by every page."""

    conversation: str
    question: str
    scope: Scope = field(default_factory=Scope)
    replace: int = 0
    """The turn that it replaces, with all that follow; 0 where it is a new one."""
    quotes_only: bool = False
    opens: bool = False
    """It begins a conversation: nothing came before it."""
    stage: str = ""
    ahead: int = 0
    """Answers that are written before this one."""
    pieces: list[str] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    answer: Answer | None = None
    error: AlmanacError | None = None
    saved: bool = False
    """Whether its conversation holds the answer."""
    began: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def running(self) -> bool:
        """Whether an answer is still to be waited for."""
        return not self.ended.is_set() and not self.stopped

    @property
    def stopped(self) -> bool:
        """Whether the reader stopped it; what its thread still does is dropped."""
        return self._stop.is_set()

    @property
    def text(self) -> str:
        """What was written so far; nothing of it is checked."""
        return "".join(self.pieces)

    def stop(self) -> None:
        """Stop at once: the page waits no longer, and nothing is saved."""
        self._stop.set()

    def wait_behind(self, others: int) -> None:
        """Take note of how many answers are written before this one."""
        self.ahead = others

    def hear(self, event: Event) -> None:
        """Take note of an event."""
        if event.kind == "stage":
            self.stage, self.ahead = event.text, 0
        elif event.kind == "piece":
            self.ahead = 0
            self.pieces.append(event.text)
        elif event.kind == "statement" and event.statement is not None:
            self.statements.append(event.statement)
        elif event.kind == "restart":
            self.pieces.clear()
            self.statements.clear()
        elif event.kind == "answer":
            self.answer = event.answer


class Questions:
    """The questions of a library that are being answered, or that ended without being saved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Asked] = {}

    def of(self, conversation: str) -> Asked | None:
        """Return the question of a conversation that is under way or was not saved."""
        return self._asked.get(conversation)

    def writing(self, but: str = "") -> int:
        """Return how many other conversations wait for an answer."""
        return sum(asked.running for name, asked in list(self._asked.items()) if name != but)

    def start(self, almanac: Almanac, asked: Asked) -> Asked:
        """Begin to answer, or return the question that the conversation is still busy with."""
        with self._lock:
            busy = self._asked.get(asked.conversation)
            if busy is not None and busy.running:
                return busy
            self._asked.pop(asked.conversation, None)
            for name in [name for name, old in self._asked.items() if not old.running][:-KEPT]:
                del self._asked[name]
            self._asked[asked.conversation] = asked
        threading.Thread(target=self._run, args=(almanac, asked), name="almanac-asked", daemon=True).start()
        return asked

    def forget(self, conversation: str) -> None:
        """Drop a question that ended without being saved."""
        with self._lock:
            asked = self._asked.get(conversation)
            if asked is not None and not asked.running:
                del self._asked[conversation]

    def _run(self, almanac: Almanac, asked: Asked) -> None:
        try:
            self._answer(almanac, asked)
        except AlmanacError as error:
            asked.error = error
        except Exception as error:
            # A thread has nobody to raise to: the page shows it.
            log.exception("A question failed")
            asked.error = AlmanacError(
                f"The question could not be answered: {error}.", "The log has the details. Nothing was saved."
            )
        finally:
            asked.ended.set()
            almanac.store.close()

    def _answer(self, almanac: Almanac, asked: Asked) -> None:
        history = history_of(almanac, asked)
        events = almanac.chat.ask(
            asked.question,
            history,
            asked.scope,
            cancelled=lambda: asked.stopped,
            extractive=asked.quotes_only,
            waiting=asked.wait_behind,
        )
        for event in events:
            if asked.stopped:
                return
            asked.hear(event)
        if asked.answer is None or asked.stopped:
            return
        almanac.conversations.save(
            asked.conversation, asked.question, asked.answer, scope=asked.scope, replace=asked.replace
        )
        asked.saved = True
        with self._lock:
            if self._asked.get(asked.conversation) is asked:
                del self._asked[asked.conversation]


def history_of(almanac: Almanac, asked: Asked) -> tuple[Turn, ...]:
    """Return the turns that a question goes on from."""
    if asked.opens:
        return ()
    try:
        turns = almanac.conversations.open(asked.conversation).turns
    except ConversationNotFound:
        return ()
    return tuple(turn for turn in turns if not asked.replace or turn.ordinal < asked.replace)
