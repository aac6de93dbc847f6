"""How the library that runs local models stands: built, being built, failed, or not begun.

Reads what the build leaves in the environment's folder. Builds nothing itself.
"""

import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FILE = "llm-build.status"


@dataclass(frozen=True)
class BuildState:
    """What a page says of the build."""

    status: Literal["ready", "building", "failed", "interrupted", "missing"]
    message: str
    hint: str = ""


def build_state(folder: Path | None = None, *, present: bool | None = None) -> BuildState:
    """Return how llama-cpp-python stands.

    Args:
        folder: where the build leaves its note; the environment's folder by default.
        present: whether the package is there; looked for by default, without importing it.
    """
    there = importlib.util.find_spec("llama_cpp") is not None if present is None else present
    note = _read(folder or Path(sys.prefix))
    state, reason = note.get("state"), str(note.get("reason") or "")
    if state == "building" and _alive(note.get("pid")):
        return BuildState(
            "building",
            "llama-cpp-python, which runs local models, is being compiled behind the app.",
            "That takes some minutes; the app is usable meanwhile. Its output stands in .venv/llm-build.log.",
        )
    if there and state != "failed":
        return BuildState("ready", "llama-cpp-python is built; this machine can run GGUF files.")
    if state == "failed":
        return BuildState("failed", f"llama-cpp-python could not be built: {reason}", "`make llm` tries once more.")
    if state in ("interrupted", "building"):
        return BuildState(
            "interrupted",
            "llama-cpp-python was not built to the end.",
            "The next `make run` goes on with it; `make llm` does so now.",
        )
    return BuildState("missing", "llama-cpp-python, which runs local models, is not built.", "`make llm` builds it.")


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Where the package was installed by hand there is none.
        return {}
    return found if isinstance(found, dict) else {}


def _alive(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It is another user's.
        return True
    return True
