"""How the router reads numbers that are taken back, negated, shared or without a name of their own."""

from typing import Any

import pytest

from chat.router import CalculatorRequest, route
from chat.router._items import read_row
from chat.router._withdrawn import is_negated


def one(question: str, *earlier: str) -> CalculatorRequest:
    (request,) = route(question, [{"role": "user", "content": text} for text in earlier]).requests
    return request


def read(question: str, *names: str) -> list[Any]:
    inputs = one(question).inputs
    return [inputs.get(name) for name in names]


@pytest.mark.parametrize(
    "question",
    [
        "states of a 30B, no wait 13B model with Adam",
        "states of a 30B model with Adam. Sorry, I meant a 13B model",
        "13B 模型用 Adam 的模型状态，不是 30B",
        "模型状态：30B，不对，应该是 13B，用 Adam",
    ],
)
def test_a_value_that_is_taken_back_gives_way_to_the_new_one(question: str) -> None:
    assert read(question, "params") == [13e9]


def test_the_value_with_the_same_noun_is_the_one_corrected() -> None:
    assert read("bubble of 8 stages and 64 microbatches, sorry, 16 stages", "pp", "microbatches") == [16, 64]


def test_no_between_two_values_corrects_nothing() -> None:
    assert read("bubble for 8 stages, no interleaving, 64 microbatches", "pp", "microbatches") == [8, 64]


@pytest.mark.parametrize(
    ("question", "field", "value"),
    [
        ("7B adam on 8 GPUs, not using ZeRO: memory per GPU", "zero_stage", 0),
        ("7B adam 训练，8 卡，没有使用 ZeRO，每卡显存", "zero_stage", 0),
        ("activations: s=2048 b=1 h=4096 a=32 L=32 t=4, sequence parallelism is off", "sequence_parallel", False),
        ("激活 s=2048 b=1 h=4096 a=32 L=32 t=4，未启用序列并行", "sequence_parallel", False),
    ],
)
def test_a_choice_that_is_negated_is_not_made(question: str, field: str, value: object) -> None:
    assert one(question).inputs[field] == value


def test_negation_reaches_its_own_name_only() -> None:
    text = "no bias, sequence parallelism on"
    assert is_negated(text, 3, 7)
    assert not is_negated(text, 9, 29)


@pytest.mark.parametrize(
    ("question", "times"),
    [
        ("best micro-batch: sizes 1,2,4 take 9, 15, 28 ms, pp 8, 64 per replica", {"1": 9, "2": 15, "4": 28}),
        ("14 ms for micro-batch size 1, 25 ms for 2 and 48 ms for 4; best with 8 stages", {"1": 14, "2": 25, "4": 48}),
        ("微批大小 1/2/4 分别要 5、9、17 毫秒，8 级流水线，选哪个微批", {"1": 5, "2": 9, "4": 17}),
    ],
)
def test_a_unit_that_only_the_last_number_bears_holds_for_its_row(question: str, times: dict[str, float]) -> None:
    assert one(question).inputs["t_fwd_bwd_ms"] == times


@pytest.mark.parametrize(
    ("question", "ranks"),
    [
        ("7B zero 3 on 8x24GB, memory per GPU", 8),
        ("7B zero 3 on 2x8 GPUs, memory per GPU", 16),
        ("7B zero 3，2 机 16 卡，每卡显存", 16),
        ("7B zero 3，2 机 8 卡，每卡显存", 16),
        ("7B ZERO 3 ON 8XA100, MEMORY PER GPU", 8),
        ("千卡集群（1024 张卡）训练 7B，ZeRO-3，每卡显存", 1024),
    ],
)
def test_devices_are_counted_however_they_are_written(question: str, ranks: int) -> None:
    assert one(question).inputs["dp"] == ranks


def test_one_value_holds_for_all_the_letters_before_it() -> None:
    assert read("ZB-H1 bubble p=8 m=24 F=B=W=2", "t_f", "t_b", "t_w") == [2, 2, 2]
    assert read("F、B、W 都是 3，ZB-H1，p=8，m=24，气泡", "t_f", "t_b", "t_w") == [3, 3, 3]


def test_what_is_said_stands_above_a_registry() -> None:
    assert read("energy of 500k A100 hours at 300 W, PUE 1.2", "watts", "pue") == [300, 1.2]


def test_a_number_without_a_name_is_read_by_the_words_beside_it() -> None:
    request = one("KV per token: 61 layers, MLA with a low compression of 192, rope 64")
    assert request.inputs["kv_lora"] == 192
    assert any("by the words beside it" in note for note in request.notes)


def test_a_sign_is_never_dropped() -> None:
    assert read("int8 affine quantization scale for the range -4 to 12", "min", "max") == [-4, 12]


def test_numbers_that_mean_nothing_are_left_alone() -> None:
    question = "In room 12 on 14 June we agreed on 8 stages and 32 microbatches; bubble?"
    assert read(question, "pp", "microbatches") == [8, 32]
    assert not any(item.text.startswith("14") for item in read_row(question).named("amount"))


def test_a_bare_number_keeps_the_unit_of_the_one_that_it_replaces() -> None:
    request = one("what about 180?", "MFU for 150 TFLOP/s on A100")
    assert request.inputs["achieved_flops"] == 180e12
    assert one("and at 32k?", "kv cache of Llama-3-8B at 8k, batch 4").inputs["tokens"] == 32_768


@pytest.mark.parametrize(
    "question",
    [
        "has anyone tried 8x3090 rigs for 7B models?",
        "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79.15 GiB total capacity)",
        "does Llama 3.1 405B use GQA with 8 KV heads?",
        "what are the main causes of the 419 interruptions?",
        "what is Chinchilla's 20 tokens per parameter rule",
    ],
)
def test_questions_with_numbers_may_be_for_the_library(question: str) -> None:
    assert route(question).kind == "library"


@pytest.mark.parametrize("question", ["How much KV cache does Llama-2-13B need?", "Llama-2-13B 的 KV cache 有多大"])
def test_a_cache_of_no_stated_length_is_that_of_a_token(question: str) -> None:
    request = one(question)
    assert request.output == "bytes_per_token"
    assert "tokens" not in request.inputs


def test_the_length_of_an_earlier_question_still_holds() -> None:
    request = one("And for Llama-2-70B?", "KV cache of Llama-2-13B for 4096 tokens")
    assert (request.output, request.inputs["tokens"]) == ("bytes", 4096)


def test_a_number_of_many_digits_is_read_whole() -> None:
    assert read("KV cache for 100000000000000000000 tokens of Llama-3-70B", "tokens") == [1e20]


def test_the_value_of_a_ratio_is_of_neither_letter() -> None:
    request = one("bubble for 8 stages, m/p = 4")
    assert request.inputs.get("microbatches") is None
    assert [item.name for item in request.missing] == ["microbatches"]


@pytest.mark.parametrize(
    "earlier", ["MFU of a 13B model on 64 A100s?", "KV cache of Llama-3-70B at 8k tokens", "8 stages, 64 microbatches?"]
)
@pytest.mark.parametrize("question", ["What is ZeRO?", "什么是张量并行？", "What is 1F1B?", "ZeRO-3 呢？"])
def test_a_question_that_changes_nothing_of_a_sum_does_not_repeat_it(earlier: str, question: str) -> None:
    assert route(question, [{"role": "user", "content": earlier}]).kind == "library"


def test_what_was_asked_for_completes_the_sum() -> None:
    request = one("1500 tokens/s", "MFU of a 13B model on 64 A100s?")
    assert request.inputs["tokens_per_s"] == 1500
    assert request.missing == ()


@pytest.mark.parametrize(
    ("question", "inputs"),
    [
        ("activations: 40 layers 5120h 40 heads seq 4k mbs 2 tp2", {"layers": 40, "hidden": 5120, "heads": 40}),
        ("zb-h1 bubble 16 stages 64 mb f=1 b=1.1 w=0.9", {"microbatches": 64, "t_f": 1, "t_b": 1.1, "t_w": 0.9}),
        ("speculative decoding speedup with alpha 0.8, gamma 4 and c 0.02", {"alpha": 0.8, "gamma": 4, "c": 0.02}),
        ("nf4 double quant block 64 bits per param", {"bits": 4, "group_size": 64, "double_quant": True}),
        ("54 天里故障 419 次，平均故障间隔多少小时？", {"hours": 1296, "failures": 419}),
        (
            "The MTBF of our job is 5 hours, a checkpoint takes 75 s, how often to save?",
            {"mtbf_s": 18000, "ckpt_s": 75},
        ),
    ],
)
def test_a_number_goes_to_the_input_that_its_surroundings_name(question: str, inputs: dict[str, Any]) -> None:
    assert {name: one(question).inputs.get(name) for name in inputs} == inputs


def test_a_list_keeps_its_values_where_another_number_follows_it() -> None:
    found = route("bubble pp 4 vs 8, 64 microbatches").requests
    assert [request.inputs["pp"] for request in found] == [4, 8]
    assert all(request.inputs["microbatches"] == 64 and "interleave" not in request.inputs for request in found)


def test_a_year_is_no_throughput() -> None:
    assert route("vllm vs tgi throughput 2024").kind == "library"


def test_memory_to_run_a_model_at_a_length_is_weights_and_cache() -> None:
    weights, cache = route("llama3 8b q4 8k ctx how much vram").requests
    assert weights.calculator == "quant_size"
    assert weights.inputs["bits_per_weight"] == 4
    assert (cache.calculator, cache.inputs["tokens"], cache.inputs["layers"]) == ("kv_cache", 8192, 32)
    assert "dtype_bytes" not in cache.inputs  # q4 says how the weights are kept
    assert not any(note.startswith("not used") for request in (weights, cache) for note in request.notes)


def test_a_number_that_nothing_takes_is_named() -> None:
    assert "not used: 17" in one("bubble for 8 stages and 64 microbatches, 17 chairs").notes
    assert not any(note.startswith("not used") for note in one("bubble for 8 stages and 64 microbatches").notes)


@pytest.mark.parametrize(
    ("question", "calculator", "inputs"),
    [
        ("bubble zb-h1 pp 8 mb 24", "pipeline_bubble", {"pp": 8, "microbatches": 24}),
        ("sd a=.85 g=3 c=.05", "spec_decode", {"alpha": 0.85, "gamma": 3, "c": 0.05}),
        ("activations: 32L 4096h 32a s2048 b1", "activation_memory", {"hidden": 4096, "heads": 32, "seq_len": 2048}),
        ("ring allreduce 1MB 256 gpus 50GB/s 8us", "collective_cost", {"bandwidth": 50e9, "alpha_s": 8e-6}),
        ("tp allreduce 64MB x8 nvlink 450GB/s", "collective_cost", {"op": "all_reduce", "bytes": 64e6, "ranks": 8}),
        ("电费 256卡*30天*700w pue1.3", "cost_energy", {"gpus": 256, "hours": 720, "watts": 700, "pue": 1.3}),
        (
            "llama3 70b int4 单卡48g 8k 能几路并发",
            "serving_capacity",
            {"total_mem_bytes": 48e9, "tokens_per_request": 8192},
        ),
        ("7b 4bit 128g bpw", "quant_size", {"group_size": 128}),
        ("lamma-2 70b kv cahce 4096 tokns batch 32", "kv_cache", {"layers": 80, "tokens": 4096, "batch": 32}),
        (
            "int4, one fp16 scale for every 32 weights: bpw?",
            "quant_size",
            {"bits": 4, "group_size": 32, "scale_bits": 16},
        ),
        (
            "每千节点每天故障 5 次，2000 张卡，平均多久坏一次",
            "goodput",
            {"failures_per_1000_node_days": 5, "gpus": 2000},
        ),
    ],
)
def test_hasty_spellings_are_read(question: str, calculator: str, inputs: dict[str, Any]) -> None:
    request = one(question)
    assert request.calculator == calculator
    assert {name: request.inputs.get(name) for name in inputs} == inputs


def test_times_before_their_sizes_are_paired() -> None:
    text = "best micro-batch, pp 4, 256 per replica: step times of 11, 19, 36 and 71 ms for micro-batches of 1, 2, 4, 8"
    assert one(text).inputs["t_fwd_bwd_ms"] == {"1": 11, "2": 19, "4": 36, "8": 71}


def test_a_schedule_or_a_unit_alone_goes_on_from_the_question_before() -> None:
    assert one("zb-h2?", "bubble zb-h1 pp 8 mb 24").inputs["schedule"] == "zb_h2"
    assert one("in GiB?", "kv cache llama3-8b 8k ctx").unit == "GiB"


def test_a_number_of_kinds_is_no_configuration() -> None:
    assert route("ZeRO 的三个阶段分别切分什么？").kind == "library"


@pytest.mark.parametrize(
    ("question", "inputs"),
    [
        (
            "bubble time zb-h1, 8 stages, 40 microbatches, forward, backward and weight passes 4 ms, 5 ms and 3 ms",
            {"pp": 8, "microbatches": 40, "t_f": 4, "t_b": 5, "t_w": 3},
        ),
        ("act s4096 b2 h5120 a40 L40 t4 sp selective", {"layers": 40, "heads": 40, "tp": 4, "hidden": 5120}),
        ("spec dec alpha .9 k 8 speedup c=0", {"alpha": 0.9, "gamma": 8, "c": 0}),
        ("chinchilla loss 70B/1.4T", {"params": 70e9, "tokens": 1.4e12}),
        ("ckpt 1T 14B/param 100GB/s", {"params": 1e12, "bytes_per_param": 14}),
        ("how many tokens of KV fit in 12 GiB at 160 KiB per token", {"kv_mem_bytes": 12 * 2**30}),
        ("Quantise the values 0.1, -0.7, 2.0 and 1.3 to 8 bits", {"x": [0.1, -0.7, 2, 1.3], "bits": 8}),
    ],
)
def test_rows_of_names_letters_and_numbers_are_read_in_step(question: str, inputs: dict[str, Any]) -> None:
    assert {name: one(question).inputs.get(name) for name in inputs} == inputs


def test_a_letter_may_have_a_list_of_values() -> None:
    assert [request.inputs["microbatches"] for request in route("p=4 m=4,8,16,32 bubble").requests] == [4, 8, 16, 32]
    (request,) = route("bubble of p=8, m=32 and 4 virtual stages per device").requests
    assert request.inputs["interleave"] == 4


def test_places_of_an_earlier_question_hide_none_of_this_one() -> None:
    request = one("400 tflops instead", "70B 15T tokens 2048 h100s 350 tflops each, days?")
    assert request.inputs["flops_per_gpu"] == 400e12


@pytest.mark.parametrize(
    ("question", "calculator", "inputs"),
    [
        ("1T model 3072 a100 163tf 450b tok days", "training_time", {"flops_per_gpu": 163e12, "gpus": 3072}),
        ("tok/s/gpu 1100, 70b, h100, mfu?", "utilization", {"tokens_per_s": 1100, "params": 70e9}),
        ("chinchilla 7b tokens?", "compute_optimal", {"params": 7e9}),
        ("c=3e24 最优n", "compute_optimal", {"flops": 3e24}),
        ("kv: 32 layers 8 kvh hd128 16k ctx x 32 seqs", "kv_cache", {"layers": 32, "kv_heads": 8, "head_dim": 128}),
        ("how many tokens of KV fit in 10 GB at 64 KiB each", "serving_capacity", {"kv_bytes_per_token": 65536}),
        ("gpu hrs 512 gpus 3wks", "cost_energy", {"gpus": 512, "hours": 504}),
    ],
)
def test_names_of_units_are_read_as_people_shorten_them(question: str, calculator: str, inputs: dict[str, Any]) -> None:
    request = one(question)
    assert request.calculator == calculator
    assert {name: request.inputs.get(name) for name in inputs} == inputs


def test_a_new_head_count_keeps_the_shape_of_the_question_before() -> None:
    request = one("w/ gqa 8 kv heads", "kv cache 40 layers 40 kv heads hd 128 4k tokens")
    assert [request.inputs[name] for name in ("layers", "kv_heads", "head_dim")] == [40, 8, 128]


@pytest.mark.parametrize(
    "question", ["What are typical acceptance rates for EAGLE-2 on 70B models?", "What is a good MFU for a 7B on A100?"]
)
def test_what_is_usual_is_asked_of_the_library(question: str) -> None:
    assert route(question).kind == "library"


@pytest.mark.parametrize(
    "question",
    [
        "Pipeline bubble ratio, PP 4, micro-batches 20, GPipe schedule",
        "what is the Chinchilla-optimal model for a budget of 10^23 FLOP",
        "3-bit groups of 128 with fp16 scale, bits per weight",
        "quantise values ranging from -4 to 4 to 8 bits: scale",
        "KV 显存 12GB，每 token 256KB，可缓存多少 token",
    ],
)
@pytest.mark.parametrize("idle", [", 67 degrees outside", " - ref 47", ", 43 apples"])
def test_a_number_of_nothing_fills_no_input_and_is_named(question: str, idle: str) -> None:
    before, after = one(question), one(question + idle)
    assert after.inputs == before.inputs
    assert any(note.startswith("not used") for note in after.notes)


@pytest.mark.parametrize(
    ("question", "calculator", "inputs"),
    [
        ("ag 512MB 16 gpus 100GB/s", "collective_cost", {"op": "all_gather", "ranks": 16}),
        ("pp16 mb128 vpp4 bubble", "pipeline_bubble", {"pp": 16, "microbatches": 128, "interleave": 4}),
        ("cost of 64 h100 for 2 wks at 2.3$/h", "cost_energy", {"gpus": 64, "hours": 336, "usd_per_gpu_hour": 2.3}),
        ("speculative decoding speedup, gamma of 7, alpha of 0.85 and c of 0.03", "spec_decode", {"c": 0.03}),
    ],
)
def test_abbreviations_of_operations_and_prices_are_read(
    question: str, calculator: str, inputs: dict[str, Any]
) -> None:
    request = one(question)
    assert request.calculator == calculator
    assert {name: request.inputs.get(name) for name in inputs} == inputs


def test_from_one_count_to_another_compares_both() -> None:
    found = route("How does the bubble change if I go from 16 to 64 microbatches with 8 stages?").requests
    assert [request.inputs["microbatches"] for request in found] == [16, 64]
