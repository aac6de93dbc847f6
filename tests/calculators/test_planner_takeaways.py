"""What PTD-P found by measurement, the planner finds by physics: no preference is coded in.

The settings are those of 2104.04473 §5.4: 64 A100 GPUs, 8 to a node, full recomputation.
"""

from itertools import pairwise
from typing import Any

import pytest

from calculators.planner import Plan, PlanInputs, plan
from tests.calculators.planner_jobs import A100, H100, LLAMA_70B, MEGATRON_2021, PTDP_TABLE_1, gpt

GPT_161B = gpt(32, 20_480, 128)
GPT_6B = gpt(32, 3840, 32)
GPT_91B = gpt(64, 10_240, 80)
GPT_175B = gpt(96, 12_288, 96)
ROOMY = {**A100, "gpu_mem_bytes": 1e13}
"""Memory out of the way, so that time alone speaks."""


def _best(model: dict[str, Any], device: dict[str, Any] = ROOMY, **given: Any) -> Plan:
    return plan(PlanInputs(**{**model, **device, **MEGATRON_2021, "gpus": 64, **given})).plans[0]


def _rates(name: str, sizes: tuple[int, ...], model: dict[str, Any], **given: Any) -> list[float]:
    return [_best(model, **{**given, name: size}).mfu for size in sizes]


@pytest.mark.parametrize("batch", [32, 128])
@pytest.mark.parametrize("node", [4, 8])
def test_tensor_parallelism_fills_the_node_and_stages_cross_it(batch: int, node: int) -> None:
    """Takeaway 1, Fig. 13: of the cuts with t·p = 64 the best has t = the node's size, whatever that is."""
    sizes = (2, 4, 8, 16, 32)
    rates = {
        tp: _best(
            GPT_161B, batch=batch, gpus_per_node=node, tp=tp, pp=64 // tp, micro_batch=1, interleave=1
        ).mfu
        for tp in sizes
    }  # fmt: skip
    best = max(rates, key=lambda tp: rates[tp])
    assert rates[node] >= rates[best] * (1 - 1e-3)
    assert all(rates[wide] < rates[node] for wide in sizes if wide > node)


def test_a_free_search_keeps_tensor_parallelism_inside_the_node() -> None:
    for node, rows in ((4, PTDP_TABLE_1[:-1]), (8, PTDP_TABLE_1)):
        wide = []
        for heads, layers, hidden, *_, gpus, batch, _ in rows:
            inputs = PlanInputs(**gpt(layers, hidden, heads), **A100, gpus=gpus, batch=batch, gpus_per_node=node)
            wide.append(plan(inputs).plans[0].tp)
        assert wide[0] == 1
        assert max(wide) == wide[-1] == node
    # With a network as fast as the links inside, leaving the node costs latency alone.
    fast = {**A100, "inter_bandwidth": 300e9}
    slow_rate, fast_rate = (
        _best(GPT_161B, device, batch=32, tp=16, pp=4, micro_batch=1, interleave=1, gpu_mem_bytes=1e13).mfu
        for device in (A100, fast)
    )
    assert fast_rate > slow_rate


@pytest.mark.parametrize("batch", [128, 512])
def test_data_parallelism_is_better_than_stages_where_the_model_fits(batch: int) -> None:
    """Takeaway 2, Fig. 14: with t = 1 every doubling of p costs throughput."""
    rates = _rates("pp", (1, 2, 4, 8, 16, 32), GPT_6B, batch=batch, tp=1, micro_batch=1, interleave=1)
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("batch", [128, 512])
def test_data_parallelism_is_better_than_tensor_parallelism_where_the_model_fits(batch: int) -> None:
    """Takeaway 2, Fig. 15: with p = 1 every doubling of t costs throughput, most of all across nodes."""
    rates = _rates("tp", (1, 2, 4, 8, 16, 32), GPT_6B, batch=batch, pp=1, micro_batch=1)
    assert rates[1:] == sorted(rates[1:], reverse=True)
    drops = [before / after for before, after in pairwise(rates[1:])]
    assert min(drops[2:]) > max(drops[:2])


def test_model_parallelism_grows_only_as_far_as_memory_asks() -> None:
    """Takeaway 2: the best t·p rises with the model, and with less memory."""
    widths = []
    for heads, layers, hidden, *_ in PTDP_TABLE_1[:6]:
        best = _best(gpt(layers, hidden, heads), A100, gpus=128, batch=1024, interleave=1)
        widths.append(best.tp * best.pp)
    assert widths == sorted(widths)
    assert widths[0] == 1 < widths[-1]
    small = _best(GPT_6B, {**A100, "gpu_mem_bytes": 40e9}, batch=512)
    large = _best(GPT_6B, {**A100, "gpu_mem_bytes": 320e9}, batch=512)
    assert small.tp * small.pp > large.tp * large.pp == 1


def test_the_best_microbatch_lies_between_the_bubble_and_small_products() -> None:
    """Takeaway 3, Fig. 16: neither the smallest nor the largest, and larger for a larger batch."""
    sizes = (1, 2, 4, 8)
    best = []
    for batch in (64, 128, 512, 2048):
        rates = _rates("micro_batch", sizes, GPT_91B, batch=batch, tp=8, pp=8, interleave=1)
        best.append(sizes[rates.index(max(rates))])
    assert best == sorted(best)
    assert best[1] == 2
    assert best[0] < best[-1]


def test_interleaving_gains_less_as_the_batch_grows() -> None:
    """§5.3.2, Fig. 12: 175B on 96 GPUs, t = 8 and p = 12."""
    gains = []
    for batch in (12, 24, 36, 48, 60, 96):
        plain, chunked = _rates("interleave", (1, 2), GPT_175B, batch=batch, gpus=96, tp=8, pp=12, micro_batch=1)
        gains.append(chunked / plain)
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 1.1
    slow = {**ROOMY, "inter_bandwidth": 1e9}
    plain, chunked = (
        _best(GPT_175B, slow, batch=960, gpus=96, tp=8, pp=12, micro_batch=1, interleave=v).mfu for v in (1, 8)
    )
    assert chunked < plain, "on a slow network the sends of interleaving cost more than its bubble saves"


def test_gpt3_on_1024_a100_is_cut_as_practitioners_do() -> None:
    found = plan(PlanInputs(**GPT_175B, **A100, gpus=1024, batch=1536))
    best = found.plans[0]
    assert (best.tp in (4, 8), best.pp in (4, 8, 16), best.interleave > 1, best.zero_stage) == (True, True, True, 1)
    assert 0.5 < best.mfu < 0.62
    assert all(item.tp <= 8 for item in found.plans)
    assert any((item.tp, item.pp) == (8, 8) for item in found.plans[:5])


def test_llama_70b_on_64_h100_is_cut_as_practitioners_do() -> None:
    found = plan(PlanInputs(**LLAMA_70B, **H100, gpus=64, batch=1024))
    best = found.plans[0]
    assert best.recompute == "none"
    assert best.tp in (2, 4)
    assert 4 <= best.pp <= 16
    assert any((item.tp, item.pp) == (4, 4) for item in found.plans[:3])
    sharded = next(item for item in found.plans if item.zero_stage == 3)
    assert sharded.pp == 1
    assert sharded.mfu < best.mfu
