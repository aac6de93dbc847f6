"""What is free goes back to the machine, and what stays is not looked at again and again.

The C library keeps what a round of work freed, scattered between what is still in use, and asks for more at
the next round: over twenty rounds the process grew by 200 MiB though no more was in use than after the first.
"""

import ctypes
import gc
from collections.abc import Callable
from functools import cache
from typing import Any

M_ARENA_MAX = -8
"""The option's number in glibc's malloc.h."""
HEAPS = 2


def give_back() -> bool:
    """Return free memory to the system; False where the C library has no such call (all but glibc).

    Takes 27 ms for 400 MiB, during which other threads go on until they need memory.
    """
    trim = _call("malloc_trim", ctypes.c_size_t)
    return trim is not None and bool(trim(0))


def share_heaps() -> bool:
    """Have all threads take their memory from two heaps; False where the C library has no such call.

    glibc gives up to eight heaps a core to threads, and never gives back the end of one that is not the first:
    each kept what the largest feed read in it had needed. Python runs one thread at a time anyway.
    """
    option = _call("mallopt", ctypes.c_int, ctypes.c_int)
    return option is not None and bool(option(M_ARENA_MAX, HEAPS))


@cache
def _call(name: str, *kinds: Any) -> Callable[..., int] | None:
    try:
        found = getattr(ctypes.CDLL(None), name)  # of what the process itself is linked with
    except (AttributeError, OSError, TypeError):
        return None
    found.argtypes, found.restype = kinds, ctypes.c_int
    call: Callable[..., int] = found
    return call


def settle() -> None:
    """Leave everything loaded so far out of later garbage collections.

    With torch and the pages loaded there are a million objects that never go; a look at all of them stops every
    thread for 0.3 s.
    """
    gc.collect()
    gc.freeze()
    # Counted anew: the next full look comes when what is new has grown by a quarter, not by one of all that is frozen.
    gc.collect()
