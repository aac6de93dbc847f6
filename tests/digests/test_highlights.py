"""digests.highlights: three to five works by a criterion that is printed with its values."""

from digests.highlights import CRITERION, must_reads
from digests.types import Entry, NamedWork, Opinion
from tests.digests.samples import entry, sentence

SAID = (
    "We page the cache of a model in small blocks, which a table maps to memory, and share equal ones between requests."
)


def works(count: int, **changes: object) -> list[Entry]:
    return [work(f"arxiv:2301.{n:05d}", f"Work number {n}", **changes) for n in range(count)]


def work(doc_id: str, title: str, **changes: object) -> Entry:
    given = {"topics": ("serving",), "sentences": (sentence(SAID, doc_id),)}
    return entry(doc_id, title, **(given | changes))


def opinion(label: str) -> Opinion:
    return Opinion(**sentence("a verdict", "notes:n.md").model_dump(), labels=(label,))


def test_three_to_five_by_the_size_of_the_quarter() -> None:
    sizes = {count: len(must_reads(works(count), {}, {})) for count in (0, 1, 2, 3, 12, 13, 24, 25, 200)}
    assert sizes == {0: 0, 1: 0, 2: 2, 3: 3, 12: 3, 13: 4, 24: 4, 25: 5, 200: 5}


def test_each_value_raises_a_work_and_stands_in_its_reason() -> None:
    plain = works(8)
    cases = {
        "named by 3 documents": {"named_by": ("a", "b", "c")},
        "your notes: very good": {"opinions": (opinion("very-good"),)},
        "1 further document about it": {"also": ("rss:1",)},
        "code": {"code_urls": ("https://github.com/a/b",)},
    }
    for words, change in cases.items():
        better = plain[5].model_copy(update=change)
        found = must_reads([*plain[:5], better, *plain[6:]], {}, {})
        assert found[0].doc_id == better.doc_id, words
        assert words in found[0].reason
    assert must_reads(plain, {plain[6].doc_id: 2}, {})[0].reason == "2 measured results, belongs to Serving by 0.00"
    assert must_reads(plain, {}, {plain[7].doc_id: 0.9})[0].doc_id == plain[7].doc_id


def test_the_printed_criterion_gives_the_printed_score() -> None:
    one = works(3, opinions=(opinion("good"),), named_by=("a",), also=("b", "c", "d"), code_urls=("https://x.y/z",))
    found = must_reads(one, {one[0].doc_id: 9}, {one[0].doc_id: 0.5})
    # 2 * log2(2) + 2 + 0.5 * 3 + 0.5 * 2 + 0.5 + 0.5
    assert found[0].score == 7.5
    for value in ("log2", "very good 4", "good 2", "at most 3"):
        assert value in CRITERION


def test_withdrawn_works_and_notebooks_are_none() -> None:
    found = must_reads(
        [
            *works(3),
            entry("arxiv:2301.99999", "Gone", status="withdrawn", named_by=("a", "b")),
            entry("notes:n.md", "Mine", kind="notes", named_by=("a", "b")),
        ],
        {},
        {},
    )
    assert {highlight.doc_id for highlight in found} == {work.doc_id for work in works(3)}


def test_lists_and_works_of_which_only_a_title_is_known_are_none_unless_pinned() -> None:
    names = tuple(NamedWork(kind="url", key=f"x.example/{n}", title=f"Named {n}") for n in range(4))
    liked = {"named_by": ("a", "b", "c"), "opinions": (opinion("very-good"),)}
    listing = work("rss:list", "What we read this week", names=names, **liked)
    bare = work("arxiv:2301.99997", "A title alone", sentences=(), summary="", **liked)
    line = work("arxiv:2301.99998", "A line", sentences=(sentence("It pages the cache in blocks.", "x"),), **liked)
    plain = works(4)
    assert {one.doc_id for one in must_reads([*plain, listing, bare, line], {}, {})} <= {one.doc_id for one in plain}
    pinned = listing.model_copy(update={"pinned": True})
    assert must_reads([*plain, pinned, bare, line], {}, {})[0].doc_id == "rss:list"
    # Beside a list, a single work is worth naming.
    assert [one.doc_id for one in must_reads([plain[0], listing], {}, {})] == [plain[0].doc_id]


def test_pinned_works_come_first_and_say_so() -> None:
    plain = works(10)
    pinned = plain[9].model_copy(update={"pinned": True})
    found = must_reads([*plain[:9], pinned], {plain[0].doc_id: 3}, {})
    assert found[0].doc_id == pinned.doc_id
    assert found[0].reason.startswith("pinned by you")
    assert len(found) == 3


def test_topics_take_turns_where_works_are_alike() -> None:
    serving = works(6)
    other = [work(f"arxiv:2302.{n:05d}", f"Other {n}", topics=("hardware",)) for n in range(6)]
    chosen = must_reads([*serving, *other], {}, {work.doc_id: 0.9 for work in (*serving, *other)})
    topics = ["hardware" if highlight.doc_id.startswith("arxiv:2302") else "serving" for highlight in chosen]
    assert sorted(topics[:2]) == ["hardware", "serving"]


def test_one_more_work_changes_the_must_reads_only_where_it_earns_a_place() -> None:
    plain = works(12)
    results = {work.doc_id: n % 3 for n, work in enumerate(plain)}
    before = must_reads(plain[:11], results, {})
    after = must_reads(plain, results | {plain[11].doc_id: 0}, {})
    assert before == after
