"""llama.cpp as this product uses it: tokens in, the likeliest next token out, one sequence at a time.

Knows no messages. Not safe to share between threads: its user holds a lock. Temperature is 0 unless a
second try is asked for; a grammar only narrows the choice. Invariant: what the cache holds is what
`_cached` says.
"""

import codecs
import ctypes
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.errors import ModelError, ModelUnavailable
from kb.llm._library import default_threads, load_library

BATCH = 512
WARMTH = 0.8
"""Temperature of a second try."""
FEW = 512
"""Tokens that are tried before all others."""
_EVERY = 64
"""The abort callback is asked at each node of the graph; whether the reader stopped, at each of so many."""


class Engine:
    """One loaded model with its window.

    Args:
        context: tokens to make room for.
        threads: 0 chooses by the machine.
        careful: without the layouts of weights that some builds crash on.
    Raises:
        ModelUnavailable: the library is missing, or it refuses the file.
    """

    def __init__(self, path: Path, *, context: int, threads: int = 0, careful: bool = False) -> None:
        library = load_library()
        library.said.clear()
        self._c = c = library.c
        self._model = self._context = None
        params = c.llama_model_default_params()
        params.use_extra_bufts = not careful
        self._model = c.llama_model_load_from_file(str(path).encode(), params)
        if not self._model:
            reason = library.complaint or "llama.cpp does not say why"
            raise ModelUnavailable(
                f"{path.name} cannot be loaded: {reason}.", "It may be incomplete: fetch it again, or choose another."
            )
        self._vocab = c.llama_model_get_vocab(self._model)
        self.trained = int(c.llama_model_n_ctx_train(self._model))
        """Window that the model was trained for."""
        self._context = c.llama_init_from_model(self._model, self._window(context, threads or default_threads()))
        if not self._context:
            self.close()
            raise ModelUnavailable(
                f"There is no memory for a window of {context:,} tokens of {path.name}.",
                "Lower ALMANAC_LLM_CONTEXT or choose a smaller model.",
            )
        self._memory = c.llama_get_memory(self._context)
        self._size = int(c.llama_vocab_n_tokens(self._vocab))
        self._cached: list[int] = []
        self.bos, self.eos = c.llama_vocab_bos(self._vocab), c.llama_vocab_eos(self._vocab)
        self._spaced = c.llama_vocab_type(self._vocab) == c.LLAMA_VOCAB_TYPE_SPM
        self._newline = self._tokens("\n", special=False)

    def _window(self, context: int, threads: int) -> Any:
        params = self._c.llama_context_default_params()
        params.n_ctx = context
        params.n_batch = params.n_ubatch = min(BATCH, context)
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        return params

    def close(self) -> None:
        """Free the model; nothing else may be asked of it afterwards."""
        if self._context:
            self._c.llama_free(self._context)
        if self._model:
            self._c.llama_model_free(self._model)
        self._model = self._context = None

    def __del__(self) -> None:
        # At the very end the system frees everything, and the library may be gone already.
        if not sys.is_finalizing():
            self.close()

    def metadata(self, key: str) -> str:
        """Return a text of the file's header; empty where it has none."""
        size = 1 << 12
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = self._c.llama_model_meta_val_str(self._model, key.encode(), buffer, size)
            if length < size:
                return buffer.value.decode("utf-8", "replace") if length >= 0 else ""
            size = length + 1

    # Tokens

    def _tokens(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            found = (self._c.llama_token * room)()
            count = self._c.llama_tokenize(self._vocab, data, len(data), found, room, False, special)
            if count >= 0:
                return list(found[:count])
            room = -count

    def tokenize(self, text: str, *, special: bool, inside: bool) -> list[int]:
        """Return a text's tokens.

        Args:
            special: whether names of control tokens are control tokens.
            inside: whether other text precedes it: some tokenisers put a blank before all they are given.
        """
        if inside and self._spaced and self._newline:
            found = self._tokens(f"\n{text}", special=special)
            if found[: len(self._newline)] == self._newline:
                return found[len(self._newline) :]
        return self._tokens(text, special=special)

    def begin(self, tokens: list[int]) -> list[int]:
        """Return a prompt's tokens with the one that begins a text, where the model wants it."""
        if self._c.llama_vocab_get_add_bos(self._vocab) and self.bos >= 0 and tokens[:1] != [self.bos]:
            return [self.bos, *tokens]
        return tokens

    def text_of(self, token: int) -> str:
        """Return a token's name."""
        return (
            (self._c.llama_vocab_get_text(self._vocab, token) or b"").decode("utf-8", "replace") if token >= 0 else ""
        )

    def piece(self, token: int) -> bytes:
        """Return what a token writes; nothing for control tokens."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = self._c.llama_token_to_piece(self._vocab, token, buffer, size, 0, False)
            if length >= 0:
                return buffer.raw[:length]
            size = -length

    def ends(self, token: int) -> bool:
        """Tell whether a token ends an answer."""
        return bool(self._c.llama_vocab_is_eog(self._vocab, token))

    def markup(self, source: str) -> list[str]:
        """Return the names of tokens that are control tokens even in plain text, as the model's template uses them."""
        attribute, defined = self._c.llama_vocab_get_attr, self._c.LLAMA_TOKEN_ATTR_USER_DEFINED
        found = []
        for token in range(self._size):
            if attribute(self._vocab, token) & defined:
                name = self.text_of(token)
                if len(name.strip()) > 2 and (name in source or self.ends(token)):
                    found.append(name)
        return found

    # Computing

    def read(self, tokens: Sequence[int], cancelled: Callable[[], bool]) -> int | None:
        """Compute a prompt; return how many of its tokens were there already, None where it was cancelled.

        Raises:
            ModelError: the computation failed; the next prompt begins anew.
        """
        keep = 0
        # The last token is computed anyway, as the choice of the next follows from it.
        for old, new in zip(self._cached, tokens[:-1], strict=False):
            if old != new:
                break
            keep += 1
        if not (keep and self._c.llama_memory_seq_rm(self._memory, 0, keep, -1)):
            self._c.llama_memory_clear(self._memory, False)
            keep = 0
        del self._cached[keep:]
        with self._abortable(cancelled) as aborted:
            for start in range(keep, len(tokens), BATCH):
                if cancelled():
                    return None
                if not self._compute(tokens[start : start + BATCH], aborted):
                    return None
        return keep

    def append(self, token: int) -> None:
        """Compute one more token, so that the next can be chosen.

        Raises:
            ModelError: as `read`.
        """
        self._compute([token], lambda: False)

    def _compute(self, tokens: Sequence[int], aborted: Callable[[], bool]) -> bool:
        """Compute tokens after those there are; False where that was broken off."""
        held = (self._c.llama_token * len(tokens))(*tokens)
        status = self._c.llama_decode(self._context, self._c.llama_batch_get_one(held, len(tokens)))
        if status == 0:
            self._cached += tokens
            return True
        if aborted() and self._c.llama_memory_seq_rm(self._memory, 0, len(self._cached), -1):
            return False
        self._c.llama_memory_clear(self._memory, False)
        self._cached.clear()
        if aborted():
            return False
        raise ModelError(f"llama.cpp failed with status {status}.", "Ask again, or ask for less.")

    @contextmanager
    def _abortable(self, cancelled: Callable[[], bool]) -> Iterator[Callable[[], bool]]:
        """Let llama.cpp ask, while it computes a prompt, whether to go on."""
        calls, stopped = 0, False

        def abort(_: Any) -> bool:
            nonlocal calls, stopped
            calls += 1
            if not stopped and calls % _EVERY == 0:
                stopped = cancelled()
            return stopped

        callback = self._c.ggml_abort_callback(abort)
        self._c.llama_set_abort_callback(self._context, callback, None)
        try:
            yield lambda: stopped
        finally:
            self._c.llama_set_abort_callback(self._context, self._c.ggml_abort_callback(0), None)

    def next(self, grammar: "Grammar | None" = None, chance: np.random.Generator | None = None) -> int:
        """Return the likeliest next token, of those that the grammar allows; with `chance`, one by its probability.

        Raises:
            ModelError: the grammar allows none.
        """
        pointer = self._c.llama_get_logits_ith(self._context, -1)
        logits: npt.NDArray[np.float32] = np.ctypeslib.as_array(pointer, shape=(self._size,))
        if chance is not None:
            # The largest of the logits with Gumbel noise is a draw from their softmax.
            logits = logits / np.float32(WARMTH) + chance.gumbel(size=logits.shape).astype(np.float32)
        token = int(logits.argmax())
        return token if grammar is None else grammar.choose(token, logits)

    @contextmanager
    def grammar(self, text: str) -> "Iterator[Grammar]":
        """Hold a grammar.

        Raises:
            ModelError: llama.cpp cannot read it.
        """
        sampler = self._c.llama_sampler_init_grammar(self._vocab, text.encode(), b"root")
        if not sampler:
            raise ModelError("The grammar of the answer cannot be read.", "This is a fault of the Almanac.")
        try:
            yield Grammar(self, self._c, sampler)
        finally:
            self._c.llama_sampler_free(sampler)


class Grammar:
    """Where a grammar stands in the answer at hand.

    It reads bytes more loosely than Python does (overlong forms of a quotation mark, for one), so a token
    must also continue valid UTF-8.
    """

    def __init__(self, engine: Engine, c: Any, sampler: Any) -> None:
        self._engine, self._c, self._sampler = engine, c, sampler
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")

    def choose(self, favourite: int, logits: npt.NDArray[np.float32]) -> int:
        """Return the likeliest token that the grammar allows, and step past it."""
        token = favourite
        if not (self._allows(np.array([token]), logits[[token]])[0] and self._continues(token)):
            token = self._best(logits)
        if not self._engine.ends(token):
            self._decoder.decode(self._engine.piece(token))
            self._c.llama_sampler_accept(self._sampler, token)
        return token

    def _best(self, logits: npt.NDArray[np.float32]) -> int:
        """Try the likeliest tokens first: the whole vocabulary is seldom needed."""
        few = np.argpartition(-logits, FEW)[:FEW] if len(logits) > FEW else np.arange(len(logits))
        for part in (few, np.arange(len(logits))):
            order = part[np.argsort(-logits[part])]
            for token in order[self._allows(order, logits[order])].tolist():
                if self._continues(token):
                    return int(token)
        raise ModelError("No token of the model continues the answer's form.", "Use another model.")

    def _allows(self, ids: npt.NDArray[Any], logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return which of the tokens the grammar allows."""
        form = np.dtype([("id", np.intc), ("logit", np.single), ("p", np.single)], align=True)
        rows = np.zeros(len(ids), dtype=form)
        rows["id"], rows["logit"] = ids, logits
        candidates = self._c.llama_token_data_array(
            data=rows.ctypes.data_as(self._c.llama_token_data_p), size=len(ids), selected=-1, sorted=False
        )
        self._c.llama_sampler_apply(self._sampler, ctypes.byref(candidates))
        return np.asarray(np.isfinite(rows["logit"]))

    def _continues(self, token: int) -> bool:
        state = self._decoder.getstate()
        try:
            self._decoder.decode(self._engine.piece(token))
            begun = self._decoder.getstate()[0]
        except UnicodeDecodeError:
            return False
        finally:
            self._decoder.setstate(state)
        # The beginning of a surrogate: Python refuses it a byte later, when nothing can follow it.
        return not (begun[:1] == b"\xed" and begun[1:2] >= b"\xa0")
