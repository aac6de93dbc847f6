"""What is said of the build of llama-cpp-python."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from almanac.llm_build import FILE, build_state


def _note(folder: Path, **record: Any) -> None:
    (folder / FILE).write_text(json.dumps(record), encoding="utf-8")


def test_where_nothing_is_noted_the_package_decides(tmp_path: Path) -> None:
    assert build_state(tmp_path, present=True).status == "ready"
    missing = build_state(tmp_path, present=False)
    assert missing.status == "missing"
    assert "make llm" in missing.hint


@pytest.mark.parametrize(
    ("record", "present", "status", "said"),
    [
        ({"state": "ready"}, True, "ready", "is built"),
        ({"state": "building", "pid": os.getpid()}, False, "building", "being compiled"),
        ({"state": "building", "pid": 2**22 + 1}, False, "interrupted", "not built to the end"),
        ({"state": "building"}, False, "interrupted", "not built to the end"),
        ({"state": "interrupted"}, False, "interrupted", "not built to the end"),
        ({"state": "failed", "reason": "no C++ compiler was found"}, False, "failed", "no C++ compiler"),
        ({"state": "failed", "reason": "built, but not importable"}, True, "failed", "not importable"),
        ({"state": "ready"}, False, "missing", "is not built"),
    ],
)
def test_what_the_build_noted_is_said(
    tmp_path: Path, record: dict[str, Any], present: bool, status: str, said: str
) -> None:
    _note(tmp_path, **record)
    state = build_state(tmp_path, present=present)
    assert state.status == status
    assert said in state.message


def test_a_damaged_note_is_no_note(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{half")
    assert build_state(tmp_path, present=True).status == "ready"
