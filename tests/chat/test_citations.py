"""Citations: one number a quote throughout a conversation, and no quote that its document does not hold."""

from almanac import Almanac
from chat.citations import Numbering, checked
from chat.types import Turn


def test_numbers_go_on_and_stay(almanac: Almanac) -> None:
    answer = almanac.chat.answer("What is a widget cache?")
    first = answer.citations[0]
    numbering = Numbering([Turn(question=answer.question, answer=answer)])
    assert numbering.number(first.chunk_id, first.quote) == first.number
    new = numbering.number("other", "other words")
    assert new == max(citation.number for citation in answer.citations) + 1
    assert numbering.number("other", "other words") == new


def test_a_quote_that_is_not_at_its_place_is_not_shown(almanac: Almanac) -> None:
    cited = almanac.chat.answer("What is a widget cache?").citations[0]
    moved = cited.model_copy(update={"start": cited.start + 1, "end": cited.end + 1})
    altered = cited.model_copy(update={"quote": cited.quote.replace("64", "65")})
    absent = cited.model_copy(update={"doc_id": "notes:none"})
    assert checked([moved, cited, altered, absent], almanac.chat.library) == [cited]
