"""Measuring: interleaved timings, stages of a longer work, memory of a process.

Times are in milliseconds of wall time, or of CPU time where a name says so: the latter hardly
moves when others load the machine. What is compared is timed in turn, so that a burst of load
falls on all alike.
"""

import math
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

Target = tuple[Any, str, str]
"""Owner, attribute, name of the stage that its calls count for."""


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def in_turn(parts: Mapping[str, Callable[[], object]], repeats: int = 1) -> dict[str, list[float]]:
    """Call all parts one after the other, `repeats` times over; return each one's times."""
    times: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(repeats):
        for name, work in parts.items():
            times[name].append(milliseconds(work))
    return times


def median(values: Sequence[float]) -> float:
    """Return the median; of nothing, not a number."""
    return statistics.median(values) if values else float("nan")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of all do not exceed."""
    ordered = sorted(values)
    # The hair taken off keeps 0.95 of 100 values from becoming the 96th.
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)] if ordered else float("nan")


class Stages:
    """Wall and CPU milliseconds that the calls of chosen functions take, by stage."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._depth = 0

    def clear(self) -> None:
        """Forget what was measured."""
        self.wall.clear()
        self.cpu.clear()
        self.calls.clear()

    @contextmanager
    def watching(self, targets: Sequence[Target]) -> Iterator["Stages"]:
        """Time the calls of the given functions; one that no longer exists is left out.

        A watched function called by another one counts for the outer one alone, so that the stages
        add up.
        """
        with ExitStack() as stack:
            for owner, name, stage in targets:
                if hasattr(owner, name):
                    stack.enter_context(patch.object(owner, name, self._timed(getattr(owner, name), stage)))
            yield self

    def _timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            if self._depth:
                return function(*args, **named)
            self._depth += 1
            began, cpu = time.perf_counter(), time.process_time()
            try:
                return function(*args, **named)
            finally:
                self._depth -= 1
                self.wall[stage] += (time.perf_counter() - began) * 1000
                self.cpu[stage] += (time.process_time() - cpu) * 1000
                self.calls[stage] += 1

        return timed


def load_average() -> float | None:
    """Return the machine's load over the last minute, None where it does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def resident_mib(pid: int, *, children: bool = True) -> float | None:
    """Return a process's resident memory, with that of its children if wanted, None where it cannot be seen."""
    sizes = [_resident(found) for found in [pid, *(_children(pid) if children else ())]]
    known = [size for size in sizes if size is not None]
    return round(sum(known), 1) if known else None


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, 0 where it cannot be seen."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), None)


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        below = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return below + [grand for child in below for grand in _children(child)]
