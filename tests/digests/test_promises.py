"""The promises of digests on whole libraries: the starter library, and the samples where they are present."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from almanac import Almanac, open_almanac
from benchmarks.digest_quality import agreement, checked, lists_of
from benchmarks.ingest import SAMPLES
from kb.settings import load_settings

pytestmark = pytest.mark.slow


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Almanac]:
    made = open_almanac(load_settings(tmp_path / "home", embedder="none"))
    yield made
    made.close()


def test_the_starter_library_leaves_nothing_to_object_to(empty: Almanac) -> None:
    empty.load_starter(embed=False)
    found = checked(empty.store, empty.digests)
    assert found.objections == 0
    assert found.digests > 15
    assert found.sentences > 300
    assert found.fitting == found.long_enough > 40


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside the checkout")
def test_the_samples_leave_nothing_to_object_to(empty: Almanac) -> None:
    list(empty.ingest([SAMPLES], embed=False))
    found = checked(empty.store, empty.digests)
    assert found.objections == 0
    assert found.fitting == found.long_enough > 20
    lists = lists_of({"samples": (empty.store, empty.digests, empty)})
    for store, listing in lists:
        _, agreed = agreement(store, listing)
        assert agreed >= 22 / 24 * len(listing.names)
