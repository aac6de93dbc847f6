"""Parameters of a transformer: dense or mixture of experts, grouped or latent attention.

Owns the count from an architecture, exact or by the closed formulas of the papers. Leaves out
multi-token-prediction heads and rotary buffers. Invariant: the exact count is a sum of
integers, and its breakdown adds up to the total.
"""

from dataclasses import dataclass
from typing import Literal

from calculators._base import Calculator, CalculatorError, Case, Computed, Formula, Output, Quantity, Trap
from calculators._fields import (
    Count,
    CountOrZero,
    Flag,
    InputsBase,
    entry,
    multiples,
    names_of,
    need,
    neighbours,
    preset,
)
from calculators._sources import cite
from calculators._units import PARAMS


class LatentAttention(InputsBase):
    """Widths of multi-head latent attention."""

    q_lora: CountOrZero
    kv_lora: Count
    qk_nope: Count
    qk_rope: Count
    v_head: Count


class Inputs(InputsBase):
    """Architecture of a decoder."""

    formula: Literal["exact", "12lh2", "12lh2+vh", "ptdp"] = preset("exact", "how to count")
    layers: Count = entry("transformer layers l")
    hidden: Count = entry("model width h")
    heads: Count = entry("query heads a")
    kv_heads: Count = entry("key/value heads k; heads when absent")
    head_dim: Count = entry("width of one head d; hidden/heads when absent")
    ffn: Count = entry("width of the dense MLP")
    vocab: Count = entry("vocabulary V, padding included")
    seq_len: Count = entry("sequence length s, for the ptdp formula", "tokens")
    glu: Flag = preset(True, "gated MLP of three matrices (SwiGLU) instead of two")
    bias: Flag = preset(False, "biases on attention and MLP")
    tied: Flag = preset(False, "output embedding shared with the input embedding")
    norm: Literal["rmsnorm", "layernorm"] = preset("rmsnorm", "kind of norm")
    norms_per_layer: CountOrZero = preset(2, "norms in a layer")
    embed_norm: Flag = preset(False, "norm after the embedding")
    max_pos: CountOrZero = preset(0, "learned positions", "tokens")
    qk_norm: Literal["head", "full"] = entry("norm on queries and keys: per head or full width")
    experts: CountOrZero = preset(0, "routed experts in an MoE layer E")
    top_k: Count = entry("routed experts used per token")
    moe_ffn: Count = entry("width of one routed expert")
    shared_ffn: CountOrZero = preset(0, "total width of the shared experts")
    dense_layers: CountOrZero = preset(0, "layers with a dense MLP in an MoE model")
    mla: LatentAttention = entry("widths of multi-head latent attention")

    @property
    def attention_extra(self) -> int:
        """Biases and query/key norms of one layer's attention, all but the matrices; none in latent attention."""
        if self.mla is not None:
            return 0
        a, k = self.heads, self.kv_heads or self.heads
        d = self.head_dim or self.hidden // a
        norms = {None: 0, "head": 2 * d, "full": (a + k) * d}[self.qk_norm]
        return norms + (a * d + 2 * k * d + self.hidden if self.bias else 0)


@dataclass(frozen=True, slots=True)
class Parts:
    """The exact count by component, whole model."""

    attention: int
    mlp: int
    experts: int
    active_experts: int
    shared: int
    router: int
    norms: int
    table: int
    embeddings: int
    positions: int

    @property
    def body(self) -> int:
        """All but embeddings and positions, every expert counted."""
        return self.attention + self.mlp + self.experts + self.shared + self.router + self.norms

    @property
    def total(self) -> int:
        """Everything."""
        return self.body + self.embeddings + self.positions

    @property
    def active(self) -> int:
        """What one token passes through, both embedding tables counted."""
        return self.total - self.experts + self.active_experts


def attention_params(inputs: Inputs) -> int:
    """Parameters of one layer's attention."""
    h, a = inputs.hidden, inputs.heads
    if inputs.mla is not None:
        m = inputs.mla
        q = m.q_lora
        queries = h * q + q + q * a * (m.qk_nope + m.qk_rope) if q else h * a * (m.qk_nope + m.qk_rope)
        return queries + h * (m.kv_lora + m.qk_rope) + m.kv_lora * (1 + a * (m.qk_nope + m.v_head)) + a * m.v_head * h
    k = inputs.kv_heads or a
    d = inputs.head_dim or h // a
    return 2 * h * a * d + 2 * h * k * d + inputs.attention_extra


def mlp_params(hidden: int, width: int, *, glu: bool, bias: bool) -> int:
    """Parameters of one MLP; none when its width is 0."""
    if not width:
        return 0
    return (3 if glu else 2) * hidden * width + (((2 if glu else 1) * width + hidden) if bias else 0)


def count_parts(inputs: Inputs) -> Parts:
    """The exact count of a complete architecture."""
    h, layers = inputs.hidden, inputs.layers
    dense = inputs.dense_layers if inputs.experts else layers
    sparse = layers - dense

    def mlp(width: int) -> int:
        return mlp_params(h, width, glu=inputs.glu, bias=inputs.bias)

    expert = mlp(inputs.moe_ffn) if sparse else 0
    norm = h * (2 if inputs.norm == "layernorm" else 1)
    table = inputs.vocab * h
    return Parts(
        attention=layers * attention_params(inputs),
        mlp=dense * mlp(inputs.ffn) if dense else 0,
        experts=sparse * inputs.experts * expert,
        active_experts=sparse * (inputs.top_k or 0) * expert,
        shared=sparse * mlp(inputs.shared_ffn) if sparse else 0,
        router=sparse * h * inputs.experts,
        norms=norm * (layers * inputs.norms_per_layer + 1 + inputs.embed_norm),
        table=table,
        embeddings=table if inputs.tied else 2 * table,
        positions=inputs.max_pos * h,
    )


def check(inputs: Inputs, output: str) -> None:
    """Rules between fields."""
    heads, hidden, experts = inputs.heads, inputs.hidden, inputs.experts
    if inputs.formula != "exact" and output != "total":
        raise CalculatorError("formula", inputs.formula, f"gives total only, not {output}", "exact")
    if None not in (heads, hidden) and inputs.head_dim is None and inputs.mla is None and hidden % heads:
        near = multiples(hidden, heads)
        raise CalculatorError("hidden", hidden, f"is not divisible by heads={heads}", f"{near}, or give head_dim")
    if None not in (heads, inputs.kv_heads) and heads % inputs.kv_heads:
        near_kv = neighbours(inputs.kv_heads, lambda n: heads % n == 0)
        raise CalculatorError("kv_heads", inputs.kv_heads, f"does not divide heads={heads}", near_kv)
    if inputs.top_k is not None and inputs.top_k > experts:
        raise CalculatorError("top_k", inputs.top_k, f"is more than experts={experts}", experts or None)
    layers, dense = inputs.layers, inputs.dense_layers
    if experts and layers is not None and dense > layers:
        raise CalculatorError("dense_layers", dense, f"is more than layers={layers}", layers)


_PTDP = cite("ptdp", "§5.1, Eq. 2")
_EXACT = cite("ptdp", "§2.3 (attention and MLP), counted matrix by matrix")
_MLA = cite("deepseek_v2", "§2.1")
_CLOSED = {
    "12lh2": Formula("P", "12·{layers}·{hidden}²", r"P = 12\,l h^{2}", cite("scaling_laws", "§2.1")),
    "12lh2+vh": Formula("P", "12·{layers}·{hidden}² + {vocab}·{hidden}", r"P = 12\,l h^{2} + V h", _PTDP),
    "ptdp": Formula(
        "P",
        "12·{layers}·{hidden}²·(1 + 13/(12·{hidden}) + ({vocab} + {seq_len})/(12·{layers}·{hidden}))",
        r"P = 12\,l h^{2}\left(1 + \frac{13}{12h} + \frac{V+s}{12\,l h}\right)",
        _PTDP,
    ),
}
_LATEX = (
    r"P = l\,\bigl(\underbrace{2had + 2hkd}_{\mathrm{attention}} + \underbrace{3hf}_{\mathrm{MLP}}"
    r" + n_{\mathrm{norms}} h\bigr) + h + 2Vh"
)


def _compute_closed(inputs: Inputs) -> Computed:
    names = {"12lh2": (), "12lh2+vh": ("vocab",), "ptdp": ("vocab", "seq_len")}[inputs.formula]
    need(inputs, f"total by {inputs.formula}", "layers", "hidden", *names)
    l_, h = inputs.layers, inputs.hidden
    # The ptdp formula multiplied out, so that the count stays an integer.
    extra = {"12lh2": 0, "12lh2+vh": h * (inputs.vocab or 0), "ptdp": 13 * l_ * h}[inputs.formula]
    if inputs.formula == "ptdp":
        extra += h * (inputs.vocab + inputs.seq_len)
    symbols = {name: getattr(inputs, name) for name in ("layers", "hidden", *names)}
    assumption = "a GPT block: 4h GELU MLP, heads that fill the width, biases and layer norms"
    return Computed(12 * l_ * h * h + extra, _CLOSED[inputs.formula], symbols, assumptions=(assumption,))


def _template(inputs: Inputs, output: str) -> str:
    """The exact count, written out for this architecture."""
    matrices = 3 if inputs.glu else 2
    if inputs.mla is not None:
        terms = ["{layers}·{latent_attention}"]
    else:
        terms = ["{layers}·(2·{hidden}·{heads}·{head_dim} + 2·{hidden}·{kv_heads}·{head_dim})"]
    if inputs.attention_extra:
        terms.append("{layers}·{attention_biases_and_norms}")
    if inputs.ffn is not None and not (inputs.experts and not inputs.dense_layers):
        dense = "{dense_layers}" if inputs.experts else "{layers}"
        terms.append(f"{dense}·{matrices}·{{hidden}}·{{ffn}}" + (" + {mlp_biases}" if inputs.bias else ""))
    if inputs.experts:
        used = "{top_k}" if output.startswith("active") else "{experts}"
        terms += [f"{{moe_layers}}·{used}·{{expert}}", "{shared_experts}", "{routers}"]
    terms.append("{norms}")
    if output != "non_embedding":
        terms.append("{vocab}·{hidden}" if inputs.tied else "2·{vocab}·{hidden}")
        terms += ["{max_pos}·{hidden}"] if inputs.max_pos else []
    text = " + ".join(terms)
    return f"{text} − {{vocab}}·{{hidden}}" if output == "active_excl_input_embedding" else text


def _symbols(inputs: Inputs, parts: Parts) -> dict[str, object]:
    dense = inputs.dense_layers if inputs.experts else inputs.layers
    sparse = inputs.layers - dense
    names = ("layers", "hidden", "heads", "ffn", "vocab", "experts", "top_k", "max_pos")
    return {name: getattr(inputs, name) for name in names} | {
        "kv_heads": inputs.kv_heads or inputs.heads,
        "head_dim": inputs.head_dim or inputs.hidden // inputs.heads,
        "latent_attention": parts.attention // inputs.layers,
        "attention_biases_and_norms": inputs.attention_extra,
        "dense_layers": dense,
        "mlp_biases": parts.mlp - dense * (3 if inputs.glu else 2) * inputs.hidden * (inputs.ffn or 0),
        "moe_layers": sparse,
        "expert": parts.experts // (sparse * inputs.experts) if sparse and inputs.experts else 0,
        "shared_experts": parts.shared,
        "routers": parts.router,
        "norms": parts.norms,
    }


def compute(inputs: Inputs, output: str) -> Computed:
    """Count the parameters; unit: parameters."""
    if inputs.formula != "exact":
        return _compute_closed(inputs)
    names = ["layers", "hidden", "heads", "vocab"]
    if not inputs.experts or inputs.dense_layers:
        names.append("ffn")
    if inputs.experts and inputs.dense_layers != inputs.layers:
        names += ["top_k", "moe_ffn"] if output.startswith("active") else ["moe_ffn"]
    need(inputs, output, *names)
    parts = count_parts(inputs)
    value = {
        "total": parts.total,
        "active": parts.active,
        "active_excl_input_embedding": parts.active - parts.table,
        "non_embedding": parts.body,
    }[output]
    components = {name: getattr(parts, name) for name in Parts.__slots__ if name != "table"}
    return Computed(
        value,
        Formula("P", _template(inputs, output), _LATEX, _MLA if inputs.mla is not None else _EXACT),
        _symbols(inputs, parts),
        breakdown=tuple(Quantity(name=name, value=count, unit="params") for name, count in components.items() if count),
        assumptions=("multi-token-prediction heads and rotary buffers are not counted",),
    )


_LLAMA_7B = {"layers": 32, "hidden": 4096, "heads": 32, "ffn": 11008, "vocab": 32000}
_BLOOM = {
    "layers": 70, "hidden": 14336, "heads": 112, "ffn": 57344, "tied": True, "bias": True,
    "norm": "layernorm", "glu": False, "embed_norm": True,
}  # fmt: skip
_QWEN_72B = {"layers": 80, "hidden": 8192, "heads": 64, "ffn": 24576, "vocab": 152064}
_V2_LITE = {
    "layers": 27, "hidden": 2048, "heads": 16, "vocab": 102400, "ffn": 10944, "dense_layers": 1, "experts": 64,
    "top_k": 6, "moe_ffn": 1408, "shared_ffn": 2816,
    "mla": {"q_lora": 0, "kv_lora": 512, "qk_nope": 128, "qk_rope": 64, "v_head": 128},
}  # fmt: skip

CALCULATOR = Calculator(
    name="param_count",
    title="Parameter count",
    group="fit",
    question="How many parameters does this architecture have, in total and per token?",
    inputs=Inputs,
    outputs=(
        Output("total", "all parameters", PARAMS, names_of(Inputs)),
        Output("active", "parameters that one token passes through", PARAMS, names_of(Inputs, "seq_len")),
        Output(
            "active_excl_input_embedding", "active without the input embedding", PARAMS, names_of(Inputs, "seq_len")
        ),
        Output("non_embedding", "without embeddings and positions", PARAMS, names_of(Inputs, "seq_len")),
    ),
    compute=compute,
    check=check,
    references=(_PTDP, _MLA, cite("gqa")),
    example=Case(_LLAMA_7B, "total", "params", 6_738_415_616),
    traps=(
        Trap(
            "BLOOM: 176,247M parameters with a vocabulary of 250,680",
            "176,244M; 176,247M needs a vocabulary of 250,880",
            "the count includes the rows that pad the embedding table",
            "BLOOM (arXiv 2211.05100)",
            Case({**_BLOOM, "vocab": 250_680}, "total", "M params", 176_244, 5e-6),
        ),
        Trap(
            "Llama-2-7B on the model hub: 6,738,417,664 parameters",
            "6,738,415,616",
            "32 layers hold 64 rotary frequencies each: 2,048 numbers that are buffers, not parameters",
            "model hub metadata",
            Case(_LLAMA_7B, "total", "params", 6_738_415_616),
        ),
        Trap(
            "LLaMA's largest model: 65.2B",
            "65.29B",
            "the table cuts the digits instead of rounding them",
            "LLaMA (arXiv 2302.13971), Table 2",
            Case(
                {"layers": 80, "hidden": 8192, "heads": 64, "ffn": 22016, "vocab": 32000},
                "total",
                "B params",
                65.29,
                1e-4,
            ),
        ),
        Trap(
            "MPT benchmark row named 70b",
            "64.86B",
            "the label is a size class, not a count",
            "llm-foundry benchmark table",
            Case(
                {
                    "layers": 80,
                    "hidden": 8192,
                    "heads": 64,
                    "ffn": 32768,
                    "vocab": 50368,
                    "max_pos": 2048,
                    "tied": True,
                    "bias": True,
                    "norm": "layernorm",
                    "glu": False,
                },
                "total",
                "B params",
                64.86,
                1e-4,
            ),
        ),
        Trap(
            "DeepSeek-V2-Lite activates 2.4B",
            "2.45B without the input embedding, 2.66B with it",
            "looking up a row of the input table is not counted as work",
            "DeepSeek-V2 (arXiv 2405.04434)",
            Case(_V2_LITE, "active", "B params", 2.66, 2e-3),
        ),
        Trap(
            "a 72B model counted as 56B",
            "72.3B with three MLP matrices; 56.2B with two",
            "a SwiGLU MLP has a gate matrix besides up and down",
            "EleutherAI cookbook, issue 36",
            Case({**_QWEN_72B, "glu": False}, "total", "B params", 56.2, 1e-3),
        ),
        Trap(
            "the norm counted once a layer, or divided by the tensor-parallel size",
            "2·h a layer for RMSNorm, 4·h for LayerNorm, on every rank",
            "a block has two norms, and plain tensor parallelism replicates them",
            "llm-analysis, issues 19 and 27",
        ),
        Trap(
            "head width taken as hidden/heads",
            "128 for Qwen3-235B, where hidden/heads is 64",
            "the projection's width is a free choice: give head_dim",
            "ollama, issues 10128 and 17201",
        ),
    ),
)
