"""Who may import whom: the contracts of pyproject.toml, and one home per third-party library."""

import ast
import tomllib

import pytest
from importlinter.cli import lint_imports

from tests.source_tree import ROOT, Module, modules, packages, third_party

# Modules, or packages with all that is in them. `app` is the entry point beside `ui`.
HOMES = {
    "altair": ("ui",),
    "arxiv": ("ingest._arxiv_client",),
    "backports": ("ingest._coding",),
    "brotli": ("ingest._coding",),
    "certifi": ("ingest._wire",),
    "charset_normalizer": ("ingest",),
    "chromadb": ("kb.index",),
    "feedparser": ("ingest._feedparser",),
    "filelock": ("kb.store", "kb.index", "ingest._spacing", "digests.site"),
    "httpcore": ("ingest._wire",),
    "httpx": ("ingest", "kb.llm"),
    "jinja2": ("kb.llm",),
    "jsonschema": ("kb.llm",),
    "llama_cpp": ("kb.llm",),
    "lxml": ("ingest",),
    "nh3": ("ingest", "digests"),
    "markdown_it": ("digests",),
    "opencc": ("kb",),
    "pandas": ("ui",),
    "pydantic_settings": ("kb.settings",),
    "pylatexenc": ("digests",),
    "rich": ("almanac",),
    "sentence_transformers": ("kb.embed",),
    "snowballstemmer": ("kb",),
    "starlette": ("ui",),
    "sqlite3": ("kb.store",),
    "streamlit": ("ui", "app"),
    "tomlkit": ("almanac.subscriptions", "almanac.configuration"),
    "torch": ("kb.embed",),
    "trafilatura": ("ingest._webpage",),
    "transformers": ("kb.embed",),
    "yaml": ("ingest",),
}
EVERYWHERE = frozenset({"numpy", "pydantic", "pydantic_core"})
HEAVY = ("torch", "sentence_transformers", "transformers", "chromadb", "llama_cpp", "onnxruntime")


def _inside(name: str, homes: tuple[str, ...]) -> bool:
    return any(name == home or name.startswith(home + ".") for home in homes)


def test_layers_hold(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


def test_every_package_is_under_contract() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert sorted(linter["root_packages"]) == packages()
    layers = " ".join(linter["contracts"][0]["layers"])
    assert [name for name in packages() if name not in layers.replace("(", "").replace(")", "").split()] == []


def test_nothing_imports_the_entry_point_or_the_tests() -> None:
    wrong = [
        f"{module.place}:{found.line} imports {found.name}"
        for module in modules()
        for found in module.imports
        if found.name.split(".")[0] in ("app", "tests", "benchmarks", "scripts")
    ]
    assert not wrong, "\n".join(wrong)


def test_third_party_libraries_stay_at_home() -> None:
    wrong = [
        f"{module.place}:{found.line} imports {library}; its home is {' or '.join(HOMES[library])}"
        for module in modules()
        for found in module.imports
        if (library := found.name.split(".")[0]) in HOMES and not _inside(module.name, HOMES[library])
    ]
    assert not wrong, "\n".join(wrong)


def test_every_third_party_library_has_a_home() -> None:
    homeless = {
        f"{library} (imported by {module.place})"
        for module in modules()
        for library in third_party(module)
        if library not in HOMES and library not in EVERYWHERE
    }
    assert homeless == set(), "give it a home in tests/test_layers.py, one if possible"


def test_heavy_libraries_are_imported_inside_functions() -> None:
    wrong = [
        f"{module.place}:{found.line} imports {found.name} as it is loaded"
        for module in modules()
        for found in module.imports
        if found.top and found.name.split(".")[0] in HEAVY
    ]
    assert not wrong, "\n".join(wrong)


def _touches_environment(module: Module) -> list[int]:
    names = {"environ", "getenv", "putenv", "unsetenv", "environb"}
    lines = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os" and node.attr in names:
                lines.append(node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            lines.extend(node.lineno for alias in node.names if alias.name in names)
    return lines


def test_only_settings_touch_the_environment() -> None:
    wrong = [
        f"{module.place}:{line}"
        for module in modules()
        if module.name != "kb.settings"
        for line in _touches_environment(module)
    ]
    assert not wrong, "\n".join(wrong)
    assert _touches_environment(next(module for module in modules() if module.name == "kb.settings"))


def test_no_error_is_swallowed() -> None:
    """A handler of everything must do more than `pass`; ruff's BLE asks for a reason besides."""
    wrong = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or "Exception" in ast.unparse(node.type).split())
        and all(isinstance(inner, ast.Pass) for inner in node.body)
    ]
    assert not wrong, "\n".join(wrong)
