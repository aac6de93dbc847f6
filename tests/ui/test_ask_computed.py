"""A card in an answer: what was read is said once for each stretch of the question."""

from chat.router import CalculatorRequest, Span
from tests.ui.conftest import Reading
from ui.ask_computed import read_html


def span(text: str, parameter: str, value: object, *, earlier: bool = False) -> Span:
    return Span(start=0, end=len(text), text=text, parameter=parameter, value=value, earlier=earlier)


def test_one_stretch_that_fills_two_fields_is_said_once() -> None:
    spans = (span("32k context", "tokens", 32768), span("32k context", "seq_len", 32768), span("batch 2", "batch", 2))
    read = Reading(read_html(CalculatorRequest(calculator="kv_cache", inputs={}, output="bytes", spans=spans)))
    assert read.tags.count("li") == 2
    assert "32k context → tokens, seq_len = 32,768" in read.text
    assert "batch 2 → batch = 2" in read.text


def test_what_differs_is_said_apart() -> None:
    spans = (span("8", "pp", 8), span("8", "tp", 8, earlier=True), span("8", "dp", 16))
    read = Reading(read_html(CalculatorRequest(calculator="kv_cache", inputs={}, output="bytes", spans=spans)))
    assert read.tags.count("li") == 3
    assert "tp = 8 from before" in read.text
