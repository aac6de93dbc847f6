"""The quantities of a claim: those of names are none, a fraction is one."""

import pytest

from chat._claimed import readings, stated


@pytest.mark.parametrize(
    ("claim", "quantities"),
    [
        ("FrobServe's 4-bit mode cuts memory to 40% of FP16", ["40%"]),
        ("FrobServe 的 4-bit 量化把显存降到 FP16 的 70%", ["70%"]),
        ("FrobServe 的 4 比特量化快 3 倍", ["3 倍"]),
        ("An 8 bit model loses 1% of accuracy", ["1%"]),
        ("FrobNet keeps 4.5 bits per weight", ["4.5 bits"]),
        ("缓存量化到 2 比特", ["2 比特"]),
        ("A 3-bit FrobNet fits a single 80GB A100 with 12 GB to spare", ["12 GB"]),
        ("FrobNet needs 16 GB of memory", ["16 GB"]),
        ("8GB GPU memory is enough", ["8GB"]),
        ("Llama-3-70B in FP16 on H100 is a model", []),
        ("In the 54-day run 78% of the stops were faults", ["78%"]),
        ("Training takes 34/12 days", ["34/12 days"]),
    ],
)
def test_the_numbers_of_names_are_no_quantities(claim: str, quantities: list[str]) -> None:
    assert [number.text.strip() for number in stated(claim)] == quantities


def test_a_fraction_is_one_quantity_and_is_said_to_be_one() -> None:
    number = stated("Training takes 34/12 days")[0]
    assert number.value == pytest.approx(34 / 12 * 86400)
    assert list(readings([number], "en")) == ["“34/12 days” is read as a fraction: 34 ÷ 12 = 2.833 days."]
    assert list(readings(stated("训练需要 3/4 天"), "zh")) == ["“3/4 天”按分数读作 3 ÷ 4 = 0.75 天。"]
    assert list(readings(stated("Training takes 3 days"), "en")) == []
