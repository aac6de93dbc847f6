"""Relations that hold whatever the numbers: between calculators, schedules, stages and methods."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import run
from calculators.compute_optimal import closed_form_optimum
from calculators.param_count import Inputs, count_parts
from calculators.spec_decode import best_gamma, speed_up

sizes = st.integers(1, 64)
times = st.floats(0.01, 100)
amounts = st.floats(1, 1e12)


def holds(**numbers: Any) -> Any:
    """Try a relation on numbers of these kinds."""
    return lambda relation: settings(max_examples=60, deadline=None)(given(**numbers)(relation))


def value(name: str, output: str, unit: str | None = None, **inputs: Any) -> Any:
    """One output of a calculator."""
    return run(name, inputs, output, unit).value


def near(left: float, right: float) -> bool:
    """Equal but for rounding."""
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)


@holds(pp=st.integers(2, 32), groups=st.integers(1, 8), f=times, b=times, w=times)
def test_interleaved_with_one_chunk_is_1f1b(pp: int, groups: int, f: float, b: float, w: float) -> None:
    job = {"pp": pp, "microbatches": pp * groups, "t_f": f, "t_b": b, "t_w": w}
    for output in ("bubble_time", "overhead", "fraction_of_total"):
        one = value("pipeline_bubble", output, schedule="interleaved", interleave=1, **job)
        assert near(one, value("pipeline_bubble", output, schedule="1f1b", **job))
    one = value("pipeline_simulator", "makespan", schedule="interleaved", interleave=1, **job)
    assert near(one, value("pipeline_simulator", "makespan", schedule="1f1b", **job))


@holds(pp=st.integers(1, 10), more=st.integers(0, 12), f=times, b=times, w=times)
def test_simulator_agrees_with_the_closed_form(pp: int, more: int, f: float, b: float, w: float) -> None:
    job = {"pp": pp, "microbatches": pp + more, "t_f": f, "t_b": b, "t_w": w}
    for schedule in ("gpipe", "1f1b"):
        simulated = value("pipeline_simulator", "overhead", schedule=schedule, **job)
        assert near(simulated, value("pipeline_bubble", "overhead", schedule=schedule, **job))


@holds(pp=st.integers(2, 8), groups=st.integers(1, 4), v=st.integers(1, 4), f=times, b=times, w=times)
def test_simulator_agrees_with_the_closed_form_interleaved(
    pp: int, groups: int, v: int, f: float, b: float, w: float
) -> None:
    job = {"pp": pp, "microbatches": pp * groups, "interleave": v, "t_f": f, "t_b": b, "t_w": w}
    simulated = value("pipeline_simulator", "overhead", schedule="interleaved", **job)
    assert near(simulated, value("pipeline_bubble", "overhead", schedule="interleaved", **job))


@holds(pp=st.integers(1, 10), more=st.integers(0, 12), time=times)
def test_simulator_agrees_with_the_closed_form_of_zero_bubble(pp: int, more: int, time: float) -> None:
    job = {"pp": pp, "t_f": time, "t_b": time, "t_w": time}
    simulated = value("pipeline_simulator", "overhead", schedule="zb_h1", microbatches=pp + more, **job)
    assert near(simulated, value("pipeline_bubble", "overhead", schedule="zb_h1", microbatches=pp + more, **job))
    enough = 2 * pp - 1 + more
    rate = value("pipeline_simulator", "bubble_rate", schedule="zb_h2", microbatches=enough, **job)
    assert near(rate, value("pipeline_bubble", "bubble_time", schedule="zb_h2", microbatches=enough, **job))


@holds(pp=st.integers(1, 10), more=st.integers(0, 12), f=times, b=times)
def test_zero_bubble_without_weights_is_1f1b(pp: int, more: int, f: float, b: float) -> None:
    job = {"pp": pp, "microbatches": pp + more, "t_f": f, "t_b": b, "t_w": 0}
    for schedule in ("zb_h1", "zb_h2"):
        closed = value("pipeline_bubble", "bubble_time", schedule=schedule, **job)
        assert near(closed, value("pipeline_bubble", "bubble_time", schedule="1f1b", **job))
        simulated = value("pipeline_simulator", "makespan", schedule=schedule, **job)
        assert simulated <= value("pipeline_simulator", "makespan", schedule="1f1b", **job) + 1e-9
    h1 = value("pipeline_simulator", "makespan", schedule="zb_h1", **job)
    assert near(h1, value("pipeline_simulator", "makespan", schedule="1f1b", **job))


@holds(pp=st.integers(1, 8), m=st.integers(1, 24), f=times, b=times, w=times, hop=st.floats(0, 10))
def test_no_schedule_beats_its_work_or_holds_more_than_all(
    pp: int, m: int, f: float, b: float, w: float, hop: float
) -> None:
    job = {"pp": pp, "microbatches": m, "t_f": f, "t_b": b, "t_w": w, "t_comm": hop}
    for schedule in ("gpipe", "1f1b", "zb_h1", "zb_h2"):
        makespan = value("pipeline_simulator", "makespan", schedule=schedule, **job)
        assert makespan >= m * (f + b + w) * (1 - 1e-9)
        for output in ("peak_in_flight_stage0", "peak_in_flight_last"):
            assert 1 <= value("pipeline_simulator", output, schedule=schedule, **job) <= m
        assert 0 <= value("pipeline_simulator", "bubble_rate", schedule=schedule, **job) + 1e-9 < 1 + 1e-9


@holds(ranks=sizes, size=amounts, bandwidth=amounts, alpha=st.floats(0, 1e-3))
def test_all_reduce_is_reduce_scatter_and_all_gather(ranks: int, size: float, bandwidth: float, alpha: float) -> None:
    job = {"ranks": ranks, "bytes": size, "bandwidth": bandwidth, "alpha_s": alpha}
    parts = [value("collective_cost", "time", op=op, **job) for op in ("reduce_scatter", "all_gather")]
    assert math.isclose(value("collective_cost", "time", op="all_reduce", **job), sum(parts), rel_tol=1e-9)


@holds(params=amounts, tp=sizes, pp=sizes, dp=sizes, cp=sizes)
def test_zero_stages_never_add_and_agree_on_one_rank(params: float, tp: int, pp: int, dp: int, cp: int) -> None:
    job = {"params": params, "tp": tp, "pp": pp}
    sharded = [value("train_memory", "bytes_per_gpu", zero_stage=z, dp=dp, cp=cp, **job) for z in range(4)]
    assert all(later <= earlier * (1 + 1e-12) for earlier, later in pairwise(sharded))
    alone = {value("train_memory", "bytes_per_gpu", zero_stage=z, **job) for z in range(4)}
    assert len(alone) == 1


@holds(params=amounts, tp=sizes, pp=sizes, dp=sizes, z=st.integers(0, 3))
def test_doubling_the_model_parallel_size_halves_the_states(params: float, tp: int, pp: int, dp: int, z: int) -> None:
    job = {"params": params, "dp": dp, "zero_stage": z}
    whole = value("train_memory", "bytes_per_gpu", tp=tp, pp=pp, **job)
    assert near(value("train_memory", "bytes_per_gpu", tp=2 * tp, pp=pp, **job), whole / 2)
    assert near(value("train_memory", "bytes_per_gpu", tp=tp, pp=2 * pp, **job), whole / 2)


@holds(params=amounts, dp=sizes, z=st.integers(0, 3))
def test_the_largest_model_fills_the_memory(params: float, dp: int, z: int) -> None:
    memory = value("train_memory", "bytes_per_gpu", params=params, dp=dp, zero_stage=z)
    assert near(value("train_memory", "max_params", gpu_mem_bytes=memory, dp=dp, zero_stage=z), params)


# Beyond tp = 17 the 34/t of sequence parallelism falls below the 2 of a full checkpoint.
@holds(
    tp=st.sampled_from([1, 2, 4, 8, 16]), head=st.integers(1, 8), width=st.integers(1, 256), s=st.integers(1, 64),
    sp=st.booleans(),
)  # fmt: skip
def test_more_recomputation_never_needs_more(tp: int, head: int, width: int, s: int, sp: bool) -> None:
    job = {"layers": 4, "hidden": 16 * head * width, "heads": 16 * head, "seq_len": 16 * s, "micro_batch": 1}
    job |= {"tp": tp, "sequence_parallel": sp}
    full, selective, none = (
        value("activation_memory", "bytes", recompute=kind, **job) for kind in ("full", "selective", "none")
    )
    assert full <= selective <= none
    assert near(
        value("activation_memory", "ratio_to_none", "1", recompute="none", **job | {"sequence_parallel": False}), 1
    )


@holds(layers=sizes, heads=sizes, width=sizes, ffn=st.integers(1, 4096), vocab=st.integers(1, 10**6))
def test_grouped_query_with_all_heads_is_multi_head(layers: int, heads: int, width: int, ffn: int, vocab: int) -> None:
    shape = {"layers": layers, "hidden": heads * width, "heads": heads, "ffn": ffn, "vocab": vocab}
    grouped = value("param_count", "total", kv_heads=heads, **shape)
    assert grouped == value("param_count", "total", **shape)
    cache = value("kv_cache", "bytes", layers=layers, kv_heads=heads, head_dim=width)
    assert cache == 4 * layers * heads * width


@holds(
    layers=sizes, heads=sizes, width=sizes, ffn=st.integers(1, 4096), vocab=st.integers(1, 10**6),
    experts=st.integers(0, 16), bias=st.booleans(), tied=st.booleans(), glu=st.booleans(),
)  # fmt: skip
def test_the_parts_of_a_model_add_up(
    layers: int, heads: int, width: int, ffn: int, vocab: int, experts: int, bias: bool, tied: bool, glu: bool
) -> None:
    shape: dict[str, Any] = {"layers": layers, "hidden": heads * width, "heads": heads, "ffn": ffn, "vocab": vocab}
    shape |= {"bias": bias, "tied": tied, "glu": glu}
    if experts:
        shape |= {"experts": experts, "top_k": experts, "moe_ffn": ffn}
    estimate = run("param_count", shape)
    parts = count_parts(Inputs.model_validate(shape))
    assert estimate.value == parts.total
    assert sum(part.value for part in estimate.breakdown if part.name != "active_experts") == estimate.value
    # With every expert chosen, all parameters are active.
    assert value("param_count", "active", **shape) == estimate.value
    table = vocab * heads * width
    assert value("param_count", "active_excl_input_embedding", **shape) == estimate.value - table
    assert value("param_count", "non_embedding", **shape) == estimate.value - table * (1 if tied else 2)


@holds(
    batch=sizes, s=st.integers(1, 8192), layers=sizes, hidden=st.integers(1, 20480), vocab=st.integers(1, 10**6),
    gpus=sizes, seconds=times,
)  # fmt: skip
def test_hardware_utilisation_is_not_below_model_utilisation(
    batch: int, s: int, layers: int, hidden: int, vocab: int, gpus: int, seconds: float
) -> None:
    run_ = {"batch": batch, "seq_len": s, "layers": layers, "hidden": hidden, "vocab": vocab, "gpus": gpus}
    run_ |= {"iter_time_s": seconds, "peak_flops": 312e12}
    assert value("utilization", "hfu", **run_) >= value("utilization", "mfu", **run_)
    counts = {name: run_[name] for name in ("batch", "seq_len", "layers", "hidden", "vocab")}
    model, full = (value("training_flops", "total", formula=f, **counts) for f in ("korthikanti_model", "ptdp"))
    assert full >= model


@holds(params=amounts, tokens=amounts, gpus=sizes, rate=amounts, mfu=st.floats(0.01, 1))
def test_twice_the_tokens_take_twice_the_time(params: float, tokens: float, gpus: int, rate: float, mfu: float) -> None:
    for job in (
        {"method": "8tp", "params": params, "gpus": gpus, "flops_per_gpu": rate},
        {"method": "6nd", "params": params, "gpus": gpus, "peak_flops": rate, "mfu": mfu},
        {"method": "tokens_per_s", "gpus": gpus, "tokens_per_s_per_gpu": rate},
    ):
        once = value("training_time", "days", "s", tokens=tokens, **job)
        assert math.isclose(value("training_time", "days", "s", tokens=2 * tokens, **job), 2 * once, rel_tol=1e-12)


@holds(alpha=st.floats(0, 1), gamma=st.integers(1, 64), c=st.floats(0, 2))
def test_a_free_draft_gains_what_it_guesses(alpha: float, gamma: int, c: float) -> None:
    tokens = value("spec_decode", "tokens", alpha=alpha, gamma=gamma)
    assert 1 <= tokens <= gamma + 1
    assert near(value("spec_decode", "speedup", alpha=alpha, gamma=gamma, c=0), tokens)
    assert near(tokens, sum(alpha**power for power in range(gamma + 1)))
    assert speed_up(alpha, best_gamma(alpha, c), c) >= speed_up(alpha, gamma, c) * (1 - 1e-12)


@holds(ckpt=st.floats(1, 1e4), mtbf=st.floats(1, 1e7), restart=st.floats(0, 1e4), factor=st.floats(0.01, 100))
def test_waste_is_least_at_youngs_interval(ckpt: float, mtbf: float, restart: float, factor: float) -> None:
    best = value("goodput", "young_s", ckpt_s=ckpt, mtbf_s=mtbf)
    job = {"ckpt_s": ckpt, "mtbf_s": mtbf, "restart_s": restart}
    least = value("goodput", "waste_first_order", interval_s=best, **job)
    assert least <= value("goodput", "waste_first_order", interval_s=best * factor, **job) * (1 + 1e-9)


@holds(ckpt=st.floats(1e-3, 1e4), mtbf=st.floats(1, 1e7))
def test_daly_approaches_young_and_ends_at_the_mean_time(ckpt: float, mtbf: float) -> None:
    estimate = run("goodput", {"ckpt_s": ckpt, "mtbf_s": mtbf})
    if ckpt >= 2 * mtbf:
        assert estimate.value == pytest.approx(mtbf)
        assert [warning.field for warning in estimate.warnings] == ["ckpt_s"]
    else:
        assert estimate.value <= value("goodput", "young_s", ckpt_s=ckpt, mtbf_s=mtbf) * (1 + 1e-9)
        assert estimate.warnings == ()


@holds(memory=st.floats(1e6, 1e12), per_token=st.floats(1, 1e6), tokens=st.integers(1, 10**5), block=sizes)
def test_paging_admits_no_more_than_tokens_alone(memory: float, per_token: float, tokens: int, block: int) -> None:
    job = {"kv_bytes_per_token": per_token, "kv_mem_bytes": memory}
    paged = value("serving_capacity", "max_requests_paged", tokens_per_request=tokens, block_size=block, **job)
    held = value("serving_capacity", "kv_tokens", **job)
    assert 0 <= paged <= held / tokens * (1 + 1e-9)


@holds(weights=amounts, kv=amounts, batch=sizes, chips=sizes, params=amounts)
def test_a_step_takes_at_least_the_reading_of_its_weights(
    weights: float, kv: float, batch: int, chips: int, params: float
) -> None:
    job = {"weight_bytes": weights, "kv_bytes": kv, "batch": batch, "chips": chips, "bandwidth": 1e12}
    by_memory = value("inference_roofline", "step_mem", **job)
    general = value("inference_roofline", "step_general", params=params, peak_flops=1e15, **job)
    assert general >= by_memory * (1 - 1e-9)
    assert near(value("inference_roofline", "throughput", **job), batch / by_memory * 1000)


@holds(bits=st.floats(1, 16), group=st.integers(1, 4096), scale=st.floats(0, 32), zero=st.floats(0, 16))
def test_larger_groups_cost_fewer_bits(bits: float, group: int, scale: float, zero: float) -> None:
    job = {"bits": bits, "scale_bits": scale, "zero_bits": zero}
    small = value("quant_size", "bpw", group_size=group, **job)
    large = value("quant_size", "bpw", group_size=2 * group, **job)
    assert near(value("quant_size", "bpw", group_size=-1, **job), bits)
    assert bits <= large + 1e-9 <= small + 2e-9
    assert near(value("quant_size", "bytes_per_param", group_size=group, **job), small / 8)


@holds(x=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20), bits=st.integers(2, 8))
def test_quantised_values_lie_on_the_grid(x: list[float], bits: int) -> None:
    scale, zero = (value("affine_quant", output, x=x, bits=bits) for output in ("scale", "zero_point"))
    codes = value("affine_quant", "q", x=x, bits=bits)
    assert all(0 <= code < 2**bits for code in codes)
    assert 0 <= zero < 2**bits
    worst = max(abs((code - zero) * scale - item) for code, item in zip(codes, x, strict=True))
    assert worst <= scale * 1.001 or scale == 1
    if 0.0 in x:
        assert codes[x.index(0.0)] == zero


@holds(batch=amounts, factor=st.floats(0.01, 100))
def test_steps_and_examples_trade_against_each_other(batch: float, factor: float) -> None:
    steps = value("critical_batch", "steps_ratio", batch=batch, b_noise=batch * factor)
    examples = value("critical_batch", "examples_ratio", batch=batch, b_noise=batch * factor)
    assert near((steps - 1) * (examples - 1), 1)


@holds(flops=st.floats(1e15, 1e28), ratio=st.floats(1, 100))
def test_an_optimum_spends_its_budget(flops: float, ratio: float) -> None:
    params, tokens = (
        value("compute_optimal", output, flops=flops, tokens_per_param=ratio) for output in ("params_opt", "tokens_opt")
    )
    assert math.isclose(value("compute_optimal", "flops", params=params, tokens=tokens), flops, rel_tol=1e-9)
    assert math.isclose(value("compute_optimal", "tokens", params=params, flops=flops), tokens, rel_tol=1e-9)
    best, data = closed_form_optimum(flops)
    for factor in (0.8, 1.25):
        other = value("compute_optimal", "loss", params=best * factor, tokens=data / factor)
        assert value("compute_optimal", "loss", params=best, tokens=data) <= other


@holds(params=amounts, per=st.floats(1, 20), bandwidth=st.floats(1e6, 1e12))
def test_bytes_are_seconds_times_bandwidth(params: float, per: float, bandwidth: float) -> None:
    size = value("checkpoint_io", "bytes", params=params, bytes_per_param=per)
    seconds = value("checkpoint_io", "seconds", bytes=size, bandwidth=bandwidth)
    assert math.isclose(value("checkpoint_io", "bandwidth", bytes=size, seconds=seconds), bandwidth / 1e9, rel_tol=1e-9)


@holds(hours=st.floats(1, 1e8), watts=st.floats(1, 2000), pue=st.floats(1, 3), grid=st.floats(0.01, 1))
def test_carbon_is_energy_times_grid(hours: float, watts: float, pue: float, grid: float) -> None:
    job = {"gpu_hours": hours, "watts": watts, "pue": pue}
    energy = value("cost_energy", "mwh", **job)
    assert math.isclose(value("cost_energy", "tco2e", kg_per_kwh=grid, **job), energy * grid, rel_tol=1e-9)
    assert math.isclose(value("cost_energy", "mwh", **job | {"gpu_hours": 2 * hours}), 2 * energy, rel_tol=1e-9)


@holds(params=amounts, ranks=st.integers(2, 64))
def test_zero_3_moves_half_as_much_again(params: float, ranks: int) -> None:
    plain = value("comm_volume", "bytes", kind="dp", params=params, ranks=ranks)
    assert near(value("comm_volume", "bytes", kind="dp", params=params, ranks=ranks, zero_stage=3) / plain, 1.5)
    assert plain < value("comm_volume", "bytes", kind="dp", params=params)


@holds(gpus=st.integers(1, 8), params=amounts, largest=st.floats(0, 1e9))
def test_offloading_never_adds_to_the_gpu(gpus: int, params: float, largest: float) -> None:
    job = {"stage": 3, "total_params": params, "largest_layer_params": largest, "gpus_per_node": gpus}
    none = value("zero_estimator", "gpu", **job)
    optimizer = value("zero_estimator", "gpu", offload_optimizer=True, **job)
    both = value("zero_estimator", "gpu", offload_optimizer=True, offload_param=True, **job)
    assert both <= optimizer <= none


@holds(batch=st.sampled_from([8, 16, 64]), pp=sizes, times_=st.lists(times, min_size=4, max_size=4))
def test_the_best_microbatch_is_the_shortest(batch: int, pp: int, times_: list[float]) -> None:
    measured = dict(zip(("1", "2", "4", "8"), times_, strict=True))
    job = {"batch_per_replica": batch, "pp": pp, "t_fwd_bwd_ms": measured}
    best = value("microbatch_size", "best_micro_batch", **job)
    steps = {n: value("microbatch_size", "batch_time_ms", micro_batch=n, **job) for n in (1, 2, 4, 8)}
    assert steps[best] == min(steps.values())
