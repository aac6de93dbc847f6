"""Documents per topic over the quarters, drawn and as a table."""

import re

from digests.site_chart import MOST_QUARTERS, chart, quarters_in, table, topics_in

COUNTS = {"2022-Q4": {"serving": 3}, "2023-Q2": {"serving": 1, "hardware": 2, "other": 5}, "2024-Q1": {}}


def test_quarters_without_documents_between_others_are_shown() -> None:
    assert quarters_in(COUNTS) == ["2022-Q4", "2023-Q1", "2023-Q2"]
    assert topics_in(COUNTS) == ["hardware", "serving", "other"]
    assert quarters_in({"0001-Q1": {"other": 1}, "9999-Q4": {"other": 1}}) == ["0001-Q1", "9999-Q4"]


def test_bars_are_as_tall_as_their_numbers() -> None:
    tall = {
        match[2]: float(match[1])
        for match in re.finditer(r'height="([\d.]+)"><title>([^<]*)</title>', chart(COUNTS))
    }  # fmt: skip
    assert set(tall) == {
        "Q4&#x27;22, Serving: 3 documents",
        "Q2&#x27;23, Hardware: 2 documents",
        "Q2&#x27;23, Serving: 1 document",
        "Q2&#x27;23, Other: 5 documents",
    }
    three, five = tall["Q4&#x27;22, Serving: 3 documents"], tall["Q2&#x27;23, Other: 5 documents"]
    assert abs(three / five - 3 / 5) < 0.01


def test_nothing_is_drawn_of_nothing() -> None:
    assert chart({}) == table({}, set()) == ""


def test_of_many_quarters_the_last_are_drawn_and_all_are_in_the_table() -> None:
    many = {f"{year}-Q{number}": {"serving": 1} for year in range(2000, 2020) for number in (1, 2, 3, 4)}
    assert chart(many).count("<rect") == MOST_QUARTERS
    assert table(many, {"2019-Q4"}).count("<tr>") == 81
    assert table(many, {"2019-Q4"}).count("<a ") == 1
