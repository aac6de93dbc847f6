"""The list of open models, and what each needs on a machine."""

from pathlib import Path

import pytest

import calculators
from almanac.local_models import (
    WORKING,
    LocalModel,
    Machine,
    fit_of,
    kept_models,
    local_models,
    longest_window,
    need_of,
    this_machine,
)
from kb.settings import load_settings

ALL = local_models()
REGISTERED = {
    "Qwen2.5 0.5B Instruct": "qwen2.5-0.5b",
    "Qwen2.5 1.5B Instruct": "qwen2.5-1.5b",
    "SmolLM2 1.7B Instruct": "smollm2-1.7b",
    "Llama 3.2 3B Instruct": "llama-3.2-3b",
    "Qwen3 4B": "qwen3-4b",
    "Mistral 7B Instruct v0.3": "mistral-7b-v0.3",
    "Qwen3 8B": "qwen3-8b",
    "Qwen3 14B": "qwen3-14b",
}


def test_the_list_is_sorted_and_each_file_is_there_once() -> None:
    assert [model.bytes for model in ALL] == sorted(model.bytes for model in ALL)
    assert len({model.file for model in ALL}) == len(ALL) >= 8
    assert sum(model.chinese for model in ALL) >= 4
    for model in ALL:
        assert model.url.endswith(f"/resolve/main/{model.file}")
        assert model.url.startswith(model.page)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.file)
def test_the_calculators_weights_are_the_size_of_the_file(model: LocalModel) -> None:
    assert need_of(model, 1).weights == pytest.approx(model.bytes, rel=0.01)
    # A mix of four and six bits; small models keep their large vocabulary in eight.
    assert 4.5 < model.bits_per_weight < 8.5


@pytest.mark.parametrize("name", REGISTERED)
def test_the_facts_are_those_of_the_sourced_registry(name: str) -> None:
    listed = next(model for model in ALL if model.name == name)
    known = calculators.find_model(REGISTERED[name])
    assert known is not None
    assert listed.layers == known.layers
    assert listed.kv_heads == (known.kv_heads or known.heads)
    assert listed.head_dim == (known.head_dim or known.hidden // known.heads)
    assert listed.params == pytest.approx(float(known.published.split()[0].replace(",", "")), rel=0.005)


def test_need_grows_with_the_window_up_to_the_models_own() -> None:
    model = next(model for model in ALL if model.name == "SmolLM2 1.7B Instruct")
    short, long, beyond = (need_of(model, context) for context in (1024, 8192, 100_000))
    # Two for keys and values, 24 layers, 32 heads of 64, two bytes.
    assert short.cache == 2 * 24 * 32 * 64 * 2 * 1024
    assert long.cache == 8 * short.cache == beyond.cache
    assert long.total == long.weights + long.cache + WORKING


def test_a_need_fits_or_does_not() -> None:
    need = need_of(ALL[0], 4096)
    assert fit_of(need, Machine()) == "unknown"
    assert fit_of(need, Machine(total=need.total // 2, free=1)) == "too large"
    assert fit_of(need, Machine(total=need.total * 3, free=need.total - 1)) == "tight"
    assert fit_of(need, Machine(total=need.total * 3, free=need.total + 1)) == "fits"


def test_the_longest_window_is_what_the_memory_leaves() -> None:
    model = ALL[-1]
    assert longest_window(model, Machine(total=4_000_000_000)) == 0
    small = longest_window(model, Machine(total=11_000_000_000))
    assert 0 < small < model.window
    assert fit_of(need_of(model, small), Machine(total=11_000_000_000)) == "fits"
    assert fit_of(need_of(model, small + 500), Machine(total=11_000_000_000)) == "too large"
    assert longest_window(model, Machine(total=10**12)) == model.window


def test_memory_is_read_where_the_system_states_it(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:    9000000 kB\n")
    assert this_machine(meminfo, []) == Machine(total=16_384_000_000, free=9_216_000_000)
    (tmp_path / "max").write_text("4000000000\n")
    assert this_machine(meminfo, [tmp_path / "max"]) == Machine(total=4_000_000_000, free=4_000_000_000)
    (tmp_path / "max").write_text("max\n")
    assert this_machine(meminfo, [tmp_path / "max"]).total == 16_384_000_000
    assert this_machine(tmp_path / "absent", []).free == 0


def test_files_of_the_home_are_listed(home: Path) -> None:
    settings = load_settings()
    assert kept_models(settings) == []
    (home / "models").mkdir(parents=True)
    for name in ("b.gguf", "a.gguf", "a.gguf.part", "notes.txt"):
        (home / "models" / name).write_bytes(b"")
    assert [path.name for path in kept_models(settings)] == ["a.gguf", "b.gguf"]
