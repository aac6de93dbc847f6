"""What an address says of the Digests page."""

import pytest

from ui.digest_state import DigestState


@pytest.mark.parametrize(
    ("typed", "quarter"),
    [("2023-Q1", "2023-Q1"), ("q1 2023", "2023-Q1"), ("Q1'23", "2023-Q1"), ("2023-Q5", ""), ("<script>", ""), ("", "")],
)
def test_a_quarter_is_read_or_left_out(typed: str, quarter: str) -> None:
    assert DigestState.read({"quarter": typed}).quarter == quarter


def test_a_state_is_reopened_by_its_parameters() -> None:
    state = DigestState(quarter="2023-Q1", part="serving", sub="Batching", text="sources", at="arxiv:1", edit=1, page=3)
    assert DigestState.read(state.parameters()) == state


def test_what_makes_no_sense_is_left_out() -> None:
    assert DigestState.read({"page": "-3", "edit": "9", "sub": "Batching"}) == DigestState(edit=1)


def test_a_change_goes_to_the_first_page() -> None:
    state = DigestState(quarter="2023-Q1", part="serving", page=3, at="arxiv:1")
    assert state.href(part="hardware") == "/digests?quarter=2023-Q1&part=hardware"
    assert state.href(page=4) == "/digests?quarter=2023-Q1&part=serving&page=4"
