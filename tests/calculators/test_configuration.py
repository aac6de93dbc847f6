"""Configurations in text: what is read, where, in which unit; what is suggested; and that prose stays silent."""

import random
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.configurations import ALARM_BAR, EXACT_BAR, judge, read_sentences, run, summarise
from calculators import discover, missing
from calculators import run as calculate
from calculators._configuration import Configuration, recognise, recognise_passage, suggest
from calculators._configuration._numbers import plain, read_dtype
from calculators._configuration._routes import routes
from calculators._configuration._rules import rules, unit_of
from calculators._configuration._slots import SLOTS

SENTENCES = read_sentences()
NUMBERS = {
    name
    for rule in rules()
    for name, slot in rule.slots
    if slot in ("bytes", "rate", "flops", "flop", "time", "params")
}


def values(text: str) -> dict[str, Any]:
    """First value of everything that a text settles."""
    found: dict[str, Any] = {}
    for parameter in recognise(text).parameters:
        found.setdefault(parameter.name, parameter.value)
    return found


def test_the_labelled_set_is_large_and_mixed() -> None:
    negatives = [item for item in SENTENCES if not item.configures]
    assert len(SENTENCES) >= 120
    assert len(negatives) * 3 >= len(SENTENCES) - 2
    assert {item.language for item in SENTENCES} == {item.language for item in negatives} == {"en", "zh"}
    assert len({item.text for item in SENTENCES}) == len({item.name for item in SENTENCES}) == len(SENTENCES)
    assert {name for item in SENTENCES for name in item.calculators} >= set(discover()) - {
        "microbatch_size",
        "pipeline_simulator",
    }


def test_the_bars_hold() -> None:
    total = summarise("all", [judge(sentence) for sentence in SENTENCES])
    assert total["exact"] >= EXACT_BAR  # type: ignore[operator]
    assert total["false alarms"] <= ALARM_BAR  # type: ignore[operator]
    assert total["first suggestion"] >= EXACT_BAR  # type: ignore[operator]
    assert total["its inputs"] >= EXACT_BAR  # type: ignore[operator]


def test_a_wrong_reading_counts_as_wrong() -> None:
    sentence = next(item for item in SENTENCES if item.configures and item.parameters)
    assert judge(sentence).exact
    changed = {**(sentence.parameters or {}), "pp": 99}
    worse = judge(type(sentence)(**{**vars_of(sentence), "parameters": changed}))
    assert not worse.exact
    noisy = judge(type(sentence)(**{**vars_of(sentence), "parameters": None}))
    assert noisy.alarm
    assert not judge(type(sentence)(**{**vars_of(sentence), "calculators": ("affine_quant",)})).routed


def vars_of(sentence: Any) -> dict[str, Any]:
    """Fields of a sentence."""
    return {name: getattr(sentence, name) for name in sentence.__dataclass_fields__}


def test_the_benchmark_prints_both_languages_and_the_bars() -> None:
    tables = run(None)  # type: ignore[arg-type]
    assert [row["sentences"] for row in tables[0].rows] == ["English", "Chinese", "all"]  # type: ignore[union-attr]
    assert [row["met"] for row in tables[1].rows] == ["yes", "yes"]  # type: ignore[union-attr]


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda item: item.name)
def test_places_are_those_of_the_text(sentence: Any) -> None:
    for parameter in recognise(sentence.text).parameters:
        assert sentence.text[parameter.start : parameter.end] == parameter.text
        assert parameter.text.strip() == parameter.text != ""
        assert parameter.kind != "quantity" or isinstance(parameter.value, int | float)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512 MiB buffer all-reduce", {"bytes": 512 * 2**20, "op": "all_reduce"}),
        ("a 1.5 TB checkpoint", {"bytes": 1.5e12}),
        ("NVLink at 900 GB/s", {"bandwidth": 900e9}),
        ("a 400 Gb/s network", {"bandwidth": 50e9}),
        ("a 200 Gbps link", {"bandwidth": 25e9}),
        ("25 GiB/s of bandwidth", {"bandwidth": 25 * 2**30}),
        ("peak of 1.98 PFLOPS", {"peak_flops": 1.98e15}),
        ("a budget of 3.14×10^23 FLOPs", {"flops": 3.14e23}),
        ("latency of 5 μs", {"latency_s": 5e-6}),
        ("MTBF = 1.5 h", {"mtbf_s": 5400}),
        ("checkpoint every 30 minutes", {"interval_s": 1800}),
        ("1.8T parameters", {"params": 1.8e12}),
        ("1750 亿参数", {"params": 175e9}),
        ("1.4 万亿 token", {"tokens": 1.4e12}),
        ("sequence length 8k", {"seq_len": 8192}),
        ("sequence length 10k", {"seq_len": 10000}),
        ("context of 131,072 tokens", {"seq_len": 131072}),
        ("global batch size of 1,536", {"global_batch": 1536}),
        ("acceptance rate of 85%", {"alpha": 0.85}),
        ("接受率八成", {"alpha": 0.8}),
        ("2 万张 H100", {"gpus": 20000, "accelerator": "h100-sxm-80gb"}),
        ("十六张 A100", {"gpus": 16, "accelerator": "a100-sxm-80gb"}),
        ("thirty-two GPUs", {"gpus": 32}),
        ("ＴＰ＝８", {"tp": 8}),
        ("流水線並行 8，張量並行 4", {"pp": 8, "tp": 4}),
    ],
)
def test_units_and_numerals_become_base_units(text: str, expected: dict[str, Any]) -> None:
    assert values(text) == pytest.approx(expected) if not any(isinstance(v, str) for v in expected.values()) else True
    assert {name: value for name, value in values(text).items() if isinstance(value, str)} == {
        name: value for name, value in expected.items() if isinstance(value, str)
    }


@pytest.mark.parametrize(
    ("text", "width", "label"),
    [
        ("fp32", 4, "fp32"),
        ("TF32", 4, "tf32"),
        ("bfloat16", 2, "bf16"),
        ("half precision", 2, "fp16"),
        ("半精度", 2, "fp16"),
        ("FP8.", 1, "fp8"),
        ("int8", 1, "int8"),
        ("W4A16", 0.5, "int4"),
        ("NF4", 0.5, "fp4"),
        ("4-bit", 0.5, "int4"),
        ("3 比特", 0.375, "int3"),
    ],
)
def test_number_formats_have_a_width_and_a_name(text: str, width: float, label: str) -> None:
    found = recognise(text).first("dtype_bytes")
    assert found is not None
    assert (found.value, found.label, found.unit, found.kind) == (width, label, "B", "choice")
    assert read_dtype(found.text) == label
    assert not recognise(text), "a number format alone configures nothing"


@pytest.mark.parametrize(
    "text",
    [
        "GPT-3 was released in 2020",
        "Section 4.2",
        "8 pages",
        "Figure 8 stages of training",
        "the 8th GPU",
        "Table 4 GPUs",
        "第 8 层",
        "v2.1.0",
        "1:4 TPU v4",
        "see https://example.org/TP=8/PP=4?batch=16",
        "FP8 and ZeRO-3 and 1F1B on the A100",
        "It runs on a single GPU.",
        "",
        "   \n",
    ],
)
def test_marks_that_are_no_amounts_stay_silent(text: str) -> None:
    assert not recognise(text)
    assert suggest(text) == []


def test_what_is_said_twice_is_said_once_and_comparisons_keep_both() -> None:
    text = "TP=4 or TP=8? With TP=4 and PP=2 first."
    assert [item.value for item in recognise(text).all("tp")] == [4, 8]
    notes = suggest("KV cache of Llama-3-70B with batch size 8 vs batch size 16 at 4k")[0].notes
    assert any("batch: the first of several" in note and "16" in note for note in notes)


def test_a_passage_is_read_sentence_by_sentence() -> None:
    text = "Bubbles waste time. With PP=8 and 32 micro-batches it is 22%.\n我们用 16 张 A100。没有别的。"
    first, second = recognise_passage(text)
    assert [text[item.start : item.end] for item in first.parameters] == ["PP=8", "32 micro-batches"]
    assert [item.value for item in second.parameters] == [16, "a100-sxm-80gb"]
    assert recognise_passage("Nothing is configured here. Nor here.") == ()


def test_a_configuration_answers_by_name() -> None:
    found = recognise("PP=8, 32 micro-batches, fp16")
    assert found.number("pp") == 8
    assert found.number("tp", "pp") == 8
    assert found.number("tp") is None
    assert found.first("tp") is None
    assert found.number("schedule") is None
    assert not Configuration()


def test_suggestions_are_in_order_and_run() -> None:
    found = suggest("KV cache of Llama-3-70B at 32k, batch 16, fp8")
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    best = found[0]
    assert (best.calculator, best.output, best.missing) == ("kv_cache", "bytes", ())
    assert calculate(best.calculator, best.inputs, best.output, "GB").value == pytest.approx(85.9, abs=0.01)
    text = "KV cache of Llama-3-70B at 32k, batch 16, fp8"
    assert {field: text[start:end] for field, (start, end) in best.places.items()} == {
        "tokens": "at 32k",
        "batch": "batch 16",
        "dtype_bytes": "fp8",
    }


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda item: item.name)
def test_every_suggestion_can_be_asked_for_and_computed(sentence: Any) -> None:
    for item in suggest(sentence.text):
        calculator = discover()[item.calculator]
        assert calculator.output(item.output) is not None
        assert set(item.inputs) <= set(calculator.inputs.model_fields)
        if item.problem:
            assert "does not fit" in item.problem, item
            continue
        needed = missing(item.calculator, item.inputs, item.output)
        assert set(needed) <= set(item.missing)
        if not needed and item.calculator != "planner":
            calculate(item.calculator, item.inputs, item.output)


@pytest.mark.parametrize(
    ("text", "calculator", "output"),
    [
        ("bubble as a share of total time, PP=8, 32 microbatches", "pipeline_bubble", "fraction_of_total"),
        ("PP=8, m=32: 气泡率", "pipeline_bubble", "overhead"),
        ("bits per weight, int4 with group size 64", "quant_size", "bpw"),
        ("size of a 13B model in int4 with group size 64", "quant_size", "bytes"),
        ("KV cache per token of Llama-3-8B", "kv_cache", "bytes_per_token"),
        ("prefill time of 2048 tokens for 7B on an A100", "inference_roofline", "compute"),
        ("throughput in tokens/s of a 7B fp16 model on an A100 at batch 8", "inference_roofline", "throughput"),
        ("expected tokens per step with draft length 4 and acceptance 0.8", "spec_decode", "tokens"),
        ("419 failures in 54 days: MTBF?", "goodput", "mtbf_h"),
        ("carbon of 1,000 GPU-hours at 400 W and 0.4 kg/kWh", "cost_energy", "tco2e"),
        ("how many active parameters does Mixtral 8x7B have?", "param_count", "active"),
        ("how many tokens should one train on with 1e23 FLOPs, compute-optimal?", "compute_optimal", "tokens_opt"),
        ("busbw of a 1 GB all-reduce over 8 ranks that took 5 ms", "collective_cost", "busbw"),
    ],
)
def test_the_output_is_the_one_meant(text: str, calculator: str, output: str) -> None:
    first = suggest(text)[0]
    assert (first.calculator, first.output) == (calculator, output)


def test_what_is_missing_is_asked_for_never_assumed() -> None:
    assert suggest("1024 张 A100 训练 175B 300B tokens 要多少天")[0].missing == ("mfu",)
    assert suggest("TP=8 PP=4 DP=16 ZeRO-1")[0].missing == ("params",)
    assert suggest("group size 128 int4")[0].missing == ("scale_bits",)
    cache = next(item for item in suggest("70B, fp16, 32k context") if item.calculator == "kv_cache")
    assert set(cache.missing) == {"layers", "kv_heads", "head_dim"}


def test_readings_that_could_be_disputed_leave_a_note() -> None:
    first = suggest("KV cache of Mistral 7B at 32k")[0]
    assert any("32k read as 32,768 tokens" in note for note in first.notes)
    assert any("window of 4,096" in note and "12.5%" in note for note in first.notes)
    training = suggest("How many days for 7B and 1T tokens on 64 H100 at 40% MFU?")[0]
    assert any("H100 SXM 80GB, dense bf16 peak 989 TFLOP/s" in note for note in training.notes)
    bubble = suggest("bubble with 8 stages and 32 microbatches")[0]
    assert (bubble.inputs["schedule"], any("1F1B and GPipe" in note for note in bubble.notes)) == ("1f1b", True)
    states = suggest("Memory to train 7B with ZeRO-3 on 2 nodes of 8 GPUs")[0]
    assert (states.inputs["dp"], any("2 nodes of 8 are 16" in note for note in states.notes)) == (16, True)


def test_a_size_in_the_text_stands_above_the_model_named() -> None:
    first = suggest("Memory to train a GPT-3 with 13B parameters on 8 GPUs with ZeRO-3")[0]
    assert first.inputs["params"] == 13e9
    moe = suggest("memory to train Mixtral 8x7B with ZeRO-3 on 64 GPUs")[0]
    assert moe.inputs["expert_params"] == 32 * 8 * 3 * 4096 * 14336


def test_what_the_calculator_refuses_is_told() -> None:
    first = suggest("interleaved 1F1B with 4 stages, 6 microbatches and 2 chunks per device: bubble?")[0]
    assert "6" in first.problem
    assert first.missing == ()


def test_questions_about_the_matter_are_not_sums() -> None:
    for text in ("What is the KV cache?", "Why does Llama-3-70B use GQA?", "How does DeepSeek-V3 balance experts?"):
        assert suggest(text) == []


def test_the_same_text_gives_the_same_answer() -> None:
    texts = [sentence.text for sentence in SENTENCES[:40]]
    before = {text: suggest(text) for text in texts}
    random.Random(7).shuffle(texts)
    assert {text: suggest(text) for text in texts} == before
    text = texts[0]
    assert suggest(text, recognise(text)) == before[text]


def test_rules_and_routes_speak_of_what_exists() -> None:
    known = {name for rule in rules() for name, _ in rule.slots} | {name for rule in rules() for name in rule.settles}
    assert {slot for rule in rules() for _, slot in rule.slots} == set(SLOTS)
    for route in routes():
        calculator = discover()[route.calculator]
        fields = set(calculator.inputs.model_fields)
        assert set(route.fields) <= fields, route.calculator
        assert {choice.output for choice in route.outputs} <= {output.name for output in calculator.outputs}
        assert route.quantities <= known, route.calculator
        assert set().union(*route.configured) <= known | {"model", "accelerator"}
    assert {route.calculator for route in routes()} == set(discover()) - {"microbatch_size"}
    assert {name for name in NUMBERS if not unit_of(name)} == set()


def test_folding_keeps_every_offset() -> None:
    text = "ＴＰ＝８，顯存 80G、層數 96　µs “引号”"
    assert len(plain(text)) == len(text)
    assert plain(text).startswith("TP=8;显存 80G;层数 96 μs")


WORDS = st.sampled_from(
    "TP PP = : 8 32 1e999 10^999 70B 300B tokens micro-batches batch size 32k context KV cache fp8 int4 g128 A100 80G "
    "Llama-3-70B GPT-3 × x * 张 卡 流水线 微批 个 为 训练 多少 天 % 0.8 GB/s Gb/s TFLOPS ms ( ) , ; 。 $2 / GPU-hour "
    "from -1.2 to 3.4 十六 万 亿 the of is \ue000 \ue001 \x00 ９ 一 MFU 40%".split()
)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=14), st.sampled_from([" ", "", "，", "\n"]))
def test_any_text_is_read_without_error(words: list[str], between: str) -> None:
    text = between.join(words)
    configuration = recognise(text)
    for parameter in configuration.parameters:
        assert text[parameter.start : parameter.end] == parameter.text
    for item in suggest(text, configuration):
        assert 0 <= item.score <= 1
        assert not re.search(r"Traceback|validation error", item.problem)
    recognise_passage(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_arbitrary_letters_are_read_without_error(text: str) -> None:
    for item in suggest(text):
        assert item.calculator in discover()


@pytest.mark.parametrize("piece", ["1", "1,000,", "8 ", "7B ", "batch ", "\ue000", "((", "每", "1 x 10^", "a"])
def test_long_texts_take_no_longer_than_their_length(piece: str) -> None:
    start = time.process_time()
    recognise(piece * (40_000 // len(piece)))
    assert time.process_time() - start < 20
