"""digests.works: which documents are about one work, and which only look like it."""

import itertools
import random

from digests.works import Facts, group


def facts(doc: str, title: str = "", url: str = "", **more: object) -> Facts:
    given = {
        "id": doc,
        "kind": doc.split(":")[0],
        "source": doc,
        "url": url,
        "title": title,
        "title_estimated": not title,
        "authors": (),
        "published": "2023-02-10",
    }
    return Facts(**(given | more))  # type: ignore[arg-type]


PAPER = facts("arxiv:2301.00001", "Zephyr: Lazy Paging for Long Contexts", authors=("Ada Example",))


def one(*documents: Facts, named: dict[str, frozenset[str]] | None = None) -> bool:
    groups = {tuple(found) for found in group(documents, named or {}).values()}
    return len(groups) == 1


def test_a_post_under_a_papers_address_is_about_the_paper() -> None:
    assert one(PAPER, facts("rss:1", "New on the list", "http://arxiv.org/pdf/2301.00001v2.pdf"))


def test_the_same_address_from_two_sources_is_one_work_whatever_its_title() -> None:
    left = facts("rss:1", "A post about caches and pages", "https://blog.example/post?utm_source=x")
    right = facts("page:2", "Another heading of the same", "https://blog.example/post/")
    assert one(left, right)


def test_items_of_one_page_share_its_address_and_stay_apart() -> None:
    left = facts("page:1", "On caches and their pages", "https://news.example/17", source="f")
    right = facts("page:2", "On chips and their links", "https://news.example/17", source="f")
    assert not one(left, right)


def test_pages_of_one_repository_stay_apart() -> None:
    left = facts("page:1", "Version 1 is out now here", "https://github.com/a/b/releases/tag/v1")
    right = facts("page:2", "Version 2 is out now here", "https://github.com/a/b/releases/tag/v2")
    assert not one(left, right)


def test_the_same_title_in_another_kind_is_one_work() -> None:
    assert one(PAPER, facts("rss:1", "Zephyr - lazy paging for long contexts", authors=("Some Blog",)))


def test_two_papers_are_never_one() -> None:
    twin = facts("arxiv:2302.00002", PAPER.title, authors=("Ada Example",))
    assert not one(PAPER, twin)
    # Not even through a post that is like both.
    groups = group([PAPER, twin, facts("rss:1", PAPER.title)], {})
    assert groups["arxiv:2301.00001"] != groups["arxiv:2302.00002"]


def test_columns_and_yearly_reports_are_works_each() -> None:
    assert not one(facts("rss:1", "Weekly", published="2023-01-02"), facts("rss:2", "Weekly", published="2023-01-09"))
    old = facts("rss:1", "The state of serving in one report", published="2022-02-01")
    new = facts("rss:2", "The state of serving in one report", published="2023-02-01")
    assert not one(old, new)
    strangers = (
        facts("rss:3", "The state of serving in one report", authors=("Eve",)),
        facts("rss:4", "The state of serving in one report", authors=("Mallory",)),
    )
    assert not one(*strangers)


def test_a_post_that_bears_a_papers_title_and_names_it_is_about_it() -> None:
    named = {"rss:1": frozenset({"2301.00001"})}
    for title in ("Introducing Zephyr", "Zephyr", "Lazy paging for long contexts, explained", "论文解读：Zephyr"):
        assert one(PAPER, facts("rss:1", title), named=named), title
    # Without the reference a name alone may be anything.
    assert not one(PAPER, facts("rss:1", "Introducing Zephyr"))


def test_a_post_that_uses_a_paper_is_a_work_of_its_own() -> None:
    named = {"rss:1": frozenset({"2301.00001"})}
    for title in ("How we serve with Zephyr at Example", "Benchmarking five pagers with Zephyr", "Paging", "Serving"):
        assert not one(PAPER, facts("rss:1", title), named=named), title


def test_groups_do_not_depend_on_the_order_of_documents() -> None:
    documents = [
        PAPER,
        facts("arxiv:2302.00002", PAPER.title),
        facts("rss:1", PAPER.title),
        facts("rss:2", "A post about caches and pages", "https://blog.example/post"),
        facts("page:3", "Another heading of the same", "https://blog.example/post"),
    ]
    expected = group(documents, {})
    for order in itertools.islice(itertools.permutations(documents), 0, 120, 7):
        assert group(order, {}) == expected
    random.Random(1).shuffle(documents)
    assert group(documents, {}) == expected
