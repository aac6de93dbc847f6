"""A language model that says what it is told to, and remembers what it was asked."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kb.llm import Message, Usage

Reply = str | Exception | Callable[[Sequence[Message]], str]


class ScriptedModel:
    """Gives its replies in turn, the last one for ever; an exception is raised after `pieces` pieces.

    Args:
        replies: texts, functions of the prompt, or exceptions to raise.
        context: window in tokens; a token is four letters.
        broken_after: pieces of the reply before it, that come before an exception.
    """

    name = "scripted"
    estimates = False

    def __init__(self, *replies: Reply, context: int = 4096, broken_after: int = 0) -> None:
        self.context = context
        self.prompts: list[Sequence[Message]] = []
        self.closed = 0
        self._replies = list(replies)
        self._broken_after = broken_after

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return a quarter of the letters."""
        return sum(len(message.content) for message in messages) // 4 + 8 * len(messages)

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 512,
        schema: dict[str, Any] | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = lambda: False,
        waiting: Callable[[int], None] = lambda _: None,
        finished: Callable[[Usage], None] = lambda _: None,
    ) -> Iterator[str]:
        """Yield the next reply in pieces of seven letters."""
        self.prompts.append(tuple(messages))
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        try:
            if isinstance(reply, Exception):
                for _ in range(self._broken_after):
                    yield "Some words "
                raise reply
            text = reply if isinstance(reply, str) else reply(messages)
            for at in range(0, len(text), 7):
                if cancelled():
                    return
                yield text[at : at + 7]
            finished(Usage(prompt_tokens=self.count_tokens(messages), answer_tokens=len(text) // 4))
        finally:
            self.closed += 1

    def close(self) -> None:
        """Do nothing."""
