"""almanac.syncing: rounds that never meet, what is asked and what is not, and every change of a subscription."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from almanac import open_almanac
from almanac.ingestion import Progress
from almanac.syncing import STARTER
from ingest.fetch import Fetcher
from kb.errors import DocumentNotFound, Locked, SettingsError, SourceError
from kb.settings import load_settings
from kb.types import Kind
from tests.almanac.sites import Desk, open_desk, posts, rss
from tests.fakes import FixedClock
from tests.peers import ERROR, catalogue, entry, reply
from tests.peers import feed as atom

PAGE = "<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{body}</article></body></html>"


def paragraphs(word: str) -> str:
    return "".join(f"<p>Paragraph {n} tells how the {word} behaves under load number {n}.</p>" for n in range(12))


@pytest.fixture
def desk(home: Path, clock: FixedClock) -> Iterator[Desk]:
    with open_desk(home, clock) as made:
        yield made


# Rounds


def test_a_round_tells_how_far_it_is_and_what_it_skips(desk: Desk) -> None:
    for number in range(3):
        desk.publish(number + 1, path=f"/f{number}")
        desk.subscribe(f"/f{number}", f"Feed {number}")
    desk.subscribe("/none", "Paused", enabled=False)
    steps: list[Progress] = []
    found = list(desk.almanac.sources.sync(report=steps.append))
    assert [(one.subscription.name, one.skipped) for one in found if one.skipped] == [("Paused", "paused")]
    assert {(step.sources_done, step.sources_total) for step in steps} == {(n, 3) for n in range(4)}
    assert steps[-1].stage == "done"
    assert {step.source for step in steps} == {"Feed 0", "Feed 1", "Feed 2"}


def test_only_one_round_runs_on_a_library(desk: Desk) -> None:
    desk.publish(1)
    desk.subscribe()
    other = open_almanac(load_settings(desk.home, embedder="none"))
    running = desk.almanac.sources.sync()
    next(running)
    with pytest.raises(Locked, match="being checked by process"):
        next(other.sources.sync())
    running.close()
    assert list(other.sources.sync(due=True))
    other.close()


def test_a_cancelled_round_keeps_what_was_written_and_asks_no_more(desk: Desk) -> None:
    for number in range(30):
        desk.publish(number + 1, path=f"/f{number}")
        desk.subscribe(f"/f{number}", f"Feed {number}")
    found = []
    for one in desk.almanac.sources.sync(cancelled=lambda: len(found) >= 3):
        found.append(one)
    assert len(found) == 3
    assert len(desk.titles) == 3
    assert len(desk.site.requests) < 20
    assert len(desk.sync(due=True)) == 30, "the next round begins where this one ended"
    assert len(desk.titles) == 30


def test_a_slow_server_does_not_hold_up_the_others(desk: Desk) -> None:
    go = threading.Event()
    slow = desk.subscribe(f"http://localhost:{desk.site.port}/slow", "Slow")
    desk.site.pages["/slow"] = lambda request: (go.wait(20), reply(rss(desk.site.base, posts(9)))(request))[1]
    for number in range(5):
        desk.publish(number + 1, path=f"/f{number}")
        desk.subscribe(f"/f{number}", f"Feed {number}")
    names = []
    for one in desk.almanac.sources.sync():
        names.append(one.subscription.name)
        if len(names) == 5:
            go.set()
    assert names[-1] == slow.name
    assert desk.check(slow).error == ""
    assert len(desk.titles) == 6


def test_names_choose_and_an_unknown_one_is_an_error(desk: Desk) -> None:
    desk.publish(1)
    desk.subscribe("/feed", "Mine", enabled=False)
    desk.subscribe("/none", "Other")
    assert set(desk.sync("mine")) == {"Mine"}
    assert desk.titles == ["Post number 1"], "a paused one is asked where it is named"
    with pytest.raises(DocumentNotFound, match="nobody"):
        desk.sync("nobody")


def test_a_round_is_due_by_the_setting_and_by_nothing_else(home: Path, clock: FixedClock) -> None:
    with open_desk(home, clock) as desk:
        assert not desk.almanac.sources.round_due()
    with open_desk(home, clock, sync_every=2.0) as desk:
        assert desk.almanac.sources.round_due()
        desk.sync()
        assert not desk.almanac.sources.round_due()
        desk.clock.advance(hours=1.9)
        desk.sync(*[])
        desk.clock.advance(hours=1.9)
        assert not desk.almanac.sources.round_due(), "a round by hand counts as well"
        desk.clock.advance(hours=0.2)
        assert desk.almanac.sources.round_due()


def test_digests_follow_a_round_that_brought_something(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(desk.almanac.sources, "_after", calls.append)
    desk.publish(1)
    desk.subscribe()
    desk.sync()
    assert len(calls) == 1
    desk.sync()
    assert len(calls) == 1, "nothing new, nothing to build"


def test_free_memory_goes_back_when_a_round_is_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[None] = []
    monkeypatch.setattr("almanac.syncing.give_back", lambda: calls.append(None))
    desk.publish(1)
    desk.subscribe()
    round_ = desk.almanac.sources.sync()
    assert next(round_)
    assert not calls, "not before the last source is done"
    assert not list(round_)
    assert len(calls) == 1


def test_a_file_with_an_error_stops_the_round_with_a_remedy(desk: Desk) -> None:
    desk.almanac.sources.file.path.write_text("[[subscription]\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="no TOML"):
        desk.sync()


def test_entries_that_make_no_sense_are_told_and_the_others_checked(desk: Desk) -> None:
    desk.publish(1)
    desk.subscribe()
    path = desk.almanac.sources.file.path
    path.write_text(path.read_text(encoding="utf-8") + "\n[[subscription]]\nurl = 'gopher://x'\n", encoding="utf-8")
    desk.sync()
    assert desk.titles == ["Post number 1"]
    assert [problem.entry for problem in desk.almanac.sources.problems()] == [2]


# Kinds


def test_papers_of_a_query_come_and_the_next_round_asks_for_what_is_new(home: Path, clock: FixedClock) -> None:
    with open_desk(home, clock) as desk:
        settings = desk.almanac.settings.model_copy(update={"arxiv_url": desk.site.url})
        desk.almanac.close()
        desk.almanac = open_almanac(settings, clock=clock)
        papers = [entry(f"2309.0{n}v1") for n in range(1001, 1004)]
        desk.site.otherwise = catalogue(papers)
        one = desk.subscribe("cat:cs.DC", "arXiv", Kind.ARXIV)
        checked = desk.sync()["arXiv"]
        assert (checked.check.result, checked.check.added) == ("ok", 3)
        assert desk.check(one).since.startswith("2023-09-14")
        assert desk.sync(due=True)["arXiv"].skipped.startswith("not due"), "once a day is enough"
        desk.clock.advance(days=1)
        desk.site.otherwise = catalogue([entry("2310.00001v1", updated="2023-10-05T00:00:00Z"), *papers])
        assert desk.sync(due=True)["arXiv"].check.added == 1
        assert "sortBy=lastUpdatedDate" in desk.site.requests[-1].path
        assert len(desk.documents) == 4


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Rate exceeded.", "Rate exceeded"),
        (ERROR, "refused the query"),
        (atom("", total=4), "reports 4 results but sent none"),
        (atom(entry("2309.01001v1") + entry("2309.01002v1"), total=4)[:-90], "ends early"),
        ("<!DOCTYPE html><html><body>Down</body></html>", "HTML page"),
    ],
)
def test_an_answer_of_arxiv_that_is_none_is_named_and_loses_nothing(
    home: Path, clock: FixedClock, answer: str, words: str
) -> None:
    with open_desk(home, clock) as desk:
        settings = desk.almanac.settings.model_copy(update={"arxiv_url": desk.site.url})
        desk.almanac.close()
        desk.almanac = open_almanac(settings, clock=clock)
        desk.almanac.fetcher = Fetcher(settings, clock=lambda: clock().timestamp(), sleep=lambda _: None)
        papers = [entry(f"2309.0{n}v1") for n in range(1001, 1005)]
        one = desk.subscribe("cat:cs.DC", "arXiv", Kind.ARXIV)
        for began in (0, 4):
            desk.site.otherwise = reply(answer)
            failed = desk.sync()["arXiv"].check
            assert (failed.result, failed.cause) == ("failed", "content")
            assert words in failed.error
            assert failed.hint
            assert len(desk.documents) == began
            mark = desk.check(one).since
            desk.clock.advance(days=2)
            desk.site.otherwise = catalogue(papers)
            assert desk.sync(due=True)["arXiv"].check.result in ("ok", "unchanged")
            assert desk.check(one).since >= mark
            assert len(desk.documents) == 4
            desk.clock.advance(days=2)


def test_a_page_is_read_again_when_it_changes(desk: Desk) -> None:
    one = desk.subscribe("/page", "Page", Kind.PAGE)
    desk.site.pages["/page"] = reply(PAGE.format(title="Caches", body=paragraphs("cache")), ETag='"1"')
    assert desk.sync()["Page"].check.added == 1
    (before,) = desk.documents
    assert (before.kind, before.title, before.source) == (Kind.PAGE, "Caches", one.target)
    assert desk.sync()["Page"].check.result == "unchanged"
    desk.site.pages["/page"] = reply(PAGE.format(title="Caches", body=paragraphs("pipeline")), ETag='"2"')
    assert desk.sync()["Page"].check.updated == 1
    (after,) = desk.documents
    assert after.id == before.id
    assert "pipeline" in desk.almanac.document(after.id).text
    assert "text/html" in desk.requests("/page")[0].headers["Accept"]


# Changes


def test_a_new_address_takes_the_documents_along_and_the_source_recovers(desk: Desk) -> None:
    one = desk.subscribe("/old", "Mine")
    desk.publish(1, 2, path="/old")
    desk.sync()
    ids = {info.id for info in desk.documents}
    desk.site.pages["/old"] = reply("no", 404)
    for _ in range(3):
        desk.sync()
    assert desk.almanac.sources.all()[0].state == "resting"
    desk.publish(1, 2, 3, path="/new")
    made = desk.almanac.sources.change(one.key, target=f"{desk.site.base}/new")
    assert desk.almanac.sources.all()[0].state == "new"
    assert desk.sync()["Mine"].check.added == 1
    assert ids < {info.id for info in desk.documents}
    assert {info.source for info in desk.documents} == {made.target}
    assert desk.almanac.sources.all()[0].documents == 3


def test_another_name_or_pace_keeps_what_is_known(desk: Desk) -> None:
    one = desk.subscribe()
    desk.publish(1)
    desk.sync()
    desk.almanac.sources.change(one.key, name="Renamed", every=48.0)
    (standing,) = desk.almanac.sources.all()
    assert (standing.subscription.name, standing.state, standing.documents) == ("Renamed", "fine", 1)
    desk.sync()
    assert standing.check.next_at < desk.check(one).next_at


def test_going_on_after_a_pause_lifts_the_rest_and_the_muting_but_not_the_servers_wish(desk: Desk) -> None:
    one = desk.subscribe()
    sources = desk.almanac.sources
    desk.site.pages["/feed"] = reply("gone", 410)
    desk.sync()
    sources.pause(one.key)
    assert sources.all()[0].state == "paused"
    desk.publish(1)
    sources.pause(one.key, paused=False)
    assert desk.sync(due=True)[one.name].check.result == "ok"
    desk.site.pages["/feed"] = reply("slow", 429, Retry_After="3600")
    desk.sync()
    sources.pause(one.key, paused=False)
    assert "left alone" in desk.sync()[one.name].skipped


@pytest.mark.parametrize("keep", [True, False])
def test_removing_keeps_or_drops_the_documents(desk: Desk, keep: bool) -> None:
    one = desk.subscribe()
    desk.publish(1, 2)
    desk.sync()
    assert desk.almanac.sources.remove(one.key, keep_documents=keep) == (0 if keep else 2)
    assert len(desk.documents) == (2 if keep else 0)
    assert desk.almanac.sources.all() == []
    assert desk.check(one).checked_at == ""
    with pytest.raises(DocumentNotFound):
        desk.almanac.sources.remove(one.key)


def test_a_subscription_that_never_brought_anything_can_be_removed_with_its_documents(desk: Desk) -> None:
    one = desk.subscribe("/none")
    desk.sync()
    assert desk.almanac.sources.remove(one.key, keep_documents=False) == 0


def test_trying_out_shows_what_would_come_and_writes_nothing(desk: Desk) -> None:
    one = desk.subscribe()
    desk.publish(1, 2)
    preview = desk.almanac.sources.try_out(one)
    assert [document.title for document in preview.parsed.documents] == ["Post number 2", "Post number 1"]
    assert (desk.documents, desk.check(one).checked_at) == ([], "")
    desk.sync()
    desk.publish(1, 2, 3)
    again = desk.almanac.sources.try_out(one)
    assert [document.id in again.known for document in again.parsed.documents] == [False, True, True]
    desk.site.pages["/feed"] = reply("<html>hello</html>")
    with pytest.raises(SourceError, match="HTML page"):
        desk.almanac.sources.try_out(one)


def test_the_starter_offers_and_takes_nothing_by_itself(desk: Desk) -> None:
    sources = desk.almanac.sources
    assert desk.sync() == {}
    assert not sources.file.path.exists(), "nothing is subscribed to without the reader's word"
    offered = sources.offered()
    assert len(offered) > 20
    sources.accept_starter([offered[0].key, offered[-1].key])
    assert [one.name for one in sources.file.read().entries] == [offered[0].name, offered[-1].name]
    assert len(sources.offered()) == len(offered) - 2
    sources.accept_starter()
    assert sources.offered() == []


def test_the_whole_starter_comes_with_its_comments(desk: Desk) -> None:
    desk.almanac.sources.accept_starter()
    assert desk.almanac.sources.file.path.read_bytes() == STARTER.read_bytes()


def test_a_site_is_searched_for_its_feeds(desk: Desk) -> None:
    desk.site.pages["/"] = reply('<html><link rel="alternate" type="application/rss+xml" href="/feed"></html>')
    desk.publish(1, 2)
    (found,), _ = desk.almanac.sources.discover(desk.site.base)
    assert (found.title, found.entries) == ("A blog", 2)


def test_how_many_come_a_month_is_told(desk: Desk) -> None:
    desk.subscribe()
    now = desk.clock()
    dates = [(now - timedelta(days=30 * n)).date().isoformat() for n in range(6)]
    items = "".join(
        f"<item><title>P{n}</title><guid>{n}</guid><pubDate>{day}</pubDate></item>" for n, day in enumerate(dates)
    )
    desk.site.pages["/feed"] = reply(f"<rss version='2.0'><channel>{items}</channel></rss>")
    desk.sync()
    assert 1.0 <= desk.almanac.sources.all()[0].monthly <= 1.3
