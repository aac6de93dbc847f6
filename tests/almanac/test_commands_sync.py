"""The commands of subscriptions: sync, subscribe, subscriptions, opml; what scripts rely on, success and failure."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import almanac.models
from almanac.__main__ import main
from tests.almanac.sites import posts, rss
from tests.fakes import FakeEmbedder
from tests.peers import Peer, peer, reply

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(almanac.models, "load_embedder", lambda settings: FakeEmbedder())
    monkeypatch.setenv("ALMANAC_ALLOW_PRIVATE_HOSTS", "true")
    monkeypatch.setenv("ALMANAC_HOST_SPACING", "0")


@pytest.fixture
def site() -> Iterator[Peer]:
    with peer() as made:
        made.otherwise = reply("nothing here", 404)
        made.pages["/feed"] = reply(rss(made.base, posts(1, 2)))
        made.pages["/"] = reply('<html><link rel="alternate" type="application/rss+xml" href="/feed"></html>')
        yield made


def call(capsys: Capture, *argv: str) -> tuple[int, Any]:
    """Run a command and return its status and its JSON."""
    capsys.readouterr()
    status = main([*argv, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_from_the_address_of_a_site_to_its_posts(capsys: Capture, site: Peer) -> None:
    status, found = call(capsys, "subscribe", site.base, "--group", "ML", "--every", "6")
    assert status == 0
    (added,) = found["added"]
    assert (added["name"], added["target"], added["group"], added["every"]) == ("A blog", f"{site.base}/feed", "ML", 6)
    status, found = call(capsys, "sync")
    (outcome,) = found["outcomes"]
    assert status == 0
    assert (outcome["name"], outcome["source"], outcome["kind"]) == ("A blog", f"{site.base}/feed", "rss")
    assert (outcome["status"], outcome["documents"], outcome["added"]) == ("ok", 2, 2)
    assert call(capsys, "status")[1]["waiting"] == 0, "their vectors follow the round"
    assert outcome["next_check"]
    assert {"chunks", "updated", "removed", "skipped", "warnings"} <= outcome.keys()
    assert "error" not in outcome
    assert call(capsys, "sync", "--due")[1]["skipped"][0]["reason"].startswith("not due")
    assert call(capsys, "sync")[1]["outcomes"][0]["status"] == "unchanged"


def test_sync_says_in_words_what_came_and_what_failed(capsys: Capture, site: Peer) -> None:
    main(["subscribe", f"{site.base}/feed", "--name", "Good"])
    site.pages["/soon"] = reply(rss(site.base, posts(7)))
    main(["subscribe", f"{site.base}/soon", "--name", "Bad"])
    site.pages["/soon"] = reply("no", 404)
    capsys.readouterr()
    assert main(["sync"]) == 0
    shown = capsys.readouterr().out
    assert "new       Good: 2 added" in shown
    assert "failed    Bad" in shown
    assert "404 Not Found" in shown
    assert "2 checked: 2 new, 0 updated, 1 failed." in shown
    assert main(["sync", "Bad"]) == 1, "all that were asked failed"
    status, found = call(capsys, "sync", "Bad")
    assert (status, found["outcomes"][0]["cause"]) == (1, "http-404")
    assert "404" in found["outcomes"][0]["error"]
    assert main(["sync", "Nobody"]) == 1
    assert "Nobody" in capsys.readouterr().err


def test_sync_without_subscriptions_says_how_to_get_some(capsys: Capture) -> None:
    assert main(["sync"]) == 0
    assert "subscribe ADDRESS" in capsys.readouterr().out
    assert call(capsys, "sync")[1] == {"outcomes": [], "skipped": [], "problems": []}


def test_several_feeds_are_shown_to_choose_from(capsys: Capture, site: Peer) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="{}">'
    site.pages["/"] = reply(f"<html>{link.format('/feed')}{link.format('/other')}</html>")
    site.pages["/other"] = reply(rss(site.base, posts(3), title="Another"))
    status, found = call(capsys, "subscribe", site.base)
    assert (status, found["added"]) == (1, [])
    assert [feed["title"] for feed in found["found"]] == ["A blog", "Another"]
    assert main(["subscribe", site.base]) == 1
    assert "by its own address" in capsys.readouterr().out
    assert main(["subscribe", f"{site.base}/other"]) == 0


def test_other_kinds_and_what_makes_no_sense(capsys: Capture, site: Peer, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    assert call(capsys, "subscribe", str(tmp_path / "notes"))[1]["added"][0]["kind"] == "notes"
    assert call(capsys, "subscribe", "cat:cs.DC", "--kind", "arxiv")[1]["added"][0]["target"] == "cat:cs.DC"
    assert call(capsys, "subscribe", "example.org/list", "--kind", "page")[1]["added"][0]["target"].startswith("https:")
    assert main(["subscribe", f"{site.base}/feed"]) == 0
    assert main(["subscribe", f"{site.base}/feed"]) == 0
    assert "already" in capsys.readouterr().out
    for wrong in (["subscribe"], ["subscribe", "/none", "--kind", "notes"], ["subscribe", f"{site.base}/none"],
                  ["subscribe", "cat:cs.DC", "--kind", "arxiv", "--every", "0"]):  # fmt: skip
        assert main(wrong) == 1
        assert len(capsys.readouterr().err.splitlines()) == 2


def test_the_starter_comes_by_one_word(capsys: Capture) -> None:
    status, found = call(capsys, "subscribe", "--starter")
    assert status == 0
    assert len(found["added"]) > 20
    listed = call(capsys, "subscriptions")[1]["subscriptions"]
    assert {one["state"] for one in listed} == {"new", "paused"}


def test_subscriptions_are_listed_tested_paused_and_removed(capsys: Capture, site: Peer) -> None:
    main(["subscribe", f"{site.base}/feed", "--name", "Mine"])
    status, found = call(capsys, "subscriptions", "--test", "Mine")
    assert status == 0
    assert [(row["title"], row["new"]) for row in found["documents"]] == [
        ("Post number 2", True),
        ("Post number 1", True),
    ]
    main(["sync"])
    (one,) = call(capsys, "subscriptions")[1]["subscriptions"]
    assert (one["state"], one["documents"], one["errors"]) == ("fine", 2, 0)
    assert one["last_success"]
    assert one["next_check"]
    assert main(["subscriptions", "--test", "Mine"]) == 0
    assert "0 of them new; nothing was written" in capsys.readouterr().out
    assert call(capsys, "subscriptions", "--pause", "mine")[1] == {"name": "Mine", "enabled": False}
    assert call(capsys, "sync")[1]["skipped"][0]["reason"] == "paused"
    assert main(["subscriptions", "--resume", "Mine"]) == 0
    assert main(["subscriptions"]) == 0
    assert "2 documents" in capsys.readouterr().out
    assert call(capsys, "subscriptions", "--remove", "Mine", "--drop")[1] == {"name": "Mine", "removed": 2}
    assert main(["subscriptions", "--remove", "Mine"]) == 1


def test_lists_are_exchanged_with_feed_readers(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "in.opml"
    path.write_text(
        "<opml><body><outline text='ML'><outline text='A' xmlUrl='https://a.example/feed'/></outline>"
        "<outline text='Bad' xmlUrl='ftp://x'/><outline text='B' xmlUrl='https://b.example/feed'/></body></opml>"
    )
    status, found = call(capsys, "opml", "import", str(path))
    assert (status, found["added"]) == (0, 2)
    assert [(line["title"], line["result"]) for line in found["lines"]] == [
        ("A", "added"),
        ("Bad", "refused"),
        ("B", "added"),
    ]
    assert main(["opml", "import", str(path)]) == 0
    assert "known     A: you have it already" in capsys.readouterr().out
    main(["subscribe", "cat:cs.DC", "--kind", "arxiv"])
    assert call(capsys, "opml", "export", str(tmp_path / "out.opml"))[1]["left_out"] == 1
    assert call(capsys, "opml", "import", str(tmp_path / "out.opml"))[1]["added"] == 0
    assert "ML" in (tmp_path / "out.opml").read_text(encoding="utf-8")
    path.write_text("<html>no list</html>")
    assert main(["opml", "import", str(path)]) == 1
    assert "no OPML" in capsys.readouterr().err
    assert main(["opml", "export", str(tmp_path / "none" / "x.opml")]) == 1
