"""The sources page: adding by address and by list, rounds with progress, failures explained, files and the starter."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from almanac import Almanac
from almanac.subscriptions import make_subscription
from kb.types import Kind
from tests.almanac.sites import posts, rss
from tests.peers import Peer, peer, reply
from tests.ui.conftest import Reading, finish, given, shown, wait
from ui.jobs import Job
from ui.state import prepare_library

PAGE = "ui/pages/sources.py"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    monkeypatch.setenv("ALMANAC_ALLOW_PRIVATE_HOSTS", "true")
    monkeypatch.setenv("ALMANAC_HOST_SPACING", "0")
    with peer() as made:
        made.otherwise = reply("nothing here", 404)
        made.pages["/"] = reply('<html><link rel="alternate" type="application/rss+xml" href="/feed"></html>')
        made.pages["/feed"] = reply(rss(made.base, posts(1, 2)))
        yield made


def at(app: AppTest, **parameters: str) -> Reading:
    app.run()
    app.query_params.clear()
    for name, value in parameters.items():
        app.query_params[name] = value
    app.switch_page(PAGE).run()
    assert not app.exception
    return Reading(shown(app))


def round_done(app: AppTest) -> Reading:
    """Wait for the round that a page began, then show the page as it is afterwards."""
    rounds = prepare_library().rounds
    wait(lambda: rounds.running is None, 60)
    app.run()
    assert not app.exception
    return Reading(shown(app))


def subscribe(almanac: Almanac, site: Peer, *paths: str, **more: object) -> list[str]:
    made = [make_subscription(name=f"Site {path}", kind=Kind.RSS, target=site.base + path, **more) for path in paths]
    almanac.sources.add(made)
    return [one.key for one in made]


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_an_empty_page_says_how_to_begin_and_fetches_nothing(app: AppTest, almanac: Almanac, site: Peer) -> None:
    read = at(app)
    assert "Nothing is subscribed to yet" in read.text
    assert {"/sources?view=add", "/sources?view=lists"} <= set(read.addresses)
    assert site.requests == []
    assert not almanac.sources.file.path.exists()


def test_a_site_is_added_by_its_address_and_read_at_once(app: AppTest, almanac: Almanac, site: Peer) -> None:
    at(app, view="add")
    app.text_input[0].set_value(site.base)
    press(app, "Find feeds")
    found = Reading(shown(app))
    assert "A blog" in found.text
    assert "2 entries" in found.text
    assert almanac.sources.all() == [], "nothing is subscribed to by looking"
    app.button(key="al_subscribe_0").click().run()
    read = round_done(app)
    assert given(app, "id") == [f"rss:{site.base}/feed"]
    assert "A blog" in read.text
    assert "2 documents" in read.text
    assert len([info for info in almanac.documents() if info.source == f"{site.base}/feed"]) == 2
    assert "subscribed" in at(app, view="add").text


def test_an_address_without_feeds_is_explained(app: AppTest, site: Peer) -> None:
    at(app, view="add")
    app.text_input[0].set_value(f"{site.base}/none")
    press(app, "Find feeds")
    assert "404 Not Found" in app.error[0].value.replace("\\", "")


def test_a_list_is_imported_line_by_line_and_exported(app: AppTest, almanac: Almanac, site: Peer) -> None:
    at(app, view="lists")
    lines = "".join(f'<outline text="Feed {n}" xmlUrl="{site.base}/f{n}"/>' for n in range(50))
    opml = f'<opml><body><outline text="ML">{lines}</outline><outline text="Bad" xmlUrl="ftp://x"/></body></opml>'
    app.file_uploader[0].upload("feeds.opml", opml.encode())
    press(app, "Import")
    read = Reading(shown(app))
    assert "51 feeds in the list" in read.text
    assert "50 added" in read.text
    assert "“ftp://x” is no http or https address" in read.text
    assert len(almanac.sources.all()) == 50
    assert "50 feeds with their folders" in read.text
    assert site.requests == [], "importing asks nobody"
    for number in range(0, 50, 2):
        site.pages[f"/f{number}"] = reply(rss(site.base, posts(number + 1)))
    app.button(key="al_check_new").click().run()
    done = round_done(app)
    assert "50 checked · 25 new · 25 failed" in done.text
    assert "Need attention" in done.text
    assert done.text.count("404 Not Found") >= 25


def test_a_list_that_is_none_is_explained(app: AppTest) -> None:
    at(app, view="lists")
    app.file_uploader[0].upload("feeds.opml", b"<html>no</html>")
    press(app, "Import")
    assert "no OPML" in app.error[0].value


def test_a_failing_feed_is_explained_fixed_and_recovers(app: AppTest, almanac: Almanac, site: Peer) -> None:
    (key,) = subscribe(almanac, site, "/gone")
    at(app)
    app.button(key="al_round_all").click().run()
    read = round_done(app)
    assert "404 Not Found" in read.text
    assert "Look for the new address" in read.text
    assert "failing" in read.text
    read = at(app, id=key)
    assert "last success never" not in read.text
    app.text_input[1].set_value(f"{site.base}/feed")
    press(app, "Save")
    assert given(app, "id") == [f"rss:{site.base}/feed"]
    app.button(key="al_check_one").click().run()
    read = round_done(app)
    assert "fine" in read.text
    assert "2 documents" in read.text
    assert "404" not in read.text


def test_what_a_check_would_bring_is_shown_and_not_written(app: AppTest, almanac: Almanac, site: Peer) -> None:
    (key,) = subscribe(almanac, site, "/feed")
    at(app, id=key)
    app.button(key="al_test_one").click().run()
    read = Reading(shown(app))
    assert "It answers with 2 entries, 2 of them new" in read.text
    assert "Post number 1" in read.text
    assert not [info for info in almanac.documents() if info.source.startswith(site.base)]
    app.button(key="al_check_one").click().run()
    read = round_done(app)
    assert "2 new" in read.text
    assert "Nothing was written" not in read.text, "the check has answered what the test showed"
    site.pages["/feed"] = reply("<html>hello</html>")
    app.button(key="al_test_one").click().run()
    assert "HTML page" in app.error[0].value


def test_a_feed_that_ends_early_says_so_in_the_list(app: AppTest, almanac: Almanac, site: Peer) -> None:
    whole = rss(site.base, posts(1, 2))
    site.pages["/half"] = reply(whole[: whole.index("</item>") + len("</item><it")])
    subscribe(almanac, site, "/half")
    at(app)
    app.button(key="al_round_all").click().run()
    read = round_done(app)
    assert "partly read" in read.text
    assert "The feed ends early: 1 whole entries were kept." in read.text


def test_one_is_paused_gone_on_with_and_removed(app: AppTest, almanac: Almanac, site: Peer) -> None:
    (key,) = subscribe(almanac, site, "/feed")
    at(app, id=key)
    app.button(key="al_check_one").click().run()
    round_done(app)
    assert len([info for info in almanac.documents() if info.source.startswith(site.base)]) == 2
    app.button(key="al_pause_one").click().run()
    assert "paused" in Reading(shown(app)).text
    assert not almanac.sources.all()[0].subscription.enabled
    app.button(key="al_pause_one").click().run()
    assert almanac.sources.all()[0].subscription.enabled
    app.button(key="al_drop_source_False").click().run()
    assert not app.exception
    assert almanac.sources.all() == []
    assert not [info for info in almanac.documents() if info.source.startswith(site.base)]
    assert "No subscription" in at(app, id=key).text or app.error


def test_many_are_filtered_and_paged(app: AppTest, almanac: Almanac, site: Peer) -> None:
    subscribe(almanac, site, *(f"/f{n}" for n in range(60)))
    subscribe(almanac, site, "/off", enabled=False)
    read = at(app)
    assert "1 of 2" in read.text
    assert "Paused" in read.text
    assert Reading(shown(app)).text.count("Site /f") == 50
    assert "Site /off" in at(app, state="paused").text
    assert at(app, text="f7").text.count("Site /f") == 1
    assert "No subscription fits" in at(app, text="nothing like it").text


def test_a_round_shows_its_progress_and_can_be_stopped(app: AppTest, almanac: Almanac, site: Peer) -> None:
    subscribe(almanac, site, "/feed")
    library = prepare_library()
    go = threading.Event()

    def work(job: Job) -> None:
        while not job.cancelled():
            go.wait(0.01)

    assert library.rounds.start("Checking the sources", work)
    at(app)
    assert app.get("progress")
    assert [button.key for button in app.button if button.key == "al_round_all"] == [], "one round at a time"
    app.button(key="al_round_stop").click().run()
    wait(lambda: library.rounds.running is None)


def test_what_makes_no_sense_in_the_file_is_shown_in_place(app: AppTest, almanac: Almanac, site: Peer) -> None:
    subscribe(almanac, site, "/feed")
    path = almanac.sources.file.path
    path.write_text(path.read_text() + "[[subscription]]\nname = 'Odd <b>'\nurl = 'gopher://x'\n")
    read = at(app)
    assert "Entry 2 (Odd <b>)" in read.text
    assert "Site /feed" in read.text
    path.write_text("[[subscription]\n")
    at(app)
    assert "no TOML" in app.error[0].value


def test_suggestions_are_taken_by_choice(app: AppTest, almanac: Almanac, site: Peer) -> None:
    read = at(app, view="add")
    assert "Suggested 25" in read.text
    app.button(key="al_take_chosen").click().run()
    assert not app.exception
    taken = almanac.sources.all()
    assert 10 < len(taken) < 25
    assert {one.state for one in taken} == {"new"}
    assert site.requests == []


def test_other_kinds_are_subscribed_to(app: AppTest, almanac: Almanac, site: Peer, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("1. caches\n    1. paged ones\n    2. others\n")
    at(app, view="add")
    app.segmented_control[0].set_value(Kind.NOTES).run()
    app.text_input[1].set_value(str(tmp_path / "notes"))
    app.text_input[2].set_value("My notes")
    press(app, "Subscribe")
    read = round_done(app)
    assert "My notes" in read.text
    assert "1 document" in read.text
    assert [info.id for info in almanac.documents() if info.id == "notes:a.md"]


def test_a_page_is_read_once_without_a_subscription(app: AppTest, almanac: Almanac, site: Peer) -> None:
    body = "".join(f"<p>Paragraph {n} says how a cache behaves under load {n}.</p>" for n in range(9))
    site.pages["/page"] = reply(f"<html><body><article><h1>On caches</h1>{body}</article></body></html>")
    at(app, view="add")
    app.text_input[1].set_value(f"{site.base}/page")
    press(app, "Read it once")
    finish(app)
    assert [info.title for info in almanac.documents() if info.source == f"{site.base}/page"] == ["On caches"]
    assert almanac.sources.all() == []


# What is no subscription


def test_a_source_is_removed(app: AppTest, almanac: Almanac) -> None:
    read = at(app, view="files")
    assert "posts.rss" in read.text
    before = len(almanac.documents())
    sources = [s.location for s in almanac.overview.sources() if not s.starter]
    app.button(key=f"al_drop_{next(i for i, s in enumerate(sources) if s.endswith('posts.rss'))}").click().run()
    assert not app.exception
    assert "posts.rss" not in Reading(shown(app)).text
    assert len(almanac.documents()) < before


def test_the_starter_library_is_loaded_and_removed_with_one_click(app: AppTest, almanac: Almanac) -> None:
    assert "Not loaded" in at(app, view="files").text
    app.button(key="al_starter_load").click().run()
    finish(app)
    assert almanac.starter_state == "loaded"
    assert "useful at once" in Reading(shown(app)).text
    app.button(key="al_starter_drop").click().run()
    assert almanac.starter_state == "removed"
    assert not [d for d in almanac.documents() if d.starter]


def test_a_removed_document_is_restored(app: AppTest, almanac: Almanac) -> None:
    gone = next(d for d in almanac.documents() if d.title == "Deeper pipelines")
    almanac.remove_document(gone.id)
    assert "Deeper pipelines" in at(app, view="files").text
    app.button(key="al_back_0").click().run()
    finish(app)
    assert almanac.info(gone.id).title == "Deeper pipelines"
