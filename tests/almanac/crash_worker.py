"""Kills an ingest at random instants, again and again, and checks the library after each.

Run as a script by `test_crash`: it forks its children, so it must own its process. Prints one JSON
object: rounds, kills that hit, and the first difference found, if any.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import chromadb  # noqa: F401  imported once here, so that children need not

from almanac.library import Almanac, open_almanac
from kb.settings import load_settings
from kb.topics import Tagger
from tests.fakes import FakeEmbedder

SOURCES = 12
# Trained once here, so that children need not.
TAGGER = Tagger()
TAGGER.tag("pipeline parallelism")


def write_sources(folder: Path) -> None:
    """A dozen small outlines with shared and own words, some in Chinese."""
    folder.mkdir(parents=True)
    for n in range(SOURCES):
        lines = [f"1. Notebook number {n}"]
        for i in range(1, 16):
            lines.append(
                f"    {i}. Entry {i} of {n}: stage {i * n % 7} waits for microbatch {i}, 气泡 {i % 3} " + "word " * 20
            )
            lines.append(f"        1. see https://arxiv.org/abs/23{n:02d}.{10000 + i}")
        (folder / f"notes{n}.md").write_text("\n".join(lines), encoding="utf-8")


def in_child(work: Callable[[], object], timeout: float | None = None) -> tuple[int, str]:
    """Run `work` in a forked child; kill it after `timeout`. Returns (exit or -signal, output)."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        code = 1
        try:
            os.write(write, json.dumps(work()).encode())
            code = 0
        except BaseException:  # noqa: BLE001  the child's whole story goes to the parent
            os.write(write, traceback.format_exc()[-3000:].encode())
        finally:
            os._exit(code)
    os.close(write)
    if timeout is not None:
        time.sleep(timeout)
        os.kill(pid, signal.SIGKILL)
    with os.fdopen(read, "rb") as stream:
        output = stream.read().decode(errors="replace")
    status = os.waitpid(pid, 0)[1]
    return (-signal.SIGKILL if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)), output


def open_library(home: Path) -> Almanac:
    return open_almanac(load_settings(home), embedder=FakeEmbedder(), tagger=TAGGER)


def ingest(home: Path, sources: Path) -> None:
    almanac = open_library(home)
    for outcome in almanac.ingest([sources]):
        if outcome.status == "failed":
            raise RuntimeError(outcome.error)
    almanac.update_index()
    almanac.close()


def check(home: Path) -> int:
    """Open as after any crash: the database must be whole, the index repaired to agree with it."""
    almanac = open_library(home)
    assert almanac.store.rows("PRAGMA integrity_check")[0][0] == "ok"
    almanac.store.connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    counts = almanac.overview.counts()
    assert almanac.store.rows("SELECT count(*) FROM words")[0][0] == counts["chunks"]
    assert counts["waiting"] == 0, counts
    index = almanac.models.index()
    assert index is not None
    index.repair()
    assert index.differences() == 0
    almanac.search("microbatch 气泡")
    almanac.close()
    return counts["documents"]


def dump(home: Path) -> list[object]:
    """All of the library that does not depend on the time or on row numbers."""
    store = open_library(home).store
    tables = (
        "SELECT location, name, kind, content_hash, status, skipped FROM sources ORDER BY location",
        "SELECT id, content_hash, record FROM documents ORDER BY id",
        "SELECT id, ordinal, text, embed_hash, labels FROM chunks ORDER BY id",
        "SELECT embed_hash, fingerprint, hex(vector), tokens FROM vectors ORDER BY 1",
        "SELECT c.id, w.head, w.body FROM words w JOIN chunks c ON c.row = w.rowid ORDER BY 1",
        "SELECT c.id, r.kind, r.key FROM refs r JOIN chunks c ON c.row = r.chunk ORDER BY 1, 2, 3",
        "SELECT d.id, t.topic, t.score FROM topics t JOIN documents d ON d.row = t.doc ORDER BY 1, 2",
        "SELECT count(*) FROM outbox",
    )
    return [store.rows(sql) for sql in tables]


def expect(work: Callable[[], object], what: str) -> object:
    code, output = in_child(work)
    if code != 0:
        raise SystemExit(json.dumps({"failed": what, "output": output}))
    return json.loads(output)


def main(folder: Path, rounds: int, seed: int) -> None:
    rng = random.Random(seed)
    sources = folder / "sources"
    write_sources(sources)
    expect(lambda: ingest(folder / "calm", sources), "undisturbed ingest")
    began = time.monotonic()
    expect(lambda: ingest(folder / "again", sources), "undisturbed ingest")
    whole = time.monotonic() - began
    wanted = expect(lambda: dump(folder / "calm"), "reference")
    kills = done = 0
    span = whole
    home = folder / "home"
    while done < rounds:
        shutil.rmtree(home, ignore_errors=True)
        for _ in range(rng.randint(1, 6)):
            code, _ = in_child(lambda: ingest(home, sources), rng.uniform(0, span))
            hit = code == -signal.SIGKILL
            kills += hit
            # The machine's speed drifts: keep most kills inside the work, some near its end.
            span *= 1.05 if hit else 0.8
            done += 1
            expect(lambda: check(home), f"state after kill {done}")
        expect(lambda: ingest(home, sources), "finishing")
        if expect(lambda: dump(home), "result") != wanted:
            raise SystemExit(json.dumps({"failed": "the finished library differs from the undisturbed one"}))
    print(json.dumps({"rounds": done, "kills": kills, "seconds_undisturbed": round(whole, 2)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
