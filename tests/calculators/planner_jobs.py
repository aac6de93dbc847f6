"""Architectures and clusters that the planner's tests share, and random ones."""

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from calculators._planner.grid import Axes, Rows, axes_of, rows_on
from calculators._planner.job import Job
from calculators.planner import PlanInputs

A100: dict[str, Any] = {
    "gpu_mem_bytes": 80e9, "peak_flops": 312e12, "mem_bandwidth": 2.039e12,
    "intra_bandwidth": 300e9, "inter_bandwidth": 25e9,
}  # fmt: skip
H100: dict[str, Any] = {
    "gpu_mem_bytes": 80e9, "peak_flops": 989e12, "mem_bandwidth": 3.35e12, "sms": 132,
    "intra_bandwidth": 450e9, "inter_bandwidth": 50e9,
}  # fmt: skip
MEGATRON_2021: dict[str, Any] = {
    "zero_stage": 0, "cp": 1, "recompute": "full", "fused_attention": False, "sequence_parallel": False,
}  # fmt: skip
"""What PTD-P had: no ZeRO, full recomputation, unfused attention, no sequence parallelism."""


def gpt(layers: int, hidden: int, heads: int, seq_len: int = 2048, vocab: int = 51_200) -> dict[str, Any]:
    """A GPT block: 4h GELU MLP, biases, layer norms, learned positions, tied embeddings."""
    return {
        "layers": layers, "hidden": hidden, "heads": heads, "ffn": 4 * hidden, "vocab": vocab, "seq_len": seq_len,
        "glu": False, "bias": True, "norm": "layernorm", "max_pos": seq_len, "tied": True,
    }  # fmt: skip


LLAMA_70B: dict[str, Any] = {
    "layers": 80, "hidden": 8192, "heads": 64, "kv_heads": 8, "ffn": 28_672, "vocab": 32_000, "seq_len": 4096,
}  # fmt: skip
MIXTRAL: dict[str, Any] = {
    "layers": 32, "hidden": 4096, "heads": 32, "kv_heads": 8, "ffn": 14_336, "vocab": 32_000, "seq_len": 4096,
    "experts": 8, "top_k": 2, "moe_ffn": 14_336,
}  # fmt: skip
DEEPSEEK_V3: dict[str, Any] = {
    "layers": 61, "hidden": 7168, "heads": 128, "ffn": 18_432, "vocab": 129_280, "seq_len": 4096,
    "experts": 256, "top_k": 8, "moe_ffn": 2048, "shared_ffn": 2048, "dense_layers": 3,
    "mla": {"q_lora": 1536, "kv_lora": 512, "qk_nope": 128, "qk_rope": 64, "v_head": 128},
}  # fmt: skip

PTDP_TABLE_1 = (
    # heads, layers, hidden, tp, pp, GPUs, batch, achieved TFLOP/s a GPU
    (24, 24, 2304, 1, 1, 32, 512, 137),
    (32, 30, 3072, 2, 1, 64, 512, 138),
    (32, 36, 4096, 4, 1, 128, 512, 142),
    (48, 40, 6144, 8, 1, 256, 1024, 135),
    (64, 48, 8192, 8, 2, 512, 1536, 138),
    (80, 60, 10_240, 8, 4, 1024, 1792, 140),
    (96, 80, 12_288, 8, 8, 1536, 2304, 148),
    (128, 96, 16_384, 8, 16, 1920, 2160, 155),
    (128, 105, 20_480, 8, 35, 2520, 2520, 163),
    (160, 128, 25_600, 8, 64, 3072, 3072, 163),
)


def candidates(inputs: PlanInputs) -> tuple[Job, Rows, Axes]:
    """The job of some inputs with all its rows and axes."""
    job = Job.of(inputs)
    return job, rows_on(job, inputs.gpus, inputs.batch), axes_of(job)


@st.composite
def inputs_of(draw: st.DrawFn, *, moe: bool | None = None) -> PlanInputs:
    """A small random model on a small random cluster; a mixture of experts where asked for, or by chance."""
    heads = draw(st.sampled_from([2, 4, 8, 12, 16]))
    model: dict[str, Any] = {
        "layers": draw(st.integers(1, 24)),
        "heads": heads,
        "kv_heads": draw(st.sampled_from([n for n in (1, 2, 4, heads) if heads % n == 0])),
        "hidden": heads * draw(st.sampled_from([64, 128])),
        "ffn": draw(st.sampled_from([1024, 2816, 8192])),
        "vocab": draw(st.sampled_from([1000, 32_000, 128_256])),
        "seq_len": draw(st.sampled_from([512, 2048, 16_384])),
        "glu": draw(st.booleans()),
    }
    mixed = draw(st.booleans()) if moe is None else moe
    if mixed:
        experts = draw(st.sampled_from([4, 8, 60]))
        model |= {"experts": experts, "top_k": draw(st.integers(1, 4)), "moe_ffn": 1408}
        model |= {"shared_ffn": draw(st.sampled_from([0, 1408])), "dense_layers": draw(st.integers(0, model["layers"]))}
    cluster: dict[str, Any] = {
        "gpus": draw(st.sampled_from([1, 2, 6, 8, 16, 24, 64])),
        "gpus_per_node": draw(st.sampled_from([1, 4, 8])),
        "batch": draw(st.sampled_from([1, 8, 24, 96, 256])),
        **A100,
        "gpu_mem_bytes": draw(st.sampled_from([4e9, 16e9, 80e9])),
        "inter_bandwidth": draw(st.sampled_from([1e9, 25e9, 300e9])),
    }
    switches: dict[str, Any] = {
        "fused_attention": draw(st.booleans()),
        "sequence_parallel": mixed or draw(st.booleans()),
        "zero_with_pipeline": draw(st.booleans()),
        "equal_stages": draw(st.booleans()),
        "expert_overlap": draw(st.sampled_from([0, 0.7])),
        "optimizer": draw(st.sampled_from(["adam", "adam_fp32_grads", "adam_fp32_accumulation", "sgd"])),
    }
    inputs = PlanInputs(**model, **cluster, **switches)
    assume(len(candidates(inputs)[1]) > 0)
    return inputs
