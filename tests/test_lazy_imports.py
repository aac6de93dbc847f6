"""What costs seconds to import stays unloaded until something needs it."""

import json
import subprocess
import sys

import pytest

from tests.source_tree import ROOT, modules

HEAVY = ("torch", "sentence_transformers", "transformers", "chromadb", "llama_cpp", "onnxruntime", "scipy", "sklearn")


def _loaded(statements: str) -> list[str]:
    """Return the heavy libraries that a fresh interpreter has loaded after running the statements."""
    program = f"{statements}\nimport json, sys\nprint(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_probe_sees_what_is_loaded() -> None:
    assert _loaded("import onnxruntime") == ["onnxruntime"]


@pytest.mark.parametrize(
    "statements",
    [
        "import almanac",
        "from almanac.__main__ import make_parser; make_parser()",
        "import calculators; calculators.discover()",
        "import ingest",
        "from kb import chunk, embed, index, search, store, topics",
    ],
)
def test_heavy_libraries_stay_unloaded(statements: str) -> None:
    assert _loaded(statements) == []


def test_an_open_library_loads_nothing_heavy() -> None:
    program = "from almanac import open_almanac; from kb.settings import load_settings; open_almanac(load_settings())"
    assert _loaded(program) == []


def test_what_the_app_imports_loads_nothing_heavy() -> None:
    """All of `ui`, pages included, and what app.py itself imports."""
    shown = [module for module in modules() if module.name == "ui" or module.name.startswith("ui.")]
    app = [module for module in modules() if module.name == "app"]
    names = {module.name for module in shown} | {found.name for module in app for found in module.imports}
    assert _loaded("\n".join(f"import {name}" for name in sorted(names))) == []
