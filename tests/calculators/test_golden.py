"""Published values: our own frozen cases, and a larger set where it lies beside the repository."""

from collections import Counter
from typing import Any

import pytest

from calculators import discover, run_request
from tests.calculators.cases import CASES, SHARED, agrees, read_lines

LEAST = 3


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_own_case(case: dict[str, Any]) -> None:
    reply = run_request(case)
    assert "error" not in reply, reply
    assert agrees(reply["value"], case["expected"], case["rel_tol"]), (reply["value"], case["by_hand"])
    assert reply["unit"] == case["unit"]


def test_own_cases_cover_every_calculator_and_state_their_source() -> None:
    counts = Counter(case["calculator"] for case in CASES)
    assert {name for name in discover() if counts[name] < LEAST} <= {"planner"}
    assert all(case["source"] and case["by_hand"] for case in CASES)
    assert len({case["id"] for case in CASES}) == len(CASES)


def _beside(name: str) -> list[Any]:
    known = discover()
    lines = [line for line in read_lines(SHARED / name) if line["calculator"] in known]
    return [pytest.param(line, id=line["id"]) for line in lines] or [pytest.param(None, id="absent")]


@pytest.mark.parametrize("case", _beside("golden.jsonl"))
def test_case_beside_the_repository(case: dict[str, Any] | None) -> None:
    if case is None:
        pytest.skip("there is no ../shared/calculators/golden.jsonl beside the repository")
    reply = run_request(case)
    assert "error" not in reply, reply
    assert agrees(reply["value"], case["expected"], case["rel_tol"]), (reply["value"], case["expected"])


@pytest.mark.parametrize("case", _beside("invalid.jsonl"))
def test_invalid_input_beside_the_repository(case: dict[str, Any] | None) -> None:
    if case is None:
        pytest.skip("there is no ../shared/calculators/invalid.jsonl beside the repository")
    reply = run_request(case)
    if case["expect"] == "error":
        assert reply.get("error", {}).get("field") == case["field"], reply
        assert case["field"] in reply["error"]["message"]
    else:
        assert isinstance(reply.get("value"), int | float), reply
        assert case["field"] in [warning["field"] for warning in reply["warnings"]]
