"""chat.formulas: lines that define, against lines that only look like it."""

import pytest

from chat.formulas import states_formula


@pytest.mark.parametrize(
    "line",
    [
        "bytes = 2 * L * k * d * bytes per element * tokens, with L layers",
        "the bubble is (p-1)/m of the ideal time",
        "气泡占比 (p - 1) / (v * m)",
        "C ≈ 6ND for the whole training run",
        "compute: C = 6 N D",
        "MFU = tokens per second × FLOPs per token / peak",
        "scale = (max - min) / 255",
        "q = round(x / s) + z",
        "time = α + n·β",
        "全部显存 = 参数 × 2 + 梯度 × 2 + 优化器 × 12",
        "AI = FLOPs/bytes",
        "expected tokens per pass: (1 - alpha^(gamma+1)) / (1 - alpha), with alpha the acceptance rate",
        "ring: 2(n-1)*alpha + 2(n-1)/n * S/BW",
    ],
)
def test_a_formula_relates_named_quantities(line: str) -> None:
    assert states_formula(line)


@pytest.mark.parametrize(
    "line",
    [
        "x,y=x.to(device),y.to(device)",
        "*(nn.Linear(10000, 10000) for _ in range(10))",
        "worked example: 8.03B in bf16 on 80 GB: (72 - 16.1 - 2) GB / 131,072 = 411,000 tokens",
        "one layer takes (512 + 64) * 61 * 2 bytes = 70,272 bytes per token",
        "model = AutoModel.from_pretrained(name)",
        "a state-of-the-art encoder/decoder with read-write locks",
        "if a == b * c:",
        "torchrun --nproc_per_node=8 train.py",
        "batch size = 32",
        "choose among: TP/PP/DP",
        "one step at best: 141.2 GB / (8 * 3.35 TB/s)",
        "what it offers: faster training (2x) and cheaper serving, on A100/H100",
        "",
    ],
)
def test_examples_and_listings_are_none(line: str) -> None:
    assert not states_formula(line)
