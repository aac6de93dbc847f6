"""almanac.freed: what is free goes back, and a system without the call is left alone."""

import ctypes
import gc
import sys
from pathlib import Path

import pytest

from almanac import freed

PIECES = 30_000
SIZE = 2_000


def _resident_kib() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measured by /proc")
def test_what_is_free_between_things_in_use_goes_back() -> None:
    if freed._trim() is None:
        pytest.skip("this C library has no malloc_trim")
    pieces = [bytes([number % 251]) * SIZE for number in range(PIECES)]
    kept = pieces[::50]  # keeps the end of the heap from shrinking by itself
    del pieces
    before = _resident_kib()
    freed.give_back()
    assert before - _resident_kib() > PIECES * SIZE / 1024 / 3
    assert kept[1][0] == 50


@pytest.mark.parametrize("fault", [AttributeError("malloc_trim"), OSError("no library"), TypeError("no name")])
def test_a_system_without_the_call_is_left_alone(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: object) -> object:
        raise fault

    freed._trim.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    try:
        assert freed.give_back() is False
    finally:
        freed._trim.cache_clear()


def test_what_is_loaded_is_left_out_of_later_collections() -> None:
    before = gc.get_freeze_count()
    held = [{"number": number} for number in range(1_000)]
    freed.settle()
    try:
        assert gc.get_freeze_count() >= before + len(held)
        garbage: list[object] = []
        garbage.append(garbage)
        del garbage
        assert gc.collect() >= 1, "what comes later is still collected"
    finally:
        gc.unfreeze()
    assert held[7] == {"number": 7}
