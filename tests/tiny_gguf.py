"""A tiny GGUF with random weights, written to disk: it means nothing, but takes every step of a real one.

Its tokeniser is a byte-level BPE with two merges, so that nearly all text comes and goes byte by byte. Unquantised
weights do not take the code paths that crash on some machines: a Q8_0 file does.
"""

from pathlib import Path
from typing import Any

import numpy as np

CONTROL = ("<|begin|>", "<|im_start|>", "<|im_end|>", "<|end|>")
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def byte_names() -> list[str]:
    """Return GPT-2's printable name of each byte."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names, spare = {byte: chr(byte) for byte in kept}, 256
    for byte in range(256):
        if byte not in names:
            names[byte], spare = chr(spare), spare + 1
    return [names[byte] for byte in range(256)]


def _bytes(writer: Any, marked: str, words: int) -> list[str]:
    """Write a byte-level tokeniser and return its tokens."""
    import gguf

    plain = [*byte_names(), "th", "in"]
    names = [*plain, *CONTROL, *([marked] if marked else []), *(f"word{number}" for number in range(words))]
    kinds = [gguf.TokenType.NORMAL] * len(plain) + [gguf.TokenType.CONTROL] * len(CONTROL)
    kinds += [gguf.TokenType.USER_DEFINED] * bool(marked) + [gguf.TokenType.NORMAL] * words
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(names)
    writer.add_token_types(kinds)
    writer.add_token_merges(["t h", "i n"])
    writer.add_bos_token_id(names.index("<|begin|>"))
    writer.add_eos_token_id(names.index("<|im_end|>"))
    writer.add_add_bos_token(True)
    return names


def _pieces(writer: Any) -> list[str]:
    """Write a tokeniser of the SentencePiece kind and return its tokens."""
    import gguf

    names = ["<unk>", *CONTROL, *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *"abcdefghijklmnopqrstuvwxyz"]
    kinds = [gguf.TokenType.UNKNOWN] + [gguf.TokenType.CONTROL] * len(CONTROL)
    kinds += [gguf.TokenType.BYTE] * 256
    kinds += [gguf.TokenType.NORMAL] * (len(names) - len(kinds))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(names)
    writer.add_token_scores([0.0] * len(names))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(names.index("<|begin|>"))
    writer.add_eos_token_id(names.index("<|im_end|>"))
    writer.add_add_bos_token(True)
    return names


def write_tiny_gguf(
    path: Path,
    *,
    quantised: bool = False,
    template: str = TEMPLATE,
    marked: str = "",
    context: int = 2048,
    dim: int = 64,
    layers: int = 2,
    seed: int = 7,
    words: int = 0,
    pieces: bool = False,
) -> Path:
    """Write the model and return its path.

    Args:
        quantised: as Q8_0 instead of f32.
        template: the chat template; empty leaves it out.
        marked: a text that becomes a token of its own, defined by the user as llama.cpp calls it.
        words: further tokens, to try what a large vocabulary costs.
        pieces: with a tokeniser of the SentencePiece kind, which puts a blank before all it is given.
    """
    import gguf

    kind = gguf.GGMLQuantizationType.Q8_0 if quantised else gguf.GGMLQuantizationType.F32
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    heads, hidden = 4, 2 * dim
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(dim)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads // 2)
    writer.add_rope_dimension_count(dim // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    names = _pieces(writer) if pieces else _bytes(writer, marked, words)
    if template:
        writer.add_chat_template(template)

    def add(name: str, *shape: int) -> None:
        weights = rng.normal(0, 0.3, shape).astype(np.float32)
        if quantised and len(shape) > 1:
            writer.add_tensor(name, gguf.quants.quantize(weights, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, weights if len(shape) > 1 else np.ones(shape, np.float32))

    add("token_embd.weight", len(names), dim)
    for layer in range(layers):
        block = f"blk.{layer}"
        add(f"{block}.attn_norm.weight", dim)
        add(f"{block}.ffn_norm.weight", dim)
        add(f"{block}.attn_q.weight", dim, dim)
        add(f"{block}.attn_k.weight", dim // 2, dim)
        add(f"{block}.attn_v.weight", dim // 2, dim)
        add(f"{block}.attn_output.weight", dim, dim)
        add(f"{block}.ffn_gate.weight", hidden, dim)
        add(f"{block}.ffn_up.weight", hidden, dim)
        add(f"{block}.ffn_down.weight", dim, hidden)
    add("output_norm.weight", dim)
    add("output.weight", len(names), dim)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
