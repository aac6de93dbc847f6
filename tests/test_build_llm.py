"""The build of llama-cpp-python beside the app: when it runs, what it notes, how it ends."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import build_llm
from scripts.build_llm import Build, Interrupted

LINE = 'llama-cpp-python==0.3.36; platform_machine == "x86_64" --config-settings="cmake.args=-DX=1"'


@pytest.fixture
def build(tmp_path: Path) -> Build:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"numpy==2.4.6  # vectors\n{LINE}\n", encoding="utf-8")
    return Build(requirements, tmp_path)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pretend that this version is installed."""
    version = [""]
    monkeypatch.setattr(build_llm, "_installed", lambda: version[0])
    return version


def test_the_pinned_version_is_read_from_the_requirements(build: Build) -> None:
    assert build.lines == [LINE]
    assert build.version == "0.3.36"


def test_what_is_installed_is_not_built(build: Build, installed: list[str]) -> None:
    installed[0] = "0.3.36"
    assert build.settled()
    assert build.status()["state"] == "ready"


def test_what_is_missing_is_built(build: Build, installed: list[str]) -> None:
    assert not build.settled()


def test_other_flags_call_for_another_build(build: Build, installed: list[str]) -> None:
    installed[0] = "0.3.36"
    assert build.settled()
    build.lines = [LINE + " "]
    assert not build.settled()


@pytest.mark.parametrize(("compiled", "settled"), [(True, True), (False, False)])
def test_only_what_failed_in_the_compiler_is_not_tried_again(
    build: Build, installed: list[str], compiled: bool, settled: bool
) -> None:
    build.note("failed", "because", compiled=compiled)
    assert build.settled() is settled


def test_a_damaged_status_is_no_status(build: Build) -> None:
    build.status_file.write_text("{", encoding="utf-8")
    assert build.status() == {}


def test_without_a_compiler_the_reason_names_the_remedy(
    build: Build, installed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build_llm, "Build", lambda *_: build)
    monkeypatch.setattr(build_llm.shutil, "which", lambda _: None)
    handlers = []
    monkeypatch.setattr(build_llm.signal, "signal", lambda *args: handlers.append(args))
    assert build_llm.main([]) == 1
    assert "apt-get install g++" in capsys.readouterr().out
    assert build.status()["state"] == "failed"
    assert not build.settled(), "the next start looks again"


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("ok\nggml.c:1:2: error: unknown type name 'x'\nmake: failed", "unknown type name"),
        ("CMake Error at a.cmake:7 (message):\n  The C compiler\n\n  is broken", "The C compiler is broken"),
        ("ERROR: Could not find a version that satisfies llama", "Could not find a version"),
        ("", "without saying why"),
    ],
)
def test_the_reason_is_the_telling_line_of_the_log(build: Build, log: str, reason: str) -> None:
    assert reason in build._reason(log)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to tell a dead child")
def test_a_build_that_is_wanted_no_more_ends_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "child"
    program = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    with pytest.raises(Interrupted):
        build_llm._watch([sys.executable, "-c", program], subprocess.DEVNULL, dict(os.environ), lambda: not _has(note))
    deadline = time.monotonic() + 10
    while _alive(int(note.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(int(note.read_text()))


def _has(note: Path) -> bool:
    return note.exists() and bool(note.read_text())


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_the_status_is_json_for_pages_to_read(build: Build) -> None:
    build.note("building")
    assert json.loads(build.status_file.read_text(encoding="utf-8"))["state"] == "building"
