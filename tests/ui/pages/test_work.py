"""The page of a work: the reader's opinions first, then everything else that the library says."""

import pytest
from streamlit.testing.v1 import AppTest

from almanac import Almanac
from kb.types import Outcome
from tests.ui.conftest import Reading, finish, shown

PAGE = "ui/pages/work.py"


def at(app: AppTest, **parameters: str) -> Reading:
    app.run()
    for name, value in parameters.items():
        app.query_params[name] = value
    app.switch_page(PAGE).run()
    assert not app.exception
    return Reading(shown(app))


def test_a_paper_that_only_notes_mention_has_a_page(app: AppTest) -> None:
    read = at(app, kind="arxiv", key="2104.04473")
    assert "Pipeline schedules" in read.text
    assert "Your opinion" in read.text
    assert "very good" in read.text
    assert "https://arxiv.org/abs/2104.04473" in read.addresses


def test_a_work_that_nobody_mentions_says_so(app: AppTest) -> None:
    read = at(app, kind="arxiv", key="0000.00000")
    assert "Nothing in the library speaks of it" in read.text
    assert "arXiv:0000.00000" in read.text


def test_without_a_work_it_leads_to_the_list_of_works(app: AppTest) -> None:
    assert at(app, kind="spell", key="x").addresses == ["/library?view=works"]
    assert at(app).addresses == ["/library?view=works"]


def test_a_paper_that_is_not_in_the_library_can_be_fetched(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def fetch(self: Almanac, ids: list[str], **_: object) -> Outcome:
        asked.append(ids)
        return Outcome(source="arXiv", status="failed", error="No network.", hint="Try later.")

    monkeypatch.setattr(Almanac, "fetch_papers", fetch)
    at(app, kind="arxiv", key="2104.04473")
    app.button(key="al_fetch").click().run()
    read = Reading(shown(finish(app)))
    assert asked == [["2104.04473"]]
    assert "No network. Try later." in read.text
