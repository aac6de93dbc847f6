"""digests.sentences: what may stand in a summary, and that it is the source's own."""

import itertools

import pytest

from digests.sentences import candidates, count_words, is_boilerplate, node_lines
from kb.text import fold_space
from kb.types import Document, Kind, Section
from tests.digests.shelf import document, notebook

POST = """> Follow our channel to stay updated with the news.

We present Zephyr, a pager for long contexts. It keeps blocks of 16 tokens
in one table, e.g. for beams.

Quick start

```
zephyr serve --model tower --port 8000
zephyr bench. This line looks like a sentence.
```

- Zephyr needs 40% less memory on one GPU with 24 GB.
- Faster

| model | memory |
| --- | --- |

The results are at https://zephyr.example/results and elsewhere.
Code is available at the link above.
a lower-case beginning is no whole sentence.
It has an unclosed (bracket in its middle and stops.
"""


def texts(made: Document) -> list[str]:
    return [candidate.text for candidate in candidates(made)]


def test_only_whole_sentences_of_prose_stand() -> None:
    assert texts(document("page:x#1", "Zephyr", POST)) == [
        "We present Zephyr, a pager for long contexts.",
        "Zephyr needs 40% less memory on one GPU with 24 GB.",
    ]


def test_every_candidate_is_an_exact_span_in_order() -> None:
    made = document("page:x#1", "Zephyr", POST.replace("tokens\nin one", "tokens in one"))
    found = candidates(made)
    assert "It keeps blocks of 16 tokens in one table, e.g. for beams." in [c.text for c in found]
    for candidate in found:
        assert fold_space(made.text[candidate.start : candidate.end]) == candidate.text
    assert all(a.ordinal < b.ordinal and a.end <= b.start for a, b in itertools.pairwise(found))


def test_abbreviations_and_names_do_not_tear_sentences() -> None:
    text = "Top-1 acc. on the set rises by 2.5 points vs. the baseline. vLLM serves it with pages of 16 tokens each."
    assert texts(document("page:x#1", "T", text)) == [
        "Top-1 acc. on the set rises by 2.5 points vs. the baseline.",
        "vLLM serves it with pages of 16 tokens each.",
    ]


def test_chinese_sentences_stay_whole() -> None:
    text = "我们提出一种分页的键值缓存，以块为单位管理显存。吞吐提升 2.5 倍（单卡 24 GB），延迟不变。扫码关注公众号。"
    assert texts(document("page:x#1", "分页", text, language="zh")) == [
        "我们提出一种分页的键值缓存，以块为单位管理显存。",
        "吞吐提升 2.5 倍（单卡 24 GB），延迟不变。",
    ]


def test_lines_of_another_language_in_an_english_post_are_left_out() -> None:
    text = "我们提出一种分页的键值缓存，以块为单位管理显存。\n\nWe manage the cache in blocks of sixteen tokens."
    assert texts(document("page:x#1", "Paging", text)) == ["We manage the cache in blocks of sixteen tokens."]


def test_a_heading_that_reads_like_prose_is_no_sentence() -> None:
    text = "How the pager keeps its table small\n\nThe pager keeps one entry for each block of tokens."
    section = Section(id="1", level=1, title="How the pager keeps its table small", start=0, end=len(text))
    made = document("page:x#1", "T", text, sections=(section,))
    assert texts(made) == ["The pager keeps one entry for each block of tokens."]
    assert candidates(made)[0].heading == "How the pager keeps its table small"


@pytest.mark.parametrize(
    "text",
    [
        "Our code is available at this link.",
        "The source code can be found here for everyone.",
        "Subscribe to our newsletter for more of this.",
        "Please follow us and join our community of readers.",
        "All rights reserved by the authors of this page.",
        "We acknowledge the support of the foundation; see the acknowledgements.",
        "更多内容请关注我们的公众号。",
        "转载请注明出处和作者。",
    ],
)
def test_what_sites_say_of_themselves(text: str) -> None:
    assert is_boilerplate(text)


@pytest.mark.parametrize(
    "text",
    [
        "We show that models can be pruned to at least half of their weights.",
        "The largest available open-source models run in 4.5 hours.",
        "Attention follows the block table on every call.",
        "Requests join the running batch without waiting.",
        "缓存以块为单位，由调度器统一管理。",
    ],
)
def test_sentences_about_the_work_are_no_boilerplate(text: str) -> None:
    assert not is_boilerplate(text)


def test_a_notebook_gives_its_statements_and_not_the_names_of_works() -> None:
    made = notebook(
        "caches.md",
        [
            (1, "Paging", ()),
            (2, "Zephyr: Lazy Paging for Long Contexts - Ada Example", ("author:Ada Example",)),
            (3, "blocks of 16 tokens keep the waste below one block per request", ()),
            (3, "very good, read the part on swapping first", ("very-good",)),
            (3, "https://zephyr.example", ()),
        ],
    )
    found = node_lines(made)
    assert [c.text for c in found] == [
        "blocks of 16 tokens keep the waste below one block per request",
        "very good, read the part on swapping first",
    ]
    assert [c.judged for c in found] == [False, True]
    assert all(made.text[c.start : c.end] == c.text for c in found)


def test_an_outline_in_a_fence_is_no_code() -> None:
    text = "```\n1. decode adds one token at a time and reads every weight\n```\n"
    made = document("notes:n.md", "n", text, kind=Kind.NOTES)
    assert [c.text for c in node_lines(made)] == ["decode adds one token at a time and reads every weight"]


def test_words_count_two_chinese_characters_as_one() -> None:
    assert count_words("four words in English") == 4
    assert count_words("分页缓存") == 2
    assert count_words("用 GPU 加速推理") == 1 + 2.5
