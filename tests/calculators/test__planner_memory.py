"""The planner's memory, candidate by candidate, against the calculators that own the formulas."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import run
from calculators._planner.grid import Floats
from calculators._planner.memory import measure
from calculators.planner import PlanInputs
from calculators.train_memory import Inputs as StateInputs
from calculators.train_memory import states_bytes
from tests.calculators.planner_jobs import A100, MIXTRAL, candidates, gpt, inputs_of

picks = st.integers(0, 10**6)


def _bytes(calculator: str, output: str, **inputs: Any) -> float:
    value = run(calculator, inputs, output, "B").value
    assert not isinstance(value, list)
    return value


def _at(values: Floats, index: tuple[int, ...]) -> float:
    return float(np.broadcast_to(values, np.maximum(values.shape, np.array(index) + 1))[index])


@settings(max_examples=250, deadline=None)
@given(inputs=inputs_of(), row=picks, stage=picks, again=picks)
def test_states_are_those_of_train_memory(inputs: PlanInputs, row: int, stage: int, again: int) -> None:
    job, rows, axes = candidates(inputs)
    index = (row % len(rows), stage % axes.shape[0], again % axes.shape[1])
    parts = measure(rows, axes, job)
    spread: dict[str, Any] = {name: int(getattr(rows, name)[index[0]]) for name in ("tp", "pp", "cp", "dp", "ep")}
    given_states = StateInputs(
        params=job.shape.params,
        expert_params=job.shape.expert_params,
        optimizer=inputs.optimizer,
        zero_stage=int(axes.zero_stage[index[1]]),
        **spread,
    )
    found = sum(_at(part, index) for part in (parts.weights, parts.gradients, parts.optimizer, parts.extra))
    assert found == pytest.approx(states_bytes(given_states), rel=1e-12)


@settings(max_examples=250, deadline=None)
@given(inputs=inputs_of(moe=False), row=picks, again=picks)
def test_activations_and_logits_are_those_of_activation_memory(inputs: PlanInputs, row: int, again: int) -> None:
    gpt_block = inputs.model_copy(update={"ffn": 4 * inputs.hidden, "glu": False, "kv_heads": inputs.heads})
    job, rows, axes = candidates(gpt_block)
    at, c = row % len(rows), again % axes.shape[1]
    recompute = axes.recompute[c]
    if inputs.fused_attention and recompute == "none":
        recompute = "selective"
    p, m, v = (int(getattr(rows, name)[at]) for name in ("pp", "microbatches", "interleave"))
    shared = {
        "seq_len": inputs.seq_len // int(rows.cp[at]),
        "micro_batch": int(rows.micro_batch[at]),
        "tp": int(rows.tp[at]),
        "sequence_parallel": inputs.sequence_parallel,
    }
    block = {
        "layers": int(rows.places[at]), "hidden": inputs.hidden, "heads": inputs.heads,
        "pp": p, "interleave": v, "recompute": recompute,
    }  # fmt: skip
    expected = _bytes("activation_memory", "bytes", **shared, **block)
    held = p * (1 + (p - 1) / (p * v)) if v > 1 else p
    parts = measure(rows, axes, job)
    found = _at(parts.activations, (at, 0, c))
    assert found == pytest.approx(expected * min(1.0, m / held), rel=1e-12)
    logits = _bytes("activation_memory", "bytes", **shared, method="logits", vocab=inputs.vocab)
    # The last stage holds one microbatch, or (v−1)·p + 1 of its chunks, and the logits besides.
    alone = {**block, "layers": int(rows.places[at]) // p, "pp": 1, "interleave": 1}
    stage = _bytes("activation_memory", "bytes", **shared, **alone)
    last = stage * min((v - 1) * p + 1, m * v) / v + logits
    assert found + _at(parts.logits, (at, 0, c)) == pytest.approx(max(found, last), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(inputs=inputs_of())
def test_later_stages_and_more_recomputation_never_keep_more(inputs: PlanInputs) -> None:
    job, rows, axes = candidates(inputs)
    parts = measure(rows, axes, job)
    states = parts.weights + parts.gradients + parts.optimizer + parts.extra
    assert (np.diff(states, axis=1) <= 1e-6).all()
    assert (np.diff(parts.activations, axis=2) <= 1e-6).all()
    assert (parts.total > 0).all()
    assert np.allclose(parts.total, states + parts.activations + parts.logits + parts.workspace)


def test_gathered_layer_is_the_estimators_four_bytes_a_parameter() -> None:
    model = gpt(10, 4096, 32) | {"vocab": 1}
    inputs = PlanInputs(
        **model, **A100, gpus=8, batch=8, tp=1, pp=1, zero_stage=3, recompute="none", optimizer="adam", cp=1
    )
    job, rows, axes = candidates(inputs)
    workspace = float(measure(rows, axes, job).workspace[0, 0, 0])
    layer = job.shape.params / 10
    fields = {"stage": 3, "total_params": job.shape.params, "largest_layer_params": layer, "gpus_per_node": 8}
    both = _bytes("zero_estimator", "gpu", **fields, offload_optimizer=True, offload_param=True)
    assert workspace == pytest.approx(both, rel=1e-12)


def test_experts_divide_by_expert_parallelism_and_dense_weights_by_tensor_parallelism() -> None:
    inputs = PlanInputs(**MIXTRAL, **A100, gpus=8, batch=8, pp=1, zero_stage=0, recompute="none")
    job, rows, axes = candidates(inputs)
    weights = measure(rows, axes, job).weights[:, 0, 0]
    dense = job.shape.params - job.shape.expert_params
    assert {1, 8} <= set(rows.ep.tolist())
    assert np.allclose(weights, 2 * (dense / rows.tp + job.shape.expert_params / rows.ep))
