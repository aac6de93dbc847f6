"""A tiny sentence-transformers model with random weights, written to disk: another embedder to choose.

Its tokeniser reads Chinese character by character, as multilingual ones do; it means nothing.
"""

from pathlib import Path


def write_tiny_model(folder: Path, *, dim: int = 24, window: int = 16) -> Path:
    """Write the model and return its folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(7)
    inner = folder / "inner"
    inner.mkdir(parents=True)
    words = [f"w{n}" for n in range(50)] + list("abcdefghijklmnopqrstuvwxyz") + list("流水线并行气泡显存量化推理")
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *words,
        *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz0123456789"),
    ]
    (inner / "vocab.txt").write_text("\n".join(dict.fromkeys(pieces)), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab=str(inner / "vocab.txt"))
    tokenizer.save_pretrained(inner)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=dim, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(inner)
    body = Transformer(str(inner), max_seq_length=window)
    SentenceTransformer(modules=[body, Pooling(dim)], device="cpu").save(str(folder / "model"))
    return folder / "model"
