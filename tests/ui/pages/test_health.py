"""The health page: counts, what failed and how to mend it, the state of semantic search."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from almanac import Almanac
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
        "wait for the embedding model",
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
