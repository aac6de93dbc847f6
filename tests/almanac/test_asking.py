"""almanac.asking: the chat over a stored library; it reads only, and says why no model wrote an answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from almanac import Almanac
from almanac.asking import Chat
from almanac.language import LanguageState
from tests.chat.conftest import open_small
from tests.chat.scripted import ScriptedModel

NOTES = """---
title: Gadgets
date: 2026-11-22
---

1. Gadget springs
    1. a gadget spring stores 12 joules and loses a third of them in an hour
    2. gadget levers move the spring without any motor
"""
QUESTION = "What does a gadget spring store?"


@pytest.fixture(scope="module")
def almanac(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Almanac]:
    opened = open_small(tmp_path_factory.mktemp("gadgets"), gadgets__md=NOTES)
    yield opened
    opened.close()


def test_the_library_is_read_as_it_is_stored(almanac: Almanac) -> None:
    library = almanac.chat.library
    (info,) = almanac.documents()
    assert library.info(info.id) == info
    text = library.text(info.id)
    assert "12 joules" in text
    at = text.index("12 joules")
    assert any(chunk.start <= at < chunk.end for chunk in library.between(info.id, at, at + 9))
    assert any(section.title == "Gadget springs" for section in library.sections(info.id))
    assert library.passages == info.chunks > 0


def test_what_is_gone_is_empty_and_no_error(almanac: Almanac) -> None:
    library = almanac.chat.library
    assert (library.info("none"), library.text("none"), library.sections("none")) == (None, "", ())


def test_passages_are_counted_again_once_the_library_changed(tmp_path: Path) -> None:
    opened = open_small(tmp_path, gadgets__md=NOTES)
    before = opened.chat.library.passages
    more = tmp_path / "levers.md"
    more.write_text(NOTES.replace("Gadget", "Lever").replace("gadget", "lever"), encoding="utf-8")
    assert [outcome.status for outcome in opened.ingest([more])] == ["ok"]
    assert opened.chat.library.passages > before
    opened.close()


def test_an_answer_is_quoted_resolved_and_nothing_is_written(almanac: Almanac) -> None:
    before = almanac.store.generation()
    answer = almanac.chat.answer(QUESTION, extractive=True)
    assert answer.kind == "quoted"
    assert "12 joules" in answer.text
    assert [almanac.chat.resolve(citation).state for citation in answer.citations] == ["here"] * len(answer.citations)
    assert almanac.store.generation() == before


@pytest.mark.parametrize("status", ["off", "ready"])
def test_a_model_is_asked_only_where_one_is_chosen(almanac: Almanac, status: str) -> None:
    model = ScriptedModel("A gadget spring stores 12 joules [1].")
    state = LanguageState("off" if status == "off" else "ready")
    answer = Chat(almanac.chat.library, lambda: model, lambda: state).answer(QUESTION)
    assert bool(model.prompts) == (status == "ready")
    assert answer.kind == ("generated" if status == "ready" else "quoted")


def test_a_model_that_failed_to_load_is_told_beside_the_quotations(almanac: Almanac) -> None:
    state = LanguageState("failed", message="The file is gone.", hint="Choose another.")
    answer = Chat(almanac.chat.library, lambda: None, lambda: state).answer(QUESTION)
    assert answer.kind == "quoted"
    assert any("The file is gone. Choose another." in notice for notice in answer.notices)
