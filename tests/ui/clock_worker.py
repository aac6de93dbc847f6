"""An app without its pages, in a process of its own: a library, some tabs, and the clock that they share.

Run by `test_rounds`: `python -m tests.ui.clock_worker HOME`. The file `hour` in the home says what time it is. For each
line on standard input it waits until no round is due or runs, and prints how many it has begun and how these ended.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from almanac import open_almanac
from kb.settings import load_settings
from tests.ui.conftest import wait
from ui.jobs import Jobs
from ui.rounds import follow_clock
from ui.state import Library

BEGAN = datetime(2024, 5, 6, tzinfo=UTC)
TABS = 3


def main() -> None:
    """Keep the clock of a home until standard input ends."""
    home = Path(sys.argv[1])
    settings = load_settings(
        home, embedder="none", allow_private_hosts=True, host_spacing=0.0, sync_every=2.0, http_timeout=30.0
    )
    almanac = open_almanac(settings, clock=lambda: BEGAN + timedelta(hours=float((home / "hour").read_text())))
    library = Library(almanac, Jobs())
    print("ready", flush=True)
    for number, _ in enumerate(sys.stdin):
        if number == 0:
            for _ in range(TABS):
                follow_clock(library, 0.01)
        wait(lambda: library.rounds.running is None and not almanac.sources.round_due(), 60)
        job = library.rounds.job
        print(library.rounds.version // 2, job.error if job and job.error else "fine", flush=True)
    almanac.close()


if __name__ == "__main__":
    main()
