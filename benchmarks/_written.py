"""What the chat adds to a language model's own time: retrieval and prompt before it, checks after its last token.

The model here restates the passages that it is given and takes no time, so that all that is measured is added.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from almanac import Almanac
from almanac.asking import Chat
from benchmarks._chat_questions import ChatQuestion
from benchmarks._table import Row
from benchmarks._timing import median, percentile
from kb.llm import Message, Usage

SENTENCES, LETTERS = 4, 300


@dataclass(frozen=True)
class Added:
    """Milliseconds before the first piece of a model, and from the last one to the checked answer."""

    before: float
    after: float


class Restating:
    """A language model without a computation: it says the first line of each passage in its prompt."""

    name = "restating"
    context = 4096
    estimates = False

    def __init__(self) -> None:
        self.began = self.ended = 0.0

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return a quarter of the letters."""
        return sum(len(message.content) for message in messages) // 4

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
        """Yield the sentences, each in one piece."""
        self.began = self.began or time.perf_counter()
        lines = [line for line in messages[-1].content.splitlines() if len(re.findall(r"\w+", line)) > 8]
        for number, line in enumerate(lines[:SENTENCES], 1):
            self.ended = time.perf_counter()
            yield f"{line.strip()[:LETTERS]} [{number}]. "
        finished(Usage(prompt_tokens=self.count_tokens(messages), answer_tokens=max_tokens))

    def close(self) -> None:
        """Do nothing."""


def added(almanac: Almanac, questions: Sequence[ChatQuestion]) -> list[Added]:
    """Ask questions of a model and return what each took besides it; what is declined asks none."""
    found = []
    for question in questions:
        model = Restating()
        chat = Chat(almanac.chat.library, lambda model=model: model)  # type: ignore[misc]
        begun = time.perf_counter()
        for _ in chat.ask(question.text, question.history):
            pass
        over = time.perf_counter()
        if model.began and model.ended:
            found.append(Added((model.began - begun) * 1000, (over - model.ended) * 1000))
    return found


def rows(found: Sequence[Added]) -> Iterator[Row]:
    """Yield the times added, in milliseconds."""
    for name, times in (
        ("to the first token: retrieval, prompt", [item.before for item in found]),
        ("after the last token: checks", [item.after for item in found]),
    ):
        if times:
            yield {"added": name, "answers": len(times), "p50 ms": median(times), "p95 ms": percentile(times, 0.95)}
