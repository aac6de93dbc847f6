"""Answers written by a language model, in a real browser: checked, stopped, waited for, broken, hostile."""

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from almanac import open_almanac
from kb.settings import load_settings
from tests.e2e.conftest import Server, Visit, Visitor, start_app, stop_app
from tests.e2e.test_asking import BOX, query
from tests.llm_server import Act, Asked, ModelServer, breaks_off, event, llm_server, refuses, says, stream

pytestmark = pytest.mark.browser
NOTE = """1. Caches
    1. A paged cache keeps its blocks in a table and wastes almost no memory.
    2. Blocks of sixteen tokens are the usual size of a paged cache.
"""
QUESTION = "What does a paged cache keep in a table?"
TRUE = "A paged cache keeps its blocks in a table and wastes almost no memory"
FALSE = "It takes 4711 seconds"


@pytest.fixture(scope="module")
def models() -> Iterator[ModelServer]:
    with llm_server() as made:
        yield made


@pytest.fixture(scope="module")
def writing_server(browser: Browser, models: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run the app over one note, with a model."""
    folder = tmp_path_factory.mktemp("writing")
    (folder / "caches.md").write_text(NOTE, encoding="utf-8")
    made = open_almanac(load_settings(folder / "home", embedder="none"))
    assert [outcome.status for outcome in made.ingest([folder / "caches.md"])] == ["ok"]
    made.remove_starter()
    made.close()
    running = start_app(folder / "home", folder / "app.log", ALMANAC_LLM=models.llm)
    yield running
    stop_app(running)


@pytest.fixture(autouse=True)
def afresh(models: ModelServer) -> None:
    models.script.clear()
    models.otherwise = says(f"{TRUE} [1].")


def held(gate: threading.Event, text: str) -> Act:
    """Return an act that begins to write, and goes on when it may."""

    def act(asked: Asked) -> None:
        stream(asked, [event("Blocks, ")])
        gate.wait(60)
        asked.handler.wfile.write(event(text) + b"\n\n" + event(finish="stop") + b"\n\ndata: [DONE]\n\n")

    return act


def ask(visit: Visitor, server: Server, question: str = QUESTION) -> Visit:
    tab = visit(server).go(f"{server.address}/ask")
    box = tab.page.locator(BOX)
    box.fill(question)
    box.press("Enter")
    expect(tab.page.locator(".al-ask-q", has_text=question)).to_be_visible()
    return tab


def test_sentences_are_checked_and_the_quotes_one_click_away(
    writing_server: Server, visit: Visitor, models: ModelServer
) -> None:
    models.script.append(says(f"{TRUE} [1]. {FALSE} [1]."))
    tab = ask(visit, writing_server)
    tab.shows("1 of 2 sentences supported by the library")
    expect(tab.page.locator(".al-doubt")).to_contain_text(FALSE)
    expect(tab.page.locator(".al-doubt small")).to_contain_text("not supported by the library; ")
    expect(tab.page.locator(".al-doubt small")).to_contain_text("4711")
    expect(tab.page.locator(".al-written a.al-cite").first).to_have_attribute(
        "aria-label", re.compile("Source 1: caches")
    )
    tab.click(tab.page.get_by_text("Show the quotes instead"))
    expect(tab.page.locator(".al-quoted").first).to_be_visible()
    assert FALSE not in tab.text
    tab.click(tab.page.get_by_text("Show the written answer"))
    expect(tab.page.locator(".al-doubt")).to_be_visible()


def test_stopping_is_at_once_and_leaves_nothing_behind(
    writing_server: Server, visit: Visitor, models: ModelServer
) -> None:
    gate = threading.Event()
    models.script.append(held(gate, f"{TRUE} [1]."))
    tab = ask(visit, writing_server)
    expect(tab.page.locator(".al-writing")).to_contain_text("Blocks,")
    expect(tab.page.locator(BOX)).to_be_disabled()
    tab.page.get_by_role("button", name="Stop").click()
    tab.shows("Stopped. What was written is not checked and is not saved.", seconds=5)
    gate.set()
    tab.click(tab.page.get_by_role("button", name="Show the quotes"))
    expect(tab.page.locator(".al-last .al-quoted").first).to_be_visible()
    assert "Written by" not in tab.text


def test_a_reload_while_it_is_written_loses_nothing(
    writing_server: Server, visit: Visitor, models: ModelServer
) -> None:
    gate = threading.Event()
    models.script.append(held(gate, f"that is: {TRUE} [1]."))
    tab = ask(visit, writing_server)
    expect(tab.page.locator(".al-writing")).to_be_visible()
    assert query(tab.page.url).keys() == {"c"}
    tab.page.reload()
    expect(tab.page.locator(".al-writing")).to_contain_text("Blocks,")
    gate.set()
    expect(tab.page.locator(".al-last")).to_contain_text("sentences supported by the library")


def test_two_tabs_are_answered_by_one_model(writing_server: Server, visit: Visitor, models: ModelServer) -> None:
    gate = threading.Event()
    models.script.append(held(gate, f"that is: {TRUE} [1]."))
    first = ask(visit, writing_server)
    expect(first.page.locator(".al-writing")).to_be_visible()
    second = ask(visit, writing_server, "How large are the blocks of a paged cache?")
    gate.set()
    for tab in (first, second):
        tab.shows("Written by teller")
        # The box was closed while the answer was written; then one types on.
        expect(tab.page.locator(BOX)).to_be_focused()
    assert query(first.page.url) != query(second.page.url)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (breaks_off, "broke off"),
        (refuses(401, "Incorrect API key provided"), "401"),
        (says(f"{FALSE} [1]."), "not"),
    ],
)
def test_a_fault_is_explained_over_the_quotes(
    writing_server: Server, visit: Visitor, models: ModelServer, fault: Act, words: str
) -> None:
    models.otherwise = fault
    tab = ask(visit, writing_server)
    expect(tab.page.locator(".al-last .al-quoted").first).to_be_visible(timeout=30_000)
    expect(tab.page.locator(".al-last .al-notice").first).to_contain_text(words)
    assert "Written by" not in tab.text


def test_what_a_model_writes_is_text(writing_server: Server, visit: Visitor, models: ModelServer) -> None:
    hostile = '<img src=x onerror="document.title=1"> ![a](https://evil.example/?q=1) <script>document.title=2</script>'
    models.script.append(says(f"{TRUE} [1]. {hostile} [1]."))
    tab = ask(visit, writing_server)
    tab.shows("Written by teller")
    assert tab.page.locator(".al-turn img, .al-turn script").count() == 0
    assert "What does a paged cache" in tab.page.title()
    assert not [link for link in tab.page.locator(".al-turn a").all() if "evil" in (link.get_attribute("href") or "")]
