"""What a question takes for given: amounts and sides that no passage shares leave it without an answer."""

import pytest

from almanac import Almanac


@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("What does FrobNet-2 reach, which splits work into 12 stages?", True),
        ("What does FrobNet-2 reach on a 24 GB card?", False),
        ("Which operating systems does FrobNet-2 support?", False),
        ("How does FrobNet-2 differ from SlowFrob?", True),
        ("How does FrobNet-2 differ from paper folding?", False),
    ],
)
def test_a_condition_that_no_passage_shares_is_declined(almanac: Almanac, question: str, answered: bool) -> None:
    assert almanac.chat.answer(question).grounded is answered
