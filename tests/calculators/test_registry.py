"""Models and accelerators: figures have sources, counts agree with what is published, names are found."""

import re

import pytest

from calculators import CalculatorError, discover, missing, run
from calculators._registry import (
    Accelerator,
    Model,
    accelerator_inputs,
    accelerators,
    find_accelerator,
    find_accelerators,
    find_model,
    find_models,
    model_inputs,
    models,
    read_published,
)
from calculators._registry._entries import ARCHITECTURE
from calculators._registry._names import NameFinder

MODELS = list(models().values())
DEVICES = list(accelerators().values())
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda item: item.name)
each_device = pytest.mark.parametrize("device", DEVICES, ids=lambda item: item.name)


def test_enough_of_both() -> None:
    assert len(MODELS) >= 45
    assert len(DEVICES) >= 27


def test_published_counts_are_read_with_their_tolerance() -> None:
    assert read_published("6.7B") == (6.7e9, 0.05e9)
    assert read_published("530B") == (530e9, 0.5e9)
    assert read_published("6,738,415,616") == (6738415616, 0)
    assert read_published("540.35B") == (540.35e9, 0.005e9)
    assert read_published("1T") == (1e12, 0.5e12)
    with pytest.raises(ValueError, match="about 7B"):
        read_published("about 7B")


@each_model
def test_recount_agrees_with_the_published_total(model: Model) -> None:
    counted = run("param_count", model.architecture, "total").value
    assert counted == model.parts.total
    published, half_digit = read_published(model.published)
    gap = model.params - published
    if model.deviation:
        assert gap / published == pytest.approx(model.deviation, rel=0.02)
        assert abs(gap) > half_digit
        assert model.note
    else:
        assert abs(gap) <= half_digit
    assert model.note or not model.uncounted


@each_model
def test_active_count_agrees_with_the_published_one(model: Model) -> None:
    assert bool(model.published_active) == bool(model.active_counts) == bool(model.experts)
    if not model.published_active:
        assert model.active_params == model.params
        return
    counted = float(run("param_count", model.architecture, model.active_counts, "params").value)  # type: ignore[arg-type]
    published, half_digit = read_published(model.published_active)
    if model.active_deviation:
        assert counted / published - 1 == pytest.approx(model.active_deviation, rel=0.02)
        assert model.note
    else:
        assert abs(counted - published) <= half_digit
    assert model.active_params == published < model.params


@each_model
def test_model_is_complete_and_sourced(model: Model) -> None:
    assert re.search(r"arXiv \d{4}\.\d{5}|model card \S+/\S+|GPT-2 report", model.source)
    assert model.context
    assert model.context >= 1024
    assert model.dtype
    assert bool(model.window) == bool(model.windowed_layers)
    assert model.windowed_layers <= model.layers
    assert set(model.architecture) <= set(ARCHITECTURE)
    assert model.heads % model.cached_heads == 0


@each_model
def test_model_fills_only_fields_that_exist_and_are_valid(model: Model) -> None:
    filled = {name: model_inputs(model, name) for name in discover()}
    for name, inputs in filled.items():
        assert set(inputs) <= set(discover()[name].inputs.model_fields), name
        missing(name, inputs)
    assert missing("param_count", filled["param_count"]) == ()
    assert missing("kv_cache", filled["kv_cache"]) == ()
    assert run("kv_cache", filled["kv_cache"], "elements_per_token").value == model.kv_elements_per_token
    assert filled["spec_decode"] == filled["pipeline_bubble"] == {}


def test_models_fill_by_their_kind() -> None:
    latent, dense = models()["deepseek-v3"], models()["llama-3-70b"]
    assert model_inputs(latent, "kv_cache")["attn"] == "mla"
    assert model_inputs(latent, "serving_capacity", kv_bytes=1)["kv_bytes_per_token"] == 61 * 576
    assert model_inputs(dense, "serving_capacity")["weight_bytes"] == 2 * dense.params
    assert model_inputs(dense, "inference_roofline", weight_bytes=1)["weight_bytes"] == dense.params
    assert model_inputs(dense, "kv_cache", kv_bytes=1)["dtype_bytes"] == 1
    assert model_inputs(latent, "training_time")["params"] == 37e9
    assert model_inputs(latent, "train_memory")["expert_params"] == 58 * 256 * 3 * 7168 * 2048
    assert "weight_bytes" not in model_inputs(models()["gpt-oss-20b"], "serving_capacity")
    with pytest.raises(CalculatorError, match="kv_cache"):
        model_inputs(dense, "kvcache")


def test_windows_cap_the_cached_tokens() -> None:
    mistral, gemma, llama = models()["mistral-7b"], models()["gemma-2-9b"], models()["llama-2-7b"]
    assert mistral.cached_tokens(32768) == 4096
    assert mistral.cached_tokens(1000) == 1000
    assert gemma.cached_tokens(8192) == (8192 + 4096) / 2
    assert llama.cached_tokens(4096) == 4096


def test_largest_module_is_what_the_estimator_looks_for() -> None:
    assert models()["llama-2-7b"].largest_module == 32000 * 4096
    assert models()["opt-66b"].largest_module == 50272 * 9216


@each_device
def test_device_is_complete_plausible_and_sourced(device: Accelerator) -> None:
    assert len(device.source) > 8
    assert 2016 <= device.year <= 2026
    assert 8e9 <= device.memory_bytes <= 400e9
    assert 200e9 <= device.bandwidth <= 10e12
    assert device.peak_flops("bf16")
    assert device.power is None or 60 <= device.power <= 1500
    assert (device.link_bandwidth is None) == (device.link_total is None) == (not device.link)
    if device.link_bandwidth and device.link_total:
        assert device.link_total == 2 * device.link_bandwidth


@each_device
def test_peaks_are_dense(device: Accelerator) -> None:
    """Halving the width doubles a dense peak at most; a sparse figure among dense ones would show.

    On consumer cards, 16-bit products are added up in fp32 at half speed, integers are not.
    """
    peak = {str(name): value for name, value in device.peak.items()}
    steps = [("bf16", "fp8", 2), ("fp16", "fp8", 2), ("bf16", "int8", 2), ("tf32", "bf16", 2), ("int8", "int4", 2)]
    for wide, narrow, factor in steps:
        if wide in peak and narrow in peak:
            consumer = device.name.startswith("rtx-") and narrow == "int8"
            assert peak[narrow] <= peak[wide] * factor * (2 if consumer else 1) * 1.02
    assert peak.get("bf16", peak.get("fp16")) == peak.get("fp16", peak.get("bf16"))


def test_figures_everyone_knows() -> None:
    a100, h100 = accelerators()["a100-sxm-80gb"], accelerators()["h100-sxm-80gb"]
    assert (a100.peak_flops("bf16"), a100.memory_bytes, a100.bandwidth) == (312e12, 80 * 10**9, 2.039e12)
    assert (a100.link_bandwidth, a100.link_total, a100.power) == (300e9, 600e9, 400)
    assert (h100.peak_flops("fp16"), h100.peak_flops("fp8"), h100.bandwidth) == (989e12, 1979e12, 3.35e12)
    assert accelerators()["tpu-v4"].memory_bytes == 32 * 2**30
    assert accelerators()["v100-sxm2-32gb"].peak_flops("bf16") == 125e12
    assert a100.peak_flops("fp8") is None


@each_device
def test_device_fills_only_fields_that_exist(device: Accelerator) -> None:
    for name in discover():
        inputs = accelerator_inputs(device, name)
        assert set(inputs) <= set(discover()[name].inputs.model_fields)
        missing(name, inputs)
    assert accelerator_inputs(device, "serving_capacity", count=8)["total_mem_bytes"] == 8 * device.memory_bytes
    assert accelerator_inputs(device, "train_memory", count=8)["gpu_mem_bytes"] == device.memory_bytes


def test_unknown_precision_and_calculator_are_refused() -> None:
    device = accelerators()["t4"]
    assert "peak_flops" not in accelerator_inputs(device, "utilization", precision="fp8")
    with pytest.raises(CalculatorError, match="fp7"):
        accelerator_inputs(device, "utilization", precision="fp7")
    with pytest.raises(CalculatorError, match="utilisation"):
        accelerator_inputs(device, "utilisation")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Llama-3-70B", "llama-3-70b"),
        ("llama3 70b", "llama-3-70b"),
        ("LLaMA 65B", "llama-65b"),
        ("meta-llama/Llama-2-7b-chat-hf", "llama-2-7b"),
        ("Meta-Llama-3.1-405B", "llama-3.1-405b"),
        ("Llama 2 (70B)", "llama-2-70b"),
        ("Mixtral 8×7B", "mixtral-8x7b"),
        ("训练GPT-3需要多久", "gpt-3-175b"),
        ("Qwen2.5-72B-Instruct", "qwen2.5-72b"),
        ("Qwen3-30B-A3B", "qwen3-30b-a3b"),
        ("DeepSeek V3", "deepseek-v3"),
        ("deepseek-v2-lite", "deepseek-v2-lite"),
        ("Command R+", "command-r-plus"),
        ("BLOOM", "bloom-176b"),
        ("Megatron-Turing NLG 530B", "mt-nlg-530b"),
        ("phi-3-mini-4k-instruct", "phi-3-mini"),
        ("a bloom filter", None),
        ("the palm of a hand", None),
        ("Llama 27B", None),
        ("Llama 2", None),
        ("70B", None),
        ("GPT-35", None),
        ("XGPT-3", None),
    ],
)
def test_models_are_found_as_people_write_them(text: str, name: str | None) -> None:
    found = find_model(text)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("8 卡 A100 80G", "a100-sxm-80gb"),
        ("1024 张 A100", "a100-sxm-80gb"),
        ("A100 (40GB)", "a100-sxm-40gb"),
        ("80G 的 A100", "a100-sxm-80gb"),
        ("40GB A100", "a100-sxm-40gb"),
        ("A100-SXM4-80GB", "a100-sxm-80gb"),
        ("A100 PCIe", "a100-pcie-80gb"),
        ("8xH100", "h100-sxm-80gb"),
        ("H100s", "h100-sxm-80gb"),
        ("H100 NVL", "h100-nvl-94gb"),
        ("V100 16GB", "v100-sxm2-16gb"),
        ("GeForce RTX 4090", "rtx-4090"),
        ("TPU v5e", "tpu-v5e"),
        ("Trillium", "tpu-v6e"),
        ("Gaudi3", "gaudi-3"),
        ("MI300X", "mi300x"),
        ("A10G", None),
        ("A1000", None),
        ("AL4", None),
    ],
)
def test_accelerators_are_found_as_people_write_them(text: str, name: str | None) -> None:
    found = find_accelerator(text)
    assert (found.name if found else None) == name


def test_the_longest_name_wins_and_places_are_given() -> None:
    text = "Compare Llama-2-7B and Llama 3.1 8B on A100 and H100 PCIe."
    assert [mention.name for mention in find_models(text)] == ["llama-2-7b", "llama-3.1-8b"]
    assert [text[m.start : m.end] for m in find_models(text)] == ["Llama-2-7B", "Llama 3.1 8B"]
    assert [text[m.start : m.end] for m in find_accelerators(text)] == ["A100", "H100 PCIe"]


def test_every_name_title_and_alias_finds_its_entry() -> None:
    for model in MODELS:
        for spelling in (model.name, model.title, *model.aliases):
            assert find_model(spelling.removeprefix("=")) == model, spelling
    for device in DEVICES:
        for spelling in (device.name, device.title, *device.aliases):
            assert find_accelerator(spelling.removeprefix("=")) == device, spelling


def test_a_spelling_of_two_entries_is_refused() -> None:
    with pytest.raises(ValueError, match="One-1"):
        NameFinder({"first": ["One 1"], "second": ["One-1"]})
