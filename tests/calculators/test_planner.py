"""The planner as a calculator: outputs, defaults, errors, the search by a parameter count, and what print says."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import CalculatorError, MissingInputs, missing, run, run_request
from calculators.activation_memory import coefficient
from calculators.planner import PlanInputs, plan
from calculators.train_memory import Inputs as StateInputs
from calculators.train_memory import states_bytes
from tests.calculators.planner_jobs import A100, H100, LLAMA_70B, MEGATRON_2021, MIXTRAL, PTDP_TABLE_1, gpt

TABLE_1 = pytest.mark.parametrize("row", PTDP_TABLE_1, ids=lambda row: f"{row[5]} GPUs")
SMALL = {"gpus": 8, "params": 7e9, "gpu_mem_bytes": 80e9, "batch": 64}


def _error(inputs: dict[str, Any], output: str | None = None) -> CalculatorError:
    with pytest.raises(CalculatorError) as raised:
        run("planner", inputs, output)
    return raised.value


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        ({"gpus": 64, "tp": 8, "pp": 2}, "dp"),
        ({"gpus": 64, "tp": 8, "pp": 2, "batch": 64}, "microbatches"),
        (SMALL, "plan"),
    ],
)
def test_default_output_follows_the_fields(inputs: dict[str, Any], output: str) -> None:
    assert run("planner", inputs).output == output


@given(
    tp=st.integers(1, 64), pp=st.integers(1, 64), dp=st.integers(1, 64), b=st.integers(1, 16), m=st.integers(1, 64),
    v=st.integers(1, 8),
)  # fmt: skip
def test_counts_of_a_cut_fit_together(tp: int, pp: int, dp: int, b: int, m: int, v: int) -> None:
    inputs = {"gpus": tp * pp * dp, "tp": tp, "pp": pp, "batch": dp * b * m, "micro_batch": b, "interleave": v}
    assert run("planner", inputs, "dp").value == dp
    count = run("planner", inputs, "microbatches")
    assert count.value == m
    assert isinstance(count.value, int)
    assert run("planner", inputs, "bubble_overhead").value == pytest.approx((pp - 1) / (v * m), rel=1e-12)
    assert [item.field for item in count.warnings] == (["tp"] if tp > 8 else [])


@pytest.mark.parametrize(
    ("inputs", "output", "field", "words"),
    [
        ({"gpus": 8, "tp": 16, "pp": 3, "batch": 7}, None, "tp", "more than gpus=8"),
        ({"gpus": 8, "tp": 16}, None, "tp", "more than gpus=8"),
        ({"gpus": 100, "tp": 8, "pp": 3}, None, "gpus", "use 96 or 120"),
        ({"gpus": 100, "tp": 8}, None, "gpus", "use 96 or 104"),
        ({"gpus": 64, "tp": 8, "pp": 2, "batch": 10}, None, "batch", "use 8 or 12"),
        ({"gpus": 64, "tp": 8, "pp": 2, "batch": 12, "micro_batch": 2}, None, "batch", "dp·micro_batch=8"),
        ({"gpus": 64, "tp": 8, "pp": 2, "batch": 10}, "bubble_overhead", "batch", "use 8 or 12"),
        ({"gpus": 64, "tp": 3, "params": 1e9, "pp": 1}, "states_bytes", "gpus", "use 63 or 66"),
        ({**SMALL, "gpus": 2**20 + 1}, None, "gpus", "larger cluster"),
        ({**SMALL, "batch": 10**9 + 1}, None, "batch", "larger batch"),
        ({"gpus": 8, "tp": 16, "pp": "x"}, None, "pp", "not a number"),
    ],
)
def test_errors_name_the_field_in_the_stated_order(
    inputs: dict[str, Any], output: str | None, field: str, words: str
) -> None:
    error = _error(inputs, output)
    assert error.field == field
    assert words in error.message


def test_what_is_missing_is_asked_for() -> None:
    assert missing("planner", {}) == ("gpus", "params", "gpu_mem_bytes", "batch")
    assert missing("planner", {"tp": 8}) == ("gpus", "pp")
    assert missing("planner", {"gpus": 64, "batch": 64, "pp": 8}) == ("tp",)
    assert missing("planner", {"params": 1e9}, "states_bytes") == ("tp", "pp")
    assert missing("planner", {"dp": 8}, "tokens_per_batch") == ("batch_per_dp", "seq_len")
    with pytest.raises(MissingInputs, match="layers, hidden"):
        plan(PlanInputs(gpus=8, batch=8))


def test_an_unused_field_is_ignored() -> None:
    assert run("planner", {"gpus": 64, "tp": 8, "pp": 2, "batch": 7}, "dp").value == 4
    tokens = {"dp": 2, "batch_per_dp": 3, "seq_len": 5, "tp": 9, "gpus": 4}
    assert run("planner", tokens, "tokens_per_batch").value == 30


def test_nothing_fits_is_an_error_that_names_the_smallest_cluster() -> None:
    error = _error({"gpus": 1, "params": 70e9, "gpu_mem_bytes": 80e9, "batch": 8})
    assert error.field == "gpus"
    fewest = int(str(error.nearest))
    assert f"has {fewest} GPUs" in error.message
    assert "needs 1,268.7 GB of 80.0 GB" in error.message
    assert "optimizer states take 840.0 GB" in error.message
    assert run("planner", {"gpus": fewest, "params": 70e9, "gpu_mem_bytes": 80e9, "batch": 8}).value
    # 18 bytes a parameter leave no room on fewer: 70e9·18/16 is 78.75 GB, more than 80 GB less the reserve.
    assert fewest > 16
    assert _error({"gpus": 16, "params": 70e9, "gpu_mem_bytes": 80e9, "batch": 8}).field == "gpus"


def test_hopeless_memory_says_that_no_cluster_helps() -> None:
    assert "no larger cluster helps" in _error({**SMALL, "gpu_mem_bytes": 1e9}).message
    assert "no larger cluster helps" in _error({**SMALL, "params": 1e30}).message
    assert _error({**SMALL, "params": 1e300}).field == "params"


def test_plans_by_a_parameter_count_are_listed_and_serialisable() -> None:
    estimate = run("planner", {"gpus": 1024, "params": 175e9, "gpu_mem_bytes": 80e9, "batch": 1536})
    listed = estimate.value
    assert isinstance(listed, list)
    assert len(listed) == 10
    assert json.loads(estimate.model_dump_json())["quantities"][0]["value"] == listed
    for item in listed:
        assert item["tp"] * item["pp"] * item["cp"] * item["dp"] == 1024
        assert item["dp"] * item["micro_batch"] * item["microbatches"] == 1536
        assert item["bytes_per_gpu"] <= 80e9
        names = ("zero_stage", "tp", "pp", "dp", "cp", "ep")
        states = StateInputs(params=175e9, optimizer="adam_fp32_grads", **{name: item[name] for name in names})
        assert states_bytes(states) < item["bytes_per_gpu"]
    assert [item["mfu"] for item in listed] == sorted((item["mfu"] for item in listed), reverse=True)
    assert estimate.unit == "list"
    assert estimate.substitution.startswith("MFU = 3.39443e+18/(1,024·")
    assert any("A100" in line for line in estimate.assumptions)
    reply = run_request({"id": 1, "calculator": "planner", "inputs": SMALL, "unit": "list"})
    assert json.loads(json.dumps(reply))["value"]


def test_a_given_size_is_kept_by_the_search() -> None:
    listed = run("planner", {**SMALL, "gpus": 16, "tp": 16}, "plan")
    assert {item["tp"] for item in listed.value} == {16}  # type: ignore[union-attr]
    assert [warning.field for warning in listed.warnings] == ["tp"]


@TABLE_1
def test_published_cuts_are_feasible_by_a_parameter_count(row: tuple[int, ...]) -> None:
    _, layers, hidden, tp, pp, gpus, batch, _ = row
    params = run(
        "param_count", {"formula": "ptdp", "layers": layers, "hidden": hidden, "vocab": 51_200, "seq_len": 2048}
    )
    inputs = {"gpus": gpus, "params": float(params.value), "gpu_mem_bytes": 80e9, "batch": batch}  # type: ignore[arg-type]
    listed = run("planner", {**inputs, "tp": tp, "pp": pp}, "plan").value
    assert isinstance(listed, list)
    assert listed
    assert {(item["tp"], item["pp"], item["dp"]) for item in listed} == {(tp, pp, gpus // (tp * pp))}


@TABLE_1
@pytest.mark.parametrize("practice", [{}, MEGATRON_2021], ids=["free", "as published"])
def test_published_cuts_are_feasible(row: tuple[int, ...], practice: dict[str, Any]) -> None:
    heads, layers, hidden, tp, pp, gpus, batch, _ = row
    inputs = PlanInputs(**gpt(layers, hidden, heads), **A100, **practice, gpus=gpus, batch=batch, equal_stages=True)
    pinned = plan(inputs.model_copy(update={"tp": tp, "pp": pp}))
    assert pinned.plans
    assert plan(inputs).plans[0].mfu >= pinned.plans[0].mfu


@settings(max_examples=30, deadline=None)
@given(
    model=st.sampled_from([LLAMA_70B, MIXTRAL, gpt(96, 12_288, 96), gpt(24, 2304, 24)]),
    gpus=st.sampled_from([8, 64, 96, 1024]),
    batch=st.sampled_from([64, 1536]),
    device=st.sampled_from([A100, H100]),
)
def test_every_plan_passes_the_memory_calculators(
    model: dict[str, Any], gpus: int, batch: int, device: dict[str, Any]
) -> None:
    """States by calculator 2 and activations by calculator 4 fit together into the memory less the reserve."""
    inputs = PlanInputs(**model, **device, gpus=gpus, batch=batch)
    params = run("param_count", {key: value for key, value in model.items() if key != "seq_len"}).value
    found = plan(inputs)
    for item in found.plans:
        cut = item.model_dump(include={"tp", "pp", "dp", "cp", "ep", "zero_stage"})
        expert_params = 3 * 32 * 8 * 4096 * 14_336 if model is MIXTRAL else 0
        states = states_bytes(
            StateInputs(params=float(params), expert_params=expert_params, optimizer="adam_fp32_grads", **cut)  # type: ignore[arg-type]
        )
        each = coefficient(
            "full" if item.recompute == "full" else "selective", sequence_parallel=item.sequence_parallel, tp=item.tp
        )
        held = 1 + (item.pp - 1) / (item.pp * item.interleave) if item.interleave > 1 else 1
        kept = each * inputs.seq_len / item.cp * item.micro_batch * inputs.hidden * inputs.layers * held
        kept *= min(1, item.microbatches / (item.pp * held))
        assert states + kept <= found.usable_bytes * (1 + 1e-12)
        assert states == pytest.approx(
            item.memory.weights + item.memory.gradients + item.memory.optimizer + item.memory.extra, rel=1e-12
        )
        assert kept <= item.memory.activations * (1 + 1e-12)


@pytest.mark.parametrize(
    "odd",
    [
        {"params": 1e-300}, {"params": 1e300}, {"gpu_mem_bytes": 1e300}, {"gpu_mem_bytes": 1e-300},
        {"seq_len": 10**18}, {"seq_len": 7}, {"batch": 10**9}, {"batch": 999_999_937}, {"gpus": 2**20},
        {"gpus": 1_048_573}, {"gpus_per_node": 10**18}, {"gpus": 720_720, "batch": 735_134_400},
    ],
    ids=str,
)  # fmt: skip
def test_extreme_requests_answer_in_time(odd: dict[str, Any]) -> None:
    start = time.process_time()
    reply = run_request({"id": 1, "calculator": "planner", "inputs": {**SMALL, **odd}})
    assert time.process_time() - start < 10
    assert ("value" in reply) != ("error" in reply)
    json.dumps(reply, allow_nan=False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kv_heads": 7}, "kv_heads"),
        ({"hidden": 8193}, "hidden"),
        ({"experts": 8, "top_k": 9}, "top_k"),
        ({"experts": 8, "top_k": 2, "moe_ffn": 10, "sequence_parallel": False}, "sequence_parallel"),
        ({"gpus": 2**21}, "gpus"),
    ],
)
def test_a_plan_refuses_impossible_models(change: dict[str, Any], field: str) -> None:
    with pytest.raises(CalculatorError) as raised:
        plan(PlanInputs(**{**LLAMA_70B, **H100, "gpus": 64, "batch": 64, **change}))
    assert raised.value.field == field
