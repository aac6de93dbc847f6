"""Frozen cases of the calculators, from published works and checked by hand."""

import json
from pathlib import Path
from typing import Any

from calculators import Case, discover

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "calculators"


def read_lines(path: Path) -> list[dict[str, Any]]:
    """JSON lines of a file; none where the file is absent."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


CASES = read_lines(ROOT / "tests" / "data" / "calculator_cases.jsonl")


def all_cases() -> list[tuple[str, Case]]:
    """Every example, every trap that can be recomputed and every frozen case, with its calculator."""
    found = []
    for name, calculator in discover().items():
        found.append((name, calculator.example))
        found += [(name, trap.case) for trap in calculator.traps if trap.case is not None]
    for case in CASES:
        frozen = Case(case["inputs"], case["output"], case["unit"], case["expected"], case["rel_tol"])
        found.append((case["calculator"], frozen))
    return found


def agrees(value: object, expected: object, rel_tol: float) -> bool:
    """Whether a value is the expected one, within a relative tolerance; lists and integers exactly."""
    if isinstance(value, list) or isinstance(expected, list):
        return value == expected
    if not isinstance(value, int | float) or not isinstance(expected, int | float):
        return False
    return abs(value - expected) <= rel_tol * abs(expected)
