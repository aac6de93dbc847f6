"""A library survives kill -9 at any instant of an ingest, and finishing gives the undisturbed result."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_killed_at_random_instants_two_hundred_times(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.almanac.crash_worker", str(tmp_path), "200", "20261122"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=1400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["rounds"] >= 200
    # A kill may come after the work is done; most must hit.
    assert found["kills"] > 120
