"""ingest.arxiv_snapshot: every line wanted, not wanted, or named; in little memory; resumed where it stopped."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

import ingest
from ingest import arxiv_snapshot
from ingest.arxiv_snapshot import Batch, Place, Wanted, identify, is_snapshot, read_batches, report_broken
from kb.errors import FetchError


def record(number: int, **more: object) -> dict[str, object]:
    return {
        "id": f"2301.{number:05}",
        "submitter": "A. Author",
        "authors": "A. Author and B. Other",
        "title": f"On the Matter of\n  {number}",
        "comments": "12 pages",
        "journal-ref": None,
        "doi": None,
        "report-no": None,
        "categories": "cs.DC cs.LG",
        "license": None,
        "abstract": f"  We measure the matter {number} and find\nthat it holds.\n",
        "versions": [
            {"version": "v1", "created": "Tue, 12 Sep 2023 12:00:00 GMT"},
            {"version": "v2", "created": "Wed, 4 Oct 2023 12:00:00 GMT"},
        ],
        "update_date": "2023-10-05",
        "authors_parsed": [["Author", "A.", ""], ["Other", "B.", ""]],
        **more,
    }


def lines(count: int) -> Iterator[bytes]:
    return (json.dumps(record(number)).encode() + b"\n" for number in range(1, count + 1))


def write(path: Path, *parts: bytes) -> str:
    data = b"".join(parts)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def no_topics(title: str, abstract: str) -> tuple[str, ...]:
    return ()


def read(path: str, start: Place | None = None, **wanted: object) -> list[Batch]:
    return list(read_batches(path, wanted=Wanted(**wanted), topics_of=no_topics, start=start))  # type: ignore[arg-type]


def ids(batches: list[Batch]) -> list[str]:
    return [document.id for batch in batches for document in batch.parsed.documents]


@pytest.fixture(params=["papers.json", "papers.json.gz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def test_every_record_becomes_a_paper(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv_snapshot, "BATCH", 4)
    batches = read(write(path, *lines(10)))
    assert [len(batch.parsed.documents) for batch in batches] == [4, 4, 2]
    assert ids(batches) == [f"arxiv:2301.{n:05}" for n in range(1, 11)]
    document = batches[0].parsed.documents[0]
    assert (document.title, document.authors) == ("On the Matter of 1", ("A. Author", "B. Other"))
    assert (document.published, document.updated, document.version) == (
        "2023-09-12T12:00:00Z",
        "2023-10-04T12:00:00Z",
        2,
    )
    assert (document.quarter, document.categories, document.version) == ("2023-Q3", ("cs.DC", "cs.LG"), 2)
    assert batches[-1].place.model_dump() == {
        "offset": sum(map(len, lines(10))), "line": 10, "wanted": 10, "broken": 0, "named": ()
    }  # fmt: skip


def test_it_equals_what_the_file_as_a_whole_gives(tmp_path: Path) -> None:
    path = write(tmp_path / "papers.json", *lines(5))
    whole = ingest.parse(Path(path).read_bytes(), name="papers.json", source=path)
    assert tuple(d for batch in read(path) for d in batch.parsed.documents) == whole.documents


def test_reading_goes_on_where_it_stopped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv_snapshot, "BATCH", 3)
    file = write(path, *lines(5), b"broken\n", *lines(9))
    batches = read(file)
    for number, batch in enumerate(batches):
        rest = read(file, start=batch.place)
        assert ids(rest) == ids(batches[number + 1 :])
        assert rest[-1].place == batches[-1].place


def test_broken_lines_are_counted_and_named(path: Path) -> None:
    odd = [
        b"{broken\n", b"\n", b"[]\n", b'"text"\n', b"\xff\xfe\n", json.dumps(record(3, id="nonsense")).encode() + b"\n",
        json.dumps(record(4, title="", abstract=" ")).encode() + b"\n", b"null\n",
    ]  # fmt: skip
    batches = read(write(path, *lines(2), *odd, json.dumps(record(9)).encode()))
    assert ids(batches) == ["arxiv:2301.00001", "arxiv:2301.00002", "arxiv:2301.00009"]
    place = batches[-1].place
    assert (place.line, place.broken, len(place.named)) == (11, 7, 5)
    (words,) = report_broken(place)
    assert words.startswith("7 of 11 lines were left out: line 3: it is no JSON")
    assert "line 5: it names no arXiv id" in words
    assert words.endswith("and 2 more.")
    assert report_broken(Place()) == ()


def test_a_line_without_end_is_not_held(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv_snapshot, "LONGEST_LINE", 5000)
    file = write(path, *lines(1), b"x" * 20_000, b"\n", json.dumps(record(2)).encode() + b"\n", b"y" * 20_000)
    (batch,) = read(file)
    assert ids([batch]) == ["arxiv:2301.00001", "arxiv:2301.00002"]
    assert batch.place.named == ("line 2: it is too long", "line 4: it is too long")
    assert batch.place.offset == sum(map(len, lines(1))) + 20_001 + len(json.dumps(record(2))) + 1 + 20_000


def test_a_packed_file_cut_short_keeps_what_came(tmp_path: Path) -> None:
    path = tmp_path / "papers.json.gz"
    write(path, *lines(300))
    path.write_bytes(path.read_bytes()[:-40])
    batches = read(str(path))
    assert 200 < len(ids(batches)) <= 300
    assert "ends early" in report_broken(batches[-1].place)[0]


FILTERS = {
    "category": ({"categories": ("cs.DC",)}, ["1", "2", "4", "5", "6"]),
    "archive": ({"categories": ("math",)}, ["3"]),
    "no part of a name": ({"categories": ("cs.D",)}, []),
    "since": ({"since": "2023-09-13"}, ["2", "5"]),
    "until": ({"until": "2023-09-12"}, ["1", "3", "4", "6"]),
    "quarter": ({"since": "2023-Q1", "until": "2023-Q1"}, ["4", "6"]),
    "both": ({"categories": ("math", "q-bio"), "since": "2023"}, ["3"]),
}


@pytest.mark.parametrize("case", FILTERS)
def test_filters(tmp_path: Path, case: str) -> None:
    wanted, expected = FILTERS[case]
    records = [
        record(1),
        record(2, versions=[{"version": "v1", "created": "Wed, 13 Sep 2023 00:00:00 GMT"}]),
        record(3, categories="math.OC"),
        record(4, versions=[]),  # the id says January 2023
        record(5, versions=[{"version": "v1", "created": "Fri, 5 Jan 2024 00:00:00 GMT"}]),
        record(6, versions=[{"version": "v1", "created": "Fri, 31 Mar 2023 23:59:59 GMT"}]),
    ]
    path = write(tmp_path / "papers.json", *(json.dumps(one).encode() + b"\n" for one in records))
    batches = read(path, **wanted)
    assert ids(batches) == [f"arxiv:2301.{int(number):05}" for number in expected]
    assert (batches[-1].place.line, batches[-1].place.wanted) == (6, len(expected))


def test_topics_are_asked_for_last(tmp_path: Path) -> None:
    asked: list[str] = []

    def topics_of(title: str, abstract: str) -> tuple[str, ...]:
        asked.append(title)
        return ("serving",) if "2" in title else ("hardware",)

    path = write(tmp_path / "papers.json", *lines(3), json.dumps(record(4, categories="math.OC")).encode())
    wanted = Wanted(categories=("cs",), topics=("serving",))
    assert ids(list(read_batches(path, wanted=wanted, topics_of=topics_of))) == ["arxiv:2301.00002"]
    assert len(asked) == 3


def test_versions_of_one_paper_collapse(tmp_path: Path) -> None:
    path = write(tmp_path / "papers.json", *lines(1), *lines(1))
    (batch,) = read(path)
    assert len(batch.parsed.documents) == 1
    assert batch.parsed.warnings


def test_what_is_a_snapshot(tmp_path: Path) -> None:
    assert is_snapshot(write(tmp_path / "a.json", *lines(1)))
    assert is_snapshot(write(tmp_path / "a.gz", *lines(1)))
    assert is_snapshot(write(tmp_path / "c.txt", b"\xef\xbb\xbf", *lines(1)))
    for name, data in (
        ("notes.md", b"1. a\n    2. b\n"),
        ("feed.json", b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","title":"T"}]}'),
        ("list.json", b"[" + next(lines(1)) + b"]"),
        ("empty", b""),
        ("broken.gz", b"\x1f\x8b\x08nonsense"),
    ):
        (tmp_path / name).write_bytes(data)
        assert not is_snapshot(str(tmp_path / name)), name
    assert not is_snapshot(str(tmp_path / "missing"))


def test_a_changed_file_is_another(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", *lines(2))
    first = identify(path)
    assert identify(path) == first
    assert identify(write(tmp_path / "a.json", *lines(3))) != first


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    for call in (
        lambda: identify(str(tmp_path / "no")),
        lambda: read(str(tmp_path / "no")),
        lambda: read(str(tmp_path)),
    ):
        with pytest.raises(FetchError, match="cannot be read") as caught:
            call()
        assert caught.value.hint
    path = write(tmp_path / "a.json", *lines(1))
    with pytest.raises(FetchError, match="no date"):
        read(path, since="soon")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        with gzip.open(tmp_path / f"{count}.gz", "wb", compresslevel=1) as stream:
            stream.writelines(lines(count))
        tracemalloc.start()
        for batch in read_batches(str(tmp_path / f"{count}.gz"), wanted=Wanted(), topics_of=no_topics):
            assert len(batch.parsed.documents) <= arxiv_snapshot.BATCH
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(2400) < 1.3 * peak(800)
