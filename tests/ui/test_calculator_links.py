"""Links from a passage to a calculator filled in with what the passage says."""

from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest

from almanac import Almanac
from tests.ui.conftest import Reading, shown
from ui.calculator_links import MOST, calculator_links, suggestions_of
from ui.calculator_state import CalculatorState

PASSAGE = "Llama-2-7B in fp16 with 4096 tokens of context and a batch of 8: how large is the KV cache?"


def test_a_configuration_opens_the_calculator_filled_in() -> None:
    read = Reading(calculator_links(PASSAGE))
    asked = parse_qs(urlsplit(read.addresses[0]).query)
    state = CalculatorState.read(asked)
    assert state.name == "kv_cache"
    assert state.inputs()["layers"] == 32
    assert state.inputs()["tokens"] == 4096
    assert "KV cache: cache of all sequences, whole model 16 GiB" in read.text


def test_prose_without_a_configuration_has_no_links() -> None:
    assert calculator_links("Notes on a talk about schedules, and why they matter.") == ""


def test_links_are_few_and_none_is_refused() -> None:
    text = "175B parameters, 300B tokens, 1024 A100, 140 TFLOP/s per GPU, TP=8, PP=16, 64 microbatches, ZeRO-1"
    found = suggestions_of(text)
    assert 0 < len(found) <= MOST
    assert not any(item.problem for item in found)


def test_markup_in_a_passage_stays_text() -> None:
    assert "script" not in Reading(calculator_links(f"<script>x</script> {PASSAGE}")).tags


def test_the_document_page_links_what_its_passage_configures(app: AppTest, almanac: Almanac) -> None:
    hit = almanac.search("paged cache", load=False).hits[0]
    app.run()
    app.switch_page("ui/pages/document.py")
    app.query_params["id"], app.query_params["chunk"] = hit.document.id, hit.chunk.id
    app.run()
    assert not app.exception
    assert ("Worked out from this passage" in shown(app)) == bool(suggestions_of(hit.chunk.text))
