"""digests.headline: titles and summaries that state what was counted."""

from digests.headline import Outline, summary_of, title_of
from digests.movements import Tally
from digests.types import Movement
from tests.digests.samples import entry


def outline(documents: int, topics: dict[str, int] | None = None, **more: object) -> Outline:
    given = {
        "quarter": "2023-Q1",
        "now": Tally(documents, topics or {}, {}),
        "works": documents,
        "movements": (),
        "must_reads": (),
        "dates": (),
    }
    return Outline(**(given | more))  # type: ignore[arg-type]


def moved(subject: str, before: int, now: int, kind: str = "topic", totals: tuple[int, int] = (20, 20)) -> Movement:
    return Movement.model_validate(
        {
            "subject": subject,
            "kind": kind,
            "before": before,
            "now": now,
            "total_before": totals[0],
            "total_now": totals[1],
        }
    )


def test_titles_name_movements_first_then_what_leads() -> None:
    up, down = moved("serving", 2, 9), moved("hardware", 9, 2)
    assert title_of(outline(20, movements=(up, down))) == "Q1'23: more on serving, less on hardware"
    assert title_of(outline(20, movements=(up,))) == "Q1'23: more on serving"
    assert title_of(outline(20, {"serving": 9, "hardware": 5}, movements=(down,))) == (
        "Q1'23: less on hardware, most on serving"
    )
    assert title_of(outline(20, movements=(moved("KV cache", 0, 9, "term"),))) == "Q1'23: more of KV cache"
    assert title_of(outline(20, {"serving": 15, "hardware": 2})) == "Q1'23: mostly serving"
    assert title_of(outline(20, {"serving": 8, "hardware": 7})) == "Q1'23: mostly serving and hardware"
    assert title_of(outline(20, {"other": 20})) == "Q1'23: 20 documents on none of the topics"


def test_titles_of_few_documents_count_them() -> None:
    assert title_of(outline(0)) == "Q1'23: no documents"
    assert title_of(outline(0, undated=5)) == "Q1'23: 5 undated documents"
    assert title_of(outline(1)) == "Q1'23: one document"
    assert title_of(outline(1, {"quantization": 1})) == "Q1'23: one document, on quantization"
    assert title_of(outline(3, {"serving": 2, "hardware": 1})) == "Q1'23: 3 documents, on serving and hardware"


def test_the_summary_counts_documents_works_and_topics() -> None:
    made = outline(
        12, {"serving": 7, "hardware": 3, "other": 2}, works=10, dates=("2023-01-05", "2023-03-28T10:00:00+01:00") * 6
    )
    assert summary_of(made) == (
        "12 documents about 10 works from 5 Jan 2023 to 28 Mar 2023: "
        "7 on serving, 3 on hardware and 2 on none of these."
    )


def test_the_summary_of_nothing_says_so() -> None:
    assert summary_of(outline(0)) == "No document of the library is dated in Q1'23."
    assert summary_of(outline(0, complete=False, earlier=3, undated=1)) == (
        "No document of the library is dated so far in Q1'23; "
        "3 published earlier came to the library and 1 without a date."
    )
    assert summary_of(outline(1, {"serving": 1})) == "One document, on serving."
    assert summary_of(outline(1, {"other": 1})) == "One document."
    named = outline(1, {"serving": 1})._replace(only=entry(title="Paging the cache"))
    assert summary_of(named) == "One document, on serving: “Paging the cache”."
    assert summary_of(outline(4, {"other": 4})) == "4 documents: none on the topics of the library."


def test_a_span_is_stated_only_where_every_document_states_its_day() -> None:
    assert "from" not in summary_of(outline(2, {"serving": 2}, dates=("2023-01-05", "2023-02")))


def test_movements_are_told_with_their_counts() -> None:
    made = outline(
        25,
        {"serving": 9},
        movements=(
            moved("serving", 2, 9, totals=(20, 25)),
            moved("hardware", 9, 2, totals=(20, 25)),
            moved("KV cache", 0, 7, "term", (20, 25)),
            moved("4-bit", 9, 1, "term", (20, 25)),
        ),
    )
    assert (
        "Against Q4'22 (20 documents, now 25), serving rose from 2 to 9, hardware fell from 9 to 2 and the term "
        "“KV cache” rose from 0 to 7." in summary_of(made)
    )


def test_a_share_that_moves_against_its_count_is_told_as_a_share() -> None:
    made = outline(100, {"serving": 12}, movements=(moved("serving", 10, 12, totals=(20, 100)),))
    assert "serving fell as a share, with 10 then and 12 now." in summary_of(made)


def test_must_reads_are_named_without_markup_of_titles() -> None:
    reads = (entry("arxiv:1", "Paging\nthe  cache"), entry("arxiv:2", "First words…", title_estimated=True))
    assert summary_of(outline(4, {"serving": 4}, must_reads=reads)).endswith(
        "Must-reads: “Paging the cache” and “First words…”."
    )


def test_the_works_of_lists_are_told_by_topic() -> None:
    listed = {"compression": 11, "quantization": 8, "other": 5}
    one = outline(1, {"quantization": 1}, lists=1, listed=listed)
    assert title_of(one) == "Q1'23: one list of 24 works, on compression and quantization"
    assert summary_of(one) == (
        "One document, on quantization. It lists 24 works: 11 on compression, 8 on quantization and 5 on none of these."
    )
    two = outline(8, {"serving": 8}, lists=2, listed={"other": 9})
    assert "2 lists among them name 9 works: none on the topics of the library." in summary_of(two)
