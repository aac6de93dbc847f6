"""almanac.folders: a folder of notes told by its content, never emptied by mistake."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.types import Kind
from tests.almanac.closed import close
from tests.almanac.sites import Desk, open_desk
from tests.fakes import FixedClock
from tests.ingest.test_arxiv_snapshot import lines, write


def notes(*lines: str) -> str:
    return "1. Heading\n" + "".join(f"    {n}. {line}\n" for n, line in enumerate(lines, 1))


@pytest.fixture
def desk(home: Path, clock: FixedClock) -> Iterator[Desk]:
    with open_desk(home, clock) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "notes"
    (made / "deep").mkdir(parents=True)
    (made / "caches.md").write_text(notes("paged caches waste little"), encoding="utf-8")
    (made / "deep" / "pipes.md").write_text(notes("bubbles shrink with microbatches"), encoding="utf-8")
    return made


@pytest.fixture
def watched(desk: Desk, folder: Path) -> Desk:
    desk.subscribe(str(folder), "Notes", Kind.NOTES)
    desk.sync()
    return desk


def test_files_are_added_edited_and_removed(watched: Desk, folder: Path) -> None:
    check = watched.almanac.sources.all()[0].check
    assert (check.result, check.added) == ("ok", 2)
    assert watched.almanac.sources.all()[0].documents == 2
    assert watched.sync()["Notes"].check.result == "unchanged"
    (folder / "caches.md").write_text(notes("paged caches waste less than you think"), encoding="utf-8")
    (folder / "new.md").write_text(notes("fp8 needs scales"), encoding="utf-8")
    (folder / "deep" / "pipes.md").unlink()
    check = watched.sync()["Notes"].check
    assert (check.added, check.updated, check.removed) == (1, 1, 1)
    assert sorted(info.id for info in watched.documents) == ["notes:caches.md", "notes:new.md"]
    assert not watched.almanac.search("microbatches").hits


def test_a_renamed_file_keeps_its_document_and_what_the_reader_said_of_it(watched: Desk, folder: Path) -> None:
    watched.almanac.correct_topics("notes:caches.md", ["hardware"])
    before = watched.almanac.info("notes:caches.md")
    (folder / "caches.md").rename(folder / "deep" / "2024-05-06-key-value-caches.md")
    check = watched.sync()["Notes"].check
    after = watched.almanac.info("notes:caches.md")
    assert (check.added, check.removed) == (0, 0)
    assert (after.topics, after.added) == (("hardware",), before.added)
    assert after.source.endswith("2024-05-06-key-value-caches.md")
    assert after.published == "2024-05-06", "the new name states a date"
    assert "caches.md is now 2024-05-06-key-value-caches.md" in " ".join(check.warnings)
    assert watched.sync()["Notes"].check.result == "unchanged"


def test_a_file_renamed_and_edited_at_once_is_a_new_one(watched: Desk, folder: Path) -> None:
    (folder / "caches.md").unlink()
    (folder / "other.md").write_text(notes("something else"), encoding="utf-8")
    check = watched.sync()["Notes"].check
    assert (check.added, check.removed) == (1, 1)


def test_twins_are_not_taken_for_one_another(watched: Desk, folder: Path) -> None:
    text = (folder / "caches.md").read_text(encoding="utf-8")
    (folder / "copy.md").write_text(text, encoding="utf-8")
    assert watched.sync()["Notes"].check.added == 1
    (folder / "caches.md").rename(folder / "moved.md")
    check = watched.sync()["Notes"].check
    assert (check.added, check.removed) == (0, 0)
    assert len(watched.documents) == 3


def test_a_folder_that_is_gone_takes_nothing_along(watched: Desk, folder: Path) -> None:
    folder.rename(folder.with_name("away"))
    checked = watched.sync()["Notes"]
    assert checked.check.result == "failed"
    assert "nothing was removed" in checked.check.hint
    assert len(watched.documents) == 2
    folder.with_name("away").rename(folder)
    assert watched.sync()["Notes"].check.result == "unchanged"


def test_a_disk_that_is_not_mounted_takes_nothing_along(
    watched: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "caches.md").unlink()
    (folder / "deep" / "pipes.md").unlink()
    real = os.stat

    def elsewhere(path: object, *rest: object, **more: object) -> os.stat_result:
        found = real(path, *rest, **more)  # type: ignore[arg-type]
        if str(path) == str(folder):
            return os.stat_result((*found[:2], found.st_dev + 1, *found[3:]))
        return found

    with monkeypatch.context() as patch:
        patch.setattr("almanac.folders.os.stat", elsewhere)
        assert "not mounted" in watched.sync()["Notes"].check.error
    assert len(watched.documents) == 2
    assert watched.sync()["Notes"].check.removed == 2, "on the same disk, empty means empty"


def test_a_closed_folder_keeps_what_is_known_of_it(
    watched: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(folder / "deep", monkeypatch)
    check = watched.sync()["Notes"].check
    assert check.removed == 0
    assert "cannot be looked into" in " ".join(check.warnings)
    assert len(watched.documents) == 2


def test_files_without_text_are_counted_not_failed(desk: Desk, folder: Path) -> None:
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 50)
    (folder / "b.PNG").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 50)
    (folder / "c.pdf").write_bytes(b"%PDF-1.7 words")
    (folder / "wide.md").write_bytes(notes("流水线").encode("utf-16"))
    desk.subscribe(str(folder), "Notes", Kind.NOTES)
    check = desk.sync()["Notes"].check
    assert check.result == "ok"
    assert "3 files that hold no text were left out: .png 2, .pdf 1." in check.warnings
    assert len(desk.documents) == 3


def test_a_file_that_fails_leaves_the_others_and_its_last_good_state(watched: Desk, folder: Path) -> None:
    (folder / "caches.md").write_text("", encoding="utf-8")
    check = watched.sync()["Notes"].check
    assert check.result == "partial"
    assert any(warning.startswith("caches.md: ") for warning in check.warnings)
    assert len(watched.documents) == 2


def test_a_folder_of_failures_failed(desk: Desk, folder: Path) -> None:
    for path in folder.rglob("*.md"):
        path.write_text("", encoding="utf-8")
    desk.subscribe(str(folder), "Notes", Kind.NOTES)
    check = desk.sync()["Notes"].check
    assert (check.result, check.errors) == ("failed", 1)


def test_removing_the_subscription_leaves_or_takes_the_documents(watched: Desk) -> None:
    sources = watched.almanac.sources
    key = sources.all()[0].subscription.key
    assert sources.remove(key, keep_documents=True) == 0
    assert len(watched.documents) == 2
    watched.subscribe(key.removeprefix("notes:"), "Notes", Kind.NOTES)
    assert sources.remove(key, keep_documents=False) == 2
    assert watched.documents == []


def test_a_look_writes_nothing(desk: Desk, folder: Path) -> None:
    one = desk.subscribe(str(folder), "Notes", Kind.NOTES)
    preview = desk.almanac.sources.try_out(one)
    assert len(preview.parsed.documents) == 2
    assert preview.known == frozenset()
    assert desk.documents == []


@pytest.mark.parametrize("name", ["papers.json", "papers.json.gz"])
def test_a_snapshot_of_any_size_among_the_notes_is_streamed(
    home: Path, clock: FixedClock, folder: Path, name: str
) -> None:
    write(folder / name, *lines(30))
    with open_desk(home, clock, max_file=2000) as desk:
        one = desk.subscribe(str(folder), "Notes", Kind.NOTES)
        assert (folder / name).stat().st_size > 2000 or name.endswith(".gz")
        preview = desk.almanac.sources.try_out(one)
        assert (len(preview.parsed.documents), preview.parsed.skipped) == (2, 0)
        assert any(f"{name} is a snapshot of arXiv" in warning for warning in preview.parsed.warnings)
        check = desk.sync()["Notes"].check
        assert (check.result, check.added, check.error) == ("ok", 32, "")
        assert len([info for info in desk.documents if info.kind is Kind.ARXIV]) == 30
        assert desk.sync()["Notes"].check.result == "unchanged"
        write(folder / name, *lines(31))
        assert desk.sync()["Notes"].check.added == 1
        (folder / name).unlink()
        assert desk.sync()["Notes"].check.removed == 31
