"""almanac.freed: what is free goes back, and a system without the call is left alone."""

import ctypes
import gc
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from almanac import freed

ROOT = Path(__file__).resolve().parents[2]
PIECES = 30_000
SIZE = 2_000


def _resident_kib() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measured by /proc")
def test_what_is_free_between_things_in_use_goes_back() -> None:
    if freed._call("malloc_trim", ctypes.c_size_t) is None:
        pytest.skip("this C library has no malloc_trim")
    pieces = [bytes([number % 251]) * SIZE for number in range(PIECES)]
    kept = pieces[::50]  # keeps the end of the heap from shrinking by itself
    del pieces
    before = _resident_kib()
    freed.give_back()
    assert before - _resident_kib() > PIECES * SIZE / 1024 / 3
    assert kept[1][0] == 50


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_threads_share_heaps() -> None:
    code = textwrap.dedent(
        """
        import threading
        from almanac import freed
        import sys
        done = freed.share_heaps() if sys.argv[1] == "share" else False
        gate, kept = threading.Barrier(25), []
        def work():
            kept.append([bytes(3_000) for _ in range(300)])
            gate.wait(30)
        for _ in range(24):
            threading.Thread(target=work, daemon=True).start()
        gate.wait(30)
        maps = open("/proc/self/maps").read().splitlines()
        starts = [line.split("-")[0] for line in maps if " rw-p " in line]
        print(done, sum(int(start, 16) % (64 << 20) == 0 for start in starts))
        """
    )
    told = {
        how: subprocess.run([sys.executable, "-c", code, how], capture_output=True, text=True, cwd=ROOT, check=True)
        for how in ("share", "leave")
    }
    shared, left = (told[how].stdout.split() for how in ("share", "leave"))
    if shared[0] == "False" or int(left[1]) <= 2:
        pytest.skip("this C library gives threads no heaps of their own")
    assert int(shared[1]) <= 2


@pytest.mark.parametrize("fault", [AttributeError("malloc_trim"), OSError("no library"), TypeError("no name")])
def test_a_system_without_the_call_is_left_alone(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: object) -> object:
        raise fault

    freed._call.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    try:
        assert freed.give_back() is False
        assert freed.share_heaps() is False
    finally:
        freed._call.cache_clear()


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
