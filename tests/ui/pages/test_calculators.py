"""The calculators' page: gallery, every calculator with its example, errors in place, the address."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from calculators import discover, run
from tests.ui.conftest import Reading, given, shown
from ui.calculator_result import figure
from ui.calculator_state import CalculatorState

PAGE = "ui/pages/calculators.py"
NAMES = sorted(discover())
NEGATIVE = {"affine_quant": ("bits", "-5")}
"""A field that refuses -5, where the first number of the form does not."""


def at(app: AppTest, **parameters: str) -> Reading:
    app.switch_page(PAGE)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, [item.message for item in app.exception]
    return Reading(shown(app))


def address(app: AppTest) -> dict[str, str]:
    return {name: given(app, name)[-1] for name in app.query_params}


def test_the_gallery_lists_every_calculator_by_question(app: AppTest) -> None:
    read = at(app)
    questions = ("Will it fit?", "How long, how much?", "How fast will it serve?", "How should I cut it?")
    places = [read.text.index(question) for question in questions]
    assert places == sorted(places)
    linked = {parse_qs(urlsplit(item).query)["name"][0] for item in read.addresses if "/calculators?" in item}
    assert linked == {*NAMES, "plan"} - {"planner"}
    for calculator in discover().values():
        assert calculator.title in read.text


@pytest.mark.parametrize("name", NAMES)
def test_a_calculator_opens_with_its_worked_example(app: AppTest, name: str) -> None:
    calculator = discover()[name]
    case = calculator.example
    read = at(app, name=name)
    estimate = run(name, case.inputs, case.output, CalculatorState.read({"name": name}).unit)
    assert figure(estimate.value) in read.text
    assert estimate.formula in read.text
    assert estimate.substitution in read.text
    assert app.latex[0].value.strip("$\n ") == estimate.latex
    for reference in calculator.references:
        assert reference.work in read.text
        assert not reference.url or reference.url in read.addresses
    for trap in calculator.traps:
        assert trap.outcome in read.text
    for words in estimate.assumptions:
        assert words in read.text


@pytest.mark.parametrize("name", NAMES)
def test_an_invalid_input_is_named_in_its_place(app: AppTest, name: str) -> None:
    at(app, name=name)
    boxes = [box for box in app.text_input if str(box.key).startswith(f"calc_{name}_a_")]
    field, text = NEGATIVE.get(name, (str(boxes[0].key).rpartition("_a_")[2], "-5"))
    if name in NEGATIVE:
        read = at(app, name=name, **{"x": "1, 2", "output": "q", field: text})
    else:
        boxes[0].set_value(text).run()
        read = Reading(shown(app))
    assert not app.exception
    assert f"{field}={text}" in read.text
    assert "al-bad" in shown(app)


@pytest.mark.parametrize("name", [*NAMES, "plan"])
def test_the_address_reopens_the_same_page(app: AppTest, name: str) -> None:
    at(app, name=name)
    box = next(box for box in app.text_input if str(box.key).startswith(f"calc_{name}_a_"))
    box.set_value(f" {box.value} ").run()
    first, state = shown(app), address(app)
    assert state["name"] == name
    again = AppTest.from_file(app._script_path, default_timeout=60)
    at(again, **state)
    assert shown(again) == first


def test_the_nearest_valid_value_is_a_button(app: AppTest) -> None:
    at(app, name="kv_cache", layers="80", kv_heads="8", head_dim="128", tp="3")
    assert "tp=3 and kv_heads=8 do not divide one another; use 2 or 4" in Reading(shown(app)).text
    app.button(key="calc_use_kv_cache_a_tp_4").click().run()
    assert address(app)["tp"] == "4"
    assert "do not divide" not in shown(app)


def test_a_doubt_stands_beneath_its_field(app: AppTest) -> None:
    at(app, name="kv_cache", layers="80", kv_heads="8", head_dim="128", tp="16")
    warned = [block.value for block in app.get("html") if "al-warn" in block.value]
    assert any("more ranks than kv_heads=8" in value for value in warned)
    assert "No answer" not in shown(app)


def test_missing_fields_are_asked_for_not_complained_of(app: AppTest) -> None:
    read = at(app, name="kv_cache", layers="80")
    assert "Fill in kv_heads, head_dim and the answer stands here." in read.text
    assert "al-bad" not in shown(app)
    for name in ("kv_heads", "head_dim"):
        app.text_input(key=f"calc_kv_cache_a_{name}").set_value("8").run()
    assert "Fill in" not in shown(app)


def test_numbers_may_be_typed_as_people_write_them(app: AppTest) -> None:
    read = at(app, name="train_memory", params="70B", dp="64", zero_stage="3", output="bytes_per_gpu", unit="GB")
    assert "17.5 GB" in read.text
    assert "16.298 GiB" in read.text


def test_output_and_unit_are_chosen(app: AppTest) -> None:
    at(app, name="kv_cache")
    app.selectbox(key="calc_output_kv_cache").set_value("bytes_per_token").run()
    app.selectbox(key="calc_unit_kv_cache_bytes_per_token").set_value("KiB").run()
    assert (address(app)["output"], address(app)["unit"]) == ("bytes_per_token", "KiB")
    read = Reading(shown(app))
    for words in ("320 KiB", "0.00032768 GB", "0.00030518 GiB"):
        assert words in read.text


def test_two_settings_are_compared(app: AppTest) -> None:
    at(app, name="kv_cache")
    app.toggle(key="calc_compare_kv_cache").set_value(True).run()
    app.text_input(key="calc_kv_cache_b_kv_heads").set_value("64").run()
    assert not app.exception
    read = Reading(shown(app))
    assert "B − A = +1,120 GiB" in read.text
    assert "B / A = 8" in read.text
    assert (address(app)["kv_heads"], address(app)["b.kv_heads"]) == ("8", "64")
    app.toggle(key="calc_compare_kv_cache").set_value(False).run()
    assert not any(name.startswith("b.") for name in address(app))


def test_a_sweep_is_plotted_and_kept_in_the_address(app: AppTest) -> None:
    at(app, name="kv_cache")
    app.selectbox(key="calc_sweep_kv_cache").set_value("tokens").run()
    assert address(app)["sweep"] == "tokens"
    assert len(app.get("arrow_vega_lite_chart") or app.get("vega_lite_chart")) == 1
    app.text_input(key="calc_sweep_to_kv_cache_tokens").set_value("1M").run()
    assert address(app)["to"] == "1M"
    assert not app.exception


@pytest.mark.parametrize("to", ["1e9999", "-1", "0", "abc", "1e15"])
def test_a_sweep_bears_any_end(app: AppTest, to: str) -> None:
    at(app, name="activation_memory", sweep="layers", to=to)
    at(app, name="kv_cache", sweep="tokens", to=to, **{"from": "1e9999"})


def test_a_model_and_an_accelerator_fill_the_form(app: AppTest) -> None:
    at(app, name="kv_cache")
    picker = app.selectbox(key="calc_pick_model_kv_cache_a")
    picker.set_value("deepseek-v3").run()
    state = address(app)
    assert (state["attn"], state["kv_lora"], state["layers"]) == ("mla", "512", "61")
    assert "kv_heads" not in state
    assert "2412.19437" in shown(app)
    app.selectbox(key="calc_pick_model_kv_cache_a").set_value("llama-2-7b").run()
    assert address(app)["kv_heads"] == "32"
    assert "kv_lora" not in address(app)


def test_the_simulator_draws_and_compares_schedules(app: AppTest) -> None:
    at(app, name="pipeline_simulator", schedule_b="dualpipe")
    html = shown(app)
    assert 'src="data:image/svg+xml;base64,' in html
    read = Reading(html)
    for words in ("ZB-H1, p = 4, m = 8", "DualPipe, p = 4, m = 8", "Bubble over the longest stage span", "Stage 4"):
        assert words in read.text
    app.selectbox(key="calc_schedule_b_pipeline_simulator").set_value("interleaved").run()
    assert "interleaved 1F1B, p = 4, m = 8, 2 chunks a stage" in Reading(shown(app)).text
    app.text_input(key="calc_act_pipeline_simulator").set_value("1.5 GiB").run()
    assert "6 GiB" in Reading(shown(app)).text


def test_a_schedule_that_cannot_be_drawn_says_why(app: AppTest) -> None:
    read = at(app, name="pipeline_simulator", schedule="1f1b", pp="3", microbatches="6", schedule_b="dualpipe")
    assert "DualPipe cannot be drawn: pp=3 is odd" in read.text


def test_the_planner_shows_ten_plans_and_near_misses(app: AppTest) -> None:
    read = at(app, name="plan")
    for words in ("MFU", "Memory of the fullest GPU", "Time of a step", "Near misses", "10"):
        assert words in read.text
    read = at(app, **address(app) | {"name": "plan", "gpus": "16", "batch": "64", **_gpt3()})
    assert "Nothing fits on 16 GPUs" in read.text
    assert "The best plan there" in read.text


def _gpt3() -> dict[str, str]:
    cluster = {"gpu_mem_bytes": "80 GiB", "peak_flops": "312T", "mem_bandwidth": "2TB/s"}
    links = {"intra_bandwidth": "300GB/s", "inter_bandwidth": "25GB/s"}
    return {"layers": "96", "hidden": "12288", "heads": "96", "ffn": "49152", "vocab": "51200", "glu": "false",
            "seq_len": "2048", **cluster, **links}  # fmt: skip


def test_what_is_copied_is_the_calculation(app: AppTest) -> None:
    read = at(app, name="kv_cache")
    copies = [value or "" for name, value in read.attributes if name == "data-copy"]
    found = json.loads(next(text for text in copies if text.startswith("{")))
    assert (found["value"], found["unit"], found["inputs"]["layers"]) == (160, "GiB", 80)
    script = next(text for text in copies if text.startswith("from calculators"))
    printed: list[object] = []
    exec(script, {"print": lambda *parts: printed.extend(parts)})
    assert printed == [160.0, "GiB"]
    assert any(text.startswith("**[KV cache](") for text in copies)
    assert any("/calculators?name=kv_cache&output=bytes" in text for text in copies)


def test_an_unknown_calculator_opens_the_gallery(app: AppTest) -> None:
    assert "Will it fit?" in at(app, name="no_such").text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "nan", "inf", "1e400", "9" * 400, "−3", "%", "1,2,3x"])
def test_hostile_numbers_are_refused_in_place(app: AppTest, text: str) -> None:
    read = at(app, name="kv_cache", layers=text, kv_heads="8", head_dim="128")
    assert "No answer while layers is not valid." in read.text
    assert "script" not in read.tags


def test_passages_of_the_library_stand_beside_the_formula(app: AppTest) -> None:
    read = at(app, name="pipeline_bubble")
    assert "In your library" in read.text
    assert any(item.startswith("/document?id=") for item in read.addresses)
