"""Text from documents inside pages of ours: escaped, addresses checked, dates as read."""

import pytest

from kb.markup import day, esc, path_above, plain, safe_url, source_name, web_address


def test_every_sign_of_markup_is_escaped() -> None:
    assert esc("<a href=\"x\" id='y'>&amp;") == "&lt;a href=&quot;x&quot; id=&#x27;y&#x27;&gt;&amp;amp;"


@pytest.mark.parametrize("unfit", ["\x00", "\x1b", "\x85", "\u202e", "\u2066", "\ufffe", "\U0001ffff", "\ud800"])
def test_characters_that_no_page_can_hold_go(unfit: str) -> None:
    assert plain(f"a{unfit}b") == "ab"


def test_what_is_read_stays() -> None:
    text = "naïve 量化 שלום 🚀 👩‍💻 $\\ell_1$\n\tend"
    assert plain(text) == text


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "data:text/html,x", "//host/x", "http://", "http://[", "x", ""])
def test_only_addresses_that_may_be_followed_are_addresses(bad: str) -> None:
    assert safe_url(bad) == ""
    assert web_address(bad) == ""


def test_an_address_stays_as_it_is_but_for_what_it_may_not_hold() -> None:
    fine = "https://example.org/a(b)?q=1&r=%20;x=é#part"
    assert web_address(fine) == fine
    assert web_address('https://example.org/a b"<{c}>\\d') == "https://example.org/a%20b%22%3C%7Bc%7D%3E%5Cd"
    assert web_address("http://[::1]:80/x") == "http://[::1]:80/x"


@pytest.mark.parametrize(
    ("stated", "read"),
    [("2023", "2023"), ("2023-04", "Apr 2023"), ("2023-04-07", "7 Apr 2023"), ("2023-04-07T23:10-08:00", "7 Apr 2023")],
)
def test_a_date_is_read_as_precisely_as_it_is_stated(stated: str, read: str) -> None:
    assert day(stated) == read


def test_a_source_is_named_shortly() -> None:
    assert source_name("https://example.org/feed?x=1") == "example.org"
    assert source_name("/somewhere/deep/notes.md") == "notes.md"


def test_a_breadcrumb_leaves_out_what_the_text_opens_with() -> None:
    assert path_above(("Caches", "", "Paging"), "Paging [2023]: blocks of fixed size") == ["Caches"]
    assert path_above(("Caches", "Paging"), "blocks of fixed size") == ["Caches", "Paging"]
    assert path_above(("Paging",), "Paging") == ["Paging"], "the only part says where one is"
    assert path_above((), "text") == []
