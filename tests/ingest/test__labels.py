"""Labels of a note's line: annotations, authors, opinions, stock labels."""

import pytest

from ingest._labels import is_stock, read_authors, read_line


@pytest.mark.parametrize(
    ("line", "title", "labels"),
    [
        ("A fast ring    [2019, SOSP, 510 refs]", "A fast ring", {"year:2019", "venue:SOSP", "refs:510"}),
        ("A fast ring [510 refs, 2019]", "A fast ring", {"year:2019", "refs:510"}),
        ("A fast ring [1,204 refs, OSDI24]", "A fast ring", {"year:2024", "venue:OSDI", "refs:1204"}),
        ("A fast ring [SIGMOD'14]", "A fast ring", {"year:2014", "venue:SIGMOD"}),
        ("A fast ring [2025, 0 refs, FAST25 best paper, Foss Labs]", "A fast ring",
         {"year:2025", "venue:FAST", "refs:0", "org:Foss Labs"}),
        ("A fast ring \\[1994, 12 refs\\]", "A fast ring", {"year:1994", "refs:12"}),
        ("A fast ring \\[4th-edition in 2007, 9 refs\\]", "A fast ring", {"year:2007", "refs:9"}),
        ("A fast ring [2020]", "A fast ring", {"year:2020"}),
        ("A fast ring [2022-05-18]", "A fast ring", {"year:2022"}),
        ("A fast ring [2021, 3 refs, NVIDIA]", "A fast ring", {"year:2021", "refs:3", "org:NVIDIA"}),
        ("快速环【2023，引用 51】", "快速环", {"year:2023", "refs:51"}),
        ("快速环 ［2021年，ATC］", "快速环", {"year:2021", "venue:ATC"}),
        ("[29] A fast ring [2013, 4 refs]", "[29] A fast ring", {"year:2013", "refs:4"}),
        ("A fast ring [see below]", "A fast ring [see below]", set()),
        ("as shown in [2019] and later", "as shown in [2019] and later", set()),
        ("the array [0, 1, 2]", "the array [0, 1, 2]", set()),
        ("[a link](https://e.org/x) **bold** `code`", "a link bold code", set()),
    ],
)  # fmt: skip
def test_annotations(line: str, title: str, labels: set[str]) -> None:
    reading = read_line(line)
    assert reading.title == title
    assert set(reading.labels) == labels


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("How rings are built - Ada Finch", ["Ada Finch"]),
        ("How rings are built - Ada B. Finch, Tomas Reyes", ["Ada B. Finch", "Tomas Reyes"]),
        ("How rings are built - Ada Finch and Jan van der Berg", ["Ada Finch", "Jan van der Berg"]),
        ("环形归约的实现 - 林一", ["林一"]),
        ("环形归约的实现到底怎么样？ - swiftfox", ["swiftfox"]),
        ("How rings are built - reader77", ["reader77"]),
        ("How rings are built - example.io", ["example.io"]),
        ("How rings are built - finch's blog", ["finch"]),
        ("Pruning - removing weights, layers or channels", []),
        ("data parallelism - sharding of the samples", []),
        ("Low-rank updates - the weights are frozen and stored once", []),
        ("10:00 - 20:00", []),
        ("(C) - Coherent", []),
        ("环 - 每一步只和邻居通信,不经过中心", []),
    ],
)
def test_authors(title: str, names: list[str]) -> None:
    assert read_authors(title) == names


@pytest.mark.parametrize(
    ("line", "opinion"),
    [
        ("very good", "very-good"),
        ("Very good. explains the whole design", "very-good"),
        ("very good article, many figures", "very-good"),
        ("Good.", "good"),
        ("good paper. the start of a line of work", "good"),
        ("Good illustration and tables", "good"),
        ("good to know", "good"),
        ("useful to understand the basics", "useful"),
        ("Very useful for newcomers", "useful"),
        ("interesting", "interesting"),
        ("Interesting new direction of caches", "interesting"),
        ("must read", "very-good"),
        ("非常好", "very-good"),
        ("很好的文章", "very-good"),
        ("强烈推荐。图很多", "very-good"),
        ("強烈推薦", "very-good"),
        ("有用", "useful"),
        ("非常有趣，值得一看", "interesting"),
        ("不错的综述", "good"),
        ("推荐", "good"),
    ],
)
def test_leading_opinions(line: str, opinion: str) -> None:
    assert opinion in read_line(line).opinions
    assert opinion in read_line(line).labels


@pytest.mark.parametrize(
    "line",
    [
        "Good scalability needs large batches",
        "goodput rises by a third",
        "Useful Best Practices",
        "the cache is very good at prefixes",
        "formula for memory - this is the good part",
        "nice values are between -20 and 19",
        "great circles",
        "推荐系统的架构",
        "很好地解决了碎片",
        "好的缓存应该足够小",
        "有用户反馈变慢",
    ],
)
def test_opinions_inside_sentences_do_not_count(line: str) -> None:
    assert read_line(line).opinions == ()


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("A study of queues: https://e.org/q (very good!)", "very-good"),
        ("队列综述 https://e.org/q （非常好）", "very-good"),
        ("Queues in kernels (useful overview)", "useful"),
    ],
)
def test_an_opinion_in_brackets_at_the_end_judges_the_line_alone(line: str, label: str) -> None:
    reading = read_line(line)
    assert label in reading.labels
    assert "stock" not in reading.labels
    assert reading.opinions == ()


@pytest.mark.parametrize("line", ["Queues (not good)", "accuracy (good on long prompts)", "rings (good) and trees"])
def test_other_words_in_brackets_are_no_opinion(line: str) -> None:
    assert read_line(line).labels == ()


def test_two_short_opinions_are_both_read() -> None:
    assert read_line("interesting. useful.").opinions == ("interesting", "useful")
    assert read_line("Useful overview. Good.").opinions == ("useful", "good")


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("related materials", "related"),
        ("Related works", "related"),
        ("related: a study of queues", "related"),
        ("相关资料", "related"),
        ("參考資料", "related"),
        ("my questions", "question"),
        ("question: does it hold?", "question"),
        ("我的问题", "question"),
        ("疑問：是否成立", "question"),
    ],
)
def test_related_and_questions(line: str, label: str) -> None:
    assert label in read_line(line).labels


@pytest.mark.parametrize("line", ["relatedness of tokens", "questionable results", "问题描述与分析", "相关性很强"])
def test_words_that_only_begin_like_a_label(line: str) -> None:
    assert read_line(line).labels == ()


@pytest.mark.parametrize("title", ["Highlights", "related materials", "My questions", "重點", "相关资料：", "others"])
def test_stock_titles(title: str) -> None:
    assert is_stock(title)
    assert "stock" in read_line(title).labels


def test_a_bare_opinion_is_stock_and_one_with_content_is_not() -> None:
    assert "stock" in read_line("very good.").labels
    assert "stock" not in read_line("very good. the figure explains the whole design").labels
