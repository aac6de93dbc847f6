"""Numbers with their units, as texts of two languages write them."""

import pytest

from kb._numbers import numbers_in


def _values(text: str) -> list[tuple[float, str]]:
    return [(pytest.approx(number.value), number.unit) for number in numbers_in(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it took 34 days on 1,024 cards", [(34 * 86400, "second"), (1024, "gpu")]),
        ("2 to 3.5x faster, up to 12.5%", [(2, "times"), (3.5, "times"), (12.5, "%")]),
        ("从 85% 到 90%", [(85, "%"), (90, "%")]),
        ("80 GB at 3.35 TB/s", [(80e9, "byte"), (3.35e12, "byte/second")]),
        ("16 GiB is not 16 GB", [(16 * 2**30, "byte"), (16e9, "byte")]),
        ("400 Gb/s", [(400e9, "bit/second")]),
        ("1.2e23 FLOP, or 3.14×10^23", [(1.2e23, "flop"), (3.14e23, "")]),
        ("about 10²³ operations", [(1e23, "")]),
        ("70 亿参数，1.4 万亿 token", [(7e9, "parameter"), (1.4e12, "token")]),
        ("175B parameters, 32k tokens", [(175e9, "parameter"), (32e3, "token")]),
        ("80G 显存", [(80e9, "byte")]),
        ("两倍，三天", [(2, "times"), (3 * 86400, "second")]),
        ("twice as large, for two days", [(2, "times"), (2 * 86400, "second")]),
        ("25 tokens per second", [(25, "token/second")]),
        ("4-bit weights in 64 layers", [(4, "bit"), (64, "layer")]),
        ("$3.5 an hour", [(3.5, "dollar")]),
        ("１２．５％", [(12.5, "%")]),
    ],
)
def test_numbers_come_with_their_units(text: str, expected: list[tuple[float, str]]) -> None:
    assert _values(text) == expected


@pytest.mark.parametrize(
    "text", ["GPT-3", "H100 and A100s", "1F1B", "Mixtral 8x7B", "fp8", "p-1", "2309.06180", "[12]"]
)
def test_digits_of_names_and_markers_are_no_numbers(text: str) -> None:
    assert _values(text) == []


def test_a_date_is_the_same_in_every_spelling() -> None:
    spellings = ["2023-04-07", "7 April 2023", "April 7, 2023", "2023年4月7日"]
    dates = [next(number for number in numbers_in(text) if number.unit == "date") for text in spellings]
    assert all(date.equals(dates[0]) for date in dates)
    assert numbers_in("April 2023")[0].equals(dates[0])
    assert not numbers_in("8 April 2023")[0].equals(dates[0])


def test_units_of_one_dimension_are_converted() -> None:
    assert numbers_in("900 GB/s")[0].equals(numbers_in("0.9 TB/s")[0])
    assert numbers_in("48 hours")[0].equals(numbers_in("2 days")[0])
    assert not numbers_in("80 GB")[0].equals(numbers_in("80 GiB")[0])
    assert not numbers_in("80 GB")[0].equals(numbers_in("80 GB/s")[0])
    assert not numbers_in("80 GB")[0].equals(numbers_in("80")[0])
    assert not numbers_in("8 layers")[0].equals(numbers_in("8 heads")[0])


def test_rounding_is_allowed_only_where_asked_for() -> None:
    exact, shown = numbers_in("51.539607552 GB")[0], numbers_in("51.5 GB")[0]
    assert shown.equals(exact, rounded=True)
    assert not shown.equals(exact)
    assert not numbers_in("51.6 GB")[0].equals(exact, rounded=True)


def test_places_are_those_of_the_text_as_given() -> None:
    text = "气泡占 10²³ 的 １２．５％。"
    assert [text[number.start : number.end] for number in numbers_in(text)] == ["10²³", "１２．５％"]


@pytest.mark.parametrize("text", ["1e400 tokens", "10^999 bytes", "9" * 400 + " GPUs", "2 × 10^900 FLOPs"])
def test_what_no_float_holds_is_no_number(text: str) -> None:
    assert all(abs(number.value) < 1e300 for number in numbers_in(text))
