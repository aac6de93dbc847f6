"""ingest._spacing: turns of real processes never overlap and are never closer than they may be."""

import itertools
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

SECONDS = 0.2
WORKER = """
import sys, time
from pathlib import Path
from ingest._spacing import Spacing
spacing = Spacing(Path(sys.argv[1]), "arXiv", float(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(3):
    with spacing.turn():
        began = time.time()
        time.sleep(0.05)
        print(began, time.time(), flush=True)
"""


def test_turns_of_three_processes_are_spaced(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(tmp_path / "arxiv.lock"), str(SECONDS)]
    pipe = subprocess.PIPE
    workers = [subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) for _ in range(3)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        print(file=worker.stdin, flush=True)
    told = [worker.communicate(timeout=60)[0] for worker in workers]
    turns = sorted(tuple(map(float, line.split())) for text in told for line in text.splitlines())
    assert len(turns) == 9
    pauses = [begins - ended for (_, ended), (begins, _) in itertools.pairwise(turns)]
    # The end that a worker prints lies a moment before the one that is noted.
    assert min(pauses) >= SECONDS - 0.001
