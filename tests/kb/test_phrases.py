"""The phrase matcher: spelling differences, overlaps, borders."""

import pytest

from kb._phrases import PhraseIndex, compact, phrase_key, singular


def index(*phrases: str) -> PhraseIndex[str]:
    made: PhraseIndex[str] = PhraseIndex()
    for phrase in phrases:
        made.add(phrase, phrase)
    return made


def found(made: PhraseIndex[str], text: str) -> list[str]:
    return [value for match in made.scan(compact(text)) for value in match.values]


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("batches", "batch"), ("caches", "cache"), ("losses", "loss"), ("gpus", "gpu"), ("matrices", "matrix"),
        ("queries", "query"), ("bias", "bias"), ("biases", "bias"), ("analysis", "analysis"), ("news", "news"),
        ("quantised", "quantized"), ("colours", "color"), ("status", "status"),
    ],
)  # fmt: skip
def test_plural_and_spelling(word: str, key: str) -> None:
    assert singular(word) == key


@pytest.mark.parametrize("text", ["all-reduce", "All Reduce", "allreduce", "ALL-REDUCES"])
def test_hyphens_blanks_case_and_number_do_not_matter(text: str) -> None:
    assert found(index("all-reduce"), f"a ring {text} here") == ["all-reduce"]
    assert phrase_key(text) == "allreduce"


def test_inflected_verbs_meet_their_base_form() -> None:
    assert found(index("prune", "shard"), "pruning and sharded") == ["prune", "shard"]


def test_longest_english_phrase_wins() -> None:
    made = index("pipeline", "pipeline parallelism", "parallelism")
    assert found(made, "Pipeline parallelism, a pipeline") == ["pipeline parallelism", "pipeline"]


@pytest.mark.parametrize(
    "text",
    ["large, language model", "large (language model)", "It is large. Language model", "large 语言 language model"],
)
def test_a_phrase_does_not_cross_a_border(text: str) -> None:
    assert found(index("large language model"), text) == []


def test_chinese_overlaps_are_parted_so_that_most_is_covered() -> None:
    assert found(index("可用性", "可用", "性能"), "可用性能") == ["可用", "性能"]
    assert found(index("显存", "显存不足", "不足"), "显存不足时") == ["显存不足"]


def test_a_single_character_yields_to_longer_phrases() -> None:
    assert found(index("层", "网络层", "层次"), "网络层次") != ["层"]
    assert found(index("层"), "每层") == ["层"]


def test_traditional_characters_and_width_are_folded() -> None:
    assert found(index("流水线并行"), "流水線並行") == ["流水线并行"]
    assert found(index("KV缓存"), "ＫＶ 緩存") == ["KV缓存"]


def test_letters_beside_a_mixed_phrase_keep_it_whole() -> None:
    assert found(index("KV缓存"), "MKV缓存") == []
    assert found(index("点4B"), "点4Bits") == []


def test_english_inside_a_chinese_phrase_is_not_found_twice() -> None:
    assert found(index("KV缓存", "KV"), "KV缓存与KV") == ["KV缓存", "KV"]


def test_a_phrase_may_have_several_values_and_be_forgotten() -> None:
    made: PhraseIndex[int] = PhraseIndex()
    made.add("DP", 1)
    made.add("dp", 2)
    assert made.get("Dp") == (1, 2)
    made.discard("dp")
    assert made.get("DP") == ()
    assert made.scan("dp") == []


@pytest.mark.parametrize("nothing", ["", " ", "—", "!?"])
def test_a_phrase_of_nothing_is_ignored(nothing: str) -> None:
    made = index(nothing)
    assert made.scan(compact("anything 任何")) == []


def test_function_words_do_not_grow_together() -> None:
    index: PhraseIndex[str] = PhraseIndex()
    for phrase in ("ISA", "ASIC", "input", "checkpoint", "all-to-all", "alltoall", "state of the art"):
        index.add(phrase, phrase)
    for text in ("what is a baseline", "as ic makers say", "put it in put"):
        assert index.scan(compact(text)) == []
    for text in ("isa", "check point", "all to all", "all-to-all", "alltoall", "the state of the art"):
        assert len(index.scan(compact(text))) == 1
