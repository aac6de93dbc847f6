"""digests.summarise: the sentences that carry idea, mechanism, number and limit, in the source's order."""

import pytest

from digests.sentences import candidates, count_words
from digests.summarise import LEAST_WORDS, MOST_WORDS, USUAL_WORDS, choose, joined, rate
from kb.types import Document
from tests.digests.shelf import document, paper

BACKGROUND = "Long contexts have become important for many applications of language models in recent years."
DEMAND = "Their caches are expensive, and existing systems usually waste most of the memory."
IDEA = "We present Zephyr, a pager that manages the cache of a language model in small blocks."
HOW = "Zephyr stores blocks of 16 tokens in one table and shares equal prefixes between requests."
VAGUE = "Extensive experiments demonstrate the effectiveness and superiority of our approach."
RESULT = "On one GPU with 24 GB, Zephyr reaches 2.5x the throughput of the best baseline at the same latency."
LIMIT = "Attention must follow the table, which costs 4% of speed on short prompts."
CODE = "Our code is available at https://github.com/zephyr/zephyr."
ABSTRACT = " ".join((BACKGROUND, DEMAND, IDEA, HOW, VAGUE, RESULT, LIMIT, CODE))


def summary(made: Document) -> list[str]:
    return [candidate.text for candidate in choose(rate(candidates(made), made.title))]


def test_an_abstract_gives_idea_mechanism_number_and_limit() -> None:
    assert summary(paper("2301.00001", "Zephyr: Lazy Paging", ABSTRACT)) == [IDEA, HOW, RESULT, LIMIT]


def test_a_summary_has_40_to_75_words_where_the_source_has_them() -> None:
    words = sum(count_words(text) for text in summary(paper("2301.00001", "Zephyr: Lazy Paging", ABSTRACT)))
    assert LEAST_WORDS <= words <= USUAL_WORDS


def test_up_to_90_words_where_fewer_would_be_too_few() -> None:
    long = " ".join(["We present a pager that"] + ["keeps blocks of tokens and"] * 12 + ["frees them."])
    short = "Zephyr saves 40% of memory."
    assert 60 < count_words(long) < MOST_WORDS
    found = summary(paper("2301.00001", "Zephyr", f"{long} {short}"))
    assert found[0] == long
    assert sum(count_words(text) for text in found) <= MOST_WORDS


def test_one_long_sentence_is_better_than_none() -> None:
    long = " ".join(["We present a pager that"] + ["keeps blocks of tokens and"] * 30 + ["frees them."])
    assert summary(paper("2301.00001", "Zephyr", long)) == [long]


def test_a_source_that_begins_with_its_method_is_summed_up_from_there() -> None:
    first = "Zephyr splits the cache into blocks that a table maps to memory."
    rest = "Blocks are shared. The engine built on it serves 3x more requests at the same latency."
    assert summary(paper("2301.00001", "Zephyr: Lazy Paging", f"{first} {rest}"))[0] == first


def test_no_sentence_opens_with_what_it_leans_on() -> None:
    leaning = "This makes it 3x faster than all baselines on eight GPUs with 80 GB."
    text = f"{BACKGROUND} {IDEA} {HOW} The table is small. {leaning}"
    found = summary(paper("2301.00001", "Zephyr", text))
    assert leaning not in found or found[found.index(leaning) - 1] == "The table is small."


def test_chinese_abstracts_are_summed_up_in_whole_sentences() -> None:
    text = (
        "近年来，长上下文越来越重要，显存成为瓶颈。本文提出一种分页的键值缓存管理方法，将缓存拆分为小块。"
        "该方法通过一张表把逻辑块映射到物理块，并在请求之间共享前缀。大量实验表明方法有效。"
        "在单张 24 GB 显卡上，吞吐提升 2.5 倍，延迟不变。但短提示下会慢 4%。代码已开源，欢迎关注公众号。"
    )
    found = summary(document("page:x#1", "分页缓存", text, language="zh"))
    assert found[0] == "本文提出一种分页的键值缓存管理方法，将缓存拆分为小块。"
    assert "在单张 24 GB 显卡上，吞吐提升 2.5 倍，延迟不变。" in found
    assert not any("公众号" in sentence or "近年来" in sentence for sentence in found)


def test_a_long_post_is_summed_up_from_its_ends_and_its_measures() -> None:
    body = [f"Detail number {n} explains how one of the buffers is named in the code base." for n in range(30)]
    chat = "Have you ever wondered why your prompts are slow? Let's find out together!"
    text = "\n\n".join((chat, IDEA, HOW, *body, RESULT, "You can install it with one command today."))
    found = summary(document("rss:1", "Zephyr in production", text))
    assert found[:2] == [IDEA, HOW]
    assert RESULT in found
    assert not any(sentence.startswith(("Have you", "Let's", "You can")) for sentence in found)


def test_instructions_are_passed_over_where_something_else_is_said() -> None:
    text = "\n\n".join(
        ("Install the package first and run the server.", IDEA, HOW, "Please click on the button.", RESULT)
    )
    assert summary(document("rss:1", "Zephyr", text)) == [IDEA, HOW, RESULT]


def test_an_abstract_that_presents_nothing_is_known_by_what_acts_in_it() -> None:
    known = "Assistants reload the cache of earlier turns. Reloading stalls the first token by 0.4 s on average."
    acts = "Kestrel guesses which conversations will continue and moves their blocks back ahead of time."
    how = "The guess is a regression over four features of each session, which takes a millisecond."
    result = "In a replay Kestrel hides 83% of reloads on eight GPUs."
    found = summary(paper("2301.00001", "Prefetching blocks across turns", f"{known} {acts} {how} {result}"))
    assert found[0] == acts


def test_a_post_is_summed_up_without_its_promises_and_adventures() -> None:
    told = "Zephyr is a pager that keeps the caches of many requests on one card."
    chat = "During my first try I ran into a few problems, and it was clear that I had to change my code."
    promise = "The team will continue to replicate more projects and will add a scheduler in the next release."
    body = [f"Buffer number {n} bears the name of the part that it serves." for n in range(20)]
    found = summary(document("rss:1", "Paging with Zephyr", "\n\n".join((chat, told, HOW, *body, RESULT, promise))))
    assert found[:2] == [told, HOW]
    assert RESULT in found
    assert not {chat, promise} & set(found)


@pytest.mark.parametrize("text", ["", "Two words.", "```\ncode only\n```", "| a | b |\n| - | - |"])
def test_nothing_comes_of_nothing(text: str) -> None:
    assert summary(document("page:x#1", "T", text)) == []


def test_the_same_sentences_whatever_else_was_summed_up_before() -> None:
    made = paper("2301.00001", "Zephyr: Lazy Paging", ABSTRACT)
    first = summary(made)
    summary(document("rss:1", "Another", " ".join((IDEA, RESULT))))
    assert summary(made) == first


def test_sentences_are_joined_as_their_language_joins_them() -> None:
    assert joined(["One.", "Two."]) == "One. Two."
    assert joined(["一。", "二。"]) == "一。二。"
    assert joined(["a line without an end", "another"]) == "a line without an end; another"
    assert (
        joined(["They call it “lazy.”", "It works (mostly.)", "Next."])
        == "They call it “lazy.” It works (mostly.) Next."
    )
    assert (
        joined(['It is called "lazy paging".', "So it goes…", "End."]) == 'It is called "lazy paging". So it goes… End.'
    )
    assert joined(["他说：“分页。”", "还有……", "完。", "The end.”", "二。"]) == "他说：“分页。”还有……完。The end.” 二。"
    assert joined([]) == ""
