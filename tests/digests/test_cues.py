"""digests.cues: what the words of a sentence tell of its use."""

import pytest

from digests import cues


@pytest.mark.parametrize(
    "text",
    [
        "We present Zephyr, a pager.",
        "In this paper, we study an old question and propose Zephyr.",
        "A new pager is proposed.",
        "The laboratory has released Zephyr.",
        "本文提出一种分页方法。",
        "某公司发布了新芯片。",
    ],
)
def test_what_a_work_brings(text: str) -> None:
    assert cues.IDEA.search(text)


@pytest.mark.parametrize(
    "text",
    ["Caches waste memory on long prompts.", "Recently, models have become larger.", "缓存浪费了大量显存。"],
)
def test_what_is_known_brings_nothing(text: str) -> None:
    assert not cues.IDEA.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "It is 2.5x faster.",
        "uses 40% less",
        "reaches 128 tokens/s",
        "fits 24 GB",
        "快 6.5 倍",
        "用了 3 天",
        "doubles it",
    ],
)
def test_measures(text: str) -> None:
    assert cues.MEASURED.search(text)


def test_a_year_or_a_section_is_no_measure() -> None:
    assert not cues.MEASURED.search("In 2023 the second section was added.")


@pytest.mark.parametrize(
    ("text", "leaning"),
    [
        ("This leads to waste.", 2),
        ("However, it is slow.", 2),
        ("To find this parameter, we minimise the error.", 2),
        ("Among these attempts one stands out.", 2),
        ("2) A second item of a list.", 2),
        ("As they share one table, all copies are cheap.", 2),
        ("At the same time, it keeps its prefix.", 2),
        ("Similar to that, blocks are merged.", 2),
        ("可以看到，曲线很快收敛。", 2),
        ("Zephyr therefore keeps blocks per channel.", 1),
        ("驱动的更新也同时发布。", 1),
        ("此外，它支持多卡。", 1),
        ("这种方法更快。", 2),
        ("This paper presents Zephyr.", 0),
        ("In this work, we present Zephyr.", 0),
        ("To address these limitations, this paper presents Zephyr.", 1),
        ("Specifically, blocks hold 16 tokens.", 1),
        ("Zephyr keeps a table.", 0),
        ("Theseus is a name.", 0),
        ("本文提出一种方法。", 0),
    ],
)
def test_sentences_that_need_another_one(text: str, leaning: int) -> None:
    assert cues.leans(text) == leaning


@pytest.mark.parametrize(
    "text", ["As shown in Figure 2, it is fast.", "The results are as follows:", "如图 3 所示，更快。"]
)
def test_sentences_that_point_elsewhere(text: str) -> None:
    assert cues.points_elsewhere(text)


def test_what_a_work_calls_itself() -> None:
    assert cues.own_names("Zephyr: Lazy Paging", "") == {"Zephyr"}
    assert cues.own_names("On paging", "We propose LazyPager, a pager.") == {"LazyPager"}
    assert cues.own_names("On paging", "a method called Token Paging (ToPa) is faster") >= {"ToPa"}
    assert cues.own_names("On paging", "Caches are large.") == set()


def test_names_by_their_spelling() -> None:
    assert cues.identifiers("LMServe and Tower2 beat FSDP on a GPU, not on paper") == {
        "LMServe",
        "Tower2",
        "FSDP",
        "GPU",
    }


@pytest.mark.parametrize(
    "text",
    [
        "We will soon release more models.",
        "The team will also closely follow its updates.",
        "More on this in the next post.",
        "It has the potential to become a good chip.",
        "团队将继续优化推理，敬请期待。",
        "下一篇介绍训练。",
    ],
)
def test_promises(text: str) -> None:
    assert cues.PROMISE.search(text)


def test_what_a_work_does_is_no_promise() -> None:
    told = (
        "Blocks that will not be used are freed.",
        "It follows the table.",
        "Zephyr supports two modes.",
        "将缓存拆分为块。",
    )
    assert not any(cues.PROMISE.search(text) for text in told)


def test_days_that_only_the_day_of_the_post_explains() -> None:
    assert all(cues.DATED.search(text) for text in ("Last week, Acme released it.", "本周二，某公司公布了细节。"))
    assert not cues.DATED.search("In March 2023, Acme released it.")


def test_definitions() -> None:
    assert cues.DEFINITION.match("Zephyr is the second-generation pager of Acme.")
    assert cues.DEFINITION.match("Zephyr 是一款分页器。")
    assert not cues.DEFINITION.match("Zephyr, the best of all, is the same as before.")


def test_what_keeps_doing_things_in_a_text() -> None:
    text = [
        "Turns reload caches.",
        "Kestrel moves blocks back.",
        "In a replay Kestrel hides most reloads.",
        "It helps.",
    ]
    assert cues.actors(text) == {"Kestrel"}
    assert cues.actors(["Models grow.", "Memory limits models."]) == set()
