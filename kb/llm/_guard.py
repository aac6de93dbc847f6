"""The first use of a model file happens in a process of its own, since some builds of llama.cpp crash.

On machines that advertise instructions they do not have, a quantised model kills the process; the
app must not die of it. Owns `models/checked.json` in the home: what worked, by file and build.
Invariant: a file is loaded into this process only after it worked in another with the same build.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kb.errors import ModelUnavailable
from kb.llm._library import NOT_BUILT

ROOT = Path(__file__).resolve().parent.parent.parent
ENDS = 1 << 20
"""Bytes at both ends of a file that identify it, with its size: reading gigabytes would take longer than loading."""
MAGIC = b"GGUF"


def probe_command(path: Path, mode: str) -> list[str]:
    """Return the command that tries a model."""
    return [sys.executable, "-m", "kb.llm._probe", str(path), mode]


def check_file(path: Path) -> None:
    """Raise ModelUnavailable where a path cannot be a model."""
    hint = "Name an existing .gguf file after `gguf:`, or fetch one on the Models page."
    if not path.is_file():
        raise ModelUnavailable(f"There is no model file {path}.", hint)
    try:
        with path.open("rb") as file:
            begin = file.read(4)
    except OSError as error:
        raise ModelUnavailable(f"{path.name} cannot be read: {error.strerror}.", "Check its permissions.") from error
    if begin != MAGIC:
        raise ModelUnavailable(f"{path.name} is not a GGUF file.", hint)


def needs_care(
    path: Path,
    folder: Path,
    stopped: Callable[[], bool] = lambda: False,
    command: Callable[[Path, str], Sequence[str]] = probe_command,
) -> bool:
    """Try a model where that was not done with this build; return whether it must be loaded with care.

    Args:
        folder: where `checked.json` lies.
        stopped: asked while the trial runs.
    Raises:
        ModelUnavailable: it does not work here, with or without care, or the trial was stopped.
    """
    key = f"{_identity(path)} {_build()}"
    known = _read(folder / "checked.json")
    if key in known:
        return known[key] == "careful"
    for mode in ("plain", "careful"):
        status, said = _try(command(path, mode), stopped)
        if status == 0:
            _remember(folder / "checked.json", known | {key: mode})
            return mode == "careful"
        if status != -signal.SIGILL:
            break
    _explain(path, status, said)
    raise AssertionError("unreachable")


def _explain(path: Path, status: int, said: str) -> None:
    if status == 3:
        told = json.loads(said.splitlines()[-1])
        raise ModelUnavailable(told["message"], told["hint"])
    if status == -signal.SIGKILL:
        raise ModelUnavailable(
            f"{path.name} was ended by the system while it was tried, most likely for want of memory.",
            "Choose a smaller model; the Models page says what each needs.",
        )
    if status < 0:
        name = signal.Signals(-status).name
        raise ModelUnavailable(
            f"llama.cpp crashed on {path.name} ({name}) in a trial of its own; the app is unharmed.",
            "Build it for this processor: delete .venv/llm-build.status and run `make llm`; or use a server.",
        )
    last = said.strip().splitlines()[-1:] or [f"status {status}"]
    raise ModelUnavailable(f"{path.name} could not be tried: {last[0][:300]}", "`make llm` builds the library anew.")


def _try(command: Sequence[str], stopped: Callable[[], bool]) -> tuple[int, str]:
    """Run a trial; return its status and what it printed, or complained about where it failed."""
    try:
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
        ) as child:
            try:
                while True:
                    try:
                        out, complaint = child.communicate(timeout=0.2)
                        break
                    except subprocess.TimeoutExpired:
                        if stopped():
                            raise ModelUnavailable("Loading was stopped.", "Ask again to load it.") from None
            finally:
                child.kill()
    except OSError as error:
        raise ModelUnavailable(f"A model cannot be tried: {error}.", "Free some memory and try again.") from error
    return child.returncode, out if child.returncode in (0, 3) else complaint


def _identity(path: Path) -> str:
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(ENDS))
        file.seek(max(0, size - ENDS))
        digest.update(file.read(ENDS))
    return digest.hexdigest()


def _build() -> str:
    """Return what tells one build of the library from another: version, and the compiled file's size and time."""
    found = importlib.util.find_spec("llama_cpp")
    if found is None or found.origin is None:
        raise ModelUnavailable("llama-cpp-python, which runs local models, is not built.", NOT_BUILT)
    compiled = sorted((Path(found.origin).parent / "lib").glob("*llama*"))
    stamps = [f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in compiled]
    version = importlib.metadata.version("llama-cpp-python")
    return f"{version} {hashlib.sha256(' '.join(stamps).encode()).hexdigest()[:16]}"


def _read(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Nothing is lost: the models are tried again.
        return {}
    return found if isinstance(found, dict) else {}


def _remember(file: Path, known: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    part.replace(file)
