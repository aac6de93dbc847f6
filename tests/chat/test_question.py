"""Reading a question: its kind, its names, what is to be named or counted, and what no library needs to hold."""

import pytest

from almanac import Almanac
from chat._intents import Intent, head_of, intent_of, sides_of
from chat.finding import lexicon_of
from chat.question import Asked, is_generic, read_question


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("What is weight stashing?", Intent.DEFINITION),
        ("流水线气泡是什么？", Intent.DEFINITION),
        ("explain roofline", Intent.DEFINITION),
        ("Why is decode slow?", Intent.REASON),
        ("为什么解码慢？", Intent.REASON),
        ("How does paging work?", Intent.MANNER),
        ("How many layers has it?", Intent.QUANTITY),
        ("显存带宽是多少？", Intent.QUANTITY),
        ("What is the difference between A and B?", Intent.COMPARISON),
        ("Which papers are about caching?", Intent.PAPERS),
        ("有哪些论文讲缓存？", Intent.PAPERS),
        ("Who wrote it?", Intent.PERSON),
        ("When was it published?", Intent.TIME),
        ("List the stages", Intent.LISTING),
    ],
)
def test_the_kind_of_a_question_is_read_from_its_wording(question: str, intent: Intent) -> None:
    assert intent_of(question) == intent


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("What is the difference between GPTQ and AWQ?", ("GPTQ", "AWQ")),
        ("Compare ring and tree all-reduce", ("ring", "tree all-reduce")),
        ("How does ZeRO-1 differ from ZeRO-3?", ("ZeRO-1", "ZeRO-3")),
        ("FSDP vs DDP", ("FSDP", "DDP")),
        ("GPTQ 和 AWQ 有什么区别？", ("GPTQ", "AWQ")),
        ("What is a cache?", ()),
    ],
)
def test_the_sides_of_a_comparison_are_found(question: str, sides: tuple[str, ...]) -> None:
    assert sides_of(question) == sides


@pytest.mark.parametrize(
    ("question", "head"),
    [
        ("How many parameters does GPT-4 have?", "parameters"),
        ("Which tokenizer does it use?", "tokenizer"),
        ("What is the memory bandwidth of the B300?", "memory bandwidth"),
        ("它用了多少专家？", "专家"),
        ("What is paging?", ""),
    ],
)
def test_what_is_to_be_named_or_counted_is_found(question: str, head: str) -> None:
    assert head_of(question) == head


def _read(almanac: Almanac, question: str) -> Asked:
    return read_question(question, lexicon_of(almanac.chat.library))


@pytest.mark.parametrize(
    ("question", "held", "lacking"),
    [
        (
            "How fast is FrobNet-2?",
            ["frobnet-2 is", "frobnet 2 is", "frobnet2"],
            ["frobnet-3", "frobnet-21", "frobnet"],
        ),
        ("What did Llama 3 cost?", ["llama 3 405b", "llama-3-70b"], ["llama 2", "llama 3.1"]),
        ("Why does ZeRO stage 4 exist?", ["stage 4", "阶段 4", "zero-4"], ["stage 3"]),
        ("What do H100s cost?", ["the h100 sxm"], ["h1000", "h200"]),
    ],
)
def test_names_are_told_from_what_resembles_them(
    almanac: Almanac, question: str, held: list[str], lacking: list[str]
) -> None:
    entities = _read(almanac, question).entities
    assert len(entities) >= 1
    numbered = next(entity for entity in entities if any(char.isdigit() for char in entity.text))
    assert all(numbered.pattern.search(text) for text in held)
    assert not any(numbered.pattern.search(text) for text in lacking)


def test_words_that_no_passage_holds_are_unknown(almanac: Almanac) -> None:
    asked = _read(almanac, "What licence does the widget cache have?")
    assert [term.text for term in asked.unknown] == ["licence"]
    assert {term.text for term in asked.content} == {"licence", "widget", "cache"}


def test_rare_words_weigh_more_than_common_and_empty_ones(almanac: Almanac) -> None:
    weights = {term.text: term.weight for term in _read(almanac, "How does the scheduler use frobs?").terms}
    assert weights["scheduler"] > weights["frobs"] > weights["use"]


def test_a_question_in_chinese_finds_terms_of_both_languages(almanac: Almanac) -> None:
    term = next(term for term in _read(almanac, "缓存有多大？").terms if term.text == "缓存")
    assert frozenset({"cach"}) in term.forms


def test_word_of_question_carry_no_subject() -> None:
    assert all(is_generic(word) for word in ("difference", "explained", "什么", "如何", "papers", "why"))
    assert not any(is_generic(word) for word in ("cache", "licence", "缓存", "tokenizer", "direction"))
