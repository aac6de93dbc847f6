"""digests.quarter: names of quarters."""

from datetime import UTC, datetime

import pytest

from digests.quarter import is_quarter, parse_quarter, quarter_of, shift, short
from kb.errors import DigestError


@pytest.mark.parametrize("typed", ["2023-Q1", "2023q1", " 2023 Q1 ", "Q1 2023", "q1'23", "Q1’23", "Q1-2023"])
def test_all_spellings_name_one_quarter(typed: str) -> None:
    assert parse_quarter(typed) == "2023-Q1"


@pytest.mark.parametrize(
    "typed", ["", "2023", "2023-Q5", "2023-Q0", "23-Q1", "first quarter", "2023-Q1-Q2", "../2023-Q1"]
)
def test_what_is_no_quarter_is_said_with_the_form(typed: str) -> None:
    with pytest.raises(DigestError) as raised:
        parse_quarter(typed)
    assert "2023-Q1" in raised.value.hint


def test_a_quarter_follows_from_year_and_month_alone() -> None:
    assert [quarter_of(f"2024-{month:02d}-15") for month in (1, 3, 4, 6, 7, 9, 10, 12)] == [
        "2024-Q1", "2024-Q1", "2024-Q2", "2024-Q2", "2024-Q3", "2024-Q3", "2024-Q4", "2024-Q4",
    ]  # fmt: skip
    assert quarter_of("2024-05") == "2024-Q2"
    assert quarter_of(datetime(2024, 12, 31, tzinfo=UTC)) == "2024-Q4"
    assert quarter_of("2024") == quarter_of("") == quarter_of("2024-13") == ""


def test_quarters_are_counted_over_the_turn_of_the_year() -> None:
    assert shift("2023-Q1", -1) == "2022-Q4"
    assert shift("2023-Q4", 1) == "2024-Q1"
    assert shift(shift("2023-Q2", 11), -11) == "2023-Q2"


def test_titles_shorten_a_quarter_of_this_century() -> None:
    assert short("2023-Q1") == "Q1'23"
    assert short("1998-Q4") == "Q4 1998"
    assert is_quarter("2023-Q1")
    assert not is_quarter("2023q1")
