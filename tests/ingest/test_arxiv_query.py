"""ingest.arxiv_query: all that a query finds, each paper once, and a mark that never skips one."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from ingest import arxiv_query
from ingest._arxiv_feed import Refused
from ingest.arxiv_query import Harvest, harvest, names_query, query_of
from ingest.fetch import Fetcher, NotFetched
from kb.errors import FetchError, ParseError
from kb.settings import load_settings
from kb.topics import load_topics
from tests.ingest.test_arxiv_api import FakeTime
from tests.peers import ERROR, Act, Peer, Request, catalogue, drip, entry, feed, peer, reply, reset

QUERY = 'cat:cs.DC AND abs:"KV cache"'


def stamp(day: int) -> str:
    return f"2023-{1 + day // 28:02}-{1 + day % 28:02}T10:00:00Z"


def papers(count: int, newest: int = 300) -> list[str]:
    """Entries, newest first, one a day."""
    return [entry(f"2301.{newest - n:05}v1", updated=stamp(newest - n)) for n in range(count)]


@pytest.fixture
def server() -> Iterator[Peer]:
    with peer() as made:
        yield made


@pytest.fixture
def time_() -> FakeTime:
    return FakeTime()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv_query, "PAGE", 10)


def ask(server: Peer, time_: FakeTime, **more: object) -> Harvest:
    settings = load_settings(arxiv_url=server.url)
    fetcher = Fetcher(settings, clock=time_.clock, sleep=time_.sleep, jitter=lambda: 0.5)
    return harvest(QUERY, fetcher=fetcher, **more)  # type: ignore[arg-type]


def ids(found: Harvest) -> list[str]:
    return [document.id for document in found.parsed.documents]


def argument(request: Request, name: str) -> str:
    return parse_qs(urlsplit(request.path).query)[name][0]


def test_the_newest_papers_page_by_page_three_seconds_apart(server: Peer, time_: FakeTime, small_pages: None) -> None:
    server.otherwise = catalogue(papers(60))
    found = ask(server, time_, limit=25, source="arxiv-topic:x")
    assert ids(found) == [f"arxiv:2301.{300 - n:05}" for n in range(25)]
    assert [(request.number("start"), request.number("max_results")) for request in server.requests] == [
        (0, 10), (10, 10), (20, 5)
    ]  # fmt: skip
    assert {argument(request, "sortBy") for request in server.requests} == {"submittedDate"}
    assert {request.query for request in server.requests} == {QUERY}
    assert time_.slept == [3.0, 3.0]
    assert (found.total, found.mark, found.complete, found.parsed.warnings) == (60, stamp(300), False, ())
    assert {document.source for document in found.parsed.documents} == {"arxiv-topic:x"}


def test_a_query_that_finds_nothing_is_no_failure(server: Peer, time_: FakeTime) -> None:
    server.otherwise = catalogue([])
    found = ask(server, time_)
    assert (ids(found), found.total, found.mark, found.complete) == ([], 0, "", True)
    assert len(server.requests) == 1


def test_since_a_mark_only_what_is_newer_is_read(server: Peer, time_: FakeTime, small_pages: None) -> None:
    server.otherwise = catalogue(papers(200))
    found = ask(server, time_, after=stamp(295))
    assert argument(server.requests[0], "sortBy") == "lastUpdatedDate"
    # Two weeks before the mark are looked at again: moderators hold papers back.
    assert ids(found)[-1] == "arxiv:2301.00281"
    assert len(server.requests) == 3
    assert (found.mark, found.complete) == (stamp(300), True)


def test_a_revised_paper_comes_back_with_its_new_version(server: Peer, time_: FakeTime) -> None:
    revised = entry("2301.00001v3", updated=stamp(301))
    server.otherwise = catalogue([revised, *papers(20)])
    found = ask(server, time_, after=stamp(299))
    assert (found.parsed.documents[0].id, found.parsed.documents[0].version) == ("arxiv:2301.00001", 3)
    assert found.parsed.documents[0].published.startswith("2023-09-12")
    assert found.mark == stamp(301)


def test_nothing_new_keeps_the_mark(server: Peer, time_: FakeTime) -> None:
    server.otherwise = catalogue([])
    assert ask(server, time_, after=stamp(250)).mark == stamp(250)


@pytest.mark.parametrize(
    ("since", "until", "window"),
    [
        ("2023-01", "2023-03", "submittedDate:[202301010000 TO 202303312359]"),
        ("2023-Q1", "2023-Q1", "submittedDate:[202301010000 TO 202303312359]"),
        ("2024-02-29", "", "submittedDate:[202402290000 TO 210012312359]"),
        ("", "2023", "submittedDate:[199101010000 TO 202312312359]"),
    ],
)
def test_a_window_is_asked_for_by_submission(
    server: Peer, time_: FakeTime, since: str, until: str, window: str
) -> None:
    server.otherwise = catalogue(papers(3))
    found = ask(server, time_, since=since, until=until, after=stamp(1))
    assert server.requests[0].query == f"({QUERY}) AND {window}"
    assert argument(server.requests[0], "sortBy") == "submittedDate"
    assert (len(ids(found)), found.complete, found.mark) == (3, True, stamp(1))


def test_more_than_the_limit_is_said(server: Peer, time_: FakeTime, small_pages: None) -> None:
    server.otherwise = catalogue(papers(50))
    found = ask(server, time_, since="2023", limit=20)
    assert (len(ids(found)), found.complete) == (20, False)
    assert "50 papers match" in found.parsed.warnings[0]


def test_a_list_that_moves_while_it_is_read_gives_each_paper_once(
    server: Peer, time_: FakeTime, small_pages: None
) -> None:
    entries = papers(20)
    server.script = [catalogue(entries), catalogue([entry("2301.00399v1", updated=stamp(301)), *entries])]
    server.otherwise = catalogue([entry("2301.00399v1"), *entries])
    found = ask(server, time_, limit=30)
    assert len(ids(found)) == len(set(ids(found))) == 20


def test_versions_on_different_pages_collapse_to_the_newest(server: Peer, time_: FakeTime, small_pages: None) -> None:
    server.otherwise = catalogue([entry("2301.00001v1"), *papers(12), entry("2301.00001v2")])
    found = ask(server, time_)
    assert {d.id: d.version for d in found.parsed.documents}["arxiv:2301.00001"] == 2


def test_withdrawn_papers_are_shown_as_such(server: Peer, time_: FakeTime) -> None:
    server.otherwise = catalogue([entry("2301.00001v2", summary="This paper has been withdrawn by the authors.")])
    assert [document.status for document in ask(server, time_).parsed.documents] == ["withdrawn"]


# Answers that are none

PASSING: dict[str, tuple[Act, str]] = {
    "empty first page": (reply(feed("", total=7)), "reports 7 results but sent none"),
    "half a page": (reply(feed("".join(papers(4)), total=4)[:-90]), "ends early"),
    "rate limit": (reply("Rate exceeded."), "Rate exceeded"),
    "page": (reply("<!DOCTYPE html><html><body>Sorry</body></html>"), "HTML page"),
    "foreign page": (reply(feed("".join(papers(4)), total=60, start=40)), "results from 40 on instead of 0"),
    "busy": (reply("", 503), "503"),
    "reset": (reset, "broke off"),
}


@pytest.mark.parametrize("case", PASSING)
def test_what_is_no_answer_is_asked_for_again_and_never_taken_for_no_papers(
    server: Peer, time_: FakeTime, case: str
) -> None:
    act, words = PASSING[case]
    server.otherwise = catalogue(papers(4))
    server.script = [act]
    assert len(ids(ask(server, time_))) == 4
    server.script = [act] * 3
    with pytest.raises((NotFetched, ParseError), match=words):
        ask(server, time_)
    assert len(server.requests) == 5


def test_a_refused_query_is_said_at_once(server: Peer, time_: FakeTime) -> None:
    server.otherwise = reply(ERROR)
    with pytest.raises(Refused, match="incorrect id format"):
        ask(server, time_)
    assert len(server.requests) == 1


def test_a_page_that_stays_short_is_taken_with_a_word(server: Peer, time_: FakeTime) -> None:
    server.otherwise = reply(feed("".join(papers(3)), total=5))
    found = ask(server, time_)
    assert (len(ids(found)), len(server.requests), found.complete) == (3, 3, True)
    assert "3 of 5 results" in found.parsed.warnings[0]


def test_a_failure_half_way_keeps_what_came_and_the_old_mark(server: Peer, time_: FakeTime, small_pages: None) -> None:
    server.script = [catalogue(papers(60)), *[reply("", 500)] * 3]
    found = ask(server, time_, after=stamp(200))
    assert (len(ids(found)), found.mark, found.complete) == (10, stamp(200), False)
    assert "After 10 papers" in found.parsed.warnings[0]
    server.script = [catalogue(papers(60)), *[reply("", 500)] * 3]
    assert ask(server, time_, limit=30).mark == ""


def test_a_slow_answer_ends_in_time(server: Peer, time_: FakeTime) -> None:
    server.otherwise = drip
    settings = load_settings(arxiv_url=server.url, http_timeout=0.05)
    with pytest.raises(NotFetched) as caught:
        harvest(QUERY, fetcher=Fetcher(settings, clock=time_.clock, sleep=time_.sleep))
    assert caught.value.cause == "timeout"


# What is refused before any request


def test_no_papers_at_most_never_means_all(server: Peer, time_: FakeTime) -> None:
    with pytest.raises(FetchError, match="limit of 0"):
        ask(server, time_, limit=0)
    assert server.requests == []


@pytest.mark.parametrize(
    "bounds", [{"since": "soon"}, {"until": "2023-13"}, {"since": "2023", "until": "2022"}, {"after": "yesterday"}]
)
def test_bounds_that_are_none(server: Peer, time_: FakeTime, bounds: dict[str, str]) -> None:
    with pytest.raises(FetchError) as caught:
        ask(server, time_, **bounds)
    assert caught.value.hint
    assert server.requests == []


def test_locations_that_name_a_query() -> None:
    assert names_query("arxiv-query:cat:cs.DC")
    assert names_query(" arXiv-Topic:serving")
    assert not names_query("arxiv:2309.06180")
    assert query_of("arxiv-query:  cat:cs.DC \n AND abs:cache ") == "cat:cs.DC AND abs:cache"
    assert query_of("arxiv-topic:Serving") == load_topics()["serving"].arxiv_query
    for wrong in ("arxiv-topic:cooking", "arxiv-query: ", "arxiv-query:" + "x" * 5000):
        with pytest.raises(FetchError) as caught:
            query_of(wrong)
        assert caught.value.hint


@pytest.mark.parametrize("slug", sorted(load_topics()))
def test_every_topics_own_query_can_be_asked(server: Peer, time_: FakeTime, slug: str) -> None:
    server.otherwise = catalogue(papers(1))
    fetcher = Fetcher(load_settings(arxiv_url=server.url), clock=time_.clock, sleep=time_.sleep)
    assert len(harvest(query_of(f"arxiv-topic:{slug}"), fetcher=fetcher, since="2024").parsed.documents) == 1
    assert load_topics()[slug].arxiv_query in server.requests[0].query
