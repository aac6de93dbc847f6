"""ingest.arxiv_papers: every abstract under its own id, whatever the dump looks like."""

import contextlib
import json
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ingest
from ingest.arxiv_papers import parse, sniff
from kb.errors import ParseError
from kb.types import Document, Kind, Parsed

DATA = Path(__file__).parent.parent / "data"

PIPES = (
    "We study how the idle time of a pipeline grows with the number of its stages, and propose a schedule that hides "
    "it behind the backward pass of other micro-batches. Measured on sixteen accelerators, the schedule raises "
    "throughput by a fifth and needs no more memory than before."
)
CACHES = (
    "Caches of keys and values dominate the memory of long conversations. This work stores them in pages of fixed "
    "size, so that nothing is wasted, and shares pages between branches. See arXiv:2104.04473 for the training side, "
    "which is not treated here at all. Twice as many requests are served."
)
LAYOUTS = (
    "3D parallelism is hard to tune by hand. We present a search that finds good layouts within minutes by pruning "
    "what cannot fit in memory, and a cost model for the rest, validated on two clusters with different networks."
)
A, B, C = "2403.01234", "2309.06543", "1412.6789"


def read(text: str) -> Parsed:
    return parse(text, name="dump.txt", source="dump.txt")


def by_id(text: str) -> dict[str, str]:
    return {d.id.removeprefix("arxiv:"): d.text for d in read(text).documents}


def wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 76))


def api(entries: str, total: int = 1) -> str:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/">'
        f"<id>http://arxiv.org/api/x</id><o:totalResults>{total}</o:totalResults>{entries}</feed>"
    )


# API


def test_api_response() -> None:
    parsed = read((DATA / "arxiv_api.xml").read_text(encoding="utf-8"))
    paper, old = parsed.documents
    assert parsed.kind is Kind.ARXIV
    assert (paper.id, paper.version, paper.url) == ("arxiv:2403.01234", 2, "https://arxiv.org/abs/2403.01234")
    assert paper.title == "Hiding Idle Time in Deep Pipelines"
    assert not paper.title_estimated
    assert paper.text == (
        "We hide the idle time of a pipeline behind the backward pass of other micro-batches & measure it. "
        "A second paragraph follows."
    )
    assert paper.authors == ("Zoe Last", "Adam First")
    assert paper.categories == ("cs.DC", "cs.LG")
    assert paper.comment == "12 pages, 3 figures. Journal reference: J. Pipes 4 (2024). DOI: 10.1000/pipes.4"
    assert (paper.published, paper.updated) == ("2024-03-31T18:00:00Z", "2024-04-02T10:00:00Z")
    assert (paper.published_basis, paper.quarter) == ("stated", "2024-Q1")
    assert [(s.id, s.title) for s in paper.sections] == [("1", paper.title)]
    assert (old.id, old.status, old.quarter) == ("arxiv:hep-th/9901001", "withdrawn", "1999-Q1")
    assert any("2403.01234" in warning for warning in parsed.warnings)


def test_the_newest_version_is_kept_in_either_order() -> None:
    entry = "<entry><id>http://arxiv.org/abs/2403.01234v{0}</id><title>V{0}</title><summary>Text {0}</summary></entry>"
    for order in ((1, 2, 10), (10, 2, 1)):
        (paper,) = read(api("".join(entry.format(n) for n in order))).documents
        assert (paper.version, paper.title) == (10, "V10")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            api("<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title><summary>bad id</summary></entry>"),
            "bad id",
        ),
        (api("", total=7), "7 results"),
        ("<!DOCTYPE html><html><body>busy</body></html>", "HTML page"),
        ("Rate exceeded.", "Rate exceeded"),
        ("<!DOCTYPE feed [<!ENTITY a 'b'>]>" + api(""), "entities"),
        (api("<entry><id>http://arxiv.org/abs/2403.01234v1</id><title>T</bad></entry>"), "broken XML"),
    ],
)
def test_failures_sent_as_results(answer: str, says: str) -> None:
    with pytest.raises(ParseError, match=says) as caught:
        read(answer)
    assert caught.value.hint


def test_no_results_is_no_failure() -> None:
    assert read(api("", total=0)).warnings == ("No papers were found.",)


def test_a_truncated_answer_keeps_whole_papers() -> None:
    text = (DATA / "arxiv_api.xml").read_text(encoding="utf-8")
    parsed = read(text[: text.index("Strings of Old")])
    assert [d.id for d in parsed.documents] == ["arxiv:2403.01234"]
    assert parsed.skipped == 1
    assert any("ends early" in warning for warning in parsed.warnings)


def test_daily_rss() -> None:
    items = "".join(
        f"<item><title>{title}</title><link>https://arxiv.org/abs/{base}</link>"
        f"<description>arXiv:{base}v{version} Announce Type: {kind} \nAbstract: {PIPES}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{base}v{version}</guid><category>cs.DC</category>'
        "<pubDate>Wed, 06 Mar 2024 00:00:00 -0500</pubDate><dc:creator>Zoe Last, Adam First</dc:creator></item>"
        for title, base, version, kind in (("New one", A, 1, "new"), ("Old one", B, 3, "replace"))
    )
    feed = (
        '<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">'
        f"<channel><link>http://rss.arxiv.org/rss/cs.DC</link>{items}</channel></rss>"
    )
    new, replaced = read(feed).documents
    assert sniff(feed, "x")[0] == 1
    assert (new.text, new.title, new.version, new.authors) == (PIPES, "New one", 1, ("Zoe Last", "Adam First"))
    assert (new.published, new.published_basis) == ("2024-03-06T00:00:00-05:00", "stated")
    assert (replaced.published, replaced.published_basis, replaced.version) == ("2023-09", "id", 3)
    assert replaced.updated == "2024-03-06T00:00:00-05:00"


def test_a_feed_about_arxiv_is_none_of_arxivs() -> None:
    words = "How to ask export.arxiv.org/api/query, rss.arxiv.org and http://arxiv.org/schemas/atom politely"
    blog = (
        "<rss version='2.0'><channel><title>On rss.arxiv.org</title><link>https://blog.example/</link>"
        f"<item><title>{words}</title><link>https://arxiv.org/abs/2309.06180</link><guid>1</guid></item></channel></rss>"
    )
    atom = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>urn:b</id><link href='https://blog.example/arxiv.org/'/>"
        f"<entry><id>urn:1</id><title>{words}</title></entry></feed>"
    )
    for text in (blog, atom):
        assert sniff(text, "x")[0] == 0.0
        assert ingest.parse(text.encode(), name="x", source="x").kind is Kind.RSS
    for own in (
        "<feed><id>http://arxiv.org/api/x</id><entry/></feed>",
        '<feed><link rel="self" type="a" href="https://export.arxiv.org/api/query?q=1"/></feed>',
        "<rss><channel><link>https://rss.arxiv.org/rss/cs.DC</link><item/></channel></rss>",
        "<rss xmlns:arxiv='http://arxiv.org/schemas/atom'><channel><item/></channel></rss>",
        "<feed><entry xmlns:arxiv='http://arxiv.org/schemas/atom'><id>http://arxiv.org/abs/2309.06180v1</id></entry></feed>",
    ):
        assert sniff(own, "x")[0] == 1.0


def test_metadata_snapshot() -> None:
    record = {
        "id": "0704.0001", "title": "Old\n  Title", "abstract": f"  {PIPES}\n", "comments": "37 pages", "doi": None,
        "categories": "hep-ph cs.DC", "authors": "C. Bal, E. Berger and P. Nad", "journal-ref": None,
        "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
                     {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"}],
        "update_date": "2008-11-26", "authors_parsed": [["Bal", "C.", ""], ["Berger", "E. L.", ""]],
    }  # fmt: skip
    lines = json.dumps(record) + "\n{broken\n" + json.dumps({"id": "nothing", "abstract": "", "title": ""})
    assert sniff(lines, "x")[0] > 0.9
    parsed = read(lines)
    (paper,) = parsed.documents
    assert (paper.id, paper.version, paper.title, paper.text) == ("arxiv:0704.0001", 2, "Old Title", PIPES)
    assert paper.authors == ("C. Bal", "E. L. Berger")
    assert (paper.published, paper.updated) == ("2007-04-02T19:18:42Z", "2007-07-24T20:10:27Z")
    assert (paper.categories, paper.comment) == (("hep-ph", "cs.DC"), "37 pages")
    assert parsed.skipped == 2
    assert read(json.dumps([record])).documents == parsed.documents


# Dumps


def test_marks_after_run_together_with_the_next_abstract() -> None:
    parsed = read((DATA / "abstracts_after.txt").read_text(encoding="utf-8"))
    one, two, three, four, *none = parsed.documents
    assert not none
    assert [d.id.split(":")[1] for d in parsed.documents] == ["2403.01234", "2309.06543", "1412.6789", "1611.05999"]
    assert one.text.startswith("We study how the idle time")
    assert one.text.endswith("than before.")
    assert "arXiv:2104.04473" in one.text
    assert two.text.startswith("Caches of keys")
    assert two.comment == "11 pages, 5 figures"
    assert three.text.startswith("3D parallelism"), "the digit belongs to the abstract, not to the id"
    assert three.comment == "Accepted to a conference of 2018. Project page: https://example.org/layouts"
    assert four.comment == "Technical report"
    assert one.title == "We study how the idle time of a pipeline grows with the…"
    assert all(d.title_estimated and d.published_basis == "id" for d in parsed.documents)
    assert [(d.published, d.quarter) for d in parsed.documents] == [
        ("2024-03", "2024-Q1"), ("2023-09", "2023-Q3"), ("2014-12", "2014-Q4"), ("2016-11", "2016-Q4"),
    ]  # fmt: skip
    assert any("after their abstracts" in warning for warning in parsed.warnings)


def test_marks_before_with_titles_and_wrapped_abstracts() -> None:
    parsed = read((DATA / "abstracts_before.txt").read_text(encoding="utf-8"))
    one, two, three = parsed.documents
    assert any("before their abstracts" in warning for warning in parsed.warnings)
    assert (one.id, one.version, one.categories) == ("arxiv:2403.01234", 2, ("cs.DC",))
    assert (one.title, one.title_estimated) == ("Hiding Idle Time in Deep Pipelines", False)
    assert one.authors == ("Zoe Last", "Adam First", "Li Wei")
    assert (one.published, one.published_basis, one.updated) == ("2024-03", "id", "2024-04-02")
    assert "schedule is that of arXiv:2104.04473 and was" in one.text, "a citation alone on its line is no mark"
    assert one.comment == "12 pages, 3 figures"
    assert (two.title, two.authors) == ("Pages for Caches", ("Ada Example",))
    assert (two.published, two.published_basis) == ("2023-09-12", "stated"), "the stamp of version 1 dates the paper"
    assert (three.id, three.version, three.published) == ("arxiv:hep-th/9901001", 3, "1999-01")
    assert three.title == "Strings of Old"


SHAPES = {
    "after, own line": f"{PIPES}\narXiv:{A}\n{CACHES}\narXiv:{B}\n{LAYOUTS}\narXiv:{C}\n",
    "after, own line, blank lines": f"{PIPES}\n\narXiv:{A}\n\n{CACHES}\n\narXiv:{B}\n\n{LAYOUTS}\n\narXiv:{C}\n",
    "after, glued": f"{PIPES}\narXiv:{A}{CACHES}\narXiv:{B}{LAYOUTS}\narXiv:{C}",
    "after, glued with versions": f"{PIPES}\narXiv:{A}v2{CACHES}\narXiv:{B}v1\n{LAYOUTS}\narXiv:{C}v3",
    "after, blank between": f"{PIPES}\narXiv:{A} {CACHES}\narXiv:{B} {LAYOUTS}\narXiv:{C}",
    "after, one long line": f"{PIPES} arXiv:{A}{CACHES} arXiv:{B}{LAYOUTS} arXiv:{C}",
    "after, one long line with blanks": f"{PIPES} arXiv:{A} {CACHES} arXiv:{B} {LAYOUTS} arXiv:{C}",
    "after, end of line": f"{PIPES} arXiv:{A}\n{CACHES} arXiv:{B}\n{LAYOUTS} arXiv:{C}\n",
    "after, wrapped": f"{wrap(PIPES)}\narXiv:{A}\n\n{wrap(CACHES)}\narXiv:{B}\n\n{wrap(LAYOUTS)}\narXiv:{C}\n",
    "after, with a footer": f"{PIPES}\narXiv:{A}\n\n{CACHES}\narXiv:{B}\n\n{LAYOUTS}\narXiv:{C}\n\nend of the list\n",
    "before, own line": f"arXiv:{A}\n{PIPES}\narXiv:{B}\n{CACHES}\narXiv:{C}\n{LAYOUTS}\n",
    "before, with a header": f"Spring list\n\narXiv:{A}\n{PIPES}\n\narXiv:{B}\n{CACHES}\n\narXiv:{C}\n{LAYOUTS}\n",
    "before, same line": f"arXiv:{A} {PIPES}\narXiv:{B} {CACHES}\narXiv:{C} {LAYOUTS}\n",
    "before, wrapped": f"arXiv:{A}\n{wrap(PIPES)}\n\narXiv:{B}\n{wrap(CACHES)}\n\narXiv:{C}\n{wrap(LAYOUTS)}\n",
    "before, links": f"https://arxiv.org/abs/{A}v2\n{PIPES}\n\nhttps://arxiv.org/pdf/{B}.pdf\n{CACHES}\n\n"
    f"http://arxiv.org/abs/{C}\n{LAYOUTS}\n",
    "before, mark and link": f"arXiv:{A}\nhttps://arxiv.org/abs/{A}\n{PIPES}\n\narXiv:{B}\nhttps://arxiv.org/abs/{B}\n"
    f"{CACHES}\n\narXiv:{C}\nhttps://arxiv.org/abs/{C}\n{LAYOUTS}\n",
    "before, bullets": f"- arXiv:{A}\n\n{PIPES}\n\n- arXiv:{B}\n\n{CACHES}\n\n- arXiv:{C}\n\n{LAYOUTS}\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_dump_is_divided_alike(shape: str) -> None:
    text = SHAPES[shape]
    assert by_id(text) == {A: PIPES, B: CACHES, C: LAYOUTS}
    assert read(text).skipped == 0
    assert sniff(text, "x")[0] >= 0.6
    side = shape.split(",")[0]
    assert any(f"standing {side} their abstracts" in warning for warning in read(text).warnings)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if "line" in shape or "glued" in shape])
def test_windows_line_ends_and_missing_last_newline_change_nothing(shape: str) -> None:
    assert by_id(SHAPES[shape].rstrip("\n")) == by_id(SHAPES[shape])


def test_one_paper_alone() -> None:
    assert by_id(f"{PIPES}\narXiv:{A}") == {A: PIPES}
    assert by_id(f"arXiv:{A}\n{PIPES}") == {A: PIPES}


def test_labelled_fields() -> None:
    text = (
        f"arXiv:{A}v1\nTitle: Hiding the Idle Time\n  of Pipelines\nAuthors: Zoe Last, Adam First\n"
        "Comments: 8 pages, 3 figures\nSubjects: Distributed Computing (cs.DC); Machine Learning (cs.LG)\n"
        f"Journal-ref: J. Pipes 4\nDOI: 10.1000/x\nAbstract: {wrap(PIPES)}\n\n"
        f"arXiv:{B}\nTitle: Pages\nAbstract: {CACHES}\n"
    )
    one, two = read(text).documents
    assert (one.title, one.authors) == ("Hiding the Idle Time of Pipelines", ("Zoe Last", "Adam First"))
    assert one.categories == ("cs.DC", "cs.LG")
    assert one.comment == "8 pages, 3 figures. Journal reference: J. Pipes 4. DOI: 10.1000/x"
    assert (one.text, two.text, two.title) == (PIPES, CACHES, "Pages")


def test_titles_above_their_marks() -> None:
    text = f"Hiding the Idle Time\narXiv:{A}\n{PIPES}\n\nPages for Caches\narXiv:{B}\n{CACHES}\n"
    assert [(d.title, d.text) for d in read(text).documents] == [
        ("Hiding the Idle Time", PIPES), ("Pages for Caches", CACHES),
    ]  # fmt: skip


def test_titles_and_authors_above_the_abstract_before_its_mark() -> None:
    text = f"Hiding the Idle Time\nZoe Last, Adam First\n{PIPES}\narXiv:{A}\n\nPages for Caches\n{CACHES}\narXiv:{B}\n"
    one, two = read(text).documents
    assert (one.title, one.authors, one.text) == ("Hiding the Idle Time", ("Zoe Last", "Adam First"), PIPES)
    assert (two.title, two.authors, two.text) == ("Pages for Caches", (), CACHES)


@pytest.mark.parametrize(
    "comment",
    ["11 pages, 5 figures", "Accepted at ICML 2019. Project page: http://p.example/x/", "Technical report", "Code: https://g.example/x",
     "Code is available at https://github.com/example/x", "To appear in a workshop", "Work in progress", "共12页"],
)  # fmt: skip
@pytest.mark.parametrize("form", [str, wrap])
def test_comment_lines(comment: str, form: type[str]) -> None:
    one, two = read(f"{form(PIPES)}\n{comment}\narXiv:{A}\n{form(CACHES)}\n{comment}\narXiv:{B}").documents
    assert (one.text, one.comment) == (PIPES, comment)
    assert (two.text, two.comment) == (CACHES, comment)


def test_a_short_last_line_of_a_wrapped_abstract_is_no_comment() -> None:
    text = wrap(PIPES) + "\nIt is short.\n" + f"arXiv:{A}\n"
    assert by_id(text) == {A: PIPES + " It is short."}


def test_withdrawal_is_read_from_the_comment() -> None:
    text = f"{PIPES}\nThis paper has been withdrawn by the author due to an error\narXiv:{A}\n{CACHES}\narXiv:{B}"
    assert [d.status for d in read(text).documents] == ["withdrawn", "current"]


def test_a_study_of_withdrawn_papers_is_not_withdrawn() -> None:
    study = "We study why a paper was withdrawn after its release. " + PIPES
    assert read(f"{study}\narXiv:{A}").documents[0].status == "current"


def test_text_without_a_mark_is_left_out_and_counted() -> None:
    parsed = read(f"{PIPES}\narXiv:{A}{CACHES}\narXiv:{B}{LAYOUTS}")
    assert {d.id for d in parsed.documents} == {f"arxiv:{A}", f"arxiv:{B}"}
    assert parsed.documents[1].text == CACHES
    assert parsed.skipped == 1
    assert any("has no id" in warning for warning in parsed.warnings)


def test_repeated_papers_are_joined() -> None:
    parsed = read(f"arXiv:{A}v1\n{PIPES}\n\narXiv:{A}v3\nHiding\n\n{PIPES} More of it.\n\narXiv:{B}\n{CACHES}")
    assert [(d.id, d.version) for d in parsed.documents] == [(f"arxiv:{A}", 3), (f"arxiv:{B}", None)]
    assert parsed.documents[0].text.endswith("More of it.")
    assert any("more than once" in warning for warning in parsed.warnings)


def test_an_impossible_month_is_no_id() -> None:
    with pytest.raises(ParseError, match="no arXiv marks"):
        read(f"{PIPES}\narXiv:2413.01234\n")


@pytest.mark.parametrize(
    "text",
    [
        PIPES,
        f"A post that cites arXiv:{A} and arXiv:{B} in its text.\n\n{PIPES}",
        "1. Serving\n    1. pages\n        https://arxiv.org/abs/2309.06180\n    2. more\n"
        "        https://arxiv.org/abs/2403.01234\n"
        "    n. related\n        1. idle time\n            https://arxiv.org/abs/2104.04473\n",
        "References\n[1] A. First. Pipes. arXiv:2403.01234, 2024.\n"
        "[2] Z. Last. Caches. arXiv preprint arXiv:2309.06543 (2023).\n",
    ],
)
def test_other_texts_are_not_taken_for_dumps(text: str) -> None:
    assert sniff(text, "arxiv.txt")[0] < 0.3


def test_large_dumps_are_linear() -> None:
    for unit in (
        f"{PIPES}\narXiv:{A}",
        f"arXiv:{A}\n{PIPES}\n",
        f" {PIPES} arXiv:{A}.",
        f"arXiv:{A}\n",
        "1 page\n",
        "arXiv:",
    ):
        text = unit * (1_000_000 // len(unit))
        start = time.perf_counter()
        with contextlib.suppress(ParseError):
            read(text)
        sniff(text, "x")
        assert time.perf_counter() - start < 12, unit[:30]


PIECES = [PIPES, CACHES, wrap(LAYOUTS), f"arXiv:{A}", f"arXiv:{B}v2", f"arXiv:{C}", f"https://arxiv.org/abs/{A}"]
PIECES += ["12 pages", "Title: x", "Abstract:", "Abstract: y", "Authors: A, B", "", "[cs.CL]", f"see arXiv:{A}."]
PIECES += ["\\\\", '{"id": "abstract title"', "<feed>", "文。"]
LINES = st.lists(st.sampled_from(PIECES) | st.text(max_size=15), max_size=15)


@given(LINES, st.sampled_from(["\n", "", " ", "\n\n"]))
def test_any_text_gives_papers_or_a_parse_error(lines: list[str], glue: str) -> None:
    text = glue.join(lines)
    score, reason = sniff(text, "x")
    assert 0 <= score <= 1
    assert reason
    try:
        parsed = read(text)
    except ParseError:
        return
    ids = [d.id for d in parsed.documents]
    assert len(ids) == len(set(ids))
    assert all(isinstance(d, Document) and d.text and "<script" not in d.text for d in parsed.documents)


def test_the_sample_dump(seeds: Path) -> None:
    found = sorted(seeds.glob("002_*.txt"))
    assert found, "the sample dump is missing"
    text = found[0].read_text(encoding="utf-8")
    parsed = read(text)
    assert len(parsed.documents) == 9
    assert parsed.skipped == 0
    at = 0
    for document in parsed.documents:
        mark = text.index(f"arXiv:{document.id.removeprefix('arxiv:')}", at)
        abstract = text.rfind(document.text, at, mark)
        assert abstract >= at, "each abstract stands between the mark before it and its own"
        assert mark - abstract - len(document.text) <= len(document.comment) + 2
        at = mark
    assert [bool(d.comment) for d in parsed.documents] == [False, False, True, True, False, True, True, True, True]
    assert all(d.published_basis == "id" and d.title_estimated for d in parsed.documents)
