"""ui.rounds: the clock begins a round where one is due, never beside another, and never where it is off."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

from almanac import open_almanac
from almanac.subscriptions import make_subscription
from kb.settings import load_settings
from kb.types import Kind
from tests.almanac.sites import posts, rss
from tests.conftest import ROOT
from tests.peers import Peer, peer, reply
from tests.ui.conftest import Reading, wait
from ui.jobs import Jobs
from ui.rounds import checked_row, follow_clock, round_text, start_round
from ui.state import Library


@pytest.fixture
def site() -> Iterator[Peer]:
    with peer() as made:
        made.otherwise = reply("nothing here", 404)
        made.pages["/feed"] = reply(rss(made.base, posts(1, 2)))
        yield made


def library(home: Path, site: Peer, **settings: object) -> Library:
    given = {"embedder": "none", "allow_private_hosts": True, "host_spacing": 0.0, **settings}
    made = Library(open_almanac(load_settings(home, **given)), Jobs())
    feed = make_subscription(name="A <b>blog</b>", kind=Kind.RSS, target=f"{site.base}/feed")
    made.almanac.sources.add([feed])
    return made


def test_the_clock_is_quiet_where_it_is_off(home: Path, site: Peer) -> None:
    made = library(home, site)
    follow_clock(made, 0.01)
    assert not made.clocked.is_set()
    assert site.requests == []


def test_the_clock_begins_one_round_for_all_tabs_and_processes(home: Path, site: Peer) -> None:
    tabs = library(home, site, sync_every=5.0)
    other = library(home, site, sync_every=5.0)
    for made in (tabs, tabs, other):
        follow_clock(made, 0.01)
    wait(lambda: bool(tabs.almanac.documents()) and not tabs.rounds.running and not other.rounds.running, 60)
    assert len([request for request in site.requests if request.path == "/feed"]) == 1
    assert len(tabs.almanac.documents()) == 2
    version = tabs.rounds.version
    wait(lambda: not tabs.almanac.sources.round_due())
    assert tabs.rounds.version == version, "not due again"
    assert tabs.rounds.job is None or tabs.rounds.job.error is None
    assert other.rounds.job is None or other.rounds.job.error is None


def test_the_clock_begins_one_round_for_all_tabs_of_two_apps(home: Path, site: Peer) -> None:
    made = library(home, site)
    made.almanac.close()
    site.pages["/feed"] = site.linger(site.pages["/feed"], 0.3)
    hour = home / "hour"
    hour.write_text("0")
    command = [sys.executable, "-m", "tests.ui.clock_worker", str(home)]
    apps = [subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) for _ in range(2)]
    try:
        assert [told(app) for app in apps] == ["ready", "ready"]
        for rounds, now in enumerate(("0", "3", "6"), 1):
            hour.with_suffix(".part").write_text(now)
            hour.with_suffix(".part").replace(hour)
            for app in apps:
                print("look", file=app.stdin, flush=True)
            answers = [told(app).split(" ", 1) for app in apps]
            assert {how for _, how in answers} == {"fine"}
            assert sum(int(begun) for begun, _ in answers) >= rounds
            assert len([request for request in site.requests if request.path == "/feed"]) == rounds
        assert site.most_at_once == 1
    finally:
        for app in apps:
            app.communicate(timeout=30)
    reopened = open_almanac(load_settings(home, embedder="none"))
    assert len(reopened.documents()) == 2
    reopened.close()


def told(app: "subprocess.Popen[str]") -> str:
    assert app.stdout is not None
    return app.stdout.readline().strip()


def test_a_round_by_hand_says_where_another_process_is_at_it(home: Path, site: Peer) -> None:
    made, other = library(home, site), library(home, site)
    running = other.almanac.sources.sync()
    next(running)
    assert start_round(made)
    wait(lambda: made.rounds.running is None)
    assert made.rounds.job is not None
    assert made.rounds.job.error is not None
    assert "being checked by process" in made.rounds.job.error.message
    running.close()


def test_a_round_is_told_in_words_and_as_safe_html(home: Path, site: Peer) -> None:
    made = library(home, site)
    assert start_round(made)
    wait(lambda: made.rounds.running is None, 60)
    job = made.rounds.job
    assert job is not None
    assert round_text(job) == "Checking the sources · 1 of 1"
    read = Reading(checked_row(job.found[0]))
    assert "A <b>blog</b>" in read.text
    assert "2 new" in read.text
    assert "b" not in read.tags
