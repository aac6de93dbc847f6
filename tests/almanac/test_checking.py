"""almanac.checking: feeds over time. Nothing lost, nothing doubled, no date invented, every failure named."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from ingest.fetch import Fetcher
from kb.store.subscriptions import held_by
from tests.almanac.sites import Desk, Post, open_desk, posts, rss, with_validators
from tests.fakes import FixedClock
from tests.ingest.test_fetch import PUBLIC, FakeNetwork
from tests.peers import Request, chunked, endless, endless_headers, raw, redirect, reply, reset, short, zipped


@pytest.fixture
def desk(home: Path, clock: FixedClock) -> Iterator[Desk]:
    with open_desk(home, clock) as made:
        yield made


# What came, and when it is looked at again


def test_new_posts_come_and_what_slid_out_of_the_window_stays(desk: Desk) -> None:
    one = desk.subscribe()
    desk.publish(1, 2, 3)
    first = desk.sync()[one.name]
    assert first.outcome is not None
    assert (first.outcome.status, first.outcome.counts.added) == ("ok", 3)
    desk.publish(3, 4, 5)
    second = desk.sync()[one.name]
    assert second.outcome is not None
    assert (second.outcome.counts.added, second.outcome.counts.unchanged, second.outcome.counts.removed) == (2, 1, 0)
    assert desk.titles == [f"Post number {n}" for n in range(1, 6)]


def test_nothing_new_differs_from_failed(desk: Desk) -> None:
    one = desk.subscribe()
    desk.publish(1)
    desk.sync()
    came = desk.check(one)
    desk.clock.advance(hours=2)
    quiet = desk.sync()[one.name]
    assert quiet.outcome is not None
    assert quiet.outcome.status == quiet.check.result == "unchanged"
    assert quiet.check.succeeded_at > came.succeeded_at
    assert quiet.check.changed_at == came.changed_at
    desk.site.pages["/feed"] = reply("down", 500)
    desk.clock.advance(hours=2)
    failed = desk.sync()[one.name]
    assert failed.outcome is not None
    assert (failed.outcome.status, failed.check.cause, failed.check.errors) == ("failed", "http-500", 1)
    assert failed.check.succeeded_at == quiet.check.succeeded_at
    assert failed.outcome.error
    assert failed.outcome.hint
    assert desk.titles == ["Post number 1"], "what was there stays"


def test_an_edited_post_is_replaced_in_place(desk: Desk) -> None:
    one = desk.subscribe()
    desk.publish(1)
    desk.sync()
    (before,) = desk.documents
    desk.site.pages["/feed"] = reply(rss(desk.site.base, [Post(1, text="The measure was wrong; it is 12.")]))
    assert desk.sync()[one.name].check.updated == 1
    (after,) = desk.documents
    assert after.id == before.id
    assert after.added == before.added
    assert "it is 12" in desk.almanac.document(after.id).text


def test_a_post_that_the_reader_removed_stays_out_under_its_old_guid_and_a_new_one(desk: Desk) -> None:
    desk.subscribe()
    desk.publish(1, 2)
    desk.sync()
    gone = next(info for info in desk.documents if info.title == "Post number 1")
    desk.almanac.remove_document(gone.id)
    desk.publish(1, 2, 3)
    desk.sync()
    assert desk.titles == ["Post number 2", "Post number 3"]
    desk.site.pages["/feed"] = reply(rss(desk.site.base, [Post(1, guid="brand-new"), *posts(2, 3, 4)]))
    desk.sync()
    assert desk.titles == ["Post number 2", "Post number 3", "Post number 4"]
    desk.almanac.restore(gone.id)
    desk.sync()
    assert "Post number 1" in desk.titles


@pytest.mark.parametrize(
    ("headers", "head", "hours"),
    [
        ({}, "", 1),
        ({"Cache_Control": "max-age=10800"}, "", 3),
        ({"Cache_Control": "max-age=60"}, "<ttl>120</ttl>", 2),
        ({}, "<sy:updatePeriod>weekly</sy:updatePeriod>", 24),
        ({"Cache_Control": "max-age=31536000"}, "", 24),
        ({"Cache_Control": "no-store"}, "<ttl>5</ttl>", 1),
    ],
)
def test_the_next_check_is_as_late_as_anybody_asks_a_day_at_most(
    desk: Desk, headers: dict[str, str], head: str, hours: float
) -> None:
    one = desk.subscribe()
    desk.site.pages["/feed"] = reply(rss(desk.site.base, posts(1), head), **headers)
    now = desk.clock()
    desk.sync()
    assert datetime.fromisoformat(desk.check(one).next_at) == now + timedelta(hours=hours)
    assert desk.sync(due=True)[one.name].skipped.startswith("not due before")
    desk.clock.advance(hours=hours)
    assert desk.sync(due=True)[one.name].outcome is not None
    assert datetime.fromisoformat(desk.check(one).next_at) == desk.clock() + timedelta(hours=hours), "kept after a 200"


def test_a_feeds_own_pace_is_kept_over_a_304(desk: Desk) -> None:
    one = desk.subscribe()
    body = rss(desk.site.base, posts(1), "<ttl>300</ttl>")
    desk.site.pages["/feed"] = with_validators(body, etag='"a"')
    desk.sync()
    desk.sync()
    assert desk.check(one).result == "unchanged"
    assert datetime.fromisoformat(desk.check(one).next_at) == desk.clock() + timedelta(hours=5)


# Conditional requests


@pytest.mark.parametrize("etag", ['"abc"', 'W/"abc"', "abc", '"a, b"', '"' + "x" * 300 + '"'])
def test_validators_go_back_byte_for_byte(desk: Desk, etag: str) -> None:
    desk.subscribe()
    odd = "Sun, 6 Nov 1994 8:49:37 GMT"
    desk.site.pages["/feed"] = with_validators(rss(desk.site.base, posts(1)), etag=etag, last_modified=odd)
    desk.sync()
    desk.sync()
    first, second = desk.requests()
    assert "If-None-Match" not in first.headers
    assert second.headers["If-None-Match"] == etag
    assert second.headers["If-Modified-Since"] == odd


def test_a_304_may_bring_new_validators(desk: Desk) -> None:
    one = desk.subscribe()
    desk.site.pages["/feed"] = with_validators(rss(desk.site.base, posts(1)), etag='"1"')
    desk.sync()
    desk.site.pages["/feed"] = reply("", 304, ETag='"2"', Last_Modified="Tue, 01 Jan 2030 00:00:00 GMT")
    desk.sync()
    assert (desk.check(one).etag, desk.check(one).last_modified) == ('"2"', "Tue, 01 Jan 2030 00:00:00 GMT")
    desk.site.pages["/feed"] = reply("", 304)
    desk.sync()
    assert desk.requests()[-1].headers["If-None-Match"] == '"2"'
    assert desk.check(one).etag == '"2"', "what a 304 does not mention stays"


def test_a_failure_keeps_the_validators(desk: Desk) -> None:
    desk.subscribe()
    whole = with_validators(rss(desk.site.base, posts(1)), etag='"1"')
    desk.site.pages["/feed"] = whole
    desk.sync()
    desk.site.pages["/feed"] = reply("down", 503)
    desk.sync()
    desk.site.pages["/feed"] = whole
    desk.sync()
    assert desk.requests()[-1].headers["If-None-Match"] == '"1"'


def test_validators_are_lost_with_entries_that_could_not_be_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = desk.subscribe()
    desk.site.pages["/feed"] = with_validators(rss(desk.site.base, posts(1)), etag='"1"')

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("almanac.checking.save_check", die)
        with pytest.raises(KeyboardInterrupt):
            desk.sync()
    assert desk.titles == [], "entries and validators are one transaction"
    assert desk.check(one).etag == ""
    desk.sync()
    assert "If-None-Match" not in desk.requests()[-1].headers
    assert desk.titles == ["Post number 1"]


def test_a_restored_or_removed_source_is_asked_without_condition(desk: Desk) -> None:
    one = desk.subscribe()
    desk.site.pages["/feed"] = with_validators(rss(desk.site.base, posts(1)), etag='"1"')
    desk.sync()
    desk.almanac.remove_source(one.target)
    assert desk.titles == []
    desk.sync()
    assert desk.titles == ["Post number 1"]


def test_half_a_feed_keeps_whole_entries_and_is_asked_for_as_a_whole_again(desk: Desk) -> None:
    one = desk.subscribe()
    body = rss(desk.site.base, posts(1, 2, 3))
    half = body[: body.index("Post number 1<") + 6]
    desk.site.pages["/feed"] = with_validators(half, etag='"1"')
    partly = desk.sync()[one.name]
    assert desk.titles == ["Post number 2", "Post number 3"]
    assert partly.check.result == "partial"
    assert any("ends early" in warning for warning in partly.check.warnings)
    desk.site.pages["/feed"] = with_validators(body, etag='"1"')
    desk.sync()
    assert "If-None-Match" not in desk.requests()[-1].headers
    assert desk.titles == [f"Post number {n}" for n in (1, 2, 3)]


def test_a_feed_cut_between_two_entries_is_half_a_feed_too(desk: Desk) -> None:
    one = desk.subscribe()
    body = rss(desk.site.base, posts(1, 2, 3))
    half = body[: body.rindex("<item>")]
    desk.site.pages["/feed"] = with_validators(half, etag='"1"')
    partly = desk.sync()[one.name]
    assert partly.outcome is not None
    assert (partly.check.result, partly.outcome.status, partly.check.etag) == ("partial", "partial", "")
    assert desk.titles == ["Post number 2", "Post number 3"]
    desk.site.pages["/feed"] = with_validators(body, etag='"1"')
    assert desk.sync()[one.name].check.result == "ok"
    assert desk.titles == [f"Post number {n}" for n in (1, 2, 3)]


# Identity


def test_changed_guids_double_nothing_and_lose_nothing(desk: Desk) -> None:
    one = desk.subscribe()
    desk.publish(*range(1, 11))
    desk.sync()
    before = {info.title: info.id for info in desk.documents}
    renamed = [Post(post.number, guid=f"https://new.example/?p={post.number}") for post in posts(*range(4, 14))]
    desk.site.pages["/feed"] = reply(rss(desk.site.base, renamed))
    checked = desk.sync()[one.name]
    assert Counter(desk.titles) == {f"Post number {n}": 1 for n in range(1, 14)}
    assert before == {info.title: info.id for info in desk.documents if info.title in before}
    assert any("7 entries came under a new GUID" in warning for warning in checked.check.warnings)
    assert checked.check.added == 3
    again = desk.sync()[one.name]
    assert again.check.result == "unchanged"


def test_one_guid_for_all_posts_loses_none_over_time(desk: Desk) -> None:
    one = desk.subscribe()
    for window in ((1,), (2, 1), (3, 2), (5,)):
        feed = [Post(number, guid="always-the-same") for number in window]
        desk.site.pages["/feed"] = reply(rss(desk.site.base, feed))
        desk.sync()
    assert desk.titles == [f"Post number {n}" for n in (1, 2, 3, 5)]
    assert any("GUID" in warning for warning in desk.check(one).warnings)


FAULTS: dict[str, dict[str, object]] = {
    "none": {},
    "no guid": {"guid": ""},
    "one guid": {"guid": "same"},
    "one address": {"guid": "", "link": "/"},
    "neither": {"guid": "", "link": ""},
    "one title": {"title": "Weekly", "guid": ""},
    "one title, one guid": {"title": "Weekly", "guid": "same"},
    "changing guids": {},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_post_of_any_history_is_there_once(desk: Desk, fault: str) -> None:
    chance = random.Random(fault)
    words = "cache page batch token stage shard weight gradient scale tile warp kernel queue".split()
    texts = {n: " ".join(chance.choices(words, k=60)) + f" in case {n}." for n in range(1, 30)}
    desk.subscribe()
    newest, published = 3, set()
    for step in range(6):
        window = range(newest, max(0, newest - 4), -1)
        published |= {texts[n] for n in window}
        feed = []
        for n in window:
            given = {"title": f"Post {n}", "text": texts[n], **FAULTS[fault]}
            if fault == "changing guids":
                given["guid"] = f"{step}-{n}"
            feed.append(Post(n, **given))  # type: ignore[arg-type]
        desk.site.pages["/feed"] = reply(rss(desk.site.base, feed))
        desk.sync()
        newest += chance.choice((0, 1, 2, 3))
    assert Counter(desk.almanac.document(info.id).text for info in desk.documents) == Counter(published)


def test_posts_without_guid_under_one_address_and_one_title_lose_none_over_time(desk: Desk) -> None:
    desk.subscribe()
    weeks = {
        n: Post(n, guid="", link="/", title="Weekly", text=f"Week {n} measures {n * 17} pages.") for n in range(1, 6)
    }
    for window in ((2, 1), (3, 2), (4, 3), (5, 4)):
        desk.site.pages["/feed"] = reply(rss(desk.site.base, [weeks[n] for n in window]))
        desk.sync()
    assert sorted(desk.almanac.document(info.id).text for info in desk.documents) == [
        f"Week {n} measures {n * 17} pages." for n in range(1, 6)
    ]
    again = desk.sync()
    assert {one.check.result for one in again.values()} == {"unchanged"}


def test_a_feed_of_arxiv_brings_papers_each_once_and_in_its_own_quarter(desk: Desk) -> None:
    def listed(*papers: tuple[str, str]) -> str:
        items = "".join(
            f"<item><title>On {number[:10]}</title><link>https://arxiv.org/abs/{number[:10]}</link>"
            f"<description>arXiv:{number} Announce Type: {kind} \nAbstract: What {number[:10]} measures.</description>"
            f'<guid isPermaLink="false">oai:arXiv.org:{number}</guid>'
            "<pubDate>Tue, 07 May 2024 00:00:00 -0400</pubDate></item>"
            for number, kind in papers
        )
        return (
            '<rss xmlns:arxiv="http://arxiv.org/schemas/atom" version="2.0"><channel><title>cs.DC</title>'
            f"<link>http://rss.arxiv.org/rss/cs.DC</link>{items}</channel></rss>"
        )

    one = desk.subscribe()
    desk.site.pages["/feed"] = reply(listed(("2405.01001v1", "new"), ("2309.06180v3", "replace")))
    assert desk.sync()[one.name].check.added == 2
    assert {info.id: info.quarter for info in desk.documents} == {
        "arxiv:2405.01001": "2024-Q2",
        "arxiv:2309.06180": "2023-Q3",
    }
    desk.site.pages["/feed"] = reply(listed(("2405.01001v2", "replace"), ("2405.02002v1", "new")))
    assert desk.sync()[one.name].check.added == 1
    assert len(desk.documents) == 3
    desk.site.pages["/feed"] = reply(listed())
    assert desk.sync()[one.name].check.result == "unchanged", "weekends bring nothing"
    assert len(desk.documents) == 3
    cut = listed(("2405.03003v1", "new"), ("2405.04004v1", "new"))
    desk.site.pages["/feed"] = with_validators(cut[: cut.index("On 2405.04004")], etag='"1"')
    assert desk.sync()[one.name].check.result == "partial"
    desk.site.pages["/feed"] = with_validators(cut, etag='"1"')
    assert desk.sync()[one.name].check.added == 1
    assert len(desk.documents) == 5


def test_neither_guid_nor_link_are_needed(desk: Desk) -> None:
    desk.subscribe()
    bare = [Post(number, guid="", link="") for number in (1, 2)]
    desk.site.pages["/feed"] = reply(rss(desk.site.base, bare))
    desk.sync()
    desk.site.pages["/feed"] = reply(rss(desk.site.base, [Post(3, guid="", link=""), *bare]))
    desk.sync()
    assert desk.titles == [f"Post number {n}" for n in (1, 2, 3)]


def test_a_feed_that_changes_what_it_says_of_itself_keeps_its_ids(desk: Desk) -> None:
    desk.subscribe()
    desk.publish(1)
    desk.sync()
    (before,) = desk.documents
    head = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="https://cdn.example/feed"/>'
    desk.site.pages["/feed"] = reply(
        rss("https://elsewhere.example", [Post(1, link="https://elsewhere.example/posts/1")], head)
    )
    desk.sync()
    assert [info.id for info in desk.documents] == [before.id]


def test_two_addresses_of_one_feed_hold_each_post_once(desk: Desk) -> None:
    desk.publish(1, 2)
    desk.site.pages["/feed?all"] = desk.site.pages["/feed"]
    desk.subscribe("/feed")
    second = desk.subscribe("/feed?all")
    desk.sync()
    assert desk.titles == ["Post number 1", "Post number 2"]
    desk.almanac.sources.remove(second.key, keep_documents=False)
    assert desk.titles == ["Post number 1", "Post number 2"], "the other source still has them"


# Dates


@pytest.mark.parametrize(
    ("raw", "published", "quarter"),
    [
        ("2023年4月7日", "2023-04-07", "2023-Q2"),
        ("２０２３年４月７日", "2023-04-07", "2023-Q2"),
        ("二〇二三年四月七日", "2023-04-07", "2023-Q2"),
        ("2023年12月31日 23:30", "2023-12-31T23:30", "2023-Q4"),
        ("2023年3月31日 下午11:30", "2023-03-31T23:30", "2023-Q1"),
        ("2023/04/07", "2023-04-07", "2023-Q2"),
        ("2023.04.07", "2023-04-07", "2023-Q2"),
        ("Fri, 31 Mar 2023 23:30:00 -0500", "2023-03-31T23:30:00-05:00", "2023-Q1"),
        ("Sat, 01 Apr 2023 00:30:00 +0800", "2023-04-01T00:30:00+08:00", "2023-Q2"),
        ("Fri, 31 Mar 2023 23:30:00 CST", "2023-03-31T23:30:00", "2023-Q1"),
        ("31 March 2023", "2023-03-31", "2023-Q1"),
        ("March 31, 2023", "2023-03-31", "2023-Q1"),
        ("2023-03-31T23:30:00Z", "2023-03-31T23:30:00Z", "2023-Q1"),
        ("2023-04", "2023-04", "2023-Q2"),
        ("2023", "2023", ""),
        ("04/07/2023", "2023", ""),
        ("1680861600", "", ""),
        ("0001-01-01T00:00:00Z", "", ""),
        ("2099-01-01", "", ""),
        ("31 Feb 2023", "", ""),
        ("yesterday", "", ""),
        ("", "", ""),
    ],
)
def test_no_post_lands_in_a_wrong_quarter(desk: Desk, raw: str, published: str, quarter: str) -> None:
    desk.subscribe()
    desk.site.pages["/feed"] = reply(rss(desk.site.base, [Post(1, date=raw)]).encode())
    desk.sync()
    (info,) = desk.documents
    assert (info.published, info.quarter) == (published, quarter)


# Failures, each by its name


@pytest.mark.parametrize(
    ("act", "cause", "words"),
    [
        (reply("<html><body>Sign in</body></html>"), "content", "HTML page"),
        (reply("just words"), "content", "not a feed"),
        (reply("<opml><body/></opml>"), "content", "not a feed"),
        (reply('<!DOCTYPE r [<!ENTITY a "b">]><rss>&a;</rss>'), "content", "entities"),
        (reply(b"\x89PNG\r\n\x1a\n" + b"\x00" * 90), "content", "PNG"),
        (reply(""), "empty", "nothing at all"),
        (reply("no", 404), "http-404", "404"),
        (reply("no", 403), "http-403", "403"),
        (reply("no", 401), "http-401", "401"),
        (reply("no", 500), "http-500", "500"),
        (reset, "reset", ""),
        (short, "reset", ""),
        (redirect("/bad"), "redirect-loop", "circle"),
        (redirect("ftp://x.example/"), "address", "http"),
        (reply(b"<rss>" + b" " * 400_000), "too-large", "MAX_BODY"),
        (zipped("<rss>" + " " * 30_000_000), "too-large", "MAX_BODY"),
        (endless, "too-large", "MAX_BODY"),
        (endless_headers, "protocol", "no HTTP"),
        (raw(b"220 mail.example ESMTP\r\n\r\n"), "protocol", "no HTTP"),
        (reply("<rss/>", Content_Encoding="gzip"), "encoding", "gzip"),
        (chunked(b"<rss>", whole=False), "reset", ""),
        (reply(rss("", posts(1)), Content_Length="30"), "content", "not a feed"),
        (reply("<title>Just a moment...</title>", 403), "bot-challenge", "a person"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_failure_is_named_with_a_remedy_and_harms_nothing(
    home: Path, clock: FixedClock, act: object, cause: str, words: str
) -> None:
    with open_desk(home, clock, max_body=200_000) as desk:
        bad, good = desk.subscribe("/bad"), desk.subscribe("/good")
        desk.publish(1, 2, path="/bad")
        desk.publish(3, path="/good")
        desk.sync()
        desk.site.pages["/bad"] = act  # type: ignore[assignment]
        desk.publish(3, 4, path="/good")
        found = desk.sync()
        check = found[bad.name].check
        assert (check.result, check.cause) == ("failed", cause)
        assert words in f"{check.error} {check.hint}"
        assert check.hint
        assert found[good.name].check.added == 1
        assert desk.titles == [f"Post number {n}" for n in (1, 2, 3, 4)]


def test_peers_that_stall_or_drip_end_in_time_and_hold_nobody_up(home: Path, clock: FixedClock) -> None:
    over = threading.Event()

    def stall(request: Request) -> None:
        over.wait(30)

    def trickle(request: Request) -> None:
        request.handler.send_response(200)
        request.handler.end_headers()
        while not over.wait(0.1):
            request.handler.wfile.write(b" ")

    with open_desk(home, clock, http_timeout=1.0) as desk:
        for name, act in (("stalls", stall), ("trickles", trickle)):
            desk.subscribe(f"http://localhost:{desk.site.port}/{name}", name)
            desk.site.pages[f"/{name}"] = act
        good = desk.subscribe("/good")
        desk.publish(1, path="/good")
        found = desk.sync()
        over.set()
        assert {name: found[name].check.cause for name in ("stalls", "trickles")} == dict.fromkeys(
            ("stalls", "trickles"), "timeout"
        )
        assert "sent nothing for 1 seconds" in found["stalls"].check.error
        assert "did not finish its answer in time" in found["trickles"].check.error
        assert found[good.name].check.added == 1


@pytest.mark.parametrize(
    "kind", ["image/png", "text/html", "application/octet-stream", "text/plain; charset=koi8-r", ""]
)
def test_a_lying_type_is_not_believed(desk: Desk, kind: str) -> None:
    one = desk.subscribe()
    desk.site.pages["/feed"] = reply(rss(desk.site.base, [Post(1, title="缓存")]).encode(), Content_Type=kind)
    assert desk.sync()[one.name].check.result == "ok"
    assert desk.titles == ["缓存"]


@pytest.mark.parametrize("encoding", ["gbk", "big5", "utf-16"])
def test_a_wrong_charset_garbles_nothing(desk: Desk, encoding: str) -> None:
    one = desk.subscribe()
    words = {"gbk": "显存的优化方法：把中间结果分成小块来算", "big5": "顯存的優化方法：把中間結果分成小塊來算"}
    text = words.get(encoding, words["gbk"])
    body = rss(desk.site.base, [Post(1, title=text, text=text, date="2023年4月7日")])
    body = body.replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>')
    desk.site.pages["/feed"] = reply(body.encode(encoding), Content_Type="text/xml; charset=iso-8859-1")
    assert desk.sync()[one.name].check.result == "ok"
    (info,) = desk.documents
    assert (info.title, info.published, info.quarter) == (text, "2023-04-07", "2023-Q2")
    assert desk.almanac.document(info.id).text == text


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1/feed", "http://[::1]/feed", "http://[::ffff:10.0.0.1]/feed", "http://[64:ff9b::a9fe:a9fe]/feed",
     "http://169.254.169.254/latest/meta-data/", "http://inside.example/feed", "http://changing.example/feed"],
)  # fmt: skip
def test_no_redirect_leads_into_the_own_network(home: Path, clock: FixedClock, target: str) -> None:
    with open_desk(home, clock, allow_private_hosts=False) as desk:
        names = {"inside.example": [["192.168.1.1"]], "changing.example": [["8.8.8.8"], ["127.0.0.1"]]}
        fake = FakeNetwork(desk.site.port, names)
        desk.almanac.fetcher = Fetcher(desk.almanac.settings, network=fake.network(), sleep=lambda _: None)
        bad, good = desk.subscribe("http://outside.example/bad"), desk.subscribe("http://outside.example/good")
        desk.site.pages["/bad"] = redirect(target)
        # The name that changes its mind has a public address for the first of its hops only.
        desk.site.pages["/feed"] = redirect("/again")
        desk.publish(9, path="/again")
        desk.publish(1, path="/good")
        found = desk.sync()
        assert (found[bad.name].check.cause, found[good.name].check.result) == ("private-address", "ok")
        assert "open internet" in found[bad.name].check.error
        assert desk.titles == ["Post number 1"]
        assert {address for address, _ in fake.connected} <= {PUBLIC, "8.8.8.8"}
        assert not desk.requests("/again")


def test_an_empty_feed_is_no_failure_and_takes_nothing_away(desk: Desk) -> None:
    one = desk.subscribe()
    desk.publish(1)
    desk.sync()
    desk.publish()
    checked = desk.sync()[one.name]
    assert checked.check.result == "unchanged"
    assert checked.check.warnings == ("The feed holds no entries.",)
    assert desk.titles == ["Post number 1"]


def test_a_page_where_a_feed_was_says_where_the_feed_is(desk: Desk) -> None:
    one = desk.subscribe()
    desk.site.pages["/feed"] = reply('<html><link rel="alternate" type="application/rss+xml" href="/new.xml">')
    check = desk.sync()[one.name].check
    assert f"{desk.site.base}/new.xml" in check.hint


def test_failures_rest_longer_and_success_ends_the_rest(desk: Desk) -> None:
    one = desk.subscribe()
    desk.site.pages["/feed"] = reply("down", 500)
    pauses = []
    for _ in range(4):
        now = desk.clock()
        check = desk.sync()[one.name].check
        pauses.append((datetime.fromisoformat(check.next_at) - now).total_seconds() / 3600)
        desk.clock.advance(days=2)
    assert 1 <= pauses[0] <= 2
    assert 2 <= pauses[1] <= 4
    assert pauses[2:] == [24, 24]
    (standing,) = desk.almanac.sources.all()
    assert (standing.state, standing.check.errors) == ("resting", 4)
    desk.publish(1)
    check = desk.sync(due=True)[one.name].check
    assert (check.errors, check.error, check.cause, check.result) == (0, "", "", "ok")
    assert desk.almanac.sources.all()[0].state == "fine"


def test_gone_for_good_mutes_until_the_reader_asks(desk: Desk) -> None:
    one = desk.subscribe()
    desk.site.pages["/feed"] = reply("gone", 410)
    check = desk.sync()[one.name].check
    assert check.muted
    assert "gone for good" in check.hint
    assert desk.almanac.sources.all()[0].state == "gone"
    desk.clock.advance(days=9)
    assert "gone for good" in desk.sync()[one.name].skipped
    assert len(desk.requests()) == 1
    desk.publish(1)
    assert desk.sync(one.name)[one.name].check.result == "ok", "asked for by name"
    assert desk.almanac.sources.all()[0].state == "fine"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_that_asks_for_a_pause_gets_it_whatever_the_reader_wants(desk: Desk, status: int, form: str) -> None:
    now = desk.clock()
    one = desk.subscribe()
    asked = "7200" if form == "seconds" else format_datetime(now + timedelta(hours=2), usegmt=True)
    desk.site.pages["/feed"] = reply("slow down", status, Retry_After=asked)
    check = desk.sync()[one.name].check
    assert datetime.fromisoformat(check.not_before) == now + timedelta(hours=2)
    assert check.next_at >= check.not_before
    assert "left alone until" in desk.sync(one.name)[one.name].skipped
    assert len(desk.requests()) == 1
    assert desk.almanac.sources.all()[0].state == "waiting"


# Moves


def permanent(desk: Desk, status: int = 301) -> None:
    desk.site.pages["/feed"] = redirect("/new", status)


@pytest.mark.parametrize("status", [301, 308])
def test_a_move_for_good_is_followed_the_second_time(desk: Desk, status: int) -> None:
    one = desk.subscribe()
    desk.publish(1)
    desk.sync()
    permanent(desk, status)
    desk.publish(1, 2, path="/new")
    desk.sync()
    assert desk.check(one).url == ""
    desk.sync()
    assert desk.check(one).url == f"{desk.site.base}/new"
    asked = len(desk.requests())
    desk.sync()
    assert len(desk.requests()) == asked, "the old address is left alone"
    assert desk.titles == ["Post number 1", "Post number 2"]
    assert one.target in desk.almanac.sources.file.path.read_text(encoding="utf-8"), "the reader's file stays"


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_move_for_a_time_is_never_kept(desk: Desk, status: int) -> None:
    one = desk.subscribe()
    permanent(desk, status)
    desk.publish(1, path="/new")
    for _ in range(3):
        desk.sync()
    assert (desk.check(one).url, desk.check(one).moving_to) == ("", "")


def test_one_hop_for_a_time_spoils_the_chain(desk: Desk) -> None:
    one = desk.subscribe()
    permanent(desk)
    desk.site.pages["/new"] = redirect("/newer", 302)
    desk.publish(1, path="/newer")
    for _ in range(3):
        desk.sync()
    assert desk.check(one).url == ""


def test_a_move_that_is_taken_back_in_between_is_not_kept(desk: Desk) -> None:
    one = desk.subscribe()
    desk.publish(1, path="/new")
    for page in ("move", "stay", "move"):
        if page == "move":
            permanent(desk)
        else:
            desk.publish(1)
        desk.sync()
    assert desk.check(one).url == ""


def test_a_move_to_something_that_is_no_feed_is_not_kept(desk: Desk) -> None:
    one = desk.subscribe()
    permanent(desk)
    desk.site.pages["/new"] = reply("<html>parked</html>")
    for _ in range(3):
        desk.sync()
    assert (desk.check(one).url, desk.check(one).result) == ("", "failed")


def test_a_new_address_that_fails_for_good_leads_back_to_the_old_one(desk: Desk) -> None:
    one = desk.subscribe()
    permanent(desk)
    desk.publish(1, path="/new")
    desk.sync()
    desk.sync()
    assert desk.check(one).url
    desk.site.pages["/new"] = reply("gone", 410)
    assert desk.sync()[one.name].check.muted is False
    desk.publish(1, 2)
    assert desk.sync()[one.name].check.result == "ok"
    assert desk.titles == ["Post number 1", "Post number 2"]


def test_a_move_is_followed_over_304_as_well(desk: Desk) -> None:
    one = desk.subscribe()
    permanent(desk)
    desk.site.pages["/new"] = with_validators(rss(desk.site.base, posts(1)), etag='"n"')
    desk.sync()
    desk.sync()
    assert desk.check(one).url == f"{desk.site.base}/new"
    desk.sync()
    assert desk.check(one).result == "unchanged"
    assert desk.requests("/new")[-1].headers["If-None-Match"] == '"n"'


def test_validators_of_the_old_address_are_not_sent_to_the_new_one(desk: Desk) -> None:
    desk.subscribe()
    desk.site.pages["/feed"] = with_validators(rss(desk.site.base, posts(1)), etag='"old"')
    desk.sync()
    permanent(desk)
    desk.publish(1, 2, path="/new")
    desk.sync()
    assert "If-None-Match" not in desk.requests("/new")[0].headers
    assert desk.titles == ["Post number 1", "Post number 2"]


def test_relative_links_are_read_against_the_final_address(desk: Desk) -> None:
    desk.subscribe()
    permanent(desk)
    desk.site.pages["/new"] = redirect("/deep/down/feed.xml", 301)
    feed = rss(desk.site.base, [Post(1, link="", text="&lt;p&gt;See &lt;a href='../pic'&gt;it&lt;/a&gt;.&lt;/p&gt;")])
    desk.site.pages["/deep/down/feed.xml"] = reply(feed)
    desk.sync()
    (info,) = desk.documents
    assert [link.url for link in desk.almanac.document(info.id).links] == [f"{desk.site.base}/deep/pic"]


def test_what_a_parser_trips_over_is_that_feeds_fault_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = desk.subscribe("/bad"), desk.subscribe("/good")
    desk.publish(1, path="/bad")
    desk.publish(2, path="/good")
    read = __import__("ingest.rss", fromlist=["rss"]).parse_bytes

    def trip(data: bytes, **given: object) -> object:
        if b"number 1" in data:
            raise RecursionError("too deep")
        return read(data, **given)

    monkeypatch.setattr("ingest.rss.parse_bytes", trip)
    found = desk.sync()
    assert "RecursionError" in found[bad.name].check.error
    assert found[good.name].check.result == "ok"


def test_documents_are_those_of_the_subscription(desk: Desk) -> None:
    one = desk.subscribe(name="My / blog")
    desk.publish(1)
    desk.sync()
    assert [known.title for known in held_by(desk.almanac.store, one.location)] == ["Post number 1"]
    assert desk.almanac.search('source:"My - blog" cache').hits


def test_requests_say_who_asks(home: Path, clock: FixedClock) -> None:
    with open_desk(home, clock, contact="mailto:me@example.org") as desk:
        seen: list[Request] = []
        desk.subscribe()
        desk.site.otherwise = seen.append
        desk.sync()
        assert "me@example.org" in seen[0].headers["User-Agent"]
