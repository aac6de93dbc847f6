"""A quote goes into an address and comes back to its place."""

import pytest

from ui.quoting import WHOLE, for_address, place_of

LONG = " ".join(f"word{number} and" for number in range(60))


@pytest.mark.parametrize(
    "quote",
    [
        "A paged cache wastes less memory.",
        "气泡随微批数增加而缩小",
        LONG,
        "，".join(f"第{number}段说了一些话" for number in range(40)),
    ],
)
def test_a_quote_is_found_where_it_stands(quote: str) -> None:
    text = f"Before it. {quote} After it."
    kept = for_address(quote)
    assert len(kept) <= WHOLE
    place = place_of(kept, text)
    assert place is not None
    assert text[slice(*place)] == quote


def test_white_space_and_letter_forms_do_not_matter() -> None:
    text = "One line\n   goes on: “Ｆｕｌｌ width”."
    assert place_of(for_address('line goes on: "Full width"'), text) == (4, len(text) - 1)


def test_what_the_text_does_not_say_is_not_marked() -> None:
    assert place_of("A paged cache", "A cache that is paged") is None
    assert place_of("", "text") is None
    assert place_of("…", "text") is None


def test_a_long_quote_whose_end_changed_is_marked_as_far_as_it_is_known() -> None:
    place = place_of(for_address(LONG), LONG[:120])
    assert place is not None
    assert place[0] == 0
