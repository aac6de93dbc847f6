"""What single model families add to the common reading of a config.json.

Owns, per `model_type`, the defaults that its configuration class defines and the parts of its
architecture that no field says: norms, biases, experts, latent attention, windows. Refuses nothing
on its own. Invariant: what param_count cannot count stands in `uncounted`, and the note names it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from calculators._base import CalculatorError, MissingInputs

Config: TypeAlias = dict[str, Any]
Fields: TypeAlias = dict[str, Any]
Adjust: TypeAlias = Callable[[Fields, Config], None]

LARGEST = 10**12
"""No width, count or length of a model comes near it."""


@dataclass(frozen=True, slots=True)
class Family:
    """How a family departs from a plain decoder with a gated MLP and RMSNorm."""

    adjust: Adjust
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Values of absent fields."""
    wide: bool = False
    """Whether an absent MLP width means 4 times the model width."""


def read_count(name: str, value: object, least: int = 1) -> int:
    """Read a whole number of a config.json.

    Raises:
        CalculatorError: it is none, or less than `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= LARGEST:
        raise CalculatorError(name, value, f"is not an integer from {least} to {LARGEST:,}")
    if value != int(value):
        raise CalculatorError(name, value, "is not an integer", round(value))
    return int(value)


def _take(text: Config, name: str, default: int = 0) -> int:
    """A whole number of the file, or the default where it is absent or null."""
    return default if text.get(name) is None else read_count(name, text[name], least=0)


def _every(text: Config, name: str, default: int) -> int:
    """A distance between layers, at least 1."""
    return default if text.get(name) is None else read_count(name, text[name])


def _leave_out(fields: Fields, count: int, what: str) -> None:
    """Count parameters that have no field of their own."""
    fields["uncounted"] = fields.get("uncounted", 0) + count
    fields["note"] = "; ".join(filter(None, [fields.get("note", ""), f"{what}: {count:,}"]))


def _qkv_bias(fields: Fields) -> None:
    width = fields.get("head_dim") or fields["hidden"] // fields["heads"]
    per_layer = (fields["heads"] + 2 * (fields.get("kv_heads") or fields["heads"])) * width
    _leave_out(fields, fields["layers"] * per_layer, "biases on queries, keys and values")


def _need(text: Config, kind: str, *names: str) -> None:
    absent = tuple(name for name in names if text.get(name) is None)
    if absent:
        raise MissingInputs(absent, f"a config.json of {kind}")


def _plain(fields: Fields, text: Config) -> None:
    """LLaMA, Mistral and their kin."""
    if text.get("attention_bias"):
        width = fields.get("head_dim") or fields["hidden"] // fields["heads"]
        inner = (fields["heads"] + 2 * (fields.get("kv_heads") or fields["heads"])) * width
        _leave_out(fields, fields["layers"] * (inner + fields["hidden"]), "biases of attention")
    if text.get("mlp_bias"):
        _leave_out(fields, fields["layers"] * (2 * fields["ffn"] + fields["hidden"]), "biases of the MLPs")


def _phi3(fields: Fields, text: Config) -> None:
    fields.setdefault("tied", False)


def _qwen2(fields: Fields, text: Config) -> None:
    if not text.get("use_sliding_window"):
        fields["window"], fields["windowed_layers"] = None, 0
    _qkv_bias(fields)


def _qwen3(fields: Fields, text: Config) -> None:
    if not text.get("use_sliding_window"):
        fields["window"], fields["windowed_layers"] = None, 0
    fields["qk_norm"] = "head"
    _plain(fields, text)


def _experts(fields: Fields, experts: int, top_k: int, width: int, dense_layers: int = 0, shared: int = 0) -> None:
    fields |= {"experts": experts, "top_k": top_k, "moe_ffn": width, "shared_ffn": shared}
    fields["dense_layers"] = dense_layers
    if not dense_layers:
        fields.pop("ffn", None)


def _routed(text: Config, experts: str) -> tuple[int, int, int]:
    """Routed experts, how many a token uses, and their width."""
    return _take(text, experts), _take(text, "num_experts_per_tok"), _take(text, "moe_intermediate_size")


def _mixtral(fields: Fields, text: Config) -> None:
    _need(text, "mixtral", "num_local_experts", "num_experts_per_tok")
    _experts(fields, _take(text, "num_local_experts"), _take(text, "num_experts_per_tok"), fields["ffn"])


def _phimoe(fields: Fields, text: Config) -> None:
    _mixtral(fields, text)
    fields["norm"] = "layernorm"
    _plain(fields, text)
    if text.get("lm_head_bias"):
        _leave_out(fields, fields["vocab"], "bias of the output layer")


def _qwen_dense_layers(fields: Fields, text: Config) -> int:
    """Layers without experts: those listed, and all but every `decoder_sparse_step`-th."""
    listed, step = set(text.get("mlp_only_layers") or ()), _every(text, "decoder_sparse_step", 1)
    return sum(1 for layer in range(fields["layers"]) if layer in listed or (layer + 1) % step)


def _qwen3_moe(fields: Fields, text: Config) -> None:
    _need(text, "qwen3_moe", "num_experts", "num_experts_per_tok", "moe_intermediate_size")
    dense = _qwen_dense_layers(fields, text)
    _qwen3(fields, text)
    _experts(
        fields,
        _take(text, "num_experts"),
        _take(text, "num_experts_per_tok"),
        _take(text, "moe_intermediate_size"),
        dense,
    )


def _qwen2_moe(fields: Fields, text: Config) -> None:
    _need(text, "qwen2_moe", "num_experts", "num_experts_per_tok", "moe_intermediate_size")
    dense, shared = _qwen_dense_layers(fields, text), _take(text, "shared_expert_intermediate_size")
    _qwen2(fields, text)
    _experts(fields, *_routed(text, "num_experts"), dense, shared)
    if shared:
        _leave_out(fields, (fields["layers"] - dense) * fields["hidden"], "gates of the shared experts")


def _deepseek(fields: Fields, text: Config) -> None:
    """DeepSeekMoE: routed and shared experts after some dense layers."""
    if not text.get("n_routed_experts"):
        return
    _need(text, "deepseek", "num_experts_per_tok", "moe_intermediate_size")
    step, first = _every(text, "moe_layer_freq", 1), _take(text, "first_k_dense_replace")
    dense = sum(1 for layer in range(fields["layers"]) if layer < first or layer % step)
    shared = _take(text, "n_shared_experts") * _take(text, "moe_intermediate_size")
    _experts(fields, *_routed(text, "n_routed_experts"), dense, shared)
    if text.get("topk_method") == "noaux_tc":
        _leave_out(fields, (fields["layers"] - dense) * fields["experts"], "router biases")


def _latent(fields: Fields, text: Config) -> None:
    """DeepSeek-V2 and V3: latent attention as well."""
    _need(text, "deepseek_v2", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")
    fields["mla"] = {
        "q_lora": _take(text, "q_lora_rank", 0),
        "kv_lora": _take(text, "kv_lora_rank"),
        "qk_nope": _take(text, "qk_nope_head_dim"),
        "qk_rope": _take(text, "qk_rope_head_dim"),
        "v_head": _take(text, "v_head_dim"),
    }
    fields.pop("kv_heads", None)
    fields.pop("head_dim", None)
    _deepseek(fields, text)


def _gemma(fields: Fields, text: Config) -> None:
    fields["tied"] = bool(text.get("tie_word_embeddings", True))


def _gemma2(fields: Fields, text: Config) -> None:
    _gemma(fields, text)
    fields["norms_per_layer"] = 4
    if fields.get("window") and not text.get("layer_types"):
        fields["windowed_layers"] = (fields["layers"] + 1) // 2


def _gemma3(fields: Fields, text: Config) -> None:
    _gemma2(fields, text)
    fields["qk_norm"] = "head"
    if fields.get("window") and not text.get("layer_types"):
        fields["windowed_layers"] = fields["layers"] - fields["layers"] // _every(text, "sliding_window_pattern", 6)


def _gpt(fields: Fields) -> None:
    fields |= {"glu": False, "bias": True, "norm": "layernorm"}


def _gpt2(fields: Fields, text: Config) -> None:
    _gpt(fields)
    fields |= {"tied": bool(text.get("tie_word_embeddings", True)), "max_pos": fields["context"] or 0}


def _bigcode(fields: Fields, text: Config) -> None:
    _gpt2(fields, text)
    if text.get("multi_query", True):
        fields["kv_heads"] = 1


def _gptj(fields: Fields, text: Config) -> None:
    fields |= {"glu": False, "norm": "layernorm", "norms_per_layer": 1}
    biases = fields["layers"] * (fields["ffn"] + fields["hidden"]) + fields["vocab"]
    _leave_out(fields, biases, "biases of the MLPs and the output layer")


def _neox(fields: Fields, text: Config) -> None:
    _gpt(fields)


def _bloom(fields: Fields, text: Config) -> None:
    _gpt(fields)
    fields |= {"tied": bool(text.get("tie_word_embeddings", True)), "embed_norm": True, "ffn": 4 * fields["hidden"]}


def _opt(fields: Fields, text: Config) -> None:
    _gpt(fields)
    _need(text, "opt", "max_position_embeddings")
    hidden, width = fields["hidden"], _take(text, "word_embed_proj_dim", fields["hidden"])
    fields |= {"tied": bool(text.get("tie_word_embeddings", True)), "max_pos": fields["context"] + 2}
    if width != hidden:
        change = fields["vocab"] * (width - hidden) + 2 * hidden * width
        _leave_out(fields, change, "embeddings narrower than the model, with their projections")
    if text.get("do_layer_norm_before") is False:
        _leave_out(fields, -2 * hidden, "no final norm")


def _falcon(fields: Fields, text: Config) -> None:
    new = bool(text.get("new_decoder_architecture", False))
    parallel = bool(text.get("parallel_attn", True))
    fields |= {"glu": False, "norm": "layernorm", "bias": bool(text.get("bias", False))}
    fields["tied"] = bool(text.get("tie_word_embeddings", True))
    if not new:
        fields["kv_heads"] = 1 if text.get("multi_query", True) else fields["heads"]
    norms = _take(text, "num_ln_in_parallel_attn") or (2 if new else 1)
    fields["norms_per_layer"] = norms if parallel else 2
    fields["context"] = fields["context"] or 2048


def _mpt(fields: Fields, text: Config) -> None:
    attention = text.get("attn_config") or {}
    plain = bool(text.get("no_bias", True))
    fields |= {"glu": False, "tied": True, "bias": not plain, "norm": "rmsnorm" if plain else "layernorm"}
    fields["ffn"] = _take(text, "expansion_ratio", 4) * fields["hidden"]
    if attention.get("kv_n_heads"):
        fields["kv_heads"] = _take(attention, "kv_n_heads")
    if text.get("learned_pos_emb", True) and not attention.get("alibi"):
        fields["max_pos"] = fields["context"] or 0


def _dbrx(fields: Fields, text: Config) -> None:
    inner, attention = text.get("ffn_config") or {}, text.get("attn_config") or {}
    _need(inner, "dbrx", "ffn_hidden_size", "moe_num_experts", "moe_top_k")
    fields["kv_heads"] = _take(attention, "kv_n_heads") or fields["heads"]
    _experts(fields, _take(inner, "moe_num_experts"), _take(inner, "moe_top_k"), _take(inner, "ffn_hidden_size"))


def _phi(fields: Fields, text: Config) -> None:
    _gpt(fields)
    fields["norms_per_layer"] = 1
    _leave_out(fields, fields["vocab"], "bias of the output layer")


def _starcoder2(fields: Fields, text: Config) -> None:
    _gpt(fields)
    fields |= {"bias": bool(text.get("use_bias", True)), "tied": bool(text.get("tie_word_embeddings", True))}


def _cohere(fields: Fields, text: Config) -> None:
    fields |= {"norms_per_layer": 1, "tied": bool(text.get("tie_word_embeddings", True))}
    if text.get("use_qk_norm"):
        fields["qk_norm"] = "full"


def _olmo2(fields: Fields, text: Config) -> None:
    fields["qk_norm"] = "full"


def _gpt_oss(fields: Fields, text: Config) -> None:
    _mixtral(fields, text)
    fields["bias"] = True
    _leave_out(fields, fields["layers"] * (fields["experts"] + fields["heads"]), "router biases and attention sinks")
    if fields.get("window") and not text.get("layer_types"):
        fields["windowed_layers"] = (fields["layers"] + 1) // 2


def _chatglm(fields: Fields, text: Config) -> None:
    if not text.get("multi_query_attention", True):
        fields.pop("kv_heads", None)
    if text.get("add_qkv_bias", True):
        _qkv_bias(fields)


def _nemotron(fields: Fields, text: Config) -> None:
    fields |= {"glu": False, "norm": "layernorm"}


_GEMMA_3 = {
    "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262_208,
    "max_position_embeddings": 131_072, "sliding_window": 4096,
}  # fmt: skip
_DENSE = Family(_plain)
FAMILIES: dict[str, Family] = {
    **dict.fromkeys(("llama", "mistral", "yi", "internlm2", "baichuan", "granite", "smollm3", "arcee"), _DENSE),
    "phi3": Family(_phi3),
    "qwen2": Family(_qwen2),
    "qwen3": Family(_qwen3, {"head_dim": 128}),
    "mixtral": Family(_mixtral),
    "phimoe": Family(_phimoe),
    "qwen2_moe": Family(_qwen2_moe),
    "qwen3_moe": Family(_qwen3_moe, {"head_dim": 128}),
    "deepseek": Family(_deepseek),
    "deepseek_v2": Family(_latent),
    "deepseek_v3": Family(_latent),
    "kimi_k2": Family(_latent),
    "gemma": Family(_gemma, {"head_dim": 256}),
    "gemma2": Family(_gemma2, {"head_dim": 256}),
    "gemma3": Family(_gemma3, _GEMMA_3),
    "gemma3_text": Family(_gemma3, _GEMMA_3),
    "gpt2": Family(_gpt2, wide=True),
    "gpt_bigcode": Family(_bigcode, wide=True),
    "gptj": Family(_gptj, wide=True),
    "gpt_neox": Family(_neox),
    "bloom": Family(_bloom, wide=True),
    "opt": Family(_opt),
    "falcon": Family(_falcon, wide=True),
    "RefinedWeb": Family(_falcon, wide=True),
    "RefinedWebModel": Family(_falcon, wide=True),
    "mpt": Family(_mpt, wide=True),
    "dbrx": Family(_dbrx, wide=True),
    "phi": Family(_phi),
    "starcoder2": Family(_starcoder2),
    "cohere": Family(_cohere),
    "olmo2": Family(_olmo2),
    "gpt_oss": Family(_gpt_oss),
    "chatglm": Family(_chatglm),
    "nemotron": Family(_nemotron),
}  # fmt: skip
