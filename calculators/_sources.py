"""Works that several calculators draw on.

Owns their titles and ids, so that a work is spelled in one way. Refuses nothing and computes
nothing. Invariant: a section is added by the calculator that cites it.
"""

from calculators._base import Reference

_WORKS = {
    "ptdp": ("Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM", "arxiv:2104.04473"),
    "zero": ("ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", "arxiv:1910.02054"),
    "korthikanti": ("Reducing Activation Recomputation in Large Transformer Models", "arxiv:2205.05198"),
    "zero_bubble": ("Zero Bubble Pipeline Parallelism", "arxiv:2401.10241"),
    "gpipe": ("GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism", "arxiv:1811.06965"),
    "deepseek_v2": ("DeepSeek-V2", "arxiv:2405.04434"),
    "deepseek_v3": ("DeepSeek-V3 Technical Report", "arxiv:2412.19437"),
    "palm": ("PaLM: Scaling Language Modeling with Pathways", "arxiv:2204.02311"),
    "scaling_laws": ("Scaling Laws for Neural Language Models", "arxiv:2001.08361"),
    "chinchilla": ("Training Compute-Optimal Large Language Models", "arxiv:2203.15556"),
    "chinchilla_check": ("Chinchilla Scaling: A replication attempt", "arxiv:2404.10102"),
    "carbon": ("Carbon Emissions and Large Neural Network Training", "arxiv:2104.10350"),
    "llama": ("LLaMA: Open and Efficient Foundation Language Models", "arxiv:2302.13971"),
    "llama3": ("The Llama 3 Herd of Models", "arxiv:2407.21783"),
    "vllm": ("Efficient Memory Management for Large Language Model Serving with PagedAttention", "arxiv:2309.06180"),
    "gqa": ("GQA: Training Generalized Multi-Query Transformer Models", "arxiv:2305.13245"),
    "large_batch": ("An Empirical Model of Large-Batch Training", "arxiv:1812.06162"),
    "speculative": ("Fast Inference from Transformers via Speculative Decoding", "arxiv:2211.17192"),
    "qlora": ("QLoRA: Efficient Finetuning of Quantized LLMs", "arxiv:2305.14314"),
    "gptq": ("GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", "arxiv:2210.17323"),
    "integer_only": (
        "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
        "arxiv:1712.05877",
    ),
    "reliability": ("Revisiting Reliability in Large-Scale Machine Learning Research Clusters", "arxiv:2410.21680"),
    "bloom": ("BLOOM: A 176B-Parameter Open-Access Multilingual Language Model", "arxiv:2211.05100"),
}

_PAGES = {
    "deepspeed_memory": ("DeepSpeed: memory requirements", "https://deepspeed.readthedocs.io/en/latest/memory.html"),
    "nccl_tests": (
        "nccl-tests: performance reported by NCCL tests",
        "https://github.com/NVIDIA/nccl-tests/blob/master/doc/PERFORMANCE.md",
    ),
    "kipply": ("Transformer Inference Arithmetic", "https://kipp.ly/transformer-inference-arithmetic/"),
    "scaling_book": ("How to Scale Your Model", "https://jax-ml.github.io/scaling-book/"),
    "onnx": (
        "ONNX operators: DynamicQuantizeLinear",
        "https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html",
    ),
    "young": (
        "A first order approximation to the optimum checkpoint interval",
        "https://doi.org/10.1145/361147.361115",
    ),
    "daly": (
        "A higher order estimate of the optimum checkpoint interval for restart dumps",
        "https://doi.org/10.1016/j.future.2004.11.016",
    ),
    "gguf": ("GGML block layouts", "https://github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-common.h"),
    "mx": (
        "OCP Microscaling Formats (MX) Specification",
        "https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf",
    ),
    "databricks": (
        "LLM Inference Performance Engineering: Best Practices",
        "https://www.databricks.com/blog/llm-inference-performance-engineering-best-practices",
    ),
    "dualpipe": ("DualPipe", "https://github.com/deepseek-ai/DualPipe"),
}


def cite(key: str, section: str = "") -> Reference:
    """The work of that key with a place in it."""
    if key in _WORKS:
        work, doc_id = _WORKS[key]
        return Reference(work, section, doc_id)
    work, link = _PAGES[key]
    return Reference(work, section, link=link)
