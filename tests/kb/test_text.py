"""kb.text: the one tokeniser, normal forms, languages and sentences."""

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text import (
    is_term_like,
    language_of,
    normalise,
    normalise_with_map,
    query_terms,
    scrub,
    sentences,
    simplify,
    stem,
    tokens,
)


def test_traditional_and_simplified_give_the_same_tokens() -> None:
    assert tokens("流水線並行的氣泡") == tokens("流水线并行的气泡")


def test_every_cjk_character_starts_a_token() -> None:
    assert tokens("显存带宽") == ["显存", "存带", "带宽", "宽"]


@pytest.mark.parametrize(
    ("text", "whole", "parts"),
    [
        ("PTD-P", "ptd-p", {"ptd", "ptdp"}),
        ("gpt-3", "gpt-3", {"gpt", "gpt3"}),
        ("Xid74", "xid74", {"xid", "74"}),
        ("overflow_fix", "overflow_fix", {"overflow", "fix"}),
        ("1F1B", "1f1b", set()),
        ("PagedAttention", "pagedattention", {"page", "attent"}),
    ],
)
def test_identifiers_stay_whole_and_match_their_parts(text: str, whole: str, parts: set[str]) -> None:
    found = tokens(text)
    assert found[0] == whole
    assert parts <= set(found)


def test_inflected_words_share_a_stem_and_acronyms_lose_their_plural() -> None:
    assert tokens("pipelines")[0] == tokens("pipeline")[0]
    assert tokens("GPUs") == tokens("GPU")
    assert tokens("H100's") == tokens("H100")


def test_numbers_lose_thousands_separators_but_keep_decimals() -> None:
    assert tokens("1,024 ranks at 3.5x")[0] == "1024"
    assert "3.5x" in tokens("3.5x")


def test_a_question_leaves_stop_words_out_unless_nothing_else_is_there() -> None:
    assert query_terms("what is the bubble") == [["bubbl"]]
    assert query_terms("what is it") == [["what"], ["is"], ["it"]]
    assert ["什么"] not in query_terms("什么是气泡")
    assert ["气泡"] in query_terms("什么是气泡")


def test_a_single_character_becomes_a_prefix() -> None:
    assert query_terms("芯") == [["芯*"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Paged attention stores keys in blocks.", "en"),
        ("分页注意力把键和值存放在块中。", "zh"),
        ("数据并行 data parallel, 张量并行 tensor parallel, pipeline", "mixed"),
        ("これは日本語の文章です", "other"),
        ("", "en"),
    ],
)
def test_language(text: str, expected: str) -> None:
    assert language_of(text) == expected


def test_term_like_queries() -> None:
    assert is_term_like("PTD-P")
    assert is_term_like("梯度爆炸")
    assert not is_term_like("how are gradients reduced across nodes")
    assert not is_term_like("为什么要做梯度累积？")


def test_sentences_keep_abbreviations_and_decimals_together() -> None:
    text = "Smith et al. trained it. It is 3.5 x faster, e.g. on A100. 这很快。真的吗？是"
    assert [text[a:b] for a, b in sentences(text)] == [
        "Smith et al. trained it.",
        "It is 3.5 x faster, e.g. on A100.",
        "这很快。",
        "真的吗？",
        "是",
    ]


def test_full_width_forms_and_case_fold_for_matching() -> None:
    assert normalise("ＫＶ　Ｃａｃｈｅ") == "kv cache"


def test_scrub_removes_what_no_store_can_hold() -> None:
    assert scrub("a\0b\ud800c") == "abc"


@given(st.text(max_size=200))
def test_tokens_never_fail_and_hold_no_blanks(text: str) -> None:
    assert all(token and " " not in token for token in tokens(text))


@given(st.text(max_size=200))
def test_the_map_of_a_normal_form_points_into_the_text(text: str) -> None:
    form, where = normalise_with_map(text)
    assert len(form) == len(where)
    assert all(0 <= at < len(text) for at in where)
    assert where == sorted(where)


@given(st.text(max_size=200))
def test_simplifying_keeps_the_length(text: str) -> None:
    assert len(simplify(text)) == len(text)


@given(st.text(max_size=300))
def test_sentences_are_ordered_and_cover_all_but_blanks(text: str) -> None:
    spans = list(sentences(text))
    assert all(a < b for a, b in spans)
    assert all(x[1] <= y[0] for x, y in pairwise(spans))
    left = "".join(text[a:b] for a, b in spans)
    assert "".join(left.split()) == "".join(text.split())


def test_stems_are_the_same_from_many_threads() -> None:
    endings = ("", "e", "ed", "ing", "ation", "ations", "er", "ers", "ability", "ational")
    roots = ("parallel", "quantiz", "generaliz", "schedul", "normaliz")
    words = [root + ending for root in roots for ending in endings]
    plain = stem.__wrapped__
    expected = [plain(word) for word in words]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: [plain(word) for word in words], range(64)))
    finally:
        sys.setswitchinterval(before)
    assert all(stems == expected for stems in found)
