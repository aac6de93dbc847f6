"""The calculators in a real browser: from the gallery to an answer, its address, its picture, a phone."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server, Visitor

pytestmark = pytest.mark.browser


def test_from_the_gallery_to_an_answer_that_its_address_reopens(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/calculators")
    tab.page.evaluate("window.sameSession = true")
    tab.click(tab.page.locator("a.al-calc", has_text="KV cache"))
    number = tab.page.locator(".al-number")
    expect(number).to_have_text("160 GiB")
    expect(tab.page.locator(".al-beside")).to_have_text("= 171.8 GB")
    expect(tab.page.locator(".katex-display")).to_be_visible()
    box = tab.page.get_by_role("textbox", name="tokens: tokens of a sequence")
    box.fill("64Ki")
    box.press("Enter")
    tab.settle()
    expect(number).to_have_text("320 GiB")
    assert "tokens=64Ki" in tab.page.url
    assert tab.page.evaluate("window.sameSession"), "the page was loaded anew"
    again = visit(server).go(tab.page.url)
    expect(again.page.locator(".al-number")).to_have_text("320 GiB")
    again.click(again.page.get_by_role("button", name="Copy link"))
    assert again.page.evaluate("navigator.clipboard.readText()") == tab.page.url


def test_an_error_offers_the_nearest_value_where_it_happened(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/calculators?name=kv_cache&layers=80&kv_heads=8&head_dim=128&tp=3")
    expect(tab.page.locator(".al-remark")).to_contain_text("use 2 or 4")
    tab.click(tab.page.get_by_role("button", name="Use 4"))
    expect(tab.page.locator(".al-number")).to_be_visible()
    assert "tp=4" in tab.page.url


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_timeline_is_drawn_and_the_page_fits(server: Server, visit: Visitor, scheme: str, width: int) -> None:
    tab = visit(server, scheme=scheme, width=width)
    tab.go(f"{server.address}/calculators?name=pipeline_simulator&schedule_b=dualpipe")
    picture = tab.page.locator(".al-timeline img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 900
    assert "DualPipe" in (picture.get_attribute("alt") or "")
    main = tab.page.locator('[data-testid="stMain"]')
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
