"""A config.json as a model: every family reads to the published count, and what is wrong is named."""

import json
import math
from typing import Any

import pytest

from calculators import CalculatorError, MissingInputs, run
from calculators._hf_config import read_hf_config
from calculators._hf_families import FAMILIES
from calculators._registry import model_inputs, models
from tests.source_tree import ROOT

CONFIGS: dict[str, dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "hf_configs.json").read_text("utf-8"))
LLAMA = CONFIGS["llama-3-70b"]


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_reads_to_the_published_model(name: str) -> None:
    model, known = read_hf_config(CONFIGS[name], name), models()[name]
    assert model.parts.total == known.parts.total
    assert model.kv_elements_per_token == known.kv_elements_per_token
    assert (model.context, model.dtype) == (known.context, known.dtype)
    assert (model.window, model.windowed_layers) == (known.window, known.windowed_layers)
    assert model.active_counts == ""
    assert (model.experts, model.top_k, model.mla) == (known.experts, known.top_k, known.mla)
    if name != "gemma-3-4b":
        assert model.params == known.params
    else:
        assert "language model alone" in model.note
    assert model.note or not model.uncounted


def test_text_and_content_read_alike() -> None:
    assert read_hf_config(json.dumps(LLAMA, indent=2), "x") == read_hf_config(LLAMA, "x")


def test_families_are_mostly_covered_by_fixtures() -> None:
    kinds = {config["model_type"] for config in CONFIGS.values()}
    assert {
        "llama",
        "mistral",
        "mixtral",
        "qwen2",
        "qwen3",
        "qwen3_moe",
        "deepseek_v2",
        "deepseek_v3",
        "gemma",
    } <= kinds
    assert {"gemma2", "gemma3", "falcon", "bloom", "opt", "gpt2", "gpt_neox", "phi3"} <= kinds
    assert len(kinds & set(FAMILIES)) >= 25


def test_it_fills_the_calculators() -> None:
    model = read_hf_config(LLAMA)
    inputs = {**model_inputs(model, "kv_cache"), "tokens": 32768, "batch": 16, "dtype_bytes": 1}
    assert run("kv_cache", inputs, "bytes", "GB").value == pytest.approx(85.9, abs=0.01)


def test_opt_350m_has_narrow_embeddings_and_no_final_norm() -> None:
    model = read_hf_config(
        CONFIGS["opt-13b"]
        | {"num_hidden_layers": 24, "hidden_size": 1024, "num_attention_heads": 16, "ffn_dim": 4096}
        | {"word_embed_proj_dim": 512, "do_layer_norm_before": False}
    )
    assert model.params == 331_196_416


def test_biases_of_a_llama_are_left_out_by_name() -> None:
    model = read_hf_config(LLAMA | {"attention_bias": True, "mlp_bias": True})
    assert model.uncounted == 80 * (8192 + 2 * 1024 + 8192) + 80 * (2 * 28672 + 8192)
    assert "biases of attention" in model.note
    assert "biases of the MLPs" in model.note


def test_dense_layers_between_experts_are_counted() -> None:
    config = CONFIGS["qwen3-30b-a3b"]
    assert read_hf_config(config | {"decoder_sparse_step": 2}).dense_layers == 24
    assert read_hf_config(config | {"mlp_only_layers": [0, 5]}).dense_layers == 2


def test_windows_follow_what_the_file_lists() -> None:
    qwen = CONFIGS["qwen2.5-7b"]
    assert read_hf_config(qwen).window is None
    windowed = read_hf_config(qwen | {"use_sliding_window": True, "max_window_layers": 20})
    assert (windowed.window, windowed.windowed_layers) == (131072, 8)


def test_an_unknown_family_is_read_as_a_plain_decoder_and_says_so() -> None:
    model = read_hf_config({**LLAMA, "model_type": "newcomer"})
    assert model.parts.total == models()["llama-3-70b"].parts.total
    assert "newcomer is not known" in model.note
    assert read_hf_config({key: value for key, value in LLAMA.items() if key != "model_type"}).note


def test_the_name_is_the_files_own_unless_given() -> None:
    assert read_hf_config(LLAMA).name == "llama"
    assert read_hf_config({**LLAMA, "_name_or_path": "org/model"}).title == "org/model"
    assert read_hf_config(LLAMA, "mine").title == "mine"


def test_missing_fields_are_all_named() -> None:
    config = {key: LLAMA[key] for key in ("model_type", "hidden_size", "num_attention_heads")}
    with pytest.raises(MissingInputs) as error:
        read_hf_config(config)
    assert error.value.missing == ("num_hidden_layers", "intermediate_size", "vocab_size")
    assert "config.json of llama" in error.value.message
    with pytest.raises(MissingInputs, match="kv_lora_rank"):
        read_hf_config({**LLAMA, "model_type": "deepseek_v3"})
    with pytest.raises(MissingInputs, match="num_local_experts"):
        read_hf_config({**LLAMA, "model_type": "mixtral"})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"num_hidden_layers": 0}, "num_hidden_layers"),
        ({"num_hidden_layers": -3}, "num_hidden_layers"),
        ({"num_hidden_layers": "80"}, "num_hidden_layers"),
        ({"num_hidden_layers": True}, "num_hidden_layers"),
        ({"num_hidden_layers": math.nan}, "num_hidden_layers"),
        ({"num_hidden_layers": math.inf}, "num_hidden_layers"),
        ({"hidden_size": 4096.5}, "hidden_size"),
        ({"hidden_size": 8191}, "hidden_size"),
        ({"num_key_value_heads": 7}, "num_key_value_heads"),
        ({"is_encoder_decoder": True}, "model_type"),
        ({"model_type": "bert"}, "model_type"),
        (
            {"model_type": "qwen3_moe", "num_experts": "many", "num_experts_per_tok": 1, "moe_intermediate_size": 1},
            "num_experts",
        ),
        ({"model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 1e400}, "num_experts_per_tok"),
        ({"model_type": "gemma3", "sliding_window_pattern": 1.5}, "sliding_window_pattern"),
        ({"sliding_window": "wide"}, "sliding_window"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers"),
        ({**CONFIGS["deepseek-v3"], "kv_lora_rank": 0}, "mla.kv_lora"),
        ({**CONFIGS["mixtral-8x7b"], "num_experts_per_tok": 0}, "top_k"),
        ({"vocab_size": 10**400}, "vocab_size"),
        ({**CONFIGS["deepseek-v3"], "moe_layer_freq": 0}, "moe_layer_freq"),
    ],
)
def test_bad_values_are_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(CalculatorError) as error:
        read_hf_config({**LLAMA, **change})
    assert error.value.field == field


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", "7", '"llama"', "[" * 50_000, "x" * 1_000_001])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(CalculatorError) as error:
        read_hf_config(text)
    assert error.value.field == "config"
    assert len(error.value.message) < 200
