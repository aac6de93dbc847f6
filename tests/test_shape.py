"""The shape of the source: size budgets, docstrings, and tests that mirror the tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.source_tree import ROOT, Module, modules, other_modules

MODULE_LINES = 400
FUNCTION_LINES = 60
PAGE_LINES = 80
PURPOSE_LETTERS = 20
BANNED_WORDS = {"TODO", "FIXME", "XXX", "HACK"}
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}

# Source modules without a test file of their own, and where they are tested instead.
TESTED_ELSEWHERE = {"almanac.__main__": "tests/almanac/test_commands.py"}
MIRRORED = ("kb", "ingest", "digests", "chat", "calculators", "almanac")


def _harness() -> list[Module]:
    return [module for module in other_modules() if not module.name.startswith("tests")]


def _everything() -> list[Module]:
    return [*modules(), *_harness()]


def test_modules_keep_to_their_budget() -> None:
    sizes = {module.place: len(module.text.splitlines()) for module in _everything()}
    assert {place: size for place, size in sizes.items() if size > MODULE_LINES} == {}


def test_pages_keep_to_their_budget() -> None:
    pages = [module for module in modules() if module.name.startswith("ui.pages.") or module.name == "app"]
    sizes = {module.place: len(module.text.splitlines()) for module in pages}
    assert {place: size for place, size in sizes.items() if size > PAGE_LINES} == {}


def test_functions_keep_to_their_budget() -> None:
    long = {
        f"{module.place}:{node.lineno} {node.name}": size
        for module in _everything()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


def test_every_module_states_its_purpose() -> None:
    silent = [
        module.place
        for module in [*modules(), *other_modules()]
        # The empty __init__ of a test folder has nothing to state.
        if len(ast.get_docstring(module.tree) or "") < PURPOSE_LETTERS
        and not (module.name.startswith("tests") and module.is_package)
    ]
    assert not silent, "\n".join(silent)


def _public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield the public classes, functions and methods; what a private name hides is private."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if any(ast.unparse(decorator).endswith(("overload", ".setter")) for decorator in node.decorator_list):
            continue
        yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from _public(node.body, f"{prefix}{node.name}.")


def test_everything_public_is_described() -> None:
    silent = [
        f"{module.place} {name}"
        for module in _everything()
        for name, node in _public(module.tree.body)
        if not ast.get_docstring(node)  # type: ignore[arg-type]
    ]
    assert not silent, "\n".join(silent)


def test_names_say_what_a_module_owns() -> None:
    vague = [m.place for m in _everything() if BANNED_NAMES & set(m.name.replace("_", ".").split("."))]
    assert not vague, "\n".join(vague)


def test_nothing_is_left_to_do_in_comments() -> None:
    left = [
        f"{module.place}:{number}"
        for module in _everything()
        for number, line in enumerate(module.text.splitlines(), 1)
        if BANNED_WORDS & set(line.replace(":", " ").replace("(", " ").split())
    ]
    assert not left, "\n".join(left)


def _test_files(package: str) -> set[str]:
    return {path.relative_to(ROOT / "tests" / package).as_posix() for path in (ROOT / "tests" / package).rglob("*.py")}


def _has_tests(module: Module) -> bool:
    """Whether tests/<package> mirrors a module: test_<module>.py, its parts, or its sub-package's tests."""
    package, *rest = module.name.split(".")
    files = _test_files(package)
    if not rest:
        rest = [package]
    spellings = {"_".join(rest), rest[-1], rest[0], rest[-1].strip("_")}
    own = {Path(name).stem for name in files}
    return any(
        stem == f"test_{spelling}" or stem.startswith(f"test_{spelling}_") for stem in own for spelling in spellings
    )


def _users(name: str) -> list[Module]:
    return [m for m in modules() if m.name != name and any(found.name == name for found in m.imports)]


def _covered(module: Module, seen: frozenset[str] = frozenset()) -> bool:
    """A private module may be tested through the modules of its package that use it."""
    if _has_tests(module) or _plug_in(module):
        return True
    if not module.name.rpartition(".")[2].startswith("_"):
        return False
    package = module.name.split(".")[0]
    users = [user for user in _users(module.name) if user.name.split(".")[0] == package and user.name not in seen]
    return any(_covered(user, seen | {module.name}) for user in users)


def _plug_in(module: Module) -> bool:
    """A calculator is tested with all others by one contract, as it is found by discovery."""
    package, _, rest = module.name.partition(".")
    found_by_discovery = package == "calculators" and "." not in rest and not rest.startswith("_")
    return found_by_discovery and any(name.startswith("test_") for name in _test_files(package))


def test_tests_mirror_the_tree() -> None:
    mirrored = [
        module
        for module in modules()
        if module.name.split(".")[0] in MIRRORED and not module.is_package and module.name not in TESTED_ELSEWHERE
    ]
    untested = [module.place for module in mirrored if not _covered(module)]
    assert not untested, "\n".join(["no test file for", *untested])


def test_modules_tested_elsewhere_exist_and_so_do_their_tests() -> None:
    names = {module.name for module in modules()}
    assert [name for name in TESTED_ELSEWHERE if name not in names] == []
    assert [place for place in TESTED_ELSEWHERE.values() if not (ROOT / place).exists()] == []
