"""ui.hues: one hue a topic, legible on both papers, the same in the configuration."""

import tomllib

import pytest

from kb.topics import load_topics
from tests.conftest import ROOT
from ui.hues import HUES, OTHER, PAPER, colours, hue_of, title_of, topic_slugs

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
AA = 4.5


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_of_contrast_is_right() -> None:
    assert round(contrast("#000000", "#FFFFFF"), 1) == 21.0
    assert round(contrast("#767676", "#FFFFFF"), 2) == 4.54


@pytest.mark.parametrize("name", list(HUES))
def test_hues_are_legible_on_both_papers(name: str) -> None:
    assert contrast(HUES[name][0], PAPER[0]) >= AA
    assert contrast(HUES[name][1], PAPER[1]) >= AA


@pytest.mark.parametrize(("theme", "paper"), [("light", PAPER[0]), ("dark", PAPER[1])])
def test_the_theme_is_legible_and_shares_the_hues(theme: str, paper: str) -> None:
    given = CONFIG["theme"][theme]
    assert given["backgroundColor"] == paper
    for name in ("textColor", "linkColor", "primaryColor", "grayColor", "codeTextColor"):
        assert contrast(given[name], paper) >= AA, name
    index = int(theme == "dark")
    assert {pair[index] for pair in HUES.values()} == set(given["chartCategoricalColors"])


def test_the_stylesheet_has_the_same_pairs() -> None:
    sheet = (ROOT / "ui" / "style.css").read_text(encoding="utf-8")
    for name, (light, dark) in HUES.items():
        assert f"--al-{name}: light-dark({light}, {dark});" in sheet


def test_every_topic_has_a_hue_of_its_own() -> None:
    slugs = topic_slugs()
    assert slugs == list(load_topics())
    assert len({hue_of(slug) for slug in slugs}) == len(slugs)
    assert "grey" not in {hue_of(slug) for slug in slugs}
    assert hue_of(OTHER) == hue_of("unheard-of") == "grey"
    assert title_of("unheard-of") == "Unheard-of"
    assert colours(["serving"], dark=True) == [HUES["teal"][1]]
