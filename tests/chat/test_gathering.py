"""What is searched for: the question, its rare names and the sides of a comparison, within the reader's filters."""

from almanac import Almanac
from chat.finding import lexicon_of
from chat.gathering import Gathered, gather
from chat.question import read_question
from chat.types import Scope
from kb.types import Kind


def _gathered(almanac: Almanac, question: str, scope: Scope | None = None, text: str | None = None) -> Gathered:
    library = almanac.chat.library
    return gather(read_question(question, lexicon_of(library)), scope or Scope(), library, text)


def test_each_unit_comes_once(almanac: Almanac) -> None:
    units = _gathered(almanac, "How does the widget cache compare with frob compression?").units
    places = [(unit.document.id, unit.start) for unit in units]
    assert len(places) == len(set(places)) > 0


def test_both_sides_of_a_comparison_are_looked_for(almanac: Almanac) -> None:
    text = "\n".join(unit.text for unit in _gathered(almanac, "Compare FrobNet and SlowFrob").units)
    assert "12 stages" in text
    assert "SlowFrob processes frobs one by one" in text


def test_nothing_outside_the_filters_is_found(almanac: Almanac) -> None:
    units = _gathered(almanac, "What do frobs cost?", Scope(kinds=(Kind.RSS,), until="2023-12")).units
    assert {unit.document.title for unit in units} == {"Frob compression arrives"}


def test_filters_alone_list_what_passes_them(almanac: Almanac) -> None:
    units = _gathered(almanac, "What came out?", Scope(kinds=(Kind.RSS,)), text="").units
    assert {unit.document.title for unit in units} == {"Frob compression arrives", "Frob markets cool"}
