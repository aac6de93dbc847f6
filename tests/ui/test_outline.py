"""ui.outline: a notebook as a tree that folds, the note asked for in view, lost parents said."""

import time

from kb.types import Document, Kind, Section
from tests.ui.conftest import Reading, document
from ui import outline
from ui.links import DocumentState

STATE = DocumentState(id="notes:n.md")


def notebook(*lines: tuple[int, str], **labels: tuple[str, ...]) -> Document:
    """Make notes of (level, text) lines; labels by the line's number, `l3=("question",)`."""
    text, sections, counts = "", [], [0]
    for number, (level, words) in enumerate(lines):
        counts = [*counts[:level], 0, 0, 0][: level + 1] if len(counts) <= level else counts[: level + 1]
        counts[level] += 1
        start = len(text)
        text += words + "\n"
        sections.append(
            Section(
                id=f"{number}",
                level=level,
                title=words.split("\n")[0].split("    [")[0],
                marker=f"{counts[level]}.",
                start=start,
                end=len(text),
                labels=labels.get(f"l{number}", ()),
                orphan=words.startswith("lost"),
            )
        )
    return document(text, id="notes:n.md", kind=Kind.NOTES, sections=tuple(sections))


def span(made: Document, words: str) -> tuple[int, int]:
    at = made.text.index(words)
    return at, at + len(words)


def test_the_tree_follows_the_levels() -> None:
    roots = outline.tree(notebook((1, "a"), (2, "b"), (3, "c"), (2, "d"), (1, "e")))
    assert [(node.section.title, node.size) for node in roots] == [("a", 4), ("e", 1)]
    assert [node.section.title for node in roots[0].children] == ["b", "d"]


def test_a_small_notebook_stands_open_and_nothing_is_lost() -> None:
    read = Reading(outline.body(notebook((1, "a <b>"), (2, "b\nhttps://example.org"), (1, "c")), None, (), STATE))
    assert read.tags.count("details") == 1
    assert ("open", None) in read.attributes
    assert "a <b>" in read.text
    assert "https://example.org" in read.addresses


def large(width: int) -> Document:
    lines = []
    for top in range(width):
        lines.append((1, f"top {top}"))
        for inner in range(10):
            lines.append((2, f"inner {top}.{inner}"))
            lines.append((3, f"leaf {top}.{inner}"))
    return notebook(*lines)


def test_a_large_notebook_shows_as_many_levels_as_fit() -> None:
    html = outline.body(large(20), None, (), STATE)
    assert html.count("<details") == 220
    assert html.count('<details class="al-node" open') == 0
    assert outline.body(large(20), None, (), DocumentState(id="n", open="all")).count(" open>") == 220


def test_the_way_to_the_note_asked_for_stands_open() -> None:
    made = large(20)
    html = outline.body(made, span(made, "leaf 7.3"), (), STATE)
    assert html.count(" open>") == 2
    assert html.count("data-scroll-here") == 1
    hit = html[html.index("data-scroll-here") :]
    assert hit.index("leaf 7.3") < 200


def test_a_branch_asked_for_is_marked_as_one() -> None:
    made = notebook((1, "a"), (2, "b"), (3, "c"), (2, "d"))
    start, _ = span(made, "b")
    html = outline.body(made, (start, span(made, "c")[1]), (), STATE)
    assert html.count("al-hit") == 1
    Reading(html)


def test_lost_parents_are_said_at_the_top_and_within() -> None:
    html = outline.body(
        notebook((1, "a"), (2, "lost within"), (1, "lost at the top"), (1, "lost too")), None, (), STATE
    )
    assert html.count("Parent missing") == 1
    assert html.count("parent missing") == 1
    assert html.index("Parent missing") < html.index("lost at the top")


def test_opinions_and_questions_are_badges_and_annotations_step_back() -> None:
    made = notebook(
        (1, "a work    [2023, SOSP, 9 refs]"), (2, "why [so]?"), l0=("year:2023", "very-good"), l1=("question",)
    )
    read = Reading(outline.body(made, None, (), STATE))
    assert "very good" in read.text
    assert "question" in read.text
    html = outline.body(made, None, (), STATE)
    assert '<span class="al-ann">[2023, SOSP, 9 refs]</span>' in html
    assert '<span class="al-ann">[so]</span>' not in html


def test_a_huge_notebook_is_drawn_in_part_and_quickly() -> None:
    made = large(150)
    began = time.perf_counter()
    html = outline.body(made, span(made, "leaf 99.9"), (), STATE)
    assert time.perf_counter() - began < 2.0
    assert html.count("below") > 100
    assert "leaf 99.9" in html
    assert "leaf 3.3" not in html
    Reading(html)


def test_a_very_deep_outline_is_drawn() -> None:
    made = notebook(*[(level, f"level {level}") for level in range(1, 401)])
    read = Reading(outline.body(made, span(made, "level 400"), (), STATE))
    assert "level 400" in read.text
