"""digests.titles: when two titles are one."""

import pytest

from digests.titles import near, title_key


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Zephyr: Lazy Paging for Long Contexts", "zephyr - lazy paging for long contexts"),
        ("Fast Post-Training Quantization of Towers", "Fast posttraining quantization of towers"),
        ("<b>Fast</b> $\\mathcal{O}(n)$ attention for long texts", "Fast O(n) attention for long texts"),
        ("[2301.00001] A Study of Pipeline Bubbles in Practice", "A Study of Pipeline Bubbles in Practice | Some Blog"),
        ("Serving LLMs on Small Clusters", "Serving LLM on small cluster"),
        ("Towards Cheap Serving of Large Models", "Cheap Serving of Large Models 🚀"),
        ("Memory Management for Serving with Pages", "Memory Managment for Serving with Pages"),
        ("流水线并行的气泡", "流水線並行的氣泡"),
    ],
)
def test_spellings_of_one_title(left: str, right: str) -> None:
    assert near(left, right)
    assert near(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Our serving story, part 1: caches", "Our serving story, part 2: caches"),
        ("FlashPaging: Fast Exact Attention", "FlashPaging-2: Fast Exact Attention"),
        ("A Survey of Encoder Models in Practice", "A Survey of Decoder Models in Practice"),
        ("4-bit training of towers at scale", "8-bit training of towers at scale"),
        ("Efficient training of large models", "Efficient training of sparse large models"),
        ("大模型推理优化实践", "大模型训练优化实践"),
        ("Inter-operator scheduling for towers", "Intra-operator scheduling for towers"),
    ],
)
def test_titles_of_different_works(left: str, right: str) -> None:
    assert not near(left, right)


def test_a_title_of_signs_alone_has_a_key_that_is_no_other_titles() -> None:
    assert title_key("!!!") == title_key("???") == ""
    assert title_key("The of and") != ""
