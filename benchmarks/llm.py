"""The local language model: what our class adds to llama.cpp's time, what a kept prefix saves, what a grammar costs.

Random weights in a file of some tens of megabytes: times say nothing of any real model, ratios in
one run say what is ours. Skipped, with the reason, where llama-cpp-python is not built.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._table import Row, Table, bar
from benchmarks._timing import in_turn, median
from kb.errors import ModelUnavailable
from kb.llm import Message, Usage
from kb.llm._library import default_threads, load_library
from kb.llm.gguf import GgufModel
from tests.tiny_gguf import write_tiny_gguf

NAME = "llm"
HELP = "the local language model beside llama.cpp itself"
WINDOW = 2048
PROMPTS = (64, 512, 1024)
ADDED_BAR = 1.1
VOCABULARY = 150_000
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"why": {"type": "string", "minLength": 40, "maxLength": 60}, "stages": {"type": "integer"}},
    "required": ["why", "stages"],
}
_WORDS = "the stages of a pipeline wait for one another while microbatches pass through them and "


class Raw:
    """llama.cpp by its C functions alone, with the same file, window, threads and batches."""

    def __init__(self, path: Path) -> None:
        self._c = c = load_library().c
        self._model = c.llama_model_load_from_file(str(path).encode(), c.llama_model_default_params())
        params = c.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch, params.no_perf = WINDOW, 512, 512, True
        params.n_threads = params.n_threads_batch = default_threads()
        self._context = c.llama_init_from_model(self._model, params)
        self._size = c.llama_vocab_n_tokens(c.llama_model_get_vocab(self._model))

    def first_token(self, tokens: list[int]) -> int:
        """Compute a prompt from nothing and return the likeliest token after it."""
        c = self._c
        c.llama_memory_clear(c.llama_get_memory(self._context), False)
        for start in range(0, len(tokens), 512):
            part = tokens[start : start + 512]
            held = (c.llama_token * len(part))(*part)
            if c.llama_decode(self._context, c.llama_batch_get_one(held, len(part))):
                raise RuntimeError("llama_decode failed")
        logits = np.ctypeslib.as_array(c.llama_get_logits_ith(self._context, -1), shape=(self._size,))
        return int(logits.argmax())

    def close(self) -> None:
        """Free it."""
        self._c.llama_free(self._context)
        self._c.llama_model_free(self._model)


def question(tokens: int, seed: str) -> list[Message]:
    """Return messages of about so many bytes, which the file's tokeniser makes tokens of."""
    return [Message(role="user", content=(seed + _WORDS * (tokens // len(_WORDS) + 1))[: tokens - 40])]


def first_piece(model: GgufModel, messages: list[Message]) -> None:
    """Ask for an answer and stop at its first token."""
    stream = model.stream(messages, max_tokens=8)
    next(stream, None)
    stream.close()  # type: ignore[attr-defined]


def added(model: GgufModel, raw: Raw, repeats: int) -> list[Row]:
    """Return the time to the first token, ours over llama.cpp's own, by length of the prompt."""
    rows: list[Row] = []
    for length in PROMPTS[: 2 if repeats < 5 else None]:
        turn = iter(range(10_000))
        prompts = [question(length, f"{n} ") for n in range(repeats + 1)]

        def ours(prompts: list[list[Message]] = prompts, turn: Any = turn) -> None:
            # Another beginning each time, so that nothing of the prompt before is of use.
            first_piece(model, prompts[next(turn) % len(prompts)])

        tokens = model._prompt(prompts[0])
        times = in_turn({"raw": lambda tokens=tokens: raw.first_token(tokens), "ours": ours}, repeats)
        least = min(times["raw"]), min(times["ours"])
        rows.append(
            {
                "prompt tokens": len(tokens),
                "llama.cpp ms": median(times["raw"]),
                "ours ms": median(times["ours"]),
                "ratio of medians": median(times["ours"]) / median(times["raw"]),
                "ratio of least": least[1] / least[0],
            }
        )
    return rows


def reuse(model: GgufModel, repeats: int) -> list[Row]:
    """Return what the second turn of a conversation costs with and without the first one's cache."""
    system = Message(role="system", content=(_WORDS * 20)[:800])
    first = [system, Message(role="user", content="What is a bubble?")]
    second = [*first, Message(role="assistant", content="Idle time."), Message(role="user", content="And with more?")]
    other = question(800, "something else entirely ")
    told: list[Usage] = []

    def ask(messages: list[Message]) -> Callable[[], None]:
        def work() -> None:
            list(model.stream(messages, max_tokens=1, finished=told.append))

        return work

    warm, cold = list[Usage](), list[Usage]()
    for _ in range(repeats):
        for before, kept in ((first, warm), (other, cold)):
            ask(before)()
            ask(second)()
            kept.append(told[-1])
    return [
        {
            "second turn": name,
            "prompt tokens": runs[0].prompt_tokens,
            "computed again": runs[0].prompt_tokens - runs[0].reused_tokens,
            "first token ms": median([run.first_token * 1000 for run in runs]),
            "ratio": median([run.first_token for run in runs]) / median([run.first_token for run in cold]),
        }
        for name, runs in (("after the first", warm), ("after another prompt", cold))
    ]


def grammar(model: GgufModel, repeats: int) -> list[Row]:
    """Return milliseconds a token, free and held to a schema, over a vocabulary as large as real ones."""
    free, held = list[float](), list[float]()
    for number in range(repeats):
        for kept, schema in ((free, None), (held, SCHEMA)):
            told: list[Usage] = []
            list(model.stream(question(80, f"{number} "), max_tokens=400, schema=schema, finished=told.append))
            usage = told[0]
            if usage.answer_tokens > 1:
                kept.append((usage.seconds - usage.first_token) * 1000 / (usage.answer_tokens - 1))
    return [
        {"answer": "free", "ms a token": median(free), "ratio": 1.0},
        {"answer": "JSON by grammar", "ms a token": median(held), "ratio": median(held) / median(free)},
    ]


def run(args: argparse.Namespace) -> list[Table | Row]:
    """Return the three tables and the bar on added latency."""
    try:
        load_library()
    except ModelUnavailable as error:
        return [{"measure": NAME, "value": f"skipped: {error.message}"}]
    repeats = 3 if args.quick else 5
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = write_tiny_gguf(folder / "model.gguf", quantised=True, dim=512, layers=4, context=WINDOW)
        model, raw = GgufModel(path, context=WINDOW, folder=folder), Raw(path)
        first_piece(model, question(256, "warm "))
        raw.first_token(model._prompt(question(256, "warm ")))
        latency, kept = added(model, raw, repeats), reuse(model, repeats)
        model.close()
        raw.close()
        wide = write_tiny_gguf(folder / "wide.gguf", quantised=True, dim=256, layers=4, words=VOCABULARY)
        large = GgufModel(wide, context=1024, folder=folder)
        costs = grammar(large, repeats)
        large.close()
    worst = max(float(row["ratio of least"] or 0) for row in latency if isinstance(row["ratio of least"], float))
    return [
        Table("Time to the first token, ours over llama.cpp's own", latency, ("template, tokens and queue are ours",)),
        Table("A conversation's second turn", kept),
        Table(f"A grammar over {VOCABULARY:,} tokens, random weights", costs, _NOTE),
        Table("Bar", [bar("first token, ours over llama.cpp's own", worst, most=ADDED_BAR)]),
    ]


_NOTE = ("with random weights nearly every token is forced by the grammar, the dearest case",)
