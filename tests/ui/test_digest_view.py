"""A quarter's digest part by part: whole where it is short, in parts where it is long."""

from digests.cited import Cited
from digests.types import BuildState, Change
from tests.digests.samples import cited, digest, entry, full, hostile, large
from tests.ui.conftest import Reading
from ui.digest_state import DigestState
from ui.digest_view import (
    FIRST,
    PER_PAGE,
    accounts_html,
    body_html,
    contents_html,
    head_html,
    is_short,
    located,
    opening_html,
    page_of,
    part_entries,
)

STATE = DigestState(quarter="2023-Q1")


def body(made: object, state: DigestState = STATE) -> Reading:
    return Reading(body_html(made, state, lambda entries: cited()))  # type: ignore[arg-type]


def test_the_parts_come_in_the_order_in_which_they_are_read() -> None:
    made, known = full(), ["2022-Q4", "2023-Q1", "2023-Q3"]
    read = Reading(
        head_html(made, STATE, known)
        + opening_html(made, STATE)
        + contents_html(made, STATE)
        + body_html(made, STATE, lambda entries: cited())
        + accounts_html(made, STATE, BuildState(), lambda ids: Cited())
    )
    order = [
        "← Q4'22",
        "Q3'23 →",
        "Q1'23: caches are paged",
        "January to March 2023",
        "edited",
        "Editor’s note",
        "Serving rose from 1",
        "What changed",
        "Rising",
        "Falling",
        "Must-reads",
        "opinion “very good”",
        "How many documents name",
        "KV cache and memory",
        "Batching and scheduling",
        "Withdrawn since",
        "What was read this week",
        "Published earlier, added this quarter",
        "What is not above",
        "Left out: hidden by you",
        "Undated: the source",
        "Sources that could not be read",
        "How this page was built",
        "Edited: the title",
    ]
    places = [read.text.index(words) for words in order]
    assert places == sorted(places)


def test_a_long_digest_shows_the_first_of_each_topic_and_the_way_to_the_rest() -> None:
    made = large(600)
    assert not is_short(made)
    read = body(made)
    assert read.tags.count("article") == 6 * FIRST
    assert "94 more in Serving" in read.text
    assert "/digests?quarter=2023-Q1&part=serving" in read.addresses


def test_a_part_is_shown_page_by_page() -> None:
    made = large(600)
    read = body(made, DigestState(quarter="2023-Q1", part="serving", page=2))
    assert read.tags.count("article") == PER_PAGE
    assert "Page 2 of 4" in read.text
    assert "/digests?quarter=2023-Q1&part=serving" in read.addresses
    assert "/digests?quarter=2023-Q1&part=serving&page=3" in read.addresses
    last = body(made, DigestState(quarter="2023-Q1", part="serving", page=99))
    assert last.tags.count("article") == 100 - 3 * PER_PAGE


def test_a_subtopic_narrows_a_part() -> None:
    made = full()
    read = body(made, DigestState(quarter="2023-Q1", part="serving", sub="KV cache and memory"))
    assert "Paging the cache" in read.text
    assert "Batches that never stop" not in read.text
    assert "Batching and scheduling" in read.text, "the other subtopic is offered"


def test_the_page_with_the_entry_that_is_looked_for_is_shown() -> None:
    made = large(600)
    entries = part_entries(made, DigestState(part="serving"))
    assert page_of(entries, DigestState(part="serving", at=entries[70].doc_id)) == (3, 4)
    assert page_of(entries, DigestState(part="serving", page=9)) == (4, 4)


def test_an_entry_is_found_in_its_part_whichever_of_its_documents_is_asked_for() -> None:
    made = large(600)
    wanted = made.sections[2].entries[40]
    state = located(made, DigestState(quarter="2023-Q1", at=wanted.doc_id))
    assert state.part == made.sections[2].topic
    assert "data-scroll-here" in body_html(made, state, lambda entries: Cited())
    assert located(made, DigestState(at="arxiv:none")).part == ""
    assert "data-scroll-here" in body_html(full(), DigestState(at="rss:aa11"), lambda entries: Cited())


def test_a_part_that_is_not_there_says_so() -> None:
    read = body(full(), DigestState(quarter="2023-Q1", part="hardware"))
    assert "no such part" in read.text
    assert "/digests?quarter=2023-Q1" in read.addresses


def test_what_is_left_out_has_its_reason_and_its_document() -> None:
    read = body(full(), DigestState(quarter="2023-Q1", part="left-out"))
    assert "it has no text of its own" in read.text
    assert "/document?id=rss%3Abb" in read.addresses
    assert "No date" in body(full(), DigestState(quarter="2023-Q1", part="undated")).text


def test_must_reads_lead_to_their_entries() -> None:
    read = Reading(opening_html(full(), STATE))
    assert "/digests?quarter=2023-Q1&at=arxiv%3A2301.00001" in read.addresses
    many = large(600).model_copy(update={"highlights": full().highlights})
    wanted = next(one.doc_id for one in many.sections[1].entries)
    many = many.model_copy(update={"highlights": (many.highlights[0].model_copy(update={"doc_id": wanted}),)})
    assert any("part=serving&at=" in address for address in Reading(opening_html(many, STATE)).addresses)


def test_movements_lead_to_the_topic_or_to_a_search_in_the_quarter() -> None:
    read = Reading(opening_html(full(), STATE))
    assert "/digests?quarter=2023-Q1&part=serving" in read.addresses
    assert any("since=2023-01&until=2023-03" in address for address in read.addresses)


def test_what_changed_since_the_last_build_is_told() -> None:
    built = BuildState(
        built_at="2026-11-22T10:00:00+00:00",
        previous_built_at="2026-11-21T09:00:00+00:00",
        changes=Change(added=("rss:aa11",), removed=("rss:gone",)),
    )
    read = Reading(accounts_html(full(), STATE, built, lambda ids: cited()))
    assert "since the build of 21 Nov 2026, 09:00: 1 added, 1 removed." in read.text
    assert "added: Paging, a post" in read.text
    assert "removed: rss:gone" in read.text
    first = built.model_copy(update={"previous_built_at": ""})
    assert "for the first time" in Reading(accounts_html(full(), STATE, first, lambda ids: cited())).text
    same = built.model_copy(update={"changes": Change()})
    assert "no document changed" in Reading(accounts_html(full(), STATE, same, lambda ids: cited())).text


def test_hostile_text_is_inert_in_every_part() -> None:
    made = hostile()
    read = Reading(
        head_html(made, STATE, [])
        + opening_html(made, STATE)
        + contents_html(made, STATE)
        + body_html(made, STATE, lambda entries: Cited())
        + accounts_html(made, STATE, BuildState(), lambda ids: Cited())
    )
    assert not {"script", "img", "style", "iframe"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on") or name == "style"]
    assert not [address for address in read.addresses if "javascript:" in address.split("?")[0]]


def test_the_sources_own_sentences_may_be_shown_throughout() -> None:
    written = full().sections[0].entries[1].generated
    made = digest(generated_summary=written, sections=full().sections)
    assert "Written by" in Reading(opening_html(made, STATE)).text
    own = Reading(opening_html(made, DigestState(quarter="2023-Q1", text="sources"))).text
    assert "Written by" not in own
    assert "Serving rose from 1" in own


def test_names_are_read_for_what_is_shown_and_no_more() -> None:
    asked: list[int] = []

    def cite(entries: object) -> Cited:
        asked.append(len(entries))  # type: ignore[arg-type]
        return Cited()

    body_html(large(600), STATE, cite)
    assert asked == [6 * FIRST]
    body_html(digest(sections=(), earlier=(entry(),)), STATE, cite)
    assert asked[-1] == 1
