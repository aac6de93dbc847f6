"""The library llama.cpp, imported when a model is first used, its messages kept off the terminal.

The only module that imports llama_cpp. Invariant: whatever it complains of can be quoted in an error.
"""

import ctypes
import os
from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import Any

from kb.errors import ModelUnavailable
from kb.settings import prepare_process

NOT_BUILT = "`make llm` builds it in some minutes; the Models page shows how far that is."
_ERROR = 4
"""The level of its messages that says so."""


@dataclass(frozen=True)
class Library:
    """The C functions, and what they said last."""

    c: Any
    said: deque[str]
    _keep: Any

    @property
    def complaint(self) -> str:
        """The first error since the list was emptied: it names the cause, those after it repeat that loading failed."""
        return self.said[0].split("error loading model: ")[-1] if self.said else ""


@cache
def load_library() -> Library:
    """Import llama_cpp once.

    Raises:
        ModelUnavailable: it is not built, or cannot be imported.
    """
    prepare_process(offline=False)
    try:
        from llama_cpp import llama_cpp as c
    except ImportError as error:
        raise ModelUnavailable("llama-cpp-python, which runs local models, is not built.", NOT_BUILT) from error
    except (OSError, RuntimeError) as error:
        raise ModelUnavailable(f"llama-cpp-python cannot be loaded: {error}.", "`make llm` builds it anew.") from error
    said: deque[str] = deque(maxlen=40)

    @c.llama_log_callback  # type: ignore[untyped-decorator,unused-ignore]
    def note(level: int, text: bytes, _: Any) -> None:
        if level == _ERROR:
            said.append(text.decode("utf-8", "replace").strip())

    c.llama_log_set(note, ctypes.c_void_p(0))
    c.llama_backend_init()
    return Library(c, said, note)


def default_threads() -> int:
    """Return how many threads to use: all cores of a small machine, else half, as two often share one unit."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if cores <= 4 else cores // 2
