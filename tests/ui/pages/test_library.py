"""The library page: what is there, adding by upload and path, progress and outcome, taking away."""

import threading
from pathlib import Path

from streamlit.testing.v1 import AppTest

from almanac import Almanac
from tests.ui.conftest import DATA, Reading, finish, given, shown, wait
from ui.forms import start_ingest
from ui.jobs import Job
from ui.state import prepare_library

PAGE = "ui/pages/library.py"


def at(app: AppTest, **parameters: str) -> Reading:
    app.run()
    for name, value in parameters.items():
        app.query_params[name] = value
    app.switch_page(PAGE).run()
    assert not app.exception
    return Reading(shown(app))


def test_it_shows_what_is_there_by_kind_topic_and_quarter(app: AppTest) -> None:
    read = at(app)
    assert "newest first" in read.text
    assert "Paging the Cache & Other Tricks" in read.text
    assert "/library?kind=notes" in read.addresses
    assert "/library?topic=serving" in read.addresses
    assert len(app.get("vega_lite_chart")) == 1


def test_the_list_is_narrowed_by_the_address(app: AppTest) -> None:
    read = at(app, kind="rss", text="pipelines")
    assert "Deeper pipelines" in read.text
    assert "Paging the Cache" not in read.text
    assert app.get("vega_lite_chart") == []
    assert "clear filters" in read.text


def test_the_list_is_narrowed_by_hand(app: AppTest) -> None:
    app.session_state["al_shelf_filters"] = True
    at(app)
    app.selectbox(key="al_kind").set_value("rss").run()
    assert given(app, "kind") == ["rss"]
    app.selectbox(key="al_quarter").set_value("2023-Q3").run()
    assert "1–1 of 1" in Reading(shown(app)).text


def test_the_works_that_documents_name_are_listed(app: AppTest) -> None:
    read = at(app, view="works")
    assert "not in the library" in read.text
    assert "/work?kind=arxiv&key=2104.04473" in read.addresses


def test_a_filter_that_leaves_nothing_offers_everything(app: AppTest) -> None:
    read = at(app, text="xyzzy")
    assert "No documents here" in read.text
    assert "Show everything" in read.text


def test_a_file_is_uploaded_and_its_outcome_told(app: AppTest, almanac: Almanac) -> None:
    at(app, view="add")
    app.file_uploader[0].upload("weekly.txt", (DATA / "weekly_zh.txt").read_bytes())
    app.file_uploader[0].upload("empty.txt", b"")
    app.form_submit_button[0].click().run()
    read = Reading(shown(finish(app)))
    assert not app.exception
    assert "weekly.txt" in read.text
    assert "added" in read.text
    assert "failed" in read.text
    assert (almanac.settings.home / "uploads" / "weekly.txt").exists()
    assert [d for d in almanac.documents() if d.source.endswith("weekly.txt")]
    app.button[-1].click()
    again = next(button for button in app.button if button.label == "Clear this report")
    again.click().run()
    assert "failed" not in Reading(shown(app)).text


def test_files_are_added_by_path_and_a_missing_one_is_told(app: AppTest, almanac: Almanac, tmp_path: Path) -> None:
    at(app, view="add")
    app.text_area[0].set_value(f"{DATA / 'newsletter_en.txt'}\n\n{tmp_path / 'gone.txt'}")
    app.form_submit_button[0].click().run()
    read = Reading(shown(finish(app)))
    assert "newsletter_en.txt" in read.text
    assert "cannot be read" in read.text
    assert [d for d in almanac.documents() if d.source.endswith("newsletter_en.txt")]


def test_adding_nothing_says_so(app: AppTest) -> None:
    at(app, view="add")
    app.form_submit_button[0].click().run()
    assert app.info[0].value == "Choose a file, or name a path."


def test_while_a_job_runs_it_shows_progress_and_a_way_to_stop(app: AppTest) -> None:
    library = prepare_library()
    go = threading.Event()

    def work(job: Job) -> None:
        while not job.cancelled():
            go.wait(0.01)

    assert library.jobs.start("Adding slowly", work)
    at(app, view="add")
    assert app.get("progress")
    assert not app.file_uploader, "one job at a time"
    assert not start_ingest(library, ["/x"])
    app.button(key="al_cancel").click().run()
    wait(lambda: library.jobs.running is None)
    assert library.jobs.job is not None
    assert library.jobs.job.cancelled()
    assert "stopped at your wish" in Reading(shown(app.run())).text


def test_a_cancelled_ingest_keeps_what_was_written(almanac: Almanac, tmp_path: Path) -> None:
    library = prepare_library()
    for number in range(30):
        (tmp_path / f"n{number}.md").write_text(f"1. note {number}\n    1. words\n    2. more\n", encoding="utf-8")
    places = [str(tmp_path / f"n{number}.md") for number in range(30)]
    assert start_ingest(library, places)
    job = library.jobs.job
    assert job is not None
    wait(lambda: len(job.outcomes) >= 3, 60)
    job.cancel()
    wait(lambda: library.jobs.running is None, 60)
    assert 3 <= len(job.outcomes) <= 30
    held = {d.source for d in almanac.documents()}
    assert {outcome.source for outcome in job.outcomes if outcome.status == "ok"} <= held
