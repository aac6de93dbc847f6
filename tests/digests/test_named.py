"""digests.named: the works that lists and notebooks name, with what is said of them."""

from digests.named import judged, listed, noted, titled
from kb.chunk import chunk
from kb.references import extract
from kb.text import fold_space
from kb.types import Document, Reference
from tests.digests.shelf import document, notebook, reading_list, tagger

ENTRY = (
    "Zephyr: Lazy Paging of the KV Cache for Serving by Example University (https://arxiv.org/abs/2301.00001). "
    "The authors manage the cache of a language model in small blocks that a table maps to memory, as pages are. It "
    "needs 40% less memory than reserving for the longest answer. Code is available at https://github.com/z/z."
)
OTHER = (
    "Quartz: Rounding Towers to Four Bits by Example Labs (https://arxiv.org/abs/2301.00002). Weights are rounded "
    "group by group, and what is lost in one of them is made up for in those that follow, so that four bits are enough."
)


def a_list() -> Document:
    return reading_list("page:list#1", "Papers with results", [ENTRY, OTHER])


def references(made: Document) -> list[Reference]:
    return [r.model_copy(update={"chunk_id": c.id}) for c in chunk(made) for r in extract(c.text)]


def test_a_list_names_its_works_with_remarks_that_are_its_own_words() -> None:
    made = a_list()
    found = listed(made, chunk(made), references(made), tagger())
    assert [(work.key, work.title, work.topic) for work in found] == [
        ("2301.00001", "Zephyr: Lazy Paging of the KV Cache for Serving", "serving"),
        ("2301.00002", "Quartz: Rounding Towers to Four Bits", "quantization"),
    ]
    remark = found[0].remark
    assert remark is not None
    # Where the code lies is no remark.
    assert remark.text.startswith("The authors manage the cache")
    assert remark.text.endswith("the longest answer.")
    assert fold_space(made.text[remark.start : remark.end]) == remark.text
    assert remark.chunk_id == next(c.id for c in chunk(made) if c.start <= remark.start < c.end)


def test_a_reference_without_a_remark_is_no_entry_of_a_list() -> None:
    made = document("page:x#1", "Post", "We build on https://arxiv.org/abs/2301.00001 and on nothing else here.")
    assert listed(made, chunk(made), references(made), tagger()) == []


NOTES = notebook(
    "caches.md",
    [
        (1, "Paging", ()),
        (2, "Zephyr: Lazy Paging for Long Contexts [2023] - Ada Example", ("author:Ada Example", "year:2023")),
        (3, "https://arxiv.org/abs/2301.00001", ()),
        (3, "very good, read the part on swapping", ("very-good",)),
        (3, "blocks of 16 tokens, one table", ()),
        (2, "related materials", ("related", "stock")),
        (3, "Quartz: Rounding Towers to Four Bits", ()),
        (4, "https://arxiv.org/abs/2301.00002", ()),
        (4, "rounds the weights group by group", ()),
        (3, "plain advice without any link or author", ()),
        (1, "Budget: 24 GB, see https://arxiv.org/abs/2301.00003", ()),
        (2, "counts from https://arxiv.org/abs/2301.00004 say otherwise", ()),
        (3, "interesting, but of another work", ("interesting",)),
    ],
)


def test_a_node_says_something_of_the_one_work_that_it_links() -> None:
    found = {work.key: work for work in noted(NOTES, chunk(NOTES))}
    zephyr = found["2301.00001"]
    assert zephyr.labels == ("very-good",)
    assert [line.text for line in zephyr.sentences] == [
        "very good, read the part on swapping",
        "blocks of 16 tokens, one table",
    ]
    assert zephyr.sentences[0].labels == ("very-good",)
    assert all(NOTES.text[line.start : line.end] == line.text for line in zephyr.sentences)


def test_a_heading_of_links_is_not_about_one_of_them() -> None:
    quartz = {work.key: work for work in noted(NOTES, chunk(NOTES))}["2301.00002"]
    assert [line.text for line in quartz.sentences] == ["rounds the weights group by group"]
    assert quartz.title == "Quartz: Rounding Towers to Four Bits"


def test_what_is_said_below_another_link_is_about_that() -> None:
    found = {work.key: work for work in noted(NOTES, chunk(NOTES))}
    assert found["2301.00003"].labels == ()
    assert found["2301.00004"].labels == ("interesting",)


def test_titles_of_nodes_name_works_without_a_link() -> None:
    zephyr = next(said for title, said in titled(NOTES, chunk(NOTES)) if title.startswith("Zephyr"))
    assert "[2023]" not in zephyr.title
    assert zephyr.labels == ("very-good",)


def test_a_notebook_lists_what_has_an_author_or_an_opinion() -> None:
    works = judged(NOTES, chunk(NOTES), tagger())
    assert [work.title for work in works] == ["Zephyr: Lazy Paging for Long Contexts [2023] - Ada Example"]
    assert works[0].labels == ("very-good",)


def test_only_notebooks_have_opinions() -> None:
    made = a_list()
    assert noted(made, chunk(made)) == []
    assert list(titled(made, chunk(made))) == []
    assert judged(made, chunk(made), tagger()) == []
