"""Hits cut into lines and sentences: each in its place, headings marked, bare addresses left out."""

from pathlib import Path

from almanac import Almanac
from chat.passages import Unit, lists_work, same_words, units_in, units_of
from kb.types import Query
from tests.chat.conftest import open_small


def _units(almanac: Almanac, words: str) -> list[Unit]:
    library = almanac.chat.library
    made: list[Unit] = []
    for rank, hit in enumerate(library.search(Query(text=words, limit=5)).hits):
        end = max(hit.chunk.end, hit.chunk.start + len(hit.chunk.text))
        made += units_of(hit, rank, library.between(hit.document.id, hit.chunk.start, end))
    return made


def test_a_unit_is_a_span_of_its_document_inside_its_passage(almanac: Almanac) -> None:
    library = almanac.chat.library
    units = _units(almanac, "frobs")
    assert len({unit.document.id for unit in units}) >= 2
    for unit in units:
        assert library.text(unit.document.id)[unit.start : unit.end] == unit.text
        assert unit.chunk_id in {chunk.id for chunk in library.between(unit.document.id, unit.start, unit.end)}


def test_bare_addresses_are_no_units_and_lines_that_name_are_headings(almanac: Almanac) -> None:
    units = _units(almanac, "FrobNet pipelined frobs stages")
    assert not any(unit.text.strip().startswith("https://") for unit in units)
    work = next(unit for unit in units if "Pipelined Frobs for Everyone" in unit.text)
    assert work.heading
    assert lists_work(work)
    fact = next(unit for unit in units if "12 stages" in unit.text)
    assert not fact.heading
    assert not lists_work(fact)


def test_a_passage_has_the_units_that_its_hit_had(almanac: Almanac) -> None:
    library = almanac.chat.library
    like = next(unit for unit in _units(almanac, "widget cache trays") if "trays of 16" in unit.text)
    chunk = next(c for c in library.between(like.document.id, like.start, like.end) if c.id == like.chunk_id)
    again = units_in(chunk, like)
    assert (like.text, like.start) in {(unit.text, unit.start) for unit in again}
    assert {unit.chunk_id for unit in again} == {chunk.id}


def test_the_same_words_in_another_order_say_the_same() -> None:
    assert same_words("Trays hold 16 frobs.", "16 frobs, trays hold")
    assert not same_words("Trays hold 16 frobs.", "Sessions keep the last tray")
    assert not same_words("", "Trays")


def test_a_statement_over_its_address_is_no_title(tmp_path: Path) -> None:
    notes = (
        "1. Stages\n    1. the makers took one frob each from the first and the last stage\n"
        "       https://example.org/a\n    2. Frob Splitting for Large Machines\n       https://example.org/b\n"
    )
    almanac = open_small(tmp_path, n__md=notes)
    hit = almanac.search("frob stage splitting").hits[0]
    units = {unit.text: unit.heading for unit in units_of(hit, 0, [hit.chunk])}
    almanac.close()
    assert units["the makers took one frob each from the first and the last stage"] is False
    assert units["Frob Splitting for Large Machines"] is True
