"""What the benchmarks of digests measure with: generated quarters and shared words."""

import pytest

from benchmarks._quarters import Quarters
from benchmarks.digest_quality import rouge
from digests.sentences import candidates, count_words


def test_generated_quarters_are_the_same_each_time_and_lie_in_their_quarter() -> None:
    made, again = list(Quarters().documents("2024-Q2", 40)), list(Quarters().documents("2024-Q2", 40))
    assert made == again
    assert len({document.id for document in made}) == 40
    assert all(document.published[:7] in ("2024-04", "2024-05", "2024-06") for document in made)
    assert {document.kind.value for document in made} == {"arxiv", "rss"}


def test_generated_documents_read_like_abstracts() -> None:
    for document in Quarters().documents("2024-Q2", 8):
        words = sum(count_words(candidate.text) for candidate in candidates(document))
        assert 60 <= words <= 200


def test_rouge_is_the_f1_of_shared_words_within_the_limit() -> None:
    assert rouge("the cache is paged", "the cache is paged") == 1
    assert rouge("one two", "two three") == pytest.approx(0.5)
    assert rouge("", "two") == rouge("one", "") == rouge("one", "two") == 0
    assert rouge(" ".join(["pad"] * 75 + ["hit"]), "hit") == 0
