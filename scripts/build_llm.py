"""Build llama-cpp-python as requirements.txt pins it, apart from everything else.

It compiles for minutes, so nobody waits for it: `make run` starts this beside the app, at the
lowest priority, and the app works without it. Its log and state lie in the environment's folder:
`llm-build.log`, and `llm-build.status`, a JSON object whose `state` is `building`, `ready`, `failed`
or `interrupted`, with `reason`. Standard library only. Never compiles twice what
failed once, unless the requirement changed or the status file was deleted.
"""

import argparse
import fcntl
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "llama-cpp-python"
# Python never loads llama.cpp's common library, yet it is more than half of the work.
SKIP_COMMON = "set(LLAMA_BUILD_COMMON OFF)\n"
TELLING = (r"\berror: \S", r"CMake Error", r"Killed|No space left", r"\bERROR\b")
PATIENCE = 120
"""Seconds to wait for the app before building anyway."""


class Interrupted(Exception):
    """The app ended, or someone asked this process to end."""


class Build:
    """One environment's build: what is wanted, what is there, what happened."""

    def __init__(self, requirements: Path, folder: Path) -> None:
        lines = requirements.read_text(encoding="utf-8").splitlines()
        self.lines = [line for line in lines if line.startswith(PACKAGE)]
        self.folder = folder
        self.status_file = folder / "llm-build.status"
        self.log_file = folder / "llm-build.log"

    @property
    def version(self) -> str:
        """The version that is pinned; empty where none is."""
        found = re.search(r"==\s*([^\s;]+)", "\n".join(self.lines))
        return found[1] if found else ""

    def status(self) -> dict[str, Any]:
        """Return what the last build left; empty before the first."""
        try:
            found: dict[str, Any] = json.loads(self.status_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def note(self, state: str, reason: str = "", *, compiled: bool = False) -> None:
        """Write the state, whole or not at all; `compiled`: it failed in earnest, a repetition would, too."""
        record = {
            "state": state,
            "reason": reason,
            "compiled": compiled,
            "at": time.time(),
            "pid": os.getpid(),
            "requirement": self.lines,
        }
        partial = self.status_file.with_suffix(".part")
        partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.status_file)

    def settled(self) -> bool:
        """Return whether there is nothing to do: it is there, or the same build failed before."""
        if not self.lines:
            return True
        last = self.status()
        same = last.get("requirement") in (None, self.lines)
        if _installed() == self.version and same:
            if last.get("state") != "ready":
                self.note("ready")
            return True
        return last.get("state") == "failed" and last.get("requirement") == self.lines and bool(last.get("compiled"))

    def run(self, wanted: Callable[[], bool]) -> bool:
        """Build and install; return whether it can be used afterwards. `wanted` is asked every second."""
        self.note("building")
        with tempfile.TemporaryDirectory() as scratch, self.log_file.open("w", encoding="utf-8") as log:
            include = Path(scratch) / "common.cmake"
            include.write_text(SKIP_COMMON, encoding="utf-8")
            wanted_file = Path(scratch) / "requirement.txt"
            wanted_file.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
            env = os.environ | {"CMAKE_ARGS": f"-DCMAKE_PROJECT_INCLUDE={include}"}
            # Compiling takes about a gigabyte a job.
            env.setdefault("CMAKE_BUILD_PARALLEL_LEVEL", str(min(os.cpu_count() or 1, 8)))
            # pip's cache knows nothing of build flags: it would hand out a build made with others.
            command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--no-input"]
            if _installed():
                command += ["--force-reinstall", "--no-deps"]
            command += ["--disable-pip-version-check", "-r", str(wanted_file)]
            code = _watch(command, log, env, wanted)
        output = self.log_file.read_text(encoding="utf-8", errors="replace")
        reason = self._reason(output) if code else _import_problem()
        # What failed before the compiler ran, for want of a network say, may succeed next time.
        self.note("failed" if reason else "ready", reason, compiled=f"Building wheel for {PACKAGE}" in output)
        return not reason

    def _reason(self, output: str) -> str:
        """Return the log's most telling lines."""
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        place = f"all of it: {self.log_file.name} in {self.folder.name}"
        for pattern in (
            r"(fatal |internal compiler )?error: \S",
            r"CMake Error",
            r"Killed|No space left",
            r"\bERROR\b",
        ):
            for index, line in enumerate(lines):
                if re.search(pattern, line) and "subprocess-exited" not in line:
                    return f"{' '.join(lines[index : index + 3])[:300]} ({place})"
        return f"pip ended without saying why ({place})"


def _installed() -> str:
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _missing_compiler() -> str:
    compilers = [os.environ.get("CXX") or "c++", "g++", "clang++"]
    if any(shutil.which(name) for name in compilers):
        return ""
    return "no C++ compiler was found; install one (Debian: apt-get install g++) and start again"


def _import_problem() -> str:
    """Return why the fresh build cannot be imported; empty where it can."""
    done = subprocess.run([sys.executable, "-c", "import llama_cpp"], capture_output=True, text=True, check=False)
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else f"built, but not importable: {lines[-1] if lines else done.returncode}"


def _watch(command: Sequence[str], log: Any, env: dict[str, str], wanted: Callable[[], bool]) -> int:
    """Run a command in a group of its own; end the whole group when it is wanted no more."""
    with subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=env, start_new_session=True) as child:
        try:
            while True:
                try:
                    return child.wait(timeout=1)
                except subprocess.TimeoutExpired:
                    if not wanted():
                        raise Interrupted from None
        except BaseException:
            _end(child)
            raise


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Ask first, so that pip removes its scratch folders; then insist."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return


def _wait_for_app(address: str, wanted: Callable[[], bool]) -> None:
    """Return once the app answers, or after a while; raise Interrupted when it has ended."""
    until = time.monotonic() + PATIENCE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until:
        if not wanted():
            raise Interrupted
        try:
            with opener.open(address, timeout=2):
                break
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    # The first page is being painted now; that comes first.
    for _ in range(10):
        if not wanted():
            raise Interrupted
        time.sleep(1)


def _interrupt(number: int, _frame: object) -> None:
    raise Interrupted


def main(argv: Sequence[str] | None = None) -> int:
    """Build unless there is nothing to do; 0 ready, 1 failed, 130 interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", metavar="URL", help="wait for the app at URL, and end when it ends")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)
    parent = os.getppid()

    def wanted() -> bool:
        return not args.beside or os.getppid() == parent

    build = Build(ROOT / "requirements.txt", Path(sys.prefix))
    with (build.folder / "llm-build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{PACKAGE} is being built by another process.")
            return 0
        if not build.settled():
            try:
                if args.beside:
                    os.nice(19)
                    _wait_for_app(args.beside, wanted)
                missing = _missing_compiler()
                if missing:
                    build.note("failed", missing)
                else:
                    print(f"Building {PACKAGE} (minutes; log in {build.log_file})", flush=True)
                    build.run(wanted)
            except Interrupted:
                build.note("interrupted", "it was stopped before it was done; the next start begins anew")
                return 130
    last = build.status()
    if last.get("state") != "failed":
        return 0
    print(f"{PACKAGE} is not there: {last['reason']}. The app runs without it.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
