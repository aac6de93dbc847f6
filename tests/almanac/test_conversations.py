"""Conversations of a library: saved whole, reopened with what became of their sources, exported."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from almanac import Almanac, open_almanac
from almanac.conversations import Conversations
from chat.types import Scope, Statement
from kb.errors import ConversationNotFound
from kb.settings import load_settings
from kb.types import Kind
from tests.answers import citation, computed, generated, quoted
from tests.fakes import FixedClock

NOTE = "1. Caches\n    1. Paging\n        1. A paged cache wastes less memory.\n        2. Blocks are small.\n"


@pytest.fixture
def almanac(tmp_path: Path, home: Path, clock: FixedClock) -> Iterator[Almanac]:
    (tmp_path / "caches.md").write_text(NOTE, encoding="utf-8")
    made = open_almanac(load_settings(home, embedder="none"), clock=clock)
    assert [outcome.status for outcome in made.ingest([tmp_path / "caches.md"])] == ["ok"]
    yield made
    made.close()


@pytest.fixture
def kept(almanac: Almanac) -> Conversations:
    return almanac.conversations


def cited(almanac: Almanac, number: int = 1, quote: str = "A paged cache wastes less memory."):  # type: ignore[no-untyped-def]
    chunk = next(c for d in almanac.documents() for c in almanac.chunks(d.id) if quote in c.text)
    return citation(number, quote, chunk_id=chunk.id, doc_id=chunk.doc_id)


def test_every_kind_of_answer_comes_back_as_it_was(kept: Conversations) -> None:
    scope = Scope(topics=("serving",), kinds=(Kind.NOTES,), doc_id="notes:caches.md")
    written = generated("and why?", Statement(text="It does.", numbers=(1,), status="supported"))
    made = [quoted("what is paging?"), computed(), written]
    for answer in made:
        kept.save("c1", answer.question, answer, scope=scope)
    found = kept.open("c1")
    assert found.row.title == "what is paging?"
    assert [turn.answer for turn in found.turns] == made
    assert [turn.ordinal for turn in found.turns] == [1, 2, 3]
    assert {turn.scope for turn in found.turns} == {scope}


def test_an_unknown_conversation_is_an_error_with_a_way_on(kept: Conversations) -> None:
    with pytest.raises(ConversationNotFound) as caught:
        kept.open(kept.new_id())
    assert "ask again" in caught.value.hint
    with pytest.raises(ConversationNotFound):
        kept.rename("nowhere", "Title")


def test_titles_are_one_line_and_an_empty_one_changes_nothing(kept: Conversations) -> None:
    kept.save("c1", "what\n is\tpaging?", quoted("what is paging?"))
    assert kept.rows()[0].title == "what is paging?"
    kept.rename("c1", "  Caches \n and blocks ")
    kept.rename("c1", "   ")
    assert kept.rows()[0].title == "Caches and blocks"


def test_sources_that_changed_or_left_are_told_from_those_that_stand(almanac: Almanac, kept: Conversations) -> None:
    stands = cited(almanac)
    altered = stands.model_copy(update={"number": 2, "quote": "A paged cache wastes more memory."})
    moved = stands.model_copy(update={"number": 3, "chunk_id": "notes:caches.md#9.9"})
    foreign = citation(4, doc_id="notes:gone.md")
    answer = quoted("q", stands, altered, moved, foreign)
    sources = kept.sources([answer])
    assert [sources[c].standing for c in answer.citations] == ["there", "changed", "there", "gone"]
    assert sources[moved].chunk_id == stands.chunk_id, "the quote is looked for where it stands now"
    assert stands.quote in sources[stands].passage
    assert sources[foreign].passage == ""
    almanac.remove_document(stands.doc_id)
    assert {source.standing for source in kept.sources([answer]).values()} == {"gone"}


def test_an_export_keeps_the_references_of_documents_that_left(almanac: Almanac, kept: Conversations) -> None:
    stands = cited(almanac)
    kept.save("c1", "Is paging good?", quoted("Is paging good?", stands))
    kept.save("c1", "And small?", quoted("And small?", cited(almanac, 2, "Blocks are small."), stands))
    before = kept.export("c1")
    assert before.count("no longer in the library") == 0
    almanac.remove_document(stands.doc_id)
    after = kept.export("c1")
    assert after.count("no longer in the library") == 2
    assert "> A paged cache wastes less memory." in after
    data = json.loads(kept.export("c1", "json"))
    assert [turn["question"] for turn in data["turns"]] == ["Is paging good?", "And small?"]
    assert [c["number"] for c in data["turns"][1]["citations"]] == [2, 1]
    assert data["turns"][0]["citations"][0]["standing"] == "no longer in the library"


def test_an_answer_of_an_unknown_form_still_shows_its_text(almanac: Almanac, kept: Conversations) -> None:
    kept.save("c1", "what is paging?", quoted("what is paging?"))
    row = almanac.store.rows("SELECT record FROM turns")[0][0]
    record = json.loads(row)
    record["answer"]["a field of a later version"] = 1
    with almanac.store.write("test") as writer:
        writer.run(("UPDATE turns SET record = ?", (json.dumps(record),)))
    turn = kept.open("c1").turns[0]
    assert turn.answer is None
    assert turn.reply == "A paged cache wastes less memory. [1]"
    assert "A paged cache wastes less memory." in kept.export("c1")


def test_conversations_are_found_by_question_answer_and_source(kept: Conversations) -> None:
    kept.save("c1", "what is paging?", quoted("what is paging?"))
    kept.save("c2", "what is a bubble?", computed("what is a bubble?"))
    assert [row.id for row, _ in kept.find("wastes memory")] == ["c1"]
    assert {row.id for row, _ in kept.find("caches")} == {"c1", "c2"}


def test_deleting_can_be_undone(kept: Conversations) -> None:
    kept.save("c1", "one", quoted("one"))
    kept.delete("c1")
    assert kept.rows() == []
    assert [row.id for row in kept.rows(deleted=True)] == ["c1"]
    kept.restore("c1")
    assert [row.id for row in kept.rows()] == ["c1"]
    kept.delete("c1")
    kept.forget("c1")
    assert kept.rows(deleted=True) == []
