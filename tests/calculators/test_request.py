"""The semantics of a request: order of checks, defaults, units, and what each rule between fields names."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import CalculatorError, MissingInputs, discover, missing, run, run_request
from calculators.train_memory import RECIPES
from tests.calculators.cases import SHARED

KV = {"layers": 80, "kv_heads": 8, "head_dim": 128}
GPT = {"layers": 96, "hidden": 12288, "heads": 96, "seq_len": 2048, "micro_batch": 1}
MODEL = {"layers": 2, "hidden": 64, "heads": 4, "ffn": 128, "vocab": 100}
RUN = {"batch": 64, "seq_len": 2048, "layers": 96, "hidden": 12288, "vocab": 51200, "gpus": 64}


def refusal(calculator: str, output: str | None = None, **inputs: Any) -> tuple[str, str]:
    """Field and message of a refused request."""
    reply = run_request({"calculator": calculator, "output": output, "inputs": inputs})
    assert "error" in reply, reply
    return reply["error"]["field"], reply["error"]["message"]


def warned(calculator: str, output: str | None = None, **inputs: Any) -> list[str]:
    """Fields that a request's warnings name."""
    estimate = run(calculator, inputs, output)
    assert isinstance(estimate.value, int | float)
    assert all(any(sign.isdigit() for sign in warning.message) for warning in estimate.warnings)
    return [warning.field for warning in estimate.warnings]


def test_reply_has_the_contracts_keys() -> None:
    reply = run_request({"id": "a", "calculator": "kv_cache", "output": "bytes", "inputs": KV, "unit": "KiB"})
    assert reply.keys() == {"id", "value", "unit", "formula", "source", "warnings"}
    assert (reply["id"], reply["value"], reply["unit"], reply["warnings"]) == ("a", 320, "KiB", [])
    assert "2309.06180" in reply["source"]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ([1, 2], "request"),
        (None, "request"),
        ("text", "request"),
        ({}, "calculator"),
        ({"calculator": None}, "calculator"),
        ({"calculator": ["kv_cache"]}, "calculator"),
        ({"calculator": "kv_cache", "inputs": None}, "inputs"),
        ({"calculator": "kv_cache", "inputs": [KV]}, "inputs"),
        ({"calculator": "kv_cache", "inputs": KV, "output": 3}, "output"),
        ({"calculator": "kv_cache", "inputs": KV, "output": ""}, "output"),
        ({"calculator": "kv_cache", "inputs": KV, "unit": "ms"}, "unit"),
        ({"calculator": "kv_cache", "inputs": KV, "unit": ["GB"]}, "unit"),
        ({"calculator": "kv_cache"}, "layers"),
    ],
)
def test_no_request_raises(request_: object, field: str) -> None:
    reply = run_request(request_)
    assert reply["error"]["field"] == field
    json.dumps(reply, allow_nan=False)


def test_checks_come_in_order() -> None:
    bad = {"tp": 7, "kv_heads": 8, "layers": 7.5, "no_such": 1}
    assert refusal("kv_cache", **bad)[0] == "no_such"
    del bad["no_such"]
    assert refusal("kv_cache", **bad)[0] == "layers"
    del bad["layers"]
    assert refusal("kv_cache", **bad)[0] == "tp"
    del bad["tp"]
    assert refusal("kv_cache", **bad)[0] == "layers"
    assert missing("kv_cache", bad) == ("layers", "head_dim")


def test_the_first_bad_value_in_the_request_is_named() -> None:
    assert refusal("kv_cache", head_dim=0, layers=0)[0] == "head_dim"
    assert refusal("kv_cache", layers=0, head_dim=0)[0] == "layers"


def test_a_bad_value_of_an_unused_field_is_still_refused() -> None:
    assert refusal("spec_decode", "tokens", alpha=0.5, gamma=3, c=-1)[0] == "c"


def test_a_conflict_in_unused_fields_is_ignored() -> None:
    assert run("kv_cache", {**KV, "tp": 7}, "bytes_per_token").value == 327_680
    assert warned("spec_decode", "tokens", alpha=0.3, gamma=5, c=0.2) == []
    assert warned("train_memory", "bytes_per_param", zero_stage=3, pp=4) == []
    assert run("serving_capacity", {**KV, "kv_mem_bytes": 1e9, "weight_bytes": 2, "total_mem_bytes": 1}, "kv_tokens")
    times = {"batch_per_replica": 12, "pp": 2, "t_fwd_bwd_ms": {"4": 1.0}}
    assert run("microbatch_size", {**times, "micro_batch": 8}, "best_micro_batch").value == 4
    assert refusal("microbatch_size", **times, micro_batch=8)[0] == "micro_batch"


def test_messages_name_field_value_rule_and_nearest() -> None:
    assert refusal("activation_memory", **GPT, tp=7) == ("tp", "tp=7 does not divide heads=96; use 6 or 8")
    assert refusal("training_time", mfu=40) == ("mfu", "mfu=40 must be in (0, 1]; use 0.4")
    assert refusal("kv_cache", layers=7.5) == ("layers", "layers=7.5 is not an integer; use 7 or 8")
    field, message = refusal("kv_cache", kv_haeds=8)
    assert field == "kv_haeds"
    assert "kv_heads" in message


@pytest.mark.parametrize("value", [7, 7.0])
def test_integers_may_be_written_as_floats(value: float) -> None:
    assert run("kv_cache", {**KV, "layers": value}, "elements_per_token").value == 2 * 7 * 8 * 128


@pytest.mark.parametrize(
    ("calculator", "field", "inputs"),
    [
        ("param_count", "hidden", {**MODEL, "hidden": 66}),
        ("param_count", "kv_heads", {**MODEL, "kv_heads": 3}),
        ("param_count", "kv_heads", {**MODEL, "kv_heads": 8}),
        ("param_count", "top_k", {**MODEL, "experts": 4, "top_k": 5, "moe_ffn": 8}),
        ("param_count", "top_k", {"experts": 4, "top_k": 5}),
        ("param_count", "dense_layers", {**MODEL, "experts": 4, "moe_ffn": 8, "dense_layers": 3}),
        ("param_count", "mla", {**MODEL, "mla": {"q_lora": 0, "kv_lora": 0, "qk_nope": 1, "qk_rope": 1, "v_head": 1}}),
        ("param_count", "mla", {**MODEL, "mla": {"kv_lora": 4}}),
        ("param_count", "mla", {**MODEL, "mla": 3}),
        ("train_memory", "expert_params", {"params": 1e9, "expert_params": 2e9}),
        ("train_memory", "ep", {"params": 2e9, "expert_params": 1e9, "zero_stage": 1, "dp": 4, "ep": 8}),
        ("train_memory", "zero_stage", {"params": 1e9, "zero_stage": 4}),
        ("train_memory", "bytes_per_param", {"params": 1e9, "bytes_per_param": {"weights": -2}}),
        ("train_memory", "bytes_per_param", {"params": 1e9, "bytes_per_param": {"weights": 2, "wrong": 1}}),
        ("zero_estimator", "stage", {"stage": 1}),
        ("activation_memory", "tp", {**GPT, "tp": 7, "recompute": "selective"}),
        ("activation_memory", "seq_len", {**GPT, "tp": 8, "seq_len": 2047, "sequence_parallel": True}),
        ("activation_memory", "pp", {**GPT, "pp": 7}),
        ("activation_memory", "pp", {**GPT, "pp": 8, "interleave": 5}),
        ("pipeline_bubble", "microbatches", {"schedule": "interleaved", "pp": 4, "microbatches": 6}),
        ("pipeline_bubble", "interleave", {"schedule": "interleaved", "pp": 1, "microbatches": 6, "interleave": 2}),
        ("pipeline_bubble", "microbatches", {"schedule": "dualpipe", "pp": 4, "microbatches": 6}),
        ("pipeline_bubble", "microbatches", {"schedule": "dualpipe", "pp": 4, "microbatches": 9}),
        ("pipeline_bubble", "pp", {"schedule": "dualpipe", "pp": 5, "microbatches": 20}),
        ("pipeline_bubble", "t_f", {"schedule": "1f1b", "pp": 4, "microbatches": 8, "t_f": 0, "t_b": 0, "t_w": 0}),
        ("pipeline_simulator", "t_f", {"schedule": "1f1b", "pp": 4, "microbatches": 8, "t_f": 0, "t_b": 0, "t_w": 0}),
        ("pipeline_simulator", "pp", {"schedule": "1f1b", "pp": 1000, "microbatches": 101}),
        ("pipeline_simulator", "pp", {"schedule": "interleaved", "pp": 100, "microbatches": 500, "interleave": 3}),
        ("pipeline_simulator", "schedule", {"schedule": "dualpipe", "pp": 4, "microbatches": 8}),
        ("pipeline_simulator", "t_fb", {"schedule": "1f1b", "pp": 4, "microbatches": 8, "t_fb": 1}),
        ("pipeline_simulator", "microbatches", {"schedule": "interleaved", "pp": 4, "microbatches": 6}),
        ("pipeline_simulator", "interleave", {"schedule": "interleaved", "pp": 1, "microbatches": 6}),
        ("microbatch_size", "micro_batch", {"batch_per_replica": 12, "micro_batch": 8}),
        ("microbatch_size", "micro_batch", {"batch_per_replica": 12, "t_fwd_bwd_ms": {"4": 1}, "micro_batch": 2}),
        ("microbatch_size", "t_fwd_bwd_ms", {"batch_per_replica": 12, "pp": 2, "t_fwd_bwd_ms": {"1.5": 1}}),
        ("microbatch_size", "t_fwd_bwd_ms", {"batch_per_replica": 12, "pp": 2, "t_fwd_bwd_ms": {"1": 0}}),
        ("microbatch_size", "t_fwd_bwd_ms", {"batch_per_replica": 12, "pp": 2, "t_fwd_bwd_ms": {}}),
        ("microbatch_size", "t_fwd_bwd_ms", {"batch_per_replica": 12, "pp": 2, "t_fwd_bwd_ms": [1]}),
        ("microbatch_size", "t_fwd_bwd_ms", {"batch_per_replica": 12, "pp": 2, "t_fwd_bwd_ms": {"8": 1.0}}),
        ("training_flops", "formula", {"formula": "selective_overhead", "seq_len": 2, "hidden": 2}),
        ("utilization", "formula", {**RUN, "formula": "selective_overhead", "iter_time_s": 1, "peak_flops": 1e15}),
        ("cost_energy", "pue", {"gpu_hours": 1, "watts": 1, "pue": 0.9}),
        ("compute_optimal", "method", {"flops": 1e20, "method": "loss"}),
        ("collective_cost", "algorithm", {"op": "all_gather", "algorithm": "tree"}),
        ("kv_cache", "tp", {**KV, "tp": 3}),
        ("serving_capacity", "weight_bytes", {"total_mem_bytes": 80e9, "weight_bytes": 140e9}),
        ("serving_capacity", "weight_bytes", {"total_mem_bytes": 80e9, "weight_bytes": 80e9}),
        ("quant_size", "group_size", {"bits": 4, "group_size": 0}),
        ("quant_size", "group_size", {"bits": 4, "group_size": -2}),
        ("quant_size", "bits", {"bits": 33, "group_size": 1}),
        ("affine_quant", "x", {"x": []}),
        ("affine_quant", "x", {"x": [1, "2"]}),
        ("affine_quant", "x", {"x": [1, math.inf]}),
        ("affine_quant", "min", {"min": 2, "max": 1}),
        ("spec_decode", "alpha", {"alpha": 1.2}),
        ("spec_decode", "gamma", {"gamma": 0}),
    ],
)  # fmt: skip
def test_rule_names_its_field(calculator: str, field: str, inputs: dict[str, Any]) -> None:
    assert refusal(calculator, None, **inputs)[0] == field


@pytest.mark.parametrize(
    ("calculator", "output", "field", "inputs"),
    [
        ("param_count", "active", "formula", {"formula": "12lh2", "layers": 2, "hidden": 8}),
        ("training_flops", "recompute_overhead", "formula", {"formula": "6nd", "params": 1, "tokens": 1}),
        ("comm_volume", "elements", "kind", {"kind": "dp", "params": 1}),
        ("comm_volume", "bytes", "kind", {"kind": "tp"}),
        ("train_memory", "max_params", "bytes_per_param",
         {"gpu_mem_bytes": 1, "bytes_per_param": {"weights": 0, "grads": 0, "optimizer": 0}}),
    ],
)  # fmt: skip
def test_rule_of_an_output_names_its_field(calculator: str, output: str, field: str, inputs: dict[str, Any]) -> None:
    assert refusal(calculator, output, **inputs)[0] == field


@pytest.mark.parametrize(
    ("calculator", "output", "field", "inputs"),
    [
        ("train_memory", None, "zero_stage", {"params": 7e9, "zero_stage": 2, "pp": 2}),
        ("train_memory", "max_params", "zero_stage", {"gpu_mem_bytes": 8e10, "zero_stage": 3, "pp": 2}),
        ("zero_estimator", None, "offload_param",
         {"stage": 3, "total_params": 1e9, "gpus_per_node": 8, "offload_param": True}),
        ("activation_memory", "ratio_to_none", "sequence_parallel", {**GPT, "sequence_parallel": True}),
        ("pipeline_bubble", None, "microbatches", {"schedule": "gpipe", "pp": 8, "microbatches": 4}),
        ("pipeline_bubble", None, "t_w", {"schedule": "zb_h2", "pp": 8, "microbatches": 16, "t_w": 2}),
        ("pipeline_simulator", None, "microbatches", {"schedule": "zb_h1", "pp": 8, "microbatches": 4}),
        ("microbatch_size", None, "t_fwd_bwd_ms",
         {"batch_per_replica": 12, "pp": 2, "t_fwd_bwd_ms": {"8": 1, "4": 1}}),
        ("utilization", None, "achieved_flops", {"achieved_flops": 4e14, "peak_flops": 312e12}),
        ("utilization", "hfu", "iter_time_s", {**RUN, "iter_time_s": 0.1, "peak_flops": 312e12}),
        ("utilization", None, "tokens_per_s", {"params": 1e12, "tokens_per_s": 1e6, "peak_flops": 312e12}),
        ("utilization", None, "gpu_hours", {"params": 1e12, "tokens": 1e12, "gpu_hours": 1, "peak_flops": 312e12}),
        ("kv_cache", None, "tp", {**KV, "tp": 16}),
        ("kv_cache", "bytes_per_token_per_gpu", "tp", {**KV, "tp": 16}),
        ("serving_capacity", None, "kv_mem_bytes", {**KV, "kv_mem_bytes": 1e9, "tokens_per_request": 8192}),
        ("serving_capacity", None, "kv_mem_bytes",
         {**KV, "total_mem_bytes": 141e9, "weight_bytes": 140e9, "tokens_per_request": 8192}),
        ("quant_size", "saving_bytes", "scale_bits", {"params": 1e9, "group_size": 64, "scale_bits": 4}),
        ("affine_quant", None, "max", {"x": [0, 0.0]}),
        ("affine_quant", "zero_point", "max", {"min": 0, "max": 0}),
        ("spec_decode", None, "c", {"alpha": 0.3, "gamma": 5, "c": 0.2}),
        ("goodput", None, "ckpt_s", {"ckpt_s": 100, "mtbf_s": 50}),
        ("goodput", "young_s", "ckpt_s", {"ckpt_s": 100, "mtbf_s": 50}),
    ],
)  # fmt: skip
def test_warning_comes_with_a_value(calculator: str, output: str | None, field: str, inputs: dict[str, Any]) -> None:
    assert warned(calculator, output, **inputs) == [field]


@pytest.mark.parametrize(
    ("calculator", "inputs", "output", "unit"),
    [
        ("param_count", MODEL, "total", "params"),
        ("train_memory", {"params": 1e9}, "bytes_per_gpu", "B"),
        ("activation_memory", GPT, "bytes", "B"),
        ("pipeline_bubble", {"schedule": "1f1b", "pp": 2, "microbatches": 4}, "overhead", "1"),
        ("pipeline_simulator", {"schedule": "1f1b", "pp": 2, "microbatches": 4}, "bubble_rate", "1"),
        ("training_flops", {"params": 1, "tokens": 1}, "total", "FLOP"),
        ("utilization", {"achieved_flops": 1, "peak_flops": 2}, "mfu", "%"),
        ("training_time", {"method": "gpu_hours", "gpu_hours": 1, "gpus": 1}, "days", "days"),
        ("cost_energy", {"gpu_hours": 1, "watts": 1}, "mwh", "MWh"),
        ("compute_optimal", {"params": 1, "tokens": 1}, "flops", "FLOP"),
        ("compute_optimal", {"flops": 1e20}, "params_opt", "params"),
        ("collective_cost", {"op": "all_reduce", "ranks": 2, "bytes": 1, "bandwidth": 1}, "time", "s"),
        ("comm_volume", {"kind": "dp", "params": 1}, "bytes", "B"),
        ("comm_volume", {"kind": "tp", "tp": 2, "micro_batch": 1, "seq_len": 1, "hidden": 1}, "elements", "elements"),
        ("comm_volume", {"kind": "pp", "micro_batch": 1, "seq_len": 1, "hidden": 1}, "elements", "elements"),
        ("kv_cache", KV, "bytes", "B"),
        ("serving_capacity", {**KV, "kv_mem_bytes": 1e9}, "kv_tokens", "tokens"),
        ("serving_capacity", {"kv_tokens": 10, "tokens_per_request": 5}, "concurrency", "x"),
        ("serving_capacity", {**KV, "kv_mem_bytes": 1e9, "tokens_per_request": 5}, "max_requests_paged", "requests"),
        (
            "serving_capacity",
            {**KV, "total_mem_bytes": 9e9, "weight_bytes": 1e9, "tokens_per_request": 5, "kv_mem_bytes": 1},
            "max_batch",
            "sequences",
        ),
        ("inference_roofline", {"weight_bytes": 1, "bandwidth": 1}, "step_mem", "ms"),
        ("quant_size", {"bits": 4, "group_size": 32}, "bpw", "bits/weight"),
        ("affine_quant", {"min": 0, "max": 1}, "scale", "1"),
        ("spec_decode", {"alpha": 0.5, "gamma": 1}, "speedup", "x"),
        ("critical_batch", {"batch": 1, "b_noise": 1}, "steps_ratio", "x"),
        ("checkpoint_io", {"bytes": 1, "bandwidth": 1}, "seconds", "s"),
        ("checkpoint_io", {"params": 1, "bandwidth": 1}, "bytes", "B"),
        ("goodput", {"ckpt_s": 1, "mtbf_s": 100}, "daly_s", "s"),
    ],
)
def test_default_output_and_unit(calculator: str, inputs: dict[str, Any], output: str, unit: str) -> None:
    estimate = run(calculator, inputs)
    assert (estimate.output, estimate.unit) == (output, unit)


@pytest.mark.parametrize(
    ("calculator", "inputs", "output", "field"),
    [
        ("utilization", {"peak_flops": 1e15, **RUN}, "mfu", "iter_time_s"),
        ("utilization", {"peak_flops": 1e15, "params": 1e9}, "mfu", "tokens_per_s"),
        ("utilization", {"peak_flops": 1e15, "params": 1e9, "tokens": 1e9}, "mfu", "gpu_hours"),
        ("utilization", {"peak_flops": 1e15}, "mfu", "achieved_flops"),
        ("utilization", {"achieved_flops": 1e14}, "mfu", "peak_flops"),
        ("utilization", RUN, "achieved_flops", "iter_time_s"),
        ("utilization", {"gpus": 8}, "aggregate", "achieved_flops"),
        ("cost_energy", {"gpus": 8, "watts": 1}, "mwh", "hours"),
        ("cost_energy", {"hours": 8, "watts": 1}, "mwh", "gpus"),
        ("cost_energy", {"watts": 1}, "mwh", "gpu_hours"),
        ("serving_capacity", {"layers": 1, "head_dim": 1, "kv_mem_bytes": 1}, "kv_tokens", "kv_heads"),
        ("serving_capacity", {"kv_mem_bytes": 1}, "kv_tokens", "kv_bytes_per_token"),
        ("quant_size", {"format": "my own"}, "bpw_block", "block_bytes"),
        ("affine_quant", {"min": 1}, "scale", "max"),
        ("affine_quant", {}, "scale", "x"),
        ("affine_quant", {}, "mse_uniform", "scale"),
        ("activation_memory", {key: GPT[key] for key in GPT if key != "heads"}, "bytes", "heads"),
        ("training_time", {"params": 1}, "days", "method"),
        ("comm_volume", {"kind": "pp", "scatter_gather": True}, "elements", "tp"),
        ("kv_cache", {"attn": "mla", "layers": 1, "rope_dim": 1}, "bytes", "kv_lora"),
    ],
)
def test_missing_field_is_the_one_that_completes_the_request(
    calculator: str, inputs: dict[str, Any], output: str, field: str
) -> None:
    assert missing(calculator, inputs, output)[0] == field
    with pytest.raises(MissingInputs) as error:
        run(calculator, inputs, output)
    assert error.value.field == field


def test_bytes_come_in_both_units_and_defaults_are_told() -> None:
    estimate = run("kv_cache", KV, "bytes", "MiB")
    assert {quantity.unit for quantity in estimate.quantities} == {"MiB", "GB", "GiB"}
    assert estimate.quantities[0].unit == "MiB"
    assert "by default: attn=mha_gqa, dtype_bytes=2, tokens=1, batch=1, tp=1" in estimate.assumptions
    assert estimate.substitution == "bytes = 2·80·8·128·2·1·1 = 0.3125 MiB"
    assert estimate.formula == "bytes = 2·layers·kv_heads·head_dim·dtype_bytes·tokens·batch"


def test_counts_are_integers_and_amounts_are_not_rounded() -> None:
    assert isinstance(
        run("serving_capacity", {"kv_bytes_per_token": 10, "kv_mem_bytes": 1e4, "tokens_per_request": 7}).value, int
    )
    assert isinstance(run("affine_quant", {"min": -1, "max": 1}, "zero_point").value, int)
    assert run("serving_capacity", {"kv_bytes_per_token": 3, "kv_mem_bytes": 10}).value == pytest.approx(10 / 3)
    assert run("inference_roofline", {"layers": 80, "latency_s": 8e-6}, "comm_latency").value == 2.56


def test_a_result_beyond_a_double_is_an_error_on_the_extreme_field() -> None:
    assert refusal("training_flops", params=1e300, tokens=1e12)[0] == "params"
    assert refusal("checkpoint_io", bytes=1e300, bandwidth=1e-300)[0] in ("bytes", "bandwidth")
    assert refusal("affine_quant", "scale", min=-1.7e308, max=1.7e308)[0] in ("min", "max")


def test_recipes_have_the_sizes_that_the_field_quotes() -> None:
    sizes = {name: sum(recipe.model_dump().values()) for name, recipe in RECIPES.items()}
    assert sizes["adam"] == sizes["adamw"] == 16
    assert sizes["adam_fp32_grads"] == 18
    assert sizes["adam_fp32_accumulation"] == 20
    assert sizes["sgd_momentum"] == 12
    assert sizes["adam_8bit"] == 10
    assert sizes["adam_8bit_no_master"] == 6
    assert run("train_memory", {"params": 1e9, "optimizer": "sgd_momentum"}).value == 12e9
    message = refusal("train_memory", params=1e9, optimizer="adan")[1]
    assert all(name in message for name in RECIPES)


def test_the_shortfall_is_stated() -> None:
    field, message = refusal("serving_capacity", total_mem_bytes=80e9, weight_bytes=140e9)
    assert field == "weight_bytes"
    assert "60000000000 bytes short" in message


def test_a_known_format_needs_no_sizes_and_given_sizes_decide() -> None:
    assert run("quant_size", {"format": "q4_k"}, "bpw_block").value == 4.5
    own = {"format": "Q4_K", "block_bytes": 160, "block_weights": 256}
    assert run("quant_size", own, "bpw_block").value == 5


def test_python_callers_get_exceptions() -> None:
    with pytest.raises(CalculatorError) as error:
        run("kv_cache", {**KV, "layers": 0})
    assert (error.value.field, error.value.value, error.value.nearest) == ("layers", 0, 1)
    assert error.value.hint


def test_every_name_of_the_vocabulary_beside_the_repository_is_known() -> None:
    path = SHARED / "schema.json"
    if not path.exists():
        pytest.skip("there is no ../shared/calculators/schema.json beside the repository")
    known = discover()
    for calculator, outputs in json.loads(path.read_text(encoding="utf-8")).items():
        for name, described in outputs.items() if calculator in known else ():
            output = known[calculator].output(name)
            assert output is not None, (calculator, name)
            assert set(described["units"]) <= set(output.units), (calculator, name)
            fields = {field.alias or key for key, field in known[calculator].inputs.model_fields.items()}
            assert set(described["inputs"]) <= fields, (calculator, name)


_ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 64), st.floats(), st.sampled_from([1e300, 1e-300, 7e9, 10**400]),
    st.text(max_size=5), st.lists(st.floats(-5, 5), max_size=4),
    st.dictionaries(st.sampled_from(["1", "2", "weights", "q_lora", "layers"]), st.floats(0.5, 5), max_size=3),
)  # fmt: skip


@pytest.mark.parametrize("name", list(discover()))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_is_asked_is_answered(name: str, data: st.DataObject) -> None:
    calculator = discover()[name]
    schema = calculator.inputs.model_json_schema()["properties"]
    choices = {key: field.get("enum", []) for key, field in schema.items()}
    inputs = {
        key: data.draw(st.one_of(st.integers(1, 16), st.sampled_from(choices[key]) if choices[key] else _ANYTHING))
        for key in data.draw(st.lists(st.sampled_from(sorted(schema)), unique=True))
    }
    output = data.draw(st.sampled_from([None, *(output.name for output in calculator.outputs)]))
    reply = run_request({"id": 1, "calculator": name, "inputs": inputs, "output": output})
    json.dumps(reply, allow_nan=False)
    assert reply["id"] == 1
    if "error" in reply:
        assert reply["error"].keys() == {"field", "message"}
        assert reply["error"]["field"] in {*schema, "output"}
    else:
        assert isinstance(reply["value"], int | float | list)
