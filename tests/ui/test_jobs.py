"""ui.jobs: one job at a time, seen by all, stopped when asked, never silent when it fails."""

import threading
import time

import pytest

from almanac.ingestion import Progress
from kb.errors import StoreError
from tests.ui.conftest import wait
from ui.jobs import Job, Jobs


def test_one_job_at_a_time() -> None:
    jobs, go = Jobs(), threading.Event()
    assert jobs.start("first", lambda job: go.wait(10) and None)
    assert not jobs.start("second", lambda job: None)
    assert jobs.running is not None
    assert jobs.running.title == "first"
    before = jobs.version
    go.set()
    wait(lambda: jobs.running is None)
    assert jobs.version > before
    assert jobs.job is not None
    assert jobs.job.seconds > 0
    assert jobs.start("second", lambda job: None)


def test_many_tabs_at_once_start_one_job() -> None:
    jobs, go = Jobs(), threading.Event()
    started: list[bool] = []
    tabs = [
        threading.Thread(target=lambda: started.append(jobs.start("x", lambda job: go.wait(10) and None)))
        for _ in range(20)
    ]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    go.set()
    assert sum(started) == 1


def test_a_job_stops_when_asked() -> None:
    jobs = Jobs()

    def work(job: Job) -> None:
        while not job.cancelled():
            time.sleep(0.002)

    jobs.start("long", work)
    assert jobs.job is not None
    jobs.job.cancel()
    wait(lambda: jobs.running is None)


def test_a_failure_is_kept_for_the_page(caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs()

    def fail(job: Job) -> None:
        raise StoreError("The disk is full.", "Free some space.")

    jobs.start("x", fail)
    wait(lambda: jobs.running is None)
    assert jobs.job is not None
    assert jobs.job.error is not None
    assert jobs.job.error.hint == "Free some space."

    def break_down(job: Job) -> None:
        raise ZeroDivisionError("oh")

    jobs.start("Adding", break_down)
    wait(lambda: jobs.running is None)
    assert jobs.job.error is not None
    assert "Adding failed: oh" in jobs.job.error.message
    assert "ZeroDivisionError" in caplog.text


def test_a_report_can_be_cleared_but_not_a_running_job() -> None:
    jobs, go = Jobs(), threading.Event()
    jobs.start("x", lambda job: go.wait(10) and None)
    jobs.forget()
    assert jobs.running is not None
    go.set()
    wait(lambda: jobs.running is None)
    jobs.forget()
    assert jobs.job is None


def test_the_share_counts_files_and_documents_within() -> None:
    job = Job("x")
    assert job.share == 0
    job.report(Progress("a", "reading", 0, 0, 1, 4))
    assert job.share == 0.25
    job.report(Progress("a", "writing", 5, 10, 1, 4))
    assert job.share == 0.375
    job.report(Progress("a", "done", 0, 0, 4, 4))
    assert job.share == 1
