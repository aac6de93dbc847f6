"""The page of a work: the reader's opinions first, then everything else that the library says."""

from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Reading, shown

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


def test_without_a_work_it_leads_to_the_library(app: AppTest) -> None:
    assert "/library" in at(app, kind="spell", key="x").addresses
    assert "/library" in at(app).addresses
