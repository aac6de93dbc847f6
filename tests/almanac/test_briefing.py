"""almanac.briefing: a brief is made once for each content, and whoever writes elsewhere delays none."""

from pathlib import Path

import pytest

from almanac import briefing
from almanac.briefing import Briefs
from kb.store.lock import exclusive
from tests.digests.shelf import Shelf, paper, tagger
from tests.digests.test_summarise import ABSTRACT


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path)
    made.put(*(paper(f"2302.0000{number}", f"Zephyr {number}: Paging", ABSTRACT) for number in range(5)))
    return made


def hashes_of(shelf: Shelf) -> dict[str, str]:
    return dict(shelf.store.rows("SELECT id, content_hash FROM documents"))


def briefs_of(shelf: Shelf) -> Briefs:
    return Briefs(shelf.store, lambda: shelf.glossary, tagger)


def kept(shelf: Shelf) -> list[str]:
    return [row[0] for row in shelf.store.rows("SELECT doc_id FROM digest_briefs ORDER BY doc_id")]


def test_a_brief_is_made_once_for_each_content(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    first = briefs_of(shelf).of(hashes_of(shelf))
    assert sorted(first) == kept(shelf) == sorted(hashes_of(shelf))

    def fail(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(briefing, "brief", fail)
    assert briefs_of(shelf).of(hashes_of(shelf)) == first
    assert briefs_of(shelf).make(hashes_of(shelf), lambda: False)


def test_documents_that_are_gone_have_none_and_lose_their_own(shelf: Shelf) -> None:
    hashes = hashes_of(shelf)
    briefs_of(shelf).of(hashes)
    shelf.remove("arxiv:2302.00001")
    shelf.put(paper("2302.00009", "Quartz: Four-bit Quantization", ABSTRACT))
    assert "arxiv:nowhere" not in briefs_of(shelf).of({"arxiv:nowhere": "x"})
    assert briefs_of(shelf).make(hashes_of(shelf), lambda: False)
    assert kept(shelf) == sorted(hashes_of(shelf))


def test_what_cannot_be_written_is_kept_in_mind_and_waited_for_once(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(briefing, "BATCH", 1)
    waits: list[float | None] = []
    write = shelf.store.write

    def noted(purpose: str, wait: float | None = None) -> object:
        waits.append(wait)
        return write(purpose, wait)

    monkeypatch.setattr(shelf.store, "write", noted)
    made = briefs_of(shelf)
    with exclusive(shelf.store.home / "write.lock", "another process", 1):
        assert made.make(hashes_of(shelf), lambda: False)
        assert kept(shelf) == []
        # None: as long as the settings say.
        assert waits == [None, 0.0, 0.0, 0.0, 0.0, 0.0]
        with monkeypatch.context() as context:
            context.setattr(briefing, "brief", None)
            assert sorted(made.of(hashes_of(shelf))) == sorted(hashes_of(shelf))
    shelf.put(paper("2302.00009", "Quartz: Four-bit Quantization", ABSTRACT))
    assert made.make(hashes_of(shelf), lambda: False)
    assert kept(shelf) == sorted(hashes_of(shelf))


def test_reading_steps_aside_between_documents(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(briefing, "STEP", 2)
    stepped: list[int] = []
    Briefs(shelf.store, lambda: shelf.glossary, tagger, lambda: stepped.append(1)).of(hashes_of(shelf))
    assert len(stepped) == 3
