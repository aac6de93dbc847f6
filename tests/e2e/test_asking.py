"""Asking in a real browser: quotes with their places, sums, conversations, a phone, the keyboard alone."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server, Visit, Visitor

pytestmark = pytest.mark.browser
BOX = '[data-testid="stChatInputTextArea"]'


def query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def put(tab: Visit, question: str) -> Visit:
    """Ask a question and wait for its answer."""
    box = tab.page.locator(BOX)
    box.fill(question)
    box.press("Enter")
    expect(tab.page.locator(".al-ask-q", has_text=question).last).to_be_visible()
    expect(tab.page.locator(".al-last .al-ask-q", has_text=question)).to_be_visible()
    return tab.settle()


@pytest.mark.parametrize(
    ("question", "words"), [("What is the bubble of a pipeline?", "bubble"), ("投机解码为什么能加速？", "投机")]
)
def test_an_answer_quotes_and_opens_its_passage_in_place(
    server: Server, visit: Visitor, question: str, words: str
) -> None:
    tab = put(visit(server).go(f"{server.address}/ask"), question)
    assert words in tab.page.locator(".al-last").inner_text()
    chip = tab.page.locator(".al-last a.al-cite").first
    quote = tab.page.locator(".al-quoted blockquote").first.inner_text()
    assert "Source" in (chip.get_attribute("aria-label") or "")
    conversation = tab.page.url
    tab.click(chip)
    assert urlsplit(tab.page.url).path == "/document"
    mark = tab.page.locator("mark")
    expect(mark.first).to_be_in_viewport()
    marked = "".join(mark.all_inner_texts())
    assert re.sub(r"\W", "", marked) in re.sub(r"\W", "", quote)
    tab.page.go_back()
    tab.settle()
    assert tab.page.url == conversation
    expect(tab.page.locator(".al-quoted blockquote").first).to_contain_text(quote.splitlines()[0])


def test_hovering_shows_the_passage_and_so_does_the_keyboard(server: Server, visit: Visitor) -> None:
    tab = put(visit(server).go(f"{server.address}/ask"), "What is the bubble of a pipeline?")
    chip = tab.page.locator("a.al-cite").first
    peek = tab.page.locator(".al-peek").first
    expect(peek).to_be_hidden()
    chip.hover()
    expect(peek).to_be_visible()
    expect(peek.locator("mark").first).to_be_visible()
    tab.page.mouse.move(5, 5)
    expect(peek).to_be_hidden()


def test_everything_is_reached_by_the_keyboard(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/ask")
    # The script that hears the key comes after what is drawn.
    tab.page.wait_for_function("window.almanacBridge")
    tab.page.keyboard.press("/")
    expect(tab.page.locator(BOX)).to_be_focused()
    tab.page.keyboard.type("What is the bubble of a pipeline?")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".al-last")).to_be_visible()
    tab.settle()
    wanted = tab.page.locator("a.al-cite").first
    for _ in range(60):
        tab.page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            break
    expect(wanted).to_be_focused()
    expect(tab.page.locator(".al-peek").first).to_be_visible()
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/document?**")
    tab.settle()


def test_one_types_on_after_sending(server: Server, visit: Visitor) -> None:
    tab = put(visit(server).go(f"{server.address}/ask"), "What is the bubble of a pipeline?")
    box = tab.page.locator('[data-testid="stBottom"]').locator(BOX)
    expect(box).to_be_focused()
    tab.page.keyboard.type("And how is it reduced?")
    expect(box).to_have_value("And how is it reduced?")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".al-last .al-ask-q")).to_have_text("And how is it reduced?")
    expect(tab.page.locator(".al-last .al-ask-q")).to_be_in_viewport()
    expect(box).to_be_focused()


def test_what_is_too_long_stays_in_the_box(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/ask")
    box = tab.page.locator(BOX)
    box.fill("too long " * 600)
    box.press("Enter")
    tab.shows("A question has at most 4,000 letters; this one has 5,399.")
    expect(box).to_have_value(("too long " * 600).strip())


def test_a_sum_is_worked_out_and_opens_its_calculator(server: Server, visit: Visitor) -> None:
    tab = put(visit(server).go(f"{server.address}/ask"), "1F1B pipeline bubble for 8 stages and 64 microbatches")
    card = tab.page.locator(".al-computed")
    expect(card).to_contain_text("10.9")
    expect(card).to_contain_text("8 stages")
    tab.click(card.get_by_text("Change the inputs"))
    assert urlsplit(tab.page.url).path == "/calculators"
    found = query(tab.page.url)
    assert (found["pp"], found["microbatches"]) == (["8"], ["64"])


def test_what_a_sum_lacks_is_asked_for(server: Server, visit: Visitor) -> None:
    tab = put(visit(server).go(f"{server.address}/ask"), "1F1B pipeline bubble for 8 stages")
    field = tab.page.locator('[data-testid="stForm"] input').first
    field.fill("64")
    tab.click(tab.page.get_by_role("button", name="Work it out"))
    expect(tab.page.locator(".al-computed")).to_contain_text("10.9", timeout=20_000)
    assert tab.page.locator(".al-ask-q").count() == 1


def test_what_is_not_in_the_library_is_said(server: Server, visit: Visitor) -> None:
    tab = put(visit(server).go(f"{server.address}/ask"), "How long does sourdough bread bake?")
    tab.shows("Not in your library")
    tab.click(tab.page.get_by_text("Add files, or fetch papers from arXiv"))
    assert query(tab.page.url) == {"view": ["add"]}


def test_a_search_and_a_document_lead_to_asking(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/?q=pipeline+bubble")
    tab.click(tab.page.get_by_text("Ask this question"))
    expect(tab.page.locator(".al-last .al-ask-q")).to_have_text("pipeline bubble")
    assert query(tab.page.url).keys() == {"c"}
    tab.click(tab.page.locator(".al-last a.al-cite").first)
    tab.click(tab.page.get_by_text("Ask about it"))
    assert query(tab.page.url).keys() == {"doc"}
    assert "Look in: “" in tab.text


def test_a_conversation_is_kept_found_renamed_exported_deleted_and_brought_back(
    fresh_server: Server, visit: Visitor, tmp_path: Path
) -> None:
    tab = visit(fresh_server).go(f"{fresh_server.address}/ask")
    tab.page.get_by_text("Loading the starter library").first.wait_for(state="hidden", timeout=120_000)
    put(tab, "What is the bubble of a pipeline?")
    put(tab, "投机解码为什么能加速？")
    other = visit(fresh_server).go(tab.page.url)
    assert other.page.locator(".al-ask-q").count() == 2
    other.click(other.page.get_by_role("button", name="Rename"))
    expect(other.page.get_by_label("Title")).to_be_focused()
    other.page.get_by_label("Title").fill("Bubbles")
    other.click(other.page.locator('[data-testid="stForm"]').get_by_role("button", name="Rename"))
    expect(other.page.locator("h1")).to_have_text("Bubbles")
    expect(other.page.get_by_label("Title")).to_have_count(0)
    other.click(other.page.get_by_role("button", name="Export"))
    for form in ("Markdown", "JSON"):
        with other.page.expect_download() as waited:
            other.page.get_by_role("button", name=form).click()
        waited.value.save_as(tmp_path / form)
    text = (tmp_path / "Markdown").read_text(encoding="utf-8")
    assert text.startswith("# Bubbles\n")
    assert "## References" in text
    assert "- [1] " in text
    assert len(json.loads((tmp_path / "JSON").read_text(encoding="utf-8"))["turns"]) == 2
    other.page.keyboard.press("Escape")
    other.click(other.page.get_by_role("button", name="Delete"))
    other.click(other.page.get_by_role("button", name="Delete this conversation"))
    other.shows("Deleted: Bubbles")
    expect(other.page).to_have_title("Conversations · MLSys Almanac")
    other.go(tab.page.url)
    expect(other.page.get_by_text("This conversation is deleted.")).to_be_in_viewport()
    other.page.go_back()
    other.settle()
    other.click(other.page.get_by_role("button", name="Restore"))
    other.page.get_by_label("Find a conversation").fill("投机")
    other.page.keyboard.press("Enter")
    other.settle()
    other.click(other.page.get_by_role("link", name="Bubbles"))
    expect(other.page.locator(".al-ask-q").nth(1)).to_be_in_viewport()


def test_an_edited_question_replaces_what_followed(server: Server, visit: Visitor) -> None:
    tab = put(visit(server).go(f"{server.address}/ask"), "What is the bubble of a pipeline?")
    put(tab, "投机解码为什么能加速？")
    tab.click(tab.page.get_by_text("Edit the question").first)
    assert "It replaces this answer and the 1 turn after it." in tab.text
    expect(tab.page.get_by_label("The question", exact=True)).to_be_focused()
    expect(tab.page.get_by_label("The question", exact=True)).to_be_in_viewport()
    tab.page.get_by_label("The question", exact=True).fill("What does paged attention do?")
    tab.click(tab.page.get_by_role("button", name="Ask and replace"))
    expect(tab.page.locator(".al-last .al-ask-q")).to_have_text("What does paged attention do?")
    assert tab.page.locator(".al-ask-q").count() == 1


def test_the_way_back_leads_out_and_asks_nothing_again(server: Server, visit: Visitor) -> None:
    tab = visit(server).go(f"{server.address}/ask")
    tab.click(tab.page.locator(".al-chip").first)
    expect(tab.page.locator(".al-last")).to_be_visible()
    conversation = query(tab.page.url)["c"]
    for _ in range(3):
        tab.page.go_back()
        tab.settle()
        if not urlsplit(tab.page.url).query:
            break
    assert urlsplit(tab.page.url).query == ""
    tab.page.go_forward()
    tab.settle()
    expect(tab.page.locator(".al-last")).to_be_visible()
    assert query(tab.page.url).get("c", conversation) == conversation


def test_what_stands_in_a_popover_can_be_read_in_the_dark(server: Server, visit: Visitor) -> None:
    tab = put(visit(server, scheme="dark").go(f"{server.address}/ask"), "What is the bubble of a pipeline?")
    tab.click(tab.page.get_by_role("button", name="Delete"))
    button = tab.page.get_by_role("button", name="Delete this conversation")
    colours = button.evaluate("node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]")
    light, dark = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in reversed(colours))
    assert light - dark > 300, "dark ink on the light accent"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_answers_without_scrolling_sideways(server: Server, visit: Visitor, scheme: str) -> None:
    tab = visit(server, scheme=scheme, width=390, height=800).go(f"{server.address}/ask")
    for question in (
        "70B 模型 fp16 权重要多少显存",
        "What is the bubble of a pipeline?",
        "sourdough bread?",
        "b" * 200,
    ):
        put(tab, question)
        main = tab.page.locator("[data-testid=stMain]")
        assert main.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
        expect(tab.page.locator(".al-last .al-ask-q")).to_be_in_viewport()
    tab.within("/ask?view=conversations")
    assert main.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
