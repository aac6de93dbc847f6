"""What a language model is to the rest of the product: the Protocol, its messages, what a generation took.

Pure: no model, no library. Refuses to decide what is true: a model writes, whoever asked it checks.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Protocol

from kb.types import Frozen

Finish = Literal["stop", "length", "repetition", "cancelled", "failed"]


class Message(Frozen):
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Usage(Frozen):
    """What one generation took, in tokens and seconds."""

    prompt_tokens: int
    reused_tokens: int = 0
    """Tokens at the prompt's start that were not computed again, as the generation before began alike."""
    answer_tokens: int = 0
    waited: float = 0.0
    """Seconds in the queue; the other times begin after it."""
    first_token: float = 0.0
    seconds: float = 0.0
    finish: Finish = "stop"
    """`length`: cut off by `max_tokens`; `repetition`: cut off because it went round in circles."""
    estimated: bool = False
    """Whether the tokens are an estimate, as a server did not count them."""


class LanguageModel(Protocol):
    """Writes text. Safe to share between threads: one generation at a time, others wait their turn."""

    name: str
    """What is shown, such as the file's name or the server's model."""
    context: int
    """Window in tokens, prompt and answer together."""
    estimates: bool
    """Whether `count_tokens` is an estimate, as it is for servers; it then errs on the high side."""

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the prompt that the messages make, template included."""
        ...

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
        """Yield pieces of the answer as they are made, at temperature 0; nothing happens before the first is asked for.

        Closing the iterator ends the generation, and lets the next in the queue begin, as `cancelled` does.

        Args:
            schema: a JSON schema; the answer then comes as one piece, a JSON text that keeps to it.
            stop: texts that end the answer; they are not part of it.
            cancelled: asked before each token, while the prompt is read, and in the queue.
            waiting: told how many generations are ahead of this one, whenever that changes; 0: it begins.
            finished: told once how it went, also where it was cut off.
        Raises:
            ContextTooLong: the prompt and `max_tokens` do not fit; found before anything is computed.
            ModelUnavailable: the model cannot be loaded or reached.
            ModelError: it failed in between, or its JSON is no JSON after a second try.
        """
        ...

    def close(self) -> None:
        """Free what the model holds; a generation that runs is ended."""
        ...
