"""chat._expected: what an amount of cards looks like."""

import pytest

from chat._expected import states_amount


@pytest.mark.parametrize(
    "text",
    [
        "on 8 A100 GPUs",
        "在配备 8 个 A100 GPU 的单个服务器上训练",
        "8個A100訓練",
        "trained on 64 TPU v4 chips",
        "8 NVIDIA A100 80GB GPUs",
        "4000 多塊芯片",
        "512 张卡",
        "with a single GPU",
        "单卡即可运行",
    ],
)
def test_counts_of_cards(text: str) -> None:
    assert states_amount("How many GPUs were used?", text)
    assert states_amount("用了多少张卡？", text)


@pytest.mark.parametrize(
    "text", ["16 GB GPU memory", "on 40 GB cards", "a 7B model", "8 experts", "2 张图片", "GPU 很贵"]
)
def test_other_numbers_count_no_cards(text: str) -> None:
    assert not states_amount("How many GPUs were used?", text)
