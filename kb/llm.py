"""Language models behind one Protocol: a GGUF file in this process, or any OpenAI-compatible server.

The only home of llama_cpp, which is imported when a model is first used. Refuses to decide what is
true: a model writes, `kb.evidence` checks.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Protocol

from kb.types import Frozen


class Message(Frozen):
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class LanguageModel(Protocol):
    """Writes text. Safe to share between threads: one generation at a time, others wait their turn."""

    name: str
    """What is shown, such as the file's name or the server's model."""
    context: int
    """Window in tokens, prompt and answer together."""

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the prompt that the messages make, template included."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 512,
        schema: dict[str, Any] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        waiting: Callable[[int], None] = lambda _: None,
    ) -> Iterator[str]:
        """Yield pieces of the answer as they are made, at temperature 0.

        Args:
            schema: a JSON schema; the whole answer is then one JSON text that keeps to it.
            cancelled: asked before each token.
            waiting: told how many generations are ahead of this one.
        Raises:
            ContextTooLong: the prompt and `max_tokens` do not fit; found before anything is computed.
            ModelUnavailable: the model cannot be loaded or reached.
            ModelError: it failed in between, or its JSON is no JSON after a second try.
        """
        ...
