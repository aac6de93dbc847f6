"""Outline notes: structure by indentation, lost parents, labels, and what surrounds an outline."""

import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import notes
from kb.errors import ParseError
from kb.types import Document, Kind, Section

DATA = Path(__file__).parent.parent / "data"
SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"


def read(text: str, name: str = "notebook.md") -> Document:
    parsed = notes.parse(text, name=name, source=f"/library/{name}")
    assert len(parsed.documents) == 1
    return parsed.documents[0]


def shape(text: str) -> list[tuple[int, str]]:
    return [(section.level, section.title) for section in read(text).sections]


def find(document: Document, title: str) -> Section:
    return next(section for section in document.sections if section.title.startswith(title))


def ancestors(document: Document, title: str) -> list[str]:
    """Titles above a section, by levels alone."""
    wanted = find(document, title)
    stack: list[Section] = []
    for section in document.sections:
        while stack and stack[-1].level >= section.level:
            stack.pop()
        if section is wanted:
            return [above.title for above in stack]
        stack.append(section)
    raise AssertionError(title)


def own_text(document: Document, title: str) -> str:
    section = find(document, title)
    return document.text[section.start : section.end]


@pytest.fixture(scope="module")
def fenced() -> Document:
    return read((DATA / "notes_fenced.md").read_text(encoding="utf-8"), "2024-06-02-notes_fenced.md")


# --- the file as a whole ----------------------------------------------------------------------


def test_one_document_with_what_front_matter_states(fenced: Document) -> None:
    assert fenced.id == "notes:2024-06-02-notes_fenced.md"
    assert fenced.kind is Kind.NOTES
    assert fenced.title == "Reading list: caches, schedulers, number formats"
    assert not fenced.title_estimated
    assert fenced.categories == ("serving", "cache", "scheduling", "量化")
    assert (fenced.published, fenced.published_basis, fenced.quarter) == ("2024-06-02", "file name", "2024-Q2")
    assert "layout:" not in fenced.text
    assert "JB/setup" not in fenced.text


def test_front_matter_date_outranks_the_file_name() -> None:
    document = read("---\ntitle: A\ndate: 2023-05-04\n---\n1. x\n2. y\n", "2024-01-01-a.md")
    assert (document.published, document.published_basis) == ("2023-05-04", "stated")


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("15 March 2023", "2023-03-15"),
        ("March 15, 2023", "2023-03-15"),
        ("Posted on 2023-03-15", "2023-03-15"),
        ("2023年3月15日", "2023-03-15"),
        ("日期：2023-03-15", "2023-03-15"),
    ],
)
def test_a_date_line_above_the_outline_dates_the_notes(line: str, date: str) -> None:
    document = read(f"{line}\n\nThoughts on serving\n\n1. a\n    1. b\n")
    assert (document.published, document.published_basis) == (date, "stated")
    assert document.title == "Thoughts on serving"
    assert document.title_estimated


def test_a_date_inside_the_outline_dates_nothing() -> None:
    document = read("1. 15 March 2023\n2. b\n")
    assert document.published == ""
    assert document.published_basis is None


def test_the_file_name_stands_in_for_a_title() -> None:
    document = read("1. a\n2. b\n", "2024-02-03-cache-notes.md")
    assert (document.title, document.title_estimated) == ("cache notes", True)


def test_broken_front_matter_is_read_line_by_line() -> None:
    document = read('---\ntitle: Fast: and slow\ntagline : "x"\n---\n1. a\n')
    assert document.title == "Fast: and slow"


def test_page_furniture_below_the_notes_is_left_out_and_reported(fenced: Document) -> None:
    parsed = notes.parse((DATA / "notes_fenced.md").read_text(encoding="utf-8"), name="n.md", source="n.md")
    assert "Leave a comment" not in fenced.text
    assert "Powered by" not in fenced.text
    assert any("below the notes left out: Leave a comment" in warning for warning in parsed.warnings)


def test_text_below_the_notes_that_is_no_furniture_is_kept_apart_from_the_last_node() -> None:
    document = read("1. a\n    1. b\n\nThese notes are unfinished.\n")
    assert own_text(document, "b") == "b\n"
    assert find(document, "These notes").level == 1


@pytest.mark.parametrize("text", ["", "\n\n  \n", "---\ntitle: x\n---\n"])
def test_nothing_to_read_is_an_error_with_a_next_step(text: str) -> None:
    with pytest.raises(ParseError, match="no text") as caught:
        notes.parse(text, name="empty.md", source="empty.md")
    assert caught.value.hint


def test_prose_forced_to_be_notes_is_kept_with_a_warning() -> None:
    parsed = notes.parse("Only a paragraph.\n\nAnd another.\n", name="p.txt", source="p.txt")
    assert "And another." in parsed.documents[0].text
    assert any("No outline line" in warning for warning in parsed.warnings)


# --- structure --------------------------------------------------------------------------------


def test_printed_numbers_are_decoration(fenced: Document) -> None:
    roots = [section for section in fenced.sections if section.level == 1 and section.marker and not section.orphan]
    assert [section.marker for section in roots] == ["3.", "3.", "0."]
    assert [section.id for section in roots] == ["2", "3", "4"]
    assert find(fenced, "sharing a prefix").id == "2.2.2"


def test_continuation_lines_join_their_node(fenced: Document) -> None:
    assert own_text(fenced, "very good. the figure") == (
        "very good. the figure on page four explains the whole design\n"
        "blocks of sixteen tokens\nand a table for every sequence\n"
    )
    assert "https://example.org/paged-caches-slides.pdf" in own_text(fenced, "Paged caches")


def test_every_address_is_a_link(fenced: Document) -> None:
    assert [link.url for link in fenced.links] == [
        "https://example.org/paged-caches.pdf",
        "https://example.org/paged-caches-slides.pdf",
        "https://example.org/fragmentation",
    ]
    assert all(fenced.text[link.start : link.end] == link.url for link in fenced.links)


def test_a_marker_one_column_off_is_still_a_sibling(fenced: Document) -> None:
    assert ancestors(fenced, "a line that is one column off")[-1] == "Sorting by remaining length"


@pytest.mark.parametrize(
    "text",
    [
        "1. a\n\t1. b\n\t\t1. c\n\t2. d\n2. e\n",
        "1. a\n　　1. b\n　　　　1. c\n　　2. d\n2. e\n",
        "- a\n  - b\n    - c\n  - d\n- e\n",
        "* a\n   + b\n      - c\n   + d\n* e\n",
        "• a\n  • b\n      • c\n   • d\n• e\n",
        "1) a\n    1) b\n        1) c\n    2) d\n2) e\n",
        "１．a\n    （１）b\n        ①c\n    （２）d\n２．e\n",
        "1 a\n1.1 b\n1.1.1 c\n1.2 d\n2 e\n",
        "1. a\n  1.1 b\n    1.1.1 c\n  1.2 d\n2. e\n",
        "一、a\n（一）b\n1、c\n（二）d\n二、e\n",
        "第一章 a\n第一节 b\n1. c\n第二节 d\n第二章 e\n",
        "# a\n## b\n- c\n## d\n# e\n",
        "A. a\n    i. b\n        - c\n    ii. d\nB. e\n",
    ],
)
def test_every_style_gives_the_same_tree(text: str) -> None:
    assert shape(text) == [(1, "a"), (2, "b"), (3, "c"), (2, "d"), (1, "e")]
    assert not any(section.orphan for section in read(text).sections)


@pytest.mark.parametrize(
    "line",
    ["1.0 代的产品", "7.2.2 describes the proof", "3.14 is close enough", "2.5x faster than before", "2023. A year",
     "(a) text-grounded answers", "-5 degrees", "1.x was slower", "A. Smith wrote it", "n/a", "1、2、3 都可以"],
)  # fmt: skip
def test_what_only_looks_like_a_marker_is_text(line: str) -> None:
    document = read(f"1. a\n    1. b\n       {line}\n    2. c\n")
    assert [section.title for section in document.sections] == ["a", "b", "c"]
    assert line in own_text(document, "b")


@pytest.mark.parametrize(
    ("line", "title"), [("1.算法顶层", "算法顶层"), ("2)实现", "实现"), ("3.“引文”", "“引文”"), ("4.Cache", "Cache")]
)
def test_a_marker_without_a_blank_may_be_one(line: str, title: str) -> None:
    assert (2, title) in shape(f"1. a\n    {line}\n    5. c\n")


def test_numbers_that_name_a_series_beyond_a_thousand_are_markers() -> None:
    text = "\n".join(f"{number}. item {number}" for number in range(1, 2100))
    assert len(read(text).sections) == 2099


def test_flat_decimals_carry_the_depth_and_bullets_hang_below_them() -> None:
    text = (
        "1 Parallelism\n1.1 Data\nIt takes 1.5 times the bytes.\n1.2 Tensor\n- columns\n  - first\n2 Serving\n2.1 Cache"
    )
    assert shape(text) == [
        (1, "Parallelism"), (2, "Data"), (2, "Tensor"), (3, "columns"), (4, "first"), (1, "Serving"), (2, "Cache"),
    ]  # fmt: skip
    assert "1.5 times" in own_text(read(text), "Data")


def test_conventional_chinese_markers_nest_at_one_column() -> None:
    document = read((DATA / "notes_zh.txt").read_text(encoding="utf-8"), "notes_zh.txt")
    assert (document.published, document.title, document.language) == ("2024-05-06", "训练集群运维笔记", "zh")
    assert ancestors(document, "频繁闪断") == ["故障", "硬件", "光模块"]
    assert ancestors(document, "不可纠正") == ["故障", "硬件", "显存报错"]
    assert "再看它所在的交换机" in own_text(document, "通信库超时")
    assert find(document, "频繁闪断").marker == "②"


def test_headings_hold_the_lists_below_them() -> None:
    text = (
        "# Caches\n\nSome words.\n\n## Pages\n- small\n  - why\n\n## Eviction\n1. oldest\n\n"
        "**[A paper](https://e.org/p)** \\[1994, 12 refs\\]\n\n```\n1. fine\n   really\n```\n"
    )
    document = read(text)
    assert ancestors(document, "why") == ["Caches", "Pages", "small"]
    assert ancestors(document, "oldest") == ["Caches", "Eviction"]
    assert ancestors(document, "fine") == ["Caches", "Eviction", "A paper"]
    assert find(document, "A paper").labels == ("year:1994", "refs:12")
    assert "Some words." in own_text(document, "Caches")


@pytest.mark.parametrize("fence", ["```", "````", "~~~", "```text"])
def test_an_outline_in_a_fence_is_an_outline(fence: str) -> None:
    close = fence.replace("text", "")
    assert shape(f"{fence}\n1. a\n    1. b\n{close}\n") == [(1, "a"), (2, "b")]


def test_code_in_a_fence_stays_code() -> None:
    code = "   ```python\n   for i in range(3):\n       print(i)\n   1. not a node\n   ```\n"
    text = f"1. run it\n{code}    1. child\n2. b\n"
    document = read(text)
    assert [section.title for section in document.sections] == ["run it", "child", "b"]
    assert "```python\nfor i in range(3):\n    print(i)\n1. not a node\n```" in own_text(document, "run it")


def test_text_left_of_its_neighbour_goes_to_the_parent_it_stands_under() -> None:
    document = read("1. a\n    1. b\n   late words on a\n2. c\n")
    assert own_text(document, "b") == "b\n"
    assert ancestors(document, "late words") == ["a"]


def test_blank_lines_do_not_end_a_node() -> None:
    text = '1. a\n    1. b\n       "first part\n\n       second part"\n\n    2. c\n'
    assert shape(text) == [(1, "a"), (2, "b"), (2, "c")]
    assert 'second part"' in own_text(read(text), "b")


def test_a_node_without_words_takes_its_title_from_the_next_line() -> None:
    assert shape("1.\n   the words\n2. b\n") == [(1, "the words"), (1, "b")]


def test_depth_has_no_limit() -> None:
    depth = 400
    document = read("\n".join(" " * 2 * level + f"- level {level}" for level in range(depth)))
    assert [section.level for section in document.sections] == list(range(1, depth + 1))
    assert document.sections[-1].id == ".".join(["1"] * depth)


# --- lost parents -----------------------------------------------------------------------------


def test_a_sequence_that_restarts_after_a_blank_line_has_lost_its_parent(fenced: Document) -> None:
    lost = [section for section in fenced.sections if section.orphan]
    assert [section.title[:9] for section in lost] == ["keep the ", "calibrate", "write the"]
    assert ancestors(fenced, "keep the") == []
    assert ancestors(fenced, "write the") == []
    parsed = notes.parse((DATA / "notes_fenced.md").read_text(encoding="utf-8"), name="n.md", source="n.md")
    assert any("parent missing" in warning and ": 3 of 34" in warning for warning in parsed.warnings)


def test_lines_below_an_orphan_are_relative_to_it() -> None:
    document = read("1. A\n    1. x\n    2. y\n\n    1. lost\n        1. under lost\n    2. lost too\n2. B\n    1. z\n")
    assert [s.title for s in document.sections if s.orphan] == ["lost", "lost too"]
    assert ancestors(document, "under lost") == ["lost"]
    assert ancestors(document, "lost too") == []
    assert ancestors(document, "z") == ["B"]


def test_an_orphan_further_in_keeps_the_ancestors_that_still_hold() -> None:
    document = read("1. A\n    1. p\n        1. x\n        2. y\n\n        1. lost\n        2. lost too\n    3. q\n")
    assert ancestors(document, "lost") == ["A"]
    assert ancestors(document, "q") == ["A"]


def test_a_jump_of_levels_is_flagged() -> None:
    document = read("1. A\n    1. B\n            1. C\n        1. D\n2. E\n")
    assert [section.title for section in document.sections if section.orphan] == ["C"]
    assert ancestors(document, "C") == ["A", "B"]
    assert ancestors(document, "D") == ["A", "B"]


def test_notes_that_begin_in_the_middle_have_orphans() -> None:
    document = read("        1. lost\n    2. also\n1. A\n    1. below\n")
    assert [section.title for section in document.sections if section.orphan] == ["lost", "also"]
    assert ancestors(document, "below") == ["A"]


@pytest.mark.parametrize(
    "text",
    [
        "1. A\n\n    1. x\n\n    1. y\n\n    1. z\n\n1. B\n\n    1. q\n\n    1. r\n",  # all numbered 1
        "1. A\n    1. x\n    1. y\n",  # a repeated number, no blank line
        "1. A\n    1. x\n\n    2. y\n\n    3. z\n",
        "1. A\n    8. x\n    9. y\n2. B\n    1. z\n",
        "# H\n1. a\n2. b\n\nprose between\n\n1. c\n2. d\n",
        "- a\n  - b\n      - c\n   - d\n- e\n",
    ],
)
def test_careless_numbering_is_no_lost_parent(text: str) -> None:
    assert not any(section.orphan for section in read(text).sections)


# --- labels -----------------------------------------------------------------------------------


def test_opinions_label_the_node_that_they_are_about(fenced: Document) -> None:
    assert "very-good" in find(fenced, "very good. the figure").labels
    assert "very-good" in find(fenced, "Paged caches").labels
    assert {"useful", "good"} <= set(find(fenced, "Chunked prefill").labels)
    assert "interesting" in find(fenced, "A closer look").labels
    assert "very-good" in find(fenced, "显存碎片").labels


def test_an_opinion_with_lines_below_it_is_a_heading_of_its_own() -> None:
    document = read("1. A paper\n    1. interesting\n        1. first point\n        2. second point\n")
    assert "interesting" in find(document, "interesting").labels
    assert "interesting" not in find(document, "A paper").labels


def test_questions_are_labelled_themselves(fenced: Document) -> None:
    assert "question" in find(fenced, "who frees").labels
    assert "question" in find(fenced, "my questions").labels
    assert "question" not in find(fenced, "Paged caches").labels


def test_annotations_leave_the_title_but_stay_in_the_text(fenced: Document) -> None:
    section = find(fenced, "Paged caches")
    assert section.title == "Paged caches for long conversations"
    assert {"year:2023", "venue:SOSP", "refs:1204"} <= set(section.labels)
    assert "[2023, SOSP, 1,204 refs]" in fenced.text


# --- recognition ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["notes_fenced.md", "notes_zh.txt"])
def test_outlines_are_recognised(name: str) -> None:
    assert notes.sniff((DATA / name).read_text(encoding="utf-8"), "x")[0] >= 0.55


@pytest.mark.parametrize(
    "name",
    ["blog_dated.txt", "blog_plain.txt", "newsletter_en.txt", "weekly_zh.txt", "posts.rss", "abstracts_after.txt"],
)
def test_other_sources_are_not_taken_for_outlines(name: str) -> None:
    score, reason = notes.sniff((DATA / name).read_text(encoding="utf-8"), "2023-10-15-notes.md")
    assert score < 0.3, reason


# --- any text ---------------------------------------------------------------------------------

LINES = st.lists(
    st.tuples(
        st.integers(0, 14),
        st.sampled_from(
            ["1. ", "2) ", "- ", "n. ", "一、", "（1）", "# ", "", "1.2 ", "```", "~~~", "\t", "---", "a. "]
        ),
        st.text(alphabet="ab 的1.[2020]-*`#?\t　", max_size=12),
    ),
    max_size=40,
)


def check_whole(document: Document, words: list[str]) -> None:
    assert document.sections
    assert document.sections[0].start == 0
    assert document.sections[-1].end == len(document.text)
    assert min(section.level for section in document.sections) == 1
    assert max(Counter(section.id for section in document.sections).values()) == 1
    for section in document.sections:
        parent = section.id.rpartition(".")[0]
        stack = [
            s for s in document.sections if s.start <= section.start and s is not section and s.level < section.level
        ]
        assert bool(parent) == (section.level > 1 and bool(stack) and section.id.count(".") > 0)
    assert Counter(words) - Counter("".join(document.text.split())) == Counter()


@given(LINES)
@settings(max_examples=150, deadline=None)
def test_sections_cover_the_text_and_no_word_is_lost(lines: list[tuple[int, str, str]]) -> None:
    text = "\n".join(" " * indent + mark + body for indent, mark, body in lines)
    try:
        document = read(text)
    except ParseError:
        return
    letters = [char for _, _, body in lines for char in body if char in "b的"]
    check_whole(document, letters)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_never_breaks_the_parser(text: str) -> None:
    score, reason = notes.sniff(text, "x")
    assert 0 <= score <= 1
    assert reason
    try:
        document = read(text)
    except ParseError:
        return
    assert document.sections[-1].end == len(document.text)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_the_parent_by_levels_is_the_nearest_line_further_left(depths: list[int]) -> None:
    columns = [0]
    for depth in depths:
        columns.append(4 * min(depth, columns[-1] // 4 + 1))
    document = read("\n".join(" " * column + f"- node {i} x" for i, column in enumerate(columns)))
    for i, column in enumerate(columns):
        expected = next((j for j in range(i - 1, -1, -1) if columns[j] < column), None)
        found = ancestors(document, f"node {i} x")
        assert (found[-1] if found else None) == (f"node {expected} x" if expected is not None else None)


def test_time_is_linear_in_lines() -> None:
    def took(count: int) -> float:
        text = "\n".join(
            " " * 4 * (i % 9) + f"{i % 7 + 1}. node {i} on caches [2019, SOSP, {i} refs]" for i in range(count)
        )
        start = time.perf_counter()
        read(text)
        return time.perf_counter() - start

    small = min(took(1000) for _ in range(3))
    assert took(8000) < small * 40 + 1


# --- the sample documents, where present ------------------------------------------------------


@pytest.mark.skipif(not SEEDS.exists(), reason="sample documents are not here")
def test_the_sample_notebook() -> None:
    path = next(SEEDS.glob("003_*"))
    document = read(path.read_text(encoding="utf-8"), path.name)
    nodes = [section for section in document.sections if section.marker]
    assert len(nodes) == 500
    assert max(section.level for section in nodes) == 10
    assert (document.published, document.published_basis) == ("2023-10-15", "stated")
    lost = [section for section in nodes if section.orphan]
    assert len(lost) == 16
    blocks = [section for section in lost if section.level == 1]
    assert len(blocks) == 10
    counts = Counter(label for section in nodes for label in section.labels)
    assert counts["related"] == 15
    assert counts["very-good"] >= 10
    assert {"venue:SOSP", "refs:510", "year:2019", "author:Joseph E. Gonzalez"} <= set(counts)
