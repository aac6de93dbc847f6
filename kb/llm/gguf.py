"""A language model in this process: a GGUF file run by llama.cpp.

Owns the model's lock and queue, the prompt's tokens, and the retry of JSON. Invariant: control
tokens come from the template alone; whatever a message says is text.
"""

import codecs
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kb.errors import ContextTooLong, ModelError, ModelUnavailable
from kb.llm._engine import Engine, Grammar
from kb.llm._grammar import GrammarError, make_grammar
from kb.llm._guard import check_file, needs_care
from kb.llm._json import read_json
from kb.llm._output import Output
from kb.llm._queue import Turns
from kb.llm._template import ChatTemplate, defuse
from kb.llm._types import Finish, Message, Usage

CLOSING = 5.0
"""Seconds that closing waits for a generation to notice."""
SEED = 7
LOOK = 16
"""Tokens between looks at whether the answer goes round in circles."""


class GgufModel:
    """A loaded GGUF file.

    Args:
        context: window wanted, in tokens; the model's own limit lowers it.
        folder: where it is noted which models work here.
        threads: 0 chooses by the machine.
        stopped: asked while the file is tried.
    Raises:
        ModelUnavailable: there is no such file, it is no model, or llama.cpp is not built or fails on it.
    """

    estimates = False

    def __init__(
        self,
        path: Path,
        *,
        context: int,
        folder: Path,
        threads: int = 0,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        check_file(path)
        careful = needs_care(path, folder, stopped)
        self._engine = engine = Engine(path, context=context, threads=threads, careful=careful)
        self.name = path.stem
        self.context = min(context, engine.trained)
        self.template = ChatTemplate(
            engine.metadata("tokenizer.chat_template"),
            bos=engine.text_of(engine.bos),
            eos=engine.text_of(engine.eos),
            known=lambda text: len(engine.tokenize(text, special=True, inside=False)) == 1,
        )
        self._markup = engine.markup(self.template.source)
        self._turns = Turns()
        self._closed = threading.Event()
        # Tokenising is quick and safe beside a generation, but not beside the model's end.
        self._tokens_lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether it writes or reads at this moment."""
        return self._turns.busy

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the prompt that the messages make, template included."""
        return len(self._prompt(messages))

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        tokens: list[int] = []
        with self._tokens_lock:
            if self._closed.is_set():
                raise ModelUnavailable(f"{self.name} was closed.", "Ask again: the model chosen now answers.")
            for text, written in self.template.pieces(messages):
                plain = defuse(text, self._markup) if written else text
                tokens += self._engine.tokenize(plain, special=not written, inside=bool(tokens))
            return self._engine.begin(tokens)

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
        """Yield pieces of the answer; see `LanguageModel.stream`."""
        prompt = self._prompt(messages)
        if len(prompt) + max_tokens > self.context:
            raise ContextTooLong(
                f"The question takes {len(prompt):,} tokens and its answer up to {max_tokens:,}; "
                f"{self.name} reads {self.context:,}.",
                "Ask for fewer passages, start a new conversation, or raise ALMANAC_LLM_CONTEXT.",
            )
        grammar = _grammar_of(schema)

        def ended() -> bool:
            return self._closed.is_set() or cancelled()

        with self._turns.take(ended, waiting) as waited:
            run = _Run(self._engine, prompt, max_tokens, ended, waited or 0.0)
            try:
                if waited is None:
                    run.finish = "cancelled"
                elif schema is None:
                    yield from run.pieces(Output((*self.template.stop, *stop)))
                else:
                    text = self._json(run, schema, grammar)
                    if text:
                        yield text
            except GeneratorExit:
                run.finish = "cancelled"
                raise
            except ModelError:
                run.finish = "failed"
                raise
            finally:
                finished(run.usage())

    def _json(self, run: "_Run", schema: dict[str, Any], grammar: str) -> str:
        """Return JSON that keeps to the schema, written again once where it did not."""
        for attempt in (1, 2):
            with self._engine.grammar(grammar) as held:
                text = "".join(run.pieces(None, held, varied=attempt > 1))
            if run.finish == "cancelled":
                return ""
            if run.finish == "length":
                raise ModelError(
                    f"{self.name} had not finished its JSON after {run.answer:,} tokens.",
                    "Ask for less, or leave more room for the answer.",
                )
            try:
                return read_json(text, schema)
            except ModelError:
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End a generation that runs and free the memory."""
        if self._closed.is_set():
            return
        self._closed.set()
        deadline = time.monotonic() + CLOSING
        with self._turns.take(lambda: time.monotonic() > deadline, lambda _: None) as waited, self._tokens_lock:
            # Who holds an answer and does not read on keeps the model; it is freed with the answer.
            if waited is not None:
                self._engine.close()


class _Run:
    """One generation: its tokens, its times, how it ended."""

    def __init__(
        self, engine: Engine, prompt: Sequence[int], limit: int, ended: Callable[[], bool], waited: float
    ) -> None:
        self._engine, self._prompt, self._limit, self._ended = engine, prompt, limit, ended
        self.finish: Finish = "stop"
        self.answer = 0
        self._reused = 0
        self._waited = waited
        self._began = time.monotonic()
        self._first = 0.0

    def pieces(self, output: Output | None, grammar: Grammar | None = None, varied: bool = False) -> Iterator[str]:
        """Yield the answer's text.

        Args:
            output: filters what is shown; None shows everything.
            varied: choose by chance, as a second try that takes the likeliest tokens would equal the first.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.finish, self.answer = "stop", 0
        chance = np.random.default_rng(SEED) if varied else None
        kept = self._engine.read(self._prompt, self._ended)
        if kept is None:
            self.finish = "cancelled"
            return
        self._reused = max(self._reused, kept)
        while True:
            if self._ended():
                self.finish = "cancelled"
                return
            token = self._engine.next(grammar, chance)
            self._first = self._first or time.monotonic()
            if self._engine.ends(token):
                break
            self.answer += 1
            text = decoder.decode(self._engine.piece(token))
            shown = output.feed(text) if output else text
            if shown:
                yield shown
            if output and (output.stopped or (self.answer % LOOK == 0 and output.circles)):
                self.finish = "stop" if output.stopped else "repetition"
                break
            if self.answer >= self._limit:
                self.finish = "length"
                break
            self._engine.append(token)
        rest = decoder.decode(b"", final=True)
        tail = output.feed(rest) + output.end() if output else rest
        if tail:
            yield tail

    def usage(self) -> Usage:
        """Return what it took."""
        now = time.monotonic()
        return Usage(
            prompt_tokens=len(self._prompt),
            reused_tokens=self._reused,
            answer_tokens=self.answer,
            waited=self._waited,
            first_token=(self._first or now) - self._began,
            seconds=now - self._began,
            finish=self.finish,
        )


def _grammar_of(schema: dict[str, Any] | None) -> str:
    if schema is None:
        return ""
    try:
        return make_grammar(schema)
    except GrammarError as error:
        raise ModelError(f"The form asked of the answer cannot be kept: {error}.", "Use another form.") from error
