"""Digests in a real browser: from the index to a sentence in its source, exports, edits, phone, print."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from almanac import open_almanac
from digests.site import pages, write_site
from kb.settings import load_settings
from tests.digests.reading import Page
from tests.digests.samples import cited, full, hostile
from tests.e2e.conftest import Server, Visit, Visitor

pytestmark = pytest.mark.browser


def query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def fullest(server: Server) -> str:
    """Return the quarter with most documents."""
    opened = open_almanac(load_settings(server.home, embedder="none"))
    found = max(opened.digests.quarters(), key=lambda state: state.documents).quarter
    opened.close()
    return str(found)


def opened(server: Server, visit: Visitor, **look: object) -> Visit:
    return visit(server, **look).go(f"{server.address}/digests?quarter={fullest(server)}")


def test_from_the_menu_to_a_quarter_to_a_sentence_in_its_source(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(server.address)
    tab.click(tab.page.locator("header").get_by_text("Digests"))
    assert urlsplit(tab.page.url).path == "/digests"
    expect(tab.page.locator("canvas, svg.marks").first).to_be_visible()
    tab.click(tab.page.locator(".al-row-title", has_text=re.compile("^Q")).first)
    assert re.fullmatch(r"\d{4}-Q\d", query(tab.page.url)["quarter"][0])
    tab.go(f"{server.address}/digests?quarter={fullest(server)}")
    sentence = tab.page.locator(".al-sum .al-said").first
    words = sentence.inner_text()
    tab.click(sentence)
    assert urlsplit(tab.page.url).path == "/document"
    marked = tab.page.locator("[data-scroll-here] mark, .al-hit mark")
    expect(marked.first).to_be_in_viewport()
    shown = " ".join(" ".join(marked.all_inner_texts()).split())
    assert words[:40] in shown or shown[:40] in words
    tab.page.go_back()
    tab.settle()
    expect(tab.page.locator(".al-digest")).to_be_visible()


def test_the_source_sentences_unfold(server: Server, visit: Visitor) -> None:
    tab = opened(server, visit)
    fold = tab.page.locator("details", has_text=re.compile(r"\d source sentence")).first
    fold.locator("summary").click()
    expect(fold.locator("cite a").first).to_be_visible()


def test_quarters_are_stepped_through_and_picked(server: Server, visit: Visitor) -> None:
    tab = opened(server, visit)
    here = query(tab.page.url)["quarter"][0]
    tab.click(tab.page.locator(".al-steps a", has_text="←"))
    before = query(tab.page.url)["quarter"][0]
    assert before < here
    tab.click(tab.page.locator(".al-steps a", has_text="→"))
    assert query(tab.page.url)["quarter"] == [here]


def test_a_part_has_an_address_of_its_own(server: Server, visit: Visitor) -> None:
    tab = opened(server, visit)
    everything = tab.page.locator(".al-entry").count()
    tab.click(tab.page.locator(".al-parts .al-tag").first)
    assert "part" in query(tab.page.url)
    part = tab.page.locator(".al-entry").count()
    assert 0 < part <= everything
    again = visit(server).go(tab.page.url)
    assert again.page.locator(".al-entry").count() == part
    again.click(again.page.get_by_text("Show the whole digest"))
    assert again.page.locator(".al-entry").count() == everything


@pytest.mark.parametrize(("label", "suffix"), [("HTML", "html"), ("BibTeX", "bib"), ("Atom", "xml"), ("JSON", "json")])
def test_an_export_is_downloaded(server: Server, visit: Visitor, tmp_path: Path, label: str, suffix: str) -> None:
    tab = opened(server, visit)
    tab.click(tab.page.get_by_role("button", name="Export"))
    with tab.page.expect_download() as waiting:
        tab.page.get_by_role("button", name=label, exact=True).click()
    assert waiting.value.suggested_filename == f"digest-{fullest(server)}.{suffix}"
    waiting.value.save_as(tmp_path / "saved")
    text = (tmp_path / "saved").read_text(encoding="utf-8")
    assert len(text) > 500
    if suffix == "html":
        assert Page(text).all("article")


def test_a_digest_is_edited_and_the_edit_survives_a_new_session(fresh_server: Server, visit: Visitor) -> None:
    tab = visit(fresh_server).go(f"{fresh_server.address}/digests").shows("Quarters")
    quarter = fullest(fresh_server)
    tab.go(f"{fresh_server.address}/digests?quarter={quarter}&edit=1")
    tab.page.get_by_role("textbox", name="Title").fill("What we read")
    tab.page.get_by_role("textbox", name="Editor’s note").fill("Begin with **this**. <img src=x onerror=alert(1)>")
    tab.click(tab.page.get_by_role("button", name="Save"))
    tab.shows("What we read")
    second = visit(fresh_server).go(f"{fresh_server.address}/digests?quarter={quarter}")
    assert second.page.locator("h1").first.inner_text() == "What we read"
    expect(second.page.locator(".al-editor strong")).to_have_text("this")
    assert second.page.locator(".al-editor img").count() == 0
    second.shows("Edited: the title and a note.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_scrolls_sideways(server: Server, visit: Visitor, scheme: str, width: int) -> None:
    tab = visit(server, scheme=scheme, width=width)
    for path in ("/digests", f"/digests?quarter={fullest(server)}", f"/digests?quarter={fullest(server)}&edit=1"):
        tab.go(server.address + path)
        main = tab.page.locator("[data-testid=stMain]")
        assert main.evaluate("node => node.scrollWidth - node.clientWidth") <= 0, path


def test_on_paper_the_page_is_whole_and_without_controls(server: Server, visit: Visitor) -> None:
    tab = opened(server, visit)
    tab.page.emulate_media(media="print")
    expect(tab.page.locator("header[data-testid=stHeader]")).to_be_hidden()
    expect(tab.page.locator(".st-key-al_digest_controls")).to_be_hidden()
    last = tab.page.locator(".al-entry").last
    assert last.evaluate("node => node.getBoundingClientRect().height") > 0
    assert tab.page.locator("[data-testid=stMain]").evaluate("node => getComputedStyle(node).overflow") == "visible"
    sheets = len(re.findall(rb"/Type\s*/Page\b", tab.page.pdf(format="A4")))
    assert sheets >= 2


def test_the_site_opens_from_disk_and_nothing_in_it_runs(browser: Browser, tmp_path: Path) -> None:
    made = [full(), hostile().model_copy(update={"quarter": "2023-Q2"})]
    write_site(tmp_path, pages(made, {"2023-Q1": {"serving": 2}}, lambda one: cited()))
    page = browser.new_page()
    alerts: list[str] = []
    said: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: said.append(message.text))
    foreign: list[str] = []
    page.on("request", lambda asked: foreign.append(asked.url) if not asked.url.startswith("file:") else None)
    page.goto((tmp_path / "index.html").as_uri())
    page.locator("main a", has_text="caches are paged").first.click()
    assert page.url.endswith("2023-Q1.html")
    page.locator("ol a").first.click()
    expect(page.locator("article:target")).to_be_in_viewport()
    page.locator("nav a", has_text="→").click()
    assert page.url.endswith("2023-Q2.html")
    assert page.locator("article").first.evaluate("node => getComputedStyle(node).borderBottomWidth") == "1px"
    assert alerts == []
    assert foreign == []
    assert said == [], "the page's own policy is kept"
    page.close()
