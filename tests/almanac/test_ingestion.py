"""almanac.ingestion: no-op, edit, removal; bad input has its own outcome and harms nothing."""

import os
import resource
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from almanac.ingestion import Progress
from almanac.library import Almanac, open_almanac
from kb.errors import Locked
from kb.settings import load_settings
from kb.store.lock import exclusive
from kb.types import Kind, Outcome
from tests.fakes import FakeEmbedder, FixedClock

OUTLINE = """---
title: Serving notes
date: 2024-05-03
tags: serving
---

1. Paged attention
    1. {first}
    2. very good
2. Continuous batching admits a request at every step
    1. 連續批處理 raises throughput, see https://arxiv.org/abs/2309.06180
        1. the scheduler decides
n. related materials
    1. {last}
"""


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def almanac(tmp_path: Path, embedder: FakeEmbedder) -> Iterator[Almanac]:
    made = open_almanac(load_settings(tmp_path / "home"), embedder=embedder, clock=FixedClock())
    yield made
    made.close()


def write_notes(path: Path, first: str = "keys and values in blocks", last: str = "a survey of engines") -> Path:
    path.write_text(OUTLINE.format(first=first + " word" * 60, last=last + " text" * 60), encoding="utf-8")
    return path


def only(almanac: Almanac, path: Path | str, **more: object) -> Outcome:
    (outcome,) = almanac.ingest([path], **more)  # type: ignore[arg-type]
    return outcome


def test_a_second_ingest_does_nothing(almanac: Almanac, embedder: FakeEmbedder, tmp_path: Path) -> None:
    path = write_notes(tmp_path / "serving.md")
    first = only(almanac, path)
    assert (first.status, first.kind, first.counts.added) == ("ok", Kind.NOTES, 1)
    assert first.counts.embedded == first.counts.chunks > 1
    before, generation = len(embedder.embedded), almanac.store.generation()
    again = only(almanac, path)
    assert (again.status, again.counts.unchanged, again.counts.chunks) == ("unchanged", 1, first.counts.chunks)
    assert len(embedder.embedded) == before
    assert almanac.store.generation() == generation


def test_an_edited_node_embeds_that_nodes_passage_only(
    almanac: Almanac, embedder: FakeEmbedder, tmp_path: Path
) -> None:
    path = write_notes(tmp_path / "serving.md")
    whole = only(almanac, path).counts.chunks
    embedder.calls.clear()
    edited = only(almanac, write_notes(path, last="another survey"))
    assert (edited.status, edited.counts.updated, edited.counts.chunks) == ("ok", 1, whole)
    assert len(embedder.embedded) == edited.counts.embedded == 1
    assert "another survey" in embedder.embedded[0]


def test_a_document_that_left_its_file_is_removed(almanac: Almanac, tmp_path: Path) -> None:
    dump = tmp_path / "dump.txt"
    abstracts = [f"We study problem number {n} with great care and report what we saw. " * 8 for n in range(3)]
    dump.write_text("".join(f"{text}\narXiv:2301.0000{n}" for n, text in enumerate(abstracts, 1)))
    assert only(almanac, dump).counts.added == 3
    dump.write_text("".join(f"{text}\narXiv:2301.0000{n}" for n, text in enumerate(abstracts[:2], 1)))
    shrunk = only(almanac, dump)
    assert (shrunk.status, shrunk.counts.removed, shrunk.counts.documents) == ("ok", 1, 2)
    assert not almanac.store.known_documents(["arxiv:2301.00003"])


def test_two_files_of_one_name_keep_their_own_documents(almanac: Almanac, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_notes(tmp_path / name / "notes.md", first=f"only in {name}")
    outcomes = list(almanac.ingest([tmp_path / "a", tmp_path / "b"]))
    assert [o.status for o in outcomes] == ["ok", "ok"]
    ids = {info.id for info in almanac.documents()}
    assert len(ids) == 2
    assert "notes:notes.md" in ids


def test_a_folder_is_walked_and_hidden_files_are_left_out(almanac: Almanac, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / ".git").mkdir()
    write_notes(folder / "a.md")
    write_notes(folder / "deep" / "b.md", first="another")
    write_notes(folder / ".git" / "c.md")
    assert [Path(o.source).name for o in almanac.ingest([folder, folder / "a.md"])] == ["a.md", "b.md"]


BAD = {
    "empty.txt": (b"", "empty"),
    "blank.md": (b" \n\t\n ", ""),
    "binary.dat": (bytes(range(256)) * 40, ""),
    "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(500), "PNG"),
    "feed.xml": (b"<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>", "HTML"),
    "bomb.xml": (
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY b%d "%s">' % (n, (b"&b%d;" % (n - 1) if n else b"&a;") * 10) for n in range(9))
        + b']><rss version="2.0"><channel><item><title>&b8;</title></item></channel></rss>',
        "",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_fail_with_a_reason_and_harm_nothing(almanac: Almanac, tmp_path: Path, name: str) -> None:
    good = write_notes(tmp_path / "good.md")
    only(almanac, good)
    bad = tmp_path / name
    data, word = BAD[name]
    bad.write_bytes(data)
    outcome = only(almanac, bad)
    assert outcome.status == "failed"
    assert name in outcome.error
    assert word in outcome.error
    assert outcome.hint
    assert [info.id for info in almanac.documents()] == ["notes:good.md"]


def test_a_missing_file_a_folder_of_nothing_and_a_pipe(almanac: Almanac, tmp_path: Path) -> None:
    assert "cannot be read" in only(almanac, tmp_path / "gone.md").error
    assert "plain file" in only(almanac, _pipe(tmp_path / "pipe")).error
    assert list(almanac.ingest([tmp_path / "home"])) is not None
    assert only(almanac, "bad\0name").status == "failed"
    assert "address" in only(almanac, "ftp://example.org/feed").error


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home", max_file=1_000_000)
    almanac = open_almanac(settings, embedder=FakeEmbedder())
    large = tmp_path / "large.txt"
    with large.open("wb") as stream:
        stream.truncate(100_000_000)
    outcome = only(almanac, large)
    assert outcome.status == "failed"
    assert "100 MB" in outcome.error
    assert "MAX_FILE" in outcome.hint
    almanac.close()


def test_a_truncated_feed_keeps_its_whole_items_and_says_so(almanac: Almanac, tmp_path: Path) -> None:
    items = "".join(
        f"<item><title>Post {n}</title><link>https://example.org/{n}</link><guid>g{n}</guid>"
        f"<description>Words of post {n} on caches.</description></item>"
        for n in range(4)
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><link>https://example.org</link>{items}'
    path = tmp_path / "feed.xml"
    path.write_text(feed[: feed.rindex("<link>https://example.org/3") - 3])
    outcome = only(almanac, path)
    assert outcome.status in ("ok", "partial")
    assert outcome.counts.documents == 3
    assert outcome.warnings


def test_a_feed_keeps_posts_that_slid_out_of_its_window(almanac: Almanac, tmp_path: Path) -> None:
    def feed(numbers: range) -> str:
        items = "".join(
            f"<item><title>Post {n}</title><guid>g{n}</guid><link>https://example.org/{n}</link>"
            f"<description>Words {n}</description></item>"
            for n in numbers
        )
        head = '<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><link>https://example.org</link>'
        return f"{head}{items}</channel></rss>"

    path = tmp_path / "feed.xml"
    path.write_text(feed(range(3)))
    only(almanac, path)
    path.write_text(feed(range(1, 5)))
    outcome = only(almanac, path)
    assert (outcome.counts.added, outcome.counts.removed, outcome.counts.unchanged) == (2, 0, 2)
    assert len(almanac.documents()) == 5


def test_an_outline_forty_levels_deep(almanac: Almanac, tmp_path: Path) -> None:
    path = tmp_path / "deep.md"
    path.write_text("\n".join("    " * n + f"1. level {n} of the outline " + "word " * 20 for n in range(45)))
    outcome = only(almanac, path)
    assert outcome.status == "ok"
    assert max(len(c.path) for c in almanac.chunks("notes:deep.md")) > 35


def test_a_removed_document_stays_out_until_it_is_restored(almanac: Almanac, tmp_path: Path) -> None:
    path = write_notes(tmp_path / "serving.md")
    only(almanac, path)
    almanac.remove_document("notes:serving.md")
    edited = only(almanac, write_notes(path, first="edited"))
    assert edited.counts.skipped == 1
    assert "removed before" in " ".join(edited.warnings)
    almanac.restore("notes:serving.md")
    assert only(almanac, path).counts.added == 1


def test_cancelling_keeps_what_was_done_and_the_next_run_finishes(almanac: Almanac, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for n in range(5):
        write_notes(folder / f"n{n}.md", first=f"number {n}")
    seen: list[Progress] = []
    stopped = list(almanac.ingest([folder], report=seen.append, cancelled=lambda: len(almanac.documents()) >= 2))
    assert 2 <= len([o for o in stopped if o.status == "ok"]) < 5
    assert {"reading", "embedding", "writing"} <= {p.stage for p in seen}
    assert sum(o.counts.added for o in almanac.ingest([folder])) == 5 - len(almanac_ok(stopped))
    assert len(almanac.documents()) == 5


def almanac_ok(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.status == "ok"]


def test_an_interrupted_source_is_not_taken_for_done(almanac: Almanac, embedder: FakeEmbedder, tmp_path: Path) -> None:
    path = write_notes(tmp_path / "serving.md")
    embedder.fail = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        only(almanac, path)
    embedder.fail = None
    assert only(almanac, path).counts.added == 1


def test_two_writers_one_waits_and_says_why(tmp_path: Path, almanac: Almanac) -> None:
    settings = load_settings(tmp_path / "home", lock_wait=0.1)
    other = open_almanac(settings, embedder=FakeEmbedder())
    path = write_notes(tmp_path / "serving.md")
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(almanac.store.home / "write.lock", "ingesting a large folder", 5):
            holding.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(10)
    outcome = only(other, path)
    done.set()
    thread.join()
    assert outcome.status == "failed"
    assert "ingesting a large folder" in outcome.error
    assert only(other, path).status == "ok"
    with pytest.raises(Locked), exclusive(almanac.store.home / "write.lock", "x", 0), other.store.write("y", 0):
        pass


def test_a_disk_that_fills_up_loses_nothing(almanac: Almanac, tmp_path: Path) -> None:
    only(almanac, write_notes(tmp_path / "good.md"))
    size = max(p.stat().st_size for p in almanac.store.home.glob("almanac.sqlite*"))
    big = tmp_path / "big.md"
    big.write_text("\n".join(f"{n}. entry {n} " + f"w{n} " * 200 for n in range(400)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, hard))
    try:
        outcome = only(almanac, big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert outcome.status == "failed"
    assert "disk" in (outcome.error + outcome.hint).lower()
    assert [info.id for info in almanac.documents()] == ["notes:good.md"]
    assert almanac.store.rows("PRAGMA integrity_check")[0][0] == "ok"
    assert only(almanac, big).status == "ok"


def test_a_read_only_home_is_said(tmp_path: Path) -> None:
    home = tmp_path / "home"
    almanac = open_almanac(load_settings(home), embedder=FakeEmbedder())
    path = write_notes(tmp_path / "serving.md")
    only(almanac, path)
    almanac.store.connection.execute("PRAGMA query_only = ON")
    outcome = only(almanac, write_notes(path, first="edited"))
    assert outcome.status == "failed"
    assert "cannot be written" in outcome.error
    assert outcome.hint
    almanac.close()
    shutil.rmtree(home)
    assert not home.exists()


def test_a_new_library_holds_the_same_whatever_the_order(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for n in range(4):
        write_notes(folder / f"n{n}.md", first=f"number {n}")
    found = []
    for order in (1, -1):
        almanac = open_almanac(load_settings(tmp_path / f"home{order}"), embedder=FakeEmbedder())
        list(almanac.ingest(sorted(folder.iterdir())[::order]))
        found.append(almanac.store.rows("SELECT id, text, embed_hash FROM chunks ORDER BY id"))
        almanac.close()
    assert found[0] == found[1]
