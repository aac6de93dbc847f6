"""Filling the library in a real browser: the first start, files in, progress, stopping, taking away."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.e2e.conftest import Server, Visit, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DATA = ROOT / "tests" / "data"


def upload(tab: Visit, server: Server, files: list[Path]) -> None:
    tab.go(f"{server.address}/library?view=add")
    tab.page.locator("input[type=file]").set_input_files([str(file) for file in files])
    expect(tab.page.get_by_text(files[-1].name)).to_be_visible()
    tab.click(tab.page.get_by_text("Add to the library"))


def test_the_first_start_fills_the_page_by_itself(fresh_server: Server, visit: Visitor) -> None:
    tab = visit(fresh_server).go(fresh_server.address)
    expect(tab.page.get_by_label("Search the library")).to_be_visible()
    expect(tab.page.locator(".al-row").first).to_be_visible(timeout=60_000)
    tab.shows("starter library")
    tab.settle().ask("量化")
    expect(tab.page.locator(".al-card").first).to_be_visible()


def test_files_go_in_and_are_found_and_removed_again(fresh_server: Server, visit: Visitor, tmp_path: Path) -> None:
    tab = visit(fresh_server).go(fresh_server.address)
    expect(tab.page.locator(".al-row").first).to_be_visible(timeout=60_000)
    broken = tmp_path / "broken.xml"
    broken.write_text("<html><body>404 Not Found</body></html>", encoding="utf-8")
    upload(tab, fresh_server, [DATA / "posts.rss", DATA / "weekly_zh.txt", broken])
    tab.shows("3 done in", 60)
    rows = tab.page.locator(".al-outcome").all_inner_texts()
    assert [row.split()[0] for row in rows] in (["added", "added", "failed"], ["partly", "added", "failed"])
    tab.go(f"{fresh_server.address}/?q=paged+cache&kind=rss")
    tab.shows("A cache that is paged")
    tab.click(tab.page.get_by_text("Open in place"))
    tab.click(tab.page.get_by_text("Remove"))
    tab.click(tab.page.get_by_text("Remove this document"))
    tab.shows("You removed this document")
    tab.click(tab.page.get_by_text("Restore it"))
    tab.shows("How it works", 60)
    tab.go(f"{fresh_server.address}/sources?view=files")
    tab.click(tab.page.get_by_text("Remove the starter library"))
    tab.shows("Not loaded")
    tab.shows("posts.rss")


def test_a_job_is_seen_from_another_tab_and_can_be_stopped_there(
    fresh_server: Server, visit: Visitor, tmp_path: Path
) -> None:
    first, second = visit(fresh_server), visit(fresh_server)
    first.go(fresh_server.address)
    expect(first.page.locator(".al-row").first).to_be_visible(timeout=60_000)
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1500):
        lines = [
            f"{n}. note {number}.{n} on caches\n    1. with some words of its own {number * n}" for n in range(1, 20)
        ]
        (folder / f"note-{number}.md").write_text("\n".join(lines), encoding="utf-8")
    second.go(f"{fresh_server.address}/library")
    first.go(f"{fresh_server.address}/library?view=add")
    first.page.get_by_label("or paths, folders").fill(str(folder))
    first.click(first.page.get_by_text("Add to the library"))
    first.shows("of 1500", 60)
    second.shows("of 1500", 60)
    # The page stays usable while the job runs.
    reader = visit(fresh_server).go(f"{fresh_server.address}/?q=paged+attention")
    expect(reader.page.locator(".al-card").first).to_be_visible()
    second.page.get_by_text("Cancel").click()
    first.shows("stopped at your wish", 60)
    first.go(f"{fresh_server.address}/?q=note+on+caches&kind=notes")
    expect(first.page.locator(".al-card").first).to_be_visible()
