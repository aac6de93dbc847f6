"""kb.chunk: passages along the section tree."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kb.chunk
from kb.chunk import LIMIT, ORPHAN_CRUMB, chunk, count_units
from kb.types import Document, Kind, Section


def build(rows: list[tuple[int, str]], kind: Kind = Kind.NOTES, **section: object) -> Document:
    """A document from (level, text) rows, ids counted as siblings."""
    text, sections, counters = "", [], list[int]()
    for level, body in rows:
        level = min(level, len(counters) + 1)
        counters = counters[:level] + [0] * (level - len(counters))
        counters[level - 1] += 1
        start = len(text)
        text += body + "\n"
        sections.append(
            Section(
                id=".".join(map(str, counters)),
                level=level,
                title=body.splitlines()[0] if body.strip() else "",
                start=start,
                end=len(text),
                **section,
            )
        )
    return Document(id="notes:x", source="x", kind=kind, title="Title", text=text, sections=tuple(sections))


def test_a_short_subtree_is_one_passage_under_its_own_breadcrumb() -> None:
    found = chunk(build([(1, "pipeline schedules"), (2, "1F1B keeps p microbatches"), (2, "GPipe keeps all")]))
    assert len(found) == 1
    assert found[0].path == ("pipeline schedules",)
    assert "GPipe keeps all" in found[0].text


def test_a_long_subtree_is_split_and_breadcrumbs_name_the_ancestors() -> None:
    rows = [(1, "root topic")]
    for name in "abc":
        rows += [(2, f"branch {name}"), *[(3, f"fact {name} {i} " + "word " * 40) for i in range(3)]]
    found = chunk(build(rows))
    (fact,) = [c for c in found if c.text.startswith("fact b 1")]
    assert fact.path[:2] == ("root topic", "branch b")
    assert all(count_units(c.text) <= LIMIT for c in found)


def test_small_neighbours_share_a_passage_that_bears_the_parents_breadcrumb() -> None:
    rows = [(1, "checklist"), *[(2, f"item {i} " + "x " * 10) for i in range(30)]]
    found = chunk(build(rows))
    assert 3 <= len(found) < 30
    assert all(c.path == ("checklist",) for c in found)


def test_long_entries_of_a_list_stay_works_of_their_own() -> None:
    rows = [(1, "Quantization"), *[(2, f"Paper {i} " + "word " * 40) for i in range(2)]]
    found = chunk(build(rows, Kind.PAGE))
    assert [c.text.split()[1] for c in found if c.text.startswith("Paper")] == ["0", "1"]


def test_long_prose_is_cut_between_sentences() -> None:
    prose = " ".join(f"Sentence number {i} says a thing about memory." for i in range(120))
    found = chunk(build([(1, prose)], Kind.PAGE))
    assert len(found) > 3
    assert all(c.text.endswith(".") for c in found)
    assert [c.id for c in found[:2]] == ["notes:x#1", "notes:x#1~2"]


def test_a_lost_parent_is_said_in_the_breadcrumb() -> None:
    (found,) = chunk(build([(1, "prompts without heading")], orphan=True))
    assert found.path[0] == ORPHAN_CRUMB
    assert "parent-missing" in found.labels


def test_a_sentence_without_end_is_cut_all_the_same() -> None:
    found = chunk(build([(1, "word " * 5000)], Kind.PAGE))
    assert all(count_units(c.text) <= LIMIT for c in found)


def test_very_deep_outlines_do_not_recurse() -> None:
    found = chunk(build([(level, f"level {level} " + "w " * 30) for level in range(1, 2000)]))
    assert found[-1].path[0].startswith("level 1 ")


@given(st.lists(st.tuples(st.integers(1, 6), st.text("ab 水.\n", max_size=300)), min_size=1, max_size=30))
def test_passages_are_ordered_disjoint_and_leave_nothing_out(rows: list[tuple[int, str]]) -> None:
    document = build(rows)
    found = chunk(document)
    assert [c.ordinal for c in found] == list(range(len(found)))
    assert all(x.end <= y.start for x, y in pairwise(found))
    assert all(document.text[c.start : c.end] == c.text for c in found)
    assert "".join("".join(c.text.split()) for c in found) == "".join(document.text.split())
    assert len({c.id for c in found}) == len(found)


def test_editing_one_node_changes_one_passage() -> None:
    rows = [(1, "root"), *[(2, f"node {i} " + "w " * 60) for i in range(10)]]
    before = {c.embed_text for c in chunk(build(rows))}
    rows[5] = (2, "node 4 " + "w " * 59 + "changed")
    after = {c.embed_text for c in chunk(build(rows))}
    assert len(after - before) == 1


def test_a_long_run_without_an_end_is_measured_no_further_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    plain = kb.chunk._exceeds
    monkeypatch.setattr(
        kb.chunk, "_exceeds", lambda text, start, end, limit: (read.append(limit), plain(text, start, end, limit))[1]
    )
    text = "字" * 100_000
    found = chunk(Document(id="page:x#1", source="x", kind=Kind.PAGE, title="t", text=text))
    assert "".join(c.text for c in found) == text
    assert len(read) <= len(found) + 1
    assert set(read) == {kb.chunk.LIMIT}
