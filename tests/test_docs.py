"""The documents keep up with the code: README's tree and tables, pins, and what must not be published."""

import importlib.metadata
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from scripts.write_docs import README, SECTIONS, error_classes, generate
from tests.source_tree import ROOT, modules, other_modules, packages, third_party

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;#]+)")
# Named in two pieces, so that this file does not hold what it looks for.
REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "download.py" + "torch.org", "registry.np" + "mjs.org")
PLACES = re.compile("(?<![\\w.:/~-])/(?:wor" + "k|roo" + "t|home/[a-z]+|Users/[A-Za-z]+)/")
# Pinned for what they do at run time, though nothing imports them by name.
IMPORTED_BY_OTHERS = {
    "torch": "sentence-transformers computes with it; equal vectors need equal releases",
    "lxml-html-clean": "trafilatura's justext imports it and does not declare it",
    "llama-cpp-python": "optional: the local language model, built behind the app",
}
NOT_IMPORTED = {
    "ruff": "run by make check",
    "mypy": "run by make check",
    "types-PyYAML": "read by mypy",
    "pytest-timeout": "a pytest plug-in",
    "pytest-randomly": "a pytest plug-in",
    "playwright": "imported by the browser tests",
}
# Comes with another package, of which it is a part.
PART_OF = {
    "pydantic_core": "pydantic",
    "pandas": "streamlit",
    "starlette": "streamlit",
    "pytest_socket": "pytest-socket",
}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    found = [PIN.match(line) for line in lines if line.strip() and not line.startswith("#")]
    assert all(found), f"every line of {file} pins one package"
    return {_canonical(pin["name"]): pin["version"] for pin in found if pin}


@cache
def _distributions() -> dict[str, set[str]]:
    found = importlib.metadata.packages_distributions()
    return {module: {_canonical(name) for name in names} for module, names in found.items()}


def _owners(library: str) -> set[str]:
    return {_canonical(PART_OF[library])} if library in PART_OF else _distributions().get(library, {library})


def _mentions(text: str) -> set[str]:
    """Return the packages that a source names in a string of its own, as resources are named."""
    return {owner for name in re.findall(r'"([a-z0-9_]+)"', text) for owner in _distributions().get(name, ())}


# README


def test_generated_parts_are_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert generate(text) == text, "run `make docs`"


@pytest.mark.parametrize("name", SECTIONS)
def test_a_stale_part_is_noticed(name: str) -> None:
    text = README.read_text(encoding="utf-8")
    stale = text.replace(f"<!-- begin: {name} -->\n", f"<!-- begin: {name} -->\nleft over\n")
    assert stale != text
    assert generate(stale) == generate(text)


def test_missing_marks_are_an_error() -> None:
    with pytest.raises(ValueError, match="settings"):
        generate("# A README without marks\n")


def test_every_error_is_described() -> None:
    classes = {cls.__name__: cls for _, cls in error_classes()}
    assert {"AlmanacError", "Locked", "CalculatorError"} <= classes.keys()
    assert [name for name, cls in classes.items() if not (cls.__doc__ or "").strip()] == []


def test_the_tree_names_every_top_level_entry() -> None:
    tree = re.search(r"```text\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert tree, "README.md shows the tree"
    named = {word.rstrip("/") for line in tree[1].splitlines() for word in line.split("  ")[0].split()}
    entries = {path.split("/")[0] for path in _published()}
    assert sorted(entries - named) == []
    assert sorted(name for name in named if not (ROOT / name).exists() and name != "data") == []


def test_every_command_has_help_with_an_example() -> None:
    from almanac.__main__ import discover

    for name, module in discover().items():
        assert module.HELP, name
        assert f"python -m almanac {name}" in (module.__doc__ or ""), f"{name} shows no example"


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - {"help"}
    helped = makefile.partition("help:")[2].partition("\n\n")[0]
    assert [target for target in sorted(targets) if f"make {target}" not in helped] == []
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    assert targets <= set(phony[1].split())


def test_version_equals_the_changelogs() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1:2] in ([], [version])


def test_relative_links_lead_somewhere() -> None:
    broken = [
        f"{document.name}: {target}"
        for document in ROOT.glob("*.md")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        if not (ROOT / target).exists()
    ]
    assert broken == []


# Pins


def test_pins_are_what_is_installed() -> None:
    wrong = {}
    for name, version in {**_pins("requirements.txt"), **_pins("requirements-dev.txt")}.items():
        try:
            installed = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            # It compiles for minutes and may be missing; scripts/build_llm.py sees to it.
            assert name == "llama-cpp-python", f"{name} is pinned, but not installed"
            continue
        if installed != version:
            wrong[name] = f"pinned {version}, installed {installed}"
    assert wrong == {}


def test_every_import_is_pinned() -> None:
    pinned = _pins("requirements.txt").keys()
    unpinned = {
        f"{module.place}:{line} imports {library}"
        for module in modules()
        for library, line in third_party(module).items()
        if not _owners(library) & pinned
    }
    assert sorted(unpinned) == [], "pin it in requirements.txt"


def test_every_import_of_tests_and_tools_is_pinned() -> None:
    pinned = _pins("requirements.txt").keys() | _pins("requirements-dev.txt").keys()
    unpinned = {
        f"{module.place}:{line} imports {library}"
        for module in other_modules()
        for library, line in third_party(module).items()
        if not _owners(library) & pinned
    }
    assert sorted(unpinned) == [], "pin it in requirements-dev.txt"


def test_every_pin_is_used() -> None:
    used = {owner for module in modules() for library in third_party(module) for owner in _owners(library)}
    used |= {owner for module in modules() for owner in _mentions(module.text)}
    assert sorted(_pins("requirements.txt").keys() - used - IMPORTED_BY_OTHERS.keys()) == []
    used_by_tools = {owner for m in other_modules() for library in third_party(m) for owner in _owners(library)}
    unused = _pins("requirements-dev.txt").keys() - used_by_tools - {_canonical(name) for name in NOT_IMPORTED}
    assert sorted(unused) == []


def test_every_pin_says_why_it_is_there() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    silent = [line for line in lines if PIN.match(line) and "  # " not in line and not line.startswith("llama-cpp")]
    assert silent == []


# What must not be published


@cache
def _published() -> tuple[str, ...]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return tuple(name for name in done.stdout.split("\0") if name and (ROOT / name).is_file())


def test_no_machine_paths_or_registries_are_published() -> None:
    found = []
    for name in _published():
        try:
            text = Path(ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {host}" for host in REGISTRIES if host in text]
        found += [f"{name}: {match.group()}" for match in PLACES.finditer(text)]
    assert found == []


def test_every_package_is_in_the_type_checkers_list() -> None:
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["packages"]
    assert [name for name in packages() if name != "ui" and name not in checked] == []
