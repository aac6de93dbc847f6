"""kb.embed: the packaged weights, checked; nothing truncated; clear errors where there is none."""

from pathlib import Path

import numpy as np
import pytest

import kb.embed
from kb.embed import SentenceEmbedder, load_embedder, packaged_model
from kb.errors import ModelUnavailable
from kb.settings import load_settings


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> SentenceEmbedder:
    made = load_embedder(load_settings(tmp_path_factory.mktemp("home"), embedder="packaged"))
    assert isinstance(made, SentenceEmbedder)
    return made


@pytest.mark.model
def test_vectors_have_length_one_and_mean_something(embedder: SentenceEmbedder) -> None:
    vectors = embedder.embed(["GPU memory runs out", "out of memory on the accelerator", "a recipe for apple pie"])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.4 > vectors[0] @ vectors[2]


@pytest.mark.model
def test_the_end_of_a_long_text_counts(embedder: SentenceEmbedder) -> None:
    long = "the river flows through the valley. " * 60
    plain, with_end = embedder.embed([long, long + "tensor parallelism splits matrices across GPUs. " * 20])
    question = embedder.embed_query("splitting matrices over several GPUs")
    assert with_end @ question > plain @ question + 0.1


@pytest.mark.model
def test_texts_of_both_languages_are_batched_by_tokens(
    embedder: SentenceEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As many characters, four times as many tokens: sorted by characters they would share batches.
    english = [f"number {n}: " + "tensor parallelism needs fast links. " * (n % 3 + 5) for n in range(60)]
    chinese = ["张量并行需要很快的互连。" * (n % 3 * 3 + 15) + str(n) for n in range(60)]
    texts = [text for pair in zip(english, chinese, strict=True) for text in pair]
    alone = np.stack([embedder.embed([text])[0] for text in texts[:6]])
    batches: list[list[str]] = []
    encode = embedder._model.encode

    def spied(batch: list[str], **named: object) -> object:
        batches.append(batch)
        return encode(batch, **named)

    monkeypatch.setattr(embedder._model, "encode", spied)
    together = embedder.embed(texts)
    assert np.allclose(together[:6], alone, atol=1e-5)
    by_characters = sorted(texts, key=len, reverse=True)
    others = [by_characters[at : at + kb.embed.BATCH] for at in range(0, len(texts), kb.embed.BATCH)]
    assert len(batches) == len(others)
    work, other_work = (sum(max(embedder.count_tokens(b)) * len(b) for b in found) for found in (batches, others))
    assert work < 0.8 * other_work


@pytest.mark.model
def test_it_describes_itself(embedder: SentenceEmbedder) -> None:
    assert (embedder.dim, embedder.max_tokens, embedder.languages) == (384, 256, frozenset({"en"}))
    assert embedder.count_tokens(["one two three"]) == [5]
    assert embedder.embed([]).shape == (0, 384)


@pytest.mark.model
def test_prefixes_change_the_fingerprint_and_the_vectors(embedder: SentenceEmbedder) -> None:
    other = SentenceEmbedder(str(packaged_model()), name="x", query_prefix="query: ", passage_prefix="passage: ")
    assert other.fingerprint != embedder.fingerprint
    assert not np.allclose(other.embed_query("words"), embedder.embed_query("words"))
    assert other.languages == frozenset({"en"})


def test_weights_that_are_not_the_official_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kb.embed, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(ModelUnavailable, match="hash"):
        packaged_model()


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kb.embed, "PACKAGE", "no_such_package_here")
    with pytest.raises(ModelUnavailable, match="not installed"):
        packaged_model()


def test_a_folder_without_a_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        load_embedder(load_settings(tmp_path, embedder=f"st:{tmp_path}"))
    assert "EMBEDDER" in caught.value.hint


def test_none_means_none(tmp_path: Path) -> None:
    assert load_embedder(load_settings(tmp_path, embedder="none")) is None
