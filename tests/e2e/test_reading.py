"""Finding and reading in a real browser: both languages, addresses, outline, themes, a phone."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server, Visitor

pytestmark = pytest.mark.browser
PAPER = {"light": "rgb(251, 250, 246)", "dark": "rgb(20, 24, 29)"}


def query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


@pytest.mark.parametrize(
    ("question", "found"), [("pipeline bubble", "bubble"), ("气泡", "气泡"), ("流水線氣泡", "气泡")]
)
def test_a_question_in_either_language_finds_marked_passages(
    server: Server, visit: Visitor, question: str, found: str
) -> None:
    tab = visit(server).go(server.address).ask(question)
    assert query(tab.page.url)["q"] == [question]
    expect(tab.page.locator(".al-card").first).to_be_visible()
    marks = tab.page.locator(".al-card mark").all_inner_texts()
    assert any(found in mark for mark in marks), marks
    assert tab.page.title() == "Search · MLSys Almanac"


def test_the_address_reopens_the_search_in_another_session(server: Server, visit: Visitor) -> None:
    first = visit(server).go(server.address).ask("pipeline bubble")
    cards = first.page.locator(".al-card").all_inner_texts()
    second = visit(server).go(first.page.url)
    assert second.page.get_by_label("Search the library").input_value() == "pipeline bubble"
    assert second.page.locator(".al-card .al-crumb").count() == len(cards)


def test_a_hit_opens_in_place_and_the_way_back_keeps_the_session(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(server.address).ask("pipeline bubble")
    tab.page.evaluate("window.sameSession = true")
    notes = tab.page.locator(".al-card", has_text="Notes,").first
    tab.click(notes.get_by_text("Open in place"))
    assert urlsplit(tab.page.url).path == "/document"
    assert {"id", "chunk", "q"} <= query(tab.page.url).keys()
    hit = tab.page.locator("[data-scroll-here]")
    expect(hit).to_be_in_viewport()
    expect(hit.locator("mark").first).to_be_visible()
    tab.page.go_back()
    tab.settle()
    assert query(tab.page.url)["q"] == ["pipeline bubble"]
    expect(tab.page.locator(".al-card").first).to_be_visible()
    assert tab.page.evaluate("window.sameSession"), "the page was loaded anew"


def test_a_folded_branch_opens_and_stays_open(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(server.address).ask("pipeline bubble")
    tab.click(tab.page.locator(".al-card", has_text="Notes,").first.get_by_text("Open in place"))
    branch = tab.page.locator("details.al-node").first
    was_open = branch.get_attribute("open") is not None
    branch.locator("summary").first.click()
    assert (branch.get_attribute("open") is not None) is not was_open
    tab.click(tab.page.get_by_text("Unfold all"))
    assert query(tab.page.url)["open"] == ["all"]
    assert tab.page.locator("details.al-node:not([open])").count() == 0


def test_a_citation_is_copied(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/?q=paged+cache&kind=rss")
    button = tab.page.get_by_text("Copy citation").first
    button.click()
    expect(tab.page.get_by_text("Copied").first).to_be_visible()
    assert tab.page.evaluate("navigator.clipboard.readText()").startswith("Jane Doe. “Paging the Cache")


def test_filters_unfold_and_go_into_the_address(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/?q=cache")
    assert tab.page.get_by_role("button", name="Papers").count() == 0
    tab.click(tab.page.get_by_text("Filters"))
    tab.click(tab.page.get_by_role("button", name="Papers"))
    assert query(tab.page.url)["kind"] == ["arxiv"]
    assert all("Paper," in card for card in tab.page.locator(".al-card").all_inner_texts())
    tab.page.go_back()
    tab.settle()
    assert "kind" not in query(tab.page.url)


def test_the_glossary_is_shown_and_switched_off(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/?q=pipeline+bubble")
    tab.shows("also searched")
    tab.click(tab.page.get_by_text("only my words"))
    assert query(tab.page.url)["glossary"] == ["0"]
    assert "also searched" not in tab.text


def test_the_menu_leads_home_from_a_search(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/?q=cache")
    tab.click(tab.page.locator("header").get_by_text("Search"))
    expect(tab.page.get_by_label("Search the library")).to_have_value("")
    tab.shows("Added last")
    tab.click(tab.page.locator("header").get_by_text("Library"))
    assert urlsplit(tab.page.url).path == "/library"


def test_the_slash_key_goes_to_the_box(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/?q=cache")
    tab.page.locator(".al-status").first.click()
    tab.page.wait_for_function("window.almanacBridge")
    tab.page.keyboard.press("/")
    expect(tab.page.get_by_label("Search the library")).to_be_focused()


def test_a_cited_work_has_a_page_that_leads_back(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/work?kind=arxiv&key=1811.06965")
    assert "What the library says" in tab.text or "Your opinion" in tab.text
    tab.click(tab.page.locator(".al-card").first.get_by_text("Open in place"))
    assert urlsplit(tab.page.url).path == "/document"
    tab.shows("Refers to")


def test_a_bar_of_the_chart_chooses_its_quarter(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/library")
    bars = tab.page.locator("[data-testid=stVegaLiteChart] path[aria-roledescription='bar']")
    expect(bars.last).to_be_visible()
    bars.last.click()
    tab.page.wait_for_url(re.compile(r"quarter=\d{4}-Q[1-4]"))
    tab.settle()
    tab.shows("clear filters")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_its_width_in_both_themes(server: Server, visit: Visitor, scheme: str, width: int) -> None:
    tab = visit(server, scheme=scheme, width=width).go(f"{server.address}/?q=%E6%B0%94%E6%B3%A1")
    place = tab.page.locator(".al-card .al-crumb a").first.get_attribute("href")
    for path in ("/", place, "/library", "/library?view=add", "/sources?view=files", "/health"):
        tab.within(path)
        background = tab.page.evaluate(
            "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
        )
        assert background == PAPER[scheme]
        main = tab.page.locator("[data-testid=stMain]")
        over = main.evaluate("node => node.scrollWidth - node.clientWidth")
        assert over <= 0, f"{path} scrolls sideways"


@pytest.mark.parametrize("width", [1280, 390])
def test_text_is_set_in_the_own_serif_and_no_line_is_too_long(server: Server, visit: Visitor, width: int) -> None:
    tab = visit(server, width=width).go(f"{server.address}/?q=pipeline+bubble")
    passage = tab.page.locator(".al-passage").first
    assert "Almanac Serif" in passage.evaluate("node => getComputedStyle(node).fontFamily")
    loaded = tab.page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family).join()")
    assert "Almanac Serif" in loaded
    size = passage.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    assert passage.bounding_box()["width"] / (size * 0.46) <= 95


def test_headers_protect_every_answer(server: Server, visit: Visitor) -> None:
    tab = visit(server)
    for path in ("/", "/healthz", "/app/static/fonts/source-serif-4-latin-wght-normal.woff2"):
        headers = tab.page.request.get(server.address + path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_foreign_host_name_gets_no_session(server: Server, visit: Visitor) -> None:
    answer = visit(server).page.request.get(
        f"{server.address}/_stcore/stream",
        headers={
            "Host": "evil.example",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        },
    )
    assert answer.status == 403
