"""What the Models page says of a model and of this machine."""

from pathlib import Path

import pytest

from almanac.llm_build import BuildState
from almanac.local_models import Machine, local_models, need_of
from tests.ui.conftest import Reading
from ui import models_list
from ui.models_list import build_html, memory_html, model_html

SMALL, LARGE = local_models()[0], local_models()[-1]


def test_a_model_is_shown_with_its_facts_and_the_way_to_each_formula() -> None:
    need = need_of(LARGE, 4096)
    page = Reading(model_html(LARGE, need, Machine(total=64 * 10**9, free=60 * 10**9)))
    for fact in (LARGE.name, "14.8 B parameters", "Q4_K_M", "about 9.0 GB to fetch", "Apache-2.0", "fits here"):
        assert fact in page.text
    assert "needs 10.0 GB: weights 9.0 GB + cache of 4,096 tokens 671 MB + computing 350 MB." in page.text
    assert LARGE.page in page.addresses
    formulas = [address for address in page.addresses if address.startswith("/calculators")]
    assert ["name=quant_size" in formulas[0], "name=kv_cache" in formulas[1]] == [True, True]
    assert "params=14.77B" in formulas[0]


def test_a_model_that_does_not_fit_says_so_and_what_would() -> None:
    machine = Machine(total=11 * 10**9, free=9 * 10**9)
    assert "too large for this machine" in model_html(LARGE, need_of(LARGE, 32_768), machine)
    assert "Room for " in model_html(LARGE, need_of(LARGE, 32_768), machine)
    assert "fits if other programs make room" in model_html(LARGE, need_of(LARGE, 512), machine)
    assert "fits" not in model_html(SMALL, need_of(SMALL, 512), Machine())


def test_memory_is_said_or_said_to_be_unknown() -> None:
    assert "25.3 GB of memory, 24.0 GB of it free" in memory_html(Machine(total=25_276_502_016, free=24_002_953_216))
    assert "cannot be told" in memory_html(Machine())


@pytest.mark.parametrize("status", ["building", "failed", "interrupted", "missing"])
def test_a_build_that_is_not_there_is_said(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = BuildState(status, "Not <yet>.", "`make llm` builds it.")  # type: ignore[arg-type]
    monkeypatch.setattr(models_list, "build_state", lambda: state)
    page = Reading(build_html())
    assert "Not <yet>." in page.text
    assert "make llm" in page.text


def test_a_build_that_is_there_takes_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models_list, "build_state", lambda: BuildState("ready", "There."))
    assert build_html() == ""
