"""Which sentences answer: few, of the kind asked for, of both sides, below the heading that announces them."""

from dataclasses import replace

from almanac import Almanac
from chat._fitness import is_code
from chat.extract import MOST, by_document, choose
from chat.finding import lexicon_of
from chat.gathering import gather
from chat.question import Asked, read_question
from chat.relevance import Relevance, rank
from chat.types import Scope
from kb.types import Kind


def _ranked(almanac: Almanac, question: str, scope: Scope | None = None) -> tuple[Asked, list[Relevance]]:
    library = almanac.chat.library
    asked = read_question(question, lexicon_of(library))
    return asked, rank(asked, gather(asked, scope or Scope(), library).units)


def _chosen(almanac: Almanac, question: str) -> list[str]:
    asked, ranked = _ranked(almanac, question)
    chosen = choose(asked, ranked, almanac.chat.library)
    assert len(chosen) <= MOST[asked.intent] + 1
    return [item.unit.text for item in chosen]


def test_a_number_is_answered_by_a_sentence_with_it(almanac: Almanac) -> None:
    assert "12 stages" in _chosen(almanac, "How many stages does FrobNet-2 split work into?")[0]


def test_a_comparison_is_answered_from_both_sides(almanac: Almanac) -> None:
    text = "\n".join(_chosen(almanac, "Compare FrobNet-2 and SlowFrob"))
    assert "FrobNet-2" in text
    assert "SlowFrob" in text


def test_the_readers_own_question_is_not_its_answer(almanac: Almanac) -> None:
    chosen = _chosen(almanac, "Why do trays of 16 work better than trays of 32?")
    assert any("wastes half its slots" in text for text in chosen)
    assert not any(text.startswith("question:") for text in chosen)


def test_works_are_answered_by_the_lines_that_list_them(almanac: Almanac) -> None:
    assert any("Pipelined Frobs for Everyone" in text for text in _chosen(almanac, "Which papers are about FrobNet?"))


def test_nothing_is_chosen_from_nothing(almanac: Almanac) -> None:
    asked, _ = _ranked(almanac, "What is a tray?")
    assert choose(asked, [], almanac.chat.library) == []


def test_what_came_out_is_one_line_a_document_newest_first(almanac: Almanac) -> None:
    _, ranked = _ranked(almanac, "frob compression", Scope(kinds=(Kind.RSS,)))
    titles = [item.unit.document.title for item in by_document(ranked, 5)]
    assert titles == ["Frob markets cool", "Frob compression arrives"]
    assert len(by_document(ranked, 1)) == 1


def test_listings_are_told_from_prose_and_formulas(almanac: Almanac) -> None:
    asked = read_question("widget cache", lexicon_of(almanac.chat.library))
    units = gather(asked, Scope(), almanac.chat.library).units
    prose = replace(units[0], document=units[0].document.model_copy(update={"kind": Kind.PAGE}))
    for line in ("# load the frobs", "def pack(self):", "1model=FrobNet()", "pip install frobs", "frobs --all --six"):
        assert is_code(replace(prose, text=line)), line
    for line in ("FrobNet-2 has 12 stages", "4 bits for small trays.", "A tray (of six) is full."):
        assert not is_code(replace(prose, text=line)), line
    noted = prose.document.model_copy(update={"kind": Kind.NOTES})
    assert not is_code(replace(prose, text="r = S(q - Z)", document=noted))
