"""The repository as the guard tests see it: its packages, modules and what they import.

Reads source text only; nothing of the product is imported. Packages that are added later are
found by themselves. A file is read once a run.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_PRODUCT = frozenset({"tests", "benchmarks", "scripts"})
# In the standard library of Pythons later than the oldest one supported.
LATER_STDLIB = frozenset({"compression"})
IGNORED = frozenset({".venv", ".git", "data", "build", "screenshots", "node_modules"})


@dataclass(frozen=True)
class Import:
    """One imported module; `top` where the import runs as its module does."""

    name: str
    line: int
    top: bool


@dataclass(frozen=True)
class Module:
    """A source file of the repository under its dotted name."""

    name: str
    path: Path
    is_package: bool

    @cached_property
    def text(self) -> str:
        """The source."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=str(self.path))

    @property
    def place(self) -> str:
        """Where it lies, for messages."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def imports(self) -> list[Import]:
        """Return every import, those of type checkers only left out, relative ones made absolute."""
        return list(_imports(self, self.tree.body, top=True))


def _imports(module: Module, body: list[ast.stmt], *, top: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            yield Import(base, node.lineno, top)
            # `from package import module` imports the module, too.
            yield from (
                Import(name, node.lineno, top) for name in (f"{base}.{a.name}" for a in node.names) if name in _names()
            )
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _imports(module, node.orelse, top=top)
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for field in ("body", "orelse", "finalbody"):
                yield from _imports(module, getattr(node, field, []), top=top and not inside)
            for branch in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
                yield from _imports(module, branch.body, top=top)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    parts = parts[: len(parts) - node.level + (1 if module.is_package else 0)]
    return ".".join([*parts, node.module] if node.module else parts)


def packages() -> list[str]:
    """Return the product's top-level packages."""
    found = (path.parent.name for path in ROOT.glob("*/__init__.py"))
    return sorted(name for name in found if name not in NOT_PRODUCT and name not in IGNORED)


@cache
def modules() -> tuple[Module, ...]:
    """Return the product's modules, `app` included."""
    found = [module for name in packages() for module in _under(ROOT / name)]
    if (ROOT / "app.py").exists():
        found.append(Module("app", ROOT / "app.py", False))
    return tuple(found)


@cache
def other_modules() -> tuple[Module, ...]:
    """Return tests, benchmarks and scripts."""
    return tuple(module for name in sorted(NOT_PRODUCT) for module in _under(ROOT / name))


def _under(folder: Path) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        yield Module(".".join(parts[:-1] if is_package else parts), path, is_package)


@cache
def _names() -> frozenset[str]:
    return frozenset(module.name for module in modules())


def third_party(module: Module) -> dict[str, int]:
    """Return the foreign top-level packages that a module imports, with the line of one import each."""
    own = {*packages(), *NOT_PRODUCT, "app", *LATER_STDLIB}
    found = {imported.name.split(".")[0]: imported.line for imported in module.imports}
    return {name: line for name, line in found.items() if name not in own and name not in sys.stdlib_module_names}
