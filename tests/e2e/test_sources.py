"""Sources in a browser: a site by its address, a list of fifty with its progress, a failing feed fixed."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.almanac.sites import posts, rss
from tests.e2e.conftest import Server, Visitor, start_app, stop_app
from tests.peers import Peer, Request, peer, reply

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def site() -> Iterator[Peer]:
    with peer() as made:
        made.otherwise = reply("nothing here", 404)
        made.pages["/"] = reply('<html><link rel="alternate" type="application/rss+xml" href="/feed"></html>')
        made.pages["/feed"] = reply(rss(made.base, posts(1, 2)))
        yield made


@pytest.fixture
def keeping_server(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """Run the app over an empty home, allowed to ask the sites of this machine."""
    running = start_app(
        tmp_path / "home", tmp_path / "app.log", ALMANAC_ALLOW_PRIVATE_HOSTS="true", ALMANAC_HOST_SPACING="0"
    )
    yield running
    stop_app(running)


def test_a_site_is_added_by_its_address_tested_paused_edited_and_removed(
    keeping_server: Server, visit: Visitor, site: Peer
) -> None:
    tab = visit(keeping_server).go(f"{keeping_server.address}/sources?view=add")
    box = tab.page.get_by_label("Address of a site or feed")
    box.fill(f"127.0.0.1:{site.port}")
    box.press("Enter")
    tab.shows("Feeds of this site").shows("named by the page")
    tab.click(tab.page.get_by_role("button", name="Subscribe", exact=True).first)
    tab.shows("2 documents").shows("Last success")
    site.pages["/feed"] = reply(rss(site.base, posts(1, 2, 3)))
    tab.click(tab.page.get_by_role("button", name="Test", exact=True)).shows("3 entries, 1 of them new")
    tab.click(tab.page.get_by_role("button", name="Check now")).shows("3 documents")
    tab.click(tab.page.get_by_role("button", name="Pause", exact=True)).shows("paused")
    tab.click(tab.page.get_by_role("button", name="Go on with it")).shows("fine")
    tab.click(tab.page.get_by_text("Edit", exact=True))
    name = tab.page.get_by_label("Name", exact=True)
    name.fill("Renamed by me")
    tab.click(tab.page.get_by_role("button", name="Save"))
    expect(tab.page.locator("h1")).to_contain_text("Renamed by me")
    tab.click(tab.page.get_by_role("button", name="Remove", exact=True))
    tab.click(tab.page.get_by_role("button", name="Remove it and its documents"))
    tab.shows("Nothing is subscribed to yet")


def test_fifty_come_with_progress_and_a_failing_one_is_explained_fixed_and_recovers(
    keeping_server: Server, visit: Visitor, site: Peer, tmp_path: Path
) -> None:
    go = threading.Event()

    def held(request: Request) -> None:
        go.wait(60)
        reply(rss(site.base, posts(31)))(request)

    for number in range(50):
        site.pages[f"/f{number}"] = reply(rss(site.base, posts(number + 1)))
    site.pages["/f30"] = held
    site.pages["/f7"] = reply("gone away", 404)
    feeds = "".join(f'<outline type="rss" text="Blog {n}" xmlUrl="{site.base}/f{n}"/>' for n in range(50))
    listed = tmp_path / "feeds.opml"
    listed.write_text(
        f'<opml version="2.0"><body><outline text="Mine">{feeds}</outline></body></opml>', encoding="utf-8"
    )

    tab = visit(keeping_server).go(f"{keeping_server.address}/sources?view=lists")
    tab.page.set_input_files('input[type="file"]', str(listed))
    tab.settle().click(tab.page.get_by_role("button", name="Import", exact=True))
    tab.shows("50 feeds in the list").shows("50 added")
    tab.click(tab.page.get_by_role("button", name="Check the 50 new ones now"))
    try:
        tab.shows("30 of 50").shows("30 checked").shows("1 failed")
        expect(tab.page.locator('.st-key-al_round [data-testid="stProgress"]')).to_be_visible()
        other = visit(keeping_server).go(f"{keeping_server.address}/sources")
        other.shows("30 of 50")
        assert other.page.get_by_role("button", name="Check all now").count() == 0, "one round at a time"
    finally:
        go.set()
    tab.shows("50 checked · 49 new · 1 failed").shows("Need attention")
    tab.shows("404 Not Found").shows("Look for the new address on the site")

    tab.click(tab.page.get_by_role("link", name="Blog 7", exact=True).first)
    tab.shows("Last error").shows("failing")
    site.pages["/f7"] = reply(rss(site.base, posts(8)))
    tab.click(tab.page.get_by_role("button", name="Check now"))
    tab.shows("1 document")
    expect(tab.page.locator("h1")).to_contain_text("fine")
    assert "404" not in tab.text
