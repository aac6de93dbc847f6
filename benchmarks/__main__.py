"""Run benchmarks and print their tables: `python -m benchmarks [NAME ...] [--json] [--quick]`.

Modules of this package are found by discovery. Standard output holds the tables, or with --json
one object; progress goes to standard error. The machine's load is noted around each benchmark:
ratios are worth more than absolute figures.
"""

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from types import ModuleType

import benchmarks
from benchmarks._table import Table, draw, tables_of
from benchmarks._timing import load_average

GROUPS = ("speed", "quality")
CONTRACT = ("NAME", "HELP", "run")
PACKAGES = ("numpy", "torch", "sentence-transformers", "chromadb", "streamlit")


def discover() -> dict[str, ModuleType]:
    """Return the benchmarks by name, in order; one that cannot be imported, or has no `run`, raises."""
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    found = [importlib.import_module(f"{benchmarks.__name__}.{name}") for name in names if not name.startswith("_")]
    incomplete = [module.__name__ for module in found if not all(hasattr(module, part) for part in CONTRACT)]
    if incomplete:
        raise TypeError(f"{incomplete[0]} lacks one of {', '.join(CONTRACT)}")
    return {module.NAME: module for module in found}


def group_of(module: ModuleType) -> str:
    """Return the group that a benchmark belongs to."""
    return str(getattr(module, "GROUP", GROUPS[0]))


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1) or None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def main(argv: list[str] | None = None) -> int:
    """Run the named benchmarks, or all of a group, and print what they found."""
    known = discover()
    args = _arguments(known, argv)
    if args.list:
        for name, module in known.items():
            print(f"{name:<16}{group_of(module):<10}{module.HELP}")
        return 0
    chosen = args.names or [name for name, module in known.items() if args.group in ("", group_of(module))]
    surroundings = machine()
    if not args.json:
        print(_describe(surroundings), flush=True)
    results = [_run(name, known[name], args) for name in dict.fromkeys(chosen)]
    if args.json:
        print(json.dumps({"machine": surroundings, "quick": args.quick, "benchmarks": results}, ensure_ascii=False))
    return 0


def _arguments(known: Iterable[str], argv: list[str] | None) -> argparse.Namespace:
    names = list(known)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}; none: all")
    parser.add_argument("--group", choices=GROUPS, default="", help="only the benchmarks of this group")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller sets, for a first look")
    parser.add_argument("--large", action="store_true", help="search: 100,000 generated passages as well")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and end")
    args = parser.parse_args(argv)
    unknown = [name for name in args.names if name not in names]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; known are {', '.join(names)}")
    return args


def _run(name: str, module: ModuleType, args: argparse.Namespace) -> dict[str, object]:
    before, began = load_average(), time.perf_counter()
    print(f"{name}: {module.HELP} ...", file=sys.stderr, flush=True)
    if not args.json:
        print(f"\n== {name}")
    tables: list[Table] = []
    for table in tables_of(str(module.HELP), module.run(args)):
        tables.append(table)
        if not args.json:
            print(f"\n{draw(table)}", flush=True)
    seconds, after = round(time.perf_counter() - began, 1), load_average()
    if not args.json:
        print(f"\n{name}: load {before} before, {after} after; took {seconds:.0f} s", flush=True)
    return {
        "name": name,
        "load_before": before,
        "load_after": after,
        "seconds": seconds,
        "tables": [table.as_json() for table in tables],
    }


def _describe(found: dict[str, object]) -> str:
    versions = found["versions"]
    assert isinstance(versions, dict)
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    memory = f", {found['memory_gib']} GiB" if found["memory_gib"] else ""
    return f"{found['processor']}, {found['cores']} cores{memory}; Python {found['python']}; {listed}"


if __name__ == "__main__":
    raise SystemExit(main())
