"""Files that are no models, libraries that crash: each is said, and the process lives."""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.errors import ModelUnavailable
from kb.llm import _guard as guard
from kb.llm import gguf_path, open_model
from kb.settings import load_settings
from tests.tiny_gguf import write_tiny_gguf


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not built: `make llm`")
    return write_tiny_gguf(tmp_path / "tiny.gguf", quantised=True)


def _running(program: str, seen: list[str]) -> Callable[[Path, str], list[str]]:
    def command(path: Path, mode: str) -> list[str]:
        seen.append(mode)
        return [sys.executable, "-c", f"mode = {mode!r}\n{program}"]

    return command


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"no model file .*absent\.gguf") as caught:
        open_model(load_settings(llm=f"gguf:{tmp_path / 'absent.gguf'}"))
    assert "Models page" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 a zip", b"version https://git-lfs"])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(ModelUnavailable, match="not a GGUF file"):
        open_model(load_settings(llm=f"gguf:{tmp_path / 'x.gguf'}"))


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.99])
def test_a_truncated_file_is_refused_with_the_librarys_reason(path: Path, keep: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(ModelUnavailable, match=r"tiny\.gguf cannot be loaded: ") as caught:
        open_model(load_settings(llm=f"gguf:{path}"))
    assert "fetch it again" in caught.value.hint
    assert not (path.parent / "checked.json").exists()


def test_a_library_that_is_not_built_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF and more")
    monkeypatch.setattr(guard.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match="is not built") as caught:
        open_model(load_settings(llm=f"gguf:{tmp_path / 'x.gguf'}"))
    assert "make llm" in caught.value.hint


def test_what_worked_is_not_tried_again(path: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    works = _running("", seen)
    assert guard.needs_care(path, tmp_path, command=works) is False
    assert guard.needs_care(path, tmp_path, command=works) is False
    assert seen == ["plain"]
    path.write_bytes(path.read_bytes() + b"x")
    guard.needs_care(path, tmp_path, command=works)
    assert seen == ["plain", "plain"], "another file is"


def test_an_illegal_instruction_is_answered_with_care(path: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    dies = _running("import os, signal\nif mode == 'plain': os.kill(os.getpid(), signal.SIGILL)", seen)
    assert guard.needs_care(path, tmp_path, command=dies) is True
    assert guard.needs_care(path, tmp_path, command=dies) is True
    assert seen == ["plain", "careful"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGILL, "crashed on tiny.gguf (SIGILL)"),
        (signal.SIGSEGV, "(SIGSEGV)"),
        (signal.SIGKILL, "want of memory"),
    ],
)
def test_a_crash_is_explained_and_not_remembered(path: Path, tmp_path: Path, number: int, said: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        guard.needs_care(path, tmp_path, command=_running(f"import os; os.kill(os.getpid(), {int(number)})", []))
    assert said in caught.value.message
    assert not (tmp_path / "checked.json").exists()


def test_an_orderly_refusal_and_any_other_end_are_passed_on(path: Path, tmp_path: Path) -> None:
    told = json.dumps({"message": "No.", "hint": "Another."})
    with pytest.raises(ModelUnavailable, match="No") as caught:
        guard.needs_care(path, tmp_path, command=_running(f"import sys; print({told!r}); sys.exit(3)", []))
    assert caught.value.hint == "Another."
    with pytest.raises(ModelUnavailable, match="ValueError: odd"):
        guard.needs_care(path, tmp_path, command=_running("raise ValueError('odd')", []))


def test_a_trial_can_be_stopped(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="stopped"):
        guard.needs_care(path, tmp_path, lambda: True, command=_running("import time; time.sleep(60)", []))


def test_a_damaged_note_of_what_worked_only_costs_another_trial(path: Path, tmp_path: Path) -> None:
    (tmp_path / "checked.json").write_text("[not json")
    seen: list[str] = []
    guard.needs_care(path, tmp_path, command=_running("", seen))
    assert seen == ["plain"]
    assert list(json.loads((tmp_path / "checked.json").read_text()).values()) == ["plain"]


def test_a_real_trial_loads_and_writes(path: Path, tmp_path: Path) -> None:
    assert guard.needs_care(path, tmp_path) is False
    status, said = guard._try(guard.probe_command(path, "careful"), lambda: False)
    assert (status, json.loads(said)) == (0, {"works": True})


def test_a_relative_path_is_looked_for_in_the_home_first(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(llm="gguf:a.gguf")
    assert gguf_path(settings) == home / "models" / "a.gguf"
    Path("a.gguf").write_bytes(b"")
    assert gguf_path(settings) == Path("a.gguf")
    (home / "models").mkdir(parents=True)
    (home / "models" / "a.gguf").write_bytes(b"")
    assert gguf_path(settings) == home / "models" / "a.gguf"
