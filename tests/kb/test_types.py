"""The vocabulary refuses what would break those who rely on it."""

import pytest
from pydantic import ValidationError

from kb.types import Chunk, Document, Kind, Link, Query, Section

TEXT = "Batching\nRequests join at every step.\n"


def document(**changes: object) -> Document:
    values: dict[str, object] = {"id": "page:a#1", "source": "a.txt", "kind": "page", "title": "Batching", "text": TEXT}
    return Document.model_validate(values | changes)


def test_types_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        document().title = "Other"  # type: ignore[misc]


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        document(tittle="Batching")


@pytest.mark.parametrize(
    "date", ["", "2023", "2023-04", "2023-04-07", "2023-04-07T23:00:00-08:00", "2023-04-07T08:00Z"]
)
def test_dates_are_as_precise_as_the_source(date: str) -> None:
    assert document(published=date).published == date


@pytest.mark.parametrize("date", ["23", "2023-13", "2023-04-32", "7 April 2023", "2023-04-07 08:00", "2023-4-7"])
def test_what_is_no_date_is_refused(date: str) -> None:
    with pytest.raises(ValidationError, match="ISO 8601"):
        document(published=date)
    with pytest.raises(ValidationError, match="ISO 8601"):
        document(updated=date)


@pytest.mark.parametrize("quarter", ["2023-Q5", "2023Q1", "Q1", "2023-q1"])
def test_what_is_no_quarter_is_refused(quarter: str) -> None:
    with pytest.raises(ValidationError, match="quarter"):
        document(quarter=quarter)
    assert document(quarter="2023-Q4").quarter == "2023-Q4"


def section(number: str, start: int, end: int) -> Section:
    return Section(id=number, level=1, title="", start=start, end=end)


def test_sections_cover_the_text_without_gaps() -> None:
    half = len(TEXT) // 2
    whole = (section("1", 0, half), section("2", half, len(TEXT)))
    assert document(sections=whole).sections == whole


@pytest.mark.parametrize(
    "spans",
    [
        [(1, len(TEXT))],
        [(0, 5), (6, len(TEXT))],
        [(0, 6), (5, len(TEXT))],
        [(0, len(TEXT) - 1)],
        [(0, len(TEXT) + 1)],
    ],
    ids=["starts late", "gap", "overlap", "ends early", "ends late"],
)
def test_sections_with_gaps_or_overlaps_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValidationError, match="section"):
        document(sections=tuple(section(str(n), *span) for n, span in enumerate(spans)))


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 2), (0, len(TEXT) + 1)])
def test_links_lie_inside_the_text(start: int, end: int) -> None:
    with pytest.raises(ValidationError, match="link"):
        document(links=(Link(start=start, end=end, url="https://example.org/"),))


def test_a_section_has_a_level() -> None:
    with pytest.raises(ValidationError, match="level"):
        Section(id="1", level=0, title="", start=0, end=1)


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_query_asks_for_a_sensible_number(limit: int) -> None:
    with pytest.raises(ValidationError, match="limit"):
        Query(text="bubble", limit=limit)


def test_kinds_read_and_print_as_their_names() -> None:
    assert Kind("rss") is Kind.RSS
    assert str(Kind.ARXIV) == "arxiv"


def test_types_survive_json() -> None:
    made = document(
        published="2023-04", published_basis="id", sections=(section("1", 0, len(TEXT)),), authors=("A. 作者",)
    )
    assert Document.model_validate_json(made.model_dump_json()) == made
    chunk = Chunk(id="c", doc_id="d", ordinal=0, path=("上", "下"), text="x", start=0, end=1, embed_text="上 下 x")
    assert Chunk.model_validate_json(chunk.model_dump_json()) == chunk
