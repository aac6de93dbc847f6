"""Read a Hugging Face config.json as a model.

Owns what the fields of such a file are called across model families, and the common reading of
them; `_hf_families` knows what single families add. Refuses what is not a decoder, and names every
field that is missing. Invariant: nothing in the file is executed, and no field is assumed that a
family does not define a default for.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from calculators._base import CalculatorError, MissingInputs
from calculators._hf_families import FAMILIES, Config, Fields, read_count
from calculators._registry import Model

MAX_LETTERS, MAX_LAYERS = 1_000_000, 10_000
_NOT_DECODERS = frozenset(
    "bert roberta xlm-roberta deberta deberta-v2 distilbert albert electra t5 mt5 umt5 bart mbart pegasus whisper "
    "vit clip siglip dinov2 wav2vec2".split()
)
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "hidden": ("hidden_size", "n_embd", "d_model", "n_embed"),
    "heads": ("num_attention_heads", "n_head", "n_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num"),
    "head_dim": ("head_dim", "kv_channels"),
    "ffn": ("intermediate_size", "ffn_dim", "ffn_hidden_size", "n_inner"),
    "vocab": ("padded_vocab_size", "vocab_size"),
    "context": ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx"),
}
_NEEDED = ("layers", "hidden", "heads", "ffn", "vocab")
_DTYPES = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32", "float8_e4m3fn": "fp8"}


def read_hf_config(config: str | Mapping[str, Any], name: str = "") -> Model:
    """Read the text or the parsed content of a config.json.

    `name` is what the model shall be called; by default what the file calls it. Multimodal files are
    read for their language model only.

    Raises:
        CalculatorError: not JSON, not a decoder, or a field has no valid value.
        MissingInputs: fields are absent; it names them as the file would.
    """
    outer = _parse(config)
    inner = outer.get("text_config") or outer.get("language_config")
    text: Config = {**outer, **inner} if isinstance(inner, Mapping) else outer
    kind = str(text.get("model_type") or outer.get("model_type") or "")
    _refuse_others(text, kind)
    family = FAMILIES.get(kind)
    fields = _read_common({**(family.defaults if family else {}), **text}, kind)
    notes = [] if family else [f"model_type {kind or 'absent'} is not known: read as a plain decoder with a gated MLP"]
    if isinstance(inner, Mapping):
        notes.append("the language model alone: other encoders are not counted")
    if family:
        family.adjust(fields, text)
    fields["note"] = "; ".join([*notes, *filter(None, [fields.get("note")])])
    return _build(fields, name or str(outer.get("_name_or_path") or kind or "pasted model"))


def _parse(config: str | Mapping[str, Any]) -> Config:
    if isinstance(config, Mapping):
        return dict(config)
    if len(config) > MAX_LETTERS:
        raise CalculatorError("config", len(config), f"letters are more than a config.json of {MAX_LETTERS} can have")
    try:
        parsed = json.loads(config)
    except (json.JSONDecodeError, RecursionError) as error:
        place = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CalculatorError("config", config[:40], f"is not JSON{place}") from None
    if not isinstance(parsed, dict):
        raise CalculatorError("config", config[:40], "is not a JSON object")
    return parsed


def _refuse_others(text: Config, kind: str) -> None:
    if kind in _NOT_DECODERS or text.get("is_encoder_decoder") is True:
        raise CalculatorError("model_type", kind, "is not a decoder-only transformer", "a config.json of a decoder")


def _read_common(text: Config, kind: str) -> Fields:
    """Read what every family has, under whichever name it has it."""
    fields: Fields = {"context": None}
    for field, names in _SYNONYMS.items():
        given = next((name for name in names if text.get(name) is not None), None)
        if given is not None:
            fields[field] = read_count(given, text[given])
    if "ffn" not in fields and kind in FAMILIES and FAMILIES[kind].wide:
        fields["ffn"] = 4 * fields.get("hidden", 0)
    absent = [_SYNONYMS[field][-1 if field == "vocab" else 0] for field in _NEEDED if not fields.get(field)]
    if absent:
        raise MissingInputs(tuple(absent), f"a config.json{f' of {kind}' if kind else ''}")
    if fields["layers"] > MAX_LAYERS:
        raise CalculatorError(_SYNONYMS["layers"][0], fields["layers"], "is more layers than any model has", MAX_LAYERS)
    fields["tied"] = bool(text.get("tie_word_embeddings", False))
    fields["dtype"] = _precision(text)
    window = text.get("sliding_window")
    if window is not None and text.get("use_sliding_window", True):
        fields |= {"window": read_count("sliding_window", window), "windowed_layers": _windowed(text, fields["layers"])}
    return fields


def _windowed(text: Config, layers: int) -> int:
    """Layers with a sliding window: as listed, else all of them."""
    listed = text.get("layer_types")
    if isinstance(listed, list) and listed:
        return sum(1 for kind in listed if kind == "sliding_attention")
    if text.get("use_sliding_window") and isinstance(text.get("max_window_layers"), int):
        return int(max(0, layers - text["max_window_layers"]))
    return layers


def _precision(text: Config) -> str:
    quantised = text.get("quantization_config")
    method = quantised.get("quant_method") if isinstance(quantised, Mapping) else None
    if method in ("fp8", "mxfp4"):
        return str(method)
    return _DTYPES.get(str(text.get("torch_dtype") or text.get("dtype") or ""), "")


def _build(fields: Fields, name: str) -> Model:
    heads, hidden = fields["heads"], fields["hidden"]
    if not fields.get("mla") and not fields.get("head_dim") and hidden % heads:
        raise CalculatorError("hidden_size", hidden, f"is not a multiple of num_attention_heads={heads}")
    kv_heads = fields.get("kv_heads")
    if kv_heads and heads % kv_heads:
        raise CalculatorError("num_key_value_heads", kv_heads, f"does not divide num_attention_heads={heads}")
    if kv_heads == heads:
        del fields["kv_heads"]
    if fields.get("head_dim") and fields["head_dim"] * heads == hidden:
        del fields["head_dim"]
    try:
        model = Model(name=name, title=name, source="config.json", **fields)
        total = model.parts.total
    except ValidationError as error:
        wrong = error.errors()[0]
        field = ".".join(str(part) for part in wrong["loc"])
        raise CalculatorError(field, wrong["input"], "is not valid in a model") from None
    if total + model.uncounted <= 0:
        raise CalculatorError("config", name, "describes a model without parameters")
    return model
