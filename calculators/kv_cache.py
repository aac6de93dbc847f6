"""Size of the key/value cache.

Owns the elements and bytes of grouped-query and latent attention, per token, per request and
per device. Leaves out paging and sliding windows: with a window w, count min(T, w) tokens for
its layers. Invariant: keys and values count as two, and grouped attention with as many
key/value heads as query heads is multi-head attention.
"""

from typing import Literal

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, InputWarning, Output, Quantity, Trap
from calculators._fields import Amount, Count, InputsBase, entry, need, neighbours, preset
from calculators._sources import cite
from calculators._units import BYTES, PERCENT


class Baseline(InputsBase):
    """The grouped-query model to compare with."""

    layers: Count
    kv_heads: Count
    head_dim: Count
    bits: Amount


class Inputs(InputsBase):
    """An attention, its cache and the requests."""

    attn: Literal["mha_gqa", "mla"] = preset("mha_gqa", "multi-head or grouped-query, or latent attention")
    layers: Count = entry("transformer layers L")
    kv_heads: Count = entry("key/value heads k: not the query heads")
    head_dim: Count = entry("width of one head d")
    kv_lora: Count = entry("width of the latent, for mla")
    rope_dim: Count = entry("width of the rotary key, for mla")
    dtype_bytes: Amount = preset(2.0, "bytes per element", "B")
    tokens: Amount = preset(1.0, "tokens of a sequence", "tokens")
    batch: Count = preset(1, "sequences", "sequences")
    tp: Count = preset(1, "tensor-parallel size")
    bits: Amount = entry("bits per element, for the comparison", "bits")
    versus: Baseline = entry("the model to compare with")


def elements_per_token(inputs: Inputs) -> int:
    """Cached elements of one token, whole model; the fields of the attention must be given."""
    if inputs.attn == "mla":
        return inputs.layers * (inputs.kv_lora + inputs.rope_dim)
    return 2 * inputs.layers * inputs.kv_heads * inputs.head_dim


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    heads, tp = inputs.kv_heads, inputs.tp
    if inputs.attn == "mha_gqa" and heads is not None and heads % tp and tp % heads:
        near = neighbours(tp, lambda n: heads % n == 0 or n % heads == 0)
        raise CalculatorError("tp", tp, f"and kv_heads={heads} do not divide one another", near)


def _warn(inputs: Inputs) -> tuple[InputWarning, ...]:
    if inputs.attn == "mla" or inputs.tp <= inputs.kv_heads:
        return ()
    copies = inputs.tp // inputs.kv_heads
    message = f"more ranks than kv_heads={inputs.kv_heads}: each is held {copies} times, and memory stops shrinking"
    return (InputWarning(field="tp", message=message),)


_VLLM = cite("vllm", "§3")
_GQA = cite("gqa", "§2.2")
_MLA = cite("deepseek_v2", "§2.1.4 and Table 1")
_FORMS = {
    "mha_gqa": ("2·{layers}·{kv_heads}·{head_dim}", r"2\,L\,k\,d", _VLLM),
    "mla": ("{layers}·({kv_lora} + {rope_dim})", r"L\,(d_c + d_r)", _MLA),
}


def compute(inputs: Inputs, output: str) -> Computed:
    """Compute elements, bytes or a reduction (ratio)."""
    names = ("layers", "kv_lora", "rope_dim") if inputs.attn == "mla" else ("layers", "kv_heads", "head_dim")
    need(inputs, output, *names, *(("bits", "versus") if output == "reduction_vs" else ()))
    elements = elements_per_token(inputs)
    template, latex, source = _FORMS[inputs.attn]
    symbols = inputs.model_dump()
    if output == "elements_per_token":
        return Computed(elements, Formula("e", template, latex, source), symbols)
    if output == "reduction_vs":
        return _compare(inputs, elements)
    per_token = elements * inputs.dtype_bytes
    if output == "bytes_per_token":
        formula = Formula("bytes", f"{template}·{{dtype_bytes}}", rf"{latex}\,w", source)
        return Computed(per_token, formula, symbols, breakdown=_per_layer(inputs, per_token))
    if output == "bytes":
        formula = Formula("bytes", f"{template}·{{dtype_bytes}}·{{tokens}}·{{batch}}", rf"{latex}\,w\,T\,b", source)
        value = per_token * inputs.tokens * inputs.batch
        assumptions = ("whole model, all ranks together; every layer caches every token",)
        return Computed(
            value, formula, symbols, breakdown=_per_layer(inputs, per_token), assumptions=assumptions,
            warnings=_warn(inputs),
        )  # fmt: skip
    if inputs.attn == "mla":
        formula = Formula("bytes", f"{template}·{{dtype_bytes}}", rf"{latex}\,w", source)
        return Computed(per_token, formula, symbols, assumptions=("every rank holds the whole latent",))
    held = max(1, inputs.kv_heads / inputs.tp)
    template = "2·{layers}·max(1, {kv_heads}/{tp})·{head_dim}·{dtype_bytes}"
    formula = Formula("bytes", template, r"2\,L\,\max(1,\,k/t)\,d\,w", source)
    value = 2 * inputs.layers * held * inputs.head_dim * inputs.dtype_bytes
    return Computed(value, formula, symbols, warnings=_warn(inputs))


def _per_layer(inputs: Inputs, per_token: float) -> tuple[Quantity, ...]:
    return (
        Quantity(name="per token", value=per_token, unit="B"),
        Quantity(name="per token and layer", value=per_token / inputs.layers, unit="B"),
    )


def _compare(inputs: Inputs, elements: int) -> Computed:
    other = inputs.versus
    base = 2 * other.layers * other.kv_heads * other.head_dim
    value = 1 - elements * inputs.bits / (base * other.bits)
    symbols = {"e": elements, "bits": inputs.bits, "e_versus": base, "bits_versus": other.bits}
    formula = Formula(
        "reduction", "1 − {e}·{bits}/({e_versus}·{bits_versus})", r"1 - \frac{e\,q}{e_v\,q_v}", _FORMS[inputs.attn][2]
    )
    equal = Quantity(name="at equal precision", value=100 * (1 - elements / base), unit="%")
    return Computed(value, formula, symbols, breakdown=(equal,))


_LLAMA_7B = {"layers": 32, "kv_heads": 32, "head_dim": 128}
_OPT_13B = {"layers": 40, "kv_heads": 40, "head_dim": 128}
_V2 = {"attn": "mla", "layers": 60, "kv_lora": 512, "rope_dim": 64}
_67B = {"layers": 95, "kv_heads": 8, "head_dim": 128, "bits": 16}
_ATTENTION = ("attn", "layers", "kv_heads", "head_dim", "kv_lora", "rope_dim")

CALCULATOR = Calculator(
    name="kv_cache",
    title="KV cache",
    group="serve",
    question="How large is the key/value cache?",
    inputs=Inputs,
    outputs=(
        Output(
            "bytes",
            "cache of all sequences, whole model",
            BYTES,
            (*_ATTENTION, "dtype_bytes", "tokens", "batch", "tp"),
        ),
        Output("bytes_per_token", "cache of one token, whole model", BYTES, (*_ATTENTION, "dtype_bytes")),
        Output("bytes_per_token_per_gpu", "cache of one token on one rank", BYTES, (*_ATTENTION, "dtype_bytes", "tp")),
        Output("elements_per_token", "cached elements of one token", ("elements",), _ATTENTION),
        Output("reduction_vs", "saving against another model", PERCENT, (*_ATTENTION, "bits", "versus")),
    ),
    compute=compute,
    check=check,
    references=(_VLLM, _GQA, _MLA),
    example=Case({"layers": 80, "kv_heads": 8, "head_dim": 128, "tokens": 32768, "batch": 16}, "bytes", "GiB", 160),
    traps=(
        Trap(
            "DeepSeek-V2 cuts the KV cache by 93.3%",
            "82.2% at equal precision; 93.3% needs its 6-bit cache against 16 bits",
            "two savings in one number",
            "DeepSeek-V2 (arXiv 2405.04434), abstract",
            Case({**_V2, "bits": 16, "versus": _67B}, "reduction_vs", "%", 82.2, 1e-3),
        ),
        Trap(
            "vLLM: 800 KB of cache per token of OPT-13B",
            "800 KiB, 819.2 KB",
            "binary units under decimal names",
            "vLLM (arXiv 2309.06180), §3",
            Case(_OPT_13B, "bytes_per_token", "KB", 819.2),
        ),
        Trap(
            "vLLM: 1.6 GB for 2,048 tokens of OPT-13B",
            "1.56 GiB, 1.68 GB",
            "binary units under decimal names",
            "vLLM (arXiv 2309.06180), §3",
            Case({**_OPT_13B, "tokens": 2048}, "bytes", "GiB", 1.5625),
        ),
        Trap(
            "DeepSeek-V3: 70.272 KB of cache per token",
            "70.272 KB, decimal this time: 68.6 KiB",
            "not every KB is a KiB",
            "Insights into DeepSeek-V3 (arXiv 2505.09343), Table 1",
            Case({**_V2, "layers": 61}, "bytes_per_token", "KB", 70.272),
        ),
        Trap(
            "an LMDeploy article's formula: batch · length · heads · head_dim · 2 bytes · 2",
            "16 KiB a token for Llama-2-7B, where all 32 layers hold 512 KiB",
            "the formula is for one layer; the number of layers is left out",
            "OpenMMLab, on LMDeploy and Llama-2",
            Case({**_LLAMA_7B, "layers": 1}, "bytes_per_token", "KiB", 16),
        ),
        Trap(
            "Llama-2-7B at 4,096 tokens: 1.00 GiB",
            "2.00 GiB",
            "keys and values were counted as one",
            "EleutherAI cookbook",
            Case({**_LLAMA_7B, "tokens": 4096}, "bytes", "GiB", 2),
        ),
        Trap(
            "the cache of a grouped-query model counted with its query heads",
            "4 to 8 times too much: 320 KiB a token for Llama-3-70B, not 2,560",
            "only key/value heads are cached",
            "vllm-fit, issue 2; LLM-Viewer, issue 12",
            Case({"layers": 80, "kv_heads": 8, "head_dim": 128}, "bytes_per_token", "KiB", 320),
        ),
        Trap(
            "sliding windows left out",
            "about 40 times too much for a long context",
            "a layer with window w caches min(T, w) tokens: count its layers apart",
            "llama-toolchest, issue 58",
        ),
    ),
)
