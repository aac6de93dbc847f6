"""Pages saved as text: posts run together, newsletters, single articles, and what is left out."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ingest
from ingest import pages
from kb.chunk import chunk
from kb.errors import ParseError
from kb.types import Document, Kind, Parsed, Section

DATA = Path(__file__).parent.parent / "data"
SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"

EN = (
    "Requests that share a prefix are grouped first and sorted by what is left of them afterwards, which cut the tail "
    "of the latency by a third on our machines."
)
LIST = "1. 其一\n2. 其二\n3. 其三\n4. 其四"
ZH = "请求先按公共前缀归类，再按剩余长度排序，线上的尾延迟因此下降了大约三分之一，吞吐没有变化。"
INNER = f"1 引言\n{ZH}\n2 方法\n{ZH}\n2.1 细节\n{ZH}"


def parse(text: str, name: str = "page.txt") -> Parsed:
    return pages.parse(text, name=name, source=f"/library/{name}")


def sample(name: str) -> Parsed:
    return parse((DATA / name).read_text(encoding="utf-8"), name)


def titles(parsed: Parsed) -> list[str]:
    return [document.title for document in parsed.documents]


def headings(document: Document) -> list[tuple[int, str]]:
    return [(section.level, section.title) for section in document.sections]


def path_of(document: Document, words: str) -> list[str]:
    """Titles down to the section that holds some words, by levels alone."""
    at = document.text.index(words)
    stack: list[Section] = []
    for section in document.sections:
        if section.start > at:
            break
        while stack and stack[-1].level >= section.level:
            stack.pop()
        stack.append(section)
    return [section.title for section in stack]


# --- posts run together -----------------------------------------------------------------------


def test_posts_with_dates_below_their_titles() -> None:
    parsed = sample("blog_dated.txt")
    assert [(d.title, d.published, d.published_basis) for d in parsed.documents] == [
        ("Why our prefill nodes stopped waiting for decode", "2024-05-09", "stated"),
        ("A field guide to reading roofline plots", "2024-04-02", "stated"),
        ("Shrinking a translation model until it fits a watch", "2024-02-20", "stated"),
        ("Benchmarks lie in the first minute", "2024-01-05", "stated"),
    ]
    assert [d.id for d in parsed.documents] == [f"page:blog_dated.txt#{n}" for n in range(1, 5)]
    assert all(d.kind is Kind.PAGE and not d.title_estimated for d in parsed.documents)
    assert headings(parsed.documents[0]) == [
        (1, "Why our prefill nodes stopped waiting for decode"),
        (2, "The symptom"),
        (2, "Moving the cache across the wire"),
        (2, "What remains open"),
    ]
    assert "min read" not in parsed.documents[0].text
    assert any("Tensor Kitchen" in warning for warning in parsed.warnings)


def test_code_between_paragraphs_is_fenced() -> None:
    document = sample("blog_dated.txt").documents[0]
    assert (
        "```\nfrom fleet import Router\nrouter = Router(prefill=6, decode=10)\nrouter.serve(port=8080)\n```"
        in document.text
    )


def test_posts_told_apart_by_notices_bylines_openings_and_closings() -> None:
    parsed = sample("blog_plain.txt")
    assert titles(parsed) == [
        "Fusing Normalization into Attention Kernels for Small Devices",
        "Streaming Weights from Flash Without Stalls",
        "Profiling a Board That Has No Clock Counter",
        "Feature digest Q3'23: compilers and runtimes for the edge",
    ]
    assert parsed.documents[0].authors == ("Mira Holt", "Tomas Reyes")
    assert parsed.documents[2].authors == ("Mira Holt",)
    assert parsed.documents[3].authors == ("Mira Holt", "Tomas Reyes", "Ada Finch")


def test_legal_notices_are_not_indexed_but_counted() -> None:
    parsed = sample("blog_plain.txt")
    text = "\n".join(document.text for document in parsed.documents)
    assert "trademarks" not in text
    assert "Performance varies" not in text
    assert "All rights reserved" not in text
    assert any(warning.startswith("8 lines of boilerplate") for warning in parsed.warnings)
    assert "A study of layer sizes in small language models" in text


def test_a_digest_is_dated_to_the_quarter_of_its_title() -> None:
    digest = sample("blog_plain.txt").documents[3]
    assert (digest.published, digest.quarter, digest.published_basis) == ("", "2023-Q3", "title")


def test_entries_of_a_digest_are_passages_of_their_own() -> None:
    digest = sample("blog_plain.txt").documents[3]
    entries = [section.title for section in digest.sections if section.level == 4]
    assert entries == [
        "TinyTile: Searching Tile Shapes for Caches Below One Megabyte",
        "Compiling Once for Many Boards: A Study of Portable Schedules",
        "Greedy Memory Planning Is Nearly Optimal",
        "Sleeping Between Tokens: Energy Savings for Assistants on Batteries",
    ]
    assert path_of(digest, "four hundred graphs")[1:] == [
        "Works that stood out",
        "Runtimes",
        "Greedy Memory Planning Is Nearly Optimal",
    ]
    passages = [passage.text for passage in chunk(digest) if passage.text.startswith("- ")]
    assert len(passages) == 4
    assert [link.url for link in digest.links] == [
        "https://arxiv.org/abs/2307.01234",
        "https://arxiv.org/pdf/2308.04321v2.pdf",
        "https://arxiv.org/abs/2309.09876",
        "https://github.com/aarberg/planner",
        "https://example.org/papers/sleep.pdf",
    ]


def test_chinese_posts_with_bylines() -> None:
    parsed = sample("blog_zh.txt")
    assert [(d.title, d.authors, d.published) for d in parsed.documents] == [
        ("推理服务里的显存碎片是怎么来的", ("林一",), "2024-03-12"),
        ("把检查点写快四倍的三个办法", ("周二",), "2024-02-28"),
        ("混合精度训练为什么会发散", ("林一",), "2024-01-30"),
    ]
    assert path_of(parsed.documents[0], "连续空闲块") == ["推理服务里的显存碎片是怎么来的", "一、现象"]
    text = "".join(document.text for document in parsed.documents)
    assert "免责声明" not in text
    assert "存储选型笔记" not in text


def test_markdown_posts_between_rules() -> None:
    text = "\n\n---\n\n".join(
        f"# Post {word} about queues\n\n*March {day}, 2024*\n\n{EN}\n\n## Part one\n\n{EN}"
        for day, word in enumerate("xyz", 1)
    )
    parsed = parse(text)
    assert [d.published for d in parsed.documents] == ["2024-03-01", "2024-03-02", "2024-03-03"]
    assert headings(parsed.documents[1]) == [(1, "Post y about queues"), (2, "Part one")]


def test_posts_told_apart_by_their_conclusions_alone() -> None:
    posts = (
        ("Warm Starts for Cold Accelerators", "accelerators that start cold lose their first minute"),
        ("Reading Weights from Flash without Stalls", "weights read from flash arrive before they are needed"),
        ("Counting Tokens the Way the Bill Does", "tokens are counted twice where the bill counts them once"),
    )
    text = "\n".join(
        f"{title}\nOn {about}. {EN}\nHow requests with a shared prefix are sorted\n{EN}\n{EN}\nMeasurements\n{EN}\n"
        f"Conclusion\n{EN}\n"
        f"Join the group of early testers\nThe group of early testers meets on Mondays. {EN}"
        for title, about in posts
    )
    parsed = parse(f"The Warm Rack\n{text}\n")
    assert titles(parsed) == [title for title, _ in posts]


def test_posts_between_rules_without_dates() -> None:
    names = ("Queues for impatient readers", "Weights that live on flash", "Counting tokens for the bill")
    parsed = parse("\n\n==========\n\n".join(f"{name}\n\n{EN}\n\n{EN}" for name in names))
    assert titles(parsed) == list(names)


def test_dates_above_titles() -> None:
    text = "\n".join(
        f"{day} June 2024\nA title about queue number {word}\n{EN}\n{EN}"
        for day, word in ((3, "one"), (4, "two"), (5, "six"))
    )
    parsed = parse(text)
    assert [d.published for d in parsed.documents] == ["2024-06-03", "2024-06-04", "2024-06-05"]
    assert "June" not in "".join(d.text for d in parsed.documents)


# --- newsletters ------------------------------------------------------------------------------


def test_a_chinese_weekly() -> None:
    parsed = sample("weekly_zh.txt")
    assert [(d.title, d.url) for d in parsed.documents] == [
        ("开源推理引擎支持跨机专家并行", "https://example.com/news/expert-parallel"),
        ("厂商公布新一代加速卡的带宽数据", "https://example.com/news/accelerator"),
        ("论文速递：两比特量化不再掉点", "https://arxiv.org/abs/2409.01234"),
        ("社区讨论：训练集群多久坏一次", "https://example.com/forum/failures"),
    ]
    assert {d.published for d in parsed.documents} == {"2024-09-13"}
    assert path_of(parsed.documents[2], "正交矩阵")[-1] == "1 方法"
    assert "- 光模块松动\n- 交换机固件缺陷" in parsed.documents[3].text
    assert "扫码" not in parsed.documents[3].text
    assert "投稿邮箱" not in parsed.documents[3].text


def test_an_english_newsletter() -> None:
    parsed = sample("newsletter_en.txt")
    assert [(d.title, d.url) for d in parsed.documents] == [
        ("A scheduler that preempts politely", "https://example.org/polite-scheduler"),
        ("Ring exchange on rails, revisited", "https://example.org/rails"),
        ("Weight-only quantization for mixtures of experts", "https://arxiv.org/abs/2406.04321"),
    ]
    assert {(d.published, d.published_basis) for d in parsed.documents} == {("2024-06-14", "stated")}
    assert "Unsubscribe" not in parsed.documents[2].text


def test_the_address_of_an_item_stays_in_its_text_as_a_link() -> None:
    item = sample("newsletter_en.txt").documents[2]
    assert item.links[0].url == "https://arxiv.org/abs/2406.04321"
    assert item.text[item.links[0].start : item.links[0].end] == item.links[0].url


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{n}. 第{n}条新闻的标题\n原文:https://e.org/{n}\n{ZH}\n{ZH}" for n in (1, 2, 3)),
        "\n".join(f"{n}、第{n}条新闻的标题\n链接：https://e.org/{n}\n{ZH}\n{ZH}" for n in (1, 2, 3)),
        "\n".join(f"【{n}】第{n}条新闻的标题\nhttps://e.org/{n}\n{ZH}" for n in (1, 2, 3)),
        "\n".join(f"0{n} Title of number {n} here\nvia https://e.org/{n}\n{EN}" for n in (1, 2, 3)),
        "\n".join(f"#{n} Title of number {n} here\nSource: https://e.org/{n}\n{EN}" for n in (1, 2, 3)),
        "\n".join(f"({n}) Title of number {n} here\nRead more: https://e.org/{n}\n{EN}" for n in (1, 2, 3)),
        "\n\n".join(f"## {n}. [Title of number {n}](https://e.org/{n})\n\n{EN}\n\n{EN}" for n in (1, 2, 3)),
        "\n\n".join(f"### Title of number {n}\n\nSource: https://e.org/{n}\n\n{EN}" for n in (1, 2, 3)),
        "\n\n".join(f"{n}. 第{n}条新闻的标题\n\n原文:\n\nhttps://e.org/{n}\n\n{ZH}\n\n{ZH}" for n in (1, 2, 3)),
        "\n".join(f"{n}. Title of number {n} here\n{EN}\n{EN}\nRead more: https://e.org/{n}" for n in (1, 2, 3)),
        "\n".join(f"{h}、第{n}条新闻的标题\n来源：https://e.org/{n}\n{ZH}\n{LIST}" for n, h in enumerate("一二三", 1)),
        "\n".join(f"{n}. 第{n}条新闻的标题\n原文:https://e.org/{n}\n{INNER}" for n in (1, 2, 3)),
        "\n".join(f"{n}. 第{n}条新闻的标题（来源：https://e.org/{n}）\n{ZH}\n{ZH}" for n in (1, 2, 3)),
    ],
)  # fmt: skip
def test_items_in_many_styles(text: str) -> None:
    parsed = parse(f"并行周报 20240607 期\n{text}")
    assert [d.url for d in parsed.documents] == ["https://e.org/1", "https://e.org/2", "https://e.org/3"]
    assert {(d.published, d.quarter, d.published_basis) for d in parsed.documents} == {
        ("2024-06-07", "2024-Q2", "title")
    }
    assert all("umber" in d.title or "条新闻的标题" in d.title for d in parsed.documents)


def test_parts_of_a_newsletter_number_anew_and_become_categories() -> None:
    text = (
        "周刊 第 9 期\n\n## 文章\n\n"
        + "\n\n".join(f"{n}、[文章{n}](https://e.org/a{n})\n\n{ZH}" for n in (1, 2, 3))
        + "\n\n## 工具\n\n"
        + "\n\n".join(f"{n}、[工具{n}](https://e.org/t{n})\n\n{ZH}" for n in (1, 2))
    )
    parsed = parse(text)
    assert [(d.title, d.categories) for d in parsed.documents] == [
        ("文章1", ("文章",)), ("文章2", ("文章",)), ("文章3", ("文章",)), ("工具1", ("工具",)), ("工具2", ("工具",)),
    ]  # fmt: skip
    assert "工具" not in parsed.documents[2].text


def test_an_advert_that_counts_again_is_no_item() -> None:
    text = "\n".join(f"{n}. 第{n}条新闻的标题\n原文:https://e.org/{n}\n{ZH}" for n in (1, 2, 3))
    parsed = parse(f"{text}\n————End————\n线下培训\n1.免费2.提供午餐3.自带电脑\n报名链接\nhttps://e.org/signup\n")
    assert len(parsed.documents) == 3
    assert "signup" not in parsed.documents[2].text
    assert any("5 lines of boilerplate" in warning for warning in parsed.warnings)


def test_a_long_editorial_is_kept_as_a_document_of_its_own() -> None:
    items = "\n".join(f"{n}. Title of number {n}\nSource: https://e.org/{n}\n{EN}" for n in (1, 2, 3))
    parsed = parse("The Shard, issue 9\n" + "\n".join([EN] * 5) + "\n" + items)
    assert titles(parsed) == ["Title of number 1", "Title of number 2", "Title of number 3", "The Shard, issue 9"]


def test_a_list_of_references_is_no_newsletter() -> None:
    references = "\n".join(f"{n}. A paper on queue number {n}\nhttps://e.org/{n}" for n in range(1, 8))
    parsed = parse(f"How we did it\nBy Jane Roe\n{EN}\n{EN}\nReferences\n{references}\n")
    assert titles(parsed) == ["How we did it"]
    assert len(parsed.documents[0].links) == 7


# --- one article ------------------------------------------------------------------------------


def test_numbered_headings_nest() -> None:
    text = (
        f"流水线并行实践\n作者：王五\n1 引言\n{ZH}\n2 方法\n{ZH}\n2.1 切分\n{ZH}\n(1)按层切分\n{ZH}\n"
        f"(2)按块切分\n{ZH}\n2.2 调度\n{ZH}\n3 总结\n{ZH}\n"
    )
    document = parse(text).documents[0]
    assert (document.title, document.authors) == ("流水线并行实践", ("王五",))
    assert headings(document)[1:] == [
        (2, "1 引言"),
        (2, "2 方法"),
        (3, "2.1 切分"),
        (4, "(1)按层切分"),
        (4, "(2)按块切分"),
        (3, "2.2 调度"),
        (2, "3 总结"),
    ]


def test_questions_below_a_heading_without_text_belong_to_it() -> None:
    text = (
        f"A guide to queues in production\nIntroduction\n{EN}\nFrequent questions\nWhat is a queue good for?\n{EN}\n"
        f"How long may it grow?\n{EN}\nConclusion\n{EN}\n"
    )
    assert headings(parse(text).documents[0])[1:] == [
        (2, "Introduction"),
        (2, "Frequent questions"),
        (3, "What is a queue good for?"),
        (3, "How long may it grow?"),
        (2, "Conclusion"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "论文地址:https://arxiv.org/abs/2401.00001",
        "You can see the following directory structure:",
        "Here is what the board prints:",
        "NOTE: keep the board dry",
        "Figure 3: latency by batch",
        "which is what we expected",
    ],
)
def test_captions_labels_and_lead_ins_are_no_headings(line: str) -> None:
    document = parse(f"A guide to queues in production\nIntroduction\n{EN}\n{line}\n{EN}\n").documents[0]
    assert [title for _, title in headings(document)] == ["A guide to queues in production", "Introduction"]
    assert line in document.text


def test_share_buttons_below_a_byline_are_no_heading() -> None:
    head = "Skip to content\nQueues in production\nBy Ada Finch and Wei Zhang | March 3, 2024 | 9 min read\n"
    document = parse(f"{head}Share on Twitter  Share on LinkedIn\n\n{EN}\n\nMeasurements\n{EN}\n").documents[0]
    assert (document.authors, document.published) == (("Ada Finch", "Wei Zhang"), "2024-03-03")
    assert headings(document) == [(1, "Queues in production"), (2, "Measurements")]
    assert "LinkedIn" not in document.text


def test_front_matter_names_an_article() -> None:
    matter = "---\ntitle: Queues\ndate: 2024-02-03\nauthor: Ada Finch\ntags: [a, b]\n---\n"
    document = parse(f"{matter}\n{EN}\n\n## Part\n\n{EN}\n").documents[0]
    assert (document.title, document.published, document.published_basis) == ("Queues", "2024-02-03", "stated")
    assert (document.authors, document.categories) == (("Ada Finch",), ("a", "b"))
    assert headings(document) == [(1, "Queues"), (2, "Part")]


def test_an_article_without_title_shows_its_first_words_as_such() -> None:
    document = parse(f"{EN}\n\n{EN}\n").documents[0]
    assert document.title_estimated
    assert document.title.startswith("Requests that share a prefix")


def test_the_file_name_may_date_an_article() -> None:
    document = parse(f"# Queues in production\n\n{EN}\n", "2024-02-03-queues.md").documents[0]
    assert (document.published, document.published_basis) == ("2024-02-03", "file name")


def test_several_top_headings_alone_do_not_make_several_posts() -> None:
    document = parse(f"# Queues\n\n{EN}\n\n# Design\n\n{EN}\n\n# Results\n\n{EN}\n").documents
    assert len(document) == 1
    assert headings(document[0]) == [(1, "Queues"), (2, "Design"), (2, "Results")]


@pytest.mark.parametrize(
    ("title", "quarter"),
    [("Q2'23: what we read", "2023-Q2"), ("What we read in 2023 Q2", "2023-Q2"), ("2023年第二季度论文综述", "2023-Q2")],
)
def test_quarters_in_titles(title: str, quarter: str) -> None:
    document = parse(f"{title}\nSummary\n{EN}\n{EN}\n").documents[0]
    assert (document.title, document.quarter) == (title, quarter)
    assert (document.published, document.published_basis) == ("", "title")


@pytest.mark.parametrize("text", ["", " \n\n", "---\ntitle: x\n---\n", "---\n"])
def test_nothing_to_read_is_an_error_with_a_next_step(text: str) -> None:
    with pytest.raises(ParseError, match="no text") as caught:
        parse(text)
    assert caught.value.hint


def test_text_that_is_all_furniture_is_kept() -> None:
    assert "All rights reserved" in parse("© 2023 Foss Labs. All rights reserved.\n").documents[0].text


# --- recognition ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["blog_dated.txt", "blog_plain.txt", "blog_zh.txt", "weekly_zh.txt", "newsletter_en.txt"]
)
def test_pages_are_recognised_by_their_content(name: str) -> None:
    data = (DATA / name).read_bytes()
    assert ingest.parse(data, name="unknown", source="x").kind is Kind.PAGE


@pytest.mark.parametrize("name", ["notes_fenced.md", "notes_zh.txt", "posts.rss", "abstracts_after.txt"])
def test_other_sources_are_not_taken_for_pages(name: str) -> None:
    data = (DATA / name).read_bytes()
    assert ingest.parse(data, name="unknown", source="x").kind is not Kind.PAGE


# --- any text ---------------------------------------------------------------------------------

PIECES = st.lists(
    st.sampled_from(
        (EN, ZH, "", "Introduction", "Conclusion", "References", "A title with many words in it", "By Jane Roe",
         "March 3, 2023", "- item", "-", "1. First", "2. Second", "原文:https://e.org/1", "https://e.org/2", "# Top",
         "## Sub", "---", "```", "x = 1", "1x=1", "2y=f(x)", "3z=g(y)", "All rights reserved.", "一、背景",
         "(1)参数", "Usage:", "——End——", "Subscribe", "\t")
    ),
    max_size=60,
)  # fmt: skip


def check_whole(document: Document) -> None:
    assert document.sections[0].level == 1
    assert document.sections[0].start == 0
    assert document.sections[-1].end == len(document.text)
    assert all(document.text[link.start : link.end] == link.url for link in document.links)
    assert document.text.strip()


@given(PIECES)
@settings(max_examples=200, deadline=None)
def test_documents_are_whole_whatever_the_lines(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert 0 <= pages.sniff(text, "x")[0] <= 1
    try:
        parsed = parse(text)
    except ParseError:
        return
    assert [d.id for d in parsed.documents] == [f"page:page.txt#{n}" for n in range(1, len(parsed.documents) + 1)]
    for document in parsed.documents:
        check_whole(document)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_never_breaks_the_parser(text: str) -> None:
    assert pages.sniff(text, "x")[1]
    try:
        documents = parse(text).documents
    except ParseError:
        return
    for document in documents:
        check_whole(document)


def test_time_is_linear_in_lines() -> None:
    def took(count: int) -> float:
        text = "\n".join(
            line
            for n in range(count)
            for line in (f"A title about queue number {n}", EN, "- an item", "Conclusion", EN)
        )
        start = time.perf_counter()
        parse(text)
        return time.perf_counter() - start

    small = min(took(200) for _ in range(3))
    assert took(1600) < small * 40 + 1


# --- the sample documents, where present ------------------------------------------------------


@pytest.mark.skipif(not SEEDS.exists(), reason="sample documents are not here")
def test_the_sample_dump_holds_eight_posts() -> None:
    path = next(SEEDS.glob("001_*"))
    parsed = parse(path.read_text(encoding="utf-8"), path.name)
    assert [(title.split()[0], title.split()[-1]) for title in titles(parsed)] == [
        ("AquilaChat-7B", "Intel"), ("Joint", "Transformers"), ("Accelerate", "OpenVINO™"), ("Optimize", "Operation"),
        ("Make", "Datumaro"), ("OpenVINO", "GPU"), ("How", "Ubuntu"), ("Q1'23:", "optimization"),
    ]  # fmt: skip
    assert not any("Disclaimers" in d.text or "Additional Resources" in d.text for d in parsed.documents)
    digest = parsed.documents[7]
    assert (digest.quarter, digest.published_basis) == ("2023-Q1", "title")
    deepest = max(section.level for section in digest.sections)
    assert sum(section.level == deepest for section in digest.sections) == 24
    assert sum(passage.text.startswith("- ") for passage in chunk(digest)) >= 24


@pytest.mark.skipif(not SEEDS.exists(), reason="sample documents are not here")
def test_the_sample_newsletter_holds_six_items() -> None:
    path = next(SEEDS.glob("004_*"))
    parsed = parse(path.read_text(encoding="utf-8"), path.name)
    assert len(parsed.documents) == 6
    assert all(d.url.startswith("https://mp.weixin.qq.com/s/") for d in parsed.documents)
    assert {(d.published, d.published_basis, d.language) for d in parsed.documents} == {("2023-04-07", "title", "zh")}
    last = parsed.documents[5]
    assert last.sections[-1].title.startswith("3 ")
    assert last.text.count("```") >= 40
    assert "jinshuju" not in last.text
