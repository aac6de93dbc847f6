"""Follow-ups to a sum: the new words take the place of the same quantity, all else of the question stays."""

from itertools import pairwise

import pytest

from chat._restated import restated
from chat.router import route

_CHAINS = [
    (
        "bubble of 1F1B with 6 stages and 48 microbatches",
        ("and with 12 microbatches?", "bubble of 1F1B with 6 stages and 12 microbatches"),
        ("what about 4 stages?", "bubble of 1F1B with 4 stages and 12 microbatches"),
        ("and 24?", "bubble of 1F1B with 4 stages and 24 microbatches"),
    ),
    (
        "KV cache of Llama-2-7B at 4k context in fp16",
        ("what about int8?", "KV cache of Llama-2-7B at 4k context in int8"),
        ("and at 16k?", "KV cache of Llama-2-7B at 16k context in int8"),
        ("How about Llama-2-70B?", "KV cache of Llama-2-70B at 16k context in int8"),
    ),
    (
        "训练 13B 模型需要多少显存？ZeRO-1，16 张 GPU",
        ("如果换成 ZeRO-3？", "训练 13B 模型需要多少显存？ZeRO-3，16 张 GPU"),
        ("那 32 张 GPU 呢？", "训练 13B 模型需要多少显存？ZeRO-3，32 张 GPU"),
        ("7B 呢？", "训练 7B 模型需要多少显存？ZeRO-3，32 张 GPU"),
    ),
    (
        "4 级流水线 16 个微批的气泡率？",
        ("32 个微批呢？", "4 级流水线 32 个微批的气泡率？"),
        ("那 8 级呢？", "8 级流水线 32 个微批的气泡率？"),
    ),
    (
        "Time to train a 30B model on 1T tokens with 256 A100s at 45% MFU",
        ("and with 512 A100s?", "Time to train a 30B model on 1T tokens with 512 A100s at 45% MFU"),
        ("at 50% MFU?", "Time to train a 30B model on 1T tokens with 512 A100s at 50% MFU"),
    ),
]


@pytest.mark.parametrize("chain", _CHAINS, ids=lambda chain: chain[0][:24])
def test_each_follow_up_of_a_chain_replaces_the_quantity_that_it_states(
    chain: tuple[str, *tuple[tuple[str, str], ...]],
) -> None:
    first, *follows = chain
    earlier = first
    for said, alone in follows:
        assert restated(said, [earlier]) == alone
        earlier = alone


def test_the_question_shown_gives_the_sum_that_the_conversation_gives() -> None:
    for first, *follows in _CHAINS:
        said: list[str] = [first]
        for _, (text, alone) in pairwise([("", ""), *follows]):
            history = [{"role": "user", "content": earlier} for earlier in said]
            continued = route(text, history).requests[0]
            assert route(alone).requests[0].inputs == continued.inputs
            said.append(text)


def test_what_the_earlier_question_does_not_name_is_added() -> None:
    first = "KV cache of Llama-2-7B at 4k context"
    assert restated("with batch 8?", [first]) == "KV cache of Llama-2-7B at 4k context, batch 8"
    assert restated("batch 8 呢？", ["Llama-2-7B 4k 上下文的 KV cache 多大？"]).endswith("多大，batch 8？")


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        ("What is a pipeline bubble?", "and with 12 microbatches?"),
        ("bubble of 1F1B with 6 stages and 48 microbatches", "What is a pipeline bubble?"),
        ("bubble of 1F1B with 6 stages and 48 microbatches", "Is it true that FrobNet cuts memory to 30% of fp16?"),
    ],
)
def test_what_does_not_go_on_from_a_sum_is_left(earlier: str, said: str) -> None:
    assert restated(said, [earlier]) == ""


def test_the_sum_that_goes_on_may_lie_before_other_questions() -> None:
    before = ["bubble of 1F1B with 6 stages and 48 microbatches", "What is a pipeline bubble?"]
    assert restated("and with 12 microbatches?", before) == "bubble of 1F1B with 6 stages and 12 microbatches"


def test_only_the_quantity_is_taken_from_a_sentence_about_it() -> None:
    first = "Time to train a 30B model on 1T tokens with 256 A100s at 45% MFU"
    assert restated("and if MFU drops to 35%?", [first]).endswith("256 A100s at 35% MFU")
