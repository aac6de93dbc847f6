"""An answer as HTML: quotes share the line of their place, and what was pasted is shortened."""

from almanac.conversations import Source
from chat.types import Citation
from tests.answers import citation, declined, quoted
from tests.ui.conftest import Reading
from ui.ask_answer import answer_html


def shown(*citations: Citation, standings: tuple[str, ...] = ("there", "there")) -> Reading:
    sources = {
        cited: Source.model_validate({"standing": standing, "chunk_id": cited.chunk_id, "passage": cited.quote})
        for cited, standing in zip(citations, standings, strict=True)
    }
    return Reading(answer_html(quoted("why?", *citations), sources))


def test_quotes_of_one_section_share_its_line() -> None:
    one, two = citation(1, "One line."), citation(2, "Another line.")
    read = shown(one, two)
    assert read.tags.count("figcaption") == 1
    opened = {address.partition("chunk=")[2].partition("&")[0] for address in read.addresses}
    assert opened == {"notes%3Acaches.md%231", "notes%3Acaches.md%232"}, "each chip opens its own passage"


def test_quotes_of_two_places_each_have_theirs() -> None:
    assert shown(citation(1, "One."), citation(2, "Two.", path=("Caches", "Sharing"))).tags.count("figcaption") == 2
    assert shown(citation(1, "One."), citation(2, "Two."), standings=("there", "gone")).tags.count("figcaption") == 2


def test_what_was_pasted_does_not_push_the_answer_away() -> None:
    answer = declined("why?").model_copy(update={"standalone": "why " * 400, "unknown": ("x" * 600,)})
    text = Reading(answer_html(answer, {})).text
    assert "Understood as why why" in text
    assert "why " * 100 not in text
    assert "x" * 80 in text
    assert "x" * 100 not in text
