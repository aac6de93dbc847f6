"""ingest.arxiv_api: each id answered for, whatever the server does; requests spaced and few."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

import ingest
from ingest._spacing import LONGEST, Spacing
from ingest.arxiv_api import LOCATION, SLICE, fetch_ids, names_paper
from kb.errors import FetchError, ParseError, SourceError
from kb.settings import Settings, load_settings
from kb.types import Kind, Parsed
from tests.peers import ERROR, Act, Peer, drip, entry, feed, peer, reply, reset, short, silent, truth, zipped

A, B, OLD = "2309.06180", "1910.02054", "hep-th/9901001"
BUSY = "<html><body>busy</body></html>"


class FakeTime:
    """A clock that sleeping moves on; it starts at a full second."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as made:
        yield made


@pytest.fixture
def time_() -> FakeTime:
    return FakeTime()


def settings_for(server: Peer, **more: object) -> Settings:
    return load_settings(arxiv_url=server.url, user_agent="Almanac/0 (mailto:a@example.org)", **more)


def fetch(server: Peer, time_: FakeTime, *ids: str, **more: object) -> Parsed:
    settings = settings_for(server, **more)
    return fetch_ids(ids, settings=settings, clock=time_.clock, sleep=time_.sleep, jitter=lambda: 0.5)


def refusal(server: Peer, time_: FakeTime, *acts: Act, **more: object) -> SourceError:
    """Return the error of fetching one paper from a server that acts so."""
    server.script = list(acts)
    with pytest.raises(SourceError) as caught:
        fetch(server, time_, A, **more)
    assert caught.value.hint
    return caught.value


# The truth


def test_a_fetched_paper_equals_the_same_paper_from_a_file(server: Peer, time_: FakeTime) -> None:
    body = feed(entry(f"{A}v2", "A Title", "We say little. It is enough.") + entry(f"{OLD}v1"), 2)
    server.script = [reply(body)]
    fetched = fetch(server, time_, A, OLD)
    filed = ingest.parse(body.encode(), name="papers.xml", source=LOCATION, kind=Kind.ARXIV)
    assert fetched == filed
    first = fetched.documents[0]
    assert (first.id, first.version, first.title) == (f"arxiv:{A}", 2, "A Title")


def test_the_request_is_an_id_list_with_an_honest_name(server: Peer, time_: FakeTime) -> None:
    fetch(server, time_, A, OLD)
    (request,) = server.requests
    assert request.ids == [A, OLD]
    assert "max_results=2" in request.path
    assert "start=0" in request.path
    assert request.headers["User-Agent"] == "Almanac/0 (mailto:a@example.org)"


def test_every_spelling_of_an_id_is_one_paper(server: Peer, time_: FakeTime) -> None:
    spellings = (f"{A}v1", f"arXiv:{A}", f"https://arxiv.org/abs/{A}v3", f"https://arxiv.org/pdf/{A}.pdf")
    assert [d.id for d in fetch(server, time_, *spellings).documents] == [f"arxiv:{A}"]
    assert server.requests[0].ids == [A]


def test_versions_in_one_answer_collapse_to_the_newest(server: Peer, time_: FakeTime) -> None:
    server.script = [reply(feed(entry(f"{A}v1") + entry(f"{A}v3") + entry(f"{A}v2"), 3))]
    parsed = fetch(server, time_, A)
    assert [d.version for d in parsed.documents] == [3]
    assert A in parsed.warnings[0]


def test_compressed_answers_are_read(server: Peer, time_: FakeTime) -> None:
    server.script = [zipped(feed(entry(A)))]
    assert len(fetch(server, time_, A).documents) == 1
    assert "gzip" in server.requests[0].headers["Accept-Encoding"]


def test_long_lists_go_in_slices_three_seconds_apart(server: Peer, time_: FakeTime) -> None:
    ids = [f"2301.{n:05}" for n in range(1, SLICE * 2 + 6)]
    parsed = fetch(server, time_, *ids)
    assert [d.id for d in parsed.documents] == [f"arxiv:{name}" for name in ids]
    assert [len(request.ids) for request in server.requests] == [SLICE, SLICE, 5]
    assert time_.slept == [3.0, 3.0]
    assert (parsed.warnings, parsed.skipped) == ((), 0)


# What is missing


def test_an_id_without_answer_is_reported(server: Peer, time_: FakeTime) -> None:
    server.script = [truth(missing=[B])]
    parsed = fetch(server, time_, A, B)
    assert ([d.id for d in parsed.documents], parsed.skipped) == ([f"arxiv:{A}"], 1)
    assert B in parsed.warnings[0]


def test_no_answer_at_all_is_an_error(server: Peer, time_: FakeTime) -> None:
    error = refusal(server, time_, truth(missing=[A]))
    assert isinstance(error, FetchError)
    assert A in error.message
    assert len(server.requests) == 1


def test_a_paper_nobody_asked_for_is_left_out(server: Peer, time_: FakeTime) -> None:
    server.script = [reply(feed(entry(A) + entry(B), 2))]
    parsed = fetch(server, time_, A)
    assert [d.id for d in parsed.documents] == [f"arxiv:{A}"]
    assert B in parsed.warnings[0]


def test_what_came_before_a_failure_is_kept(server: Peer, time_: FakeTime) -> None:
    ids = [f"2301.{n:05}" for n in range(1, SLICE + 4)]
    server.script = [truth(), *[reply(BUSY, 503)] * 3]
    parsed = fetch(server, time_, *ids)
    assert (len(parsed.documents), parsed.skipped) == (SLICE, 3)
    assert ids[-1] in parsed.warnings[0]
    assert "503" in parsed.warnings[0]


@pytest.mark.parametrize("wrong", ["arxiv:llama", "https://example.org/post", "2309.061", ""])
def test_what_is_no_id_is_refused_before_any_request(server: Peer, time_: FakeTime, wrong: str) -> None:
    with pytest.raises(FetchError, match="names no paper"):
        fetch(server, time_, A, wrong)
    assert server.requests == []


def test_nothing_asked_is_an_error(server: Peer, time_: FakeTime) -> None:
    with pytest.raises(FetchError, match="No arXiv id"):
        fetch(server, time_)


def test_locations_that_mean_a_paper() -> None:
    for yes in (f"arxiv:{A}", f"arXiv:{A}v2", "arxiv:nonsense", f"https://arxiv.org/abs/{A}",
                f"http://export.arxiv.org/pdf/{OLD}v3"):  # fmt: skip
        assert names_paper(yes), yes
    for no in (A, "notes.md", "https://arxiv.org/list/cs.LG/recent", f"https://example.org/?u=arxiv.org/abs/{A}",
               f"https://evil-arxiv.org/abs/{A}", f"ftp://arxiv.org/abs/{A}", "http://[", ""):  # fmt: skip
        assert not names_paper(no), no


# Answers that are none

PASSING = {
    "page": (reply("<!DOCTYPE html><html><body>Down for maintenance</body></html>"), "HTML page"),
    "notice": (reply("Rate exceeded."), "Rate exceeded"),
    "words": (reply("upstream connect error"), "no list of papers"),
    "rss": (reply('<rss version="2.0"><channel></channel></rss>'), "no list of papers"),
    "nothing": (reply(""), "nothing at all"),
    "empty page": (reply(feed("", total=1)), "reports 1 results but sent none"),
    "half": (reply(feed(entry(A) + entry(B))[:-60]), "ends early"),
    "half, compressed": (reply(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", Content_Encoding="gzip"), "ends early"),
    "short": (short, "broke off"),
    "reset": (reset, "broke off"),
    "busy": (reply(BUSY, 429), "429 Too Many Requests"),
    "broken": (reply(BUSY, 500), "500 Internal Server Error"),
    "overloaded": (reply(BUSY, 503), "503 Service Unavailable"),
}


@pytest.mark.parametrize("case", PASSING)
def test_what_passes_is_tried_three_times_with_growing_pauses(server: Peer, time_: FakeTime, case: str) -> None:
    act, words = PASSING[case]
    error = refusal(server, time_, act, act, act)
    assert words in error.message
    assert len(server.requests) == 3
    assert time_.slept == [4.5, 9.0]


@pytest.mark.parametrize("case", PASSING)
def test_what_passes_ends_well(server: Peer, time_: FakeTime, case: str) -> None:
    server.script = [PASSING[case][0]]
    assert [d.id for d in fetch(server, time_, A).documents] == [f"arxiv:{A}"]
    assert len(server.requests) == 2


LASTING = {
    "error entry": (reply(ERROR), "refused the query: incorrect id format"),
    "error entry with its status": (reply(ERROR, 400), "refused the query: incorrect id format"),
    "papers with an error status": (reply(feed(entry(A)), 400), "400 Bad Request"),
    "forbidden": (reply(BUSY, 403), "403 Forbidden"),
    "gone": (reply(BUSY, 404), "404 Not Found"),
    "elsewhere": (reply("", 302, Location="http://169.254.169.254/latest"), "redirects to http://169.254.169.254"),
    "nowhere": (reply("", 301), "redirects to nowhere"),
    "odd encoding": (reply("x", Content_Encoding="compress"), "“compress”"),
    "not compressed": (reply("plain", Content_Encoding="gzip"), "not in the coding “gzip”"),
    "huge": (reply(feed(entry(A, summary="word " * 5000))), "longer than 0.02 MB"),
    "bomb": (zipped(feed(entry(A, summary="word " * 500_000))), "longer than 0.02 MB"),
}


@pytest.mark.parametrize("case", LASTING)
def test_what_lasts_is_said_at_once(server: Peer, time_: FakeTime, case: str) -> None:
    act, words = LASTING[case]
    assert words in refusal(server, time_, act, max_body=20_000).message
    assert len(server.requests) == 1


def test_an_error_of_arxiv_is_a_parse_error(server: Peer, time_: FakeTime) -> None:
    assert isinstance(refusal(server, time_, reply(ERROR)), ParseError)


# Time


def test_silence_and_dripping_end_within_the_time_out(server: Peer, time_: FakeTime) -> None:
    began = time.monotonic()
    assert "sent nothing for 0.1 seconds" in refusal(server, time_, silent, http_timeout=0.1).message
    assert "did not finish its answer in time" in refusal(server, time_, drip, http_timeout=0.1).message
    assert time.monotonic() - began < 5
    assert len(server.requests) == 2


def test_no_network_is_said_at_once(server: Peer, time_: FakeTime) -> None:
    with peer() as gone:
        pass
    error = refusal(gone, time_)
    assert isinstance(error, FetchError)
    assert "refuses connections" in error.message
    assert time_.slept == []


def dated(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(1_700_000_000 + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("header", "slept"),
    [("20", 20.0), (dated(25), 25.0), (dated(-50), 4.5), ("0", 4.5), ("soon", 4.5), ("", 4.5), ("-5", 4.5)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_in_both_forms(
    server: Peer, time_: FakeTime, status: int, header: str, slept: float
) -> None:
    server.script = [reply("", status, Retry_After=header)]
    assert len(fetch(server, time_, A).documents) == 1
    assert time_.slept == [slept]


def test_a_long_retry_after_is_told_and_holds_for_the_next_fetch(server: Peer, time_: FakeTime) -> None:
    error = refusal(server, time_, reply("", 429, Retry_After="600"))
    assert "asks to wait 600 seconds" in error.message
    assert "after that" in error.hint
    with pytest.raises(FetchError, match="asked for a pause until 22:23:20 UTC"):
        fetch(server, time_, B)
    assert len(server.requests) == 1
    time_.now += 601
    assert len(fetch(server, time_, B).documents) == 1
    assert time_.slept == []


def test_two_fetches_are_three_seconds_apart(server: Peer, time_: FakeTime) -> None:
    fetch(server, time_, A)
    time_.now += 1
    fetch(server, time_, B)
    time_.now += 5
    fetch(server, time_, A)
    assert time_.slept == [2.0]


@pytest.mark.parametrize("stamp", ["nonsense", "", "nan", "-3", "inf", str(1_700_000_000 + LONGEST * 24)])
def test_a_senseless_stamp_stops_nothing(server: Peer, time_: FakeTime, home: Path, stamp: str) -> None:
    home.mkdir()
    (home / "arxiv.next").write_text(stamp)
    assert len(fetch(server, time_, A).documents) == 1
    assert time_.slept == []


def test_one_request_at_a_time_across_threads(server: Peer, time_: FakeTime) -> None:
    server.otherwise = server.linger(truth())
    failures: list[Exception] = []

    def work() -> None:
        try:
            fetch(server, time_, A)
        except SourceError as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, len(server.requests), server.most_at_once) == ([], 4, 1)
    assert len(time_.slept) == 3


def test_a_turn_that_never_comes_is_an_error(tmp_path: Path) -> None:
    spacing = Spacing(tmp_path / "x.lock", "arXiv", 3.0, patience=0.05)
    other = Spacing(tmp_path / "x.lock", "arXiv", 3.0, patience=0.05)
    raised: list[FetchError] = []

    def wait() -> None:
        try:
            with other.turn():
                raise AssertionError("two turns at once")
        except FetchError as error:
            raised.append(error)

    with spacing.turn():
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
    assert "Another process" in raised[0].message


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spacing = Spacing(tmp_path / "file" / "x.lock", "arXiv", 3.0, patience=0.05)
    with pytest.raises(FetchError, match="cannot be noted"), spacing.turn():
        raise AssertionError("a turn without a note")
