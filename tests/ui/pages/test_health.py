"""The health page: counts, what failed and how to mend it, the state of semantic search."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from almanac import Almanac
from almanac.subscriptions import make_subscription
from kb.types import Kind
from tests.ui.conftest import Reading, shown

PAGE = "ui/pages/health.py"


def at(app: AppTest) -> Reading:
    app.run()
    app.switch_page(PAGE).run()
    assert not app.exception
    return Reading(shown(app))


def test_it_counts_and_checks(app: AppTest, almanac: Almanac) -> None:
    read = at(app)
    counts = almanac.overview.counts()
    for words in (
        f"Passages{counts['chunks']:,}",
        "setting EMBEDDER is none",
        "database",
        "none are, by the setting EMBEDDER",
    ):
        assert words in read.text
    assert str(almanac.settings.home) in read.text


def test_a_failed_source_stands_there_with_its_remedy(app: AppTest, almanac: Almanac, tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_bytes(Path(__file__).parents[2].joinpath("data", "posts.rss").read_bytes())
    assert next(almanac.ingest([feed])).status == "ok"
    feed.unlink()
    assert next(almanac.ingest([feed])).status == "failed"
    read = at(app)
    assert "feed.xml" in read.text
    assert "cannot be read" in read.text
    assert "Check the path" in read.text


def test_each_subscription_stands_there_with_success_error_and_next_check(app: AppTest, almanac: Almanac) -> None:
    bad = make_subscription(name="Bad <i>feed</i>", kind=Kind.RSS, target="http://127.0.0.1:9/feed")
    almanac.sources.add([bad, make_subscription(name="New", kind=Kind.RSS, target="http://127.0.0.1:9/other")])
    list(almanac.sources.sync([bad.key]))
    read = at(app)
    assert "Sources that need attention" in read.text
    assert "no web server is asked at port 9" in read.text
    assert "1 failing, 1 new" in read.text
    assert "Bad <i>feed</i>" in read.text
    assert "/sources?id=rss%3Ahttp%3A%2F%2F127.0.0.1%3A9%2Ffeed" in read.addresses


def test_what_was_left_out_and_what_is_shown_once_is_said_with_the_reason(
    app: AppTest, almanac: Almanac, tmp_path: Path
) -> None:
    twice = "<item><title>A</title><guid>1</guid><description>Same.</description></item>" * 3
    (tmp_path / "twice.xml").write_text(f"<rss version='2.0'><channel>{twice}</channel></rss>", encoding="utf-8")
    data = Path(__file__).parents[2] / "data" / "arxiv_api.xml"
    (tmp_path / "again.xml").write_text(data.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    list(almanac.ingest([tmp_path / "twice.xml", tmp_path / "again.xml"]))
    read = at(app)
    assert "2 left out" in read.text
    assert "word for word" in read.text
    assert "the same arXiv number, whatever the version" in read.text
